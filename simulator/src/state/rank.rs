//! The one order of all issues. Ranks are global across projects, change only by being ranked,
//! and are all rewritten, with no trace in the issues, when there is no room left between two.

use super::history::End;
use super::issue::{RANK_FIRST, RANK_STEP, Rank};
use super::{EditError, State};
use crate::fields::Field;

impl State {
    /// The rank behind all others.
    pub(crate) fn last_rank(&self) -> Rank {
        let last = self.by_rank.last_key_value();
        last.map_or(Rank(RANK_FIRST), |(rank, _)| Rank(rank.0 + RANK_STEP))
    }

    /// Ranks an issue directly before another. Ranking it against itself does nothing.
    pub fn rank_before(&mut self, issue: &str, other: &str) -> Result<(), EditError> {
        self.rank_beside(issue, other, true)
    }

    /// Ranks an issue directly after another. Ranking it against itself does nothing.
    pub fn rank_after(&mut self, issue: &str, other: &str) -> Result<(), EditError> {
        self.rank_beside(issue, other, false)
    }

    fn rank_beside(&mut self, issue: &str, other: &str, before: bool) -> Result<(), EditError> {
        let (slot, other) = (self.expect_slot(issue)?, self.expect_slot(other)?);
        if slot == other {
            return Ok(());
        }
        let rank = match self.free_rank(other, before) {
            Some(rank) => rank,
            None => {
                self.rebalance_ranks();
                // After a rebalance neighbours are a whole step apart, so there is room.
                self.free_rank(other, before)
                    .unwrap_or_else(|| self.last_rank())
            }
        };
        let old = self.issues[slot as usize].rank;
        self.by_rank.remove(&old);
        self.by_rank.insert(rank, slot);
        let way = if rank < old {
            "Ranked higher"
        } else {
            "Ranked lower"
        };
        let ends = (End::both("", ""), End::both("", way));
        let item = self.custom_item(Field::Rank, "Rank", ends.0, ends.1);
        let stamp = self.stamps.ranking;
        self.edit_quietly(slot, stamp, vec![item], |issue| issue.rank = rank);
        Ok(())
    }

    /// The middle between the issue and its neighbour.
    fn free_rank(&self, other: u32, before: bool) -> Option<Rank> {
        let rank = self.issues[other as usize].rank;
        let (low, high) = if before {
            let below = self.by_rank.range(..rank).next_back();
            (
                below.map_or(rank.0 - 2 * RANK_STEP, |(below, _)| below.0),
                rank.0,
            )
        } else {
            let above = self.by_rank.range(Rank(rank.0 + 1)..).next();
            (
                rank.0,
                above.map_or(rank.0 + 2 * RANK_STEP, |(above, _)| above.0),
            )
        };
        let middle = low + (high - low) / 2;
        (middle != low).then_some(Rank(middle))
    }

    /// Rewrites every rank text in the same order, in the next bucket. `updated` does not move.
    pub fn rebalance_ranks(&mut self) {
        self.rank_bucket = (self.rank_bucket + 1) % 3;
        let order: Vec<u32> = std::mem::take(&mut self.by_rank).into_values().collect();
        for (place, slot) in order.into_iter().enumerate() {
            let rank = Rank(RANK_FIRST + place as u64 * RANK_STEP);
            self.issues[slot as usize].rank = rank;
            self.by_rank.insert(rank, slot);
        }
        self.version += 1;
    }
}
