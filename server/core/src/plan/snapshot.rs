//! The input of the planner.
//!
//! What it is not: permission for a reading to be incomplete. Whoever builds a [`Reading`] states
//! that it is everything; a read that failed or was cut short has no [`Reading`], and a
//! synchronizer without one is not evaluated, so nothing is derived from what was not seen.

use super::confirmed::ConfirmedPlan;
use super::facts::{Facts, IssueFacts};
use super::kinds::{self, Participant};
use crate::claim::Claims;
use crate::forest::Forest;
use crate::id::{RowId, SynchronizerId};
use crate::issue::{IssueRef, ObservedEpic, ObservedIssue, ObservedLink};
use crate::synchronizer::PlannedSynchronizer;
use rustc_hash::{FxHashMap, FxHashSet};

/// Everything that a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    /// The structure's rows.
    pub forest: &'a Forest,
    /// Who claims them.
    pub claims: &'a Claims,
    /// All synchronizers of the structure, in declared order.
    pub synchronizers: &'a [PlannedSynchronizer],
    /// Which of them are evaluated.
    pub scope: Scope,
    /// What was read, at most once for each synchronizer.
    pub readings: &'a [Reading],
    /// What the store knows of issues that are not in a reading.
    pub issues: &'a FxHashMap<IssueRef, IssueFacts>,
    /// Issues that were asked for by id and that the tracker does not show: deleted or hidden, it
    /// does not tell which. Their rows stay.
    pub inaccessible: &'a FxHashSet<IssueRef>,
    /// The first free row id.
    pub next_row_id: RowId,
    /// The changes that may be made; anything else is held. `None` when everything may.
    pub confirmed: Option<&'a ConfirmedPlan>,
}

/// Which synchronizers are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A resync of one, enabled or not. The enabled ones still own what they own.
    Resync(SynchronizerId),
    /// All that are enabled.
    Incremental,
}

/// What was read for one synchronizer, completely.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// For which one.
    pub synchronizer: SynchronizerId,
    /// What was read.
    pub evidence: Evidence,
}

/// What was read. A variant that is not of the synchronizer's kind is as good as no reading.
///
/// An issue *may be there* when it has a row in the structure, or when another reading of the same
/// plan has it: matched by a filter, at an end of a link, as a sub-task. What is not read of issues
/// that others add is planned the next time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// For a filter: every issue that its query matches, in the order of the query.
    Matched(Vec<ObservedIssue>),
    /// For a sub-tasks synchronizer: every sub-task of every issue that may be there; every
    /// sub-task that has a row; and every issue whose row the synchronizer claims, as far as the
    /// tracker still has them.
    Subtasks(Vec<ObservedIssue>),
    /// For a links synchronizer.
    Links {
        /// Every link of its type, the direction as the settings say, of which both ends pass
        /// their queries. Within the structure: every such link of an issue that may be there.
        /// Expanded: also of every issue that is reached from those, along links from parents to
        /// children. All issues: every such link.
        links: Vec<ObservedLink>,
        /// The issues at the ends that may be added.
        issues: Vec<ObservedIssue>,
    },
    /// For an agile synchronizer.
    Agile {
        /// Every issue of the board or the projects, in order of rank.
        ranked: Vec<ObservedIssue>,
        /// The epics of those that have one.
        epics: Vec<ObservedEpic>,
        /// Where sub-tasks are added: every sub-task of every ranked issue that may be there, and
        /// every issue whose row the synchronizer claims, as far as the tracker still has them.
        subtasks: Vec<ObservedIssue>,
    },
}

impl Evidence {
    /// Whether the source side is empty: not one issue, and not one link for a synchronizer of
    /// links. Issues that were read only to tell what has become of their rows count here, since
    /// they are there.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Links { links, .. } => links.is_empty(),
            Self::Matched(_) | Self::Subtasks(_) | Self::Agile { .. } => {
                self.issues().next().is_none()
            }
        }
    }

    /// The issues that were read, in no particular order; one may be there twice.
    pub fn issues(&self) -> impl Iterator<Item = &ObservedIssue> {
        let (first, second): (&[ObservedIssue], &[ObservedIssue]) = match self {
            Self::Matched(issues) | Self::Subtasks(issues) | Self::Links { issues, .. } => {
                (issues, &[])
            }
            Self::Agile {
                ranked, subtasks, ..
            } => (ranked, subtasks),
        };
        first.iter().chain(second)
    }
}

/// The synchronizers that take part, in declared order.
pub(super) fn participants<'a>(snapshot: &Snapshot<'a>, facts: &Facts<'a>) -> Vec<Participant<'a>> {
    let takes_part = |synchronizer: &&PlannedSynchronizer| {
        synchronizer.enabled || snapshot.scope == Scope::Resync(synchronizer.id)
    };
    let taking_part = snapshot.synchronizers.iter().filter(takes_part);
    let participant = |(index, synchronizer): (usize, &'a PlannedSynchronizer)| {
        let tracker = synchronizer.rule.tracker;
        let evidence = evidence_for(snapshot, synchronizer.id);
        let (evaluated, rules) =
            kinds::rules_of(&synchronizer.rule.settings, evidence, tracker, facts);
        Participant {
            id: synchronizer.id,
            tracker,
            index,
            evaluated,
            rules,
        }
    };
    taking_part.enumerate().map(participant).collect()
}

/// What was read for a synchronizer, when it is to be evaluated.
fn evidence_for<'a>(snapshot: &Snapshot<'a>, id: SynchronizerId) -> Option<&'a Evidence> {
    let in_scope = match snapshot.scope {
        Scope::Resync(target) => target == id,
        Scope::Incremental => true,
    };
    let mut readings = snapshot.readings.iter();
    let reading = readings.find(|reading| reading.synchronizer == id);
    reading
        .filter(|_| in_scope)
        .map(|reading| &reading.evidence)
}
