//! Who places a row.
//!
//! Of the synchronizers that take part, the first in declared order that has an opinion owns the
//! placement of the row. A filter has an opinion only when it may move issues; otherwise it only
//! has a default place for rows that it adds.

use super::snapshot::Part;
use super::work::Work;
use crate::claim::ClaimSource;
use crate::id::{IssueId, RowId, SynchronizerId};
use crate::issue::IssueRef;
use crate::synchronizer::{FilterSettings, Settings};

/// The owner of the placement of an issue's primary row, and the parent that it wants. `row` is
/// that row, when the issue has one.
pub(super) fn of(
    work: &Work<'_, '_>,
    issue: IssueRef,
    row: Option<RowId>,
) -> Option<(SynchronizerId, RowId)> {
    let primary = |parent| {
        work.forest.primary_row(IssueRef {
            tracker: issue.tracker,
            issue: parent,
        })
    };
    let gathers = |settings: &FilterSettings| {
        let parent = settings.parent_issue.filter(|_| settings.allow_move)?;
        primary(parent).filter(|_| parent != issue.issue)
    };
    let of_tracker = work
        .participants
        .iter()
        .filter(|found| found.tracker == issue.tracker);
    of_tracker.into_iter().find_map(|participant| {
        let wanted = match &participant.part {
            Part::Filter(filter) if filter.matched.contains(&issue.issue) => {
                gathers(filter.settings)
            }
            Part::Filter(_) => None,
            Part::Subtasks(read) => read.parent(issue.issue).and_then(primary),
            Part::Bystander(Settings::Filter(settings)) => {
                let source = ClaimSource::Synchronizer(participant.id);
                row.filter(|&row| work.has_claim(row, source))
                    .and_then(|_| gathers(settings))
            }
            Part::Bystander(Settings::Subtasks(settings)) => work
                .facts
                .selected_parent(issue, settings)
                .and_then(primary),
            Part::Bystander(_) => None,
        };
        Some((participant.id, wanted?))
    })
}

/// The issue below which a sub-tasks synchronizer that takes part would keep an issue, whether or
/// not it is in the structure.
pub(super) fn wanted_parent(work: &Work<'_, '_>, issue: IssueRef) -> Option<IssueId> {
    let of_tracker = work
        .participants
        .iter()
        .filter(|found| found.tracker == issue.tracker);
    of_tracker
        .into_iter()
        .find_map(|participant| match &participant.part {
            Part::Subtasks(read) => read.parent(issue.issue),
            Part::Bystander(Settings::Subtasks(settings)) => {
                work.facts.selected_parent(issue, settings)
            }
            Part::Filter(_) | Part::Bystander(_) => None,
        })
}
