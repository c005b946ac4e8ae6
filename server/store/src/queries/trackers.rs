//! Tracker connections.

use super::{Conn, next_etag, requests, synchronizers};
use crate::blob::to_json_opt;
use crate::codes::Code;
use crate::error::{Error, absent, taken};
use crate::request::RequestRecord;
use crate::rows::tracker::{NewTrackerRow, SettingsColumns, TrackerRow};
use crate::schema::{observations, rows, trackers};
use crate::tracker::{NewTracker, TrackerContact, TrackerRecord, TrackerSettings};
use diesel::prelude::*;
use resync_core::id::{Slug, TrackerId};
use resync_core::time::Timestamp;

const WHAT: &str = "tracker";

/// How exact the time of the last contact is, in milliseconds: a busy tracker answers many times a
/// second, and people want to know whether it does at all.
const CONTACT_STEP_MS: i64 = 60_000;

/// Creates one.
pub(crate) fn create(
    conn: &mut Conn,
    new: &NewTracker,
    request: Option<&RequestRecord>,
) -> Result<TrackerRecord, Error> {
    requests::begin(conn, request)?;
    let record: TrackerRecord = diesel::insert_into(trackers::table)
        .values(NewTrackerRow::new(new)?)
        .returning(TrackerRow::as_returning())
        .get_result(conn)
        .map_err(|error| taken(error, WHAT, new.slug.as_str()))?
        .try_into()?;
    requests::finish(conn, request, record.id.0)?;
    Ok(record)
}

/// Gets one by slug.
pub(crate) fn get_by_slug(conn: &mut Conn, slug: &Slug) -> Result<TrackerRecord, Error> {
    trackers::table
        .filter(trackers::slug.eq(slug.as_str()))
        .select(TrackerRow::as_select())
        .first(conn)
        .optional()?
        .ok_or_else(|| absent(WHAT, slug))?
        .try_into()
}

/// Gets one by id.
pub(crate) fn get(conn: &mut Conn, id: TrackerId) -> Result<TrackerRecord, Error> {
    trackers::table
        .find(id.0)
        .select(TrackerRow::as_select())
        .first(conn)
        .optional()?
        .ok_or_else(|| absent(WHAT, id))?
        .try_into()
}

/// Lists them.
pub(crate) fn list(conn: &mut Conn) -> Result<Vec<TrackerRecord>, Error> {
    trackers::table
        .order(trackers::id)
        .select(TrackerRow::as_select())
        .load(conn)?
        .into_iter()
        .map(TrackerRecord::try_from)
        .collect()
}

/// Changes what people set.
pub(crate) fn update(
    conn: &mut Conn,
    id: TrackerId,
    settings: &TrackerSettings,
    expected_etag: Option<&str>,
    time: Timestamp,
) -> Result<TrackerRecord, Error> {
    let stored = get(conn, id)?;
    let etag = next_etag(WHAT, expected_etag, &stored.etag)?;
    let hit = diesel::update(
        trackers::table
            .find(id.0)
            .filter(trackers::etag.eq(etag - 1)),
    )
    .set((
        SettingsColumns::new(settings, etag, time)?,
        trackers::last_error.eq(None::<String>),
    ))
    .execute(conn)?;
    let record = get(conn, id)?;
    if hit == 0 {
        return Err(Error::Stale {
            what: WHAT,
            expected: stored.etag,
            actual: record.etag,
        });
    }
    Ok(record)
}

/// Notes what was learnt by talking to one.
pub(crate) fn note_contact(
    conn: &mut Conn,
    id: TrackerId,
    contact: &TrackerContact,
) -> Result<(), Error> {
    let stored = get(conn, id)?;
    let is_news = stored.state != contact.state || stored.last_error != contact.last_error;
    let is_later = contact.contact_time.is_some_and(|time| {
        stored
            .last_contact_time
            .is_none_or(|last| time.0 - last.0 >= CONTACT_STEP_MS)
    });
    if !is_news && !is_later {
        return Ok(());
    }
    let contact_time = contact.contact_time.max(stored.last_contact_time);
    diesel::update(trackers::table.find(id.0))
        .set((
            trackers::state.eq(contact.state.code()),
            trackers::last_error.eq(to_json_opt(contact.last_error.as_ref())?),
            trackers::last_contact_time.eq(contact_time.map(|time| time.0)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Deletes one.
pub(crate) fn delete(
    conn: &mut Conn,
    id: TrackerId,
    expected_etag: Option<&str>,
) -> Result<(), Error> {
    let stored = get(conn, id)?;
    next_etag(WHAT, expected_etag, &stored.etag)?;
    let count = synchronizers::count_by_tracker(conn, id)?;
    if count > 0 {
        return Err(Error::InUse {
            what: WHAT,
            count,
            users: "synchronizers",
        });
    }
    let count = rows::table
        .filter(rows::tracker.eq(id.0))
        .count()
        .get_result(conn)?;
    if count > 0 {
        return Err(Error::InUse {
            what: WHAT,
            count,
            users: "rows",
        });
    }
    diesel::delete(observations::table.filter(observations::tracker.eq(id.0))).execute(conn)?;
    diesel::delete(trackers::table.find(id.0)).execute(conn)?;
    Ok(())
}
