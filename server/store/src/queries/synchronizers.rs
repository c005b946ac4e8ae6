//! Synchronizers.

use super::super::lock_schedule;
use super::{Conn, forest, incremental, incremental_mirrors, next_etag, requests, structures};
use crate::blob::{to_json, to_json_opt};
use crate::codes::Code;
use crate::error::{Error, absent, taken};
use crate::request::RequestRecord;
use crate::rows::synchronizer::{NewSynchronizerRow, SynchronizerRow};
use crate::schema::{jobs, synchronizers, trackers};
use crate::synchronizer::{
    NewSynchronizer, SynchronizerFilter, SynchronizerRecord, SynchronizerUpdate,
};
use diesel::dsl::max;
use diesel::prelude::*;
use resync_core::id::{JobId, Slug, StructureId, SynchronizerId, TrackerId};
use resync_core::job::{JobKind, JobState, Trigger};
use resync_core::problem::Problem;
use resync_core::synchronizer::State;
use resync_core::time::Timestamp;

const WHAT: &str = "synchronizer";

/// Installs one.
pub(crate) fn create(
    conn: &mut Conn,
    new: &NewSynchronizer,
    request: Option<&RequestRecord>,
) -> Result<SynchronizerRecord, Error> {
    requests::begin(conn, request)?;
    structures::lock(conn, new.structure)?;
    let tracker = new.rule.tracker;
    trackers::table
        .find(tracker.0)
        .select(trackers::id)
        .first::<i64>(conn)
        .optional()?
        .ok_or_else(|| absent("tracker", tracker))?;
    let last: Option<i64> = synchronizers::table
        .filter(synchronizers::structure.eq(new.structure.0))
        .select(max(synchronizers::ordinal))
        .first(conn)?;
    let record: SynchronizerRecord = diesel::insert_into(synchronizers::table)
        .values(NewSynchronizerRow::new(new, last.unwrap_or(0) + 1)?)
        .returning(SynchronizerRow::as_returning())
        .get_result(conn)
        .map_err(|error| taken(error, WHAT, new.slug.as_str()))?
        .try_into()?;
    requests::finish(conn, request, record.id.0)?;
    Ok(record)
}

/// Gets one by slug.
pub(crate) fn get_by_slug(
    conn: &mut Conn,
    structure: StructureId,
    slug: &Slug,
) -> Result<SynchronizerRecord, Error> {
    synchronizers::table
        .filter(synchronizers::structure.eq(structure.0))
        .filter(synchronizers::slug.eq(slug.as_str()))
        .select(SynchronizerRow::as_select())
        .first(conn)
        .optional()?
        .ok_or_else(|| absent(WHAT, slug))?
        .try_into()
}

/// Gets one by id.
pub(crate) fn get(conn: &mut Conn, id: SynchronizerId) -> Result<SynchronizerRecord, Error> {
    synchronizers::table
        .find(id.0)
        .select(SynchronizerRow::as_select())
        .first(conn)
        .optional()?
        .ok_or_else(|| absent(WHAT, id))?
        .try_into()
}

/// Gets one for the rest of the transaction, by holding its structure.
fn lock(conn: &mut Conn, id: SynchronizerId) -> Result<SynchronizerRecord, Error> {
    let record = get(conn, id)?;
    structures::hold(conn, record.structure)?;
    get(conn, id)
}

/// Lists them.
pub(crate) fn list(
    conn: &mut Conn,
    filter: SynchronizerFilter,
) -> Result<Vec<SynchronizerRecord>, Error> {
    let mut query = synchronizers::table
        .order((synchronizers::structure, synchronizers::ordinal))
        .select(SynchronizerRow::as_select())
        .into_boxed();
    if let Some(structure) = filter.structure {
        query = query.filter(synchronizers::structure.eq(structure.0));
    }
    if let Some(tracker) = filter.tracker {
        query = query.filter(synchronizers::tracker.eq(tracker.0));
    }
    if let Some(state) = filter.state {
        query = query.filter(synchronizers::state.eq(state.code()));
    }
    query
        .load(conn)?
        .into_iter()
        .map(SynchronizerRecord::try_from)
        .collect()
}

/// Counts those of a tracker.
pub(crate) fn count_by_tracker(conn: &mut Conn, tracker: TrackerId) -> Result<i64, Error> {
    Ok(synchronizers::table
        .filter(synchronizers::tracker.eq(tracker.0))
        .count()
        .get_result(conn)?)
}

/// Changes what people set.
pub(crate) fn update(
    conn: &mut Conn,
    id: SynchronizerId,
    update: &SynchronizerUpdate,
    expected_etag: Option<&str>,
    time: Timestamp,
) -> Result<SynchronizerRecord, Error> {
    let stored = lock(conn, id)?;
    let etag = next_etag(WHAT, expected_etag, &stored.etag)?;
    if stored.state == State::Enabled {
        let state = stored.state.code();
        return Err(Error::StateNotAllowed {
            action: "update synchronizer",
            state,
        });
    }
    let settings = update.settings.as_ref().unwrap_or(&stored.rule.settings);
    if *settings != stored.rule.settings {
        incremental_mirrors::forget_mirror(conn, id)?;
        // What a running job has read was for the settings before, so that it may not commit it.
        structures::next_point(conn, stored.structure)?;
    }
    diesel::update(synchronizers::table.find(id.0))
        .set((
            synchronizers::display_name
                .eq(update.display_name.as_ref().unwrap_or(&stored.display_name)),
            synchronizers::settings.eq(to_json(settings)?),
            synchronizers::run_as.eq(update.run_as.as_ref().unwrap_or(&stored.run_as).as_str()),
            synchronizers::update_time.eq(time.0),
            synchronizers::etag.eq(etag),
        ))
        .execute(conn)?;
    get(conn, id)
}

/// Disables all of a structure.
pub(super) fn disable_all(
    conn: &mut Conn,
    structure: StructureId,
    time: Timestamp,
) -> Result<(), Error> {
    let filter = SynchronizerFilter {
        structure: Some(structure),
        ..SynchronizerFilter::default()
    };
    for one in list(conn, filter)? {
        if one.state != State::Disabled {
            let error = one.last_error.as_ref();
            set_state(conn, one.id, State::Disabled, error, None, time)?;
        }
    }
    Ok(())
}

/// Sets the state and the last error.
pub(crate) fn set_state(
    conn: &mut Conn,
    id: SynchronizerId,
    state: State,
    last_error: Option<&Problem>,
    expected_etag: Option<&str>,
    time: Timestamp,
) -> Result<SynchronizerRecord, Error> {
    let stored = lock(conn, id)?;
    let etag = next_etag(WHAT, expected_etag, &stored.etag)?;
    diesel::update(synchronizers::table.find(id.0))
        .set(synchronizers::last_error.eq(to_json_opt(last_error)?))
        .execute(conn)?;
    if stored.state != state {
        diesel::update(synchronizers::table.find(id.0))
            .set((
                synchronizers::state.eq(state.code()),
                synchronizers::update_time.eq(time.0),
                synchronizers::etag.eq(etag),
            ))
            .execute(conn)?;
        if state == State::Enabled {
            let trigger = Trigger::StructureChange;
            incremental::mark_changed(conn, stored.structure, trigger, time)?;
        }
    }
    get(conn, id)
}

/// Notes a resync that succeeded.
pub(crate) fn set_base(
    conn: &mut Conn,
    id: SynchronizerId,
    settings_hash: &str,
    time: Timestamp,
) -> Result<SynchronizerRecord, Error> {
    diesel::update(synchronizers::table.find(id.0))
        .set((
            synchronizers::base_settings_hash.eq(settings_hash),
            synchronizers::last_resync_time.eq(time.0),
        ))
        .execute(conn)?;
    get(conn, id)
}

/// Removes one.
pub(crate) fn delete(
    conn: &mut Conn,
    id: SynchronizerId,
    expected_etag: Option<&str>,
) -> Result<(), Error> {
    // A job must not start between the look at the jobs and the end of the transaction.
    lock_schedule(conn)?;
    let stored = lock(conn, id)?;
    next_etag(WHAT, expected_etag, &stored.etag)?;
    if let Some(job) = job_in_the_way(conn, &stored)? {
        return Err(Error::JobInTheWay { job });
    }
    forest::inherit_claims(conn, stored.structure, id)?;
    structures::next_point(conn, stored.structure)?;
    diesel::delete(synchronizers::table.find(id.0)).execute(conn)?;
    Ok(())
}

/// A job of the synchronizer that has not ended, or one that is just changing its structure.
fn job_in_the_way(
    conn: &mut Conn,
    synchronizer: &SynchronizerRecord,
) -> Result<Option<JobId>, Error> {
    let own = jobs::synchronizer.eq(synchronizer.id.0).assume_not_null();
    let started = jobs::state.ne(JobState::Pending.code());
    let shared = jobs::structure
        .eq(synchronizer.structure.0)
        .and(jobs::kind.eq(JobKind::IncrementalSync.code()))
        .and(started);
    let job: Option<i64> = jobs::table
        .filter(jobs::end_time.is_null())
        .filter(own.or(shared))
        .order(jobs::id)
        .select(jobs::id)
        .first(conn)
        .optional()?;
    Ok(job.map(JobId))
}
