//! What a person asks for, as text: commands in, steps and the outline out.
//!
//! ```text
//! add under P after Q: A >b >>/Notes     rows with their depths; `>` is one level
//! move A b under P after Q               rows by name, an alias as `A*`, an unknown row as `#99`
//! remove A b
//! ```

use crate::outline::{outline, parse, row_name};
use crate::properties::steps_fit_and_can_be_undone;
use crate::world::{issue_id, issue_ref};
use expect_test::{Expect, expect};
use resync_core::change::{ForestChange, Item, Place};
use resync_core::edit::{EditCommand, FOLDER_TITLE_MAX, expand, person_claims};
use resync_core::forest::Forest;
use resync_core::id::RowId;

/// Expands commands on a structure, and compares the steps and the outline, or the problem.
/// Steps must fit one by one and be undoable whatever the expectation.
fn check(rows: &str, commands: &str, expected: Expect) {
    let world = parse(&format!("rows\n{rows}")).world;
    let lines = commands
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let commands: Vec<EditCommand> = lines.map(|line| command(&world.forest, line)).collect();
    let mut after = world.forest.clone();
    match expand(&mut after, &commands, world.next_row_id) {
        Err(problem) => expected.assert_eq(&format!("{problem}\n")),
        Ok(steps) => {
            steps_fit_and_can_be_undone(&world.forest, &after, &steps).expect("sound steps");
            let lines: String = steps
                .iter()
                .map(|step| line(&world.forest, &after, step))
                .collect();
            expected.assert_eq(&(lines + "--\n" + &outline(&after)));
        }
    }
}

fn row(forest: &Forest, name: &str) -> RowId {
    if let Some(unknown) = name.strip_prefix('#') {
        return RowId(unknown.parse().expect("a row id"));
    }
    let found = forest
        .preorder()
        .map(|(row, _)| row)
        .find(|&row| row_name(forest, row) == name);
    found.unwrap_or_else(|| panic!("no row {name}"))
}

fn command(forest: &Forest, line: &str) -> EditCommand {
    let (line, added) = line.split_once(':').unwrap_or((line, ""));
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let mut option = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        let value = words.remove(at + 1);
        words.remove(at);
        Some(row(forest, value))
    };
    let position = Place {
        parent: option("under"),
        previous: option("after"),
    };
    let rows = || words[1..].iter().map(|name| row(forest, name)).collect();
    match words[0] {
        "add" => EditCommand::Add {
            position,
            rows: added.split_whitespace().map(item).collect(),
        },
        "move" => EditCommand::Move {
            position,
            rows: rows(),
        },
        "remove" => EditCommand::Remove { rows: rows() },
        other => panic!("no such command: {other}"),
    }
}

fn item(word: &str) -> (usize, Item) {
    let name = word.trim_start_matches('>');
    let depth = word.len() - name.len();
    let item = match name.strip_prefix('/') {
        Some(title) => Item::Folder(title.into()),
        None => Item::Issue(issue_ref(issue_id(name))),
    };
    (depth, item)
}

fn line(before: &Forest, after: &Forest, step: &ForestChange) -> String {
    let name = |row: RowId| {
        let forest = if after.contains(row) { after } else { before };
        row_name(forest, row)
    };
    let place = |place: &Place| {
        let under = place
            .parent
            .map(|parent| format!(" under {}", name(parent)));
        let after = place
            .previous
            .map(|previous| format!(" after {}", name(previous)));
        under.unwrap_or_default() + &after.unwrap_or_default()
    };
    match step {
        ForestChange::Add { row, to, .. } => format!("add {}{}\n", name(*row), place(to)),
        ForestChange::Move { row, to, .. } => format!("move {}{}\n", name(*row), place(to)),
        ForestChange::Remove { row, .. } => format!("remove {}\n", name(*row)),
        ForestChange::SetAlias { row, alias } => format!("alias {} {alias}\n", name(*row)),
    }
}

#[test]
fn rows_are_added_depth_first_behind_the_position() {
    check(
        "
        A
        B
        ",
        "add after A: C >b >>/Notes >c D",
        expect![[r#"
            add C after A
            add b under C
            add /Notes under b
            add c under C after b
            add D after C
            --
            A
            C
              b
                /Notes
              c
            D
            B
        "#]],
    );
}

#[test]
fn an_issue_that_has_a_row_gets_an_alias() {
    check(
        "
        A
          b
        ",
        "add: A",
        expect![[r#"
            add A*
            --
            A*
            A
              b
        "#]],
    );
}

#[test]
fn an_issue_added_twice_at_once_has_one_primary_row() {
    check(
        "",
        "add: A B A",
        expect![[r#"
        add A
        add B after A
        add A* after B
        --
        A
        B
        A*
    "#]],
    );
}

#[test]
fn a_row_may_come_back_up_any_number_of_levels() {
    check(
        "",
        "add: A >b >>c B",
        expect![[r#"
        add A
        add b under A
        add c under b
        add B after A
        --
        A
          b
            c
        B
    "#]],
    );
}

#[test]
fn a_row_two_levels_deeper_is_refused() {
    check(
        "
        A
        ",
        "add: B >>c",
        expect![[r#"
            command 0, row 1: a row at depth 2 cannot follow; give at most depth 1
        "#]],
    );
}

#[test]
fn the_first_row_starts_at_the_position() {
    check(
        "
        A
        ",
        "add: >B",
        expect![[r#"
            command 0, row 0: a row at depth 1 cannot follow; give at most depth 0
        "#]],
    );
}

#[test]
fn a_folder_needs_a_title() {
    check(
        "
        A
        ",
        "add: B /",
        expect![[r#"
            command 0, row 1: a folder needs a title; give one
        "#]],
    );
}

#[test]
fn moved_rows_keep_the_order_that_was_asked_for() {
    check(
        "
        A
        B
        C
        D
        ",
        "move D B after A",
        expect![[r#"
            move D after A
            --
            A
            D
            B
            C
        "#]],
    );
}

#[test]
fn a_branch_moves_as_a_whole() {
    check(
        "
        A
          b
            C
        B
        ",
        "move b under B",
        expect![[r#"
            move b under B
            --
            A
            B
              b
                C
        "#]],
    );
}

#[test]
fn a_move_to_where_a_row_is_makes_no_step() {
    check(
        "
        A
        B
        ",
        "move B after A",
        expect![[r#"
            --
            A
            B
        "#]],
    );
}

#[test]
fn a_move_to_the_front_has_no_previous_row() {
    check(
        "
        A
        B
        C
        ",
        "move C",
        expect![[r#"
            move C
            --
            C
            A
            B
        "#]],
    );
}

#[test]
fn a_move_below_itself_is_refused_with_its_row() {
    check(
        "
        A
          b
        B
        ",
        "move B A under b",
        expect![[r#"
            command 0, row 1: row 1 would be below itself; move it elsewhere
        "#]],
    );
}

#[test]
fn a_move_below_its_own_row_is_refused() {
    check(
        "
        A
        ",
        "move A under A",
        expect![[r#"
            command 0, row 0: row 1 would be below itself; move it elsewhere
        "#]],
    );
}

#[test]
fn a_move_behind_a_row_that_moves_too_goes_behind_the_one_before_it() {
    check(
        "
        A
        B
        C
        D
        ",
        "move B D after B",
        expect![[r#"
            move D after B
            --
            A
            B
            D
            C
        "#]],
    );
}

#[test]
fn a_row_and_one_below_it_become_siblings() {
    check(
        "
        A
          b
        B
        ",
        "move A b after B",
        expect![[r#"
            move A after B
            move b after A
            --
            B
            A
            b
        "#]],
    );
}

#[test]
fn a_removed_row_takes_everything_below_along() {
    check(
        "
        A
          b
            C
          c
        B
        ",
        "remove A",
        expect![[r#"
            remove c
            remove C
            remove b
            remove A
            --
            B
        "#]],
    );
}

#[test]
fn a_row_below_another_removed_one_goes_once() {
    check(
        "
        A
          b
        B
        ",
        "remove b A",
        expect![[r#"
            remove b
            remove A
            --
            B
        "#]],
    );
}

#[test]
fn removing_the_primary_row_promotes_the_first_alias() {
    check(
        "
        A
        /Plan
          A*
        A*
        ",
        "remove A",
        expect![[r#"
            remove A
            alias A false
            --
            /Plan
              A
            A*
        "#]],
    );
}

#[test]
fn removing_an_alias_promotes_nothing() {
    check(
        "
        A
        A*
        ",
        "remove A*",
        expect![[r#"
            remove A*
            --
            A
        "#]],
    );
}

#[test]
fn removing_all_rows_of_an_issue_promotes_nothing() {
    check(
        "
        A
          A*
        ",
        "remove A",
        expect![[r#"
            remove A*
            remove A
            --
        "#]],
    );
}

#[test]
fn a_row_that_is_not_there_is_refused() {
    check(
        "
        A
        ",
        "remove A #99",
        expect![[r#"
            command 0, row 1: row 99 does not exist; list the rows again
        "#]],
    );
}

#[test]
fn a_position_that_is_not_there_is_refused() {
    check(
        "
        A
        ",
        "add under #99: B",
        expect![[r#"
            command 0: row 99 does not exist; list the rows again
        "#]],
    );
}

#[test]
fn a_previous_row_of_another_parent_is_refused() {
    check(
        "
        A
          b
        B
        ",
        "move B under A after A",
        expect![[r#"
            command 0: row 1 is not a child of the parent; name a row of the same parent, or none
        "#]],
    );
}

#[test]
fn a_row_named_twice_is_refused() {
    check(
        "
        A
        B
        ",
        "move A B A under B",
        expect![[r#"
            command 0, row 2: row 1 is named twice; name it once
        "#]],
    );
}

#[test]
fn a_row_named_twice_for_removal_is_refused() {
    check(
        "
        A
        B
        ",
        "remove A A",
        expect![[r#"
            command 0, row 1: row 1 is named twice; name it once
        "#]],
    );
}

#[test]
fn commands_see_what_the_ones_before_did() {
    check(
        "
        A
        B
        ",
        "
        remove A
        add: A
        move B
        ",
        expect![[r#"
            remove A
            add A
            move B
            --
            B
            A
        "#]],
    );
}

#[test]
fn a_fault_names_its_command() {
    check(
        "
        A
        ",
        "
        add: B
        remove #99
        ",
        expect![[r#"
            command 1, row 0: row 99 does not exist; list the rows again
        "#]],
    );
}

#[test]
fn a_title_may_have_255_characters_and_no_more() {
    let expand_with = |title: String| {
        let rows = vec![(0, Item::Folder(title.as_str().into()))];
        let position = Place {
            parent: None,
            previous: None,
        };
        let commands = [EditCommand::Add { position, rows }];
        expand(&mut Forest::empty(), &commands, RowId(1)).map(|steps| steps.len())
    };
    assert_eq!(expand_with("ä".repeat(FOLDER_TITLE_MAX)), Ok(1));
    let problem = expand_with("ä".repeat(FOLDER_TITLE_MAX + 1)).unwrap_err();
    expect!["command 0, row 0: the title has 256 characters; use at most 255"]
        .assert_eq(&problem.to_string());
}

#[test]
fn a_person_claims_the_rows_that_stay_of_an_edit() {
    let position = Place {
        parent: None,
        previous: None,
    };
    let add = |name: &str| EditCommand::Add {
        position,
        rows: vec![item(name)],
    };
    let commands = [
        add("A"),
        add("B"),
        EditCommand::Remove {
            rows: vec![RowId(1)],
        },
    ];
    let steps = expand(&mut Forest::empty(), &commands, RowId(1)).unwrap();
    let claims = format!("{:?}", person_claims(&steps));
    expect!["[Made(Claim { row: RowId(2), source: Person })]"].assert_eq(&claims);
}
