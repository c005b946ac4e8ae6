//! Why a call is refused: a [`Problem`], with what only calls have (fields, a delay).
//!
//! What it is not: the status that is sent; `api::status` makes that, by one table.

use crate::limits::SYNCHRONIZERS_SETTING;
use resync_core::problem::{Problem, Reason};
use resync_store::Error as StoreError;
use std::time::Duration;

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the field, as in the proto: `synchronizer.rule.filter.jql`.
    pub field: String,
    /// What is wrong, and what is allowed.
    pub description: String,
}

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The facts.
    pub problem: Problem,
    /// The fields that are wrong.
    pub violations: Vec<Violation>,
    /// When to try again, where that is known.
    pub retry_after: Option<Duration>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            violations: Vec::new(),
            retry_after: None,
        }
    }
}

impl Refusal {
    /// A refusal for one cause.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Problem::new(reason, message).into()
    }

    /// Adds one variable part.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.problem = self.problem.with(key, value);
        self
    }

    /// Says which field it is about.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        let description = self.problem.message.clone();
        self.violations.push(Violation {
            field: field.into(),
            description,
        });
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// One field is not as it must be.
    pub fn field(field: impl Into<String>, description: impl Into<String>) -> Self {
        let (field, description) = (field.into(), description.into());
        Self {
            problem: Problem::new(Reason::FieldInvalid, format!("{field}: {description}")),
            violations: vec![Violation { field, description }],
            retry_after: None,
        }
    }

    /// There is no such resource.
    pub fn not_found(resource: impl Into<String>) -> Self {
        let resource = resource.into();
        let message = format!("{resource} does not exist; check the name");
        Self::new(Reason::ResourceNotFound, message).with("resource", resource)
    }

    /// The etag or version that the caller has is not the current one.
    pub fn changed(resource: &str, expected: impl ToString, actual: impl ToString) -> Self {
        let message = format!("{resource} has changed since it was read; get it again");
        Self::new(Reason::ResourceChanged, message)
            .with("resource", resource)
            .with("expected", expected)
            .with("actual", actual)
    }

    /// The resource is in a state that forbids this.
    pub fn state(resource: &str, state: &str, message: impl Into<String>) -> Self {
        Self::new(Reason::StateNotAllowed, message)
            .with("resource", resource)
            .with("state", state)
    }

    /// Synchronizers are switched off.
    pub fn synchronizers_disabled() -> Self {
        let message = format!(
            "synchronizers are switched off on this server; its operator can set \
             {SYNCHRONIZERS_SETTING} = true"
        );
        Self::new(Reason::SynchronizersDisabled, message)
    }

    /// A token is not one of this server, or of another request.
    pub fn token(field: &str) -> Self {
        let message = "the token is not one of this server, or of another request; start without";
        Self::new(Reason::TokenInvalid, message).at(field)
    }

    /// The server is shutting down.
    pub fn draining() -> Self {
        let message = "the server is shutting down; call again";
        Self::new(Reason::ServerDraining, message).after(Duration::ZERO)
    }

    /// A fault of the server. What happened is for the log, and never sent.
    pub fn internal(cause: impl ToString) -> Self {
        Self::new(Reason::Internal, cause.to_string())
    }
}

/// What an error of the store means for a call about `resource`.
pub(crate) fn of_store(error: StoreError, resource: &str) -> Refusal {
    match error {
        StoreError::NotFound { .. } => Refusal::not_found(resource),
        StoreError::AlreadyExists { .. } => {
            let message = format!("{resource} exists already; choose another id");
            Refusal::new(Reason::ResourceAlreadyExists, message).with("resource", resource)
        }
        StoreError::Stale {
            expected, actual, ..
        } => Refusal::changed(resource, expected, actual),
        StoreError::StateNotAllowed { action, state } => {
            let message = format!("{action}: not allowed while {resource} is {state}");
            Refusal::state(resource, state, message)
        }
        StoreError::TransitionNotAllowed { from, .. } => {
            let message = format!("{resource} cannot do this in its state; get it again");
            Refusal::state(resource, &format!("{from:?}").to_lowercase(), message)
        }
        StoreError::JobInTheWay { job } => {
            let message =
                format!("job {job} of {resource} runs or waits; wait for it or cancel it");
            Refusal::state(resource, "busy", message)
        }
        StoreError::InUse { count, users, .. } => {
            let message = format!("{resource} is used by {count} {users}; delete those first");
            Refusal::state(resource, "in use", message)
        }
        StoreError::RequestIdReused { .. } => Refusal::field(
            "request_id",
            "was used for another request before; choose a new UUID for a new request",
        ),
        StoreError::Locked | StoreError::ReadOnly | StoreError::Full => unavailable(&error),
        StoreError::Unavailable { .. } => unavailable(&error),
        StoreError::LeaseLost { .. }
        | StoreError::AlreadyAnswered(_)
        | StoreError::NewerSchema { .. }
        | StoreError::Corrupt { .. }
        | StoreError::Internal { .. } => Refusal::internal(error),
    }
}

/// How long to wait before a store that is away is asked again.
const STORE_RETRY: Duration = Duration::from_secs(1);

fn unavailable(error: &StoreError) -> Refusal {
    // The cause may hold paths and addresses, which are the operator's: it goes to the log.
    tracing::warn!(error = %error, "the store is not available");
    let message = "the store of the server is not available now; nothing was changed, try again";
    Refusal::new(Reason::StoreUnavailable, message).after(STORE_RETRY)
}
