//! Keys that order siblings, so that a move writes one row.
//!
//! A key is a fraction between 0 and 1 written in base 256, most significant digit first. Between
//! two keys there is always another one, so siblings never have to be renumbered. It is not
//! Jira's rank, which is Jira's to write, and is never copied from it.
//!
//! At the ends keys count instead of halving the rest: after `k` leading digits 255 a counter of
//! `2^k` digits follows (before: leading digits 0), so a million keys appended one by one have at
//! most six digits. Halving would take a digit for every eight.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The order of a row among its siblings. Compares as bytes, here and in both databases.
///
/// # Invariants
/// Not empty, and the last digit is not 0 (so that equal fractions are equal keys).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderKey(SmallVec<[u8; 16]>);

type Digits = SmallVec<[u8; 16]>;

/// The most leading end digits that still double the counter: 2^3 digits count beyond any forest.
const COUNTER_DOUBLINGS_MAX: u32 = 3;

/// The first key among siblings: the middle.
const MIDDLE: u8 = 0x80;

impl OrderKey {
    /// Reads a key from a store; `None` when the bytes are not one.
    pub fn from_bytes(bytes: &[u8]) -> Option<OrderKey> {
        (bytes.last().is_some_and(|&last| last != 0)).then(|| OrderKey(bytes.into()))
    }

    /// The digits.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A key after `prev` and before `next`; `None` is the end on that side.
    ///
    /// # Panics
    /// When `prev` is not before `next`.
    pub fn between(prev: Option<&OrderKey>, next: Option<&OrderKey>) -> OrderKey {
        let mut keys = Self::spread(prev, next, 1);
        keys.pop().expect("one key was asked for")
    }

    /// `count` keys in ascending order, evenly spread after `prev` and before `next`; `None` is
    /// the end on that side.
    ///
    /// # Panics
    /// When `prev` is not before `next`.
    pub fn spread(prev: Option<&OrderKey>, next: Option<&OrderKey>, count: usize) -> Vec<OrderKey> {
        match (prev, next) {
            (Some(prev), Some(next)) => inside(prev, next, count),
            (Some(prev), None) => successive(prev.clone(), count, after),
            (None, Some(next)) => {
                let mut keys = successive(next.clone(), count, before);
                keys.reverse();
                keys
            }
            (None, None) if count == 0 => Vec::new(),
            (None, None) => {
                let first = OrderKey(SmallVec::from_slice(&[MIDDLE]));
                let mut keys = vec![first.clone()];
                keys.extend(successive(first, count - 1, after));
                keys
            }
        }
    }

    /// The placeholder of a row that has no key yet. It never leaves this crate.
    pub(crate) fn unset() -> OrderKey {
        OrderKey(SmallVec::new())
    }

    /// Whether this is a key, and not the placeholder.
    pub(crate) fn is_set(&self) -> bool {
        !self.0.is_empty()
    }
}

fn successive(start: OrderKey, count: usize, step: fn(&OrderKey) -> OrderKey) -> Vec<OrderKey> {
    std::iter::successors(Some(step(&start)), |key| Some(step(key)))
        .take(count)
        .collect()
}

/// The next key of the counter at the end.
fn after(key: &OrderKey) -> OrderKey {
    let mut counter = counter(key, u8::MAX);
    for digit in counter.iter_mut().rev() {
        *digit = digit.wrapping_add(1);
        if *digit != 0 {
            break;
        }
    }
    let ends = leading(key, u8::MAX);
    if counter.first() == Some(&u8::MAX) {
        let mut first = SmallVec::from_elem(0, counter_width(ends + 1));
        if let Some(last) = first.last_mut() {
            *last = 1;
        }
        return assemble(u8::MAX, ends + 1, first);
    }
    assemble(u8::MAX, ends, counter)
}

/// The next key of the counter at the front, which counts down.
fn before(key: &OrderKey) -> OrderKey {
    let mut counter = counter(key, 0);
    for digit in counter.iter_mut().rev() {
        *digit = digit.wrapping_sub(1);
        if *digit != u8::MAX {
            break;
        }
    }
    let ends = leading(key, 0);
    if counter.first() == Some(&0) {
        let first = SmallVec::from_elem(u8::MAX, counter_width(ends + 1));
        return assemble(0, ends + 1, first);
    }
    assemble(0, ends, counter)
}

fn leading(key: &OrderKey, end: u8) -> usize {
    key.0.iter().take_while(|&&digit| digit == end).count()
}

fn counter_width(ends: usize) -> usize {
    1 << ends.min(COUNTER_DOUBLINGS_MAX as usize)
}

/// The digits after the leading `end` digits, filled up with 0 to the width of the counter.
fn counter(key: &OrderKey, end: u8) -> Digits {
    let ends = leading(key, end);
    let digits = key.0.iter().copied().skip(ends);
    digits
        .chain(std::iter::repeat(0))
        .take(counter_width(ends))
        .collect()
}

fn assemble(end: u8, ends: usize, counter: Digits) -> OrderKey {
    let mut digits: Digits = SmallVec::from_elem(end, ends);
    digits.extend(counter);
    OrderKey(trimmed(digits))
}

fn trimmed(mut digits: Digits) -> Digits {
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}

/// Takes the fewest digits at which the gap has room for all keys, and divides it evenly.
fn inside(prev: &OrderKey, next: &OrderKey, count: usize) -> Vec<OrderKey> {
    assert!(
        prev < next,
        "there is no key between two that are not in order"
    );
    let slots = count as u128 + 1;
    let digit = |key: &OrderKey, at: usize| key.0.get(at).copied().unwrap_or(0);
    let mut gap: u128 = 0;
    let mut floor: Digits = SmallVec::new();
    while gap < slots {
        let (low, high) = (digit(prev, floor.len()), digit(next, floor.len()));
        // The gap is below `slots` here, so this cannot overflow; and since `prev` is before
        // `next`, it is 0 only while their digits are equal, so it never falls below 0.
        gap = gap * 256 + u128::from(high) - u128::from(low);
        floor.push(low);
    }
    // gap * slots may exceed 128 bits only when count exceeds 2^60, which no memory holds.
    (1..slots)
        .map(|slot| OrderKey(trimmed(plus(&floor, gap * slot / slots))))
        .collect()
}

fn plus(floor: &Digits, mut offset: u128) -> Digits {
    let mut sum = floor.clone();
    for digit in sum.iter_mut().rev() {
        offset += u128::from(*digit);
        *digit = (offset % 256) as u8;
        offset /= 256;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(bytes: &[u8]) -> OrderKey {
        OrderKey::from_bytes(bytes).unwrap()
    }

    fn any_key() -> impl Strategy<Value = OrderKey> {
        let digit = prop_oneof![
            Just(0u8),
            Just(1),
            Just(0x80),
            Just(0xfe),
            Just(0xff),
            any::<u8>()
        ];
        (proptest::collection::vec(digit, 0..12), 1u8..).prop_map(|(mut digits, last)| {
            digits.push(last);
            key(&digits)
        })
    }

    fn assert_ascending(prev: Option<&OrderKey>, keys: &[OrderKey], next: Option<&OrderKey>) {
        let all: Vec<&OrderKey> = prev.into_iter().chain(keys).chain(next).collect();
        assert!(
            all.windows(2).all(|pair| pair[0] < pair[1]),
            "not ascending: {all:?}"
        );
        assert!(
            keys.iter()
                .all(|key| OrderKey::from_bytes(key.as_bytes()).is_some())
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn there_are_always_keys_between_two(a in any_key(), b in any_key(), count in 0usize..70) {
            prop_assume!(a != b);
            let (prev, next) = if a < b { (a, b) } else { (b, a) };
            let keys = OrderKey::spread(Some(&prev), Some(&next), count);
            prop_assert_eq!(keys.len(), count);
            assert_ascending(Some(&prev), &keys, Some(&next));
        }

        #[test]
        fn there_are_always_keys_at_both_ends(end in any_key(), count in 0usize..700) {
            let behind = OrderKey::spread(Some(&end), None, count);
            assert_ascending(Some(&end), &behind, None);
            let ahead = OrderKey::spread(None, Some(&end), count);
            assert_ascending(None, &ahead, Some(&end));
            prop_assert_eq!((behind.len(), ahead.len()), (count, count));
        }

        #[test]
        fn random_insertions_keep_the_order(
            places in proptest::collection::vec(any::<u16>(), 1..300),
        ) {
            let mut keys: Vec<OrderKey> = Vec::new();
            for place in places {
                let at = usize::from(place) % (keys.len() + 1);
                let prev = at.checked_sub(1).and_then(|before| keys.get(before));
                let new = OrderKey::between(prev, keys.get(at));
                keys.insert(at, new);
            }
            assert_ascending(None, &keys, None);
        }
    }

    #[test]
    fn keys_stay_short_when_a_million_are_appended_one_by_one() {
        let mut last = OrderKey::between(None, None);
        for _ in 0..1_000_000 {
            let next = OrderKey::between(Some(&last), None);
            assert!(last < next);
            last = next;
        }
        assert!(last.as_bytes().len() <= 6, "{last:?}");
    }

    #[test]
    fn keys_stay_short_when_a_million_are_put_in_front_one_by_one() {
        let mut first = OrderKey::between(None, None);
        for _ in 0..1_000_000 {
            let next = OrderKey::between(None, Some(&first));
            assert!(next < first);
            first = next;
        }
        assert!(first.as_bytes().len() <= 6, "{first:?}");
    }

    #[test]
    fn a_run_in_a_gap_is_spread_evenly() {
        let keys = OrderKey::spread(Some(&key(&[0x10])), Some(&key(&[0x20])), 3);
        let digits: Vec<&[u8]> = keys.iter().map(OrderKey::as_bytes).collect();
        assert_eq!(digits, [&[0x14][..], &[0x18], &[0x1c]]);
    }

    #[test]
    fn bytes_that_are_not_a_key_are_refused() {
        assert_eq!(OrderKey::from_bytes(&[]), None);
        assert_eq!(OrderKey::from_bytes(&[1, 0]), None);
    }

    #[test]
    #[should_panic(expected = "not in order")]
    fn equal_keys_have_nothing_between_them() {
        OrderKey::between(Some(&key(&[7])), Some(&key(&[7])));
    }
}
