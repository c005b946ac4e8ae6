//! The filter rule: every matched issue has a row, and the row is claimed.
//!
//! What it is not: removing what no longer matches; see [`super::retire`].

use super::Held;
use super::owner;
use super::snapshot::{MatchedFilter, Part};
use super::work::{Cause, Work};
use crate::forest::Slot;
use crate::id::{RowId, SynchronizerId, TrackerId};
use crate::issue::IssueRef;
use crate::job::{ChangeKind, HoldReason, Why};
use smallvec::SmallVec;

/// Claims and adds, for each filter that is evaluated.
pub(super) fn claim_and_add(work: &mut Work<'_, '_>) {
    for participant in work.participants {
        if let Part::Filter(filter) = &participant.part {
            claim_and_add_of_one(work, filter, participant.id, participant.tracker);
        }
    }
}

fn claim_and_add_of_one(
    work: &mut Work<'_, '_>,
    filter: &MatchedFilter<'_>,
    id: SynchronizerId,
    tracker: TrackerId,
) {
    let mut after_their_parents = Vec::new();
    for observed in filter.issues {
        let issue = IssueRef {
            tracker,
            issue: observed.id,
        };
        if let Some(slot) = work.forest.primary_slot(issue) {
            claim(work, slot, issue, id);
        } else if goes_below_a_matched_one(work, filter, issue) {
            after_their_parents.push(issue);
        } else {
            add(work, filter, issue, id);
        }
    }
    for issue in after_their_parents {
        add(work, filter, issue, id);
    }
}

/// Whether an issue goes below another one that this filter wants, too. Such issues are added
/// after all others, so that the children of one parent are in the order of the result, wherever
/// the parent stands in it.
fn goes_below_a_matched_one(
    work: &Work<'_, '_>,
    filter: &MatchedFilter<'_>,
    issue: IssueRef,
) -> bool {
    owner::wanted_parent(work, issue).is_some_and(|parent| filter.matched.contains(&parent))
}

/// Claims the primary row, and no alias: a row may have changed its role since it was claimed.
fn claim(work: &mut Work<'_, '_>, slot: Slot, issue: IssueRef, id: SynchronizerId) {
    work.claim(slot, id);
    let aliases: SmallVec<[Slot; 2]> = work.forest.alias_slots(issue).into();
    for alias in aliases {
        work.withdraw(alias, id);
    }
}

/// Moves the matched issues that are elsewhere, for each filter that may.
pub(super) fn gather(work: &mut Work<'_, '_>) {
    for participant in work.participants {
        if let Part::Filter(filter) = &participant.part
            && let Some(parent) = filter.settings.parent_issue
            && filter.settings.allow_move
        {
            let parent = IssueRef {
                tracker: participant.tracker,
                issue: parent,
            };
            gather_below(work, filter, participant.id, parent);
        }
    }
}

fn gather_below(
    work: &mut Work<'_, '_>,
    filter: &MatchedFilter<'_>,
    id: SynchronizerId,
    parent: IssueRef,
) {
    let Some(above) = work.forest.primary_slot(parent) else {
        return;
    };
    let Some(above_row) = work.forest.id_at(above) else {
        return;
    };
    let cause = Cause {
        synchronizer: id,
        why: Why::FilterGathers,
    };
    for observed in filter.issues {
        let issue = IssueRef {
            issue: observed.id,
            ..parent
        };
        if let Some(slot) = work.forest.primary_slot(issue)
            && work.forest.parent_at(slot) != above
            && let Some(row) = work.forest.id_at(slot)
        {
            work.move_below(row, issue, above_row, cause);
        }
    }
}

/// Where a filter places the issues that it adds: below a row or at the top; `None` while its
/// parent issue is not in the structure.
pub(super) fn default_parent(
    work: &Work<'_, '_>,
    filter: &MatchedFilter<'_>,
    tracker: TrackerId,
) -> Option<Option<RowId>> {
    match filter.settings.parent_issue {
        None => Some(None),
        Some(issue) => work
            .forest
            .primary_row(IssueRef { tracker, issue })
            .map(Some),
    }
}

fn add(work: &mut Work<'_, '_>, filter: &MatchedFilter<'_>, issue: IssueRef, id: SynchronizerId) {
    let Some(default) = default_parent(work, filter, issue.tracker) else {
        work.hold(Held {
            kind: ChangeKind::AddRow,
            row: None,
            issue,
            parent: None,
            reason: HoldReason::ParentNotInStructure,
            synchronizer: id,
        });
        return;
    };
    let owned = owner::of(work, issue, None).map(|(_, parent)| parent);
    let cause = Cause {
        synchronizer: id,
        why: Why::FilterMatched,
    };
    work.add(issue, owned.or(default), cause);
}
