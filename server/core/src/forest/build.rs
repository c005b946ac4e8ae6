//! Building a forest from stored rows, which are not trusted.

use super::{Forest, ForestRow, NONE, Node, Slot};
use crate::change::Item;
use crate::check::{self, Violation};
use crate::id::{ForestVersion, RowId};
use rustc_hash::FxHashMap;

impl Forest {
    /// Builds a forest from its rows, in any order.
    ///
    /// # Errors
    /// Every way in which the rows are not a forest.
    pub fn from_rows(
        version: ForestVersion,
        rows: Vec<ForestRow>,
    ) -> Result<Forest, Vec<Violation>> {
        let mut forest = Forest {
            version,
            ..Forest::empty()
        };
        forest.nodes.reserve_exact(rows.len());
        forest.slots.reserve(rows.len());
        let mut found = Vec::new();
        let parents = forest.take_rows(rows, &mut found);
        forest.resolve_parents(&parents, &mut found);
        if !found.is_empty() {
            return Err(found);
        }
        forest.link_siblings();
        found.extend(check::violations(&forest));
        if found.is_empty() {
            Ok(forest)
        } else {
            Err(found)
        }
    }

    /// Puts each row into the slab and the indices; returns the parents by slot.
    fn take_rows(
        &mut self,
        rows: Vec<ForestRow>,
        found: &mut Vec<Violation>,
    ) -> Vec<Option<RowId>> {
        let issues = rows.len();
        let mut parents = Vec::with_capacity(rows.len());
        for row in rows {
            let slot = Slot::try_from(self.nodes.len()).expect("fewer than 2^32 rows");
            if self.slots.insert(row.id, slot).is_some() {
                found.push(Violation::DuplicateRow { row: row.id });
                continue;
            }
            if let (Item::Issue(issue), false) = (&row.item, row.alias) {
                let primaries = self.primaries.entry(issue.tracker).or_insert_with(|| {
                    FxHashMap::with_capacity_and_hasher(issues, Default::default())
                });
                if primaries.contains_key(&issue.issue) {
                    found.push(Violation::SecondPrimary {
                        row: row.id,
                        issue: *issue,
                    });
                }
            }
            parents.push(row.parent);
            let placed_by = self.placer(row.placed_by);
            self.nodes.push(Node {
                id: row.id,
                item: row.item,
                key: row.key,
                parent: NONE,
                previous: NONE,
                next: NONE,
                first: NONE,
                last: NONE,
                placed_by,
                alias: row.alias,
            });
            self.index(slot);
        }
        parents
    }

    fn resolve_parents(&mut self, parents: &[Option<RowId>], found: &mut Vec<Violation>) {
        for (slot, parent) in parents.iter().enumerate() {
            let Some(parent) = parent else { continue };
            match self.slots.get(parent) {
                Some(&above) => self.nodes[slot].parent = above,
                None => {
                    let row = self.nodes[slot].id;
                    found.push(Violation::UnknownParent {
                        row,
                        parent: *parent,
                    });
                }
            }
        }
    }

    /// Sorts by parent and key and links neighbours. Equal keys are left to the check.
    fn link_siblings(&mut self) {
        let mut order: Vec<Slot> = (0..self.nodes.len() as Slot).collect();
        let by_place = |slot: &Slot| {
            let node = self.node(*slot);
            (node.parent, &node.key, node.id)
        };
        order.sort_unstable_by(|a, b| by_place(a).cmp(&by_place(b)));
        for pair in order.windows(2) {
            let [left, right] = [pair[0], pair[1]];
            if self.node(left).parent == self.node(right).parent {
                self.node_mut(left).next = right;
                self.node_mut(right).previous = left;
            }
        }
        for slot in order {
            let node = self.node(slot);
            let (parent, is_first, is_last) =
                (node.parent, node.previous == NONE, node.next == NONE);
            let ends = match parent {
                NONE => (&mut self.first, &mut self.last),
                parent => {
                    let node = &mut self.nodes[parent as usize];
                    (&mut node.first, &mut node.last)
                }
            };
            if is_first {
                *ends.0 = slot;
            }
            if is_last {
                *ends.1 = slot;
            }
        }
    }
}
