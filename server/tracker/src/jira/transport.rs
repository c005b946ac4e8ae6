//! The seam below the adapter: one HTTP exchange.
//!
//! What it is not: retries, pacing and meaning; those are above it, and so are the same whether a
//! request goes over a network or to a simulated Jira in the same process.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::sync::Arc;

/// Why an exchange gave no complete answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection, or it ended before an answer began.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The answer began but ended before its end.
    #[error("the answer was cut short: {0}")]
    Cut(String),
    /// The answer is larger than is taken.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
}

/// Sends one request and takes its whole answer. Neither retries nor follows redirects.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// The request has an absolute address. Any status is an answer.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Arc<T> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        (**self).send(request).await
    }
}
