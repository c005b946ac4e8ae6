//! PostgreSQL: how work gets to a connection, and what only PostgreSQL does this way.
//!
//! What it is not: the queries, which are in `queries/`. The driver is written in Rust; the
//! connection is not encrypted, so the database belongs on the same host or network.

use crate::error::Error;
use crate::rows::base::NewBase;
use crate::rows::forest::{ClaimRow, NewRow};
use crate::rows::job::JobRow;
use crate::rows::observation::NewObservation;
use crate::rows::structure::StructureRow;
use crate::schema::{jobs, server_meta, structures};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, Text};
use diesel::{ConnectionError, ConnectionResult, sql_query};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::pooled_connection::deadpool::{Object, Pool, PoolError};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError as ManagerError, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::time::Duration;

#[path = "queries/mod.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "compiled once for each database, see lib.rs"
)]
pub(crate) mod queries;

/// The connection that the queries run on: the asynchronous one, made synchronous, so that a unit
/// of work is a closure on one thread which nobody can stop halfway.
pub(crate) type Conn = AsyncConnectionWrapper<Object<AsyncPgConnection>>;

/// The schema.
pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Connections of one server: PostgreSQL takes 100 by default, of all servers together.
const CONNECTIONS: usize = 10;

/// How long a unit of work waits for a connection.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);

/// What every connection is told. A unit of work is short, so a lock that is not free in time
/// (the same time as SQLite waits) is held by somebody who has stopped. Statements are prepared
/// once but planned each time: a plan from when a table was empty takes minutes once it is full.
const SETTINGS: &str = "SET lock_timeout = '5s'; SET plan_cache_mode = force_custom_plan";

/// Rows in one statement, as arrays.
const ROWS_A_STATEMENT: usize = 10_000;

/// The advisory lock of a migration: any number that nobody else uses.
const MIGRATION_LOCK: i64 = 0x7265_7379_6e63;

/// A PostgreSQL database.
#[derive(Clone)]
pub(crate) struct Postgres {
    pool: Pool<AsyncPgConnection>,
}

impl Postgres {
    /// Opens a database by URL.
    pub(crate) async fn open(url: &str) -> Result<Self, Error> {
        let mut config = ManagerConfig::default();
        // A dead connection is noticed by its first statement, which then fails as unavailable.
        // Asking first would double the round trips of every unit of work.
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(|url| Box::pin(connect(url)));
        let manager = AsyncDieselConnectionManager::new_with_config(url, config);
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .build()
            .map_err(|error| Error::Internal {
                cause: error.to_string(),
            })?;
        let store = Self { pool };
        store.write(queries::meta::migrate).await?;
        Ok(store)
    }

    /// Runs a unit of work that writes, in a transaction.
    pub(crate) async fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        self.read(|conn| diesel::Connection::transaction(conn, work))
            .await
    }

    /// Runs a unit of work that reads with one statement, or does not mind seeing several states.
    pub(crate) async fn read<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        let object = tokio::time::timeout(CONNECTION_WAIT, self.pool.get())
            .await
            .map_err(|_| unavailable("no connection was free in time"))?
            .map_err(pool_error)?;
        tokio::task::spawn_blocking(move || work(&mut Conn::from(object)))
            .await
            .map_err(|_| unavailable("its thread has stopped"))?
    }

    /// Runs a unit of work that reads one state with several statements.
    pub(crate) async fn snapshot<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        self.write(|conn| {
            sql_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                .execute(conn)?;
            work(conn)
        })
        .await
    }
}

fn pool_error(error: PoolError) -> Error {
    match error {
        PoolError::Backend(ManagerError::ConnectionError(ConnectionError::BadConnection(
            cause,
        ))) => Error::Unavailable { cause },
        other => unavailable(&other.to_string()),
    }
}

async fn connect(url: &str) -> ConnectionResult<AsyncPgConnection> {
    let mut conn = AsyncPgConnection::establish(url)
        .await
        .map_err(without_address)?;
    conn.batch_execute(SETTINGS)
        .await
        .map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// The driver quotes what it does not understand of an address, which may be a part of a password.
fn without_address(error: ConnectionError) -> ConnectionError {
    if error.to_string().contains("invalid connection string") {
        return ConnectionError::BadConnection("the address is not valid".into());
    }
    error
}

fn unavailable(cause: &str) -> Error {
    Error::Unavailable {
        cause: cause.to_owned(),
    }
}

/// Collects one column of many rows.
fn column<'a, R, T>(new: &'a [R], get: impl Fn(&'a R) -> T) -> Vec<T> {
    new.iter().map(get).collect()
}

/// Inserts rows, or replaces them.
pub(crate) fn upsert_rows(conn: &mut Conn, new: &[NewRow<'_>]) -> QueryResult<()> {
    for chunk in new.chunks(ROWS_A_STATEMENT) {
        sql_query(
            "INSERT INTO \"rows\" (structure, id, parent, position, tracker, issue, title, \
             alias, placed_by) SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (structure, id) DO UPDATE SET parent = excluded.parent, \
             position = excluded.position, tracker = excluded.tracker, issue = excluded.issue, \
             title = excluded.title, alias = excluded.alias, placed_by = excluded.placed_by",
        )
        .bind::<Array<BigInt>, _>(column(chunk, |row| row.structure))
        .bind::<Array<BigInt>, _>(column(chunk, |row| row.id))
        .bind::<Array<Nullable<BigInt>>, _>(column(chunk, |row| row.parent))
        .bind::<Array<Binary>, _>(column(chunk, |row| row.position))
        .bind::<Array<Nullable<BigInt>>, _>(column(chunk, |row| row.tracker))
        .bind::<Array<Nullable<BigInt>>, _>(column(chunk, |row| row.issue))
        .bind::<Array<Nullable<Text>>, _>(column(chunk, |row| row.title))
        .bind::<Array<Bool>, _>(column(chunk, |row| row.alias))
        .bind::<Array<Nullable<BigInt>>, _>(column(chunk, |row| row.placed_by))
        .execute(conn)?;
    }
    Ok(())
}

/// Inserts claims that are not there.
pub(crate) fn upsert_claims(conn: &mut Conn, new: &[ClaimRow]) -> QueryResult<()> {
    for chunk in new.chunks(ROWS_A_STATEMENT) {
        sql_query(
            "INSERT INTO claims (structure, \"row\", source) \
             SELECT * FROM unnest($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind::<Array<BigInt>, _>(column(chunk, |claim| claim.structure))
        .bind::<Array<BigInt>, _>(column(chunk, |claim| claim.row))
        .bind::<Array<BigInt>, _>(column(chunk, |claim| claim.source))
        .execute(conn)?;
    }
    Ok(())
}

/// Inserts observations, or replaces those that are not newer: another server may have written
/// since the caller looked.
pub(crate) fn upsert_observations(conn: &mut Conn, new: &[NewObservation<'_>]) -> QueryResult<()> {
    for chunk in new.chunks(ROWS_A_STATEMENT) {
        sql_query(
            "INSERT INTO observations (tracker, issue, issue_key, summary, project, type_id, \
             type_name, subtask, status, assignee, parent, updated, seen_time, gone_time) \
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
             ON CONFLICT (tracker, issue) DO UPDATE SET issue_key = excluded.issue_key, \
             summary = excluded.summary, project = excluded.project, \
             type_id = excluded.type_id, type_name = excluded.type_name, \
             subtask = excluded.subtask, status = excluded.status, \
             assignee = excluded.assignee, parent = excluded.parent, \
             updated = excluded.updated, seen_time = excluded.seen_time, \
             gone_time = excluded.gone_time WHERE observations.updated <= excluded.updated",
        )
        .bind::<Array<BigInt>, _>(column(chunk, |issue| issue.tracker))
        .bind::<Array<BigInt>, _>(column(chunk, |issue| issue.issue))
        .bind::<Array<Text>, _>(column(chunk, |issue| issue.issue_key))
        .bind::<Array<Text>, _>(column(chunk, |issue| issue.summary))
        .bind::<Array<Text>, _>(column(chunk, |issue| issue.project))
        .bind::<Array<Text>, _>(column(chunk, |issue| issue.type_id))
        .bind::<Array<Text>, _>(column(chunk, |issue| issue.type_name))
        .bind::<Array<Bool>, _>(column(chunk, |issue| issue.subtask))
        .bind::<Array<Text>, _>(column(chunk, |issue| issue.status))
        .bind::<Array<Nullable<Text>>, _>(column(chunk, |issue| issue.assignee))
        .bind::<Array<Nullable<BigInt>>, _>(column(chunk, |issue| issue.parent))
        .bind::<Array<BigInt>, _>(column(chunk, |issue| issue.updated))
        .bind::<Array<BigInt>, _>(column(chunk, |issue| issue.seen_time))
        .bind::<Array<Nullable<BigInt>>, _>(column(chunk, |issue| issue.gone_time))
        .execute(conn)?;
    }
    Ok(())
}

/// Inserts entries of the base, or replaces them.
pub(crate) fn upsert_base(conn: &mut Conn, new: &[NewBase<'_>]) -> QueryResult<()> {
    for chunk in new.chunks(ROWS_A_STATEMENT) {
        sql_query(
            "INSERT INTO base (synchronizer, issue, aspect, value, tracker_updated, time) \
             SELECT * FROM unnest($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (synchronizer, issue, aspect) DO UPDATE SET value = excluded.value, \
             tracker_updated = excluded.tracker_updated, time = excluded.time",
        )
        .bind::<Array<BigInt>, _>(column(chunk, |entry| entry.synchronizer))
        .bind::<Array<BigInt>, _>(column(chunk, |entry| entry.issue))
        .bind::<Array<Text>, _>(column(chunk, |entry| entry.aspect))
        .bind::<Array<Binary>, _>(column(chunk, |entry| entry.value))
        .bind::<Array<BigInt>, _>(column(chunk, |entry| entry.tracker_updated))
        .bind::<Array<BigInt>, _>(column(chunk, |entry| entry.time))
        .execute(conn)?;
    }
    Ok(())
}

/// Reads a structure, and keeps others from changing it until the transaction ends.
pub(crate) fn lock_structure(conn: &mut Conn, id: i64) -> QueryResult<Option<StructureRow>> {
    let query = structures::table.find(id).select(StructureRow::as_select());
    query.for_update().first(conn).optional()
}

/// Reads a job, and keeps others from changing it until the transaction ends.
pub(crate) fn lock_job(conn: &mut Conn, id: i64) -> QueryResult<Option<JobRow>> {
    jobs::table
        .find(id)
        .select(JobRow::as_select())
        .for_update()
        .first(conn)
        .optional()
}

/// Keeps others from choosing a job until the transaction ends.
pub(crate) fn lock_schedule(conn: &mut Conn) -> QueryResult<()> {
    let row = server_meta::table
        .find(queries::meta::SCHEDULE)
        .select(server_meta::name);
    row.for_update().first::<String>(conn).map(drop)
}

/// Keeps other servers that start from migrating until the transaction ends.
/// A migration may take longer than other work.
pub(crate) fn lock_migrations(conn: &mut Conn) -> QueryResult<()> {
    sql_query("SET LOCAL lock_timeout = 0").execute(conn)?;
    sql_query("SELECT pg_advisory_xact_lock($1)")
        .bind::<BigInt, _>(MIGRATION_LOCK)
        .execute(conn)
        .map(drop)
}
