//! Posts webhooks over HTTP/1.1 when they are due. It decides nothing: what is sent, and what
//! becomes of it, is `webhook`'s. Receivers that want encryption are not reached.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::Simulator;
use crate::webhook::Delivery;

/// How often the queue is looked at. The clock may be one that a test moves, so that nothing can
/// be waited for.
const TICK: Duration = Duration::from_millis(20);
/// A receiver that does not answer in this time has failed.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Deliveries under way at a time, as on Cloud.
const CONCURRENT_MAX: usize = 20;

/// Never ends.
pub(crate) async fn webhooks(simulator: Simulator) {
    let mut under_way = JoinSet::new();
    loop {
        tokio::time::sleep(TICK).await;
        if simulator.inspect(|state| state.next_delivery().is_none()) {
            continue;
        }
        for delivery in simulator.edit(|state| state.take_deliveries()) {
            while under_way.len() >= CONCURRENT_MAX {
                under_way.join_next().await;
            }
            let simulator = simulator.clone();
            under_way.spawn(async move {
                let answer = tokio::time::timeout(TIMEOUT, send(&delivery)).await;
                let status = answer.ok().flatten();
                simulator.edit(|state| state.settle_delivery(&delivery, status));
            });
        }
        while under_way.try_join_next().is_some() {}
    }
}

/// The status of the answer; `None` when there is none.
async fn send(delivery: &Delivery) -> Option<u16> {
    let uri: http::Uri = delivery.url.parse().ok()?;
    if uri.scheme() != Some(&http::uri::Scheme::HTTP) {
        return None;
    }
    let authority = uri.authority()?;
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((authority.host(), port)).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let mut request = http::Request::post(target)
        .header(http::header::HOST, authority.as_str())
        .body(Full::<Bytes>::new(delivery.body.clone()))
        .ok()?;
    request.headers_mut().extend(delivery.headers.clone());
    // It ends when `sender` is dropped; by itself, the answer would never be read.
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.ok()?;
    Some(answer.status().as_u16())
}
