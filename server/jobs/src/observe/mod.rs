//! What the tracker shows, as far as a job needs it: complete, or an error.
//!
//! What it is not: a judgement. Issues that cannot be seen, moved or new are told as they are read.

pub(crate) mod agile;
pub(crate) mod links;

use crate::failure::{Failure, Stop, of_tracker};
use crate::load::Loaded;
use crate::progress::Reporter;
use resync_core::change::Item;
use resync_core::claim::ClaimSource;
use resync_core::id::{IssueId, ProjectKey, SynchronizerId};
use resync_core::issue::{IssueRef, ObservedIssue, QueryResult};
use resync_core::job::Severity;
use resync_core::plan::Evidence;
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::{FilterSettings, FilterSource, Rule, Settings, SubtasksSettings};
use resync_store::SynchronizerRecord;
use resync_tracker::{Query, RequestCounters, TrackerReader};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Up to this many parents, their sub-tasks are asked for by parent, 100 a query; above, by
/// project, which reads more issues in far fewer requests.
pub(crate) const PARENTS_BY_ISSUE_MAX: usize = 1_000;

/// How many of the issues that left an empty result are asked for first: when not one of so many
/// can be read, it is the account that sees nothing.
const SENTINELS: usize = 100;

/// What one synchronizer's read showed.
pub(crate) struct Observed {
    /// The synchronizer.
    pub(crate) synchronizer: SynchronizerId,
    /// What the planner looks at.
    pub(crate) evidence: Evidence,
    /// Issues that were read by id: of rows that the query no longer shows.
    pub(crate) by_id: Vec<ObservedIssue>,
    /// Issues that cannot be read by id: deleted or invisible.
    pub(crate) inaccessible: Vec<IssueRef>,
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

    pub(crate) fn failed(&self, error: &resync_tracker::Error) -> Stop {
        Stop::Failed(of_tracker(error, self.name))
    }

    /// Reads a query, if there is one. `before` is what the job has read already.
    async fn read(
        &self,
        query: &Option<Query>,
        before: usize,
    ) -> Result<Vec<ObservedIssue>, resync_tracker::Error> {
        let Some(query) = query else {
            return Ok(Vec::new());
        };
        Ok(self.read_ordered(query, before).await?.issues)
    }

    async fn read_ordered(
        &self,
        query: &Query,
        before: usize,
    ) -> Result<QueryResult, resync_tracker::Error> {
        let before = i64::try_from(before).unwrap_or(i64::MAX);
        let report = |read| self.reporter.read(before, read, self.requests());
        self.reader.read_query(query, &report).await
    }

    pub(crate) async fn query(&self, query: &Query) -> Result<Vec<ObservedIssue>, Stop> {
        let result = self
            .read_ordered(query, 0)
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

    /// Which of the issues the query matches when it is asked about them alone.
    pub(crate) async fn again(&self, query: &Query, ids: &[IssueId]) -> Result<Vec<IssueId>, Stop> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.reader
            .still_matching(query, ids)
            .await
            .map_err(|error| self.failed(&error))
    }

    pub(crate) async fn by_id(&self, ids: &[IssueId]) -> Result<resync_tracker::IssueBatch, Stop> {
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
    let Read {
        evidence,
        by_id,
        missing,
    } = match &rule.settings {
        Settings::Filter(settings) => filter(tracker, loaded, record, rule, settings).await?,
        Settings::Subtasks(settings) => subtasks(tracker, loaded, record, rule, settings).await?,
        Settings::Links(settings) => links::links(tracker, loaded, record, rule, settings).await?,
        Settings::Agile(settings) => agile::agile(tracker, loaded, record, rule, settings).await?,
        Settings::StatusRollup(_) => return Err(only_writes(record)),
    };
    let read = evidence.issues().count() + by_id.len();
    tracker.reporter.count(|counters| {
        counters.read_issues = i64::try_from(read).unwrap_or(i64::MAX);
        crate::progress::count_requests(counters, tracker.requests());
    });
    let inaccessible = missing
        .into_iter()
        .map(|issue| IssueRef {
            tracker: rule.tracker,
            issue,
        })
        .collect();
    Ok(Observed {
        synchronizer: record.id,
        evidence,
        by_id,
        inaccessible,
    })
}

/// What one kind has read.
pub(crate) struct Read {
    pub(crate) evidence: Evidence,
    /// Issues that were read by id: of rows that the evidence does not have.
    pub(crate) by_id: Vec<ObservedIssue>,
    /// Issues that cannot be read by id.
    pub(crate) missing: Vec<IssueId>,
}

/// A kind that only writes has nothing to read for a structure.
fn only_writes(record: &SynchronizerRecord) -> Stop {
    let message = format!(
        "{} only changes issues in the tracker, which this server does not do. Remove it.",
        record.display_name
    );
    Stop::Failed(Failure {
        unavailable: true,
        ..Failure::permanent(Problem::new(Reason::DirectionUnsupported, message))
    })
}

/// The query of a filter.
pub(crate) fn query_of(settings: &FilterSettings) -> Query {
    match &settings.source {
        FilterSource::SavedFilter(id) => Query::SavedFilter(id.clone()),
        FilterSource::Jql(jql) => Query::Jql(Arc::clone(jql)),
    }
}

async fn filter(
    tracker: &Tracker<'_>,
    loaded: &Loaded,
    record: &SynchronizerRecord,
    rule: &Rule,
    settings: &FilterSettings,
) -> Result<Read, Stop> {
    let query = query_of(settings);
    let mut issues = tracker.query(&query).await?;
    let matched: FxHashSet<IssueId> = issues.iter().map(|issue| issue.id).collect();
    let left: Vec<IssueId> = claimed_issues(loaded, record, rule)
        .into_iter()
        .filter(|id| !matched.contains(id))
        .collect();
    let (sentinels, others) = left.split_at(left.len().min(SENTINELS));
    let mut batch = tracker.by_id(sentinels).await?;
    if issues.is_empty() && !sentinels.is_empty() && batch.found.is_empty() {
        return Err(unreadable(tracker, left.len()));
    }
    let mut others: Vec<IssueId> = others.to_vec();
    others.extend(
        settings
            .parent_issue
            .filter(|parent| !matched.contains(parent)),
    );
    if settings.check_children {
        others.extend(below(loaded, rule, &left, &matched));
    }
    let rest = tracker.by_id(&others).await?;
    batch.found.extend(rest.found);
    batch.missing.extend(rest.missing);

    let left: FxHashSet<IssueId> = left.into_iter().collect();
    let readable: Vec<IssueId> = batch
        .found
        .iter()
        .map(|issue| issue.id)
        .filter(|id| left.contains(id))
        .collect();
    let again: FxHashSet<IssueId> = tracker
        .again(&query, &readable)
        .await?
        .into_iter()
        .collect();
    issues.extend(
        batch
            .found
            .iter()
            .filter(|issue| again.contains(&issue.id))
            .cloned(),
    );
    Ok(Read {
        evidence: Evidence::Matched(issues),
        by_id: batch.found,
        missing: batch.missing,
    })
}

/// The issues below those that left, each once: they may go with them, so they must be seen.
fn below(
    loaded: &Loaded,
    rule: &Rule,
    left: &[IssueId],
    matched: &FxHashSet<IssueId>,
) -> Vec<IssueId> {
    let left: FxHashSet<IssueId> = left.iter().copied().collect();
    let forest = &loaded.rows.forest;
    let (mut found, mut branch) = (BTreeSet::new(), None);
    for (row, depth) in forest.preorder() {
        if branch.is_some_and(|top| depth <= top) {
            branch = None;
        }
        let Some(issue) = forest
            .issue(row)
            .filter(|issue| issue.tracker == rule.tracker)
        else {
            continue;
        };
        if left.contains(&issue.issue) {
            branch = branch.or(Some(depth));
        } else if branch.is_some() && !matched.contains(&issue.issue) {
            found.insert(issue.issue);
        }
    }
    found.into_iter().collect()
}

/// The sentinels: when the query shows nothing, one of the issues that it once showed must at
/// least be readable. Otherwise it is the account that sees nothing, not the query.
fn unreadable(tracker: &Tracker<'_>, left: usize) -> Stop {
    Stop::Failed(Failure {
        unavailable: true,
        ..Failure::permanent(
            Problem::new(
                Reason::TrackerPermissionDenied,
                format!(
                    "The query matches nothing, and the {left} issues that it once matched cannot \
                     be read: the account has probably lost its permission. Restore it, or remove \
                     the rows by hand."
                ),
            )
            .with("tracker", tracker.name)
            .with("permission", "BROWSE_PROJECTS"),
        )
    })
}

pub(crate) async fn subtasks(
    tracker: &Tracker<'_>,
    loaded: &Loaded,
    record: &SynchronizerRecord,
    rule: &Rule,
    settings: &SubtasksSettings,
) -> Result<Read, Stop> {
    let (known, unknown) = facts(loaded, rule);
    // What is not known yet has to be read once, to know whether it is a parent, and where.
    let mut by_id = tracker.by_id(&unknown).await?;
    let all = known.values().copied().chain(by_id.found.iter());
    let issues = match tracker
        .read(&subtasks_of(all, settings), by_id.found.len())
        .await
    {
        // One parent or project that is gone spoils the whole query. Who is still there?
        Err(resync_tracker::Error::QueryInvalid { .. }) => {
            let mut ids: Vec<IssueId> = known.keys().copied().collect();
            ids.sort_unstable();
            let refreshed = tracker.by_id(&ids).await?;
            by_id.found.extend(refreshed.found);
            by_id.missing.extend(refreshed.missing);
            let query = subtasks_of(by_id.found.iter(), settings);
            tracker.read(&query, by_id.found.len()).await
        }
        read => read,
    };
    let mut issues = issues.map_err(|error| tracker.failed(&error))?;
    let mut seen: FxHashSet<IssueId> = issues.iter().map(|issue| issue.id).collect();
    seen.extend(by_id.found.iter().map(|issue| issue.id));
    seen.extend(by_id.missing.iter().copied());
    let lost: Vec<IssueId> = claimed_issues(loaded, record, rule)
        .into_iter()
        .filter(|id| !seen.contains(id))
        .collect();
    let rest = tracker.by_id(&lost).await?;
    by_id.found.extend(rest.found);
    by_id.missing.extend(rest.missing);
    // Rows that are no sub-tasks any more are told apart from rows that nobody knows.
    issues.extend(by_id.found.iter().cloned());
    Ok(Read {
        evidence: Evidence::Subtasks(issues),
        by_id: by_id.found,
        missing: by_id.missing,
    })
}

/// The query for the sub-tasks of those that are no sub-tasks themselves; `None` when there are
/// none.
fn subtasks_of<'a>(
    issues: impl Iterator<Item = &'a ObservedIssue>,
    settings: &SubtasksSettings,
) -> Option<Query> {
    let (mut parents, mut projects) = (BTreeSet::new(), BTreeSet::<ProjectKey>::new());
    for issue in issues.filter(|issue| !issue.issue_type.subtask) {
        parents.insert(issue.id);
        projects.insert(issue.project.clone());
    }
    let issue_types = settings.issue_types.clone();
    let (parents, projects): (Vec<_>, Vec<_>) = (
        parents.into_iter().collect(),
        projects.into_iter().collect(),
    );
    match parents.len() {
        0 => None,
        1..=PARENTS_BY_ISSUE_MAX => Some(Query::SubtasksOfIssues {
            parents,
            issue_types,
        }),
        _ => Some(Query::SubtasksOfProjects {
            projects,
            issue_types,
        }),
    }
}

/// The issues of the rows that a synchronizer claims, each once, in order of their ids.
pub(crate) fn claimed_issues(
    loaded: &Loaded,
    record: &SynchronizerRecord,
    rule: &Rule,
) -> Vec<IssueId> {
    let source = ClaimSource::Synchronizer(record.id);
    let claims = loaded.rows.claims.sorted();
    let claimed = claims.iter().filter(|claim| claim.source == source);
    let issues: BTreeSet<IssueId> = claimed
        .filter_map(|claim| match loaded.rows.forest.item(claim.row) {
            Some(Item::Issue(issue)) if issue.tracker == rule.tracker => Some(issue.issue),
            _ => None,
        })
        .collect();
    issues.into_iter().collect()
}

/// The issues of the rule's tracker that have rows, each once, in order of their ids.
pub(crate) fn rows_of(loaded: &Loaded, rule: &Rule) -> Vec<IssueId> {
    let forest = &loaded.rows.forest;
    let rows = forest.preorder();
    let issues: BTreeSet<IssueId> = rows
        .filter_map(|(row, _)| forest.issue(row))
        .filter(|issue| issue.tracker == rule.tracker)
        .map(|issue| issue.issue)
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
    let forest = &loaded.rows.forest;
    let unknown: BTreeSet<IssueId> = forest
        .preorder()
        .filter_map(|(row, _)| forest.issue(row))
        .filter(|issue| issue.tracker == rule.tracker && !known.contains_key(&issue.issue))
        .map(|issue| issue.issue)
        .collect();
    (known, unknown.into_iter().collect())
}
