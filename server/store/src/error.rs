//! What can go wrong in the store, typed where a caller branches.
//!
//! What it is not: the errors of the API; those are made of these in the service.

use crate::request::RecordedAnswer;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use resync_core::id::JobId;
use resync_core::job::JobState;

/// An error of the store. Nothing of the failed call is kept, unless a variant says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or it is deleted.
    #[error("find {what} {name}: there is none; check the name")]
    NotFound {
        /// The kind of thing, for people.
        what: &'static str,
        /// Its slug or id.
        name: String,
    },
    /// Another thing has that slug.
    #[error("create {what} {name}: there is one already; choose another id")]
    AlreadyExists {
        /// The kind of thing, for people.
        what: &'static str,
        /// The slug that is taken.
        name: String,
    },
    /// The etag or the forest version is not the current one.
    #[error("change {what}: expected version {expected}, but it is {actual}; read it again")]
    Stale {
        /// What was to be changed.
        what: &'static str,
        /// The etag or version that the caller had.
        expected: String,
        /// The current one.
        actual: String,
    },
    /// The thing is in a state that does not allow this.
    #[error("{action}: not allowed while it is {state}")]
    StateNotAllowed {
        /// What was tried, for people: `update synchronizer`.
        action: &'static str,
        /// The state that forbids it, as the store writes it: `enabled`.
        state: &'static str,
    },
    /// A job may not go from the one state to the other.
    #[error("update job: it is {from:?} and cannot become {to:?}")]
    TransitionNotAllowed {
        /// The stored state.
        from: JobState,
        /// The state that was asked for.
        to: JobState,
    },
    /// A live job of the same synchronizer (or structure) forbids this.
    #[error("start or delete: job {job} runs or waits; wait for it or cancel it")]
    JobInTheWay {
        /// That job.
        job: JobId,
    },
    /// Something else refers to the thing.
    #[error("delete {what}: {count} {users} use it; delete those first")]
    InUse {
        /// What was to be deleted.
        what: &'static str,
        /// How many users.
        count: i64,
        /// What uses it, for people, in the plural.
        users: &'static str,
    },
    /// Another worker has taken the job, or it has ended: stop at once, write nothing more.
    #[error("write job {job}: its lease is lost; stop working on it")]
    LeaseLost {
        /// The job.
        job: JobId,
    },
    /// The same request was answered before. Give the recorded answer again.
    #[error("run request: it was answered before; return the recorded answer")]
    AlreadyAnswered(RecordedAnswer),
    /// The request id was used before, for a request with another body.
    #[error("run request {request_id}: the id was used for another request; choose a new one")]
    RequestIdReused {
        /// The id.
        request_id: String,
    },
    /// Another process holds the database, or on PostgreSQL the rows, for longer than 5 seconds.
    #[error("write the store: another process holds its lock; stop that process or try again")]
    Locked,
    /// The file, the disk or the database takes no writes.
    #[error("write the store: it is read-only; make the file and its folder writable")]
    ReadOnly,
    /// The disk or the size limit of the database is reached.
    #[error("write the store: it is full; free disk space")]
    Full,
    /// A newer release has migrated the database.
    #[error("open the store: it has schema {found}, this release knows up to {known}; upgrade")]
    NewerSchema {
        /// The newest migration that was applied.
        found: String,
        /// The newest migration that this release has.
        known: String,
    },
    /// The database cannot be reached, or the connection broke. Trying again may help. Whether a
    /// write that was under way has been kept is not known.
    #[error("use the store: it cannot be reached: {cause}; check the address and try again")]
    Unavailable {
        /// What the database or the system said. Never the address, which may hold a password.
        cause: String,
    },
    /// Something stored cannot be read back.
    #[error("read {what}: what is stored cannot be understood; restore a backup")]
    Corrupt {
        /// What was read.
        what: &'static str,
    },
    /// A fault of the store itself, such as a statement that the database refuses.
    #[error("use the store: {cause}; report this")]
    Internal {
        /// What the database said.
        cause: String,
    },
}

impl Error {
    /// Whether trying the same call again later may succeed without any other change.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Locked | Self::Full | Self::Unavailable { .. })
    }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::DatabaseError(kind, information) => {
                from_database(kind, information.message())
            }
            DieselError::BrokenTransactionManager => Self::Unavailable {
                cause: error.to_string(),
            },
            DieselError::DeserializationError(_) => Self::Corrupt { what: "a column" },
            DieselError::RollbackErrorOnCommit {
                rollback_error,
                commit_error,
            } => {
                let cause = format!("{commit_error}, then {rollback_error}");
                Self::Unavailable { cause }
            }
            _ => Self::Internal {
                cause: error.to_string(),
            },
        }
    }
}

/// What SQLite (the first two) and PostgreSQL say when trying again may help.
const UNAVAILABLE: [&str; 5] = [
    "disk I/O error",
    "unable to open",
    "deadlock detected",
    "terminating connection",
    "the database system is",
];

/// SQLite's own texts, since diesel hands over no result code. They are part of SQLite's stable
/// `sqlite3_errstr`.
fn from_database(kind: &DatabaseErrorKind, message: &str) -> Error {
    let cause = || message.to_owned();
    match kind {
        DatabaseErrorKind::ReadOnlyTransaction => return Error::ReadOnly,
        DatabaseErrorKind::SerializationFailure
        | DatabaseErrorKind::ClosedConnection
        | DatabaseErrorKind::UnableToSendCommand => return Error::Unavailable { cause: cause() },
        _ => {}
    }
    let says = |text: &str| message.contains(text);
    if says("is locked") || says("lock timeout") {
        Error::Locked
    } else if says("readonly database") || says("read-only") {
        Error::ReadOnly
    } else if says("is full") || says("No space left") {
        Error::Full
    } else if says("malformed") || says("not a database") {
        Error::Corrupt {
            what: "the database file",
        }
    } else if UNAVAILABLE.iter().any(|&text| says(text)) {
        Error::Unavailable { cause: cause() }
    } else {
        Error::Internal { cause: cause() }
    }
}

/// Turns the refusal of a duplicate into [`Error::AlreadyExists`].
pub(crate) fn taken(error: DieselError, what: &'static str, name: &str) -> Error {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Error::AlreadyExists {
            what,
            name: name.to_owned(),
        },
        other => other.into(),
    }
}

/// The error for something that is not there.
pub(crate) fn absent(what: &'static str, name: impl ToString) -> Error {
    Error::NotFound {
        what,
        name: name.to_string(),
    }
}
