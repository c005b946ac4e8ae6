//! Several synchronizers on one structure.

use crate::check::check;
use expect_test::expect;

#[test]
fn a_filter_puts_a_new_subtask_below_its_parent_at_once() {
    check(
        "
        filter F
        subtasks S
        jira a<A
        match F a A
        rows
          Z me
        ",
        expect![[r#"
            add A at the top (F FilterMatched)
            add a under A (F FilterMatched)
            +F A
            +F a
            +S a
            --
            Z
            A
              a
        "#]],
    );
}

#[test]
fn a_resync_of_the_filter_puts_a_new_subtask_where_the_other_one_wants_it() {
    check(
        "
        filter F
        subtasks S
        run F
        jira a<A b<A
        match F a
        rows
          A me
        ",
        expect![[r#"
            add a under A (F FilterMatched)
            +F a
            --
            A
              a
        "#]],
    );
}

#[test]
fn a_disabled_synchronizer_has_no_say() {
    check(
        "
        filter F
        subtasks S off
        run F
        jira a<A
        match F a
        rows
          A me
        ",
        expect![[r#"
            add a at the top (F FilterMatched)
            +F a
            --
            A
            a
        "#]],
    );
}

#[test]
fn a_type_that_is_not_selected_goes_to_the_filters_place() {
    check(
        "
        filter F
        subtasks S types bug
        run F
        jira a:task<A b:bug<A
        match F a b
        rows
          A me
        ",
        expect![[r#"
            add a at the top (F FilterMatched)
            add b under A (F FilterMatched)
            +F a
            +F b
            --
            A
              b
            a
        "#]],
    );
}

#[test]
fn the_first_declared_owns_the_place_filter_first() {
    check(
        "
        filter F under E move
        subtasks S
        jira a<A
        match F a
        rows
          E me
          A me
            a F
        ",
        expect![[r#"
            move a under E (F FilterGathers)
            +S a
            held move a under A: PlacementOwnedElsewhere (S)
            --
            E
              a
            A
        "#]],
    );
}

#[test]
fn the_first_declared_owns_the_place_subtasks_first() {
    check(
        "
        subtasks S
        filter F under E move
        jira a<A
        match F a
        rows
          E me
            a F
          A me
        ",
        expect![[r#"
            move a under A (S SubtaskOfParent)
            +S a
            held move a under E: PlacementOwnedElsewhere (F)
            --
            E
            A
              a
        "#]],
    );
}

#[test]
fn a_new_row_goes_where_its_owner_would_move_it() {
    check(
        "
        filter F under E move
        subtasks S
        jira a<A
        match F a
        rows
          E me
          A me
        ",
        expect![[r#"
            add a under E (F FilterMatched)
            +F a
            +S a
            held move a under A: PlacementOwnedElsewhere (S)
            --
            E
              a
            A
        "#]],
    );
}

#[test]
fn a_resync_of_the_later_one_respects_the_earlier_one() {
    check(
        "
        filter F under E move
        subtasks S
        run S
        jira a<A
        match F a
        rows
          E me
            a F
          A me
        ",
        expect![[r#"
            +S a
            held move a under A: PlacementOwnedElsewhere (S)
            --
            E
              a
            A
        "#]],
    );
}

#[test]
fn a_resync_of_the_earlier_one_takes_over() {
    check(
        "
        filter F under E move
        subtasks S
        run F
        jira a<A
        match F a
        rows
          E me
          A me
            a S
        ",
        expect![[r#"
            move a under E (F FilterGathers)
            +F a
            --
            E
              a
            A
        "#]],
    );
}

#[test]
fn a_filter_leaves_what_another_filter_claims() {
    check(
        "
        filter F remove
        filter G
        match F
        match G A
        rows
          A F G
        ",
        expect![[r#"
            -F A
            held remove A: ClaimedElsewhere (F)
            --
            A
        "#]],
    );
}

#[test]
fn what_two_filters_lose_at_once_goes_with_the_last_claim() {
    check(
        "
        filter F remove
        filter G remove
        match F
        match G
        rows
          A F G
        ",
        expect![[r#"
            !remove A (G FilterUnmatched)
            --
        "#]],
    );
}

#[test]
fn an_issue_that_moves_from_one_filter_to_the_other_stays() {
    check(
        "
        filter F remove
        filter G
        match F
        match G A
        rows
          A F
        ",
        expect![[r#"
            -F A
            +G A
            held remove A: ClaimedElsewhere (F)
            --
            A
        "#]],
    );
}

#[test]
fn a_filter_leaves_a_subtask_that_is_kept_below_its_parent() {
    check(
        "
        filter F remove
        subtasks S
        jira a<A
        match F A
        rows
          A F
            a F S
        ",
        expect![[r#"
            -F a
            held remove a: ClaimedElsewhere (F)
            --
            A
              a
        "#]],
    );
}

#[test]
fn a_removed_story_takes_its_subtasks_along_with_check_children() {
    check(
        "
        subtasks S
        filter F remove children
        jira a<A b<A
        match F
        rows
          A F
            a S F
            b S
        ",
        expect![[r#"
            !remove b (F BranchUnmatched)
            !remove a (F BranchUnmatched)
            !remove A (F FilterUnmatched)
            --
        "#]],
    );
}

#[test]
fn a_subtask_that_leaves_frees_its_branch_in_the_same_plan() {
    check(
        "
        filter F remove
        subtasks S
        jira b<B
        match F B
        rows
          A F
            b S
          B F
        ",
        expect![[r#"
            move b under B (S SubtaskOfParent)
            !remove A (F FilterUnmatched)
            --
            B
              b
        "#]],
    );
}

#[test]
fn a_subtask_that_is_brought_home_keeps_its_story() {
    check(
        "
        filter F remove
        subtasks S orphans
        jira a<A
        match F
        rows
          A F
          /Mine
            a S F
        ",
        expect![[r#"
            move a under A (S SubtaskOfParent)
            -F a
            held remove a: ClaimedElsewhere (F)
            held remove A: ChildrenStay (F)
            --
            A
              a
            /Mine
        "#]],
    );
}

#[test]
fn an_added_story_brings_its_subtasks() {
    check(
        "
        filter F
        subtasks S
        jira a<A b<A
        match F A
        rows
        ",
        expect![[r#"
            add A at the top (F FilterMatched)
            add a under A (S SubtaskOfParent)
            add b under A (S SubtaskOfParent)
            +F A
            +S a
            +S b
            --
            A
              a
              b
        "#]],
    );
}

#[test]
fn a_subtask_that_waited_at_the_top_follows_its_story() {
    check(
        "
        filter F
        subtasks S
        jira a<A
        match F A
        rows
          a F
        ",
        expect![[r#"
            add A at the top (F FilterMatched)
            move a under A (S SubtaskOfParent)
            +S a
            +F A
            held remove a: RemovalOff (F)
            --
            A
              a
        "#]],
    );
}

#[test]
fn a_parent_issue_that_another_filter_adds_is_used_in_the_same_plan() {
    check(
        "
        filter F under E
        filter G
        match F A
        match G E
        rows
        ",
        expect![[r#"
            add E at the top (G FilterMatched)
            add A under E (F FilterMatched)
            +G E
            +F A
            --
            E
              A
        "#]],
    );
}

#[test]
fn a_resync_of_one_leaves_the_rows_of_the_other() {
    check(
        "
        filter F remove
        filter G remove
        run F
        match F A
        match G
        rows
          A F
          B G
          C F
        ",
        expect![[r#"
            !remove C (F FilterUnmatched)
            --
            A
            B
        "#]],
    );
}

#[test]
fn a_row_that_gets_another_owner_in_this_plan_is_not_gathered_before() {
    check(
        "
        subtasks S
        filter F under E move
        run F
        jira e<D
        match F e D
        rows
          E me
          e me
        ",
        expect![[r#"
            add D under E (F FilterMatched)
            +F e
            +F D
            held move e under E: PlacementOwnedElsewhere (F)
            --
            E
              D
            e
        "#]],
    );
}

#[test]
fn an_issue_keeps_its_row_when_its_parent_issue_comes_late() {
    check(
        "
        filter F under E remove
        filter G
        subtasks S
        jira a<A
        match F A
        match G E
        rows
          a F
        ",
        expect![[r#"
            add E at the top (G FilterMatched)
            add A under E (F FilterMatched)
            move a under A (S SubtaskOfParent)
            -F a
            +S a
            +G E
            +F A
            held remove a: ClaimedElsewhere (F)
            --
            E
              A
                a
        "#]],
    );
}

#[test]
fn children_of_one_parent_are_added_in_the_order_of_the_result() {
    check(
        "
        subtasks S on
        filter F
        jira b<X c<X
        match F b X c
        rows
          Y me
        ",
        expect![[r#"
            add X at the top (F FilterMatched)
            add b under X (F FilterMatched)
            add c under X (F FilterMatched)
            +F X
            +F b
            +S b
            +F c
            +S c
            --
            Y
            X
              b
              c
        "#]],
    );
}

#[test]
fn without_a_sub_tasks_synchronizer_sub_tasks_keep_their_place_in_the_result() {
    check(
        "
        filter F
        jira b<X
        match F b X
        rows
          Y me
        ",
        expect![[r#"
            add b at the top (F FilterMatched)
            add X at the top (F FilterMatched)
            +F b
            +F X
            --
            Y
            b
            X
        "#]],
    );
}
