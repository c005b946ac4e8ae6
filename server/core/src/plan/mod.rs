//! What a synchronization would change, and what it leaves, with a reason for each.
//!
//! What it is not: a place that reads, asks or fails. [`plan`] takes what was read and returns a
//! [`Plan`]; it is total, so whatever the input, there is a plan. Guards are in [`crate::guard`].
//!
//! # How it decides
//!
//! One pass looks at all synchronizers together, in the order in which they were declared. Each
//! kind is a module of `kinds` and says what it wants in these steps:
//!
//! 1. What must be there whatever else is: filters claim and add what they match, links what their
//!    scope asks for.
//! 2. Rows are moved to their places: filters gather, sub-tasks, links and epics go below parents.
//! 3. What left a result is removed, or held with a reason (`retire`, `branch`); what is there
//!    since something else is, is added.
//! 4. What was there since something else was, is removed or held.
//! 5. Aliases are added, and then siblings are put in order (`order`).
//!
//! Nobody reacts to anybody: of two that would place one row, the first declared owns it
//! (`owner`). After a step that added, moved or removed rows, all is looked at again from the
//! first step on: an addition may give a row another owner, and a move may free a branch that
//! could not go before. So planning the outcome of a plan plans nothing, by construction.

mod branch;
mod claims;
mod confirmed;
mod facts;
mod kinds;
mod moves;
mod order;
mod owned;
mod owner;
mod retire;
mod snapshot;
mod work;

pub use confirmed::ConfirmedPlan;
pub(crate) use confirmed::{ChangeKey, Subject, key_of, keys_of_planned};
pub use facts::{Facts, IssueFacts};
pub use owned::owned_before;
pub use snapshot::{Evidence, Reading, Scope, Snapshot};

use crate::change::ForestChange;
use crate::claim::ClaimChange;
use crate::forest::Forest;
use crate::id::{RowId, SynchronizerId};
use crate::issue::IssueRef;
use crate::job::{ChangeKind, HoldReason, Why};

/// Most passes over one snapshot. Up to five are the rule: add, move, remove, add sub-tasks, find
/// nothing. Each further one needs a row that waited for one before: a filter below an issue that
/// another filter adds, a branch freed by a branch. The next plan would go on.
const PASSES_MAX: usize = 64;

/// What a synchronization would do, as plain data.
#[must_use = "a plan does nothing by itself"]
#[derive(Clone, Debug)]
pub struct Plan {
    /// The changes, in order of work. Applied in this order to the forest of the snapshot, each
    /// step fits, and the outcome is `after`.
    pub changes: Vec<PlannedChange>,
    /// The claims that are made and withdrawn, ordered by row. Not those of removed rows.
    pub claims: Vec<ClaimChange>,
    /// The differences that are left.
    pub held: Vec<Held>,
    /// The forest after the changes, ready for [`crate::commit::writes`]. Who placed a row is
    /// recorded in it.
    pub after: Forest,
    /// The next free row id after the changes.
    pub next_row_id: RowId,
    /// How many rows of the snapshot the synchronizers that were evaluated are about: rows that
    /// they claim, and rows of issues that they read.
    pub rows_in_scope: i64,
}

impl Plan {
    /// Whether there is nothing to do. Held differences are nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.claims.is_empty()
    }

    /// The steps alone, in order of work.
    pub fn steps(&self) -> Vec<ForestChange> {
        self.changes
            .iter()
            .map(|planned| planned.change.clone())
            .collect()
    }

    /// How many of the changes discard something that was there.
    pub fn destructive(&self) -> i64 {
        self.changes
            .iter()
            .filter(|planned| planned.destructive)
            .count() as i64
    }
}

/// One change, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedChange {
    /// The step.
    pub change: ForestChange,
    /// What kind of change people call it.
    pub kind: ChangeKind,
    /// Why it is planned.
    pub why: Why,
    /// The synchronizer on whose behalf.
    pub synchronizer: SynchronizerId,
    /// Whether it discards something that was there: a row goes, or a row moves that a person
    /// placed.
    pub destructive: bool,
    /// The issue of the row.
    pub issue: IssueRef,
    /// The distance from the top after the change; before it for a removal.
    pub depth: usize,
}

impl PlannedChange {
    /// The parent before the change; `None` at the top, or for an addition.
    pub fn old_parent(&self) -> Option<RowId> {
        match &self.change {
            ForestChange::Move { from, .. } | ForestChange::Remove { from, .. } => from.parent,
            ForestChange::Add { .. } | ForestChange::SetAlias { .. } => None,
        }
    }

    /// The parent after the change; `None` at the top, or for a removal.
    pub fn new_parent(&self) -> Option<RowId> {
        match &self.change {
            ForestChange::Add { to, .. } | ForestChange::Move { to, .. } => to.parent,
            ForestChange::Remove { .. } | ForestChange::SetAlias { .. } => None,
        }
    }
}

/// One difference that is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// What would be done.
    pub kind: ChangeKind,
    /// The row; `None` for an addition.
    pub row: Option<RowId>,
    /// The issue.
    pub issue: IssueRef,
    /// The parent that the row would have; `None` at the top, for a removal, or when it is not
    /// in the structure.
    pub parent: Option<RowId>,
    /// Why it is left.
    pub reason: HoldReason,
    /// The synchronizer whose difference it is.
    pub synchronizer: SynchronizerId,
}

/// Works out what a synchronization would change.
///
/// Planning the outcome of a plan (its `after`, with its `claims` applied) with the same readings
/// plans nothing.
pub fn plan(snapshot: &Snapshot<'_>) -> Plan {
    let facts = Facts::new(snapshot);
    let participants = snapshot::participants(snapshot, &facts);
    plan_with(snapshot, &facts, &participants)
}

fn plan_with(
    snapshot: &Snapshot<'_>,
    facts: &Facts<'_>,
    participants: &[kinds::Participant<'_>],
) -> Plan {
    let mut work = work::Work::new(snapshot, facts, participants);
    for _ in 0..PASSES_MAX {
        work.start_pass();
        for part in participants {
            part.rules.claim_and_add(&mut work, part);
        }
        // Whether a row has a place elsewhere is known only when the parents are there.
        if work.pass_changed_rows() {
            continue;
        }
        for part in participants {
            part.rules.place(&mut work, part);
        }
        // What was moved may give a place to more, which must not be removed before.
        if work.pass_changed_rows() {
            continue;
        }
        for part in participants {
            part.rules.retire(&mut work, part);
        }
        for part in participants {
            part.rules.add_missing(&mut work, part);
        }
        // What was added may be the reason for more to stay.
        if work.pass_changed_rows() {
            continue;
        }
        for part in participants {
            part.rules.retire_dependents(&mut work, part);
        }
        // Copies are made of rows that stay where they are, and then all is put in order.
        if !work.pass_changed_anything() {
            for part in participants {
                part.rules.add_aliases(&mut work, part);
            }
        }
        if !work.pass_changed_anything() {
            order::arrange(&mut work);
        }
        if !work.pass_changed_anything() {
            break;
        }
    }
    work.finish()
}
