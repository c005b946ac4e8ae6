//! The longest ascending part of a list: what can stay when a list is put in order.
//!
//! What it is not: the moves. Whatever is not in that part moves, and one move cannot bring more
//! than one item into order, so no list is put in order with fewer.

/// For each item, whether it is in one longest strictly ascending part. Of several such parts it
/// is always the same one. Takes n log n steps.
pub fn longest_ascending(items: &[u32]) -> Vec<bool> {
    // `ends[k]` is the index of the smallest item that ends an ascending part of length k + 1.
    let mut ends: Vec<u32> = Vec::new();
    let mut before: Vec<u32> = Vec::with_capacity(items.len());
    for (at, &item) in items.iter().enumerate() {
        let length = match ends.last() {
            Some(&last) if items[last as usize] < item => ends.len(),
            Some(_) | None => ends.partition_point(|&end| items[end as usize] < item),
        };
        before.push(length.checked_sub(1).map_or(u32::MAX, |k| ends[k]));
        match ends.get_mut(length) {
            Some(end) => *end = at as u32,
            None => ends.push(at as u32),
        }
    }
    let mut stays = vec![false; items.len()];
    let mut next = ends.last().copied().unwrap_or(u32::MAX);
    while next != u32::MAX {
        stays[next as usize] = true;
        next = before[next as usize];
    }
    stays
}
