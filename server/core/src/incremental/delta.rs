//! What a few changes make of what was known.
//!
//! What it is not: reading. Everything here has been read, completely.

use crate::id::{IssueId, SynchronizerId};
use crate::job::ChangeKind;
use crate::plan::{Plan, PlannedChange};
use crate::time::Timestamp;
use rustc_hash::FxHashSet;
use std::time::Duration;

/// Requests of a sync beside those for the issues that have changed: one poll, the account before
/// and after, one question and one spare for each.
const REQUESTS_BESIDE: usize = 5;

/// Changed issues for each further request.
const ISSUES_PER_REQUEST: usize = 100;

/// The issues that a query matched, in its order, as far as the changes are taken in.
pub type Mirrored = Vec<IssueId>;

/// Brings a mirror up to date: of the issues that were `asked` about, those that match stay where
/// they are or follow at the end, in their order, and the others leave.
pub fn updated(mirror: &[IssueId], asked: &FxHashSet<IssueId>, matching: &[IssueId]) -> Mirrored {
    let matches: FxHashSet<IssueId> = matching.iter().copied().collect();
    let stays = |id: &&IssueId| !asked.contains(id) || matches.contains(id);
    let mut next: Mirrored = mirror.iter().filter(stays).copied().collect();
    let mut known: FxHashSet<IssueId> = next.iter().copied().collect();
    next.extend(matching.iter().copied().filter(|id| known.insert(*id)));
    next
}

/// Whether an issue that the tracker does not show is deleted, rather than hidden: it has been
/// missing for a whole sweep interval when a sweep begins, so that two complete listings are without
/// it, and another issue of its project can be read (`sentinel`), so that the account still sees the
/// project. An issue that a security level hides looks the same; no answer of Jira tells them apart.
pub fn is_gone(
    missing_since: Option<Timestamp>,
    sweep_began: Timestamp,
    sweep_interval: Duration,
    sentinel: bool,
) -> bool {
    let interval_ms = i64::try_from(sweep_interval.as_millis()).unwrap_or(i64::MAX);
    sentinel
        && missing_since.is_some_and(|since| since.plus_milliseconds(interval_ms) <= sweep_began)
}

/// The synchronizers on whose behalf a plan discards something, or else moves something: those to
/// suspend when a guard stops it. In order of their ids.
pub fn culprits(plan: &Plan) -> Vec<SynchronizerId> {
    let discards = |planned: &&PlannedChange| planned.destructive;
    let moves = |planned: &&PlannedChange| planned.kind != ChangeKind::AddRow;
    let of = |changes: &[&PlannedChange]| -> Vec<SynchronizerId> {
        changes.iter().map(|planned| planned.synchronizer).collect()
    };
    let destructive: Vec<&PlannedChange> = plan.changes.iter().filter(discards).collect();
    let moving: Vec<&PlannedChange> = plan.changes.iter().filter(moves).collect();
    let mut found = of(if destructive.is_empty() {
        &moving
    } else {
        &destructive
    });
    found.sort_unstable();
    found.dedup();
    found
}

/// How many requests an incremental sync of so many changed issues may send.
pub fn requests_allowed(changed: usize) -> usize {
    changed.div_ceil(ISSUES_PER_REQUEST) + REQUESTS_BESIDE
}
