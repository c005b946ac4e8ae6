//! Incremental syncs: when one is due, from where on changes are asked for, and what a few changes
//! make of what was known.
//!
//! What it is not: the rules of synchronizers. A delta only brings the evidence up to date; the
//! planner is the one that a resync uses, and it looks at the whole.

mod cursor;
mod delta;
mod due;
mod links;
mod volatile;

pub use cursor::{CLOCK_AND_INDEX_LAG, Cursor, OVERLAP};
pub use delta::{Mirrored, culprits, is_gone, requests_allowed, updated};
pub use due::{Cause, Due, Timing, Waiting, due, next_poll};
pub use links::{LinkDelta, LinksRead};
pub use volatile::{depends_on_more_than_its_issues, is_volatile};
