//! Webhooks: where a tracker tells of changes as they happen.
//!
//! What it is not: what is told; a tracker loses, repeats and reorders that, so that it is a hint to
//! read, and never a fact. Nor is it a part of [`crate::TrackerReader`]: registering writes, and a
//! preview must not hold a handle that can.

use crate::Error;
use async_trait::async_trait;
use resync_core::id::JiraId;
use resync_core::time::Timestamp;
use std::fmt;
use std::sync::Arc;

/// A webhook of this application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The id that the tracker gave it.
    pub id: JiraId,
    /// What it tells, and where.
    pub subscription: Subscription,
    /// Until when, unless it is refreshed; `None` when the tracker does not say.
    pub expires: Option<Timestamp>,
}

/// Where a webhook is told. Its path may hold a secret, so that `Debug` shows the host only.
#[derive(Clone, PartialEq, Eq)]
pub struct HookUrl(Arc<str>);

impl HookUrl {
    /// Takes an address.
    pub fn new(url: impl AsRef<str>) -> Self {
        Self(url.as_ref().into())
    }

    /// The whole address.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Scheme and host.
    pub(crate) fn origin(&self) -> &str {
        let host = self.0.find("://").map_or(0, |at| at + "://".len());
        let path = self.0[host..].find('/').unwrap_or(0);
        &self.0[..host + path]
    }
}

impl fmt::Debug for HookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HookUrl({}/…)", self.origin())
    }
}

/// What to tell, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The address.
    pub url: HookUrl,
    /// The events, `jira:issue_updated`. Links and boards have none.
    pub events: Vec<String>,
    /// Which issues; only few fields and operators of JQL are possible.
    pub jql: String,
    /// Fields whose changes are told, by id; all when empty.
    pub fields: Vec<JiraId>,
}

/// A webhook that an administrator made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdministratorWebhook {
    /// The name.
    pub name: String,
    /// The address.
    pub url: HookUrl,
    /// The events.
    pub events: Vec<String>,
    /// Which issues; all when empty.
    pub jql: String,
    /// Whether it is on.
    pub enabled: bool,
}

/// Registers webhooks. Only Jira Cloud lets an application do so, and only with an OAuth token;
/// elsewhere the methods for the application's own fail with [`Error::NotSetUp`], and an
/// administrator makes one. Fails with [`Error::Forbidden`] for other accounts.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Those of this application.
    async fn list(&self) -> Result<Vec<Webhook>, Error>;

    /// Registers a webhook, unless one with this subscription is there already. Fails with
    /// [`Error::QueryInvalid`] when the tracker does not take the JQL or the events.
    async fn register(&self, subscription: &Subscription) -> Result<Webhook, Error>;

    /// Lets webhooks live on, until the moment that is given back.
    async fn refresh(&self, ids: &[JiraId]) -> Result<Timestamp, Error>;

    /// Removes webhooks. Those that are not there are no error.
    async fn delete(&self, ids: &[JiraId]) -> Result<(), Error>;

    /// Those of administrators. Only an administrator may read them.
    async fn of_administrators(&self) -> Result<Vec<AdministratorWebhook>, Error>;
}
