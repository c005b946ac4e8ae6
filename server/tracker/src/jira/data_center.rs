//! Reading a search on Data Center: pages by offset, in windows by creation.
//!
//! What it is not: one long row of offsets. An offset counts from the start of a result that
//! moves: an issue that leaves it shifts the rest by one, and the page after begins one too late.
//! Here each page begins with the last issue of the page before it. Where it does not, or where
//! the server's window of offsets ends, a new window begins at the moment at which the last sure
//! issue was created; that window is checked to hold this issue, too.

use super::exchange::Call;
use super::query::{Meter, Search, arrange};
use super::transport::Transport;
use super::wire::{Dated, Interner, OBSERVED_FIELDS, Page};
use super::{Jira, wire};
use crate::Error;
use futures::stream::{self, StreamExt};
use resync_core::id::IssueId;
use resync_core::issue::{ObservedIssue, QueryResult};
use resync_core::time::Timestamp;
use rustc_hash::FxHashSet;
use serde_json::json;

/// Furthest offset that the search platform gives, whatever the size of the result.
const WINDOW_MAX: usize = 10_000;

/// Ids per page when only the order is read: what the server gives at most by default.
const IDS_PER_PAGE: usize = 1000;

/// Sure issues that are remembered to begin a window at: the last may be deleted meanwhile.
const ANCHORS: usize = 3;

/// Windows in a row that may bring nothing sure: each met an edit. Also what ends a read of more
/// issues than a window shows that were created within one second.
const STALLED_WINDOWS_MAX: u32 = 3;

/// Milliseconds to which a moment of creation is rounded down in a query: the index keeps seconds.
const CREATION_GRAIN: i64 = 1000;

/// A sure issue, which the next window must hold.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    id: IssueId,
    created: Timestamp,
}

/// Issues that follow each other without a gap, and whether the result ends with them.
struct Window {
    items: Vec<Dated>,
    complete: bool,
}

/// A read in progress.
#[derive(Default)]
struct Sweep {
    issues: Vec<ObservedIssue>,
    known: FxHashSet<IssueId>,
    anchors: Vec<Anchor>,
    stalled: u32,
}

impl Sweep {
    /// Takes a window in; whether the result is complete with it.
    fn take(&mut self, window: Window) -> Result<bool, Error> {
        let Window { items, complete } = window;
        let tail: Result<Vec<Anchor>, _> = items[items.len().saturating_sub(ANCHORS)..]
            .iter()
            .map(anchor_of)
            .collect();
        let tail = tail?;
        let found = |anchor: &Anchor| items.iter().any(|dated| dated.issue.id == anchor.id);
        let continues = self.anchors.last().is_none_or(found);
        // A window that ends within the second that it began in need not have come to the anchor.
        let passed = self.anchors.last().is_none_or(|anchor| {
            tail.last()
                .is_some_and(|last| floor(last.created) > floor(anchor.created))
        });
        if !continues && (complete || passed) {
            self.anchors.pop();
            if self.anchors.is_empty() {
                let detail = "pages of a search do not continue each other".to_owned();
                return Err(Error::AnswerInvalid { detail });
            }
            return Ok(false);
        }
        let before = self.issues.len();
        let fresh = items.into_iter().map(|dated| dated.issue);
        self.issues
            .extend(fresh.filter(|issue| self.known.insert(issue.id)));
        if continues {
            self.anchors = tail;
        }
        let advanced = continues && self.issues.len() > before;
        self.stalled = if advanced { 0 } else { self.stalled + 1 };
        if self.stalled > STALLED_WINDOWS_MAX {
            let detail = "a search goes on but brings nothing sure".to_owned();
            return Err(Error::AnswerInvalid { detail });
        }
        Ok(complete)
    }
}

impl<T: Transport> Jira<T> {
    pub(super) async fn read_on_data_center(
        &self,
        search: &Search,
        meter: &Meter<'_>,
        interner: &Interner,
    ) -> Result<QueryResult, Error> {
        let jql = search.jql.in_own_order();
        let size = self.page_size as usize;
        let lenient = search.origin.is_some();
        let first = self
            .search_page(&jql, &OBSERVED_FIELDS, 0, size, lenient, interner)
            .await?;
        let total = total_of(&first)?;
        meter.expect(total);
        let own_order = search.jql.order.is_some();
        if first.items.len() as u64 >= total {
            meter.advance(first.items.len());
            let order: Vec<IssueId> = first.items.iter().map(|dated| dated.issue.id).collect();
            let issues = first.items.into_iter().map(|dated| dated.issue).collect();
            return Ok(arrange(issues, own_order.then_some(order.as_slice())));
        }
        let issues = self.read_windows(search, meter, interner).await?;
        if !own_order {
            return Ok(arrange(issues, None));
        }
        let order = self.read_order(&jql).await?;
        Ok(arrange(issues, Some(&order)))
    }

    async fn read_windows(
        &self,
        search: &Search,
        meter: &Meter<'_>,
        interner: &Interner,
    ) -> Result<Vec<ObservedIssue>, Error> {
        let mut sweep = Sweep::default();
        loop {
            let from = sweep.anchors.last().map(|anchor| floor(anchor.created));
            let count = |items: &[Dated]| {
                let fresh = |dated: &&Dated| !sweep.known.contains(&dated.issue.id);
                meter.advance(items.iter().filter(fresh).count());
            };
            let window = self.read_window(search, from, &count, interner).await?;
            if sweep.take(window)? {
                return Ok(sweep.issues);
            }
        }
    }

    /// Reads one window as far as its pages fit together.
    async fn read_window(
        &self,
        search: &Search,
        from: Option<Timestamp>,
        count: &(dyn Fn(&[Dated]) + Sync),
        interner: &Interner,
    ) -> Result<Window, Error> {
        let jql = &search.jql.since_creation(from);
        let fields: Vec<&str> = OBSERVED_FIELDS.into_iter().chain(["created"]).collect();
        let (fields, lenient) = (fields.as_slice(), search.origin.is_some());
        let size = self.page_size as usize;
        let first = self
            .search_page(jql, fields, 0, size, lenient, interner)
            .await?;
        check_creation(&first, from)?;
        count(&first.items);
        let total = total_of(&first)?;
        // The server may give fewer than asked for; what it gave is what the steps are made of.
        let given = first.items.len();
        let mut window = Window {
            items: first.items,
            complete: given as u64 >= total,
        };
        if window.complete || given < 2 {
            return Ok(window);
        }
        let reach = WINDOW_MAX.min(usize::try_from(total).unwrap_or(WINDOW_MAX));
        let offsets = (1..)
            .map(|page| page * (given - 1))
            .take_while(|at| at + 1 < reach);
        let page = |at: usize| async move {
            let size = given.min(WINDOW_MAX - at);
            let page = self
                .search_page(jql, fields, at, size, lenient, interner)
                .await?;
            Ok::<_, Error>((at, page))
        };
        let mut pages = stream::iter(offsets).map(page).buffered(self.concurrency);
        while let Some(outcome) = pages.next().await {
            let (at, page) = outcome?;
            let last = window.items.last().map(|dated| dated.issue.id);
            if page.items.first().map(|dated| dated.issue.id) != last {
                return Ok(window);
            }
            window.complete = (at + page.items.len()) as u64 >= total_of(&page)?;
            count(&page.items[1..]);
            window.items.extend(page.items.into_iter().skip(1));
        }
        Ok(window)
    }

    /// The ids in the query's own order, as many as the window of offsets shows.
    async fn read_order(&self, jql: &str) -> Result<Vec<IssueId>, Error> {
        let mut order = Vec::new();
        while order.len() < WINDOW_MAX {
            let size = IDS_PER_PAGE.min(WINDOW_MAX - order.len());
            let call = self.offset_call(jql, &["id"], order.len(), size, false);
            let page = self.exchange.fetch(&call, wire::id_page).await;
            let page = page.map_err(|failure| failure.of_search(self.product))?;
            let total = total_of(&page)?;
            let ended = page.items.is_empty();
            order.extend(page.items);
            if ended || order.len() as u64 >= total {
                break;
            }
        }
        Ok(order)
    }

    pub(super) async fn count_on_data_center(&self, search: &Search) -> Result<u64, Error> {
        let jql = search.jql.in_own_order();
        let call = self.offset_call(&jql, &["id"], 0, 0, search.origin.is_some());
        let page = self.exchange.fetch(&call, wire::id_page).await;
        total_of(&page.map_err(|failure| failure.of_search(self.product))?)
    }

    /// One page. `lenient` makes values that do not exist match nothing instead of being refused.
    pub(super) async fn search_page(
        &self,
        jql: &str,
        fields: &[&str],
        start: usize,
        size: usize,
        lenient: bool,
        interner: &Interner,
    ) -> Result<Page<Dated>, Error> {
        let call = self.offset_call(jql, fields, start, size, lenient);
        let interner = interner.clone();
        let decode = move |body: &[u8]| wire::issue_page(body, &interner);
        let page = self.exchange.fetch_apart(call, decode).await;
        page.map_err(|failure| failure.of_search(self.product))
    }

    fn offset_call(
        &self,
        jql: &str,
        fields: &[&str],
        start: usize,
        size: usize,
        lenient: bool,
    ) -> Call {
        let body = json!({
            "jql": jql,
            "fields": fields,
            "startAt": start,
            "maxResults": size,
            "validateQuery": !lenient,
        });
        Call::post(self.path("search"), &body)
    }
}

fn total_of<I>(page: &Page<I>) -> Result<u64, Error> {
    page.total.ok_or_else(|| Error::AnswerInvalid {
        detail: "a page of a search does not say how many issues match".to_owned(),
    })
}

fn anchor_of(dated: &Dated) -> Result<Anchor, Error> {
    let created = dated.created.ok_or_else(|| Error::AnswerInvalid {
        detail: "an issue has no moment of creation".to_owned(),
    })?;
    Ok(Anchor {
        id: dated.issue.id,
        created,
    })
}

fn floor(created: Timestamp) -> Timestamp {
    Timestamp(created.0.div_euclid(CREATION_GRAIN) * CREATION_GRAIN)
}

/// A window that holds issues from before its begin was not understood by the server.
fn check_creation(page: &Page<Dated>, from: Option<Timestamp>) -> Result<(), Error> {
    let early = |dated: &Dated| dated.created < from;
    if from.is_some() && page.items.iter().any(early) {
        let detail = "a search by moment of creation gives older issues".to_owned();
        return Err(Error::AnswerInvalid { detail });
    }
    Ok(())
}
