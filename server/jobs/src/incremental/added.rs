//! The rows that were added since a structure was last synced.
//!
//! What it is not: a reason to add or remove anything. Of what is new, only more has to be read.

use super::observe::{Followed, Reading};
use crate::failure::Stop;
use resync_core::change::{ForestChange, Item};
use resync_core::id::{IssueId, TrackerId};
use std::collections::BTreeSet;

/// Versions of the forest that are looked through; after more, all is read again.
const VERSIONS_MAX: usize = 1_000;

/// The issues of rows that were added.
pub(super) struct Added {
    /// All of them, whoever added them.
    pub(super) issues: BTreeSet<IssueId>,
    /// Those that people added: what is known of them may be from when they last had a row.
    pub(super) by_people: BTreeSet<IssueId>,
    /// Whether there was not too much to look through.
    pub(super) complete: bool,
}

/// Looks through the versions that one of the synchronizers has not been compared with.
pub(super) async fn since_last_sync(
    reading: &Reading<'_>,
    tracker: TrackerId,
    followed: &[Followed],
) -> Result<Added, Stop> {
    let mut added = Added {
        issues: BTreeSet::new(),
        by_people: BTreeSet::new(),
        complete: true,
    };
    let current = reading.loaded.rows.forest.version();
    let oldest = followed.iter().map(|one| one.mirror.forest_version).min();
    let Some(oldest) = oldest.filter(|oldest| *oldest < current) else {
        return Ok(added);
    };
    let store = &reading.engine.parts.store;
    let structure = reading.structure;
    let versions = store.load_changes(structure, oldest, VERSIONS_MAX).await?;
    added.complete = versions.last().map(|last| last.version) >= Some(current);
    for version in &versions {
        for change in &version.changes {
            if let ForestChange::Add {
                item: Item::Issue(issue),
                ..
            } = change
                && issue.tracker == tracker
            {
                added.issues.insert(issue.issue);
                if version.job.is_none() {
                    added.by_people.insert(issue.issue);
                }
            }
        }
    }
    Ok(added)
}
