//! The longest ascending part of a list.

use proptest::prelude::*;
use resync_core::tracker_plan::longest_ascending;
use std::time::Instant;

/// Every permutation of `0..length`.
fn permutations(length: u32) -> Vec<Vec<u32>> {
    (0..length).fold(vec![Vec::new()], |shorter, item| {
        let longer = |list: Vec<u32>| {
            (0..=list.len()).map(move |at| {
                let mut longer = list.clone();
                longer.insert(at, item);
                longer
            })
        };
        shorter.into_iter().flat_map(longer).collect()
    })
}

fn is_ascending(items: &[u32]) -> bool {
    items.windows(2).all(|pair| pair[0] < pair[1])
}

fn kept(items: &[u32]) -> Vec<u32> {
    let stays = longest_ascending(items);
    let kept = items.iter().zip(stays).filter(|&(_, stays)| stays);
    kept.map(|(&item, _)| item).collect()
}

/// The fewest moves of one item each that put a list in order, by trying them all breadth first.
fn fewest_moves(items: &[u32]) -> usize {
    let mut reached = vec![items.to_vec()];
    let mut seen: std::collections::HashSet<Vec<u32>> = reached.iter().cloned().collect();
    for moves in 0.. {
        if reached.iter().any(|list| is_ascending(list)) {
            return moves;
        }
        let mut next = Vec::new();
        for list in reached {
            for from in 0..list.len() {
                for to in 0..list.len() {
                    let mut moved = list.clone();
                    let item = moved.remove(from);
                    moved.insert(to, item);
                    if seen.insert(moved.clone()) {
                        next.push(moved);
                    }
                }
            }
        }
        reached = next;
    }
    unreachable!("every list can be put in order")
}

#[test]
fn no_list_of_up_to_seven_is_put_in_order_with_fewer_moves() {
    for length in 0..=7 {
        for list in permutations(length) {
            // Trying all moves of seven takes long; the best part by all subsets says the same.
            let longest = (0u32..1 << length)
                .map(|subset| -> Vec<u32> {
                    let chosen = list.iter().enumerate();
                    let chosen = chosen.filter(|&(at, _)| subset & (1 << at) != 0);
                    chosen.map(|(_, &item)| item).collect()
                })
                .filter(|part| is_ascending(part))
                .map(|part| part.len())
                .max();
            let kept = kept(&list);
            assert!(is_ascending(&kept), "{list:?} keeps {kept:?}");
            assert_eq!(Some(kept.len()), longest, "{list:?}");
            if length <= 5 {
                assert_eq!(list.len() - kept.len(), fewest_moves(&list), "{list:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn what_stays_is_ascending_and_nothing_can_be_added(
        items in Just((0u32..200).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let kept = kept(&items);
        prop_assert!(is_ascending(&kept));
        // The quadratic way.
        let mut lengths: Vec<usize> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let before = (0..at).filter(|&before| items[before] < *item);
            let longest = before.map(|before| lengths[before]).max().unwrap_or(0);
            lengths.push(longest + 1);
        }
        prop_assert_eq!(Some(kept.len()), lengths.into_iter().max());
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the time is printed; it has to be short, not exact"
)]
fn a_million_are_looked_at_quickly() {
    let length = 1_000_000u32;
    // 7919 is coprime to the length, so this is a permutation without long parts in order.
    let shuffled: Vec<u32> = (0..length)
        .map(|at| (u64::from(at) * 7_919 % u64::from(length)) as u32)
        .collect();
    let start = Instant::now();
    let kept = kept(&shuffled);
    let took = start.elapsed();
    println!("{} of {length} stay, in {took:?}", kept.len());
    assert!(is_ascending(&kept));
    assert!(took.as_secs() < 5, "{took:?}");
}
