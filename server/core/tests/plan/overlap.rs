//! What is told of several synchronizers before they are enabled.

use crate::outline::{parse, synchronizer_name};
use expect_test::{Expect, expect};
use resync_core::overlap::overlaps;

fn check(input: &str, expected: Expect) {
    let world = parse(input).world;
    let line = |found: &resync_core::overlap::Overlap| {
        let names = (
            synchronizer_name(found.first),
            synchronizer_name(found.second),
        );
        format!(
            "{} {} {}: {}\n",
            names.0, names.1, found.contention, found.outcome
        )
    };
    let text: String = overlaps(&world.synchronizers).iter().map(line).collect();
    expected.assert_eq(&text);
}

#[test]
fn one_alone_contends_with_nobody() {
    check(
        "
        links L
        ",
        expect![[""]],
    );
}

#[test]
fn a_filter_that_only_adds_contends_with_none_of_the_others() {
    check(
        "
        filter F
        links L
        subtasks S
        agile G rank epics
        ",
        expect![[r#"
            L S placement: A sub-task with a link is below the parent that it is linked to; the move below its own parent is held.
            L G placement: An issue with a link and an epic is below the parent that it is linked to; the move below the epic is held.
        "#]],
    );
}

#[test]
fn a_filter_that_removes_and_links_that_add() {
    check(
        "
        filter F remove
        links L expand
        ",
        expect![[r#"
            F L membership: An issue that left the result stays as long as something is linked below it; let the filter check children to let the branch go.
        "#]],
    );
}

#[test]
fn a_filter_that_removes_branches_and_links_that_add() {
    check(
        "
        filter F remove children
        links L expand
        ",
        expect![[r#"
            F L membership: An issue that left the result goes with what is linked below it; what another parent keeps stays, and so does the branch around it.
        "#]],
    );
}

#[test]
fn a_filter_that_removes_and_all_links() {
    check(
        "
        links L all
        filter F remove
        ",
        expect![[r#"
            L F membership: Every linked issue stays, also one that left the result of the filter.
        "#]],
    );
}

#[test]
fn two_filters_that_remove() {
    check(
        "
        filter F remove
        filter G remove
        ",
        expect![[r#"
            F G membership: An issue that left the result of one filter stays as long as the other one matches it.
        "#]],
    );
}

#[test]
fn a_filter_that_removes_and_sub_tasks() {
    check(
        "
        filter F remove
        subtasks S
        ",
        expect![[r#"
            F S membership: An issue that left the result stays as long as it has sub-tasks; let the filter check children to let the branch go.
        "#]],
    );
}

#[test]
fn a_filter_that_removes_branches_and_sub_tasks_of_a_board() {
    check(
        "
        filter F remove children
        agile G subtasks
        ",
        expect![[r#"
            F G membership: An issue that left the result goes with its sub-tasks; a sub-task that left it stays as long as its parent does.
        "#]],
    );
}

#[test]
fn sub_tasks_and_links() {
    check(
        "
        subtasks S
        links L to-top
        ",
        expect![[r#"
            S L placement: A sub-task with a link is below its own parent; the move below the parent that it is linked to is held.
        "#]],
    );
}

#[test]
fn links_and_sub_tasks() {
    check(
        "
        links L remove
        subtasks S
        ",
        expect![[r#"
            L S placement: A sub-task with a link is below the parent that it is linked to; the move below its own parent is held.
            L S membership: An issue whose link is gone stays as long as the other one wants it in the structure.
        "#]],
    );
}

#[test]
fn links_and_epics() {
    check(
        "
        links L
        agile G epics
        ",
        expect![[r#"
            L G placement: An issue with a link and an epic is below the parent that it is linked to; the move below the epic is held.
        "#]],
    );
}

#[test]
fn epics_and_links() {
    check(
        "
        agile G epics
        links L
        ",
        expect![[r#"
            G L placement: An issue with an epic and a link is below its epic; the move below the parent that it is linked to is held.
        "#]],
    );
}

#[test]
fn two_of_one_type_of_links() {
    check(
        "
        links L
        links M
        ",
        expect![[r#"
            L M placement: Links of one type place issues for both; where they choose other parents, the first one's counts.
        "#]],
    );
}

#[test]
fn two_boards() {
    check(
        "
        agile G rank epics
        agile H rank epics
        ",
        expect![[r#"
            G H placement: An issue of both boards is below the epic or parent that the first one reads.
            G H order: Siblings of both boards are in the order of the first; the second one's moves of them are held.
        "#]],
    );
}

#[test]
fn a_board_that_only_ranks_and_links() {
    check(
        "
        agile G rank
        links L
        ",
        expect![[""]],
    );
}

#[test]
fn a_board_with_sub_tasks_and_sub_tasks() {
    check(
        "
        agile G subtasks
        subtasks S
        ",
        expect![[r#"
            G S placement: Both keep sub-tasks below the same parents, so they agree; one of them is enough.
        "#]],
    );
}

#[test]
fn gathering_and_all_the_others() {
    check(
        "
        filter F under E move
        links L
        agile G epics
        subtasks S
        ",
        expect![[r#"
            F L placement: A linked issue that the filter matches is gathered by it; below the parent that it is linked to it is not moved.
            F G placement: An issue of the board that the filter matches is gathered by it; below its epic or parent it is not moved.
            F S placement: A sub-task that the filter matches is gathered by it; below its parent it is not moved.
            L G placement: An issue with a link and an epic is below the parent that it is linked to; the move below the epic is held.
            L S placement: A sub-task with a link is below the parent that it is linked to; the move below its own parent is held.
        "#]],
    );
}

#[test]
fn all_the_others_and_gathering() {
    check(
        "
        links L
        agile G epics
        subtasks S
        filter F under E move
        ",
        expect![[r#"
            L G placement: An issue with a link and an epic is below the parent that it is linked to; the move below the epic is held.
            L S placement: A sub-task with a link is below the parent that it is linked to; the move below its own parent is held.
            L F placement: What the first one places is not gathered by the filter; its move is held.
            G F placement: What the first one places is not gathered by the filter; its move is held.
            S F placement: What the first one places is not gathered by the filter; its move is held.
        "#]],
    );
}

#[test]
fn two_filters_that_gather() {
    check(
        "
        filter F under E move
        filter G under D move
        filter H under E move
        ",
        expect![[r#"
            F G placement: An issue that both filters match is gathered by the first; the second one's move is held.
            G H placement: An issue that both filters match is gathered by the first; the second one's move is held.
        "#]],
    );
}
