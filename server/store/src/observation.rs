//! Issues as they were last read from a tracker.

use resync_core::id::TrackerId;
use resync_core::issue::ObservedIssue;
use resync_core::time::Timestamp;
use std::fmt;

/// Issues that were read, handed over one by one: a job that has read many keeps them for its
/// verification, and the store needs few at a time.
pub struct ObservedStream(Box<dyn Iterator<Item = (TrackerId, ObservedIssue)> + Send>);

impl ObservedStream {
    /// Hands over what `issues` yields.
    pub fn new(issues: impl Iterator<Item = (TrackerId, ObservedIssue)> + Send + 'static) -> Self {
        Self(Box::new(issues))
    }
}

impl Iterator for ObservedStream {
    type Item = (TrackerId, ObservedIssue);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl fmt::Debug for ObservedStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ObservedStream")
    }
}

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
