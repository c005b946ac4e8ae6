//! The ordered hierarchy of one structure.

use crate::change::Item;
use crate::id::{RowId, SynchronizerId};
use crate::order::OrderKey;

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
