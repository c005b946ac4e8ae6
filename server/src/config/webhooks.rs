//! Whose webhooks are accepted, checked.
//!
//! What it is not: the tokens; those are read at the moment of use.

use super::{ConfigError, WebhookBinding};
use std::collections::BTreeSet;

pub(super) fn check(bindings: Vec<WebhookBinding>) -> Result<Vec<WebhookBinding>, ConfigError> {
    let mut trackers = BTreeSet::new();
    for binding in &bindings {
        let invalid = |detail: &str| ConfigError::Value {
            field: format!("webhooks.{}", binding.tracker),
            detail: detail.to_owned(),
        };
        if binding.tracker.is_empty() {
            return Err(invalid("it needs a `tracker`"));
        }
        if !trackers.insert(binding.tracker.as_str()) {
            return Err(invalid("the tracker stands twice"));
        }
        if binding.environment.is_some() == binding.file.is_some() {
            return Err(invalid("set exactly one of `environment` and `file`"));
        }
        if binding.signing_environment.is_some() && binding.signing_file.is_some() {
            return Err(invalid(
                "set at most one of `signing_environment` and `signing_file`",
            ));
        }
    }
    Ok(bindings)
}
