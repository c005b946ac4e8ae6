//! What no longer belongs: rows that go, and why others stay.
//!
//! A row goes only with everything below it, and an issue only with all its rows. What a
//! synchronizer wants to remove, it has claimed once; a claim of a person does not protect such a
//! row, a claim of another synchronizer does. Claims of what is held stay, so that it can still
//! go when the reason is gone; only where another synchronizer claims the row is the claim
//! withdrawn, for then the row is that one's matter.

use super::Held;
use super::branch::Going;
use super::work::{Cause, Work};
use crate::claim::ClaimSource;
use crate::forest::Slot;
use crate::id::{RowId, SynchronizerId, TrackerId};
use crate::issue::IssueRef;
use crate::job::{ChangeKind, HoldReason, Why};

/// What is to become of an issue that no longer belongs.
pub(super) enum Verdict {
    /// It goes, if everything below goes.
    Go,
    /// It stays, for a reason.
    Hold(HoldReason),
    /// It stays, and is another one's matter.
    LeaveToOthers,
    /// It goes to the top level.
    ToTop,
    /// It stays, and the claim that this very plan made is taken back.
    Disclaim(HoldReason),
}

/// The primary row of an issue.
#[derive(Clone, Copy)]
pub(super) struct Primary {
    pub(super) slot: Slot,
    pub(super) row: RowId,
    pub(super) issue: IssueRef,
}

/// The issues that no longer belong, in depth-first order of their primary rows.
pub(super) fn judge_all(
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
pub(super) struct Claimants {
    pub(super) own: bool,
    pub(super) other_synchronizers: bool,
    pub(super) person: bool,
}

pub(super) fn claimants(work: &Work<'_, '_>, primary: Primary, id: SynchronizerId) -> Claimants {
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

pub(super) fn claimed_before(work: &Work<'_, '_>, issue: IssueRef, id: SynchronizerId) -> bool {
    let source = ClaimSource::Synchronizer(id);
    work.forest
        .rows_of_issue(issue)
        .any(|row| work.snapshot.claims.has(row, source))
}

pub(super) fn go_if_confirmed(work: &Work<'_, '_>, issue: IssueRef) -> Verdict {
    let may = |row| work.may(ChangeKind::RemoveRow, Some(row), issue, None);
    if work.forest.rows_of_issue(issue).all(may) {
        Verdict::Go
    } else {
        Verdict::Hold(HoldReason::NotConfirmed)
    }
}

/// Carries out the verdicts: removes what can go, and holds the rest.
pub(super) fn settle(
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
        // Only a row that goes can be kept by what is below it.
        Verdict::Go | Verdict::ToTop => HoldReason::ChildrenStay,
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
