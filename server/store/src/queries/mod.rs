//! Everything that is asked of a database, as synchronous functions on a connection, by noun.
//!
//! This folder is compiled once for each database: `super` is `sqlite.rs` or `postgres.rs`, whose
//! `Conn` is a concrete type, so that all that both databases can do is at hand. What only one can
//! do, or does better its own way, is a function of `super` with the same name in both.

pub(crate) mod base;
pub(crate) mod claim;
pub(crate) mod commit;
pub(crate) mod forest;
pub(crate) mod incremental;
pub(crate) mod incremental_due;
pub(crate) mod incremental_mirrors;
pub(crate) mod incremental_polls;
pub(crate) mod job_records;
pub(crate) mod jobs;
pub(crate) mod meta;
pub(crate) mod observations;
pub(crate) mod requests;
pub(crate) mod shown;
pub(crate) mod structures;
pub(crate) mod synchronizers;
pub(crate) mod trackers;
pub(crate) mod versions;

use super::Conn;
use crate::error::Error;

/// Most values in a list of a condition (`id IN (…)`): well below SQLite's 32,766 parameters.
const IN_MAX: usize = 10_000;

/// Rows that are made ready to be written at once, so that the memory for it does not grow with the
/// forest.
const ROWS_AT_ONCE: usize = 10_000;

/// A page's length as the database wants it.
fn limit_of(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Checks an etag that a caller may have given. Returns the one after the change.
fn next_etag(what: &'static str, expected: Option<&str>, actual: &str) -> Result<i64, Error> {
    if let Some(expected) = expected.filter(|&expected| expected != actual) {
        let (expected, actual) = (expected.to_owned(), actual.to_owned());
        return Err(Error::Stale {
            what,
            expected,
            actual,
        });
    }
    actual
        .parse::<i64>()
        .map(|etag| etag + 1)
        .map_err(|_| Error::Corrupt { what: "an etag" })
}
