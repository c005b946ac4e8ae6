//! What no longer belongs: rows that go, and why others stay.
//!
//! A row goes only with everything below it, and an issue only with all its rows. What a
//! synchronizer wants to remove, it has claimed once; a claim of a person does not protect such a
//! row, a claim of another synchronizer does. Claims of what is held stay, so that it can still
//! go when the reason is gone; only where another synchronizer claims the row is the claim
//! withdrawn, for then the row is that one's matter.

use super::Held;
use super::filter;
use super::snapshot::{MatchedFilter, Part, ReadSubtasks};
use super::work::{Cause, Work};
use crate::claim::ClaimSource;
use crate::forest::{NONE, Slot};
use crate::id::{RowId, SynchronizerId, TrackerId};
use crate::issue::IssueRef;
use crate::job::{ChangeKind, HoldReason, Why};
use crate::synchronizer::Kind;
use rustc_hash::FxHashMap;

/// Removes or holds what no longer belongs, for each synchronizer that is evaluated.
pub(super) fn unmatched(work: &mut Work<'_, '_>) {
    for participant in work.participants {
        let (id, tracker) = (participant.id, participant.tracker);
        match &participant.part {
            Part::Filter(filter) => {
                let judged = Judged::of(work, tracker, |work, row, issue| {
                    judge_unmatched(work, filter, id, row, issue)
                });
                let whys = (Why::FilterUnmatched, Why::BranchUnmatched);
                let soft = |work: &Work<'_, '_>, slot| {
                    filter.settings.check_children && goes_along(work, filter, id, tracker, slot)
                };
                settle(work, id, judged, whys, soft);
            }
            Part::Subtasks(read) => {
                let judged = Judged::of(work, tracker, |work, _, issue| {
                    judge_subtask(work, read, id, issue)
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

/// The issues that no longer belong, in depth-first order of their primary rows.
struct Judged {
    verdicts: Vec<(RowId, IssueRef, Verdict)>,
}

impl Judged {
    fn of(
        work: &Work<'_, '_>,
        tracker: TrackerId,
        judge: impl Fn(&Work<'_, '_>, RowId, IssueRef) -> Option<Verdict>,
    ) -> Judged {
        let forest = &work.forest;
        let verdict = |(slot, _): (Slot, usize)| {
            let issue = forest
                .issue_at(slot)
                .filter(|issue| issue.tracker == tracker)?;
            let row = forest.id_at(slot).filter(|_| !forest.alias_at(slot))?;
            Some((row, issue, judge(work, row, issue)?))
        };
        Judged {
            verdicts: forest.walk().filter_map(verdict).collect(),
        }
    }
}

/// Who claims any row of an issue.
#[derive(Default)]
struct Claimants {
    own: bool,
    other_synchronizers: bool,
    person: bool,
}

fn claimants(work: &Work<'_, '_>, issue: IssueRef, id: SynchronizerId) -> Claimants {
    let mut found = Claimants::default();
    for row in work.forest.rows_of_issue(issue) {
        for source in work.claims.of(row) {
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
    row: RowId,
    issue: IssueRef,
) -> Option<Verdict> {
    if filter.matched.contains(&issue.issue) {
        return None;
    }
    let claimants = claimants(work, issue, id);
    let placed = || is_placed(work, filter, id, row, issue.tracker);
    let in_reach = !filter.settings.remove_only_placed || placed();
    if !claimants.own {
        // The issue under which the filter gathers is not expected to match.
        let gathers = filter.settings.parent_issue == Some(issue.issue);
        let never = filter.settings.remove_unmatched
            && !claimants.other_synchronizers
            && in_reach
            && !gathers;
        return never.then_some(Verdict::Hold(HoldReason::NeverMatched));
    }
    Some(if !filter.settings.remove_unmatched {
        Verdict::Hold(HoldReason::RemovalOff)
    } else if claimants.other_synchronizers {
        Verdict::LeaveToOthers
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
    issue: IssueRef,
) -> Option<Verdict> {
    let parent = read.parents.get(&issue.issue);
    let parent_row = parent.and_then(|&parent| {
        work.forest.primary_row(IssueRef {
            issue: parent,
            ..issue
        })
    });
    if parent_row.is_some() {
        return None;
    }
    let claimants = claimants(work, issue, id);
    if parent.is_some() && !(claimants.own && read.settings.remove_orphaned) {
        return Some(Verdict::Hold(HoldReason::ParentAbsent));
    }
    // The parent went in this very plan, so the sub-task was never kept below it.
    if parent.is_some() && !claimed_before(work, issue, id) {
        return Some(Verdict::Disclaim(HoldReason::ParentAbsent));
    }
    if !claimants.own {
        return None;
    }
    // Without a parent it is no sub-task any more, or no longer there. What is there and what a
    // person added is then like any other row of that person.
    let gone = work.snapshot.gone.contains(&issue);
    let protected_by_person = parent.is_none() && !gone && claimants.person;
    Some(if claimants.other_synchronizers || protected_by_person {
        Verdict::LeaveToOthers
    } else if gone || read.settings.remove_orphaned {
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

/// Whether a row below an unmatched one goes with it: an issue that does not match, that nobody
/// added by hand, and that no filter wants. A sub-tasks synchronizer's claim depends on the
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
    // Only people make aliases, and a primary row would leave them behind.
    let has_aliases = !forest.alias_slots(issue).is_empty();
    let moved_there = filter.settings.remove_only_placed
        && work.claims.has(row, ClaimSource::Synchronizer(id))
        && !is_placed(work, filter, id, row, tracker);
    !belongs
        && !has_aliases
        && !moved_there
        && work
            .claims
            .of(row)
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

/// What is known of a row while it is decided which rows go.
type Marks = u8;
/// Its issue no longer belongs.
const HARD: Marks = 1;
/// It may go along with a row above it.
const SOFT: Marks = 2;
/// Something that stays is below it, or below another row of its issue.
const BLOCKED: Marks = 4;
/// It goes.
const GOING: Marks = 8;

/// Carries out the verdicts.
fn settle(
    work: &mut Work<'_, '_>,
    id: SynchronizerId,
    judged: Judged,
    (hard_why, soft_why): (Why, Why),
    soft: impl Fn(&Work<'_, '_>, Slot) -> bool,
) {
    let going = going(work, &judged, soft);
    for (row, issue, verdict) in judged.verdicts {
        if going.contains_key(&row) {
            continue;
        }
        let reason = match verdict {
            Verdict::LeaveToOthers => {
                work.leave_to_others(row, issue, id);
                continue;
            }
            Verdict::Disclaim(reason) => {
                work.withdraw(row, id);
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
    let order: Vec<RowId> = work
        .forest
        .preorder()
        .map(|(row, _)| row)
        .filter(|row| going.contains_key(row))
        .collect();
    for row in order.into_iter().rev() {
        let Some(issue) = work.forest.issue(row) else {
            continue;
        };
        let why = if going.get(&row) == Some(&true) {
            hard_why
        } else {
            soft_why
        };
        work.remove(
            row,
            issue,
            Cause {
                synchronizer: id,
                why,
            },
        );
    }
}

/// The rows that go, each with whether its own issue no longer belongs.
fn going(
    work: &Work<'_, '_>,
    judged: &Judged,
    soft: impl Fn(&Work<'_, '_>, Slot) -> bool,
) -> FxHashMap<RowId, bool> {
    let forest = &work.forest;
    let mut marks: Vec<Marks> = vec![0; forest.slot_count()];
    let mut any = false;
    for (_, issue, verdict) in &judged.verdicts {
        if matches!(verdict, Verdict::Go) {
            forest
                .slots_of_issue(*issue)
                .for_each(|slot| marks[slot as usize] |= HARD);
            any = true;
        }
    }
    if !any {
        return FxHashMap::default();
    }
    let may_go =
        |marks: &[Marks], slot: Slot| slot != NONE && marks[slot as usize] & (HARD | SOFT) != 0;
    for (slot, _) in forest.walk() {
        let below_one = may_go(&marks, forest.parent_at(slot));
        if below_one && !may_go(&marks, slot) && soft(work, slot) {
            marks[slot as usize] |= SOFT;
        }
    }
    for (slot, _) in forest.walk() {
        let above = forest.parent_at(slot);
        if may_go(&marks, above) && !may_go(&marks, slot) {
            block(work, &mut marks, above);
        }
    }
    let mut going = FxHashMap::default();
    for (slot, _) in forest.walk() {
        let above = forest.parent_at(slot);
        let along = above != NONE && marks[above as usize] & GOING != 0;
        let mark = marks[slot as usize];
        if mark & BLOCKED == 0 && (mark & HARD != 0 || (mark & SOFT != 0 && along)) {
            marks[slot as usize] |= GOING;
            if let Some(row) = forest.id_at(slot) {
                going.insert(row, mark & HARD != 0);
            }
        }
    }
    going
}

/// Marks a row that cannot go, with what then cannot go either: the rows above it, and the other
/// rows of its issue.
fn block(work: &Work<'_, '_>, marks: &mut [Marks], slot: Slot) {
    let mut open = vec![slot];
    while let Some(slot) = open.pop() {
        let mark = &mut marks[slot as usize];
        if *mark & BLOCKED != 0 || *mark & (HARD | SOFT) == 0 {
            continue;
        }
        *mark |= BLOCKED;
        let is_hard = *mark & HARD != 0;
        let above = work.forest.parent_at(slot);
        if above != NONE {
            open.push(above);
        }
        if let Some(issue) = work.forest.issue_at(slot).filter(|_| is_hard) {
            open.extend(work.forest.slots_of_issue(issue));
        }
    }
}
