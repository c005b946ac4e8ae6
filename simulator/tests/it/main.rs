//! Behaviour of the simulated Jira, through its door: requests in, answers out.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod archive;
mod auth;
mod boards;
mod claims;
mod cloud_search;
mod content;
mod data_center_search;
mod faults;
mod incremental;
mod issues;
mod jql;
mod lag;
mod openapi;
mod over_http;
mod queries;
mod site;
mod spec;
mod support;
mod transitions;
mod webhooks;
