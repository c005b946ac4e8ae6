//! The loop: wake, claim, run, settle.
//!
//! What it is not: the work. A claimed job is run by [`crate::pass`], and what becomes of it is
//! written by [`crate::settle`].

use crate::failure::{Failure, Stop};
use crate::progress::Reporter;
use crate::{Changed, Clock, Fraction, TrackerDirectory, incremental, pass, settle};
use futures::FutureExt;
use resync_core::id::Uid;
use resync_core::incremental::Timing;
use resync_core::job::JobState;
use resync_core::problem::{Problem, Reason};
use resync_store::{ClaimRequest, ClaimedJob, Lease, Store};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// How often the engine looks for work that nobody told it of: a due retry, a lease that ran
/// out, a job that another server accepted. One cheap query; short against a person's patience.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How often the progress of a job is written at most: four times a second looks live, and is
/// nothing to the store.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// How often a running job asks whether it was cancelled.
const CANCEL_INTERVAL: Duration = Duration::from_secs(1);

/// A lease is renewed this many times while it lasts, so that two lost renewals do no harm.
const RENEWALS_PER_LEASE: u32 = 3;

/// What the engine is made of.
#[derive(Clone)]
pub struct EngineParts {
    /// The store.
    pub store: Store,
    /// Where handles of trackers come from.
    pub trackers: Arc<dyn TrackerDirectory>,
    /// The time.
    pub clock: Clock,
    /// Jitter.
    pub fraction: Fraction,
    /// Rung when there may be work.
    pub nudge: Arc<Notify>,
    /// Called after each write, since a watcher may be waiting for it.
    pub changed: Changed,
    /// When cancelled, running jobs go back to waiting and the engine ends.
    pub shutdown: CancellationToken,
    /// Which engine this is: a fresh random id for each process.
    pub owner: Uid,
    /// The figures.
    pub settings: EngineSettings,
}

/// The figures of an engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineSettings {
    /// Jobs that run at the same time.
    pub concurrent_jobs: usize,
    /// How long a job stays with an engine that no longer answers.
    pub lease: Duration,
    /// The most rows that a job lets a structure grow to.
    pub rows_per_structure_max: i64,
    /// When incremental syncs are started; `None` when never.
    pub incremental: Option<Timing>,
}

/// The engine of one process.
pub struct Engine {
    pub(crate) parts: EngineParts,
}

impl Engine {
    /// An engine that does nothing until it is run.
    pub fn new(parts: EngineParts) -> Self {
        Self { parts }
    }

    /// Claims and runs jobs until the shutdown token is cancelled, and until those that run then
    /// have stopped.
    pub async fn run(self) {
        let engine = Arc::new(self);
        let syncs = incremental::run(Arc::clone(&engine));
        tokio::join!(engine.run_jobs(), syncs);
    }

    async fn run_jobs(self: Arc<Self>) {
        let engine = self;
        let mut running = JoinSet::new();
        loop {
            // Registered before looking, so that a nudge while looking is not lost.
            let nudged = engine.parts.nudge.notified();
            if engine.parts.shutdown.is_cancelled() {
                break;
            }
            if running.len() < engine.parts.settings.concurrent_jobs
                && let Some(claimed) = engine.claim().await
            {
                running.spawn(Arc::clone(&engine).work(claimed));
                continue;
            }
            tokio::select! {
                biased;
                () = nudged => {}
                () = sleep(POLL_INTERVAL) => {}
                Some(_) = running.join_next() => {}
                () = engine.parts.shutdown.cancelled() => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    async fn claim(&self) -> Option<ClaimedJob> {
        let request = ClaimRequest {
            owner: self.parts.owner.to_string(),
            now: (self.parts.clock)(),
            lease_ms: self.lease_milliseconds(),
            capacity: self.parts.settings.concurrent_jobs,
        };
        match self.parts.store.claim_next(request).await {
            Ok(claimed) => {
                (self.parts.changed)();
                claimed
            }
            Err(error) => {
                tracing::error!(error = %error, "no job could be claimed; trying again");
                None
            }
        }
    }

    pub(crate) fn lease_milliseconds(&self) -> i64 {
        i64::try_from(self.parts.settings.lease.as_millis()).unwrap_or(i64::MAX)
    }

    /// Runs one claimed job to its end, or until something stops it, and writes what became of it.
    async fn work(self: Arc<Self>, claimed: ClaimedJob) {
        let ClaimedJob { job, lease } = claimed;
        tracing::info!(job.id = %job.id, attempt = job.attempt, "job started");
        let reporter = Reporter::new(
            self.parts.store.clone(),
            lease,
            Arc::clone(&self.parts.clock),
            Arc::clone(&self.parts.changed),
            &job,
        );
        let outcome = if job.state == JobState::Cancelling {
            Err(Stop::Cancelled)
        } else {
            // A fault in one pass ends its job, not the engine.
            let pass = AssertUnwindSafe(pass::run(&self, &job, lease, &reporter)).catch_unwind();
            tokio::select! {
                biased;
                outcome = pass => outcome.unwrap_or_else(|_| Err(internal_fault())),
                stop = self.attend(lease, &reporter) => Err(stop),
            }
        };
        settle::settle(&self, &job, lease, &reporter, outcome).await;
        reporter.tell();
        // Another job of the structure may be waiting for this one.
        self.parts.nudge.notify_one();
    }

    /// Keeps the lease, writes progress, and returns when the job has to stop.
    async fn attend(&self, lease: Lease, reporter: &Reporter) -> Stop {
        let renewal = (self.parts.settings.lease / RENEWALS_PER_LEASE).min(CANCEL_INTERVAL);
        let mut renew_at = Instant::now() + renewal;
        loop {
            tokio::select! {
                biased;
                () = self.parts.shutdown.cancelled() => return Stop::Shutdown,
                () = sleep(PROGRESS_INTERVAL) => {}
            }
            if let Err(Stop::LeaseLost) = reporter.flush().await {
                return Stop::LeaseLost;
            }
            if Instant::now() < renew_at {
                continue;
            }
            renew_at = Instant::now() + renewal;
            let now = (self.parts.clock)();
            match self
                .parts
                .store
                .heartbeat(lease, now, self.lease_milliseconds())
                .await
            {
                Ok(JobState::Cancelling) => return Stop::Cancelled,
                Ok(_) => {}
                Err(resync_store::Error::LeaseLost { .. }) => return Stop::LeaseLost,
                // The lease may hold until the store is back; if not, the next write tells.
                Err(error) => tracing::warn!(error = %error, "a lease could not be renewed"),
            }
        }
    }
}

fn internal_fault() -> Stop {
    Stop::Failed(Failure::permanent(Problem::new(
        Reason::Internal,
        "The server met a fault of its own while it ran the job. Report it with the job's name.",
    )))
}
