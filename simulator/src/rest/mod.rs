//! Requests to answers. One function, `handle`, has the order of things: faults that strike before,
//! login, limits, the endpoint, faults that strike after.

pub(crate) mod answer;
mod auth;
mod boards;
mod bulk;
mod cloud_search;
mod data_center_search;
mod filters;
mod issues;
mod parameters;
mod route;
mod site;
mod webhooks;

use std::time::Duration;

use http::{HeaderMap, Method};

use crate::fault::{Fault, RateLimitReason};
use crate::sentence::Sentence;
use crate::state::State;
use crate::{Answer, Flavour, Outcome, Request, Response};
use answer::{Refusal, set};
use auth::Caller;
use parameters::Parameters;
use route::Endpoint;

/// A request on its way to its endpoint.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    pub(crate) parameters: Parameters,
    pub(crate) body: &'a [u8],
    pub(crate) caller: Caller,
    /// Logged in by a bearer token, as apps do on Cloud.
    pub(crate) app: bool,
    /// Fault: at most so many issues in the page.
    pub(crate) page_max: Option<usize>,
    /// Fault: places that a search does not show.
    pub(crate) vanished: Vec<u32>,
}

impl Call<'_> {
    pub(crate) fn anonymous(&self) -> bool {
        self.caller != Caller::Account
    }

    pub(crate) fn is_get(&self) -> bool {
        *self.method == Method::GET
    }

    /// Whether the query string expands this part.
    pub(crate) fn expands(&self, part: &str) -> bool {
        let parts = self.parameters.list("expand").unwrap_or_default();
        parts.iter().any(|own| own == part)
    }

    /// `startAt` and `maxResults` of the query string.
    pub(crate) fn window(&self, default: usize, most: usize) -> Result<(usize, usize), Refusal> {
        let integer = |name: &'static str, default: usize| match self.parameters.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| {
                let detail = format!("Failed to convert '{name}' with value: '{text}'");
                Refusal::Problem(400, "Bad Request", detail)
            }),
        };
        let (start, size) = (integer("startAt", 0)?, integer("maxResults", default)?);
        Ok((start, size.min(most)))
    }
}

/// An answer, and how many issues are in it.
pub(crate) struct Reply {
    pub(crate) response: Response,
    pub(crate) issues: usize,
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self {
            response,
            issues: 0,
        }
    }
}

pub(crate) fn handle(state: &mut State, request: &Request) -> Outcome {
    state.requests += 1;
    let faults = state.faults.strike(request);
    let mut issues = 0;
    let answer = match before(state.flavour, &faults) {
        Some(answer) => answer,
        None => {
            let reply = served(state, request, &faults);
            issues = reply.issues;
            after(&faults, reply.response)
        }
    };
    let per_issue = state.latency.per_issue * u32::try_from(issues).unwrap_or(u32::MAX);
    let delay = match answer {
        Answer::Lost => Duration::ZERO,
        _ => state.latency.fixed + per_issue,
    };
    Outcome { delay, answer }
}

/// The answer of a fault that strikes before the request has any effect.
fn before(flavour: Flavour, faults: &[Fault]) -> Option<Answer> {
    faults.iter().find_map(|fault| {
        Some(Answer::Response(match fault {
            Fault::RateLimited(reason, wait) => too_many(flavour, *reason, *wait, HeaderMap::new()),
            Fault::Fails(status, wait) => failed(*status, *wait),
            Fault::FailsInHtml(status) => answer::html(*status),
            Fault::LostBefore => return Some(Answer::Lost),
            _ => return None,
        }))
    })
}

fn after(faults: &[Fault], response: Response) -> Answer {
    for fault in faults {
        match fault {
            Fault::FailsAfterwards(status) => return Answer::Response(failed(*status, None)),
            Fault::LostAfterwards => return Answer::Lost,
            Fault::Cut(bytes) => {
                let bytes = (*bytes).min(response.body.len().saturating_sub(1));
                return Answer::Cut(response, bytes);
            }
            _ => {}
        }
    }
    Answer::Response(response)
}

fn too_many(
    flavour: Flavour,
    reason: RateLimitReason,
    wait: Option<u32>,
    mut headers: HeaderMap,
) -> Response {
    let body = match flavour {
        Flavour::Cloud => {
            set(&mut headers, "ratelimit-reason", reason.text());
            r#"{"errorMessages":["Rate limit exceeded."],"errors":{}}"#
        }
        Flavour::DataCenter => r#"{"message":"Rate limit exceeded."}"#,
    };
    set(&mut headers, "content-type", answer::json_type(flavour));
    set(&mut headers, "x-ratelimit-remaining", "0");
    if let Some(seconds) = wait {
        set(&mut headers, "retry-after", &seconds.to_string());
    }
    Response {
        status: 429,
        headers,
        body: body.into(),
    }
}

fn failed(status: u16, wait: Option<u32>) -> Response {
    let mut headers = HeaderMap::new();
    set(
        &mut headers,
        "content-type",
        "application/json;charset=UTF-8",
    );
    if let Some(seconds) = wait {
        set(&mut headers, "retry-after", &seconds.to_string());
    }
    let body = format!(r#"{{"message":"Internal server error","status-code":{status}}}"#);
    Response {
        status,
        headers,
        body: body.into(),
    }
}

fn served(state: &mut State, request: &Request, faults: &[Fault]) -> Reply {
    let mut call = Call {
        method: &request.method,
        parameters: Parameters::read(request.query.as_deref()),
        body: &request.body,
        caller: auth::caller(state, &request.headers),
        app: auth::is_bearer(&request.headers),
        page_max: None,
        vanished: Vec::new(),
    };
    conditions(state, &mut call, faults);
    let mut headers = HeaderMap::new();
    auth::tell(state, call.caller, &mut headers);
    let found = route::find(state.flavour, &request.method, &request.path);
    let endpoint = found.as_ref().map_or("other", Endpoint::limit_name);
    let authenticated = call.caller == Caller::Account;
    if (authenticated || state.flavour == Flavour::Cloud)
        && let Some(wait) = state.limits.count(endpoint, state.now, &mut headers)
    {
        let reason = RateLimitReason::Burst;
        return too_many(state.flavour, reason, Some(wait), headers).into();
    }
    let result = match admitted(state, call.caller, found.as_ref()) {
        Ok(()) => found.and_then(|endpoint| {
            check_media_type(request)?;
            endpoint.serve(state, &call)
        }),
        Err(refusal) => Err(refusal),
    };
    let mut reply =
        result.unwrap_or_else(|refusal| answer::refusal(state, &request.path, &refusal).into());
    reply.response.headers.extend(headers);
    reply
}

/// Faults that are no answer of their own but change what the request meets.
fn conditions(state: &mut State, call: &mut Call<'_>, faults: &[Fault]) {
    for fault in faults {
        match fault {
            Fault::Anonymous => call.caller = Caller::Refused,
            Fault::ShortPage(issues) => call.page_max = Some((*issues).max(1)),
            // A scripted fault whose subject is gone has nothing left to do.
            Fault::LosesProject(project) => drop(state.set_revoked(project, true)),
            Fault::Moves { issue, project } => drop(state.move_to(issue, project)),
            Fault::Vanishes(keys) => {
                let slots = keys.iter().filter_map(|key| state.slot_of_text(key));
                call.vanished.extend(slots);
            }
            _ => {}
        }
    }
}

/// Cloud lets nobody's requests pass to most endpoints; Data Center does not.
fn admitted(
    state: &State,
    caller: Caller,
    endpoint: Result<&Endpoint, &Refusal>,
) -> Result<(), Refusal> {
    let refused = Err(Refusal::domain(401, Sentence::NotAuthenticated));
    match (state.flavour, caller) {
        (_, Caller::Account) => Ok(()),
        (Flavour::Cloud, Caller::Unreadable) => Err(Refusal::UnreadableBearer),
        (Flavour::Cloud, _) => match endpoint {
            Ok(endpoint) if endpoint.needs_login() => refused,
            _ => Ok(()),
        },
        (Flavour::DataCenter, Caller::Anonymous)
            if matches!(endpoint, Ok(Endpoint::ServerInfo) | Err(_)) =>
        {
            Ok(())
        }
        (Flavour::DataCenter, _) => refused,
    }
}

fn check_media_type(request: &Request) -> Result<(), Refusal> {
    if request.method != Method::POST && request.method != Method::PUT {
        return Ok(());
    }
    let media_type = request.headers.get(http::header::CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    if media_type.starts_with("application/json") {
        return Ok(());
    }
    let detail = format!("Content-Type '{media_type}' is not supported.");
    Err(Refusal::Problem(415, "Unsupported Media Type", detail))
}
