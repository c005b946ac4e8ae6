//! Many queries, made at random from a seed: none breaks the simulator, and the indexes find what
//! looking at every issue finds.

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use resync_simulator::Flavour;

use crate::support::{Site, cloud, data_center};

const PIECES: [&str; 48] = [
    "project",
    "=",
    "PAY",
    "(",
    ")",
    "AND",
    "OR",
    "NOT",
    "key",
    "in",
    ",",
    "PAY-1",
    "PAY-2",
    "!=",
    "\"",
    "'",
    "\\",
    "id",
    ">",
    "<=",
    "10010",
    "18446744073709551615",
    "9223372036854775807",
    "updated",
    "-5m",
    "\"9000000000w 9000000000w\"",
    "\"2026/11/24 10:00\"",
    "now()",
    "is",
    "EMPTY",
    "not",
    "~",
    "\"pay*\"",
    "ORDER",
    "BY",
    "Rank",
    "DESC",
    "filter",
    "10001",
    "linkedIssues(",
    "labels",
    "cf[",
    "10052",
    "]",
    "é",
    "=>",
    "-",
    "parent",
];

#[test]
fn no_query_breaks_the_simulator() {
    let mut random = SmallRng::seed_from_u64(11);
    for site in [cloud(), data_center()] {
        for _ in 0..5_000 {
            let length = random.random_range(0..9);
            let words: Vec<_> = (0..length)
                .filter_map(|_| PIECES.choose(&mut random))
                .collect();
            let words: Vec<_> = words.into_iter().copied().collect();
            let query = words.join(if random.random_bool(0.8) { " " } else { "" });
            let found = site.find(&query);
            let fine = found.is_empty() || found.starts_with("400 ") || found.contains('-');
            assert!(fine, "{query}: {found}");
        }
    }
}

fn clause(random: &mut SmallRng, depth: u32) -> String {
    let key = |random: &mut SmallRng| {
        let project = ["PAY", "ONB", "OPS"]
            .choose(random)
            .copied()
            .unwrap_or("PAY");
        format!("{project}-{}", random.random_range(6..30))
    };
    let range = ["<", "<=", ">", ">="]
        .choose(random)
        .copied()
        .unwrap_or("<");
    match random.random_range(0..if depth == 0 { 7 } else { 10 }) {
        0 => format!(
            "project = {}",
            ["PAY", "ONB"].choose(random).copied().unwrap_or("OPS")
        ),
        1 => format!("key in ({}, {})", key(random), key(random)),
        2 => format!("key {range} {}", key(random)),
        3 => format!("id {range} {}", random.random_range(9_990..10_130)),
        4 => format!("parent in ({}, {})", key(random), key(random)),
        5 => format!("updated {range} -{}h", random.random_range(1..700)),
        6 => format!("issue in linkedIssues({})", key(random)),
        7 => format!("NOT ({})", clause(random, depth - 1)),
        8 => format!(
            "({} OR {})",
            clause(random, depth - 1),
            clause(random, depth - 1)
        ),
        _ => format!(
            "({} AND {})",
            clause(random, depth - 1),
            clause(random, depth - 1)
        ),
    }
}

/// Edits of which no key of `clause` is deleted, while searches lag behind.
fn disturb(site: &Site, random: &mut SmallRng) {
    let number = random.random_range(6..30);
    let (issue, other) = (format!("PAY-{number}"), format!("ONB-{}", 36 - number));
    site.simulator.edit(|state| {
        match random.random_range(0..4) {
            0 => drop(state.set_parent(&issue, Some("PAY-1"))),
            1 => drop(state.set_parent(&other, None)),
            2 => drop(state.link("Relates", &issue, &other)),
            _ => drop(state.move_to(&other, "OPS")),
        };
    });
    site.advance(random.random_range(0..4_000));
}

#[test]
fn indexes_find_what_looking_at_every_issue_finds() {
    let mut random = SmallRng::seed_from_u64(12);
    for flavour in [Flavour::Cloud, Flavour::DataCenter] {
        let site = if flavour == Flavour::Cloud {
            cloud()
        } else {
            data_center()
        };
        site.simulator.edit(|state| state.set_search_lag(5_000));
        for _ in 0..400 {
            disturb(&site, &mut random);
            let query = clause(&mut random, 3);
            let indexed = site.find(&format!("{query} ORDER BY id"));
            // No index helps with words, so everything is looked at.
            let scanned = site.find(&format!("({query}) OR summary ~ nowhere ORDER BY id"));
            assert_eq!(indexed, scanned, "{query}");
            assert!(!indexed.starts_with("400"), "{query}: {indexed}");
        }
    }
}
