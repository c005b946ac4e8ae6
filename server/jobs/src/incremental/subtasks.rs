//! The evidence of a sub-tasks synchronizer: what has changed, and the sub-tasks of what is new.
//!
//! A sub-task that is created, moved to another parent or given another type is stamped, so that it
//! is among the changes. Not stamped is that its parent came into the structure: such parents are
//! asked for their sub-tasks.

use super::added::Added;
use super::observe::{Followed, Reading};
use super::session::Session;
use crate::failure::Stop;
use crate::observe::subtasks::{self as complete, PARENTS_BY_ISSUE_MAX};
use resync_core::id::IssueId;
use resync_core::issue::ObservedIssue;
use resync_core::synchronizer::{Settings, SubtasksSettings};
use resync_tracker::Query;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Brings the list of one up to date. `filters` are those before it, with the issues that will come.
pub(super) async fn read(
    reading: &Reading<'_>,
    session: &mut Session,
    one: &mut Followed,
    settings: &SubtasksSettings,
    filters: &[Followed],
    added: &Added,
) -> Result<(), Stop> {
    let coming = coming(reading, session, filters);
    let few = added.issues.len() + coming.len() <= PARENTS_BY_ISSUE_MAX;
    let (parents, read) = match few && added.complete && !one.swept {
        true => (added.issues.clone(), Vec::new()),
        _ => {
            one.swept = true;
            one.listed = true;
            (
                coming.clone(),
                everything(reading, session, one, settings).await?,
            )
        }
    };
    let parents: Vec<IssueId> = parents
        .into_iter()
        .chain(coming.iter().copied())
        .filter(|id| {
            session
                .issue(*id)
                .is_none_or(|issue| !issue.issue_type.subtask)
        })
        .collect::<BTreeSet<IssueId>>()
        .into_iter()
        .collect();
    let mut children: Vec<IssueId> = read;
    if !parents.is_empty() {
        let query = Query::SubtasksOfIssues {
            parents,
            issue_types: settings.issue_types.clone(),
        };
        let found = session.handle().query(&query).await?;
        children.extend(found.iter().map(|issue| issue.id));
        session.take(found);
    }
    // What has no row was last read when it had one, or never.
    let stale = one.mirrored().iter().copied();
    let stale: Vec<IssueId> = stale.filter(|id| session.issue(*id).is_none()).collect();
    session.ask(stale).await?;
    merge(reading, session, one, settings, children, &coming);
    Ok(())
}

/// Issues that a filter matches, or that are linked, and that have no row yet.
pub(super) fn coming(
    reading: &Reading<'_>,
    session: &Session,
    filters: &[Followed],
) -> BTreeSet<IssueId> {
    let forest = &reading.loaded.rows.forest;
    let matched = filters.iter().filter(|one| {
        matches!(
            one.record.rule.settings,
            Settings::Filter(_) | Settings::Links(_)
        )
    });
    matched
        .flat_map(|one| one.list.iter().copied())
        .filter(|id| session.issue(*id).is_some())
        .filter(|id| forest.primary_row(session.refer(*id)).is_none())
        .collect()
}

/// Reads the sub-tasks of all issues that have a row, as a resync does.
async fn everything(
    reading: &Reading<'_>,
    session: &mut Session,
    one: &Followed,
    settings: &SubtasksSettings,
) -> Result<Vec<IssueId>, Stop> {
    let (record, loaded) = (&one.record, reading.loaded);
    let handle = session.handle();
    let read = complete::subtasks(&handle, loaded, record, &record.rule, settings).await?;
    let ids: Vec<IssueId> = read.evidence.issues().map(|issue| issue.id).collect();
    session.listed.extend(ids.iter().copied());
    session.take(read.evidence.issues().cloned().collect());
    session.take(read.by_id);
    session.missing.extend(read.missing);
    Ok(ids)
}

/// The sub-tasks that are known now. One that has no row, and whose parent has none and gets none,
/// is left out: it is read when its parent comes.
fn merge(
    reading: &Reading<'_>,
    session: &Session,
    one: &mut Followed,
    settings: &SubtasksSettings,
    children: Vec<IssueId>,
    coming: &BTreeSet<IssueId>,
) {
    let forest = &reading.loaded.rows.forest;
    let has_row = |id: IssueId| forest.primary_row(session.refer(id)).is_some();
    let concerns = |issue: &ObservedIssue| {
        let parent = issue.parent.filter(|_| is_selected(issue, settings));
        parent
            .is_some_and(|parent| has_row(issue.id) || has_row(parent) || coming.contains(&parent))
    };
    let read = session.found.values().filter(|issue| concerns(issue));
    let read: BTreeSet<IssueId> = read.map(|issue| issue.id).collect();
    // Only a complete read shows that there are no others.
    let before = if one.swept { &[][..] } else { one.mirrored() };
    let mut known = FxHashSet::default();
    let kept = before.iter().copied().filter(|id| !session.was_asked(*id));
    let all = kept.chain(read).chain(children).filter(|id| {
        session
            .issue(*id)
            .is_none_or(|issue| is_selected(issue, settings))
            && known.insert(*id)
    });
    one.list = all.collect();
}

pub(super) fn is_selected(issue: &ObservedIssue, settings: &SubtasksSettings) -> bool {
    let types = &settings.issue_types;
    issue.issue_type.subtask && (types.is_empty() || types.contains(&issue.issue_type.id))
}
