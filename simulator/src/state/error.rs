//! Why an edit of the simulated Jira was refused. Edits are made by tests and demos, so these say
//! what to correct in the call.

/// Why a change was refused; nothing was changed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EditError {
    /// Neither the id nor the key of an issue.
    #[error("no issue has the id or key {0:?}; create it first")]
    UnknownIssue(String),
    /// No project has this key.
    #[error("no project has the key {0:?}; add it first")]
    UnknownProject(String),
    /// No issue type, status, priority, link type or person has this name.
    #[error("no {what} is called {name:?}; use one that the content has")]
    UnknownName {
        /// What was looked up, for example `status`.
        what: &'static str,
        /// The name that was not found.
        name: String,
    },
    /// The parent is the issue itself or below it.
    #[error("issue {0:?} cannot be placed under {1:?}, which is the issue itself or below it")]
    Cycle(String, String),
    /// The link is not there.
    #[error("no link has the id {0}; it may have been removed before")]
    UnknownLink(u64),
    /// The workflow has no way there from the status of the issue.
    #[error("issue {0:?} has no transition to {1:?}; make one, or choose another status")]
    NoTransition(String, String),
    /// The transition has a screen on which a resolution must be chosen.
    #[error("the transition of {0:?} to {1:?} needs a resolution; give one")]
    ResolutionRequired(String, String),
}
