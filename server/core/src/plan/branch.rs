//! Which rows can go: a row goes only with everything below it, and an issue only with all its
//! rows.
//!
//! What it is not: a judgement on a single issue; see [`super::retire`].

use crate::forest::{Forest, NONE, Slot};
use crate::id::RowId;
use crate::issue::IssueRef;

/// What is known of a row while it is decided which rows go.
type Marks = u8;
/// Its issue no longer belongs.
const HARD: Marks = 1;
/// It may go along with a row above it.
const SOFT: Marks = 2;
/// Something that stays is below it, or below another row of its issue.
const BLOCKED: Marks = 4;
/// It goes.
const GOING: Marks = 8;

/// A row that goes.
#[derive(Clone, Copy)]
pub(super) struct GoingRow {
    pub(super) row: RowId,
    pub(super) issue: IssueRef,
    /// Whether it goes along, though its own issue is not among those that no longer belong.
    pub(super) along: bool,
}

/// The rows that go.
pub(super) struct Going {
    marks: Vec<Marks>,
    /// In depth-first order.
    rows: Vec<GoingRow>,
}

impl Going {
    /// Works out which of `issues`, which no longer belong, can go, and what goes along with them:
    /// rows below them of which `goes_along` says that they may.
    pub(super) fn new(
        forest: &Forest,
        issues: impl Iterator<Item = IssueRef>,
        goes_along: impl Fn(Slot) -> bool,
    ) -> Going {
        let mut marks: Vec<Marks> = vec![0; forest.slot_count()];
        let mut any = false;
        for slot in issues.flat_map(|issue| forest.slots_of_issue(issue)) {
            marks[slot as usize] |= HARD;
            any = true;
        }
        let mut going = Going {
            marks,
            rows: Vec::new(),
        };
        if any {
            going.mark_soft(forest, goes_along);
            going.mark_blocked(forest);
            going.mark_going(forest);
        }
        going
    }

    /// Whether a row goes.
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.is(slot, GOING)
    }

    /// The rows that go, in an order in which none has children when its turn comes.
    pub(super) fn children_first(&self) -> impl Iterator<Item = GoingRow> + '_ {
        self.rows.iter().rev().copied()
    }

    fn is(&self, slot: Slot, any_of: Marks) -> bool {
        slot != NONE && self.marks[slot as usize] & any_of != 0
    }

    fn mark_soft(&mut self, forest: &Forest, goes_along: impl Fn(Slot) -> bool) {
        for (slot, _) in forest.walk() {
            let below_one = self.is(forest.parent_at(slot), HARD | SOFT);
            if below_one && !self.is(slot, HARD) && goes_along(slot) {
                self.marks[slot as usize] |= SOFT;
            }
        }
    }

    fn mark_blocked(&mut self, forest: &Forest) {
        for (slot, _) in forest.walk() {
            let above = forest.parent_at(slot);
            if self.is(above, HARD | SOFT) && !self.is(slot, HARD | SOFT) {
                self.block(forest, above);
            }
        }
    }

    /// Marks a row that cannot go, with what then cannot go either: the rows above it, and the
    /// other rows of its issue.
    fn block(&mut self, forest: &Forest, slot: Slot) {
        let mut open = vec![slot];
        while let Some(slot) = open.pop() {
            if !self.is(slot, HARD | SOFT) || self.is(slot, BLOCKED) {
                continue;
            }
            self.marks[slot as usize] |= BLOCKED;
            open.push(forest.parent_at(slot));
            if let Some(issue) = forest.issue_at(slot).filter(|_| self.is(slot, HARD)) {
                open.extend(forest.slots_of_issue(issue));
            }
        }
    }

    fn mark_going(&mut self, forest: &Forest) {
        for (slot, _) in forest.walk() {
            let with_one_above = self.is(forest.parent_at(slot), GOING);
            let wants = self.is(slot, HARD) || (self.is(slot, SOFT) && with_one_above);
            if !wants || self.is(slot, BLOCKED) {
                continue;
            }
            self.marks[slot as usize] |= GOING;
            if let (Some(row), Some(issue)) = (forest.id_at(slot), forest.issue_at(slot)) {
                self.rows.push(GoingRow {
                    row,
                    issue,
                    along: !self.is(slot, HARD),
                });
            }
        }
    }
}
