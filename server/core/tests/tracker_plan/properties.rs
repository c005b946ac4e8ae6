//! What must hold of every plan for the tracker, in random worlds.

use crate::world::{Plans, World, issue_id, issue_ref, role_of};
use proptest::prelude::*;
use resync_core::change::Item;
use resync_core::id::{IssueId, JiraId, ProjectKey, RowId};
use resync_core::issue::ObservedLink;
use resync_core::synchronizer::{LinksScope, StatusStep};
use resync_core::tracker_plan::{
    OfferedTransition, StatusFacts, TrackerChange, TrackerHold, longest_ascending, sibling_groups,
};
use resync_core::{id::SynchronizerId, tracker_plan::Desired};
use rustc_hash::{FxHashMap, FxHashSet};

const NAMES: [&str; 10] = ["A", "B", "C", "D", "E", "E2", "a", "b", "c", "d"];
const STATUSES: [&str; 4] = ["open", "doing", "done", "odd"];

/// For each row: which issue, below which earlier row, whether it is a folder instead.
type Rows = Vec<(usize, Option<usize>, bool)>;

fn rows() -> impl Strategy<Value = Rows> {
    let row = (
        0..NAMES.len(),
        proptest::option::weighted(0.7, 0usize..14),
        proptest::bool::weighted(0.1),
    );
    proptest::collection::vec(row, 0..14)
}

fn pairs() -> impl Strategy<Value = Vec<(usize, usize)>> {
    proptest::collection::vec((0..NAMES.len(), 0..NAMES.len()), 0..10)
}

fn some_issues() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(0..NAMES.len(), 0..3)
}

fn id(at: usize) -> IssueId {
    issue_id(NAMES[at])
}

fn with_rows(plans: Plans, rows: &Rows, hidden: &[usize], elsewhere: &[usize]) -> World {
    let mut world = World::empty(plans);
    for &(at, parent, folder) in rows {
        let rows = world.forest.len();
        let parent = parent.filter(|_| rows > 0);
        let parent = parent.map(|parent| RowId((parent % rows.max(1)) as i64 + 1));
        let issue = issue_ref(id(at));
        let alias = !folder && world.forest.primary_row(issue).is_some();
        let item = match folder {
            true => Item::Folder("Folder".into()),
            false => Item::Issue(issue),
        };
        world.add_row(parent, item, alias);
    }
    world.roles = NAMES
        .iter()
        .map(|name| (issue_id(name), role_of(name)))
        .collect();
    world.hidden = hidden.iter().map(|&at| issue_ref(id(at))).collect();
    world.elsewhere = elsewhere.iter().map(|&at| issue_ref(id(at))).collect();
    world
}

fn scope(number: usize) -> LinksScope {
    [
        LinksScope::WithinStructure,
        LinksScope::ExpandToChildren,
        LinksScope::AllIssues,
    ][number]
}

fn issues_of(change: &TrackerChange) -> Vec<IssueId> {
    match change {
        TrackerChange::CreateLink { parent, child }
        | TrackerChange::DeleteLink { parent, child } => vec![*parent, *child],
        TrackerChange::SetEpic { issue, .. } | TrackerChange::Transition { issue, .. } => {
            vec![*issue]
        }
        TrackerChange::Rank { issues, .. } => issues.clone(),
    }
}

/// Carries out the plan: each change fits and does something, planning again plans nothing and
/// holds the same, and nothing is written about what is hidden. Returns the world afterwards.
fn carry_out(world: &World) -> Result<World, TestCaseError> {
    let plan = world.plan();
    let mut after = world.clone();
    for planned in &plan.changes {
        let applied = after.apply(&planned.change);
        prop_assert!(applied.is_ok(), "{applied:?} in {plan:#?}");
        for issue in issues_of(&planned.change) {
            prop_assert!(!world.hidden.contains(&issue_ref(issue)), "{planned:?}");
        }
    }
    let again = after.plan();
    prop_assert_eq!(&again.changes, &vec![], "after {:#?}", plan);
    prop_assert_eq!(
        again.held.iter().collect::<FxHashSet<_>>().len(),
        again.held.len()
    );
    prop_assert_eq!(again.held, plan.held);
    Ok(after)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn links_are_the_places_of_the_structure_or_held(
        rows in rows(),
        links in pairs(),
        (number, hidden, elsewhere) in (0usize..3, some_issues(), some_issues()),
        (parents, children) in (
            proptest::option::weighted(0.3, proptest::collection::vec(0..NAMES.len(), 5..10)),
            proptest::option::weighted(0.3, proptest::collection::vec(0..NAMES.len(), 5..10)),
        ),
    ) {
        let mut world = with_rows(Plans::Links, &rows, &hidden, &elsewhere);
        world.scope = scope(number);
        world.parents = parents.map(|list| list.into_iter().map(id).collect());
        world.children = children.map(|list| list.into_iter().map(id).collect());
        let passes = |set: &Option<FxHashSet<IssueId>>, issue: &IssueId| {
            set.as_ref().is_none_or(|set| set.contains(issue))
        };
        let all = links.into_iter().map(|(parent, child)| ObservedLink {
            parent: id(parent),
            child: id(child),
        });
        world.links = all
            .filter(|link| passes(&world.parents, &link.parent))
            .filter(|link| passes(&world.children, &link.child))
            .collect();
        let after = carry_out(&world)?;
        let held: FxHashSet<(IssueId, Option<IssueId>)> =
            world.plan().held.iter().map(|held| (held.issue, held.other)).collect();
        for (row, _) in world.forest.preorder() {
            let parent = world.forest.parent(row).and_then(|row| world.forest.issue(row));
            let (Some(child), Some(parent)) = (world.forest.issue(row), parent) else {
                continue;
            };
            let link = ObservedLink { parent: parent.issue, child: child.issue };
            prop_assert!(
                after.links.contains(&link) || held.contains(&(link.child, Some(link.parent))),
                "{:?} is neither made nor held", link
            );
        }
        let is_placed = |link: &ObservedLink| {
            world.forest.rows_of_issue(issue_ref(link.child)).any(|row| {
                let parent = world.forest.parent(row).and_then(|row| world.forest.issue(row));
                parent == Some(issue_ref(link.parent))
            })
        };
        for link in &after.links {
            let counts = link.parent != link.child && !is_placed(link);
            prop_assert!(
                !counts || held.contains(&(link.child, Some(link.parent))),
                "{:?} is neither placed nor held", link
            );
        }
        if world.scope == LinksScope::AllIssues {
            let is_out_of_scope = |held: &resync_core::tracker_plan::HeldTrackerChange| {
                held.reason == TrackerHold::OutOfScope
            };
            prop_assert!(!world.plan().held.iter().any(is_out_of_scope));
        }
    }

    #[test]
    fn epics_are_those_above_or_held(
        rows in rows(),
        epics in pairs(),
        (hidden, elsewhere) in (some_issues(), some_issues()),
    ) {
        let mut world = with_rows(Plans::Epics, &rows, &hidden, &elsewhere);
        for (issue, epic) in epics {
            if NAMES[epic].starts_with('E') && issue < 4 {
                world.epics.insert(id(issue), id(epic));
            }
        }
        carry_out(&world)?;
    }

    #[test]
    fn siblings_are_ranked_with_the_fewest_movers(
        rows in rows(),
        ranked in Just((0..NAMES.len()).collect::<Vec<_>>()).prop_shuffle(),
        (in_scope, hidden) in (0..=NAMES.len(), some_issues()),
    ) {
        let mut world = with_rows(Plans::Ranks, &rows, &hidden, &[]);
        world.ranked = ranked.into_iter().take(in_scope).map(id).collect();
        carry_out(&world)?;
        if hidden.is_empty() {
            let positions: FxHashMap<IssueId, u32> =
                (0..).zip(&world.ranked).map(|(at, &issue)| (issue, at)).collect();
            let none = FxHashSet::default();
            let desired = Desired {
                forest: &world.forest,
                tracker: crate::world::TRACKER,
                synchronizer: SynchronizerId(7),
                inaccessible: &none,
                owned_elsewhere: &none,
            };
            let fewest: usize = sibling_groups(&desired, &positions).iter().map(|(_, group)| {
                let order: Vec<u32> = group.iter().map(|issue| positions[issue]).collect();
                longest_ascending(&order).iter().filter(|&&stays| !stays).count()
            }).sum();
            let moved: usize = world.plan().changes.iter()
                .map(|planned| issues_of(&planned.change).len())
                .sum();
            prop_assert_eq!(moved, fewest);
        }
    }

    #[test]
    fn statuses_settle_in_one_plan(
        rows in rows(),
        statuses in proptest::collection::vec(0..STATUSES.len(), NAMES.len()),
        offers in proptest::collection::vec(proptest::collection::vec(0..3usize, 0..4), NAMES.len()),
        hidden in some_issues(),
    ) {
        let mut world = with_rows(Plans::Statuses, &rows, &hidden, &[]);
        world.settings.steps = STATUSES[..3].iter().map(|status| StatusStep {
            status: JiraId::new(status),
            transitions: Vec::new(),
            resolution: None,
        }).collect();
        for (at, (status, offers)) in statuses.iter().zip(offers).enumerate() {
            let transitions = offers.iter().map(|&to| OfferedTransition {
                id: JiraId::new(format!("{to}")),
                to: JiraId::new(STATUSES[to]),
                asks_resolution: to == 2,
            });
            world.facts.insert(id(at), StatusFacts {
                status: JiraId::new(STATUSES[*status]),
                project: ProjectKey::new("P"),
                issue_type: JiraId::new("task"),
                transitions: Some(transitions.collect()),
            });
        }
        carry_out(&world)?;
    }
}
