//! What an answer that is not the wanted one means.
//!
//! What it is not: a reader of Jira's sentences. They are in the account's language; they are
//! passed on, shortened and cleaned, and never compared.

use super::settings::{Credential, Product};
use crate::Error;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest text of Jira's that is passed on, in characters.
pub(super) const DETAIL_MAX: usize = 500;

/// A request that got no value: what the caller can make sense of, and what is an error anyway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// 400: what was asked is not valid.
    Invalid(String),
    /// 404: absent or invisible, or no such resource.
    Absent(String),
    /// 405 or 410: the resource is of another product or gone for good.
    Gone(String),
    /// Anything else.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

impl Failure {
    /// The error of a search: what is not valid is the query, and a search is always there.
    pub(super) fn of_search(self, product: Product) -> Error {
        match self {
            Failure::Invalid(detail) => Error::QueryInvalid { detail },
            other => other.of_resource(product),
        }
    }

    /// The error of a request to something that every Jira of the product has.
    pub(super) fn of_resource(self, product: Product) -> Error {
        match self {
            Failure::Invalid(detail) => Error::AnswerInvalid { detail },
            Failure::Absent(detail) | Failure::Gone(detail) => Error::ProductMismatch {
                detail: format!("there is no {product} at the address ({detail})"),
            },
            Failure::Other(error) => error,
        }
    }
}

/// A pause that Jira asks for; `None` when it does not say how long. Halves of seconds are met in
/// the wild, dates are not.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: f64 = headers
        .get("retry-after")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|pause| !pause.is_zero())
}

/// Whether a limit is near, as Cloud tells before it refuses.
pub(super) fn near_limit(headers: &HeaderMap) -> bool {
    headers
        .get("x-ratelimit-nearlimit")
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

/// Why the session is not the account's, when the headers say so. Cloud answers a bad credential
/// with an empty 200, so that this is looked at before the status.
pub(super) fn refused_session(headers: &HeaderMap, product: Product) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let reason = text("x-seraph-loginreason").unwrap_or_default();
    let refused = ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"];
    if let Some(found) = refused.iter().find(|wanted| reason.contains(**wanted)) {
        let denied = text("x-authentication-denied-reason").map(|_| "; a captcha may be due");
        return Some(format!(
            "the login ended with {found}{}",
            denied.unwrap_or_default()
        ));
    }
    let account = text(product.account_header()).unwrap_or_default();
    account
        .eq_ignore_ascii_case("anonymous")
        .then(|| "the session is anonymous".to_owned())
}

/// What a status that is neither success nor worth another try means.
pub(super) fn refusal(response: &Response<Bytes>, credential: &Credential) -> Failure {
    let status = response.status();
    let detail = detail(response, credential);
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Failure::Invalid(detail),
        StatusCode::UNAUTHORIZED => Failure::Other(Error::CredentialRefused { detail }),
        StatusCode::FORBIDDEN => Failure::Other(Error::Forbidden { detail }),
        StatusCode::NOT_FOUND => Failure::Absent(detail),
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE => Failure::Gone(detail),
        _ if status.is_redirection() => Failure::Other(Error::ProductMismatch {
            detail: format!("the address leads elsewhere (HTTP {})", status.as_u16()),
        }),
        _ if status.is_server_error() => Failure::Other(Error::Unreachable {
            status: Some(status.as_u16()),
            detail,
        }),
        _ => Failure::Other(Error::AnswerInvalid { detail }),
    }
}

/// The members of the four shapes that Jira's errors have.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireError {
    error_messages: Option<Vec<String>>,
    errors: Option<BTreeMap<String, serde_json::Value>>,
    detail: Option<String>,
    title: Option<String>,
    message: Option<String>,
    error: Option<String>,
}

/// The status and what Jira says about it, safe to show.
pub(super) fn detail(response: &Response<Bytes>, credential: &Credential) -> String {
    let status = response.status().as_u16();
    let sentences = match serde_json::from_slice::<WireError>(response.body()) {
        Ok(error) => sentences(error),
        Err(_) if response.body().is_empty() => Vec::new(),
        Err(_) => vec!["the answer is not JSON".to_owned()],
    };
    let text = match sentences.is_empty() {
        true => format!("HTTP {status}"),
        false => format!("HTTP {status}: {}", sentences.join("; ")),
    };
    clean(&credential.redact(&text))
}

fn sentences(error: WireError) -> Vec<String> {
    let mut sentences = error.error_messages.unwrap_or_default();
    for (field, value) in error.errors.unwrap_or_default() {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        sentences.push(format!("{field}: {text}"));
    }
    sentences.extend(error.detail.or(error.title));
    sentences.extend(error.message.or(error.error));
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}

/// One line of bounded length without control characters.
pub(super) fn clean(text: &str) -> String {
    let printable = |character: char| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    };
    text.chars().map(printable).take(DETAIL_MAX).collect()
}
