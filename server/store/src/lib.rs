//! The store of Resync: structures and their forests, synchronizers, trackers, observations and
//! jobs, in SQLite or PostgreSQL.
//!
//! What it is not: it decides nothing about hierarchies (that is the core), and it talks to no
//! tracker. Time, ids and randomness are arguments.
//!
//! Every function of [`Store`] is one unit of work: a transaction that is kept whole or not at
//! all, and that goes on to its end when the caller stops waiting. Results are whole lists or
//! keyset pages; no cursor is held. What was acknowledged is durable.
//!
//! The queries are synchronous functions in `queries/`, written once and compiled for each
//! database; `sqlite.rs` and `postgres.rs` hold what differs, by name.

mod api;
mod base;
mod blob;
mod codes;
mod digest;
mod error;
mod forest;
mod incremental;
mod incremental_schema;
mod job;
mod observation;
mod postgres;
mod request;
mod rows;
mod schedule;
mod schema;
mod shown;
mod sqlite;
mod sqlite_bulk;
mod structure;
mod synchronizer;
#[cfg(feature = "testing")]
pub mod testing;
mod tracker;

pub use base::BaseEntry;
pub use digest::settings_hash;
pub use error::Error;
pub use forest::{ForestCommit, HistoryPoint, JobCommit, LoadedRows, VersionRecord};
pub use incremental::{
    DueSync, HINT_RETENTION_MS, Hint, Mirror, NewHint, Poll, Polled, SyncState, SyncStatus,
    SyncUpdate,
};
pub use job::{
    ClaimRequest, ClaimedJob, JobFilter, JobPoints, JobRecord, JobUpdate, Lease, NewJob,
    NewLogEntry, PackedChanges, Retry,
};
pub use observation::{Observation, ObservedStream};
pub use request::{REQUEST_RETENTION_MS, RecordedAnswer, RequestRecord};
pub use shown::ShownIssue;
pub use structure::{NewStructure, StructureFilter, StructureRecord, StructureUpdate};
pub use synchronizer::{
    NewSynchronizer, SynchronizerFilter, SynchronizerRecord, SynchronizerUpdate,
};
pub use tracker::{
    NewTracker, Product, TrackerContact, TrackerLimits, TrackerRecord, TrackerSettings,
    TrackerState,
};

use postgres::Postgres;
use sqlite::Sqlite;
use std::path::PathBuf;

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file; it is made when it is not there.
    File(PathBuf),
    /// A SQLite database that is gone when the [`Store`] is.
    Memory,
    /// A PostgreSQL database, by URL or as `host=… user=… dbname=…`. It may hold a password, so it
    /// is never shown.
    Postgres(String),
}

/// How SQLite is run. PostgreSQL does not look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executor {
    /// A thread of its own writes; others read beside it.
    Threads,
    /// Everything happens on the calling thread, within the call. For deterministic simulation.
    Inline,
}

/// An open store. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct Store {
    database: Database,
}

#[derive(Clone)]
enum Database {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens a store, and brings its schema up to date.
    ///
    /// # Errors
    /// [`Error::NewerSchema`], [`Error::Locked`], [`Error::ReadOnly`], [`Error::Full`],
    /// [`Error::Unavailable`], [`Error::Corrupt`].
    pub async fn open(location: Location, executor: Executor) -> Result<Store, Error> {
        let database = match location {
            Location::File(path) => Database::Sqlite(open_sqlite(Some(path), executor).await?),
            Location::Memory => Database::Sqlite(open_sqlite(None, executor).await?),
            Location::Postgres(url) => Database::Postgres(Postgres::open(&url).await?),
        };
        Ok(Store { database })
    }
}

/// Opening may wait for a lock or migrate for long, so it has a thread of its own, if there may be
/// any.
async fn open_sqlite(path: Option<PathBuf>, executor: Executor) -> Result<Sqlite, Error> {
    let open = move || Sqlite::open(path.as_deref(), executor);
    match executor {
        Executor::Inline => open(),
        Executor::Threads => tokio::task::spawn_blocking(open)
            .await
            .unwrap_or_else(|error| {
                Err(Error::Internal {
                    cause: error.to_string(),
                })
            }),
    }
}

/// Runs a query on the database of a store: `on!(self.write, module::function(arguments))`, where
/// the way is `read`, `snapshot` or `write`. The first argument, the connection, is added.
macro_rules! on {
    ($store:ident.$way:ident, $module:ident::$function:ident($($argument:expr),*)) => {
        match &$store.database {
            crate::Database::Sqlite(database) => {
                use crate::sqlite::queries::$module;
                database.$way(move |conn| $module::$function(conn, $($argument),*)).await
            }
            crate::Database::Postgres(database) => {
                use crate::postgres::queries::$module;
                database.$way(move |conn| $module::$function(conn, $($argument),*)).await
            }
        }
    };
}
use on;
