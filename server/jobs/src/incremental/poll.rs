//! A poll: what has a tracker stamped since it was last asked?
//!
//! What it is not: a sync. It leaves hints; who follows the tracker takes them in.

use crate::engine::Engine;
use crate::failure::{self, Failure};
use resync_core::backoff::{self, RETRY_WAIT_MAX};
use resync_core::incremental::{Timing, next_poll};
use resync_core::issue::ObservedIssue;
use resync_core::problem::{Problem, Reason};
use resync_core::time::Timestamp;
use resync_store::{NewHint, Poll, Polled, TrackerContact, TrackerRecord, TrackerState};
use resync_tracker::Query;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// After this, a poll that did not come to its end is due again: its server has stopped.
const POLL_LEASE: Duration = Duration::from_secs(5 * 60);

/// Polls that run at the same time, each of another tracker.
const POLLS_MAX: usize = 4;

/// Starts the polls that are due.
pub(super) async fn start_due(
    engine: &Arc<Engine>,
    timing: Timing,
    polls: &mut JoinSet<()>,
) -> Result<(), resync_store::Error> {
    while polls.len() < POLLS_MAX {
        let now = (engine.parts.clock)();
        let claimed = engine.parts.store.claim_poll(now, milliseconds(POLL_LEASE));
        let Some(poll) = claimed.await? else { break };
        polls.spawn(run(Arc::clone(engine), timing, poll));
    }
    Ok(())
}

async fn run(engine: Arc<Engine>, timing: Timing, poll: Poll) {
    let began = (engine.parts.clock)();
    let written = match read(&engine, &poll).await {
        Ok(changed) => keep(&engine, timing, poll, began, &changed).await,
        Err(failure) => fail(&engine, timing, poll, &failure).await,
    };
    if let Err(error) = written {
        tracing::error!(error = %error, "the end of a poll could not be written");
    }
}

async fn read(engine: &Engine, poll: &Poll) -> Result<Vec<ObservedIssue>, Failure> {
    let store = &engine.parts.store;
    let tracker: TrackerRecord = store
        .get_tracker_by_id(poll.tracker)
        .await
        .map_err(of_store)?;
    let reader = engine.parts.trackers.reader(&tracker).await;
    let reader = reader.map_err(Failure::permanent)?;
    let everything = Query::Jql("".into());
    let changed = reader
        .changed_since(poll.cursor.window_start(), &everything)
        .await;
    let name = format!("trackers/{}", tracker.slug);
    changed.map_err(|error| failure::of_tracker(&error, &name))
}

fn of_store(error: resync_store::Error) -> Failure {
    let sort = backoff::Failure::Unavailable;
    let problem = Problem::new(Reason::StoreUnavailable, error.to_string());
    Failure {
        sort,
        ..Failure::permanent(problem)
    }
}

async fn keep(
    engine: &Engine,
    timing: Timing,
    poll: Poll,
    began: Timestamp,
    changed: &[ObservedIssue],
) -> Result<(), resync_store::Error> {
    let hint = |issue: &ObservedIssue| NewHint {
        issue: issue.id,
        source: format!("poll/{}/{}", issue.id, issue.updated.0),
    };
    let newest = changed.iter().map(|issue| issue.updated).max();
    let polled = Polled {
        cursor: poll.cursor.after(newest, began),
        hints: changed.iter().map(hint).collect(),
        time: began,
        due_time: next_poll(began, &timing, (engine.parts.fraction)()),
    };
    let store = &engine.parts.store;
    let news = store.finish_poll(poll, polled).await?;
    tracing::debug!(
        tracker = poll.tracker.0,
        found = changed.len(),
        news,
        "polled"
    );
    let contact = TrackerContact {
        state: TrackerState::Active,
        last_error: None,
        contact_time: Some(began),
    };
    store.note_tracker_contact(poll.tracker, contact).await?;
    Ok(())
}

/// Puts the next poll off: soon after a failure that passes, and at the usual time after one that
/// somebody has to mend. Nothing is lost by it, since the cursor stays.
async fn fail(
    engine: &Engine,
    timing: Timing,
    poll: Poll,
    failure: &Failure,
) -> Result<(), resync_store::Error> {
    let now = (engine.parts.clock)();
    let fraction = (engine.parts.fraction)();
    let due = match backoff::retry(failure.sort, poll.failures.saturating_add(1), fraction) {
        backoff::Retry::After(wait) => now.plus_milliseconds(milliseconds(wait)),
        backoff::Retry::GiveUp if failure.sort == backoff::Failure::Permanent => {
            next_poll(now, &timing, fraction)
        }
        backoff::Retry::GiveUp => now.plus_milliseconds(milliseconds(RETRY_WAIT_MAX)),
    };
    tracing::warn!(reason = ?failure.problem.reason, "a poll failed; trying again later");
    let store = &engine.parts.store;
    if let Some(contact) = crate::settle::contact_after(&failure.problem) {
        store.note_tracker_contact(poll.tracker, contact).await?;
    }
    store.fail_poll(poll, due).await
}

fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
