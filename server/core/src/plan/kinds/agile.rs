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
    /// In order of the issue. Empty where epics are not kept.
    epics: Vec<(IssueId, IssueId)>,
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
        let with_epics = read.epics.iter().filter(|_| settings.sync_epics);
        let is_about = |found: &&ObservedEpic| ranks.contains_key(&found.issue);
        let with_epics = with_epics.filter(is_about);
        let not_itself = with_epics.filter(|found| found.issue != found.epic);
        let mut epics: Vec<(IssueId, IssueId)> =
            not_itself.map(|found| (found.issue, found.epic)).collect();
        epics.sort_unstable();
        epics.dedup_by_key(|&mut (issue, _)| issue);
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
        let found = self.epics.binary_search_by_key(&issue, |&(issue, _)| issue);
        found
            .ok()
            .and_then(|at| self.epics.get(at))
            .map(|&(_, epic)| epic)
    }

    /// The issue below which an issue belongs: its parent, if it is a sub-task, else its epic.
    fn parent(&self, issue: IssueId) -> Option<IssueId> {
        let parent = self.subtasks.as_ref().and_then(|read| read.parent(issue));
        parent.or_else(|| self.epic(issue))
    }

    fn place_below_epic(&self, work: &mut Work<'_, '_>, me: &Participant<'_>, slot: Slot) {
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
        let Some(epic) = self.epic(issue.issue) else {
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
        if self.settings.sync_epics {
            for observed in self.ranked {
                if let Some(slot) = work.forest.primary_slot(me.issue(observed.id)) {
                    self.place_below_epic(work, me, slot);
                }
            }
        }
        if let Some(subtasks) = &self.subtasks {
            subtasks.place(work, me);
        }
    }

    fn retire(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        if let Some(subtasks) = &self.subtasks {
            subtasks.retire(work, me);
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
