//! From steps to rows to write: one write per row that was added, moved or changed its role.
//!
//! What it is not: the write itself, which is the store's.

use crate::change::ForestChange;
use crate::forest::{Forest, ForestRow};
use crate::id::{ForestVersion, RowId};
use crate::order::OrderKey;
use rustc_hash::FxHashSet;

/// What a list of steps writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writes {
    /// The version that the writes make.
    pub version: ForestVersion,
    /// The rows to insert or replace, each once, in the order of the steps.
    pub upserts: Vec<ForestRow>,
    /// The rows to delete, each once. None of them is in `upserts`.
    pub deletes: Vec<RowId>,
}

/// Works out the rows to write for `changes`, which have been applied to `after` already (see
/// [`Forest::apply`], [`crate::edit::expand`] and the outcome of a plan). Gives each row that was
/// placed an order key, evenly spread between its neighbours, without touching a row that did not
/// move, and makes `after` the next version. Who placed a row is what [`Forest::placed_by`] says.
pub fn writes(after: &mut Forest, changes: &[ForestChange]) -> Writes {
    let mut added = FxHashSet::default();
    let mut touched = Vec::with_capacity(changes.len());
    let mut seen = FxHashSet::with_capacity_and_hasher(changes.len(), Default::default());
    let mut deletes = Vec::new();
    for change in changes {
        let row = change.row();
        match change {
            ForestChange::Add { .. } => {
                added.insert(row);
            }
            ForestChange::Remove { .. } if !added.remove(&row) => deletes.push(row),
            ForestChange::Remove { .. }
            | ForestChange::Move { .. }
            | ForestChange::SetAlias { .. } => {}
        }
        if seen.insert(row) {
            touched.push(row);
        }
    }
    for &row in &touched {
        assign_keys(after, row);
    }
    after.set_version(ForestVersion(after.version().0 + 1));
    let upserts = touched.iter().filter_map(|&row| after.row(row)).collect();
    deletes.retain(|&row| !after.contains(row));
    Writes {
        version: after.version(),
        upserts,
        deletes,
    }
}

/// Gives keys to the run of rows without one that `row` is in.
fn assign_keys(forest: &mut Forest, row: RowId) {
    let Some(slot) = forest.slot(row) else { return };
    if forest.key(row).is_some() {
        return;
    }
    let (previous, run, next) = forest.unkeyed_run(slot);
    let keys = OrderKey::spread(previous, next, run.len());
    for (slot, key) in run.into_iter().zip(keys) {
        forest.set_key_at(slot, key);
    }
}
