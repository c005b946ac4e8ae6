//! From a refusal to the status that is sent: one table, and the bounds on its size.
//!
//! Every status has an `ErrorInfo`; the other details are those that `error_reason.proto` lists
//! on each reason. What it is not: a place for messages; those are made where the cause is known.

use super::convert::problem::to_reason;
use crate::call;
use crate::limits::SYNCHRONIZERS_SETTING;
use crate::refusal::{Refusal, Violation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use resync_core::problem::Reason;
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Largest status, in bytes on the wire (the message, and its details in base64). Clients take
/// 8 KiB of trailers, some proxies less, and a status that is larger arrives as a broken stream.
pub const STATUS_BYTES_MAX: usize = 4 * 1024;

/// How much of each part fits. The next is tried when a status is too large with one.
struct Bounds {
    message_bytes: usize,
    violations: usize,
    description_bytes: usize,
    metadata_bytes: usize,
}

/// The first is the documented one; the last fits whatever was put in.
const BOUNDS: [Bounds; 4] = [
    Bounds {
        message_bytes: 1024,
        violations: 20,
        description_bytes: 500,
        metadata_bytes: 500,
    },
    Bounds {
        message_bytes: 400,
        violations: 20,
        description_bytes: 60,
        metadata_bytes: 200,
    },
    Bounds {
        message_bytes: 200,
        violations: 10,
        description_bytes: 40,
        metadata_bytes: 100,
    },
    Bounds {
        message_bytes: 60,
        violations: 3,
        description_bytes: 20,
        metadata_bytes: 30,
    },
];

/// What comes with a reason beside its `ErrorInfo` and the violations of fields.
enum Extra {
    Nothing,
    Resource,
    /// The type of the precondition that failed.
    Precondition(&'static str),
    /// The same, and what helps.
    PreconditionHelp(&'static str, &'static str),
    /// When to try again, unless the refusal says so itself.
    Retry(Duration),
    Quota,
    RequestInfo,
}

/// Before a tracker or the store is tried again, when nothing else is known.
const RETRY_SOON: Duration = Duration::from_secs(1);

/// The table.
fn shape(reason: Reason) -> (Code, Extra) {
    use Extra::{Nothing, Precondition, PreconditionHelp, Quota, RequestInfo, Resource, Retry};
    match reason {
        Reason::FieldInvalid
        | Reason::DirectionUnsupported
        | Reason::ConfirmationInvalid
        | Reason::QueryInvalid
        | Reason::TokenInvalid => (Code::InvalidArgument, Nothing),
        Reason::ResourceNotFound => (Code::NotFound, Resource),
        Reason::ResourceAlreadyExists => (Code::AlreadyExists, Resource),
        Reason::ResourceChanged | Reason::PlanStale => (Code::Aborted, Nothing),
        Reason::ResyncAlreadyRunning => (Code::Aborted, Resource),
        Reason::CallerUnknown => (Code::Unauthenticated, Nothing),
        Reason::PermissionDenied => (Code::PermissionDenied, Nothing),
        Reason::StateNotAllowed => (Code::FailedPrecondition, Precondition("STATE")),
        Reason::SynchronizersDisabled => (
            Code::FailedPrecondition,
            PreconditionHelp("FEATURE", SYNCHRONIZERS_HELP),
        ),
        Reason::ConfirmationRequired => (
            Code::FailedPrecondition,
            PreconditionHelp("CONFIRMATION", CONFIRMATION_HELP),
        ),
        Reason::ChangeLimitExceeded => (Code::FailedPrecondition, Precondition("CHANGE_LIMIT")),
        Reason::GuardTripped => (Code::FailedPrecondition, Precondition("GUARD")),
        Reason::TrackerCredentialRefused => (
            Code::FailedPrecondition,
            PreconditionHelp("CREDENTIAL", CREDENTIAL_HELP),
        ),
        Reason::TrackerPermissionDenied => (Code::FailedPrecondition, Nothing),
        Reason::StructureTooLarge => (Code::FailedPrecondition, Precondition("STRUCTURE_SIZE")),
        Reason::TrackerUnreachable
        | Reason::TrackerThrottled
        | Reason::TrackerAnswerInvalid
        | Reason::StoreUnavailable => (Code::Unavailable, Retry(RETRY_SOON)),
        Reason::ServerDraining => (Code::Unavailable, Retry(Duration::ZERO)),
        Reason::MessageTooLarge => (Code::ResourceExhausted, Nothing),
        Reason::QuotaExceeded => (Code::ResourceExhausted, Quota),
        Reason::WatcherTooSlow => (Code::ResourceExhausted, Retry(Duration::ZERO)),
        Reason::Cancelled => (Code::Cancelled, Nothing),
        Reason::Internal => (Code::Internal, RequestInfo),
    }
}

/// The gRPC code of a reason.
pub(crate) fn code(reason: Reason) -> Code {
    shape(reason).0
}

const SYNCHRONIZERS_HELP: &str = "the operator switches synchronizers on by features.synchronizers";
const CONFIRMATION_HELP: &str = "call PreviewResync, look at the plan, and give its token";
const CREDENTIAL_HELP: &str = "the operator binds the name of a secret to its value and hosts";

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        to_status(refusal)
    }
}

/// The status of a refusal, at most [`STATUS_BYTES_MAX`] large.
pub(crate) fn to_status(refusal: Refusal) -> Status {
    let refusal = hidden(refusal);
    let (last, first) = BOUNDS.split_last().expect("there are bounds");
    for bounds in first {
        let status = build(&refusal, bounds);
        if size_on_the_wire(&status) < STATUS_BYTES_MAX {
            return status;
        }
    }
    build(&refusal, last)
}

/// The caller's time is over. The code is that of gRPC, which clients make themselves, too.
pub(crate) fn deadline_exceeded() -> Status {
    let mut details = ErrorDetails::new();
    let reason = to_reason(Reason::Cancelled).as_str_name();
    details.set_error_info(reason, resync_api::ERROR_DOMAIN, HashMap::new());
    let message = "the deadline of the call is over; call again";
    Status::with_error_details(Code::DeadlineExceeded, message, details)
}

/// A fault of the server is logged here, and sent as a number only.
fn hidden(refusal: Refusal) -> Refusal {
    if refusal.problem.reason != Reason::Internal {
        return refusal;
    }
    let trace_id = call::trace_id();
    tracing::error!(trace_id, cause = %refusal.problem.message, "a call failed");
    let message = format!("the server failed; report it with the trace id {trace_id}");
    Refusal::new(Reason::Internal, message).with("traceId", trace_id)
}

fn build(refusal: &Refusal, bounds: &Bounds) -> Status {
    let problem = &refusal.problem;
    let (code, extra) = shape(problem.reason);
    let metadata: HashMap<String, String> = problem
        .metadata
        .iter()
        .map(|(key, value)| (key.clone(), cut(value, bounds.metadata_bytes)))
        .collect();
    let value = |key: &str| metadata.get(key).cloned().unwrap_or_default();
    let message = cut(&problem.message, bounds.message_bytes);
    let short = cut(&problem.message, bounds.description_bytes);
    let mut details = ErrorDetails::new();
    for Violation { field, description } in refusal.violations.iter().take(bounds.violations) {
        let description = cut(description, bounds.description_bytes);
        details.add_bad_request_violation(cut(field, bounds.metadata_bytes), description);
    }
    match extra {
        Extra::Nothing => {}
        Extra::Resource => {
            let name = if value("job").is_empty() {
                value("resource")
            } else {
                value("job")
            };
            details.set_resource_info(resource_type(&name), name, "", short);
        }
        Extra::Precondition(kind) => {
            details.add_precondition_failure_violation(kind, subject(problem.reason, value), short);
        }
        Extra::PreconditionHelp(kind, help) => {
            let subject = subject(problem.reason, value);
            details.add_precondition_failure_violation(kind, subject, short);
            let reason = to_reason(problem.reason).as_str_name();
            let url = format!("https://{}/errors#{reason}", resync_api::ERROR_DOMAIN);
            details.add_help_link(help, url);
        }
        Extra::Retry(delay) => {
            details.set_retry_info(Some(refusal.retry_after.unwrap_or(delay)));
        }
        Extra::Quota => {
            details.add_quota_failure_violation(value("quota"), short);
            details.set_retry_info(Some(refusal.retry_after.unwrap_or(RETRY_SOON)));
        }
        Extra::RequestInfo => {
            details.set_request_info(value("traceId"), "");
        }
    }
    let reason = to_reason(problem.reason).as_str_name();
    details.set_error_info(reason, resync_api::ERROR_DOMAIN, metadata);
    Status::with_error_details(code, message, details)
}

/// What failed to be as it must: the setting, the resource, or what else the metadata names.
fn subject(reason: Reason, value: impl Fn(&str) -> String) -> String {
    if reason == Reason::SynchronizersDisabled {
        return SYNCHRONIZERS_SETTING.to_owned();
    }
    [
        "resource",
        "guard",
        "limit",
        "structure",
        "tracker",
        "direction",
    ]
    .into_iter()
    .map(value)
    .find(|found| !found.is_empty())
    .unwrap_or_default()
}

/// The type of a resource, by its name.
fn resource_type(name: &str) -> String {
    let kind = match name.split('/').nth_back(1) {
        Some("jobs") => "Job",
        Some("synchronizers") => "Synchronizer",
        Some("trackers") => "Tracker",
        Some("synchronizerKinds") => "SynchronizerKind",
        _ => "Structure",
    };
    format!("{}/{kind}", resync_api::ERROR_DOMAIN)
}

/// The front of a text, when it is too long with an ellipsis. Counts what a byte takes in a
/// percent-encoded header, where everything but plain ASCII is three times as long.
fn cut(text: &str, bytes_max: usize) -> String {
    const ELLIPSIS: &str = "...";
    if encoded_length(text) <= bytes_max {
        return text.to_owned();
    }
    let mut left = bytes_max.saturating_sub(ELLIPSIS.len());
    let mut kept = String::new();
    for character in text.chars() {
        let length = encoded_length(character.encode_utf8(&mut [0; 4]));
        if length > left {
            break;
        }
        left -= length;
        kept.push(character);
    }
    kept + ELLIPSIS
}

fn encoded_length(text: &str) -> usize {
    text.bytes()
        .map(|byte| {
            if (b' '..=b'~').contains(&byte) && byte != b'%' {
                1
            } else {
                3
            }
        })
        .sum()
}

/// Bytes of `grpc-message` and `grpc-status-details-bin` together.
pub(crate) fn size_on_the_wire(status: &Status) -> usize {
    let details = STANDARD_NO_PAD.encode(status.details()).len();
    encoded_length(status.message()) + details
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
