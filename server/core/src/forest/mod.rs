//! The ordered hierarchy of one structure, in memory.
//!
//! What it is not: the stored form ([`ForestRow`] is), nor a place for decisions. It applies steps
//! and answers questions about places.

mod build;
mod steps;
#[cfg(test)]
mod tests;

pub use steps::ChangeError;

use crate::change::{Item, Place};
use crate::id::{ForestVersion, IssueId, RowId, SynchronizerId, TrackerId};
use crate::issue::IssueRef;
use crate::order::OrderKey;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// One row, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForestRow {
    /// The row's id.
    pub id: RowId,
    /// The parent row; `None` at the top.
    pub parent: Option<RowId>,
    /// The order among the parent's children.
    pub key: OrderKey,
    /// What the row shows.
    pub item: Item,
    /// Whether another row is the primary one of the same issue.
    pub alias: bool,
    /// The synchronizer that put the row where it is; `None` when a person did.
    pub placed_by: Option<SynchronizerId>,
}

/// A position in the slab of a forest. Stays with its row until the row goes.
pub(crate) type Slot = u32;

/// No slot: the end of a list of siblings, or the parent of the top.
pub(crate) const NONE: Slot = Slot::MAX;

/// One row in memory. Kept small on purpose: a forest may have a million.
#[derive(Clone, Debug)]
struct Node {
    id: RowId,
    item: Item,
    /// Not set from the step that placed the row until [`crate::commit::writes`].
    key: OrderKey,
    parent: Slot,
    previous: Slot,
    next: Slot,
    first: Slot,
    last: Slot,
    /// 0 for a person, else the index in `placers` plus one.
    placed_by: u16,
    alias: bool,
}

/// An ordered forest of rows, in one version.
///
/// # Invariants
/// Every row is reachable from the top, once. A row id and a primary row of an issue are unique.
/// Folders are no aliases. Keys ascend among siblings that have one. [`crate::check::violations`]
/// checks them all, and that no issue has aliases only.
#[derive(Clone, Debug)]
pub struct Forest {
    version: ForestVersion,
    nodes: Vec<Node>,
    free: Vec<Slot>,
    first: Slot,
    last: Slot,
    slots: FxHashMap<RowId, Slot>,
    primaries: FxHashMap<TrackerId, FxHashMap<IssueId, Slot>>,
    aliases: FxHashMap<IssueRef, SmallVec<[Slot; 2]>>,
    placers: Vec<SynchronizerId>,
}

impl Forest {
    /// A forest without rows, in version 0.
    pub fn empty() -> Forest {
        Forest {
            version: ForestVersion(0),
            nodes: Vec::new(),
            free: Vec::new(),
            first: NONE,
            last: NONE,
            slots: FxHashMap::default(),
            primaries: FxHashMap::default(),
            aliases: FxHashMap::default(),
            placers: Vec::new(),
        }
    }

    /// The version that was loaded, or that [`crate::commit::writes`] made.
    pub fn version(&self) -> ForestVersion {
        self.version
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Whether there is such a row.
    pub fn contains(&self, row: RowId) -> bool {
        self.slots.contains_key(&row)
    }

    /// What a row shows; `None` when there is no such row.
    pub fn item(&self, row: RowId) -> Option<&Item> {
        self.slot(row).map(|slot| &self.node(slot).item)
    }

    /// The issue that a row shows; `None` for a folder or when there is no such row.
    pub fn issue(&self, row: RowId) -> Option<IssueRef> {
        self.slot(row).and_then(|slot| self.issue_at(slot))
    }

    /// Whether a row is an alias: another row is the primary one of its issue.
    pub fn is_alias(&self, row: RowId) -> bool {
        self.slot(row).is_some_and(|slot| self.node(slot).alias)
    }

    /// The synchronizer that put a row where it is; `None` when a person did.
    pub fn placed_by(&self, row: RowId) -> Option<SynchronizerId> {
        self.slot(row).and_then(|slot| self.placed_by_at(slot))
    }

    /// The order key of a row; `None` from the step that placed it until the commit, or when
    /// there is no such row.
    pub fn key(&self, row: RowId) -> Option<&OrderKey> {
        let key = &self.node(self.slot(row)?).key;
        key.is_set().then_some(key)
    }

    /// The parent of a row; `None` at the top or when there is no such row.
    pub fn parent(&self, row: RowId) -> Option<RowId> {
        self.slot(row)
            .and_then(|slot| self.id_at(self.node(slot).parent))
    }

    /// Where a row is; `None` when there is no such row.
    pub fn place_of(&self, row: RowId) -> Option<Place> {
        let node = self.node(self.slot(row)?);
        Some(Place {
            parent: self.id_at(node.parent),
            previous: self.id_at(node.previous),
        })
    }

    /// The place behind the last child of `parent`, or behind the last row of the top. Of a row
    /// that does not exist: the place of its first child.
    pub fn end_of(&self, parent: Option<RowId>) -> Place {
        let last = match parent {
            None => self.last,
            Some(parent) => self.slot(parent).map_or(NONE, |slot| self.node(slot).last),
        };
        Place {
            parent,
            previous: self.id_at(last),
        }
    }

    /// The distance of a row from the top: 0 at the top, or when there is no such row.
    pub fn depth(&self, row: RowId) -> usize {
        let slot = self.slot(row).unwrap_or(NONE);
        self.ancestors_of(slot).count()
    }

    /// Whether `row` is somewhere below `ancestor`. A row is not below itself.
    pub fn is_below(&self, row: RowId, ancestor: RowId) -> bool {
        let slot = self.slot(row).unwrap_or(NONE);
        self.ancestors_of(slot)
            .any(|above| self.node(above).id == ancestor)
    }

    /// The children of `parent`, or the rows at the top, in order.
    pub fn children(&self, parent: Option<RowId>) -> impl Iterator<Item = RowId> + '_ {
        let first = match parent {
            None => self.first,
            Some(parent) => self.slot(parent).map_or(NONE, |slot| self.node(slot).first),
        };
        self.siblings_from(first).map(|slot| self.node(slot).id)
    }

    /// All rows depth-first, with their distance from the top.
    pub fn preorder(&self) -> impl Iterator<Item = (RowId, usize)> + '_ {
        self.walk().map(|(slot, depth)| (self.node(slot).id, depth))
    }

    /// The ids of all rows, in no particular order, whether or not they are attached.
    pub(crate) fn row_ids(&self) -> impl Iterator<Item = RowId> + '_ {
        self.slots.keys().copied()
    }

    /// The row below which rows of this issue's branch belong; `None` when the issue has no row.
    pub fn primary_row(&self, issue: IssueRef) -> Option<RowId> {
        self.primary_slot(issue).map(|slot| self.node(slot).id)
    }

    /// All rows of an issue: the primary one first, then the aliases in no particular order.
    pub fn rows_of_issue(&self, issue: IssueRef) -> impl Iterator<Item = RowId> + '_ {
        self.slots_of_issue(issue).map(|slot| self.node(slot).id)
    }

    /// The row as it is stored; `None` when there is no such row or it has no key yet.
    pub fn row(&self, row: RowId) -> Option<ForestRow> {
        let slot = self.slot(row)?;
        let node = self.node(slot);
        node.key.is_set().then(|| ForestRow {
            id: node.id,
            parent: self.id_at(node.parent),
            key: node.key.clone(),
            item: node.item.clone(),
            alias: node.alias,
            placed_by: self.placed_by_at(slot),
        })
    }
}

/// Access by slot, for the other modules of this crate.
impl Forest {
    fn node(&self, slot: Slot) -> &Node {
        &self.nodes[slot as usize]
    }

    fn node_mut(&mut self, slot: Slot) -> &mut Node {
        &mut self.nodes[slot as usize]
    }

    pub(crate) fn slot(&self, row: RowId) -> Option<Slot> {
        self.slots.get(&row).copied()
    }

    /// One more than the highest slot in use: the length of a table by slot.
    pub(crate) fn slot_count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn id_at(&self, slot: Slot) -> Option<RowId> {
        (slot != NONE).then(|| self.node(slot).id)
    }

    pub(crate) fn issue_at(&self, slot: Slot) -> Option<IssueRef> {
        match self.node(slot).item {
            Item::Issue(issue) => Some(issue),
            Item::Folder(_) => None,
        }
    }

    pub(crate) fn alias_at(&self, slot: Slot) -> bool {
        self.node(slot).alias
    }

    pub(crate) fn placed_by_at(&self, slot: Slot) -> Option<SynchronizerId> {
        let placer = self.node(slot).placed_by;
        usize::from(placer)
            .checked_sub(1)
            .and_then(|index| self.placers.get(index))
            .copied()
    }

    pub(crate) fn parent_at(&self, slot: Slot) -> Slot {
        self.node(slot).parent
    }

    /// The children of a row, or the rows at the top for `NONE`, in order.
    pub(crate) fn children_at(&self, parent: Slot) -> impl Iterator<Item = Slot> + '_ {
        let first = if parent == NONE {
            self.first
        } else {
            self.node(parent).first
        };
        self.siblings_from(first)
    }

    /// The sibling directly before a row.
    pub(crate) fn previous_at(&self, slot: Slot) -> Option<RowId> {
        self.id_at(self.node(slot).previous)
    }

    /// All aliases, in no particular order.
    pub(crate) fn all_alias_slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.aliases.values().flatten().copied()
    }

    /// The keys of the previous sibling and of the row, when both have one.
    pub(crate) fn neighbour_keys_at(&self, slot: Slot) -> Option<[&OrderKey; 2]> {
        let node = self.node(slot);
        let previous = (node.previous != NONE).then(|| self.node(node.previous))?;
        (previous.key.is_set() && node.key.is_set()).then_some([&previous.key, &node.key])
    }

    pub(crate) fn has_children_at(&self, slot: Slot) -> bool {
        self.node(slot).first != NONE
    }

    pub(crate) fn primary_slot(&self, issue: IssueRef) -> Option<Slot> {
        self.primaries
            .get(&issue.tracker)?
            .get(&issue.issue)
            .copied()
    }

    pub(crate) fn alias_slots(&self, issue: IssueRef) -> &[Slot] {
        if self.aliases.is_empty() {
            return &[];
        }
        self.aliases.get(&issue).map_or(&[], SmallVec::as_slice)
    }

    pub(crate) fn slots_of_issue(&self, issue: IssueRef) -> impl Iterator<Item = Slot> + '_ {
        self.primary_slot(issue)
            .into_iter()
            .chain(self.alias_slots(issue).iter().copied())
    }

    /// All slots depth-first, with their distance from the top.
    pub(crate) fn walk(&self) -> Walk<'_> {
        Walk {
            forest: self,
            next: self.first,
            depth: 0,
            root: NONE,
        }
    }

    /// The slots below `root`, depth-first, with their distance from its children.
    pub(crate) fn walk_below(&self, root: Slot) -> Walk<'_> {
        Walk {
            forest: self,
            next: self.node(root).first,
            depth: 0,
            root,
        }
    }

    fn siblings_from(&self, first: Slot) -> impl Iterator<Item = Slot> + '_ {
        let start = (first != NONE).then_some(first);
        std::iter::successors(start, |&slot| {
            let next = self.node(slot).next;
            (next != NONE).then_some(next)
        })
    }

    fn ancestors_of(&self, slot: Slot) -> impl Iterator<Item = Slot> + '_ {
        let above = |slot: Slot| {
            (slot != NONE)
                .then(|| self.node(slot).parent)
                .filter(|&parent| parent != NONE)
        };
        std::iter::successors(above(slot), move |&slot| above(slot))
    }
}

/// A depth-first walk that needs no stack.
pub(crate) struct Walk<'a> {
    forest: &'a Forest,
    next: Slot,
    depth: usize,
    root: Slot,
}

impl Iterator for Walk<'_> {
    type Item = (Slot, usize);

    fn next(&mut self) -> Option<(Slot, usize)> {
        if self.next == NONE {
            return None;
        }
        let found = (self.next, self.depth);
        let mut node = self.forest.node(self.next);
        if node.first != NONE {
            self.depth += 1;
            self.next = node.first;
            return Some(found);
        }
        while node.next == NONE && node.parent != self.root {
            self.depth -= 1;
            node = self.forest.node(node.parent);
        }
        self.next = node.next;
        Some(found)
    }
}
