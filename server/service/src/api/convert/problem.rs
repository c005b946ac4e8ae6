//! Problems that are kept: of jobs, synchronizers and trackers.

use crate::api::status;
use resync_api::v1;
use resync_core::problem::{Problem, Reason};

/// The reason, as the API names it.
pub(crate) fn to_reason(reason: Reason) -> v1::ErrorReason {
    use v1::ErrorReason as To;
    match reason {
        Reason::FieldInvalid => To::FieldInvalid,
        Reason::ResourceNotFound => To::ResourceNotFound,
        Reason::ResourceAlreadyExists => To::ResourceAlreadyExists,
        Reason::ResourceChanged => To::ResourceChanged,
        Reason::StateNotAllowed => To::StateNotAllowed,
        Reason::CallerUnknown => To::CallerUnknown,
        Reason::PermissionDenied => To::PermissionDenied,
        Reason::SynchronizersDisabled => To::SynchronizersDisabled,
        Reason::DirectionUnsupported => To::DirectionUnsupported,
        Reason::ConfirmationRequired => To::ConfirmationRequired,
        Reason::ConfirmationInvalid => To::ConfirmationInvalid,
        Reason::PlanStale => To::PlanStale,
        Reason::ResyncAlreadyRunning => To::ResyncAlreadyRunning,
        Reason::ChangeLimitExceeded => To::ChangeLimitExceeded,
        Reason::GuardTripped => To::GuardTripped,
        Reason::QueryInvalid => To::QueryInvalid,
        Reason::TrackerUnreachable => To::TrackerUnreachable,
        Reason::TrackerThrottled => To::TrackerThrottled,
        Reason::TrackerCredentialRefused => To::TrackerCredentialRefused,
        Reason::TrackerPermissionDenied => To::TrackerPermissionDenied,
        Reason::TrackerAnswerInvalid => To::TrackerAnswerInvalid,
        Reason::StructureTooLarge => To::StructureTooLarge,
        Reason::MessageTooLarge => To::MessageTooLarge,
        Reason::QuotaExceeded => To::QuotaExceeded,
        Reason::Cancelled => To::Cancelled,
        Reason::WatcherTooSlow => To::WatcherTooSlow,
        Reason::TokenInvalid => To::TokenInvalid,
        Reason::ServerDraining => To::ServerDraining,
        Reason::StoreUnavailable => To::StoreUnavailable,
        Reason::Internal => To::Internal,
    }
}

/// A problem, as the API shows it.
pub(crate) fn to_problem(problem: Problem) -> v1::Problem {
    let Problem {
        reason,
        message,
        metadata,
    } = problem;
    v1::Problem {
        code: i32::from(status::code(reason)),
        reason: to_reason(reason).into(),
        message,
        metadata: metadata.into_iter().collect(),
    }
}
