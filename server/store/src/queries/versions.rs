//! Versions of a forest, and the steps between them.

use super::{Conn, limit_of};
use crate::blob::{from_blob, to_blob};
use crate::error::Error;
use crate::forest::{ForestCommit, VersionRecord};
use crate::rows::forest::VersionRow;
use crate::schema::{forest_changes, forest_versions};
use diesel::dsl::{max, min};
use diesel::prelude::*;
use resync_core::change::ForestChange;
use resync_core::id::{ForestVersion, StructureId};
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// Steps in one blob: about 200 kB, so that no value grows with the forest.
const CHANGES_A_CHUNK: usize = 10_000;

/// Keeps the version that a commit makes.
pub(super) fn append(
    conn: &mut Conn,
    commit: &ForestCommit,
    version: ForestVersion,
) -> Result<(), Error> {
    diesel::insert_into(forest_versions::table)
        .values(VersionRow::new(commit, version))
        .execute(conn)?;
    for (chunk, changes) in (0_i64..).zip(commit.changes.chunks(CHANGES_A_CHUNK)) {
        diesel::insert_into(forest_changes::table)
            .values((
                forest_changes::structure.eq(commit.structure.0),
                forest_changes::version.eq(version.0),
                forest_changes::chunk.eq(chunk),
                forest_changes::changes.eq(to_blob(changes)?),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Loads a page.
pub(crate) fn load_after(
    conn: &mut Conn,
    structure: StructureId,
    after: ForestVersion,
    limit: usize,
) -> Result<Vec<VersionRecord>, Error> {
    let versions: Vec<VersionRow> = forest_versions::table
        .filter(forest_versions::structure.eq(structure.0))
        .filter(forest_versions::version.gt(after.0))
        .order(forest_versions::version)
        .limit(limit_of(limit))
        .select(VersionRow::as_select())
        .load(conn)?;
    let Some(last) = versions.last() else {
        return Ok(Vec::new());
    };
    let chunks: Vec<(i64, Vec<u8>)> = forest_changes::table
        .filter(forest_changes::structure.eq(structure.0))
        .filter(forest_changes::version.gt(after.0))
        .filter(forest_changes::version.le(last.version))
        .order((forest_changes::version, forest_changes::chunk))
        .select((forest_changes::version, forest_changes::changes))
        .load(conn)?;
    let mut by_version: HashMap<i64, Vec<ForestChange>> = HashMap::new();
    for (version, blob) in chunks {
        let changes = from_blob(&blob, "the changes of a forest")?;
        by_version
            .entry(version)
            .or_default()
            .extend::<Vec<ForestChange>>(changes);
    }
    versions
        .into_iter()
        .map(|row| {
            let changes = by_version.remove(&row.version).unwrap_or_default();
            row.with_changes(changes)
        })
        .collect()
}

/// The first and the last version that are kept.
pub(crate) fn kept(
    conn: &mut Conn,
    structure: StructureId,
) -> Result<Option<RangeInclusive<i64>>, Error> {
    let ends: (Option<i64>, Option<i64>) = forest_versions::table
        .filter(forest_versions::structure.eq(structure.0))
        .select((min(forest_versions::version), max(forest_versions::version)))
        .first(conn)?;
    Ok(match ends {
        (Some(first), Some(last)) => Some(first..=last),
        _ => None,
    })
}
