//! The other side: what the engine may ask of an issue tracker, in domain nouns.
//!
//! What it is not: Jira's JSON or HTTP; those stay in [`jira`]. The trait here reads only: a
//! preview holds nothing else, so it cannot write.

pub mod agile;
pub mod jira;
pub mod links;
pub mod workflow;

use agile::{Agile, AgileAspects, AgileScope, Board};
use async_trait::async_trait;
use links::{LinkScope, LinkType, Links};
use resync_core::id::{IssueId, JiraId, ProjectKey};
use resync_core::issue::{ObservedIssue, QueryResult};
use resync_core::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use workflow::{Status, StatusBatch, TransitionBatch};

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// The issues that a JQL query matches, in its order.
    Jql(Arc<str>),
    /// The issues that a saved filter matches, in its order.
    SavedFilter(JiraId),
    /// All sub-tasks of the projects, of the given types (every sub-task type when empty).
    SubtasksOfProjects {
        /// The projects.
        projects: Vec<ProjectKey>,
        /// The sub-task types; every one when empty.
        issue_types: Vec<JiraId>,
    },
    /// The sub-tasks of these issues, of the given types (every sub-task type when empty).
    SubtasksOfIssues {
        /// The parents.
        parents: Vec<IssueId>,
        /// The sub-task types; every one when empty.
        issue_types: Vec<JiraId>,
    },
}

/// Who the account is to the tracker, and what the tracker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account's display name.
    pub account: String,
    /// The account's time zone, an IANA name: JQL dates are read in it.
    pub time_zone: String,
    /// The product's version, as it says.
    pub version: String,
}

/// Issues that were asked for by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssueBatch {
    /// Those that can be read.
    pub found: Vec<ObservedIssue>,
    /// Those that are gone or invisible; the tracker does not tell which.
    pub missing: Vec<IssueId>,
}

/// How far a read is. Counts are of this one read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadProgress {
    /// Issues read.
    pub read: u64,
    /// Issues to read, when the tracker said; an estimate on Cloud.
    pub total: Option<u64>,
}

/// Requests since the handle was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCounters {
    /// Requests sent, tries included.
    pub sent: u64,
    /// Requests that were answered with a request to pause.
    pub throttled: u64,
    /// Requests sent again after a failure that was not a request to pause.
    pub retried: u64,
}

/// Why the tracker gave no usable answer. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection, no answer in time, or 5xx, after all tries.
    #[error("the tracker cannot be reached: {detail}; check its address and that it is up")]
    Unreachable {
        /// The last HTTP status, when there was an answer.
        status: Option<u16>,
        /// What happened, without secrets.
        detail: String,
    },
    /// The tracker asked for a pause that is longer than a read waits.
    #[error("the tracker asks for a pause of {} s; the job goes on after it", retry_after.as_secs())]
    Throttled {
        /// The pause.
        retry_after: Duration,
    },
    /// The credential is refused, or the tracker went on as anonymous: an empty answer is not
    /// to be believed.
    #[error("the tracker does not accept the credential: {detail}; renew the secret")]
    CredentialRefused {
        /// What happened, without secrets.
        detail: String,
    },
    /// The account may not do this.
    #[error("the tracker does not let the account do this: {detail}; grant the permission")]
    Forbidden {
        /// What the tracker said.
        detail: String,
    },
    /// The query is not valid there, or there is no such saved filter.
    #[error("the tracker does not accept the query: {detail}; correct the query")]
    QueryInvalid {
        /// What the tracker said, at most 500 characters.
        detail: String,
    },
    /// An answer could not be understood, was cut short, or was too large.
    #[error("the tracker's answer cannot be used: {detail}; if it happens again, report it")]
    AnswerInvalid {
        /// What was wrong.
        detail: String,
    },
    /// The tracker lacks something that the question is about, such as a field or a link type.
    #[error("the tracker is not set up for this: {detail}; change it there, or the settings here")]
    NotSetUp {
        /// What is missing.
        detail: String,
    },
    /// The address is not a Jira of the configured product.
    #[error("this is not the configured product: {detail}; correct the connection")]
    ProductMismatch {
        /// What was found.
        detail: String,
    },
}

/// Reads a tracker on behalf of one account. Every method either answers completely or fails:
/// a page that is missing, a session that turned anonymous or a cut body is never an empty result.
#[async_trait]
pub trait TrackerReader: Send + Sync {
    /// Who the account is. Fails with [`Error::CredentialRefused`] for an anonymous session.
    async fn identify(&self) -> Result<Identity, Error>;

    /// Reads all issues that a query matches. `progress` is called after each page.
    async fn read_query(
        &self,
        query: &Query,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<QueryResult, Error>;

    /// Asks whether the tracker accepts a query, and about how many issues it matches.
    async fn check_query(&self, query: &Query) -> Result<u64, Error>;

    /// Asks again which of these issues a query matches, one by one and past the lag of the search
    /// index where the tracker can do that. For issues that a result no longer shows: one answer
    /// without them is not enough to believe that they have left.
    async fn still_matching(&self, query: &Query, ids: &[IssueId]) -> Result<Vec<IssueId>, Error>;

    /// Reads issues by id. Not subject to the lag of the search index.
    async fn read_issues(&self, ids: &[IssueId]) -> Result<IssueBatch, Error>;

    /// Finds an issue by its key, as people type it; `None` when it is gone or invisible.
    async fn find_issue(&self, key: &str) -> Result<Option<ObservedIssue>, Error>;

    /// The ids of all issues that a query matches, ascending, in the fewest requests. What it does
    /// not have may still be there: an index lags, so that each is asked for by id before it counts
    /// as gone.
    async fn census(&self, query: &Query) -> Result<Vec<IssueId>, Error>;

    /// Reads the issues of a scope that were updated at or after `since`, in the order of their
    /// updates (then of ids). The tracker's index lags and `updated` is set before it is seen, so
    /// that the caller goes back by an overlap, and passes over what it has seen by id and
    /// `updated`. An empty JQL is the scope of everything.
    async fn changed_since(
        &self,
        since: Timestamp,
        scope: &Query,
    ) -> Result<Vec<ObservedIssue>, Error>;

    /// Which of these issues a query matches, in the order in which they are given. Many at a time
    /// are compared with what the search index knows.
    async fn matching(&self, query: &Query, ids: &[IssueId]) -> Result<Vec<IssueId>, Error>;

    /// The types of links. Fails with [`Error::NotSetUp`] where linking is off.
    async fn link_types(&self) -> Result<Vec<LinkType>, Error>;

    /// Reads the links of a type, each once, with the issues of the scope. Fails with
    /// [`Error::NotSetUp`] when there is no such type. `progress` counts issues of the scope.
    async fn read_links(
        &self,
        scope: &LinkScope,
        link_type: &JiraId,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<Links, Error>;

    /// Reads a board. Fails with [`Error::QueryInvalid`] when there is none for the account.
    async fn board(&self, id: &JiraId) -> Result<Board, Error>;

    /// Reads the issues of a board or of projects, by rank and with their epics as asked. Fails
    /// with [`Error::NotSetUp`] when the board is not ordered by rank, when there is not one rank
    /// field for the projects, or when there is no field for epics.
    async fn read_agile(
        &self,
        scope: &AgileScope,
        aspects: AgileAspects,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<Agile, Error>;

    /// All statuses there are.
    async fn statuses(&self) -> Result<Vec<Status>, Error>;

    /// Reads issues by id with their statuses.
    async fn read_statuses(&self, ids: &[IssueId]) -> Result<StatusBatch, Error>;

    /// Reads which transitions can be made with these issues now, in a request for each issue.
    async fn transitions(&self, ids: &[IssueId]) -> Result<TransitionBatch, Error>;

    /// Requests so far.
    fn counters(&self) -> RequestCounters;
}
