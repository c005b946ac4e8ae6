//! The merge base: the value on which both sides last agreed, by synchronizer, issue and aspect.
//!
//! What it is not: the base of membership. Which issues a synchronizer has put into the structure is
//! what it claims, and a copy of that here would cost as much as the rows and say the same.

use resync_core::id::IssueId;
use resync_core::time::Timestamp;
use std::sync::Arc;

/// What both sides agreed on, of one aspect of one issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseEntry {
    /// The issue.
    pub issue: IssueId,
    /// The aspect: a name that the synchronizer's kind chooses and keeps.
    pub aspect: Arc<str>,
    /// The value, in the form of the aspect.
    pub value: Vec<u8>,
    /// When the issue had been updated last, in the read in which both sides were equal. No read
    /// that shows an earlier time is news.
    pub tracker_updated: Timestamp,
}
