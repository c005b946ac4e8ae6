//! Links together with other synchronizers.

use crate::check::check;
use expect_test::expect;

#[test]
fn sub_tasks_and_links_that_disagree_settle_in_one_plan() {
    check(
        "
        subtasks S
        links L to-top
        jira a<A
        link L B>a
        rows
          A me
          B me
            a L
        ",
        expect![[r#"
            move a under A (S SubtaskOfParent)
            +S a
            held move a under B: PlacementOwnedElsewhere (L)
            --
            A
              a
            B
        "#]],
    );
}

#[test]
fn links_first_own_the_place() {
    check(
        "
        links L
        subtasks S
        jira a<A
        link L B>a
        rows
          A me
            a S
          B me
        ",
        expect![[r#"
            move a under B (L LinkedToParent)
            +L a
            held move a under A: PlacementOwnedElsewhere (S)
            --
            A
            B
              a
        "#]],
    );
}

#[test]
fn a_link_that_is_gone_does_not_move_what_sub_tasks_keep() {
    check(
        "
        subtasks S
        links L to-top
        jira a<A
        rows
          A me
            a L S
        ",
        expect![[r#"
            held move a: PlacementOwnedElsewhere (L)
            --
            A
              a
        "#]],
    );
}

#[test]
fn a_filter_does_not_remove_what_links_added() {
    check(
        "
        filter F remove
        links L expand
        match F A
        link L A>B
        rows
          A F
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
fn a_filter_removes_a_parent_with_what_links_added_below_it() {
    check(
        "
        filter F remove children
        links L expand
        match F Z
        link L A>B B>C
        rows
          A F
            B L
              C L
          Z F
        ",
        expect![[r#"
            !remove C (F BranchUnmatched)
            !remove B (F BranchUnmatched)
            !remove A (F FilterUnmatched)
            --
            Z
        "#]],
    );
}

#[test]
fn without_its_children_a_parent_stays() {
    check(
        "
        filter F remove
        links L expand
        match F Z
        link L A>B
        rows
          A F
            B L
          Z F
        ",
        expect![[r#"
            held remove A: ChildrenStay (F)
            --
            A
              B
            Z
        "#]],
    );
}

#[test]
fn a_filter_does_not_remove_what_all_links_want() {
    check(
        "
        filter F remove children
        links L all
        match F Z
        link L A>B
        rows
          A F L
            B L
          Z F
        ",
        expect![[r#"
            -F A
            held remove A: ClaimedElsewhere (F)
            --
            A
              B
            Z
        "#]],
    );
}

#[test]
fn a_child_with_another_parent_stays_when_one_parent_goes() {
    check(
        "
        filter F remove children
        links L
        match F Z
        link L A>B Z>B
        rows
          A F
            B* L
          Z F
            B L
        ",
        expect![[r#"
            !remove B* (F BranchUnmatched)
            !remove A (F FilterUnmatched)
            --
            Z
              B
        "#]],
    );
}

#[test]
fn a_filter_puts_a_new_child_below_its_parent_at_once_however_deep() {
    check(
        "
        links L
        filter F
        match F C B A
        link L A>B B>C
        rows
          Z me
        ",
        expect![[r#"
            add A at the top (F FilterMatched)
            add B under A (F FilterMatched)
            add C under B (F FilterMatched)
            +F A
            +F B
            +L B
            +F C
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
fn a_resync_of_another_one_leaves_what_links_have_placed() {
    check(
        "
        links L
        filter F under E move
        run F
        match F B
        rows
          E me
          A me
            B L
        ",
        expect![[r#"
            +F B
            held move B under E: PlacementOwnedElsewhere (F)
            --
            E
            A
              B
        "#]],
    );
}

#[test]
fn two_links_synchronizers_the_first_owns_the_place() {
    check(
        "
        links L
        links M
        link L A>X
        link M B>X
        rows
          A me
          B me
          X me
        ",
        expect![[r#"
            !move X under A (L LinkedToParent)
            +L X
            +M X
            held move X under B: PlacementOwnedElsewhere (M)
            --
            A
              X
            B
        "#]],
    );
}
