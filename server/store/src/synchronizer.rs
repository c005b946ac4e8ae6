//! Installed synchronizers as records.

use resync_core::id::{Principal, Slug, StructureId, SynchronizerId, TrackerId, Uid};
use resync_core::problem::Problem;
use resync_core::synchronizer::{Rule, Settings, State};
use resync_core::time::Timestamp;

/// A synchronizer, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynchronizerRecord {
    /// Which one.
    pub id: SynchronizerId,
    /// The structure.
    pub structure: StructureId,
    /// The last part of its resource name, unique in the structure.
    pub slug: Slug,
    /// A server-assigned id that is never reused.
    pub uid: Uid,
    /// The place in the order of installation, from 1, which is the order of ownership.
    pub ordinal: i64,
    /// The name that people see.
    pub display_name: String,
    /// What to keep in step.
    pub rule: Rule,
    /// The state.
    pub state: State,
    /// On whose behalf it reads the tracker.
    pub run_as: Principal,
    /// Why its last job failed.
    pub last_error: Option<Problem>,
    /// A digest of the settings with which the last resync succeeded.
    pub base_settings_hash: Option<String>,
    /// When a resync last succeeded.
    pub last_resync_time: Option<Timestamp>,
    /// When it was installed.
    pub create_time: Timestamp,
    /// When its settings or its state were last changed.
    pub update_time: Timestamp,
    /// Changes with the name, the settings and the state; not with errors and resyncs.
    pub etag: String,
}

/// A synchronizer to install. It is [`State::Disabled`] at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSynchronizer {
    /// The structure.
    pub structure: StructureId,
    /// The last part of its resource name.
    pub slug: Slug,
    /// A fresh id.
    pub uid: Uid,
    /// The name that people see.
    pub display_name: String,
    /// What to keep in step.
    pub rule: Rule,
    /// On whose behalf it reads the tracker.
    pub run_as: Principal,
    /// When.
    pub time: Timestamp,
}

/// What to change of a synchronizer; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SynchronizerUpdate {
    /// The name that people see.
    pub display_name: Option<String>,
    /// The settings; of the same kind as before.
    pub settings: Option<Settings>,
    /// On whose behalf it reads the tracker from now on.
    pub run_as: Option<Principal>,
}

/// Which synchronizers to list. `None` everywhere lists all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SynchronizerFilter {
    /// Only those of this structure.
    pub structure: Option<StructureId>,
    /// Only those of this tracker.
    pub tracker: Option<TrackerId>,
    /// Only those in this state.
    pub state: Option<State>,
}
