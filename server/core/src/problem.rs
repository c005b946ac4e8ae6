//! What went wrong, as a value that is stored, sent and shown.
//!
//! What it is not: the error type of a folder. Folders have their own errors, which become a
//! [`Problem`] where a job or a call ends.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The cause. The names are those of the API's `ErrorReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Reason {
    /// A field is missing or has a value that is not allowed.
    FieldInvalid,
    /// There is no such resource.
    ResourceNotFound,
    /// There is a resource with the id that was asked for.
    ResourceAlreadyExists,
    /// The etag or the forest version is not the current one.
    ResourceChanged,
    /// The resource is not in a state that allows this.
    StateNotAllowed,
    /// There is no credential with the call, or it is not valid.
    CallerUnknown,
    /// The caller lacks a permission.
    PermissionDenied,
    /// Synchronizers are switched off on this server.
    SynchronizersDisabled,
    /// The synchronizer cannot do this in that direction.
    DirectionUnsupported,
    /// Neither a confirmation token nor `force` was given.
    ConfirmationRequired,
    /// The confirmation token is not one of this server, caller or request.
    ConfirmationInvalid,
    /// What the plan was made from has changed, or the plan has expired.
    PlanStale,
    /// A resync of the same synchronizer runs or waits.
    ResyncAlreadyRunning,
    /// The plan exceeds the limits of the job.
    ChangeLimitExceeded,
    /// A guard tripped, and the confirmation does not cover it.
    GuardTripped,
    /// The tracker does not accept the query or has no such filter.
    QueryInvalid,
    /// The tracker cannot be reached or fails.
    TrackerUnreachable,
    /// The tracker asked for a pause.
    TrackerThrottled,
    /// The tracker refuses the credential, or treats the account as anonymous.
    TrackerCredentialRefused,
    /// The tracker does not let the account do this.
    TrackerPermissionDenied,
    /// The tracker's answer could not be understood or was cut short.
    TrackerAnswerInvalid,
    /// The structure has, or would have, too many rows.
    StructureTooLarge,
    /// A message is larger than is taken.
    MessageTooLarge,
    /// The caller calls too often, or has too many watches.
    QuotaExceeded,
    /// The call or the job was cancelled.
    Cancelled,
    /// A watcher has not read for too long.
    WatcherTooSlow,
    /// A resume token or page token is not one of this server or request.
    TokenInvalid,
    /// The server is shutting down.
    ServerDraining,
    /// The store is locked, read-only, full or otherwise not available.
    StoreUnavailable,
    /// A fault of the server.
    Internal,
}

/// Why something failed: the same facts for the error of a call and of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The cause.
    pub reason: Reason,
    /// One sentence what, one sentence what to do. No secret, no stack.
    pub message: String,
    /// The variable parts, by the keys documented on the API's reason.
    pub metadata: BTreeMap<String, String>,
}

impl Problem {
    /// A problem without metadata.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            metadata: BTreeMap::new(),
        }
    }

    /// Adds one variable part.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }
}
