//! The service through its doors: a real gRPC connection on loopback, a real store in a file, and
//! an engine that is played by writing what it would write.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod bad_input;
mod errors;
mod forests;
mod jobs;
mod resyncs;
mod serving;
mod structures;
mod support;
mod synchronizers;
mod trackers;
mod watches;
mod webhooks;
