//! The gRPC service of Resync: what the API does, over the store and the core.
//!
//! What it is not: it runs no job and reaches no tracker. Jobs are created here and run by the
//! engine, which learns of them by the [`Nudge`] (or by looking); where an answer needs a tracker,
//! a question goes through the [`ProbeQueue`] to the engine.
//!
//! Read in this order: [`Parts`] says what a service needs; [`serve()`] carries it; `app` is what
//! the API does; `api` are the doors to it.

mod access;
mod api;
mod app;
mod call;
mod filter;
mod hook;
mod limits;
mod names;
mod probe;
mod refusal;
mod seams;
mod serve;
mod service;
mod token;

pub use access::{Access, Allows, Identify, Permission};
pub use api::status::STATUS_BYTES_MAX;
pub use api::stream::WatchStream;
pub use hook::{HOOK_TOKEN_MIN, HookDoor, HookKeys};
pub use limits::{Features, Limits, SYNCHRONIZERS_SETTING, TrackerPolicy, is_among};
pub use probe::{CheckResult, PROBES_MAX, Probe, ProbeQueue, Reply, TrackerCheck, TrackerReport};
pub use refusal::{Refusal, Violation};
pub use seams::{Clock, Nudge, Random, Signal};
pub use serve::{Ended, ServeError, serve};
pub use service::{Build, Parts, Service};
