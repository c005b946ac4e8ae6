//! The Jira adapter seen from outside: against scripted answers, against the simulated Jira in
//! process under a clock that tests move, and over a real network.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

mod accounts;
mod boards;
mod changes;
mod faulty;
mod limits;
mod linked;
mod lookups;
mod network;
mod protocol;
mod queries;
mod recorded;
mod script;
mod secrets;
mod simulated;
mod workflow;
