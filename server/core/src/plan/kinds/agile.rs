//! The agile rule: siblings are in the order of rank, issues are below their epics, sub-tasks below
//! their parents.
//!
//! Only issues of the board or the projects are touched, and sub-tasks of them. Who moves which row
//! for the order is decided in [`crate::plan::order`].

use super::subtasks::{self, ReadSubtasks};
use super::{Participant, Rules};
use crate::claim::ClaimSource;
use crate::forest::{NONE, Slot};
use crate::id::{IssueId, RowId, TrackerId};
use crate::issue::{IssueRef, ObservedEpic, ObservedIssue};
use crate::job::{ChangeKind, HoldReason, Why};
use crate::plan::Held;
use crate::plan::facts::Facts;
use crate::plan::work::{Cause, Work};
use crate::synchronizer::{AgileSettings, SubtasksSettings};
use rustc_hash::FxHashMap;

/// An agile synchronizer that is evaluated.
pub(super) struct ReadAgile<'a> {
    settings: &'a AgileSettings,
    ranked: &'a [ObservedIssue],
    ranks: FxHashMap<IssueId, u32>,
    /// By rank. Empty where epics are not kept.
    epics: Vec<Option<IssueId>>,
    subtasks: Option<ReadSubtasks>,
}

/// What an agile synchronizer does with sub-tasks is what that kind does with all types.
fn every_subtask() -> SubtasksSettings {
    SubtasksSettings {
        issue_types: Vec::new(),
        remove_orphaned: false,
    }
}

/// What was read for an agile synchronizer.
pub(super) struct AgileEvidence<'a> {
    pub(super) ranked: &'a [ObservedIssue],
    pub(super) epics: &'a [ObservedEpic],
    pub(super) subtasks: &'a [ObservedIssue],
}

impl<'a> ReadAgile<'a> {
    pub(super) fn new(
        settings: &'a AgileSettings,
        read: &AgileEvidence<'a>,
        tracker: TrackerId,
        facts: &Facts<'a>,
    ) -> ReadAgile<'a> {
        let mut ranks = FxHashMap::default();
        ranks.reserve(read.ranked.len());
        for (rank, issue) in (0u32..).zip(read.ranked) {
            ranks.entry(issue.id).or_insert(rank);
        }
        let mut epics = Vec::new();
        if settings.sync_epics {
            epics.resize(read.ranked.len(), None);
            for found in read.epics.iter().filter(|found| found.issue != found.epic) {
                if let Some(&rank) = ranks.get(&found.issue) {
                    epics[rank as usize] = Some(found.epic);
                }
            }
            // An issue that is listed twice has the rank of the first, and one epic.
            for at in 0..epics.len() {
                let rank = read.ranked.get(at).and_then(|issue| ranks.get(&issue.id));
                epics[at] = rank.and_then(|&rank| epics[rank as usize]);
            }
        }
        let subtasks = settings.add_subtasks.then(|| {
            let is_parent = |issue| ranks.contains_key(&issue);
            let every = every_subtask();
            ReadSubtasks::of_parents(&every, read.subtasks, tracker, facts, is_parent)
        });
        ReadAgile {
            settings,
            ranked: read.ranked,
            ranks,
            epics,
            subtasks,
        }
    }

    fn epic(&self, issue: IssueId) -> Option<IssueId> {
        let rank = self.ranks.get(&issue).copied()?;
        self.epics.get(rank as usize).copied().flatten()
    }

    /// The issue below which an issue belongs: its parent, if it is a sub-task, else its epic.
    fn parent(&self, issue: IssueId) -> Option<IssueId> {
        let parent = self.subtasks.as_ref().and_then(|read| read.parent(issue));
        parent.or_else(|| self.epic(issue))
    }

    fn place_below_epic(
        &self,
        work: &mut Work<'_, '_>,
        me: &Participant<'_>,
        slot: Slot,
        epic: Option<IssueId>,
    ) {
        let (Some(row), Some(issue)) = (work.forest.id_at(slot), work.forest.issue_at(slot)) else {
            return;
        };
        let is_subtask = self
            .subtasks
            .as_ref()
            .is_some_and(|read| read.has_read(issue.issue));
        if is_subtask {
            return;
        }
        let Some(epic) = epic else {
            return leave_epic(work, me, slot, (row, issue));
        };
        let Some(above) = work.forest.primary_slot(me.issue(epic)) else {
            work.hold(Held {
                kind: ChangeKind::MoveRow,
                row: Some(row),
                issue,
                parent: None,
                reason: HoldReason::EpicNotInStructure,
                synchronizer: me.id,
            });
            return;
        };
        if work.forest.parent_at(slot) != above {
            let cause = Cause {
                synchronizer: me.id,
                why: Why::EpicOfIssue,
            };
            work.move_below(row, issue, work.forest.id_at(above), cause);
        }
    }
}

/// An issue that was put below an epic and has none any more goes to the top. What somebody else
/// put below an epic stays.
fn leave_epic(
    work: &mut Work<'_, '_>,
    me: &Participant<'_>,
    slot: Slot,
    (row, issue): (RowId, IssueRef),
) {
    let is_below = work.forest.parent_at(slot) != NONE;
    // It claims sub-tasks only, and those are no matter of epics.
    let is_claimed = work.claims.has(slot, ClaimSource::Synchronizer(me.id));
    if is_below && !is_claimed && work.forest.placed_by(row) == Some(me.id) {
        let cause = Cause {
            synchronizer: me.id,
            why: Why::EpicGone,
        };
        work.move_below(row, issue, None, cause);
    }
}

impl Rules for ReadAgile<'_> {
    fn place(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        for (observed, &epic) in self.ranked.iter().zip(&self.epics) {
            if let Some(slot) = work.forest.primary_slot(me.issue(observed.id)) {
                self.place_below_epic(work, me, slot, epic);
            }
        }
        if let Some(subtasks) = &self.subtasks {
            subtasks.place(work, me);
        }
    }

    fn retire_dependents(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        if let Some(subtasks) = &self.subtasks {
            subtasks.retire_dependents(work, me);
        }
    }

    fn add_missing(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        if let Some(subtasks) = &self.subtasks {
            subtasks.add_missing(work, me);
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

    fn ranks(&self) -> bool {
        self.settings.sync_rank
    }

    fn rank(&self, issue: IssueId) -> Option<u32> {
        let rank = self.ranks.get(&issue).copied();
        rank.filter(|_| self.settings.sync_rank)
    }

    fn has_read(&self, issue: IssueId) -> bool {
        let is_subtask = || {
            self.subtasks
                .as_ref()
                .is_some_and(|read| read.has_read(issue))
        };
        self.ranks.contains_key(&issue) || is_subtask()
    }

    fn claim_ends_with_parent(
        &self,
        work: &Work<'_, '_>,
        _me: &Participant<'_>,
        slot: Slot,
        issue: IssueRef,
    ) -> bool {
        subtasks::is_below_its_parent(work, slot, issue)
    }
}

/// An agile synchronizer that owns what it owns: the places of the rows that it has placed.
pub(super) struct Bystander;

impl Rules for Bystander {
    fn wanted_row(
        &self,
        work: &Work<'_, '_>,
        me: &Participant<'_>,
        _issue: IssueRef,
        row: Option<RowId>,
    ) -> Option<RowId> {
        let row = row?;
        let is_placed = work.forest.placed_by(row) == Some(me.id);
        is_placed.then(|| work.forest.parent(row))?
    }

    fn claim_ends_with_parent(
        &self,
        work: &Work<'_, '_>,
        _me: &Participant<'_>,
        slot: Slot,
        issue: IssueRef,
    ) -> bool {
        subtasks::is_below_its_parent(work, slot, issue)
    }
}
