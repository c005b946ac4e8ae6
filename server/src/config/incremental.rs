//! When incremental syncs run: the `[incremental]` table, with its defaults and limits.
//!
//! What it is not: the decision when one is due; that is the core's.

use super::ConfigError;
use resync_core::incremental::Timing;
use serde::Deserialize;
use std::time::Duration;

/// Longest interval, in seconds: a day. Who wants less than one look a day wants no sync.
const SECONDS_MAX: u64 = 24 * 60 * 60;

/// Longest wait for quiet, in seconds: what people changed should be there while they look.
const DEBOUNCE_SECONDS_MAX: u64 = 60;

/// A wait for quiet is cut short after this many times its length.
const DEBOUNCES_MAX: u32 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Incremental {
    debounce_seconds: u64,
    poll_seconds: u64,
    evaluation_seconds: u64,
    sweep_seconds: u64,
}

impl Default for Incremental {
    fn default() -> Self {
        Self {
            debounce_seconds: Timing::DEFAULT.debounce.as_secs(),
            poll_seconds: Timing::DEFAULT.poll_interval.as_secs(),
            evaluation_seconds: Timing::DEFAULT.evaluation_interval.as_secs(),
            sweep_seconds: Timing::DEFAULT.sweep_interval.as_secs(),
        }
    }
}

impl Incremental {
    /// The checked figures.
    pub(super) fn check(&self) -> Result<Timing, ConfigError> {
        let debounce = within(
            "debounce_seconds",
            self.debounce_seconds,
            DEBOUNCE_SECONDS_MAX,
        )?;
        Ok(Timing {
            debounce,
            debounce_max: debounce * DEBOUNCES_MAX,
            poll_interval: within("poll_seconds", self.poll_seconds, SECONDS_MAX)?,
            evaluation_interval: within(
                "evaluation_seconds",
                self.evaluation_seconds,
                SECONDS_MAX,
            )?,
            sweep_interval: within("sweep_seconds", self.sweep_seconds, SECONDS_MAX)?,
        })
    }
}

fn within(key: &str, value: u64, most: u64) -> Result<Duration, ConfigError> {
    if (1..=most).contains(&value) {
        return Ok(Duration::from_secs(value));
    }
    Err(ConfigError::Value {
        field: format!("incremental.{key}"),
        detail: format!("it must be between 1 and {most} seconds, not {value}"),
    })
}
