//! Issues as they were last read from a tracker.

use resync_core::id::TrackerId;
use resync_core::issue::ObservedIssue;
use resync_core::time::Timestamp;

/// An issue as it was last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The tracker.
    pub tracker: TrackerId,
    /// What the read showed.
    pub issue: ObservedIssue,
    /// When it was first read like this.
    pub seen_time: Timestamp,
    /// When it turned out to be deleted, or not visible to the account; `None` while it is there.
    pub gone_time: Option<Timestamp>,
}
