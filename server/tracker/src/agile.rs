//! Boards, ranks and epics, as a tracker shows them.
//!
//! What it is not: sprints or columns. Sub-tasks of the issues are a [`crate::Query`] of their own.

use resync_core::id::{IssueId, IssueKey, JiraId, ProjectKey};
use resync_core::issue::ObservedIssue;
use std::sync::Arc;

/// A board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Its number, as the tracker writes it.
    pub id: JiraId,
    /// Its name; not unique.
    pub name: Arc<str>,
    /// The saved filter whose issues are on it.
    pub filter: JiraId,
    /// The field that it ranks by, `customfield_10019`.
    pub rank_field: Option<JiraId>,
    /// Whether its issues can be ranked: its filter is ordered by that field first, ascending.
    pub ranked: bool,
}

/// Which issues to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgileScope {
    /// Those that the filter of a board matches.
    Board(JiraId),
    /// All of some projects.
    Projects {
        /// The projects.
        projects: Vec<ProjectKey>,
        /// The rank field; the only one that there is when `None`.
        rank_field: Option<JiraId>,
    },
}

/// What to read of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgileAspects {
    /// Their order by rank.
    pub rank: bool,
    /// Their epics.
    pub epics: bool,
}

/// The epic of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EpicOf {
    /// It is in no epic, or epics were not asked for.
    None,
    /// It is in this one.
    Issue(IssueId),
    /// It is in an epic that the account cannot read. That is not the same as none.
    Unreadable(IssueKey),
}

/// An issue of the scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgileIssue {
    /// The issue.
    pub issue: ObservedIssue,
    /// Its epic. A sub-task is in its parent's epic, and shows none of its own.
    pub epic: EpicOf,
    /// Whether it is an epic itself; `false` when epics were not asked for.
    pub is_epic: bool,
}

/// The issues of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agile {
    /// The field of the order, `customfield_10019`; none when the rank was not asked for.
    pub rank_field: Option<JiraId>,
    /// The issues, each once: by rank, or by id when the rank was not asked for.
    pub issues: Vec<AgileIssue>,
    /// How many issues at the front are in the order of their rank; all of them unless the tracker
    /// shows less of an order. The rest follow by id.
    pub ordered_count: usize,
}
