//! Issues as observed in a tracker.
//!
//! What it is not: the JSON of a tracker (see the tracker's own folder), nor a row of a structure.

use crate::id::{IssueId, IssueKey, JiraId, ProjectKey, TrackerId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Which issue, of which tracker. The identity of an issue row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IssueRef {
    /// The tracker.
    pub tracker: TrackerId,
    /// The issue's id there.
    pub issue: IssueId,
}

/// The type of an issue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IssueType {
    /// Jira's id of the type; names are not unique.
    pub id: JiraId,
    /// The name that people see.
    pub name: Arc<str>,
    /// Whether issues of this type are sub-tasks: they live under a parent, in its project.
    pub subtask: bool,
}

/// What one read of an issue showed: identity, what people read, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedIssue {
    /// Jira's id.
    pub id: IssueId,
    /// The key, when it was read.
    pub key: IssueKey,
    /// The summary; empty when the issue has none.
    pub summary: Arc<str>,
    /// The project.
    pub project: ProjectKey,
    /// The type.
    pub issue_type: IssueType,
    /// The name of the status; empty when the answer had none.
    pub status: Arc<str>,
    /// The assignee's display name.
    pub assignee: Option<Arc<str>>,
    /// The parent: of a sub-task always; on Cloud of any issue that has one.
    pub parent: Option<IssueId>,
    /// When Jira says that it was last updated. Not moved by everything; see the contract.
    pub updated: Timestamp,
}

/// One link between two issues, of the type and in the direction that a links synchronizer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObservedLink {
    /// The end that is the parent.
    pub parent: IssueId,
    /// The other end.
    pub child: IssueId,
}

/// That an issue belongs to an epic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObservedEpic {
    /// The issue.
    pub issue: IssueId,
    /// Its epic.
    pub epic: IssueId,
}

/// A page of query results has them in the order of the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryResult {
    /// All matching issues, in the order of the query, each once.
    pub issues: Vec<ObservedIssue>,
    /// How many issues at the front are in the query's own order. Equal to the length unless the
    /// tracker refuses to order more than a window; the rest then follow in order of their ids.
    pub ordered_count: usize,
}
