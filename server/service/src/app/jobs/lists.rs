//! Lists of jobs, and of what jobs change.

use super::JobView;
use crate::access::Permission;
use crate::app::labels::Labels;
use crate::app::page::Page;
use crate::app::{App, Caller, structures};
use crate::filter::{Filter, Type, Value};
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::id::{JobId, Slug, StructureId};
use resync_core::job::{
    Authorization, ChangeKind, ChangeState, Job, JobChange, JobKind, JobState, Trigger,
};
use resync_store::{JobFilter, JobRecord};
use std::collections::HashMap;

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
            Trigger::TrackerChange => "TRIGGER_TRACKER_CHANGE",
            Trigger::Poll => "TRIGGER_POLL",
            Trigger::Schedule => "TRIGGER_SCHEDULE",
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
                items.push(super::view_with(app, caller, labels, job).await?);
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
    let (structure, _) = super::find(app, slug, id).await?;
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
