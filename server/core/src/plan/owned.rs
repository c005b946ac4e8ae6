//! Whose place is whose, for those who look at the other side.
//!
//! What it is not: part of making a plan; there, the owner is asked row by row.

use super::facts::Facts;
use super::snapshot::{self, Snapshot};
use super::{owner, work};
use crate::id::SynchronizerId;
use crate::issue::IssueRef;
use rustc_hash::FxHashSet;

/// The issues of which a synchronizer that is declared before this one places the primary row.
/// Where such a row is says nothing about what this one keeps in step.
pub fn owned_before(snapshot: &Snapshot<'_>, synchronizer: SynchronizerId) -> FxHashSet<IssueRef> {
    let facts = Facts::new(snapshot);
    let participants = snapshot::participants(snapshot, &facts);
    let found = participants.iter().find(|part| part.id == synchronizer);
    let Some(me) = found.filter(|me| me.index > 0) else {
        return FxHashSet::default();
    };
    let mut work = work::Work::new(snapshot, &facts, &participants);
    work.start_pass();
    let is_owned = |&(issue, row): &(IssueRef, _)| owner::is_before(&work, me, issue, Some(row));
    let rows = snapshot.forest.walk().map(|(slot, _)| slot);
    rows.filter(|&slot| !snapshot.forest.alias_at(slot))
        .filter_map(|slot| {
            let issue = snapshot.forest.issue_at(slot)?;
            Some((issue, snapshot.forest.id_at(slot)?))
        })
        .filter(is_owned)
        .map(|(issue, _)| issue)
        .collect()
}
