//! What a sub-tasks synchronizer is about: the sub-tasks of the issues that have rows, and what has
//! become of those that it claims.
//!
//! What it is not: a judgement of orphans; the planner decides what goes.

use super::{Read, Tracker, claimed_issues};
use crate::failure::Stop;
use crate::load::Loaded;
use resync_core::id::{IssueId, ProjectKey};
use resync_core::issue::ObservedIssue;
use resync_core::plan::Evidence;
use resync_core::synchronizer::{Rule, SubtasksSettings};
use resync_store::SynchronizerRecord;
use resync_tracker::Query;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// Up to this many parents, their sub-tasks are asked for by parent, 100 a query; above, by
/// project, which reads more issues in far fewer requests.
pub(crate) const PARENTS_BY_ISSUE_MAX: usize = 1_000;

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
pub(super) fn subtasks_of<'a>(
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
