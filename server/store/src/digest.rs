//! A digest of settings, to tell whether they are those of the last resync that succeeded.

use resync_core::synchronizer::Settings;
use sha2::{Digest, Sha256};

/// A digest of a synchronizer's settings: the same for the same settings, in every release that
/// knows them. 64 hexadecimal digits.
pub fn settings_hash(settings: &Settings) -> String {
    // Settings are plain values, so writing them as JSON cannot fail; an empty text would only
    // make a resync recommended.
    let text = serde_json::to_string(settings).unwrap_or_default();
    Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
