//! From a request to a value: pacing, trying again, and looking at each answer's session.
//!
//! What it is not: knowledge of resources. All requests here are reads, so that sending one again
//! is always safe; a write may not go through here.

use super::answer::{self, Failure};
use super::limiter::Limiter;
use super::settings::{Credential, Product, Settings, SettingsError};
use super::transport::{Transport, TransportError};
use super::wire::Unreadable;
use crate::{Error, RequestCounters};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;

/// Most times that one request is sent.
pub const TRIES_MAX: u32 = 6;

/// Longest pause that a read waits for; the job waits for longer ones.
pub const PAUSE_MAX: Duration = Duration::from_secs(60);

/// After this, a request that failed is not sent again.
pub const RETRY_SPAN_MAX: Duration = Duration::from_secs(180);

/// Upper bound of the wait before the second try; it doubles with each.
const BACKOFF_FIRST: Duration = Duration::from_millis(500);

/// Upper bound of the wait before any try.
const BACKOFF_MAX: Duration = Duration::from_secs(20);

/// A source of numbers from 0 to 1, to spread requests that failed together.
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// A read.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    path: String,
    body: Bytes,
    asks_for_account: bool,
}

impl Call {
    /// `path` starts with a slash and may have a query.
    pub(super) fn get(path: String) -> Call {
        Call {
            method: Method::GET,
            path,
            body: Bytes::new(),
            asks_for_account: false,
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
}

/// Sends reads to one Jira on behalf of one account.
pub(super) struct Exchange<T> {
    transport: T,
    product: Product,
    base: String,
    credential: Credential,
    authorization: HeaderValue,
    request_timeout: Duration,
    limiter: Limiter,
    jitter: Jitter,
    /// Whether this Jira names the account in its answers, so that its absence means something.
    account_is_named: AtomicBool,
    sent: AtomicU64,
    throttled: AtomicU64,
    retried: AtomicU64,
}

/// A try that failed but may succeed later.
struct Setback {
    /// What it is when no other try follows.
    error: Error,
    /// Whether Jira asked for a pause.
    throttled: bool,
    /// The pause, when it said how long.
    pause: Option<Duration>,
}

enum Unsuccessful {
    Final(Failure),
    Passing(Setback),
}

impl<T: Transport> Exchange<T> {
    pub(super) fn new(
        settings: &Settings,
        transport: T,
        jitter: Jitter,
    ) -> Result<Self, SettingsError> {
        let base = settings.check()?;
        let authorization = settings
            .credential
            .authorization()
            .ok_or(SettingsError::Secret)?;
        let concurrent = settings.max_concurrent_requests;
        Ok(Self {
            transport,
            product: settings.product,
            base,
            credential: settings.credential.clone(),
            authorization,
            request_timeout: settings.request_timeout,
            limiter: Limiter::new(concurrent, settings.max_requests_per_second),
            jitter,
            account_is_named: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
            retried: AtomicU64::new(0),
        })
    }

    pub(super) fn counters(&self) -> RequestCounters {
        RequestCounters {
            sent: self.sent.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
        }
    }

    /// Whether this Jira names the account in its answers, and each is looked at for it.
    pub(super) fn knows_account(&self) -> bool {
        self.account_is_named.load(Ordering::Relaxed)
    }

    /// Sends a read until it has an answer that `decode` understands, or there is no sense in
    /// sending it again.
    pub(super) async fn fetch<R>(
        &self,
        call: &Call,
        decode: impl Fn(&[u8]) -> Result<R, Unreadable> + Send,
    ) -> Result<R, Failure> {
        let begin = Instant::now();
        let mut tries = 1;
        loop {
            let setback = match self.try_once(call, &decode).await {
                Ok(value) => return Ok(value),
                Err(Unsuccessful::Final(failure)) => return Err(failure),
                Err(Unsuccessful::Passing(setback)) => setback,
            };
            self.wait_for_next_try(tries, begin, setback).await?;
            tries += 1;
        }
    }

    /// Does the same in a task of its own, so that pages are read by as many threads as there are.
    /// The task ends when nobody waits for it any more.
    pub(super) async fn fetch_apart<R: Send + 'static>(
        self: &Arc<Self>,
        call: Call,
        decode: impl Fn(&[u8]) -> Result<R, Unreadable> + Send + Sync + 'static,
    ) -> Result<R, Failure> {
        let exchange = Arc::clone(self);
        let task = tokio::spawn(async move { exchange.fetch(&call, decode).await });
        match AbortOnDropHandle::new(task).await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only a runtime that ends ends a task that is waited for.
                Err(_) => Err(Failure::Other(Error::Unreachable {
                    status: None,
                    detail: "the program ends".to_owned(),
                })),
            },
        }
    }

    async fn try_once<R>(
        &self,
        call: &Call,
        decode: &(impl Fn(&[u8]) -> Result<R, Unreadable> + Send),
    ) -> Result<R, Unsuccessful> {
        let response = self.send(call).await?;
        if answer::near_limit(response.headers()) {
            self.limiter.slow_down();
        }
        if let Some(detail) = self.refused_session(&response) {
            return Err(Unsuccessful::Final(
                Error::CredentialRefused { detail }.into(),
            ));
        }
        if !response.status().is_success() {
            return Err(self.unsuccessful(&response));
        }
        if call.asks_for_account && self.names_account(&response) {
            self.account_is_named.store(true, Ordering::Relaxed);
        }
        decode(response.body()).map_err(|unreadable| self.unreadable(call, unreadable))
    }

    async fn send(&self, call: &Call) -> Result<Response<Bytes>, Unsuccessful> {
        let request = self.request(call)?;
        let turn = self.limiter.enter().await;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let outcome = timeout(self.request_timeout, self.transport.send(request)).await;
        drop(turn);
        let error = match outcome {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(TransportError::TooLarge { limit })) => {
                let detail = format!("it is larger than {limit} bytes");
                return Err(Unsuccessful::Final(Error::AnswerInvalid { detail }.into()));
            }
            Ok(Err(TransportError::Cut(detail))) => Error::AnswerInvalid {
                detail: self.safe(&format!("it was cut short: {detail}")),
            },
            Ok(Err(TransportError::Unreachable(detail))) => Error::Unreachable {
                status: None,
                detail: self.safe(&detail),
            },
            Err(_) => {
                let seconds = self.request_timeout.as_secs();
                let detail = format!("no complete answer within {seconds} s");
                Error::Unreachable {
                    status: None,
                    detail,
                }
            }
        };
        Err(Unsuccessful::Passing(Setback {
            error,
            throttled: false,
            pause: None,
        }))
    }

    fn request(&self, call: &Call) -> Result<Request<Bytes>, Unsuccessful> {
        let mut builder = Request::builder()
            .method(call.method.clone())
            .uri(format!("{}{}", self.base, call.path))
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(header::ACCEPT, "application/json")
            // Jira takes a POST without it for one that a foreign page made a browser send.
            .header("x-atlassian-token", "no-check");
        if call.method == Method::POST {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
        }
        builder.body(call.body.clone()).map_err(|error| {
            let detail = self.safe(&format!("the request cannot be made: {error}"));
            Unsuccessful::Final(Error::AnswerInvalid { detail }.into())
        })
    }

    /// Why the answer is not one to the account.
    fn refused_session(&self, response: &Response<Bytes>) -> Option<String> {
        if let Some(detail) = answer::refused_session(response.headers(), self.product) {
            return Some(detail);
        }
        let status = response.status();
        // Refusals at the edge (429, 5xx) name nobody; only an answer about content counts.
        let about_content = status.is_success() || status == StatusCode::NOT_FOUND;
        let expected = self.account_is_named.load(Ordering::Relaxed);
        (about_content && expected && !self.names_account(response))
            .then(|| "an answer names no account, so the session became anonymous".to_owned())
    }

    fn names_account(&self, response: &Response<Bytes>) -> bool {
        response
            .headers()
            .contains_key(self.product.account_header())
    }

    fn unsuccessful(&self, response: &Response<Bytes>) -> Unsuccessful {
        let detail = answer::detail(response, &self.credential);
        let pause = answer::retry_after(response.headers());
        let status = response.status();
        let setback = match status {
            StatusCode::TOO_MANY_REQUESTS => Setback {
                error: Error::Throttled {
                    retry_after: pause.unwrap_or(BACKOFF_MAX),
                },
                throttled: true,
                pause,
            },
            StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => Setback {
                error: Error::Unreachable {
                    status: Some(status.as_u16()),
                    detail,
                },
                throttled: pause.is_some(),
                pause,
            },
            _ => return Unsuccessful::Final(answer::refusal(response, &self.credential)),
        };
        Unsuccessful::Passing(setback)
    }

    fn unreadable(&self, call: &Call, unreadable: Unreadable) -> Unsuccessful {
        let path = call.path.split('?').next().unwrap_or_default();
        match unreadable {
            Unreadable::Cut => {
                let detail = format!("{path}: its JSON ends in the middle");
                let error = Error::AnswerInvalid { detail };
                Unsuccessful::Passing(Setback {
                    error,
                    throttled: false,
                    pause: None,
                })
            }
            Unreadable::Invalid(what) => {
                let detail = self.safe(&format!("{path}: {what}"));
                Unsuccessful::Final(Error::AnswerInvalid { detail }.into())
            }
        }
    }

    async fn wait_for_next_try(
        &self,
        tries: u32,
        begin: Instant,
        setback: Setback,
    ) -> Result<(), Error> {
        let counter = if setback.throttled {
            &self.throttled
        } else {
            &self.retried
        };
        if setback.throttled {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(retry_after) = setback.pause.filter(|pause| *pause > PAUSE_MAX) {
            return Err(Error::Throttled { retry_after });
        }
        if tries >= TRIES_MAX || begin.elapsed() >= RETRY_SPAN_MAX {
            return Err(setback.error);
        }
        let backoff = BACKOFF_MAX.min(BACKOFF_FIRST * 2_u32.saturating_pow(tries));
        let wait = backoff.mul_f64((self.jitter)().clamp(0.0, 1.0));
        if setback.throttled {
            // Whoever shares the handle shares the account, so that all are meant.
            self.limiter
                .pause(setback.pause.unwrap_or(backoff / 2) + wait / 2);
        } else {
            counter.fetch_add(1, Ordering::Relaxed);
            sleep(wait).await;
        }
        Ok(())
    }

    fn safe(&self, text: &str) -> String {
        answer::clean(&self.credential.redact(text))
    }
}
