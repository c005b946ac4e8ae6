//! Incremental syncs, from an edit in Jira to the row: the real engine, store and adapter over a
//! simulated Jira, under virtual time.

#![expect(clippy::unwrap_used, reason = "what panics here is a test that fails")]

mod following;
mod linked;
mod random;
mod trouble;
mod world;
