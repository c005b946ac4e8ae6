//! Tracker connections as records. A credential is a name here, never a secret.

use resync_core::id::{Slug, TrackerId, Uid};
use resync_core::problem::Problem;
use resync_core::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The product at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Jira Cloud.
    JiraCloud,
    /// Jira Data Center.
    JiraDataCenter,
}

/// The state of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackerState {
    /// Not checked since it was created or changed.
    Unchecked,
    /// The last request was answered.
    Active,
    /// The tracker asks for a pause.
    Throttled,
    /// The tracker cannot be reached.
    Unreachable,
    /// The tracker refuses the credential.
    Refused,
}

/// How hard a tracker may be used. `None` leaves it to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackerLimits {
    /// The most requests at the same time.
    pub concurrent_requests: Option<i32>,
    /// The most requests a second, on average.
    pub requests_per_second: Option<i32>,
}

/// What people set of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerSettings {
    /// The name that people see.
    pub display_name: String,
    /// The product.
    pub product: Product,
    /// Where the tracker is.
    pub base_uri: String,
    /// The name of the secret to sign in with.
    pub credential: String,
    /// How hard the tracker may be used.
    pub limits: TrackerLimits,
}

/// A tracker connection, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerRecord {
    /// Which one.
    pub id: TrackerId,
    /// The last part of its resource name.
    pub slug: Slug,
    /// A server-assigned id that is never reused.
    pub uid: Uid,
    /// What people set.
    pub settings: TrackerSettings,
    /// The state.
    pub state: TrackerState,
    /// Why the state is not [`TrackerState::Active`].
    pub last_error: Option<Problem>,
    /// When the tracker last answered.
    pub last_contact_time: Option<Timestamp>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When its settings were last changed.
    pub update_time: Timestamp,
    /// Changes with the settings; not with the state.
    pub etag: String,
}

/// A connection to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTracker {
    /// The last part of its resource name.
    pub slug: Slug,
    /// A fresh id.
    pub uid: Uid,
    /// What people set.
    pub settings: TrackerSettings,
    /// When.
    pub time: Timestamp,
}

/// What was learnt of a tracker by talking to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackerContact {
    /// The state.
    pub state: TrackerState,
    /// Why the state is not [`TrackerState::Active`].
    pub last_error: Option<Problem>,
    /// When it answered; `None` when it did not, which keeps the stored time.
    pub contact_time: Option<Timestamp>,
}
