//! `docs/jira-claims.md` names tests that exist.

use std::collections::BTreeSet;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Names of all test functions of the crate.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![Path::new(ROOT).join("src"), Path::new(ROOT).join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).unwrap();
            let mut attribute = false;
            for line in text.lines().map(str::trim) {
                let name = line.trim_start_matches("async ").strip_prefix("fn ");
                if let Some(name) = name.filter(|_| attribute) {
                    names.extend(name.split('(').next().map(str::to_owned));
                }
                attribute = line.starts_with("#[test]") || line.starts_with("#[tokio::test]");
            }
        }
    }
    names
}

#[test]
fn every_claim_has_a_test_or_a_reason() {
    let path = Path::new(ROOT).join("../docs/jira-claims.md");
    let text = std::fs::read_to_string(path).unwrap();
    let tests = tests();
    let mut ids = BTreeSet::new();
    let mut wrong = Vec::new();
    let rows = text.lines().filter(|line| line.starts_with("| "));
    for line in rows.filter(|line| !line.starts_with("| id |") && !line.starts_with("| --- |")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, _, proof] = cells[..] else {
            wrong.push(format!("{line}: three cells are wanted"));
            continue;
        };
        if !ids.insert(id.to_owned()) {
            wrong.push(format!("{id} stands twice"));
        }
        let reason = proof.starts_with("not simulated, because ");
        let named: Vec<_> = proof.split('`').skip(1).step_by(2).collect();
        let unknown = named.iter().find(|name| !tests.contains(**name));
        if !reason && (named.is_empty() || unknown.is_some()) {
            wrong.push(format!("{id}: {proof} is neither tests nor a reason"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(ids.len() > 150, "{} claims", ids.len());
}
