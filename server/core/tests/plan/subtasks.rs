//! The sub-tasks rule.

use crate::check::check;
use expect_test::expect;

#[test]
fn subtasks_are_added_below_their_parent_by_id() {
    check(
        "
        subtasks S
        jira c<A b<A d<X
        rows
          A me
            Z me
        ",
        expect![[r#"
            add b under A (S SubtaskOfParent)
            add c under A (S SubtaskOfParent)
            +S b
            +S c
            --
            A
              Z
              b
              c
        "#]],
    );
}

#[test]
fn only_the_selected_types_are_added() {
    check(
        "
        subtasks S types bug
        jira b:bug<A c:task<A
        rows
          A me
        ",
        expect![[r#"
            add b under A (S SubtaskOfParent)
            +S b
            --
            A
              b
        "#]],
    );
}

#[test]
fn a_subtask_elsewhere_is_moved_below_its_parent() {
    check(
        "
        subtasks S
        jira b<A
        rows
          b S
          A me
            c me
        ",
        expect![[r#"
            move b under A (S SubtaskOfParent)
            --
            A
              c
              b
        "#]],
    );
}

#[test]
fn a_subtask_that_a_person_moved_away_is_moved_back_and_that_is_destructive() {
    check(
        "
        subtasks S
        jira b<A c<A
        rows
          A me
          /Mine
            b S moved
            c S
        ",
        expect![[r#"
            !move b under A (S SubtaskOfParent)
            move c under A (S SubtaskOfParent)
            --
            A
              b
              c
            /Mine
        "#]],
    );
}

#[test]
fn a_subtask_below_its_parent_stays_at_its_position() {
    check(
        "
        subtasks S
        jira b<A c<A
        rows
          A me
            c S moved
            Z me
            b S
        ",
        expect![[r#"
            --
            A
              c
              Z
              b
        "#]],
    );
}

#[test]
fn a_subtask_whose_parent_changed_is_moved() {
    check(
        "
        subtasks S
        jira b<B
        rows
          A me
            b S
          B me
        ",
        expect![[r#"
            move b under B (S SubtaskOfParent)
            --
            A
            B
              b
        "#]],
    );
}

#[test]
fn a_subtask_whose_parent_is_absent_stays() {
    check(
        "
        subtasks S
        jira b<X c<X
        rows
          A me
            b S
          c me
        ",
        expect![[r#"
            held remove b: ParentAbsent (S)
            held remove c: ParentAbsent (S)
            --
            A
              b
            c
        "#]],
    );
}

#[test]
fn an_orphan_is_removed_when_orphans_are_not_kept() {
    check(
        "
        subtasks S orphans
        jira b<X c<X
        rows
          A me
            b S
          c me
        ",
        expect![[r#"
            !remove b (S SubtaskOrphaned)
            held remove c: ParentAbsent (S)
            --
            A
            c
        "#]],
    );
}

#[test]
fn an_orphan_with_something_below_it_stays() {
    check(
        "
        subtasks S orphans
        jira b<X
        rows
          A me
            b S
              /Notes
        ",
        expect![[r#"
            held remove b: ChildrenStay (S)
            --
            A
              b
                /Notes
        "#]],
    );
}

#[test]
fn an_orphan_that_another_synchronizer_claims_stays() {
    check(
        "
        subtasks S orphans
        filter F off
        jira b<X
        rows
          b S F
        ",
        expect![[r#"
            -S b
            held remove b: ClaimedElsewhere (S)
            --
            b
        "#]],
    );
}

#[test]
fn a_subtask_that_cannot_be_seen_stays() {
    check(
        "
        hidden b
        subtasks S
        rows
          A me
            b S
        ",
        expect![[r#"
            held remove b: Inaccessible (S)
            --
            A
              b
        "#]],
    );
}

#[test]
fn a_subtask_that_cannot_be_seen_stays_with_what_is_below_it() {
    check(
        "
        hidden b
        subtasks S
        rows
          A me
            b S
              C me
        ",
        expect![[r#"
            held remove b: Inaccessible (S)
            --
            A
              b
                C
        "#]],
    );
}

#[test]
fn an_issue_that_is_no_subtask_any_more_is_held() {
    check(
        "
        subtasks S
        rows
          A me
            B S
        ",
        expect![[r#"
            held remove B: RemovalOff (S)
            --
            A
              B
        "#]],
    );
}

#[test]
fn an_issue_that_is_no_subtask_any_more_goes_with_the_orphans() {
    check(
        "
        subtasks S orphans
        rows
          A me
            B S
        ",
        expect![[r#"
            !remove B (S SubtaskOrphaned)
            --
            A
        "#]],
    );
}

#[test]
fn an_issue_that_is_no_subtask_any_more_is_left_to_the_person_who_added_it() {
    check(
        "
        subtasks S orphans
        rows
          A me
            B S me
        ",
        expect![[r#"
            -S B
            held remove B: ClaimedElsewhere (S)
            --
            A
              B
        "#]],
    );
}

#[test]
fn a_subtask_of_a_type_that_is_not_selected_any_more_is_held() {
    check(
        "
        subtasks S types bug
        jira b:task<A
        rows
          A me
            b S
        ",
        expect![[r#"
            held remove b: RemovalOff (S)
            --
            A
              b
        "#]],
    );
}

#[test]
fn subtasks_go_to_the_primary_row_of_their_parent() {
    check(
        "
        subtasks S
        jira b<A
        rows
          /Plan
            A* me
          A me
        ",
        expect![[r#"
            add b under A (S SubtaskOfParent)
            +S b
            --
            /Plan
              A*
            A
              b
        "#]],
    );
}

#[test]
fn an_alias_of_a_subtask_stays_elsewhere() {
    check(
        "
        subtasks S
        jira b<A
        rows
          A me
            b S
          /Plan
            b* me
        ",
        expect![[r#"
            --
            A
              b
            /Plan
              b*
        "#]],
    );
}

#[test]
fn a_parent_below_its_own_subtask_is_not_turned_over() {
    check(
        "
        subtasks S
        jira b<A
        rows
          b me
            A me
        ",
        expect![[r#"
            +S b
            held move b under A: WouldCloseCycle (S)
            --
            b
              A
        "#]],
    );
}

#[test]
fn subtasks_of_an_issue_that_is_not_in_the_structure_are_not_added() {
    check(
        "
        subtasks S
        jira b<A
        rows
          B me
        ",
        expect![[r#"
            --
            B
        "#]],
    );
}
