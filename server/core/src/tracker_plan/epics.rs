//! Epics: an issue belongs to the nearest epic above its primary row.
//!
//! What it is not: where rows belong. Folders and other issues between the row and the epic make
//! no difference here.

use super::{Aspect, Desired, Selection, TrackerChange, TrackerHold, TrackerPlan, TrackerWhy};
use crate::id::IssueId;
use crate::issue::{IssueRef, ObservedEpic};
use rustc_hash::FxHashMap;

/// What an issue can have to do with epics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EpicRole {
    /// It is an epic.
    Epic,
    /// It can belong to one.
    Member,
    /// It is no epic and cannot belong to one by itself: a sub-task, or an issue of a type that
    /// the field does not apply to. Nothing is written about it.
    Neither,
}

/// What was read of epics.
#[derive(Clone, Copy, Debug)]
pub struct EpicEvidence<'a> {
    /// Every issue in scope, and what it can have to do with epics. Others are not touched.
    pub roles: &'a FxHashMap<IssueId, EpicRole>,
    /// The epics of those that have one.
    pub epics: &'a [ObservedEpic],
}

/// The nearest epic above each row that is the primary one of an issue in scope; `None` when there
/// is none. In the order of the rows.
pub fn epics_in(
    desired: &Desired<'_>,
    roles: &FxHashMap<IssueId, EpicRole>,
) -> Vec<(IssueId, Option<IssueId>)> {
    let forest = desired.forest;
    // By depth: the nearest epic at or above the row that was last met there.
    let mut above: Vec<Option<IssueId>> = Vec::new();
    let mut found = Vec::new();
    for (slot, depth) in forest.walk() {
        above.truncate(depth);
        let epic = above.last().copied().flatten();
        let issue = forest
            .issue_at(slot)
            .filter(|issue: &IssueRef| issue.tracker == desired.tracker)
            .map(|issue| issue.issue);
        let role = issue.and_then(|issue| roles.get(&issue));
        if let Some(issue) = issue
            && role.is_some()
            && !forest.alias_at(slot)
        {
            found.push((issue, epic));
        }
        above.push(if role == Some(&EpicRole::Epic) {
            issue
        } else {
            epic
        });
    }
    found
}

/// Plans the epics, in the order of the rows. The issues are selected.
pub fn plan_epics(
    desired: &Desired<'_>,
    evidence: &EpicEvidence<'_>,
    selection: Selection<'_, IssueId>,
) -> TrackerPlan {
    let current: FxHashMap<IssueId, IssueId> = evidence
        .epics
        .iter()
        .map(|found| (found.issue, found.epic))
        .collect();
    let mut plan = TrackerPlan::default();
    for (issue, epic) in epics_in(desired, evidence.roles) {
        let replaces = current.get(&issue).copied();
        let role = evidence.roles.get(&issue);
        if !selection.has(&issue) || replaces == epic || role != Some(&EpicRole::Member) {
            continue;
        }
        match reason_to_leave(desired, replaces, epic, issue) {
            Some(reason) => {
                let other = epic.or(replaces);
                plan.held
                    .push(desired.held(Aspect::Epic, issue, other, reason));
            }
            None => {
                let why = match epic {
                    Some(_) => TrackerWhy::BelowEpic,
                    None => TrackerWhy::BelowNoEpic,
                };
                let change = TrackerChange::SetEpic {
                    issue,
                    replaces,
                    epic,
                };
                let planned = desired.planned(change, why, replaces.is_some());
                plan.changes.push(planned);
            }
        }
    }
    plan
}

fn reason_to_leave(
    desired: &Desired<'_>,
    replaces: Option<IssueId>,
    epic: Option<IssueId>,
    issue: IssueId,
) -> Option<TrackerHold> {
    let epic_is_hidden =
        epic.is_some_and(|epic| desired.inaccessible.contains(&desired.named(epic)));
    if let Some(reason) = desired.reason_not_to_write(issue) {
        Some(reason)
    } else if epic_is_hidden {
        Some(TrackerHold::Inaccessible)
    } else if epic.is_none() && replaces.is_some_and(|epic| !desired.has_row(epic)) {
        Some(TrackerHold::EpicNotInStructure)
    } else {
        None
    }
}
