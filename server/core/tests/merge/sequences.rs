//! Sequences of edits, reads and merges: no edit is lost without an entry.

use proptest::prelude::*;
use resync_core::merge::{
    Authority, ConflictRule, Decision, Memory, Merged, Shown, Version, merge,
};
use resync_core::synchronizer::Direction;
use resync_core::time::Timestamp;

#[derive(Clone, Copy, Debug)]
enum Event {
    /// Somebody changes the structure.
    EditStructure(Option<u8>),
    /// Somebody changes the tracker.
    EditTracker(Option<u8>),
    /// A merge that reads the tracker as it was so many states ago.
    Merge { states_ago: usize },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let value = || proptest::option::weighted(0.8, 0..3u8);
    let event = prop_oneof![
        value().prop_map(Event::EditStructure),
        value().prop_map(Event::EditTracker),
        proptest::option::weighted(0.3, 0..3usize).prop_map(|states_ago| Event::Merge {
            states_ago: states_ago.unwrap_or(0)
        }),
    ];
    proptest::collection::vec(event, 0..30)
}

/// One aspect of one issue on both sides.
#[derive(Default)]
struct World {
    memory: Memory<u8>,
    structure: Option<u8>,
    /// Every state that the tracker had, in order.
    tracker: Vec<Option<u8>>,
    entries: usize,
    rule: ConflictRule,
}

impl World {
    fn tracker_now(&self) -> Option<u8> {
        self.tracker.last().copied().flatten()
    }

    fn edit(&mut self, event: Event) {
        match event {
            Event::EditStructure(value) if value != self.structure => {
                self.structure = value;
            }
            Event::EditTracker(value) if value != self.tracker_now() => {
                self.tracker.push(value);
            }
            Event::EditStructure(_) | Event::EditTracker(_) => {}
            Event::Merge { states_ago } => self.merge(states_ago),
        }
    }

    fn merge(&mut self, states_ago: usize) {
        let at = self.tracker.len().saturating_sub(states_ago);
        let read = at.checked_sub(1).and_then(|last| self.tracker[last]);
        let version = Version {
            updated: Timestamp(at as i64),
            changelog: 0,
        };
        let shown = |value| Shown {
            value,
            changed: None,
        };
        let Merged { decision, loser } = merge(
            &self.memory,
            &shown(self.structure.as_ref()),
            &shown(read.as_ref()),
            version,
            Authority::Both(self.rule),
        );
        self.entries += usize::from(loser.is_some());
        match decision {
            Decision::Stale => assert!(version < self.memory.seen),
            Decision::Ask => {}
            Decision::Agreed => self.remember(read, version),
            Decision::Carry(Direction::IntoStructure) => {
                let is_edited = self.structure != self.memory.base;
                assert!(!is_edited || loser.is_some(), "an edit is lost");
                self.structure = read;
                self.remember(read, version);
            }
            // Whoever writes compares first, so a stale read writes nothing.
            Decision::Carry(Direction::FromStructure) => {
                self.memory.seen = self.memory.seen.max(version);
                if read == self.tracker_now() && at == self.tracker.len() {
                    let is_edited = read != self.memory.base;
                    assert!(!is_edited || loser.is_some(), "an edit is lost");
                    self.tracker.push(self.structure);
                    let version = Version {
                        updated: Timestamp(self.tracker.len() as i64),
                        changelog: 0,
                    };
                    self.remember(self.structure, version);
                }
            }
        }
    }

    /// Both sides were read equal.
    fn remember(&mut self, base: Option<u8>, seen: Version) {
        self.memory = Memory { base, seen };
    }
}

fn rules() -> impl Strategy<Value = ConflictRule> {
    prop_oneof![
        Just(ConflictRule::TrackerWins),
        Just(ConflictRule::StructureWins)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_edit_is_lost_without_an_entry(events in events(), rule in rules()) {
        let mut world = World { rule, ..World::default() };
        events.into_iter().for_each(|event| world.edit(event));
        world.merge(0);
        world.merge(0);
        prop_assert_eq!(world.structure, world.tracker_now());
        prop_assert_eq!(world.memory.base, world.structure);
    }

    #[test]
    fn without_a_conflict_there_is_no_entry(
        edits in proptest::collection::vec((any::<bool>(), proptest::option::of(0..3u8)), 0..30),
        rule in rules(),
    ) {
        let mut world = World { rule, ..World::default() };
        for (in_tracker, value) in edits {
            world.edit(match in_tracker {
                true => Event::EditTracker(value),
                false => Event::EditStructure(value),
            });
            world.merge(0);
            prop_assert_eq!((world.structure, world.tracker_now()), (value, value));
        }
        prop_assert_eq!(world.entries, 0);
    }
}
