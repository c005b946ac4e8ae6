//! Structures as records: everything but their rows.

use resync_core::id::{ForestVersion, Principal, RowId, Slug, StructureId, Uid};
use resync_core::time::Timestamp;

/// A structure, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructureRecord {
    /// Which one.
    pub id: StructureId,
    /// The last part of its resource name. Stays taken while the structure is only deleted.
    pub slug: Slug,
    /// A server-assigned id that is never reused.
    pub uid: Uid,
    /// The name that people see.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// The version of its forest.
    pub forest_version: ForestVersion,
    /// How many rows the forest has.
    pub row_count: i64,
    /// The smallest row id that was never used.
    pub next_row_id: RowId,
    /// Who created it.
    pub creator: Principal,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it or its forest was last changed.
    pub update_time: Timestamp,
    /// When it was deleted; `None` while it is in use.
    pub delete_time: Option<Timestamp>,
    /// Changes with every change of name, description or deletion; not with the forest.
    pub etag: String,
}

/// A structure to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStructure {
    /// The last part of its resource name.
    pub slug: Slug,
    /// A fresh id.
    pub uid: Uid,
    /// The name that people see.
    pub display_name: String,
    /// What it is for.
    pub description: String,
    /// Who creates it.
    pub creator: Principal,
    /// When.
    pub time: Timestamp,
}

/// What to change of a structure; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StructureUpdate {
    /// The name that people see.
    pub display_name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
}

/// Which structures to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StructureFilter {
    /// Also those that are deleted.
    pub show_deleted: bool,
    /// Only those whose display name contains this text, in any case (of ASCII letters).
    pub name_contains: Option<String>,
}
