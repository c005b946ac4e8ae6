//! Issues by id and by key, past the search index where the product can.
//!
//! What it is not: a search. What is not found here is gone or invisible.

use super::answer::Failure;
use super::exchange::Call;
use super::settings::Product;
use super::transport::Transport;
use super::wire::{Dated, Interner, OBSERVED_FIELDS};
use super::{Jira, jql, wire};
use crate::{Error, IssueBatch};
use futures::stream::{self, StreamExt, TryStreamExt};
use resync_core::id::IssueId;
use resync_core::issue::ObservedIssue;
use rustc_hash::FxHashSet;
use serde_json::json;
use std::sync::atomic::Ordering;

/// Issues in one `bulkfetch` of fields that have one value: half of what Cloud is said to take
/// of such, so that an answer stays a few megabytes.
pub(super) const BULK_FETCH_MAX: usize = 500;

/// Issues in one `bulkfetch` that every Cloud takes.
const BULK_FETCH_SURE: usize = 100;

/// Ids in one search on Data Center: such a query stays far below any limit on its length.
const IDS_PER_SEARCH: usize = 200;

impl<T: Transport> Jira<T> {
    /// Reads issues by id; tells which cannot be read.
    pub(super) async fn look_up(&self, ids: &[IssueId]) -> Result<IssueBatch, Error> {
        let mut seen = FxHashSet::default();
        let ids: Vec<IssueId> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        let interner = Interner::default();
        let chunk_size = match self.product {
            Product::Cloud => BULK_FETCH_MAX,
            Product::DataCenter => IDS_PER_SEARCH,
        };
        let chunks: Vec<Vec<IssueId>> = ids.chunks(chunk_size).map(<[_]>::to_vec).collect();
        let read = |chunk: Vec<IssueId>| self.look_up_chunk(chunk, &interner);
        let found: Vec<Vec<ObservedIssue>> = stream::iter(chunks)
            .map(read)
            .buffered(self.concurrency)
            .try_collect()
            .await?;
        let found: Vec<ObservedIssue> = found.into_iter().flatten().collect();
        let readable: FxHashSet<IssueId> = found.iter().map(|issue| issue.id).collect();
        let missing = ids
            .into_iter()
            .filter(|id| !readable.contains(id))
            .collect();
        Ok(IssueBatch { found, missing })
    }

    async fn look_up_chunk(
        &self,
        ids: Vec<IssueId>,
        interner: &Interner,
    ) -> Result<Vec<ObservedIssue>, Error> {
        match self.product {
            Product::Cloud => self.fetch_in_bulk(&ids, interner).await,
            Product::DataCenter => self.search_and_confirm(&ids, interner).await,
        }
    }

    /// Cloud: reads at most [`BULK_FETCH_MAX`] issues by id, as they are now.
    pub(super) async fn fetch_in_bulk(
        &self,
        ids: &[IssueId],
        interner: &Interner,
    ) -> Result<Vec<ObservedIssue>, Error> {
        if ids.len() > BULK_FETCH_SURE && !self.refuses_large_bulk.load(Ordering::Relaxed) {
            match self.fetch_chunk(ids, interner).await {
                Ok(found) => return Ok(found),
                Err(Failure::Invalid(_)) => self.refuses_large_bulk.store(true, Ordering::Relaxed),
                Err(failure) => return Err(failure.of_resource(self.product)),
            }
        }
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(BULK_FETCH_SURE) {
            let outcome = self.fetch_chunk(chunk, interner).await;
            found.extend(outcome.map_err(|failure| failure.of_resource(self.product))?);
        }
        Ok(found)
    }

    async fn fetch_chunk(
        &self,
        ids: &[IssueId],
        interner: &Interner,
    ) -> Result<Vec<ObservedIssue>, Failure> {
        let mut found = Vec::with_capacity(ids.len());
        let mut open: Vec<IssueId> = ids.to_vec();
        // What is neither given nor reported as an error may only have been left out this time.
        while !open.is_empty() {
            let texts: Vec<String> = open.iter().map(IssueId::to_string).collect();
            let body = json!({ "issueIdsOrKeys": texts, "fields": OBSERVED_FIELDS });
            let call = Call::post(self.path("issue/bulkfetch"), &body);
            let interner = interner.clone();
            let decode = move |body: &[u8]| wire::bulk_page(body, &interner);
            let page = self.exchange.fetch_apart(call, decode).await?;
            let given: FxHashSet<IssueId> = page.issues.iter().map(|issue| issue.id).collect();
            let before = open.len();
            open.retain(|id| !given.contains(id) && !page.failed.contains(id));
            found.extend(page.issues);
            if open.len() == before {
                break;
            }
        }
        Ok(found)
    }

    /// Data Center: searches by id, and asks for each issue that the index does not have.
    async fn search_and_confirm(
        &self,
        ids: &[IssueId],
        interner: &Interner,
    ) -> Result<Vec<ObservedIssue>, Error> {
        let mut found = Vec::with_capacity(ids.len());
        let mut open: Vec<IssueId> = ids.to_vec();
        // The server may give fewer than asked for, and says by the total that there are more.
        while !open.is_empty() {
            let jql = jql::with_ids(&open);
            let page = self.search_page(&jql, &OBSERVED_FIELDS, 0, open.len(), true, interner);
            let page = page.await?;
            let given: FxHashSet<IssueId> = page.items.iter().map(|dated| dated.issue.id).collect();
            let more = page.total.is_some_and(|total| total > given.len() as u64);
            let before = open.len();
            open.retain(|id| !given.contains(id));
            found.extend(undated(page.items));
            if !more || open.len() == before {
                break;
            }
        }
        for id in open {
            found.extend(self.get_issue(&id.to_string(), interner).await?);
        }
        Ok(found)
    }

    /// Finds an issue by a key that a person typed.
    pub(super) async fn find_by_key(&self, key: &str) -> Result<Option<ObservedIssue>, Error> {
        let Some(key) = jql::issue_key(key) else {
            let detail = format!("{key:.60} is not the key of an issue, such as PAY-12");
            return Err(Error::QueryInvalid {
                detail: super::answer::clean(&detail),
            });
        };
        self.get_issue(&key, &Interner::default()).await
    }

    /// `name` is an id or a checked key: it stands in the path.
    async fn get_issue(
        &self,
        name: &str,
        interner: &Interner,
    ) -> Result<Option<ObservedIssue>, Error> {
        let fields = OBSERVED_FIELDS.join(",");
        let call = Call::get(self.path(&format!("issue/{name}?fields={fields}")));
        match self
            .exchange
            .fetch(&call, |body| wire::issue(body, interner))
            .await
        {
            Ok(issue) => Ok(Some(issue)),
            Err(Failure::Absent(_)) => Ok(None),
            Err(failure) => Err(failure.of_resource(self.product)),
        }
    }
}

fn undated(items: Vec<Dated>) -> Vec<ObservedIssue> {
    items.into_iter().map(|dated| dated.issue).collect()
}
