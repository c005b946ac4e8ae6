//! Handles of trackers: one adapter, and so one limiter, a connection.
//!
//! What it is not: HTTP. Where requests really go is behind a [`Transport`], chosen per
//! connection: the network, or the simulated Jira of a demo.

use crate::secrets::Secrets;
use async_trait::async_trait;
use http::Uri;
use resync_core::id::TrackerId;
use resync_core::problem::{Problem, Reason};
use resync_jobs::{Fraction, TrackerDirectory};
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
}

type Handle = Arc<dyn TrackerReader>;

/// The handles in use, by connection. A changed connection gets a new handle.
pub struct Directory {
    connections: Arc<dyn Connections>,
    fraction: Fraction,
    handles: Mutex<HashMap<TrackerId, (String, Handle)>>,
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

    fn open(&self, tracker: &TrackerRecord) -> Result<Handle, Problem> {
        let unusable = |detail: String| {
            Problem::new(
                Reason::FieldInvalid,
                format!("The connection cannot be used: {detail}. Correct it."),
            )
            .with("tracker", format!("trackers/{}", tracker.slug))
        };
        let uri: Uri = tracker
            .settings
            .base_uri
            .parse()
            .map_err(|_| unusable("its base_uri is not an address".to_owned()))?;
        let host = uri
            .host()
            .ok_or_else(|| unusable("its base_uri has no host".to_owned()))?;
        let (transport, credential) = self.connections.open(tracker, host)?;
        let settings = settings(tracker, credential);
        let jira = Jira::new(&settings, transport, Arc::clone(&self.fraction))
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Arc::new(jira))
    }
}

#[async_trait]
impl TrackerDirectory for Directory {
    async fn reader(&self, tracker: &TrackerRecord) -> Result<Handle, Problem> {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((etag, handle)) = handles.get(&tracker.id)
            && *etag == tracker.etag
        {
            return Ok(Arc::clone(handle));
        }
        let handle = self.open(tracker)?;
        handles.insert(tracker.id, (tracker.etag.clone(), Arc::clone(&handle)));
        Ok(handle)
    }
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
