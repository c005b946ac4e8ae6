//! Starting resyncs and their previews: who may, with which confirmation, and beside what.
//!
//! What it is not: the resync itself. What is checked here is checked again by the engine when the
//! job runs; a check here only makes sure that the caller learns of it at once.

mod confirmation;

use super::jobs::{self, JobView};
use super::{App, Caller, kinds, structures};
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::id::{JobId, Slug};
use resync_core::job::{
    Authorization, ChangeLimits, Job, JobCounters, JobKind, JobProgress, JobRequest, JobState,
    Trigger,
};
use resync_core::problem::Reason;
use resync_core::synchronizer::Direction;
use resync_store::{
    Error as StoreError, JobFilter, JobRecord, NewJob, RequestRecord, StructureRecord,
    SynchronizerRecord,
};

/// What to do when a resync of the same synchronizer runs or waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConflictPolicy {
    /// Refuse.
    Reject,
    /// Answer with the other job, when it has the same direction.
    Join,
    /// Wait until it has ended.
    Queue,
}

/// A run, as a caller asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) direction: Direction,
    pub(crate) confirmation_token: Option<String>,
    pub(crate) force: bool,
    pub(crate) acknowledged: Option<i64>,
    pub(crate) limits: ChangeLimits,
    pub(crate) conflict_policy: ConflictPolicy,
    pub(crate) enable_synchronizer: bool,
    pub(crate) etag: Option<String>,
    pub(crate) reason: String,
    pub(crate) validate_only: bool,
}

/// A job that was accepted.
pub(crate) struct Started {
    /// The job.
    pub(crate) job: JobView,
    /// Whether it was there before.
    pub(crate) existing: bool,
}

/// What a resync is of.
struct Target {
    structure: StructureRecord,
    synchronizer: SynchronizerRecord,
    name: String,
}

async fn target(app: &App, structure: &Slug, synchronizer: &Slug) -> Result<Target, Refusal> {
    let structure = structures::live(app, structure).await?;
    let name = names::synchronizer(&structure.slug, synchronizer);
    let found = app
        .store
        .get_synchronizer(structure.id, synchronizer.clone())
        .await;
    let synchronizer = found.map_err(|error| of_store(error, &name))?;
    Ok(Target {
        structure,
        synchronizer,
        name,
    })
}

/// Starts a preview.
pub(crate) async fn preview(
    app: &App,
    caller: &Caller,
    (structure, synchronizer): (&Slug, &Slug),
    direction: Direction,
    request: Option<RequestRecord>,
) -> Result<JobView, Refusal> {
    app.require_synchronizers()?;
    if let Some(job) = earlier(app, caller, request.as_ref()).await? {
        return Ok(job);
    }
    let target = target(app, structure, synchronizer).await?;
    require_direction(&target, direction)?;
    require_running(app)?;
    let asked = JobRequest {
        direction: Some(direction),
        authorization: Authorization::Preview,
        limits: ChangeLimits::default(),
        enable_synchronizer: false,
        reason: String::new(),
    };
    start(app, caller, &target, asked, false, request)
        .await
        .map(|started| started.job)
}

/// Starts a resync.
pub(crate) async fn run(
    app: &App,
    caller: &Caller,
    (structure, synchronizer): (&Slug, &Slug),
    run: Run,
    request: Option<RequestRecord>,
) -> Result<Started, Refusal> {
    app.require_synchronizers()?;
    if let Some(job) = earlier(app, caller, request.as_ref()).await? {
        return Ok(Started {
            job,
            existing: true,
        });
    }
    let target = target(app, structure, synchronizer).await?;
    structures::require_etag(&target.name, run.etag.as_deref(), &target.synchronizer.etag)?;
    require_direction(&target, run.direction)?;
    require_running(app)?;
    let authorization = confirmation::authorization(app, caller, &target, &run).await?;
    if let Some(other) = in_the_way(app, &target).await? {
        let same = other.request.direction == Some(run.direction);
        match run.conflict_policy {
            ConflictPolicy::Join if same => {
                if !run.validate_only {
                    remember(app, request, other.id).await?;
                }
                let job = jobs::view(app, caller, &target.structure, other).await?;
                return Ok(Started {
                    job,
                    existing: true,
                });
            }
            ConflictPolicy::Join | ConflictPolicy::Reject => {
                return Err(already_running(&target, other.id, other.request.direction));
            }
            ConflictPolicy::Queue => {}
        }
    }
    let asked = JobRequest {
        direction: Some(run.direction),
        authorization,
        limits: run.limits,
        enable_synchronizer: run.enable_synchronizer,
        reason: run.reason,
    };
    if run.validate_only {
        let job = unsaved(app, caller, &target, asked);
        let job = jobs::view(app, caller, &target.structure, job).await?;
        return Ok(Started {
            job,
            existing: false,
        });
    }
    let queue = run.conflict_policy == ConflictPolicy::Queue;
    start(app, caller, &target, asked, queue, request).await
}

/// Records that a request was answered with a job that was there already: a repetition must get
/// that job again, and not start one of its own when that job has ended.
async fn remember(app: &App, request: Option<RequestRecord>, job: JobId) -> Result<(), Refusal> {
    let Some(request) = request else {
        return Ok(());
    };
    match app.store.record_answer(request, job.0).await {
        Ok(()) | Err(StoreError::AlreadyAnswered(_)) => Ok(()),
        Err(error) => Err(of_store(error, "the request")),
    }
}

/// The job that an earlier try of the same request started.
async fn earlier(
    app: &App,
    caller: &Caller,
    request: Option<&RequestRecord>,
) -> Result<Option<JobView>, Refusal> {
    match app.answered(request).await? {
        Some(id) => recorded(app, caller, JobId(id)).await.map(Some),
        None => Ok(None),
    }
}

async fn recorded(app: &App, caller: &Caller, id: JobId) -> Result<JobView, Refusal> {
    let store_error = |error| of_store(error, "the job of the earlier request");
    let record = app.store.get_job(id).await.map_err(store_error)?;
    let structure = app.store.get_structure_by_id(record.job.structure).await;
    jobs::view(app, caller, &structure.map_err(store_error)?, record.job).await
}

fn require_running(app: &App) -> Result<(), Refusal> {
    match app.draining.is_cancelled() {
        true => Err(Refusal::draining()),
        false => Ok(()),
    }
}

/// The name of a direction, as the API writes it.
pub(crate) fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::IntoStructure => "DIRECTION_INTO_STRUCTURE",
        Direction::FromStructure => "DIRECTION_FROM_STRUCTURE",
    }
}

fn require_direction(target: &Target, direction: Direction) -> Result<(), Refusal> {
    let kind = target.synchronizer.rule.settings.kind();
    let supported = kind.resync_directions();
    if supported.contains(&direction) {
        return Ok(());
    }
    let names: Vec<&str> = supported.iter().map(|one| direction_name(*one)).collect();
    let message = format!(
        "a synchronizer of the kind `{}` cannot run in {}; it can in {}",
        kinds::id(kind),
        direction_name(direction),
        names.join(", ")
    );
    Err(Refusal::new(Reason::DirectionUnsupported, message)
        .at("direction")
        .with("synchronizer", &target.name)
        .with("kind", kinds::id(kind))
        .with("direction", direction_name(direction))
        .with("supportedDirections", names.join(",")))
}

/// The resync of the same synchronizer that runs or waits, if there is one. Previews do not count.
async fn in_the_way(app: &App, target: &Target) -> Result<Option<Job>, Refusal> {
    let filter = JobFilter {
        synchronizer: Some(target.synchronizer.id),
        kind: Some(JobKind::Resync),
        preview: Some(false),
        live: Some(true),
        ..Default::default()
    };
    let found = app.store.list_jobs(filter, None, 1).await;
    let mut found = found.map_err(|error| of_store(error, &target.name))?;
    Ok(found.pop().map(|record| record.job))
}

fn already_running(target: &Target, job: JobId, direction: Option<Direction>) -> Refusal {
    let name = names::job(&target.structure.slug, job);
    let message = format!("{name} of the same synchronizer runs or waits; watch it, or queue");
    Refusal::new(Reason::ResyncAlreadyRunning, message)
        .with("job", name)
        .with("direction", direction.map_or("", direction_name))
}

async fn start(
    app: &App,
    caller: &Caller,
    target: &Target,
    asked: JobRequest,
    queue: bool,
    request: Option<RequestRecord>,
) -> Result<Started, Refusal> {
    let confirmed = matches!(asked.authorization, Authorization::Confirmed { .. });
    let direction = asked.direction;
    let new = NewJob {
        uid: app.uid(),
        kind: JobKind::Resync,
        structure: target.structure.id,
        synchronizer: Some(target.synchronizer.id),
        rule: Some(target.synchronizer.rule.clone()),
        synchronizer_etag: target.synchronizer.etag.clone(),
        request: asked,
        trigger: Trigger::Call,
        creator: caller.clone(),
        time: app.now(),
    };
    let created = match queue {
        true => app.store.queue_job(new, request).await,
        false => app.store.create_job(new, request).await,
    };
    let record = match created {
        Ok(JobRecord { job, .. }) => job,
        Err(StoreError::AlreadyAnswered(answer)) => {
            let job = recorded(app, caller, JobId(answer.subject)).await?;
            return Ok(Started {
                job,
                existing: true,
            });
        }
        Err(StoreError::JobInTheWay { job }) => {
            return Err(already_running(target, job, direction));
        }
        Err(StoreError::AlreadyExists { name: job, .. }) => {
            let message = format!("the token was used already, by job {job}; preview again");
            return Err(confirmation::invalid(&message));
        }
        Err(StoreError::Stale {
            expected, actual, ..
        }) if confirmed => {
            let message = "the synchronizer has changed since the preview; preview again";
            return Err(Refusal::new(Reason::PlanStale, message)
                .with("cause", "synchronizer")
                .with("expected", expected)
                .with("actual", actual));
        }
        Err(error) => return Err(of_store(error, &target.name)),
    };
    app.nudge.notify_one();
    app.changed.raise();
    let job = jobs::view(app, caller, &target.structure, record).await?;
    Ok(Started {
        job,
        existing: false,
    })
}

/// The job as it would be; it has no number, since none was assigned.
fn unsaved(app: &App, caller: &Caller, target: &Target, request: JobRequest) -> Job {
    let now = app.now();
    Job {
        id: JobId(0),
        uid: resync_core::id::Uid::new(""),
        kind: JobKind::Resync,
        structure: target.structure.id,
        synchronizer: Some(target.synchronizer.id),
        rule: Some(target.synchronizer.rule.clone()),
        synchronizer_etag: target.synchronizer.etag.clone(),
        request,
        state: JobState::Pending,
        wait_reason: None,
        blocking_job: None,
        progress: JobProgress::default(),
        counters: JobCounters::default(),
        plan: None,
        error: None,
        trigger: Trigger::Call,
        creator: caller.clone(),
        create_time: now,
        start_time: None,
        update_time: now,
        end_time: None,
        attempt: 1,
        next_attempt_time: None,
        base_forest_version: None,
        result_forest_version: None,
    }
}
