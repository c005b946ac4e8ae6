//! Status rollup: a parent has the earliest status of its direct children.

use crate::world::check;
use expect_test::expect;

#[test]
fn a_parent_gets_the_earliest_status_of_its_children() {
    check(
        "
        plan statuses
        steps open doing done
        status A=open b=doing c=done
        offers A 11>doing 12>done
        rows
          A
            b
            c
        ",
        expect![[r#"
            !A: open -> doing by 11 (EarliestOfChildren)
            -- A=doing b=doing c=done
        "#]],
    );
}

#[test]
fn a_parent_that_has_it_is_not_changed() {
    check(
        "
        plan statuses
        steps open doing done
        status A=doing b=doing c=done
        offers A 12>done
        rows
          A
            b
            c
        ",
        expect![[r#"
            -- A=doing b=doing c=done
        "#]],
    );
}

#[test]
fn a_child_with_a_status_that_is_not_listed_blocks_its_parent() {
    check(
        "
        plan statuses
        steps open doing done
        status A=open b=doing c=blocked
        offers A 11>doing
        rows
          A
            b
            c
        ",
        expect![[r#"
            held Status of A c: ChildStatusNotListed
            -- A=open b=doing c=blocked
        "#]],
    );
}

#[test]
fn a_parent_with_a_status_that_is_not_listed_is_changed() {
    check(
        "
        plan statuses
        steps open done
        status A=odd b=done
        offers A 12>done
        rows
          A
            b
        ",
        expect![[r#"
            !A: odd -> done by 12 (EarliestOfChildren)
            -- A=done b=done
        "#]],
    );
}

#[test]
fn only_direct_children_count() {
    check(
        "
        plan statuses
        steps open done
        status A=open B=done c=open
        offers A 12>done
        only types task
        rows
          A
            B
              /Later
                c
        ",
        expect![[r#"
            !A: open -> done by 12 (EarliestOfChildren)
            -- A=done B=done c=open
        "#]],
    );
}

#[test]
fn a_status_goes_up_through_all_levels_in_one_plan() {
    check(
        "
        plan statuses
        steps open doing done
        status A=open B=open c=done d=doing
        offers A 21>doing
        offers B 11>doing
        rows
          A
            B
              c
              d
        ",
        expect![[r#"
            !B: open -> doing by 11 (EarliestOfChildren)
            !A: open -> doing by 21 (EarliestOfChildren)
            -- A=doing B=doing c=done d=doing
        "#]],
    );
}

#[test]
fn what_is_held_below_counts_as_it_is() {
    check(
        "
        plan statuses
        steps open done
        status A=done B=open c=done
        offers A 21>open
        offers B 11>doing
        rows
          A
            B
              c
        ",
        expect![[r#"
            !A: done -> open by 21 (EarliestOfChildren)
            held Status of B: NoTransition
            -- A=open B=open c=done
        "#]],
    );
}

#[test]
fn only_allowed_transitions_are_used_in_their_order() {
    check(
        "
        plan statuses
        steps open done:13,12
        status A=open b=done
        offers A 11>done 12>done 13>done
        rows
          A
            b
        ",
        expect![[r#"
            !A: open -> done by 13 (EarliestOfChildren)
            -- A=done b=done
        "#]],
    );
}

#[test]
fn without_an_allowed_transition_the_parent_is_held() {
    check(
        "
        plan statuses
        steps open done:13
        status A=open b=done
        offers A 11>done 13>open
        rows
          A
            b
        ",
        expect![[r#"
            held Status of A: NoTransition
            -- A=open b=done
        "#]],
    );
}

#[test]
fn without_a_transition_to_the_status_the_parent_is_held() {
    check(
        "
        plan statuses
        steps open done
        status A=open b=done
        offers A 11>doing
        rows
          A
            b
        ",
        expect![[r#"
            held Status of A: NoTransition
            -- A=open b=done
        "#]],
    );
}

#[test]
fn a_resolution_is_set_where_the_transition_asks_for_one() {
    check(
        "
        plan statuses
        steps open done
        resolution fixed
        status A=open b=done C=open d=done
        offers A 11>done?
        offers C 11>done
        rows
          A
            b
          C
            d
        ",
        expect![[r#"
            !A: open -> done by 11 as fixed (EarliestOfChildren)
            !C: open -> done by 11 (EarliestOfChildren)
            -- A=done C=done b=done d=done
        "#]],
    );
}

#[test]
fn only_parents_of_enabled_projects_and_types_are_changed() {
    check(
        "
        plan statuses
        steps open done
        only projects P
        only types story
        status A@P/story=open B@Q/story=open C@P/bug=open d@Q/bug=done e=done f=done
        offers A 1>done
        offers B 1>done
        offers C 1>done
        rows
          A
            d
          B
            e
          C
            f
        ",
        expect![[r#"
            !A: open -> done by 1 (EarliestOfChildren)
            -- A=done B=open C=open d=done e=done f=done
        "#]],
    );
}

#[test]
fn transitions_that_were_not_read_are_asked_for() {
    check(
        "
        plan statuses
        steps open done
        status A=open b=done
        rows
          A
            b
        ",
        expect![[r#"
            held Status of A: TransitionsNotRead
            -- A=open b=done
        "#]],
    );
}

#[test]
fn a_child_whose_status_is_not_known_blocks_its_parent() {
    check(
        "
        plan statuses
        steps open done
        status A=open b=done C=open
        offers A 1>done
        offers C 1>done
        rows
          A
            b
            ~X
          C
            y
        ",
        expect![[r#"
            held Status of A X: ChildStatusUnknown
            held Status of C y: ChildStatusUnknown
            -- A=open C=open b=done
        "#]],
    );
}

#[test]
fn an_alias_is_a_child_too() {
    check(
        "
        plan statuses
        steps open doing done
        status A=open b=doing c=done D=open
        offers A 1>doing
        offers D 1>doing
        rows
          A
            c
            b*
          D
            b
        ",
        expect![[r#"
            !A: open -> doing by 1 (EarliestOfChildren)
            !D: open -> doing by 1 (EarliestOfChildren)
            -- A=doing D=doing b=doing c=done
        "#]],
    );
}

#[test]
fn an_issue_below_itself_by_an_alias_is_held() {
    check(
        "
        plan statuses
        steps open done
        status A=open B=done
        offers A 1>done
        offers B 1>open
        rows
          A
            B
              A*
        ",
        expect![[r#"
            !A: open -> done by 1 (EarliestOfChildren)
            held Status of B: ChildrenInCycle
            -- A=done B=done
        "#]],
    );
}

#[test]
fn a_parent_that_cannot_be_seen_is_held() {
    check(
        "
        plan statuses
        steps open done
        status A=open b=done
        hidden A
        offers A 1>done
        rows
          A
            b
        ",
        expect![[r#"
            held Status of A: Inaccessible
            -- A=open b=done
        "#]],
    );
}

#[test]
fn only_selected_parents_are_changed() {
    check(
        "
        plan statuses
        steps open done
        status A=open b=done C=open d=done
        offers A 1>done
        offers C 1>done
        select C
        rows
          A
            b
          C
            d
        ",
        expect![[r#"
            !C: open -> done by 1 (EarliestOfChildren)
            -- A=open C=done b=done d=done
        "#]],
    );
}

#[test]
fn folders_are_neither_children_nor_parents() {
    check(
        "
        plan statuses
        steps open done
        status A=open b=done c=open
        offers A 1>done
        rows
          /Plan
            A
              /Part
                c
              b
        ",
        expect![[r#"
            !A: open -> done by 1 (EarliestOfChildren)
            -- A=done b=done c=open
        "#]],
    );
}
