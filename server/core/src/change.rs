//! The steps that turn one version of a forest into the next.
//!
//! Steps are primitive (one row each), in order, and exactly invertible: each says where the row
//! was and where it is, as parent and previous sibling at that moment. So one list serves to
//! apply, to undo, to stream to watchers and to show to people.

use crate::id::RowId;
use crate::issue::IssueRef;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a row shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Item {
    /// An issue of a tracker.
    Issue(IssueRef),
    /// A title that groups other rows.
    Folder(Arc<str>),
}

/// A place in a forest at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The parent row; `None` at the top.
    pub parent: Option<RowId>,
    /// The sibling directly before; `None` for the first child.
    pub previous: Option<RowId>,
}

/// One step. A row that goes or is added has no children at that moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ForestChange {
    /// A row appears.
    Add {
        /// The new row's id.
        row: RowId,
        /// What it shows.
        item: Item,
        /// Whether another row of the same issue is its primary row.
        alias: bool,
        /// Where it appears.
        to: Place,
    },
    /// A row moves, with everything below it.
    Move {
        /// The row.
        row: RowId,
        /// Where it was.
        from: Place,
        /// Where it is.
        to: Place,
    },
    /// A row goes.
    Remove {
        /// The row.
        row: RowId,
        /// What it showed.
        item: Item,
        /// Whether it was an alias.
        alias: bool,
        /// Where it was.
        from: Place,
    },
    /// An alias becomes the primary row of its issue, or the other way round.
    SetAlias {
        /// The row.
        row: RowId,
        /// Its new role.
        alias: bool,
    },
}

impl ForestChange {
    /// The row that the step is about.
    pub fn row(&self) -> RowId {
        match self {
            Self::Add { row, .. }
            | Self::Move { row, .. }
            | Self::Remove { row, .. }
            | Self::SetAlias { row, .. } => *row,
        }
    }

    /// The step that undoes this one, when applied directly after it.
    pub fn inverse(&self) -> ForestChange {
        match self.clone() {
            Self::Add {
                row,
                item,
                alias,
                to,
            } => Self::Remove {
                row,
                item,
                alias,
                from: to,
            },
            Self::Move { row, from, to } => Self::Move {
                row,
                from: to,
                to: from,
            },
            Self::Remove {
                row,
                item,
                alias,
                from,
            } => Self::Add {
                row,
                item,
                alias,
                to: from,
            },
            Self::SetAlias { row, alias } => Self::SetAlias { row, alias: !alias },
        }
    }
}
