//! When to look into the store again, for those who follow something.

use std::time::Duration;
use tokio::time::Instant;

/// How long to pause between two looks into the store: short at first, then longer, so that an
/// idle watch costs little and a busy one is quick.
#[derive(Clone, Debug)]
pub(crate) struct Pause {
    current: Duration,
    most: Duration,
}

impl Pause {
    /// The pause after something has happened.
    const SHORTEST: Duration = Duration::from_millis(20);

    /// Starts short, and grows to `most`.
    pub(crate) fn new(most: Duration) -> Self {
        Self {
            current: Self::SHORTEST.min(most),
            most,
        }
    }

    /// When the next look is due, if no signal comes before.
    pub(crate) fn next(&mut self) -> Instant {
        let due = Instant::now() + self.current;
        self.current = (self.current * 2).min(self.most);
        due
    }

    /// Something has happened: look again soon.
    pub(crate) fn reset(&mut self) {
        self.current = Self::SHORTEST.min(self.most);
    }
}
