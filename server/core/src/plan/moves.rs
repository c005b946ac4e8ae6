//! Moving rows, for whoever may.
//!
//! What it is not: a decision on where a row belongs; see [`super::owner`] and [`super::order`].

use super::Held;
use super::work::{Cause, Work};
use super::{order, owner};
use crate::change::{ForestChange, Place};
use crate::id::{RowId, SynchronizerId};
use crate::issue::IssueRef;
use crate::job::{ChangeKind, HoldReason, Why};

impl Work<'_, '_> {
    /// Moves the primary row of an issue below `parent`, or to the top: to the end, or where its
    /// rank says. Tells whether it did, since it may have to be held.
    pub(super) fn move_below(
        &mut self,
        row: RowId,
        issue: IssueRef,
        parent: Option<RowId>,
        cause: Cause,
    ) -> bool {
        if let Some(reason) = self.reason_not_to_move(row, issue, parent, cause) {
            self.hold(Held {
                kind: ChangeKind::MoveRow,
                row: Some(row),
                issue,
                parent,
                reason,
                synchronizer: cause.synchronizer,
            });
            return false;
        }
        let Some(from) = self.forest.place_of(row) else {
            return false;
        };
        let to = order::place_below(self, issue, parent);
        let destructive = self.forest.placed_by(row).is_none();
        let change = ForestChange::Move { row, from, to };
        self.record(change, issue, cause, destructive);
        self.forest.set_placed_by(row, Some(cause.synchronizer));
        true
    }

    /// Moves a row among its siblings, behind `previous`.
    pub(super) fn reorder(
        &mut self,
        row: RowId,
        issue: IssueRef,
        previous: Option<RowId>,
        cause: Cause,
    ) {
        if let Some(from) = self.forest.place_of(row) {
            self.put(row, issue, Place { previous, ..from }, cause);
        }
    }

    /// Moves a row to a place; who put it below its parent stays who it was.
    fn put(&mut self, row: RowId, issue: IssueRef, to: Place, cause: Cause) {
        let Some(from) = self.forest.place_of(row) else {
            return;
        };
        if to == from || to.previous == Some(row) {
            return;
        }
        let placed_by = self.forest.placed_by(row);
        let change = ForestChange::Move { row, from, to };
        self.record(change, issue, cause, placed_by.is_none());
        self.forest.set_placed_by(row, placed_by);
    }

    fn reason_not_to_move(
        &mut self,
        row: RowId,
        issue: IssueRef,
        parent: Option<RowId>,
        cause: Cause,
    ) -> Option<HoldReason> {
        let owner = owner::of(self, issue, Some(row));
        let is_others = |owner: (SynchronizerId, RowId)| owner.0 != cause.synchronizer;
        if owner.is_some_and(is_others) {
            return Some(HoldReason::PlacementOwnedElsewhere);
        }
        let may = self.may(ChangeKind::MoveRow, Some(row), issue, parent);
        let below = parent.filter(|&parent| self.forest.is_below(parent, row));
        if parent == Some(row) {
            Some(HoldReason::WouldCloseCycle)
        } else if !may && below.is_none() {
            Some(HoldReason::NotConfirmed)
        } else if let Some(parent) = below {
            self.reason_not_to_make_way(row, parent, may, cause)
        } else {
            None
        }
    }

    /// A row has to go below one that hangs below it. What the tracker says of parents turns such
    /// a branch around: the nearest row above the parent, or the parent, that nobody places takes
    /// the row's place. Returns why not, otherwise.
    fn reason_not_to_make_way(
        &mut self,
        row: RowId,
        parent: RowId,
        may: bool,
        cause: Cause,
    ) -> Option<HoldReason> {
        let turns = matches!(cause.why, Why::LinkedToParent | Why::EpicOfIssue);
        let above = |row: &RowId| self.forest.parent(*row);
        let path = std::iter::successors(Some(parent), above);
        let mut path = path.take_while(|&found| found != row).filter_map(|found| {
            let issue = self.forest.issue(found)?;
            let is_free =
                !self.forest.is_alias(found) && owner::of(self, issue, Some(found)).is_none();
            is_free.then_some((found, issue))
        });
        let Some((lifted, issue)) = path.next().filter(|_| turns) else {
            return Some(HoldReason::WouldCloseCycle);
        };
        let to = Place {
            parent: self.forest.parent(row),
            previous: Some(row),
        };
        let may_lift = self.may(ChangeKind::MoveRow, Some(lifted), issue, to.parent);
        if !may || !may_lift {
            return Some(HoldReason::NotConfirmed);
        }
        let cause = Cause {
            why: Why::MakesWay,
            ..cause
        };
        self.put(lifted, issue, to, cause);
        None
    }
}
