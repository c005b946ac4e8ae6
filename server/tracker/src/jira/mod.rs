//! The reading adapter for Jira Cloud (REST version 3) and Jira Data Center (version 2).
//!
//! What it is not: the place where anything is decided about a structure. It turns questions of
//! [`TrackerReader`] into requests, and answers into domain values.
//!
//! How a query is read. Its first page is asked for in the query's own order; most queries end
//! there. A larger result is read so that an edit in the middle cannot hide an issue:
//!
//! * Cloud: the ids of all pages first, in the query's order (a chain of page tokens), and the
//!   issues by id beside it, in parallel. See `cloud.rs`.
//! * Data Center: pages by offset in the order of creation, in parallel, each overlapping the one
//!   before, in windows that begin at a moment of creation. See `data_center.rs`.
//!
//! There are no ranges of ids on purpose: to Jira `id >= 10500` means "in the project of issue
//! 10500, from its number on", and nothing at all when there is no such issue.
//!
//! Who reads must be the account from the first request to the last: each answer is looked at,
//! and the account is asked for before and after.

mod agile;
mod answer;
mod board;
mod call;
mod changed;
mod cloud;
mod data_center;
mod date;
mod details;
mod epic;
mod exchange;
mod field;
mod http;
mod jql;
mod json;
mod limiter;
mod links;
mod listing;
mod lookup;
mod matching;
mod query;
mod recheck;
mod repeats;
mod scan;
mod settings;
mod sweep;
mod transport;
mod webhooks;
mod wire;
mod workflow;

pub use exchange::{Jitter, PAUSE_MAX, RETRY_SPAN_MAX, TRIES_MAX};
pub use field::HierarchyFields;
pub use http::{
    CONNECT_TIMEOUT_DEFAULT, HttpOptions, HttpSetupError, HttpTransport, RESPONSE_BYTES_MAX,
};
pub use settings::{
    CONCURRENT_REQUESTS_DEFAULT, CONCURRENT_REQUESTS_MAX, Credential, PAGE_SIZE_CLOUD,
    PAGE_SIZE_DATA_CENTER, PAGE_SIZE_MAX, Product, REQUEST_TIMEOUT_DEFAULT,
    REQUESTS_PER_SECOND_DEFAULT, Secret, Settings, SettingsError,
};
pub use transport::{Transport, TransportError};

use crate::agile::{Agile, AgileAspects, AgileScope, Board};
use crate::links::{LinkScope, LinkType, Links};
use crate::workflow::{Status, StatusBatch, TransitionBatch};
use crate::{Error, Identity, IssueBatch, Query, ReadProgress, RequestCounters, TrackerReader};
use async_trait::async_trait;
use exchange::{Call, Exchange};
use resync_core::id::{IssueId, JiraId};
use resync_core::issue::{ObservedIssue, QueryResult};
use resync_core::time::Timestamp;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use wire::{Myself, ServerInfo};

/// One Jira, read on behalf of one account.
pub struct Jira<T> {
    exchange: Arc<Exchange<T>>,
    product: Product,
    concurrency: usize,
    page_size: u32,
    /// Whether this Cloud has refused a large `bulkfetch`, and will again.
    refuses_large_bulk: AtomicBool,
}

impl<T: Transport> Jira<T> {
    /// Makes a handle; asks Jira nothing yet. `jitter` gives numbers from 0 to 1.
    pub fn new(settings: &Settings, transport: T, jitter: Jitter) -> Result<Self, SettingsError> {
        Ok(Self {
            exchange: Arc::new(Exchange::new(settings, transport, jitter)?),
            product: settings.product,
            concurrency: settings.max_concurrent_requests as usize,
            page_size: settings.page_size,
            refuses_large_bulk: AtomicBool::new(false),
        })
    }

    /// Makes sure that the session is the account's, or still is. Where answers name the account,
    /// one that names none ended the read already, so that asking again would tell nothing new.
    async fn confirm_again(&self) -> Result<(), Error> {
        if !self.exchange.knows_account() {
            self.confirm_account().await?;
        }
        Ok(())
    }

    /// The path of a resource.
    fn path(&self, resource: &str) -> String {
        format!("{}/{resource}", self.product.api())
    }

    /// Makes sure that the session is the account's; only then is an empty answer believed.
    async fn confirm_account(&self) -> Result<Myself, Error> {
        let call = Call::get_account(self.path("myself"));
        match self.exchange.fetch(&call, wire::value::<Myself>).await {
            Ok(myself) => Ok(myself),
            // Without a licence or with a token that is none, nothing is readable at all.
            Err(answer::Failure::Other(Error::Forbidden { detail })) => {
                Err(Error::CredentialRefused { detail })
            }
            Err(failure) => Err(failure.of_resource(self.product)),
        }
    }

    async fn server_info(&self) -> Result<ServerInfo, Error> {
        // Both products have it at the older version, which is how they can be told apart.
        let call = Call::get("/rest/api/2/serverInfo".to_owned());
        let outcome = self.exchange.fetch(&call, wire::value::<ServerInfo>).await;
        let info = outcome.map_err(|failure| failure.of_resource(self.product))?;
        // Versions of the server that do not say what they are, are not Cloud.
        let is_cloud = info.deployment_type.as_deref() == Some("Cloud");
        if is_cloud != (self.product == Product::Cloud) {
            let found = info.deployment_type.as_deref().unwrap_or("Server");
            let detail = format!("{found:.40} was found where {} is configured", self.product);
            return Err(Error::ProductMismatch {
                detail: answer::clean(&detail),
            });
        }
        Ok(info)
    }
}

#[async_trait]
impl<T: Transport> TrackerReader for Jira<T> {
    async fn identify(&self) -> Result<Identity, Error> {
        let info = self.server_info().await?;
        let myself = self.confirm_account().await?;
        Ok(Identity {
            account: myself.display_name,
            time_zone: myself.time_zone,
            version: info.version,
        })
    }

    async fn read_query(
        &self,
        query: &Query,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<QueryResult, Error> {
        self.confirm_account().await?;
        let result = self.read_confirmed(query, progress).await?;
        self.confirm_again().await?;
        Ok(result)
    }

    async fn still_matching(&self, query: &Query, ids: &[IssueId]) -> Result<Vec<IssueId>, Error> {
        self.confirm_again().await?;
        let matching = self.match_again(query, ids).await?;
        self.confirm_again().await?;
        Ok(matching)
    }

    async fn check_query(&self, query: &Query) -> Result<u64, Error> {
        self.confirm_account().await?;
        self.count(query).await
    }

    async fn read_issues(&self, ids: &[IssueId]) -> Result<IssueBatch, Error> {
        let batch = self.look_up(ids).await?;
        if !batch.missing.is_empty() {
            self.confirm_again().await?;
        }
        Ok(batch)
    }

    async fn find_issue(&self, key: &str) -> Result<Option<ObservedIssue>, Error> {
        let found = self.find_by_key(key).await?;
        if found.is_none() {
            self.confirm_account().await?;
        }
        Ok(found)
    }

    async fn census(&self, query: &Query) -> Result<Vec<IssueId>, Error> {
        self.confirm_account().await?;
        let ids = self.scan(query).await?;
        self.confirm_again().await?;
        Ok(ids)
    }

    async fn changed_since(
        &self,
        since: Timestamp,
        scope: &Query,
    ) -> Result<Vec<ObservedIssue>, Error> {
        let myself = self.confirm_account().await?;
        let issues = self.read_changed(since, scope, &myself.time_zone).await?;
        self.confirm_again().await?;
        Ok(issues)
    }

    async fn matching(&self, query: &Query, ids: &[IssueId]) -> Result<Vec<IssueId>, Error> {
        self.confirm_again().await?;
        let matching = self.match_many(query, ids).await?;
        self.confirm_again().await?;
        Ok(matching)
    }

    async fn link_types(&self) -> Result<Vec<LinkType>, Error> {
        self.confirm_account().await?;
        self.read_link_types().await
    }

    async fn read_links(
        &self,
        scope: &LinkScope,
        link_type: &JiraId,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<Links, Error> {
        self.confirm_account().await?;
        let links = self.read_links_of(scope, link_type, progress).await?;
        self.confirm_again().await?;
        Ok(links)
    }

    async fn board(&self, id: &JiraId) -> Result<Board, Error> {
        self.confirm_account().await?;
        let fields = self.site_fields().await?;
        let (board, _) = self.read_board(id, &fields).await?;
        Ok(board)
    }

    async fn read_agile(
        &self,
        scope: &AgileScope,
        aspects: AgileAspects,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<Agile, Error> {
        self.confirm_account().await?;
        let agile = self.read_agile_of(scope, aspects, progress).await?;
        self.confirm_again().await?;
        Ok(agile)
    }

    async fn statuses(&self) -> Result<Vec<Status>, Error> {
        self.confirm_account().await?;
        let statuses = self.all_statuses().await?;
        self.confirm_again().await?;
        Ok(statuses)
    }

    async fn read_statuses(&self, ids: &[IssueId]) -> Result<StatusBatch, Error> {
        self.confirm_account().await?;
        let batch = self.statuses_of(ids).await?;
        self.confirm_again().await?;
        Ok(batch)
    }

    async fn transitions(&self, ids: &[IssueId]) -> Result<TransitionBatch, Error> {
        self.confirm_account().await?;
        let batch = self.transitions_of(ids).await?;
        self.confirm_again().await?;
        Ok(batch)
    }

    fn counters(&self) -> RequestCounters {
        self.exchange.counters()
    }
}
