//! The merge base.

use super::super::upsert_base;
use super::{Conn, ROWS_AT_ONCE, jobs as job_queries, structures, synchronizers};
use crate::base::BaseEntry;
use crate::error::Error;
use crate::job::{JobUpdate, Lease};
use crate::rows::base::{NewBase, StoredBase};
use crate::schema::base;
use diesel::prelude::*;
use resync_core::id::{IssueId, SynchronizerId};
use resync_core::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Loads that of one synchronizer.
pub(crate) fn load(conn: &mut Conn, synchronizer: SynchronizerId) -> Result<Vec<BaseEntry>, Error> {
    let stored: Vec<StoredBase> = base::table
        .filter(base::synchronizer.eq(synchronizer.0))
        .order((base::issue, base::aspect))
        .select(StoredBase::as_select())
        .load(conn)?;
    Ok(stored.into_iter().map(BaseEntry::from).collect())
}

/// Moves that of one synchronizer.
pub(crate) fn set(
    conn: &mut Conn,
    lease: Lease,
    synchronizer: SynchronizerId,
    entries: &[BaseEntry],
    time: Timestamp,
) -> Result<usize, Error> {
    let structure = synchronizers::get(conn, synchronizer)?.structure;
    structures::hold(conn, structure)?;
    job_queries::lock_leased(conn, lease)?;
    let accepted = accepted(load(conn, synchronizer)?, entries);
    if accepted.is_empty() {
        return Ok(0);
    }
    for chunk in accepted.chunks(ROWS_AT_ONCE) {
        let rows: Vec<NewBase<'_>> = chunk
            .iter()
            .map(|entry| NewBase::new(synchronizer, entry, time))
            .collect();
        upsert_base(conn, &rows)?;
    }
    let update = JobUpdate {
        result_point: Some(structures::next_point(conn, structure)?),
        ..JobUpdate::default()
    };
    job_queries::update(conn, lease, &update, time)?;
    Ok(accepted.len())
}

/// Of several entries of one aspect the newest, unless the stored one is newer or the same.
fn accepted(stored: Vec<BaseEntry>, entries: &[BaseEntry]) -> Vec<&BaseEntry> {
    let key = |entry: &BaseEntry| (entry.issue, Arc::clone(&entry.aspect));
    let mut newest: BTreeMap<(IssueId, Arc<str>), &BaseEntry> = BTreeMap::new();
    for entry in entries {
        let kept = newest.entry(key(entry)).or_insert(entry);
        if entry.tracker_updated >= kept.tracker_updated {
            *kept = entry;
        }
    }
    for stored in stored {
        let is_news = newest.get(&key(&stored)).is_some_and(|&entry| {
            entry.tracker_updated >= stored.tracker_updated && *entry != stored
        });
        if !is_news {
            newest.remove(&key(&stored));
        }
    }
    newest.into_values().collect()
}
