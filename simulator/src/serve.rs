//! The simulator behind HTTP/1.1. All it adds are time and the ways in which a connection can fail;
//! what is answered is decided in process.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;

use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::{Answer, Request, Response, Simulator, post};

/// Largest request body that is read; a search or a bulk read has a few hundred kilobytes at most.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Why a connection ends without the rest of an answer.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the answer is lost, as a fault demands")]
    Lost,
    #[error("the body is cut, as a fault demands")]
    Cut,
    #[error("reading the request failed: {0}")]
    Request(Box<dyn std::error::Error + Send + Sync>),
}

type Body = BoxBody<Bytes, Broken>;

/// Serves, and posts webhooks, until `shutdown` completes. Open connections are dropped then.
pub async fn serve(
    listener: TcpListener,
    simulator: Simulator,
    shutdown: impl Future<Output = ()>,
) -> std::io::Result<()> {
    let mut shutdown = pin!(shutdown);
    let mut connections = tokio::task::JoinSet::new();
    let mut webhooks = pin!(post::webhooks(simulator.clone()));
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted?;
                connections.spawn(connection(stream, simulator.clone()));
            }
            // Finished connections are collected, so that they do not pile up.
            Some(_) = connections.join_next() => {}
            () = &mut webhooks => {}
            () = &mut shutdown => return Ok(()),
        }
    }
}

async fn connection(stream: TcpStream, simulator: Simulator) {
    // Answers are whole pages: waiting to fill a packet only adds latency.
    drop(stream.set_nodelay(true));
    let service = service_fn(|request| answer(request, &simulator));
    let served = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    // A connection that broke is either a fault or the client's own end of it.
    drop(served);
}

async fn answer(
    request: http::Request<Incoming>,
    simulator: &Simulator,
) -> Result<http::Response<Body>, Broken> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX)
        .collect()
        .await
        .map_err(Broken::Request)?;
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: body.to_bytes(),
    };
    let outcome = simulator.handle(&request);
    if !outcome.delay.is_zero() {
        tokio::time::sleep(outcome.delay).await;
    }
    match outcome.answer {
        Answer::Lost => Err(Broken::Lost),
        Answer::Response(response) => Ok(whole(response)),
        Answer::Cut(response, bytes) => Ok(cut(response, bytes)),
    }
}

fn whole(response: Response) -> http::Response<Body> {
    let body = Full::new(response.body.clone()).map_err(|never: Infallible| match never {});
    head(response, body.boxed())
}

/// Announces the whole body and breaks off inside it.
fn cut(response: Response, bytes: usize) -> http::Response<Body> {
    let length = response.body.len();
    let part = response.body.slice(..bytes.min(length));
    let first = futures::stream::iter([Ok(Frame::data(part))]);
    let end = futures::stream::once(async {
        // Only what was written before the error reaches the client.
        tokio::task::yield_now().await;
        Err(Broken::Cut)
    });
    let body = BodyExt::boxed(StreamBody::new(first.chain(end)));
    let mut cut = head(response, body);
    cut.headers_mut()
        .insert(http::header::CONTENT_LENGTH, length.into());
    cut
}

fn head(response: Response, body: Body) -> http::Response<Body> {
    let mut built = http::Response::new(body);
    *built.status_mut() = http::StatusCode::from_u16(response.status)
        .unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    *built.headers_mut() = response.headers;
    built
}
