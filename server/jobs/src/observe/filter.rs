//! What a filter is about: the issues that its query matches, and what has become of those that it
//! once claimed.
//!
//! What it is not: a judgement of what left; the planner decides what goes.

use super::{Read, Tracker, claimed_issues};
use crate::failure::{Failure, Stop};
use crate::load::Loaded;
use resync_core::id::IssueId;
use resync_core::plan::Evidence;
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::{FilterSettings, FilterSource, Rule};
use resync_store::SynchronizerRecord;
use resync_tracker::Query;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many of the issues that left an empty result are asked for first: when not one of so many
/// can be read, it is the account that sees nothing.
const SENTINELS: usize = 100;

/// The query of a filter.
pub(crate) fn query_of(settings: &FilterSettings) -> Query {
    match &settings.source {
        FilterSource::SavedFilter(id) => Query::SavedFilter(id.clone()),
        FilterSource::Jql(jql) => Query::Jql(Arc::clone(jql)),
    }
}

pub(super) async fn filter(
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
