//! The pure core of Resync: the nouns of the domain, and everything that decides.
//!
//! What it is not: nothing here reads or writes anything, waits, logs, or knows the time. Values
//! come in, values go out; the compiler guards it, since this crate depends on no runtime.
//!
//! Read in this order: [`id`], [`issue`], [`forest`], [`change`], [`synchronizer`], [`claim`],
//! then the decision itself: which side is right, [`merge`]; what changes in the structure,
//! [`plan`], and in the tracker, [`tracker_plan`]; and what stops it, [`guard`].

pub mod backoff;
pub mod change;
pub mod check;
pub mod claim;
pub mod commit;
pub mod edit;
pub mod forest;
pub mod guard;
pub mod id;
pub mod incremental;
pub mod issue;
pub mod job;
pub mod merge;
pub mod order;
pub mod overlap;
pub mod plan;
pub mod problem;
pub mod summary;
pub mod synchronizer;
pub mod time;
pub mod tracker_plan;
