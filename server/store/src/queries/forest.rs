//! Rows and claims.

use super::super::upsert_claims;
use super::{Conn, IN_MAX, structures};
use crate::error::Error;
use crate::forest::LoadedRows;
use crate::rows::forest::{ClaimRow, StoredRow, source_number};
use crate::schema::{claims, rows};
use diesel::prelude::*;
use resync_core::claim::{Claim, ClaimChange, ClaimSource};
use resync_core::forest::ForestRow;
use resync_core::id::{RowId, StructureId, SynchronizerId};
use std::collections::BTreeMap;

/// Loads all rows.
pub(crate) fn load_rows(conn: &mut Conn, structure: StructureId) -> Result<LoadedRows, Error> {
    let record = structures::get(conn, structure)?;
    // One by one: there may be a million.
    let stored = rows::table
        .filter(rows::structure.eq(structure.0))
        .order(rows::id)
        .select(StoredRow::as_select())
        .load_iter::<StoredRow, _>(conn)?;
    let rows = stored
        .map(|row| ForestRow::try_from(row?))
        .collect::<Result<_, Error>>()?;
    Ok(LoadedRows {
        version: record.forest_version,
        point: structures::point(conn, structure)?,
        next_row_id: record.next_row_id,
        rows,
    })
}

/// Loads all claims.
pub(crate) fn load_claims(conn: &mut Conn, structure: StructureId) -> Result<Vec<Claim>, Error> {
    let stored: Vec<ClaimRow> = claims::table
        .filter(claims::structure.eq(structure.0))
        .order((claims::row, claims::source))
        .select(ClaimRow::as_select())
        .load(conn)?;
    Ok(stored.into_iter().map(Claim::from).collect())
}

/// Deletes rows, and the claims on them.
pub(super) fn delete_rows(
    conn: &mut Conn,
    structure: StructureId,
    deletes: &[RowId],
) -> Result<(), Error> {
    for chunk in deletes.chunks(IN_MAX) {
        let ids: Vec<i64> = chunk.iter().map(|row| row.0).collect();
        diesel::delete(
            rows::table
                .filter(rows::structure.eq(structure.0))
                .filter(rows::id.eq_any(&ids)),
        )
        .execute(conn)?;
        diesel::delete(
            claims::table
                .filter(claims::structure.eq(structure.0))
                .filter(claims::row.eq_any(&ids)),
        )
        .execute(conn)?;
    }
    Ok(())
}

/// Makes and withdraws claims. Of several changes of one claim the last one counts.
pub(super) fn change_claims(
    conn: &mut Conn,
    structure: StructureId,
    changes: &[ClaimChange],
) -> Result<(), Error> {
    let (mut made, mut withdrawn) = (Vec::new(), BTreeMap::<ClaimSource, Vec<i64>>::new());
    let mut sort = |claim: Claim, is_made: bool| {
        if is_made {
            made.push(ClaimRow::new(structure, claim));
        } else {
            withdrawn.entry(claim.source).or_default().push(claim.row.0);
        }
    };
    if changes.is_sorted_by(|one, next| parts(one).0 < parts(next).0) {
        // As a plan has them: each claim once.
        changes
            .iter()
            .map(parts)
            .for_each(|(claim, is_made)| sort(claim, is_made));
    } else {
        let last: BTreeMap<Claim, bool> = changes.iter().map(parts).collect();
        last.into_iter()
            .for_each(|(claim, is_made)| sort(claim, is_made));
    }
    upsert_claims(conn, &made)?;
    for (source, ids) in withdrawn {
        for chunk in ids.chunks(IN_MAX) {
            diesel::delete(
                claims::table
                    .filter(claims::structure.eq(structure.0))
                    .filter(claims::source.eq(source_number(source)))
                    .filter(claims::row.eq_any(chunk)),
            )
            .execute(conn)?;
        }
    }
    Ok(())
}

fn parts(change: &ClaimChange) -> (Claim, bool) {
    match *change {
        ClaimChange::Made(claim) => (claim, true),
        ClaimChange::Withdrawn(claim) => (claim, false),
    }
}

/// Makes all claims of a synchronizer a person's.
pub(super) fn inherit_claims(
    conn: &mut Conn,
    structure: StructureId,
    synchronizer: SynchronizerId,
) -> Result<(), Error> {
    let number = source_number(ClaimSource::Synchronizer(synchronizer));
    let mine = claims::structure
        .eq(structure.0)
        .and(claims::source.eq(number));
    let claimed: Vec<i64> = claims::table.filter(mine).select(claims::row).load(conn)?;
    let inherited: Vec<ClaimRow> = claimed
        .into_iter()
        .map(|row| Claim {
            row: RowId(row),
            source: ClaimSource::Person,
        })
        .map(|claim| ClaimRow::new(structure, claim))
        .collect();
    upsert_claims(conn, &inherited)?;
    diesel::delete(claims::table.filter(mine)).execute(conn)?;
    diesel::update(
        rows::table
            .filter(rows::structure.eq(structure.0))
            .filter(rows::placed_by.eq(synchronizer.0)),
    )
    .set(rows::placed_by.eq(None::<i64>))
    .execute(conn)?;
    Ok(())
}
