//! The sub-tasks rule: a sub-task is below its parent.
//!
//! What it is not: a rule for sub-tasks of sub-tasks. Jira has one level of them, and so has this
//! rule: a deeper one gets its place, but not always in the fewest steps.

use super::{Found, Participant, Rules};
use crate::forest::{NONE, Slot};
use crate::id::{IssueId, RowId, SynchronizerId, TrackerId};
use crate::issue::{IssueRef, ObservedIssue};
use crate::job::{HoldReason, Why};
use crate::plan::facts::Facts;
use crate::plan::owner;
use crate::plan::retire::{self, Primary, Verdict};
use crate::plan::work::{Cause, Work};
use crate::synchronizer::SubtasksSettings;

/// A sub-tasks synchronizer that is evaluated.
pub(super) struct ReadSubtasks {
    remove_orphaned: bool,
    /// Sub-tasks of the selected types and their parents, in order of the sub-task's id.
    selected: Vec<(IssueId, IssueId)>,
}

impl ReadSubtasks {
    pub(super) fn new(
        settings: &SubtasksSettings,
        issues: &[ObservedIssue],
        tracker: TrackerId,
        facts: &Facts<'_>,
    ) -> ReadSubtasks {
        Self::of_parents(settings, issues, tracker, facts, |_| true)
    }

    /// Only those of parents that `is_parent` admits.
    pub(super) fn of_parents(
        settings: &SubtasksSettings,
        issues: &[ObservedIssue],
        tracker: TrackerId,
        facts: &Facts<'_>,
        is_parent: impl Fn(IssueId) -> bool,
    ) -> ReadSubtasks {
        let parent = |issue: IssueId| {
            let found = facts.selected_parent(IssueRef { tracker, issue }, settings);
            found.filter(|&parent| is_parent(parent))
        };
        let mut selected: Vec<(IssueId, IssueId)> = Vec::with_capacity(issues.len());
        selected.extend(
            issues
                .iter()
                .filter_map(|issue| Some((issue.id, parent(issue.id)?))),
        );
        selected.sort_unstable();
        selected.dedup();
        ReadSubtasks {
            remove_orphaned: settings.remove_orphaned,
            selected,
        }
    }

    /// The parent of a sub-task of a selected type.
    pub(super) fn parent(&self, issue: IssueId) -> Option<IssueId> {
        let found = self
            .selected
            .binary_search_by_key(&issue, |&(issue, _)| issue);
        found
            .ok()
            .and_then(|at| self.selected.get(at))
            .map(|&(_, parent)| parent)
    }
}

impl Rules for ReadSubtasks {
    /// Claims the sub-tasks that have a row and whose parent has one, and moves them below it.
    fn place(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        let mut found = Found {
            settled: vec![false; work.forest.slot_count()],
            ..Found::default()
        };
        for &(issue, parent) in &self.selected {
            let (issue, parent) = (me.issue(issue), me.issue(parent));
            let Some(above) = work.forest.primary_slot(parent) else {
                continue;
            };
            let Some(slot) = work.forest.primary_slot(issue) else {
                found.missing.push((issue, parent));
                continue;
            };
            found.settled[slot as usize] = true;
            work.claim(slot, me.id);
            if work.forest.parent_at(slot) != above
                && let (Some(row), Some(above)) =
                    (work.forest.id_at(slot), work.forest.id_at(above))
            {
                work.move_below(row, issue, Some(above), cause(me));
            }
        }
        work.found[me.index] = found;
    }

    fn retire_dependents(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        let judged = retire::judge_all(work, me.tracker, |found| {
            let settled = work.found[me.index].has_settled(found.slot);
            (!settled).then(|| self.judge(work, me.id, found)).flatten()
        });
        let whys = (Why::SubtaskOrphaned, Why::SubtaskOrphaned);
        retire::settle(work, me.id, judged, whys, |_, _| false);
    }

    /// Adds the sub-tasks that have no row and whose parent has one.
    fn add_missing(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        for (issue, parent) in std::mem::take(&mut work.found[me.index].missing) {
            // The parent may have gone since, or a synchronizer before this one has added the row.
            let Some(parent) = work.forest.primary_row(parent) else {
                continue;
            };
            if work.forest.primary_slot(issue).is_none() {
                let owned = owner::of(work, issue, None).map(|(_, parent)| parent);
                work.add(issue, Some(owned.unwrap_or(parent)), cause(me));
            }
        }
    }

    fn wanted_row(
        &self,
        work: &Work<'_, '_>,
        me: &Participant<'_>,
        issue: IssueRef,
        _row: Option<RowId>,
    ) -> Option<RowId> {
        let parent = self.parent(issue.issue)?;
        work.forest.primary_row(me.issue(parent))
    }

    fn wanted_issue(
        &self,
        _work: &Work<'_, '_>,
        _me: &Participant<'_>,
        issue: IssueRef,
    ) -> Option<IssueId> {
        self.parent(issue.issue)
    }

    fn has_read(&self, issue: IssueId) -> bool {
        self.parent(issue).is_some()
    }

    fn claim_ends_with_parent(
        &self,
        work: &Work<'_, '_>,
        _me: &Participant<'_>,
        slot: Slot,
        issue: IssueRef,
    ) -> bool {
        is_below_its_parent(work, slot, issue)
    }
}

fn cause(me: &Participant<'_>) -> Cause {
    Cause {
        synchronizer: me.id,
        why: Why::SubtaskOfParent,
    }
}

/// A sub-tasks synchronizer that owns what it owns.
pub(super) struct Bystander<'a>(pub(super) &'a SubtasksSettings);

impl Rules for Bystander<'_> {
    fn wanted_row(
        &self,
        work: &Work<'_, '_>,
        me: &Participant<'_>,
        issue: IssueRef,
        _row: Option<RowId>,
    ) -> Option<RowId> {
        let parent = work.facts.selected_parent(issue, self.0)?;
        work.forest.primary_row(me.issue(parent))
    }

    fn wanted_issue(
        &self,
        work: &Work<'_, '_>,
        _me: &Participant<'_>,
        issue: IssueRef,
    ) -> Option<IssueId> {
        work.facts.selected_parent(issue, self.0)
    }

    fn claim_ends_with_parent(
        &self,
        work: &Work<'_, '_>,
        _me: &Participant<'_>,
        slot: Slot,
        issue: IssueRef,
    ) -> bool {
        is_below_its_parent(work, slot, issue)
    }
}

/// Whether a row is of a sub-task and below the row of its parent.
pub(super) fn is_below_its_parent(work: &Work<'_, '_>, slot: Slot, issue: IssueRef) -> bool {
    let above = work.forest.parent_at(slot);
    let parent = work.facts.parent_of_subtask(issue);
    let parent = parent.map(|parent| IssueRef {
        issue: parent,
        ..issue
    });
    above != NONE && parent.and_then(|parent| work.forest.primary_slot(parent)) == Some(above)
}

impl ReadSubtasks {
    fn judge(&self, work: &Work<'_, '_>, id: SynchronizerId, primary: Primary) -> Option<Verdict> {
        let issue = primary.issue;
        let parent = self.parent(issue.issue);
        let claimants = retire::claimants(work, primary, id);
        if parent.is_some() && !(claimants.own && self.remove_orphaned) {
            return Some(Verdict::Hold(HoldReason::ParentAbsent));
        }
        if !claimants.own {
            return None;
        }
        // The parent went in this very plan, so the sub-task was never kept below it.
        if parent.is_some() && !retire::claimed_before(work, issue, id) {
            return Some(Verdict::Disclaim(HoldReason::ParentAbsent));
        }
        // Without a parent it is no sub-task any more, or no longer there. What is there and what a
        // person added is then like any other row of that person.
        let inaccessible = work.snapshot.inaccessible.contains(&issue);
        let protected_by_person = parent.is_none() && !inaccessible && claimants.person;
        Some(if claimants.other_synchronizers || protected_by_person {
            Verdict::LeaveToOthers
        } else if inaccessible {
            Verdict::Hold(HoldReason::Inaccessible)
        } else if self.remove_orphaned {
            retire::go_if_confirmed(work, issue)
        } else {
            Verdict::Hold(HoldReason::RemovalOff)
        })
    }
}
