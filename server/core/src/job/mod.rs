//! Jobs: one run of a resync or an incremental sync, or the preview of one.
//!
//! What it is not: the engine that runs them. Here are the values, the states and which of them
//! may follow which.

mod changes;

pub use changes::{
    ChangeKind, ChangeState, Guard, GuardTrip, HoldReason, JobChange, PLAN_SAMPLE_MAX, PlanSummary,
    Tally, Why,
};

use crate::id::{ForestVersion, IssueKey, JobId, Principal, StructureId, SynchronizerId, Uid};
use crate::problem::Problem;
use crate::synchronizer::{Direction, Rule};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum JobKind {
    /// Compares everything that a synchronizer is about, in one direction.
    Resync,
    /// Carries over what has changed, for all enabled synchronizers of a structure.
    IncrementalSync,
}

/// The state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum JobState {
    /// Accepted, not started, or waiting for another try.
    Pending,
    /// Working.
    Running,
    /// Asked to stop.
    Cancelling,
    /// Final: everything was done. A preview: the plan is complete.
    Succeeded,
    /// Final: it ran to the end, but some changes could not be made.
    Incomplete,
    /// Final: it stopped early, with an error.
    Failed,
    /// Final: it was cancelled.
    Cancelled,
}

impl JobState {
    /// Whether the job has ended.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Incomplete | Self::Failed | Self::Cancelled
        )
    }

    /// Whether a job in this state may go to `next`. Staying is not a transition.
    pub fn may_become(self, next: JobState) -> bool {
        match self {
            Self::Pending => {
                matches!(
                    next,
                    Self::Running | Self::Cancelling | Self::Cancelled | Self::Failed
                )
            }
            Self::Running => !matches!(next, Self::Running),
            Self::Cancelling => next.is_final(),
            Self::Succeeded | Self::Incomplete | Self::Failed | Self::Cancelled => false,
        }
    }
}

/// What a pending job waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WaitReason {
    /// An incremental sync that includes the same synchronizer runs.
    IncrementalSync,
    /// Another job changes the same structure.
    StructureBusy,
    /// The server runs as many jobs as it may.
    Capacity,
    /// The tracker asked for a pause.
    TrackerThrottled,
    /// The tracker could not be reached.
    TrackerUnreachable,
}

/// What started a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Trigger {
    /// A call.
    Call,
    /// A change of the forest, or of what follows its tracker.
    StructureChange,
    /// Issue changes that were reported, by a webhook or by a caller.
    TrackerChange,
    /// The tracker was asked for changes, and there were some.
    Poll,
    /// It was time to list everything again, or a query whose result changes by itself.
    Schedule,
}

/// A phase of a job, in order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Phase {
    /// Not started.
    #[default]
    None,
    /// Reading the structure and the tracker.
    Reading,
    /// Comparing, and working out the changes.
    Planning,
    /// Making the changes.
    Applying,
    /// Reading back what was written, and comparing.
    Verifying,
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobProgress {
    /// The phase.
    pub phase: Phase,
    /// How much of the phase is done, in issues or changes. Never goes down within a phase.
    pub done: i64,
    /// How much there is to do in the phase, when known.
    pub total: Option<i64>,
    /// How far the whole job is, 0 to 100, when it can be estimated. Never goes down; 100 only
    /// when the job has succeeded.
    pub percent: Option<i32>,
    /// What is being done, for people.
    pub message: String,
}

/// What a job has read and done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobCounters {
    /// Issues read from the tracker.
    pub read_issues: i64,
    /// Rows of the structure that were compared.
    pub compared_rows: i64,
    /// Changes planned.
    pub planned_changes: i64,
    /// Changes made.
    pub applied_changes: i64,
    /// Planned changes that turned out not to be needed.
    pub skipped_changes: i64,
    /// Differences that were left as they are, each with a reason.
    pub held_changes: i64,
    /// Of the changes made: rows added.
    pub added_rows: i64,
    /// Of the changes made: rows moved.
    pub moved_rows: i64,
    /// Of the changes made: rows removed.
    pub removed_rows: i64,
    /// Requests sent to the tracker.
    pub tracker_requests: i64,
    /// Of these: requests that the tracker asked to send again later.
    pub throttled_requests: i64,
}

/// What a job may do at most. Checked on the whole plan, before the first change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeLimits {
    /// The most changes of any kind.
    pub changes: Option<i64>,
    /// The most destructive changes.
    pub destructive_changes: Option<i64>,
}

/// Most destructive changes of a job that nobody confirmed (forced or incremental): the limit of
/// the best known directory synchronizer, and more than a person would want to repair by hand.
pub const UNCONFIRMED_DESTRUCTIVE_MAX: i64 = 500;

/// How a run was authorised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Authorization {
    /// A preview: nothing will be written.
    Preview,
    /// The plan of this preview was confirmed, and the destructive changes counted if a guard
    /// had tripped.
    Confirmed {
        /// The preview.
        preview: JobId,
        /// The number that was typed back.
        acknowledged_destructive: Option<i64>,
    },
    /// Run without a preview.
    Forced,
    /// Started by the server itself, for enabled synchronizers.
    Incremental,
}

/// What the caller of a job asked for; a job carries it to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRequest {
    /// The direction; `None` for an incremental sync.
    pub direction: Option<Direction>,
    /// How the run was authorised.
    pub authorization: Authorization,
    /// What it may do at most.
    pub limits: ChangeLimits,
    /// Whether the synchronizer is enabled when the job has succeeded.
    pub enable_synchronizer: bool,
    /// Why, in the caller's words.
    pub reason: String,
}

/// A job, as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which one.
    pub id: JobId,
    /// A server-assigned id that is never reused.
    pub uid: Uid,
    /// What it does.
    pub kind: JobKind,
    /// The structure.
    pub structure: StructureId,
    /// The synchronizer; `None` for an incremental sync, which is of the whole structure.
    pub synchronizer: Option<SynchronizerId>,
    /// The rule as it was when the job was accepted.
    pub rule: Option<Rule>,
    /// The etag of the synchronizer when the job was accepted.
    pub synchronizer_etag: String,
    /// What the caller asked for.
    pub request: JobRequest,
    /// The state.
    pub state: JobState,
    /// What a pending job waits for.
    pub wait_reason: Option<WaitReason>,
    /// The job that a pending job waits for.
    pub blocking_job: Option<JobId>,
    /// How far it is.
    pub progress: JobProgress,
    /// What it has read and done.
    pub counters: JobCounters,
    /// What it is going to do; set when planning is complete.
    pub plan: Option<PlanSummary>,
    /// Why it failed.
    pub error: Option<Problem>,
    /// What started it.
    pub trigger: Trigger,
    /// Who started it.
    pub creator: Principal,
    /// When it was accepted.
    pub create_time: Timestamp,
    /// When it started to run.
    pub start_time: Option<Timestamp>,
    /// When anything here last changed.
    pub update_time: Timestamp,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// Which try this is, from 1.
    pub attempt: i32,
    /// When the next try is due.
    pub next_attempt_time: Option<Timestamp>,
    /// The version of the forest that it compared.
    pub base_forest_version: Option<ForestVersion>,
    /// The version after its change; `None` while it has changed nothing.
    pub result_forest_version: Option<ForestVersion>,
}

/// How serious a line of a job's log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// What the job does.
    Info,
    /// Something that may need a look.
    Warning,
    /// Something that could not be done.
    Error,
}

/// One line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The number within the job, from 1.
    pub ordinal: i64,
    /// When.
    pub time: Timestamp,
    /// How serious.
    pub severity: Severity,
    /// The text, for people.
    pub message: String,
    /// The issue that it is about, if any.
    pub issue_key: Option<IssueKey>,
}

#[cfg(test)]
mod tests {
    use super::JobState::*;
    use super::*;

    const ALL: [JobState; 7] = [
        Pending, Running, Cancelling, Succeeded, Incomplete, Failed, Cancelled,
    ];

    #[test]
    fn a_final_state_is_never_left() {
        for state in ALL.into_iter().filter(|state| state.is_final()) {
            assert!(
                ALL.iter().all(|&next| !state.may_become(next)),
                "{state:?} was left"
            );
        }
    }

    #[test]
    fn staying_is_no_transition() {
        assert!(ALL.iter().all(|&state| !state.may_become(state)));
    }

    #[test]
    fn every_state_can_be_reached_from_pending() {
        let mut reached = vec![Pending];
        for at in 0..ALL.len() {
            let from = reached[at];
            let new = ALL.into_iter().filter(|&next| from.may_become(next));
            let new: Vec<JobState> = new.filter(|next| !reached.contains(next)).collect();
            reached.extend(new);
        }
        assert_eq!(reached.len(), ALL.len());
    }

    #[test]
    fn a_job_succeeds_only_after_running() {
        assert!(!Pending.may_become(Succeeded) && !Pending.may_become(Incomplete));
        assert!(Running.may_become(Succeeded) && Running.may_become(Incomplete));
    }

    #[test]
    fn a_running_job_may_wait_for_another_try() {
        assert!(Running.may_become(Pending));
    }

    #[test]
    fn a_cancelled_job_does_not_go_back_to_work() {
        assert!(!Cancelling.may_become(Running) && !Cancelling.may_become(Pending));
        assert!(
            Cancelling.may_become(Succeeded),
            "what was done before the stop counts"
        );
    }
}
