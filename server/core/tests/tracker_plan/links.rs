//! Links: a link for each place, and no other one in scope.

use crate::world::check;
use expect_test::expect;

#[test]
fn a_child_without_a_link_gets_one() {
    check(
        "
        plan links
        rows
          A
            b
            C
              d
        ",
        expect![[r#"
            link A>C (PlacedBelow)
            link A>b (PlacedBelow)
            link C>d (PlacedBelow)
            -- A>C A>b C>d
        "#]],
    );
}

#[test]
fn a_link_that_is_there_is_not_written_again() {
    check(
        "
        plan links
        links A>b
        rows
          A
            b
        ",
        expect![[r#"
            -- A>b
        "#]],
    );
}

#[test]
fn a_child_that_moved_gets_its_new_link_before_it_loses_the_old_one() {
    check(
        "
        plan links
        links A>b
        rows
          A
          C
            b
        ",
        expect![[r#"
            link C>b (PlacedBelow)
            !unlink A>b (PlacedElsewhere)
            -- C>b
        "#]],
    );
}

#[test]
fn a_child_at_the_top_has_no_link() {
    check(
        "
        plan links
        links A>b
        rows
          A
          b
        ",
        expect![[r#"
            !unlink A>b (PlacedElsewhere)
            -- 
        "#]],
    );
}

#[test]
fn a_folder_between_two_issues_is_no_link() {
    check(
        "
        plan links
        links A>b
        rows
          A
            /Plan
              b
        ",
        expect![[r#"
            !unlink A>b (PlacedElsewhere)
            -- 
        "#]],
    );
}

#[test]
fn an_alias_is_a_link_of_its_own() {
    check(
        "
        plan links
        links A>c
        rows
          A
            c
          B
            c*
        ",
        expect![[r#"
            link B>c (PlacedBelow)
            -- A>c B>c
        "#]],
    );
}

#[test]
fn within_the_structure_the_link_of_a_removed_child_stays() {
    check(
        "
        plan links
        scope within
        links A>b
        rows
          A
        ",
        expect![[r#"
            held Link of b A: OutOfScope
            -- A>b
        "#]],
    );
}

#[test]
fn expanding_deletes_the_link_of_a_removed_child_since_it_could_add_it_back() {
    check(
        "
        plan links
        scope expand
        links A>b
        rows
          A
        ",
        expect![[r#"
            !unlink A>b (RowAbsent)
            -- 
        "#]],
    );
}

#[test]
fn expanding_keeps_the_link_of_a_parent_that_was_never_there() {
    check(
        "
        plan links
        scope expand
        links A>b X>Y
        rows
          b
        ",
        expect![[r#"
            held Link of Y X: OutOfScope
            held Link of b A: OutOfScope
            -- A>b X>Y
        "#]],
    );
}

#[test]
fn all_issues_deletes_every_link_between_issues_that_are_not_in_such_places() {
    check(
        "
        plan links
        scope all
        links A>b X>Y A>C C>X
        rows
          A
            C
          b
        ",
        expect![[r#"
            !unlink C>X (RowAbsent)
            !unlink X>Y (RowAbsent)
            !unlink A>b (PlacedElsewhere)
            -- A>C
        "#]],
    );
}

#[test]
fn a_pair_that_fails_a_query_gets_no_link() {
    check(
        "
        plan links
        parents A
        children b c
        rows
          A
            b
            D
          C
            c
        ",
        expect![[r#"
            link A>b (PlacedBelow)
            held Link of D A: OutsideFilter
            held Link of c C: OutsideFilter
            -- A>b
        "#]],
    );
}

#[test]
fn a_link_to_itself_is_ignored_and_none_is_made() {
    check(
        "
        plan links
        scope all
        links A>A
        rows
          A
            A*
        ",
        expect![[r#"
            held Link of A A: SelfLink
            -- A>A
        "#]],
    );
}

#[test]
fn the_same_link_twice_counts_once() {
    check(
        "
        plan links
        links A>b A>b
        rows
          A
            b
        ",
        expect![[r#"
            -- A>b
        "#]],
    );
}

#[test]
fn nothing_is_written_about_an_issue_that_cannot_be_seen() {
    check(
        "
        plan links
        scope all
        links A>b X>C
        hidden X b
        rows
          X
            D
          A
          C
          E
            b
        ",
        expect![[r#"
            held Link of C X: Inaccessible
            held Link of D X: Inaccessible
            held Link of b E: Inaccessible
            held Link of b A: Inaccessible
            -- A>b X>C
        "#]],
    );
}

#[test]
fn a_child_whose_place_another_synchronizer_owns_keeps_its_links() {
    check(
        "
        plan links
        links A>b
        elsewhere b
        rows
          A
          C
            b
        ",
        expect![[r#"
            held Link of b C: OwnedElsewhere
            held Link of b A: OwnedElsewhere
            -- A>b
        "#]],
    );
}

#[test]
fn an_issue_of_another_tracker_has_no_links() {
    check(
        "
        plan links
        rows
          A
            ~B
              c
        ",
        expect![[r#"
            -- 
        "#]],
    );
}

#[test]
fn only_selected_children_are_changed() {
    check(
        "
        plan links
        links A>b A>c
        select b
        rows
          A
          D
            b
            c
        ",
        expect![[r#"
            link D>b (PlacedBelow)
            !unlink A>b (PlacedElsewhere)
            -- A>c D>b
        "#]],
    );
}

#[test]
fn two_issues_below_each_other_by_aliases_are_linked_both_ways() {
    check(
        "
        plan links
        rows
          A
            B
              A*
        ",
        expect![[r#"
            link B>A (PlacedBelow)
            link A>B (PlacedBelow)
            -- A>B B>A
        "#]],
    );
}
