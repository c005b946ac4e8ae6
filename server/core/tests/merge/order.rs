//! Merging the order of siblings.

use resync_core::id::IssueId;
use resync_core::merge::{
    Authority, ConflictRule, Decision, Memory, OrderMerged, Version, merge_order,
};
use resync_core::synchronizer::Direction;
use resync_core::time::Timestamp;

fn ids(text: &str) -> Vec<IssueId> {
    text.bytes().map(|byte| IssueId(i64::from(byte))).collect()
}

fn text(ids: &[IssueId]) -> String {
    let letter = |id: &IssueId| char::from(u8::try_from(id.0).expect("one letter"));
    ids.iter().map(letter).collect()
}

fn at(time: i64) -> Version {
    Version {
        updated: Timestamp(time),
        changelog: 0,
    }
}

fn merged(base: Option<&str>, structure: &str, tracker: &str) -> OrderMerged {
    let memory = Memory {
        base: base.map(ids),
        seen: at(1),
    };
    let authority = Authority::Both(ConflictRule::TrackerWins);
    merge_order(&memory, &ids(structure), &ids(tracker), at(2), authority)
}

const INTO: Decision = Decision::Carry(Direction::IntoStructure);
const FROM: Decision = Decision::Carry(Direction::FromStructure);

#[test]
fn the_side_that_was_reordered_is_carried() {
    assert_eq!(merged(Some("abc"), "abc", "bca").decision, INTO);
    assert_eq!(merged(Some("abc"), "bca", "abc").decision, FROM);
    assert_eq!(merged(Some("abc"), "bca", "bca").decision, Decision::Agreed);
}

#[test]
fn an_order_that_both_sides_changed_is_decided_by_the_rule_and_recorded() {
    let merged = merged(Some("abc"), "acb", "bac");
    assert_eq!(merged.decision, INTO);
    let loser = merged.loser.unwrap();
    assert_eq!(text(&loser.value.unwrap()), "acb");
    assert_eq!(text(&loser.winner.unwrap()), "bac");
}

#[test]
fn who_comes_and_who_goes_is_no_change_of_the_order() {
    assert_eq!(merged(Some("abc"), "ac", "abc").decision, Decision::Agreed);
    assert_eq!(
        merged(Some("abc"), "axbc", "abyc").decision,
        Decision::Agreed
    );
    assert_eq!(merged(Some("abc"), "ca", "abc").decision, FROM);
}

#[test]
fn one_that_came_to_both_sides_has_its_place_from_the_tracker() {
    let merged = merged(Some("abc"), "xabc", "abcx");
    assert_eq!(merged.decision, INTO);
    assert_eq!(merged.loser, None);
}

#[test]
fn one_that_came_to_both_sides_goes_with_the_side_that_was_reordered() {
    assert_eq!(merged(Some("abc"), "xcab", "abcx").decision, FROM);
}

#[test]
fn the_base_is_the_order_that_both_sides_show() {
    let agreed = merged(Some("abc"), "bca", "bca");
    assert_eq!(text(&agreed.memory.base.unwrap()), "bca");
    assert_eq!(agreed.memory.seen, at(2));
    let carried = merged(Some("abc"), "bca", "abc");
    assert_eq!(text(&carried.memory.base.unwrap()), "abc");
}

#[test]
fn an_older_order_is_not_believed() {
    let memory = Memory {
        base: Some(ids("abc")),
        seen: at(3),
    };
    let authority = Authority::Both(ConflictRule::TrackerWins);
    let merged = merge_order(&memory, &ids("abc"), &ids("cba"), at(2), authority);
    assert_eq!(merged.decision, Decision::Stale);
    assert_eq!(merged.memory, memory);
}
