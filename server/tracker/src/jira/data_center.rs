//! Reading a search on Data Center: pages by offset, in windows by creation.
//!
//! What it is not: one long row of offsets. An offset counts from the start of a result that
//! moves: an issue that leaves it shifts the rest by one, and the page after begins one too late.
//! Here each page begins with the last issue of the page before it. Where it does not, or where
//! the server's window of offsets ends, a new window begins; `sweep.rs` says where. A result of
//! more than one window is read in spans of creation, several at a time.

use super::exchange::Call;
use super::listing;
use super::query::{Meter, Search, arrange};
use super::sweep::{self, Span, Sweep, WINDOW_MAX, Window};
use super::transport::Transport;
use super::wire::{Dated, Interner, OBSERVED_FIELDS, Page};
use super::{Jira, wire};
use crate::Error;
use futures::future;
use futures::stream::{self, StreamExt, TryStreamExt};
use resync_core::id::IssueId;
use resync_core::issue::{ObservedIssue, QueryResult};
use resync_core::time::Timestamp;
use serde_json::json;

/// Ids per page when only the order is read: what the server gives at most by default.
const IDS_PER_PAGE: usize = 1000;

/// Cuts between spans for each connection: enough that spans in which much was created do not keep
/// the others waiting, few enough that counting at each cut costs little.
const CUTS_PER_CONNECTION: usize = 4;

impl<T: Transport> Jira<T> {
    pub(super) async fn read_on_data_center(
        &self,
        search: &Search,
        meter: &Meter<'_>,
        interner: &Interner,
    ) -> Result<QueryResult, Error> {
        let jql = search.jql.in_own_order();
        let size = self.page_size as usize;
        let first = self.dated_page(search, &jql, 0, size, interner).await?;
        let total = total_of(&first)?;
        meter.expect(total);
        let own_order = search.jql.order.is_some();
        if first.items.len() as u64 >= total {
            meter.advance(first.items.len());
            let order: Vec<IssueId> = first.items.iter().map(|dated| dated.issue.id).collect();
            let issues = first.items.into_iter().map(|dated| dated.issue).collect();
            return Ok(arrange(issues, own_order.then_some(order.as_slice())));
        }
        if !own_order {
            let issues = self.read_spans(search, first, meter, interner).await?;
            return Ok(arrange(issues, None));
        }
        let issues = async {
            let jql = search.jql.since_creation(None);
            let first = self.dated_page(search, &jql, 0, size, interner).await?;
            self.read_spans(search, first, meter, interner).await
        };
        let (issues, order) = future::try_join(issues, self.read_order(&jql)).await?;
        Ok(arrange(issues, Some(&order)))
    }

    /// Reads everything. `first` is the first page in the order of creation.
    async fn read_spans(
        &self,
        search: &Search,
        first: Page<Dated>,
        meter: &Meter<'_>,
        interner: &Interner,
    ) -> Result<Vec<ObservedIssue>, Error> {
        let spans = self.spans(search, &first, interner).await?;
        if let [whole] = spans.as_slice() {
            let sweep = self.read_span(search, *whole, Some(first), meter, interner);
            return Ok(sweep.await?.issues);
        }
        let firsts = std::iter::once(Some(first)).chain(std::iter::repeat_with(|| None));
        let sweeps: Vec<Sweep> = stream::iter(spans.into_iter().zip(firsts))
            .map(|(span, first)| self.read_span(search, span, first, meter, interner))
            .buffered(self.concurrency)
            .try_collect()
            .await?;
        if !sweep::meet(&sweeps) {
            // Edits, or moments that the server takes otherwise: one after the other is sure.
            let sweep = self.read_span(search, Span::WHOLE, None, meter, interner);
            return Ok(sweep.await?.issues);
        }
        Ok(sweeps.into_iter().flat_map(|sweep| sweep.issues).collect())
    }

    /// Cuts a result of more than one window by when its issues were created.
    async fn spans(
        &self,
        search: &Search,
        first: &Page<Dated>,
        interner: &Interner,
    ) -> Result<Vec<Span>, Error> {
        let total = total_of(first)?;
        let oldest = first.items.first().and_then(|dated| dated.created);
        let Some(oldest) = oldest.filter(|_| total > WINDOW_MAX as u64) else {
            return Ok(vec![Span::WHOLE]);
        };
        let newest_first = format!("{} ORDER BY created DESC, key DESC", search.jql.condition);
        let page = self.dated_page(search, newest_first.trim(), 0, 1, interner);
        let newest = page.await?.items.first().and_then(|dated| dated.created);
        let number = self.concurrency * CUTS_PER_CONNECTION;
        let cuts = listing::cuts(oldest, newest.unwrap_or(oldest), number);
        let counts: Vec<(Timestamp, u64)> = stream::iter(cuts)
            .map(|cut| async move {
                let jql = search.jql.since_creation(Some(cut));
                Ok::<_, Error>((cut, self.count_of(search, &jql).await?))
            })
            .buffered(self.concurrency)
            .try_collect()
            .await?;
        Ok(sweep::spans(total, &counts))
    }

    async fn read_span(
        &self,
        search: &Search,
        span: Span,
        first: Option<Page<Dated>>,
        meter: &Meter<'_>,
        interner: &Interner,
    ) -> Result<Sweep, Error> {
        let (mut sweep, mut first) = (Sweep::of(span), first);
        loop {
            let count = |items: &[Dated]| {
                meter.advance(items.iter().filter(|dated| sweep.is_fresh(dated)).count());
            };
            let window = self
                .read_window(search, &sweep, first.take(), &count, interner)
                .await?;
            if sweep.take(window)? {
                return Ok(sweep);
            }
        }
    }

    /// Reads the next window of a sweep as far as its pages fit together.
    async fn read_window(
        &self,
        search: &Search,
        sweep: &Sweep,
        first: Option<Page<Dated>>,
        count: &(dyn Fn(&[Dated]) + Sync),
        interner: &Interner,
    ) -> Result<Window, Error> {
        let size = self.page_size as usize;
        let (from, reach) = (sweep.from(), sweep.reach(size));
        let jql = &search.jql.since_creation(from);
        let first = match first {
            Some(first) => first,
            None => {
                let size = size.min(reach);
                self.dated_page(search, jql, 0, size, interner).await?
            }
        };
        sweep::check_creation(&first, from)?;
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
        let end = reach.min(usize::try_from(total).unwrap_or(reach));
        let offsets = (1..)
            .map(|page| page * (given - 1))
            .take_while(|at| at + 1 < end);
        let page = |at: usize| async move {
            let size = given.min(reach - at);
            let page = self.dated_page(search, jql, at, size, interner).await?;
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

    /// A page of issues with their moments of creation.
    async fn dated_page(
        &self,
        search: &Search,
        jql: &str,
        start: usize,
        size: usize,
        interner: &Interner,
    ) -> Result<Page<Dated>, Error> {
        let fields: Vec<&str> = OBSERVED_FIELDS.into_iter().chain(["created"]).collect();
        let lenient = search.origin.is_some();
        self.search_page(jql, &fields, start, size, lenient, interner)
            .await
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
        self.count_of(search, &search.jql.in_own_order()).await
    }

    async fn count_of(&self, search: &Search, jql: &str) -> Result<u64, Error> {
        let call = self.offset_call(jql, &["id"], 0, 0, search.origin.is_some());
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
