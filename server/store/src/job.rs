//! Jobs as records, and the claim that a worker has on one.

use crate::blob::to_blob;
use crate::error::Error;
use crate::forest::HistoryPoint;
use resync_core::id::IssueKey;
use resync_core::id::{ForestVersion, JobId, Principal, StructureId, SynchronizerId, Uid};
use resync_core::job::{
    Job, JobChange, JobCounters, JobKind, JobProgress, JobRequest, JobState, PlanSummary, Severity,
    Trigger, WaitReason,
};
use resync_core::problem::Problem;
use resync_core::synchronizer::Rule;
use resync_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A job with what watchers of it need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// The job.
    pub job: Job,
    /// Grows with every change of the job that a watcher can see, and with its log.
    pub revision: i64,
}

/// A job to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// A fresh id.
    pub uid: Uid,
    /// What it does.
    pub kind: JobKind,
    /// The structure.
    pub structure: StructureId,
    /// The synchronizer; `None` for an incremental sync.
    pub synchronizer: Option<SynchronizerId>,
    /// The synchronizer's rule.
    pub rule: Option<Rule>,
    /// The etag that the synchronizer had when its rule was read; it must still have it. Empty
    /// without a synchronizer.
    pub synchronizer_etag: String,
    /// What the caller asks for.
    pub request: JobRequest,
    /// What starts it.
    pub trigger: Trigger,
    /// Who starts it.
    pub creator: Principal,
    /// When.
    pub time: Timestamp,
}

/// The claim of one worker on one job. Every write of a worker takes it, and is refused with
/// [`crate::Error::LeaseLost`] once another worker has claimed the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// Which claim on the job this is: grows by one with each.
    pub epoch: i64,
}

/// A job that was just claimed: running (or cancelling, when it was being cancelled as its last
/// worker vanished).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedJob {
    /// The job.
    pub job: Job,
    /// The claim.
    pub lease: Lease,
}

/// Who claims, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRequest {
    /// The worker, for people who look at the table.
    pub owner: String,
    /// Now.
    pub now: Timestamp,
    /// How long the claim holds without a heartbeat, in milliseconds.
    pub lease_ms: i64,
    /// The most jobs that run at the same time, of all workers together.
    pub capacity: usize,
}

/// What to change of a job; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobUpdate {
    /// The state. A final one ends the job, and with it the lease.
    pub state: Option<JobState>,
    /// How far it is.
    pub progress: Option<JobProgress>,
    /// What it has read and done.
    pub counters: Option<JobCounters>,
    /// What it is going to do.
    pub plan: Option<PlanSummary>,
    /// Why it failed.
    pub error: Option<Problem>,
    /// The version of the forest that it compared.
    pub base_forest_version: Option<ForestVersion>,
    /// The version after its change.
    pub result_forest_version: Option<ForestVersion>,
    /// The point in the structure's history that it compared.
    pub base_point: Option<HistoryPoint>,
    /// The point after its change.
    pub result_point: Option<HistoryPoint>,
}

/// Where a job is in the history of its structure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobPoints {
    /// The point that its plan was made from; `None` before there is a plan.
    pub base: Option<HistoryPoint>,
    /// The point that its commit made; `None` while it has changed nothing.
    pub result: Option<HistoryPoint>,
}

/// Which jobs to list. `None` everywhere lists all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only jobs of this structure.
    pub structure: Option<StructureId>,
    /// Only jobs of this synchronizer.
    pub synchronizer: Option<SynchronizerId>,
    /// Only jobs in this state.
    pub state: Option<JobState>,
    /// Only jobs of this kind.
    pub kind: Option<JobKind>,
    /// Only previews, or only jobs that are none.
    pub preview: Option<bool>,
    /// Only jobs that have not ended, or only those that have.
    pub live: Option<bool>,
}

/// Changes in one blob. A page of a list reads one or two.
const CHANGES_A_CHUNK: usize = 1_000;

/// The list of a job's changes as it is stored: a tenth of what it takes as values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedChanges {
    pub(crate) chunks: Vec<PackedChunk>,
}

/// Some changes in a blob, and the ordinal of the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PackedChunk {
    pub(crate) first_ordinal: i64,
    pub(crate) changes: Vec<u8>,
}

impl PackedChanges {
    /// Packs changes, which come in the order of their ordinals, a chunk at a time.
    ///
    /// # Errors
    /// [`Error::Internal`] for a value that has no stored form.
    pub fn pack(changes: impl IntoIterator<Item = JobChange>) -> Result<PackedChanges, Error> {
        let mut changes = changes.into_iter();
        let mut packed = PackedChanges::default();
        let mut chunk = Vec::with_capacity(CHANGES_A_CHUNK);
        loop {
            chunk.clear();
            chunk.extend(changes.by_ref().take(CHANGES_A_CHUNK));
            let Some(first) = chunk.first() else {
                return Ok(packed);
            };
            packed.chunks.push(PackedChunk {
                first_ordinal: first.ordinal,
                changes: to_blob(&chunk)?,
            });
        }
    }
}

/// A line to append to a job's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLogEntry {
    /// When.
    pub time: Timestamp,
    /// How serious.
    pub severity: Severity,
    /// The text, for people.
    pub message: String,
    /// The issue that it is about, if any.
    pub issue_key: Option<IssueKey>,
}

/// Why a job goes back to waiting, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// When the next try is due.
    pub next_attempt_time: Timestamp,
    /// What it waits for.
    pub wait_reason: Option<WaitReason>,
}
