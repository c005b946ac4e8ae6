//! The kinds of synchronizers, as the planner sees them: one module each, behind one trait.
//!
//! What it is not: a place where kinds know of each other. A kind says what it wants; who gets it
//! is decided by [`super::owner`] (placement), [`super::order`] (order) and the claims (membership).
//!
//! A new kind is a module here and its arm in [`rules_of`].

mod agile;
mod filter;
mod links;
mod links_graph;
mod links_retire;
mod links_tree;
mod subtasks;
#[cfg(test)]
mod tests;

use super::facts::Facts;
use super::snapshot::Evidence;
use super::work::Work;
use crate::forest::Slot;
use crate::id::{IssueId, RowId, SynchronizerId, TrackerId};
use crate::issue::IssueRef;
use crate::synchronizer::Settings;
use std::rc::Rc;

/// A synchronizer that takes part.
pub(super) struct Participant<'a> {
    pub(super) id: SynchronizerId,
    pub(super) tracker: TrackerId,
    /// Its place in the declared order of those that take part.
    pub(super) index: usize,
    /// Whether it was read and may change rows now. If not, it owns what it owns, no more.
    pub(super) evaluated: bool,
    pub(super) rules: Box<dyn Rules + 'a>,
}

impl Participant<'_> {
    pub(super) fn issue(&self, issue: IssueId) -> IssueRef {
        IssueRef {
            tracker: self.tracker,
            issue,
        }
    }

    /// Whether the issue is among those that this synchronizer has read.
    pub(super) fn has_read(&self, issue: IssueRef) -> bool {
        self.tracker == issue.tracker && self.rules.has_read(issue.issue)
    }
}

/// What one kind wants. All of it is asked in each pass, in the order of the functions; what is
/// not overridden wants nothing.
pub(super) trait Rules {
    /// Looks at the forest before the pass. What it finds is kept for the pass, see
    /// [`Work::found`].
    fn look(&self, _work: &Work<'_, '_>, _me: &Participant<'_>) -> Found {
        Found::default()
    }

    /// Claims rows of issues that must be there whatever else is, and adds what is missing.
    fn claim_and_add(&self, _work: &mut Work<'_, '_>, _me: &Participant<'_>) {}

    /// Claims rows that are there because others are, and moves rows to their places.
    fn place(&self, _work: &mut Work<'_, '_>, _me: &Participant<'_>) {}

    /// Removes or holds what no longer belongs, whatever else is there.
    fn retire(&self, _work: &mut Work<'_, '_>, _me: &Participant<'_>) {}

    /// Adds what is missing because others are there.
    fn add_missing(&self, _work: &mut Work<'_, '_>, _me: &Participant<'_>) {}

    /// Removes or holds what was there because others were, when all that is to be there is.
    fn retire_dependents(&self, _work: &mut Work<'_, '_>, _me: &Participant<'_>) {}

    /// Adds and claims other rows of issues, when all primary rows are where they belong.
    fn add_aliases(&self, _work: &mut Work<'_, '_>, _me: &Participant<'_>) {}

    /// The row below which the primary row of an issue has to be: the opinion on its placement.
    /// `row` is that row, when the issue has one.
    fn wanted_row(
        &self,
        _work: &Work<'_, '_>,
        _me: &Participant<'_>,
        _issue: IssueRef,
        _row: Option<RowId>,
    ) -> Option<RowId> {
        None
    }

    /// The issue below which it would keep an issue, whether or not that one is in the structure.
    fn wanted_issue(
        &self,
        _work: &Work<'_, '_>,
        _me: &Participant<'_>,
        _issue: IssueRef,
    ) -> Option<IssueId> {
        None
    }

    /// Whether it has opinions on order at all.
    fn ranks(&self) -> bool {
        false
    }

    /// The place of an issue in the order of siblings, ascending: the opinion on its order.
    fn rank(&self, _issue: IssueId) -> Option<u32> {
        None
    }

    /// Whether the issue is among those that were read for it.
    fn has_read(&self, _issue: IssueId) -> bool {
        false
    }

    /// Whether its claim on a row ends when the row's parent goes.
    fn claim_ends_with_parent(
        &self,
        _work: &Work<'_, '_>,
        _me: &Participant<'_>,
        _slot: Slot,
        _issue: IssueRef,
    ) -> bool {
        false
    }
}

/// What a kind finds out about the forest in one pass. Each kind uses what it needs of it.
#[derive(Default)]
pub(super) struct Found {
    /// By slot: whether the row has its reason to be there.
    pub(super) settled: Vec<bool>,
    /// Issues that have no row, though their parents (the second of each pair) have one.
    pub(super) missing: Vec<(IssueRef, IssueRef)>,
    /// How linked issues hang together.
    tree: Rc<links_tree::Tree>,
}

impl Found {
    pub(super) fn has_settled(&self, slot: Slot) -> bool {
        self.settled.get(slot as usize).copied().unwrap_or(false)
    }
}

/// The rules of a synchronizer, and whether they are evaluated: with its evidence when that is of
/// its kind, else as a bystander, which owns what it owns and changes nothing.
pub(super) fn rules_of<'a>(
    settings: &'a Settings,
    evidence: Option<&'a Evidence>,
    tracker: TrackerId,
    facts: &Facts<'a>,
) -> (bool, Box<dyn Rules + 'a>) {
    match (settings, evidence) {
        (Settings::Filter(settings), Some(Evidence::Matched(issues))) => {
            (true, Box::new(filter::ReadFilter::new(settings, issues)))
        }
        (Settings::Filter(settings), _) => (false, Box::new(filter::Bystander(settings))),
        (Settings::Links(settings), Some(Evidence::Links { links, .. })) => {
            (true, Box::new(links::ReadLinks::new(settings, links)))
        }
        (Settings::Links(_), _) => (false, Box::new(links::Bystander)),
        (
            Settings::Agile(settings),
            Some(Evidence::Agile {
                ranked,
                epics,
                subtasks,
            }),
        ) => {
            let read = agile::AgileEvidence {
                ranked,
                epics,
                subtasks,
            };
            let rules = agile::ReadAgile::new(settings, &read, tracker, facts);
            (true, Box::new(rules))
        }
        (Settings::Agile(_), _) => (false, Box::new(agile::Bystander)),
        (Settings::Subtasks(settings), Some(Evidence::Subtasks(issues))) => (
            true,
            Box::new(subtasks::ReadSubtasks::new(
                settings, issues, tracker, facts,
            )),
        ),
        (Settings::Subtasks(settings), _) => (false, Box::new(subtasks::Bystander(settings))),
        // It changes the tracker only.
        (Settings::StatusRollup(_), _) => (false, Box::new(NoWishes)),
    }
}

/// A kind that wants nothing of the structure.
struct NoWishes;

impl Rules for NoWishes {}

/// Whether a claim of any synchronizer on a row ends when the row's parent goes. One that takes no
/// part is judged by what is known without reading.
pub(super) fn claim_ends_with_parent(
    work: &Work<'_, '_>,
    synchronizer: SynchronizerId,
    slot: Slot,
    issue: IssueRef,
) -> bool {
    let part = work
        .participants
        .iter()
        .find(|found| found.id == synchronizer);
    if let Some(part) = part {
        return part.rules.claim_ends_with_parent(work, part, slot, issue);
    }
    let all = work.snapshot.synchronizers.iter();
    let settings = all
        .filter(|found| found.id == synchronizer)
        .map(|found| &found.rule.settings)
        .next();
    match settings {
        Some(Settings::Subtasks(_) | Settings::Agile(_)) => {
            subtasks::is_below_its_parent(work, slot, issue)
        }
        Some(Settings::Filter(_) | Settings::Links(_) | Settings::StatusRollup(_)) | None => false,
    }
}
