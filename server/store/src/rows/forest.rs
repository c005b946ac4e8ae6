//! Rows of `rows`, `claims` and `forest_versions`.

use crate::error::Error;
use crate::forest::{ForestCommit, VersionRecord};
use crate::schema::{claims, forest_versions, rows};
use diesel::{Insertable, Queryable, Selectable};
use resync_core::change::{ForestChange, Item};
use resync_core::claim::{Claim, ClaimSource};
use resync_core::forest::ForestRow;
use resync_core::id::{
    ForestVersion, IssueId, JobId, Principal, RowId, StructureId, SynchronizerId, TrackerId,
};
use resync_core::issue::IssueRef;
use resync_core::order::OrderKey;
use resync_core::time::Timestamp;

/// The source of a person's claim. Ids of synchronizers start at 1.
const PERSON: i64 = 0;

#[derive(Queryable, Selectable)]
#[diesel(table_name = rows)]
pub(crate) struct StoredRow {
    id: i64,
    parent: Option<i64>,
    position: Vec<u8>,
    tracker: Option<i64>,
    issue: Option<i64>,
    title: Option<String>,
    alias: bool,
    placed_by: Option<i64>,
}

impl TryFrom<StoredRow> for ForestRow {
    type Error = Error;

    fn try_from(row: StoredRow) -> Result<Self, Error> {
        let corrupt = Error::Corrupt { what: "a row" };
        let item = match (row.tracker, row.issue, row.title) {
            (Some(tracker), Some(issue), None) => Item::Issue(IssueRef {
                tracker: TrackerId(tracker),
                issue: IssueId(issue),
            }),
            (None, None, Some(title)) => Item::Folder(title.into()),
            _ => return Err(corrupt),
        };
        Ok(Self {
            id: RowId(row.id),
            parent: row.parent.map(RowId),
            key: OrderKey::from_bytes(&row.position).ok_or(corrupt)?,
            item,
            alias: row.alias,
            placed_by: row.placed_by.map(SynchronizerId),
        })
    }
}

/// A row to write. `None` is written as NULL, so that one statement takes many rows.
#[derive(Insertable)]
#[diesel(table_name = rows)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewRow<'a> {
    pub(crate) structure: i64,
    pub(crate) id: i64,
    pub(crate) parent: Option<i64>,
    pub(crate) position: &'a [u8],
    pub(crate) tracker: Option<i64>,
    pub(crate) issue: Option<i64>,
    pub(crate) title: Option<&'a str>,
    pub(crate) alias: bool,
    pub(crate) placed_by: Option<i64>,
}

impl<'a> NewRow<'a> {
    pub(crate) fn new(structure: StructureId, row: &'a ForestRow) -> Self {
        let (tracker, issue, title) = match &row.item {
            Item::Issue(reference) => (Some(reference.tracker.0), Some(reference.issue.0), None),
            Item::Folder(title) => (None, None, Some(&**title)),
        };
        Self {
            structure: structure.0,
            id: row.id.0,
            parent: row.parent.map(|parent| parent.0),
            position: row.key.as_bytes(),
            tracker,
            issue,
            title,
            alias: row.alias,
            placed_by: row.placed_by.map(|synchronizer| synchronizer.0),
        }
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = claims)]
pub(crate) struct ClaimRow {
    pub(crate) structure: i64,
    pub(crate) row: i64,
    pub(crate) source: i64,
}

impl ClaimRow {
    pub(crate) fn new(structure: StructureId, claim: Claim) -> Self {
        Self {
            structure: structure.0,
            row: claim.row.0,
            source: source_number(claim.source),
        }
    }
}

impl From<ClaimRow> for Claim {
    fn from(row: ClaimRow) -> Self {
        let source = match row.source {
            PERSON => ClaimSource::Person,
            synchronizer => ClaimSource::Synchronizer(SynchronizerId(synchronizer)),
        };
        Self {
            row: RowId(row.row),
            source,
        }
    }
}

/// A claim's source as a number in a column.
pub(crate) fn source_number(source: ClaimSource) -> i64 {
    match source {
        ClaimSource::Person => PERSON,
        ClaimSource::Synchronizer(synchronizer) => synchronizer.0,
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = forest_versions)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct VersionRow {
    structure: i64,
    pub(crate) version: i64,
    time: i64,
    principal: String,
    job: Option<i64>,
    synchronizer: Option<i64>,
    reason: String,
    change_count: i64,
}

impl VersionRow {
    /// The entry of the version that a commit makes.
    pub(crate) fn new(commit: &ForestCommit, version: ForestVersion) -> Self {
        Self {
            structure: commit.structure.0,
            version: version.0,
            time: commit.time.0,
            principal: commit.principal.as_str().to_owned(),
            job: commit.job.as_ref().map(|job| job.lease.job.0),
            synchronizer: commit.synchronizer.map(|synchronizer| synchronizer.0),
            reason: commit.reason.clone(),
            change_count: i64::try_from(commit.changes.len()).unwrap_or(i64::MAX),
        }
    }

    /// The version with its steps, of which there must be as many as were written.
    pub(crate) fn with_changes(self, changes: Vec<ForestChange>) -> Result<VersionRecord, Error> {
        if i64::try_from(changes.len()) != Ok(self.change_count) {
            return Err(Error::Corrupt {
                what: "the changes of a forest",
            });
        }
        Ok(VersionRecord {
            version: ForestVersion(self.version),
            time: Timestamp(self.time),
            principal: Principal::new(self.principal),
            job: self.job.map(JobId),
            synchronizer: self.synchronizer.map(SynchronizerId),
            reason: self.reason,
            changes,
        })
    }
}
