//! Which endpoint a method and a path mean.

use http::Method;

use super::answer::Refusal;
use super::parameters::decoded;
use super::{Call, Reply, bulk, cloud_search, data_center_search, filters, issues, site};
use crate::Flavour;
use crate::sentence::Sentence;
use crate::state::State;

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
    Issue(String),
    BulkFetch,
    TokenSearch,
    Count,
    OffsetSearch,
    RemovedSearch,
    Filter(String),
    FavouriteFilters,
    FilterSearch,
}

const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];
const GET_POST: &[&str] = &["GET", "POST"];

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

fn endpoint(flavour: Flavour, path: &str) -> Option<(Endpoint, &'static [&'static str])> {
    let rest = path.strip_prefix("/rest/api/")?;
    let (version, rest) = rest.split_once('/')?;
    let cloud = flavour == Flavour::Cloud;
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
        matches!(self, Self::Myself)
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
            Self::Issue(issue) => issues::read(state, call, &issue),
            Self::BulkFetch => bulk::fetch(state, call),
            Self::TokenSearch => cloud_search::search(state, call),
            Self::Count => cloud_search::count(state, call).map(Reply::from),
            Self::OffsetSearch => data_center_search::search(state, call),
            Self::RemovedSearch => Err(Refusal::domain(410, Sentence::SearchRemoved)),
            Self::Filter(filter) => filters::read(state, call, &filter).map(Reply::from),
            Self::FavouriteFilters => Ok(filters::favourites(state, call).into()),
            Self::FilterSearch => filters::search(state, call).map(Reply::from),
        }
    }
}
