//! Reads issues from a file of JSON lines in REST shape, as exports and public archives have them.
//! It keeps what a hierarchy needs and invents one thing: ranks, from the seed.

mod loader;

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;

use crate::render::time;
use crate::state::State;
use loader::Loader;

/// Why an archive was not read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("reading {path} failed: {source}; check the path and that it is not cut short")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is no issue.
    #[error("line {line} of {path} is no issue in REST shape: {reason}; correct or remove it")]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Issues added.
    pub issues: usize,
    /// Issues that were there already, by id, and were passed over.
    pub duplicates: usize,
    /// Projects that the file names.
    pub projects: usize,
    /// Issues of a sub-task type that name a parent.
    pub sub_tasks: usize,
    /// Of these, the ones whose parent is not here.
    pub sub_tasks_of_absent_parents: usize,
    /// Issues that name an epic and are no sub-tasks of something.
    pub epic_children: usize,
    /// Of these, the ones whose epic is here.
    pub epic_children_of_present_epics: usize,
    /// Distinct links.
    pub links: usize,
    /// Of these, the ones with an end that is not here.
    pub links_to_absent_issues: usize,
    /// Issues without a summary.
    pub without_summary: usize,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    key: String,
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    summary: Option<String>,
    issuetype: Named,
    project: Named,
    status: Named,
    priority: Option<Named>,
    resolution: Option<Named>,
    created: String,
    updated: String,
    resolutiondate: Option<String>,
    reporter: Option<Value>,
    assignee: Option<Value>,
    #[serde(default)]
    labels: Vec<String>,
    components: Option<Value>,
    #[serde(rename = "fixVersions")]
    fix_versions: Option<Value>,
    parent: Option<Reference>,
    epic: Option<EpicReference>,
    #[serde(default)]
    issuelinks: Vec<LinkEnd>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    id: String,
    name: Option<String>,
    key: Option<String>,
    #[serde(default)]
    subtask: bool,
    status_category: Option<CategoryName>,
    hierarchy_level: Option<i8>,
}

#[derive(Deserialize)]
struct CategoryName {
    key: String,
}

#[derive(Deserialize)]
struct Reference {
    id: String,
    key: String,
}

/// The agile API writes ids as numbers, the platform as text.
#[derive(Deserialize)]
struct EpicReference {
    id: Value,
    key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkEnd {
    id: String,
    #[serde(rename = "type")]
    kind: LinkType,
    inward_issue: Option<Reference>,
    outward_issue: Option<Reference>,
}

#[derive(Deserialize)]
struct LinkType {
    id: String,
    name: String,
    inward: String,
    outward: String,
}

pub(crate) fn load(state: &mut State, path: &Path) -> Result<LoadReport, LoadError> {
    let failed = |source| LoadError::Read {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(failed)?;
    let packed = path.extension().is_some_and(|extension| extension == "gz");
    let reader: Box<dyn Read> = if packed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    };
    let mut loader = Loader::new(state);
    // Everything is read before anything changes, so that a bad line leaves the state as it was.
    let mut lines = Vec::new();
    for (at, text) in BufReader::new(reader).lines().enumerate() {
        let text = text.map_err(failed)?;
        if text.trim().is_empty() {
            continue;
        }
        let bad = |reason: String| LoadError::Line {
            path: path.to_owned(),
            line: at + 1,
            reason,
        };
        let line: Line = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        lines.push(Checked::read(line).map_err(bad)?);
    }
    for line in lines {
        loader.add(line);
    }
    Ok(loader.finish())
}

/// A line whose numbers and dates have been read.
struct Checked {
    id: u64,
    project_key: String,
    number: u32,
    created: i64,
    updated: i64,
    resolved: Option<i64>,
    parent: Option<(u64, String)>,
    epic: Option<(u64, String)>,
    links: Vec<Seen>,
    fields: Fields,
}

/// A link as one of its ends shows it.
struct Seen {
    id: u64,
    kind_id: u64,
    kind: LinkType,
    outward: bool,
    other: u64,
    other_key: String,
}

impl Checked {
    fn read(line: Line) -> Result<Self, String> {
        let (project_key, number) = line
            .key
            .rsplit_once('-')
            .ok_or_else(|| format!("{:?} is no key", line.key))?;
        let mut fields = line.fields;
        let mut links = Vec::new();
        for end in std::mem::take(&mut fields.issuelinks) {
            let outward = end.outward_issue.is_some();
            let Some(other) = end.outward_issue.or(end.inward_issue) else {
                continue;
            };
            links.push(Seen {
                id: id(&end.id)?,
                kind_id: id(&end.kind.id)?,
                kind: end.kind,
                outward,
                other: id(&other.id)?,
                other_key: other.key,
            });
        }
        let epic = match &fields.epic {
            Some(epic) => {
                let text = epic
                    .id
                    .as_str()
                    .map_or_else(|| epic.id.to_string(), str::to_owned);
                Some((id(&text)?, epic.key.clone()))
            }
            None => None,
        };
        let parent = match &fields.parent {
            Some(parent) => Some((id(&parent.id)?, parent.key.clone())),
            None => None,
        };
        Ok(Self {
            id: id(&line.id)?,
            project_key: project_key.to_owned(),
            number: number
                .parse()
                .map_err(|_| format!("{:?} is no key", line.key))?,
            created: instant(&fields.created)?,
            updated: instant(&fields.updated)?,
            resolved: fields.resolutiondate.as_deref().map(instant).transpose()?,
            parent,
            epic,
            links,
            fields,
        })
    }
}

fn id(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text:?} is no id"))
}

fn instant(text: &str) -> Result<i64, String> {
    time::read(text).ok_or_else(|| format!("{text:?} is no instant"))
}
