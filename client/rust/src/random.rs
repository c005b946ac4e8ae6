//! The one place where the client draws randomness. Not a seam for secrets: nothing here needs to
//! be unpredictable, only different from call to call.

use uuid::Uuid;

#[expect(
    clippy::disallowed_methods,
    reason = "a client runs outside of simulation, and its request ids must differ between processes"
)]
fn draw() -> Uuid {
    Uuid::new_v4()
}

/// A new id that makes one write safe to send again.
pub(crate) fn request_id() -> String {
    draw().to_string()
}

/// A number from 0 up to, but not including, 1.
pub(crate) fn fraction() -> f64 {
    // The first 32 bits of a version 4 UUID are all random.
    f64::from(draw().as_fields().0) / (f64::from(u32::MAX) + 1.0)
}
