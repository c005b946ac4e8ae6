//! Jobs of incremental syncs: which are due, and which are kept.

use super::super::lock_schedule;
use super::{Conn, jobs as job_queries, structures};
use crate::codes::Code;
use crate::error::Error;
use crate::incremental::{DueSync, nobody};
use crate::incremental_schema::{mirrors, sync_states};
use crate::job::{JobRecord, NewJob};
use crate::schema::{jobs, synchronizers};
use diesel::prelude::*;
use resync_core::id::{JobId, Principal, StructureId, Uid};
use resync_core::incremental::{Timing, Waiting, due};
use resync_core::job::{Authorization, ChangeLimits, JobKind, JobRequest, JobState, Trigger};
use resync_core::synchronizer::State;
use resync_core::time::Timestamp;
use std::collections::BTreeMap;

#[derive(Queryable, Selectable)]
#[diesel(table_name = sync_states)]
struct StateRow {
    structure: i64,
    first_change_time: Option<i64>,
    last_change_time: Option<i64>,
    cause: String,
    not_before: Option<i64>,
}

/// Which structures are due. One look into two small tables, since it is asked every second.
pub(crate) fn due_syncs(
    conn: &mut Conn,
    now: Timestamp,
    timing: &Timing,
) -> Result<Vec<DueSync>, Error> {
    let followed: Vec<(i64, bool, i64, i64)> = mirrors::table
        .inner_join(synchronizers::table.on(synchronizers::id.eq(mirrors::synchronizer)))
        .filter(synchronizers::state.eq(State::Enabled.code()))
        .select((
            mirrors::structure,
            mirrors::volatile,
            mirrors::swept_time,
            mirrors::listed_time,
        ))
        .load(conn)?;
    if followed.is_empty() {
        return Ok(Vec::new());
    }
    let mut waiting: BTreeMap<i64, Waiting> = BTreeMap::new();
    for (structure, volatile, swept, listed) in followed {
        let entry = waiting.entry(structure).or_default();
        let oldest = |known: Option<Timestamp>, time: i64| {
            Some(known.map_or(Timestamp(time), |known| known.min(Timestamp(time))))
        };
        entry.swept = oldest(entry.swept, swept);
        if volatile {
            entry.evaluated = oldest(entry.evaluated, listed);
        }
    }
    let states: Vec<StateRow> = sync_states::table
        .order(sync_states::structure)
        .select(StateRow::as_select())
        .load(conn)?;
    let mut found = Vec::new();
    for state in states {
        let Some(mut waiting) = waiting.remove(&state.structure) else {
            continue;
        };
        waiting.first_change = state.first_change_time.map(Timestamp);
        waiting.last_change = state.last_change_time.map(Timestamp);
        waiting.not_before = state.not_before.map(Timestamp);
        let due = due(&waiting, timing).filter(|due| due.time <= now);
        let structure = StructureId(state.structure);
        if let Some(due) = due
            && live(conn, structure)?.is_none()
        {
            let trigger = match due.cause {
                resync_core::incremental::Cause::Changes => Trigger::from_code(&state.cause)?,
                _ => Trigger::Schedule,
            };
            found.push(DueSync {
                structure,
                due,
                trigger,
            });
        }
    }
    Ok(found)
}

fn live(conn: &mut Conn, structure: StructureId) -> Result<Option<i64>, Error> {
    Ok(jobs::table
        .filter(jobs::end_time.is_null())
        .filter(jobs::structure.eq(structure.0))
        .filter(jobs::kind.eq(JobKind::IncrementalSync.code()))
        .select(jobs::id)
        .first(conn)
        .optional()?)
}

/// Creates the job, if there is none yet.
pub(crate) fn create(
    conn: &mut Conn,
    due: &DueSync,
    uid: &Uid,
    now: Timestamp,
) -> Result<Option<JobRecord>, Error> {
    lock_schedule(conn)?;
    if structures::lock(conn, due.structure).is_err() || live(conn, due.structure)?.is_some() {
        return Ok(None);
    }
    let Some(creator) = run_as(conn, due.structure)? else {
        return Ok(None);
    };
    let new = NewJob {
        uid: uid.clone(),
        kind: JobKind::IncrementalSync,
        structure: due.structure,
        synchronizer: None,
        rule: None,
        synchronizer_etag: String::new(),
        request: JobRequest {
            direction: None,
            authorization: Authorization::Incremental,
            limits: ChangeLimits::default(),
            enable_synchronizer: false,
            reason: String::new(),
        },
        trigger: due.trigger,
        creator,
        time: now,
    };
    job_queries::create(conn, &new, false, None).map(Some)
}

/// On whose behalf the synchronizers that are followed work; `None` when there are none.
fn run_as(conn: &mut Conn, structure: StructureId) -> Result<Option<Principal>, Error> {
    let mut names: Vec<String> = mirrors::table
        .inner_join(synchronizers::table.on(synchronizers::id.eq(mirrors::synchronizer)))
        .filter(mirrors::structure.eq(structure.0))
        .filter(synchronizers::state.eq(State::Enabled.code()))
        .select(synchronizers::run_as)
        .distinct()
        .load(conn)?;
    Ok(match names.pop() {
        Some(_) if !names.is_empty() => Some(nobody()),
        only => only.map(Principal::new),
    })
}

/// Puts the next one off.
pub(crate) fn delay(
    conn: &mut Conn,
    structure: StructureId,
    not_before: Timestamp,
) -> Result<(), Error> {
    diesel::update(sync_states::table.find(structure.0))
        .set(sync_states::not_before.eq(not_before.0))
        .execute(conn)?;
    Ok(())
}

/// Forgets those that had no effect.
pub(crate) fn forget_idle(
    conn: &mut Conn,
    structure: StructureId,
    kept: JobId,
) -> Result<(), Error> {
    let idle = jobs::table
        .filter(jobs::structure.eq(structure.0))
        .filter(jobs::kind.eq(JobKind::IncrementalSync.code()))
        .filter(jobs::state.eq(JobState::Succeeded.code()))
        .filter(jobs::result_forest_version.is_null())
        .filter(jobs::id.ne(kept.0));
    diesel::delete(idle).execute(conn)?;
    Ok(())
}
