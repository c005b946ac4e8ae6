//! What every call passes before its handler: who calls, until when, and how many at once.
//!
//! What it is not: permission; handlers ask for that, since it depends on the message.

use crate::api::job::WAIT_MAX;
use crate::api::{caller_unknown, status};
use crate::app::App;
use crate::call::{self, Deadline};
use crate::refusal::Refusal;
use crate::seams::hexadecimal;
use crate::service::Service;
use http::{HeaderMap, Request, Response, StatusCode, Version, header};
use resync_core::problem::Reason;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service as TowerService};

/// The calls of this API; others are health and reflection, which need no caller.
const OURS: &str = "/resync.v1.";

/// The calls whose answers are compressed when the client takes it: keys and names repeat in rows
/// and changes. Job watches are small and are to arrive at once.
const COMPRESSED: [&str; 3] = [
    "/resync.v1.StructureService/ListRows",
    "/resync.v1.StructureService/WatchStructure",
    "/resync.v1.JobService/ListJobChanges",
];

/// The call that may take longer than others.
const WAIT_JOB: &str = "/resync.v1.JobService/WaitJob";

/// What `WaitJob` may take beyond the longest wait.
const WAIT_SLACK: Duration = Duration::from_secs(5);

/// Puts a gate before a service.
#[derive(Clone)]
pub(super) struct GateLayer {
    app: Arc<App>,
    calls: Arc<Semaphore>,
    cut: CancellationToken,
}

impl GateLayer {
    /// Whether calls were ended before they were answered.
    pub(super) fn was_cut_off(&self) -> bool {
        self.cut.is_cancelled()
    }

    /// Ends every call that is still being worked on: the time to drain is over.
    pub(super) fn cut_off(&self) {
        self.cut.cancel();
    }

    /// A gate with the policy and the limits of the service.
    pub(super) fn new(service: &Service) -> Self {
        let calls = Arc::new(Semaphore::new(service.app.limits.concurrent_calls_max));
        let cut = CancellationToken::new();
        Self {
            app: Arc::clone(&service.app),
            calls,
            cut,
        }
    }

    /// Whether no call is being worked on.
    pub(super) fn is_idle(&self) -> bool {
        self.calls.available_permits() == self.app.limits.concurrent_calls_max
    }
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate {
            inner,
            gate: self.clone(),
        }
    }
}

/// A service behind a gate.
#[derive(Clone)]
pub(super) struct Gate<S> {
    inner: S,
    gate: GateLayer,
}

type Answer<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S> TowerService<Request<Body>> for Gate<S>
where
    S: TowerService<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answer<S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if !request.uri().path().starts_with(OURS) {
            return Box::pin(self.inner.call(request));
        }
        if !is_grpc(&request) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Box::pin(std::future::ready(Ok(response)));
        }
        let trace_id = hexadecimal(&(self.gate.app.random)());
        let entered = self.gate.enter(&mut request);
        let limit = match entered {
            Ok(limit) => limit,
            Err(refusal) => {
                let response = Status::from(refusal).into_http();
                return Box::pin(std::future::ready(Ok(response)));
            }
        };
        let answer = self.inner.call(request);
        let calls = Arc::clone(&self.gate.calls);
        let cut = self.gate.cut.clone();
        Box::pin(call::traced(trace_id, async move {
            let worked = timeout_at(limit, async move {
                // The semaphore is never closed, so there is a permit sooner or later.
                let _permit = calls.acquire_owned().await;
                answer.await
            });
            tokio::select! {
                () = cut.cancelled() => Ok(Status::from(Refusal::draining()).into_http()),
                answer = worked => match answer {
                    Ok(answer) => answer.map(explain),
                    Err(_) => Ok(status::deadline_exceeded().into_http()),
                },
            }
        }))
    }
}

/// Whether a request is a gRPC call and cannot come from a web page. The port takes HTTP/1.1, for
/// webhooks; a page of any site can send that to a loopback address, where the caller counts as the
/// local user.
fn is_grpc(request: &Request<Body>) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    request.version() == Version::HTTP_2
        && !request.headers().contains_key(header::ORIGIN)
        && content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

impl GateLayer {
    /// Notes the caller and the deadline in the request. Returns when an answer is due.
    fn enter(&self, request: &mut Request<Body>) -> Result<Instant, Refusal> {
        let Some(principal) = self.app.access.identify(request.headers()) else {
            return Err(caller_unknown());
        };
        let now = Instant::now();
        let path = request.uri().path();
        let most = if path == WAIT_JOB {
            WAIT_MAX + WAIT_SLACK
        } else {
            self.app.limits.unary_time_max
        };
        if !COMPRESSED.contains(&path) {
            request.headers_mut().remove("grpc-accept-encoding");
        }
        let asked = grpc_timeout(request.headers()).and_then(|left| now.checked_add(left));
        request.extensions_mut().insert(principal);
        if let Some(deadline) = asked {
            request.extensions_mut().insert(Deadline(deadline));
        }
        let due = now + most;
        Ok(asked.map_or(due, |asked| asked.min(due)))
    }
}

/// What is left of the caller's time, as the protocol writes it: at most 8 digits and a unit.
fn grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
    match unit {
        "H" => Some(Duration::from_secs(number * 60 * 60)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// Gives the library's own refusal of a large message the code and the details of this API.
fn explain(response: Response<Body>) -> Response<Body> {
    let code = response
        .headers()
        .get("grpc-status")
        .map(|code| Code::from_bytes(code.as_bytes()));
    let bare = !response.headers().contains_key("grpc-status-details-bin");
    if !(bare && code == Some(Code::OutOfRange)) {
        return response;
    }
    let said = Status::from_header_map(response.headers());
    let numbers: Vec<u64> = said
        .iter()
        .flat_map(|status| status.message().split(|one: char| !one.is_ascii_digit()))
        .filter_map(|digits| digits.parse().ok())
        .collect();
    let message = "the request is larger than the server takes; use smaller batches";
    let mut refusal = Refusal::new(Reason::MessageTooLarge, message);
    if let [actual, allowed] = numbers[..] {
        refusal = refusal.with("actual", actual).with("allowed", allowed);
    }
    Status::from(refusal).into_http()
}
