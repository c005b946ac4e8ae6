//! What jobs leave for incremental syncs, and what becomes of those that fail.
//!
//! What it is not: trying a job again; that is the same for all jobs, see [`crate::settle`].

use super::agile;
use super::observe::Reading as Sync;
use super::subtasks::is_selected;
use crate::engine::Engine;
use crate::facts::Facts;
use crate::failure::{Failure, Stop};
use resync_core::backoff::RETRY_WAIT_MAX;
use resync_core::id::{IssueId, SynchronizerId};
use resync_core::incremental::{culprits, depends_on_more_than_its_issues, is_volatile};
use resync_core::issue::ObservedIssue;
use resync_core::job::{Job, JobKind};
use resync_core::plan::{Evidence, Plan, Reading, Scope};
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::{Settings, State};
use resync_core::time::Timestamp;
use resync_store::{Lease, Mirror, SyncState, SyncUpdate};
use std::time::Duration;

/// How long the next sync waits after a plan that was refused: a person may be looking.
const WAIT_AFTER_GUARD: Duration = Duration::from_secs(60);

/// What a resync has read, for incremental syncs to start from. `began` is when it began to read.
pub(crate) fn mirror_of_resync(
    facts: &Facts,
    state: &SyncState,
    began: Timestamp,
) -> Option<SyncUpdate> {
    let Scope::Resync(id) = facts.scope else {
        return None;
    };
    let mut readings = facts.readings.iter();
    let reading = readings.find(|reading| reading.synchronizer == id)?;
    let mut synchronizers = facts.synchronizers.iter();
    let settings = &synchronizers.find(|one| one.id == id)?.rule.settings;
    let (mut pairs, mut below) = (Vec::new(), Vec::new());
    let (issues, volatile): (Vec<IssueId>, bool) = match (&reading.evidence, settings) {
        (Evidence::Matched(issues), Settings::Filter(settings)) => (
            issues.iter().map(|issue| issue.id).collect(),
            is_volatile(&settings.source),
        ),
        (Evidence::Subtasks(issues), Settings::Subtasks(settings)) => {
            let selected = issues.iter().filter(|issue| is_selected(issue, settings));
            let mut ids: Vec<IssueId> = selected.map(|issue| issue.id).collect();
            ids.sort_unstable();
            ids.dedup();
            (ids, false)
        }
        (Evidence::Links { links, issues }, Settings::Links(settings)) => {
            pairs = links.iter().map(|link| (link.parent, link.child)).collect();
            let queries = settings.parent_jql.iter().chain(&settings.child_jql);
            let volatile = queries.map(|jql| depends_on_more_than_its_issues(jql));
            (
                seen(facts, reading, issues),
                volatile.into_iter().any(|volatile| volatile),
            )
        }
        (evidence, Settings::Agile(_)) => {
            let kept = agile::kept(evidence)?;
            (pairs, below) = (kept.epics, kept.subtasks);
            // A rank need not stamp anything.
            (kept.ranked, true)
        }
        _ => return None,
    };
    let mirror = Mirror {
        synchronizer: id,
        volatile,
        hint: state.newest_hint,
        forest_version: facts.loaded.rows.forest.version(),
        swept_time: began,
        listed_time: began,
        issues: Some(issues.into()),
        pairs: Some(pairs.into()),
        subtasks: Some(below.into()),
    };
    Some(SyncUpdate {
        mirrors: vec![mirror],
        change_count: None,
    })
}

/// The issues whose links were read: those that cannot be read need not be asked again.
fn seen(facts: &Facts, reading: &Reading, issues: &[ObservedIssue]) -> Vec<IssueId> {
    let mut synchronizers = facts.synchronizers.iter();
    let of = synchronizers.find(|one| one.id == reading.synchronizer);
    let missing = facts.inaccessible.iter();
    let missing = missing.filter(|one| of.is_some_and(|of| of.rule.tracker == one.tracker));
    let missing = missing.map(|one| one.issue);
    let mut seen: Vec<IssueId> = issues.iter().map(|issue| issue.id).chain(missing).collect();
    seen.sort_unstable();
    seen.dedup();
    seen
}

/// Stops a synchronizer that the tracker refuses; the others of the sync go on.
pub(super) async fn make_unavailable(
    reading: &Sync<'_>,
    id: SynchronizerId,
    problem: Problem,
) -> Result<(), Stop> {
    let message = problem.message.clone();
    crate::settle::set_state(reading.engine, id, Some(problem), |state| match state {
        State::Enabled => State::Unavailable,
        unchanged => unchanged,
    })
    .await?;
    let severity = resync_core::job::Severity::Error;
    reading.reporter.log(severity, message).await
}

/// After a plan that was refused: suspends those that would have discarded too much, until somebody
/// has looked at a preview of their resync and confirmed it.
pub(crate) async fn suspend(
    engine: &Engine,
    job: &Job,
    lease: Lease,
    plan: &Plan,
    stop: &Stop,
) -> Result<(), Stop> {
    let Stop::Failed(Failure { problem, .. }) = stop else {
        return Ok(());
    };
    if job.kind != JobKind::IncrementalSync {
        return Ok(());
    }
    crate::settle::hold_on(engine, lease).await?;
    for id in culprits(plan) {
        crate::settle::set_state(engine, id, Some(problem.clone()), |state| match state {
            State::Enabled => State::Suspended,
            unchanged => unchanged,
        })
        .await?;
    }
    Ok(())
}

/// After a sync that came to its end: of those without an effect only the newest is kept.
pub(crate) async fn ended(engine: &Engine, job: &Job, lease: Lease) -> Result<(), Stop> {
    if job.kind == JobKind::IncrementalSync {
        let store = &engine.parts.store;
        store.forget_idle_syncs(job.structure, lease).await?;
    }
    Ok(())
}

/// After a sync that failed for good: the next one waits.
pub(crate) async fn failed(engine: &Engine, job: &Job, problem: &Problem) -> Result<(), Stop> {
    if job.kind != JobKind::IncrementalSync {
        return Ok(());
    }
    let wait = match problem.reason {
        // Those that tripped are stopped, so that the others can go on.
        Reason::GuardTripped | Reason::ChangeLimitExceeded => WAIT_AFTER_GUARD,
        _ => RETRY_WAIT_MAX,
    };
    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    let not_before = (engine.parts.clock)().plus_milliseconds(wait);
    let store = &engine.parts.store;
    store.delay_sync(job.structure, not_before).await?;
    Ok(())
}
