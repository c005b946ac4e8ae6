//! The rows of a structure, their versions, and the one way to change them.

use crate::incremental::SyncUpdate;
use crate::job::{JobUpdate, Lease};
use crate::observation::ObservedStream;
use crate::request::RequestRecord;
use resync_core::change::ForestChange;
use resync_core::claim::ClaimChange;
use resync_core::forest::ForestRow;
use resync_core::id::{
    ForestVersion, JobId, Principal, RowId, StructureId, SynchronizerId, TrackerId, Uid,
};
use resync_core::issue::ObservedIssue;
use resync_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A point in the history of a structure's synchronization state: its rows, claims and base.
///
/// At least as fine as the version of the forest, which a commit of claims alone does not move.
/// What was made from one point is out of date at every other one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryPoint {
    /// Names one unbroken history. Begins as the structure's uid, and changes only when the
    /// history is cut.
    pub lineage: Uid,
    /// How many commits there were before this point.
    pub serial: i64,
}

impl fmt::Display for HistoryPoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.lineage, self.serial)
    }
}

/// All rows of one structure at one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedRows {
    /// The version.
    pub version: ForestVersion,
    /// The point in the structure's history.
    pub point: HistoryPoint,
    /// The smallest row id that was never used.
    pub next_row_id: RowId,
    /// The rows, by id.
    pub rows: Vec<ForestRow>,
}

/// A version of a forest, with the steps that made it of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRecord {
    /// The version that the steps lead to.
    pub version: ForestVersion,
    /// When it was made.
    pub time: Timestamp,
    /// On whose behalf.
    pub principal: Principal,
    /// The job that made it; `None` for an edit.
    pub job: Option<JobId>,
    /// The synchronizer of that job, if it was of one.
    pub synchronizer: Option<SynchronizerId>,
    /// Why, in the caller's words; may be empty.
    pub reason: String,
    /// The steps, in order.
    pub changes: Vec<ForestChange>,
}

/// A change of a forest with everything that belongs to it, kept in one transaction or not at all.
///
/// With `changes` the forest gets the next version. Without, the version stays; what else is in
/// the commit (claims, observations, the job) is kept all the same.
#[derive(Debug)]
pub struct ForestCommit {
    /// The structure.
    pub structure: StructureId,
    /// The version that the change was made from.
    pub expected_version: ForestVersion,
    /// Rows that are new or differ.
    pub upserts: Vec<ForestRow>,
    /// Rows that go; their claims go with them.
    pub deletes: Vec<RowId>,
    /// The steps, for history, undo and watchers.
    pub changes: Vec<ForestChange>,
    /// Claims that appear or go, other than of rows that go.
    pub claims: Vec<ClaimChange>,
    /// What was read of issues; see [`crate::Store::upsert_observations`].
    pub observations: Vec<(TrackerId, ObservedIssue)>,
    /// The smallest row id that is unused after the change.
    pub next_row_id: RowId,
    /// How many rows the forest has after the change.
    pub row_count: i64,
    /// On whose behalf.
    pub principal: Principal,
    /// The synchronizer, when a job of one made the change.
    pub synchronizer: Option<SynchronizerId>,
    /// Why, in the caller's words.
    pub reason: String,
    /// When.
    pub time: Timestamp,
    /// The request that asked for the change, to answer it the same when it is repeated. Its
    /// subject is the new version.
    pub request: Option<RequestRecord>,
    /// The job that makes the change: nothing is kept unless its lease still holds.
    pub job: Option<JobCommit>,
}

/// The part of a [`ForestCommit`] that is about its job.
#[derive(Debug)]
pub struct JobCommit {
    /// The claim on the job.
    pub lease: Lease,
    /// The point that the change was made from: nothing is kept unless it is still the newest.
    pub point: HistoryPoint,
    /// What was read of issues, beside [`ForestCommit::observations`].
    pub observed: Option<ObservedStream>,
    /// What to write to the job. The version and the point that the commit makes are filled in as
    /// its result.
    pub update: JobUpdate,
    /// What it leaves for incremental syncs.
    pub sync: Option<SyncUpdate>,
}
