//! Whether issues that a result no longer shows have really left it.
//!
//! The search index lags, and on Cloud an issue that was shown can be missing from the next answer.
//! So each such issue is named in a second search; Cloud is told to look at these issues as they
//! are, and not as its index knows them.

use super::exchange::Call;
use super::query::Search;
use super::settings::Product;
use super::transport::Transport;
use super::wire::{self, Page};
use super::{Jira, jql};
use crate::{Error, Query};
use resync_core::id::IssueId;
use serde_json::json;

/// Issues in one search: as many as Cloud looks at past its index.
const RECONCILED_MAX: usize = 50;

impl<T: Transport> Jira<T> {
    /// Which of the issues a query matches now.
    pub(super) async fn match_again(
        &self,
        query: &Query,
        ids: &[IssueId],
    ) -> Result<Vec<IssueId>, Error> {
        let mut matching = Vec::new();
        for search in self.searches(query).await? {
            for chunk in ids.chunks(RECONCILED_MAX) {
                matching.extend(self.match_chunk(&search, chunk).await?);
            }
        }
        Ok(matching)
    }

    async fn match_chunk(&self, search: &Search, ids: &[IssueId]) -> Result<Vec<IssueId>, Error> {
        let jql = match search.jql.condition.as_str() {
            "" => jql::with_ids(ids),
            condition => format!("({condition}) AND {}", jql::with_ids(ids)),
        };
        let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
        let call = match self.product {
            Product::Cloud => Call::post(
                self.path("search/jql"),
                &json!({
                    "jql": jql,
                    "fields": ["id"],
                    "maxResults": RECONCILED_MAX,
                    "reconcileIssues": numbers,
                }),
            ),
            // One issue that is gone would spoil the whole search.
            Product::DataCenter => Call::post(
                self.path("search"),
                &json!({
                    "jql": jql,
                    "fields": ["updated"],
                    "maxResults": RECONCILED_MAX,
                    "validateQuery": false,
                }),
            ),
        };
        let outcome = self.exchange.fetch(&call, wire::id_page).await;
        let page: Page<IssueId> = outcome.map_err(|failure| failure.of_search(self.product))?;
        Ok(page.items)
    }
}
