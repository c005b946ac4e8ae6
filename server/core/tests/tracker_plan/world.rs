//! A structure and what the tracker shows, as text; and what becomes of it when a plan is carried
//! out.
//!
//! ```text
//! plan links                 which aspect: links, epics, ranks, statuses
//! scope expand               of links: within (when missing), expand, all
//! links A>b A>A              the links that the tracker shows
//! parents A B                what the query for parents matches; without: no query
//! children b                 what the query for children matches; without: no query
//! epics b:E                  the epics that issues have. An issue named E… is an epic
//! rank A B c                 every issue in scope, in the tracker's order
//! status A=open b=done       statuses; c@Q/bug=open also has a project and a type
//! steps open doing:11,12     the order of statuses, with the transitions that may be used
//! resolution fixed           the resolution of every step
//! only projects P            parents that are changed: by project, by type
//! only types bug
//! offers A 11>doing 12>done? what the tracker offers; ?: asks for a resolution
//! hidden X                   what the tracker does not show
//! elsewhere X                whose aspect another synchronizer owns
//! select b                   for which issues the structure is right; of ranks: below which
//! rows                       the structure; /Folder, A* an alias, ~A of another tracker
//!   A
//!     b
//! ```
//!
//! Lower case is a sub-task, which has no epic of its own.

use expect_test::Expect;
use resync_core::change::{ForestChange, Item};
use resync_core::forest::Forest;
use resync_core::id::{IssueId, JiraId, ProjectKey, RowId, SynchronizerId, TrackerId};
use resync_core::issue::{IssueRef, ObservedEpic, ObservedLink};
use resync_core::synchronizer::{LinksScope, StatusRollupSettings, StatusStep};
use resync_core::tracker_plan::{
    Desired, EpicEvidence, EpicRole, HeldTrackerChange, LinkEvidence, OfferedTransition,
    PlannedTrackerChange, RankAnchor, Selection, StatusFacts, TrackerChange, TrackerPlan,
    plan_epics, plan_links, plan_ranks, plan_statuses,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const TRACKER: TrackerId = TrackerId(1);
const OTHER_TRACKER: TrackerId = TrackerId(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plans {
    Links,
    Epics,
    Ranks,
    Statuses,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) plans: Plans,
    pub(crate) forest: Forest,
    pub(crate) scope: LinksScope,
    pub(crate) links: BTreeSet<ObservedLink>,
    pub(crate) parents: Option<FxHashSet<IssueId>>,
    pub(crate) children: Option<FxHashSet<IssueId>>,
    pub(crate) roles: FxHashMap<IssueId, EpicRole>,
    pub(crate) epics: BTreeMap<IssueId, IssueId>,
    pub(crate) ranked: Vec<IssueId>,
    pub(crate) facts: FxHashMap<IssueId, StatusFacts>,
    pub(crate) settings: StatusRollupSettings,
    pub(crate) hidden: FxHashSet<IssueRef>,
    pub(crate) elsewhere: FxHashSet<IssueRef>,
    pub(crate) selected: Option<FxHashSet<IssueId>>,
}

pub(crate) fn issue_id(name: &str) -> IssueId {
    IssueId(name.bytes().fold(0, |id, byte| id * 256 + i64::from(byte)))
}

pub(crate) fn issue_name(id: IssueId) -> String {
    let bytes = id.0.to_be_bytes().into_iter();
    bytes.filter(|&byte| byte != 0).map(char::from).collect()
}

pub(crate) fn issue_ref(issue: IssueId) -> IssueRef {
    IssueRef {
        tracker: TRACKER,
        issue,
    }
}

pub(crate) fn role_of(name: &str) -> EpicRole {
    match name.chars().next() {
        Some('E') => EpicRole::Epic,
        Some(first) if first.is_ascii_uppercase() => EpicRole::Member,
        Some(_) | None => EpicRole::Neither,
    }
}

impl World {
    pub(crate) fn empty(plans: Plans) -> World {
        World {
            plans,
            forest: Forest::empty(),
            scope: LinksScope::WithinStructure,
            links: BTreeSet::new(),
            parents: None,
            children: None,
            roles: FxHashMap::default(),
            epics: BTreeMap::new(),
            ranked: Vec::new(),
            facts: FxHashMap::default(),
            settings: StatusRollupSettings {
                steps: Vec::new(),
                projects: Vec::new(),
                issue_types: Vec::new(),
            },
            hidden: FxHashSet::default(),
            elsewhere: FxHashSet::default(),
            selected: None,
        }
    }

    pub(crate) fn add_row(&mut self, parent: Option<RowId>, item: Item, alias: bool) -> RowId {
        let row = RowId(self.forest.len() as i64 + 1);
        let to = self.forest.end_of(parent);
        let added = self.forest.apply(&ForestChange::Add {
            row,
            item,
            alias,
            to,
        });
        added.expect("the row fits at the end");
        row
    }

    pub(crate) fn plan(&self) -> TrackerPlan {
        let desired = Desired {
            forest: &self.forest,
            tracker: TRACKER,
            synchronizer: SynchronizerId(7),
            inaccessible: &self.hidden,
            owned_elsewhere: &self.elsewhere,
        };
        let selection = match &self.selected {
            None => Selection::All,
            Some(issues) => Selection::Only(issues),
        };
        match self.plans {
            Plans::Links => {
                let links: Vec<ObservedLink> = self.links.iter().copied().collect();
                let evidence = LinkEvidence {
                    links: &links,
                    parents: self.parents.as_ref(),
                    children: self.children.as_ref(),
                };
                plan_links(&desired, self.scope, &evidence, selection)
            }
            Plans::Epics => {
                let epic = |(&issue, &epic): (&IssueId, &IssueId)| ObservedEpic { issue, epic };
                let epics: Vec<ObservedEpic> = self.epics.iter().map(epic).collect();
                let evidence = EpicEvidence {
                    roles: &self.roles,
                    epics: &epics,
                };
                plan_epics(&desired, &evidence, selection)
            }
            Plans::Ranks => {
                let below = |issue: &IssueId| self.forest.primary_row(issue_ref(*issue));
                let groups: Option<FxHashSet<Option<RowId>>> = self
                    .selected
                    .as_ref()
                    .map(|issues| issues.iter().map(below).collect());
                let selection = match &groups {
                    None => Selection::All,
                    Some(groups) => Selection::Only(groups),
                };
                plan_ranks(&desired, &self.ranked, selection)
            }
            Plans::Statuses => plan_statuses(&desired, &self.settings, &self.facts, selection),
        }
    }

    /// Carries out one request as the tracker would; refuses one that does not fit.
    pub(crate) fn apply(&mut self, change: &TrackerChange) -> Result<(), String> {
        let fits = match change.clone() {
            TrackerChange::CreateLink { parent, child } => {
                self.links.insert(ObservedLink { parent, child })
            }
            TrackerChange::DeleteLink { parent, child } => {
                self.links.remove(&ObservedLink { parent, child })
            }
            TrackerChange::SetEpic {
                issue,
                replaces,
                epic,
            } => {
                let replaced = match epic {
                    Some(epic) => self.epics.insert(issue, epic),
                    None => self.epics.remove(&issue),
                };
                replaced == replaces && replaced != epic
            }
            TrackerChange::Rank {
                issues,
                anchor,
                replaces,
            } => issues.len() == replaces.len() && self.rank(&issues, anchor),
            TrackerChange::Transition {
                issue,
                replaces,
                status,
                transition,
                resolution,
            } => self.transition(issue, replaces, status, transition, resolution),
        };
        match fits {
            true => Ok(()),
            false => Err(format!("{change:?} does not fit")),
        }
    }

    fn rank(&mut self, issues: &[IssueId], anchor: RankAnchor) -> bool {
        let before = self.ranked.clone();
        let moves: FxHashSet<IssueId> = issues.iter().copied().collect();
        self.ranked.retain(|issue| !moves.contains(issue));
        let (anchor, offset) = match anchor {
            RankAnchor::Before(anchor) => (anchor, 0),
            RankAnchor::After(anchor) => (anchor, 1),
        };
        let Some(at) = self.ranked.iter().position(|&issue| issue == anchor) else {
            return false;
        };
        let at = at + offset;
        self.ranked.splice(at..at, issues.iter().copied());
        self.ranked != before && issues.len() <= 50
    }

    fn transition(
        &mut self,
        issue: IssueId,
        replaces: JiraId,
        status: JiraId,
        transition: JiraId,
        resolution: Option<JiraId>,
    ) -> bool {
        let Some(facts) = self.facts.get_mut(&issue) else {
            return false;
        };
        let offered = facts.transitions.iter().flatten();
        let fits = |found: &&OfferedTransition| {
            found.id == transition
                && found.to == status
                && (found.asks_resolution || resolution.is_none())
        };
        let is_offered = offered.into_iter().find(fits).is_some();
        let was = std::mem::replace(&mut facts.status, status);
        is_offered && was == replaces
    }
}

/// Plans the world that `input` describes and compares the plan (`!`: destructive), what is held,
/// and what the tracker shows afterwards. Carrying out the plan must fit step by step, and planning
/// again must plan nothing.
pub(crate) fn check(input: &str, expected: Expect) {
    let mut world = parse(input);
    let plan = world.plan();
    let mut text = String::new();
    for planned in &plan.changes {
        text += &(change_line(planned) + "\n");
        world.apply(&planned.change).expect("the change fits");
    }
    plan.held
        .iter()
        .for_each(|held| text += &(held_line(held) + "\n"));
    let again = world.plan();
    assert_eq!(again.changes, [], "planning again plans nothing");
    assert_eq!(again.held, plan.held, "planning again holds the same");
    expected.assert_eq(&format!("{text}-- {}\n", world.shown()));
}

impl World {
    fn shown(&self) -> String {
        let words: Vec<String> = match self.plans {
            Plans::Links => self.links.iter().map(link_word).collect(),
            Plans::Epics => self
                .epics
                .iter()
                .map(|(&issue, &epic)| format!("{}:{}", issue_name(issue), issue_name(epic)))
                .collect(),
            Plans::Ranks => self.ranked.iter().map(|&issue| issue_name(issue)).collect(),
            Plans::Statuses => {
                let facts: BTreeMap<&IssueId, &StatusFacts> = self.facts.iter().collect();
                facts
                    .into_iter()
                    .map(|(&issue, facts)| format!("{}={}", issue_name(issue), facts.status))
                    .collect()
            }
        };
        words.join(" ")
    }
}

fn link_word(link: &ObservedLink) -> String {
    format!("{}>{}", issue_name(link.parent), issue_name(link.child))
}

fn or_none(issue: Option<IssueId>) -> String {
    issue.map_or("none".to_owned(), issue_name)
}

fn change_line(planned: &PlannedTrackerChange) -> String {
    let what = match &planned.change {
        TrackerChange::CreateLink { parent, child } => {
            format!("link {}>{}", issue_name(*parent), issue_name(*child))
        }
        TrackerChange::DeleteLink { parent, child } => {
            format!("unlink {}>{}", issue_name(*parent), issue_name(*child))
        }
        TrackerChange::SetEpic {
            issue,
            replaces,
            epic,
        } => {
            let (from, to) = (or_none(*replaces), or_none(*epic));
            format!("epic of {}: {from} -> {to}", issue_name(*issue))
        }
        TrackerChange::Rank {
            issues,
            anchor,
            replaces,
        } => {
            let moved = issues.iter().zip(replaces);
            let word = |(&issue, &was): (&IssueId, &Option<IssueId>)| {
                format!("{} (after {})", issue_name(issue), or_none(was))
            };
            let words: Vec<String> = moved.map(word).collect();
            let (side, anchor) = match anchor {
                RankAnchor::Before(anchor) => ("before", anchor),
                RankAnchor::After(anchor) => ("after", anchor),
            };
            format!("rank {} {side} {}", words.join(", "), issue_name(*anchor))
        }
        TrackerChange::Transition {
            issue,
            replaces,
            status,
            transition,
            resolution,
        } => {
            let name = issue_name(*issue);
            let resolution = resolution
                .as_ref()
                .map_or(String::new(), |id| format!(" as {id}"));
            format!("{name}: {replaces} -> {status} by {transition}{resolution}")
        }
    };
    let mark = if planned.destructive { "!" } else { "" };
    format!("{mark}{what} ({:?})", planned.why)
}

fn held_line(held: &HeldTrackerChange) -> String {
    let other = held
        .other
        .map_or(String::new(), |other| format!(" {}", issue_name(other)));
    let name = issue_name(held.issue);
    format!("held {:?} of {name}{other}: {:?}", held.aspect, held.reason)
}

pub(crate) fn parse(text: &str) -> World {
    let mut world = World::empty(Plans::Links);
    let mut resolution = None;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    while let Some(line) = lines.next() {
        let all: Vec<&str> = line.split_whitespace().collect();
        let words = &all[1..];
        let ids = || words.iter().map(|word| issue_id(word));
        match all[0] {
            "plan" => world.plans = plans(words[0]),
            "scope" => world.scope = scope(words[0]),
            "links" => world.links = words.iter().map(|word| link(word)).collect(),
            "parents" => world.parents = Some(ids().collect()),
            "children" => world.children = Some(ids().collect()),
            "epics" => take_epics(&mut world, words),
            "rank" => world.ranked = ids().collect(),
            "status" => words.iter().for_each(|word| take_status(&mut world, word)),
            "steps" => world.settings.steps = words.iter().map(|word| step(word)).collect(),
            "resolution" => resolution = Some(JiraId::new(words[0])),
            "only" if words[0] == "projects" => {
                world.settings.projects = words[1..].iter().map(ProjectKey::new).collect();
            }
            "only" => world.settings.issue_types = words[1..].iter().map(JiraId::new).collect(),
            "offers" => {
                let facts = world.facts.get_mut(&issue_id(words[0]));
                let offered = words[1..].iter().map(|word| offer(word)).collect();
                facts.expect("the issue has a status").transitions = Some(offered);
            }
            "hidden" => world.hidden = ids().map(issue_ref).collect(),
            "elsewhere" => world.elsewhere = ids().map(issue_ref).collect(),
            "select" => world.selected = Some(ids().collect()),
            "rows" => {
                take_rows(&mut world, lines.by_ref());
                break;
            }
            other => panic!("no such line: {other}"),
        }
    }
    for step in &mut world.settings.steps {
        step.resolution.clone_from(&resolution);
    }
    world
}

fn plans(word: &str) -> Plans {
    match word {
        "links" => Plans::Links,
        "epics" => Plans::Epics,
        "ranks" => Plans::Ranks,
        "statuses" => Plans::Statuses,
        other => panic!("no such aspect: {other}"),
    }
}

fn scope(word: &str) -> LinksScope {
    match word {
        "within" => LinksScope::WithinStructure,
        "expand" => LinksScope::ExpandToChildren,
        "all" => LinksScope::AllIssues,
        other => panic!("no such scope: {other}"),
    }
}

fn link(word: &str) -> ObservedLink {
    let (parent, child) = word.split_once('>').expect("parent>child");
    ObservedLink {
        parent: issue_id(parent),
        child: issue_id(child),
    }
}

fn take_epics(world: &mut World, words: &[&str]) {
    for word in words {
        let (name, epic) = word.split_once(':').expect("issue:epic");
        world.roles.insert(issue_id(name), role_of(name));
        world.epics.insert(issue_id(name), issue_id(epic));
    }
}

fn take_status(world: &mut World, word: &str) {
    let (name, status) = word.split_once('=').expect("issue=status");
    let (name, kind) = name.split_once('@').unwrap_or((name, "P/task"));
    let (project, issue_type) = kind.split_once('/').expect("project/type");
    let facts = StatusFacts {
        status: JiraId::new(status),
        project: ProjectKey::new(project),
        issue_type: JiraId::new(issue_type),
        transitions: None,
    };
    world.facts.insert(issue_id(name), facts);
}

fn step(word: &str) -> StatusStep {
    let (status, transitions) = word.split_once(':').unwrap_or((word, ""));
    let ids = transitions.split(',').filter(|id| !id.is_empty());
    StatusStep {
        status: JiraId::new(status),
        transitions: ids.map(JiraId::new).collect(),
        resolution: None,
    }
}

fn offer(word: &str) -> OfferedTransition {
    let (id, to) = word.split_once('>').expect("transition>status");
    OfferedTransition {
        id: JiraId::new(id),
        to: JiraId::new(to.trim_end_matches('?')),
        asks_resolution: to.ends_with('?'),
    }
}

fn take_rows<'a>(world: &mut World, lines: impl Iterator<Item = &'a str>) {
    let mut open: Vec<(usize, RowId)> = Vec::new();
    for line in lines {
        let indent = line.len() - line.trim_start().len();
        open.retain(|&(above, _)| above < indent);
        let parent = open.last().map(|&(_, row)| row);
        let word = line.trim();
        let alias = word.ends_with('*');
        let name = word.trim_end_matches('*');
        let item = match (name.strip_prefix('/'), name.strip_prefix('~')) {
            (Some(title), _) => Item::Folder(title.into()),
            (None, Some(name)) => Item::Issue(IssueRef {
                tracker: OTHER_TRACKER,
                issue: issue_id(name),
            }),
            (None, None) => {
                world.roles.insert(issue_id(name), role_of(name));
                Item::Issue(issue_ref(issue_id(name)))
            }
        };
        let row = world.add_row(parent, item, alias);
        open.push((indent, row));
    }
}
