//! The order of siblings.
//!
//! Of the synchronizers that rank an issue, the first in declared order owns its order. The rows
//! that one synchronizer owns are brought into the order of rank among each other, and as few of
//! them move as can be: all but a longest run that is in order already. A row that moves comes
//! directly behind the row that is before it in rank, the first one directly before the next.
//! Other siblings do not move, so they keep their places among the rows that do not move.

use super::Held;
use super::kinds::Participant;
use super::work::{Cause, Work};
use crate::change::Place;
use crate::forest::{NONE, Slot};
use crate::id::RowId;
use crate::issue::IssueRef;
use crate::job::{ChangeKind, HoldReason, Why};

/// The ranked rows among the children of one row, in the order of the forest. Reused from one row
/// to the next.
#[derive(Default)]
struct Siblings {
    ranks: Vec<u32>,
    slots: Vec<Slot>,
    runs: Runs,
}

/// How many siblings are looked at, from the last one on, to put a new one in its place at once.
/// What belongs further ahead is put in order later, which is one step more.
const LOOK_BACK_MAX: usize = 8;

/// Where a row that comes below `parent` goes: to the end, or where its rank says among the last
/// siblings.
pub(super) fn place_below(work: &Work<'_, '_>, issue: IssueRef, parent: Option<RowId>) -> Place {
    let forest = &work.forest;
    let end = forest.end_of(parent);
    let Some((owner, rank)) = owned_rank(work, issue) else {
        return end;
    };
    let slot_before = |slot: &Slot| forest.previous_at(*slot).and_then(|row| forest.slot(row));
    let last = end.previous.and_then(|row| forest.slot(row));
    let mut next = None;
    let backwards = std::iter::successors(last, slot_before);
    for (looked_at, slot) in backwards.enumerate() {
        if looked_at == LOOK_BACK_MAX {
            return end;
        }
        let other = forest
            .issue_at(slot)
            .and_then(|issue| owned_rank(work, issue));
        match other.filter(|&(by, _)| by == owner) {
            Some((_, other)) if other > rank => next = Some(slot),
            Some(_) if next.is_some() => {
                let previous = forest.id_at(slot);
                return Place { parent, previous };
            }
            Some(_) => return end,
            None => {}
        }
    }
    let previous = next.map(|next| forest.previous_at(next));
    previous.map_or(end, |previous| Place { parent, previous })
}

/// The first in declared order that ranks an issue, and the rank.
fn owned_rank(work: &Work<'_, '_>, issue: IssueRef) -> Option<(usize, u32)> {
    let rankers = work.participants.iter().filter(|part| part.rules.ranks());
    rankers
        .filter(|part| part.tracker == issue.tracker)
        .find_map(|part| Some((part.index, part.rules.rank(issue.issue)?)))
}

/// Brings the siblings into the order of rank, for each synchronizer that ranks.
pub(super) fn arrange(work: &mut Work<'_, '_>) {
    let participants = work.participants;
    for part in participants.iter().filter(|part| part.rules.ranks()) {
        let mut siblings = Siblings::default();
        arrange_below(work, part, &mut siblings, NONE);
        let parents: Vec<Slot> = work.forest.walk().map(|(slot, _)| slot).collect();
        for parent in parents {
            arrange_below(work, part, &mut siblings, parent);
        }
    }
}

fn arrange_below(
    work: &mut Work<'_, '_>,
    part: &Participant<'_>,
    siblings: &mut Siblings,
    parent: Slot,
) {
    if siblings.take(work, part, parent, true) {
        put_in_order(work, part, siblings);
    }
    let owned = siblings.slots.len();
    // What others own may leave a difference, which is shown.
    if part.index > 0 && siblings.take(work, part, parent, false) && siblings.slots.len() > owned {
        siblings.runs.find(&siblings.ranks);
        for (at, &slot) in siblings.slots.iter().enumerate() {
            if !siblings.runs.is_in_order(at) {
                hold(work, part, slot, HoldReason::OrderOwnedElsewhere);
            }
        }
    }
}

impl Siblings {
    /// Takes the children that are ranked, only those that are owned if so asked; tells whether
    /// they are out of order.
    fn take(
        &mut self,
        work: &Work<'_, '_>,
        part: &Participant<'_>,
        parent: Slot,
        owned: bool,
    ) -> bool {
        self.ranks.clear();
        self.slots.clear();
        let mut ascending = true;
        for slot in work.forest.children_at(parent) {
            let Some(rank) = rank_at(work, part, slot, owned) else {
                continue;
            };
            ascending &= self.ranks.last().is_none_or(|&last| last <= rank);
            self.ranks.push(rank);
            self.slots.push(slot);
        }
        !ascending
    }
}

fn rank_at(work: &Work<'_, '_>, part: &Participant<'_>, slot: Slot, owned: bool) -> Option<u32> {
    let issue = work.forest.issue_at(slot)?;
    let rank = |part: &Participant<'_>| {
        let of_tracker = part.tracker == issue.tracker;
        of_tracker.then(|| part.rules.rank(issue.issue)).flatten()
    };
    let found = rank(part)?;
    let mut before = work.participants[..part.index].iter();
    let is_mine = !owned || before.all(|part| rank(part).is_none());
    is_mine.then_some(found)
}

fn put_in_order(work: &mut Work<'_, '_>, part: &Participant<'_>, siblings: &mut Siblings) {
    siblings.runs.find(&siblings.ranks);
    let mut by_rank: Vec<usize> = (0..siblings.slots.len()).collect();
    by_rank.sort_by_key(|&at| siblings.ranks[at]);
    // The row behind which the next one comes; at first, the one before the first that stays.
    let first_stays = by_rank.iter().find(|&&at| siblings.runs.is_in_order(at));
    let first_stays = first_stays.map(|&at| siblings.slots[at]);
    let mut previous = first_stays.and_then(|slot| work.forest.previous_at(slot));
    for at in by_rank {
        let slot = siblings.slots[at];
        let (Some(row), Some(issue)) = (work.forest.id_at(slot), work.forest.issue_at(slot)) else {
            continue;
        };
        if siblings.runs.is_in_order(at) {
            previous = Some(row);
        } else if !may_move(work, slot, issue) {
            hold(work, part, slot, HoldReason::NotConfirmed);
        } else {
            let cause = Cause {
                synchronizer: part.id,
                why: Why::RankOrder,
            };
            work.reorder(row, issue, previous, cause);
            previous = Some(row);
        }
    }
}

fn may_move(work: &Work<'_, '_>, slot: Slot, issue: IssueRef) -> bool {
    let parent = work.forest.id_at(work.forest.parent_at(slot));
    work.may(ChangeKind::MoveRow, work.forest.id_at(slot), issue, parent)
}

fn hold(work: &mut Work<'_, '_>, part: &Participant<'_>, slot: Slot, reason: HoldReason) {
    let (row, parent) = (
        work.forest.id_at(slot),
        work.forest.id_at(work.forest.parent_at(slot)),
    );
    if let Some(issue) = work.forest.issue_at(slot) {
        work.hold(Held {
            kind: ChangeKind::MoveRow,
            row,
            issue,
            parent,
            reason,
            synchronizer: part.id,
        });
    }
}

/// A longest run of a sequence that does not descend. O(n log n); ties are decided by the
/// sequence alone, so the same sequence has the same run.
#[derive(Default)]
struct Runs {
    /// For each length, the position of the lowest end of a run of that length.
    ends: Vec<u32>,
    /// For each position, the one before it in its run.
    before: Vec<u32>,
    in_order: Vec<bool>,
}

impl Runs {
    fn find(&mut self, ranks: &[u32]) {
        self.ends.clear();
        self.before.clear();
        self.in_order.clear();
        self.in_order.resize(ranks.len(), false);
        for (at, &rank) in (0u32..).zip(ranks) {
            let ends = &self.ends;
            let length = ends.partition_point(|&end| ranks[end as usize] <= rank);
            let before = length.checked_sub(1).map_or(u32::MAX, |last| ends[last]);
            self.before.push(before);
            if length == self.ends.len() {
                self.ends.push(at);
            } else {
                self.ends[length] = at;
            }
        }
        let mut at = self.ends.last().copied().unwrap_or(u32::MAX);
        while at != u32::MAX {
            self.in_order[at as usize] = true;
            at = self.before[at as usize];
        }
    }

    /// Whether the row at a position is in the run, and so stays where it is.
    fn is_in_order(&self, at: usize) -> bool {
        self.in_order[at]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(ranks: &[u32]) -> usize {
        let mut runs = Runs::default();
        runs.find(ranks);
        let kept: Vec<u32> = (0..ranks.len())
            .filter(|&at| runs.is_in_order(at))
            .map(|at| ranks[at])
            .collect();
        assert!(kept.is_sorted(), "{kept:?} of {ranks:?}");
        kept.len()
    }

    /// By trying every part of a sequence.
    fn longest(ranks: &[u32]) -> usize {
        let parts = 0..1u32 << ranks.len();
        let part = |bits: u32| -> Vec<u32> {
            let chosen = (0..ranks.len()).filter(|&at| bits >> at & 1 == 1);
            chosen.map(|at| ranks[at]).collect()
        };
        let ascending = parts.map(part).filter(|part| part.is_sorted());
        ascending.map(|part| part.len()).max().unwrap()
    }

    fn every_sequence(length: usize, prefix: &mut Vec<u32>, look: &mut impl FnMut(&[u32])) {
        look(prefix);
        for rank in 0..length as u32 {
            if prefix.len() < length {
                prefix.push(rank);
                every_sequence(length, prefix, look);
                prefix.pop();
            }
        }
    }

    #[test]
    fn no_run_in_order_is_longer() {
        let mut tried = 0;
        every_sequence(6, &mut Vec::new(), &mut |ranks| {
            assert_eq!(length(ranks), longest(ranks), "{ranks:?}");
            tried += 1;
        });
        assert_eq!(tried, 55_987, "all sequences of up to six ranks of six");
    }
}
