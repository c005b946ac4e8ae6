//! Puts the lines of an archive into the state.

use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::{Checked, Fields, LoadReport, Named, Seen};
use crate::state::catalog::Category;
use crate::state::issue::{Extra, Issue, IssueId, Key, Link, RANK_FIRST, RANK_STEP, Rank};
use crate::state::{Board, BoardKind, LinkId, State};

pub(super) struct Loader<'a> {
    state: &'a mut State,
    present: FxHashSet<IssueId>,
    projects: FxHashSet<u16>,
    /// Links of each issue, in the order in which they were met.
    ends: FxHashMap<IssueId, Vec<LinkId>>,
    new_links: FxHashSet<LinkId>,
    report: LoadReport,
}

impl<'a> Loader<'a> {
    pub(super) fn new(state: &'a mut State) -> Self {
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

    pub(super) fn add(&mut self, line: Checked) {
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
        // Each end lists its links itself, and one of the real links stands twice on both.
        self.ends.entry(id).or_default().push(link);
    }

    pub(super) fn finish(mut self) -> LoadReport {
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
        self.add_boards();
        report
    }
}

impl Loader<'_> {
    /// Archives have no boards: each project that has none gets one.
    fn add_boards(&mut self) {
        let projects: BTreeSet<u16> = self.projects.iter().copied().collect();
        for place in projects {
            let key = self.state.catalog.projects[usize::from(place)]
                .own
                .key
                .clone();
            let has = |board: &Board| board.project.as_ref() == Some(&key);
            if !self.state.boards.iter().any(has) {
                // The key is that of a project, so this cannot fail.
                drop(self.state.add_project_board(&key, BoardKind::Kanban));
            }
        }
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
