//! The sub-tasks rule: a sub-task is below its parent.
//!
//! What it is not: removing orphans; see [`super::retire`]. Jira has one level of sub-tasks, and so
//! has this rule: a sub-task of a sub-task gets its place, but not always in the fewest steps.

use super::owner;
use super::snapshot::{Part, ReadSubtasks};
use super::work::{Cause, Work};
use crate::id::{RowId, SynchronizerId, TrackerId};
use crate::issue::IssueRef;
use crate::job::Why;

/// Claims the sub-tasks that have a row and whose parent has one, and moves them below it.
pub(super) fn place_existing(work: &mut Work<'_, '_>) {
    for_each_evaluated(work, |work, read, id, tracker| {
        for (issue, parent) in pairs(work, read, tracker) {
            let Some(row) = work.forest.primary_row(issue) else {
                continue;
            };
            work.claim(row, id);
            if work.forest.parent(row) != Some(parent) {
                let cause = Cause {
                    synchronizer: id,
                    why: Why::SubtaskOfParent,
                };
                work.move_below(row, issue, parent, cause);
            }
        }
    });
}

/// Adds the sub-tasks that have no row and whose parent has one.
pub(super) fn add_missing(work: &mut Work<'_, '_>) {
    for_each_evaluated(work, |work, read, id, tracker| {
        for (issue, parent) in pairs(work, read, tracker) {
            if work.forest.primary_row(issue).is_none() {
                let owned = owner::of(work, issue, None).map(|(_, parent)| parent);
                let cause = Cause {
                    synchronizer: id,
                    why: Why::SubtaskOfParent,
                };
                work.add(issue, Some(owned.unwrap_or(parent)), cause);
            }
        }
    });
}

fn for_each_evaluated<'w, 'a>(
    work: &mut Work<'w, 'a>,
    apply: impl Fn(&mut Work<'w, 'a>, &ReadSubtasks<'a>, SynchronizerId, TrackerId),
) {
    for participant in work.participants {
        if let Part::Subtasks(read) = &participant.part {
            apply(work, read, participant.id, participant.tracker);
        }
    }
}

/// The selected sub-tasks whose parents have a row, by id, with that row.
fn pairs(
    work: &Work<'_, '_>,
    read: &ReadSubtasks<'_>,
    tracker: TrackerId,
) -> Vec<(IssueRef, RowId)> {
    let pair = |&(issue, parent)| {
        let parent = work.forest.primary_row(IssueRef {
            tracker,
            issue: parent,
        })?;
        Some((IssueRef { tracker, issue }, parent))
    };
    read.selected.iter().filter_map(pair).collect()
}
