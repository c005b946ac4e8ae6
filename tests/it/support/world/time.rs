//! Virtual time: it moves on when everybody waits, and every world begins at the same moment.
//!
//! What it is not: a mocked clock. What waits, waits; only nobody has to sit through it.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// When virtual time begins: a Tuesday in November 2026.
const BEGINNING: i64 = 1_795_500_000_000;

/// What happened, line by line, with virtual times.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<String>>);

impl Trace {
    /// Adds a line.
    pub(crate) fn line(&self, text: impl std::fmt::Display) {
        let now = Instant::now().elapsed_since_start();
        writeln!(self.0.lock().expect("nobody panicked"), "{now:>9} {text}").expect("it is text");
    }

    /// All of it.
    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("nobody panicked").clone()
    }
}

trait Elapsed {
    fn elapsed_since_start(&self) -> u128;
}

thread_local! {
    static START: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) };
}

impl Elapsed for Instant {
    fn elapsed_since_start(&self) -> u128 {
        START
            .get()
            .map_or(0, |start| self.duration_since(start).as_millis())
    }
}

/// Runs a future in a thread of its own time, which moves on when everybody waits.
pub(crate) fn in_virtual_time<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime can be had");
    runtime.block_on(async {
        START.set(Some(Instant::now()));
        future.await
    })
}

/// The moment in virtual time, in milliseconds since 1970.
pub(super) fn virtual_now() -> i64 {
    let elapsed = Instant::now().elapsed_since_start();
    BEGINNING + i64::try_from(elapsed).expect("worlds are short")
}
