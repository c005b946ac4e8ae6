//! The seams to the world: time, randomness, and the signals between the service and the engine.
//!
//! What it is not: their implementations. The daemon passes the real ones, tests pass their own.

use resync_core::id::Uid;
use resync_core::time::Timestamp;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// Tells the current time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Gives 16 fresh random bytes.
pub type Random = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

/// Wakes the engine: there may be work. May be lost; the engine looks by itself, too.
pub type Nudge = Arc<Notify>;

/// Wakes watchers: something in the store has changed. May be lost; watchers look by themselves.
#[derive(Clone, Debug)]
pub struct Signal(Arc<watch::Sender<()>>);

impl Signal {
    /// A signal that nobody listens to yet.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(())))
    }

    /// Wakes everybody who listens.
    pub fn raise(&self) {
        self.0.send_replace(());
    }

    /// How many listen.
    pub fn listeners(&self) -> usize {
        self.0.receiver_count()
    }

    /// Listens from now on. Subscribe before looking, so that nothing falls in between.
    pub fn subscribe(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

impl Default for Signal {
    fn default() -> Self {
        Self::new()
    }
}

/// A fresh server-assigned id.
pub(crate) fn fresh_uid(random: &Random) -> Uid {
    Uid::new(hexadecimal(&random()))
}

/// Lower-case hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("writing to a string does not fail");
            text
        })
}
