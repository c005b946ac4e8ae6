//! Properties over random worlds: up to fourteen issues, all kinds of synchronizers in any
//! combination, people and Jira changing things between rounds.
//!
//! `RESYNC_SEED` replays one world, `RESYNC_WORLDS` sets how many are tried.

use crate::outline::{outline, row_name, synchronizer_name};
use crate::properties::verify;
use crate::random_world::{Random, confirm_some, edit_by_jira, edit_by_people, random_world};
use crate::world::{World, issue_name};
use resync_core::change::ForestChange;
use resync_core::claim::{ClaimSource, Claims};
use resync_core::forest::{Forest, ForestRow};
use resync_core::id::{IssueId, RowId};
use resync_core::plan::{ConfirmedPlan, Plan, Scope, plan};
use std::collections::BTreeMap;
use std::time::Instant;

/// Worlds in a normal run.
const WORLDS: u64 = 20_000;

/// A wrong planner has to be caught within so many.
const WORLDS_FOR_A_WRONG_PLANNER: u64 = 2_000;

/// Rounds of planning and editing in one world.
const ROUNDS: usize = 4;

fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// What the store would hold, to check that commits write enough.
struct Stored {
    rows: BTreeMap<RowId, ForestRow>,
}

impl Stored {
    /// Commits steps that were applied to `forest`, and compares it with what is then stored.
    fn commit(&mut self, forest: &mut Forest, steps: &[ForestChange]) -> Result<(), String> {
        let writes = resync_core::commit::writes(forest, steps);
        for row in writes.deletes {
            self.rows
                .remove(&row)
                .ok_or(format!("row {row} was deleted, but not stored"))?;
        }
        for row in writes.upserts {
            self.rows.insert(row.id, row);
        }
        let rows: Vec<ForestRow> = self.rows.values().cloned().collect();
        let loaded = Forest::from_rows(forest.version(), rows)
            .map_err(|found| format!("what is stored is no forest: {found:?}"))?;
        let placed = |forest: &Forest| {
            let rows = forest
                .preorder()
                .map(|(row, _)| (row, forest.placed_by(row)));
            rows.collect::<Vec<_>>()
        };
        if outline(&loaded) == outline(forest) && placed(&loaded) == placed(forest) {
            Ok(())
        } else {
            Err(format!(
                "stored:\n{}in memory:\n{}",
                outline(&loaded),
                outline(forest)
            ))
        }
    }
}

/// The steps that make a forest from nothing.
fn steps_of(forest: &Forest) -> Vec<ForestChange> {
    let step = |(row, _): (RowId, usize)| {
        let (item, to) = (forest.item(row)?.clone(), forest.place_of(row)?);
        Some(ForestChange::Add {
            row,
            item,
            alias: forest.is_alias(row),
            to,
        })
    };
    forest.preorder().filter_map(step).collect()
}

type Planner = fn(&World, Option<&ConfirmedPlan>) -> Plan;

fn the_planner(world: &World, confirmed: Option<&ConfirmedPlan>) -> Plan {
    world.plan(confirmed)
}

/// Plays one world to its end; tells what broke.
fn play(seed: u64, planner: Planner) -> Result<(), String> {
    let mut random = Random::new(seed);
    let mut world = random_world(&mut random);
    let mut stored = Stored {
        rows: BTreeMap::new(),
    };
    let steps = steps_of(&world.forest);
    stored.commit(&mut world.forest, &steps)?;
    for round in 0..ROUNDS {
        let broken = |what: String, world: &World| {
            format!(
                "round {round}, {:?}: {what}\n{}",
                world.scope,
                describe(world)
            )
        };
        let confirmed = random.one_in(3).then(|| confirm_some(&world, &mut random));
        let plan = planner(&world, confirmed.as_ref());
        verify(&world, &plan, confirmed.is_some()).map_err(|what| {
            broken(
                format!("{what}\n{}", crate::check::render(&world, &plan)),
                &world,
            )
        })?;
        let before = world.clone();
        let steps = plan.steps();
        let first = crate::check::render(&world, &plan);
        world.advance(plan);
        let again = planner(&world, confirmed.as_ref());
        if !again.is_empty() {
            let again = crate::check::render(&world, &again);
            return Err(broken(format!("{first}then again\n{again}"), &before));
        }
        stored
            .commit(&mut world.forest, &steps)
            .map_err(|what| broken(what, &before))?;
        let steps = edit_by_people(&mut world, &mut random);
        stored
            .commit(&mut world.forest, &steps)
            .map_err(|what| broken(what, &before))?;
        edit_by_jira(&mut world, &mut random);
    }
    Ok(())
}

fn describe(world: &World) -> String {
    let mut text = String::new();
    for synchronizer in &world.synchronizers {
        text += &format!("{synchronizer:?}\n");
    }
    text += &format!("jira {:?}\nmatched {:?}\n", world.jira, world.matched);
    let pairs = |links: &Vec<(IssueId, IssueId)>| {
        let pair = |&(one, other)| format!("{}>{}", issue_name(one), issue_name(other));
        links.iter().map(pair).collect::<Vec<_>>()
    };
    for (id, links) in &world.links {
        text += &format!("link {} {:?}\n", synchronizer_name(*id), pairs(links));
    }
    for (id, ranked) in &world.ranked {
        let names: Vec<String> = ranked.iter().map(|&id| issue_name(id)).collect();
        text += &format!("rank {} {names:?}\n", synchronizer_name(*id));
    }
    let epics: Vec<(IssueId, IssueId)> = world.epics.iter().map(|(&i, &e)| (e, i)).collect();
    text += &format!("epics {:?}\n", pairs(&epics));
    for (row, depth) in world.forest.preorder() {
        let claims: Vec<ClaimSource> = world.claims.of(row).collect();
        let name = row_name(&world.forest, row);
        let placed_by = world.forest.placed_by(row);
        text += &format!("{}{name} {claims:?} by {placed_by:?}\n", "  ".repeat(depth));
    }
    text
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the rate is printed; nothing depends on it"
)]
fn every_property_holds_in_random_worlds() {
    let start = Instant::now();
    if let Some(seed) = number_from_environment("RESYNC_SEED") {
        play(seed, the_planner).unwrap();
        return;
    }
    let worlds = number_from_environment("RESYNC_WORLDS").unwrap_or(WORLDS);
    for seed in 0..worlds {
        let played = std::panic::catch_unwind(|| play(seed, the_planner));
        match played {
            Ok(Ok(())) => {}
            Ok(Err(broken)) => panic!("RESYNC_SEED={seed}\n{broken}"),
            Err(_) => panic!("RESYNC_SEED={seed}: the planner panicked"),
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = worlds as f64 / seconds;
    println!("{worlds} worlds of {ROUNDS} rounds, {rate:.0} worlds/s");
}

/// A planner that sees only the claims that `keep` says.
fn plan_with_claims(
    world: &World,
    confirmed: Option<&ConfirmedPlan>,
    keep: impl Fn(ClaimSource) -> bool,
) -> Plan {
    let kept = world
        .claims
        .sorted()
        .into_iter()
        .filter(|claim| keep(claim.source));
    let claims: Claims = kept.collect();
    world.with_snapshot(&claims, confirmed, plan)
}

fn ignoring_claims_of_others(world: &World, confirmed: Option<&ConfirmedPlan>) -> Plan {
    let own = |source| match (source, world.scope) {
        (ClaimSource::Synchronizer(id), Scope::Resync(target)) => id == target,
        (ClaimSource::Synchronizer(_), Scope::Incremental) | (ClaimSource::Person, _) => true,
    };
    plan_with_claims(world, confirmed, own)
}

fn ignoring_claims_of_people(world: &World, confirmed: Option<&ConfirmedPlan>) -> Plan {
    plan_with_claims(world, confirmed, |source| source != ClaimSource::Person)
}

/// Takes the first half of a result for all of it.
fn believing_half_a_result(world: &World, confirmed: Option<&ConfirmedPlan>) -> Plan {
    let mut cut = world.clone();
    for matched in cut.matched.values_mut() {
        matched.truncate(matched.len() / 2);
    }
    cut.plan(confirmed)
}

fn forgetting_what_is_held(world: &World, confirmed: Option<&ConfirmedPlan>) -> Plan {
    let mut plan = world.plan(confirmed);
    plan.held.pop();
    plan
}

/// Lets the last declared one own a place.
fn preferring_the_last(world: &World, confirmed: Option<&ConfirmedPlan>) -> Plan {
    let mut reversed = world.clone();
    reversed.synchronizers.reverse();
    reversed.plan(confirmed)
}

fn worlds_until_caught(planner: Planner) -> Option<u64> {
    (0..WORLDS_FOR_A_WRONG_PLANNER).find(|&seed| play(seed, planner).is_err())
}

#[test]
fn wrong_planners_are_caught() {
    let wrong: [(&str, Planner); 5] = [
        ("preferring the last", preferring_the_last),
        ("ignoring claims of others", ignoring_claims_of_others),
        ("ignoring claims of people", ignoring_claims_of_people),
        ("believing half a result", believing_half_a_result),
        ("forgetting what is held", forgetting_what_is_held),
    ];
    for (name, planner) in wrong {
        let caught = worlds_until_caught(planner);
        println!("{name}: caught in world {caught:?}");
        assert!(caught.is_some(), "{name} was not caught");
    }
}

/// Every reason of a change and of a hold that the planner can give.
const REASONS: [&str; 28] = [
    "FilterMatched",
    "FilterUnmatched",
    "BranchUnmatched",
    "FilterGathers",
    "SubtaskOfParent",
    "SubtaskOrphaned",
    "LinkedToParent",
    "Linked",
    "LinkGone",
    "AliasNotNeeded",
    "MakesWay",
    "EpicOfIssue",
    "EpicGone",
    "RankOrder",
    "SelfLink",
    "LinkClosesCycle",
    "EpicNotInStructure",
    "OrderOwnedElsewhere",
    "ParentNotInStructure",
    "NeverMatched",
    "RemovalOff",
    "ChildrenStay",
    "MovedAway",
    "ClaimedElsewhere",
    "PlacementOwnedElsewhere",
    "ParentAbsent",
    "WouldCloseCycle",
    "NotConfirmed",
];

/// A property that is never put to the test says nothing.
#[test]
fn random_worlds_meet_every_reason() {
    let mut met: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 0..WORLDS {
        let mut random = Random::new(seed);
        let world = random_world(&mut random);
        let confirmed = random.one_in(3).then(|| confirm_some(&world, &mut random));
        let plan = world.plan(confirmed.as_ref());
        let whys = plan
            .changes
            .iter()
            .map(|change| format!("{:?}", change.why));
        let holds = plan.held.iter().map(|held| format!("{:?}", held.reason));
        whys.chain(holds)
            .for_each(|reason| *met.entry(reason).or_default() += 1);
    }
    println!("{met:?}");
    for reason in REASONS {
        assert!(
            met.get(reason).is_some_and(|&times| times >= 10),
            "{reason}: {met:?}"
        );
    }
    assert_eq!(met.len(), REASONS.len());
}
