//! The rules of ARCHITECTURE.md that a machine can check: who may depend on whom, how large a file
//! may be, and that every test which is named there exists.

use crate::support::shared::repository;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Longest source file, in lines: one screenful of headings, a quarter of an hour of reading.
const SOURCE_LINES_MAX: usize = 400;

/// Longest test file, in lines: tables of cases are longer than what they test.
const TEST_LINES_MAX: usize = 800;

/// For each folder: the crates of this workspace that it may depend on, and the libraries that
/// nobody else may use.
const RULES: [(&str, &[&str], &[&str]); 9] = [
    (".", &[], &["protox", "tonic-prost-build"]),
    ("server/core", &[], &[]),
    (
        "server/store",
        &["resync-core"],
        &["diesel", "diesel-async", "libsqlite3-sys"],
    ),
    ("server/tracker", &["resync-core"], &["reqwest", "rustls"]),
    (
        "server/service",
        &["resync-api", "resync-core", "resync-store"],
        &["tonic-reflection"],
    ),
    (
        "server/jobs",
        &["resync-core", "resync-store", "resync-tracker"],
        &[],
    ),
    ("simulator", &[], &[]),
    ("client/rust", &["resync-api"], &[]),
    (
        "client/cli",
        &["resync-api", "resync-client"],
        &["indicatif"],
    ),
];

/// The names under `[dependencies]` of a manifest.
fn dependencies(folder: &str) -> Vec<String> {
    let path = repository().join(folder).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).expect("the manifest can be read");
    let manifest: toml::Table = text.parse().expect("the manifest is TOML");
    let table = manifest.get("dependencies").and_then(toml::Value::as_table);
    table
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

#[test]
fn dependencies_point_to_the_domain() {
    for (folder, allowed, _) in RULES {
        for name in dependencies(folder)
            .iter()
            .filter(|name| name.starts_with("resync"))
        {
            assert!(
                allowed.contains(&name.as_str()),
                "{folder} may not depend on {name}"
            );
        }
    }
}

#[test]
fn each_library_of_the_edges_stays_at_its_edge() {
    for (owner, _, libraries) in RULES {
        for (folder, ..) in RULES.iter().filter(|(folder, ..)| *folder != owner) {
            let found = dependencies(folder);
            for library in libraries {
                assert!(
                    !found.iter().any(|name| name == library),
                    "{folder} may not use {library}, which belongs to {owner}"
                );
            }
        }
    }
}

#[test]
fn request_handlers_cannot_reach_a_tracker() {
    let found = dependencies("server/service");
    for library in [
        "resync-tracker",
        "resync-jobs",
        "reqwest",
        "hyper",
        "hyper-util",
    ] {
        assert!(
            !found.iter().any(|name| name == library),
            "the service uses {library}"
        );
    }
}

#[test]
fn the_core_is_pure() {
    let allowed = ["rustc-hash", "serde", "smallvec", "thiserror"];
    for name in dependencies("server/core") {
        assert!(
            allowed.contains(&name.as_str()),
            "the core may not depend on {name}"
        );
    }
    let impure = [
        "async fn",
        "tokio",
        "SystemTime",
        "Instant::now",
        "std::fs",
        "std::net",
        "tracing",
    ];
    for (path, text) in sources(&repository().join("server/core/src")) {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for word in impure {
                assert!(
                    !code.contains(word),
                    "{}:{}: {word}",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

/// All Rust files below a folder, with their texts.
fn sources(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("sources are text");
                found.insert(path, text);
            }
        }
    }
    found
}

fn all_sources() -> BTreeMap<PathBuf, String> {
    ["proto", "server", "client", "simulator", "tests"]
        .iter()
        .flat_map(|folder| sources(&repository().join(folder)))
        .filter(|(path, _)| !path.components().any(|part| part.as_os_str() == "target"))
        .collect()
}

#[test]
fn files_stay_small_and_say_what_they_are() {
    for (path, text) in all_sources() {
        let shown = path
            .strip_prefix(repository())
            .expect("it is in the repository");
        let name = shown.to_string_lossy();
        let test = name.contains("tests");
        let most = if test {
            TEST_LINES_MAX
        } else {
            SOURCE_LINES_MAX
        };
        assert!(
            text.lines().count() <= most,
            "{name} has more than {most} lines"
        );
        assert!(
            text.starts_with("//!"),
            "{name} does not open with what it is"
        );
    }
}

#[test]
fn every_test_that_the_architecture_names_exists() {
    let path = repository().join("ARCHITECTURE.md");
    let text = std::fs::read_to_string(path).expect("ARCHITECTURE.md can be read");
    let sources = all_sources();
    let mut named = 0;
    for line in text.lines().filter(|line| line.contains("Test:")) {
        let (_, names) = line.split_once("Test:").expect("it was just found");
        for name in names.split('`').skip(1).step_by(2) {
            named += 1;
            let test = format!("fn {name}(");
            assert!(
                sources.values().any(|text| text.contains(&test)),
                "there is no test {name}"
            );
        }
    }
    assert!(named >= 10, "the invariants name their tests");
}
