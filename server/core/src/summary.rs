//! A plan as people see it: a list of changes, and figures.
//!
//! What it is not: the plan itself. A list of changes can be confirmed (see
//! [`crate::plan::ConfirmedPlan`]), but is never executed.

use crate::change::Item;
use crate::forest::Forest;
use crate::guard::Figures;
use crate::id::{ForestVersion, RowId};
use crate::issue::IssueRef;
use crate::job::{
    ChangeKind, ChangeState, GuardTrip, HoldReason, JobChange, PLAN_SAMPLE_MAX, PlanSummary, Tally,
};
use crate::plan::{ChangeKey, Facts, Held, Plan, PlannedChange, Subject, key_of, keys_of_planned};
use crate::time::Timestamp;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// The changes of a plan and the differences that it leaves, numbered from 1: destructive changes
/// first, then the other changes in order of work, then what is held. `before` is the forest that
/// was planned for.
pub fn job_changes(plan: &Plan, before: &Forest, facts: &Facts<'_>) -> Vec<JobChange> {
    each_job_change(plan, before, facts).collect()
}

/// What [`job_changes`] lists, one by one: all of a large plan take more memory than the plan.
pub fn each_job_change<'a>(
    plan: &'a Plan,
    before: &'a Forest,
    facts: &'a Facts<'a>,
) -> impl Iterator<Item = JobChange> + 'a {
    let listing = Listing {
        before,
        after: &plan.after,
        facts,
    };
    let destructive = plan.changes.iter().filter(|planned| planned.destructive);
    let others = plan.changes.iter().filter(|planned| !planned.destructive);
    let planned = destructive.chain(others).map(Difference::Planned);
    let differences = planned.chain(plan.held.iter().map(Difference::Held));
    (1..).zip(differences).map(move |(ordinal, difference)| {
        let change = match difference {
            Difference::Planned(planned) => listing.planned(planned),
            Difference::Held(held) => listing.held(held),
        };
        JobChange { ordinal, ..change }
    })
}

/// What the list of a job's changes tells of.
enum Difference<'a> {
    Planned(&'a PlannedChange),
    Held(&'a Held),
}

/// Appends what was confirmed and is not planned any more, as skipped: after the held differences,
/// numbered on. `confirmed` is what the preview listed.
pub fn add_skipped(listed: &mut Vec<JobChange>, confirmed: &[JobChange]) {
    let still_planned: FxHashSet<ChangeKey> = keys_of_planned(listed.iter())
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    let skipped: Vec<JobChange> = keys_of_planned(confirmed)
        .into_iter()
        .filter(|(key, _)| !still_planned.contains(key))
        .map(|(_, change)| change.clone())
        .collect();
    for mut change in skipped {
        change.ordinal = i64::try_from(listed.len()).map_or(i64::MAX, |length| length + 1);
        change.state = ChangeState::Skipped;
        listed.push(change);
    }
}

/// What a summary needs beside the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryContext {
    /// The version of the forest that was planned for.
    pub forest_version: ForestVersion,
    /// When reading the tracker was complete.
    pub tracker_read_time: Timestamp,
    /// When the plan can no longer be confirmed.
    pub expire_time: Timestamp,
    /// The guards that tripped.
    pub guards: Vec<GuardTrip>,
}

/// The figures of a plan. `listed` is what [`job_changes`] made of it, or at least its first
/// [`PLAN_SAMPLE_MAX`] changes.
pub fn summarize(
    plan: &Plan,
    before: &Forest,
    listed: &[JobChange],
    context: SummaryContext,
) -> PlanSummary {
    let figures = Figures::of(plan, before.len());
    let mut held: BTreeMap<HoldReason, i64> = BTreeMap::new();
    for difference in &plan.held {
        *held.entry(difference.reason).or_default() += 1;
    }
    let planned = listed
        .iter()
        .filter(|change| change.state == ChangeState::Planned);
    PlanSummary {
        changes: figures.changes,
        destructive: figures.destructive,
        tallies: tallies(plan),
        held: held.into_iter().collect(),
        guards: context.guards,
        sample: planned.take(PLAN_SAMPLE_MAX).cloned().collect(),
        fingerprint: fingerprint(plan, before),
        forest_version: context.forest_version,
        tracker_read_time: context.tracker_read_time,
        expire_time: context.expire_time,
        rows_in_scope: plan.rows_in_scope,
    }
}

fn tallies(plan: &Plan) -> Vec<Tally> {
    let mut counts: BTreeMap<ChangeKind, (i64, i64)> = BTreeMap::new();
    for planned in &plan.changes {
        let (count, destructive) = counts.entry(planned.kind).or_default();
        *count += 1;
        *destructive += i64::from(planned.destructive);
    }
    let tally = |(kind, (count, destructive))| Tally {
        kind,
        count,
        destructive,
    };
    counts.into_iter().map(tally).collect()
}

/// The offset basis and the prime of FNV-1a with 128 bits.
const FNV_OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const FNV_PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

/// FNV-1a with 128 bits over the changes in order of work, as 32 hexadecimal digits. It tells
/// plans apart that differ by accident; it is no protection against somebody who forges one, so a
/// confirmation token has to be signed.
fn fingerprint(plan: &Plan, before: &Forest) -> String {
    let mut hash = FNV_OFFSET;
    for planned in &plan.changes {
        for number in key_numbers(&planned_key(planned, before, &plan.after)) {
            for byte in number.to_le_bytes() {
                hash = (hash ^ u128::from(byte)).wrapping_mul(FNV_PRIME);
            }
        }
    }
    format!("{hash:032x}")
}

fn planned_key(planned: &PlannedChange, before: &Forest, after: &Forest) -> ChangeKey {
    let parent = planned
        .new_parent()
        .map(|parent| (parent, after.issue(parent)));
    let row = Some(planned.change.row());
    key_of(planned.kind, row, planned.issue, parent, |row| {
        before.contains(row)
    })
}

fn key_numbers((kind, row, parent): &ChangeKey) -> [i64; 5] {
    let kind = match kind {
        ChangeKind::AddRow => 1,
        ChangeKind::MoveRow => 2,
        ChangeKind::RemoveRow => 3,
    };
    let [row_sort, row] = subject_numbers(row);
    let [parent_sort, parent] = subject_numbers(parent);
    [kind, row_sort, row, parent_sort, parent]
}

fn subject_numbers(subject: &Subject) -> [i64; 2] {
    match subject {
        Subject::Top => [0, 0],
        Subject::Existing(row) => [1, row.0],
        Subject::Added(issue) => [2, issue.0],
    }
}

struct Listing<'a> {
    before: &'a Forest,
    after: &'a Forest,
    facts: &'a Facts<'a>,
}

impl Listing<'_> {
    fn planned(&self, planned: &PlannedChange) -> JobChange {
        let (old, new) = (planned.old_parent(), planned.new_parent());
        JobChange {
            state: ChangeState::Planned,
            destructive: planned.destructive,
            depth: i32::try_from(planned.depth).unwrap_or(i32::MAX),
            why: Some(planned.why),
            synchronizer: Some(planned.synchronizer),
            ..self.blank(
                planned.kind,
                Some(planned.change.row()),
                planned.issue,
                old,
                new,
            )
        }
    }

    fn held(&self, held: &Held) -> JobChange {
        let old = held.row.and_then(|row| self.after.parent(row));
        let depth = match (held.row, held.parent) {
            (Some(row), None) => self.after.depth(row),
            (_, Some(parent)) => self.after.depth(parent) + 1,
            (None, None) => 0,
        };
        JobChange {
            state: ChangeState::Held,
            hold: Some(held.reason),
            depth: i32::try_from(depth).unwrap_or(i32::MAX),
            synchronizer: Some(held.synchronizer),
            ..self.blank(held.kind, held.row, held.issue, old, held.parent)
        }
    }

    /// A change with everything that follows from its row, its issue and its parents.
    fn blank(
        &self,
        kind: ChangeKind,
        row: Option<RowId>,
        issue: IssueRef,
        old_parent: Option<RowId>,
        new_parent: Option<RowId>,
    ) -> JobChange {
        let label = self.facts.label(issue);
        JobChange {
            ordinal: 0,
            kind,
            state: ChangeState::Planned,
            destructive: false,
            row,
            issue: Some(issue.issue),
            issue_key: label.map(|(key, _)| key.clone()),
            title: label.map_or_else(String::new, |(_, summary)| summary.to_string()),
            old_parent,
            new_parent,
            old_parent_label: self.parent_label(old_parent),
            new_parent_label: self.parent_label(new_parent),
            depth: 0,
            why: None,
            hold: None,
            synchronizer: None,
        }
    }

    fn parent_label(&self, parent: Option<RowId>) -> String {
        let Some(parent) = parent else {
            return String::new();
        };
        match self.after.item(parent).or_else(|| self.before.item(parent)) {
            Some(Item::Folder(title)) => title.to_string(),
            Some(Item::Issue(issue)) => self
                .facts
                .label(*issue)
                .map_or_else(String::new, |(key, _)| key.to_string()),
            None => String::new(),
        }
    }
}
