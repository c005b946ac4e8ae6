//! What becomes of a job after a pass: its last write.
//!
//! What it is not: the decision whether to try again, which is pure ([`resync_core::backoff`]).

use crate::engine::Engine;
use crate::failure::{self, Failure, Stop};
use crate::incremental;
use crate::pass::Ending;
use crate::progress::Reporter;
use resync_core::backoff;
use resync_core::id::SynchronizerId;
use resync_core::job::{Authorization, Job, JobKind, JobState, Severity};
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::State;
use resync_store::{JobUpdate, Lease, Retry, TrackerContact, TrackerState};

/// Writes what became of a job. A write that fails is logged: the lease runs out, and the job is
/// claimed again.
pub(crate) async fn settle(
    engine: &Engine,
    job: &Job,
    lease: Lease,
    reporter: &Reporter,
    outcome: Result<Ending, Stop>,
) {
    let written = match outcome {
        Ok(ending) => succeed(engine, job, lease, reporter, ending).await,
        Err(Stop::LeaseLost) => Err(Stop::LeaseLost),
        Err(Stop::Shutdown) => release(engine, lease, None, (engine.parts.clock)()).await,
        Err(Stop::Cancelled) => end_cancelled(engine, job, lease, reporter).await,
        Err(Stop::ForestMoved) => fail(engine, job, lease, reporter, forest_kept_moving()).await,
        Err(Stop::Failed(failure)) => retry_or_fail(engine, job, lease, reporter, failure).await,
    };
    match written {
        Ok(()) => {}
        Err(Stop::LeaseLost) => {
            tracing::warn!(job.id = %job.id, "another server has taken the job over");
        }
        Err(stop) => {
            tracing::error!(job.id = %job.id, ?stop, "the end of a job could not be written");
        }
    }
}

fn forest_kept_moving() -> Failure {
    Failure::permanent(Problem::new(
        Reason::ResourceChanged,
        "The structure was edited again and again while the job ran. Run it again when it is quiet.",
    ))
}

async fn succeed(
    engine: &Engine,
    job: &Job,
    lease: Lease,
    reporter: &Reporter,
    ending: Ending,
) -> Result<(), Stop> {
    if ending.complete
        && job.kind == JobKind::Resync
        && job.request.authorization != Authorization::Preview
    {
        advance_synchronizer(engine, job, lease).await?;
    }
    let (mut progress, counters) = reporter.newest();
    if ending.complete {
        progress.percent = Some(100);
    }
    progress.message = ending.message.clone();
    reporter
        .log(ending.severity(), ending.message.clone())
        .await?;
    let state = if ending.complete {
        JobState::Succeeded
    } else {
        JobState::Incomplete
    };
    let update = JobUpdate {
        state: Some(state),
        progress: Some(progress),
        counters: Some(counters),
        ..JobUpdate::default()
    };
    write(engine, lease, update).await?;
    incremental::ended(engine, job, lease).await?;
    tracing::info!(job.id = %job.id, ?state, "job ended");
    Ok(())
}

/// Notes what the resync was made with, and enables what it was asked to enable. Doing it again
/// changes nothing, so a crash before the job's last write does no harm.
async fn advance_synchronizer(engine: &Engine, job: &Job, lease: Lease) -> Result<(), Stop> {
    let (Some(id), Some(rule)) = (job.synchronizer, job.rule.as_ref()) else {
        return Ok(());
    };
    let store = &engine.parts.store;
    let now = (engine.parts.clock)();
    hold_on(engine, lease).await?;
    let hash = resync_store::settings_hash(&rule.settings);
    store.set_synchronizer_base(id, hash, now).await?;
    (engine.parts.changed)();
    let confirmed = matches!(job.request.authorization, Authorization::Confirmed { .. });
    // Whoever changed the settings meanwhile has not seen what these would do.
    let stored = store.get_synchronizer_by_id(id).await?;
    let enable = job.request.enable_synchronizer && stored.rule == *rule;
    set_state(engine, id, None, |state| match state {
        State::Disabled if enable => State::Enabled,
        State::Unavailable => State::Enabled,
        State::Suspended if confirmed || enable => State::Enabled,
        unchanged => unchanged,
    })
    .await
}

/// Makes sure that the job is still this worker's before something else than the job is written.
pub(crate) async fn hold_on(engine: &Engine, lease: Lease) -> Result<(), Stop> {
    let (now, milliseconds) = ((engine.parts.clock)(), engine.lease_milliseconds());
    engine
        .parts
        .store
        .heartbeat(lease, now, milliseconds)
        .await?;
    Ok(())
}

/// Sets the state of a synchronizer to what follows from the stored one, and its last error. What
/// somebody else sets meanwhile is looked at again, not overwritten.
pub(crate) async fn set_state(
    engine: &Engine,
    id: SynchronizerId,
    last_error: Option<Problem>,
    next: impl Fn(State) -> State,
) -> Result<(), Stop> {
    let store = &engine.parts.store;
    loop {
        let record = store.get_synchronizer_by_id(id).await?;
        let (error, now) = (last_error.clone(), (engine.parts.clock)());
        let set = store
            .set_synchronizer_state(id, next(record.state), error, Some(record.etag), now)
            .await;
        match set {
            Err(resync_store::Error::Stale { .. }) => {}
            other => {
                other?;
                (engine.parts.changed)();
                return Ok(());
            }
        }
    }
}

async fn end_cancelled(
    engine: &Engine,
    job: &Job,
    lease: Lease,
    reporter: &Reporter,
) -> Result<(), Stop> {
    // A stop that is asked for after the one commit finds a job that has changed something.
    let changed = engine
        .parts
        .store
        .get_job(job.id)
        .await?
        .job
        .result_forest_version
        .is_some();
    let problem = if changed {
        Problem::new(
            Reason::Cancelled,
            "The job was cancelled after it had changed the structure: the changes are complete \
             and stay, only the verification is missing.",
        )
    } else {
        failure::cancelled()
    };
    reporter
        .log(Severity::Warning, problem.message.clone())
        .await?;
    end(engine, lease, reporter, JobState::Cancelled, problem).await
}

async fn retry_or_fail(
    engine: &Engine,
    job: &Job,
    lease: Lease,
    reporter: &Reporter,
    failure: Failure,
) -> Result<(), Stop> {
    note_contact(engine, job, &failure.problem).await?;
    let jitter = (engine.parts.fraction)();
    match backoff::retry(failure.sort, job.attempt, jitter) {
        backoff::Retry::GiveUp => fail(engine, job, lease, reporter, failure).await,
        backoff::Retry::After(wait) => {
            let now = (engine.parts.clock)();
            let milliseconds = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
            reporter
                .log(
                    Severity::Warning,
                    format!(
                        "{}. Trying again in about {} s.",
                        failure.problem.message,
                        wait.as_secs().max(1)
                    ),
                )
                .await?;
            let due = now.plus_milliseconds(milliseconds);
            release(engine, lease, failure.wait_reason(), due).await
        }
    }
}

/// Remembers what a failure tells of the connection to the tracker, so that people see it there.
async fn note_contact(engine: &Engine, job: &Job, problem: &Problem) -> Result<(), Stop> {
    let (Some(contact), Some(rule)) = (contact_after(problem), &job.rule) else {
        return Ok(());
    };
    engine
        .parts
        .store
        .note_tracker_contact(rule.tracker, contact)
        .await?;
    Ok(())
}

/// What a failure tells of the connection to the tracker; `None` when nothing.
pub(crate) fn contact_after(problem: &Problem) -> Option<TrackerContact> {
    let state = match problem.reason {
        Reason::TrackerThrottled => TrackerState::Throttled,
        Reason::TrackerUnreachable | Reason::TrackerAnswerInvalid => TrackerState::Unreachable,
        Reason::TrackerCredentialRefused | Reason::TrackerPermissionDenied => TrackerState::Refused,
        _ => return None,
    };
    Some(TrackerContact {
        state,
        last_error: Some(problem.clone()),
        contact_time: None,
    })
}

async fn fail(
    engine: &Engine,
    job: &Job,
    lease: Lease,
    reporter: &Reporter,
    failure: Failure,
) -> Result<(), Stop> {
    if let Some(id) = job.synchronizer {
        hold_on(engine, lease).await?;
        let unavailable = failure.unavailable;
        set_state(
            engine,
            id,
            Some(failure.problem.clone()),
            |state| match state {
                State::Enabled if unavailable => State::Unavailable,
                unchanged => unchanged,
            },
        )
        .await?;
    }
    reporter
        .log(Severity::Error, failure.problem.message.clone())
        .await?;
    tracing::warn!(job.id = %job.id, reason = ?failure.problem.reason, "job failed");
    incremental::failed(engine, job, &failure.problem).await?;
    end(engine, lease, reporter, JobState::Failed, failure.problem).await
}

async fn end(
    engine: &Engine,
    lease: Lease,
    reporter: &Reporter,
    state: JobState,
    problem: Problem,
) -> Result<(), Stop> {
    let (progress, counters) = reporter.newest();
    let update = JobUpdate {
        state: Some(state),
        progress: Some(progress),
        counters: Some(counters),
        error: Some(problem),
        ..JobUpdate::default()
    };
    write(engine, lease, update).await
}

async fn write(engine: &Engine, lease: Lease, update: JobUpdate) -> Result<(), Stop> {
    engine
        .parts
        .store
        .update_job(lease, update, (engine.parts.clock)())
        .await?;
    Ok(())
}

async fn release(
    engine: &Engine,
    lease: Lease,
    wait_reason: Option<resync_core::job::WaitReason>,
    due: resync_core::time::Timestamp,
) -> Result<(), Stop> {
    let retry = Retry {
        next_attempt_time: due,
        wait_reason,
    };
    engine
        .parts
        .store
        .release_for_retry(lease, retry, (engine.parts.clock)())
        .await?;
    Ok(())
}
