//! Synchronizers: what they are told to keep in step, and what each kind can do.
//!
//! What it is not: the rules themselves; those are in the planner, one module a kind.

use crate::id::{IssueId, JiraId, ProjectKey, SynchronizerId, TrackerId};
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
    /// Keeps issues under those that they are linked to.
    Links,
    /// Keeps the order of siblings and their rank the same, and issues under their epics.
    Agile,
    /// Keeps sub-tasks under their parents.
    Subtasks,
    /// Carries the status of children up to their parent.
    StatusRollup,
}

impl Kind {
    /// Every kind, in the order in which they are listed.
    pub const ALL: [Kind; 5] = [
        Kind::Filter,
        Kind::Links,
        Kind::Agile,
        Kind::Subtasks,
        Kind::StatusRollup,
    ];

    /// The directions that have a meaning for the kind.
    pub fn directions(self) -> &'static [Direction] {
        match self {
            Self::Filter | Self::Subtasks => &[Direction::IntoStructure],
            Self::Links | Self::Agile => &[Direction::IntoStructure, Direction::FromStructure],
            Self::StatusRollup => &[Direction::FromStructure],
        }
    }

    /// Those of its directions in which a resync can be run: none that writes to a tracker.
    pub fn resync_directions(self) -> &'static [Direction] {
        match self {
            Self::Filter | Self::Subtasks | Self::Links | Self::Agile => {
                &[Direction::IntoStructure]
            }
            Self::StatusRollup => &[],
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

/// Which end of a link is the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ParentEnd {
    /// The source of the link, for example the one that `blocks`.
    Outward,
    /// The target of the link, for example the one that `is blocked by`.
    Inward,
}

/// Which issues a links synchronizer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LinksScope {
    /// Only issues that are in the structure.
    WithinStructure,
    /// Issues in the structure, and what is linked below them.
    ExpandToChildren,
    /// All issues that are linked.
    AllIssues,
}

/// What becomes of a child whose link is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LinksRemoval {
    /// It stays where it is.
    Keep,
    /// It is moved to the top level.
    MoveToTop,
    /// It is removed from the structure.
    Remove,
}

/// Who wins when both sides have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LinksPrimacy {
    /// Neither side: a conflict is decided by the conflict rule, and recorded.
    Equal,
    /// Links win: contradicting changes of the structure are reversed.
    Links,
    /// The structure wins: contradicting links are reversed.
    Structure,
}

/// Settings of a links synchronizer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinksSettings {
    /// The type of link; links of other types are ignored.
    pub link_type: JiraId,
    /// Which end is the parent.
    pub parent_end: ParentEnd,
    /// Which issues it is about.
    pub scope: LinksScope,
    /// A link counts only if this JQL query matches its parent; every link when `None`.
    pub parent_jql: Option<Arc<str>>,
    /// A link counts only if this JQL query matches its child; every link when `None`.
    pub child_jql: Option<Arc<str>>,
    /// What becomes of a child whose link is gone.
    pub removal: LinksRemoval,
    /// Who wins when both sides have changed.
    pub primacy: LinksPrimacy,
}

/// Which issues an agile synchronizer is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgileScope {
    /// Those that the query of a board matches.
    Board(JiraId),
    /// Those of projects.
    Projects {
        /// The keys of the projects.
        keys: Vec<ProjectKey>,
        /// The id of the rank field; the only one there is when `None`.
        rank_field: Option<JiraId>,
    },
}

/// Settings of an agile synchronizer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgileSettings {
    /// Which issues it is about. Others are not touched.
    pub scope: AgileScope,
    /// The order of siblings and their rank are kept the same.
    pub sync_rank: bool,
    /// Issues are kept under their epics.
    pub sync_epics: bool,
    /// Sub-tasks of the issues are added and kept under them.
    pub add_subtasks: bool,
}

/// Settings of a sub-tasks synchronizer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubtasksSettings {
    /// The sub-task types to keep; every type when empty.
    pub issue_types: Vec<JiraId>,
    /// A sub-task whose parent is not in the structure is removed.
    pub remove_orphaned: bool,
}

/// One status of the order of a status rollup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusStep {
    /// The status.
    pub status: JiraId,
    /// The transitions that may be used to reach it; any when empty.
    pub transitions: Vec<JiraId>,
    /// The resolution to set where the transition asks for one; the default one when `None`.
    pub resolution: Option<JiraId>,
}

/// Settings of a status rollup: a parent gets the earliest status among its direct children.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusRollupSettings {
    /// The statuses from earliest to latest.
    pub steps: Vec<StatusStep>,
    /// Only parents in these projects are changed; all when empty.
    pub projects: Vec<ProjectKey>,
    /// Only parents of these types are changed; all when empty.
    pub issue_types: Vec<JiraId>,
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
    /// Of a links synchronizer.
    Links(LinksSettings),
    /// Of an agile synchronizer.
    Agile(AgileSettings),
    /// Of a sub-tasks synchronizer.
    Subtasks(SubtasksSettings),
    /// Of a status rollup.
    StatusRollup(StatusRollupSettings),
}

impl Settings {
    /// The kind that these settings are of.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Filter(_) => Kind::Filter,
            Self::Links(_) => Kind::Links,
            Self::Agile(_) => Kind::Agile,
            Self::Subtasks(_) => Kind::Subtasks,
            Self::StatusRollup(_) => Kind::StatusRollup,
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
