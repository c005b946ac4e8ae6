//! Shapes of answers: bodies of data, and the two shapes of errors.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::sentence::Sentence;
use crate::state::State;
use crate::{Flavour, Response};

/// Why a request is not answered with data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Status and sentences, in the shape of Jira itself.
    Domain(u16, Vec<Sentence>),
    /// The same, without `errors`.
    Bare(u16, Sentence),
    /// Status, title and detail, in the shape of the framework below Jira.
    Problem(u16, &'static str, String),
    /// A method that the path does not have; those that it has.
    Method(&'static [&'static str]),
    /// 403 to a Bearer that is no token of any kind.
    UnreadableBearer,
    /// 500, as thrown by code that did not expect the request.
    Internal,
}

impl Refusal {
    pub(crate) fn domain(status: u16, sentence: Sentence) -> Self {
        Self::Domain(status, vec![sentence])
    }
}

/// Sets a header; what cannot be a header value is left out.
pub(crate) fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// 200 with JSON text.
pub(crate) fn data(flavour: Flavour, body: Vec<u8>) -> Response {
    let mut headers = HeaderMap::new();
    set(&mut headers, "content-type", json_type(flavour));
    Response {
        status: 200,
        headers,
        body: Bytes::from(body),
    }
}

/// 200 with a JSON value.
pub(crate) fn value(flavour: Flavour, body: &Value) -> Response {
    data(flavour, body.to_string().into_bytes())
}

/// The media type of data.
pub(crate) fn json_type(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Cloud => "application/json;charset=UTF-8",
        Flavour::DataCenter => "application/json",
    }
}

/// The answer of a refusal.
pub(crate) fn refusal(state: &State, path: &str, refusal: &Refusal) -> Response {
    let (status, body, framework) = match refusal {
        Refusal::Domain(status, sentences) => {
            let texts = sentences
                .iter()
                .map(|sentence| sentence.text(state.language));
            let texts: Vec<_> = texts.collect();
            (
                *status,
                json!({ "errorMessages": texts, "errors": {} }),
                false,
            )
        }
        Refusal::Bare(status, sentence) => {
            let text = sentence.text(state.language);
            (*status, json!({ "errorMessages": [text] }), false)
        }
        Refusal::Problem(status, title, detail) => {
            (*status, problem(*status, title, detail, path), true)
        }
        Refusal::Method(_) => {
            let detail = "Method is not supported.";
            (405, problem(405, "Method Not Allowed", detail, path), true)
        }
        Refusal::UnreadableBearer => (
            403,
            json!({ "error": "Failed to parse Connect Session Auth Token" }),
            false,
        ),
        Refusal::Internal => (
            500,
            json!({ "message": "Internal server error", "status-code": 500 }),
            false,
        ),
    };
    let mut response = value(state.flavour, &body);
    response.status = status;
    if framework {
        set(
            &mut response.headers,
            "content-type",
            "application/problem+json;charset=UTF-8",
        );
    }
    if let Refusal::Method(allowed) = refusal {
        set(&mut response.headers, "allow", &allowed.join(","));
    }
    if status == 401 {
        set(&mut response.headers, "www-authenticate", &challenge(state));
    }
    response
}

fn challenge(state: &State) -> String {
    let realm = state.base_uri.as_str();
    format!("OAuth realm=\"{realm}\"")
}

fn problem(status: u16, title: &str, detail: &str, path: &str) -> Value {
    json!({
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": path,
    })
}

/// A page of a proxy or of a broken server, which is no JSON.
pub(crate) fn html(status: u16) -> Response {
    let mut headers = HeaderMap::new();
    set(&mut headers, "content-type", "text/html;charset=UTF-8");
    let body = format!(
        "<!DOCTYPE html><html><head><title>{status}</title></head>\
         <body><h1>Oops, you&#39;ve found a dead link.</h1></body></html>"
    );
    Response {
        status,
        headers,
        body: Bytes::from(body),
    }
}
