//! Rank: siblings as they are in the structure, with the fewest movers.

use crate::world::{Plans, World, check, issue_ref, parse};
use expect_test::expect;
use resync_core::change::Item;
use resync_core::id::IssueId;
use resync_core::tracker_plan::{PlannedTrackerChange, TrackerChange, TrackerPlan};
use std::time::Instant;

#[test]
fn siblings_in_order_are_not_ranked() {
    check(
        "
        plan ranks
        rank A B C
        rows
          A
          B
          C
        ",
        expect![[r#"
            -- A B C
        "#]],
    );
}

#[test]
fn one_that_moved_is_ranked_after_its_sibling() {
    check(
        "
        plan ranks
        rank A B C D
        rows
          B
          C
          A
          D
        ",
        expect![[r#"
            !rank A (after none) after C (SiblingOrder)
            -- B C A D
        "#]],
    );
}

#[test]
fn one_that_moved_to_the_front_is_ranked_before_its_sibling() {
    check(
        "
        plan ranks
        rank A B C D
        rows
          D
          A
          B
          C
        ",
        expect![[r#"
            !rank D (after C) before A (SiblingOrder)
            -- D A B C
        "#]],
    );
}

#[test]
fn movers_in_a_row_share_a_request() {
    check(
        "
        plan ranks
        rank C D A B X Y
        rows
          A
          B
          X
          Y
          C
          D
        ",
        expect![[r#"
            !rank C (after none), D (after C) after Y (SiblingOrder)
            -- A B X Y C D
        "#]],
    );
}

#[test]
fn movers_with_one_that_stays_between_them_do_not() {
    check(
        "
        plan ranks
        rank X Y A B C
        rows
          A
          X
          B
          Y
          C
        ",
        expect![[r#"
            !rank A (after Y) before X (SiblingOrder)
            !rank B (after A) after X (SiblingOrder)
            -- A X B Y C
        "#]],
    );
}

#[test]
fn each_group_of_siblings_is_ordered_on_its_own() {
    check(
        "
        plan ranks
        rank B A d c
        rows
          A
            c
            d
          B
        ",
        expect![[r#"
            !rank A (after B) before B (SiblingOrder)
            !rank c (after d) before d (SiblingOrder)
            -- A B c d
        "#]],
    );
}

#[test]
fn issues_that_are_no_siblings_are_not_compared() {
    check(
        "
        plan ranks
        rank b c A D
        rows
          A
            b
          D
            c
        ",
        expect![[r#"
            -- b c A D
        "#]],
    );
}

#[test]
fn issues_out_of_scope_and_folders_are_no_anchors() {
    check(
        "
        plan ranks
        rank A B
        rows
          /Plan
          X
          B
          Y
          A
          ~Z
        ",
        expect![[r#"
            !rank B (after A) before A (SiblingOrder)
            -- B A
        "#]],
    );
}

#[test]
fn an_alias_has_no_rank() {
    check(
        "
        plan ranks
        rank A B
        rows
          B*
          A
          B
        ",
        expect![[r#"
            -- A B
        "#]],
    );
}

#[test]
fn an_issue_that_cannot_be_seen_is_not_ranked() {
    check(
        "
        plan ranks
        rank A B C
        hidden C
        rows
          C
          B
          A
        ",
        expect![[r#"
            !rank B (after A) before A (SiblingOrder)
            held Rank of C: Inaccessible
            -- B A C
        "#]],
    );
}

#[test]
fn only_selected_groups_are_ranked() {
    check(
        "
        plan ranks
        rank B A d c
        select A
        rows
          B
          A
            c
            d
        ",
        expect![[r#"
            !rank c (after d) before d (SiblingOrder)
            -- B A c d
        "#]],
    );
}

#[test]
fn a_group_that_is_in_reverse_moves_all_but_one() {
    check(
        "
        plan ranks
        rank D C B A
        rows
          A
          B
          C
          D
        ",
        expect![[r#"
            !rank A (after B), B (after C), C (after D) before D (SiblingOrder)
            -- A B C D
        "#]],
    );
}

#[test]
fn a_request_ranks_at_most_fifty() {
    let names: Vec<String> = (100..221).map(|number| format!("N{number}")).collect();
    let order: Vec<&str> = names.iter().map(String::as_str).collect();
    let rows = order.join("\n  ");
    // The first issue is ranked last: the cheapest is to move it. Then 120 before one that stays.
    let rank: Vec<&str> = order[1..].iter().chain(&order[..1]).copied().collect();
    let one = parse(&format!(
        "plan ranks\nrank {}\nrows\n  {rows}",
        rank.join(" ")
    ))
    .plan();
    assert_eq!(sizes(&one), [1]);
    let reverse: Vec<&str> = order.iter().rev().copied().collect();
    let text = format!("plan ranks\nrank {}\nrows\n  {rows}", reverse.join(" "));
    let mut world = parse(&text);
    let all = world.plan();
    assert_eq!(sizes(&all), [50, 50, 20]);
    for planned in &all.changes {
        world.apply(&planned.change).unwrap();
    }
    assert!(world.plan().is_empty());
}

fn sizes(plan: &TrackerPlan) -> Vec<usize> {
    let size = |planned: &PlannedTrackerChange| match &planned.change {
        TrackerChange::Rank { issues, .. } => issues.len(),
        other => panic!("{other:?} is no ranking"),
    };
    plan.changes.iter().map(size).collect()
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the time is printed; it has to be short, not exact"
)]
fn a_million_siblings_are_ranked_quickly() {
    let count = 1_000_000i64;
    let mut world = World::empty(Plans::Ranks);
    for issue in 0..count {
        let item = Item::Issue(issue_ref(IssueId(issue)));
        world.add_row(None, item, false);
    }
    // One in a hundred has another place in the tracker's order.
    let mut ranked: Vec<i64> = (0..count).collect();
    ranked.sort_by_key(|issue| match issue % 100 {
        7 => issue * 7_919 % count,
        _ => *issue,
    });
    world.ranked = ranked.into_iter().map(IssueId).collect();
    let start = Instant::now();
    let plan = world.plan();
    let took = start.elapsed();
    println!("{} requests, in {took:?}", plan.changes.len());
    let moved: usize = sizes(&plan).iter().sum();
    assert!((9_000..=10_000).contains(&moved), "{moved}");
    assert!(took.as_secs() < 10, "{took:?}");
}
