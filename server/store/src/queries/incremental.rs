//! Hints, mirrors, and what waits for an incremental sync.

use super::super::lock_schedule;
use super::{Conn, incremental_mirrors, jobs, structures};
use crate::codes::Code;
use crate::error::{Error, absent};
use crate::forest::HistoryPoint;
use crate::incremental::{Hint, NewHint, SyncState, SyncUpdate};
use crate::incremental_schema::{hints, mirrors, sync_states, tracker_cursors};
use crate::job::Lease;
use crate::schema::{synchronizers, trackers};
use diesel::dsl::max;
use diesel::prelude::*;
use resync_core::id::{ForestVersion, IssueId, StructureId, TrackerId};
use resync_core::job::Trigger;
use resync_core::synchronizer::State;
use resync_core::time::Timestamp;

/// Keeps hints. Whoever keeps some is alone, so that their numbers are in the order of commits,
/// and a reader who has taken in one number misses none below it.
pub(crate) fn record_hints(
    conn: &mut Conn,
    tracker: TrackerId,
    new: &[NewHint],
    trigger: Trigger,
    time: Timestamp,
) -> Result<usize, Error> {
    lock_schedule(conn)?;
    trackers::table
        .find(tracker.0)
        .select(trackers::id)
        .first::<i64>(conn)
        .optional()?
        .ok_or_else(|| absent("tracker", tracker))?;
    let mut kept = 0;
    for hint in new {
        kept += diesel::insert_into(hints::table)
            .values((
                hints::tracker.eq(tracker.0),
                hints::issue.eq(hint.issue.0),
                hints::source.eq(&hint.source),
                hints::time.eq(time.0),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    if kept > 0 {
        let following: Vec<i64> = mirrors::table
            .inner_join(synchronizers::table.on(synchronizers::id.eq(mirrors::synchronizer)))
            .filter(mirrors::tracker.eq(tracker.0))
            .filter(synchronizers::state.eq(State::Enabled.code()))
            .select(mirrors::structure)
            .distinct()
            .load(conn)?;
        for structure in following {
            mark_changed(conn, StructureId(structure), trigger, time)?;
        }
    }
    Ok(kept)
}

/// Notes that a structure has something to sync, if anything of it is followed.
pub(crate) fn mark_changed(
    conn: &mut Conn,
    structure: StructureId,
    trigger: Trigger,
    time: Timestamp,
) -> Result<(), Error> {
    let first = sync_states::table
        .find(structure.0)
        .filter(sync_states::first_change_time.is_null());
    diesel::update(first)
        .set((
            sync_states::first_change_time.eq(time.0),
            sync_states::cause.eq(trigger.code()),
        ))
        .execute(conn)?;
    diesel::update(sync_states::table.find(structure.0))
        .set((
            sync_states::last_change_time.eq(time.0),
            sync_states::change_count.eq(sync_states::change_count + 1),
        ))
        .execute(conn)?;
    Ok(())
}

/// Loads what a sync of a structure starts from.
pub(crate) fn load(conn: &mut Conn, structure: StructureId) -> Result<SyncState, Error> {
    let change_count: Option<i64> = sync_states::table
        .find(structure.0)
        .select(sync_states::change_count)
        .first(conn)
        .optional()?;
    let rows = incremental_mirrors::rows(conn, structure)?;
    let taken_in = rows.iter().map(|row| row.hint).min();
    let of: Vec<i64> = rows.iter().map(|row| row.tracker).collect();
    let waiting: Vec<(i64, i64, i64)> = hints::table
        .filter(hints::id.gt(taken_in.unwrap_or(i64::MAX)))
        .filter(hints::tracker.eq_any(&of))
        .order(hints::id)
        .select((hints::id, hints::tracker, hints::issue))
        .load(conn)?;
    let forgotten: Option<i64> = tracker_cursors::table
        .filter(tracker_cursors::tracker.eq_any(&of))
        .select(max(tracker_cursors::forgotten_hint))
        .first(conn)?;
    let mut loaded = Vec::with_capacity(rows.len());
    for row in rows {
        loaded.push(incremental_mirrors::load(conn, row)?);
    }
    Ok(SyncState {
        change_count: change_count.unwrap_or(0),
        mirrors: loaded,
        hints: waiting.into_iter().map(to_hint).collect(),
        newest_hint: newest_hint(conn)?,
        forgotten_hint: forgotten.unwrap_or(0),
    })
}

fn to_hint((id, tracker, issue): (i64, i64, i64)) -> Hint {
    Hint {
        id,
        tracker: TrackerId(tracker),
        issue: IssueId(issue),
    }
}

/// The newest hint of all; those that were forgotten count.
fn newest_hint(conn: &mut Conn) -> Result<i64, Error> {
    let kept: Option<i64> = hints::table.select(max(hints::id)).first(conn)?;
    let forgotten: Option<i64> = tracker_cursors::table
        .select(max(tracker_cursors::forgotten_hint))
        .first(conn)?;
    Ok(kept.max(forgotten).unwrap_or(0))
}

/// Keeps what a job leaves, with the commit that makes `version`.
pub(crate) fn record(
    conn: &mut Conn,
    structure: StructureId,
    update: &SyncUpdate,
    version: ForestVersion,
    time: Timestamp,
) -> Result<(), Error> {
    for mirror in &update.mirrors {
        incremental_mirrors::record(conn, structure, mirror, version, time)?;
    }
    match update.change_count {
        Some(taken_in) => settle_changes(conn, structure, taken_in, time),
        None => begin_following(conn, structure, update, time),
    }
}

/// What was taken in no longer waits; what was counted since does.
fn settle_changes(
    conn: &mut Conn,
    structure: StructureId,
    taken_in: i64,
    time: Timestamp,
) -> Result<(), Error> {
    let state = sync_states::table.find(structure.0);
    diesel::update(state)
        .set((
            sync_states::first_change_time.eq(None::<i64>),
            sync_states::last_change_time.eq(None::<i64>),
            sync_states::not_before.eq(None::<i64>),
        ))
        .execute(conn)?;
    let more = state.filter(sync_states::change_count.gt(taken_in));
    diesel::update(more)
        .set((
            sync_states::first_change_time.eq(time.0),
            sync_states::last_change_time.eq(time.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// After a resync its structure and its tracker are followed, and what it changed concerns the
/// other synchronizers.
fn begin_following(
    conn: &mut Conn,
    structure: StructureId,
    update: &SyncUpdate,
    time: Timestamp,
) -> Result<(), Error> {
    diesel::insert_into(sync_states::table)
        .values((
            sync_states::structure.eq(structure.0),
            sync_states::change_count.eq(0),
            sync_states::cause.eq(Trigger::StructureChange.code()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    for mirror in &update.mirrors {
        let tracker = incremental_mirrors::tracker_of(conn, mirror.synchronizer)?;
        diesel::insert_into(tracker_cursors::table)
            .values((
                tracker_cursors::tracker.eq(tracker),
                tracker_cursors::watermark.eq(mirror.swept_time.0),
                tracker_cursors::polled_time.eq(mirror.swept_time.0),
                tracker_cursors::due_time.eq(time.0),
                tracker_cursors::epoch.eq(0),
                tracker_cursors::failures.eq(0),
                tracker_cursors::forgotten_hint.eq(0),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    let own: Vec<i64> = update
        .mirrors
        .iter()
        .map(|mirror| mirror.synchronizer.0)
        .collect();
    let others: i64 = mirrors::table
        .filter(mirrors::structure.eq(structure.0))
        .filter(mirrors::synchronizer.ne_all(own))
        .count()
        .get_result(conn)?;
    if others > 0 {
        mark_changed(conn, structure, Trigger::StructureChange, time)?;
    }
    Ok(())
}

/// Keeps what a job leaves that commits nothing.
pub(crate) fn record_alone(
    conn: &mut Conn,
    lease: Lease,
    update: &SyncUpdate,
    point: &HistoryPoint,
    time: Timestamp,
) -> Result<(), Error> {
    jobs::lock_leased(conn, lease)?;
    let structure = jobs::get(conn, lease.job)?.job.structure;
    structures::hold(conn, structure)?;
    let actual = structures::point(conn, structure)?;
    if actual != *point {
        return Err(Error::Stale {
            what: "forest",
            expected: point.to_string(),
            actual: actual.to_string(),
        });
    }
    let version = structures::get(conn, structure)?.forest_version;
    record(conn, structure, update, version, time)
}
