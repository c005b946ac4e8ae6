//! The way to a simulated Jira in the same process: for the demo and for simulation.
//!
//! What it is not: part of `serve`. Nothing there leads here.

use crate::trackers::Connections;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use resync_core::problem::Problem;
use resync_simulator::{Answer, Simulator};
use resync_store::TrackerRecord;
use resync_tracker::jira::{Credential, Secret, Transport, TransportError};
use std::sync::Arc;
use tokio::time::sleep;

/// Hands requests to a simulator, and waits as long as a real Jira would have taken.
pub struct SimulatedTransport(pub Simulator);

#[async_trait]
impl Transport for SimulatedTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (parts, body) = request.into_parts();
        let outcome = self.0.handle(&resync_simulator::Request {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            body,
        });
        if !outcome.delay.is_zero() {
            sleep(outcome.delay).await;
        }
        match outcome.answer {
            Answer::Response(answer) => {
                let mut response = Response::new(answer.body);
                *response.status_mut() = http::StatusCode::from_u16(answer.status)
                    .map_err(|error| TransportError::Unreachable(error.to_string()))?;
                *response.headers_mut() = answer.headers;
                Ok(response)
            }
            Answer::Lost => Err(TransportError::Unreachable(
                "the connection was closed".to_owned(),
            )),
            Answer::Cut(..) => Err(TransportError::Cut("the connection was closed".to_owned())),
        }
    }
}

/// Connections that all lead to one simulator.
pub struct SimulatedConnections {
    /// The way there.
    pub transport: Arc<dyn Transport>,
    /// The user that it knows.
    pub user: String,
    /// The token that it accepts.
    pub token: String,
}

impl Connections for SimulatedConnections {
    fn open(
        &self,
        _tracker: &TrackerRecord,
        _host: &str,
    ) -> Result<(Arc<dyn Transport>, Credential), Problem> {
        let secret = Secret::new(&self.token);
        let credential = Credential::Basic {
            user: self.user.clone(),
            secret,
        };
        Ok((Arc::clone(&self.transport), credential))
    }
}
