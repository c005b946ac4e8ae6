//! Starting resyncs and their previews: who may, with which confirmation, and beside what.
//!
//! What it is not: the resync itself. What is checked here is checked again by the engine when the
//! job runs; a check here only makes sure that the caller learns of it at once.

use super::jobs::{self, JobView};
use super::{App, Caller, kinds, structures};
use crate::names;
use crate::refusal::{Refusal, of_store};
use crate::token::{Confirmable, Sealer};
use resync_core::guard::guard_name;
use resync_core::id::{JobId, Slug};
use resync_core::job::{
    Authorization, ChangeLimits, GuardTrip, Job, JobCounters, JobKind, JobProgress, JobRequest,
    JobState, PlanSummary, Trigger,
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
    let authorization = authorization(app, caller, &target, &run).await?;
    if let Some(other) = in_the_way(app, &target).await? {
        let same = other.request.direction == Some(run.direction);
        match run.conflict_policy {
            ConflictPolicy::Join if same => {
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

/// How the run is authorised: by the token of a preview, or by force, and by exactly one of them.
async fn authorization(
    app: &App,
    caller: &Caller,
    target: &Target,
    run: &Run,
) -> Result<Authorization, Refusal> {
    match (&run.confirmation_token, run.force) {
        (Some(_), true) => Err(Refusal::field(
            "confirmation_token",
            "must not be set together with force; set exactly one of them",
        )),
        (None, false) => Err(confirmation_required(run.direction)),
        (None, true) if run.acknowledged.is_some() => Err(Refusal::field(
            "acknowledged_destructive_count",
            "must not be set with force, which passes no guard",
        )),
        (None, true) => Ok(Authorization::Forced),
        (Some(token), false) => confirmed(app, caller, target, run, token).await,
    }
}

fn confirmation_required(direction: Direction) -> Refusal {
    let overwrites = match direction {
        Direction::IntoStructure => "structure",
        Direction::FromStructure => "tracker",
    };
    let message = format!(
        "the run is not confirmed; {} Preview it and give the plan's confirmation_token, or set \
         force",
        direction.sentence()
    );
    Refusal::new(Reason::ConfirmationRequired, message)
        .with("direction", direction_name(direction))
        .with("overwrites", overwrites)
        .with("previewMethod", "resync.v1.ResyncService/PreviewResync")
}

fn confirmation_invalid(message: &str) -> Refusal {
    Refusal::new(Reason::ConfirmationInvalid, message).at("confirmation_token")
}

async fn confirmed(
    app: &App,
    caller: &Caller,
    target: &Target,
    run: &Run,
    token: &str,
) -> Result<Authorization, Refusal> {
    // The same words whatever is wrong: which job a foreign token is of is not the caller's.
    let foreign = || {
        confirmation_invalid(
            "the token is not one that this server gave to this caller for this synchronizer and \
             direction; preview again",
        )
    };
    let id = Sealer::previewed(token).ok_or_else(foreign)?;
    let preview = match app.store.get_job(id).await {
        Err(StoreError::NotFound { .. }) => return Err(foreign()),
        found => found.map_err(|error| of_store(error, &target.name))?.job,
    };
    let Some(summary) = preview
        .plan
        .as_ref()
        .filter(|_| preview.state == JobState::Succeeded)
    else {
        return Err(foreign());
    };
    let bound = Confirmable {
        preview: id,
        preview_uid: &preview.uid,
        principal: caller,
        synchronizer_uid: &target.synchronizer.uid,
        synchronizer_etag: &preview.synchronizer_etag,
        direction: run.direction,
        summary,
    };
    if !app.sealer.confirms(token, &bound) {
        return Err(foreign());
    }
    require_fresh(app, target, &preview, summary)?;
    require_acknowledged(summary, run.acknowledged)?;
    Ok(Authorization::Confirmed {
        preview: id,
        acknowledged_destructive: run.acknowledged,
    })
}

/// Refuses a plan whose inputs have changed, or that has expired.
fn require_fresh(
    app: &App,
    target: &Target,
    preview: &Job,
    summary: &PlanSummary,
) -> Result<(), Refusal> {
    let name = names::job(&target.structure.slug, preview.id);
    let stale = |cause: &str, expected: String, actual: String| {
        let message = format!("the plan of {name} is out of date ({cause}); preview again");
        Err(Refusal::new(Reason::PlanStale, message)
            .with("previewJob", &name)
            .with("cause", cause)
            .with("expected", expected)
            .with("actual", actual))
    };
    let now = app.now();
    if now > summary.expire_time {
        return stale(
            "expired",
            summary.expire_time.0.to_string(),
            now.0.to_string(),
        );
    }
    let forest = target.structure.forest_version;
    if forest != summary.forest_version {
        return stale(
            "forest",
            summary.forest_version.to_string(),
            forest.to_string(),
        );
    }
    let etag = &target.synchronizer.etag;
    if *etag != preview.synchronizer_etag {
        return stale(
            "synchronizer",
            preview.synchronizer_etag.clone(),
            etag.clone(),
        );
    }
    Ok(())
}

/// The number must be typed back when a guard tripped, and then only.
fn require_acknowledged(summary: &PlanSummary, acknowledged: Option<i64>) -> Result<(), Refusal> {
    match (summary.guards.first(), acknowledged) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Refusal::field(
            "acknowledged_destructive_count",
            "must not be set when no guard of the plan has tripped",
        )),
        (Some(_), Some(count)) if count == summary.destructive => Ok(()),
        (Some(trip), _) => Err(guard_tripped(trip, summary.destructive)),
    }
}

fn guard_tripped(trip: &GuardTrip, destructive: i64) -> Refusal {
    let message = format!(
        "a guard stops the plan; look at it, and if it is what you want, set \
         acknowledged_destructive_count to its number of destructive changes, {destructive}"
    );
    Refusal::new(Reason::GuardTripped, message)
        .with("guard", guard_name(trip.guard))
        .with("found", trip.found)
        .with("allowed", trip.allowed)
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
            return Err(confirmation_invalid(&message));
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
