//! Jira's JSON: only the members that are used, and their way into domain values.
//!
//! What it is not: a model of Jira. Pages are read straight into domain values: texts are copied
//! once, and what repeats (types, states, people, projects) is kept once, so that a million issues
//! stay small.

use super::date;
use super::json::Reader;
pub(super) use super::repeats::Interner;
use super::repeats::Repeats;
use resync_core::id::{IssueId, IssueKey, JiraId, ProjectKey};
use resync_core::issue::{IssueType, ObservedIssue};
use resync_core::time::Timestamp;
use serde::Deserialize;
use std::borrow::Cow;
use std::sync::Arc;

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

/// What a page has shown so far.
struct Known<'a, 'i> {
    interner: &'i Interner,
    issue_types: Repeats<'a, IssueType>,
    projects: Repeats<'a, Arc<str>>,
    statuses: Repeats<'a, Arc<str>>,
    people: Repeats<'a, Option<Arc<str>>>,
}

impl<'i> Known<'_, 'i> {
    fn new(interner: &'i Interner) -> Self {
        Self {
            interner,
            issue_types: Repeats::default(),
            projects: Repeats::default(),
            statuses: Repeats::default(),
            people: Repeats::default(),
        }
    }
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
    let mut known = Known::new(interner);
    page(body, |reader| observed(reader, &mut known))
}

/// A page of which only the ids matter.
pub(super) fn id_page(body: &[u8]) -> Result<Page<IssueId>, Unreadable> {
    page(body, id_of)
}

/// Issues by id, on Cloud.
pub(super) fn bulk_page(body: &[u8], interner: &Interner) -> Result<Bulk, Unreadable> {
    let mut known = Known::new(interner);
    let (mut issues, mut failed) = (None, Vec::new());
    let mut reader = Reader::new(body);
    reader.object(|reader, name| {
        match name {
            "issues" => {
                issues = Some(reader.list(|reader| Ok(observed(reader, &mut known)?.issue))?);
            }
            "issueErrors" => failed = reader.list(failed_id)?,
            _ => reader.pass()?,
        }
        Ok(())
    })?;
    reader.end()?;
    Ok(Bulk {
        issues: required(issues, "issues")?,
        failed: failed.into_iter().flatten().collect(),
    })
}

/// One issue.
pub(super) fn issue(body: &[u8], interner: &Interner) -> Result<ObservedIssue, Unreadable> {
    let mut reader = Reader::new(body);
    let dated = observed(&mut reader, &mut Known::new(interner))?;
    reader.end()?;
    Ok(dated.issue)
}

/// Any body whose texts are few.
pub(super) fn value<V: for<'a> Deserialize<'a>>(body: &[u8]) -> Result<V, Unreadable> {
    Ok(serde_json::from_slice(body)?)
}

fn page<'a, I>(
    body: &'a [u8],
    mut item: impl FnMut(&mut Reader<'a>) -> Result<I, Unreadable>,
) -> Result<Page<I>, Unreadable> {
    let (mut items, mut next, mut total) = (None, None, None);
    let mut reader = Reader::new(body);
    reader.object(|reader, name| {
        match name {
            "issues" => items = Some(reader.list(&mut item)?),
            "nextPageToken" => next = reader.nullable(Reader::text)?.map(Cow::into_owned),
            "total" => total = reader.nullable(Reader::number)?,
            _ => reader.pass()?,
        }
        Ok(())
    })?;
    reader.end()?;
    let items = required(items, "issues")?;
    Ok(Page { items, next, total })
}

/// The one member of an object that matters.
fn member<'a, V>(
    reader: &mut Reader<'a>,
    wanted: &str,
    value: impl Fn(&mut Reader<'a>) -> Result<V, Unreadable>,
) -> Result<Option<V>, Unreadable> {
    let mut found = None;
    reader.object(|reader, name| {
        if name == wanted {
            found = Some(value(reader)?);
            return Ok(());
        }
        reader.pass()
    })?;
    Ok(found)
}

fn id_of(reader: &mut Reader<'_>) -> Result<IssueId, Unreadable> {
    required(member(reader, "id", number)?, "id")
}

/// An error may name a key or nothing at all; it is then no report about an id.
fn failed_id(reader: &mut Reader<'_>) -> Result<Option<IssueId>, Unreadable> {
    let id = member(reader, "id", |reader| reader.nullable(Reader::text))?;
    Ok(id.flatten().and_then(|text| text.parse().ok()).map(IssueId))
}

fn observed<'a>(reader: &mut Reader<'a>, known: &mut Known<'a, '_>) -> Result<Dated, Unreadable> {
    let (mut id, mut key, mut fields) = (None, None, None);
    reader.object(|reader, name| {
        match name {
            "id" => id = Some(number(reader)?),
            "key" => key = Some(IssueKey::new(&reader.text()?)),
            "fields" => fields = Some(Fields::read(reader, known)?),
            _ => reader.pass()?,
        }
        Ok(())
    })?;
    let fields = required(fields, "fields")?;
    let empty = || known.interner.keep("");
    Ok(Dated {
        created: fields.created,
        issue: ObservedIssue {
            id: required(id, "id")?,
            key: required(key, "key")?,
            summary: fields.summary.unwrap_or_else(empty),
            project: required(fields.project, "project")?,
            issue_type: required(fields.issue_type, "issuetype")?,
            status: fields.status.unwrap_or_else(empty),
            assignee: fields.assignee,
            parent: fields.parent,
            updated: required(fields.updated, "updated")?,
        },
    })
}

/// The fields of an issue, as far as they have come.
#[derive(Default)]
struct Fields {
    summary: Option<Arc<str>>,
    issue_type: Option<IssueType>,
    project: Option<ProjectKey>,
    status: Option<Arc<str>>,
    assignee: Option<Arc<str>>,
    parent: Option<IssueId>,
    updated: Option<Timestamp>,
    created: Option<Timestamp>,
}

impl Fields {
    fn read<'a>(reader: &mut Reader<'a>, known: &mut Known<'a, '_>) -> Result<Self, Unreadable> {
        let Known {
            interner,
            issue_types,
            projects,
            statuses,
            people,
        } = known;
        let mut fields = Fields::default();
        reader.object(|reader, name| {
            match name {
                "summary" => {
                    let text = reader.nullable(Reader::text)?;
                    fields.summary = text.filter(|text| !text.is_empty()).map(Arc::from);
                }
                "issuetype" => {
                    let read = |reader: &mut Reader<'a>| issue_type(reader, interner);
                    fields.issue_type = Some(issue_types.read(reader, read)?);
                }
                "project" => {
                    let read = |reader: &mut Reader<'a>| text_of(reader, "key", interner);
                    fields.project = Some(ProjectKey(projects.read(reader, read)?));
                }
                "status" => {
                    let read = |reader: &mut Reader<'a>| text_of(reader, "name", interner);
                    fields.status = reader.nullable(|reader| statuses.read(reader, read))?;
                }
                "assignee" => {
                    let read = |reader: &mut Reader<'a>| person(reader, interner);
                    let person = reader.nullable(|reader| people.read(reader, read))?;
                    fields.assignee = person.flatten();
                }
                "parent" => fields.parent = reader.nullable(id_of)?,
                "updated" => fields.updated = Some(instant(reader)?),
                "created" => fields.created = reader.nullable(instant)?,
                _ => reader.pass()?,
            }
            Ok(())
        })?;
        Ok(fields)
    }
}

fn issue_type(reader: &mut Reader<'_>, interner: &Interner) -> Result<IssueType, Unreadable> {
    let (mut id, mut label, mut subtask) = (None, None, false);
    reader.object(|reader, name| {
        match name {
            "id" => id = Some(interner.keep(&reader.text()?)),
            "name" => label = Some(interner.keep(&reader.text()?)),
            "subtask" => subtask = reader.boolean()?,
            _ => reader.pass()?,
        }
        Ok(())
    })?;
    Ok(IssueType {
        id: JiraId(required(id, "id")?),
        name: required(label, "name")?,
        subtask,
    })
}

fn person(reader: &mut Reader<'_>, interner: &Interner) -> Result<Option<Arc<str>>, Unreadable> {
    let (mut display_name, mut login) = (None, None);
    reader.object(|reader, name| {
        match name {
            "displayName" => display_name = reader.nullable(Reader::text)?,
            "name" => login = reader.nullable(Reader::text)?,
            _ => reader.pass()?,
        }
        Ok(())
    })?;
    Ok(display_name.or(login).map(|name| interner.keep(&name)))
}

fn text_of(
    reader: &mut Reader<'_>,
    wanted: &str,
    interner: &Interner,
) -> Result<Arc<str>, Unreadable> {
    let text = member(reader, wanted, |reader| Ok(interner.keep(&reader.text()?)))?;
    required(text, wanted)
}

fn number(reader: &mut Reader<'_>) -> Result<IssueId, Unreadable> {
    let text = reader.text()?;
    text.parse()
        .map(IssueId)
        .map_err(|_| Unreadable::Invalid(format!("the id of an issue is not a number: {text:.40}")))
}

fn instant(reader: &mut Reader<'_>) -> Result<Timestamp, Unreadable> {
    let text = reader.text()?;
    date::parse(&text).ok_or_else(|| Unreadable::Invalid(format!("not a date of Jira: {text:.40}")))
}

fn required<V>(value: Option<V>, name: &str) -> Result<V, Unreadable> {
    value.ok_or_else(|| Unreadable::Invalid(format!("missing field `{name}`")))
}
