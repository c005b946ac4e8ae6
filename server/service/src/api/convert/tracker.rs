//! Connections to trackers, and how checks of them went.

use super::problem::to_problem;
use super::{field, to_time};
use crate::app::changes::Named;
use crate::app::trackers::{Creation, Update};
use crate::hook::Received;
use crate::names;
use crate::probe::{CheckResult, TrackerCheck, TrackerReport};
use crate::refusal::Refusal;
use crate::serve::webhooks::{DELIVERY_ID_MAX, SIGNATURE};
use resync_api::v1;
use resync_api::v1::tracker as to;
use resync_core::id::{IssueId, IssueKey};
use resync_store::{Product, TrackerLimits, TrackerRecord, TrackerSettings, TrackerState};
use std::collections::HashMap;

/// Longest URI, in characters: what every HTTP server takes.
const URI_MAX: usize = 2_000;

/// Longest name of a secret, in characters.
const CREDENTIAL_MAX: usize = 255;

/// Most requests at the same time that can be set: a tracker that needs more is better asked for
/// less, and the adapter takes no more.
const CONCURRENT_REQUESTS_MAX: i32 = 16;

/// Most changes in one report: a page of a search, ten times.
const CHANGES_MAX: usize = 1_000;

/// Most changes in one report that are told by key: each may be a question to the tracker, and a
/// call has a minute.
const KEYS_MAX: usize = 100;

/// Longest key, in characters: what the tracker's column takes.
const KEY_MAX: usize = 255;

/// Highest rate that can be set: more is not a limit any more.
const REQUESTS_PER_SECOND_MAX: i32 = 100_000;

/// A connection with what is needed to show it.
pub(crate) struct TrackerView {
    pub(crate) record: TrackerRecord,
    /// Its credential is shown to administrators only.
    pub(crate) show_credential: bool,
    /// Whether its webhooks are accepted.
    pub(crate) endpoint_enabled: bool,
    /// What arrived.
    pub(crate) received: Received,
}

/// A connection.
pub(crate) fn to_tracker(view: TrackerView) -> v1::Tracker {
    let TrackerView {
        record,
        show_credential,
        endpoint_enabled,
        received,
    } = view;
    let TrackerRecord {
        id: _,
        slug,
        uid,
        settings,
        state,
        last_error,
        last_contact_time,
        create_time,
        update_time,
        etag,
    } = record;
    let TrackerSettings {
        display_name,
        product,
        base_uri,
        credential,
        limits,
    } = settings;
    let TrackerLimits {
        concurrent_requests,
        requests_per_second,
    } = limits;
    v1::Tracker {
        name: names::tracker(&slug),
        uid: uid.to_string(),
        display_name,
        product: to_product(product).into(),
        base_uri,
        credential: if show_credential {
            credential
        } else {
            String::new()
        },
        limits: Some(v1::TrackerLimits {
            max_concurrent_requests: concurrent_requests,
            max_requests_per_second: requests_per_second,
        }),
        state: to_state(state).into(),
        last_error: last_error.map(to_problem),
        last_contact_time: last_contact_time.map(to_time),
        create_time: Some(to_time(create_time)),
        update_time: Some(to_time(update_time)),
        etag,
        webhook: Some(to_webhook(endpoint_enabled, received)),
    }
}

fn to_webhook(endpoint_enabled: bool, received: Received) -> v1::TrackerWebhook {
    let Received {
        last,
        accepted,
        duplicates,
        refused,
    } = received;
    v1::TrackerWebhook {
        endpoint_enabled,
        last_receive_time: last.map(to_time),
        received_count: accepted,
        duplicate_count: duplicates,
        refused_count: refused,
    }
}

fn to_product(product: Product) -> to::Product {
    match product {
        Product::JiraCloud => to::Product::JiraCloud,
        Product::JiraDataCenter => to::Product::JiraDataCenter,
    }
}

fn to_state(state: TrackerState) -> to::State {
    match state {
        TrackerState::Unchecked => to::State::Unspecified,
        TrackerState::Active => to::State::Active,
        TrackerState::Throttled => to::State::Throttled,
        TrackerState::Unreachable => to::State::Unreachable,
        TrackerState::Refused => to::State::Refused,
    }
}

/// How a check went.
pub(crate) fn to_check_response(report: TrackerReport) -> v1::CheckTrackerResponse {
    let TrackerReport { checks, account } = report;
    v1::CheckTrackerResponse {
        checks: checks.into_iter().map(to_check).collect(),
        account,
    }
}

fn to_check(check: TrackerCheck) -> v1::TrackerCheck {
    use v1::tracker_check::Result as To;
    let TrackerCheck {
        code,
        result,
        message,
    } = check;
    let result = match result {
        CheckResult::Passed => To::Passed,
        CheckResult::Warning => To::Warning,
        CheckResult::Failed => To::Failed,
        CheckResult::Skipped => To::Skipped,
    };
    v1::TrackerCheck {
        code,
        result: result.into(),
        message,
    }
}

/// What a caller asks to create.
pub(crate) fn from_creation(
    tracker_id: &str,
    tracker: Option<v1::Tracker>,
) -> Result<Creation, Refusal> {
    let slug = field::slug("tracker_id", tracker_id)?;
    let tracker = field::required("tracker", tracker)?;
    let v1::Tracker {
        display_name,
        product,
        base_uri,
        credential,
        limits,
        ..
    } = tracker;
    let settings = TrackerSettings {
        display_name: field::display_name("tracker.display_name", display_name)?,
        product: from_product(product)?,
        base_uri: from_base_uri(base_uri)?,
        credential: from_credential(credential)?,
        limits: from_limits(limits.unwrap_or_default())?,
    };
    Ok(Creation { slug, settings })
}

/// What a caller asks to update.
pub(crate) fn from_update(
    tracker: v1::Tracker,
    mask: Option<prost_types::FieldMask>,
) -> Result<Update, Refusal> {
    let set = |path: &str| match path {
        "display_name" => !tracker.display_name.is_empty(),
        "product" => tracker.product != 0,
        "base_uri" => !tracker.base_uri.is_empty(),
        "credential" => !tracker.credential.is_empty(),
        _ => tracker.limits.is_some(),
    };
    let known = [
        "display_name",
        "product",
        "base_uri",
        "credential",
        "limits",
    ];
    let paths = field::mask(mask, &known, set)?;
    let mut update = Update::default();
    for path in paths {
        match path {
            "display_name" => {
                let name = tracker.display_name.clone();
                update.display_name = Some(field::display_name("tracker.display_name", name)?);
            }
            "product" => update.product = Some(from_product(tracker.product)?),
            "base_uri" => update.base_uri = Some(from_base_uri(tracker.base_uri.clone())?),
            "credential" => update.credential = Some(from_credential(tracker.credential.clone())?),
            _ => update.limits = Some(from_limits(tracker.limits.unwrap_or_default())?),
        }
    }
    Ok(update)
}

fn from_product(product: i32) -> Result<Product, Refusal> {
    match to::Product::try_from(product) {
        Ok(to::Product::JiraCloud) => Ok(Product::JiraCloud),
        Ok(to::Product::JiraDataCenter) => Ok(Product::JiraDataCenter),
        Ok(to::Product::Unspecified) => Err(Refusal::field("tracker.product", "is required")),
        Err(_) => Err(Refusal::field("tracker.product", "is not a product")),
    }
}

fn from_base_uri(uri: String) -> Result<String, Refusal> {
    match uri.is_empty() {
        true => Err(Refusal::field("tracker.base_uri", "is required")),
        false => field::text("tracker.base_uri", uri, URI_MAX),
    }
}

fn from_credential(credential: String) -> Result<String, Refusal> {
    match credential.is_empty() {
        true => Err(Refusal::field(
            "tracker.credential",
            "is required: the name of a secret",
        )),
        false => field::text("tracker.credential", credential, CREDENTIAL_MAX),
    }
}

fn from_limits(limits: v1::TrackerLimits) -> Result<TrackerLimits, Refusal> {
    let v1::TrackerLimits {
        max_concurrent_requests,
        max_requests_per_second,
    } = limits;
    let check = |field: &str, limit: Option<i32>, most: i32| match limit {
        Some(limit) if !(1..=most).contains(&limit) => {
            let path = format!("tracker.limits.{field}");
            Err(Refusal::field(path, format!("must be from 1 to {most}")))
        }
        limit => Ok(limit),
    };
    Ok(TrackerLimits {
        concurrent_requests: check(
            "max_concurrent_requests",
            max_concurrent_requests,
            CONCURRENT_REQUESTS_MAX,
        )?,
        requests_per_second: check(
            "max_requests_per_second",
            max_requests_per_second,
            REQUESTS_PER_SECOND_MAX,
        )?,
    })
}

/// What identifies a delivery.
pub(crate) fn delivery_id(id: String) -> Result<String, Refusal> {
    match id.is_empty() {
        true => Err(Refusal::field("delivery_id", "is required")),
        false => field::text("delivery_id", id, DELIVERY_ID_MAX),
    }
}

/// The signature among the headers of a webhook.
pub(crate) fn signature(headers: &HashMap<String, String>) -> Option<&str> {
    let is_signature = |name: &str| name.eq_ignore_ascii_case(SIGNATURE);
    let found = headers.iter().find(|(name, _)| is_signature(name));
    found.map(|(_, value)| value.as_str())
}

/// The issues of which a caller tells.
pub(crate) fn from_changes(changes: Vec<v1::IssueChange>) -> Result<Vec<Named>, Refusal> {
    if changes.is_empty() {
        return Err(Refusal::field("changes", "is required"));
    }
    let keys = changes.iter().filter(|change| change.issue_id.is_empty());
    let keys = keys.count();
    if changes.len() > CHANGES_MAX || keys > KEYS_MAX {
        let description = format!("has too many: at most {CHANGES_MAX}, and {KEYS_MAX} by key");
        return Err(Refusal::field("changes", description));
    }
    changes.into_iter().enumerate().map(from_change).collect()
}

fn from_change((index, change): (usize, v1::IssueChange)) -> Result<Named, Refusal> {
    let v1::IssueChange {
        issue_key,
        issue_id,
    } = change;
    let path = |field: &str| format!("changes[{index}].{field}");
    if !issue_id.is_empty() {
        let number = issue_id.parse().ok().filter(|number| *number > 0_i64);
        let wrong = || Refusal::field(path("issue_id"), "must be the number of an issue");
        return number.map(|id| Named::Id(IssueId(id))).ok_or_else(wrong);
    }
    if issue_key.is_empty() {
        let description = "is required, or `issue_id`";
        return Err(Refusal::field(path("issue_key"), description));
    }
    let key = field::text(&path("issue_key"), issue_key, KEY_MAX)?;
    Ok(Named::Key(IssueKey::new(key)))
}
