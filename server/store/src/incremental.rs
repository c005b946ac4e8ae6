//! What incremental syncs remember: hints, cursors, mirrors, and what waits.
//!
//! What it is not: a decision when or what to sync; those are in the core's `incremental`.

use crate::job::{JobRecord, Lease};
use crate::{Error, HistoryPoint, Store, on};
use resync_core::id::{
    ForestVersion, IssueId, Principal, StructureId, SynchronizerId, TrackerId, Uid,
};
use resync_core::incremental::{Cursor, Due, Timing};
use resync_core::job::Trigger;
use resync_core::time::Timestamp;
use std::sync::Arc;

/// How long a hint is kept at least, in milliseconds: longer than a poll goes back and than a
/// tracker sends a webhook again (five times, up to 15 minutes apart), so that each is known when it
/// comes again.
pub const HINT_RETENTION_MS: i64 = 2 * 60 * 60 * 1000;

/// That an issue has changed, or may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHint {
    /// The issue.
    pub issue: IssueId,
    /// What tells it, unique in its tracker: what was told before is not a hint again. For a
    /// webhook its delivery id with the issue's id, for a poll the issue with its stamp.
    pub source: String,
}

/// A hint that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Its number: hints are numbered in the order in which they are kept.
    pub id: i64,
    /// The tracker.
    pub tracker: TrackerId,
    /// The issue.
    pub issue: IssueId,
}

/// What a synchronizer has read: its evidence by ids alone, as far as changes are taken in. A list is
/// `None` when it is as it is stored; what was never stored is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The synchronizer.
    pub synchronizer: SynchronizerId,
    /// Whether its result can change while none of its issues does.
    pub volatile: bool,
    /// The last hint that is taken in.
    pub hint: i64,
    /// The version of the forest that it was compared with. Set by the commit that keeps it.
    pub forest_version: ForestVersion,
    /// When its last complete read began.
    pub swept_time: Timestamp,
    /// When its query was last listed completely.
    pub listed_time: Timestamp,
    /// The issues that it is about: of a query in its order, of a scope by rank.
    pub issues: Option<Arc<[IssueId]>>,
    /// Links, the parent first; or issues, each with its epic.
    pub pairs: Option<Arc<[(IssueId, IssueId)]>>,
    /// Sub-tasks that it has read beside the issues.
    pub subtasks: Option<Arc<[IssueId]>>,
}

/// What a job leaves for the next incremental sync, kept with its commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncUpdate {
    /// The mirrors that were brought up to date.
    pub mirrors: Vec<Mirror>,
    /// The changes that were taken in; those that were counted since go on waiting. `None` for a
    /// resync, which takes in nothing for the others.
    pub change_count: Option<i64>,
}

/// Everything that an incremental sync of a structure starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncState {
    /// How many changes were counted.
    pub change_count: i64,
    /// The mirrors of its enabled synchronizers.
    pub mirrors: Vec<Mirror>,
    /// The hints that one of the mirrors does not have.
    pub hints: Vec<Hint>,
    /// The newest hint that there is; 0 when there is none.
    pub newest_hint: i64,
    /// Hints up to this one are forgotten; 0 when none is.
    pub forgotten_hint: i64,
}

/// A structure whose sync is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueSync {
    /// The structure.
    pub structure: StructureId,
    /// When, and why.
    pub due: Due,
    /// What was changed first.
    pub trigger: Trigger,
}

/// The claim on one poll of a tracker. What another server has claimed since is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// The tracker.
    pub tracker: TrackerId,
    /// Up to where its changes are known.
    pub cursor: Cursor,
    /// Polls in a row that have failed.
    pub failures: i32,
    /// Which claim this is.
    pub epoch: i64,
}

/// How a poll ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled {
    /// Up to where changes are known now.
    pub cursor: Cursor,
    /// The changes that were found, also those of the overlap.
    pub hints: Vec<NewHint>,
    /// When the read began.
    pub time: Timestamp,
    /// When the next poll is due.
    pub due_time: Timestamp,
}

/// How far an enabled synchronizer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncStatus {
    /// Everything that was stamped before is in the structure, but for the lag of the tracker's
    /// index.
    pub synced_through_time: Timestamp,
    /// Hints that wait.
    pub pending_changes: i64,
}

impl Store {
    /// Keeps hints of a tracker's changes; structures that follow the tracker are to be synced.
    /// Returns how many were news.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the tracker is not there.
    pub async fn record_hints(
        &self,
        tracker: TrackerId,
        hints: Vec<NewHint>,
        time: Timestamp,
    ) -> Result<usize, Error> {
        on!(
            self.write,
            incremental::record_hints(tracker, &hints, Trigger::TrackerChange, time)
        )
    }

    /// Loads what an incremental sync of a structure starts from. To be loaded before the forest,
    /// so that no edit between the two is taken in unseen.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load_sync(&self, structure: StructureId) -> Result<SyncState, Error> {
        on!(self.snapshot, incremental::load(structure))
    }

    /// Keeps what a job leaves that has nothing to commit, if the structure still is at `point`.
    ///
    /// # Errors
    /// [`Error::LeaseLost`]; [`Error::Stale`] when the structure has moved on.
    pub async fn record_sync(
        &self,
        lease: Lease,
        update: SyncUpdate,
        point: HistoryPoint,
        time: Timestamp,
    ) -> Result<(), Error> {
        on!(
            self.write,
            incremental::record_alone(lease, &update, &point, time)
        )
    }

    /// Which structures are due for an incremental sync. Those of which one runs or waits are not.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn due_syncs(&self, now: Timestamp, timing: Timing) -> Result<Vec<DueSync>, Error> {
        on!(self.snapshot, incremental_due::due_syncs(now, &timing))
    }

    /// Creates the job of a structure's incremental sync; `None` when there is a live one already,
    /// or nothing is followed any more.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn create_sync(
        &self,
        due: DueSync,
        uid: Uid,
        now: Timestamp,
    ) -> Result<Option<JobRecord>, Error> {
        on!(self.write, incremental_due::create(&due, &uid, now))
    }

    /// Puts the next incremental sync of a structure off, after one that failed.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn delay_sync(
        &self,
        structure: StructureId,
        not_before: Timestamp,
    ) -> Result<(), Error> {
        on!(self.write, incremental_due::delay(structure, not_before))
    }

    /// Forgets the incremental syncs of a structure that had no effect, but for `kept`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn forget_idle_syncs(
        &self,
        structure: StructureId,
        kept: Lease,
    ) -> Result<(), Error> {
        on!(
            self.write,
            incremental_due::forget_idle(structure, kept.job)
        )
    }

    /// Claims the next poll that is due, of a tracker that a synchronizer follows. Without an end it
    /// is due again after `lease_ms`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn claim_poll(&self, now: Timestamp, lease_ms: i64) -> Result<Option<Poll>, Error> {
        on!(self.write, incremental_polls::claim(now, lease_ms))
    }

    /// Keeps what a poll found, and forgets old hints that everybody has taken in. Returns how
    /// many changes were news; nothing is kept when the poll was claimed again meanwhile.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn finish_poll(&self, poll: Poll, polled: Polled) -> Result<usize, Error> {
        on!(self.write, incremental_polls::finish(&poll, &polled))
    }

    /// Notes that a poll failed, and when the next is due.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn fail_poll(&self, poll: Poll, due_time: Timestamp) -> Result<(), Error> {
        on!(self.write, incremental_polls::fail(&poll, due_time))
    }

    /// How far a synchronizer is; `None` when it does not follow its tracker: it is not enabled, or
    /// has not been resynced with its settings.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn sync_status(
        &self,
        synchronizer: SynchronizerId,
    ) -> Result<Option<SyncStatus>, Error> {
        on!(self.snapshot, incremental_polls::status(synchronizer))
    }
}

/// On whose behalf an incremental sync works when its synchronizers do not agree.
pub(crate) fn nobody() -> Principal {
    Principal::new("services/resync")
}
