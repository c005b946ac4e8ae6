//! Between the messages of the API and the values of the core. Pure.
//!
//! Outward (`to_…`) is total; inward (`from_…`) says which field is wrong. Both take records apart
//! field by field, so that a new field stops the build here. What it is not: a lookup; names of
//! what a record refers to come as [`crate::app::labels::Labels`].

pub(crate) mod edit;
pub(crate) mod field;
pub(crate) mod forest;
pub(crate) mod job;
pub(crate) mod plan;
pub(crate) mod problem;
pub(crate) mod rule;
pub(crate) mod structure;
pub(crate) mod synchronizer;
pub(crate) mod tracker;

use resync_core::time::Timestamp;

/// A time.
pub(crate) fn to_time(time: Timestamp) -> prost_types::Timestamp {
    let seconds = time.0.div_euclid(1000);
    let milliseconds = i32::try_from(time.0.rem_euclid(1000)).expect("less than 1000");
    prost_types::Timestamp {
        seconds,
        nanos: milliseconds * 1_000_000,
    }
}

/// A count. More than the API can say is shown as the most that it can.
pub(crate) fn to_count(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A duration.
pub(crate) fn to_duration(duration: std::time::Duration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).unwrap_or(0),
    }
}
