//! Jobs as callers see them: reading, listing, waiting, cancelling.
//!
//! What it is not: the engine. A job is asked to stop here; it stops there.

use super::labels::Labels;
use super::page::Page;
use super::{App, Caller, structures};
use crate::access::Permission;
use crate::filter::{Filter, Type, Value};
use crate::names;
use crate::refusal::{Refusal, of_store};
use crate::token::Confirmable;
use resync_core::id::{JobId, Slug, StructureId};
use resync_core::job::{
    Authorization, ChangeKind, ChangeState, Job, JobChange, JobKind, JobState, Trigger,
};
use resync_store::{Error as StoreError, JobFilter, JobRecord, StructureRecord};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// A job with what is needed to show it to one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobView {
    /// The job.
    pub(crate) job: Job,
    /// The names of what it refers to.
    pub(crate) labels: Labels,
    /// The token that confirms its plan: only of a preview that is complete, and only for the
    /// caller who asked for it.
    pub(crate) confirmation_token: Option<String>,
}

/// Makes the view of a job for a caller.
pub(crate) async fn view(
    app: &App,
    caller: &Caller,
    structure: &StructureRecord,
    job: Job,
) -> Result<JobView, Refusal> {
    let labels = Labels::load(app, structure.id, &structure.slug).await?;
    view_with(app, caller, labels, job).await
}

async fn view_with(
    app: &App,
    caller: &Caller,
    labels: Labels,
    job: Job,
) -> Result<JobView, Refusal> {
    let confirmation_token = confirmation_token(app, caller, &job).await?;
    Ok(JobView {
        job,
        labels,
        confirmation_token,
    })
}

async fn confirmation_token(
    app: &App,
    caller: &Caller,
    job: &Job,
) -> Result<Option<String>, Refusal> {
    let preview = job.request.authorization == Authorization::Preview;
    let complete = job.state == JobState::Succeeded;
    let (Some(summary), Some(direction)) = (&job.plan, job.request.direction) else {
        return Ok(None);
    };
    let Some(synchronizer) = job.synchronizer else {
        return Ok(None);
    };
    if !preview || !complete || job.creator != *caller {
        return Ok(None);
    }
    let found = match app.store.get_synchronizer_by_id(synchronizer).await {
        Err(StoreError::NotFound { .. }) => return Ok(None),
        found => found.map_err(|error| of_store(error, "synchronizer"))?,
    };
    Ok(Some(app.sealer.confirmation(&Confirmable {
        preview: job.id,
        preview_uid: &job.uid,
        principal: caller,
        synchronizer_uid: &found.uid,
        synchronizer_etag: &job.synchronizer_etag,
        direction,
        summary,
    })))
}

/// A job by its name. That its structure is deleted does not matter: history stays.
pub(crate) async fn find(
    app: &App,
    slug: &Slug,
    id: JobId,
) -> Result<(StructureRecord, JobRecord), Refusal> {
    let name = names::job(slug, id);
    let structure = match app.store.get_structure(slug.clone()).await {
        Err(StoreError::NotFound { .. }) => return Err(Refusal::not_found(name)),
        found => found.map_err(|error| of_store(error, &name))?,
    };
    let record = app
        .store
        .get_job(id)
        .await
        .map_err(|error| of_store(error, &name))?;
    match record.job.structure == structure.id {
        true => Ok((structure, record)),
        false => Err(Refusal::not_found(name)),
    }
}

/// Gets a job.
pub(crate) async fn get(
    app: &App,
    caller: &Caller,
    slug: &Slug,
    id: JobId,
) -> Result<JobView, Refusal> {
    let (structure, record) = find(app, slug, id).await?;
    view(app, caller, &structure, record.job).await
}

/// The names of the states, as the API writes them, in the order of [`state_name`].
const STATES: &[&str] = &[
    "STATE_PENDING",
    "STATE_RUNNING",
    "STATE_CANCELLING",
    "STATE_SUCCEEDED",
    "STATE_INCOMPLETE",
    "STATE_FAILED",
    "STATE_CANCELLED",
];

/// What a list of jobs can be filtered by.
pub(crate) const FILTER_FIELDS: &[(&str, Type)] = &[
    ("state", Type::OneOf(STATES)),
    (
        "kind",
        Type::OneOf(&["KIND_RESYNC", "KIND_INCREMENTAL_SYNC"]),
    ),
    ("synchronizer", Type::Text),
    ("preview", Type::Flag),
    (
        "trigger",
        Type::OneOf(&["TRIGGER_CALL", "TRIGGER_STRUCTURE_CHANGE"]),
    ),
    ("creator", Type::Text),
    ("create_time", Type::Time),
    ("end_time", Type::Time),
];

fn state_name(state: JobState) -> &'static str {
    match state {
        JobState::Pending => "STATE_PENDING",
        JobState::Running => "STATE_RUNNING",
        JobState::Cancelling => "STATE_CANCELLING",
        JobState::Succeeded => "STATE_SUCCEEDED",
        JobState::Incomplete => "STATE_INCOMPLETE",
        JobState::Failed => "STATE_FAILED",
        JobState::Cancelled => "STATE_CANCELLED",
    }
}

fn passes(filter: &Filter, job: &Job, labels: &Labels) -> bool {
    let synchronizer = job
        .synchronizer
        .map(|id| labels.synchronizer_name(id))
        .unwrap_or_default();
    filter.passes(|field| match field {
        "state" => Value::Text(state_name(job.state)),
        "kind" => Value::Text(match job.kind {
            JobKind::Resync => "KIND_RESYNC",
            JobKind::IncrementalSync => "KIND_INCREMENTAL_SYNC",
        }),
        "synchronizer" => Value::Text(&synchronizer),
        "preview" => Value::Flag(job.request.authorization == Authorization::Preview),
        "trigger" => Value::Text(match job.trigger {
            Trigger::Call => "TRIGGER_CALL",
            Trigger::StructureChange => "TRIGGER_STRUCTURE_CHANGE",
        }),
        "creator" => Value::Text(job.creator.as_str()),
        "create_time" => Value::Time(Some(job.create_time)),
        _ => Value::Time(job.end_time),
    })
}

/// Narrows what is read to what the filter can let pass.
fn narrowed(structure: Option<StructureId>, filter: &Filter) -> JobFilter {
    let state = filter.exactly("state").and_then(|name| {
        let states = [
            JobState::Pending,
            JobState::Running,
            JobState::Cancelling,
            JobState::Succeeded,
            JobState::Incomplete,
            JobState::Failed,
            JobState::Cancelled,
        ];
        states.into_iter().find(|state| state_name(*state) == name)
    });
    JobFilter {
        structure,
        state,
        preview: filter.flag("preview"),
        ..Default::default()
    }
}

/// Most jobs that are read at once while a page is filled.
const READ_AT_ONCE: usize = 200;

/// Lists jobs, newest first: of one structure, or of all that the caller may view.
pub(crate) async fn list(
    app: &App,
    caller: &Caller,
    parent: Option<&Slug>,
    filter: &Filter,
    before: Option<i64>,
    size: usize,
) -> Result<Page<JobView>, Refusal> {
    let structure = match parent {
        Some(slug) => Some(structures::any(app, slug).await?),
        None => None,
    };
    let asked = narrowed(structure.as_ref().map(|record| record.id), filter);
    let mut known = HashMap::new();
    let mut items = Vec::new();
    let mut before = before.map(JobId);
    loop {
        let read = app.store.list_jobs(asked, before, READ_AT_ONCE).await;
        let read = read.map_err(|error| of_store(error, "jobs"))?;
        let whole = read.len() < READ_AT_ONCE;
        for JobRecord { job, .. } in read {
            if items.len() == size {
                return Ok(Page {
                    items,
                    next: before.map(|id| id.0),
                });
            }
            before = Some(job.id);
            let Some(labels) = viewable(app, caller, &mut known, job.structure).await? else {
                continue;
            };
            if passes(filter, &job, &labels) {
                items.push(view_with(app, caller, labels, job).await?);
            }
        }
        if whole {
            return Ok(Page { items, next: None });
        }
    }
}

/// The labels of a structure, loaded once a list; `None` when the caller may not view it.
async fn viewable(
    app: &App,
    caller: &Caller,
    known: &mut HashMap<StructureId, Option<Labels>>,
    id: StructureId,
) -> Result<Option<Labels>, Refusal> {
    if let Some(labels) = known.get(&id) {
        return Ok(labels.clone());
    }
    let found = app.store.get_structure_by_id(id).await;
    let structure = found.map_err(|error| of_store(error, "structure of a job"))?;
    let name = names::structure(&structure.slug);
    let labels = match app.access.allows(caller, Permission::View, &name) {
        true => Some(Labels::load(app, id, &structure.slug).await?),
        false => None,
    };
    known.insert(id, labels.clone());
    Ok(labels)
}

/// What a list of changes can be filtered by.
pub(crate) const CHANGE_FILTER_FIELDS: &[(&str, Type)] = &[
    (
        "type",
        Type::OneOf(&["TYPE_ADD_ROW", "TYPE_MOVE_ROW", "TYPE_REMOVE_ROW"]),
    ),
    (
        "state",
        Type::OneOf(&[
            "STATE_PLANNED",
            "STATE_APPLIED",
            "STATE_SKIPPED",
            "STATE_HELD",
        ]),
    ),
    ("destructive", Type::Flag),
    ("issue_key", Type::Text),
    ("hold_reason", Type::Text),
];

/// Changes of a job, with the names of what they refer to.
pub(crate) struct Changes {
    /// The changes.
    pub(crate) page: Page<JobChange>,
    /// The names.
    pub(crate) labels: Labels,
}

/// Lists the changes of a job, in order. `hold_name` says how a reason to hold is written in a
/// filter.
pub(crate) async fn list_changes(
    app: &App,
    slug: &Slug,
    id: JobId,
    filter: &Filter,
    hold_name: impl Fn(&JobChange) -> &'static str,
    after: Option<i64>,
    size: usize,
) -> Result<Changes, Refusal> {
    let (structure, _) = find(app, slug, id).await?;
    let labels = Labels::load(app, structure.id, &structure.slug).await?;
    let name = names::job(slug, id);
    let mut items = Vec::new();
    let mut after = after.unwrap_or(0);
    loop {
        // One more than fits shows whether there is another page.
        let read = app.store.list_job_changes(id, after, size + 1).await;
        let read = read.map_err(|error| of_store(error, &name))?;
        let whole = read.len() <= size;
        for change in read {
            if items.len() == size {
                return Ok(Changes {
                    page: Page {
                        items,
                        next: Some(after),
                    },
                    labels,
                });
            }
            after = change.ordinal;
            if change_passes(filter, &change, &hold_name) {
                items.push(change);
            }
        }
        if whole {
            return Ok(Changes {
                page: Page { items, next: None },
                labels,
            });
        }
    }
}

fn change_passes(
    filter: &Filter,
    change: &JobChange,
    hold_name: &impl Fn(&JobChange) -> &'static str,
) -> bool {
    filter.passes(|field| match field {
        "type" => Value::Text(match change.kind {
            ChangeKind::AddRow => "TYPE_ADD_ROW",
            ChangeKind::MoveRow => "TYPE_MOVE_ROW",
            ChangeKind::RemoveRow => "TYPE_REMOVE_ROW",
        }),
        "state" => Value::Text(match change.state {
            ChangeState::Planned => "STATE_PLANNED",
            ChangeState::Applied => "STATE_APPLIED",
            ChangeState::Skipped => "STATE_SKIPPED",
            ChangeState::Held => "STATE_HELD",
        }),
        "destructive" => Value::Flag(change.destructive),
        "issue_key" => Value::Text(change.issue_key.as_ref().map_or("", |key| key.as_str())),
        _ => Value::Text(hold_name(change)),
    })
}

/// Waits until a job has ended, and at most until `deadline`.
pub(crate) async fn wait(
    app: &App,
    caller: &Caller,
    slug: &Slug,
    id: JobId,
    deadline: Instant,
) -> Result<JobView, Refusal> {
    let mut changed = app.changed.subscribe();
    let mut pause = Pause::new(app.limits.watch_poll_max);
    loop {
        let (structure, record) = find(app, slug, id).await?;
        if record.job.state.is_final() || Instant::now() >= deadline {
            return view(app, caller, &structure, record.job).await;
        }
        tokio::select! {
            () = app.draining.cancelled() => return Err(Refusal::draining()),
            _ = changed.changed() => {}
            () = tokio::time::sleep_until(pause.next().min(deadline)) => {}
        }
    }
}

/// Asks a job to stop.
pub(crate) async fn cancel(
    app: &App,
    caller: &Caller,
    slug: &Slug,
    id: JobId,
    reason: &str,
) -> Result<JobView, Refusal> {
    let (structure, _) = find(app, slug, id).await?;
    // There is no audit log yet; until then the operator's log has it.
    tracing::info!(job.id = id.0, principal = %caller, reason, "a job is to be cancelled");
    let asked = app.store.request_cancel(id, app.now()).await;
    let record = asked.map_err(|error| of_store(error, &names::job(slug, id)))?;
    app.nudge.notify_one();
    app.changed.raise();
    view(app, caller, &structure, record.job).await
}

/// How long to pause between two looks into the store: short at first, then longer, so that an
/// idle watch costs little and a busy one is quick.
#[derive(Clone, Debug)]
pub(crate) struct Pause {
    current: Duration,
    most: Duration,
}

impl Pause {
    /// The pause after something has happened.
    const SHORTEST: Duration = Duration::from_millis(20);

    /// Starts short, and grows to `most`.
    pub(crate) fn new(most: Duration) -> Self {
        Self {
            current: Self::SHORTEST.min(most),
            most,
        }
    }

    /// When the next look is due, if no signal comes before.
    pub(crate) fn next(&mut self) -> Instant {
        let due = Instant::now() + self.current;
        self.current = (self.current * 2).min(self.most);
        due
    }

    /// Something has happened: look again soon.
    pub(crate) fn reset(&mut self) {
        self.current = Self::SHORTEST.min(self.most);
    }
}
