//! How far the changes of a tracker are known.
//!
//! What it is not: a promise that nothing was changed before. The search index of a tracker lags,
//! so the window of each poll begins well before the cursor, and what was seen is not told twice.

use crate::time::Timestamp;
use std::time::Duration;

/// The overlap of two polls that makes up for dates which are compared by the minute.
pub const OVERLAP: Duration = Duration::from_secs(60);

/// How late a change may show up in a search, or how far the server's clock may be ahead of the
/// tracker's, without being missed by polls. What is later still is found by the next sweep.
pub const CLOCK_AND_INDEX_LAG: Duration = Duration::from_secs(10 * 60);

/// A minute, in milliseconds: the finest that a query can ask for.
const MINUTE_MS: i64 = 60_000;

/// Everything that a tracker has stamped up to here was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(pub Timestamp);

impl Cursor {
    /// From when on the next poll asks for changes: a whole minute.
    pub fn window_start(self) -> Timestamp {
        let overlap = OVERLAP + CLOCK_AND_INDEX_LAG;
        let overlap_ms = i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX);
        let start = self.0.0.saturating_sub(overlap_ms);
        Timestamp(start.div_euclid(MINUTE_MS).saturating_mul(MINUTE_MS))
    }

    /// The cursor after a complete read of the window, of which `newest` has the latest stamp:
    /// that stamp, in the tracker's own time, and never an earlier one. A read that showed nothing
    /// leaves it, since only the tracker knows its time. A stamp further ahead of `began` than the
    /// clocks may differ does not count in full: an issue from the future would hide all that
    /// changes until then.
    #[must_use]
    pub fn after(self, newest: Option<Timestamp>, began: Timestamp) -> Cursor {
        let lag_ms = i64::try_from(CLOCK_AND_INDEX_LAG.as_millis()).unwrap_or(i64::MAX);
        let latest = began.plus_milliseconds(lag_ms);
        newest.map_or(self, |newest| self.max(Cursor(newest.min(latest))))
    }
}
