//! What a few changes make of what was known.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use resync_core::id::IssueId;
use resync_core::incremental::{is_gone, requests_allowed, updated};
use resync_core::time::Timestamp;
use rustc_hash::FxHashSet;
use std::time::Duration;

fn ids(text: &str) -> Vec<IssueId> {
    let words = text.split_whitespace();
    words
        .map(|id| IssueId(id.parse().expect("a number")))
        .collect()
}

fn check(mirror: &str, asked: &str, matching: &str, expected: &Expect) {
    let asked: FxHashSet<IssueId> = ids(asked).into_iter().collect();
    let next = updated(&ids(mirror), &asked, &ids(matching));
    let words: Vec<String> = next.iter().map(IssueId::to_string).collect();
    expected.assert_eq(&words.join(" "));
}

#[test]
fn what_was_asked_and_does_not_match_leaves() {
    check("5 3 9 1", "3 7", "", &expect!["5 9 1"]);
}

#[test]
fn what_matches_keeps_its_place_or_follows() {
    check("5 3 9 1", "3 7 8", "8 3 7", &expect!["5 3 9 1 8 7"]);
}

#[test]
fn what_was_not_asked_stays() {
    check("2 1", "", "", &expect!["2 1"]);
}

#[test]
fn an_issue_is_gone_after_a_whole_interval_and_beside_a_readable_one() {
    let interval = Duration::from_secs(60);
    let at = |seconds: i64| Timestamp(seconds * 1000);
    assert!(is_gone(Some(at(0)), at(60), interval, true));
    assert!(
        !is_gone(Some(at(1)), at(60), interval, true),
        "one listing only"
    );
    assert!(
        !is_gone(Some(at(0)), at(60), interval, false),
        "no sentinel"
    );
    assert!(
        !is_gone(None, at(60), interval, true),
        "never missed before"
    );
}

#[test]
fn the_bound_of_requests_grows_by_one_a_hundred_changes() {
    let bounds = [0, 1, 100, 101, 1000].map(requests_allowed);
    assert_eq!(bounds, [5, 6, 6, 7, 15]);
}

proptest! {
    /// The delta gives what a complete listing would give, as a set.
    #[test]
    fn a_delta_is_as_good_as_a_listing(
        before in prop::collection::btree_set(0_i64..40, 0..30),
        after in prop::collection::btree_set(0_i64..40, 0..30),
        more in prop::collection::btree_set(0_i64..40, 0..10),
    ) {
        let mirror: Vec<IssueId> = before.iter().map(|id| IssueId(*id)).collect();
        let changed = before.symmetric_difference(&after).chain(&more);
        let asked: FxHashSet<IssueId> = changed.map(|id| IssueId(*id)).collect();
        let matching: Vec<IssueId> = asked.iter().filter(|id| after.contains(&id.0)).copied().collect();
        let mut next: Vec<i64> = updated(&mirror, &asked, &matching).iter().map(|id| id.0).collect();
        next.sort_unstable();
        prop_assert_eq!(next, after.into_iter().collect::<Vec<i64>>());
    }
}
