//! Rows of tables, and their conversion to and from the values of the core. They never leave the
//! crate.

pub(crate) mod base;
pub(crate) mod forest;
pub(crate) mod job;
pub(crate) mod observation;
pub(crate) mod structure;
pub(crate) mod synchronizer;
pub(crate) mod tracker;
