//! The simulated Jira in the same process, as a transport.

use crate::script::{CANARY, settings};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use resync_simulator::{Account, Answer, Flavour, Options, Simulator};
use resync_tracker::jira::{Jira, Product, Settings, Transport, TransportError};
use serde_json::Value;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The moment of the first simulated edit or request, in milliseconds since 1970.
const BEGIN: i64 = 1_795_000_000_000;

/// Milliseconds from one edit or request to the next.
const STEP: i64 = 400;

type Before = dyn Fn(usize, &Simulator) + Send + Sync;

/// Hands each request to a simulator, after a test had the chance to change something.
pub(crate) struct InProcess {
    simulator: Simulator,
    before: Box<Before>,
    sent: AtomicUsize,
    paths: Mutex<Vec<String>>,
}

impl InProcess {
    pub(crate) fn count(&self, part: &str) -> usize {
        self.paths
            .lock()
            .unwrap()
            .iter()
            .filter(|path| path.contains(part))
            .count()
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        (self.before)(self.sent.fetch_add(1, Ordering::Relaxed), &self.simulator);
        self.paths
            .lock()
            .unwrap()
            .push(request.uri().path().to_owned());
        let (parts, body) = request.into_parts();
        let outcome = self.simulator.handle(&resync_simulator::Request {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            body,
        });
        tokio::time::sleep(outcome.delay).await;
        match outcome.answer {
            Answer::Response(answer) => {
                let mut response = Response::new(answer.body);
                *response.status_mut() = answer.status.try_into().unwrap();
                *response.headers_mut() = answer.headers;
                Ok(response)
            }
            Answer::Lost => Err(TransportError::Unreachable("closed".to_owned())),
            Answer::Cut(..) => Err(TransportError::Cut("closed".to_owned())),
        }
    }
}

pub(crate) fn flavour(product: Product) -> Flavour {
    match product {
        Product::Cloud => Flavour::Cloud,
        Product::DataCenter => Flavour::DataCenter,
    }
}

/// An empty Jira that knows the account of [`settings`].
pub(crate) fn simulator(product: Product) -> Simulator {
    simulator_at(product, BEGIN, STEP)
}

/// The same; the clock begins at a moment and goes on by a step with each edit or request.
pub(crate) fn simulator_at(product: Product, begin: i64, step: i64) -> Simulator {
    let now = AtomicI64::new(begin);
    Simulator::new(Options {
        flavour: flavour(product),
        seed: 7,
        clock: Arc::new(move || now.fetch_add(step, Ordering::Relaxed)),
        base_uri: "https://jira.example.com".to_owned(),
        account: Account {
            name: "ann@example.com".to_owned(),
            token: CANARY.to_owned(),
            time_zone: "America/New_York".to_owned(),
            account_id: "712020:ann".to_owned(),
            display_name: "Ann Example".to_owned(),
        },
    })
}

pub(crate) type Adapter = Jira<Arc<InProcess>>;

/// An adapter over a simulator.
pub(crate) fn over(product: Product, simulator: &Simulator) -> (Adapter, Arc<InProcess>) {
    over_edited(&settings(product), simulator, |_, _| ())
}

/// The same; `before` is called before each request, with how many came before.
pub(crate) fn over_edited(
    settings: &Settings,
    simulator: &Simulator,
    before: impl Fn(usize, &Simulator) + Send + Sync + 'static,
) -> (Adapter, Arc<InProcess>) {
    let transport = Arc::new(InProcess {
        simulator: simulator.clone(),
        before: Box::new(before),
        sent: AtomicUsize::new(0),
        paths: Mutex::default(),
    });
    let jira = Jira::new(settings, Arc::clone(&transport), Arc::new(|| 0.5)).unwrap();
    (jira, transport)
}

/// What the simulator itself says to a search, page by page, without the adapter; on Data Center
/// as far as its window of offsets shows it.
pub(crate) fn keys_of(product: Product, simulator: &Simulator, jql: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut token = None;
    loop {
        let mut body = serde_json::json!({ "jql": jql, "maxResults": 1000, "fields": ["summary"] });
        let path = match product {
            Product::Cloud => "/rest/api/3/search/jql",
            Product::DataCenter => "/rest/api/2/search",
        };
        match (product, &token) {
            (Product::DataCenter, _) => body["startAt"] = keys.len().into(),
            (Product::Cloud, Some(token)) => body["nextPageToken"] = Value::clone(token),
            (Product::Cloud, None) => {}
        }
        let answer = ask(simulator, product, path, &body);
        let issues = answer["issues"].as_array().unwrap();
        keys.extend(
            issues
                .iter()
                .map(|issue| issue["key"].as_str().unwrap().to_owned()),
        );
        token = answer.get("nextPageToken").cloned();
        let more = match product {
            Product::Cloud => token.is_some(),
            Product::DataCenter => {
                keys.len() < 10_000 && (keys.len() as u64) < answer["total"].as_u64().unwrap()
            }
        };
        if !more {
            return keys;
        }
    }
}

fn ask(simulator: &Simulator, product: Product, path: &str, body: &Value) -> Value {
    use base64::Engine as _;
    let pair = format!("ann@example.com:{CANARY}");
    let authorization = match product {
        Product::Cloud => {
            format!(
                "Basic {}",
                base64::engine::general_purpose::STANDARD.encode(pair)
            )
        }
        Product::DataCenter => format!("Bearer {CANARY}"),
    };
    let mut headers = http::HeaderMap::new();
    headers.insert(http::header::AUTHORIZATION, authorization.parse().unwrap());
    headers.insert(
        http::header::CONTENT_TYPE,
        "application/json".parse().unwrap(),
    );
    let request = resync_simulator::Request {
        method: http::Method::POST,
        path: path.to_owned(),
        query: None,
        headers,
        body: Bytes::from(body.to_string()),
    };
    match simulator.handle(&request).answer {
        Answer::Response(answer) => serde_json::from_slice(&answer.body).unwrap(),
        other => panic!("{other:?}"),
    }
}
