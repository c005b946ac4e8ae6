//! Behaviours of the forest, of its check and of a commit, row by row.

use super::*;
use crate::change::ForestChange;
use crate::check::Violation;
use crate::commit::{Writes, writes};

const TOP: Place = Place {
    parent: None,
    previous: None,
};

fn issue(id: i64) -> IssueRef {
    IssueRef {
        tracker: TrackerId(1),
        issue: IssueId(id),
    }
}

/// A stored row; its issue has the row's number.
fn stored(id: i64, parent: i64, key: u8) -> ForestRow {
    ForestRow {
        id: RowId(id),
        parent: (parent != 0).then_some(RowId(parent)),
        key: OrderKey::from_bytes(&[key]).unwrap(),
        item: Item::Issue(issue(id)),
        alias: false,
        placed_by: None,
    }
}

/// 1 has the children 2 and 3; 4 follows it.
fn rows() -> Vec<ForestRow> {
    vec![
        stored(3, 1, 9),
        stored(4, 0, 7),
        stored(1, 0, 5),
        stored(2, 1, 5),
    ]
}

fn load(rows: Vec<ForestRow>) -> Result<Forest, Vec<Violation>> {
    Forest::from_rows(ForestVersion(6), rows)
}

fn place(parent: i64, previous: i64) -> Place {
    let row = |id: i64| (id != 0).then_some(RowId(id));
    Place {
        parent: row(parent),
        previous: row(previous),
    }
}

fn add(row: i64, to: Place) -> ForestChange {
    ForestChange::Add {
        row: RowId(row),
        item: Item::Issue(issue(row)),
        alias: false,
        to,
    }
}

fn move_row(row: i64, from: Place, to: Place) -> ForestChange {
    ForestChange::Move {
        row: RowId(row),
        from,
        to,
    }
}

fn remove(row: i64, from: Place) -> ForestChange {
    ForestChange::Remove {
        row: RowId(row),
        item: Item::Issue(issue(row)),
        alias: false,
        from,
    }
}

fn applied(forest: &mut Forest, steps: &[ForestChange]) -> Writes {
    for step in steps {
        forest.apply(step).unwrap();
    }
    writes(forest, steps)
}

#[test]
fn a_row_takes_at_most_80_bytes_beside_the_indices() {
    assert!(size_of::<Node>() <= 80, "{}", size_of::<Node>());
}

#[test]
fn a_removed_slot_is_used_again() {
    let mut forest = Forest::empty();
    forest.apply(&add(1, TOP)).unwrap();
    forest.undo(&add(1, TOP)).unwrap();
    forest.apply(&add(1, TOP)).unwrap();
    assert_eq!((forest.len(), forest.slot_count()), (1, 1));
}

#[test]
fn rows_in_any_order_become_a_forest() {
    let forest = load(rows()).unwrap();
    let order: Vec<(i64, usize)> = forest
        .preorder()
        .map(|(row, depth)| (row.0, depth))
        .collect();
    assert_eq!(order, [(1, 0), (2, 1), (3, 1), (4, 0)]);
    assert_eq!(forest.version(), ForestVersion(6));
    assert_eq!(forest.place_of(RowId(3)), Some(place(1, 2)));
    assert_eq!(forest.end_of(None), place(0, 4));
    assert_eq!(forest.primary_row(issue(2)), Some(RowId(2)));
    assert!(forest.is_below(RowId(2), RowId(1)) && !forest.is_below(RowId(1), RowId(1)));
}

#[test]
fn rows_come_back_as_they_were_stored() {
    let mut sorted = rows();
    sorted[0].placed_by = Some(SynchronizerId(8));
    let forest = load(sorted.clone()).unwrap();
    let found: Vec<ForestRow> = sorted.iter().filter_map(|row| forest.row(row.id)).collect();
    assert_eq!(found, sorted);
}

#[test]
fn a_row_that_is_there_twice_is_found() {
    let mut rows = rows();
    rows.push(stored(2, 0, 1));
    assert_eq!(
        load(rows).unwrap_err(),
        [Violation::DuplicateRow { row: RowId(2) }]
    );
}

#[test]
fn a_parent_that_is_not_there_is_found() {
    let mut rows = rows();
    rows.push(stored(5, 99, 1));
    let found = Violation::UnknownParent {
        row: RowId(5),
        parent: RowId(99),
    };
    assert_eq!(load(rows).unwrap_err(), [found]);
}

#[test]
fn rows_below_each_other_are_found() {
    let mut rows = rows();
    rows.extend([stored(5, 6, 1), stored(6, 5, 1)]);
    let found = [5, 6].map(|row| Violation::Unreachable { row: RowId(row) });
    assert_eq!(load(rows).unwrap_err(), found);
}

#[test]
fn siblings_with_the_same_key_are_found() {
    let mut rows = rows();
    rows.push(stored(5, 1, 9));
    assert_eq!(
        load(rows).unwrap_err(),
        [Violation::KeyOrder { row: RowId(5) }]
    );
}

#[test]
fn a_second_primary_row_is_found() {
    let mut rows = rows();
    rows.push(ForestRow {
        item: Item::Issue(issue(1)),
        ..stored(5, 0, 9)
    });
    let found = Violation::SecondPrimary {
        row: RowId(5),
        issue: issue(1),
    };
    assert_eq!(load(rows).unwrap_err(), [found]);
}

#[test]
fn an_alias_without_a_primary_row_is_found() {
    let mut rows = rows();
    rows.push(ForestRow {
        alias: true,
        ..stored(5, 0, 9)
    });
    let found = Violation::AliasWithoutPrimary {
        row: RowId(5),
        issue: issue(5),
    };
    assert_eq!(load(rows).unwrap_err(), [found]);
}

#[test]
fn a_folder_that_is_an_alias_is_found() {
    let mut rows = rows();
    rows.push(ForestRow {
        item: Item::Folder("F".into()),
        alias: true,
        ..stored(5, 0, 9)
    });
    assert_eq!(
        load(rows).unwrap_err(),
        [Violation::FolderAlias { row: RowId(5) }]
    );
}

#[test]
fn an_index_that_lost_a_row_is_found() {
    let mut forest = load(rows()).unwrap();
    forest.primaries.clear();
    let found: Vec<Violation> = crate::check::violations(&forest);
    assert_eq!(
        found,
        [1, 2, 3, 4].map(|row| Violation::NotIndexed { row: RowId(row) })
    );
}

#[test]
fn a_step_that_does_not_fit_is_refused_and_changes_nothing() {
    let folder_alias = ForestChange::Add {
        row: RowId(9),
        item: Item::Folder("F".into()),
        alias: true,
        to: TOP,
    };
    let second = ForestChange::Add {
        row: RowId(9),
        item: Item::Issue(issue(1)),
        alias: false,
        to: TOP,
    };
    let cases = [
        (remove(9, TOP), ChangeError::UnknownRow(RowId(9))),
        (add(9, place(99, 0)), ChangeError::UnknownRow(RowId(99))),
        (add(1, TOP), ChangeError::RowExists(RowId(1))),
        (remove(2, place(1, 3)), ChangeError::Differs(RowId(2))),
        (
            move_row(2, TOP, place(0, 4)),
            ChangeError::Differs(RowId(2)),
        ),
        (
            ForestChange::SetAlias {
                row: RowId(1),
                alias: false,
            },
            ChangeError::Differs(RowId(1)),
        ),
        (add(9, place(0, 2)), ChangeError::NotASibling(RowId(2))),
        (move_row(1, TOP, place(2, 0)), ChangeError::Cycle(RowId(1))),
        (
            move_row(4, place(0, 1), place(4, 0)),
            ChangeError::Cycle(RowId(4)),
        ),
        (
            move_row(4, place(0, 1), place(0, 4)),
            ChangeError::Cycle(RowId(4)),
        ),
        (remove(1, TOP), ChangeError::HasChildren(RowId(1))),
        (second, ChangeError::SecondPrimary(RowId(9))),
        (folder_alias, ChangeError::FolderAlias(RowId(9))),
    ];
    let forest = load(rows()).unwrap();
    for (step, error) in cases {
        let mut tried = forest.clone();
        assert_eq!(tried.apply(&step), Err(error), "{step:?}");
        assert!(
            tried.preorder().eq(forest.preorder()),
            "{step:?} changed something"
        );
        assert!(
            crate::check::violations(&tried).is_empty(),
            "{step:?} broke something"
        );
    }
}

#[test]
fn what_differs_from_a_removed_row_is_noticed() {
    let mut forest = load(rows()).unwrap();
    let other = ForestChange::Remove {
        row: RowId(2),
        item: Item::Issue(issue(3)),
        alias: false,
        from: place(1, 0),
    };
    assert_eq!(forest.apply(&other), Err(ChangeError::Differs(RowId(2))));
}

#[test]
fn a_commit_writes_one_row_for_a_move() {
    let mut forest = load(rows()).unwrap();
    let writes = applied(&mut forest, &[move_row(4, place(0, 1), place(1, 2))]);
    let written: Vec<(i64, &[u8])> = writes
        .upserts
        .iter()
        .map(|row| (row.id.0, row.key.as_bytes()))
        .collect();
    assert_eq!(written, [(4, &[7][..])], "between 5 and 9");
    assert!(writes.deletes.is_empty());
    assert_eq!(
        (writes.version, forest.version()),
        (ForestVersion(7), ForestVersion(7))
    );
}

#[test]
fn a_commit_writes_a_row_once_however_often_it_moved() {
    let mut forest = load(rows()).unwrap();
    let steps = [
        move_row(4, place(0, 1), place(1, 2)),
        move_row(4, place(1, 2), place(0, 0)),
    ];
    let writes = applied(&mut forest, &steps);
    let written: Vec<i64> = writes.upserts.iter().map(|row| row.id.0).collect();
    assert_eq!(written, [4]);
}

#[test]
fn a_row_that_came_and_went_is_not_written() {
    let mut forest = load(rows()).unwrap();
    let writes = applied(&mut forest, &[add(9, TOP), remove(9, TOP)]);
    assert!(
        writes.upserts.is_empty() && writes.deletes.is_empty(),
        "{writes:?}"
    );
}

#[test]
fn a_row_that_went_is_deleted_and_one_that_came_back_is_not() {
    let mut forest = load(rows()).unwrap();
    let steps = [
        remove(3, place(1, 2)),
        remove(2, place(1, 0)),
        add(3, place(1, 0)),
    ];
    let writes = applied(&mut forest, &steps);
    assert_eq!(writes.deletes, [RowId(2)]);
    assert_eq!(
        writes
            .upserts
            .iter()
            .map(|row| row.id.0)
            .collect::<Vec<_>>(),
        [3]
    );
}

#[test]
fn a_run_of_new_rows_is_spread_between_its_neighbours() {
    let mut forest = load(rows()).unwrap();
    let steps = [
        add(10, place(1, 2)),
        add(11, place(1, 10)),
        add(12, place(1, 11)),
    ];
    let writes = applied(&mut forest, &steps);
    let keys: Vec<&[u8]> = writes
        .upserts
        .iter()
        .map(|row| row.key.as_bytes())
        .collect();
    assert_eq!(keys, [&[6][..], &[7], &[8]], "between 5 and 9");
}

#[test]
fn a_new_role_is_written_and_keeps_the_place() {
    let mut rows = rows();
    rows.push(ForestRow {
        item: Item::Issue(issue(2)),
        alias: true,
        ..stored(5, 0, 9)
    });
    let mut forest = load(rows).unwrap();
    let promoted = ForestChange::SetAlias {
        row: RowId(5),
        alias: false,
    };
    let writes = applied(&mut forest, &[remove(2, place(1, 0)), promoted]);
    assert_eq!(writes.upserts.len(), 1);
    assert_eq!(
        (writes.upserts[0].alias, writes.upserts[0].key.as_bytes()),
        (false, &[9][..])
    );
    assert_eq!(forest.primary_row(issue(2)), Some(RowId(5)));
}

#[test]
fn the_placer_of_a_row_is_written() {
    let mut forest = load(rows()).unwrap();
    let step = move_row(4, place(0, 1), place(1, 3));
    forest.apply(&step).unwrap();
    forest.set_placed_by(RowId(4), Some(SynchronizerId(3)));
    let writes = writes(&mut forest, &[step]);
    assert_eq!(writes.upserts[0].placed_by, Some(SynchronizerId(3)));
}
