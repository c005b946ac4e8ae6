//! Why a command fails, in the three lines that people get: what, why, and what to try. Not how
//! the lines are printed.

use std::fmt::Write;

use resync_api::v1::{ErrorReason, Problem};
use resync_client::{CallError, Error};
use tonic::Code;

use crate::{
    exit::Exit,
    render::text::{clean, id, job_id},
};

/// A command that did not do what was asked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What did not work, in a sentence; empty when everything was said already.
    pub what: String,
    /// The facts behind it.
    pub why: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The name of the reason, for example `PLAN_STALE`.
    pub reason: Option<&'static str>,
}

impl Failure {
    /// A failure that this program found itself.
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self {
            exit,
            what: what.into(),
            why: Vec::new(),
            hint: None,
            reason: None,
        }
    }

    /// A way to end that needs no words.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self::new(exit, "")
    }

    /// The same, with what to try.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The lines to print.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        if self.what.is_empty() {
            return String::new();
        }
        let mut text = format!("error: {}", clean(&self.what));
        if let Some(reason) = self.reason {
            let _ = write!(text, "  (reason {reason})");
        }
        for line in &self.why {
            let _ = write!(text, "\n  {}", clean(line));
        }
        if let Some(hint) = &self.hint {
            let _ = write!(text, "\ntry: {hint}");
        }
        text.push('\n');
        text
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::AddressInvalid { .. } | Error::AuthorityInvalid => {
                Self::new(Exit::Usage, error.to_string())
            }
            Error::Call(call) => Self::from_call(&call),
        }
    }
}

impl Failure {
    fn from_call(call: &CallError) -> Self {
        let mut why: Vec<String> = call
            .violations
            .iter()
            .map(ToString::to_string)
            .filter(|violation| call.message.is_empty() || !violation.ends_with(&call.message))
            .collect();
        why.extend(
            call.metadata
                .iter()
                .map(|(key, value)| format!("{key}: {value}")),
        );
        Self {
            exit: exit_of(call.reason, call.code),
            what: call.message.clone(),
            why,
            hint: hint_of(call.reason, call.code, |key| {
                call.metadata.get(key).cloned()
            }),
            reason: reason_name(call.reason),
        }
    }

    /// The failure that a job ended with.
    #[must_use]
    pub(crate) fn of_problem(exit: Exit, problem: &Problem) -> Self {
        let mut why: Vec<String> = problem
            .metadata
            .iter()
            .map(|(key, value)| format!("{key}: {value}"))
            .collect();
        why.sort();
        let reason = problem.reason();
        Self {
            exit: if is_refusal(reason) {
                Exit::Refused
            } else {
                exit
            },
            what: problem.message.clone(),
            why,
            hint: hint_of(reason, Code::from_i32(problem.code), |key| {
                problem.metadata.get(key).cloned()
            }),
            reason: reason_name(reason),
        }
    }
}

fn exit_of(reason: ErrorReason, code: Code) -> Exit {
    if is_refusal(reason) {
        return Exit::Refused;
    }
    match code {
        Code::NotFound => Exit::NotFound,
        Code::Unauthenticated | Code::PermissionDenied => Exit::NotAllowed,
        Code::Unavailable | Code::DeadlineExceeded => Exit::Unavailable,
        _ => Exit::Failed,
    }
}

fn is_refusal(reason: ErrorReason) -> bool {
    matches!(
        reason,
        ErrorReason::PlanStale
            | ErrorReason::GuardTripped
            | ErrorReason::ChangeLimitExceeded
            | ErrorReason::ResyncAlreadyRunning
            | ErrorReason::ConfirmationRequired
            | ErrorReason::ConfirmationInvalid
    )
}

fn hint_of(
    reason: ErrorReason,
    code: Code,
    metadata: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let hint = match reason {
        ErrorReason::PlanStale
        | ErrorReason::ConfirmationRequired
        | ErrorReason::ConfirmationInvalid => "run it again: it previews first".to_owned(),
        ErrorReason::GuardTripped | ErrorReason::ChangeLimitExceeded => {
            "look at it with `resync preview`, and run it without --force to confirm it".to_owned()
        }
        ErrorReason::ResyncAlreadyRunning => {
            let job = metadata("job").map_or_else(|| "JOB".to_owned(), |name| job_id(&name));
            format!("resync job watch {}", clean(&job))
        }
        ErrorReason::SynchronizersDisabled => {
            "ask the operator to switch features.synchronizers on".to_owned()
        }
        ErrorReason::TrackerCredentialRefused | ErrorReason::TrackerPermissionDenied => {
            let tracker = metadata("tracker").unwrap_or_else(|| "TRACKER".to_owned());
            format!("resync tracker check {}", clean(id(&tracker)))
        }
        ErrorReason::Unspecified if code == Code::Unavailable => {
            "is the server running, and is --address right?".to_owned()
        }
        _ => return None,
    };
    Some(hint)
}

fn reason_name(reason: ErrorReason) -> Option<&'static str> {
    match reason {
        ErrorReason::Unspecified => None,
        reason => reason.as_str_name().strip_prefix("ERROR_REASON_"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use expect_test::expect;
    use resync_client::Violation;

    use super::*;

    fn call(code: Code, reason: ErrorReason, message: &str) -> CallError {
        CallError {
            code,
            reason,
            message: message.to_owned(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after: None,
        }
    }

    #[test]
    fn an_error_says_what_why_and_what_to_try() {
        let mut stale = call(
            Code::Aborted,
            ErrorReason::PlanStale,
            "the structure changed after the preview; preview again",
        );
        stale.metadata = [("cause", "forest"), ("expected", "41"), ("actual", "42")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        expect![[r#"
            error: the structure changed after the preview; preview again  (reason PLAN_STALE)
              actual: 42
              cause: forest
              expected: 41
            try: run it again: it previews first
        "#]]
        .assert_eq(&Failure::from_call(&stale).text());
    }

    #[test]
    fn a_field_at_fault_is_named() {
        let mut invalid = call(
            Code::InvalidArgument,
            ErrorReason::QueryInvalid,
            "the query is not accepted",
        );
        invalid.violations = vec![Violation {
            field: "synchronizer.rule.filter.jql".to_owned(),
            description: "expected a field, found \u{1b}[31m=".to_owned(),
        }];
        expect![[r#"
            error: the query is not accepted  (reason QUERY_INVALID)
              synchronizer.rule.filter.jql: expected a field, found �[31m=
        "#]]
        .assert_eq(&Failure::from_call(&invalid).text());
    }

    #[test]
    fn nothing_is_said_twice() {
        let mut invalid = call(
            Code::InvalidArgument,
            ErrorReason::FieldInvalid,
            "name: must not be empty",
        );
        for message in ["name: must not be empty", "must not be empty"] {
            message.clone_into(&mut invalid.message);
            invalid.violations = vec![Violation {
                field: "name".to_owned(),
                description: "must not be empty".to_owned(),
            }];
            assert!(Failure::from_call(&invalid).why.is_empty(), "{message}");
        }
    }

    #[test]
    fn a_silent_failure_prints_nothing() {
        assert_eq!(Failure::silent(Exit::HasChanges).text(), "");
    }

    #[test]
    fn every_kind_of_error_has_its_exit_code() {
        let cases = [
            (Code::Aborted, ErrorReason::PlanStale),
            (Code::FailedPrecondition, ErrorReason::GuardTripped),
            (Code::Aborted, ErrorReason::ResyncAlreadyRunning),
            (Code::NotFound, ErrorReason::ResourceNotFound),
            (Code::PermissionDenied, ErrorReason::PermissionDenied),
            (Code::Unauthenticated, ErrorReason::CallerUnknown),
            (Code::Unavailable, ErrorReason::TrackerUnreachable),
            (Code::Unavailable, ErrorReason::Unspecified),
            (Code::Internal, ErrorReason::Internal),
        ];
        let codes: Vec<u8> = cases
            .iter()
            .map(|(code, reason)| exit_of(*reason, *code) as u8)
            .collect();
        assert_eq!(codes, [5, 5, 5, 8, 9, 9, 75, 75, 1]);
    }

    #[test]
    fn a_job_that_was_refused_is_told_from_one_that_failed() {
        let problem = |reason: ErrorReason| Problem {
            code: Code::FailedPrecondition.into(),
            reason: reason.into(),
            message: "stopped".to_owned(),
            metadata: [("guard".to_owned(), "EMPTY_SOURCE".to_owned())].into(),
        };
        let refused = Failure::of_problem(Exit::JobFailed, &problem(ErrorReason::GuardTripped));
        assert_eq!(refused.exit, Exit::Refused);
        assert_eq!(refused.why, ["guard: EMPTY_SOURCE"]);
        let failed = Failure::of_problem(
            Exit::JobFailed,
            &problem(ErrorReason::TrackerPermissionDenied),
        );
        assert_eq!(failed.exit, Exit::JobFailed);
    }
}
