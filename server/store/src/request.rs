//! What makes a repeated call safe: the record of a request and of its answer.

use resync_core::id::Principal;
use resync_core::time::Timestamp;

/// How long an answer is remembered, in milliseconds: a day, which outlasts any client's retries.
pub const REQUEST_RETENTION_MS: i64 = 24 * 60 * 60 * 1000;

/// A request that is recorded together with its effect, in one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// Who called.
    pub principal: Principal,
    /// The full name of the method.
    pub method: String,
    /// The caller's id of the request.
    pub request_id: String,
    /// A digest of the request's body, without the id.
    pub body_hash: Vec<u8>,
    /// What to answer when the request is repeated, as far as the caller of the store knows it
    /// beforehand; may be empty. What the store mints is in [`RecordedAnswer::subject`].
    pub answer: Vec<u8>,
    /// When the call came in.
    pub time: Timestamp,
}

/// What a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedAnswer {
    /// What the request made: the number of the job, structure, synchronizer, tracker or forest
    /// version.
    pub subject: i64,
    /// [`RequestRecord::answer`] of the first call.
    pub answer: Vec<u8>,
}
