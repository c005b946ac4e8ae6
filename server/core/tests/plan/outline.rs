//! A world as text.
//!
//! ```text
//! filter F under E move remove placed children off    a filter and its settings; off: disabled
//! subtasks S orphans types bug,task off               a sub-tasks synchronizer and its settings
//! links L expand all to-top remove off                a links synchronizer: scope, removal
//! agile G rank epics subtasks off                     an agile synchronizer
//! run F                                               a resync of F; without: incremental
//! jira A b<A c:bug<A                                  what Jira has; lower case is a sub-task
//! match F A C                                         what a filter's query matches, in order
//! link L A>B B>C                                      links: the parent first
//! rank G A B C                                        what is on a board, in order of rank
//! epic A<E B<E                                        the epics of issues
//! hidden X                                            what Jira does not show to the account
//! outside X                                           the same, but links to it are told
//! confirm add C, remove A                             what was confirmed of the preview
//! rows
//!   A  F me                                           a row, and who claims it
//!     b  S moved                                      moved: a person has put it there
//!     d  @S F                                         @: who put it there, without a claim
//!   /Plan                                             a folder
//!   A*                                                an alias
//! ```
//!
//! A row is placed by the first synchronizer that claims it, else by a person. Issues of rows and
//! matches need not be listed under `jira` unless they have a parent.

use crate::world::{JiraIssue, TRACKER, World, issue_id, issue_name, issue_ref};
use resync_core::change::Item;
use resync_core::claim::ClaimSource;
use resync_core::forest::Forest;
use resync_core::id::{IssueId, JiraId, RowId, SynchronizerId};
use resync_core::plan::Scope;
use resync_core::synchronizer::{
    AgileScope, AgileSettings, FilterSettings, FilterSource, LinksPrimacy, LinksRemoval,
    LinksScope, LinksSettings, ParentEnd, PlannedSynchronizer, Rule, Settings, SubtasksSettings,
};

/// A world, and what was confirmed of its preview.
pub(crate) struct Fixture {
    pub(crate) world: World,
    pub(crate) confirmed: Option<Vec<String>>,
}

pub(crate) fn parse(text: &str) -> Fixture {
    let mut world = World::empty();
    let mut confirmed = None;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    while let Some(line) = lines.next() {
        let mut words = line.split_whitespace();
        let verb = words.next().expect("the line has a word");
        let words: Vec<&str> = words.collect();
        match verb {
            "filter" | "subtasks" | "links" | "agile" => {
                world.synchronizers.push(synchronizer(verb, &words))
            }
            "run" => world.scope = Scope::Resync(synchronizer_id(words[0])),
            "jira" => words.iter().for_each(|word| take_issue(&mut world, word)),
            "match" => {
                let ids: Vec<IssueId> = words[1..].iter().map(|word| issue_id(word)).collect();
                ids.iter().for_each(|&id| assume(&mut world, id));
                world.matched.insert(synchronizer_id(words[0]), ids);
            }
            "link" => {
                let links: Vec<(IssueId, IssueId)> =
                    words[1..].iter().map(|word| link(word, '>')).collect();
                let ends = links.iter().flat_map(|&(parent, child)| [parent, child]);
                ends.for_each(|id| assume(&mut world, id));
                let known = world.links.entry(synchronizer_id(words[0])).or_default();
                known.extend(links);
            }
            "rank" => {
                let ids: Vec<IssueId> = words[1..].iter().map(|word| issue_id(word)).collect();
                ids.iter().for_each(|&id| assume(&mut world, id));
                world.ranked.insert(synchronizer_id(words[0]), ids);
            }
            "epic" => world.epics.extend(words.iter().map(|word| link(word, '<'))),
            "hidden" => world.inaccessible = words.iter().map(|word| issue_id(word)).collect(),
            "outside" => {
                world.told = words.iter().map(|word| issue_id(word)).collect();
                world.inaccessible = world.told.clone();
            }
            "confirm" => {
                let list = line.trim().trim_start_matches("confirm");
                let changes = list.split(',').map(|change| change.trim().to_owned());
                confirmed = Some(changes.filter(|change| !change.is_empty()).collect());
            }
            "rows" => {
                take_rows(&mut world, lines.by_ref());
                break;
            }
            other => panic!("no such line: {other}"),
        }
    }
    Fixture { world, confirmed }
}

/// The name of a synchronizer is one letter; its id is that letter.
pub(crate) fn synchronizer_id(name: &str) -> SynchronizerId {
    SynchronizerId(issue_id(name).0)
}

pub(crate) fn synchronizer_name(id: SynchronizerId) -> String {
    issue_name(IssueId(id.0))
}

fn synchronizer(kind: &str, words: &[&str]) -> PlannedSynchronizer {
    let has = |option: &str| words.contains(&option);
    let after = |option: &str| {
        let at = words.iter().position(|word| *word == option)?;
        Some(words[at + 1])
    };
    let settings = match kind {
        "filter" => Settings::Filter(FilterSettings {
            source: FilterSource::Jql("project = P".into()),
            parent_issue: after("under").map(issue_id),
            allow_move: has("move"),
            remove_unmatched: has("remove"),
            remove_only_placed: has("placed"),
            check_children: has("children"),
        }),
        "links" => Settings::Links(links_settings(words)),
        "agile" => Settings::Agile(AgileSettings {
            scope: AgileScope::Board(JiraId::new("1")),
            sync_rank: has("rank"),
            sync_epics: has("epics"),
            add_subtasks: has("subtasks"),
        }),
        _ => {
            let types = after("types").into_iter().flat_map(|list| list.split(','));
            Settings::Subtasks(SubtasksSettings {
                issue_types: types.map(JiraId::new).collect(),
                remove_orphaned: has("orphans"),
            })
        }
    };
    let rule = Rule {
        tracker: TRACKER,
        settings,
    };
    PlannedSynchronizer {
        id: synchronizer_id(words[0]),
        rule,
        enabled: !has("off"),
    }
}

fn links_settings(words: &[&str]) -> LinksSettings {
    let has = |option: &str| words.contains(&option);
    LinksSettings {
        link_type: JiraId::new("1"),
        parent_end: ParentEnd::Outward,
        scope: match (has("expand"), has("all")) {
            (_, true) => LinksScope::AllIssues,
            (true, false) => LinksScope::ExpandToChildren,
            (false, false) => LinksScope::WithinStructure,
        },
        parent_jql: None,
        child_jql: None,
        removal: match (has("to-top"), has("remove")) {
            (true, _) => LinksRemoval::MoveToTop,
            (false, true) => LinksRemoval::Remove,
            (false, false) => LinksRemoval::Keep,
        },
        primacy: LinksPrimacy::Equal,
    }
}

/// Two issues with a sign between them.
fn link(word: &str, sign: char) -> (IssueId, IssueId) {
    let (one, other) = word.split_once(sign).expect("two issues");
    (issue_id(one), issue_id(other))
}

/// `c:bug<A`: an issue, its type, its parent.
fn take_issue(world: &mut World, word: &str) {
    let (word, parent) = word.split_once('<').map_or((word, None), |(word, parent)| {
        assume(world, issue_id(parent));
        (word, Some(issue_id(parent)))
    });
    let (name, issue_type) = word.split_once(':').unwrap_or((word, ""));
    let issue_type = match issue_type {
        "bug" => "bug",
        "task" => "task",
        "" => "sub",
        other => panic!("no such type: {other}"),
    };
    let subtask = is_subtask(name);
    world.jira.insert(
        issue_id(name),
        JiraIssue {
            subtask,
            issue_type,
            parent,
        },
    );
}

fn is_subtask(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Jira has an issue that is mentioned, unless it is hidden.
fn assume(world: &mut World, id: IssueId) {
    if !world.inaccessible.contains(&id) {
        let subtask = is_subtask(&issue_name(id));
        let issue = JiraIssue {
            subtask,
            issue_type: "sub",
            parent: None,
        };
        world.jira.entry(id).or_insert(issue);
    }
}

fn take_rows<'a>(world: &mut World, lines: impl Iterator<Item = &'a str>) {
    let mut open: Vec<(usize, RowId)> = Vec::new();
    for line in lines {
        let indent = line.len() - line.trim_start().len();
        open.retain(|&(above, _)| above < indent);
        let parent = open.last().map(|&(_, row)| row);
        let mut words = line.split_whitespace();
        let name = words.next().expect("the line has a word");
        let (item, alias) = match (name.strip_prefix('/'), name.strip_suffix('*')) {
            (Some(title), _) => (Item::Folder(title.into()), false),
            (None, Some(name)) => (Item::Issue(issue_ref(issue_id(name))), true),
            (None, None) => (Item::Issue(issue_ref(issue_id(name))), false),
        };
        if let Item::Issue(issue) = item {
            assume(world, issue.issue);
        }
        let row = world.add_row(parent, item, alias);
        open.push((indent, row));
        take_claims(world, row, &words.collect::<Vec<_>>());
    }
}

fn take_claims(world: &mut World, row: RowId, words: &[&str]) {
    let moved = words.contains(&"moved");
    for &word in words.iter().filter(|word| **word != "moved") {
        if let Some(placer) = word.strip_prefix('@') {
            let placer = synchronizer_id(placer);
            world.forest.set_placed_by(row, Some(placer));
            continue;
        }
        if word == "me" {
            world.make_claim(row, ClaimSource::Person);
            continue;
        }
        let id = synchronizer_id(word);
        world.make_claim(row, ClaimSource::Synchronizer(id));
        if !moved && world.forest.placed_by(row).is_none() {
            world.forest.set_placed_by(row, Some(id));
        }
    }
}

/// The name of what a row shows.
pub(crate) fn row_name(forest: &Forest, row: RowId) -> String {
    match forest.item(row) {
        Some(Item::Folder(title)) => format!("/{title}"),
        Some(Item::Issue(issue)) if forest.is_alias(row) => issue_name(issue.issue) + "*",
        Some(Item::Issue(issue)) => issue_name(issue.issue),
        None => format!("row {row}"),
    }
}

/// A forest as an outline.
pub(crate) fn outline(forest: &Forest) -> String {
    let line = |(row, depth): (RowId, usize)| "  ".repeat(depth) + &row_name(forest, row) + "\n";
    forest.preorder().map(line).collect()
}
