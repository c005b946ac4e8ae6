//! Many rows of a forest into SQLite, with one statement that is prepared once a connection.
//!
//! What it is not: needed for correctness. `replace_into` does the same at half the speed, since
//! it writes and parses a text with thousands of parameters again for each statement.

use crate::rows::forest::NewRow;
use crate::schema::rows;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use diesel::sqlite::Sqlite;

/// Rows in one statement: 4,500 parameters, of 32,766.
const ROWS_A_STATEMENT: usize = 500;

/// Inserts rows, or replaces them.
pub(crate) fn replace_rows(conn: &mut SqliteConnection, new: &[NewRow<'_>]) -> QueryResult<()> {
    let mut chunks = new.chunks_exact(ROWS_A_STATEMENT);
    for chunk in &mut chunks {
        FullStatement(chunk).execute(conn)?;
    }
    diesel::replace_into(rows::table)
        .values(chunks.remainder())
        .execute(conn)?;
    Ok(())
}

/// The statement for exactly [`ROWS_A_STATEMENT`] rows: its text is always the same.
struct FullStatement<'a>(&'a [NewRow<'a>]);

impl QueryId for FullStatement<'_> {
    type QueryId = FullStatement<'static>;

    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryFragment<Sqlite> for FullStatement<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql(
            "REPLACE INTO rows (structure, id, parent, position, tracker, issue, title, alias, \
             placed_by) VALUES ",
        );
        for (number, row) in self.0.iter().enumerate() {
            out.push_sql(if number == 0 { "(" } else { ", (" });
            out.push_bind_param::<BigInt, _>(&row.structure)?;
            out.push_sql(", ");
            out.push_bind_param::<BigInt, _>(&row.id)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<BigInt>, _>(&row.parent)?;
            out.push_sql(", ");
            out.push_bind_param::<Binary, _>(&row.position)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<BigInt>, _>(&row.tracker)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<BigInt>, _>(&row.issue)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<Text>, _>(&row.title)?;
            out.push_sql(", ");
            out.push_bind_param::<Bool, _>(&row.alias)?;
            out.push_sql(", ");
            out.push_bind_param::<Nullable<BigInt>, _>(&row.placed_by)?;
            out.push_sql(")");
        }
        Ok(())
    }
}

impl RunQueryDsl<SqliteConnection> for FullStatement<'_> {}
