//! Carries the service: tonic with health, reflection, limits, and a shutdown that ends.
//!
//! What it is not: a listener; the caller binds it, so that a test can have any port.

mod gate;
pub(crate) mod webhooks;

use crate::service::Service;
use gate::GateLayer;
use resync_api::v1;
use resync_api::v1::job_service_server::JobServiceServer;
use resync_api::v1::resync_service_server::ResyncServiceServer;
use resync_api::v1::server_service_server::ServerServiceServer;
use resync_api::v1::structure_service_server::StructureServiceServer;
use resync_api::v1::synchronizer_service_server::SynchronizerServiceServer;
use resync_api::v1::tracker_service_server::TrackerServiceServer;
use std::time::Duration;
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding::Gzip;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tonic_reflection::server::Builder;

/// Streams of one connection at a time: a console with all its watches needs a tenth of it.
const STREAMS_PER_CONNECTION_MAX: u32 = 256;

/// Largest list of headers, in bytes: tokens of identity providers take up to half of it.
const HEADER_LIST_BYTES_MAX: u32 = 16 * 1024;

/// Streams that a client has reset and that were not accepted yet: more is an attack.
const PENDING_RESETS_MAX: usize = 20;

/// How often the server pings a connection, to notice peers that are gone.
const PING_INTERVAL: Duration = Duration::from_secs(60);

/// How long a ping may take.
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How long answers that were given may take to arrive, once nothing is worked on any more.
const FLUSH_TIME: Duration = Duration::from_millis(500);

/// How often a draining server looks whether it is idle.
const IDLE_CHECK: Duration = Duration::from_millis(20);

/// How serving has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every call was answered.
    Drained,
    /// Calls were still open when the time to drain was over, and were cut off.
    CutOff,
}

/// Serves until `draining` of the service's parts is cancelled, and then until every call was
/// answered, or the time for that is over.
///
/// Shutting down, in this order: health tells NOT_SERVING, new jobs are refused, every watch ends
/// with `SERVER_DRAINING`, and the connections close.
///
/// # Errors
/// Those of the transport.
pub async fn serve(service: Service, listener: TcpListener) -> Result<Ended, ServeError> {
    let (reporter, health) = tonic_health::server::health_reporter();
    set_health(&reporter, ServingStatus::NotServing).await;
    let gate = GateLayer::new(&service);
    let routes = routes(&service, health)?;
    let draining = service.app.draining.clone();
    let serving = Server::builder()
        // For webhooks: reverse proxies and trackers send HTTP/1.1.
        .accept_http1(true)
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .http2_max_header_list_size(HEADER_LIST_BYTES_MAX)
        .http2_max_pending_accept_reset_streams(Some(PENDING_RESETS_MAX))
        .http2_keepalive_interval(Some(PING_INTERVAL))
        .http2_keepalive_timeout(Some(PING_TIMEOUT))
        .layer(gate.clone())
        .add_routes(routes)
        .serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            draining.clone().cancelled_owned(),
        );
    set_health(&reporter, ServingStatus::Serving).await;
    let limit = service.app.limits.drain_time_max;
    tokio::select! {
        served = serving => match served {
            Ok(()) if gate.was_cut_off() => Ok(Ended::CutOff),
            served => served.map(|()| Ended::Drained).map_err(ServeError::Transport),
        },
        ended = drain(&service, &gate, &reporter, limit) => Ok(ended),
    }
}

/// Why serving is not possible.
#[derive(Debug)]
pub enum ServeError {
    /// The transport failed.
    Transport(tonic::transport::Error),
    /// The descriptors of the API cannot be reflected.
    Reflection(tonic_reflection::server::Error),
}

impl std::fmt::Display for ServeError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Transport(_) => "serve the API: the transport failed",
            Self::Reflection(_) => "serve the API: its descriptors cannot be read",
        })
    }
}

impl std::error::Error for ServeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Reflection(error) => Some(error),
        }
    }
}

/// Waits for the shutdown, and then until nothing is worked on. A client that only watches the
/// health of the server, or holds a connection open, does not hold it up.
async fn drain(
    service: &Service,
    gate: &GateLayer,
    reporter: &HealthReporter,
    limit: Duration,
) -> Ended {
    service.app.draining.cancelled().await;
    set_health(reporter, ServingStatus::NotServing).await;
    let idle = async {
        while !(gate.is_idle() && service.app.watches.is_empty()) {
            tokio::time::sleep(IDLE_CHECK).await;
        }
        tokio::time::sleep(FLUSH_TIME).await;
    };
    match tokio::time::timeout(limit, idle).await {
        Ok(()) => Ended::Drained,
        Err(_) => {
            gate.cut_off();
            tokio::time::sleep(FLUSH_TIME).await;
            Ended::CutOff
        }
    }
}

/// The services whose health is told, by name; the empty one is the server.
const SERVICES: [&str; 7] = [
    "",
    v1::structure_service_server::SERVICE_NAME,
    v1::synchronizer_service_server::SERVICE_NAME,
    v1::resync_service_server::SERVICE_NAME,
    v1::job_service_server::SERVICE_NAME,
    v1::tracker_service_server::SERVICE_NAME,
    v1::server_service_server::SERVICE_NAME,
];

async fn set_health(reporter: &HealthReporter, status: ServingStatus) {
    for service in SERVICES {
        reporter.set_service_status(service, status).await;
    }
}

fn routes<H>(service: &Service, health: H) -> Result<Routes, ServeError>
where
    H: tower::Service<
            http::Request<tonic::body::Body>,
            Error = std::convert::Infallible,
            Response = http::Response<tonic::body::Body>,
        > + tonic::server::NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    H::Future: Send + 'static,
{
    let largest = service.app.limits.request_bytes_max;
    let reflection = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(resync_api::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    let mut routes = Routes::builder();
    routes
        .add_service(
            StructureServiceServer::new(service.clone())
                .max_decoding_message_size(largest)
                .accept_compressed(Gzip)
                .send_compressed(Gzip),
        )
        .add_service(
            JobServiceServer::new(service.clone())
                .max_decoding_message_size(largest)
                .accept_compressed(Gzip)
                .send_compressed(Gzip),
        )
        .add_service(
            SynchronizerServiceServer::new(service.clone())
                .max_decoding_message_size(largest)
                .accept_compressed(Gzip),
        )
        .add_service(
            ResyncServiceServer::new(service.clone())
                .max_decoding_message_size(largest)
                .accept_compressed(Gzip),
        )
        .add_service(
            TrackerServiceServer::new(service.clone())
                .max_decoding_message_size(largest)
                .accept_compressed(Gzip),
        )
        .add_service(
            ServerServiceServer::new(service.clone())
                .max_decoding_message_size(largest)
                .accept_compressed(Gzip),
        )
        .add_service(health)
        .add_service(reflection().build_v1().map_err(ServeError::Reflection)?)
        .add_service(
            reflection()
                .build_v1alpha()
                .map_err(ServeError::Reflection)?,
        );
    let api = std::mem::take(&mut routes).routes().into_axum_router();
    let webhooks = webhooks::router(std::sync::Arc::clone(&service.app));
    Ok(Routes::from(api.merge(webhooks)))
}
