//! A census: which issues a query matches, by their ids alone, in the fewest requests.
//!
//! What it is not: an order, or a reading of issues. On Cloud it is one chain of pages of 5000
//! ids; on Data Center a page of 1000 begins at the second in which the last one ended, so that no
//! offset counts from the start of a result that moves.

use super::exchange::Call;
use super::query::Search;
use super::settings::Product;
use super::transport::Transport;
use super::wire::{self, Page, Unreadable};
use super::{Jira, date};
use crate::{Error, Query};
use futures::stream::{self, StreamExt, TryStreamExt};
use resync_core::id::IssueId;
use resync_core::time::Timestamp;
use rustc_hash::FxHashSet;
use serde::Deserialize;
use serde_json::json;

/// Ids per page on Cloud: the most that it gives, and only when nothing but ids is asked for.
const IDS_PER_PAGE_CLOUD: u32 = 5000;

/// Issues per page on Data Center: what it gives at most by default.
const IDS_PER_PAGE_DATA_CENTER: usize = 1000;

/// Furthest offset that Data Center's search platform gives.
const WINDOW_MAX: usize = 10_000;

/// Empty pages in a row that promise a next one, before they are taken for a loop.
const EMPTY_PAGES_MAX: u32 = 20;

/// Issues at the end of a page of which the next must show one: a single one may be deleted.
const ANCHORS: usize = 3;

/// Pages in a row that need not fit to the one before: each met an edit.
const MISFITS_MAX: u32 = 3;

/// Milliseconds to which a moment of creation is rounded down: the index keeps seconds.
const CREATION_GRAIN: i64 = 1000;

impl<T: Transport> Jira<T> {
    /// The ids of all issues that a query matches, ascending.
    pub(super) async fn scan(&self, query: &Query) -> Result<Vec<IssueId>, Error> {
        let scans = self.searches(query).await?.into_iter();
        let scan = |search: Search| async move { self.scan_search(&search).await };
        let parts: Vec<Vec<IssueId>> = stream::iter(scans.map(scan))
            .buffered(self.concurrency)
            .try_collect()
            .await?;
        let mut ids: Vec<IssueId> = parts.into_iter().flatten().collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// The ids that a search matches, in no order.
    pub(super) async fn scan_search(&self, search: &Search) -> Result<Vec<IssueId>, Error> {
        if self.product == Product::DataCenter {
            return self.scan_windows(search).await;
        }
        match self.scan_chain(&search.jql.since_creation(None)).await {
            // A search that names an issue that is gone is refused as a whole.
            Err(Error::QueryInvalid { .. }) if !search.parents().is_empty() => {
                let batch = self.look_up(search.parents()).await?;
                let found: Vec<IssueId> = batch.found.iter().map(|issue| issue.id).collect();
                if found.is_empty() {
                    return Ok(Vec::new());
                }
                let search = search.with_parents(&found);
                self.scan_chain(&search.jql.since_creation(None)).await
            }
            outcome => outcome,
        }
    }

    /// Cloud: the ids in the order of a query, page by token, to the one that names no next.
    pub(super) async fn scan_chain(&self, jql: &str) -> Result<Vec<IssueId>, Error> {
        let mut body = json!({
            "jql": jql,
            "fields": ["id"],
            "maxResults": IDS_PER_PAGE_CLOUD,
        });
        let (mut ids, mut tokens, mut empty_pages) = (Vec::new(), FxHashSet::default(), 0);
        loop {
            let call = Call::post(self.path("search/jql"), &body);
            let outcome = self.exchange.fetch(&call, wire::id_page).await;
            let page = outcome.map_err(|failure| failure.of_search(self.product))?;
            empty_pages = match page.items.is_empty() {
                true => empty_pages + 1,
                false => 0,
            };
            ids.extend(page.items);
            let Some(token) = page.next else {
                return Ok(ids);
            };
            if empty_pages > EMPTY_PAGES_MAX || !tokens.insert(token.clone()) {
                return Err(unusable("the pages of a search go round in a circle"));
            }
            body["nextPageToken"] = token.into();
        }
    }

    /// Data Center: pages by moment of creation.
    async fn scan_windows(&self, search: &Search) -> Result<Vec<IssueId>, Error> {
        let mut sweep = Sweep::default();
        loop {
            let body = json!({
                "jql": search.jql.since_creation(sweep.from),
                "fields": ["created"],
                "startAt": sweep.offset,
                "maxResults": IDS_PER_PAGE_DATA_CENTER.min(WINDOW_MAX - sweep.offset),
                "validateQuery": search.origin.is_none(),
            });
            let call = Call::post(self.path("search"), &body);
            let outcome = self.exchange.fetch(&call, seen_page).await;
            let page = outcome.map_err(|failure| failure.of_search(self.product))?;
            if sweep.take(page)? {
                return Ok(sweep.ids);
            }
        }
    }
}

/// An issue of a page, and when it was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    id: IssueId,
    created: Timestamp,
}

#[derive(Deserialize)]
struct WireSeenPage {
    issues: Vec<WireSeen>,
    total: Option<u64>,
}

#[derive(Deserialize)]
struct WireSeen {
    id: String,
    fields: WireCreated,
}

#[derive(Deserialize)]
struct WireCreated {
    created: String,
}

fn seen_page(body: &[u8]) -> Result<Page<Seen>, Unreadable> {
    let page: WireSeenPage = wire::value(body)?;
    let seen = |issue: WireSeen| {
        let (id, created) = (issue.id.parse().ok(), date::parse(&issue.fields.created));
        let (id, created) = id.zip(created)?;
        Some(Seen {
            id: IssueId(id),
            created,
        })
    };
    let items: Option<Vec<Seen>> = page.issues.into_iter().map(seen).collect();
    let invalid = "an issue has no number as its id, or no moment of creation";
    Ok(Page {
        items: items.ok_or_else(|| Unreadable::Invalid(invalid.to_owned()))?,
        next: None,
        total: page.total,
    })
}

/// A census of Data Center in progress.
#[derive(Default)]
struct Sweep {
    ids: Vec<IssueId>,
    /// Where the window begins; `None` is the beginning of time.
    from: Option<Timestamp>,
    /// Where in the window the next page begins.
    offset: usize,
    /// Issues of which the next page must show one; it begins with the last when it has an offset.
    anchors: Vec<Seen>,
    misfits: u32,
}

impl Sweep {
    /// Takes a page in; whether it is the last.
    fn take(&mut self, page: Page<Seen>) -> Result<bool, Error> {
        let total = page
            .total
            .ok_or_else(|| unusable("a page of a search does not say how many issues match"))?;
        if page.items.iter().any(|seen| Some(seen.created) < self.from) {
            return Err(unusable(
                "a search by moment of creation gives older issues",
            ));
        }
        if !self.fits(&page.items) {
            self.misfits += 1;
            if self.misfits > MISFITS_MAX {
                return Err(unusable("pages of a search do not continue each other"));
            }
            self.offset = 0;
            return Ok(false);
        }
        self.misfits = 0;
        self.ids.extend(page.items.iter().map(|seen| seen.id));
        if (self.offset + page.items.len()) as u64 >= total {
            return Ok(true);
        }
        self.advance(&page.items)?;
        Ok(false)
    }

    fn fits(&self, items: &[Seen]) -> bool {
        if self.offset > 0 {
            return items.first().map(|seen| seen.id) == self.anchors.last().map(|seen| seen.id);
        }
        let shown = |anchor: &Seen| items.iter().any(|seen| seen.id == anchor.id);
        self.anchors.is_empty() || self.anchors.iter().any(shown)
    }

    /// Where to go on after a page that is not the last.
    fn advance(&mut self, items: &[Seen]) -> Result<(), Error> {
        let tail = &items[items.len().saturating_sub(ANCHORS)..];
        // The first of the tail, so that all of it is expected; or at least the last.
        let begins = [tail.first(), tail.last()].into_iter().flatten();
        let next = begins
            .map(|seen| floor(seen.created))
            .find(|moment| Some(*moment) > self.from);
        if let Some(moment) = next {
            self.from = Some(moment);
            self.offset = 0;
        } else {
            // More were created within this second than a page shows.
            self.offset += items.len().saturating_sub(1);
            if items.len() < 2 || self.offset + 1 >= WINDOW_MAX {
                return Err(unusable("a search goes on but brings nothing new"));
            }
        }
        let expected = |seen: &&Seen| Some(floor(seen.created)) >= self.from;
        self.anchors = tail.iter().filter(expected).copied().collect();
        Ok(())
    }
}

fn floor(created: Timestamp) -> Timestamp {
    Timestamp(created.0.div_euclid(CREATION_GRAIN) * CREATION_GRAIN)
}

fn unusable(detail: &str) -> Error {
    Error::AnswerInvalid {
        detail: detail.to_owned(),
    }
}
