//! Statuses of issues, and the transitions that lead from one to another.
//!
//! What it is not: a workflow. What can be done differs from issue to issue, and from one moment
//! to the next.

use resync_core::id::{IssueId, JiraId};
use resync_core::issue::ObservedIssue;
use std::sync::Arc;

/// A status. Names repeat and are in the account's language; the id tells statuses apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// The id.
    pub id: JiraId,
    /// The name.
    pub name: Arc<str>,
    /// The key of its category when the tracker says it: `new`, `indeterminate` or `done`.
    pub category: Option<Arc<str>>,
}

/// An issue and its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueStatus {
    /// The issue.
    pub issue: ObservedIssue,
    /// Its status.
    pub status: Status,
    /// The id of its resolution, when it has one.
    pub resolution: Option<JiraId>,
}

/// Statuses that were asked for by issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusBatch {
    /// Those that can be read, ascending by id of the issue.
    pub found: Vec<IssueStatus>,
    /// Issues that are gone or invisible.
    pub missing: Vec<IssueId>,
}

/// A way out of the status that an issue has now. Its id is of the workflow: the same change has
/// other ids elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The id.
    pub id: JiraId,
    /// The name.
    pub name: Arc<str>,
    /// Where it leads.
    pub to: Status,
    /// The fields that must be set with it and have no default, such as `resolution`, by id.
    pub required: Vec<JiraId>,
}

/// The transitions of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueTransitions {
    /// The issue.
    pub issue: IssueId,
    /// Its transitions; none also when the account may not make any.
    pub transitions: Vec<Transition>,
}

/// Transitions that were asked for by issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransitionBatch {
    /// Those of issues that can be read, in the order in which they were given.
    pub found: Vec<IssueTransitions>,
    /// Issues that are gone or invisible.
    pub missing: Vec<IssueId>,
}
