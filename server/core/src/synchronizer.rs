//! Synchronizers: what they are told to keep in step, and what each kind can do.
//!
//! What it is not: the rules themselves; those are in the planner, one module a kind.

use crate::id::{IssueId, JiraId, SynchronizerId, TrackerId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which side has the final say, and so which side is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// The tracker has the final say; the structure is changed.
    IntoStructure,
    /// The structure has the final say; the tracker is changed.
    FromStructure,
}

impl Direction {
    /// What this direction overwrites, for people who are about to choose it.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::IntoStructure => {
                "Jira is right: the structure is changed to match Jira. Jira is not written."
            }
            Self::FromStructure => {
                "The structure is right: Jira is changed to match it. The structure is not changed."
            }
        }
    }
}

/// A kind of synchronizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Adds and removes issues by a query.
    Filter,
    /// Keeps sub-tasks under their parents.
    Subtasks,
}

impl Kind {
    /// Every kind, in the order in which they are listed.
    pub const ALL: [Kind; 2] = [Kind::Filter, Kind::Subtasks];

    /// The directions in which a resync can be run.
    pub fn resync_directions(self) -> &'static [Direction] {
        match self {
            Self::Filter | Self::Subtasks => &[Direction::IntoStructure],
        }
    }
}

/// Where the issues of a filter come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FilterSource {
    /// A saved filter of the tracker, by its id.
    SavedFilter(JiraId),
    /// A JQL query.
    Jql(Arc<str>),
}

/// Settings of a filter synchronizer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterSettings {
    /// The query.
    pub source: FilterSource,
    /// New issues become the last children of this issue; the end of the top level when `None`.
    /// While that issue is not in the structure, nothing is added.
    pub parent_issue: Option<IssueId>,
    /// Matching issues elsewhere in the structure are moved under `parent_issue`.
    pub allow_move: bool,
    /// Issues that left the result are removed, unless something that stays hangs below them.
    pub remove_unmatched: bool,
    /// Only issues that still are where this synchronizer places them are removed.
    pub remove_only_placed: bool,
    /// A branch is judged together: children that no longer belong go with their parent.
    pub check_children: bool,
}

/// Settings of a sub-tasks synchronizer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubtasksSettings {
    /// The sub-task types to keep; every type when empty.
    pub issue_types: Vec<JiraId>,
    /// A sub-task whose parent is not in the structure is removed.
    pub remove_orphaned: bool,
}

/// What to keep in step, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The tracker.
    pub tracker: TrackerId,
    /// The settings; their variant is the kind.
    pub settings: Settings,
}

/// The settings of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Settings {
    /// Of a filter synchronizer.
    Filter(FilterSettings),
    /// Of a sub-tasks synchronizer.
    Subtasks(SubtasksSettings),
}

impl Settings {
    /// The kind that these settings are of.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Filter(_) => Kind::Filter,
            Self::Subtasks(_) => Kind::Subtasks,
        }
    }
}

/// The life-cycle of a synchronizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Takes part in incremental syncs.
    Enabled,
    /// Takes no part in them; a resync can still be run. The state after installing.
    Disabled,
    /// Cannot run now, for the reason that its last error tells.
    Unavailable,
    /// Stopped by a guard or by failures, until a confirmed resync.
    Suspended,
}

/// A synchronizer as the planner sees it. Slices of these are in declared order: the order of
/// installation, which is the order of ownership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedSynchronizer {
    /// Which one.
    pub id: SynchronizerId,
    /// What it is told.
    pub rule: Rule,
    /// Whether it takes part when another one is resynced.
    pub enabled: bool,
}
