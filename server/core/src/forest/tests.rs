//! Behaviours of the forest that no other test would notice.
use super::*;
use crate::change::ForestChange;

#[test]
fn a_row_takes_at_most_80_bytes_beside_the_indices() {
    assert!(size_of::<Node>() <= 80, "{}", size_of::<Node>());
}

#[test]
fn a_removed_slot_is_used_again() {
    let mut forest = Forest::empty();
    let to = Place {
        parent: None,
        previous: None,
    };
    let add = ForestChange::Add {
        row: RowId(1),
        item: Item::Folder("A".into()),
        alias: false,
        to,
    };
    forest.apply(&add).unwrap();
    forest.undo(&add).unwrap();
    forest.apply(&add).unwrap();
    assert_eq!((forest.len(), forest.slot_count()), (1, 1));
}
