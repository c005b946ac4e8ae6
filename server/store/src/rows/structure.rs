//! A row of `structures`.

use crate::schema::structures;
use crate::structure::{NewStructure, StructureRecord};
use diesel::{Insertable, Queryable, Selectable};
use resync_core::id::{ForestVersion, Principal, RowId, Slug, StructureId, Uid};
use resync_core::time::Timestamp;

#[derive(Queryable, Selectable)]
#[diesel(table_name = structures)]
pub(crate) struct StructureRow {
    id: i64,
    slug: String,
    uid: String,
    display_name: String,
    description: String,
    forest_version: i64,
    row_count: i64,
    next_row_id: i64,
    creator: String,
    create_time: i64,
    update_time: i64,
    delete_time: Option<i64>,
    etag: i64,
}

impl From<StructureRow> for StructureRecord {
    fn from(row: StructureRow) -> Self {
        Self {
            id: StructureId(row.id),
            slug: Slug::new(row.slug),
            uid: Uid::new(row.uid),
            display_name: row.display_name,
            description: row.description,
            forest_version: ForestVersion(row.forest_version),
            row_count: row.row_count,
            next_row_id: RowId(row.next_row_id),
            creator: Principal::new(row.creator),
            create_time: Timestamp(row.create_time),
            update_time: Timestamp(row.update_time),
            delete_time: row.delete_time.map(Timestamp),
            etag: row.etag.to_string(),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = structures)]
pub(crate) struct NewStructureRow<'a> {
    slug: &'a str,
    uid: &'a str,
    display_name: &'a str,
    description: &'a str,
    forest_version: i64,
    lineage: &'a str,
    serial: i64,
    row_count: i64,
    next_row_id: i64,
    creator: &'a str,
    create_time: i64,
    update_time: i64,
    etag: i64,
}

impl<'a> From<&'a NewStructure> for NewStructureRow<'a> {
    fn from(new: &'a NewStructure) -> Self {
        Self {
            slug: new.slug.as_str(),
            uid: new.uid.as_str(),
            display_name: &new.display_name,
            description: &new.description,
            forest_version: 0,
            // The uid is random and was never used; a cut of the history sets another one.
            lineage: new.uid.as_str(),
            serial: 0,
            row_count: 0,
            next_row_id: 1,
            creator: new.creator.as_str(),
            create_time: new.time.0,
            update_time: new.time.0,
            etag: 1,
        }
    }
}
