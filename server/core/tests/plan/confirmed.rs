//! Executing only what was confirmed.

use crate::check::check;
use expect_test::expect;

#[test]
fn what_was_confirmed_is_done_and_the_rest_is_held() {
    check(
        "
        filter F remove
        match F A C D
        confirm add C, remove B
        rows
          A F
          B F
          E F
        ",
        expect![[r#"
            add C at the top (F FilterMatched)
            !remove B (F FilterUnmatched)
            +F C
            held add D: NotConfirmed (F)
            held remove E: NotConfirmed (F)
            --
            A
            E
            C
        "#]],
    );
}

#[test]
fn nothing_confirmed_changes_nothing() {
    check(
        "
        filter F under E move remove
        match F A C
        confirm
        rows
          E me
          A F
          B F
        ",
        expect![[r#"
            held add C under E: NotConfirmed (F)
            held move A under E: NotConfirmed (F)
            held remove B: NotConfirmed (F)
            --
            E
            A
            B
        "#]],
    );
}

#[test]
fn a_row_stays_when_the_removal_below_it_was_not_confirmed() {
    check(
        "
        filter F remove
        match F
        confirm remove A
        rows
          A F
            B F
        ",
        expect![[r#"
            held remove A: ChildrenStay (F)
            held remove B: NotConfirmed (F)
            --
            A
              B
        "#]],
    );
}

#[test]
fn a_child_of_a_row_that_was_not_confirmed_is_not_added_elsewhere() {
    check(
        "
        filter F
        subtasks S
        jira a<A
        match F A
        confirm add a
        rows
        ",
        expect![[r#"
            held add A: NotConfirmed (F)
            --
        "#]],
    );
}

#[test]
fn a_confirmed_addition_below_a_confirmed_addition_is_done() {
    check(
        "
        filter F
        subtasks S
        jira a<A b<A
        match F A
        confirm add A, add a
        rows
        ",
        expect![[r#"
            add A at the top (F FilterMatched)
            add a under A (S SubtaskOfParent)
            +F A
            +S a
            held add b under A: NotConfirmed (S)
            --
            A
              a
        "#]],
    );
}

#[test]
fn a_move_that_was_not_confirmed_is_held() {
    check(
        "
        subtasks S
        jira a<A b<A
        confirm move b
        rows
          A me
          a S
          b S
        ",
        expect![[r#"
            move b under A (S SubtaskOfParent)
            held move a under A: NotConfirmed (S)
            --
            A
              b
            a
        "#]],
    );
}

#[test]
fn a_branch_goes_only_as_far_as_confirmed() {
    check(
        "
        filter F remove children
        match F
        confirm remove A, remove B
        rows
          A F
            B
          C F
            D
        ",
        expect![[r#"
            !remove B (F BranchUnmatched)
            !remove A (F FilterUnmatched)
            held remove C: NotConfirmed (F)
            held remove D: NeverMatched (F)
            --
            C
              D
        "#]],
    );
}
