//! A row of `base`.

use crate::base::BaseEntry;
use crate::schema::base;
use diesel::{Insertable, Queryable, Selectable};
use resync_core::id::{IssueId, SynchronizerId};
use resync_core::time::Timestamp;

#[derive(Queryable, Selectable)]
#[diesel(table_name = base)]
pub(crate) struct StoredBase {
    issue: i64,
    aspect: String,
    value: Vec<u8>,
    tracker_updated: i64,
}

impl From<StoredBase> for BaseEntry {
    fn from(row: StoredBase) -> Self {
        Self {
            issue: IssueId(row.issue),
            aspect: row.aspect.into(),
            value: row.value,
            tracker_updated: Timestamp(row.tracker_updated),
        }
    }
}

#[derive(Insertable)]
#[diesel(table_name = base)]
pub(crate) struct NewBase<'a> {
    pub(crate) synchronizer: i64,
    pub(crate) issue: i64,
    pub(crate) aspect: &'a str,
    pub(crate) value: &'a [u8],
    pub(crate) tracker_updated: i64,
    pub(crate) time: i64,
}

impl<'a> NewBase<'a> {
    pub(crate) fn new(synchronizer: SynchronizerId, entry: &'a BaseEntry, time: Timestamp) -> Self {
        Self {
            synchronizer: synchronizer.0,
            issue: entry.issue.0,
            aspect: &entry.aspect,
            value: &entry.value,
            tracker_updated: entry.tracker_updated.0,
            time: time.0,
        }
    }
}
