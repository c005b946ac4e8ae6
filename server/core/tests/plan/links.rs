//! The links rule.

use crate::check::check;
use expect_test::expect;

#[test]
fn a_child_is_moved_below_the_parent_that_it_is_linked_to() {
    check(
        "
        links L
        link L A>B
        rows
          A me
          B me
        ",
        expect![[r#"
            !move B under A (L LinkedToParent)
            +L B
            --
            A
              B
        "#]],
    );
}

#[test]
fn within_the_structure_only_links_between_rows_count() {
    check(
        "
        links L
        link L A>B A>C X>A
        rows
          A me
          C me
        ",
        expect![[r#"
            !move C under A (L LinkedToParent)
            +L C
            --
            A
              C
        "#]],
    );
}

#[test]
fn expanded_what_is_linked_below_the_structure_is_added_down_to_the_last() {
    check(
        "
        links L expand
        link L A>B B>C C>D X>A
        rows
          A me
        ",
        expect![[r#"
            add B under A (L LinkedToParent)
            add C under B (L LinkedToParent)
            add D under C (L LinkedToParent)
            +L B
            +L C
            +L D
            --
            A
              B
                C
                  D
        "#]],
    );
}

#[test]
fn all_issues_that_are_linked_are_added() {
    check(
        "
        links L all
        link L A>B B>C
        rows
          Z me
        ",
        expect![[r#"
            add A at the top (L Linked)
            add B under A (L LinkedToParent)
            add C under B (L LinkedToParent)
            +L A
            +L B
            +L C
            --
            Z
            A
              B
                C
        "#]],
    );
}

#[test]
fn a_child_of_several_parents_has_one_primary_row_and_aliases() {
    check(
        "
        links L expand
        link L B>X A>X C>X
        rows
          A me
          B me
          C me
        ",
        expect![[r#"
            add X under A (L LinkedToParent)
            add X* under B (L LinkedToParent)
            add X* under C (L LinkedToParent)
            +L X
            +L X*
            +L X*
            --
            A
              X
            B
              X*
            C
              X*
        "#]],
    );
}

#[test]
fn the_primary_row_stays_below_the_parent_where_it_is() {
    check(
        "
        links L
        link L A>X B>X
        rows
          A me
          B me
            X me
        ",
        expect![[r#"
            add X* under A (L LinkedToParent)
            +L X
            +L X*
            --
            A
              X*
            B
              X
        "#]],
    );
}

#[test]
fn a_person_who_moves_the_primary_row_to_another_parent_swaps_it_with_the_alias() {
    check(
        "
        links L
        link L A>X B>X
        rows
          A me
          B me
            X L moved
            X* L
        ",
        expect![[r#"
            !remove X* (L AliasNotNeeded)
            add X* under A (L LinkedToParent)
            +L X*
            --
            A
              X*
            B
              X
        "#]],
    );
}

#[test]
fn the_same_link_twice_counts_once() {
    check(
        "
        links L
        link L A>B A>B
        rows
          A me
          B me
        ",
        expect![[r#"
            !move B under A (L LinkedToParent)
            +L B
            --
            A
              B
        "#]],
    );
}

#[test]
fn a_link_to_itself_is_held() {
    check(
        "
        links L expand
        link L A>A A>B
        rows
          A me
        ",
        expect![[r#"
            add B under A (L LinkedToParent)
            +L B
            held move A under A: SelfLink (L)
            --
            A
              B
        "#]],
    );
}

#[test]
fn of_two_issues_that_are_linked_both_ways_the_link_above_the_higher_id_is_refused() {
    check(
        "
        links L
        link L A>B B>A
        rows
          A me
          B me
        ",
        expect![[r#"
            !move A under B (L LinkedToParent)
            +L A
            +L B
            held move B under A: LinkClosesCycle (L)
            --
            B
              A
        "#]],
    );
}

#[test]
fn in_a_cycle_the_links_that_the_structure_shows_stay() {
    check(
        "
        links L
        link L A>B B>C C>A
        rows
          A me
            B me
              C me
        ",
        expect![[r#"
            +L A
            +L B
            +L C
            held move A under C: LinkClosesCycle (L)
            --
            A
              B
                C
        "#]],
    );
}

#[test]
fn a_longer_cycle_is_refused_at_its_highest_id() {
    check(
        "
        links L
        link L A>B B>C C>A
        rows
          A me
          B me
          C me
        ",
        expect![[r#"
            !move A under C (L LinkedToParent)
            !move B under A (L LinkedToParent)
            +L A
            +L B
            +L C
            held move C under B: LinkClosesCycle (L)
            --
            C
              A
                B
        "#]],
    );
}

#[test]
fn a_cycle_of_missing_issues_starts_at_its_lowest_id() {
    check(
        "
        links L all
        link L B>C C>A A>B
        rows
        ",
        expect![[r#"
            add A at the top (L Linked)
            add B under A (L LinkedToParent)
            add C under B (L LinkedToParent)
            +L A
            +L B
            +L C
            held move A under C: LinkClosesCycle (L)
            --
            A
              B
                C
        "#]],
    );
}

#[test]
fn a_missing_issue_in_a_cycle_goes_below_the_one_that_is_there() {
    check(
        "
        links L expand
        link L P>D C>D D>C P>C
        rows
          P me
        ",
        expect![[r#"
            add C under P (L LinkedToParent)
            add D under P (L LinkedToParent)
            add D* under C (L LinkedToParent)
            +L C
            +L D
            +L D*
            held add C under D: LinkClosesCycle (L)
            --
            P
              C
                D*
              D
        "#]],
    );
}

#[test]
fn an_alias_never_is_below_its_own_issue() {
    check(
        "
        links L
        link L A>B P>A B>A
        rows
          P me
            A me
              B me
        ",
        expect![[r#"
            +L A
            +L B
            held add A under B: LinkClosesCycle (L)
            --
            P
              A
                B
        "#]],
    );
}

#[test]
fn a_branch_that_is_upside_down_is_turned_around() {
    check(
        "
        links L
        link L C>B B>A
        rows
          A me
            B me
              C me
        ",
        expect![[r#"
            !move C under A (L MakesWay)
            !move B under C (L LinkedToParent)
            !move C at the top (L MakesWay)
            !move A under B (L LinkedToParent)
            +L A
            +L B
            --
            C
              B
                A
        "#]],
    );
}

#[test]
fn rows_between_stay_with_the_row_that_goes_below() {
    check(
        "
        links L
        link L C>A
        rows
          Z me
            A me
              B me
                C me
            Y me
        ",
        expect![[r#"
            !move C under Z (L MakesWay)
            !move A under C (L LinkedToParent)
            +L A
            --
            Z
              C
                A
                  B
              Y
        "#]],
    );
}

#[test]
fn of_mutual_links_below_one_parent_one_alias_is_refused() {
    check(
        "
        links L
        link L P>A P>B A>B B>A
        rows
          P me
            A me
            B me
        ",
        expect![[r#"
            add B* under A (L LinkedToParent)
            +L A
            +L B
            +L B*
            held add A under B: LinkClosesCycle (L)
            --
            P
              A
                B*
              B
        "#]],
    );
}

#[test]
fn when_a_link_is_gone_the_child_is_kept() {
    check(
        "
        links L
        link L A>C
        rows
          A me
            B L
            C L
        ",
        expect![[r#"
            held remove B: RemovalOff (L)
            --
            A
              B
              C
        "#]],
    );
}

#[test]
fn when_a_link_is_gone_the_child_is_moved_to_the_top() {
    check(
        "
        links L to-top
        link L A>C
        rows
          A me
            B L
              D me
            C L
        ",
        expect![[r#"
            move B at the top (L LinkGone)
            -L B
            --
            A
              C
            B
              D
        "#]],
    );
}

#[test]
fn a_child_at_the_top_whose_link_is_gone_is_let_go() {
    check(
        "
        links L to-top
        rows
          B me L
        ",
        expect![[r#"
            -L B
            --
            B
        "#]],
    );
}

#[test]
fn when_a_link_is_gone_the_child_is_removed() {
    check(
        "
        links L remove
        link L A>C
        rows
          A me
            B L
            C L
            P me
        ",
        expect![[r#"
            !remove B (L LinkGone)
            --
            A
              C
              P
        "#]],
    );
}

#[test]
fn a_child_that_another_one_claims_is_not_removed() {
    check(
        "
        filter F
        links L remove
        match F B
        rows
          A me
            B F L
        ",
        expect![[r#"
            -L B
            held remove B: ClaimedElsewhere (L)
            --
            A
              B
        "#]],
    );
}

#[test]
fn a_child_with_rows_below_that_stay_is_not_removed() {
    check(
        "
        links L remove
        rows
          A me
            B L
              C me
        ",
        expect![[r#"
            held remove B: ChildrenStay (L)
            --
            A
              B
                C
        "#]],
    );
}

#[test]
fn a_child_that_was_never_linked_is_not_removed() {
    check(
        "
        links L remove
        rows
          A me
            B me
        ",
        expect![[r#"
            --
            A
              B
        "#]],
    );
}

#[test]
fn a_child_whose_parent_is_not_in_the_structure_stays() {
    check(
        "
        links L remove
        link L A>B
        rows
          B L
        ",
        expect![[r#"
            held remove B: ParentAbsent (L)
            --
            B
        "#]],
    );
}

#[test]
fn when_the_link_of_an_alias_is_gone_the_alias_goes_and_the_primary_row_stays() {
    check(
        "
        links L remove
        link L A>X
        rows
          A me
            X L
          B me
            X* L
        ",
        expect![[r#"
            !remove X* (L LinkGone)
            --
            A
              X
            B
        "#]],
    );
}

#[test]
fn an_alias_is_kept_where_children_are_kept() {
    check(
        "
        links L
        link L A>X
        rows
          A me
            X L
          B me
            X* L
        ",
        expect![[r#"
            held remove X: RemovalOff (L)
            --
            A
              X
            B
              X*
        "#]],
    );
}

#[test]
fn when_the_link_of_the_primary_row_is_gone_it_takes_the_place_of_an_alias() {
    check(
        "
        links L remove
        link L B>X
        rows
          A me
            X L
          B me
            X* L
        ",
        expect![[r#"
            move X under B (L LinkedToParent)
            !remove X* (L AliasNotNeeded)
            --
            A
            B
              X
        "#]],
    );
}

#[test]
fn an_alias_of_a_person_is_claimed_and_then_left() {
    check(
        "
        links L remove
        link L A>X
        rows
          A me
            X L
          B me
            X* L me
        ",
        expect![[r#"
            -L X*
            --
            A
              X
            B
              X*
        "#]],
    );
}

#[test]
fn an_alias_that_has_children_stays() {
    check(
        "
        links L remove
        link L A>X
        rows
          A me
            X L
          B me
            X* L
              C me
        ",
        expect![[r#"
            held remove X: ChildrenStay (L)
            --
            A
              X
            B
              X*
                C
        "#]],
    );
}

#[test]
fn a_child_that_a_person_removed_is_added_again_when_expanded() {
    check(
        "
        links L expand
        link L A>B
        rows
          A me
        ",
        expect![[r#"
            add B under A (L LinkedToParent)
            +L B
            --
            A
              B
        "#]],
    );
}

#[test]
fn siblings_that_are_added_are_in_order_of_their_ids() {
    check(
        "
        links L expand
        link L A>D A>B A>C
        rows
          A me
        ",
        expect![[r#"
            add B under A (L LinkedToParent)
            add C under A (L LinkedToParent)
            add D under A (L LinkedToParent)
            +L B
            +L C
            +L D
            --
            A
              B
              C
              D
        "#]],
    );
}

#[test]
fn a_disabled_one_can_be_resynced() {
    check(
        "
        links L off
        run L
        link L A>B
        rows
          A me
          B me
        ",
        expect![[r#"
            !move B under A (L LinkedToParent)
            +L B
            --
            A
              B
        "#]],
    );
}

#[test]
fn only_what_was_confirmed_is_done() {
    check(
        "
        links L expand
        link L A>B B>C A>D
        confirm add D
        rows
          A me
        ",
        expect![[r#"
            add D under A (L LinkedToParent)
            +L D
            held add B under A: NotConfirmed (L)
            --
            A
              D
        "#]],
    );
}
