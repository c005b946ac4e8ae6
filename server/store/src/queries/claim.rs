//! Claiming the next job.

use super::super::lock_schedule;
use super::{Conn, jobs as job_queries};
use crate::codes::Code;
use crate::error::Error;
use crate::job::{ClaimRequest, ClaimedJob, Lease};
use crate::rows::job::JobColumns;
use crate::schedule::{Choice, LiveJob, Wait, choose};
use crate::schema::jobs;
use diesel::prelude::*;
use resync_core::id::{JobId, StructureId, SynchronizerId};
use resync_core::job::{JobKind, JobState, WaitReason};
use resync_core::time::Timestamp;

/// Claims the next job. Workers choose one after the other, so that two of them never start two
/// jobs on one structure.
pub(crate) fn claim_next(
    conn: &mut Conn,
    request: &ClaimRequest,
) -> Result<Option<ClaimedJob>, Error> {
    if !exists_live(conn)? {
        return Ok(None);
    }
    lock_schedule(conn)?;
    let Choice { claim, waits } = choose(&load_live(conn)?, request.now, request.capacity);
    for (job, wait) in waits {
        note_wait(conn, job, wait, request.now)?;
    }
    match claim {
        None => Ok(None),
        Some(job) => take(conn, job, request),
    }
}

/// An idle server asks often: it is to cost one look into a small index.
fn exists_live(conn: &mut Conn) -> Result<bool, Error> {
    let live = jobs::table.filter(jobs::end_time.is_null());
    Ok(diesel::select(diesel::dsl::exists(live)).get_result(conn)?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs)]
struct LiveRow {
    id: i64,
    structure: i64,
    synchronizer: Option<i64>,
    kind: String,
    preview: bool,
    state: String,
    lease_until: Option<i64>,
    next_attempt_time: Option<i64>,
    wait_reason: Option<String>,
    blocking_job: Option<i64>,
}

impl TryFrom<LiveRow> for LiveJob {
    type Error = Error;

    fn try_from(row: LiveRow) -> Result<Self, Error> {
        Ok(Self {
            id: JobId(row.id),
            structure: StructureId(row.structure),
            synchronizer: row.synchronizer.map(SynchronizerId),
            kind: JobKind::from_code(&row.kind)?,
            preview: row.preview,
            state: JobState::from_code(&row.state)?,
            lease_until: row.lease_until.map(Timestamp),
            next_attempt_time: row.next_attempt_time.map(Timestamp),
            wait: Wait {
                reason: row
                    .wait_reason
                    .as_deref()
                    .map(WaitReason::from_code)
                    .transpose()?,
                blocking_job: row.blocking_job.map(JobId),
            },
        })
    }
}

fn load_live(conn: &mut Conn) -> Result<Vec<LiveJob>, Error> {
    jobs::table
        .filter(jobs::end_time.is_null())
        .order(jobs::id)
        .select(LiveRow::as_select())
        .load(conn)?
        .into_iter()
        .map(LiveJob::try_from)
        .collect()
}

fn note_wait(conn: &mut Conn, job: JobId, wait: Wait, now: Timestamp) -> Result<(), Error> {
    let pending = jobs::state.eq(JobState::Pending.code());
    diesel::update(jobs::table.find(job.0).filter(pending))
        .set((
            jobs::wait_reason.eq(wait.reason.map(Code::code)),
            jobs::blocking_job.eq(wait.blocking_job.map(|job| job.0)),
            jobs::update_time.eq(now.0),
            jobs::revision.eq(jobs::revision + 1),
        ))
        .execute(conn)?;
    Ok(())
}

fn take(conn: &mut Conn, job: JobId, request: &ClaimRequest) -> Result<Option<ClaimedJob>, Error> {
    let Some(row) = job_queries::lock(conn, job)? else {
        return Ok(None);
    };
    let state = JobState::from_code(&row.state)?;
    // It was cancelled, or came back to life, just before it was locked.
    if state.is_final() || row.lease_until > Some(request.now.0) {
        return Ok(None);
    }
    let lease = Lease {
        job,
        epoch: row.epoch + 1,
    };
    let columns = JobColumns {
        state: (state == JobState::Pending).then_some(JobState::Running.code()),
        wait_reason: Some(None),
        blocking_job: Some(None),
        start_time: row.start_time.is_none().then_some(request.now.0),
        update_time: request.now.0,
        attempt: (row.epoch > 0).then_some(row.attempt + 1),
        next_attempt_time: Some(None),
        lease_owner: Some(Some(request.owner.clone())),
        lease_until: Some(Some(request.now.plus_milliseconds(request.lease_ms).0)),
        epoch: Some(lease.epoch),
        revision: row.revision + 1,
        ..JobColumns::default()
    };
    diesel::update(jobs::table.find(job.0))
        .set(columns)
        .execute(conn)?;
    Ok(Some(ClaimedJob {
        job: job_queries::get(conn, job)?.job,
        lease,
    }))
}
