//! Identifiers, one type each, so that two of them cannot be confused.
//!
//! What it is not: a place for resource names such as `structures/roadmap`; those belong to the
//! API and are made of [`Slug`]s.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub struct $name(pub std::sync::Arc<str>);

        impl $name {
            /// Wraps a text that is known to be one.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(text.as_ref().into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

number_id! {
    /// A structure, in the store. Minted by the store, never reused, never shown.
    StructureId
}
number_id! {
    /// A synchronizer, in the store. Minted by the store, never reused, never shown.
    SynchronizerId
}
number_id! {
    /// A tracker connection, in the store. Minted by the store, never reused, never shown.
    TrackerId
}
number_id! {
    /// A job. Minted by the store, never reused, shown as the last part of a job's name.
    JobId
}
number_id! {
    /// A row of one structure. Minted per structure, stable over moves, never reused.
    RowId
}
number_id! {
    /// An issue of one tracker, as Jira numbers it. Never changes, unlike the key.
    IssueId
}
number_id! {
    /// A version of one forest: 0 when empty and new; each commit makes the next.
    ForestVersion
}
text_id! {
    /// The key of an issue that people see, `PAY-12`. Changes when the issue moves.
    IssueKey
}
text_id! {
    /// The key of a project, `PAY`.
    ProjectKey
}
text_id! {
    /// The id of an issue type, a status, a saved filter and the like, as Jira writes it.
    JiraId
}
text_id! {
    /// The last part of a resource name: lower-case letters, digits and hyphens, starting with a
    /// letter, at most [`SLUG_MAX`] characters. [`Slug::parse`] is the only check.
    Slug
}
text_id! {
    /// A server-assigned id that is never reused: 32 lower-case hexadecimal digits.
    Uid
}
text_id! {
    /// On whose behalf something is done: `users/ann` or `services/planner`.
    Principal
}

/// Longest [`Slug`], in characters: a DNS label, so that names survive in host names and labels.
pub const SLUG_MAX: usize = 63;

impl Slug {
    /// Checks a text that came from outside; `None` when it is not a slug.
    pub fn parse(text: &str) -> Option<Slug> {
        let first = text.bytes().next()?;
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (first.is_ascii_lowercase() && text.len() <= SLUG_MAX && text.bytes().all(allowed))
            .then(|| Slug::new(text))
    }
}
