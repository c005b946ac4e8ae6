//! The limit: nothing but the requests without which the issues of a Jira cannot be had, over the
//! same connections. What comes is handed on page by page.
//!
//! What it is not: correct while somebody edits, or when a request fails. It checks nothing, and
//! reads of an answer only what the next request needs.

use crate::processes::{Jira, TOKEN, user};
use base64::Engine as _;
use bytes::Bytes;
use http::{Method, Request};
use resync_simulator::Flavour;
use resync_tracker::jira::{HttpOptions, HttpTransport, Transport};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::VecDeque;
use tokio::task::JoinSet;

/// Requests at a time, here and in the real resync.
pub(crate) const CONNECTIONS: usize = 8;

/// All issues.
pub(crate) const QUERY: &str = "created >= \"2000-01-01\"";

/// The same fields that the real one asks for.
const FIELDS: [&str; 7] = [
    "summary",
    "issuetype",
    "project",
    "status",
    "assignee",
    "parent",
    "updated",
];

/// Ids in a page of nothing but ids, and issues in a request for issues by id: Cloud's limits.
const IDS_PER_PAGE: usize = 5_000;
const ISSUES_PER_FETCH: usize = 100;

/// Issues in a page, and in all pages of one search: the window of Data Center.
const ISSUES_PER_PAGE: usize = 500;
const ISSUES_PER_WINDOW: usize = 10_000;

/// A request, as far as requests differ.
enum Ask {
    /// Cloud: the page of ids with this token, or the first one.
    Ids(Option<String>),
    /// Cloud: these issues.
    Issues(Vec<String>),
    /// Data Center: the issues created since that moment (a date of JQL), from this one on.
    Page { since: String, from: usize },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdPage {
    issues: Vec<Id>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

/// Asks one Jira.
#[derive(Clone)]
pub(crate) struct Site {
    flavour: Flavour,
    base_uri: String,
    authorization: String,
    transport: HttpTransport,
}

impl Site {
    /// Connects to nothing yet.
    pub(crate) fn new(jira: &Jira, flavour: Flavour) -> Self {
        let pair = format!("{}:{TOKEN}", user(flavour));
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        Self {
            flavour,
            base_uri: jira.base_uri.clone(),
            authorization: format!("Basic {encoded}"),
            transport: HttpTransport::new(&HttpOptions::default()).expect("HTTP can be had"),
        }
    }

    /// Downloads everything, and gives back what `take` makes of each page of issues.
    pub(crate) async fn read<T: Send + 'static>(&self, take: fn(&[u8]) -> T) -> Vec<T> {
        match self.flavour {
            Flavour::Cloud => self.read_cloud(take).await,
            Flavour::DataCenter => self.read_data_center(take).await,
        }
    }

    /// The chain of ids goes on while the issues that it has shown are fetched.
    async fn read_cloud<T: Send + 'static>(&self, take: fn(&[u8]) -> T) -> Vec<T> {
        let mut taken = Vec::new();
        let mut due = VecDeque::from([Ask::Ids(None)]);
        let mut running = JoinSet::new();
        loop {
            while running.len() < CONNECTIONS
                && let Some(ask) = due.pop_front()
            {
                let site = self.clone();
                running.spawn(async move {
                    let body = site.ask(&ask).await;
                    match ask {
                        Ask::Ids(_) => Err(body),
                        Ask::Issues(_) | Ask::Page { .. } => Ok(take(&body)),
                    }
                });
            }
            match running.join_next().await {
                None => return taken,
                Some(page) => match page.expect("a request succeeds") {
                    Ok(page) => taken.push(page),
                    Err(ids) => take_ids(&ids, &mut due),
                },
            }
        }
    }

    /// One window after the other, since only the last page of one tells where the next begins.
    async fn read_data_center<T: Send + 'static>(&self, take: fn(&[u8]) -> T) -> Vec<T> {
        let mut taken = Vec::new();
        let mut since = "2000-01-01 00:00".to_owned();
        loop {
            let mut due: VecDeque<usize> =
                (0..ISSUES_PER_WINDOW).step_by(ISSUES_PER_PAGE).collect();
            let last = ISSUES_PER_WINDOW - ISSUES_PER_PAGE;
            let mut next = None;
            let mut running = JoinSet::new();
            loop {
                while running.len() < CONNECTIONS
                    && let Some(from) = due.pop_front()
                {
                    let (site, since) = (self.clone(), since.clone());
                    running.spawn(async move {
                        let body = site.ask(&Ask::Page { since, from }).await;
                        let end = (from == last).then(|| last_creation(&body)).flatten();
                        (take(&body), end)
                    });
                }
                let Some(page) = running.join_next().await else {
                    break;
                };
                let (page, end) = page.expect("a request succeeds");
                taken.push(page);
                next = next.or(end);
            }
            match next {
                Some(moment) => since = moment,
                None => return taken,
            }
        }
    }

    async fn ask(&self, ask: &Ask) -> Bytes {
        let (path, body) = match ask {
            Ask::Ids(token) => ("/rest/api/3/search/jql", id_search(token.as_deref())),
            Ask::Issues(ids) => (
                "/rest/api/3/issue/bulkfetch",
                json!({ "issueIdsOrKeys": ids, "fields": FIELDS }),
            ),
            Ask::Page { since, from } => {
                let mut fields = FIELDS.to_vec();
                fields.push("created");
                let jql =
                    format!("{QUERY} AND created >= \"{since}\" ORDER BY created ASC, id ASC");
                let body = json!({
                    "jql": jql, "fields": fields, "startAt": from, "maxResults": ISSUES_PER_PAGE,
                });
                ("/rest/api/2/search", body)
            }
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.base_uri))
            .header("authorization", &self.authorization)
            .header("content-type", "application/json")
            .body(Bytes::from(body.to_string()))
            .expect("the request is well-formed");
        let answer = self.transport.send(request).await.expect("Jira answers");
        assert_eq!(answer.status(), 200, "{:?}", answer.body());
        answer.into_body()
    }
}

fn id_search(token: Option<&str>) -> Value {
    let mut body = json!({ "jql": QUERY, "fields": ["id"], "maxResults": IDS_PER_PAGE });
    if let Some(token) = token {
        body["nextPageToken"] = token.into();
    }
    body
}

fn take_ids(body: &[u8], due: &mut VecDeque<Ask>) {
    let page: IdPage = serde_json::from_slice(body).expect("it is a page of ids");
    let ids: Vec<String> = page.issues.into_iter().map(|issue| issue.id).collect();
    due.extend(
        ids.chunks(ISSUES_PER_FETCH)
            .map(|ids| Ask::Issues(ids.to_vec())),
    );
    if let Some(token) = page.next_page_token {
        // In front: the issues wait for it, and not it for them.
        due.push_front(Ask::Ids(Some(token)));
    }
}

/// The moment at which the last issue of a page was created, as a date of JQL in the account's
/// zone, which is that of the answers. To the minute, so that windows may overlap a little.
fn last_creation(page: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(page).expect("it is text");
    let (_, rest) = text.rsplit_once("\"created\":\"")?;
    Some(rest[..16].replace('T', " "))
}
