//! What is known of a call wherever it is worked on: its number and its deadline.
//!
//! What it is not: who calls; that is a [`resync_core::id::Principal`] in the request's extensions.

use std::future::Future;
use tokio::time::Instant;

tokio::task_local! {
    static TRACE_ID: String;
}

/// Runs a future as part of the call with that trace id.
pub(crate) async fn traced<F: Future>(trace_id: String, future: F) -> F::Output {
    TRACE_ID.scope(trace_id, future).await
}

/// The trace id of the call that is being worked on: 32 hexadecimal digits; zeros outside a call.
pub(crate) fn trace_id() -> String {
    TRACE_ID
        .try_with(Clone::clone)
        .unwrap_or_else(|_| "0".repeat(32))
}

/// When the caller stops waiting. In the request's extensions when the caller has said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(pub(crate) Instant);
