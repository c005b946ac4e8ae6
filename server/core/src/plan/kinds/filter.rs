//! The filter rule: every matched issue has a row, and the row is claimed; what left the result
//! goes.

use super::{Participant, Rules};
use crate::claim::ClaimSource;
use crate::forest::Slot;
use crate::id::{IssueId, RowId, SynchronizerId, TrackerId};
use crate::issue::{IssueRef, ObservedIssue};
use crate::job::{ChangeKind, HoldReason, Why};
use crate::plan::Held;
use crate::plan::owner;
use crate::plan::retire::{self, Primary, Verdict};
use crate::plan::work::{Cause, Work};
use crate::synchronizer::FilterSettings;
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

/// Most rounds in which new issues wait for the rows of their parents. What hangs together more
/// deeply is added all the same, and moved below its parent by the next pass.
const DEPTH_MAX: usize = 16;

/// A filter that is evaluated.
pub(super) struct ReadFilter<'a> {
    settings: &'a FilterSettings,
    issues: &'a [ObservedIssue],
    matched: FxHashSet<IssueId>,
}

impl<'a> ReadFilter<'a> {
    pub(super) fn new(settings: &'a FilterSettings, issues: &'a [ObservedIssue]) -> Self {
        ReadFilter {
            settings,
            issues,
            matched: issues.iter().map(|issue| issue.id).collect(),
        }
    }

    /// Whether an issue goes below another one that this filter wants, too, and that has no row
    /// yet.
    fn waits_for_its_parent(&self, work: &Work<'_, '_>, issue: IssueRef) -> bool {
        owner::wanted_issue(work, issue).is_some_and(|parent| {
            let parent = IssueRef {
                issue: parent,
                ..issue
            };
            self.matched.contains(&parent.issue) && work.forest.primary_slot(parent).is_none()
        })
    }

    /// Adds in rounds, so that no row is added before the one that it goes below.
    fn add_parents_first(
        &self,
        work: &mut Work<'_, '_>,
        me: &Participant<'_>,
        mut missing: Vec<IssueRef>,
    ) {
        for _ in 0..DEPTH_MAX {
            let waits = |issue: &IssueRef| self.waits_for_its_parent(work, *issue);
            // Judged before any is added, so that each round is in the order of the result.
            let (waiting, ready): (Vec<IssueRef>, Vec<IssueRef>) =
                missing.into_iter().partition(waits);
            let is_last = ready.is_empty() || waiting.is_empty();
            for issue in ready {
                self.add(work, me, issue);
            }
            missing = waiting;
            if is_last {
                break;
            }
        }
        for issue in missing {
            self.add(work, me, issue);
        }
    }

    fn add(&self, work: &mut Work<'_, '_>, me: &Participant<'_>, issue: IssueRef) {
        let Some(default) = self.default_parent(work, issue.tracker) else {
            work.hold(Held {
                kind: ChangeKind::AddRow,
                row: None,
                issue,
                parent: None,
                reason: HoldReason::ParentNotInStructure,
                synchronizer: me.id,
            });
            return;
        };
        let owned = owner::of(work, issue, None).map(|(_, parent)| parent);
        let cause = Cause {
            synchronizer: me.id,
            why: Why::FilterMatched,
        };
        work.add(issue, owned.or(default), cause);
    }

    /// Where issues are added: below a row or at the top; `None` while the parent issue is not in
    /// the structure.
    fn default_parent(&self, work: &Work<'_, '_>, tracker: TrackerId) -> Option<Option<RowId>> {
        match self.settings.parent_issue {
            None => Some(None),
            Some(issue) => work
                .forest
                .primary_row(IssueRef { tracker, issue })
                .map(Some),
        }
    }
}

impl Rules for ReadFilter<'_> {
    fn claim_and_add(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        let mut missing = Vec::new();
        for observed in self.issues {
            let issue = me.issue(observed.id);
            if let Some(slot) = work.forest.primary_slot(issue) {
                claim(work, slot, issue, me.id);
            } else {
                missing.push(issue);
            }
        }
        self.add_parents_first(work, me, missing);
    }

    /// Moves the matched issues that are elsewhere, if the filter may.
    fn place(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        let Some(parent) = self
            .settings
            .parent_issue
            .filter(|_| self.settings.allow_move)
        else {
            return;
        };
        let Some(above) = work.forest.primary_slot(me.issue(parent)) else {
            return;
        };
        let above_row = work.forest.id_at(above);
        let cause = Cause {
            synchronizer: me.id,
            why: Why::FilterGathers,
        };
        for observed in self.issues {
            let issue = me.issue(observed.id);
            if let Some(slot) = work.forest.primary_slot(issue)
                && work.forest.parent_at(slot) != above
                && let Some(row) = work.forest.id_at(slot)
            {
                work.move_below(row, issue, above_row, cause);
            }
        }
    }

    fn retire(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        let judged = retire::judge_all(work, me.tracker, |found| {
            self.judge_unmatched(work, me.id, found)
        });
        let whys = (Why::FilterUnmatched, Why::BranchUnmatched);
        let soft = |work: &Work<'_, '_>, slot| {
            self.settings.check_children && self.goes_along(work, me, slot)
        };
        retire::settle(work, me.id, judged, whys, soft);
    }

    fn wanted_row(
        &self,
        work: &Work<'_, '_>,
        me: &Participant<'_>,
        issue: IssueRef,
        _row: Option<RowId>,
    ) -> Option<RowId> {
        let is_matched = self.matched.contains(&issue.issue);
        is_matched.then(|| gathers(self.settings, work, me, issue))?
    }

    fn has_read(&self, issue: IssueId) -> bool {
        self.matched.contains(&issue)
    }
}

/// What no longer matches.
impl ReadFilter<'_> {
    fn judge_unmatched(
        &self,
        work: &Work<'_, '_>,
        id: SynchronizerId,
        primary: Primary,
    ) -> Option<Verdict> {
        let issue = primary.issue;
        let claimants = retire::claimants(work, primary, id);
        // Another one's matter alone. It is asked first, since it needs no look-up.
        let is_others = !claimants.own && claimants.other_synchronizers;
        if is_others || self.matched.contains(&issue.issue) {
            return None;
        }
        let placed = || self.is_placed(work, id, primary.row, issue.tracker);
        let in_reach = !self.settings.remove_only_placed || placed();
        if !claimants.own {
            // The issue under which the filter gathers is not expected to match.
            let gathers = self.settings.parent_issue == Some(issue.issue);
            let never = self.settings.remove_unmatched && in_reach && !gathers;
            return never.then_some(Verdict::Hold(HoldReason::NeverMatched));
        }
        Some(if !self.settings.remove_unmatched {
            Verdict::Hold(HoldReason::RemovalOff)
        } else if claimants.other_synchronizers {
            Verdict::LeaveToOthers
        } else if work.snapshot.inaccessible.contains(&issue) {
            Verdict::Hold(HoldReason::Inaccessible)
        } else if !in_reach {
            Verdict::Hold(HoldReason::MovedAway)
        } else {
            retire::go_if_confirmed(work, issue)
        })
    }

    /// Whether a row is where the filter places issues, or where it has put this one.
    fn is_placed(
        &self,
        work: &Work<'_, '_>,
        id: SynchronizerId,
        row: RowId,
        tracker: TrackerId,
    ) -> bool {
        work.forest.placed_by(row) == Some(id)
            || self.default_parent(work, tracker) == Some(work.forest.parent(row))
    }

    /// Whether a row below an unmatched one goes with it: an issue that does not match, that can
    /// be seen, that nobody added by hand, and that no filter wants. What is claimed since its
    /// parent is there does not stay when the parent goes.
    fn goes_along(&self, work: &Work<'_, '_>, me: &Participant<'_>, slot: Slot) -> bool {
        let forest = &work.forest;
        let (Some(issue), Some(row)) = (forest.issue_at(slot), forest.id_at(slot)) else {
            return false;
        };
        if forest.alias_at(slot) {
            return alias_goes_along(work, slot, row, issue);
        }
        let belongs = issue.tracker != me.tracker || self.matched.contains(&issue.issue);
        let inaccessible = work.snapshot.inaccessible.contains(&issue);
        // A primary row would leave its aliases behind.
        let has_aliases = !forest.alias_slots(issue).is_empty();
        let moved_there = self.settings.remove_only_placed
            && work.claims.has(slot, ClaimSource::Synchronizer(me.id))
            && !self.is_placed(work, me.id, row, me.tracker);
        let ends = |source| match source {
            ClaimSource::Synchronizer(id) if id == me.id => true,
            ClaimSource::Person | ClaimSource::Synchronizer(_) => {
                ends_with_parent(work, source, slot, issue)
            }
        };
        !belongs
            && !inaccessible
            && !has_aliases
            && !moved_there
            && work.claims.at(slot).all(ends)
            && work.may(ChangeKind::RemoveRow, Some(row), issue, None)
    }
}

/// An alias goes along when a synchronizer made it since the parent is there. Its issue stays.
fn alias_goes_along(work: &Work<'_, '_>, slot: Slot, row: RowId, issue: IssueRef) -> bool {
    let mut claims = work.claims.at(slot).peekable();
    claims.peek().is_some()
        && claims.all(|source| ends_with_parent(work, source, slot, issue))
        && work.may(ChangeKind::RemoveRow, Some(row), issue, None)
}

fn ends_with_parent(work: &Work<'_, '_>, source: ClaimSource, slot: Slot, issue: IssueRef) -> bool {
    match source {
        ClaimSource::Person => false,
        ClaimSource::Synchronizer(id) => super::claim_ends_with_parent(work, id, slot, issue),
    }
}

/// Claims the primary row, and no alias: a row may have changed its role since it was claimed.
fn claim(work: &mut Work<'_, '_>, slot: Slot, issue: IssueRef, id: SynchronizerId) {
    work.claim(slot, id);
    let aliases: SmallVec<[Slot; 2]> = work.forest.alias_slots(issue).into();
    for alias in aliases {
        work.withdraw(alias, id);
    }
}

/// The row under which a filter gathers an issue.
fn gathers(
    settings: &FilterSettings,
    work: &Work<'_, '_>,
    me: &Participant<'_>,
    issue: IssueRef,
) -> Option<RowId> {
    let parent = settings.parent_issue.filter(|_| settings.allow_move)?;
    let row = work.forest.primary_row(me.issue(parent));
    row.filter(|_| parent != issue.issue)
}

/// A filter that owns what it owns. It has an opinion only on rows that it claims.
pub(super) struct Bystander<'a>(pub(super) &'a FilterSettings);

impl Rules for Bystander<'_> {
    fn wanted_row(
        &self,
        work: &Work<'_, '_>,
        me: &Participant<'_>,
        issue: IssueRef,
        row: Option<RowId>,
    ) -> Option<RowId> {
        let row = row?;
        let is_claimed = work.has_claim(row, ClaimSource::Synchronizer(me.id));
        is_claimed.then(|| gathers(self.0, work, me, issue))?
    }
}
