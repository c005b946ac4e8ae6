//! The state of planning: the forest and the claims as they will be, and what led there.
//!
//! What it is not: a decision. The rules call it; each of its functions does one thing to the
//! outcome and records it once.

use super::confirmed::key_of;
use super::facts::Facts;
use super::owner;
use super::snapshot::{Part, Participant, Snapshot};
use super::{Held, Plan, PlannedChange};
use crate::change::{ForestChange, Item};
use crate::claim::{Claim, ClaimChange, ClaimSource, Claims};
use crate::forest::Forest;
use crate::id::{RowId, SynchronizerId};
use crate::issue::IssueRef;
use crate::job::{ChangeKind, HoldReason, Why};
use rustc_hash::FxHashSet;

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
    pub(super) claims: Claims,
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
}

impl<'w, 'a> Work<'w, 'a> {
    pub(super) fn new(
        snapshot: &'w Snapshot<'a>,
        facts: &'w Facts<'a>,
        participants: &'w [Participant<'a>],
    ) -> Work<'w, 'a> {
        Work {
            snapshot,
            facts,
            participants,
            forest: snapshot.forest.clone(),
            claims: snapshot.claims.clone(),
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
    }

    pub(super) fn pass_changed_rows(&self) -> bool {
        self.changes.len() > self.changes_before_pass
    }

    pub(super) fn pass_changed_anything(&self) -> bool {
        self.claims_changed || self.pass_changed_rows()
    }

    pub(super) fn claim(&mut self, row: RowId, synchronizer: SynchronizerId) {
        if self.claims.make(Claim {
            row,
            source: ClaimSource::Synchronizer(synchronizer),
        }) {
            self.claims_touched.insert(row);
            self.claims_changed = true;
        }
    }

    pub(super) fn withdraw(&mut self, row: RowId, synchronizer: SynchronizerId) {
        if self.claims.withdraw(Claim {
            row,
            source: ClaimSource::Synchronizer(synchronizer),
        }) {
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
        let rows: Vec<RowId> = self.forest.rows_of_issue(issue).collect();
        for row in rows {
            self.withdraw(row, synchronizer);
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

    /// Adds a row of an issue that has none, as the last child of `parent`, unless it must not.
    pub(super) fn add(&mut self, issue: IssueRef, parent: Option<RowId>, cause: Cause) {
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
        let to = self.forest.end_of(parent);
        let item = Item::Issue(issue);
        self.record(
            ForestChange::Add {
                row,
                item,
                alias: false,
                to,
            },
            issue,
            cause,
            false,
        );
        self.forest.set_placed_by(row, Some(cause.synchronizer));
        self.claim(row, cause.synchronizer);
    }

    /// Moves a row to the end below `parent`, unless it must not.
    pub(super) fn move_below(&mut self, row: RowId, issue: IssueRef, parent: RowId, cause: Cause) {
        if let Some(reason) = self.reason_not_to_move(row, issue, parent, cause.synchronizer) {
            self.hold(Held {
                kind: ChangeKind::MoveRow,
                row: Some(row),
                issue,
                parent: Some(parent),
                reason,
                synchronizer: cause.synchronizer,
            });
            return;
        }
        let Some(from) = self.forest.place_of(row) else {
            return;
        };
        let to = self.forest.end_of(Some(parent));
        let destructive = self.forest.placed_by(row).is_none();
        self.record(
            ForestChange::Move { row, from, to },
            issue,
            cause,
            destructive,
        );
        self.forest.set_placed_by(row, Some(cause.synchronizer));
    }

    fn reason_not_to_move(
        &self,
        row: RowId,
        issue: IssueRef,
        parent: RowId,
        synchronizer: SynchronizerId,
    ) -> Option<HoldReason> {
        let owner = owner::of(self, issue, Some(row));
        if owner.is_some_and(|(owner, _)| owner != synchronizer) {
            Some(HoldReason::PlacementOwnedElsewhere)
        } else if parent == row || self.forest.is_below(parent, row) {
            Some(HoldReason::WouldCloseCycle)
        } else if !self.may(ChangeKind::MoveRow, Some(row), issue, Some(parent)) {
            Some(HoldReason::NotConfirmed)
        } else {
            None
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
        self.record(change, issue, cause, destructive);
        self.claims.remove_row(row);
    }

    fn record(&mut self, change: ForestChange, issue: IssueRef, cause: Cause, destructive: bool) {
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
            rows_in_scope: self.rows_in_scope(),
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
        held.retain(|held| {
            held.row
                .is_some_and(|row| self.claims.of(row).next().is_some())
        });
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

    /// The difference between the claims before and after, on rows that are there after.
    fn claim_changes(&self) -> Vec<ClaimChange> {
        let mut rows: Vec<RowId> = self
            .claims_touched
            .iter()
            .copied()
            .filter(|&row| self.forest.contains(row))
            .collect();
        rows.sort_unstable();
        let mut changes = Vec::new();
        for row in rows {
            let (before, after) = (self.snapshot.claims, &self.claims);
            let mut sources: Vec<ClaimSource> = before.of(row).chain(after.of(row)).collect();
            sources.sort_unstable();
            sources.dedup();
            for source in sources {
                let claim = Claim { row, source };
                match (before.has(row, source), after.has(row, source)) {
                    (false, true) => changes.push(ClaimChange::Made(claim)),
                    (true, false) => changes.push(ClaimChange::Withdrawn(claim)),
                    (true, true) | (false, false) => {}
                }
            }
        }
        changes
    }

    fn rows_in_scope(&self) -> i64 {
        let (forest, claims) = (self.snapshot.forest, self.snapshot.claims);
        let in_scope = |row: RowId, issue: IssueRef| {
            self.participants
                .iter()
                .any(|participant| match &participant.part {
                    Part::Bystander(_) => false,
                    Part::Filter(_) | Part::Subtasks(_) => {
                        claims.has(row, ClaimSource::Synchronizer(participant.id))
                            || participant.has_read(issue)
                    }
                })
        };
        let issues = forest
            .preorder()
            .filter_map(|(row, _)| Some((row, forest.issue(row)?)));
        issues.filter(|&(row, issue)| in_scope(row, issue)).count() as i64
    }
}

impl Participant<'_> {
    /// Whether the issue is among those that this synchronizer is about.
    fn has_read(&self, issue: IssueRef) -> bool {
        self.tracker == issue.tracker
            && match &self.part {
                Part::Filter(filter) => filter.matched.contains(&issue.issue),
                Part::Subtasks(read) => read.parents.contains_key(&issue.issue),
                Part::Bystander(_) => false,
            }
    }
}
