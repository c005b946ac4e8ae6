//! Reading a search on Cloud: which issues match, in order, and beside it the issues by id.
//!
//! What it is not: a cut into ranges of ids. Jira compares the keys that belong to two ids, and
//! within one project only, so that such ranges lose issues in silence. A listing without an order
//! of its own is cut by when issues were created, which never changes; the issues themselves are
//! read by id, which spreads evenly over the connections, and shows each one as it is now and not
//! as the index knows it.

use super::exchange::Call;
use super::listing::{self, Census, Chain};
use super::query::{Meter, Search, arrange};
use super::transport::Transport;
use super::wire::{Dated, Interner, OBSERVED_FIELDS, Page, Unreadable};
use super::{Jira, wire};
use crate::Error;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use resync_core::id::IssueId;
use resync_core::issue::{ObservedIssue, QueryResult};
use resync_core::time::Timestamp;
use serde_json::json;

/// Ids per page: the most that Cloud gives, and only when nothing but ids is asked for.
const IDS_PER_PAGE: u32 = 5000;

/// Share of the estimate that the parts of a listing must show, in percent; estimates lag a little.
const LISTED_PERCENT_MIN: u64 = 95;

/// Parts of a listing for each connection.
const PARTS_PER_CONNECTION: usize = 4;

/// What comes back from a request.
enum Step {
    /// A page of the chain with this number.
    Listed(usize, Page<IssueId>),
    Fetched(Vec<ObservedIssue>),
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
        let fields: Vec<&str> = OBSERVED_FIELDS.into_iter().chain(["created"]).collect();
        let call = self.search_call(&jql, &fields, self.page_size, None);
        let first = self.search_issues(call, interner).await?;
        let own_order = search.jql.order.is_some();
        let oldest = first.items.first().and_then(|dated| dated.created);
        let issues = first.items.into_iter().map(|dated| dated.issue).collect();
        let mut census = Census::of(issues);
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
        let total = self.estimate(&search.jql.condition).await.ok();
        if let Some(total) = total {
            meter.expect(total);
        }
        meter.advance(census.issues.len());
        // Without an estimate there is nothing to check the parts against.
        let large = total.is_some_and(|total| total > u64::from(IDS_PER_PAGE));
        let parts = match oldest.filter(|_| large && !own_order) {
            Some(oldest) => self.parts(search, oldest, interner).await?,
            None => vec![jql],
        };
        self.read_listed(&parts, &mut census, meter, interner)
            .await?;
        let expected = total.map_or(0, |total| total * LISTED_PERCENT_MIN / 100);
        if parts.len() > 1 && (census.listed() as u64) < expected {
            // The parts show less than they should together: the whole is the word.
            let whole = [search.jql.in_own_order()];
            self.read_listed(&whole, &mut census, meter, interner)
                .await?;
        }
        census.finish(own_order)
    }

    /// Cuts a search into parts of about equal spans of creation, several for each connection, so
    /// that a span in which much was created does not keep the others waiting.
    async fn parts(
        &self,
        search: &Search,
        oldest: Timestamp,
        interner: &Interner,
    ) -> Result<Vec<String>, Error> {
        let newest_first = format!("{} ORDER BY created DESC, key DESC", search.jql.condition);
        let fields: Vec<&str> = OBSERVED_FIELDS.into_iter().chain(["created"]).collect();
        let call = self.search_call(&newest_first, &fields, 1, None);
        let page = self.search_issues(call, interner).await?;
        let newest = page
            .items
            .first()
            .and_then(|dated| dated.created)
            .unwrap_or(oldest);
        let cuts = listing::cuts(oldest, newest, self.concurrency * PARTS_PER_CONNECTION);
        let from = std::iter::once(None).chain(cuts.iter().copied().map(Some));
        let to = cuts.iter().copied().map(Some).chain([None]);
        Ok(from
            .zip(to)
            .map(|(from, to)| search.jql.created_within(from, to))
            .collect())
    }

    /// Lists all ids, and reads those that are not read yet while listing goes on. What is listed
    /// is read before more is listed, so that little waits in memory.
    async fn read_listed(
        &self,
        parts: &[String],
        census: &mut Census,
        meter: &Meter<'_>,
        interner: &Interner,
    ) -> Result<(), Error> {
        let mut chains: Vec<Chain> = parts.iter().map(|_| Chain::default()).collect();
        let mut requests: FuturesUnordered<BoxFuture<'_, Result<Step, Error>>> =
            FuturesUnordered::new();
        loop {
            while requests.len() < self.concurrency {
                let all_listed = chains.iter().all(Chain::is_done);
                if let Some(ids) = census.next_chunk(all_listed) {
                    requests.push(self.fetch_step(ids, interner).boxed());
                } else if let Some((number, token)) = listing::take_due(&mut chains) {
                    let Some(part) = parts.get(number) else { break };
                    requests.push(self.list(number, part, token).boxed());
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
                Some(Ok(Step::Listed(number, page))) => {
                    if let Some(chain) = chains.get_mut(number) {
                        census.take_page(page, chain)?;
                    }
                }
            }
        }
    }

    async fn list(&self, number: usize, jql: &str, token: Option<String>) -> Result<Step, Error> {
        let call = self.search_call(jql, &["id"], IDS_PER_PAGE, token.as_deref());
        Ok(Step::Listed(
            number,
            self.search(call, wire::id_page).await?,
        ))
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
        self.search(call, wire::id_page).await?;
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

    async fn search_issues(&self, call: Call, interner: &Interner) -> Result<Page<Dated>, Error> {
        let interner = interner.clone();
        self.search(call, move |body| wire::issue_page(body, &interner))
            .await
    }

    async fn search<I: Send + 'static>(
        &self,
        call: Call,
        decode: impl Fn(&[u8]) -> Result<Page<I>, Unreadable> + Send + Sync + 'static,
    ) -> Result<Page<I>, Error> {
        let outcome = self.exchange.fetch_apart(call, decode).await;
        outcome.map_err(|failure| failure.of_search(self.product))
    }
}
