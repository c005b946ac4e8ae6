//! Checks what must hold of a forest, so that invariants are code and not hope.
//!
//! What it is not: a repair. A violation in a stored forest is a fault of the program or of the
//! store, and is reported.

use crate::forest::{Forest, Slot};
use crate::id::RowId;
use crate::issue::IssueRef;
use rustc_hash::FxHashSet;
use thiserror::Error;

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// Two rows have the same id.
    #[error("row {row} is there twice")]
    DuplicateRow {
        /// The row.
        row: RowId,
    },
    /// A row's parent does not exist.
    #[error("row {row} is below row {parent}, which does not exist")]
    UnknownParent {
        /// The row.
        row: RowId,
        /// What it says its parent is.
        parent: RowId,
    },
    /// A row cannot be reached from the top: it is below itself.
    #[error("row {row} is in a branch that is not attached to the top")]
    Unreachable {
        /// The row.
        row: RowId,
    },
    /// Two siblings are not in the order of their keys, or have the same key.
    #[error("row {row} does not come after its previous sibling by its key")]
    KeyOrder {
        /// The second of the two.
        row: RowId,
    },
    /// An issue has two primary rows.
    #[error("row {row} is a second primary row of {issue:?}")]
    SecondPrimary {
        /// The second of the two.
        row: RowId,
        /// The issue.
        issue: IssueRef,
    },
    /// An issue has aliases only.
    #[error("row {row} is an alias, but {issue:?} has no primary row")]
    AliasWithoutPrimary {
        /// The alias.
        row: RowId,
        /// The issue.
        issue: IssueRef,
    },
    /// A folder is marked as an alias.
    #[error("row {row} is a folder and an alias")]
    FolderAlias {
        /// The folder.
        row: RowId,
    },
    /// An index does not lead to the row.
    #[error("row {row} is not found by its id or its issue")]
    NotIndexed {
        /// The row.
        row: RowId,
    },
}

/// Everything that does not hold of a forest; empty for a valid one. Rows that have no key yet
/// (see [`Forest::apply`]) are no violation.
pub fn violations(forest: &Forest) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut reached = 0;
    for (slot, _) in forest.walk() {
        reached += 1;
        if let Some(row) = forest.id_at(slot) {
            check_row(forest, slot, row, &mut found);
        }
    }
    if reached < forest.len() {
        let seen: FxHashSet<RowId> = forest.preorder().map(|(row, _)| row).collect();
        let lost = forest.row_ids().filter(|row| !seen.contains(row));
        let mut lost: Vec<RowId> = lost.collect();
        lost.sort_unstable();
        found.extend(lost.into_iter().map(|row| Violation::Unreachable { row }));
    }
    found
}

fn check_row(forest: &Forest, slot: Slot, row: RowId, found: &mut Vec<Violation>) {
    if forest.slot(row) != Some(slot) {
        found.push(Violation::NotIndexed { row });
    }
    if let Some([before, key]) = forest.neighbour_keys_at(slot)
        && before >= key
    {
        found.push(Violation::KeyOrder { row });
    }
    match forest.issue_at(slot) {
        None if forest.alias_at(slot) => found.push(Violation::FolderAlias { row }),
        None => {}
        Some(issue) => check_issue(forest, slot, issue, found),
    }
}

fn check_issue(forest: &Forest, slot: Slot, issue: IssueRef, found: &mut Vec<Violation>) {
    let Some(row) = forest.id_at(slot) else {
        return;
    };
    let primary = forest.primary_slot(issue);
    if forest.alias_at(slot) {
        if primary.is_none() {
            found.push(Violation::AliasWithoutPrimary { row, issue });
        }
        if !forest.alias_slots(issue).contains(&slot) {
            found.push(Violation::NotIndexed { row });
        }
    } else if primary != Some(slot) {
        found.push(match primary {
            Some(_) => Violation::SecondPrimary { row, issue },
            None => Violation::NotIndexed { row },
        });
    }
}
