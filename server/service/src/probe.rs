//! Questions to a tracker that a call has to wait for.
//!
//! Handlers cannot reach a tracker. They put a question here, and the engine, which owns the other
//! end, answers it. What it is not: work that outlives its call; that is a job.

use crate::refusal::Refusal;
use resync_core::id::{IssueKey, TrackerId};
use resync_core::issue::ObservedIssue;
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::Rule;
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

/// Most questions that wait for the engine: more than that, and it is not keeping up, so that the
/// next caller is refused rather than kept waiting.
pub const PROBES_MAX: usize = 64;

/// Where the answer to a question goes. Dropped when the caller has gone.
pub type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// One question.
#[derive(Debug)]
pub enum Probe {
    /// Whether a connection works. What fails is in the report, not an error.
    CheckTracker {
        /// The connection.
        tracker: TrackerId,
        /// Where the answer goes.
        reply: Reply<TrackerReport>,
    },
    /// Whether the tracker accepts what a rule asks for (its query, filter, types).
    CheckRule {
        /// The rule.
        rule: Rule,
        /// Where the answer goes.
        reply: Reply<()>,
    },
    /// The issue with a key; `None` when the tracker has none, or does not show it.
    FindIssue {
        /// The tracker.
        tracker: TrackerId,
        /// The key, as a person typed it.
        key: IssueKey,
        /// Where the answer goes.
        reply: Reply<Option<ObservedIssue>>,
    },
}

/// How one check of a connection went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckResult {
    /// It passed.
    Passed,
    /// It passed, but something should be looked at.
    Warning,
    /// It failed.
    Failed,
    /// It was not made, since an earlier one had failed.
    Skipped,
}

/// One check of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerCheck {
    /// A stable identifier: `REACHABLE`.
    pub code: String,
    /// How it went.
    pub result: CheckResult,
    /// What was found, for people.
    pub message: String,
}

/// What checking a connection showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackerReport {
    /// The checks, in the order in which they were made.
    pub checks: Vec<TrackerCheck>,
    /// The account that the credential belongs to; empty when it is not known.
    pub account: String,
}

/// The end at which handlers put questions.
#[derive(Clone, Debug)]
pub struct ProbeQueue(mpsc::Sender<Probe>);

impl ProbeQueue {
    /// A queue, and the end from which the engine takes questions.
    pub fn new() -> (Self, mpsc::Receiver<Probe>) {
        let (sender, receiver) = mpsc::channel(PROBES_MAX);
        (Self(sender), receiver)
    }

    /// Asks whether a connection works.
    ///
    /// # Errors
    /// `SERVER_DRAINING` when nobody answers questions any more, `QUOTA_EXCEEDED` when too many are
    /// not answered yet; so with all questions.
    pub async fn check_tracker(&self, tracker: TrackerId) -> Result<TrackerReport, Refusal> {
        self.ask(|reply| Probe::CheckTracker { tracker, reply })
            .await
    }

    /// Asks whether the tracker accepts what a rule asks for.
    ///
    /// # Errors
    /// What the tracker said: `QUERY_INVALID`, or one of the `TRACKER_` reasons.
    pub async fn check_rule(&self, rule: Rule) -> Result<(), Refusal> {
        self.ask(|reply| Probe::CheckRule { rule, reply }).await
    }

    /// Asks for the issue with a key.
    ///
    /// # Errors
    /// One of the `TRACKER_` reasons.
    pub async fn find_issue(
        &self,
        tracker: TrackerId,
        key: IssueKey,
    ) -> Result<Option<ObservedIssue>, Refusal> {
        self.ask(|reply| Probe::FindIssue {
            tracker,
            key,
            reply,
        })
        .await
    }

    async fn ask<T>(&self, probe: impl FnOnce(Reply<T>) -> Probe) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        match self.0.try_send(probe(reply)) {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(nobody_answers())),
            Err(TrySendError::Full(_)) => Err(too_many()),
            Err(TrySendError::Closed(_)) => Err(nobody_answers()),
        }
    }
}

/// About how long a tracker takes to answer one question.
const ANSWER_TIME: Duration = Duration::from_secs(1);

fn too_many() -> Refusal {
    let message = "too many questions to trackers are not answered yet; call again in a while";
    Refusal::new(Reason::QuotaExceeded, message)
        .with("quota", "tracker_questions")
        .after(ANSWER_TIME)
}

fn nobody_answers() -> Refusal {
    let message = "the server is stopping and asks trackers nothing more; call again";
    Problem::new(Reason::ServerDraining, message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_too_many_is_refused_and_not_kept_waiting() {
        let (queue, mut questions) = ProbeQueue::new();
        let asking: Vec<_> = (0..PROBES_MAX)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.check_tracker(TrackerId(1)).await })
            })
            .collect();
        while questions.len() < PROBES_MAX {
            tokio::task::yield_now().await;
        }
        let refusal = queue.check_tracker(TrackerId(1)).await.unwrap_err();
        assert_eq!(refusal.problem.reason, Reason::QuotaExceeded);
        assert_eq!(refusal.problem.metadata["quota"], "tracker_questions");
        assert_eq!(refusal.retry_after, Some(ANSWER_TIME));

        let Some(Probe::CheckTracker { reply, .. }) = questions.recv().await else {
            panic!("somebody asks for a check");
        };
        reply.send(Ok(TrackerReport::default())).unwrap();
        drop(questions);
        let mut ends = Vec::new();
        for asked in asking {
            ends.push(
                asked
                    .await
                    .unwrap()
                    .map_err(|refusal| refusal.problem.reason),
            );
        }
        assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);
        assert!(
            ends[1..]
                .iter()
                .all(|end| *end == Err(Reason::ServerDraining))
        );
    }
}
