//! The one way to change a forest.

use super::super::upsert_rows;
use super::structures as structure_queries;
use super::{Conn, ROWS_AT_ONCE, forest, incremental, jobs, observations, requests, versions};
use crate::error::{Error, absent};
use crate::forest::{ForestCommit, HistoryPoint, JobCommit};
use crate::rows::forest::NewRow;
use crate::schema::structures;
use diesel::prelude::*;
use resync_core::forest::ForestRow;
use resync_core::id::{ForestVersion, StructureId};
use resync_core::job::Trigger;
use std::mem::take;

/// Keeps a commit. The structure is moved to its next version first: whoever comes second, with
/// the same expectation, waits there and then fails.
///
/// What is written is dropped at once: of a large commit there are few copies in memory.
pub(crate) fn commit(conn: &mut Conn, mut commit: ForestCommit) -> Result<ForestVersion, Error> {
    requests::begin(conn, commit.request.as_ref())?;
    let (version, point) = advance(conn, &commit)?;
    forest::delete_rows(conn, commit.structure, &commit.deletes)?;
    write_rows(conn, commit.structure, take(&mut commit.upserts))?;
    forest::change_claims(conn, commit.structure, &take(&mut commit.claims))?;
    observations::upsert(conn, take(&mut commit.observations), commit.time)?;
    if let Some(read) = commit.job.as_mut().and_then(|job| job.observed.take()) {
        observations::upsert(conn, read, commit.time)?;
    }
    if version != commit.expected_version {
        versions::append(conn, &commit, version)?;
    }
    write_job(conn, &commit, version, point)?;
    requests::finish(conn, commit.request.as_ref(), version.0)?;
    Ok(version)
}

fn write_rows(
    conn: &mut Conn,
    structure: StructureId,
    upserts: Vec<ForestRow>,
) -> Result<(), Error> {
    for chunk in upserts.chunks(ROWS_AT_ONCE) {
        let row = |row| NewRow::new(structure, row);
        let rows: Vec<NewRow<'_>> = chunk.iter().map(row).collect();
        upsert_rows(conn, &rows)?;
    }
    Ok(())
}

/// Moves the structure to its next version and point, as far as the commit makes them.
fn advance(conn: &mut Conn, commit: &ForestCommit) -> Result<(ForestVersion, HistoryPoint), Error> {
    let steps = i64::from(!commit.changes.is_empty());
    let version = ForestVersion(commit.expected_version.0 + steps);
    let mut expected = diesel::update(structures::table.find(commit.structure.0))
        // Written also where nothing moves, to hold the row until the end of the transaction.
        .set((
            structures::forest_version.eq(version.0),
            structures::serial.eq(structures::serial + i64::from(makes_a_point(commit))),
        ))
        .filter(structures::forest_version.eq(commit.expected_version.0))
        .filter(structures::delete_time.is_null())
        .returning((structures::lineage, structures::serial))
        .into_boxed();
    if let Some(JobCommit { point, .. }) = &commit.job {
        expected = expected
            .filter(structures::lineage.eq(point.lineage.as_str()))
            .filter(structures::serial.eq(point.serial));
    }
    let Some(moved) = expected.get_result(conn).optional()? else {
        return Err(why_not(conn, commit)?);
    };
    if steps != 0 {
        diesel::update(structures::table.find(commit.structure.0))
            .set((
                structures::row_count.eq(commit.row_count),
                structures::next_row_id.eq(commit.next_row_id.0),
                structures::update_time.eq(commit.time.0),
            ))
            .execute(conn)?;
    }
    Ok((version, structure_queries::to_point(moved)))
}

/// What was read of issues is no part of a structure's state.
fn makes_a_point(commit: &ForestCommit) -> bool {
    !(commit.changes.is_empty()
        && commit.claims.is_empty()
        && commit.upserts.is_empty()
        && commit.deletes.is_empty())
}

fn why_not(conn: &mut Conn, commit: &ForestCommit) -> Result<Error, Error> {
    let actual: Option<(i64, String, i64)> = structures::table
        .find(commit.structure.0)
        .filter(structures::delete_time.is_null())
        .select((
            structures::forest_version,
            structures::lineage,
            structures::serial,
        ))
        .first(conn)
        .optional()?;
    let Some((version, lineage, serial)) = actual else {
        return Ok(absent("structure", commit.structure));
    };
    let stale = |expected: String, actual: String| Error::Stale {
        what: "forest",
        expected,
        actual,
    };
    Ok(match &commit.job {
        Some(JobCommit { point, .. }) if version == commit.expected_version.0 => stale(
            point.to_string(),
            structure_queries::to_point((lineage, serial)).to_string(),
        ),
        _ => stale(commit.expected_version.to_string(), version.to_string()),
    })
}

fn write_job(
    conn: &mut Conn,
    commit: &ForestCommit,
    version: ForestVersion,
    point: HistoryPoint,
) -> Result<(), Error> {
    let Some(job) = &commit.job else {
        let (structure, trigger) = (commit.structure, Trigger::StructureChange);
        return incremental::mark_changed(conn, structure, trigger, commit.time);
    };
    if let Some(sync) = &job.sync {
        incremental::record(conn, commit.structure, sync, version, commit.time)?;
    }
    let mut update = job.update.clone();
    if version != commit.expected_version {
        update.result_forest_version = Some(version);
    }
    if point != job.point {
        update.result_point = Some(point);
    }
    jobs::update(conn, job.lease, &update, commit.time)?;
    Ok(())
}
