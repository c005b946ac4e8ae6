//! Reads issues from a file of JSON lines in REST shape, as exports and public archives have them.
//! It keeps what a hierarchy needs and invents one thing: ranks, from the seed.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use serde_json::Value;

use crate::render::time;
use crate::state::LinkId;
use crate::state::State;
use crate::state::catalog::Category;
use crate::state::issue::{Extra, Issue, IssueId, Key, Link, RANK_FIRST, RANK_STEP, Rank};

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

struct Loader<'a> {
    state: &'a mut State,
    present: FxHashSet<IssueId>,
    projects: FxHashSet<u16>,
    /// Links of each issue, in the order in which they were met.
    ends: FxHashMap<IssueId, Vec<LinkId>>,
    new_links: FxHashSet<LinkId>,
    report: LoadReport,
}

impl<'a> Loader<'a> {
    fn new(state: &'a mut State) -> Self {
        let present = state.issues.iter().map(|issue| issue.id).collect();
        Self {
            state,
            present,
            projects: FxHashSet::default(),
            ends: FxHashMap::default(),
            new_links: FxHashSet::default(),
            report: LoadReport::default(),
        }
    }

    fn add(&mut self, line: Checked) {
        let id = IssueId(line.id);
        if !self.present.insert(id) {
            self.report.duplicates += 1;
            return;
        }
        self.report.issues += 1;
        let key = self.key(&line);
        let kind = self.kind(&line.fields.issuetype);
        let sub_task = self.state.catalog.kinds[usize::from(kind)].own.level < 0;
        let issue = self.issue(id, key, kind, &line);
        if issue.summary.is_empty() {
            self.report.without_summary += 1;
        }
        match (sub_task, &line.parent, &line.epic) {
            (true, Some(_), _) => self.report.sub_tasks += 1,
            (_, None, Some(_)) => self.report.epic_children += 1,
            _ => {}
        }
        for seen in line.links {
            self.link(id, seen);
        }
        self.state.issues.push(issue);
    }

    fn key(&mut self, line: &Checked) -> Key {
        let project = &line.fields.project;
        let name = project
            .name
            .clone()
            .unwrap_or_else(|| line.project_key.clone());
        let id = project.id.parse().unwrap_or_default();
        let key = project.key.as_ref().unwrap_or(&line.project_key);
        let place = self.state.catalog.project(id, key, &name);
        self.projects.insert(place);
        Key {
            project: place,
            number: line.number,
        }
    }

    fn kind(&mut self, kind: &Named) -> u16 {
        let name = kind.name.as_deref().unwrap_or_default();
        let level = match kind.hierarchy_level {
            Some(level) => level,
            None if kind.subtask => -1,
            None => i8::from(name == "Epic"),
        };
        self.state
            .catalog
            .kind(kind.id.parse().unwrap_or_default(), name, level)
    }

    fn issue(&mut self, id: IssueId, key: Key, kind: u16, line: &Checked) -> Issue {
        let catalog = &mut self.state.catalog;
        let fields = &line.fields;
        let named = |entry: &Named| {
            (
                entry.id.parse().unwrap_or_default(),
                entry.name.clone().unwrap_or_default(),
            )
        };
        let category = fields.status.status_category.as_ref();
        let category = category.and_then(|category| Category::from_key(&category.key));
        let (status, status_name) = named(&fields.status);
        let status = catalog.status(status, &status_name, category.unwrap_or(Category::New));
        let priority = fields.priority.as_ref().map(named);
        let priority = priority.map(|(id, name)| catalog.priority(id, &name));
        let resolution = fields.resolution.as_ref().map(named);
        let resolution = resolution.map(|(id, name)| catalog.resolution(id, &name));
        let mut person = |value: &Option<Value>| {
            let name = value.as_ref().and_then(person_name)?;
            Some(catalog.person(&name, &name, &format!("712020:{name}")))
        };
        let (reporter, assignee) = (person(&fields.reporter), person(&fields.assignee));
        let labels = fields
            .labels
            .iter()
            .map(|label| catalog.label(label))
            .collect();
        let above = line.parent.as_ref().or(line.epic.as_ref());
        if let Some((parent, key)) = above {
            self.state
                .absent
                .insert(IssueId(*parent), key.as_str().into());
        }
        Issue {
            id,
            key,
            kind,
            status,
            priority,
            resolution,
            deleted: false,
            secured: false,
            summary: fields.summary.clone().unwrap_or_default().into(),
            created: line.created,
            updated: line.updated,
            resolved: line.resolved,
            parent: above.map(|(parent, _)| IssueId(*parent)),
            rank: Rank(0),
            reporter,
            assignee,
            labels,
            links: Box::default(),
            extra: extra(fields),
        }
    }

    fn link(&mut self, id: IssueId, seen: Seen) {
        let (other, kind) = (IssueId(seen.other), seen.kind);
        let link_kind =
            self.state
                .catalog
                .link_kind(seen.kind_id, &kind.name, &kind.inward, &kind.outward);
        let (source, target) = if seen.outward {
            (id, other)
        } else {
            (other, id)
        };
        let link = LinkId(seen.id);
        self.state.absent.insert(other, seen.other_key.into());
        self.state.add_link(
            link,
            Link {
                kind: link_kind,
                source,
                target,
            },
        );
        self.new_links.insert(link);
        for end in [source, target] {
            let links = self.ends.entry(end).or_default();
            // Archives list some links twice, and most at both ends.
            if !links.contains(&link) {
                links.push(link);
            }
        }
    }

    fn finish(mut self) -> LoadReport {
        let present = &self.present;
        self.state.absent.retain(|id, _| !present.contains(id));
        let mut report = self.report;
        report.projects = self.projects.len();
        report.links = self.new_links.len();
        let absent = |id: &IssueId| self.state.absent.contains_key(id);
        let links = self.new_links.iter().map(|link| self.state.links[link]);
        let half = links.filter(|link| absent(&link.source) || absent(&link.target));
        report.links_to_absent_issues = half.count();
        for issue in &self.state.issues {
            let Some(parent) = issue.parent else { continue };
            match self.state.level(issue) < 0 {
                true => report.sub_tasks_of_absent_parents += usize::from(absent(&parent)),
                false => report.epic_children_of_present_epics += usize::from(!absent(&parent)),
            }
        }
        for issue in &mut self.state.issues {
            if let Some(links) = self.ends.remove(&issue.id) {
                let mut all = std::mem::take(&mut issue.links).into_vec();
                all.extend(links);
                issue.links = all.into_boxed_slice();
            }
        }
        shuffle_ranks(self.state);
        self.state.rebuild();
        report
    }
}

/// A name, however the archive writes people.
fn person_name(value: &Value) -> Option<String> {
    let member = |name: &str| value.get(name).and_then(Value::as_str);
    let name = value
        .as_str()
        .or_else(|| member("name"))
        .or_else(|| member("displayName"));
    name.map(str::to_owned)
}

fn extra(fields: &Fields) -> Option<Box<Extra>> {
    let text = |value: &Option<Value>| value.as_ref().map(|value| value.to_string().into());
    let extra = Extra {
        components: text(&fields.components),
        fix_versions: text(&fields.fix_versions),
    };
    (extra.components.is_some() || extra.fix_versions.is_some()).then(|| Box::new(extra))
}

/// Archives have no ranks: all issues get one, in an order that the seed decides.
fn shuffle_ranks(state: &mut State) {
    let mut order: Vec<usize> = (0..state.issues.len()).collect();
    order.shuffle(&mut SmallRng::seed_from_u64(state.seed));
    for (place, at) in order.into_iter().enumerate() {
        state.issues[at].rank = Rank(RANK_FIRST + place as u64 * RANK_STEP);
    }
}
