//! Changes of issues that trackers and callers tell of.
//!
//! What it is not: a sync. What is told becomes hints; the engine reads the issues when it is time.

use super::App;
use crate::hook::{self, HookKeys};
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::id::{IssueId, IssueKey, Principal, TrackerId};
use resync_core::problem::Reason;
use resync_store::{Error as StoreError, NewHint, RequestRecord, TrackerRecord};
use std::collections::BTreeSet;

/// The method that deliveries are remembered under, for as long as requests are: 24 hours.
const DELIVERY: &str = "Webhook";

/// One delivery of a webhook.
pub(crate) struct Delivery<'a> {
    /// What identifies it, also when it comes again.
    pub(crate) id: &'a str,
    /// The signature, as it stands in the header.
    pub(crate) signature: Option<&'a str>,
    /// The body.
    pub(crate) body: &'a [u8],
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ingested {
    pub(crate) accepted: usize,
    pub(crate) duplicate: bool,
}

/// Takes a delivery in. When this returns, its hints are durable. `keys` are those that its sender
/// was let in with, so that what is asked of the signature cannot change in between.
pub(crate) async fn ingest(
    app: &App,
    tracker: &TrackerRecord,
    keys: Option<HookKeys>,
    delivery: Delivery<'_>,
) -> Result<Ingested, Refusal> {
    let signed = keys.is_none_or(|keys| keys.is_signed(delivery.signature, delivery.body));
    if !signed {
        app.received
            .count(tracker.id, |received| received.refused += 1);
        let description = "must have an x-hub-signature that is made with the signing secret";
        return Err(Refusal::field("headers", description));
    }
    let Some(issues) = hook::issues(delivery.body) else {
        app.received
            .count(tracker.id, |received| received.refused += 1);
        return Err(Refusal::field("body", "is not a webhook of Jira"));
    };
    let record = remembered(app, tracker, delivery.id);
    let ingested = record_once(app, tracker, issues, record).await?;
    let now = app.now();
    app.received.count(tracker.id, |received| {
        received.last = Some(now);
        match ingested.duplicate {
            true => received.duplicates += 1,
            false => received.accepted += 1,
        }
    });
    Ok(ingested)
}

/// What a delivery is remembered as. Its body does not matter: a retry is the same by its id.
fn remembered(app: &App, tracker: &TrackerRecord, id: &str) -> RequestRecord {
    RequestRecord {
        principal: Principal::new(names::tracker(&tracker.slug)),
        method: DELIVERY.to_owned(),
        request_id: format!("{}/{id}", tracker.uid),
        body_hash: Vec::new(),
        answer: Vec::new(),
        time: app.now(),
    }
}

/// Keeps the hints, and then that it was done: what fails between the two is told again, and hints
/// of one source are kept once.
async fn record_once(
    app: &App,
    tracker: &TrackerRecord,
    issues: Vec<IssueId>,
    record: RequestRecord,
) -> Result<Ingested, Refusal> {
    let duplicate = |accepted: i64| Ingested {
        accepted: usize::try_from(accepted).unwrap_or(0),
        duplicate: true,
    };
    if let Some(accepted) = app.answered(Some(&record)).await? {
        return Ok(duplicate(accepted));
    }
    let source = |issue: &IssueId| NewHint {
        issue: *issue,
        source: format!("{}/{}/{issue}", record.method, record.request_id),
    };
    let hints = issues.iter().map(source).collect();
    let name = names::tracker(&tracker.slug);
    let store_error = |error| of_store(error, &name);
    let recorded = app.store.record_hints(tracker.id, hints, record.time).await;
    let accepted = recorded.map_err(store_error)?;
    let subject = i64::try_from(accepted).unwrap_or(i64::MAX);
    app.nudge.notify_one();
    match app.store.record_answer(record, subject).await {
        Ok(()) => Ok(Ingested {
            accepted,
            duplicate: false,
        }),
        Err(StoreError::AlreadyAnswered(answer)) => Ok(duplicate(answer.subject)),
        Err(error) => Err(store_error(error)),
    }
}

/// An issue that a caller names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Id(IssueId),
    Key(IssueKey),
}

/// Takes in changes that a caller knows of. Returns how many issues were news.
pub(crate) async fn report(
    app: &App,
    tracker: &TrackerRecord,
    named: Vec<Named>,
    record: RequestRecord,
) -> Result<usize, Refusal> {
    // The answer is looked for first, so that a retry asks the tracker nothing.
    if let Some(accepted) = app.answered(Some(&record)).await? {
        return Ok(usize::try_from(accepted).unwrap_or(0));
    }
    let mut issues = BTreeSet::new();
    for issue in named {
        match issue {
            Named::Id(id) => issues.extend([id]),
            Named::Key(key) => issues.extend(find(app, tracker.id, key).await?),
        }
    }
    let issues = issues.into_iter().collect();
    let ingested = record_once(app, tracker, issues, record).await?;
    Ok(ingested.accepted)
}

/// The issue with a key, as the store knows it, or else the tracker; `None` when neither does.
async fn find(app: &App, tracker: TrackerId, key: IssueKey) -> Result<Option<IssueId>, Refusal> {
    let known = app
        .store
        .find_observations(tracker, vec![key.clone()])
        .await;
    let known = known.map_err(|error| of_store(error, "issues"))?;
    // A key may have been given to another issue, so that all that have had it are read.
    if let Some(last) = known.iter().max_by_key(|one| (one.seen_time, one.issue.id)) {
        return Ok(Some(last.issue.id));
    }
    match app.probes.find_issue(tracker, key).await {
        Ok(found) => Ok(found.map(|issue| issue.id)),
        Err(refusal) if refusal.problem.reason == Reason::ResourceNotFound => Ok(None),
        Err(refusal) => Err(refusal),
    }
}
