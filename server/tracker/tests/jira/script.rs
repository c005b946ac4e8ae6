//! A transport whose answers a test writes down, for what no well-behaved Jira does.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use resync_tracker::jira::{
    Credential, Jira, Product, Secret, Settings, Transport, TransportError,
};
use resync_tracker::{Error, Query, TrackerReader};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// The secret of all tests: it must never be seen again.
pub(crate) const CANARY: &str = "c4n4ry-t0k3n";

pub(crate) type Reply = Result<Response<Bytes>, TransportError>;

/// What was asked: when, where, and the body as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) at: Duration,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) authorization: String,
}

type Handler = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

/// Answers by a function of the request and of how many with its path came before. What it says
/// 599 to is answered as a healthy Jira does.
pub(crate) struct Script {
    handler: Box<Handler>,
    begin: Instant,
    takes: Duration,
    product: Product,
    asked: Mutex<Vec<Asked>>,
    open: Mutex<(usize, usize)>,
}

impl Script {
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn asked_of(&self, part: &str) -> Vec<Asked> {
        self.asked()
            .into_iter()
            .filter(|asked| asked.path.contains(part))
            .collect()
    }

    /// The most requests that were open at a time.
    pub(crate) fn most_open(&self) -> usize {
        self.open.lock().unwrap().1
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Reply {
        let authorization = request.headers()[http::header::AUTHORIZATION]
            .to_str()
            .unwrap();
        let asked = Asked {
            at: self.begin.elapsed(),
            path: request.uri().path_and_query().unwrap().to_string(),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
            authorization: authorization.to_owned(),
        };
        let nth = self.asked_of(request.uri().path()).len();
        self.asked.lock().unwrap().push(asked.clone());
        {
            let mut open = self.open.lock().unwrap();
            open.0 += 1;
            open.1 = open.1.max(open.0);
        }
        tokio::time::sleep(self.takes).await;
        self.open.lock().unwrap().0 -= 1;
        match (self.handler)(&asked, nth) {
            Ok(reply) if reply.status() == 599 => Ok(healthy(self.product, &asked)),
            reply => reply,
        }
    }
}

fn healthy(product: Product, asked: &Asked) -> Response<Bytes> {
    let (kind, header) = match product {
        Product::Cloud => ("Cloud", "X-AACCOUNTID"),
        Product::DataCenter => ("Server", "X-AUSERNAME"),
    };
    let value = if asked.path.ends_with("/serverInfo") {
        json!({ "version": "9.12.1", "deploymentType": kind })
    } else if asked.path.ends_with("/myself") {
        json!({ "displayName": "Ann", "timeZone": "Europe/Berlin" })
    } else if asked.path.ends_with("/approximate-count") {
        json!({ "count": 1 })
    } else {
        json!({ "issues": [], "total": 0 })
    };
    let mut response = json_reply(200, &value).unwrap();
    response
        .headers_mut()
        .insert(header, "ann".parse().unwrap());
    response
}

/// The answer of a healthy Jira.
pub(crate) fn as_usual() -> Reply {
    Ok(Response::builder().status(599).body(Bytes::new()).unwrap())
}

pub(crate) fn json_reply(status: u16, value: &Value) -> Reply {
    Ok(Response::builder()
        .status(status)
        .body(Bytes::from(value.to_string()))
        .unwrap())
}

/// A JSON answer in the name of the account.
pub(crate) fn page(value: &Value) -> Reply {
    let mut reply = json_reply(200, value)?;
    reply
        .headers_mut()
        .insert("X-AACCOUNTID", "ann".parse().unwrap());
    reply
        .headers_mut()
        .insert("X-AUSERNAME", "ann".parse().unwrap());
    Ok(reply)
}

pub(crate) fn raw(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    Ok(builder.body(Bytes::from(body.to_owned())).unwrap())
}

/// An issue in REST shape.
pub(crate) fn issue(id: i64) -> Value {
    json!({ "id": id.to_string(), "key": format!("PAY-{id}"), "fields": {
        "summary": format!("Issue {id}"),
        "issuetype": { "id": "10001", "name": "Story", "subtask": false },
        "project": { "key": "PAY" },
        "status": { "name": "Open" },
        "assignee": null,
        "created": "2026-01-02T03:04:05.000+0000",
        "updated": "2026-02-03T04:05:06.000+0000",
    }})
}

pub(crate) fn settings(product: Product) -> Settings {
    let secret = Secret::new(CANARY);
    let credential = match product {
        Product::Cloud => Credential::Basic {
            user: "ann@example.com".to_owned(),
            secret,
        },
        Product::DataCenter => Credential::Bearer { secret },
    };
    let mut settings = Settings::new(product, "https://jira.example.com/", credential);
    settings.max_requests_per_second = 0;
    settings
}

/// An adapter over a script, and the script to look at afterwards.
pub(crate) fn scripted(
    settings: &Settings,
    handler: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
) -> (Jira<Arc<Script>>, Arc<Script>) {
    scripted_slow(settings, Duration::ZERO, handler)
}

/// The same; each answer takes a while.
pub(crate) fn scripted_slow(
    settings: &Settings,
    takes: Duration,
    handler: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static,
) -> (Jira<Arc<Script>>, Arc<Script>) {
    let script = Arc::new(Script {
        handler: Box::new(handler),
        begin: Instant::now(),
        takes,
        product: settings.product,
        asked: Mutex::default(),
        open: Mutex::default(),
    });
    let jira = Jira::new(settings, Arc::clone(&script), Arc::new(|| 0.5)).unwrap();
    (jira, script)
}

pub(crate) fn jql(text: &str) -> Query {
    Query::Jql(text.into())
}

/// The ids of a query's result.
pub(crate) async fn ids(jira: &dyn TrackerReader, text: &str) -> Result<Vec<i64>, Error> {
    let result = jira.read_query(&jql(text), &|_| ()).await?;
    Ok(result.issues.iter().map(|issue| issue.id.0).collect())
}
