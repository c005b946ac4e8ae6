//! Epics: an issue belongs to the nearest epic above it.

use crate::world::check;
use expect_test::expect;

#[test]
fn an_issue_below_an_epic_belongs_to_it() {
    check(
        "
        plan epics
        rows
          E
            A
        ",
        expect![[r#"
            epic of A: none -> E (BelowEpic)
            -- A:E
        "#]],
    );
}

#[test]
fn an_issue_that_moved_to_another_epic_changes_its_epic() {
    check(
        "
        plan epics
        epics A:E B:E
        rows
          E
            B
          E2
            A
        ",
        expect![[r#"
            !epic of A: E -> E2 (BelowEpic)
            -- A:E2 B:E
        "#]],
    );
}

#[test]
fn an_issue_below_no_epic_loses_its_epic() {
    check(
        "
        plan epics
        epics A:E
        rows
          E
          A
        ",
        expect![[r#"
            !epic of A: E -> none (BelowNoEpic)
            -- 
        "#]],
    );
}

#[test]
fn the_nearest_epic_counts_whatever_is_between() {
    check(
        "
        plan epics
        rows
          E
            /Plan
              A
                B
            E2
              C
        ",
        expect![[r#"
            epic of A: none -> E (BelowEpic)
            epic of B: none -> E (BelowEpic)
            epic of C: none -> E2 (BelowEpic)
            -- A:E B:E C:E2
        "#]],
    );
}

#[test]
fn an_epic_that_is_not_in_the_structure_stays() {
    check(
        "
        plan epics
        epics A:E B:E
        rows
          A
          E2
            B
        ",
        expect![[r#"
            !epic of B: E -> E2 (BelowEpic)
            held Epic of A E: EpicNotInStructure
            -- A:E B:E2
        "#]],
    );
}

#[test]
fn an_epic_has_no_epic() {
    check(
        "
        plan epics
        rows
          E
            E2
        ",
        expect![[r#"
            -- 
        "#]],
    );
}

#[test]
fn a_sub_task_has_the_epic_of_its_parent_and_none_of_its_own() {
    check(
        "
        plan epics
        epics A:E
        rows
          E
            A
              b
        ",
        expect![[r#"
            -- A:E
        "#]],
    );
}

#[test]
fn an_alias_below_another_epic_changes_nothing() {
    check(
        "
        plan epics
        epics A:E
        rows
          E
            A
          E2
            A*
        ",
        expect![[r#"
            -- A:E
        "#]],
    );
}

#[test]
fn nothing_is_written_about_an_issue_or_an_epic_that_cannot_be_seen() {
    check(
        "
        plan epics
        hidden A E2
        rows
          E
            A
          E2
            B
        ",
        expect![[r#"
            held Epic of A E: Inaccessible
            held Epic of B E2: Inaccessible
            -- 
        "#]],
    );
}

#[test]
fn an_epic_that_another_synchronizer_owns_stays() {
    check(
        "
        plan epics
        epics A:E
        elsewhere A
        rows
          E
          A
        ",
        expect![[r#"
            held Epic of A E: OwnedElsewhere
            -- A:E
        "#]],
    );
}

#[test]
fn only_selected_issues_are_changed() {
    check(
        "
        plan epics
        select A
        rows
          E
            A
            B
        ",
        expect![[r#"
            epic of A: none -> E (BelowEpic)
            -- A:E
        "#]],
    );
}
