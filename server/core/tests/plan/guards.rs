//! Guards, limits, and who passes them.

use crate::outline::parse;
use expect_test::{Expect, expect};
use resync_core::guard::{Figures, Limit, Refusal, admit, evaluate};
use resync_core::id::JobId;
use resync_core::job::{
    Authorization, ChangeLimits, Guard, GuardTrip, UNCONFIRMED_DESTRUCTIVE_MAX,
};
use resync_core::problem::Problem;

fn figures(destructive: i64, rows_in_scope: i64) -> Figures {
    Figures {
        changes: destructive,
        destructive,
        existing: destructive,
        rows_in_scope,
        rows: rows_in_scope * 10,
    }
}

fn guards(trips: &[GuardTrip]) -> Vec<Guard> {
    trips.iter().map(|trip| trip.guard).collect()
}

fn confirmed(acknowledged_destructive: Option<i64>) -> Authorization {
    Authorization::Confirmed {
        preview: JobId(1),
        acknowledged_destructive,
    }
}

/// A plan that trips a guard: 60 of 100 rows go.
const TRIPPING: Figures = Figures {
    changes: 60,
    destructive: 60,
    existing: 60,
    rows_in_scope: 100,
    rows: 100,
};

const NO_LIMITS: ChangeLimits = ChangeLimits {
    changes: None,
    destructive_changes: None,
};

fn admit_tripping(authorization: &Authorization, previewed: &[GuardTrip]) -> Result<(), Refusal> {
    let trips = evaluate(TRIPPING, false, false);
    admit(TRIPPING, &trips, previewed, authorization, &NO_LIMITS)
}

/// The guards that the plan of a world trips.
fn check(input: &str, source_is_empty: bool, expected: Expect) {
    let world = parse(input).world;
    let plan = world.plan(None);
    let trips = evaluate(
        Figures::of(&plan, world.forest.len()),
        source_is_empty,
        false,
    );
    let line = |trip: &GuardTrip| format!("{:?}: {} of {}\n", trip.guard, trip.found, trip.allowed);
    expected.assert_eq(&trips.iter().map(line).collect::<String>());
}

#[test]
fn fifty_destructive_changes_are_always_allowed() {
    assert!(evaluate(figures(50, 100), false, false).is_empty());
    assert_eq!(
        guards(&evaluate(figures(51, 100), false, false)),
        [Guard::DestructiveShare]
    );
}

#[test]
fn a_tenth_of_the_rows_in_scope_may_be_discarded() {
    assert!(evaluate(figures(100, 1000), false, false).is_empty());
    let trips = evaluate(figures(101, 1000), false, false);
    assert_eq!(
        trips,
        [GuardTrip {
            guard: Guard::DestructiveShare,
            found: 101,
            allowed: 100
        }]
    );
}

#[test]
fn half_of_all_rows_may_move_or_go() {
    let moving = |existing| Figures {
        changes: existing,
        existing,
        rows: 100,
        ..figures(0, 100)
    };
    assert!(evaluate(moving(50), false, false).is_empty());
    assert_eq!(
        guards(&evaluate(moving(51), false, false)),
        [Guard::MostRowsChange]
    );
}

#[test]
fn a_plan_that_only_adds_trips_nothing() {
    let adding = Figures {
        changes: 1_000_000,
        ..figures(0, 0)
    };
    assert!(evaluate(adding, true, true).is_empty());
}

#[test]
fn an_empty_source_trips_when_rows_would_change() {
    assert_eq!(
        guards(&evaluate(figures(1, 100), true, false)),
        [Guard::EmptySource]
    );
}

#[test]
fn changed_settings_trip_when_rows_would_change() {
    assert_eq!(
        guards(&evaluate(figures(1, 100), false, true)),
        [Guard::SettingsChanged]
    );
}

#[test]
fn an_emptied_structure_trips_two_guards() {
    check(
        "
        filter F remove
        match F
        rows
          A F
          B F
          C me
        ",
        true,
        expect![[r#"
            MostRowsChange: 2 of 1
            EmptySource: 2 of 0
        "#]],
    );
}

#[test]
fn added_rows_and_rows_of_others_do_not_count() {
    check(
        "
        filter F remove
        match F A B C D
        rows
          A F
          E F
          /Plan
        ",
        false,
        expect![""],
    );
}

#[test]
fn a_preview_is_always_admitted() {
    assert_eq!(admit_tripping(&Authorization::Preview, &[]), Ok(()));
}

#[test]
fn a_confirmed_run_passes_the_guards_that_its_preview_showed() {
    let previewed = evaluate(TRIPPING, false, false);
    assert_eq!(admit_tripping(&confirmed(Some(60)), &previewed), Ok(()));
}

#[test]
fn a_run_that_needs_less_than_was_acknowledged_passes() {
    let previewed = evaluate(TRIPPING, false, false);
    assert_eq!(admit_tripping(&confirmed(Some(61)), &previewed), Ok(()));
}

#[test]
fn a_missing_count_or_one_that_is_too_low_passes_no_guard() {
    let previewed = evaluate(TRIPPING, false, false);
    for acknowledged in [None, Some(0), Some(59)] {
        let refusal = admit_tripping(&confirmed(acknowledged), &previewed).unwrap_err();
        assert!(
            matches!(refusal, Refusal::GuardTripped(_)),
            "{acknowledged:?}: {refusal}"
        );
    }
}

#[test]
fn a_guard_that_the_preview_did_not_show_is_not_passed() {
    let mut previewed = evaluate(TRIPPING, false, false);
    let hidden = previewed.pop().unwrap();
    let refusal = admit_tripping(&confirmed(Some(60)), &previewed);
    assert_eq!(refusal, Err(Refusal::GuardTripped(hidden)));
}

#[test]
fn a_confirmed_run_without_a_trip_needs_no_count() {
    let figures = figures(10, 1000);
    assert_eq!(
        admit(figures, &[], &[], &confirmed(None), &NO_LIMITS),
        Ok(())
    );
}

#[test]
fn force_passes_no_guard() {
    let previewed = evaluate(TRIPPING, false, false);
    for authorization in [Authorization::Forced, Authorization::Incremental] {
        let refusal = admit_tripping(&authorization, &previewed);
        assert!(
            matches!(refusal, Err(Refusal::GuardTripped(_))),
            "{refusal:?}"
        );
    }
}

#[test]
fn what_nobody_confirmed_stops_above_500_destructive_changes() {
    for authorization in [Authorization::Forced, Authorization::Incremental] {
        let run = |destructive| {
            let figures = figures(destructive, 1_000_000);
            admit(figures, &[], &[], &authorization, &NO_LIMITS)
        };
        assert_eq!(run(UNCONFIRMED_DESTRUCTIVE_MAX), Ok(()));
        let (planned, allowed) = (UNCONFIRMED_DESTRUCTIVE_MAX + 1, UNCONFIRMED_DESTRUCTIVE_MAX);
        let refusal = Refusal::LimitExceeded {
            limit: Limit::Unconfirmed,
            planned,
            allowed,
        };
        assert_eq!(run(planned), Err(refusal));
    }
}

#[test]
fn the_limits_of_the_caller_hold_even_when_confirmed() {
    let run = |limits| admit(figures(10, 1000), &[], &[], &confirmed(Some(10)), &limits);
    assert_eq!(
        run(ChangeLimits {
            changes: Some(10),
            destructive_changes: Some(10)
        }),
        Ok(())
    );
    let refusal = run(ChangeLimits {
        changes: Some(9),
        ..NO_LIMITS
    })
    .unwrap_err();
    assert!(matches!(
        refusal,
        Refusal::LimitExceeded {
            limit: Limit::Changes,
            ..
        }
    ));
    let refusal = run(ChangeLimits {
        destructive_changes: Some(0),
        ..NO_LIMITS
    })
    .unwrap_err();
    assert!(matches!(
        refusal,
        Refusal::LimitExceeded {
            limit: Limit::DestructiveChanges,
            ..
        }
    ));
}

#[test]
fn refusals_become_problems_with_their_figures() {
    let trip = GuardTrip {
        guard: Guard::EmptySource,
        found: 7,
        allowed: 0,
    };
    let tripped = Problem::from(Refusal::GuardTripped(trip));
    let limit = Limit::DestructiveChanges;
    let exceeded = Problem::from(Refusal::LimitExceeded {
        limit,
        planned: 7,
        allowed: 5,
    });
    expect![[r#"
        Problem {
            reason: GuardTripped,
            message: "the plan trips the guard EMPTY_SOURCE: 7 found, 0 allowed; preview the resync, and confirm it with the number of its destructive changes",
            metadata: {
                "allowed": "0",
                "found": "7",
                "guard": "GUARD_EMPTY_SOURCE",
            },
        }
        Problem {
            reason: ChangeLimitExceeded,
            message: "the plan has 7 changes, and 5 are allowed by the limit destructive_changes; raise the limit, or preview and confirm the resync",
            metadata: {
                "allowed": "5",
                "limit": "destructive_changes",
                "planned": "7",
            },
        }"#]].assert_eq(&format!("{tripped:#?}\n{exceeded:#?}"));
}
