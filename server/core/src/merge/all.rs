//! Merging one aspect of many issues.
//!
//! What it is not: knowledge of the aspect. Whoever calls it makes values of the two sides.

use super::{Authority, Decision, Loser, Memory, Merged, Shown, Version, merge};
use crate::id::IssueId;
use crate::synchronizer::Direction;
use crate::time::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// What both sides show of one aspect, by issue. An issue that is missing has nothing.
#[derive(Clone, Debug)]
pub struct Sides<'a, V> {
    /// The structure's values.
    pub structure: &'a FxHashMap<IssueId, V>,
    /// The tracker's values.
    pub tracker: &'a FxHashMap<IssueId, V>,
    /// Which state of an issue was read; the oldest when it is missing.
    pub versions: &'a FxHashMap<IssueId, Version>,
    /// When the structure's value was changed, where that is recorded.
    pub structure_changed: &'a FxHashMap<IssueId, Timestamp>,
    /// When the tracker's value was changed, where a changelog says so.
    pub tracker_changed: &'a FxHashMap<IssueId, Timestamp>,
    /// What is remembered. Taken as it is; see [`MergedAll::memories`].
    pub memories: &'a FxHashMap<IssueId, Memory<V>>,
}

/// What follows for one aspect of many issues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedAll<V> {
    /// The issues whose value in the structure is changed to the tracker's.
    pub into: FxHashSet<IssueId>,
    /// The issues whose value in the tracker is changed to the structure's.
    pub from: FxHashSet<IssueId>,
    /// The issues that both sides keep as they are until a person has decided, by issue.
    pub asked: Vec<IssueId>,
    /// The issues that have to be read again, by issue.
    pub stale: Vec<IssueId>,
    /// The changes that are overwritten, by issue.
    pub losers: Vec<(IssueId, Loser<V>)>,
    /// What is to be remembered instead, by issue: where something changes, and for every issue
    /// in `into`.
    pub memories: Vec<(IssueId, Memory<V>)>,
}

/// Merges one aspect of every issue that a side or the memory knows of.
pub fn merge_all<V: Clone + Eq>(sides: &Sides<'_, V>, authority: Authority) -> MergedAll<V> {
    let mut merged = MergedAll {
        into: FxHashSet::default(),
        from: FxHashSet::default(),
        asked: Vec::new(),
        stale: Vec::new(),
        losers: Vec::new(),
        memories: Vec::new(),
    };
    let remembered = sides.memories.iter();
    let remembered = remembered.filter(|(_, memory)| memory.base.is_some());
    let issues: BTreeSet<IssueId> = (sides.structure.keys().chain(sides.tracker.keys()).copied())
        .chain(remembered.map(|(&issue, _)| issue))
        .collect();
    for issue in issues {
        merged.take(issue, sides, authority);
    }
    merged
}

impl<V: Clone + Eq> MergedAll<V> {
    fn take(&mut self, issue: IssueId, sides: &Sides<'_, V>, authority: Authority) {
        let fresh = Memory::default();
        let memory = sides.memories.get(&issue).unwrap_or(&fresh);
        let structure = Shown {
            value: sides.structure.get(&issue),
            changed: sides.structure_changed.get(&issue).copied(),
        };
        let tracker = Shown {
            value: sides.tracker.get(&issue),
            changed: sides.tracker_changed.get(&issue).copied(),
        };
        // Jira does not tell the state for every read; such a read is believed.
        let version = sides.versions.get(&issue).copied().unwrap_or(memory.seen);
        let Merged { decision, loser } = merge(memory, &structure, &tracker, version, authority);
        self.losers.extend(loser.map(|loser| (issue, loser)));
        let mut after = Memory {
            base: memory.base.clone(),
            seen: version,
        };
        match decision {
            Decision::Agreed => after.base = tracker.value.cloned(),
            Decision::Carry(Direction::IntoStructure) => {
                self.into.insert(issue);
            }
            Decision::Carry(Direction::FromStructure) => {
                self.from.insert(issue);
            }
            Decision::Ask => self.asked.push(issue),
            Decision::Stale => {
                self.stale.push(issue);
                return;
            }
        }
        if after != *memory || decision == Decision::Carry(Direction::IntoStructure) {
            self.memories.push((issue, after));
        }
    }

    /// Whether both sides of the issue stay as they are, though they may differ.
    pub fn is_frozen(&self, issue: IssueId) -> bool {
        self.asked.binary_search(&issue).is_ok() || self.stale.binary_search(&issue).is_ok()
    }
}
