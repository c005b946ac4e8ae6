//! All that is stored, as text: to see that a call has changed nothing, or what it has changed.

use crate::{Database, Error, Store};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

/// Every table, in the order in which they are shown.
const TABLES: [&str; 22] = [
    "server_meta",
    "structures",
    "forest_versions",
    "forest_changes",
    "rows",
    "claims",
    "trackers",
    "observations",
    "synchronizers",
    "tracker_cursors",
    "hints",
    "sync_states",
    "mirrors",
    "mirror_chunks",
    "base",
    "wishes",
    "jobs",
    "job_changes",
    "job_log",
    "journal",
    "requests",
    "__diesel_schema_migrations",
];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Shows everything that is stored: for each table its name, then a line a row, in order. The
/// form is the database's own, so only dumps of one store compare.
///
/// # Errors
/// Those of the database.
pub async fn dump(store: &Store) -> Result<String, Error> {
    let mut text = String::new();
    for table in TABLES {
        let lines = match &store.database {
            Database::Sqlite(sqlite) => sqlite.read(move |conn| lines_of_sqlite(conn, table)).await,
            Database::Postgres(postgres) => {
                let query = format!("SELECT t::text AS line FROM \"{table}\" t ORDER BY 1");
                postgres
                    .read(move |conn| Ok(sql_query(query).load::<Line>(conn)?))
                    .await
            }
        };
        text.push_str(table);
        text.push('\n');
        for Line { line } in lines? {
            text.push_str("    ");
            text.push_str(&line);
            text.push('\n');
        }
    }
    Ok(text)
}

fn lines_of_sqlite(conn: &mut SqliteConnection, table: &str) -> Result<Vec<Line>, Error> {
    let columns = format!("SELECT name AS line FROM pragma_table_info('{table}')");
    let quoted: Vec<String> = sql_query(columns)
        .load::<Line>(conn)?
        .iter()
        .map(|column| format!("quote(\"{}\")", column.line))
        .collect();
    let row = quoted.join(" || ',' || ");
    let query = format!("SELECT {row} AS line FROM \"{table}\" ORDER BY 1");
    Ok(sql_query(query).load(conn)?)
}
