//! The service: the parts it is made of, and the value that serves all doors.
//!
//! What it is not: the server; [`crate::serve()`] carries it.

use crate::access::Access;
use crate::app::App;
use crate::hook::HookDoor;
use crate::limits::{Features, Limits, TrackerPolicy};
use crate::probe::ProbeQueue;
use crate::seams::{Clock, Nudge, Random, Signal};
use crate::token::Sealer;
use resync_store::{Error as StoreError, Store};
use std::fmt;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// What the server was built from, for `DescribeServer`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// The version, for example `1.4.2`.
    pub version: String,
    /// The commit.
    pub commit: String,
}

/// Everything that a service is made of.
pub struct Parts {
    /// The store.
    pub store: Store,
    /// Tells the time.
    pub clock: Clock,
    /// Gives randomness for ids and jitter.
    pub random: Random,
    /// Who calls, and what they may do.
    pub access: Access,
    /// What the operator has switched on.
    pub features: Features,
    /// The limits.
    pub limits: Limits,
    /// To which hosts trackers may point, and with which secrets.
    pub trackers: TrackerPolicy,
    /// Where questions to trackers are put; the engine holds the other end.
    pub probes: ProbeQueue,
    /// Whose webhooks are accepted, and with which token.
    pub hooks: HookDoor,
    /// Wakes the engine when a job was created or cancelled, or a forest was edited.
    pub nudge: Nudge,
    /// Wakes watchers. The engine raises it when it has written to the store.
    pub changed: Signal,
    /// Cancelled when the server is to shut down: ends watches, refuses new jobs.
    pub draining: CancellationToken,
    /// What the server was built from.
    pub build: Build,
}

/// The service. Cheap to clone; all clones are the same service.
#[derive(Clone)]
pub struct Service {
    pub(crate) app: Arc<App>,
}

impl fmt::Debug for Service {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Service")
    }
}

impl Service {
    /// Makes a service. Reads the secret that signs tokens from the store, or makes it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn new(parts: Parts) -> Result<Service, StoreError> {
        let mut secret = [0; 32];
        let (front, back) = secret.split_at_mut(16);
        front.copy_from_slice(&(parts.random)());
        back.copy_from_slice(&(parts.random)());
        let secret = parts.store.server_secret(secret).await?;
        let start_time = (parts.clock)();
        Ok(Service {
            app: Arc::new(App {
                store: parts.store,
                clock: parts.clock,
                random: parts.random,
                access: parts.access,
                features: parts.features,
                limits: parts.limits,
                trackers: parts.trackers,
                probes: parts.probes,
                hooks: parts.hooks,
                received: Arc::default(),
                nudge: parts.nudge,
                changed: parts.changed,
                draining: parts.draining,
                sealer: Sealer::new(&secret),
                forests: Arc::default(),
                watches: crate::app::watch_limit::Watches::default(),
                build: parts.build,
                start_time,
            }),
        })
    }
}
