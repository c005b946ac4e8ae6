//! Connections to trackers.
//!
//! What it is not: the connection itself. No secret passes here, and no request is sent from here.

use super::App;
use super::page::Page;
use super::structures::require_etag;
use crate::names;
use crate::probe::TrackerReport;
use crate::refusal::{Refusal, of_store};
use resync_core::id::{Slug, TrackerId, Uid};
use resync_core::problem::Reason;
use resync_store::{
    Error as StoreError, NewTracker, Product, RequestRecord, TrackerLimits, TrackerRecord,
    TrackerSettings, TrackerState,
};

/// A connection to create.
#[derive(Clone, Debug)]
pub(crate) struct Creation {
    pub(crate) slug: Option<Slug>,
    pub(crate) settings: TrackerSettings,
}

/// What to change; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Update {
    pub(crate) display_name: Option<String>,
    pub(crate) product: Option<Product>,
    pub(crate) base_uri: Option<String>,
    pub(crate) credential: Option<String>,
    pub(crate) limits: Option<TrackerLimits>,
}

/// A connection by its slug.
pub(crate) async fn get(app: &App, slug: &Slug) -> Result<TrackerRecord, Refusal> {
    let found = app.store.get_tracker(slug.clone()).await;
    found.map_err(|error| of_store(error, &names::tracker(slug)))
}

/// Creates a connection.
pub(crate) async fn create(
    app: &App,
    asked: Creation,
    validate_only: bool,
    request: Option<RequestRecord>,
) -> Result<TrackerRecord, Refusal> {
    if let Some(id) = app.answered(request.as_ref()).await? {
        return recorded(app, id).await;
    }
    let Creation { slug, settings } = asked;
    check(app, &settings)?;
    let slug = app.slug_or_fresh(slug, 't');
    let name = names::tracker(&slug);
    let new = NewTracker {
        slug,
        uid: app.uid(),
        settings,
        time: app.now(),
    };
    if validate_only {
        return match app.store.get_tracker(new.slug.clone()).await {
            Ok(_) => Err(of_store(
                StoreError::AlreadyExists {
                    what: "",
                    name: "".into(),
                },
                &name,
            )),
            Err(StoreError::NotFound { .. }) => Ok(unsaved(new)),
            Err(error) => Err(of_store(error, &name)),
        };
    }
    match app.store.create_tracker(new, request).await {
        Err(StoreError::AlreadyAnswered(answer)) => recorded(app, answer.subject).await,
        created => created.map_err(|error| of_store(error, &name)),
    }
}

async fn recorded(app: &App, id: i64) -> Result<TrackerRecord, Refusal> {
    let found = app.store.get_tracker_by_id(TrackerId(id)).await;
    found.map_err(|error| of_store(error, "the tracker of the earlier request"))
}

/// The connection as it would be; its uid is empty, since it was never assigned.
fn unsaved(new: NewTracker) -> TrackerRecord {
    let NewTracker {
        slug,
        uid: _,
        settings,
        time,
    } = new;
    TrackerRecord {
        id: TrackerId(0),
        slug,
        uid: Uid::new(""),
        settings,
        state: TrackerState::Unchecked,
        last_error: None,
        last_contact_time: None,
        create_time: time,
        update_time: time,
        etag: String::new(),
    }
}

/// Whether the operator lets requests with that secret be sent there.
fn check(app: &App, settings: &TrackerSettings) -> Result<(), Refusal> {
    let wrong = |description: &str| Err(Refusal::field("tracker.base_uri", description));
    let Ok(uri) = settings.base_uri.parse::<http::Uri>() else {
        return wrong("must be a URI such as https://jira.example.com");
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return wrong("must be absolute, such as https://jira.example.com");
    };
    if authority.as_str().contains('@') {
        return wrong("must not have a user or a password: name a secret in `credential`");
    }
    if uri.query().is_some() {
        return wrong("must not have a query");
    }
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    match scheme {
        "https" => {}
        "http" if is_loopback(host) || app.trackers.allow_plain_http => {}
        _ => return wrong("must be https; http is for this machine only"),
    }
    match app.trackers.allows(&settings.credential, host) {
        true => Ok(()),
        false => Err(Refusal::field(
            "tracker.credential",
            "is not a secret that the operator's configuration allows for that host",
        )),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Lists connections, by name.
pub(crate) async fn list(
    app: &App,
    after: Option<i64>,
    size: usize,
) -> Result<Page<TrackerRecord>, Refusal> {
    let found = app.store.list_trackers().await;
    let mut found = found.map_err(|error| of_store(error, "trackers"))?;
    found.sort_unstable_by_key(|record| record.id);
    let mut rest = found
        .into_iter()
        .filter(|record| record.id.0 > after.unwrap_or(0));
    let items: Vec<TrackerRecord> = rest.by_ref().take(size).collect();
    let more = rest.next().is_some();
    let next = items.last().filter(|_| more).map(|record| record.id.0);
    Ok(Page { items, next })
}

/// Changes what people set of a connection.
pub(crate) async fn update(
    app: &App,
    slug: &Slug,
    update: Update,
    etag: Option<String>,
    validate_only: bool,
) -> Result<TrackerRecord, Refusal> {
    let record = get(app, slug).await?;
    let name = names::tracker(slug);
    require_etag(&name, etag.as_deref(), &record.etag)?;
    let Update {
        display_name,
        product,
        base_uri,
        credential,
        limits,
    } = update;
    let before = record.settings.clone();
    let settings = TrackerSettings {
        display_name: display_name.unwrap_or(before.display_name),
        product: product.unwrap_or(before.product),
        base_uri: base_uri.unwrap_or(before.base_uri),
        credential: credential.unwrap_or(before.credential),
        limits: limits.unwrap_or(before.limits),
    };
    check(app, &settings)?;
    let points_elsewhere = (settings.product, &settings.base_uri)
        != (record.settings.product, &record.settings.base_uri);
    if points_elsewhere {
        require_unused(app, &record, &name).await?;
    }
    if validate_only {
        return Ok(TrackerRecord { settings, ..record });
    }
    let updated = app
        .store
        .update_tracker(record.id, settings, etag, app.now())
        .await;
    updated.map_err(|error| of_store(error, &name))
}

/// Issues are known by the numbers that one tracker gave them. At another one the same numbers are
/// other issues, so a connection that is in use stays where it points.
async fn require_unused(app: &App, record: &TrackerRecord, name: &str) -> Result<(), Refusal> {
    let counted = app.store.count_synchronizers_of_tracker(record.id).await;
    match counted.map_err(|error| of_store(error, name))? {
        0 => Ok(()),
        users => {
            let message = format!(
                "{users} synchronizers use this tracker, so its product and address stay; create \
                 another tracker, and install synchronizers for it"
            );
            Err(Refusal::state(name, "in use", message))
        }
    }
}

/// Deletes a connection.
pub(crate) async fn delete(
    app: &App,
    slug: &Slug,
    etag: Option<String>,
    allow_missing: bool,
) -> Result<(), Refusal> {
    let record = match get(app, slug).await {
        Err(refusal) if allow_missing && refusal.problem.reason == Reason::ResourceNotFound => {
            return Ok(());
        }
        found => found?,
    };
    let deleted = app.store.delete_tracker(record.id, etag).await;
    deleted.map_err(|error| of_store(error, &names::tracker(slug)))
}

/// Has the engine check a connection.
pub(crate) async fn check_now(app: &App, slug: &Slug) -> Result<TrackerReport, Refusal> {
    let record = get(app, slug).await?;
    app.probes.check_tracker(record.id).await
}
