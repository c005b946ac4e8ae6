//! What can go wrong with a call, in a form to branch on. Not the error of a job: that is a value,
//! `Job.error`.

use std::{collections::BTreeMap, fmt, time::Duration};

use resync_api::{ERROR_DOMAIN, v1::ErrorReason};
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Why a call did not give a result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not one to connect to.
    #[error("could not use the address {address:?}: {detail}; give one like http://127.0.0.1:7420")]
    AddressInvalid {
        /// What was given.
        address: String,
        /// What is wrong with it.
        detail: String,
    },
    /// What was given as the certificate of an authority is none.
    #[error(
        "the certificate authority is not a certificate in PEM; give the file of its certificate"
    )]
    AuthorityInvalid,
    /// The call failed, at the server or on the way to it.
    #[error(transparent)]
    Call(Box<CallError>),
}

/// A call that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// For retries: only `Unavailable` is worth one.
    pub code: Code,
    /// The cause. `Unspecified` when the server did not say, as when it was never reached, or when
    /// this client does not know the cause.
    pub reason: ErrorReason,
    /// For people: what happened, and what to do.
    pub message: String,
    /// The variable parts, by the keys documented on the reason.
    pub metadata: BTreeMap<String, String>,
    /// The fields of the request that are at fault.
    pub violations: Vec<Violation>,
    /// How long the server asks to wait before the call is sent again.
    pub retry_after: Option<Duration>,
}

/// A field of a request that is at fault.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// The path of the field, for example `synchronizer.rule.filter.jql`.
    pub field: String,
    /// What is wrong with it, for people.
    pub description: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.field, self.description)
    }
}

impl Error {
    /// The cause, which is what to branch on; `None` when the server did not say.
    #[must_use]
    pub fn reason(&self) -> Option<ErrorReason> {
        match self {
            Self::Call(call) if call.reason != ErrorReason::Unspecified => Some(call.reason),
            Self::Call(_) | Self::AddressInvalid { .. } | Self::AuthorityInvalid => None,
        }
    }

    /// The status code of the call.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Call(call) => call.code,
            Self::AddressInvalid { .. } | Self::AuthorityInvalid => Code::InvalidArgument,
        }
    }

    pub(crate) fn of_deadline(limit: Duration) -> Self {
        Status::deadline_exceeded(format!(
            "the server did not answer within {} s; whether it did what was asked is not known",
            limit.as_secs()
        ))
        .into()
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Self::Call(Box::new(CallError::from(&status)))
    }
}

impl From<&Status> for CallError {
    fn from(status: &Status) -> Self {
        if is_transport_failure(status) {
            return Self::of_transport(status);
        }
        let details = status.get_error_details();
        let info = details
            .error_info()
            .filter(|info| info.domain == ERROR_DOMAIN);
        Self {
            code: status.code(),
            reason: info
                .and_then(|info| ErrorReason::from_str_name(&info.reason))
                .unwrap_or(ErrorReason::Unspecified),
            message: status.message().to_owned(),
            metadata: info
                .map(|info| info.metadata.clone().into_iter().collect())
                .unwrap_or_default(),
            violations: details
                .bad_request()
                .map(|bad| bad.field_violations.iter().map(Violation::from).collect())
                .unwrap_or_default(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
        }
    }
}

impl CallError {
    fn of_transport(status: &Status) -> Self {
        let cause = deepest(status);
        Self {
            code: Code::Unavailable,
            reason: ErrorReason::Unspecified,
            message: format!("could not reach the server: {cause}"),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: None,
        }
    }
}

impl From<&tonic_types::FieldViolation> for Violation {
    fn from(violation: &tonic_types::FieldViolation) -> Self {
        Self {
            field: violation.field.clone(),
            description: violation.description.clone(),
        }
    }
}

/// What an error comes from, at the end of its chain.
pub(crate) fn deepest<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> &'a (dyn std::error::Error + 'static) {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}

/// Whether the call failed on the way: only a status that was made on this side has a source. Its
/// own code does not tell, since a broken connection has any of several.
fn is_transport_failure(status: &Status) -> bool {
    std::error::Error::source(status).is_some()
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    fn answer(domain: &str, reason: &str) -> Error {
        let mut details = ErrorDetails::new();
        details
            .set_error_info(
                reason,
                domain,
                [("resource".to_owned(), "structures/x".to_owned())],
            )
            .add_bad_request_violation("name", "must not be empty")
            .set_retry_info(Some(Duration::from_millis(300)));
        Status::with_error_details(Code::Aborted, "the plan is stale", details).into()
    }

    #[test]
    fn the_details_of_an_error_are_typed() {
        let Error::Call(error) = answer(ERROR_DOMAIN, "ERROR_REASON_PLAN_STALE") else {
            panic!()
        };
        assert_eq!(error.reason, ErrorReason::PlanStale);
        assert_eq!(error.code, Code::Aborted);
        assert_eq!(error.metadata["resource"], "structures/x");
        assert_eq!(error.violations[0].to_string(), "name: must not be empty");
        assert_eq!(error.retry_after, Some(Duration::from_millis(300)));
        assert_eq!(error.to_string(), "the plan is stale");
    }

    #[test]
    fn a_reason_of_another_domain_is_not_taken_for_ours() {
        assert_eq!(
            answer("example.com", "ERROR_REASON_PLAN_STALE").reason(),
            None
        );
    }

    #[test]
    fn a_reason_that_is_not_known_yet_still_has_its_code_and_message() {
        let error = answer(ERROR_DOMAIN, "ERROR_REASON_OF_TOMORROW");
        assert_eq!(error.reason(), None);
        assert_eq!(error.code(), Code::Aborted);
    }
}
