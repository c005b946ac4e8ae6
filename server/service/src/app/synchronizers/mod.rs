//! Installing and managing synchronizers.
//!
//! What it is not: running them. Nothing here starts a resync.

mod lists;
mod overlapping;

pub(crate) use lists::{FILTER_FIELDS, list};
pub(crate) use overlapping::{NamedOverlap, overlaps_of};

use super::kinds;
use super::labels::Labels;
use super::structures::{any, live, require_etag};
use super::{App, Caller};
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::id::{JobId, Slug, SynchronizerId, Uid};
use resync_core::problem::Reason;
use resync_core::synchronizer::{Rule, Settings, State};
use resync_store::{
    Error as StoreError, JobFilter, NewSynchronizer, RequestRecord, StructureRecord, SyncStatus,
    SynchronizerRecord, SynchronizerUpdate,
};

/// A synchronizer with what is needed to show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SynchronizerView {
    /// The record.
    pub(crate) record: SynchronizerRecord,
    /// The names of what it refers to.
    pub(crate) labels: Labels,
    /// Its job that runs or waits.
    pub(crate) current_job: Option<JobId>,
    /// How far it follows its tracker, if it does.
    pub(crate) sync: Option<SyncStatus>,
}

/// A rule, as a caller asks for it.
#[derive(Clone, Debug)]
pub(crate) struct AskedRule {
    /// The tracker, by name.
    pub(crate) tracker: Slug,
    /// The settings.
    pub(crate) settings: Settings,
}

/// A synchronizer to install, as a caller asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Creation {
    pub(crate) slug: Option<Slug>,
    pub(crate) display_name: String,
    pub(crate) rule: AskedRule,
}

/// What to change, as a caller asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) display_name: Option<String>,
    pub(crate) rule: Option<AskedRule>,
    pub(crate) etag: Option<String>,
}

async fn view(
    app: &App,
    structure: &StructureRecord,
    record: SynchronizerRecord,
) -> Result<SynchronizerView, Refusal> {
    let labels = Labels::load(app, structure.id, &structure.slug).await?;
    view_with(app, labels, record).await
}

async fn view_with(
    app: &App,
    labels: Labels,
    record: SynchronizerRecord,
) -> Result<SynchronizerView, Refusal> {
    let filter = JobFilter {
        synchronizer: Some(record.id),
        live: Some(true),
        ..Default::default()
    };
    let found = app.store.list_jobs(filter, None, 1).await;
    let mut found = found.map_err(|error| of_store(error, "jobs of a synchronizer"))?;
    let sync = app.store.sync_status(record.id).await;
    let sync = sync.map_err(|error| of_store(error, "a synchronizer"))?;
    Ok(SynchronizerView {
        record,
        labels,
        current_job: found.pop().map(|record| record.job.id),
        sync,
    })
}

async fn find(
    app: &App,
    structure: &StructureRecord,
    slug: &Slug,
) -> Result<SynchronizerRecord, Refusal> {
    let found = app.store.get_synchronizer(structure.id, slug.clone()).await;
    found.map_err(|error| of_store(error, &names::synchronizer(&structure.slug, slug)))
}

/// Installs a synchronizer, disabled.
///
/// The tracker is asked whether it accepts the rule. When it cannot be reached, that stops a
/// `validate_only` call but not an installation: the first preview asks again.
pub(crate) async fn create(
    app: &App,
    caller: &Caller,
    parent: &Slug,
    asked: Creation,
    validate_only: bool,
    request: Option<RequestRecord>,
) -> Result<SynchronizerView, Refusal> {
    app.require_synchronizers()?;
    if let Some(id) = app.answered(request.as_ref()).await? {
        return recorded(app, SynchronizerId(id)).await;
    }
    let structure = live(app, parent).await?;
    let rule = resolve(app, asked.rule).await?;
    check_rule(app, &rule, validate_only).await?;
    let slug = app.slug_or_fresh(asked.slug, 'y');
    let name = names::synchronizer(&structure.slug, &slug);
    let new = NewSynchronizer {
        structure: structure.id,
        slug: slug.clone(),
        uid: app.uid(),
        display_name: asked.display_name,
        rule,
        run_as: caller.clone(),
        time: app.now(),
    };
    if validate_only {
        return match app.store.get_synchronizer(structure.id, slug).await {
            Ok(_) => Err(of_store(
                StoreError::AlreadyExists {
                    what: "",
                    name: "".into(),
                },
                &name,
            )),
            Err(StoreError::NotFound { .. }) => view(app, &structure, unsaved(new)).await,
            Err(error) => Err(of_store(error, &name)),
        };
    }
    match app.store.create_synchronizer(new, request).await {
        Err(StoreError::AlreadyAnswered(answer)) => {
            recorded(app, SynchronizerId(answer.subject)).await
        }
        created => {
            view(
                app,
                &structure,
                created.map_err(|error| of_store(error, &name))?,
            )
            .await
        }
    }
}

async fn recorded(app: &App, id: SynchronizerId) -> Result<SynchronizerView, Refusal> {
    let store_error = |error| of_store(error, "the synchronizer of the earlier request");
    let record = app
        .store
        .get_synchronizer_by_id(id)
        .await
        .map_err(store_error)?;
    let structure = app
        .store
        .get_structure_by_id(record.structure)
        .await
        .map_err(store_error)?;
    view(app, &structure, record).await
}

/// The synchronizer as it would be; its uid is empty, since it was never assigned.
fn unsaved(new: NewSynchronizer) -> SynchronizerRecord {
    let NewSynchronizer {
        structure,
        slug,
        uid: _,
        display_name,
        rule,
        run_as,
        time,
    } = new;
    SynchronizerRecord {
        id: SynchronizerId(0),
        structure,
        slug,
        uid: Uid::new(""),
        ordinal: 0,
        display_name,
        rule,
        state: State::Disabled,
        run_as,
        last_error: None,
        base_settings_hash: None,
        last_resync_time: None,
        create_time: time,
        update_time: time,
        etag: String::new(),
    }
}

/// Finds the tracker that a rule names.
async fn resolve(app: &App, asked: AskedRule) -> Result<Rule, Refusal> {
    let AskedRule { tracker, settings } = asked;
    let name = names::tracker(&tracker);
    let found = app
        .store
        .get_tracker(tracker)
        .await
        .map_err(|error| of_store(error, &name))?;
    Ok(Rule {
        tracker: found.id,
        settings,
    })
}

async fn check_rule(app: &App, rule: &Rule, must_answer: bool) -> Result<(), Refusal> {
    match app.probes.check_rule(rule.clone()).await {
        Err(refusal) if must_answer || refusal.problem.reason == Reason::QueryInvalid => {
            Err(at_query(refusal, &rule.settings))
        }
        _ => Ok(()),
    }
}

/// Says which field the tracker does not accept.
fn at_query(refusal: Refusal, settings: &Settings) -> Refusal {
    use resync_core::synchronizer::FilterSource;
    if refusal.problem.reason != Reason::QueryInvalid || !refusal.violations.is_empty() {
        return refusal;
    }
    let path = match settings {
        Settings::Filter(settings) => match settings.source {
            FilterSource::Jql(_) => "filter.jql",
            FilterSource::SavedFilter(_) => "filter.saved_filter_id",
        },
        other => kinds::id(other.kind()),
    };
    refusal.at(format!("synchronizer.rule.{path}"))
}

/// Gets a synchronizer.
pub(crate) async fn get(
    app: &App,
    (structure, synchronizer): (&Slug, &Slug),
) -> Result<SynchronizerView, Refusal> {
    let structure = any(app, structure).await?;
    let record = find(app, &structure, synchronizer).await?;
    view(app, &structure, record).await
}

/// Changes the settings. The caller becomes the one on whose behalf it runs.
pub(crate) async fn update(
    app: &App,
    caller: &Caller,
    (structure, synchronizer): (&Slug, &Slug),
    update: Update,
    validate_only: bool,
) -> Result<SynchronizerView, Refusal> {
    app.require_synchronizers()?;
    let structure = live(app, structure).await?;
    let record = find(app, &structure, synchronizer).await?;
    let name = names::synchronizer(&structure.slug, &record.slug);
    let Update {
        display_name,
        rule,
        etag,
    } = update;
    require_etag(&name, etag.as_deref(), &record.etag)?;
    if record.state == State::Enabled {
        let message = format!("{name} is enabled; disable it, update it, and run a resync");
        return Err(Refusal::state(&name, "enabled", message));
    }
    let settings = match rule {
        Some(rule) => {
            let rule = resolve(app, rule).await?;
            require_same_kind(&record.rule, &rule)?;
            check_rule(app, &rule, validate_only).await?;
            Some(rule.settings)
        }
        None => None,
    };
    if validate_only {
        let mut record = record;
        record.display_name = display_name.unwrap_or(record.display_name);
        record.rule.settings = settings.unwrap_or(record.rule.settings);
        record.run_as = caller.clone();
        return view(app, &structure, record).await;
    }
    let run_as = Some(caller.clone());
    let update = SynchronizerUpdate {
        display_name,
        settings,
        run_as,
    };
    let updated = app
        .store
        .update_synchronizer(record.id, update, etag, app.now())
        .await;
    view(
        app,
        &structure,
        updated.map_err(|error| of_store(error, &name))?,
    )
    .await
}

fn require_same_kind(before: &Rule, after: &Rule) -> Result<(), Refusal> {
    if before.settings.kind() != after.settings.kind() {
        let description = "has another kind; install another synchronizer instead";
        return Err(Refusal::field("synchronizer.rule", description));
    }
    if before.tracker != after.tracker {
        let description = "cannot be changed; install another synchronizer instead";
        return Err(Refusal::field("synchronizer.rule.tracker", description));
    }
    Ok(())
}

/// Removes a synchronizer.
pub(crate) async fn delete(
    app: &App,
    (structure, synchronizer): (&Slug, &Slug),
    etag: Option<String>,
    allow_missing: bool,
) -> Result<(), Refusal> {
    app.require_synchronizers()?;
    let structure = live(app, structure).await?;
    let name = names::synchronizer(&structure.slug, synchronizer);
    let record = match find(app, &structure, synchronizer).await {
        Err(refusal) if allow_missing && refusal.problem.reason == Reason::ResourceNotFound => {
            return Ok(());
        }
        found => found?,
    };
    let deleted = app.store.delete_synchronizer(record.id, etag).await;
    deleted.map_err(|error| of_store(error, &name))
}

/// Starts or stops incremental syncs.
pub(crate) async fn set_enabled(
    app: &App,
    (structure, synchronizer): (&Slug, &Slug),
    enabled: bool,
    etag: Option<String>,
    validate_only: bool,
) -> Result<SynchronizerView, Refusal> {
    app.require_synchronizers()?;
    let structure = live(app, structure).await?;
    let record = find(app, &structure, synchronizer).await?;
    let name = names::synchronizer(&structure.slug, &record.slug);
    if validate_only {
        require_etag(&name, etag.as_deref(), &record.etag)?;
        return view(app, &structure, record).await;
    }
    let state = if enabled {
        State::Enabled
    } else {
        State::Disabled
    };
    let now = app.now();
    let set = app
        .store
        .set_synchronizer_state(record.id, state, None, etag, now)
        .await;
    let record = set.map_err(|error| of_store(error, &name))?;
    app.nudge.notify_one();
    view(app, &structure, record).await
}
