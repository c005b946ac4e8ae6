//! The only place that reads the wall clock or asks the system for randomness.
//!
//! Everything else gets these as arguments, so that a simulation can pass its own.

use rand::TryRngCore;
use rand::rngs::OsRng;
use resync_core::id::Uid;
use resync_core::time::Timestamp;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The current time, of the system.
pub fn now() -> Timestamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the time comes from"
    )]
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// The system's clock as the seam that the parts take.
pub fn system() -> resync_jobs::Clock {
    Arc::new(now)
}

/// 16 fresh random bytes.
pub fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    OsRng
        .try_fill_bytes(&mut bytes)
        .expect("the system has randomness: nothing is safe without");
    bytes
}

/// A random fraction, 0 up to but not 1, for jitter.
pub fn fraction() -> f64 {
    let [a, b, c, d, ..] = random_bytes();
    f64::from(u32::from_le_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
}

/// A fresh id.
pub fn fresh_uid() -> Uid {
    let digits = random_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>();
    Uid::new(digits)
}

#[cfg(test)]
mod tests {
    #[test]
    fn fractions_stay_below_one_and_ids_differ() {
        for _ in 0..1_000 {
            assert!((0.0..1.0).contains(&super::fraction()));
        }
        assert_ne!(super::fresh_uid(), super::fresh_uid());
    }
}
