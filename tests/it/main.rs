//! The whole, through its doors: real binaries, real HTTP, real stores.

#![expect(
    clippy::print_stdout,
    reason = "a test tells what it skips and what it counted"
)]

mod agile;
mod architecture;
mod archive;
mod cli;
mod crash;
mod faults;
mod grpcurl;
mod history;
mod links;
mod postgres;
mod proto;
mod readme;
mod simulation;
mod startup;
mod support;
mod trouble;
mod waiting;
mod webhooks;
