//! A site with a clock that tests move, and short ways to ask it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use resync_simulator::{Account, Answer, Flavour, Options, Request, Response, Simulator};
use serde_json::Value;

/// 2026-11-24 10:00:00 UTC.
pub(crate) const START: i64 = 1_795_514_400_000;
pub(crate) const TOKEN: &str = "a-token";
pub(crate) const EMAIL: &str = "tester@example.com";

/// A simulator and its clock.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) simulator: Simulator,
    pub(crate) clock: Arc<AtomicI64>,
    pub(crate) flavour: Flavour,
}

pub(crate) fn site(flavour: Flavour) -> Site {
    site_in(flavour, "Etc/UTC")
}

pub(crate) fn cloud() -> Site {
    let site = site(Flavour::Cloud);
    site.simulator.load_sample();
    site
}

pub(crate) fn data_center() -> Site {
    let site = site(Flavour::DataCenter);
    site.simulator.load_sample();
    site
}

pub(crate) fn site_in(flavour: Flavour, time_zone: &str) -> Site {
    let clock = Arc::new(AtomicI64::new(START));
    let shared = clock.clone();
    let name = match flavour {
        Flavour::Cloud => EMAIL,
        Flavour::DataCenter => "tester",
    };
    let simulator = Simulator::new(Options {
        flavour,
        seed: 7,
        clock: Arc::new(move || shared.load(Ordering::Relaxed)),
        base_uri: "http://jira.test".to_owned(),
        account: Account {
            name: name.to_owned(),
            token: TOKEN.to_owned(),
            time_zone: time_zone.to_owned(),
            account_id: "712020:tester".to_owned(),
            display_name: "Tess Ter".to_owned(),
        },
    });
    Site {
        simulator,
        clock,
        flavour,
    }
}

impl Site {
    pub(crate) fn advance(&self, milliseconds: i64) {
        self.clock.fetch_add(milliseconds, Ordering::Relaxed);
    }

    pub(crate) fn login(&self) -> HeaderMap {
        let text = match self.flavour {
            Flavour::Cloud => {
                let pair = format!("{EMAIL}:{TOKEN}");
                format!(
                    "Basic {}",
                    base64::engine::general_purpose::STANDARD.encode(pair)
                )
            }
            Flavour::DataCenter => format!("Bearer {TOKEN}"),
        };
        headers(&[("authorization", &text)])
    }

    /// The answer to a request, which must be a whole one.
    pub(crate) fn send(
        &self,
        method: Method,
        target: &str,
        headers: HeaderMap,
        body: &str,
    ) -> Response {
        match self.answer(method, target, headers, body) {
            Answer::Response(response) => response,
            other => panic!("{target}: {other:?}"),
        }
    }

    pub(crate) fn answer(
        &self,
        method: Method,
        target: &str,
        headers: HeaderMap,
        body: &str,
    ) -> Answer {
        self.simulator
            .handle(&request(method, target, headers, body))
            .answer
    }

    /// GET as the account, from behind `/rest/api/<version>`.
    pub(crate) fn get(&self, target: &str) -> Response {
        self.send(Method::GET, &self.path(target), self.login(), "")
    }

    pub(crate) fn post(&self, target: &str, body: &str) -> Response {
        let mut headers = self.login();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        self.send(Method::POST, &self.path(target), headers, body)
    }

    pub(crate) fn path(&self, target: &str) -> String {
        let version = if self.flavour == Flavour::Cloud { 3 } else { 2 };
        format!("/rest/api/{version}{target}")
    }

    /// Keys that a query finds, in order, or the error sentences.
    pub(crate) fn find(&self, jql: &str) -> String {
        let response = match self.flavour {
            Flavour::Cloud => {
                let body = serde_json::json!({ "jql": jql, "maxResults": 5000, "fields": ["key"] });
                self.post("/search/jql", &body.to_string())
            }
            Flavour::DataCenter => {
                let body = serde_json::json!({ "jql": jql, "maxResults": 1000, "fields": ["key"] });
                self.post("/search", &body.to_string())
            }
        };
        let body = json(&response);
        match body["issues"].as_array() {
            Some(issues) => keys(issues),
            None => format!("{} {}", response.status, body["errorMessages"]),
        }
    }
}

pub(crate) fn keys(issues: &[Value]) -> String {
    issues
        .iter()
        .filter_map(|issue| issue["key"].as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

pub(crate) fn request(method: Method, target: &str, headers: HeaderMap, body: &str) -> Request {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let body = Bytes::copy_from_slice(body.as_bytes());
    Request {
        method,
        path: path.to_owned(),
        query,
        headers,
        body,
    }
}

pub(crate) fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        (
            http::HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    });
    pairs.collect()
}

pub(crate) fn json(response: &Response) -> Value {
    serde_json::from_slice(&response.body)
        .unwrap_or_else(|error| panic!("{error}: {:?}", response.body))
}

/// A folder of the design material beside the checkout. `None`, with a printed line, where it is
/// absent; under CI that is a failure.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} must be there under CI",
        found.display()
    );
    println!("skipped: {} is not there", found.display());
    None
}
