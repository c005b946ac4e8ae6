//! What the tracker shows, as far as a job needs it: complete, or an error.
//!
//! What it is not: a judgement. Issues that cannot be seen, moved or new are told as they are read.

pub(crate) mod agile;
pub(crate) mod filter;
pub(crate) mod links;
pub(crate) mod subtasks;

use crate::failure::{Failure, Stop, of_tracker};
use crate::load::Loaded;
use crate::progress::Reporter;
use resync_core::change::Item;
use resync_core::claim::ClaimSource;
use resync_core::id::{IssueId, SynchronizerId};
use resync_core::issue::{IssueRef, ObservedIssue, QueryResult};
use resync_core::job::Severity;
use resync_core::plan::Evidence;
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::{Rule, Settings};
use resync_store::SynchronizerRecord;
use resync_tracker::{Query, RequestCounters, TrackerReader};
use std::collections::BTreeSet;
use std::sync::Arc;

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
        Settings::Filter(settings) => {
            filter::filter(tracker, loaded, record, rule, settings).await?
        }
        Settings::Subtasks(settings) => {
            subtasks::subtasks(tracker, loaded, record, rule, settings).await?
        }
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
