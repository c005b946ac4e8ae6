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

    /// Sorts siblings by key and links neighbours. Equal keys are left to the check.
    fn link_siblings(&mut self) {
        let mut order = self.slots_by_parent();
        let mut start = 0;
        while let Some(&first) = order.get(start) {
            let parent = self.node(first).parent;
            let more = order[start..]
                .iter()
                .take_while(|&&slot| self.node(slot).parent == parent);
            let end = start + more.count();
            let siblings = &mut order[start..end];
            let by_key = |slot: &Slot| (&self.node(*slot).key, self.node(*slot).id);
            siblings.sort_unstable_by(|a, b| by_key(a).cmp(&by_key(b)));
            let mut previous = NONE;
            for &mut slot in siblings {
                let node = self.node_mut(slot);
                (node.previous, node.next) = (previous, NONE);
                self.join(parent, previous, slot);
                previous = slot;
            }
            self.join(parent, previous, NONE);
            start = end;
        }
    }

    /// All slots, those with the same parent together: counted and then put in their places,
    /// which is linear where sorting is not.
    fn slots_by_parent(&self) -> Vec<Slot> {
        let group = |node: &Node| {
            if node.parent == NONE {
                0
            } else {
                node.parent as usize + 1
            }
        };
        let mut next = vec![0; self.nodes.len() + 2];
        for node in &self.nodes {
            next[group(node) + 1] += 1;
        }
        for at in 1..next.len() {
            next[at] += next[at - 1];
        }
        let mut order = vec![NONE; self.nodes.len()];
        for (slot, node) in (0..).zip(&self.nodes) {
            let place: &mut usize = &mut next[group(node)];
            order[*place] = slot;
            *place += 1;
        }
        order
    }
}
