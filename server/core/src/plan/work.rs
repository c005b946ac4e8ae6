//! The state of planning: the forest and the claims as they will be, and what led there.
//!
//! What it is not: a decision. The rules call it; each of its functions does one thing to the
//! outcome and records it once.

use super::claims::SlotClaims;
use super::confirmed::key_of;
use super::facts::Facts;
use super::kinds::{Found, Participant};
use super::order;
use super::snapshot::Snapshot;
use super::{Held, Plan, PlannedChange};
use crate::change::{ForestChange, Item};
use crate::claim::{Claim, ClaimChange, ClaimSource};
use crate::forest::{Forest, Slot};
use crate::id::{RowId, SynchronizerId};
use crate::issue::IssueRef;
use crate::job::{ChangeKind, HoldReason, Why};
use rustc_hash::FxHashSet;
use smallvec::SmallVec;

/// On whose behalf something is done, and why.
#[derive(Clone, Copy)]
pub(super) struct Cause {
    pub(super) synchronizer: SynchronizerId,
    pub(super) why: Why,
}

pub(super) struct Work<'w, 'a> {
    pub(super) snapshot: &'w Snapshot<'a>,
    pub(super) facts: &'w Facts<'a>,
    pub(super) participants: &'w [Participant<'a>],
    pub(super) forest: Forest,
    pub(super) claims: SlotClaims,
    /// What each of the participants found in this pass, in their order.
    pub(super) found: Vec<Found>,
    claims_touched: FxHashSet<RowId>,
    /// Whether this pass has made or withdrawn a claim.
    claims_changed: bool,
    changes: Vec<PlannedChange>,
    changes_before_pass: usize,
    /// What this pass holds. The next pass looks again at all of it.
    held: Vec<Held>,
    /// What was held when a claim was withdrawn: the next pass sees no difference there.
    held_with_claim: Vec<Held>,
    next_row_id: RowId,
    rows_in_scope: i64,
}

impl<'w, 'a> Work<'w, 'a> {
    pub(super) fn new(
        snapshot: &'w Snapshot<'a>,
        facts: &'w Facts<'a>,
        participants: &'w [Participant<'a>],
    ) -> Work<'w, 'a> {
        let claims = SlotClaims::new(snapshot.claims, snapshot.forest);
        Work {
            rows_in_scope: rows_in_scope(snapshot.forest, &claims, participants),
            snapshot,
            facts,
            participants,
            forest: snapshot.forest.clone(),
            claims,
            found: Vec::with_capacity(participants.len()),
            claims_touched: FxHashSet::default(),
            claims_changed: false,
            changes: Vec::new(),
            changes_before_pass: 0,
            held: Vec::new(),
            held_with_claim: Vec::new(),
            next_row_id: snapshot.next_row_id,
        }
    }

    pub(super) fn start_pass(&mut self) {
        self.held.clear();
        self.claims_changed = false;
        self.changes_before_pass = self.changes.len();
        self.found.clear();
        for part in self.participants {
            let found = part.rules.look(self, part);
            self.found.push(found);
        }
    }

    pub(super) fn pass_changed_rows(&self) -> bool {
        self.changes.len() > self.changes_before_pass
    }

    pub(super) fn pass_changed_anything(&self) -> bool {
        self.claims_changed || self.pass_changed_rows()
    }

    pub(super) fn claim(&mut self, slot: Slot, synchronizer: SynchronizerId) {
        let made = self
            .claims
            .make(slot, ClaimSource::Synchronizer(synchronizer));
        self.note_claim(slot, made);
    }

    pub(super) fn withdraw(&mut self, slot: Slot, synchronizer: SynchronizerId) {
        let withdrawn = self
            .claims
            .withdraw(slot, ClaimSource::Synchronizer(synchronizer));
        self.note_claim(slot, withdrawn);
    }

    fn note_claim(&mut self, slot: Slot, changed: bool) {
        if let Some(row) = self.forest.id_at(slot).filter(|_| changed) {
            self.claims_touched.insert(row);
            self.claims_changed = true;
        }
    }

    pub(super) fn hold(&mut self, held: Held) {
        self.held.push(held);
    }

    /// Withdraws the synchronizer's claims on all rows of an issue, since somebody else claims it.
    pub(super) fn leave_to_others(
        &mut self,
        row: RowId,
        issue: IssueRef,
        synchronizer: SynchronizerId,
    ) {
        let slots: Vec<Slot> = self.forest.slots_of_issue(issue).collect();
        for slot in slots {
            self.withdraw(slot, synchronizer);
        }
        self.held_with_claim.push(Held {
            kind: ChangeKind::RemoveRow,
            row: Some(row),
            issue,
            parent: None,
            reason: HoldReason::ClaimedElsewhere,
            synchronizer,
        });
    }

    /// Whether a change may be made: always, unless only a confirmed plan may be executed.
    pub(super) fn may(
        &self,
        kind: ChangeKind,
        row: Option<RowId>,
        issue: IssueRef,
        parent: Option<RowId>,
    ) -> bool {
        let Some(confirmed) = self.snapshot.confirmed else {
            return true;
        };
        let parent = parent.map(|parent| (parent, self.forest.issue(parent)));
        let existed = |row| self.snapshot.forest.contains(row);
        confirmed.covers(&key_of(kind, row, issue, parent, existed))
    }

    /// Adds a row of an issue that has none, as a child of `parent`, unless it must not:
    /// the last one, or where its rank says.
    pub(super) fn add(&mut self, issue: IssueRef, parent: Option<RowId>, cause: Cause) {
        self.add_row(issue, parent, false, cause);
    }

    /// Adds another row of an issue, as the last child of `parent`, unless it must not.
    pub(super) fn add_alias(&mut self, issue: IssueRef, parent: RowId, cause: Cause) {
        self.add_row(issue, Some(parent), true, cause);
    }

    fn add_row(&mut self, issue: IssueRef, parent: Option<RowId>, alias: bool, cause: Cause) {
        if !self.may(ChangeKind::AddRow, None, issue, parent) {
            self.hold(Held {
                kind: ChangeKind::AddRow,
                row: None,
                issue,
                parent,
                reason: HoldReason::NotConfirmed,
                synchronizer: cause.synchronizer,
            });
            return;
        }
        let row = self.next_row_id;
        self.next_row_id = RowId(row.0 + 1);
        let change = ForestChange::Add {
            row,
            item: Item::Issue(issue),
            alias,
            to: order::place_below(self, issue, parent),
        };
        self.record(change, issue, cause, false);
        self.forest.set_placed_by(row, Some(cause.synchronizer));
        if let Some(slot) = self.forest.slot(row) {
            self.claim(slot, cause.synchronizer);
        }
    }

    /// Removes a row of an issue, which has no children any more.
    pub(super) fn remove(&mut self, row: RowId, issue: IssueRef, cause: Cause) {
        let Some(from) = self.forest.place_of(row) else {
            return;
        };
        let alias = self.forest.is_alias(row);
        let item = Item::Issue(issue);
        let destructive = self.snapshot.forest.contains(row);
        let change = ForestChange::Remove {
            row,
            item,
            alias,
            from,
        };
        if let Some(slot) = self.forest.slot(row) {
            self.claims.clear(slot);
        }
        self.record(change, issue, cause, destructive);
    }

    pub(super) fn record(
        &mut self,
        change: ForestChange,
        issue: IssueRef,
        cause: Cause,
        destructive: bool,
    ) {
        let row = change.row();
        let (kind, depth_before) = match &change {
            ForestChange::Add { .. } => (ChangeKind::AddRow, None),
            ForestChange::Move { .. } => (ChangeKind::MoveRow, None),
            ForestChange::Remove { .. } | ForestChange::SetAlias { .. } => {
                (ChangeKind::RemoveRow, Some(self.forest.depth(row)))
            }
        };
        self.forest
            .apply(&change)
            .expect("the step was made for this very forest");
        let depth = depth_before.unwrap_or_else(|| self.forest.depth(row));
        let Cause { synchronizer, why } = cause;
        self.changes.push(PlannedChange {
            change,
            kind,
            why,
            synchronizer,
            destructive,
            issue,
            depth,
        });
    }

    pub(super) fn finish(mut self) -> Plan {
        let claims = self.claim_changes();
        let held = self.held_in_all();
        Plan {
            rows_in_scope: self.rows_in_scope,
            changes: self.changes,
            claims,
            held,
            after: self.forest,
            next_row_id: self.next_row_id,
        }
    }

    /// What the last pass holds, and what is held since a claim was withdrawn, as long as somebody
    /// else still claims the row.
    fn held_in_all(&mut self) -> Vec<Held> {
        let mut held = std::mem::take(&mut self.held_with_claim);
        held.retain(|held| held.row.is_some_and(|row| self.is_claimed(row)));
        let known: FxHashSet<(SynchronizerId, ChangeKind, Option<RowId>)> = held
            .iter()
            .map(|held| (held.synchronizer, held.kind, held.row))
            .collect();
        let last = std::mem::take(&mut self.held).into_iter();
        held.extend(last.filter(|held| {
            held.row.is_none() || !known.contains(&(held.synchronizer, held.kind, held.row))
        }));
        held
    }

    pub(super) fn has_claim(&self, row: RowId, source: ClaimSource) -> bool {
        self.forest
            .slot(row)
            .is_some_and(|slot| self.claims.has(slot, source))
    }

    fn is_claimed(&self, row: RowId) -> bool {
        self.forest
            .slot(row)
            .is_some_and(|slot| self.claims.at(slot).next().is_some())
    }

    /// The difference between the claims before and after, on rows that are there after.
    fn claim_changes(&self) -> Vec<ClaimChange> {
        let touched = self.claims_touched.iter();
        let mut rows: Vec<(RowId, Slot)> = touched
            .filter_map(|&row| Some((row, self.forest.slot(row)?)))
            .collect();
        rows.sort_unstable();
        let mut changes = Vec::with_capacity(rows.len());
        for (row, slot) in rows {
            let before: SmallVec<[ClaimSource; 4]> = self.snapshot.claims.of(row).collect();
            let after: SmallVec<[ClaimSource; 4]> = self.claims.at(slot).collect();
            let mut all: SmallVec<[ClaimSource; 8]> =
                before.iter().chain(&after).copied().collect();
            all.sort_unstable();
            all.dedup();
            for source in all {
                let claim = Claim { row, source };
                match (before.contains(&source), after.contains(&source)) {
                    (false, true) => changes.push(ClaimChange::Made(claim)),
                    (true, false) => changes.push(ClaimChange::Withdrawn(claim)),
                    (true, true) | (false, false) => {}
                }
            }
        }
        changes
    }
}

/// How many rows of a snapshot the evaluated synchronizers are about.
fn rows_in_scope(forest: &Forest, claims: &SlotClaims, participants: &[Participant<'_>]) -> i64 {
    let evaluated = || participants.iter().filter(|found| found.evaluated);
    let in_scope = |slot: Slot, issue: IssueRef| {
        evaluated().any(|found| claims.has(slot, ClaimSource::Synchronizer(found.id)))
            || evaluated().any(|found| found.has_read(issue))
    };
    let issues = forest
        .walk()
        .filter_map(|(slot, _)| Some((slot, forest.issue_at(slot)?)));
    issues
        .filter(|&(slot, issue)| in_scope(slot, issue))
        .count() as i64
}
