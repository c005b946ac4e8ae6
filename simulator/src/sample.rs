//! A small site to look at: three projects of a payments company before a launch, written as an
//! outline in `sample.txt`. It is not there for size; `content` is.

use crate::state::catalog::{Category, named};
use crate::state::issue::{Issue, Key, Link};
use crate::state::links::push_link;
use crate::state::{Board, BoardKind, Filter, IssueId, LinkId, State};

/// Saved filter "Launch 2026 scope".
pub const LAUNCH_FILTER_ID: u64 = 10_001;
/// Name of that filter.
pub const LAUNCH_FILTER_NAME: &str = "Launch 2026 scope";
/// Board of that filter, of the kind Kanban.
pub const LAUNCH_BOARD_ID: u64 = 1;
/// Board of the project PAY, of the kind Scrum, with a filter of its own.
pub const PAYMENTS_BOARD_ID: u64 = 2;
/// An epic of the launch, with stories and sub-tasks.
pub const LAUNCH_EPIC: &str = "PAY-1";
/// A story below it, with sub-tasks.
pub const LAUNCH_STORY: &str = "PAY-2";

const OUTLINE: &str = include_str!("sample.txt");
const HOUR: i64 = 60 * 60 * 1000;

const PEOPLE: [(&str, &str); 8] = [
    ("mira", "Mira Castellan"),
    ("jonas", "Jonas Weidner"),
    ("aiko", "Aiko Tanabe"),
    ("samuel", "Samuel Adeyemi"),
    ("lucie", "Lucie Ferrand"),
    ("noor", "Noor Haddad"),
    ("piotr", "Piotr Zielny"),
    ("greta", "Greta Solberg"),
];

/// Types, statuses, priorities, resolutions and link types of a new site; none when it has some.
pub(crate) fn add_site_defaults(state: &mut State) {
    let catalog = &mut state.catalog;
    if !catalog.kinds.is_empty() {
        return;
    }
    for (id, name, level) in [
        (10_001, "Epic", 1),
        (10_002, "Story", 0),
        (10_003, "Task", 0),
        (10_004, "Bug", 0),
        (10_005, "Sub-task", -1),
    ] {
        catalog.kind(id, name, level);
    }
    for (id, name, category) in [
        (10_000, "To Do", Category::New),
        (3, "In Progress", Category::Indeterminate),
        (10_010, "In Review", Category::Indeterminate),
        (10_011, "Done", Category::Done),
    ] {
        catalog.status(id, name, category);
    }
    for (id, name) in [
        (1, "Highest"),
        (2, "High"),
        (3, "Medium"),
        (4, "Low"),
        (5, "Lowest"),
    ] {
        catalog.priority(id, name);
    }
    catalog.resolution(10_000, "Done");
    catalog.resolution(10_001, "Won't Do");
    for (id, name, inward, outward) in [
        (10_000, "Blocks", "is blocked by", "blocks"),
        (10_001, "Cloners", "is cloned by", "clones"),
        (10_002, "Duplicate", "is duplicated by", "duplicates"),
        (10_003, "Relates", "relates to", "relates to"),
    ] {
        catalog.link_kind(id, name, inward, outward);
    }
}

pub(crate) fn load(state: &mut State) {
    add_site_defaults(state);
    for (name, display_name) in PEOPLE {
        state
            .catalog
            .person(name, display_name, &format!("712020:{name}"));
    }
    let mut links = Vec::new();
    let mut above: Vec<(usize, IssueId)> = Vec::new();
    let mut project = 0;
    let lines: Vec<_> = OUTLINE
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let count = lines.len() as i64;
    for (at, line) in lines.into_iter().enumerate() {
        if let Some(heading) = line.strip_prefix("# ") {
            let (key, name) = heading.split_once(' ').unwrap_or((heading, heading));
            let id = 10_000 + state.catalog.projects.len() as u64;
            project = state.catalog.project(id, key, name);
            above.clear();
            continue;
        }
        let depth = (line.len() - line.trim_start().len()) / 2;
        above.retain(|(other, _)| *other < depth);
        let row = Row::read(line);
        let created = state.now - (count - at as i64) * 7 * HOUR;
        let issue = row.issue(state, project, above.last().map(|(_, id)| *id), created);
        above.push((depth, issue.id));
        let key = state.key_text(issue.key);
        links.extend(
            row.links
                .iter()
                .map(|(kind, other)| (key.clone(), *kind, *other)),
        );
        state.push(issue);
    }
    for (source, kind, target) in links {
        let made = link(state, &source, kind, target);
        debug_assert!(
            made.is_some(),
            "{source} {kind} {target}: the outline names what is not"
        );
    }
    let jql = "project in (PAY, ONB) AND labels = launch-2026 ORDER BY Rank".to_owned();
    state.save_filter(Filter {
        id: LAUNCH_FILTER_ID,
        name: LAUNCH_FILTER_NAME.to_owned(),
        jql,
        favourite: true,
    });
    add_boards(state);
}

fn add_boards(state: &mut State) {
    state.save_board(Board {
        id: LAUNCH_BOARD_ID,
        name: "Launch 2026".to_owned(),
        kind: BoardKind::Kanban,
        filter: LAUNCH_FILTER_ID,
        project: None,
        sub_query: None,
    });
    let payments = state.add_project_board("PAY", BoardKind::Scrum);
    debug_assert_eq!(payments, Ok(PAYMENTS_BOARD_ID), "the outline has PAY");
}

/// Links two issues without a trace in `updated`: the sample was not made just now.
fn link(state: &mut State, source: &str, kind: &str, target: &str) -> Option<()> {
    let kind = named(&state.catalog.link_kinds, kind)?;
    let (from, to) = (state.slot_of_key(source)?, state.slot_of_key(target)?);
    let (source, target) = (state.issues[from as usize].id, state.issues[to as usize].id);
    let id = LinkId(state.next_link);
    state.add_link(
        id,
        Link {
            kind,
            source,
            target,
        },
    );
    for slot in [from, to] {
        push_link(&mut state.issues[slot as usize].links, id);
    }
    Some(())
}

/// `Type | Summary | Status | Person | labels | Link KEY-1`: what is behind the summary may be
/// empty or absent.
struct Row<'a> {
    kind: &'a str,
    summary: &'a str,
    status: &'a str,
    person: &'a str,
    labels: Vec<&'a str>,
    links: Vec<(&'a str, &'a str)>,
}

impl<'a> Row<'a> {
    fn read(line: &'a str) -> Self {
        let mut cells = line.split('|').map(str::trim);
        let mut cell = || cells.next().unwrap_or_default();
        Self {
            kind: cell(),
            summary: cell(),
            status: cell(),
            person: cell(),
            labels: cell().split_whitespace().collect(),
            links: cell()
                .split(',')
                .filter_map(|link| link.trim().split_once(' '))
                .collect(),
        }
    }

    fn issue(
        &self,
        state: &mut State,
        project: u16,
        parent: Option<IssueId>,
        created: i64,
    ) -> Issue {
        let number = state.catalog.projects[usize::from(project)].own.next_number;
        let kind = named(&state.catalog.kinds, self.kind).unwrap_or_default();
        let status = named(&state.catalog.statuses, self.status).unwrap_or_default();
        let done = state.catalog.statuses[usize::from(status)].own == Category::Done;
        let reporter = PEOPLE[number as usize % PEOPLE.len()].0;
        Issue {
            id: state.next_issue_id(),
            key: Key { project, number },
            kind,
            status,
            priority: Some((number % 3 + 1) as u16),
            resolution: done.then_some(0),
            deleted: false,
            secured: false,
            summary: self.summary.into(),
            created,
            updated: created + HOUR,
            resolved: done.then_some(created + HOUR),
            parent,
            rank: state.last_rank(),
            reporter: state.catalog.find_person(reporter),
            assignee: state.catalog.find_person(self.person),
            labels: self
                .labels
                .iter()
                .map(|label| state.catalog.label(label))
                .collect(),
            links: Box::default(),
            extra: None,
        }
    }
}
