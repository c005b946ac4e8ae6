//! Mirrors: what each synchronizer has read, by ids alone.

use super::Conn;
use crate::blob::{from_blob, to_blob};
use crate::codes::Code;
use crate::error::{Error, absent};
use crate::incremental::Mirror;
use crate::incremental_schema::{mirror_chunks, mirrors};
use crate::schema::synchronizers;
use diesel::dsl::min;
use diesel::prelude::*;
use resync_core::id::{ForestVersion, IssueId, StructureId, SynchronizerId, TrackerId};
use resync_core::synchronizer::State;
use resync_core::time::Timestamp;

/// Issues, or pairs of them, in one blob of a mirror: about 20 or 40 KiB.
const ISSUES_PER_CHUNK: usize = 10_000;

/// The parts of a mirror, as they are numbered in the store.
const PART_ISSUES: i16 = 0;
const PART_PAIRS: i16 = 1;
const PART_SUBTASKS: i16 = 2;

/// What a damaged chunk is called.
const MIRROR: &str = "the issues of a mirror";

/// The rows of the mirrors of a structure's enabled synchronizers, in declared order.
pub(super) fn rows(conn: &mut Conn, structure: StructureId) -> Result<Vec<MirrorRow>, Error> {
    Ok(mirrors::table
        .inner_join(synchronizers::table.on(synchronizers::id.eq(mirrors::synchronizer)))
        .filter(mirrors::structure.eq(structure.0))
        .filter(synchronizers::state.eq(State::Enabled.code()))
        .order(synchronizers::ordinal)
        .select(MirrorRow::as_select())
        .load(conn)?)
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = mirrors)]
pub(super) struct MirrorRow {
    synchronizer: i64,
    structure: i64,
    pub(super) tracker: i64,
    volatile: bool,
    pub(super) hint: i64,
    forest_version: i64,
    swept_time: i64,
    listed_time: i64,
    synced_time: i64,
}

/// Loads the mirror of a row.
pub(super) fn load(conn: &mut Conn, row: MirrorRow) -> Result<Mirror, Error> {
    let blobs: Vec<(i16, Vec<u8>)> = mirror_chunks::table
        .filter(mirror_chunks::synchronizer.eq(row.synchronizer))
        .order((mirror_chunks::part, mirror_chunks::chunk))
        .select((mirror_chunks::part, mirror_chunks::issues))
        .load(conn)?;
    let (mut issues, mut pairs, mut subtasks) = (Vec::new(), Vec::new(), Vec::new());
    for (part, blob) in blobs {
        let ids = from_steps(&blob)?;
        match part {
            PART_ISSUES => issues.extend(ids),
            PART_PAIRS => {
                let (firsts, seconds) = ids.split_at(ids.len() / 2);
                pairs.extend(firsts.iter().copied().zip(seconds.iter().copied()));
            }
            PART_SUBTASKS => subtasks.extend(ids),
            _ => return Err(Error::Corrupt { what: MIRROR }),
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
        pairs: Some(pairs.into()),
        subtasks: Some(subtasks.into()),
    })
}

/// Reads the ids of a chunk.
fn from_steps(blob: &[u8]) -> Result<Vec<IssueId>, Error> {
    let mut id = 0_i64;
    let steps = from_blob::<i64>(blob, MIRROR)?;
    let ids = steps.into_iter().map(|step| {
        id = id.wrapping_add(step);
        IssueId(id)
    });
    Ok(ids.collect())
}

/// Writes the ids of a chunk: differences are small where the ids themselves are not.
fn to_steps(ids: impl Iterator<Item = IssueId>) -> Result<Vec<u8>, Error> {
    let mut before = 0;
    let step = |id: IssueId| id.0.wrapping_sub(std::mem::replace(&mut before, id.0));
    let steps: Vec<i64> = ids.map(step).collect();
    to_blob(&steps)
}

/// Keeps a mirror as of a version of the forest.
pub(super) fn record(
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
    let own = mirror.synchronizer;
    if let Some(issues) = &mirror.issues {
        write_part(conn, own, PART_ISSUES, issues, |ids| {
            to_steps(ids.iter().copied())
        })?;
    }
    if let Some(pairs) = &mirror.pairs {
        write_part(conn, own, PART_PAIRS, pairs, |pairs| {
            let firsts = pairs.iter().map(|pair| pair.0);
            to_steps(firsts.chain(pairs.iter().map(|pair| pair.1)))
        })?;
    }
    if let Some(subtasks) = &mirror.subtasks {
        write_part(conn, own, PART_SUBTASKS, subtasks, |ids| {
            to_steps(ids.iter().copied())
        })?;
    }
    Ok(())
}

/// Puts a list in the place of the one that is stored.
fn write_part<T>(
    conn: &mut Conn,
    synchronizer: SynchronizerId,
    part: i16,
    all: &[T],
    blob: impl Fn(&[T]) -> Result<Vec<u8>, Error>,
) -> Result<(), Error> {
    let own = mirror_chunks::synchronizer.eq(synchronizer.0);
    let stored = mirror_chunks::table.filter(own);
    diesel::delete(stored.filter(mirror_chunks::part.eq(part))).execute(conn)?;
    for (chunk, some) in (0_i64..).zip(all.chunks(ISSUES_PER_CHUNK)) {
        diesel::insert_into(mirror_chunks::table)
            .values((
                own,
                mirror_chunks::part.eq(part),
                mirror_chunks::chunk.eq(chunk),
                mirror_chunks::issues.eq(blob(some)?),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// The tracker of a synchronizer.
pub(super) fn tracker_of(conn: &mut Conn, synchronizer: SynchronizerId) -> Result<i64, Error> {
    synchronizers::table
        .find(synchronizer.0)
        .select(synchronizers::tracker)
        .first(conn)
        .optional()?
        .ok_or_else(|| absent("synchronizer", synchronizer))
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
