//! The claims while planning, by slot: each rule asks for them several times a row.

use crate::claim::{ClaimSource, Claims};
use crate::forest::{Forest, Slot};
use smallvec::SmallVec;

/// Who claims the rows of a forest.
///
/// # Invariants
/// A source is in a row's set at most once; the sets hold indices of `sources`.
pub(super) struct SlotClaims {
    sources: Vec<ClaimSource>,
    sets: Vec<SmallVec<[u16; 8]>>,
}

impl SlotClaims {
    pub(super) fn new(claims: &Claims, forest: &Forest) -> SlotClaims {
        let mut by_slot = SlotClaims {
            sources: claims.sources().to_vec(),
            sets: vec![SmallVec::new(); forest.slot_count()],
        };
        for (row, set) in claims.sets() {
            if let Some(slot) = forest.slot(row) {
                by_slot.sets[slot as usize] = set.into();
            }
        }
        by_slot
    }

    pub(super) fn at(&self, slot: Slot) -> impl Iterator<Item = ClaimSource> + '_ {
        let set = self
            .sets
            .get(slot as usize)
            .map_or(&[][..], SmallVec::as_slice);
        set.iter().map(|&index| self.sources[usize::from(index)])
    }

    pub(super) fn has(&self, slot: Slot, source: ClaimSource) -> bool {
        self.at(slot).any(|found| found == source)
    }

    /// Makes a claim; returns whether it is new.
    pub(super) fn make(&mut self, slot: Slot, source: ClaimSource) -> bool {
        if self.has(slot, source) {
            return false;
        }
        let known = self.sources.iter().position(|&found| found == source);
        let index = known.unwrap_or_else(|| {
            self.sources.push(source);
            self.sources.len() - 1
        });
        if self.sets.len() <= slot as usize {
            self.sets.resize_with(slot as usize + 1, SmallVec::new);
        }
        let index = u16::try_from(index).expect("a structure has fewer than 65,535 synchronizers");
        self.sets[slot as usize].push(index);
        true
    }

    /// Withdraws a claim; returns whether it was there.
    pub(super) fn withdraw(&mut self, slot: Slot, source: ClaimSource) -> bool {
        let had = self.has(slot, source);
        if had {
            let sources = &self.sources;
            self.sets[slot as usize].retain(|index| sources[usize::from(*index)] != source);
        }
        had
    }

    /// Forgets the claims on a row that goes.
    pub(super) fn clear(&mut self, slot: Slot) {
        if let Some(set) = self.sets.get_mut(slot as usize) {
            set.clear();
        }
    }
}
