//! Enums as words in a column. A word that was stored is never given another meaning.

use crate::error::Error;
use crate::tracker::{Product, TrackerState};
use resync_core::job::{JobKind, JobState, Severity, Trigger, WaitReason};
use resync_core::synchronizer::State;

/// An enum with a word for each value.
pub(crate) trait Code: Sized + Copy {
    /// The word.
    fn code(self) -> &'static str;
    /// The value of a word that was stored.
    fn from_code(code: &str) -> Result<Self, Error>;
}

macro_rules! codes {
    ($what:literal, $type:ty { $($variant:ident = $code:literal),* $(,)? }) => {
        impl Code for $type {
            fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            fn from_code(code: &str) -> Result<Self, Error> {
                match code {
                    $($code => Ok(Self::$variant),)*
                    _ => Err(Error::Corrupt { what: $what }),
                }
            }
        }
    };
}

codes!("the kind of a job", JobKind { Resync = "resync", IncrementalSync = "incremental_sync" });
codes!("the state of a job", JobState {
    Pending = "pending",
    Running = "running",
    Cancelling = "cancelling",
    Succeeded = "succeeded",
    Incomplete = "incomplete",
    Failed = "failed",
    Cancelled = "cancelled",
});
codes!("the wait reason of a job", WaitReason {
    IncrementalSync = "incremental_sync",
    StructureBusy = "structure_busy",
    Capacity = "capacity",
    TrackerThrottled = "tracker_throttled",
    TrackerUnreachable = "tracker_unreachable",
});
codes!("the trigger of a job", Trigger {
    Call = "call",
    StructureChange = "structure_change",
    TrackerChange = "tracker_change",
    Poll = "poll",
    Schedule = "schedule",
});
codes!("the severity of a log line", Severity {
    Info = "info",
    Warning = "warning",
    Error = "error",
});
codes!("the state of a synchronizer", State {
    Enabled = "enabled",
    Disabled = "disabled",
    Unavailable = "unavailable",
    Suspended = "suspended",
});
codes!("the product of a tracker", Product {
    JiraCloud = "jira_cloud",
    JiraDataCenter = "jira_data_center",
});
codes!("the state of a tracker", TrackerState {
    Unchecked = "unchecked",
    Active = "active",
    Throttled = "throttled",
    Unreachable = "unreachable",
    Refused = "refused",
});
