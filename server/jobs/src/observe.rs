//! What the tracker shows, as far as a job needs it: complete, or an error.
//!
//! What it is not: a judgement. Issues that are gone, moved or new are told as they are read.

use crate::failure::{Failure, Stop, of_tracker};
use crate::load::Loaded;
use crate::progress::Reporter;
use resync_core::change::Item;
use resync_core::claim::ClaimSource;
use resync_core::id::{IssueId, ProjectKey, SynchronizerId};
use resync_core::issue::{IssueRef, ObservedIssue};
use resync_core::job::Severity;
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::{FilterSettings, FilterSource, Rule, Settings, SubtasksSettings};
use resync_store::SynchronizerRecord;
use resync_tracker::{Query, RequestCounters, TrackerReader};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Up to this many parents, their sub-tasks are asked for by parent, 100 a query; above, by
/// project, which reads more issues in far fewer requests.
const PARENTS_BY_ISSUE_MAX: usize = 1_000;

/// Most issues that are read by id to find out what became of them. More than that have left
/// only when something is wrong, and the guards stop it without knowing each one's fate.
const CANDIDATES_MAX: usize = 1_000;

/// What one synchronizer's read showed.
pub(crate) struct Observed {
    /// The synchronizer.
    pub(crate) synchronizer: SynchronizerId,
    /// The issues that its query matches, in the order of the query, or the sub-tasks.
    pub(crate) issues: Vec<ObservedIssue>,
    /// Issues that were read by id: of rows that the query no longer shows.
    pub(crate) by_id: Vec<ObservedIssue>,
    /// Issues that cannot be read by id: deleted or invisible.
    pub(crate) gone: Vec<IssueRef>,
}

/// A tracker handle with what is needed to report on it.
pub(crate) struct Tracker<'a> {
    /// The handle: it can only read.
    pub(crate) reader: &'a Arc<dyn TrackerReader>,
    /// The resource name, for errors.
    pub(crate) name: &'a str,
    /// Where progress goes.
    pub(crate) reporter: &'a Reporter,
    /// What the handle had sent before this read: it is shared with other jobs.
    pub(crate) before: RequestCounters,
}

impl Tracker<'_> {
    /// What was sent since this read began.
    pub(crate) fn requests(&self) -> RequestCounters {
        let now = self.reader.counters();
        RequestCounters {
            sent: now.sent.saturating_sub(self.before.sent),
            throttled: now.throttled.saturating_sub(self.before.throttled),
            retried: now.retried.saturating_sub(self.before.retried),
        }
    }

    fn failed(&self, error: &resync_tracker::Error) -> Stop {
        Stop::Failed(of_tracker(error, self.name))
    }

    async fn query(&self, query: &Query, before: usize) -> Result<Vec<ObservedIssue>, Stop> {
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        let report = |read| self.reporter.read(before, read, self.requests());
        let result = self
            .reader
            .read_query(query, &report)
            .await
            .map_err(|error| self.failed(&error))?;
        if result.ordered_count < result.issues.len() {
            let message = format!(
                "The tracker orders only the first {} of {} issues; the rest follow by id.",
                result.ordered_count,
                result.issues.len()
            );
            self.reporter.log(Severity::Warning, message).await?;
        }
        Ok(result.issues)
    }

    async fn by_id(&self, ids: &[IssueId]) -> Result<resync_tracker::IssueBatch, Stop> {
        if ids.is_empty() {
            return Ok(resync_tracker::IssueBatch::default());
        }
        self.reader
            .read_issues(ids)
            .await
            .map_err(|error| self.failed(&error))
    }
}

/// Reads everything that a resync of one synchronizer is about.
pub(crate) async fn synchronizer(
    tracker: &Tracker<'_>,
    loaded: &Loaded,
    record: &SynchronizerRecord,
    rule: &Rule,
) -> Result<Observed, Stop> {
    tracker
        .reader
        .identify()
        .await
        .map_err(|error| tracker.failed(&error))?;
    let (issues, by_id, gone) = match &rule.settings {
        Settings::Filter(settings) => filter(tracker, loaded, record, rule, settings).await?,
        Settings::Subtasks(settings) => subtasks(tracker, loaded, record, rule, settings).await?,
    };
    tracker.reporter.count(|counters| {
        counters.read_issues = i64::try_from(issues.len() + by_id.len()).unwrap_or(i64::MAX);
        crate::progress::count_requests(counters, tracker.requests());
    });
    let gone = gone
        .into_iter()
        .map(|issue| IssueRef {
            tracker: rule.tracker,
            issue,
        })
        .collect();
    Ok(Observed {
        synchronizer: record.id,
        issues,
        by_id,
        gone,
    })
}

type Read = (Vec<ObservedIssue>, Vec<ObservedIssue>, Vec<IssueId>);

async fn filter(
    tracker: &Tracker<'_>,
    loaded: &Loaded,
    record: &SynchronizerRecord,
    rule: &Rule,
    settings: &FilterSettings,
) -> Result<Read, Stop> {
    let query = match &settings.source {
        FilterSource::SavedFilter(id) => Query::SavedFilter(id.clone()),
        FilterSource::Jql(jql) => Query::Jql(Arc::clone(jql)),
    };
    let issues = tracker.query(&query, 0).await?;
    let matched: FxHashSet<IssueId> = issues.iter().map(|issue| issue.id).collect();
    let mut asked: Vec<IssueId> = claimed_issues(loaded, record, rule)
        .into_iter()
        .filter(|id| !matched.contains(id))
        .take(CANDIDATES_MAX)
        .collect();
    let candidates = asked.len();
    asked.extend(
        settings
            .parent_issue
            .filter(|parent| !matched.contains(parent)),
    );
    let batch = tracker.by_id(&asked).await?;
    if issues.is_empty() && candidates > 0 {
        let readable = batch
            .found
            .iter()
            .any(|issue| Some(issue.id) != settings.parent_issue);
        if !readable {
            return Err(unreadable(tracker, candidates));
        }
    }
    Ok((issues, batch.found, batch.missing))
}

/// The sentinel: when the query shows nothing, one of the issues that it once showed must at
/// least be readable. Otherwise it is the account that sees nothing, not the query.
fn unreadable(tracker: &Tracker<'_>, candidates: usize) -> Stop {
    Stop::Failed(Failure {
        unavailable: true,
        ..Failure::permanent(
            Problem::new(
                Reason::TrackerPermissionDenied,
                format!(
                    "The query matches nothing, and none of the {candidates} issues that it once \
                     matched can be read: the account has probably lost its permission. Restore \
                     it, or remove the rows by hand."
                ),
            )
            .with("tracker", tracker.name)
            .with("permission", "BROWSE_PROJECTS"),
        )
    })
}

async fn subtasks(
    tracker: &Tracker<'_>,
    loaded: &Loaded,
    record: &SynchronizerRecord,
    rule: &Rule,
    settings: &SubtasksSettings,
) -> Result<Read, Stop> {
    let (known, unknown) = facts(loaded, rule);
    // What is not known yet has to be read once, to know whether it is a parent, and where.
    let first = tracker.by_id(&unknown).await?;
    let issues_of_rows = known.values().copied().chain(first.found.iter());
    let (mut parents, mut projects) = (Vec::new(), BTreeSet::<ProjectKey>::new());
    for issue in issues_of_rows.filter(|issue| !issue.issue_type.subtask) {
        parents.push(issue.id);
        projects.insert(issue.project.clone());
    }
    parents.sort_unstable();
    let issue_types = settings.issue_types.clone();
    let issues = if parents.is_empty() {
        Vec::new()
    } else if parents.len() <= PARENTS_BY_ISSUE_MAX {
        tracker
            .query(
                &Query::SubtasksOfIssues {
                    parents,
                    issue_types,
                },
                first.found.len(),
            )
            .await?
    } else {
        let projects = projects.into_iter().collect();
        let query = Query::SubtasksOfProjects {
            projects,
            issue_types,
        };
        tracker.query(&query, first.found.len()).await?
    };
    let read: FxHashSet<IssueId> = issues.iter().map(|issue| issue.id).collect();
    let lost: Vec<IssueId> = claimed_issues(loaded, record, rule)
        .into_iter()
        .filter(|id| !read.contains(id))
        .take(CANDIDATES_MAX)
        .collect();
    let second = tracker.by_id(&lost).await?;
    let by_id = first.found.into_iter().chain(second.found).collect();
    let gone = first.missing.into_iter().chain(second.missing).collect();
    Ok((issues, by_id, gone))
}

/// The issues of the rows that a synchronizer claims, each once, in order of their ids.
fn claimed_issues(loaded: &Loaded, record: &SynchronizerRecord, rule: &Rule) -> Vec<IssueId> {
    let source = ClaimSource::Synchronizer(record.id);
    let claimed = loaded.claims.iter().filter(|claim| claim.source == source);
    let issues: BTreeSet<IssueId> = claimed
        .filter_map(|claim| match loaded.forest.item(claim.row) {
            Some(Item::Issue(issue)) if issue.tracker == rule.tracker => Some(issue.issue),
            _ => None,
        })
        .collect();
    issues.into_iter().collect()
}

/// The issues of the structure that belong to the rule's tracker: those that were read before,
/// and the ids of those that were not.
fn facts<'a>(
    loaded: &'a Loaded,
    rule: &Rule,
) -> (FxHashMap<IssueId, &'a ObservedIssue>, Vec<IssueId>) {
    let known: FxHashMap<IssueId, &ObservedIssue> = loaded
        .observations
        .iter()
        .filter(|observation| observation.tracker == rule.tracker)
        .map(|observation| (observation.issue.id, &observation.issue))
        .collect();
    let unknown: BTreeSet<IssueId> = loaded
        .forest
        .preorder()
        .filter_map(|(row, _)| loaded.forest.issue(row))
        .filter(|issue| issue.tracker == rule.tracker && !known.contains_key(&issue.issue))
        .map(|issue| issue.issue)
        .collect();
    (known, unknown.into_iter().collect())
}
