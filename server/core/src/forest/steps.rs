//! Applying steps to a forest, one row each.
//!
//! A step says where it expects the row, so a list of steps that was made for another version is
//! noticed at its first step that does not fit.

use super::{Forest, NONE, Node, Slot};
use crate::change::{ForestChange, Item, Place};
use crate::id::{ForestVersion, RowId, SynchronizerId};
use crate::issue::IssueRef;
use crate::order::OrderKey;
use thiserror::Error;

/// Why a step does not fit a forest. The forest is as it was before the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChangeError {
    /// There is no such row.
    #[error("row {0} does not exist")]
    UnknownRow(RowId),
    /// The id of a new row is in use.
    #[error("row {0} exists already")]
    RowExists(RowId),
    /// The row is not where, or not what, the step says.
    #[error("row {0} is not as the step says; load the current version of the forest")]
    Differs(RowId),
    /// The previous sibling is not a child of the parent.
    #[error("row {0} is not a child of that parent, so no row can follow it there")]
    NotASibling(RowId),
    /// The row would be below itself.
    #[error("row {0} would be below itself")]
    Cycle(RowId),
    /// The row has children, so it cannot go.
    #[error("row {0} has children; remove them first")]
    HasChildren(RowId),
    /// The issue would have two primary rows.
    #[error("row {0} would be the second primary row of its issue")]
    SecondPrimary(RowId),
    /// A folder has no issue, so it cannot be an alias.
    #[error("row {0} is a folder, which cannot be an alias")]
    FolderAlias(RowId),
}

/// A place as slots.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Spot {
    parent: Slot,
    previous: Slot,
}

impl Forest {
    /// Applies one step. A row that is added or moved counts as placed by a person until
    /// [`Forest::set_placed_by`] says otherwise, and has no key until the commit.
    pub fn apply(&mut self, change: &ForestChange) -> Result<(), ChangeError> {
        match change {
            ForestChange::Add {
                row,
                item,
                alias,
                to,
            } => self.add(*row, item, *alias, *to),
            ForestChange::Move { row, from, to } => self.move_row(*row, *from, *to),
            ForestChange::Remove {
                row,
                item,
                alias,
                from,
            } => self.remove(*row, item, *alias, *from),
            ForestChange::SetAlias { row, alias } => self.set_alias(*row, *alias),
        }
    }

    /// Undoes a step that was the last one applied. Keys and placers of moved and removed rows
    /// are not brought back.
    pub fn undo(&mut self, change: &ForestChange) -> Result<(), ChangeError> {
        self.apply(&change.inverse())
    }

    /// Says who put a row where it is; `None` for a person. A row that does not exist is ignored.
    pub fn set_placed_by(&mut self, row: RowId, placed_by: Option<SynchronizerId>) {
        let Some(slot) = self.slot(row) else { return };
        let placer = self.placer(placed_by);
        self.node_mut(slot).placed_by = placer;
    }

    pub(crate) fn set_version(&mut self, version: ForestVersion) {
        self.version = version;
    }

    pub(crate) fn set_key_at(&mut self, slot: Slot, key: OrderKey) {
        self.node_mut(slot).key = key;
    }

    /// The run of rows without a key around `slot`, in order, with the keys at its two ends.
    pub(crate) fn unkeyed_run(
        &self,
        slot: Slot,
    ) -> (Option<&OrderKey>, Vec<Slot>, Option<&OrderKey>) {
        let mut start = slot;
        while let previous = self.node(start).previous
            && previous != NONE
            && !self.node(previous).key.is_set()
        {
            start = previous;
        }
        let run: Vec<Slot> = self
            .siblings_from(start)
            .take_while(|&slot| !self.node(slot).key.is_set())
            .collect();
        let key_at = |slot: Slot| (slot != NONE).then(|| &self.node(slot).key);
        let end = run.last().map_or(NONE, |&slot| self.node(slot).next);
        (key_at(self.node(start).previous), run, key_at(end))
    }

    pub(super) fn placer(&mut self, placed_by: Option<SynchronizerId>) -> u16 {
        let Some(placed_by) = placed_by else { return 0 };
        let known = self.placers.iter().position(|&placer| placer == placed_by);
        let index = known.unwrap_or_else(|| {
            self.placers.push(placed_by);
            self.placers.len() - 1
        });
        u16::try_from(index + 1).expect("a structure has fewer than 65,535 synchronizers")
    }

    fn add(&mut self, row: RowId, item: &Item, alias: bool, to: Place) -> Result<(), ChangeError> {
        if self.contains(row) {
            return Err(ChangeError::RowExists(row));
        }
        self.check_role(row, item, alias)?;
        let spot = self.spot(to)?;
        let slot = self.allocate(Node {
            id: row,
            item: item.clone(),
            key: OrderKey::unset(),
            parent: NONE,
            previous: NONE,
            next: NONE,
            first: NONE,
            last: NONE,
            placed_by: 0,
            alias,
        });
        self.slots.insert(row, slot);
        self.index(slot);
        self.link(slot, spot);
        Ok(())
    }

    fn move_row(&mut self, row: RowId, from: Place, to: Place) -> Result<(), ChangeError> {
        let slot = self.slot(row).ok_or(ChangeError::UnknownRow(row))?;
        if self.place_of(row) != Some(from) {
            return Err(ChangeError::Differs(row));
        }
        let spot = self.spot(to)?;
        if spot.parent == slot || spot.previous == slot {
            return Err(ChangeError::Cycle(row));
        }
        // Only a row with children can end up below itself, so moving leaves stays O(1).
        if self.has_children_at(slot) && self.ancestors_of(spot.parent).any(|above| above == slot) {
            return Err(ChangeError::Cycle(row));
        }
        self.unlink(slot);
        self.link(slot, spot);
        let node = self.node_mut(slot);
        node.key = OrderKey::unset();
        node.placed_by = 0;
        Ok(())
    }

    fn remove(
        &mut self,
        row: RowId,
        item: &Item,
        alias: bool,
        from: Place,
    ) -> Result<(), ChangeError> {
        let slot = self.slot(row).ok_or(ChangeError::UnknownRow(row))?;
        let node = self.node(slot);
        if node.item != *item || node.alias != alias || self.place_of(row) != Some(from) {
            return Err(ChangeError::Differs(row));
        }
        if self.has_children_at(slot) {
            return Err(ChangeError::HasChildren(row));
        }
        self.unlink(slot);
        self.unindex(slot);
        self.slots.remove(&row);
        self.free.push(slot);
        Ok(())
    }

    fn set_alias(&mut self, row: RowId, alias: bool) -> Result<(), ChangeError> {
        let slot = self.slot(row).ok_or(ChangeError::UnknownRow(row))?;
        if self.node(slot).alias == alias {
            return Err(ChangeError::Differs(row));
        }
        let item = self.node(slot).item.clone();
        self.check_role(row, &item, alias)?;
        self.unindex(slot);
        self.node_mut(slot).alias = alias;
        self.index(slot);
        Ok(())
    }

    fn check_role(&self, row: RowId, item: &Item, alias: bool) -> Result<(), ChangeError> {
        match item {
            Item::Folder(_) if alias => Err(ChangeError::FolderAlias(row)),
            Item::Issue(issue) if !alias && self.primary_slot(*issue).is_some() => {
                Err(ChangeError::SecondPrimary(row))
            }
            Item::Folder(_) | Item::Issue(_) => Ok(()),
        }
    }

    fn spot(&self, place: Place) -> Result<Spot, ChangeError> {
        let slot = |row: Option<RowId>| match row {
            None => Ok(NONE),
            Some(row) => self.slot(row).ok_or(ChangeError::UnknownRow(row)),
        };
        let spot = Spot {
            parent: slot(place.parent)?,
            previous: slot(place.previous)?,
        };
        if spot.previous != NONE && self.node(spot.previous).parent != spot.parent {
            return Err(ChangeError::NotASibling(self.node(spot.previous).id));
        }
        Ok(spot)
    }

    fn allocate(&mut self, node: Node) -> Slot {
        match self.free.pop() {
            Some(slot) => {
                *self.node_mut(slot) = node;
                slot
            }
            None => {
                self.nodes.push(node);
                Slot::try_from(self.nodes.len() - 1).expect("a forest has fewer than 2^32 rows")
            }
        }
    }

    fn link(&mut self, slot: Slot, spot: Spot) {
        let next = match (spot.previous, spot.parent) {
            (NONE, NONE) => self.first,
            (NONE, parent) => self.node(parent).first,
            (previous, _) => self.node(previous).next,
        };
        let node = self.node_mut(slot);
        (node.parent, node.previous, node.next) = (spot.parent, spot.previous, next);
        self.join(spot.parent, spot.previous, slot);
        self.join(spot.parent, slot, next);
    }

    fn unlink(&mut self, slot: Slot) {
        let node = self.node(slot);
        let (parent, previous, next) = (node.parent, node.previous, node.next);
        self.join(parent, previous, next);
    }

    /// Makes two rows neighbours; `NONE` on a side makes the other one the end on that side.
    pub(super) fn join(&mut self, parent: Slot, left: Slot, right: Slot) {
        match (left, parent) {
            (NONE, NONE) => self.first = right,
            (NONE, parent) => self.node_mut(parent).first = right,
            (left, _) => self.node_mut(left).next = right,
        }
        match (right, parent) {
            (NONE, NONE) => self.last = left,
            (NONE, parent) => self.node_mut(parent).last = left,
            (right, _) => self.node_mut(right).previous = left,
        }
    }

    pub(super) fn index(&mut self, slot: Slot) {
        let Some(issue) = self.issue_at(slot) else {
            return;
        };
        if self.node(slot).alias {
            self.aliases.entry(issue).or_default().push(slot);
        } else {
            self.primaries
                .entry(issue.tracker)
                .or_default()
                .insert(issue.issue, slot);
        }
    }

    fn unindex(&mut self, slot: Slot) {
        let Some(issue) = self.issue_at(slot) else {
            return;
        };
        if self.node(slot).alias {
            self.unindex_alias(issue, slot);
        } else if let Some(issues) = self.primaries.get_mut(&issue.tracker) {
            issues.remove(&issue.issue);
        }
    }

    fn unindex_alias(&mut self, issue: IssueRef, slot: Slot) {
        if let Some(aliases) = self.aliases.get_mut(&issue) {
            aliases.retain(|alias| *alias != slot);
            if aliases.is_empty() {
                self.aliases.remove(&issue);
            }
        }
    }
}
