//! What a job leaves behind: its list of changes, and its log.

use super::{Conn, jobs as job_queries, limit_of};
use crate::blob::from_blob;
use crate::codes::Code;
use crate::error::Error;
use crate::job::{JobRecord, JobUpdate, Lease, NewLogEntry, PackedChanges};
use crate::rows::job::LogRow;
use crate::schema::{job_changes, job_log, jobs};
use diesel::dsl::max;
use diesel::prelude::*;
use resync_core::id::JobId;
use resync_core::job::{ChangeState, JobChange, LogEntry};
use resync_core::time::Timestamp;

/// Lines of a log in one statement: 6 parameters each, below SQLite's 32,766.
const LINES_A_STATEMENT: usize = 2_000;

/// Replaces the changes of one.
pub(crate) fn store_plan(
    conn: &mut Conn,
    lease: Lease,
    packed: PackedChanges,
    update: &JobUpdate,
    time: Timestamp,
) -> Result<JobRecord, Error> {
    let record = job_queries::update(conn, lease, update, time)?;
    diesel::delete(job_changes::table.filter(job_changes::job.eq(lease.job.0))).execute(conn)?;
    for (chunk, packed) in (0_i64..).zip(packed.chunks) {
        diesel::insert_into(job_changes::table)
            .values((
                job_changes::job.eq(lease.job.0),
                job_changes::chunk.eq(chunk),
                job_changes::first_ordinal.eq(packed.first_ordinal),
                job_changes::changes.eq(packed.changes),
            ))
            .execute(conn)?;
    }
    Ok(record)
}

/// Lists a page of changes.
pub(crate) fn list_changes(
    conn: &mut Conn,
    id: JobId,
    after: i64,
    limit: usize,
) -> Result<Vec<JobChange>, Error> {
    let result: Option<i64> = jobs::table
        .find(id.0)
        .select(jobs::result_forest_version)
        .first(conn)
        .optional()?
        .ok_or_else(|| crate::error::absent("job", id))?;
    let mut page = Vec::new();
    let mut chunk = chunk_with(conn, id, after + 1)?;
    while page.len() < limit {
        let Some(changes) = load_chunk(conn, id, chunk)? else {
            break;
        };
        page.extend(changes.into_iter().filter(|change| change.ordinal > after));
        chunk += 1;
    }
    page.truncate(limit);
    if result.is_some() {
        for change in page
            .iter_mut()
            .filter(|change| change.state == ChangeState::Planned)
        {
            change.state = ChangeState::Applied;
        }
    }
    Ok(page)
}

/// The chunk that has the change with `ordinal`, or would have it.
fn chunk_with(conn: &mut Conn, id: JobId, ordinal: i64) -> Result<i64, Error> {
    let chunk: Option<i64> = job_changes::table
        .filter(
            job_changes::job
                .eq(id.0)
                .and(job_changes::first_ordinal.le(ordinal)),
        )
        .select(max(job_changes::chunk))
        .first(conn)?;
    Ok(chunk.unwrap_or(0))
}

fn load_chunk(conn: &mut Conn, id: JobId, chunk: i64) -> Result<Option<Vec<JobChange>>, Error> {
    let blob: Option<Vec<u8>> = job_changes::table
        .find((id.0, chunk))
        .select(job_changes::changes)
        .first(conn)
        .optional()?;
    blob.map(|blob| from_blob(&blob, "the changes of a job"))
        .transpose()
}

/// Appends lines to the log.
pub(crate) fn append_log(
    conn: &mut Conn,
    lease: Lease,
    entries: &[NewLogEntry],
) -> Result<(), Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let (row, _) = job_queries::lock_leased(conn, lease)?;
    let last: Option<i64> = job_log::table
        .filter(job_log::job.eq(lease.job.0))
        .select(max(job_log::ordinal))
        .first(conn)?;
    let lines: Vec<LogRow> = (last.unwrap_or(0) + 1..)
        .zip(entries)
        .map(|(ordinal, entry)| LogRow {
            job: lease.job.0,
            ordinal,
            time: entry.time.0,
            severity: entry.severity.code().to_owned(),
            message: entry.message.clone(),
            issue_key: entry.issue_key.as_ref().map(|key| key.as_str().to_owned()),
        })
        .collect();
    for chunk in lines.chunks(LINES_A_STATEMENT) {
        diesel::insert_into(job_log::table)
            .values(chunk)
            .execute(conn)?;
    }
    diesel::update(jobs::table.find(lease.job.0))
        .set(jobs::revision.eq(row.revision + 1))
        .execute(conn)?;
    Ok(())
}

/// Lists a page of the log.
pub(crate) fn list_log(
    conn: &mut Conn,
    id: JobId,
    after: i64,
    limit: usize,
) -> Result<Vec<LogEntry>, Error> {
    job_log::table
        .filter(job_log::job.eq(id.0).and(job_log::ordinal.gt(after)))
        .order(job_log::ordinal)
        .limit(limit_of(limit))
        .select(LogRow::as_select())
        .load(conn)?
        .into_iter()
        .map(LogEntry::try_from)
        .collect()
}
