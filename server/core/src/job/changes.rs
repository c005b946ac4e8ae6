//! What a job plans, holds and has done: its changes, its figures, its guards.
//!
//! What it is not: the plan that is executed; see [`crate::plan`].

use crate::id::{ForestVersion, IssueId, IssueKey, RowId, SynchronizerId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The kinds of change of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ChangeKind {
    /// A row is added.
    AddRow,
    /// A row is moved.
    MoveRow,
    /// A row is removed.
    RemoveRow,
}

/// Why a change is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Why {
    /// The query of the filter matches the issue.
    FilterMatched,
    /// The filter once claimed the issue, and no longer matches it.
    FilterUnmatched,
    /// The branch goes with its parent, which the filter no longer matches.
    BranchUnmatched,
    /// The filter gathers its issues under one issue.
    FilterGathers,
    /// The issue is a sub-task of the row's new parent.
    SubtaskOfParent,
    /// The sub-task's parent is not in the structure.
    SubtaskOrphaned,
    /// The issue is linked to the row's new parent.
    LinkedToParent,
    /// The issue is an end of a link, and every linked issue belongs.
    Linked,
    /// The link that once justified the place is gone.
    LinkGone,
    /// It hung below an issue that belongs below it, and takes that one's place.
    MakesWay,
    /// The row of the issue is below this parent already, so its alias is not needed.
    AliasNotNeeded,
    /// The row's new parent is the issue's epic.
    EpicOfIssue,
    /// The issue has no epic any more.
    EpicGone,
    /// The rank says that the row comes elsewhere among its siblings.
    RankOrder,
}

/// Why a difference is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum HoldReason {
    /// The issue under which new issues are placed is not in the structure.
    ParentNotInStructure,
    /// The filter never claimed the row: a person added it, and it never matched.
    NeverMatched,
    /// The synchronizer does not remove.
    RemovalOff,
    /// Rows that stay hang below it.
    ChildrenStay,
    /// It was moved away from where the filter places issues.
    MovedAway,
    /// Another synchronizer claims it.
    ClaimedElsewhere,
    /// A synchronizer that comes first owns the placement.
    PlacementOwnedElsewhere,
    /// The parent, by sub-task or by link, is not in the structure, and the row is kept.
    ParentAbsent,
    /// The place would be below the row itself.
    WouldCloseCycle,
    /// The change was not in the plan that was confirmed.
    NotConfirmed,
    /// The tracker's account cannot see the issue: it is deleted or hidden, and nobody can tell which.
    Inaccessible,
    /// The link leads from an issue to itself.
    SelfLink,
    /// The link closes a cycle with links that come before it.
    LinkClosesCycle,
    /// The issue's epic is not in the structure.
    EpicNotInStructure,
    /// A synchronizer that comes first owns the order.
    OrderOwnedElsewhere,
}

/// One change that a job plans or has made, or one difference that it leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobChange {
    /// The number within the job, from 1: destructive changes first, then the order of work, then
    /// the differences that are held.
    pub ordinal: i64,
    /// What kind of change.
    pub kind: ChangeKind,
    /// What has become of it.
    pub state: ChangeState,
    /// Whether it discards something that was there.
    pub destructive: bool,
    /// The row; `None` for an addition that is held.
    pub row: Option<RowId>,
    /// The issue; `None` for a folder.
    pub issue: Option<IssueId>,
    /// The issue's key, when it was read.
    pub issue_key: Option<IssueKey>,
    /// The issue's summary or the folder's title, when it was read.
    pub title: String,
    /// The parent before the change, `None` at the top or where there was none.
    pub old_parent: Option<RowId>,
    /// The parent after the change, `None` at the top or where there is none.
    pub new_parent: Option<RowId>,
    /// The key or title of the parent before, empty at the top.
    pub old_parent_label: String,
    /// The key or title of the parent after, empty at the top.
    pub new_parent_label: String,
    /// The distance from the top after the change (before it, for a removal).
    pub depth: i32,
    /// Why it is planned; `None` for a held difference.
    pub why: Option<Why>,
    /// Why it is left; `None` for a planned change.
    pub hold: Option<HoldReason>,
    /// The synchronizer on whose behalf.
    pub synchronizer: Option<SynchronizerId>,
}

/// What has become of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ChangeState {
    /// It is planned.
    Planned,
    /// It was made.
    Applied,
    /// It was not needed any more.
    Skipped,
    /// The difference is left as it is, for a reason.
    Held,
}

/// A guard: what stops a plan that looks like a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Guard {
    /// More destructive changes than max(50, 10 % of the rows in scope).
    DestructiveShare,
    /// More than half of the existing rows move or go.
    MostRowsChange,
    /// The source side is empty.
    EmptySource,
    /// The settings changed since the last resync that succeeded.
    SettingsChanged,
}

/// A guard that tripped on a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardTrip {
    /// Which one.
    pub guard: Guard,
    /// What was found, in the guard's unit (changes, rows).
    pub found: i64,
    /// What is allowed.
    pub allowed: i64,
}

/// How many changes of one kind there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The kind.
    pub kind: ChangeKind,
    /// How many.
    pub count: i64,
    /// Of these, how many are destructive.
    pub destructive: i64,
}

/// What a job is going to do, in figures. The changes themselves are listed by page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSummary {
    /// All planned changes.
    pub changes: i64,
    /// Of these, those that discard something that was there.
    pub destructive: i64,
    /// The changes by kind.
    pub tallies: Vec<Tally>,
    /// The differences that are left, by reason.
    pub held: Vec<(HoldReason, i64)>,
    /// The guards that tripped.
    pub guards: Vec<GuardTrip>,
    /// At most [`PLAN_SAMPLE_MAX`] changes, destructive ones first.
    pub sample: Vec<JobChange>,
    /// A fingerprint of all planned changes.
    pub fingerprint: String,
    /// The version of the forest that was compared.
    pub forest_version: ForestVersion,
    /// When reading the tracker was complete.
    pub tracker_read_time: Timestamp,
    /// When the plan can no longer be confirmed.
    pub expire_time: Timestamp,
    /// Rows that exist and that the synchronizer is about.
    pub rows_in_scope: i64,
}

/// Most changes in [`PlanSummary::sample`]: about 15 kB, so that a watch message stays small.
pub const PLAN_SAMPLE_MAX: usize = 100;
