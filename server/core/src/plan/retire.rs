//! What no longer belongs: rows that go, and why others stay.
//!
//! A row goes only with everything below it, and an issue only with all its rows. What a
//! synchronizer wants to remove, it has claimed once; a claim of a person does not protect such a
//! row, a claim of another synchronizer does. Claims of what is held stay, so that it can still
//! go when the reason is gone; only where another synchronizer claims the row is the claim
//! withdrawn, for then the row is that one's matter.

use super::Held;
use super::branch::Going;
use super::filter;
use super::snapshot::{MatchedFilter, Part, ReadSubtasks};
use super::subtasks::Settled;
use super::work::{Cause, Work};
use crate::claim::ClaimSource;
use crate::forest::{NONE, Slot};
use crate::id::{RowId, SynchronizerId, TrackerId};
use crate::issue::IssueRef;
use crate::job::{ChangeKind, HoldReason, Why};
use crate::synchronizer::Kind;

/// Removes or holds what no longer belongs, for each synchronizer that is evaluated. `settled` is
/// what the sub-tasks rule found in this pass.
pub(super) fn unmatched(work: &mut Work<'_, '_>, settled: &[Settled]) {
    for (participant, settled) in work.participants.iter().zip(settled) {
        let (id, tracker) = (participant.id, participant.tracker);
        match &participant.part {
            Part::Filter(filter) => {
                let judged = judge_all(work, tracker, |found| {
                    judge_unmatched(work, filter, id, found)
                });
                let whys = (Why::FilterUnmatched, Why::BranchUnmatched);
                let soft = |work: &Work<'_, '_>, slot| {
                    filter.settings.check_children && goes_along(work, filter, id, tracker, slot)
                };
                settle(work, id, judged, whys, soft);
            }
            Part::Subtasks(read) => {
                let judged = judge_all(work, tracker, |found| {
                    let verdict = || judge_subtask(work, read, id, found);
                    if settled.has(found.slot) {
                        None
                    } else {
                        verdict()
                    }
                });
                let whys = (Why::SubtaskOrphaned, Why::SubtaskOrphaned);
                settle(work, id, judged, whys, |_, _| false);
            }
            Part::Bystander(_) => {}
        }
    }
}

/// What is to become of an issue that no longer belongs.
enum Verdict {
    /// It goes, if everything below goes.
    Go,
    /// It stays, for a reason.
    Hold(HoldReason),
    /// It stays, and is another one's matter.
    LeaveToOthers,
    /// It stays, and the claim that this very plan made is taken back.
    Disclaim(HoldReason),
}

/// The primary row of an issue.
#[derive(Clone, Copy)]
struct Primary {
    slot: Slot,
    row: RowId,
    issue: IssueRef,
}

/// The issues that no longer belong, in depth-first order of their primary rows.
fn judge_all(
    work: &Work<'_, '_>,
    tracker: TrackerId,
    judge: impl Fn(Primary) -> Option<Verdict>,
) -> Vec<(Primary, Verdict)> {
    let forest = &work.forest;
    let primary = |slot: Slot| {
        let issue = forest
            .issue_at(slot)
            .filter(|issue| issue.tracker == tracker)?;
        let row = forest.id_at(slot).filter(|_| !forest.alias_at(slot))?;
        Some(Primary { slot, row, issue })
    };
    let found = forest.walk().filter_map(|(slot, _)| primary(slot));
    found
        .filter_map(|found| Some((found, judge(found)?)))
        .collect()
}

/// Who claims any row of an issue.
#[derive(Default)]
struct Claimants {
    own: bool,
    other_synchronizers: bool,
    person: bool,
}

fn claimants(work: &Work<'_, '_>, primary: Primary, id: SynchronizerId) -> Claimants {
    let mut found = Claimants::default();
    let aliases = work.forest.alias_slots(primary.issue).iter().copied();
    for slot in std::iter::once(primary.slot).chain(aliases) {
        for source in work.claims.at(slot) {
            match source {
                ClaimSource::Person => found.person = true,
                ClaimSource::Synchronizer(synchronizer) if synchronizer == id => found.own = true,
                ClaimSource::Synchronizer(_) => found.other_synchronizers = true,
            }
        }
    }
    found
}

fn judge_unmatched(
    work: &Work<'_, '_>,
    filter: &MatchedFilter<'_>,
    id: SynchronizerId,
    primary: Primary,
) -> Option<Verdict> {
    let issue = primary.issue;
    let claimants = claimants(work, primary, id);
    // Another one's matter alone. It is asked first, since it needs no look-up.
    let is_others = !claimants.own && claimants.other_synchronizers;
    if is_others || filter.matched.contains(&issue.issue) {
        return None;
    }
    let placed = || is_placed(work, filter, id, primary.row, issue.tracker);
    let in_reach = !filter.settings.remove_only_placed || placed();
    if !claimants.own {
        // The issue under which the filter gathers is not expected to match.
        let gathers = filter.settings.parent_issue == Some(issue.issue);
        let never = filter.settings.remove_unmatched && in_reach && !gathers;
        return never.then_some(Verdict::Hold(HoldReason::NeverMatched));
    }
    Some(if !filter.settings.remove_unmatched {
        Verdict::Hold(HoldReason::RemovalOff)
    } else if claimants.other_synchronizers {
        Verdict::LeaveToOthers
    } else if work.snapshot.inaccessible.contains(&issue) {
        Verdict::Hold(HoldReason::Inaccessible)
    } else if !in_reach {
        Verdict::Hold(HoldReason::MovedAway)
    } else {
        go_if_confirmed(work, issue)
    })
}

/// Whether a row is where the filter places issues, or where it has put this one.
fn is_placed(
    work: &Work<'_, '_>,
    filter: &MatchedFilter<'_>,
    id: SynchronizerId,
    row: RowId,
    tracker: TrackerId,
) -> bool {
    work.forest.placed_by(row) == Some(id)
        || filter::default_parent(work, filter, tracker) == Some(work.forest.parent(row))
}

fn judge_subtask(
    work: &Work<'_, '_>,
    read: &ReadSubtasks<'_>,
    id: SynchronizerId,
    primary: Primary,
) -> Option<Verdict> {
    let issue = primary.issue;
    let parent = read.parent(issue.issue);
    let claimants = claimants(work, primary, id);
    if parent.is_some() && !(claimants.own && read.settings.remove_orphaned) {
        return Some(Verdict::Hold(HoldReason::ParentAbsent));
    }
    if !claimants.own {
        return None;
    }
    // The parent went in this very plan, so the sub-task was never kept below it.
    if parent.is_some() && !claimed_before(work, issue, id) {
        return Some(Verdict::Disclaim(HoldReason::ParentAbsent));
    }
    // Without a parent it is no sub-task any more, or no longer there. What is there and what a
    // person added is then like any other row of that person.
    let inaccessible = work.snapshot.inaccessible.contains(&issue);
    let protected_by_person = parent.is_none() && !inaccessible && claimants.person;
    Some(if claimants.other_synchronizers || protected_by_person {
        Verdict::LeaveToOthers
    } else if inaccessible {
        Verdict::Hold(HoldReason::Inaccessible)
    } else if read.settings.remove_orphaned {
        go_if_confirmed(work, issue)
    } else {
        Verdict::Hold(HoldReason::RemovalOff)
    })
}

fn claimed_before(work: &Work<'_, '_>, issue: IssueRef, id: SynchronizerId) -> bool {
    let source = ClaimSource::Synchronizer(id);
    work.forest
        .rows_of_issue(issue)
        .any(|row| work.snapshot.claims.has(row, source))
}

fn go_if_confirmed(work: &Work<'_, '_>, issue: IssueRef) -> Verdict {
    let may = |row| work.may(ChangeKind::RemoveRow, Some(row), issue, None);
    if work.forest.rows_of_issue(issue).all(may) {
        Verdict::Go
    } else {
        Verdict::Hold(HoldReason::NotConfirmed)
    }
}

/// Whether a row below an unmatched one goes with it: an issue that does not match, that can be
/// seen, that nobody added by hand, and that no filter wants. A sub-tasks synchronizer's claim depends on the
/// parent, so it does not keep a sub-task whose parent goes.
fn goes_along(
    work: &Work<'_, '_>,
    filter: &MatchedFilter<'_>,
    id: SynchronizerId,
    tracker: TrackerId,
    slot: Slot,
) -> bool {
    let forest = &work.forest;
    let (Some(issue), Some(row)) = (forest.issue_at(slot), forest.id_at(slot)) else {
        return false;
    };
    let belongs = issue.tracker != tracker || filter.matched.contains(&issue.issue);
    let inaccessible = work.snapshot.inaccessible.contains(&issue);
    // Only people make aliases, and a primary row would leave them behind.
    let has_aliases = !forest.alias_slots(issue).is_empty();
    let moved_there = filter.settings.remove_only_placed
        && work.claims.has(slot, ClaimSource::Synchronizer(id))
        && !is_placed(work, filter, id, row, tracker);
    !belongs
        && !inaccessible
        && !has_aliases
        && !moved_there
        && work
            .claims
            .at(slot)
            .all(|source| depends_on_parent(work, id, source, slot, issue))
        && work.may(ChangeKind::RemoveRow, Some(row), issue, None)
}

/// Whether a claim on a row ends when the row's parent goes.
fn depends_on_parent(
    work: &Work<'_, '_>,
    id: SynchronizerId,
    source: ClaimSource,
    slot: Slot,
    issue: IssueRef,
) -> bool {
    let synchronizer = match source {
        ClaimSource::Person => return false,
        ClaimSource::Synchronizer(synchronizer) if synchronizer == id => return true,
        ClaimSource::Synchronizer(synchronizer) => synchronizer,
    };
    let kind = work
        .snapshot
        .synchronizers
        .iter()
        .find(|found| found.id == synchronizer);
    let above = work.forest.parent_at(slot);
    let parent = work.facts.parent_of_subtask(issue);
    let parent = parent.map(|parent| IssueRef {
        issue: parent,
        ..issue
    });
    kind.map(|found| found.rule.settings.kind()) == Some(Kind::Subtasks)
        && above != NONE
        && parent.and_then(|parent| work.forest.primary_slot(parent)) == Some(above)
}

/// Carries out the verdicts: removes what can go, and holds the rest.
fn settle(
    work: &mut Work<'_, '_>,
    id: SynchronizerId,
    judged: Vec<(Primary, Verdict)>,
    (why, why_along): (Why, Why),
    goes_along: impl Fn(&Work<'_, '_>, Slot) -> bool,
) {
    let candidates = judged
        .iter()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Go));
    let candidates = candidates.map(|(primary, _)| primary.issue);
    let going = Going::new(&work.forest, candidates, |slot| goes_along(work, slot));
    for (primary, verdict) in judged {
        if !going.has(primary.slot) {
            keep(work, id, primary, verdict);
        }
    }
    for gone in going.children_first() {
        let why = if gone.along { why_along } else { why };
        work.remove(
            gone.row,
            gone.issue,
            Cause {
                synchronizer: id,
                why,
            },
        );
    }
}

/// Holds an issue that stays, with its reason.
fn keep(work: &mut Work<'_, '_>, id: SynchronizerId, primary: Primary, verdict: Verdict) {
    let Primary { slot, row, issue } = primary;
    let reason = match verdict {
        Verdict::LeaveToOthers => return work.leave_to_others(row, issue, id),
        Verdict::Disclaim(reason) => {
            work.withdraw(slot, id);
            reason
        }
        Verdict::Hold(reason) => reason,
        Verdict::Go => HoldReason::ChildrenStay,
    };
    let kind = ChangeKind::RemoveRow;
    work.hold(Held {
        kind,
        row: Some(row),
        issue,
        parent: None,
        reason,
        synchronizer: id,
    });
}
