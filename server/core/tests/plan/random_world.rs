//! Random worlds, and what people and Jira do to them.

use crate::outline::synchronizer_id;
use crate::world::{JiraIssue, TRACKER, World, issue_id, issue_ref};
use resync_core::change::{ForestChange, Item, Place};
use resync_core::claim::ClaimSource;
use resync_core::edit::{EditCommand, expand, person_claims};
use resync_core::id::{IssueId, JiraId, RowId, SynchronizerId};
use resync_core::job::JobChange;
use resync_core::plan::{ConfirmedPlan, Facts, Scope, plan};
use resync_core::summary::job_changes;
use resync_core::synchronizer::{
    AgileScope, AgileSettings, FilterSettings, FilterSource, Kind, LinksPrimacy, LinksRemoval,
    LinksScope, LinksSettings, ParentEnd, PlannedSynchronizer, Rule, Settings, SubtasksSettings,
};

const STANDARD: [&str; 7] = ["A", "B", "C", "D", "E", "F", "G"];
const SUBTASKS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];
const TYPES: [&str; 2] = ["bug", "task"];
const SCOPES: [LinksScope; 3] = [
    LinksScope::WithinStructure,
    LinksScope::ExpandToChildren,
    LinksScope::AllIssues,
];
const REMOVALS: [LinksRemoval; 3] = [
    LinksRemoval::Keep,
    LinksRemoval::MoveToTop,
    LinksRemoval::Remove,
];
const ROWS_MAX: usize = 14;

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    pub(crate) fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.below(from.len())).copied()
    }
}

pub(crate) fn random_world(random: &mut Random) -> World {
    let mut world = World::empty();
    let issues = 1 + random.below(7);
    for (standard, subtask) in STANDARD.into_iter().zip(SUBTASKS).take(issues) {
        change_issue(&mut world, random, issue_id(standard), false);
        change_issue(&mut world, random, issue_id(subtask), true);
    }
    for name in ["X", "Y", "Z"].into_iter().take(1 + random.below(3)) {
        let settings = random_settings(&world, random);
        let rule = Rule {
            tracker: TRACKER,
            settings,
        };
        let enabled = !random.one_in(4);
        world.synchronizers.push(PlannedSynchronizer {
            id: synchronizer_id(name),
            rule,
            enabled,
        });
    }
    rematch(&mut world, random);
    relink(&mut world, random);
    rescope(&mut world, random);
    let rows = 3 + random.below(ROWS_MAX - 2);
    for _ in 0..rows {
        add_random_row(&mut world, random);
    }
    world
}

fn issues(world: &World) -> Vec<IssueId> {
    world.jira.keys().copied().collect()
}

fn change_issue(world: &mut World, random: &mut Random, id: IssueId, subtask: bool) {
    // Jira has sub-tasks below standard issues only.
    let is_parent = |&other: &IssueId| other != id && !world.jira[&other].subtask;
    let known: Vec<IssueId> = issues(world).into_iter().filter(is_parent).collect();
    let parent = if subtask && !random.one_in(6) {
        random.pick(&known)
    } else {
        None
    };
    let issue_type = TYPES[random.below(TYPES.len())];
    let subtask = subtask && !random.one_in(12);
    world.jira.insert(
        id,
        JiraIssue {
            subtask,
            issue_type,
            parent,
        },
    );
    world.inaccessible.remove(&id);
}

fn random_settings(world: &World, random: &mut Random) -> Settings {
    match random.below(4) {
        0 => {
            let some_types = random.one_in(3);
            let types = TYPES.into_iter().take(usize::from(some_types));
            Settings::Subtasks(SubtasksSettings {
                issue_types: types.map(JiraId::new).collect(),
                remove_orphaned: random.one_in(2),
            })
        }
        1 => Settings::Links(LinksSettings {
            link_type: JiraId::new("1"),
            parent_end: ParentEnd::Outward,
            scope: SCOPES[random.below(SCOPES.len())],
            parent_jql: None,
            child_jql: None,
            removal: REMOVALS[random.below(REMOVALS.len())],
            primacy: LinksPrimacy::Equal,
        }),
        2 => Settings::Agile(AgileSettings {
            scope: AgileScope::Board(JiraId::new("1")),
            sync_rank: !random.one_in(4),
            sync_epics: !random.one_in(3),
            add_subtasks: random.one_in(2),
        }),
        _ => Settings::Filter(random_filter(world, random)),
    }
}

fn random_filter(world: &World, random: &mut Random) -> FilterSettings {
    let standard = |id: &IssueId| !world.jira[id].subtask;
    let parents: Vec<IssueId> = issues(world).into_iter().filter(standard).collect();
    let parent_issue = random.pick(&parents).filter(|_| random.one_in(2));
    FilterSettings {
        source: FilterSource::Jql("project = P".into()),
        parent_issue,
        allow_move: random.one_in(2),
        remove_unmatched: !random.one_in(4),
        remove_only_placed: random.one_in(3),
        check_children: !random.one_in(3),
    }
}

/// Decides anew what each query matches, in a random order.
fn rematch(world: &mut World, random: &mut Random) {
    for id in world
        .synchronizers
        .iter()
        .map(|found| found.id)
        .collect::<Vec<_>>()
    {
        let mut matched: Vec<IssueId> = Vec::new();
        for issue in issues(world) {
            if random.one_in(2) {
                let at = random.below(matched.len() + 1);
                matched.insert(at, issue);
            }
        }
        world.matched.insert(id, matched);
    }
}

/// Decides anew what is linked, what is on each board and in which order, and what has an epic.
fn relink(world: &mut World, random: &mut Random) {
    let all = issues(world);
    let ids: Vec<SynchronizerId> = world.synchronizers.iter().map(|found| found.id).collect();
    for id in ids {
        let some = random.below(all.len() + 3);
        let end = |random: &mut Random| random.pick(&all);
        let links = (0..some).filter_map(|_| Some((end(random)?, end(random)?)));
        world.links.insert(id, links.collect());
        let mut ranked: Vec<IssueId> = Vec::new();
        for &issue in &all {
            if !random.one_in(3) {
                let at = random.below(ranked.len() + 1);
                ranked.insert(at, issue);
            }
        }
        world.ranked.insert(id, ranked);
    }
    world.epics.clear();
    for &issue in &all {
        if let Some(epic) = random.pick(&all).filter(|_| random.one_in(2)) {
            world.epics.insert(issue, epic);
        }
    }
}

fn rescope(world: &mut World, random: &mut Random) {
    let ids: Vec<SynchronizerId> = world.synchronizers.iter().map(|found| found.id).collect();
    world.scope = match random.pick(&ids) {
        Some(id) if random.one_in(2) => Scope::Resync(id),
        Some(_) | None => Scope::Incremental,
    };
}

fn rows(world: &World) -> Vec<RowId> {
    world.forest.preorder().map(|(row, _)| row).collect()
}

fn add_random_row(world: &mut World, random: &mut Random) {
    let Some(item) = random_item(world, random) else {
        return;
    };
    let Item::Issue(issue) = item else {
        let parent = random.pick(&rows(world)).filter(|_| !random.one_in(3));
        let row = world.add_row(parent, item, false);
        return claim_at_random(world, random, row);
    };
    let alias = world.forest.primary_row(issue).is_some();
    let at_home = world.jira.get(&issue.issue).and_then(|found| found.parent);
    let at_home = at_home.and_then(|parent| world.forest.primary_row(issue_ref(parent)));
    let keeper = keeper_of_subtasks(world).filter(|_| !alias && !random.one_in(4));
    match (at_home, keeper) {
        (Some(parent), Some(keeper)) => {
            let row = world.add_row(Some(parent), item, alias);
            world.make_claim(row, ClaimSource::Synchronizer(keeper));
            world.forest.set_placed_by(row, Some(keeper));
        }
        (_, _) => {
            let parent = random.pick(&rows(world)).filter(|_| !random.one_in(3));
            let row = world.add_row(parent, item, alias);
            claim_at_random(world, random, row);
        }
    }
}

fn keeper_of_subtasks(world: &World) -> Option<SynchronizerId> {
    let keeps = |found: &&PlannedSynchronizer| found.rule.settings.kind() == Kind::Subtasks;
    world.synchronizers.iter().find(keeps).map(|found| found.id)
}

fn claim_at_random(world: &mut World, random: &mut Random, row: RowId) {
    let ids: Vec<SynchronizerId> = world.synchronizers.iter().map(|found| found.id).collect();
    if random.one_in(6) {
        return;
    }
    if let Some(only) = random.pick(&ids).filter(|_| random.one_in(2)) {
        world.make_claim(row, ClaimSource::Synchronizer(only));
        world.forest.set_placed_by(row, Some(only));
        return;
    }
    if random.one_in(3) {
        world.make_claim(row, ClaimSource::Person);
    }
    for id in world
        .synchronizers
        .iter()
        .map(|found| found.id)
        .collect::<Vec<_>>()
    {
        if random.one_in(3) {
            world.make_claim(row, ClaimSource::Synchronizer(id));
            if !random.one_in(4) {
                world.forest.set_placed_by(row, Some(id));
            }
        }
    }
}

fn random_item(world: &World, random: &mut Random) -> Option<Item> {
    if random.one_in(8) {
        return Some(Item::Folder("Folder".into()));
    }
    let candidates = issues(world);
    let missing: Vec<IssueId> = candidates
        .iter()
        .copied()
        .filter(|&issue| world.forest.primary_row(issue_ref(issue)).is_none())
        .collect();
    let from = if random.one_in(6) || missing.is_empty() {
        &candidates
    } else {
        &missing
    };
    random.pick(from).map(|issue| Item::Issue(issue_ref(issue)))
}

fn random_place(world: &World, random: &mut Random) -> Place {
    let parent = random.pick(&rows(world)).filter(|_| !random.one_in(3));
    let siblings: Vec<RowId> = world.forest.children(parent).collect();
    let previous = random.pick(&siblings).filter(|_| !random.one_in(3));
    Place { parent, previous }
}

/// A few edits as people make them; returns the steps, which are applied. What cannot be done is
/// refused as a whole, as it would be by the service.
pub(crate) fn edit_by_people(world: &mut World, random: &mut Random) -> Vec<ForestChange> {
    let mut commands = Vec::new();
    for _ in 0..random.below(3) {
        let position = random_place(world, random);
        let some = |random: &mut Random| -> Vec<RowId> {
            let picked = (0..1 + random.below(2)).filter_map(|_| random.pick(&rows(world)));
            picked.collect()
        };
        commands.push(match random.below(3) {
            0 => {
                let first = random_item(world, random).map(|item| (0, item));
                let second = random_item(world, random).map(|item| (random.below(2), item));
                EditCommand::Add {
                    position,
                    rows: first.into_iter().chain(second).collect(),
                }
            }
            1 => EditCommand::Move {
                position,
                rows: some(random),
            },
            _ => EditCommand::Remove { rows: some(random) },
        });
    }
    let mut after = world.forest.clone();
    let Ok(steps) = expand(&mut after, &commands, world.next_row_id) else {
        return Vec::new();
    };
    for step in &steps {
        if let ForestChange::Remove { row, .. } = step {
            world.claims.remove_row(*row);
        }
    }
    person_claims(&steps)
        .into_iter()
        .for_each(|claim| world.claims.apply(claim));
    let added = steps
        .iter()
        .filter(|step| matches!(step, ForestChange::Add { .. }))
        .count();
    world.next_row_id = RowId(world.next_row_id.0 + added as i64);
    world.forest = after;
    steps
}

/// What changes in Jira and in the settings.
pub(crate) fn edit_by_jira(world: &mut World, random: &mut Random) {
    for id in issues(world) {
        if random.one_in(5) {
            let subtask = world.jira.get(&id).is_some_and(|found| found.subtask);
            change_issue(world, random, id, subtask);
        } else if random.one_in(16) {
            world.jira.remove(&id);
            if random.one_in(2) {
                world.inaccessible.insert(id);
            }
        }
    }
    if random.one_in(2) {
        rematch(world, random);
    }
    if random.one_in(2) {
        relink(world, random);
    }
    if random.one_in(6) {
        let settings = random_settings(world, random);
        let at = random.below(world.synchronizers.len());
        let synchronizer = &mut world.synchronizers[at];
        if synchronizer.rule.settings.kind() == settings.kind() {
            synchronizer.rule.settings = settings;
        }
    }
    rescope(world, random);
}

/// A random part of what a preview shows.
pub(crate) fn confirm_some(world: &World, random: &mut Random) -> ConfirmedPlan {
    let listed: Vec<JobChange> = world.with_snapshot(&world.claims, None, |snapshot| {
        let preview = plan(snapshot);
        job_changes(&preview, &world.forest, &Facts::new(snapshot))
    });
    let share: Vec<bool> = listed.iter().map(|_| !random.one_in(3)).collect();
    ConfirmedPlan::of_part(&listed, |change| share[change.ordinal as usize - 1])
}
