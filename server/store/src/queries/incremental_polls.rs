//! Polls of trackers, and how far synchronizers are.

use super::super::lock_schedule;
use super::Conn;
use super::incremental::record_hints;
use super::incremental_mirrors::taken_in_by_all;
use crate::codes::Code;
use crate::error::Error;
use crate::incremental::{HINT_RETENTION_MS, Poll, Polled, SyncStatus};
use crate::incremental_schema::{hints, mirrors, tracker_cursors};
use crate::schema::synchronizers;
use diesel::dsl::max;
use diesel::prelude::*;
use resync_core::id::{SynchronizerId, TrackerId};
use resync_core::incremental::Cursor;
use resync_core::job::Trigger;
use resync_core::synchronizer::State;
use resync_core::time::Timestamp;

/// Claims a poll.
pub(crate) fn claim(conn: &mut Conn, now: Timestamp, lease_ms: i64) -> Result<Option<Poll>, Error> {
    let Some(tracker) = next_due(conn, now)? else {
        return Ok(None);
    };
    lock_schedule(conn)?;
    let claimed: Option<(i64, i32, i64)> = diesel::update(tracker_cursors::table.find(tracker))
        .filter(tracker_cursors::due_time.le(now.0))
        .set((
            tracker_cursors::due_time.eq(now.plus_milliseconds(lease_ms).0),
            tracker_cursors::epoch.eq(tracker_cursors::epoch + 1),
        ))
        .returning((
            tracker_cursors::watermark,
            tracker_cursors::failures,
            tracker_cursors::epoch,
        ))
        .get_result(conn)
        .optional()?;
    Ok(claimed.map(|(watermark, failures, epoch)| Poll {
        tracker: TrackerId(tracker),
        cursor: Cursor(Timestamp(watermark)),
        failures,
        epoch,
    }))
}

/// A tracker whose poll is due, if a synchronizer follows it.
fn next_due(conn: &mut Conn, now: Timestamp) -> Result<Option<i64>, Error> {
    let due: Vec<i64> = tracker_cursors::table
        .filter(tracker_cursors::due_time.le(now.0))
        .order(tracker_cursors::due_time)
        .select(tracker_cursors::tracker)
        .load(conn)?;
    for tracker in due {
        let followed: i64 = mirrors::table
            .inner_join(synchronizers::table.on(synchronizers::id.eq(mirrors::synchronizer)))
            .filter(mirrors::tracker.eq(tracker))
            .filter(synchronizers::state.eq(State::Enabled.code()))
            .count()
            .get_result(conn)?;
        if followed > 0 {
            return Ok(Some(tracker));
        }
    }
    Ok(None)
}

/// Keeps what a poll found.
pub(crate) fn finish(conn: &mut Conn, poll: &Poll, polled: &Polled) -> Result<usize, Error> {
    let own = tracker_cursors::table
        .find(poll.tracker.0)
        .filter(tracker_cursors::epoch.eq(poll.epoch));
    let held = diesel::update(own)
        .set((
            tracker_cursors::watermark.eq(polled.cursor.0.0),
            tracker_cursors::polled_time.eq(polled.time.0),
            tracker_cursors::due_time.eq(polled.due_time.0),
            tracker_cursors::failures.eq(0),
        ))
        .execute(conn)?;
    if held == 0 {
        return Ok(0);
    }
    let news = record_hints(
        conn,
        poll.tracker,
        &polled.hints,
        Trigger::Poll,
        polled.time,
    )?;
    forget_old(conn, poll.tracker, polled.time)?;
    Ok(news)
}

/// Forgets hints that are old enough and that every mirror has.
fn forget_old(conn: &mut Conn, tracker: TrackerId, now: Timestamp) -> Result<(), Error> {
    let taken_in = taken_in_by_all(conn, tracker)?.unwrap_or(i64::MAX);
    let old = hints::tracker
        .eq(tracker.0)
        .and(hints::time.lt(now.plus_milliseconds(-HINT_RETENTION_MS).0))
        .and(hints::id.le(taken_in));
    let newest: Option<i64> = hints::table
        .filter(old)
        .select(max(hints::id))
        .first(conn)?;
    if let Some(newest) = newest {
        diesel::delete(hints::table.filter(old)).execute(conn)?;
        diesel::update(tracker_cursors::table.find(tracker.0))
            .set(tracker_cursors::forgotten_hint.eq(newest))
            .execute(conn)?;
    }
    Ok(())
}

/// Notes a poll that failed.
pub(crate) fn fail(conn: &mut Conn, poll: &Poll, due_time: Timestamp) -> Result<(), Error> {
    let own = tracker_cursors::table
        .find(poll.tracker.0)
        .filter(tracker_cursors::epoch.eq(poll.epoch));
    diesel::update(own)
        .set((
            tracker_cursors::due_time.eq(due_time.0),
            tracker_cursors::failures.eq(tracker_cursors::failures + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// How far a synchronizer is.
pub(crate) fn status(conn: &mut Conn, id: SynchronizerId) -> Result<Option<SyncStatus>, Error> {
    let mirror: Option<(i64, i64, i64)> = mirrors::table
        .inner_join(synchronizers::table.on(synchronizers::id.eq(mirrors::synchronizer)))
        .filter(mirrors::synchronizer.eq(id.0))
        .filter(synchronizers::state.eq(State::Enabled.code()))
        .select((mirrors::tracker, mirrors::hint, mirrors::synced_time))
        .first(conn)
        .optional()?;
    let Some((tracker, hint, synced_time)) = mirror else {
        return Ok(None);
    };
    let pending_changes: i64 = hints::table
        .filter(hints::tracker.eq(tracker).and(hints::id.gt(hint)))
        .count()
        .get_result(conn)?;
    let polled: Option<i64> = tracker_cursors::table
        .find(tracker)
        .select(tracker_cursors::polled_time)
        .first(conn)
        .optional()?;
    // A poll without news is as good as a sync.
    let through = polled
        .filter(|_| pending_changes == 0)
        .map_or(synced_time, |polled| polled.max(synced_time));
    Ok(Some(SyncStatus {
        synced_through_time: Timestamp(through),
        pending_changes,
    }))
}
