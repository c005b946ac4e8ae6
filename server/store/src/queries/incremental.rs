//! Hints, mirrors, and what waits for an incremental sync.

use super::super::lock_schedule;
use super::{Conn, jobs, structures};
use crate::blob::{from_blob, to_blob};
use crate::codes::Code;
use crate::error::{Error, absent};
use crate::forest::HistoryPoint;
use crate::incremental::{Hint, Mirror, NewHint, SyncState, SyncUpdate};
use crate::incremental_schema::{hints, mirror_chunks, mirrors, sync_states, tracker_cursors};
use crate::job::Lease;
use crate::schema::{synchronizers, trackers};
use diesel::dsl::{max, min};
use diesel::prelude::*;
use resync_core::id::{ForestVersion, IssueId, StructureId, SynchronizerId, TrackerId};
use resync_core::job::Trigger;
use resync_core::synchronizer::State;
use resync_core::time::Timestamp;

/// Issues in one blob of a mirror: about 20 KiB.
const ISSUES_PER_CHUNK: usize = 10_000;

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
    let rows: Vec<MirrorRow> = mirrors::table
        .inner_join(synchronizers::table.on(synchronizers::id.eq(mirrors::synchronizer)))
        .filter(mirrors::structure.eq(structure.0))
        .filter(synchronizers::state.eq(State::Enabled.code()))
        .order(synchronizers::ordinal)
        .select(MirrorRow::as_select())
        .load(conn)?;
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
        loaded.push(load_mirror(conn, row)?);
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

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = mirrors)]
struct MirrorRow {
    synchronizer: i64,
    structure: i64,
    tracker: i64,
    volatile: bool,
    hint: i64,
    forest_version: i64,
    swept_time: i64,
    listed_time: i64,
    synced_time: i64,
}

fn load_mirror(conn: &mut Conn, row: MirrorRow) -> Result<Mirror, Error> {
    let blobs: Vec<Vec<u8>> = mirror_chunks::table
        .filter(mirror_chunks::synchronizer.eq(row.synchronizer))
        .order(mirror_chunks::chunk)
        .select(mirror_chunks::issues)
        .load(conn)?;
    let mut issues = Vec::new();
    for blob in blobs {
        let mut id = 0_i64;
        for step in from_blob::<i64>(&blob, "the issues of a mirror")? {
            id = id.wrapping_add(step);
            issues.push(IssueId(id));
        }
    }
    Ok(Mirror {
        synchronizer: SynchronizerId(row.synchronizer),
        volatile: row.volatile,
        hint: row.hint,
        forest_version: ForestVersion(row.forest_version),
        swept_time: Timestamp(row.swept_time),
        listed_time: Timestamp(row.listed_time),
        issues: Some(issues.into()),
    })
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
        record_mirror(conn, structure, mirror, version, time)?;
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
        let tracker = tracker_of(conn, mirror.synchronizer)?;
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

fn tracker_of(conn: &mut Conn, synchronizer: SynchronizerId) -> Result<i64, Error> {
    synchronizers::table
        .find(synchronizer.0)
        .select(synchronizers::tracker)
        .first(conn)
        .optional()?
        .ok_or_else(|| absent("synchronizer", synchronizer))
}

fn record_mirror(
    conn: &mut Conn,
    structure: StructureId,
    mirror: &Mirror,
    version: ForestVersion,
    time: Timestamp,
) -> Result<(), Error> {
    let row = MirrorRow {
        synchronizer: mirror.synchronizer.0,
        structure: structure.0,
        tracker: tracker_of(conn, mirror.synchronizer)?,
        volatile: mirror.volatile,
        hint: mirror.hint,
        forest_version: version.0,
        swept_time: mirror.swept_time.0,
        listed_time: mirror.listed_time.0,
        synced_time: time.0,
    };
    diesel::insert_into(mirrors::table)
        .values(&row)
        .on_conflict(mirrors::synchronizer)
        .do_update()
        .set(&row)
        .execute(conn)?;
    let Some(issues) = &mirror.issues else {
        return Ok(());
    };
    let own = mirror_chunks::synchronizer.eq(mirror.synchronizer.0);
    diesel::delete(mirror_chunks::table.filter(own)).execute(conn)?;
    for (chunk, ids) in (0_i64..).zip(issues.chunks(ISSUES_PER_CHUNK)) {
        let mut before = 0;
        let step = |id: &IssueId| id.0.wrapping_sub(std::mem::replace(&mut before, id.0));
        let steps: Vec<i64> = ids.iter().map(step).collect();
        diesel::insert_into(mirror_chunks::table)
            .values((
                own,
                mirror_chunks::chunk.eq(chunk),
                mirror_chunks::issues.eq(to_blob(&steps)?),
            ))
            .execute(conn)?;
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

/// Forgets what was read for a synchronizer: it is followed again after its next resync.
pub(crate) fn forget_mirror(conn: &mut Conn, id: SynchronizerId) -> Result<(), Error> {
    diesel::delete(mirrors::table.find(id.0)).execute(conn)?;
    Ok(())
}

/// The last hint that every mirror of a tracker has taken in; `None` when there is no mirror.
pub(super) fn taken_in_by_all(conn: &mut Conn, tracker: TrackerId) -> Result<Option<i64>, Error> {
    Ok(mirrors::table
        .filter(mirrors::tracker.eq(tracker.0))
        .select(min(mirrors::hint))
        .first(conn)?)
}
