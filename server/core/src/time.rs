//! Instants as values. Who knows the current time passes it in; nothing here asks a clock.

use serde::{Deserialize, Serialize};

/// An instant: milliseconds since the Unix epoch, UTC. Jira's own resolution.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `milliseconds` later.
    pub fn plus_milliseconds(self, milliseconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(milliseconds))
    }
}
