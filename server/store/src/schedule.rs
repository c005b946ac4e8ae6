//! Which job runs next, as a pure function of the jobs that have not ended.
//!
//! What it is not: the claim itself, which is a transaction; see `queries/claim.rs`.

use resync_core::id::{JobId, StructureId};
use resync_core::job::{JobKind, JobState, WaitReason};
use resync_core::time::Timestamp;
use std::collections::HashMap;

/// What the choice needs to know of a job that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LiveJob {
    pub(crate) id: JobId,
    pub(crate) structure: StructureId,
    pub(crate) kind: JobKind,
    pub(crate) preview: bool,
    pub(crate) state: JobState,
    pub(crate) lease_until: Option<Timestamp>,
    pub(crate) next_attempt_time: Option<Timestamp>,
    pub(crate) wait: Wait,
}

/// What a pending job waits for, as it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) reason: Option<WaitReason>,
    pub(crate) blocking_job: Option<JobId>,
}

/// The job to claim, and the waits that are not yet noted on the others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) claim: Option<JobId>,
    pub(crate) waits: Vec<(JobId, Wait)>,
}

impl LiveJob {
    /// Whether a worker has it and is alive, as far as its lease tells.
    fn is_held(&self, now: Timestamp) -> bool {
        self.has_started() && self.lease_until.is_some_and(|until| until > now)
    }

    fn has_started(&self) -> bool {
        self.state != JobState::Pending
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.next_attempt_time.is_none_or(|time| time <= now)
    }

    /// How `self` waits for `other`, which changes the same structure.
    fn wait_for(&self, other: &LiveJob) -> Wait {
        let reason = match (self.kind, other.kind) {
            (JobKind::Resync, JobKind::IncrementalSync) => WaitReason::IncrementalSync,
            _ => WaitReason::StructureBusy,
        };
        Wait {
            reason: Some(reason),
            blocking_job: Some(other.id),
        }
    }
}

/// Chooses among `jobs`, which are in the order of creation.
///
/// A structure belongs to the job that changes it, also while that job's worker is lost, or else
/// to the first one that is due. A job that is due later stands back, so that a tracker that
/// cannot be reached does not stop work on others.
pub(crate) fn choose(jobs: &[LiveJob], now: Timestamp, capacity: usize) -> Choice {
    let mut choice = Choice::default();
    let mut running = jobs.iter().filter(|job| job.is_held(now)).count();
    let mut owners: HashMap<StructureId, &LiveJob> = jobs
        .iter()
        .filter(|job| job.has_started() && !job.preview)
        .map(|job| (job.structure, job))
        .collect();
    for job in jobs
        .iter()
        .filter(|job| !job.is_held(now) && job.is_due(now))
    {
        let owner = if job.preview {
            job
        } else {
            owners.entry(job.structure).or_insert(job)
        };
        let wait = if owner.id != job.id {
            job.wait_for(owner)
        } else if running >= capacity {
            Wait {
                reason: Some(WaitReason::Capacity),
                blocking_job: None,
            }
        } else if choice.claim.is_none() {
            choice.claim = Some(job.id);
            running += 1;
            continue;
        } else {
            Wait::default()
        };
        if !job.has_started() && wait != job.wait {
            choice.waits.push((job.id, wait));
        }
    }
    choice
}
