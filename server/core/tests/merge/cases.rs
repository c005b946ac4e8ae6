//! Every case of a small world, against the rules as they are written down.

use resync_core::merge::{
    Authority, ConflictRule, Decision, LossReason, Memory, Merged, Shown, Version, merge,
};
use resync_core::synchronizer::Direction;
use resync_core::time::Timestamp;

const INTO: Direction = Direction::IntoStructure;
const FROM: Direction = Direction::FromStructure;
const VALUES: [Option<char>; 4] = [None, Some('a'), Some('b'), Some('c')];
const DATES: [Option<Timestamp>; 3] = [None, Some(Timestamp(1)), Some(Timestamp(2))];
const AUTHORITIES: [Authority; 6] = [
    Authority::Both(ConflictRule::TrackerWins),
    Authority::Both(ConflictRule::StructureWins),
    Authority::Both(ConflictRule::Newest),
    Authority::Both(ConflictRule::Ask),
    Authority::One(INTO),
    Authority::One(FROM),
];

fn version(updated: i64, changelog: i64) -> Version {
    Version {
        updated: Timestamp(updated),
        changelog,
    }
}

#[derive(Clone, Copy, Debug)]
struct Case {
    base: Option<char>,
    structure: Option<char>,
    tracker: Option<char>,
    dates: [Option<Timestamp>; 2],
    version: Version,
    authority: Authority,
}

impl Case {
    fn merge(self) -> Merged<char> {
        let memory = Memory {
            base: self.base,
            seen: version(5, 5),
        };
        let [structure, tracker] = [
            (self.structure.as_ref(), self.dates[0]),
            (self.tracker.as_ref(), self.dates[1]),
        ]
        .map(|(value, changed)| Shown { value, changed });
        merge(&memory, &structure, &tracker, self.version, self.authority)
    }

    fn changed(self) -> [bool; 2] {
        [self.structure != self.base, self.tracker != self.base]
    }
}

fn every_case() -> impl Iterator<Item = Case> {
    let versions = [(4, 9), (5, 4), (5, 5), (5, 6), (6, 0)];
    let mut cases = Vec::new();
    for base in VALUES {
        for structure in VALUES {
            for tracker in VALUES {
                for ours in DATES {
                    for theirs in DATES {
                        for (updated, changelog) in versions {
                            cases.extend(AUTHORITIES.map(|authority| Case {
                                base,
                                structure,
                                tracker,
                                dates: [ours, theirs],
                                version: version(updated, changelog),
                                authority,
                            }));
                        }
                    }
                }
            }
        }
    }
    cases.into_iter()
}

fn fresh_cases() -> impl Iterator<Item = Case> {
    every_case().filter(|case| case.version >= version(5, 5))
}

#[test]
fn what_is_older_than_what_was_accepted_is_never_believed() {
    for case in every_case() {
        let is_stale = case.merge().decision == Decision::Stale;
        assert_eq!(is_stale, case.version < version(5, 5), "{case:?}");
        assert!(!is_stale || case.merge().loser.is_none(), "{case:?}");
    }
}

#[test]
fn equal_sides_agree_whatever_the_base() {
    for case in fresh_cases() {
        let agreed = case.merge().decision == Decision::Agreed;
        assert_eq!(agreed, case.structure == case.tracker, "{case:?}");
    }
}

#[test]
fn a_change_of_one_side_is_carried_to_the_other() {
    for case in fresh_cases().filter(|case| matches!(case.authority, Authority::Both(_))) {
        let carried = match case.changed() {
            [true, false] => FROM,
            [false, true] => INTO,
            [false, false] | [true, true] => continue,
        };
        let merged = case.merge();
        assert_eq!(merged.decision, Decision::Carry(carried), "{case:?}");
        assert_eq!(merged.loser, None, "{case:?}");
    }
}

#[test]
fn an_edit_beats_a_deletion_by_every_rule() {
    for case in fresh_cases().filter(|case| matches!(case.authority, Authority::Both(_))) {
        let carried = match (case.changed(), case.structure, case.tracker) {
            ([true, true], Some(_), None) => FROM,
            ([true, true], None, Some(_)) => INTO,
            (_, _, _) => continue,
        };
        let merged = case.merge();
        assert_eq!(merged.decision, Decision::Carry(carried), "{case:?}");
        let loser = merged.loser.unwrap();
        assert_eq!(loser.value, None, "{case:?}");
        assert_eq!(loser.reason, LossReason::EditBeatsDeletion, "{case:?}");
    }
}

#[test]
fn two_edits_are_decided_by_the_rule() {
    for case in fresh_cases() {
        let conflict = case.changed() == [true, true]
            && case.structure.is_some()
            && case.tracker.is_some()
            && case.structure != case.tracker;
        let (Authority::Both(rule), true) = (case.authority, conflict) else {
            continue;
        };
        let expected = match (rule, case.dates) {
            (ConflictRule::TrackerWins, _) => Decision::Carry(INTO),
            (ConflictRule::StructureWins, _) => Decision::Carry(FROM),
            (ConflictRule::Newest, [Some(Timestamp(2)), Some(Timestamp(1))]) => {
                Decision::Carry(FROM)
            }
            (ConflictRule::Newest, [Some(Timestamp(1)), Some(Timestamp(2))]) => {
                Decision::Carry(INTO)
            }
            (ConflictRule::Newest | ConflictRule::Ask, _) => Decision::Ask,
        };
        assert_eq!(case.merge().decision, expected, "{case:?}");
    }
}

#[test]
fn the_side_that_is_right_is_never_written() {
    for case in fresh_cases() {
        if let Authority::One(direction) = case.authority {
            let expected = match case.structure == case.tracker {
                true => Decision::Agreed,
                false => Decision::Carry(direction),
            };
            assert_eq!(case.merge().decision, expected, "{case:?}");
        }
    }
}

#[test]
fn every_change_that_is_overwritten_is_an_entry_and_nothing_else_is() {
    for case in fresh_cases() {
        let Merged { decision, loser } = case.merge();
        let lost = match decision {
            Decision::Carry(Direction::IntoStructure) => {
                case.changed()[0].then_some((case.structure, case.tracker, INTO))
            }
            Decision::Carry(Direction::FromStructure) => {
                case.changed()[1].then_some((case.tracker, case.structure, FROM))
            }
            Decision::Agreed | Decision::Ask | Decision::Stale => None,
        };
        let entry = loser.map(|loser| (loser.value, loser.winner, loser.carried));
        assert_eq!(entry, lost, "{case:?}");
    }
}

#[test]
fn without_a_conflict_rule_the_tracker_wins() {
    assert_eq!(ConflictRule::default(), ConflictRule::TrackerWins);
}
