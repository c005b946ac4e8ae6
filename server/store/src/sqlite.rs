//! SQLite: how work gets to a connection, and what only SQLite does this way.
//!
//! What it is not: the queries, which are in `queries/`.

use crate::Executor;
use crate::error::Error;
use crate::rows::base::NewBase;
use crate::rows::job::JobRow;
use crate::rows::structure::StructureRow;
use crate::schema::{base, jobs, structures};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::{ConnectionError, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use tokio::sync::{Semaphore, oneshot};

pub(crate) use crate::sqlite_bulk::{upsert_claims, upsert_observations, upsert_rows};

#[path = "queries/mod.rs"]
pub(crate) mod queries;

/// The connection that the queries run on.
pub(crate) type Conn = SqliteConnection;

/// The schema.
pub(crate) const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Connections that read beside the writer: more than the cores of a small machine make no
/// difference.
const READERS: usize = 4;

/// What every connection is told. The wait for another process's lock (`busy_timeout`) is in
/// milliseconds, the cache in KiB when negative: little, since most reads go through a table once
/// and the system keeps the file in memory, too. `synchronous = FULL`: a commit that was
/// acknowledged survives a power failure. The journal of one large commit does not stay on disk.
const SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; \
    PRAGMA cache_size = -4096; PRAGMA synchronous = FULL; \
    PRAGMA journal_size_limit = 1048576;";

/// The cache of the writer: an index that is filled in no order of its own stays in memory.
const WRITER_SETTINGS: &str = "PRAGMA cache_size = -32768;";

/// Entries of the base in one statement: 6 parameters each, below the limit of 32,766.
const BASE_A_STATEMENT: usize = 2_000;

/// A unit of work, on its way to the writer.
type Work = Box<dyn FnOnce(&mut Conn) + Send>;

/// A SQLite database.
#[derive(Clone)]
pub(crate) struct Sqlite(Arc<Engine>);

enum Engine {
    /// One connection, on the calling thread.
    Inline(Mutex<Conn>),
    /// A thread that writes, and connections that read. A database in memory has one connection
    /// only, so there the writer reads too.
    Threads {
        writer: mpsc::Sender<Work>,
        readers: Option<Arc<Readers>>,
    },
}

struct Readers {
    path: PathBuf,
    /// Connections that nobody uses now. They are opened when they are first needed.
    free: Mutex<Vec<Conn>>,
    permits: Arc<Semaphore>,
}

impl Sqlite {
    /// Opens a file, or a database in memory without one.
    pub(crate) fn open(path: Option<&Path>, executor: Executor) -> Result<Self, Error> {
        let mut conn = connect(path)?;
        conn.batch_execute(WRITER_SETTINGS)?;
        if path.is_some() {
            conn.batch_execute("PRAGMA journal_mode = WAL;")?;
        }
        conn.immediate_transaction(queries::meta::migrate)?;
        let engine = match executor {
            Executor::Inline => Engine::Inline(Mutex::new(conn)),
            Executor::Threads => Engine::Threads {
                writer: start_writer(conn)?,
                readers: path.map(Readers::new).map(Arc::new),
            },
        };
        Ok(Self(Arc::new(engine)))
    }

    /// Runs a unit of work that writes, in a transaction.
    pub(crate) async fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        // Immediate: a transaction that reads first and writes then would fail at once, instead of
        // waiting, when another process has written in between.
        self.run_on_writer(|conn| conn.immediate_transaction(work))
            .await
    }

    /// Runs a unit of work that reads with one statement, or does not mind seeing several states.
    pub(crate) async fn read<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        match &*self.0 {
            Engine::Threads {
                readers: Some(readers),
                ..
            } => readers.run(work).await,
            _ => self.run_on_writer(work).await,
        }
    }

    /// Runs a unit of work that reads one state with several statements.
    pub(crate) async fn snapshot<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        self.read(|conn| conn.transaction(work)).await
    }

    /// Runs a unit of work on the connection that writes, as it is.
    pub(crate) async fn run_on_writer<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        match &*self.0 {
            Engine::Inline(conn) => work(&mut *conn.lock().map_err(|_| stopped())?),
            Engine::Threads { writer, .. } => {
                let (sender, receiver) = oneshot::channel();
                let work = Box::new(move |conn: &mut Conn| {
                    // Nobody waits any more when the caller was cancelled; the work is done.
                    let _ = sender.send(work(conn));
                });
                writer.send(work).map_err(|_| stopped())?;
                receiver.await.map_err(|_| stopped())?
            }
        }
    }
}

impl Readers {
    fn new(path: &Path) -> Self {
        let permits = Arc::new(Semaphore::new(READERS));
        Self {
            path: path.to_owned(),
            free: Mutex::default(),
            permits,
        }
    }

    async fn run<R: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut Conn) -> Result<R, Error> + Send + 'static,
    ) -> Result<R, Error> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| stopped())?;
        let readers = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut conn = readers.take()?;
            let result = work(&mut conn);
            readers.free.lock().map_err(|_| stopped())?.push(conn);
            result
        });
        task.await.map_err(|_| stopped())?
    }

    fn take(&self) -> Result<Conn, Error> {
        if let Some(conn) = self.free.lock().map_err(|_| stopped())?.pop() {
            return Ok(conn);
        }
        let mut conn = connect(Some(&self.path))?;
        conn.batch_execute("PRAGMA query_only = ON;")?;
        Ok(conn)
    }
}

fn connect(path: Option<&Path>) -> Result<Conn, Error> {
    let name = match path {
        None => ":memory:",
        Some(path) => path.to_str().ok_or_else(|| Error::Unavailable {
            cause: "the path of the file is not valid UTF-8".into(),
        })?,
    };
    let mut conn = Conn::establish(name).map_err(connection_error)?;
    conn.batch_execute(SETTINGS)?;
    Ok(conn)
}

fn connection_error(error: ConnectionError) -> Error {
    match error {
        ConnectionError::CouldntSetupConfiguration(error) => error.into(),
        other => Error::Unavailable {
            cause: other.to_string(),
        },
    }
}

fn start_writer(mut conn: Conn) -> Result<mpsc::Sender<Work>, Error> {
    let (sender, receiver) = mpsc::channel::<Work>();
    let writer = move || {
        while let Ok(work) = receiver.recv() {
            work(&mut conn);
        }
    };
    std::thread::Builder::new()
        .name("sqlite-writer".into())
        .spawn(writer)
        .map_err(|error| Error::Unavailable {
            cause: error.to_string(),
        })?;
    Ok(sender)
}

/// A unit of work has panicked, and with it went its connection.
fn stopped() -> Error {
    Error::Unavailable {
        cause: "its thread has stopped".into(),
    }
}

/// Inserts entries of the base, or replaces them.
pub(crate) fn upsert_base(conn: &mut Conn, new: &[NewBase<'_>]) -> QueryResult<()> {
    for chunk in new.chunks(BASE_A_STATEMENT) {
        diesel::replace_into(base::table)
            .values(chunk)
            .execute(conn)?;
    }
    Ok(())
}

/// Reads a structure. The writer is alone, so nobody changes it meanwhile.
pub(crate) fn lock_structure(conn: &mut Conn, id: i64) -> QueryResult<Option<StructureRow>> {
    structures::table
        .find(id)
        .select(StructureRow::as_select())
        .first(conn)
        .optional()
}

/// Reads a job. The writer is alone, so nobody changes it meanwhile.
pub(crate) fn lock_job(conn: &mut Conn, id: i64) -> QueryResult<Option<JobRow>> {
    jobs::table
        .find(id)
        .select(JobRow::as_select())
        .first(conn)
        .optional()
}

/// Nothing to do: the writer is alone.
pub(crate) fn lock_schedule(_conn: &mut Conn) -> QueryResult<()> {
    Ok(())
}

/// Nothing to do: the transaction holds the file.
pub(crate) fn lock_migrations(_conn: &mut Conn) -> QueryResult<()> {
    Ok(())
}
