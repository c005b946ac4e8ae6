//! The job engine: claims jobs, and runs each through five verbs that meet in one function.
//!
//! ```text
//! observe   what the tracker shows           (a tracker handle that only reads)
//! load      what the store knows             (rows, claims, synchronizers)
//! plan      what is to be done, and why      (pure, in the core)
//! execute   the whole plan, in one transaction
//! record    read back, compare again, and tell
//! ```
//!
//! What it is not: a queue of work. A job carries what its caller asked for; everything else is
//! observed again at every try, so a crash at any moment costs a try and nothing more.

mod confirmed;
mod describe;
mod engine;
mod execute;
mod facts;
mod failure;
mod incremental;
mod load;
mod observe;
mod observed;
mod pass;
mod progress;
mod settle;
mod verify;

pub use engine::{Engine, EngineParts, EngineSettings};

use async_trait::async_trait;
use resync_core::problem::Problem;
use resync_core::time::Timestamp;
use resync_store::TrackerRecord;
use resync_tracker::TrackerReader;
use std::sync::Arc;

/// The current time, as the server's only clock tells it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A random fraction, 0 up to but not 1, for jitter.
pub type Fraction = Arc<dyn Fn() -> f64 + Send + Sync>;

/// Wakes watchers. May do nothing; they look by themselves, too.
pub type Changed = Arc<dyn Fn() + Send + Sync>;

/// Where the engine gets handles of trackers from. All handles of one connection share one
/// limiter, so that the tracker sees one polite client.
#[async_trait]
pub trait TrackerDirectory: Send + Sync {
    /// A handle that can only read. Fails when the credential cannot be found or may not be sent
    /// to that host.
    async fn reader(&self, tracker: &TrackerRecord) -> Result<Arc<dyn TrackerReader>, Problem>;
}

/// What an error of a tracker means to people and callers, for the connection of that name.
pub fn problem_of_tracker(error: &resync_tracker::Error, tracker: &str) -> Problem {
    failure::of_tracker(error, tracker).problem
}

/// Computes for long: where other tasks share the thread, they go on elsewhere. Where there is one
/// thread only, as under virtual time, it happens at once.
pub(crate) fn compute<T>(work: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::MultiThread => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// A number of things, in the unit of the store.
pub(crate) fn count(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX)
}
