//! The proof: the real merge and the real planners of both sides, over seeded random worlds.
//!
//! A world has up to fourteen issues. People edit the structure and the tracker, also while a round
//! of the service is under way; writes fail before and after their effect, rounds crash between any
//! two steps, and reads show old states, each issue its own. Then people stop, nothing goes wrong
//! any more, and within five rounds both sides must be equal or their differences held with a
//! reason. No edit may be lost without an entry, and there is no entry without a conflict.
//!
//! What it is not: a test of the store, of HTTP or of Jira. A write here compares and writes at
//! once, which Jira cannot; and a journal is a list.
//!
//! `RESYNC_SEED=17 cargo test -p resync-core --test worlds` replays one world and tells what
//! happened; `RESYNC_WORLDS` sets how many are tried.

mod random;
mod record;
mod resync;
mod round;
mod tracker;
mod world;

use random::Random;
use record::{Edit, Tally};
use round::{Ended, Faults, Outcome, outline};
use std::time::Instant;
use tracker::{Set, name, names};
use world::{World, structure_parents};

/// Worlds in a normal run.
const WORLDS: u64 = 200_000;

/// A wrong service has to be caught within so many.
const WORLDS_FOR_A_CONTROL: u64 = 10_000;

/// Most quiet rounds until both sides are in step.
const QUIET_ROUNDS_MAX: usize = 5;

/// The service as it is, or one that is wrong in one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Real,
    /// It forgets what both sides agreed on.
    NoBase,
    /// It believes whatever it reads.
    StaleAccepted,
    /// Its synchronizers run one after the other, each alone.
    Chained,
    /// It moves the base only when it happens to read both sides equal, not when it has made
    /// them so.
    BaseOnlyReadEqual,
}

fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// What one world has shown.
#[derive(Clone, Copy, Debug, Default)]
struct Shown {
    tally: Tally,
    quiet_rounds: usize,
}

#[expect(
    clippy::print_stdout,
    reason = "a seed that is replayed tells what happens"
)]
fn play(seed: u64, variant: Variant, told: bool) -> Result<Shown, String> {
    let mut random = Random::new(seed);
    let mut world = World::random(&mut random);
    world.told = told;
    let faults = Faults {
        stale_read: random.below(4) * 13,
        crash: random.below(3) * 12,
        failed_write: random.below(3) * 8,
        edit: random.below(3) * 20,
    };
    let tell = |what: &str, world: &World| {
        if told {
            println!("{what}\n{}", describe(world));
        }
    };
    tell(&format!("{:?}\n{faults:?}", world.synchronizers), &world);
    for number in 0..1 + random.below(5) {
        for _ in 0..random.below(3) {
            world.edit_structure(&mut random);
        }
        for _ in 0..random.below(3) {
            world.edit_tracker(&mut random);
        }
        world.compare();
        tell(&format!("round {number}, before"), &world);
        world.round(&mut random, faults, variant)?;
        tell(&format!("round {number}, after"), &world);
    }
    for quiet_rounds in 1..=QUIET_ROUNDS_MAX {
        let Ended::Whole(outcome) = world.round(&mut random, Faults::NONE, variant)? else {
            return Err("a quiet round was cut short".to_owned());
        };
        tell(&format!("quiet round {quiet_rounds}"), &world);
        if outcome.quiet {
            in_step(&mut world, &outcome)?;
            return Ok(Shown {
                tally: world.record.tally,
                quiet_rounds,
            });
        }
    }
    Err(format!(
        "still planning after {QUIET_ROUNDS_MAX} quiet rounds"
    ))
}

/// Both sides are equal, or the difference is held; and every edit arrived, has an entry or stands
/// with a reason.
fn in_step(world: &mut World, outcome: &Outcome) -> Result<(), String> {
    let structure = structure_parents(&world.forest);
    let excused = outcome.held | outcome.elsewhere | stay_unlinked(world);
    for child in 0..world.tracker.issues {
        let theirs = world.tracker.now().parents[child];
        let compared = world.comparable(child, theirs);
        let ours = structure[child];
        let is_excused = excused & (1 << child) != 0;
        if compared.is_some_and(|theirs| theirs != ours) && !is_excused {
            return Err(format!(
                "{}: the structure shows {:?}, the tracker {:?}, and nothing is held",
                name(child),
                names(ours),
                names(theirs)
            ));
        }
        for (side, now) in [("structure", ours), ("tracker", theirs)] {
            let edits = match side {
                "structure" => &world.record.structure,
                _ => &world.record.tracker,
            };
            if let Some(edit) = edits[child] {
                let became = settle(world, child, edit, now, is_excused);
                let lost = || world.record.lost(child, side, edit, now);
                became.ok_or_else(lost)?(&mut world.record.tally);
            }
        }
    }
    Ok(())
}

/// Issues whose link is gone, and whose rows stay where they are without a word: as parents of
/// others, or since a filter wants them. The structure planner says so only when it happens.
fn stay_unlinked(world: &World) -> Set {
    let structure = structure_parents(&world.forest);
    let stays = |&child: &usize| {
        let memory = world.memories.get(&tracker::id(child));
        let base = tracker::set_of(memory.and_then(|memory| memory.base.as_ref()));
        let linked = world.comparable(child, world.tracker.now().parents[child]);
        linked == Some(0) && base != 0 && base == structure[child]
    };
    let children = (0..world.tracker.issues).filter(stays);
    children.fold(0, |set, child| set | 1 << child)
}

/// What has become of an edit that did not arrive and has no entry; `None`: it is lost.
fn settle(
    world: &World,
    child: usize,
    edit: Edit,
    now: Set,
    is_excused: bool,
) -> Option<fn(&mut Tally)> {
    let [edited, base, now] =
        [edit.parents, edit.base, now].map(|parents| world.comparable(child, parents));
    if is_excused {
        Some(|tally| tally.held += 1)
    } else if edited.is_none() || edited == base {
        Some(|tally| tally.out_of_scope += 1)
    } else if edited == now {
        Some(|tally| tally.arrived += 1)
    } else {
        None
    }
}

fn describe(world: &World) -> String {
    let links: Vec<String> = (0..world.tracker.issues)
        .filter(|&child| world.tracker.now().parents[child] != 0)
        .map(|child| {
            format!(
                "{}<{}",
                name(child),
                names(world.tracker.now().parents[child])
            )
        })
        .collect();
    let mut bases: Vec<String> = world
        .memories
        .iter()
        .map(|(child, memory)| {
            let base = names(tracker::set_of(memory.base.as_ref()));
            format!("{}<{base}", name(tracker::node(*child)))
        })
        .collect();
    bases.sort();
    format!(
        "{}links {}\nbases {}\nmatched {}\njournal {:?}\n",
        outline(&world.forest),
        links.join(" "),
        bases.join(" "),
        names(world.matched),
        world.journal
    )
}

/// Plays worlds on two threads; the first failure by seed.
fn play_all(worlds: u64, variant: Variant) -> Result<(Tally, [u64; QUIET_ROUNDS_MAX + 1]), String> {
    let half = |start: u64| {
        let mut tally = Tally::default();
        let mut rounds = [0; QUIET_ROUNDS_MAX + 1];
        for seed in (start..worlds).step_by(2) {
            let played = std::panic::catch_unwind(|| play(seed, variant, false));
            let shown = played
                .unwrap_or_else(|_| Err("the planner panicked".to_owned()))
                .map_err(|broken| format!("RESYNC_SEED={seed}: {broken}"))?;
            tally.add(shown.tally);
            rounds[shown.quiet_rounds] += 1;
        }
        Ok((tally, rounds))
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| half(1));
        let (mut tally, mut rounds) = half(0)?;
        let other: Result<(Tally, [u64; QUIET_ROUNDS_MAX + 1]), String> =
            other.join().expect("panics are caught");
        let (others, more) = other?;
        tally.add(others);
        for (count, more) in rounds.iter_mut().zip(more) {
            *count += more;
        }
        Ok((tally, rounds))
    })
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the rate is printed; nothing depends on it"
)]
fn no_edit_is_lost_and_both_sides_come_in_step() {
    if let Some(seed) = number_from_environment("RESYNC_SEED") {
        let shown = play(seed, Variant::Real, true).unwrap();
        println!("{shown:?}");
        return;
    }
    let worlds = number_from_environment("RESYNC_WORLDS").unwrap_or(WORLDS);
    let start = Instant::now();
    let (tally, rounds) =
        play_all(worlds, Variant::Real).unwrap_or_else(|broken| panic!("{broken}"));
    let rate = worlds as f64 / start.elapsed().as_secs_f64();
    println!("{worlds} worlds, {rate:.0} worlds/s, quiet rounds {rounds:?}");
    println!("{} edits were checked: {tally:?}", tally.checked());
    assert!(
        tally.arrived > worlds && tally.entries > worlds / 100,
        "{tally:?}"
    );
}

#[test]
fn wrong_services_are_caught() {
    let wrong = [
        Variant::NoBase,
        Variant::StaleAccepted,
        Variant::Chained,
        Variant::BaseOnlyReadEqual,
    ];
    for variant in wrong {
        let mut seeds = 0..WORLDS_FOR_A_CONTROL;
        let caught = seeds.find_map(|seed| {
            let broken = play(seed, variant, false).err()?;
            let is_its_fault = play(seed, Variant::Real, false).is_ok();
            is_its_fault.then_some((seed, broken))
        });
        println!("{variant:?}: {caught:?}");
        assert!(caught.is_some(), "{variant:?} was not caught");
    }
}
