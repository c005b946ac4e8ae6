//! From what is asked for to the searches that answer it, and from their results to one.
//!
//! What it is not: how a search is paged; the two products differ in that.

use super::answer::Failure;
use super::exchange::Call;
use super::jql::{self, Jql};
use super::settings::Product;
use super::transport::Transport;
use super::wire::{Filter, Interner};
use super::{Jira, wire};
use crate::{Error, Query, ReadProgress};
use futures::stream::{self, StreamExt, TryStreamExt};
use resync_core::id::{IssueId, JiraId, ProjectKey};
use resync_core::issue::{ObservedIssue, QueryResult};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Parents or projects in one search: such a query stays far below any limit on its length.
const VALUES_PER_SEARCH: usize = 100;

/// One search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Search {
    pub(super) jql: Jql,
    /// What it was written from; `None` when a person wrote it.
    pub(super) origin: Option<Origin>,
}

/// The values in a search that is written here. That one of them is gone is no mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    parents: Vec<IssueId>,
    issue_types: Vec<JiraId>,
}

impl Search {
    fn of_projects(projects: &[ProjectKey], issue_types: &[JiraId]) -> Search {
        let condition = jql::subtasks_of_projects(projects, issue_types);
        let origin = Origin {
            parents: Vec::new(),
            issue_types: issue_types.to_vec(),
        };
        Search {
            jql: Jql {
                condition,
                order: None,
            },
            origin: Some(origin),
        }
    }

    fn of_parents(parents: &[IssueId], issue_types: &[JiraId]) -> Search {
        let condition = jql::subtasks_of_issues(parents, issue_types);
        let origin = Origin {
            parents: parents.to_vec(),
            issue_types: issue_types.to_vec(),
        };
        Search {
            jql: Jql {
                condition,
                order: None,
            },
            origin: Some(origin),
        }
    }

    /// The parents that it names.
    pub(super) fn parents(&self) -> &[IssueId] {
        self.origin.as_ref().map_or(&[], |origin| &origin.parents)
    }

    /// The same search of other parents.
    pub(super) fn with_parents(&self, parents: &[IssueId]) -> Search {
        let issue_types = self
            .origin
            .as_ref()
            .map_or(&[][..], |origin| &origin.issue_types);
        Search::of_parents(parents, issue_types)
    }
}

/// Adds up what the searches of one read have read, and tells it.
pub(super) struct Meter<'a> {
    read: AtomicU64,
    total: AtomicU64,
    total_is_known: AtomicBool,
    report: &'a (dyn Fn(ReadProgress) + Send + Sync),
}

impl<'a> Meter<'a> {
    /// Nothing is read yet.
    pub(super) fn new(report: &'a (dyn Fn(ReadProgress) + Send + Sync)) -> Self {
        let (read, total) = (AtomicU64::new(0), AtomicU64::new(0));
        Self {
            read,
            total,
            total_is_known: AtomicBool::new(false),
            report,
        }
    }

    /// A search has told how many issues it matches.
    pub(super) fn expect(&self, total: u64) {
        self.total.fetch_add(total, Ordering::Relaxed);
        self.total_is_known.store(true, Ordering::Relaxed);
    }

    /// Issues have been read.
    pub(super) fn advance(&self, read: usize) {
        let read = self.read.fetch_add(read as u64, Ordering::Relaxed) + read as u64;
        let known = self.total_is_known.load(Ordering::Relaxed);
        let total = known.then(|| self.total.load(Ordering::Relaxed));
        (self.report)(ReadProgress { read, total });
    }
}

impl<T: Transport> Jira<T> {
    /// Reads a query in a session that is known to be the account's.
    pub(super) async fn read_confirmed(
        &self,
        query: &Query,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<QueryResult, Error> {
        let searches = self.searches(query).await?;
        self.read_searches(searches, progress).await
    }

    /// Reads what any of the searches matches.
    pub(super) async fn read_searches(
        &self,
        searches: Vec<Search>,
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<QueryResult, Error> {
        let meter = Meter::new(progress);
        let interner = Interner::default();
        if let [search] = searches.as_slice() {
            return self.read_search(search, &meter, &interner).await;
        }
        // The searches share the limits of the handle; more at a time would only queue there.
        let read = |search: Search| {
            let (meter, interner) = (&meter, &interner);
            async move { self.read_search(&search, meter, interner).await }
        };
        let results: Vec<QueryResult> = stream::iter(searches)
            .map(read)
            .buffered(self.concurrency)
            .try_collect()
            .await?;
        let issues = results
            .into_iter()
            .flat_map(|result| result.issues)
            .collect();
        Ok(arrange(issues, None))
    }

    /// Asks how many issues a query matches; about, on Cloud.
    pub(super) async fn count(&self, query: &Query) -> Result<u64, Error> {
        let mut count = 0;
        for search in self.searches(query).await? {
            count += match self.product {
                Product::Cloud => self.count_on_cloud(&search).await?,
                Product::DataCenter => self.count_on_data_center(&search).await?,
            };
        }
        Ok(count)
    }

    async fn read_search(
        &self,
        search: &Search,
        meter: &Meter<'_>,
        interner: &Interner,
    ) -> Result<QueryResult, Error> {
        match self.product {
            Product::Cloud => self.read_on_cloud(search, meter, interner).await,
            Product::DataCenter => self.read_on_data_center(search, meter, interner).await,
        }
    }

    pub(super) async fn searches(&self, query: &Query) -> Result<Vec<Search>, Error> {
        Ok(match query {
            Query::Jql(text) => vec![written_by_a_person(text)?],
            Query::SavedFilter(id) => vec![written_by_a_person(&self.saved_query(id).await?)?],
            Query::SubtasksOfProjects {
                projects,
                issue_types,
            } => projects
                .chunks(VALUES_PER_SEARCH)
                .map(|chunk| Search::of_projects(chunk, issue_types))
                .collect(),
            Query::SubtasksOfIssues {
                parents,
                issue_types,
            } => parents
                .chunks(VALUES_PER_SEARCH)
                .map(|chunk| Search::of_parents(chunk, issue_types))
                .collect(),
        })
    }

    /// The query of a saved filter, taken apart.
    pub(super) async fn saved_jql(&self, id: &JiraId) -> Result<Jql, Error> {
        Ok(written_by_a_person(&self.saved_query(id).await?)?.jql)
    }

    async fn saved_query(&self, id: &JiraId) -> Result<String, Error> {
        let unknown = |detail: &str| Error::QueryInvalid {
            detail: format!(
                "there is no saved filter {:.40} for the account ({detail})",
                id.as_str()
            ),
        };
        if id.as_str().is_empty() || !id.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(unknown("the id of a filter is a number"));
        }
        let call = Call::get(self.path(&format!("filter/{id}")));
        match self.exchange.fetch(&call, wire::value::<Filter>).await {
            Ok(filter) => Ok(filter.jql),
            Err(Failure::Absent(detail) | Failure::Invalid(detail)) => {
                // Also what somebody anonymous is told.
                self.confirm_account().await?;
                Err(unknown(&detail))
            }
            Err(failure) => Err(failure.of_resource(self.product)),
        }
    }
}

fn written_by_a_person(text: &str) -> Result<Search, Error> {
    let jql = Jql::split(text).map_err(|malformed| Error::QueryInvalid {
        detail: malformed.to_string(),
    })?;
    Ok(Search { jql, origin: None })
}

/// Puts issues in an order that was read apart from them, each once. Those that the order does
/// not have follow in order of their ids; without an order all do.
pub(super) fn arrange(issues: Vec<ObservedIssue>, order: Option<&[IssueId]>) -> QueryResult {
    let mut seen = FxHashSet::default();
    let mut issues = issues;
    issues.retain(|issue| seen.insert(issue.id));
    let Some(order) = order else {
        issues.sort_unstable_by_key(|issue| issue.id);
        let ordered_count = issues.len();
        return QueryResult {
            issues,
            ordered_count,
        };
    };
    let mut places = FxHashMap::default();
    for (place, id) in order.iter().enumerate() {
        places.entry(*id).or_insert(place);
    }
    let place = |issue: &ObservedIssue| places.get(&issue.id).copied().unwrap_or(usize::MAX);
    issues.sort_by_cached_key(|issue| (place(issue), issue.id));
    let ordered_count = issues
        .iter()
        .take_while(|issue| places.contains_key(&issue.id))
        .count();
    QueryResult {
        issues,
        ordered_count,
    }
}
