//! The HTTP endpoint for webhooks, `POST /webhooks/{tracker}/{token}`: Jira cannot call gRPC.
//!
//! What it is not: a way to change anything. What arrives becomes hints, and nothing that is wrong
//! with a request tells a stranger which trackers there are. The token is a secret: no path is
//! logged here.

use crate::app::changes::{Delivery, ingest};
use crate::app::{App, trackers};
use crate::hook::{self, HookKeys};
use crate::refusal::Refusal;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::{HeaderMap, StatusCode, header};
use resync_core::id::Slug;
use resync_core::problem::Reason;
use resync_store::TrackerRecord;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long a body may take to arrive: Jira gives up on an answer after about as long.
const BODY_TIME_MAX: Duration = Duration::from_secs(20);

/// When to send again what could not be taken in, in seconds: servers that restart and stores that
/// are busy are back by then. Jira itself waits for longer.
const RETRY_AFTER: &str = "10";

/// Longest id of a delivery, in characters: Jira's has 32.
pub(crate) const DELIVERY_ID_MAX: usize = 255;

/// Names the delivery, the same whenever it is tried.
const IDENTIFIER: &str = "x-atlassian-webhook-identifier";

/// Signs the body.
pub(crate) const SIGNATURE: &str = "x-hub-signature";

/// The endpoint, to be served beside the API.
pub(super) fn router(app: Arc<App>) -> Router {
    let below = Router::new()
        .route("/{tracker}/{token}", post(receive))
        // The API answers what it does not know with 200, as gRPC does; Jira would take it as done.
        .fallback(|| async { StatusCode::NOT_FOUND });
    Router::new().nest("/webhooks", below).with_state(app)
}

async fn receive(
    State(app): State<Arc<App>>,
    Path((tracker, token)): Path<(String, String)>,
    request: Request,
) -> Response {
    let (Ok(status) | Err(status)) = received(&app, &tracker, &token, request).await;
    match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            (status, [(header::RETRY_AFTER, RETRY_AFTER)]).into_response()
        }
        status => status.into_response(),
    }
}

async fn received(
    app: &App,
    tracker: &str,
    token: &str,
    request: Request,
) -> Result<StatusCode, StatusCode> {
    let (slug, keys) = admitted(app, tracker, token).ok_or(StatusCode::NOT_FOUND)?;
    if app.draining.is_cancelled() {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let found = trackers::get(app, &slug).await;
    let tracker = found.map_err(|refusal| status(&refusal))?;
    let (head, body) = request.into_parts();
    let body = read(body, app.limits.request_bytes_max).await;
    let body = body.inspect_err(|_| {
        app.received
            .count(tracker.id, |received| received.refused += 1);
    })?;
    Ok(take_in(app, &tracker, keys, &head.headers, &body).await)
}

/// The tracker that the token is right for. Whether it exists is told only to who has the token.
fn admitted(app: &App, tracker: &str, token: &str) -> Option<(Slug, HookKeys)> {
    let keys =
        Slug::parse(tracker).and_then(|slug| Some((app.hooks)(&slug)?).map(|keys| (slug, keys)));
    let Some((slug, keys)) = keys else {
        hook::accepts_nothing(token);
        return None;
    };
    keys.accepts(token).then_some((slug, keys))
}

async fn read(body: Body, most: usize) -> Result<Bytes, StatusCode> {
    match timeout(BODY_TIME_MAX, to_bytes(body, most)).await {
        Ok(Ok(body)) => Ok(body),
        // The other cause, a connection that broke, has nobody who reads the answer.
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

async fn take_in(
    app: &App,
    tracker: &TrackerRecord,
    keys: HookKeys,
    headers: &HeaderMap,
    body: &[u8],
) -> StatusCode {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let of_body = format!("{:x}", Sha256::digest(body));
    // Bodies have a time stamp, so that without an identifier equal ones are one delivery.
    let id = text(IDENTIFIER).unwrap_or(&of_body);
    if id.is_empty() || id.len() > DELIVERY_ID_MAX {
        return StatusCode::BAD_REQUEST;
    }
    let delivery = Delivery {
        id,
        signature: text(SIGNATURE),
        body,
    };
    match ingest(app, tracker, Some(keys), delivery).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(refusal) => status(&refusal),
    }
}

/// A refusal as HTTP tells it. Jira tries again after a 5xx.
fn status(refusal: &Refusal) -> StatusCode {
    let field = refusal.violations.first().map(|one| one.field.as_str());
    match (refusal.problem.reason, field) {
        (Reason::FieldInvalid, Some("headers")) => StatusCode::UNAUTHORIZED,
        (Reason::FieldInvalid, _) => StatusCode::BAD_REQUEST,
        (Reason::ResourceNotFound, _) => StatusCode::NOT_FOUND,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}
