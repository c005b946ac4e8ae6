//! When the next incremental sync is due.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use resync_core::incremental::{Cause, Timing, Waiting, due, next_poll};
use resync_core::time::Timestamp;
use std::time::Duration;

/// Reads `first=1 last=2 swept=3 evaluated=4 not-before=5`, in seconds.
fn parse(text: &str) -> Waiting {
    let mut waiting = Waiting::default();
    for word in text.split_whitespace() {
        let (name, seconds) = word.split_once('=').expect("name=seconds");
        let time = Some(Timestamp(seconds.parse::<i64>().expect("seconds") * 1000));
        match name {
            "first" => waiting.first_change = time,
            "last" => waiting.last_change = time,
            "swept" => waiting.swept = time,
            "evaluated" => waiting.evaluated = time,
            "not-before" => waiting.not_before = time,
            other => panic!("not a fact: {other}"),
        }
    }
    waiting
}

fn check(facts: &str, expected: &Expect) {
    let judge = |line: &str| {
        let judged = match due(&parse(line), &Timing::default()) {
            Some(due) => format!("{:?} at {}", due.cause, due.time.0 / 1000),
            None => "never".to_owned(),
        };
        format!("{line}: {judged}\n")
    };
    let judged: String = facts.lines().map(str::trim).map(judge).collect();
    expected.assert_eq(&judged);
}

#[test]
fn nothing_is_due_where_nothing_is_followed() {
    check(
        "first=1 last=1",
        &expect![[r#"
        first=1 last=1: never
    "#]],
    );
}

#[test]
fn changes_wait_for_quiet_but_not_for_long() {
    check(
        "swept=0 first=10 last=10
        swept=0 first=10 last=11
        swept=0 first=10 last=17
        swept=0 first=10 last=19
        swept=0 first=10 last=60",
        &expect![[r#"
            swept=0 first=10 last=10: Changes at 12
            swept=0 first=10 last=11: Changes at 13
            swept=0 first=10 last=17: Changes at 19
            swept=0 first=10 last=19: Changes at 20
            swept=0 first=10 last=60: Changes at 20
        "#]],
    );
}

#[test]
fn the_earliest_counts_and_of_equal_ones_that_which_includes_the_others() {
    check(
        "swept=0
        swept=0 evaluated=100
        swept=0 evaluated=2700
        swept=0 evaluated=2700 first=3598 last=3598
        swept=0 first=3599 last=3599",
        &expect![[r#"
            swept=0: Sweep at 3600
            swept=0 evaluated=100: Evaluation at 1000
            swept=0 evaluated=2700: Sweep at 3600
            swept=0 evaluated=2700 first=3598 last=3598: Sweep at 3600
            swept=0 first=3599 last=3599: Sweep at 3600
        "#]],
    );
}

#[test]
fn after_a_failure_it_waits() {
    check(
        "swept=0 first=10 last=10 not-before=11
        swept=0 first=10 last=10 not-before=900",
        &expect![[r#"
            swept=0 first=10 last=10 not-before=11: Changes at 12
            swept=0 first=10 last=10 not-before=900: Changes at 900
        "#]],
    );
}

proptest! {
    #[test]
    fn no_change_waits_longer_than_stated(first in 0_i64..10_000, quiet in 0_i64..100_000) {
        let timing = Timing::default();
        let waiting = Waiting {
            first_change: Some(Timestamp(first)),
            last_change: Some(Timestamp(first + quiet)),
            swept: Some(Timestamp(0)),
            ..Waiting::default()
        };
        let due = due(&waiting, &timing).expect("it is followed");
        prop_assert_eq!(due.cause, Cause::Changes);
        let waited = due.time.0 - first;
        prop_assert!(waited >= timing.debounce.as_millis() as i64);
        prop_assert!(waited <= timing.debounce_max.as_millis() as i64);
    }

    #[test]
    fn polls_are_spread_over_a_tenth_of_the_interval(fraction in 0.0..1.0_f64) {
        let timing = Timing { poll_interval: Duration::from_secs(100), ..Timing::default() };
        let next = next_poll(Timestamp(0), &timing, fraction).0;
        prop_assert!((100_000..=110_000).contains(&next));
    }
}
