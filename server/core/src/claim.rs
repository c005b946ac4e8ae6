//! Who wants a row to exist.
//!
//! A row exists as long as somebody claims it. A synchronizer withdraws only its own claim, which
//! is what keeps two of them from fighting over a row.

use crate::id::{RowId, SynchronizerId};
use serde::{Deserialize, Serialize};

/// Who claims a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClaimSource {
    /// A person, by `EditForest`.
    Person,
    /// A synchronizer.
    Synchronizer(SynchronizerId),
}

/// One claim on one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// The row.
    pub row: RowId,
    /// Who claims it.
    pub source: ClaimSource,
}

/// A claim that appears or goes. Claims of a removed row go with the row and are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimChange {
    /// The claim is made.
    Made(Claim),
    /// The claim is withdrawn.
    Withdrawn(Claim),
}
