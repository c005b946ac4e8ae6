//! Why a pass stopped: errors of the store and of the tracker become one value to settle by.
//!
//! What it is not: the decision to try again; that is pure and lives in the core.

use resync_core::backoff;
use resync_core::job::{JobState, WaitReason};
use resync_core::problem::{Problem, Reason};

/// Why a pass did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Somebody asked for it.
    Cancelled,
    /// The server shuts down: the job goes back to waiting.
    Shutdown,
    /// Another worker has the job now: nothing more may be written.
    LeaseLost,
    /// The forest changed while it was planned: plan again from fresh facts.
    ForestMoved,
    /// Something failed.
    Failed(Failure),
}

/// A failure, and how it may be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What is told.
    pub(crate) problem: Problem,
    /// What sort it is, to decide whether and when it is tried again.
    pub(crate) sort: backoff::Failure,
    /// Whether the synchronizer cannot run until somebody mends something at the tracker.
    pub(crate) unavailable: bool,
}

impl Failure {
    /// A failure that trying again does not mend.
    pub(crate) fn permanent(problem: Problem) -> Failure {
        Failure {
            problem,
            sort: backoff::Failure::Permanent,
            unavailable: false,
        }
    }

    /// What a job waits for until the next try.
    pub(crate) fn wait_reason(&self) -> Option<WaitReason> {
        match self.problem.reason {
            Reason::TrackerThrottled => Some(WaitReason::TrackerThrottled),
            Reason::TrackerUnreachable | Reason::TrackerAnswerInvalid => {
                Some(WaitReason::TrackerUnreachable)
            }
            _ => None,
        }
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Stop::Failed(Failure::permanent(problem))
    }
}

impl From<resync_store::Error> for Stop {
    fn from(error: resync_store::Error) -> Self {
        use resync_store::Error as Store;
        match error {
            Store::LeaseLost { .. } => Stop::LeaseLost,
            // Somebody asked for it between two looks.
            Store::TransitionNotAllowed {
                from: JobState::Cancelling,
                ..
            } => Stop::Cancelled,
            Store::Stale { what: "forest", .. } => Stop::ForestMoved,
            error => {
                let temporary = error.is_temporary();
                let (reason, sort) = if temporary {
                    (Reason::StoreUnavailable, backoff::Failure::Unavailable)
                } else {
                    (Reason::Internal, backoff::Failure::Permanent)
                };
                let problem = Problem::new(reason, error.to_string());
                Stop::Failed(Failure {
                    problem,
                    sort,
                    unavailable: false,
                })
            }
        }
    }
}

/// What an error of the tracker means for a job of the connection `tracker`.
pub(crate) fn of_tracker(error: &resync_tracker::Error, tracker: &str) -> Failure {
    use backoff::Failure::{Permanent, Throttled, Unavailable};
    use resync_tracker::Error as Tracker;
    let (reason, sort, unavailable) = match error {
        Tracker::Unreachable { .. } => (Reason::TrackerUnreachable, Unavailable, false),
        Tracker::Throttled { retry_after } => (
            Reason::TrackerThrottled,
            Throttled {
                retry_after: *retry_after,
            },
            false,
        ),
        Tracker::AnswerInvalid { .. } => (Reason::TrackerAnswerInvalid, Unavailable, false),
        Tracker::CredentialRefused { .. } => (Reason::TrackerCredentialRefused, Permanent, true),
        Tracker::Forbidden { .. } => (Reason::TrackerPermissionDenied, Permanent, true),
        Tracker::QueryInvalid { .. } => (Reason::QueryInvalid, Permanent, true),
        Tracker::NotSetUp { .. } => (Reason::StateNotAllowed, Permanent, true),
        Tracker::ProductMismatch { .. } => (Reason::TrackerUnreachable, Permanent, true),
    };
    let mut problem = Problem::new(reason, error.to_string()).with("tracker", tracker);
    if let Tracker::Unreachable {
        status: Some(status),
        ..
    } = error
    {
        problem = problem.with("httpStatus", status);
    }
    Failure {
        problem,
        sort,
        unavailable,
    }
}

/// What a cancelled job is told.
pub(crate) fn cancelled() -> Problem {
    Problem::new(
        Reason::Cancelled,
        "The job was cancelled before it changed anything.",
    )
}
