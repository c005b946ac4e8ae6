//! A client of Resync, for services and for the command line.
//!
//! It adds to the generated stubs what every caller needs to get right: deadlines, retries that
//! never do a thing twice, request ids, pages as streams, watches that resume, and errors to
//! branch on. What it is not: a second model. Messages are those of [`resync_api::v1`], which is
//! re-exported as [`v1`].
#![doc = include_str!("../README.md")]

mod call;
mod client;
mod error;
mod job;
mod pages;
mod random;
mod structure;
mod synchronizer;
#[cfg(test)]
mod testing;
mod tracker;
mod watch;

pub use client::Client;
pub use error::{CallError, Error, Violation};
pub use job::JobHandle;
pub use pages::Items;
pub use resync_api::v1;
pub use structure::StructureHandle;
pub use synchronizer::{Confirmation, RunOptions, SynchronizerHandle};
pub use tracker::TrackerHandle;
pub use watch::{JobEvent, JobEvents};
