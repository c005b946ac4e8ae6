//! Keys that order siblings, so that a move writes one row.
//!
//! A key is a fraction between 0 and 1 written in base 256, most significant digit first. Between
//! two keys there is always another one, so siblings never have to be renumbered. It is not
//! Jira's rank, which is Jira's to write, and is never copied from it.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The order of a row among its siblings. Compares as bytes, here and in both databases.
///
/// # Invariants
/// Not empty, and the last digit is not 0 (so that equal fractions are equal keys).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderKey(SmallVec<[u8; 16]>);

impl OrderKey {
    /// Reads a key from a store; `None` when the bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Option<OrderKey> {
        (bytes.last().is_some_and(|&last| last != 0)).then(|| OrderKey(bytes.into()))
    }

    /// The digits.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
