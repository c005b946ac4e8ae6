//! How far a job is: collected where the work is done, written to the store at a bounded rate.
//!
//! What it is not: a queue. Only the newest state counts; log lines are written at once, since
//! none may be lost.

use crate::failure::Stop;
use resync_core::job::{Job, JobCounters, JobProgress, Phase, Severity};
use resync_store::{JobUpdate, Lease, NewLogEntry, Store};
use resync_tracker::{ReadProgress, RequestCounters};
use std::sync::{Arc, Mutex, PoisonError};

/// Where each phase begins and ends in the percentage of the whole job: reading takes most of
/// the time, since it waits for the tracker.
const PHASES: [(Phase, i64, i64); 4] = [
    (Phase::Reading, 0, 70),
    (Phase::Planning, 70, 80),
    (Phase::Applying, 80, 95),
    (Phase::Verifying, 95, 99),
];

#[derive(Default)]
struct Newest {
    progress: JobProgress,
    counters: JobCounters,
    unwritten: bool,
}

/// The progress of one running job. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Reporter {
    store: Store,
    lease: Lease,
    clock: crate::Clock,
    changed: crate::Changed,
    newest: Arc<Mutex<Newest>>,
}

impl Reporter {
    pub(crate) fn new(
        store: Store,
        lease: Lease,
        clock: crate::Clock,
        changed: crate::Changed,
        job: &Job,
    ) -> Self {
        // A job that is tried again starts its phases again, but its percentage never goes down.
        let progress = JobProgress {
            percent: job.progress.percent,
            ..JobProgress::default()
        };
        // What an earlier try has made stays counted.
        let made_changes = job.result_forest_version.is_some();
        let newest = Newest {
            progress,
            counters: if made_changes {
                job.counters.clone()
            } else {
                JobCounters::default()
            },
            unwritten: false,
        };
        Self {
            store,
            lease,
            clock,
            changed,
            newest: Arc::new(Mutex::new(newest)),
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut Newest) -> R) -> R {
        // A panic of another holder leaves plain figures behind, which are still usable.
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.unwritten = true;
        change(&mut newest)
    }

    /// Enters a phase, and writes it at once.
    pub(crate) async fn enter(
        &self,
        phase: Phase,
        total: Option<i64>,
        message: impl Into<String>,
    ) -> Result<(), Stop> {
        let message = message.into();
        self.change(|newest| set(&mut newest.progress, phase, 0, total, message));
        self.flush().await
    }

    /// Tells how much of the phase is done.
    pub(crate) fn advance(&self, done: i64, total: Option<i64>, message: String) {
        self.change(|newest| {
            let phase = newest.progress.phase;
            set(&mut newest.progress, phase, done, total, message);
        });
    }

    /// Tells how far reading is. `before` is what earlier reads of the job have read.
    pub(crate) fn read(&self, before: i64, read: ReadProgress, requests: RequestCounters) {
        let whole = |count: u64| before.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        let (done, total) = (whole(read.read), read.total.map(whole));
        let message = match total {
            Some(total) => format!("Reading issues: {done} of {}", total.max(done)),
            None => format!("Reading issues: {done}"),
        };
        self.change(|newest| {
            newest.counters.read_issues = done;
            count_requests(&mut newest.counters, requests);
            set(&mut newest.progress, Phase::Reading, done, total, message);
        });
    }

    /// Changes the counters.
    pub(crate) fn count(&self, change: impl FnOnce(&mut JobCounters)) {
        self.change(|newest| change(&mut newest.counters));
    }

    /// The newest figures, for the last write of a job.
    pub(crate) fn newest(&self) -> (JobProgress, JobCounters) {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        (newest.progress.clone(), newest.counters.clone())
    }

    /// Writes the newest figures, if they are not written.
    pub(crate) async fn flush(&self) -> Result<(), Stop> {
        let (progress, counters) = {
            let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
            if !std::mem::take(&mut newest.unwritten) {
                return Ok(());
            }
            (newest.progress.clone(), newest.counters.clone())
        };
        let update = JobUpdate {
            progress: Some(progress),
            counters: Some(counters),
            ..JobUpdate::default()
        };
        self.store
            .update_job(self.lease, update, (self.clock)())
            .await?;
        self.tell();
        Ok(())
    }

    /// Writes a line of the log.
    pub(crate) async fn log(
        &self,
        severity: Severity,
        message: impl Into<String>,
    ) -> Result<(), Stop> {
        let entry = NewLogEntry {
            time: (self.clock)(),
            severity,
            message: message.into(),
            issue_key: None,
        };
        self.store.append_log(self.lease, vec![entry]).await?;
        self.tell();
        Ok(())
    }

    /// Wakes whoever watches the job.
    pub(crate) fn tell(&self) {
        (self.changed)();
    }
}

/// Takes over the figures of the tracker handle.
pub(crate) fn count_requests(counters: &mut JobCounters, requests: RequestCounters) {
    counters.tracker_requests = i64::try_from(requests.sent).unwrap_or(i64::MAX);
    counters.throttled_requests = i64::try_from(requests.throttled).unwrap_or(i64::MAX);
}

fn set(progress: &mut JobProgress, phase: Phase, done: i64, total: Option<i64>, message: String) {
    progress.done = if progress.phase == phase {
        done.max(progress.done)
    } else {
        done
    };
    progress.phase = phase;
    progress.total = total.map(|total| total.max(progress.done));
    progress.message = message;
    progress.percent = percent(phase, progress.done, progress.total).max(progress.percent);
}

/// How far the whole job is. 100 is reached by success alone.
fn percent(phase: Phase, done: i64, total: Option<i64>) -> Option<i32> {
    let (_, from, to) = PHASES.into_iter().find(|(named, ..)| *named == phase)?;
    let share = match total {
        Some(total) if total > 0 => done.min(total) * (to - from) / total,
        _ => 0,
    };
    i32::try_from(from + share).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentage_never_goes_down_and_never_claims_the_end() {
        let mut progress = JobProgress::default();
        let mut last = None;
        for (phase, done, total) in [
            (Phase::Reading, 10, Some(100)),
            (Phase::Reading, 100, Some(100)),
            (Phase::Reading, 100, Some(400)),
            (Phase::Planning, 0, None),
            (Phase::Applying, 5, Some(5)),
            (Phase::Reading, 1, Some(1)),
            (Phase::Verifying, 1, Some(1)),
        ] {
            set(&mut progress, phase, done, total, String::new());
            assert!(progress.percent >= last, "{phase:?} {done}");
            last = progress.percent;
        }
        assert_eq!(last, Some(99));
    }

    #[test]
    fn done_never_goes_down_within_a_phase() {
        let mut progress = JobProgress::default();
        set(&mut progress, Phase::Reading, 10, Some(5), String::new());
        set(&mut progress, Phase::Reading, 4, Some(5), String::new());
        assert_eq!((progress.done, progress.total), (10, Some(10)));
    }
}
