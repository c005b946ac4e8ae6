//! Jobs.

use super::super::lock_job;
use super::{Conn, limit_of, requests, structures, synchronizers};
use crate::codes::Code;
use crate::error::{Error, absent};
use crate::job::{JobFilter, JobPoints, JobRecord, JobUpdate, Lease, NewJob, Retry};
use crate::request::RequestRecord;
use crate::rows::job::{
    JobColumns, JobRow, NewJobRow, confirmed_preview, is_preview, points as points_of,
    updated_points,
};
use crate::schema::jobs;
use diesel::prelude::*;
use resync_core::id::{JobId, SynchronizerId};
use resync_core::job::{JobKind, JobState};
use resync_core::time::Timestamp;

const WHAT: &str = "job";

/// Creates one; when it may `queue`, behind a live resync of the same synchronizer.
pub(crate) fn create(
    conn: &mut Conn,
    new: &NewJob,
    queue: bool,
    request: Option<&RequestRecord>,
) -> Result<JobRecord, Error> {
    requests::begin(conn, request)?;
    structures::lock(conn, new.structure)?;
    if let Some(synchronizer) = new.synchronizer {
        check_synchronizer(conn, synchronizer, new)?;
        if !queue && new.kind == JobKind::Resync && !is_preview(new) {
            check_live(conn, synchronizer)?;
        }
    }
    check_confirmation(conn, new)?;
    let record: JobRecord = diesel::insert_into(jobs::table)
        .values(NewJobRow::new(new)?)
        .returning(JobRow::as_returning())
        .get_result(conn)?
        .try_into()?;
    requests::finish(conn, request, record.job.id.0)?;
    Ok(record)
}

fn check_synchronizer(conn: &mut Conn, id: SynchronizerId, new: &NewJob) -> Result<(), Error> {
    let actual = synchronizers::get(conn, id)?.etag;
    let expected = new.synchronizer_etag.clone();
    if actual != expected {
        return Err(Error::Stale {
            what: "synchronizer",
            expected,
            actual,
        });
    }
    Ok(())
}

/// A preview is confirmed once.
fn check_confirmation(conn: &mut Conn, new: &NewJob) -> Result<(), Error> {
    let Some(preview) = confirmed_preview(new) else {
        return Ok(());
    };
    let other: Option<i64> = jobs::table
        .filter(jobs::confirmed_preview.eq(preview.0))
        .select(jobs::id)
        .first(conn)
        .optional()?;
    other.map_or(Ok(()), |job| {
        Err(Error::AlreadyExists {
            what: "confirmation by job",
            name: job.to_string(),
        })
    })
}

/// Holding the structure keeps others from creating a job of the same synchronizer meanwhile.
fn check_live(conn: &mut Conn, id: SynchronizerId) -> Result<(), Error> {
    let live: Option<i64> = jobs::table
        .filter(jobs::synchronizer.eq(id.0).and(jobs::end_time.is_null()))
        .filter(
            jobs::kind
                .eq(JobKind::Resync.code())
                .and(jobs::preview.eq(false)),
        )
        .select(jobs::id)
        .first(conn)
        .optional()?;
    live.map_or(Ok(()), |job| Err(Error::JobInTheWay { job: JobId(job) }))
}

/// Gets one.
pub(crate) fn get(conn: &mut Conn, id: JobId) -> Result<JobRecord, Error> {
    jobs::table
        .find(id.0)
        .select(JobRow::as_select())
        .first(conn)
        .optional()?
        .ok_or_else(|| absent(WHAT, id))?
        .try_into()
}

/// Gets one for the rest of the transaction: nobody else changes it.
pub(super) fn lock(conn: &mut Conn, id: JobId) -> Result<Option<JobRow>, Error> {
    Ok(lock_job(conn, id.0)?)
}

/// Gets one for the rest of the transaction, if the lease on it holds. A lease whose time is over
/// still holds until somebody else claims the job.
pub(super) fn lock_leased(conn: &mut Conn, lease: Lease) -> Result<(JobRow, JobState), Error> {
    let lost = Error::LeaseLost { job: lease.job };
    let row = lock(conn, lease.job)?.ok_or(lost.clone())?;
    let state = JobState::from_code(&row.state)?;
    let at_work = matches!(state, JobState::Running | JobState::Cancelling);
    if at_work && row.epoch == lease.epoch {
        Ok((row, state))
    } else {
        Err(lost)
    }
}

/// Gets where one is in the history of its structure.
pub(crate) fn points(conn: &mut Conn, id: JobId) -> Result<JobPoints, Error> {
    jobs::table
        .find(id.0)
        .select(jobs::points)
        .first::<Option<String>>(conn)
        .optional()?
        .ok_or_else(|| absent(WHAT, id))
        .and_then(|stored| points_of(stored.as_deref()))
}

/// Gets the revision of one.
pub(crate) fn revision(conn: &mut Conn, id: JobId) -> Result<i64, Error> {
    jobs::table
        .find(id.0)
        .select(jobs::revision)
        .first(conn)
        .optional()?
        .ok_or_else(|| absent(WHAT, id))
}

/// Lists a page.
pub(crate) fn list(
    conn: &mut Conn,
    filter: JobFilter,
    before: Option<JobId>,
    limit: usize,
) -> Result<Vec<JobRecord>, Error> {
    let mut query = jobs::table
        .filter(jobs::id.lt(before.map_or(i64::MAX, |id| id.0)))
        .order(jobs::id.desc())
        .limit(limit_of(limit))
        .select(JobRow::as_select())
        .into_boxed();
    if let Some(structure) = filter.structure {
        query = query.filter(jobs::structure.eq(structure.0));
    }
    if let Some(synchronizer) = filter.synchronizer {
        query = query.filter(jobs::synchronizer.eq(synchronizer.0));
    }
    if let Some(state) = filter.state {
        query = query.filter(jobs::state.eq(state.code()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(jobs::kind.eq(kind.code()));
    }
    if let Some(preview) = filter.preview {
        query = query.filter(jobs::preview.eq(preview));
    }
    if let Some(live) = filter.live {
        query = if live {
            query.filter(jobs::end_time.is_null())
        } else {
            query.filter(jobs::end_time.is_not_null())
        };
    }
    query
        .load(conn)?
        .into_iter()
        .map(JobRecord::try_from)
        .collect()
}

/// Extends a lease. Not a change that watchers see.
pub(crate) fn heartbeat(
    conn: &mut Conn,
    lease: Lease,
    now: Timestamp,
    lease_ms: i64,
) -> Result<JobState, Error> {
    let (_, state) = lock_leased(conn, lease)?;
    diesel::update(jobs::table.find(lease.job.0))
        .set(jobs::lease_until.eq(now.plus_milliseconds(lease_ms).0))
        .execute(conn)?;
    Ok(state)
}

/// Writes to one under its lease.
pub(crate) fn update(
    conn: &mut Conn,
    lease: Lease,
    update: &JobUpdate,
    time: Timestamp,
) -> Result<JobRecord, Error> {
    let (row, state) = lock_leased(conn, lease)?;
    if let Some(next) = update.state {
        check_transition(state, next)?;
    }
    let columns = JobColumns {
        points: updated_points(row.points.as_deref(), update)?,
        ..JobColumns::new(update, time, row.revision + 1)?
    };
    write(conn, lease.job, columns)
}

fn check_transition(from: JobState, to: JobState) -> Result<(), Error> {
    if from == to || from.may_become(to) {
        return Ok(());
    }
    Err(Error::TransitionNotAllowed { from, to })
}

fn write(conn: &mut Conn, id: JobId, columns: JobColumns) -> Result<JobRecord, Error> {
    diesel::update(jobs::table.find(id.0))
        .set(columns)
        .returning(JobRow::as_returning())
        .get_result(conn)?
        .try_into()
}

/// Gives one back.
pub(crate) fn release(
    conn: &mut Conn,
    lease: Lease,
    retry: Retry,
    time: Timestamp,
) -> Result<JobRecord, Error> {
    let (row, state) = lock_leased(conn, lease)?;
    check_transition(state, JobState::Pending)?;
    let columns = JobColumns {
        state: Some(JobState::Pending.code()),
        wait_reason: Some(retry.wait_reason.map(Code::code)),
        blocking_job: Some(None),
        update_time: time.0,
        next_attempt_time: Some(Some(retry.next_attempt_time.0)),
        lease_owner: Some(None),
        lease_until: Some(None),
        revision: row.revision + 1,
        ..JobColumns::default()
    };
    write(conn, lease.job, columns)
}

/// Asks one to stop.
pub(crate) fn request_cancel(
    conn: &mut Conn,
    id: JobId,
    time: Timestamp,
) -> Result<JobRecord, Error> {
    let row = lock(conn, id)?.ok_or_else(|| absent(WHAT, id))?;
    let next = match JobState::from_code(&row.state)? {
        JobState::Pending => JobState::Cancelled,
        JobState::Running => JobState::Cancelling,
        _ => return row.try_into(),
    };
    let update = JobUpdate {
        state: Some(next),
        ..JobUpdate::default()
    };
    let mut columns = JobColumns::new(&update, time, row.revision + 1)?;
    columns.wait_reason = Some(None);
    columns.blocking_job = Some(None);
    columns.next_attempt_time = Some(None);
    write(conn, id, columns)
}
