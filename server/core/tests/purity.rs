//! What this crate must not contain, so that it stays pure: it only decides.

use std::fs;
use std::path::{Path, PathBuf};

/// Words that would let time, chance, waiting or the outside in.
const BANNED: [&str; 14] = [
    "async ",
    ".await",
    "tokio",
    "SystemTime",
    "Instant",
    "rand::",
    "tracing",
    "println",
    "eprintln",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
];

const DEPENDENCIES: [&str; 4] = ["rustc-hash", "serde", "smallvec", "thiserror"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder of the sources can be read");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn no_source_lets_time_chance_or_the_outside_in() {
    let files = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(files.len() > 20, "only {} files were found", files.len());
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        for (line, banned) in code.flat_map(|line| BANNED.map(|banned| (line, banned))) {
            if line.contains(banned) {
                found.push(format!("{}: {}", file.display(), line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn it_depends_on_data_structures_only() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest = manifest.unwrap();
    let section = manifest
        .split("[dependencies]")
        .nth(1)
        .and_then(|rest| rest.split('[').next());
    let names: Vec<&str> = section
        .unwrap()
        .lines()
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .collect();
    let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    assert_eq!(names, DEPENDENCIES);
}
