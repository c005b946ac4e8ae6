//! A resync with one side that is right: repeated, and turned around.

use crate::random::Random;
use crate::tracker::{links, node};
use crate::world::{LINKS, TRACKER, World};
use resync_core::issue::ObservedLink;
use resync_core::plan::{Plan, plan};
use resync_core::tracker_plan::{
    Desired, LinkEvidence, Selection, TrackerChange, TrackerPlan, plan_links,
};
use rustc_hash::FxHashSet;

const WORLDS: u64 = 20_000;

fn from_structure(world: &World) -> TrackerPlan {
    let nothing = FxHashSet::default();
    let desired = Desired {
        forest: &world.forest,
        tracker: TRACKER,
        synchronizer: LINKS,
        inaccessible: &nothing,
        owned_elsewhere: &nothing,
    };
    let links = links(&world.tracker.now().parents);
    let evidence = LinkEvidence {
        links: &links,
        parents: None,
        children: None,
    };
    plan_links(&desired, world.scope, &evidence, Selection::All)
}

fn into_structure(world: &World) -> Plan {
    let links: Vec<ObservedLink> = links(&world.tracker.now().parents);
    world.with_snapshot(&world.synchronizers, &world.claims, &links, plan)
}

fn carry_out(world: &mut World, plan: &TrackerPlan) {
    for planned in &plan.changes {
        let clock = world.tick();
        let (parent, child, linked) = match planned.change {
            TrackerChange::CreateLink { parent, child } => (parent, child, true),
            TrackerChange::DeleteLink { parent, child } => (parent, child, false),
            ref other => unreachable!("{other:?} is no link"),
        };
        let (parent, child) = (node(parent), node(child));
        assert_ne!(world.tracker.has(parent, child), linked, "{planned:?}");
        world.tracker.set(parent, child, linked, clock);
    }
}

/// A world with links alone, after some edits.
fn world(seed: u64) -> World {
    let mut random = Random::new(seed);
    let mut world = World::random(&mut random);
    world.synchronizers.retain(|found| found.id == LINKS);
    for _ in 0..random.below(6) {
        world.edit_structure(&mut random);
        world.edit_tracker(&mut random);
    }
    world
}

#[test]
fn a_resync_from_the_structure_leaves_nothing_to_do_in_either_direction() {
    let mut changes = 0;
    for seed in 0..WORLDS {
        let mut world = world(seed);
        let first = from_structure(&world);
        changes += first.changes.len();
        carry_out(&mut world, &first);
        assert_eq!(from_structure(&world).changes, [], "RESYNC_SEED={seed}");
        let back = into_structure(&world);
        assert_eq!(back.changes, [], "RESYNC_SEED={seed}");
    }
    println!("{changes} changes in {WORLDS} worlds");
    assert!(changes as u64 > WORLDS);
}

/// Places that no link ever justified are people's: a resync into the structure leaves them, and
/// one back makes links of them. It deletes none.
#[test]
fn a_resync_into_the_structure_and_back_deletes_nothing_unless_something_is_held() {
    let mut checked = 0;
    for seed in 0..WORLDS {
        let mut world = world(seed);
        let into = into_structure(&world);
        let holds_nothing = into.held.is_empty();
        world.forest = into.after;
        let back = from_structure(&world);
        let destructive = back.changes.iter().filter(|planned| planned.destructive);
        if holds_nothing {
            checked += 1;
            assert_eq!(destructive.count(), 0, "RESYNC_SEED={seed} {back:?}");
        }
    }
    println!("{checked} of {WORLDS} worlds hold nothing");
    assert!(checked > WORLDS / 4);
}
