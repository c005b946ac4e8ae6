//! Reading a search on Cloud: which issues match, in order, and beside it the issues by id.
//!
//! What it is not: parallel chains of pages over parts of a search. Nothing in JQL cuts a search
//! into parts that are sure to be disjoint and complete; reading by id needs no such cut, spreads
//! evenly over the connections, and shows each issue as it is now and not as the index knows it.

use super::exchange::Call;
use super::lookup::BULK_FETCH_MAX;
use super::query::{Meter, Search, arrange};
use super::transport::Transport;
use super::wire::{Interner, OBSERVED_FIELDS, Page, Unreadable};
use super::{Jira, wire};
use crate::Error;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use resync_core::id::IssueId;
use resync_core::issue::{ObservedIssue, QueryResult};
use rustc_hash::FxHashSet;
use serde_json::json;
use std::collections::VecDeque;

/// Ids per page: the most that Cloud gives, and only when nothing but ids is asked for.
const IDS_PER_PAGE: u32 = 5000;

/// Empty pages in a row that promise a next one, before they are taken for a loop.
const EMPTY_PAGES_MAX: u32 = 20;

/// Share of listed issues that may have become unreadable since, in percent: deletions that the
/// index has not seen. More is a permission that was lost while reading, and no result.
const UNREADABLE_PERCENT_MAX: usize = 1;

/// Number of such issues that is never too many.
const UNREADABLE_ALWAYS: usize = 20;

/// A read in progress.
#[derive(Default)]
struct Census {
    /// All ids so far, each once, in the order of the query.
    order: Vec<IssueId>,
    known: FxHashSet<IssueId>,
    /// Listed, not yet asked for.
    waiting: VecDeque<IssueId>,
    issues: Vec<ObservedIssue>,
    tokens: FxHashSet<String>,
    empty_pages: u32,
}

/// What comes back from a request.
enum Step {
    Listed(Page<IssueId>),
    Fetched(Vec<ObservedIssue>),
}

/// Where the listing is.
enum Listing {
    /// The page with this token is next; `None` is the first.
    Due(Option<String>),
    UnderWay,
    Done,
}

impl<T: Transport> Jira<T> {
    pub(super) async fn read_on_cloud(
        &self,
        search: &Search,
        meter: &Meter<'_>,
        interner: &Interner,
    ) -> Result<QueryResult, Error> {
        match self.read_as_is(search, meter, interner).await {
            Err(Error::QueryInvalid { .. }) if !search.parents().is_empty() => {
                match self.without_missing_parents(search).await? {
                    Some(search) => self.read_as_is(&search, meter, interner).await,
                    None => Ok(QueryResult::default()),
                }
            }
            outcome => outcome,
        }
    }

    async fn read_as_is(
        &self,
        search: &Search,
        meter: &Meter<'_>,
        interner: &Interner,
    ) -> Result<QueryResult, Error> {
        let jql = search.jql.in_own_order();
        let call = self.search_call(&jql, &OBSERVED_FIELDS, self.page_size, None);
        let first = self
            .search(&call, |body| wire::issue_page(body, interner))
            .await?;
        let own_order = search.jql.order.is_some();
        let issues = first.items.into_iter().map(|dated| dated.issue).collect();
        let mut census = Census {
            issues,
            ..Census::default()
        };
        if first.next.is_none() {
            meter.expect(census.issues.len() as u64);
            meter.advance(census.issues.len());
            let order: Vec<IssueId> = census.issues.iter().map(|issue| issue.id).collect();
            return Ok(arrange(
                census.issues,
                own_order.then_some(order.as_slice()),
            ));
        }
        // The estimate is for people who wait; a read does not fail for want of it.
        if let Ok(total) = self.estimate(&search.jql.condition).await {
            meter.expect(total);
        }
        meter.advance(census.issues.len());
        self.read_listed(&jql, &mut census, meter, interner).await?;
        census.finish(own_order)
    }

    /// Lists all ids, and reads those that are not read yet while listing goes on.
    async fn read_listed(
        &self,
        jql: &str,
        census: &mut Census,
        meter: &Meter<'_>,
        interner: &Interner,
    ) -> Result<(), Error> {
        let held: FxHashSet<IssueId> = census.issues.iter().map(|issue| issue.id).collect();
        let mut listing = Listing::Due(None);
        let mut requests: FuturesUnordered<BoxFuture<'_, Result<Step, Error>>> =
            FuturesUnordered::new();
        loop {
            while requests.len() < self.concurrency {
                if let Listing::Due(token) = &mut listing {
                    requests.push(self.list(jql, token.take()).boxed());
                    listing = Listing::UnderWay;
                } else if let Some(ids) = census.next_chunk(matches!(listing, Listing::Done)) {
                    requests.push(self.fetch_step(ids, interner).boxed());
                } else {
                    break;
                }
            }
            match requests.next().await {
                None => return Ok(()),
                Some(Err(error)) => return Err(error),
                Some(Ok(Step::Fetched(issues))) => {
                    meter.advance(issues.len());
                    census.issues.extend(issues);
                }
                Some(Ok(Step::Listed(page))) => listing = census.take_page(page, &held)?,
            }
        }
    }

    async fn list(&self, jql: &str, token: Option<String>) -> Result<Step, Error> {
        let call = self.search_call(jql, &["id"], IDS_PER_PAGE, token.as_deref());
        Ok(Step::Listed(self.search(&call, wire::id_page).await?))
    }

    async fn fetch_step(&self, ids: Vec<IssueId>, interner: &Interner) -> Result<Step, Error> {
        Ok(Step::Fetched(self.fetch_in_bulk(&ids, interner).await?))
    }

    /// A search that names an issue that is gone is refused as a whole. `None` when all are.
    async fn without_missing_parents(&self, search: &Search) -> Result<Option<Search>, Error> {
        let batch = self.look_up(search.parents()).await?;
        let found: Vec<IssueId> = batch.found.iter().map(|issue| issue.id).collect();
        Ok((!found.is_empty()).then(|| search.with_parents(&found)))
    }

    pub(super) async fn count_on_cloud(&self, search: &Search) -> Result<u64, Error> {
        match self.count_as_is(search).await {
            Err(Error::QueryInvalid { .. }) if !search.parents().is_empty() => {
                match self.without_missing_parents(search).await? {
                    Some(search) => self.count_as_is(&search).await,
                    None => Ok(0),
                }
            }
            outcome => outcome,
        }
    }

    async fn count_as_is(&self, search: &Search) -> Result<u64, Error> {
        // The estimate takes what a search refuses, so that the search comes first.
        let call = self.search_call(&search.jql.in_own_order(), &["id"], 1, None);
        self.search(&call, wire::id_page).await?;
        self.estimate(&search.jql.condition).await
    }

    async fn estimate(&self, condition: &str) -> Result<u64, Error> {
        let body = json!({ "jql": condition });
        let call = Call::post(self.path("search/approximate-count"), &body);
        let outcome = self.exchange.fetch(&call, wire::value::<wire::Count>).await;
        Ok(outcome
            .map_err(|failure| failure.of_search(self.product))?
            .count)
    }

    fn search_call(&self, jql: &str, fields: &[&str], max: u32, token: Option<&str>) -> Call {
        let mut body = json!({ "jql": jql, "fields": fields, "maxResults": max });
        // Unknown and null members are refused, so that this one is there only when it is needed.
        if let Some(token) = token {
            body["nextPageToken"] = token.into();
        }
        Call::post(self.path("search/jql"), &body)
    }

    async fn search<I>(
        &self,
        call: &Call,
        decode: impl Fn(&[u8]) -> Result<Page<I>, Unreadable> + Send,
    ) -> Result<Page<I>, Error> {
        let outcome = self.exchange.fetch(call, decode).await;
        outcome.map_err(|failure| failure.of_search(self.product))
    }
}

impl Census {
    /// Takes a page of ids in, and says where the next one is.
    fn take_page(
        &mut self,
        page: Page<IssueId>,
        held: &FxHashSet<IssueId>,
    ) -> Result<Listing, Error> {
        self.empty_pages = if page.items.is_empty() {
            self.empty_pages + 1
        } else {
            0
        };
        for id in page.items {
            if self.known.insert(id) {
                self.order.push(id);
                if !held.contains(&id) {
                    self.waiting.push_back(id);
                }
            }
        }
        let Some(token) = page.next else {
            return Ok(Listing::Done);
        };
        if self.empty_pages > EMPTY_PAGES_MAX {
            let detail = format!("{EMPTY_PAGES_MAX} pages in a row are empty and not the last");
            return Err(Error::AnswerInvalid { detail });
        }
        if !self.tokens.insert(token.clone()) {
            let detail = "a page names itself or an earlier one as the next".to_owned();
            return Err(Error::AnswerInvalid { detail });
        }
        Ok(Listing::Due(Some(token)))
    }

    /// The next ids to read; a chunk that is not full only when no more follow.
    fn next_chunk(&mut self, all_listed: bool) -> Option<Vec<IssueId>> {
        let full = self.waiting.len() >= BULK_FETCH_MAX;
        if !full && (!all_listed || self.waiting.is_empty()) {
            return None;
        }
        let length = self.waiting.len().min(BULK_FETCH_MAX);
        Some(self.waiting.drain(..length).collect())
    }

    fn finish(mut self, own_order: bool) -> Result<QueryResult, Error> {
        // The list is one view of the query; what was seen before it may have left since.
        self.issues.retain(|issue| self.known.contains(&issue.id));
        let result = arrange(self.issues, own_order.then_some(self.order.as_slice()));
        let listed = self.order.len();
        let unreadable = listed.saturating_sub(result.issues.len());
        if unreadable > UNREADABLE_ALWAYS.max(listed * UNREADABLE_PERCENT_MAX / 100) {
            let detail =
                format!("{unreadable} of {listed} issues were listed but could not be read");
            return Err(Error::AnswerInvalid { detail });
        }
        Ok(result)
    }
}
