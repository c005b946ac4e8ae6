//! When to try a failed job again.
//!
//! What it is not: the waiting, nor the limiter of requests to a tracker; a job comes here only
//! when the tracker's adapter has given up.

use std::time::Duration;

/// The longest wait before the second try; each further try doubles it.
pub const RETRY_WAIT_FIRST: Duration = Duration::from_secs(1);

/// The longest wait: an outage of hours is noticed to be over within a quarter of an hour.
pub const RETRY_WAIT_MAX: Duration = Duration::from_secs(15 * 60);

/// The longest pause that a tracker is granted: then it is asked again. A misconfigured proxy can
/// name any number, and a job must not wait for years.
pub const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);

/// Most tries of one job. With the waits above: 2.5 hours at most, 1.25 hours on average.
pub const ATTEMPTS_MAX: i32 = 20;

/// What sort of failure ended a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The tracker asked for a pause, for at least this long.
    Throttled {
        /// How long; zero when it did not say.
        retry_after: Duration,
    },
    /// The tracker or the store could not be reached, or failed.
    Unavailable,
    /// What the try was based on changed meanwhile.
    Stale,
    /// It would fail again: a refused credential, a query that is not accepted, a fault.
    Permanent,
}

/// What to do after a failed try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Try again after this wait.
    After(Duration),
    /// Do not try again.
    GiveUp,
}

/// Decides whether a job is tried again. `attempt` is the try that failed, from 1; `fraction` is
/// a random number in 0..=1. The wait is a random part of a bound that doubles ("full jitter"),
/// so that jobs that failed together do not come back together. A pause that was asked for comes
/// on top.
pub fn retry(failure: Failure, attempt: i32, fraction: f64) -> Retry {
    let pause = match failure {
        Failure::Permanent => return Retry::GiveUp,
        Failure::Throttled { retry_after } => retry_after.min(PAUSE_MAX),
        Failure::Unavailable | Failure::Stale => Duration::ZERO,
    };
    if attempt >= ATTEMPTS_MAX {
        return Retry::GiveUp;
    }
    let doublings = u32::try_from(attempt.max(1) - 1).unwrap_or(0);
    let bound = RETRY_WAIT_FIRST
        .saturating_mul(2u32.saturating_pow(doublings))
        .min(RETRY_WAIT_MAX);
    Retry::After(pause.saturating_add(bound.mul_f64(fraction.clamp(0.0, 1.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(failure: Failure, attempt: i32, fraction: f64) -> Duration {
        match retry(failure, attempt, fraction) {
            Retry::After(wait) => wait,
            Retry::GiveUp => panic!("gave up at attempt {attempt}"),
        }
    }

    #[test]
    fn the_bound_doubles_up_to_a_quarter_of_an_hour() {
        let bounds: Vec<u64> = (1..ATTEMPTS_MAX)
            .map(|n| wait(Failure::Unavailable, n, 1.0).as_secs())
            .collect();
        assert_eq!(
            bounds[..12],
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
        );
        assert_eq!(
            bounds.iter().sum::<u64>(),
            9_123,
            "the 2.5 hours that ATTEMPTS_MAX promises"
        );
    }

    #[test]
    fn the_wait_is_a_part_of_the_bound() {
        assert_eq!(wait(Failure::Stale, 5, 0.25), Duration::from_secs(4));
        assert_eq!(wait(Failure::Stale, 5, 0.0), Duration::ZERO);
        assert_eq!(
            wait(Failure::Stale, 5, f64::NAN.max(2.0)),
            Duration::from_secs(16)
        );
    }

    #[test]
    fn a_pause_that_was_asked_for_is_kept() {
        let failure = Failure::Throttled {
            retry_after: Duration::from_secs(3600),
        };
        assert_eq!(wait(failure, 1, 0.0), Duration::from_secs(3600));
        assert_eq!(wait(failure, 1, 1.0), Duration::from_secs(3601));
    }

    #[test]
    fn no_pause_is_longer_than_an_hour() {
        let failure = Failure::Throttled {
            retry_after: Duration::from_secs(1_000_000_000),
        };
        assert_eq!(wait(failure, 1, 0.0), PAUSE_MAX);
    }

    #[test]
    fn after_the_last_attempt_it_gives_up() {
        assert_eq!(
            retry(Failure::Unavailable, ATTEMPTS_MAX, 0.5),
            Retry::GiveUp
        );
        assert_eq!(retry(Failure::Unavailable, i32::MAX, 0.5), Retry::GiveUp);
    }

    #[test]
    fn what_would_fail_again_is_not_tried_again() {
        assert_eq!(retry(Failure::Permanent, 1, 0.5), Retry::GiveUp);
    }
}
