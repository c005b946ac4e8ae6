//! Who wants a row to exist.
//!
//! A row exists as long as somebody claims it. A synchronizer withdraws only its own claim, which
//! is what keeps two of them from fighting over a row.

use crate::id::{RowId, SynchronizerId};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Who claims a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClaimSource {
    /// A person, by `EditForest`.
    Person,
    /// A synchronizer.
    Synchronizer(SynchronizerId),
}

/// One claim on one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// The row.
    pub row: RowId,
    /// Who claims it.
    pub source: ClaimSource,
}

/// A claim that appears or goes. Claims of a removed row go with the row and are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimChange {
    /// The claim is made.
    Made(Claim),
    /// The claim is withdrawn.
    Withdrawn(Claim),
}

/// All claims on the rows of one structure.
///
/// # Invariants
/// A source is in a row's set at most once. The sets hold indices of `sources`, so that a row
/// with up to eight claims needs no memory of its own.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    sources: Vec<ClaimSource>,
    rows: FxHashMap<RowId, SmallVec<[u16; 8]>>,
}

impl Claims {
    /// Whether `source` claims the row.
    pub fn has(&self, row: RowId, source: ClaimSource) -> bool {
        self.of(row).any(|found| found == source)
    }

    /// Who claims the row, in no particular order.
    pub fn of(&self, row: RowId) -> impl Iterator<Item = ClaimSource> + '_ {
        let indices = self.rows.get(&row).map_or(&[][..], SmallVec::as_slice);
        indices
            .iter()
            .filter_map(|&index| self.sources.get(usize::from(index)).copied())
    }

    /// All claims, ordered by row and source.
    pub fn sorted(&self) -> Vec<Claim> {
        let rows = self.rows.keys();
        let mut all: Vec<Claim> = rows
            .flat_map(|&row| self.of(row).map(move |source| Claim { row, source }))
            .collect();
        all.sort_unstable();
        all
    }

    /// Makes a claim; returns whether it is new.
    pub fn make(&mut self, claim: Claim) -> bool {
        if self.has(claim.row, claim.source) {
            return false;
        }
        let index = self.index(claim.source);
        self.rows.entry(claim.row).or_default().push(index);
        true
    }

    /// Withdraws a claim; returns whether it was there.
    pub fn withdraw(&mut self, claim: Claim) -> bool {
        let Some(index) = self
            .sources
            .iter()
            .position(|&source| source == claim.source)
        else {
            return false;
        };
        let Some(set) = self.rows.get_mut(&claim.row) else {
            return false;
        };
        let before = set.len();
        set.retain(|found| usize::from(*found) != index);
        let withdrawn = set.len() < before;
        if set.is_empty() {
            self.rows.remove(&claim.row);
        }
        withdrawn
    }

    /// Makes or withdraws a claim; one that is already so stays.
    pub fn apply(&mut self, change: ClaimChange) {
        match change {
            ClaimChange::Made(claim) => self.make(claim),
            ClaimChange::Withdrawn(claim) => self.withdraw(claim),
        };
    }

    /// Forgets all claims on a row that goes.
    pub fn remove_row(&mut self, row: RowId) {
        self.rows.remove(&row);
    }

    pub(crate) fn sources(&self) -> &[ClaimSource] {
        &self.sources
    }

    /// The rows with claims, in no particular order; each set as indices of the sources.
    pub(crate) fn sets(&self) -> impl Iterator<Item = (RowId, &[u16])> + '_ {
        self.rows.iter().map(|(&row, set)| (row, set.as_slice()))
    }

    fn index(&mut self, source: ClaimSource) -> u16 {
        let known = self.sources.iter().position(|&found| found == source);
        let index = known.unwrap_or_else(|| {
            self.sources.push(source);
            self.sources.len() - 1
        });
        u16::try_from(index).expect("a structure has fewer than 65,535 synchronizers")
    }
}

impl FromIterator<Claim> for Claims {
    fn from_iter<I: IntoIterator<Item = Claim>>(claims: I) -> Claims {
        let claims = claims.into_iter();
        let mut all = Claims::default();
        all.rows.reserve(claims.size_hint().0);
        for claim in claims {
            all.make(claim);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(row: i64, source: ClaimSource) -> Claim {
        Claim {
            row: RowId(row),
            source,
        }
    }

    #[test]
    fn a_source_withdraws_only_its_own_claim() {
        let filter = ClaimSource::Synchronizer(SynchronizerId(7));
        let mut claims: Claims = [
            claim(1, ClaimSource::Person),
            claim(1, filter),
            claim(1, filter),
        ]
        .into_iter()
        .collect();
        claims.apply(ClaimChange::Withdrawn(claim(1, filter)));
        assert_eq!(claims.sorted(), [claim(1, ClaimSource::Person)]);
        assert!(!claims.withdraw(claim(1, filter)));
        assert!(!claims.withdraw(claim(2, ClaimSource::Person)));
    }

    #[test]
    fn a_removed_row_has_no_claims() {
        let mut claims: Claims = [claim(1, ClaimSource::Person)].into_iter().collect();
        claims.remove_row(RowId(1));
        assert!(claims.sorted().is_empty());
    }
}
