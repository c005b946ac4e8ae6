//! How many requests go out, and when: one for all that uses one handle.
//!
//! What it is not: retries; whoever was refused decides whether to come again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// How long requests go out more slowly after Jira said that a limit is near: the window of its
/// burst limit, after which it says so again if it is still so.
const SLOW_SPAN: Duration = Duration::from_secs(1);

/// How much more slowly.
const SLOW_FACTOR: u32 = 4;

/// Least distance of requests while a limit is near, when no rate is configured: half of Cloud's
/// burst limit of 100 a second.
const SLOW_INTERVAL_MIN: Duration = Duration::from_millis(20);

/// What the timer rounds up to: a shorter wait would take this long, and many of them would hold
/// requests back far beyond a high rate. Turns are counted all the same.
const TIMER_GRAIN: Duration = Duration::from_millis(1);

/// Lets requests through: at most so many at a time, at most so many a second, none in a pause.
#[derive(Debug)]
pub(super) struct Limiter {
    slots: Semaphore,
    interval: Duration,
    pace: Mutex<Pace>,
}

#[derive(Debug)]
struct Pace {
    next: Instant,
    paused_until: Instant,
    slow_until: Instant,
}

impl Limiter {
    /// `per_second` 0 stands for any number.
    pub(super) fn new(concurrent: u32, per_second: u32) -> Self {
        let interval = Duration::from_secs(1)
            .checked_div(per_second)
            .unwrap_or_default();
        let pace = Mutex::new(Pace::now());
        Self {
            slots: Semaphore::new(concurrent as usize),
            interval,
            pace,
        }
    }

    /// Waits for a turn. The turn lasts as long as the permit.
    pub(super) async fn enter(&self) -> SemaphorePermit<'_> {
        let permit = self
            .slots
            .acquire()
            .await
            .expect("the semaphore is never closed");
        loop {
            let turn = self.take_turn();
            if turn > Instant::now() + TIMER_GRAIN {
                sleep_until(turn).await;
            }
            // A pause may have begun while this turn was waited for.
            if self.pace().paused_until <= Instant::now() {
                return permit;
            }
        }
    }

    /// Holds every request back from now on.
    pub(super) fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        let mut pace = self.pace();
        pace.paused_until = pace.paused_until.max(until);
    }

    /// Sends more slowly for a while.
    pub(super) fn slow_down(&self) {
        self.pace().slow_until = Instant::now() + SLOW_SPAN;
    }

    fn take_turn(&self) -> Instant {
        let now = Instant::now();
        let mut pace = self.pace();
        let turn = now.max(pace.next).max(pace.paused_until);
        let slow = (self.interval * SLOW_FACTOR).max(SLOW_INTERVAL_MIN);
        let interval = if turn < pace.slow_until {
            slow
        } else {
            self.interval
        };
        pace.next = turn + interval;
        turn
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        // Nothing between lock and unlock can leave the three instants half changed.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    fn now() -> Self {
        let now = Instant::now();
        Self {
            next: now,
            paused_until: now,
            slow_until: now,
        }
    }
}
