//! Incremental syncs: jobs that start by themselves, and read only what has changed.
//!
//! ```text
//! poll ──► hints ◄── webhooks, reports          edits, enabling
//!            │                                        │
//!            └────────► a structure is due ◄──────────┘
//!                               │
//!             the five verbs of every job, over evidence that a delta brought up to date
//! ```
//!
//! What it is not: another planner. A synchronizer that has been resynced has a mirror of what its
//! query showed; a sync brings the mirror up to date and plans over the whole, so that it gives what
//! a resync would give.

mod added;
mod agile;
mod confirm;
mod evidence;
mod links;
mod observe;
mod outcome;
mod poll;
mod session;
mod subtasks;

pub(crate) use observe::observe;
pub(crate) use outcome::{ended, failed, mirror_of_resync, suspend};

use crate::engine::Engine;
use crate::failure::Stop;
use resync_core::id::Uid;
use resync_core::incremental::Timing;
use resync_core::job::{Authorization, Job};
use resync_store::SyncState;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How often it is looked whether something is due: two looks into small tables, and short against
/// the time that a change waits for quiet.
const TICK: Duration = Duration::from_millis(500);

/// Starts what is due, until the shutdown. Without figures nothing ever is.
pub(crate) async fn run(engine: Arc<Engine>) {
    let Some(timing) = engine.parts.settings.incremental else {
        return;
    };
    let mut polls = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = engine.parts.shutdown.cancelled() => break,
            () = sleep(TICK) => {}
        }
        while polls.try_join_next().is_some() {}
        if let Err(error) = poll::start_due(&engine, timing, &mut polls).await {
            tracing::error!(error = %error, "no poll could be started; trying again");
        }
        if let Err(error) = create_due(&engine, timing).await {
            tracing::error!(error = %error, "no incremental sync could be started; trying again");
        }
    }
    // A poll writes at its very end, and the next server asks for the same again.
    polls.shutdown().await;
}

async fn create_due(engine: &Engine, timing: Timing) -> Result<(), resync_store::Error> {
    let now = (engine.parts.clock)();
    for due in engine.parts.store.due_syncs(now, timing).await? {
        let created = engine.parts.store.create_sync(due, fresh_uid(engine), now);
        if let Some(record) = created.await? {
            let cause = due.due.cause;
            tracing::debug!(job.id = %record.job.id, ?cause, "incremental sync created");
            (engine.parts.changed)();
            engine.parts.nudge.notify_one();
        }
    }
    Ok(())
}

/// A fresh id, from the only randomness that the engine has.
fn fresh_uid(engine: &Engine) -> Uid {
    let part = || {
        let fraction = (engine.parts.fraction)().clamp(0.0, 1.0);
        // Half of the digits that a fraction has are enough for a part of an id.
        format!("{:08x}", (fraction * f64::from(u32::MAX)) as u32)
    };
    Uid::new([part(), part(), part(), part()].concat())
}

/// What is known before a job reads anything. To be loaded before the forest is, so that what is
/// counted later goes on waiting. `None` for a job that leaves nothing.
pub(crate) async fn begin(engine: &Engine, job: &Job) -> Result<Option<SyncState>, Stop> {
    if job.request.authorization == Authorization::Preview {
        return Ok(None);
    }
    Ok(Some(engine.parts.store.load_sync(job.structure).await?))
}
