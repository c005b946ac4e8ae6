//! How many watches each caller has: a bound, so that one caller cannot take all streams.

use super::{App, Caller};
use crate::refusal::Refusal;
use resync_core::id::Principal;
use resync_core::problem::Reason;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The quota, as errors name it.
const QUOTA: &str = "watches_per_caller";

/// When a caller with too many watches may try again: one may have ended by then.
const RETRY: Duration = Duration::from_secs(10);

/// The open watches by caller.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watches(Arc<Mutex<HashMap<Principal, usize>>>);

/// One open watch. Counts until it is dropped.
#[derive(Debug)]
pub(crate) struct WatchPermit {
    watches: Watches,
    caller: Caller,
}

impl Watches {
    /// Whether there is no watch.
    pub(crate) fn is_empty(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    /// Opens a watch.
    ///
    /// # Errors
    /// `QUOTA_EXCEEDED` when the caller has as many as allowed.
    pub(crate) fn open(&self, app: &App, caller: &Caller) -> Result<WatchPermit, Refusal> {
        let most = app.limits.watches_per_caller_max;
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(caller.clone()).or_default();
        if *count >= most {
            let message = format!("{caller} has {most} watches already; end one of them");
            let refusal = Refusal::new(Reason::QuotaExceeded, message).with("quota", QUOTA);
            return Err(refusal.after(RETRY));
        }
        *count += 1;
        Ok(WatchPermit {
            watches: self.clone(),
            caller: caller.clone(),
        })
    }
}

impl Drop for WatchPermit {
    fn drop(&mut self) {
        let mut open = self
            .watches
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.caller) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.caller);
            }
        }
    }
}
