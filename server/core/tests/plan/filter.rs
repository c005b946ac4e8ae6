//! The filter rule.

use crate::check::check;
use expect_test::expect;

#[test]
fn a_matched_issue_is_added_at_the_end_of_the_top() {
    check(
        "
        filter F
        match F A B
        rows
          /Plan
            C me
        ",
        expect![[r#"
            add A at the top (F FilterMatched)
            add B at the top (F FilterMatched)
            +F A
            +F B
            --
            /Plan
              C
            A
            B
        "#]],
    );
}

#[test]
fn issues_are_added_in_the_order_of_the_result() {
    check(
        "
        filter F
        match F C A B
        rows
        ",
        expect![[r#"
            add C at the top (F FilterMatched)
            add A at the top (F FilterMatched)
            add B at the top (F FilterMatched)
            +F C
            +F A
            +F B
            --
            C
            A
            B
        "#]],
    );
}

#[test]
fn an_issue_that_is_there_is_claimed_and_stays_where_it_is() {
    check(
        "
        filter F
        match F A B
        rows
          /Plan
            A me
        ",
        expect![[r#"
            add B at the top (F FilterMatched)
            +F A
            +F B
            --
            /Plan
              A
            B
        "#]],
    );
}

#[test]
fn new_issues_become_the_last_children_of_the_parent_issue() {
    check(
        "
        filter F under E
        match F A B
        rows
          E me
            X me
          Y me
        ",
        expect![[r#"
            add A under E (F FilterMatched)
            add B under E (F FilterMatched)
            +F A
            +F B
            --
            E
              X
              A
              B
            Y
        "#]],
    );
}

#[test]
fn while_the_parent_issue_is_absent_nothing_is_added() {
    check(
        "
        filter F under E
        match F A B
        rows
          A me
        ",
        expect![[r#"
            +F A
            held add B: ParentNotInStructure (F)
            --
            A
        "#]],
    );
}

#[test]
fn the_parent_issue_itself_is_not_added_below_itself() {
    check(
        "
        filter F under E
        match F E A
        rows
        ",
        expect![[r#"
            held add E: ParentNotInStructure (F)
            held add A: ParentNotInStructure (F)
            --
        "#]],
    );
}

#[test]
fn an_issue_that_left_the_result_goes() {
    check(
        "
        filter F remove
        match F A
        rows
          A F
          B F
        ",
        expect![[r#"
            !remove B (F FilterUnmatched)
            --
            A
        "#]],
    );
}

#[test]
fn without_removal_an_issue_that_left_the_result_is_held() {
    check(
        "
        filter F
        match F A
        rows
          A F
          B F
        ",
        expect![[r#"
            held remove B: RemovalOff (F)
            --
            A
            B
        "#]],
    );
}

#[test]
fn a_row_that_a_person_added_and_that_never_matched_stays() {
    check(
        "
        filter F remove
        match F A
        rows
          A F
          B me
          /Plan
            C me
        ",
        expect![[r#"
            held remove B: NeverMatched (F)
            held remove C: NeverMatched (F)
            --
            A
            B
            /Plan
              C
        "#]],
    );
}

#[test]
fn a_persons_claim_does_not_protect_a_row_that_the_filter_once_claimed() {
    check(
        "
        filter F remove
        match F A
        rows
          A F
          B F me
        ",
        expect![[r#"
            !remove B (F FilterUnmatched)
            --
            A
        "#]],
    );
}

#[test]
fn a_row_stays_while_something_that_stays_is_below_it() {
    check(
        "
        filter F remove
        match F A
        rows
          B F
            A F
          C F
            /Notes
        ",
        expect![[r#"
            held remove B: ChildrenStay (F)
            held remove C: ChildrenStay (F)
            --
            B
              A
            C
              /Notes
        "#]],
    );
}

#[test]
fn a_branch_of_which_nothing_matches_goes_children_first() {
    check(
        "
        filter F remove
        match F A
        rows
          B F
            C F
              D F
            E F
          A F
        ",
        expect![[r#"
            !remove E (F FilterUnmatched)
            !remove D (F FilterUnmatched)
            !remove C (F FilterUnmatched)
            !remove B (F FilterUnmatched)
            --
            A
        "#]],
    );
}

#[test]
fn a_row_that_was_moved_away_stays_when_only_placed_rows_are_removed() {
    check(
        "
        filter F remove placed
        match F A
        rows
          A F
          /Mine
            B F moved
          C F moved
        ",
        expect![[r#"
            !remove C (F FilterUnmatched)
            held remove B: MovedAway (F)
            --
            A
            /Mine
              B
        "#]],
    );
}

#[test]
fn under_a_parent_issue_only_rows_below_it_count_as_placed() {
    check(
        "
        filter F under E remove placed
        match F A
        rows
          E me
            A F
            B F moved
          C F moved
        ",
        expect![[r#"
            !remove B (F FilterUnmatched)
            held remove C: MovedAway (F)
            --
            E
              A
            C
        "#]],
    );
}

#[test]
fn never_matched_rows_out_of_reach_are_not_reported() {
    check(
        "
        filter F under E remove placed
        match F A
        rows
          E me
            A F
            B me
          C me
        ",
        expect![[r#"
            held remove B: NeverMatched (F)
            --
            E
              A
              B
            C
        "#]],
    );
}

#[test]
fn children_that_do_not_match_keep_their_parent() {
    check(
        "
        filter F remove
        subtasks S
        jira b<B
        match F A
        rows
          A F
          B F
            b S
        ",
        expect![[r#"
            held remove B: ChildrenStay (F)
            --
            A
            B
              b
        "#]],
    );
}

#[test]
fn with_check_children_a_branch_goes_together() {
    check(
        "
        filter F remove children
        subtasks S
        jira b<B
        match F A
        rows
          A F
          B F
            b S
            C
        ",
        expect![[r#"
            !remove C (F BranchUnmatched)
            !remove b (F BranchUnmatched)
            !remove B (F FilterUnmatched)
            --
            A
        "#]],
    );
}

#[test]
fn check_children_spares_what_a_person_added() {
    check(
        "
        filter F remove children
        match F A
        rows
          B F
            C me
          D F
            E
              /Notes
          G F
            H
        ",
        expect![[r#"
            add A at the top (F FilterMatched)
            !remove H (F BranchUnmatched)
            !remove G (F FilterUnmatched)
            +F A
            held remove B: ChildrenStay (F)
            held remove C: NeverMatched (F)
            held remove D: ChildrenStay (F)
            held remove E: NeverMatched (F)
            --
            B
              C
            D
              E
                /Notes
            A
        "#]],
    );
}

#[test]
fn check_children_spares_what_another_filter_claims() {
    check(
        "
        filter F remove children
        filter G
        match F A
        match G C
        rows
          B F
            C G
        ",
        expect![[r#"
            add A at the top (F FilterMatched)
            +F A
            held remove B: ChildrenStay (F)
            --
            B
              C
            A
        "#]],
    );
}

#[test]
fn check_children_spares_a_subtask_whose_parent_is_elsewhere() {
    check(
        "
        filter F remove children
        subtasks S off
        jira c<C
        match F A C
        rows
          B F
            c S
          C F
        ",
        expect![[r#"
            add A at the top (F FilterMatched)
            +F A
            held remove B: ChildrenStay (F)
            --
            B
              c
            C
            A
        "#]],
    );
}

#[test]
fn check_children_spares_a_row_that_was_moved_there() {
    check(
        "
        filter F remove children placed
        match F A
        rows
          B F
            C F moved
        ",
        expect![[r#"
            add A at the top (F FilterMatched)
            +F A
            held remove B: ChildrenStay (F)
            held remove C: MovedAway (F)
            --
            B
              C
            A
        "#]],
    );
}

#[test]
fn aliases_go_with_the_issue() {
    check(
        "
        filter F remove
        match F A
        rows
          A F
          B F
          /Plan
            B* me
        ",
        expect![[r#"
            !remove B* (F FilterUnmatched)
            !remove B (F FilterUnmatched)
            --
            A
            /Plan
        "#]],
    );
}

#[test]
fn an_alias_with_a_row_below_keeps_the_issue() {
    check(
        "
        filter F remove
        match F A
        rows
          B F
          /Plan
            B* me
              A F
        ",
        expect![[r#"
            held remove B: ChildrenStay (F)
            --
            B
            /Plan
              B*
                A
        "#]],
    );
}

#[test]
fn issues_elsewhere_are_gathered_when_moving_is_allowed() {
    check(
        "
        filter F under E move
        match F C A B
        rows
          E me
            B F
          A me
          /Plan
            C F
        ",
        expect![[r#"
            move C under E (F FilterGathers)
            !move A under E (F FilterGathers)
            +F A
            --
            E
              B
              C
              A
            /Plan
        "#]],
    );
}

#[test]
fn without_moving_issues_elsewhere_stay() {
    check(
        "
        filter F under E
        match F A B
        rows
          E me
            B F
          A me
        ",
        expect![[r#"
            +F A
            --
            E
              B
            A
        "#]],
    );
}

#[test]
fn a_move_below_itself_is_refused() {
    check(
        "
        filter F under E move
        match F A E
        rows
          A F
            E me
        ",
        expect![[r#"
            +F E
            held move A under E: WouldCloseCycle (F)
            held move E under E: WouldCloseCycle (F)
            --
            A
              E
        "#]],
    );
}

#[test]
fn moving_a_row_that_a_person_placed_is_destructive_and_moving_ones_own_is_not() {
    check(
        "
        filter F under E move
        match F A B
        rows
          E me
          A F
          B F moved
        ",
        expect![[r#"
            move A under E (F FilterGathers)
            !move B under E (F FilterGathers)
            --
            E
              A
              B
        "#]],
    );
}

#[test]
fn a_branch_that_gathering_empties_goes_in_the_same_plan() {
    check(
        "
        filter F under E move remove
        match F A
        rows
          E me
          B F
            A F
        ",
        expect![[r#"
            move A under E (F FilterGathers)
            !remove B (F FilterUnmatched)
            --
            E
              A
        "#]],
    );
}

#[test]
fn an_issue_that_comes_back_is_added_again() {
    check(
        "
        filter F remove
        match F A B
        rows
          A F
        ",
        expect![[r#"
            add B at the top (F FilterMatched)
            +F B
            --
            A
            B
        "#]],
    );
}

#[test]
fn an_empty_result_is_a_result() {
    check(
        "
        filter F remove
        match F
        rows
          A F
          B me
        ",
        expect![[r#"
            !remove A (F FilterUnmatched)
            held remove B: NeverMatched (F)
            --
            B
        "#]],
    );
}

#[test]
fn a_claim_on_an_alias_is_replaced_by_one_on_the_primary_row() {
    check(
        "
        filter F
        match F A
        rows
          A me
          A* F
        ",
        expect![[r#"
            +F A
            -F A*
            --
            A
            A*
        "#]],
    );
}

#[test]
fn an_issue_below_a_folder_is_found_there() {
    check(
        "
        filter F
        match F A
        rows
          /Plan
            /Deep
              A me
        ",
        expect![[r#"
            +F A
            --
            /Plan
              /Deep
                A
        "#]],
    );
}

#[test]
fn a_filter_that_was_not_read_changes_nothing() {
    check(
        "
        filter F remove
        filter G off
        match G A
        rows
          B G
        ",
        expect![[r#"
            --
            B
        "#]],
    );
}

#[test]
fn an_issue_that_cannot_be_seen_stays() {
    check(
        "
        hidden B
        filter F remove
        match F A
        rows
          A F
          B F
        ",
        expect![[r#"
            held remove B: Inaccessible (F)
            --
            A
            B
        "#]],
    );
}

#[test]
fn a_child_that_cannot_be_seen_keeps_its_branch() {
    check(
        "
        hidden C
        filter F remove children
        match F A
        rows
          A F
          B F
            C F
        ",
        expect![[r#"
            held remove B: ChildrenStay (F)
            held remove C: Inaccessible (F)
            --
            A
            B
              C
        "#]],
    );
}
