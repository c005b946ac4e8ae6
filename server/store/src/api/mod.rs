//! The functions of [`crate::Store`], by noun. Each is one unit of work on the database.

mod base;
mod forest;
mod jobs;
mod observations;
mod requests;
mod structures;
mod synchronizers;
mod trackers;
