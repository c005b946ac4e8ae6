//! The one way to change a forest.

use super::super::upsert_rows;
use super::{Conn, ROWS_AT_ONCE, forest, jobs, observations, requests, versions};
use crate::error::{Error, absent};
use crate::forest::ForestCommit;
use crate::rows::forest::NewRow;
use crate::schema::structures;
use diesel::prelude::*;
use resync_core::id::ForestVersion;

/// Keeps a commit. The structure is moved to its next version first: whoever comes second, with
/// the same expectation, waits there and then fails.
pub(crate) fn commit(conn: &mut Conn, commit: &ForestCommit) -> Result<ForestVersion, Error> {
    requests::begin(conn, commit.request.as_ref())?;
    let version = advance(conn, commit)?;
    forest::delete_rows(conn, commit.structure, &commit.deletes)?;
    for chunk in commit.upserts.chunks(ROWS_AT_ONCE) {
        let row = |row| NewRow::new(commit.structure, row);
        let rows: Vec<NewRow<'_>> = chunk.iter().map(row).collect();
        upsert_rows(conn, &rows)?;
    }
    forest::change_claims(conn, commit.structure, &commit.claims)?;
    observations::upsert(conn, &commit.observations, commit.time)?;
    if version != commit.expected_version {
        versions::append(conn, commit, version)?;
    }
    write_job(conn, commit, version)?;
    requests::finish(conn, commit.request.as_ref(), version.0)?;
    Ok(version)
}

/// Moves the structure to its next version, if the commit makes one.
fn advance(conn: &mut Conn, commit: &ForestCommit) -> Result<ForestVersion, Error> {
    let steps = i64::from(!commit.changes.is_empty());
    let version = ForestVersion(commit.expected_version.0 + steps);
    let expected = structures::table
        .find(commit.structure.0)
        .filter(structures::forest_version.eq(commit.expected_version.0))
        .filter(structures::delete_time.is_null());
    let hit = if steps == 0 {
        // Written all the same, to hold the row until the end of the transaction.
        diesel::update(expected)
            .set(structures::forest_version.eq(version.0))
            .execute(conn)?
    } else {
        diesel::update(expected)
            .set((
                structures::forest_version.eq(version.0),
                structures::row_count.eq(commit.row_count),
                structures::next_row_id.eq(commit.next_row_id.0),
                structures::update_time.eq(commit.time.0),
            ))
            .execute(conn)?
    };
    if hit == 0 {
        Err(why_not(conn, commit)?)
    } else {
        Ok(version)
    }
}

fn why_not(conn: &mut Conn, commit: &ForestCommit) -> Result<Error, Error> {
    let actual: Option<i64> = structures::table
        .find(commit.structure.0)
        .filter(structures::delete_time.is_null())
        .select(structures::forest_version)
        .first(conn)
        .optional()?;
    Ok(match actual {
        None => absent("structure", commit.structure),
        Some(actual) => Error::Stale {
            what: "forest",
            expected: commit.expected_version.to_string(),
            actual: actual.to_string(),
        },
    })
}

fn write_job(conn: &mut Conn, commit: &ForestCommit, version: ForestVersion) -> Result<(), Error> {
    let Some(job) = &commit.job else {
        return Ok(());
    };
    let mut update = job.update.clone();
    if version != commit.expected_version {
        update.result_forest_version = Some(version);
    }
    jobs::update(conn, job.lease, &update, commit.time)?;
    Ok(())
}
