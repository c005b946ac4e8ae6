//! The sub-tasks rule: a sub-task is below its parent.
//!
//! What it is not: removing orphans; see [`super::retire`]. Jira has one level of sub-tasks, and so
//! has this rule: a sub-task of a sub-task gets its place, but not always in the fewest steps.

use super::owner;
use super::snapshot::{Part, ReadSubtasks};
use super::work::{Cause, Work};
use crate::forest::Slot;
use crate::id::{SynchronizerId, TrackerId};
use crate::issue::IssueRef;
use crate::job::Why;

/// How one synchronizer finds its sub-tasks in a pass.
#[derive(Default)]
pub(super) struct Settled {
    /// By slot: whether the row is of a sub-task whose parent has a row.
    settled: Vec<bool>,
    /// Sub-tasks that have no row, though their parents (the second of each pair) have one.
    missing: Vec<(IssueRef, IssueRef)>,
}

impl Settled {
    /// Whether the row is of a sub-task whose parent has a row.
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.settled.get(slot as usize).copied().unwrap_or(false)
    }
}

/// Claims the sub-tasks that have a row and whose parent has one, and moves them below it. What
/// it finds is returned for each synchronizer that takes part, in their order.
pub(super) fn place_existing(work: &mut Work<'_, '_>) -> Vec<Settled> {
    let participants = work.participants.iter();
    let settled = participants.map(|participant| match &participant.part {
        Part::Subtasks(read) => place_of_one(work, read, participant.id, participant.tracker),
        Part::Filter(_) | Part::Bystander(_) => Settled::default(),
    });
    settled.collect()
}

fn place_of_one(
    work: &mut Work<'_, '_>,
    read: &ReadSubtasks<'_>,
    id: SynchronizerId,
    tracker: TrackerId,
) -> Settled {
    let settled = vec![false; work.forest.slot_count()];
    let mut found = Settled {
        settled,
        missing: Vec::new(),
    };
    for &(issue, parent) in &read.selected {
        let (issue, parent) = (
            IssueRef { tracker, issue },
            IssueRef {
                tracker,
                issue: parent,
            },
        );
        let Some(above) = work.forest.primary_slot(parent) else {
            continue;
        };
        let Some(slot) = work.forest.primary_slot(issue) else {
            found.missing.push((issue, parent));
            continue;
        };
        found.settled[slot as usize] = true;
        work.claim(slot, id);
        if work.forest.parent_at(slot) != above
            && let (Some(row), Some(above)) = (work.forest.id_at(slot), work.forest.id_at(above))
        {
            let cause = Cause {
                synchronizer: id,
                why: Why::SubtaskOfParent,
            };
            work.move_below(row, issue, above, cause);
        }
    }
    found
}

/// Adds the sub-tasks that have no row and whose parent has one.
pub(super) fn add_missing(work: &mut Work<'_, '_>, settled: Vec<Settled>) {
    for (participant, settled) in work.participants.iter().zip(settled) {
        let cause = Cause {
            synchronizer: participant.id,
            why: Why::SubtaskOfParent,
        };
        for (issue, parent) in settled.missing {
            // The parent may have gone since, or a synchronizer before this one has added the row.
            let Some(parent) = work.forest.primary_row(parent) else {
                continue;
            };
            if work.forest.primary_slot(issue).is_none() {
                let owned = owner::of(work, issue, None).map(|(_, parent)| parent);
                work.add(issue, Some(owned.unwrap_or(parent)), cause);
            }
        }
    }
}
