//! The Resync server: it reads the configuration, wires the parts, and runs them.
//!
//! What it is not: the parts. The API is in `resync-service`, the engine in `resync-jobs`, the
//! store in `resync-store`, the tracker's side in `resync-tracker`, and what decides in
//! `resync-core`. [`run`] is the only file that knows them all.

pub mod arguments;
pub mod clock;
pub mod config;
pub mod demo;
pub mod probes;
pub mod run;
pub mod secrets;
pub mod serve;
pub mod simulated;
pub mod telemetry;
pub mod trackers;
