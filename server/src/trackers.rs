//! Handles of trackers: one adapter, and so one limiter, a connection.
//!
//! What it is not: HTTP. Where requests really go is behind a [`Transport`], chosen per
//! connection: the network, or the simulated Jira of a demo.

use crate::secrets::Secrets;
use async_trait::async_trait;
use http::Uri;
use resync_core::id::{Slug, TrackerId};
use resync_core::problem::{Problem, Reason};
use resync_jobs::{Fraction, TrackerDirectory};
use resync_service::HookKeys;
use resync_store::{Product, TrackerRecord};
use resync_tracker::TrackerReader;
use resync_tracker::jira::{self, Credential, Jira, Settings, Transport};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Where requests to a tracker go, and as whom.
pub trait Connections: Send + Sync {
    /// The transport and the credential for a connection whose address has this host.
    ///
    /// # Errors
    /// A problem that says why the connection cannot be used.
    fn open(
        &self,
        tracker: &TrackerRecord,
        host: &str,
    ) -> Result<(Arc<dyn Transport>, Credential), Problem>;

    /// What is set for the webhooks of a tracker; `None` when they are not accepted.
    fn hook_keys(&self, _tracker: &Slug) -> Option<HookKeys> {
        None
    }
}

/// Connections over the network, with the secrets of the configuration.
pub struct NetworkConnections {
    /// The transport that all connections share.
    pub transport: Arc<dyn Transport>,
    /// The secrets.
    pub secrets: Secrets,
}

impl Connections for NetworkConnections {
    fn open(
        &self,
        tracker: &TrackerRecord,
        host: &str,
    ) -> Result<(Arc<dyn Transport>, Credential), Problem> {
        let credential = self
            .secrets
            .credential(&tracker.settings.credential, host)?;
        Ok((Arc::clone(&self.transport), credential))
    }

    fn hook_keys(&self, tracker: &Slug) -> Option<HookKeys> {
        self.secrets.hook_keys(tracker)
    }
}

type Handle = Arc<dyn TrackerReader>;

/// The handles in use, by connection. A changed connection gets a new handle, and so does one
/// whose secret was replaced.
pub struct Directory {
    connections: Arc<dyn Connections>,
    fraction: Fraction,
    handles: Mutex<HashMap<TrackerId, InUse>>,
}

struct InUse {
    etag: String,
    credential: Credential,
    handle: Handle,
}

impl Directory {
    /// A directory without handles yet.
    pub fn new(connections: Arc<dyn Connections>, fraction: Fraction) -> Self {
        Self {
            connections,
            fraction,
            handles: Mutex::default(),
        }
    }

    fn connect(
        &self,
        tracker: &TrackerRecord,
    ) -> Result<(Arc<dyn Transport>, Credential), Problem> {
        let uri: Uri = tracker
            .settings
            .base_uri
            .parse()
            .map_err(|_| unusable(tracker, "its base_uri is not an address"))?;
        let host = uri
            .host()
            .ok_or_else(|| unusable(tracker, "its base_uri has no host"))?;
        self.connections.open(tracker, host)
    }
}

#[async_trait]
impl TrackerDirectory for Directory {
    async fn reader(&self, tracker: &TrackerRecord) -> Result<Handle, Problem> {
        let (transport, credential) = self.connect(tracker)?;
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = handles.get(&tracker.id)
            && known.etag == tracker.etag
            && known.credential == credential
        {
            return Ok(Arc::clone(&known.handle));
        }
        let settings = settings(tracker, credential.clone());
        let jira = Jira::new(&settings, transport, Arc::clone(&self.fraction))
            .map_err(|error| unusable(tracker, &error.to_string()))?;
        let handle: Handle = Arc::new(jira);
        let in_use = InUse {
            etag: tracker.etag.clone(),
            credential,
            handle: Arc::clone(&handle),
        };
        handles.insert(tracker.id, in_use);
        Ok(handle)
    }
}

fn unusable(tracker: &TrackerRecord, detail: &str) -> Problem {
    let message = format!("The connection cannot be used: {detail}. Correct it.");
    Problem::new(Reason::FieldInvalid, message)
        .with("tracker", format!("trackers/{}", tracker.slug))
}

fn settings(tracker: &TrackerRecord, credential: Credential) -> Settings {
    let product = match tracker.settings.product {
        Product::JiraCloud => jira::Product::Cloud,
        Product::JiraDataCenter => jira::Product::DataCenter,
    };
    let limits = tracker.settings.limits;
    let mut settings = Settings::new(product, tracker.settings.base_uri.clone(), credential);
    let set = |value: Option<i32>| value.and_then(|value| u32::try_from(value).ok());
    if let Some(requests) = set(limits.concurrent_requests) {
        settings.max_concurrent_requests = requests;
    }
    if let Some(rate) = set(limits.requests_per_second) {
        settings.max_requests_per_second = rate;
    }
    settings
}
