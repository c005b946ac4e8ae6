//! Many rows into a table of SQLite, with one statement that is prepared once a connection.
//!
//! What it is not: needed for correctness. diesel's own insert of many rows does the same at half
//! the speed, since it writes and parses a text with thousands of parameters again for each
//! statement.

use crate::rows::forest::{ClaimRow, NewRow};
use crate::rows::observation::NewObservation;
use crate::schema::{claims, observations, rows};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use diesel::sqlite::Sqlite;

/// Rows in one statement: at most 7,000 parameters, of 32,766.
const ROWS_A_STATEMENT: usize = 500;

/// Inserts rows of a forest, or replaces them.
pub(crate) fn upsert_rows(conn: &mut SqliteConnection, new: &[NewRow<'_>]) -> QueryResult<()> {
    let rest = full_statements(conn, new)?;
    diesel::replace_into(rows::table)
        .values(rest)
        .execute(conn)?;
    Ok(())
}

/// Inserts claims that are not there.
pub(crate) fn upsert_claims(conn: &mut SqliteConnection, new: &[ClaimRow]) -> QueryResult<()> {
    let rest = full_statements(conn, new)?;
    diesel::insert_or_ignore_into(claims::table)
        .values(rest)
        .execute(conn)?;
    Ok(())
}

/// Inserts observations, or replaces them.
pub(crate) fn upsert_observations(
    conn: &mut SqliteConnection,
    new: &[NewObservation<'_>],
) -> QueryResult<()> {
    let rest = full_statements(conn, new)?;
    diesel::replace_into(observations::table)
        .values(rest)
        .execute(conn)?;
    Ok(())
}

/// Writes as many rows as fill statements, and returns the rest.
fn full_statements<'a, R: Row>(conn: &mut SqliteConnection, new: &'a [R]) -> QueryResult<&'a [R]> {
    let mut chunks = new.chunks_exact(ROWS_A_STATEMENT);
    for chunk in &mut chunks {
        FullStatement(chunk).execute(conn)?;
    }
    Ok(chunks.remainder())
}

/// A row of a table that many are written to at once.
trait Row {
    /// The same type for any lifetime: what tells the statements apart.
    type Static: 'static;
    /// The statement up to its values.
    const INSERT: &'static str;
    /// Puts the values in, in the order of the columns.
    fn bind<'b>(&'b self, values: &mut Values<'_, '_, 'b>) -> QueryResult<()>;
}

/// The values of one row, as they are written into a statement.
struct Values<'v, 'a, 'b> {
    out: &'v mut AstPass<'a, 'b, Sqlite>,
    first: bool,
}

macro_rules! put {
    ($values:ident, $($type:ty: $value:expr),* $(,)?) => {
        $(
            $values.out.push_sql(if $values.first { "(" } else { ", " });
            $values.first = false;
            $values.out.push_bind_param::<$type, _>($value)?;
        )*
    };
}

impl Row for NewRow<'_> {
    type Static = NewRow<'static>;

    const INSERT: &'static str = "REPLACE INTO rows (structure, id, parent, position, tracker, \
        issue, title, alias, placed_by) VALUES ";

    fn bind<'b>(&'b self, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
        put!(values,
            BigInt: &self.structure,
            BigInt: &self.id,
            Nullable<BigInt>: &self.parent,
            Binary: &self.position,
            Nullable<BigInt>: &self.tracker,
            Nullable<BigInt>: &self.issue,
            Nullable<Text>: &self.title,
            Bool: &self.alias,
            Nullable<BigInt>: &self.placed_by,
        );
        Ok(())
    }
}

impl Row for ClaimRow {
    type Static = ClaimRow;

    const INSERT: &'static str =
        "INSERT OR IGNORE INTO claims (structure, \"row\", source) VALUES ";

    fn bind<'b>(&'b self, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
        put!(values, BigInt: &self.structure, BigInt: &self.row, BigInt: &self.source);
        Ok(())
    }
}

impl Row for NewObservation<'_> {
    type Static = NewObservation<'static>;

    const INSERT: &'static str = "REPLACE INTO observations (tracker, issue, issue_key, summary, \
        project, type_id, type_name, subtask, status, assignee, parent, updated, seen_time, \
        gone_time) VALUES ";

    fn bind<'b>(&'b self, values: &mut Values<'_, '_, 'b>) -> QueryResult<()> {
        put!(values,
            BigInt: &self.tracker,
            BigInt: &self.issue,
            Text: &self.issue_key,
            Text: &self.summary,
            Text: &self.project,
            Text: &self.type_id,
            Text: &self.type_name,
            Bool: &self.subtask,
            Text: &self.status,
            Nullable<Text>: &self.assignee,
            Nullable<BigInt>: &self.parent,
            BigInt: &self.updated,
            BigInt: &self.seen_time,
            Nullable<BigInt>: &self.gone_time,
        );
        Ok(())
    }
}

/// The statement for exactly [`ROWS_A_STATEMENT`] rows: its text is always the same.
struct FullStatement<'a, R>(&'a [R]);

impl<R: Row> QueryId for FullStatement<'_, R> {
    type QueryId = FullStatement<'static, R::Static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<R: Row> QueryFragment<Sqlite> for FullStatement<'_, R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(R::INSERT);
        for (number, row) in self.0.iter().enumerate() {
            if number > 0 {
                out.push_sql(", ");
            }
            row.bind(&mut Values {
                out: &mut out,
                first: true,
            })?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl<R> RunQueryDsl<SqliteConnection> for FullStatement<'_, R> {}
