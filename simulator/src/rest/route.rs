//! Which endpoint a method and a path mean.

use http::Method;

use super::answer::Refusal;
use super::boards::{self, Of};
use super::parameters::decoded;
use super::{Call, Reply, bulk, cloud_search, data_center_search, filters, issues, site, webhooks};
use crate::sentence::Sentence;
use crate::state::State;
use crate::{Flavour, Response};

/// What can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    ServerInfo,
    Myself,
    Fields,
    IssueTypes,
    Projects,
    ProjectSearch,
    LinkTypes,
    Statuses,
    Resolutions,
    Issue(String),
    Transitions(String),
    Changelog(String),
    BulkFetch,
    TokenSearch,
    Count,
    OffsetSearch,
    RemovedSearch,
    Filter(String),
    FavouriteFilters,
    FilterSearch,
    Boards,
    Board(String),
    BoardConfiguration(String),
    BoardEpics(String),
    BoardIssues(Of),
    Epic(String),
    AppWebhooks,
    AppWebhooksRefresh,
    AppWebhooksFailed,
    Webhooks,
    Webhook(String),
}

const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];
const GET_POST: &[&str] = &["GET", "POST"];
const PUT: &[&str] = &["PUT"];
const GET_POST_DELETE: &[&str] = &["GET", "POST", "DELETE"];
const GET_PUT_DELETE: &[&str] = &["GET", "PUT", "DELETE"];

/// An endpoint and the methods that it has.
type Known = (Endpoint, &'static [&'static str]);

/// The endpoint, or why there is none.
pub(crate) fn find(flavour: Flavour, method: &Method, path: &str) -> Result<Endpoint, Refusal> {
    let known = endpoint(flavour, path).ok_or_else(|| {
        let detail = format!("No endpoint {method} {path}.");
        Refusal::Problem(404, "Not Found", detail)
    })?;
    let (endpoint, methods) = known;
    if methods.contains(&method.as_str()) {
        Ok(endpoint)
    } else {
        Err(Refusal::Method(methods))
    }
}

fn endpoint(flavour: Flavour, path: &str) -> Option<Known> {
    let rest = path.strip_prefix("/rest/")?;
    let cloud = flavour == Flavour::Cloud;
    // Data Center has had webhooks under another name since release 10.
    let hooks = match cloud {
        true => "webhooks/1.0/webhook",
        false => "jira-webhook/1.0/webhooks",
    };
    if let Some(rest) = rest.strip_prefix("agile/1.0/") {
        agile(&rest.split('/').collect::<Vec<_>>())
    } else if let Some(rest) = rest.strip_prefix(hooks) {
        match rest.strip_prefix('/') {
            None => rest.is_empty().then_some((Endpoint::Webhooks, GET_POST)),
            Some(id) => Some((Endpoint::Webhook(decoded(id)), GET_PUT_DELETE)),
        }
    } else {
        platform(cloud, rest.strip_prefix("api/")?)
    }
}

/// Boards and epics.
fn agile(segments: &[&str]) -> Option<Known> {
    let of = |of| Endpoint::BoardIssues(of);
    let endpoint = match *segments {
        ["board"] => Endpoint::Boards,
        ["board", id] => Endpoint::Board(decoded(id)),
        ["board", id, "configuration"] => Endpoint::BoardConfiguration(decoded(id)),
        ["board", id, "issue"] => of(Of::Board(decoded(id))),
        ["board", id, "epic"] => Endpoint::BoardEpics(decoded(id)),
        ["board", id, "epic", "none", "issue"] => of(Of::BoardWithoutEpic(decoded(id))),
        ["board", id, "epic", epic, "issue"] => of(Of::BoardEpic(decoded(id), decoded(epic))),
        ["epic", "none", "issue"] => of(Of::WithoutEpic),
        ["epic", epic] => Endpoint::Epic(decoded(epic)),
        ["epic", epic, "issue"] => of(Of::Epic(decoded(epic))),
        _ => return None,
    };
    Some((endpoint, GET))
}

fn platform(cloud: bool, rest: &str) -> Option<Known> {
    let (version, rest) = rest.split_once('/')?;
    if !matches!((version, cloud), ("2" | "latest", _) | ("3", true)) {
        return None;
    }
    let segments: Vec<_> = rest.split('/').collect();
    Some(match segments[..] {
        ["serverInfo"] => (Endpoint::ServerInfo, GET),
        ["myself"] => (Endpoint::Myself, GET),
        ["field"] => (Endpoint::Fields, GET),
        ["issuetype"] => (Endpoint::IssueTypes, GET),
        ["project"] => (Endpoint::Projects, GET),
        ["project", "search"] if cloud => (Endpoint::ProjectSearch, GET),
        ["issueLinkType"] => (Endpoint::LinkTypes, GET),
        ["status"] => (Endpoint::Statuses, GET),
        ["resolution"] => (Endpoint::Resolutions, GET),
        ["webhook"] if cloud => (Endpoint::AppWebhooks, GET_POST_DELETE),
        ["webhook", "refresh"] if cloud => (Endpoint::AppWebhooksRefresh, PUT),
        ["webhook", "failed"] if cloud => (Endpoint::AppWebhooksFailed, GET),
        ["issue", issue, "transitions"] => (Endpoint::Transitions(decoded(issue)), GET),
        ["issue", issue, "changelog"] if cloud => (Endpoint::Changelog(decoded(issue)), GET),
        ["issue", "bulkfetch"] if cloud => (Endpoint::BulkFetch, POST),
        ["issue", issue] => (Endpoint::Issue(decoded(issue)), GET),
        ["search", "jql"] if cloud => (Endpoint::TokenSearch, GET_POST),
        ["search", "approximate-count"] if cloud => (Endpoint::Count, POST),
        ["search"] if cloud => (Endpoint::RemovedSearch, GET_POST),
        ["search"] => (Endpoint::OffsetSearch, GET_POST),
        ["filter", "favourite"] => (Endpoint::FavouriteFilters, GET),
        ["filter", "search"] if cloud => (Endpoint::FilterSearch, GET),
        ["filter", "search"] => return None,
        ["filter", filter] => (Endpoint::Filter(decoded(filter)), GET),
        _ => return None,
    })
}

impl Endpoint {
    /// Cloud answers 401 here, where most endpoints go on as anonymous.
    pub(crate) fn needs_login(&self) -> bool {
        matches!(self, Self::Myself | Self::Webhooks | Self::Webhook(_))
    }

    /// What shares a rate limit.
    pub(crate) fn limit_name(&self) -> &'static str {
        match self {
            Self::Issue(_) => "issue",
            Self::TokenSearch | Self::OffsetSearch => "search",
            Self::BulkFetch => "bulkfetch",
            Self::ServerInfo | Self::Myself => "person",
            _ => "other",
        }
    }

    pub(crate) fn serve(self, state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
        match self {
            Self::ServerInfo => Ok(site::server_info(state, call).into()),
            Self::Myself => Ok(site::myself(state).into()),
            Self::Fields => Ok(site::fields(state).into()),
            Self::IssueTypes => Ok(site::issue_types(state, call).into()),
            Self::Projects => Ok(site::projects(state, call).into()),
            Self::ProjectSearch => site::project_search(state, call).map(Reply::from),
            Self::LinkTypes => Ok(site::link_types(state).into()),
            Self::Statuses => Ok(site::statuses(state, call).into()),
            Self::Resolutions => Ok(site::resolutions(state, call).into()),
            Self::Transitions(issue) => issues::transitions(state, call, &issue).map(Reply::from),
            Self::Changelog(issue) => issues::changelog(state, call, &issue).map(Reply::from),
            Self::Issue(issue) => issues::read(state, call, &issue),
            Self::BulkFetch => bulk::fetch(state, call),
            Self::TokenSearch => cloud_search::search(state, call),
            Self::Count => cloud_search::count(state, call).map(Reply::from),
            Self::OffsetSearch => data_center_search::search(state, call),
            Self::RemovedSearch => Err(Refusal::domain(410, Sentence::SearchRemoved)),
            Self::Filter(filter) => filters::read(state, call, &filter).map(Reply::from),
            Self::FavouriteFilters => Ok(filters::favourites(state, call).into()),
            Self::FilterSearch => filters::search(state, call).map(Reply::from),
            Self::BoardIssues(of) => boards::issues(state, call, &of),
            other => other.serve_plainly(state, call).map(Reply::from),
        }
    }

    /// What shows no issues: boards and webhooks.
    fn serve_plainly(self, state: &mut State, call: &Call<'_>) -> Result<Response, Refusal> {
        match self {
            Self::Boards => boards::list(state, call),
            Self::Board(id) => boards::read(state, call, &id),
            Self::BoardConfiguration(id) => boards::configuration(state, call, &id),
            Self::BoardEpics(id) => boards::epics(state, call, &id),
            Self::Epic(epic) => boards::read_epic(state, call, &epic),
            Self::AppWebhooks => webhooks::of_apps(state, call),
            Self::AppWebhooksRefresh => webhooks::refresh(state, call),
            Self::Webhooks => webhooks::of_administrators(state, call),
            Self::Webhook(id) => webhooks::of_administrator(state, call, &id),
            _ => webhooks::failed(),
        }
    }
}
