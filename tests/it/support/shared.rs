//! The data that stands beside the checkout. Tests that need it count themselves as skipped where
//! it is absent, except where everything must run.

use std::path::{Path, PathBuf};

/// The repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of the data beside the checkout; `None`, and a line that says so, when it is not there.
pub(crate) fn file(path: &str) -> Option<PathBuf> {
    let found = repository().join("../shared").join(path);
    if found.exists() {
        return Some(found);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} must be there under CI",
        found.display()
    );
    println!("skipped: {} is not there", found.display());
    None
}

/// The archive of real issues.
pub(crate) fn archive() -> Option<PathBuf> {
    file("jira/data/titanium-archive/issues.jsonl.gz")
}
