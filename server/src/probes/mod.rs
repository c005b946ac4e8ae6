//! Answers the questions that calls put to trackers.
//!
//! Request handlers cannot reach a tracker; they put a question into a queue and wait for it
//! within their deadline. This is the other end of that queue. What it is not: jobs; a question
//! writes nothing but what was learnt of the connection.

mod rules;

use resync_core::id::{IssueKey, TrackerId};
use resync_core::issue::ObservedIssue;
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::{FilterSource, Rule, Settings};
use resync_jobs::{Clock, TrackerDirectory, problem_of_tracker};
use resync_service::{CheckResult, Probe, Refusal, Reply, TrackerCheck, TrackerReport};
use resync_store::{Store, TrackerContact, TrackerRecord, TrackerState};
use resync_tracker::{Error, Query, TrackerReader};
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::Receiver;

/// Questions that are answered beside each other: more than the connections of several trackers,
/// so that one that hangs does not hold up the others.
const QUESTIONS_AT_ONCE: usize = 64;

/// What answering takes.
#[derive(Clone)]
pub struct Prober {
    /// The store.
    pub store: Store,
    /// Where handles come from.
    pub trackers: Arc<dyn TrackerDirectory>,
    /// The time.
    pub clock: Clock,
}

impl Prober {
    /// Answers questions until nobody can ask any more. At most `QUESTIONS_AT_ONCE` are answered
    /// beside each other; the others stay in the queue, which is bounded, too.
    pub async fn run(self, mut questions: Receiver<Probe>) {
        let places = Arc::new(Semaphore::new(QUESTIONS_AT_ONCE));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let Some(question) = questions.recv().await else {
                return;
            };
            let prober = self.clone();
            tokio::spawn(async move {
                prober.answer(question).await;
                drop(place);
            });
        }
    }

    async fn answer(&self, question: Probe) {
        match question {
            Probe::CheckTracker { tracker, reply } => {
                unless_gone(reply, self.check_tracker(tracker)).await;
            }
            Probe::CheckRule { rule, reply } => unless_gone(reply, self.check_rule(&rule)).await,
            Probe::FindIssue {
                tracker,
                key,
                reply,
            } => unless_gone(reply, self.find_issue(tracker, &key)).await,
        }
    }

    async fn open(
        &self,
        tracker: TrackerId,
    ) -> Result<(TrackerRecord, Arc<dyn TrackerReader>), Refusal> {
        let record = self
            .store
            .get_tracker_by_id(tracker)
            .await
            .map_err(of_store)?;
        let reader = self.trackers.reader(&record).await?;
        Ok((record, reader))
    }

    async fn check_rule(&self, rule: &Rule) -> Result<(), Refusal> {
        if matches!(
            rule.settings,
            Settings::Subtasks(_) | Settings::StatusRollup(_)
        ) {
            return Ok(());
        }
        let (record, reader) = self.open(rule.tracker).await?;
        let told = |error: Error| refusal(&error, &record);
        match &rule.settings {
            Settings::Filter(settings) => {
                let query = match &settings.source {
                    FilterSource::SavedFilter(id) => Query::SavedFilter(id.clone()),
                    FilterSource::Jql(jql) => Query::Jql(Arc::clone(jql)),
                };
                let checked = reader.check_query(&query).await.map(drop);
                checked.map_err(|error| about_query(told(error), &settings.source))
            }
            Settings::Links(settings) => rules::check_links(&*reader, settings, &told).await,
            Settings::Agile(settings) => rules::check_agile(&*reader, settings, &told).await,
            Settings::Subtasks(_) | Settings::StatusRollup(_) => Ok(()),
        }
    }

    async fn find_issue(
        &self,
        tracker: TrackerId,
        key: &IssueKey,
    ) -> Result<Option<ObservedIssue>, Refusal> {
        let (record, reader) = self.open(tracker).await?;
        reader
            .find_issue(key.as_str())
            .await
            .map_err(|error| refusal(&error, &record))
    }

    /// Each check says what was found. A failing check is a finding, not an error.
    async fn check_tracker(&self, tracker: TrackerId) -> Result<TrackerReport, Refusal> {
        let record = self
            .store
            .get_tracker_by_id(tracker)
            .await
            .map_err(of_store)?;
        let reader = match self.trackers.reader(&record).await {
            Ok(reader) => reader,
            Err(refusal) => {
                self.learn(&record, TrackerState::Refused, Some(refusal.clone()))
                    .await?;
                return Ok(report(&[], ("CREDENTIAL", refusal.message), String::new()));
            }
        };
        match reader.identify().await {
            Ok(identity) => {
                self.learn(&record, TrackerState::Active, None).await?;
                let zone = format!("JQL dates are read in the zone {}.", identity.time_zone);
                let checks = [
                    (
                        "REACHABLE",
                        format!("Version {} answers.", identity.version),
                    ),
                    ("CREDENTIAL", format!("Signed in as {}.", identity.account)),
                    ("TIME_ZONE", zone),
                ];
                let checks = checks
                    .map(|(code, message)| check(code, CheckResult::Passed, message))
                    .to_vec();
                Ok(TrackerReport {
                    checks,
                    account: identity.account,
                })
            }
            Err(error) => {
                let problem = refusal(&error, &record).problem;
                self.learn(&record, state(&error), Some(problem.clone()))
                    .await?;
                let passed: &[&str] = match error {
                    Error::CredentialRefused { .. } | Error::Forbidden { .. } => &["REACHABLE"],
                    _ => &[],
                };
                let failed = if passed.is_empty() {
                    "REACHABLE"
                } else {
                    "CREDENTIAL"
                };
                Ok(report(passed, (failed, problem.message), String::new()))
            }
        }
    }

    async fn learn(
        &self,
        record: &TrackerRecord,
        state: TrackerState,
        last_error: Option<Problem>,
    ) -> Result<(), Refusal> {
        let now = (self.clock)();
        let contact_time = (state == TrackerState::Active).then_some(now);
        let contact = TrackerContact {
            state,
            last_error,
            contact_time,
        };
        self.store
            .note_tracker_contact(record.id, contact)
            .await
            .map_err(of_store)
    }
}

/// Answers, and stops as soon as the caller has gone: then the answer is of no use to anybody, and
/// the place is another caller's.
async fn unless_gone<T>(mut reply: Reply<T>, answer: impl Future<Output = Result<T, Refusal>>) {
    let answer = tokio::select! {
        biased;
        () = reply.closed() => return,
        answer = answer => answer,
    };
    // The caller may have gone in this moment.
    let _ = reply.send(answer);
}

fn check(code: &str, result: CheckResult, message: String) -> TrackerCheck {
    TrackerCheck {
        code: code.to_owned(),
        result,
        message,
    }
}

/// A report of a check that failed: what passed before it, and what was not made after it.
fn report(passed: &[&str], failed: (&str, String), account: String) -> TrackerReport {
    let mut checks: Vec<TrackerCheck> = passed
        .iter()
        .map(|code| check(code, CheckResult::Passed, "It answers.".to_owned()))
        .collect();
    checks.push(check(failed.0, CheckResult::Failed, failed.1));
    for code in ["CREDENTIAL", "TIME_ZONE"] {
        if !checks.iter().any(|made| made.code == code) {
            let message = "Not made, since an earlier check failed.".to_owned();
            checks.push(check(code, CheckResult::Skipped, message));
        }
    }
    TrackerReport { checks, account }
}

fn state(error: &Error) -> TrackerState {
    match error {
        Error::Throttled { .. } => TrackerState::Throttled,
        Error::CredentialRefused { .. } | Error::Forbidden { .. } => TrackerState::Refused,
        _ => TrackerState::Unreachable,
    }
}

/// What an error of the tracker tells the caller, with the pause that it asked for.
fn refusal(error: &Error, tracker: &TrackerRecord) -> Refusal {
    let name = format!("trackers/{}", tracker.slug);
    let refusal = Refusal::from(problem_of_tracker(error, &name));
    match error {
        Error::Throttled { retry_after } => refusal
            .with("retryAfterSeconds", retry_after.as_secs_f64().ceil())
            .after(*retry_after),
        _ => refusal,
    }
}

/// Says which query the tracker does not accept, in the caller's words.
fn about_query(refusal: Refusal, source: &FilterSource) -> Refusal {
    if refusal.problem.reason != Reason::QueryInvalid {
        return refusal;
    }
    match source {
        FilterSource::Jql(jql) => refusal.with("jql", jql),
        FilterSource::SavedFilter(id) => refusal.with("savedFilterId", id),
    }
}

fn of_store(error: resync_store::Error) -> Refusal {
    let reason = match error {
        resync_store::Error::NotFound { .. } => Reason::ResourceNotFound,
        ref error if error.is_temporary() => Reason::StoreUnavailable,
        _ => Reason::Internal,
    };
    Refusal::new(reason, error.to_string())
}

#[cfg(test)]
mod tests;
