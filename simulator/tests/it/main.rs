//! Behaviour of the simulated Jira, through its door: requests in, answers out.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod archive;
mod jql;
mod support;
