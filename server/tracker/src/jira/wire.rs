//! Jira's JSON: only the members that are used, and their way into domain values.
//!
//! What it is not: a model of Jira. Texts are borrowed from the body and copied once, and what
//! repeats (types, states, people, projects) is kept once, so that a million issues stay small.

use super::date;
use resync_core::id::{IssueId, IssueKey, JiraId, ProjectKey};
use resync_core::issue::{IssueType, ObservedIssue};
use resync_core::time::Timestamp;
use rustc_hash::FxHashSet;
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The fields that an observation is made of.
pub(super) const OBSERVED_FIELDS: [&str; 7] = [
    "summary",
    "issuetype",
    "project",
    "status",
    "assignee",
    "parent",
    "updated",
];

/// Why a body is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It ends in the middle.
    Cut,
    /// It is something else.
    Invalid(String),
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        if error.is_eof() {
            Unreadable::Cut
        } else {
            Unreadable::Invalid(error.to_string())
        }
    }
}

/// Keeps each text that repeats once.
#[derive(Debug, Default)]
pub(super) struct Interner(Mutex<FxHashSet<Arc<str>>>);

impl Interner {
    fn lock(&self) -> MutexGuard<'_, FxHashSet<Arc<str>>> {
        // A set of texts is whole after each step, even if a holder died.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn intern(texts: &mut FxHashSet<Arc<str>>, text: &str) -> Arc<str> {
    if let Some(known) = texts.get(text) {
        return Arc::clone(known);
    }
    let new: Arc<str> = text.into();
    texts.insert(Arc::clone(&new));
    new
}

/// An issue, and when it was created when that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dated {
    pub(super) issue: ObservedIssue,
    pub(super) created: Option<Timestamp>,
}

/// An answer to a question for issues by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bulk {
    pub(super) issues: Vec<ObservedIssue>,
    /// Those that are reported as unreadable.
    pub(super) failed: Vec<IssueId>,
}

/// A page of a search, of either product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page<I> {
    pub(super) items: Vec<I>,
    /// Cloud: where the next page is; none on the last.
    pub(super) next: Option<String>,
    /// Data Center: how many issues match.
    pub(super) total: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePage<I> {
    issues: Vec<I>,
    next_page_token: Option<String>,
    total: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireBulk<'a> {
    #[serde(borrow)]
    issues: Vec<WireIssue<'a>>,
    #[serde(borrow, default)]
    issue_errors: Vec<WireIssueError<'a>>,
}

#[derive(Deserialize)]
struct WireIssueError<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

/// Borrowed from the body unless it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct WireId<'a> {
    #[serde(borrow)]
    id: Text<'a>,
}

#[derive(Deserialize)]
struct WireIssue<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    key: Text<'a>,
    #[serde(borrow)]
    fields: WireFields<'a>,
}

#[derive(Deserialize)]
struct WireFields<'a> {
    #[serde(borrow)]
    summary: Option<Text<'a>>,
    #[serde(borrow)]
    issuetype: WireType<'a>,
    #[serde(borrow)]
    project: WireProject<'a>,
    #[serde(borrow)]
    status: Option<WireStatus<'a>>,
    #[serde(borrow)]
    assignee: Option<WireUser<'a>>,
    #[serde(borrow)]
    parent: Option<WireId<'a>>,
    #[serde(borrow)]
    updated: Text<'a>,
    #[serde(borrow)]
    created: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct WireType<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(default)]
    subtask: bool,
}

#[derive(Deserialize)]
struct WireProject<'a> {
    #[serde(borrow)]
    key: Text<'a>,
}

#[derive(Deserialize)]
struct WireStatus<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireUser<'a> {
    #[serde(borrow)]
    display_name: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
}

/// Who the account is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Myself {
    #[serde(default)]
    pub(super) display_name: String,
    #[serde(default)]
    pub(super) time_zone: String,
}

/// What the server is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerInfo {
    pub(super) version: String,
    pub(super) deployment_type: Option<String>,
}

/// A saved filter.
#[derive(Deserialize)]
pub(super) struct Filter {
    pub(super) jql: String,
}

/// About how many issues match.
#[derive(Deserialize)]
pub(super) struct Count {
    pub(super) count: u64,
}

/// A page of issues.
pub(super) fn issue_page(body: &[u8], interner: &Interner) -> Result<Page<Dated>, Unreadable> {
    let page: WirePage<WireIssue<'_>> = serde_json::from_slice(body)?;
    let mut texts = interner.lock();
    let items: Result<_, _> = page
        .issues
        .into_iter()
        .map(|issue| observed(issue, &mut texts))
        .collect();
    Ok(Page {
        items: items?,
        next: page.next_page_token,
        total: page.total,
    })
}

/// Issues by id, on Cloud.
pub(super) fn bulk_page(body: &[u8], interner: &Interner) -> Result<Bulk, Unreadable> {
    let page: WireBulk<'_> = serde_json::from_slice(body)?;
    let mut texts = interner.lock();
    let issue = |issue| observed(issue, &mut texts).map(|dated| dated.issue);
    let issues: Result<_, _> = page.issues.into_iter().map(issue).collect();
    // An error may name a key or nothing at all; it is then no report about an id.
    let failed = page
        .issue_errors
        .iter()
        .filter_map(|error| number(error.id.as_ref()?).ok());
    Ok(Bulk {
        issues: issues?,
        failed: failed.collect(),
    })
}

/// A page of which only the ids matter.
pub(super) fn id_page(body: &[u8]) -> Result<Page<IssueId>, Unreadable> {
    let page: WirePage<WireId<'_>> = serde_json::from_slice(body)?;
    let items: Result<_, _> = page.issues.iter().map(|issue| number(&issue.id)).collect();
    Ok(Page {
        items: items?,
        next: page.next_page_token,
        total: page.total,
    })
}

/// One issue.
pub(super) fn issue(body: &[u8], interner: &Interner) -> Result<ObservedIssue, Unreadable> {
    let issue: WireIssue<'_> = serde_json::from_slice(body)?;
    Ok(observed(issue, &mut interner.lock())?.issue)
}

/// Any body whose texts are few.
pub(super) fn value<V: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<V, Unreadable> {
    Ok(serde_json::from_slice(body)?)
}

fn number(text: &Text<'_>) -> Result<IssueId, Unreadable> {
    let parsed = text.0.parse().map_err(|_| {
        Unreadable::Invalid(format!(
            "the id of an issue is not a number: {:.40}",
            text.0
        ))
    });
    parsed.map(IssueId)
}

fn instant(text: &Text<'_>) -> Result<Timestamp, Unreadable> {
    date::parse(&text.0)
        .ok_or_else(|| Unreadable::Invalid(format!("not a date of Jira: {:.40}", text.0)))
}

fn observed(issue: WireIssue<'_>, texts: &mut FxHashSet<Arc<str>>) -> Result<Dated, Unreadable> {
    let fields = issue.fields;
    let assignee = fields
        .assignee
        .and_then(|user| user.display_name.or(user.name));
    let status = fields.status.as_ref().map_or("", |status| &*status.name.0);
    Ok(Dated {
        created: fields.created.as_ref().map(instant).transpose()?,
        issue: ObservedIssue {
            id: number(&issue.id)?,
            key: IssueKey::new(&issue.key.0),
            summary: fields
                .summary
                .map_or_else(|| intern(texts, ""), |text| (&*text.0).into()),
            project: ProjectKey(intern(texts, &fields.project.key.0)),
            issue_type: IssueType {
                id: JiraId(intern(texts, &fields.issuetype.id.0)),
                name: intern(texts, &fields.issuetype.name.0),
                subtask: fields.issuetype.subtask,
            },
            status: intern(texts, status),
            assignee: assignee.map(|name| intern(texts, &name.0)),
            parent: fields
                .parent
                .as_ref()
                .map(|parent| number(&parent.id))
                .transpose()?,
            updated: instant(&fields.updated)?,
        },
    })
}
