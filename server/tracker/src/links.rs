//! Links between issues, as a tracker shows them.
//!
//! What it is not: which end is the parent; that is a setting of a synchronizer.

use crate::Query;
use resync_core::id::{IssueId, JiraId};
use resync_core::issue::ObservedIssue;
use std::sync::Arc;

/// A type of links. Names and phrases are a site's own, and two types may share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkType {
    /// The id; the only thing that tells types apart.
    pub id: JiraId,
    /// The name, `Blocks`.
    pub name: Arc<str>,
    /// What the source does to the target, `blocks`. Equal to `inward` where both ends are alike.
    pub outward: Arc<str>,
    /// What the target suffers from the source, `is blocked by`.
    pub inward: Arc<str>,
}

/// Whose links to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkScope {
    /// Of these issues.
    Issues(Vec<IssueId>),
    /// Of the issues that a query matches.
    Matching(Query),
    /// Of all issues that have a link of the type. Fails with [`crate::Error::NotSetUp`] where the
    /// tracker cannot search for them.
    Everywhere,
}

/// A link: the source does to the target what the outward phrase says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The source.
    pub source: IssueId,
    /// The target.
    pub target: IssueId,
    /// The ids of the link, ascending; several when the same link was made more than once.
    pub ids: Vec<JiraId>,
}

/// The links of one type that have an end in a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// The type, as it is now.
    pub link_type: LinkType,
    /// The issues of the scope, ascending by id.
    pub issues: Vec<ObservedIssue>,
    /// Issues of the scope that are gone or invisible, ascending by id.
    pub missing: Vec<IssueId>,
    /// The links, each once, ascending by source and target. An end may be outside the scope. A
    /// link to an issue that the account may not see need not be here.
    pub links: Vec<Link>,
}
