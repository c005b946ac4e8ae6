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
const ISSUES_PER_FETCH: usize = 500;

/// Parts in which everything is read, by when issues were created: one chain of tokens, or one
/// window after the other, would be the slowest way.
const PARTS: usize = 32;

/// Issues in a page, and in all pages of one search: the window of Data Center. Parts of 1,000,000
/// issues would not fit into it.
const ISSUES_PER_PAGE: usize = 500;
const ISSUES_PER_WINDOW: usize = 10_000;

/// A request, as far as requests differ.
enum Ask {
    /// Cloud: the page of ids of a part (its bounds) with this token, or the first one.
    Ids(String, Option<String>),
    /// Cloud: these issues.
    Issues(Vec<String>),
    /// Data Center: the issues of a part (its bounds), from this one on.
    Page { bounds: String, from: usize },
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

    /// The parts are listed while the issues that they have shown are fetched.
    async fn read_cloud<T: Send + 'static>(&self, take: fn(&[u8]) -> T) -> Vec<T> {
        let (mut taken, mut waiting, mut listing) = (Vec::new(), Vec::new(), PARTS);
        let mut due: VecDeque<Ask> = self.parts().await;
        let mut running = JoinSet::new();
        loop {
            while running.len() < CONNECTIONS
                && let Some(ask) = due.pop_front()
            {
                let site = self.clone();
                running.spawn(async move {
                    let body = site.ask(&ask).await;
                    match ask {
                        Ask::Ids(bounds, _) => Err((bounds, body)),
                        Ask::Issues(_) | Ask::Page { .. } => Ok(take(&body)),
                    }
                });
            }
            let Some(page) = running.join_next().await else {
                return taken;
            };
            match page.expect("a request succeeds") {
                Ok(page) => taken.push(page),
                Err((bounds, ids)) => {
                    let page: IdPage = serde_json::from_slice(&ids).expect("it is a page of ids");
                    waiting.extend(page.issues.into_iter().map(|issue| issue.id));
                    match page.next_page_token {
                        // In front: the issues wait for it, and not it for them.
                        Some(token) => due.push_front(Ask::Ids(bounds, Some(token))),
                        None => listing -= 1,
                    }
                    while waiting.len() >= ISSUES_PER_FETCH || listing == 0 && !waiting.is_empty() {
                        let count = waiting.len().min(ISSUES_PER_FETCH);
                        due.push_back(Ask::Issues(waiting.drain(..count).collect()));
                    }
                }
            }
        }
    }

    /// The first page of each part tells how many more it has.
    async fn read_data_center<T: Send + 'static>(&self, take: fn(&[u8]) -> T) -> Vec<T> {
        let mut taken = Vec::new();
        let mut due: VecDeque<Ask> = self.parts().await;
        let mut running = JoinSet::new();
        loop {
            while running.len() < CONNECTIONS
                && let Some(ask) = due.pop_front()
            {
                let site = self.clone();
                running.spawn(async move {
                    let body = site.ask(&ask).await;
                    let total = total(&body);
                    (take(&body), ask, total)
                });
            }
            let Some(page) = running.join_next().await else {
                return taken;
            };
            let (page, ask, total) = page.expect("a request succeeds");
            taken.push(page);
            if let Ask::Page { bounds, from: 0 } = ask {
                assert!(total <= ISSUES_PER_WINDOW, "a part fits into a window");
                due.extend(
                    (ISSUES_PER_PAGE..total)
                        .step_by(ISSUES_PER_PAGE)
                        .map(|from| {
                            let bounds = bounds.clone();
                            Ask::Page { bounds, from }
                        }),
                );
            }
        }
    }

    /// The first request of each part: of equal length between the first and the last creation.
    async fn parts(&self) -> VecDeque<Ask> {
        let (oldest, newest) = (self.creation("ASC").await, self.creation("DESC").await);
        let count = i64::try_from(PARTS).expect("it is small");
        let cut = |number: i64| oldest + (newest - oldest) * number / count;
        let part = |number: i64| {
            let mut bounds = String::new();
            if number > 0 {
                bounds.push_str(&format!(" AND created >= {}", cut(number)));
            }
            if number + 1 < count {
                bounds.push_str(&format!(" AND created < {}", cut(number + 1)));
            }
            match self.flavour {
                Flavour::Cloud => Ask::Ids(bounds, None),
                Flavour::DataCenter => Ask::Page { bounds, from: 0 },
            }
        };
        (0..count).map(part).collect()
    }

    /// When the first issue in an order was created, in milliseconds since 1970.
    async fn creation(&self, order: &str) -> i64 {
        let jql = format!("{QUERY} ORDER BY created {order}");
        let body = json!({ "jql": jql, "fields": ["created"], "maxResults": 1 });
        let path = match self.flavour {
            Flavour::Cloud => "/rest/api/3/search/jql",
            Flavour::DataCenter => "/rest/api/2/search",
        };
        let body = self.post(path, &body).await;
        let text = std::str::from_utf8(&body).expect("it is text");
        let (_, rest) = text
            .split_once("\"created\":\"")
            .expect("there is an issue");
        milliseconds(rest)
    }

    async fn ask(&self, ask: &Ask) -> Bytes {
        let (path, body) = match ask {
            Ask::Ids(bounds, token) => {
                let mut body = json!({
                    "jql": format!("{QUERY}{bounds}"), "fields": ["id"], "maxResults": IDS_PER_PAGE,
                });
                if let Some(token) = token {
                    body["nextPageToken"] = token.as_str().into();
                }
                ("/rest/api/3/search/jql", body)
            }
            Ask::Issues(ids) => (
                "/rest/api/3/issue/bulkfetch",
                json!({ "issueIdsOrKeys": ids, "fields": FIELDS }),
            ),
            Ask::Page { bounds, from } => {
                let mut fields = FIELDS.to_vec();
                fields.push("created");
                let jql = format!("{QUERY}{bounds} ORDER BY created ASC, id ASC");
                let body = json!({
                    "jql": jql, "fields": fields, "startAt": from, "maxResults": ISSUES_PER_PAGE,
                });
                ("/rest/api/2/search", body)
            }
        };
        self.post(path, &body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Bytes {
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

/// How many issues a search matches, from the front of its answer, without reading the rest.
fn total(page: &[u8]) -> usize {
    let front = &page[..page.len().min(200)];
    let front = String::from_utf8_lossy(front);
    let (_, rest) = front.split_once("\"total\":").expect("it is told");
    let digits = rest.split(|byte: char| !byte.is_ascii_digit()).next();
    digits
        .and_then(|digits| digits.parse().ok())
        .expect("it is a number")
}

/// A date of Jira in UTC, to the second, as milliseconds since 1970.
fn milliseconds(date: &str) -> i64 {
    let part = |from: usize, to: usize| date[from..to].parse::<i64>().expect("a date has digits");
    // Years that begin in March have the day of the leap year at their end.
    let (year, month) = match part(5, 7) {
        month @ (1 | 2) => (part(0, 4) - 1, month + 9),
        month => (part(0, 4), month - 3),
    };
    let leaps = year / 4 - year / 100 + year / 400;
    let days = year * 365 + leaps + (month * 153 + 2) / 5 + part(8, 10) - 1 - 719_468;
    (((days * 24 + part(11, 13)) * 60 + part(14, 16)) * 60 + part(17, 19)) * 1000
}
