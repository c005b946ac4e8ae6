//! Structures.

use super::super::lock_structure;
use super::{Conn, limit_of, next_etag, requests, synchronizers};
use crate::error::{Error, absent, taken};
use crate::forest::HistoryPoint;
use crate::request::RequestRecord;
use crate::rows::structure::{NewStructureRow, StructureRow};
use crate::schema::{jobs, structures};
use crate::structure::{NewStructure, StructureFilter, StructureRecord, StructureUpdate};
use diesel::prelude::*;
use resync_core::id::{JobId, Slug, StructureId, Uid};
use resync_core::time::Timestamp;

const WHAT: &str = "structure";

/// Creates one.
pub(crate) fn create(
    conn: &mut Conn,
    new: &NewStructure,
    request: Option<&RequestRecord>,
) -> Result<StructureRecord, Error> {
    requests::begin(conn, request)?;
    let record: StructureRecord = diesel::insert_into(structures::table)
        .values(NewStructureRow::from(new))
        .returning(StructureRow::as_returning())
        .get_result(conn)
        .map_err(|error| taken(error, WHAT, new.slug.as_str()))?
        .into();
    requests::finish(conn, request, record.id.0)?;
    Ok(record)
}

/// Gets one by slug.
pub(crate) fn get_by_slug(conn: &mut Conn, slug: &Slug) -> Result<StructureRecord, Error> {
    structures::table
        .filter(structures::slug.eq(slug.as_str()))
        .select(StructureRow::as_select())
        .first(conn)
        .optional()?
        .map(StructureRecord::from)
        .ok_or_else(|| absent(WHAT, slug))
}

/// Gets one by id.
pub(crate) fn get(conn: &mut Conn, id: StructureId) -> Result<StructureRecord, Error> {
    structures::table
        .find(id.0)
        .select(StructureRow::as_select())
        .first(conn)
        .optional()?
        .map(StructureRecord::from)
        .ok_or_else(|| absent(WHAT, id))
}

/// Gets the newest point in the history of one.
pub(crate) fn point(conn: &mut Conn, id: StructureId) -> Result<HistoryPoint, Error> {
    structures::table
        .find(id.0)
        .select((structures::lineage, structures::serial))
        .first(conn)
        .optional()?
        .map(to_point)
        .ok_or_else(|| absent(WHAT, id))
}

/// Moves one to the next point in its history.
pub(super) fn next_point(conn: &mut Conn, id: StructureId) -> Result<HistoryPoint, Error> {
    let moved = diesel::update(structures::table.find(id.0))
        .set(structures::serial.eq(structures::serial + 1))
        .returning((structures::lineage, structures::serial))
        .get_result(conn)?;
    Ok(to_point(moved))
}

pub(super) fn to_point((lineage, serial): (String, i64)) -> HistoryPoint {
    let lineage = Uid::new(lineage);
    HistoryPoint { lineage, serial }
}

/// Gets one for the rest of the transaction: nobody else changes it. Refuses a deleted one.
pub(super) fn lock(conn: &mut Conn, id: StructureId) -> Result<StructureRecord, Error> {
    lock_structure(conn, id.0)?
        .map(StructureRecord::from)
        .filter(|record| record.delete_time.is_none())
        .ok_or_else(|| absent(WHAT, id))
}

/// Holds one, deleted or not, for the rest of the transaction.
pub(super) fn hold(conn: &mut Conn, id: StructureId) -> Result<(), Error> {
    lock_structure(conn, id.0)?
        .map(drop)
        .ok_or_else(|| absent(WHAT, id))
}

diesel::define_sql_function! {
    /// Lower case, of ASCII letters at least.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// Lists a page.
pub(crate) fn list(
    conn: &mut Conn,
    filter: &StructureFilter,
    after: Option<StructureId>,
    limit: usize,
) -> Result<Vec<StructureRecord>, Error> {
    let mut query = structures::table
        .filter(structures::id.gt(after.map_or(0, |id| id.0)))
        .order(structures::id)
        .limit(limit_of(limit))
        .select(StructureRow::as_select())
        .into_boxed();
    if !filter.show_deleted {
        query = query.filter(structures::delete_time.is_null());
    }
    if let Some(text) = &filter.name_contains {
        let pattern = pattern_containing(text);
        query = query.filter(lower(structures::display_name).like(pattern).escape('\\'));
    }
    Ok(query
        .load(conn)?
        .into_iter()
        .map(StructureRecord::from)
        .collect())
}

/// A pattern of LIKE for texts that contain `text` in any case.
fn pattern_containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character.to_ascii_lowercase());
    }
    pattern.push('%');
    pattern
}

/// Changes what people set.
pub(crate) fn update(
    conn: &mut Conn,
    id: StructureId,
    update: &StructureUpdate,
    expected_etag: Option<&str>,
    time: Timestamp,
) -> Result<StructureRecord, Error> {
    let stored = lock(conn, id)?;
    let etag = next_etag(WHAT, expected_etag, &stored.etag)?;
    let display_name = update.display_name.as_ref().unwrap_or(&stored.display_name);
    let description = update.description.as_ref().unwrap_or(&stored.description);
    diesel::update(structures::table.find(id.0))
        .set((
            structures::display_name.eq(display_name),
            structures::description.eq(description),
            structures::update_time.eq(time.0),
            structures::etag.eq(etag),
        ))
        .execute(conn)?;
    get(conn, id)
}

/// Marks one as deleted.
pub(crate) fn delete(
    conn: &mut Conn,
    id: StructureId,
    expected_etag: Option<&str>,
    time: Timestamp,
) -> Result<StructureRecord, Error> {
    let stored = lock(conn, id)?;
    let etag = next_etag(WHAT, expected_etag, &stored.etag)?;
    let live: Option<i64> = jobs::table
        .filter(jobs::structure.eq(id.0).and(jobs::end_time.is_null()))
        .order(jobs::id)
        .select(jobs::id)
        .first(conn)
        .optional()?;
    if let Some(job) = live {
        return Err(Error::JobInTheWay { job: JobId(job) });
    }
    synchronizers::disable_all(conn, id, time)?;
    set_deletion(conn, id, Some(time), etag, time)
}

/// Takes a deletion back.
pub(crate) fn undelete(
    conn: &mut Conn,
    id: StructureId,
    time: Timestamp,
) -> Result<StructureRecord, Error> {
    let stored: StructureRecord = lock_structure(conn, id.0)?
        .ok_or_else(|| absent(WHAT, id))?
        .into();
    if stored.delete_time.is_none() {
        return Ok(stored);
    }
    let etag = next_etag(WHAT, None, &stored.etag)?;
    set_deletion(conn, id, None, etag, time)
}

fn set_deletion(
    conn: &mut Conn,
    id: StructureId,
    delete_time: Option<Timestamp>,
    etag: i64,
    time: Timestamp,
) -> Result<StructureRecord, Error> {
    diesel::update(structures::table.find(id.0))
        .set((
            structures::delete_time.eq(delete_time.map(|time| time.0)),
            structures::update_time.eq(time.0),
            structures::etag.eq(etag),
        ))
        .execute(conn)?;
    get(conn, id)
}
