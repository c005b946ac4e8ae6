//! An issue as people see it: the part of an observation that a list of rows shows.
//!
//! What it is not: an observation. A list may have a million rows, so what nobody is shown is not
//! read, and each text is moved from the database to the answer.

use resync_core::id::IssueId;
use resync_core::time::Timestamp;

/// What a list of rows shows of an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownIssue {
    /// Which one, of the tracker that was asked for.
    pub issue: IssueId,
    /// The key, when it was read.
    pub key: String,
    /// The summary; may be empty.
    pub summary: String,
    /// The name of its type.
    pub type_name: String,
    /// Whether it is a sub-task.
    pub subtask: bool,
    /// The name of its status; may be empty.
    pub status: String,
    /// The assignee's display name.
    pub assignee: Option<String>,
    /// When the tracker says that it was last updated.
    pub updated: Timestamp,
    /// Whether it is deleted, or not visible to the account.
    pub gone: bool,
}
