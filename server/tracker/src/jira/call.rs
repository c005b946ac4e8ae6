//! A request, as it is sent each time.
//!
//! What it is not: how often, and as whom; that is [`super::exchange`]'s.

use bytes::Bytes;
use http::Method;

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Bytes,
    pub(super) asks_for_account: bool,
    /// Whether a second one could have a second effect.
    pub(super) once: bool,
}

impl Call {
    /// `path` starts with a slash and may have a query.
    pub(super) fn get(path: String) -> Call {
        Call {
            method: Method::GET,
            path,
            body: Bytes::new(),
            asks_for_account: false,
            once: false,
        }
    }

    /// The read that shows who the account is, and how answers to it look.
    pub(super) fn get_account(path: String) -> Call {
        Call {
            asks_for_account: true,
            ..Call::get(path)
        }
    }

    /// A read whose question is a JSON body.
    pub(super) fn post(path: String, body: &serde_json::Value) -> Call {
        let body = Bytes::from(body.to_string());
        Call {
            method: Method::POST,
            body,
            ..Call::get(path)
        }
    }

    /// A change that is the same when it is made twice.
    pub(super) fn put(path: String, body: &serde_json::Value) -> Call {
        Call {
            method: Method::PUT,
            ..Call::post(path, body)
        }
    }

    /// A removal that is the same when it is made twice.
    pub(super) fn delete(path: String, body: &serde_json::Value) -> Call {
        Call {
            method: Method::DELETE,
            ..Call::post(path, body)
        }
    }

    /// A change that must not be made twice: it is sent again only when it was turned away.
    pub(super) fn post_once(path: String, body: &serde_json::Value) -> Call {
        Call {
            once: true,
            ..Call::post(path, body)
        }
    }
}
