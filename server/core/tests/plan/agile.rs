//! The agile rule: order, epics and sub-tasks of a board.

use crate::check::check;
use expect_test::expect;

#[test]
fn siblings_are_brought_into_the_order_of_rank_in_the_fewest_moves() {
    check(
        "
        agile G rank
        rank G A B C D E
        rows
          B me
          C me
          A me
          D me
          E me
        ",
        expect![[r#"
            !move A at the top first (G RankOrder)
            --
            A
            B
            C
            D
            E
        "#]],
    );
}

#[test]
fn each_row_has_its_children_in_order() {
    check(
        "
        agile G rank
        rank G A B C D
        rows
          P me
            B me
            A me
          D me
          C me
        ",
        expect![[r#"
            !move D at the top behind C (G RankOrder)
            !move B under P behind A (G RankOrder)
            --
            P
              A
              B
            C
            D
        "#]],
    );
}

#[test]
fn what_is_not_on_the_board_does_not_move() {
    check(
        "
        agile G rank
        rank G A B C
        rows
          X me
          C me
          Y me
          B me
          /Folder
          A me
        ",
        expect![[r#"
            !move B at the top behind A (G RankOrder)
            !move C at the top behind B (G RankOrder)
            --
            X
            Y
            /Folder
            A
            B
            C
        "#]],
    );
}

#[test]
fn the_row_that_comes_first_goes_directly_before_the_next() {
    check(
        "
        agile G rank
        rank G A B C
        rows
          X me
          B me
          C me
          A me
        ",
        expect![[r#"
            !move A at the top behind X (G RankOrder)
            --
            X
            A
            B
            C
        "#]],
    );
}

#[test]
fn an_alias_is_ordered_like_any_row_of_its_issue() {
    check(
        "
        agile G rank
        rank G A B
        rows
          A me
          P me
            B me
            A* me
        ",
        expect![[r#"
            !move B under P behind A* (G RankOrder)
            --
            A
            P
              A*
              B
        "#]],
    );
}

#[test]
fn without_rank_the_order_is_left() {
    check(
        "
        agile G epics
        rank G A B
        rows
          B me
          A me
        ",
        expect![[r#"
            --
            B
            A
        "#]],
    );
}

#[test]
fn an_order_that_a_person_did_not_make_is_no_loss() {
    check(
        "
        filter F
        agile G rank
        match F A B
        rank G A B
        rows
          B F
          A F
        ",
        expect![[r#"
            move B at the top behind A (G RankOrder)
            --
            A
            B
        "#]],
    );
}

#[test]
fn only_the_confirmed_moves_are_made() {
    check(
        "
        agile G rank
        rank G A B C D
        confirm move A
        rows
          D me
          B me
          C me
          A me
        ",
        expect![[r#"
            !move A at the top behind D (G RankOrder)
            held move D: NotConfirmed (G)
            --
            D
            A
            B
            C
        "#]],
    );
}

#[test]
fn an_issue_is_put_below_its_epic() {
    check(
        "
        agile G epics
        rank G A
        epic A<E
        rows
          A me
          E me
        ",
        expect![[r#"
            !move A under E (G EpicOfIssue)
            --
            E
              A
        "#]],
    );
}

#[test]
fn an_issue_whose_epic_is_not_in_the_structure_is_left() {
    check(
        "
        agile G epics
        rank G A
        epic A<E
        rows
          P me
            A me
        ",
        expect![[r#"
            held move A: EpicNotInStructure (G)
            --
            P
              A
        "#]],
    );
}

#[test]
fn an_issue_off_the_board_is_not_touched() {
    check(
        "
        agile G rank epics
        rank G B
        epic A<E
        rows
          A me
          E me
        ",
        expect![[r#"
            --
            A
            E
        "#]],
    );
}

#[test]
fn an_issue_without_an_epic_stays_where_a_person_put_it() {
    check(
        "
        agile G epics
        rank G A
        rows
          E me
            A me
        ",
        expect![[r#"
            --
            E
              A
        "#]],
    );
}

#[test]
fn an_issue_that_was_put_below_an_epic_that_it_no_longer_has_goes_to_the_top() {
    check(
        "
        filter F
        agile G epics
        rank G A
        match F
        rows
          E me
            A @G
        ",
        expect![[r#"
            move A at the top (G EpicGone)
            --
            E
            A
        "#]],
    );
}

#[test]
fn an_epic_below_its_own_issue_takes_its_place() {
    check(
        "
        agile G epics
        rank G A
        epic A<E
        rows
          A me
            E me
        ",
        expect![[r#"
            !move E at the top (G MakesWay)
            !move A under E (G EpicOfIssue)
            --
            E
              A
        "#]],
    );
}

#[test]
fn sub_tasks_are_added_and_kept_below_their_parents() {
    check(
        "
        agile G subtasks
        rank G A
        jira a<A b<A c<B
        rows
          A me
          b me
          B me
        ",
        expect![[r#"
            !move b under A (G SubtaskOfParent)
            add a under A (G SubtaskOfParent)
            +G b
            +G a
            --
            A
              b
              a
            B
        "#]],
    );
}

#[test]
fn sub_tasks_that_are_ranked_are_ordered_like_others() {
    check(
        "
        agile G rank subtasks
        rank G A b a
        jira a<A b<A
        rows
          A me
        ",
        expect![[r#"
            add a under A (G SubtaskOfParent)
            add b under A (G SubtaskOfParent)
            +G a
            +G b
            --
            A
              b
              a
        "#]],
    );
}

#[test]
fn moved_and_ordered_in_one_plan() {
    check(
        "
        agile G rank epics
        rank G A B C
        epic A<E B<E C<E
        rows
          E me
            C me
          B me
          A me
        ",
        expect![[r#"
            !move A under E (G EpicOfIssue)
            !move B under E (G EpicOfIssue)
            --
            E
              A
              B
              C
        "#]],
    );
}

#[test]
fn of_two_boards_the_first_declared_owns_the_order() {
    check(
        "
        agile G rank
        agile H rank
        rank G A B
        rank H B A C
        rows
          B me
          C me
          A me
        ",
        expect![[r#"
            !move B at the top behind A (G RankOrder)
            held move C: OrderOwnedElsewhere (H)
            held move A: OrderOwnedElsewhere (H)
            --
            C
            A
            B
        "#]],
    );
}

#[test]
fn links_first_own_the_place_against_an_epic() {
    check(
        "
        links L
        agile G epics
        rank G A
        epic A<E
        link L P>A
        rows
          E me
            A me
          P me
        ",
        expect![[r#"
            !move A under P (L LinkedToParent)
            +L A
            held move A under E: PlacementOwnedElsewhere (G)
            --
            E
            P
              A
        "#]],
    );
}

#[test]
fn an_epic_first_owns_the_place_against_links() {
    check(
        "
        agile G epics
        links L
        rank G A
        epic A<E
        link L P>A
        rows
          E me
          P me
            A L
        ",
        expect![[r#"
            move A under E (G EpicOfIssue)
            held move A under P: PlacementOwnedElsewhere (L)
            --
            E
              A
            P
        "#]],
    );
}

#[test]
fn a_resync_of_another_one_leaves_what_an_epic_has_placed() {
    check(
        "
        agile G epics
        filter F under P move
        run F
        match F A
        rows
          E me
            A @G F
          P me
        ",
        expect![[r#"
            held move A under P: PlacementOwnedElsewhere (F)
            --
            E
              A
            P
        "#]],
    );
}

#[test]
fn children_that_links_added_are_ordered_by_rank() {
    check(
        "
        links L expand
        agile G rank
        rank G D C B
        link L A>B A>C A>D
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
              D
              C
              B
        "#]],
    );
}
