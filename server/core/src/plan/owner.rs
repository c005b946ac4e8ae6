//! Who places a row.
//!
//! Of the synchronizers that take part, the first in declared order that has an opinion owns the
//! placement of the row.

use super::kinds::Participant;
use super::work::Work;
use crate::id::{IssueId, RowId, SynchronizerId};
use crate::issue::IssueRef;

/// The owner of the placement of an issue's primary row, and the parent that it wants. `row` is
/// that row, when the issue has one.
pub(super) fn of(
    work: &Work<'_, '_>,
    issue: IssueRef,
    row: Option<RowId>,
) -> Option<(SynchronizerId, RowId)> {
    first(work, work.participants, issue, row)
}

/// Whether one that comes before `me` owns the placement of an issue's primary row.
pub(super) fn is_before(
    work: &Work<'_, '_>,
    me: &Participant<'_>,
    issue: IssueRef,
    row: Option<RowId>,
) -> bool {
    first(work, &work.participants[..me.index], issue, row).is_some()
}

fn first(
    work: &Work<'_, '_>,
    among: &[Participant<'_>],
    issue: IssueRef,
    row: Option<RowId>,
) -> Option<(SynchronizerId, RowId)> {
    let of_tracker = among.iter().filter(|found| found.tracker == issue.tracker);
    of_tracker.into_iter().find_map(|participant| {
        let wanted = participant.rules.wanted_row(work, participant, issue, row);
        Some((participant.id, wanted?))
    })
}

/// The issue below which the first synchronizer that has an opinion would keep an issue, whether
/// or not it is in the structure.
pub(super) fn wanted_issue(work: &Work<'_, '_>, issue: IssueRef) -> Option<IssueId> {
    let of_tracker = work
        .participants
        .iter()
        .filter(|found| found.tracker == issue.tracker);
    of_tracker
        .into_iter()
        .find_map(|participant| participant.rules.wanted_issue(work, participant, issue))
}
