//! The input of the planner.
//!
//! What it is not: permission for a reading to be incomplete. Whoever builds a [`Reading`] states
//! that it is everything; a read that failed or was cut short has no [`Reading`], and a
//! synchronizer without one is not evaluated, so nothing is derived from what was not seen.

use super::confirmed::ConfirmedPlan;
use super::facts::{Facts, IssueFacts};
use crate::claim::Claims;
use crate::forest::Forest;
use crate::id::{IssueId, RowId, SynchronizerId, TrackerId};
use crate::issue::{IssueRef, ObservedEpic, ObservedIssue, ObservedLink};
use crate::synchronizer::{FilterSettings, PlannedSynchronizer, Settings, SubtasksSettings};
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// For a filter: every issue that its query matches, in the order of the query.
    Matched(Vec<ObservedIssue>),
    /// For a sub-tasks synchronizer: every sub-task of every issue that has a row in the structure
    /// or is matched by a filter that is evaluated with it; every sub-task that has a row; and
    /// every issue whose row the synchronizer claims, as far as the tracker still has them.
    Subtasks(Vec<ObservedIssue>),
    /// For a links synchronizer.
    Links {
        /// Every link of its type, the direction as the settings say, of which both ends pass
        /// their queries. Within the scope of the structure: every such link of an issue that has
        /// a row. Expanded: also of every issue that is reached along links from parents to
        /// children, from the structure or from what a filter that is evaluated with it matches.
        /// All issues: every such link.
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
        /// Where sub-tasks are added: every sub-task of every ranked issue that has a row or is
        /// matched by a filter that is evaluated with it, and every issue whose row the
        /// synchronizer claims, as far as the tracker still has them.
        subtasks: Vec<ObservedIssue>,
    },
}

impl Evidence {
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

/// A filter that is evaluated.
pub(super) struct MatchedFilter<'a> {
    pub(super) settings: &'a FilterSettings,
    pub(super) issues: &'a [ObservedIssue],
    pub(super) matched: FxHashSet<IssueId>,
}

/// A sub-tasks synchronizer that is evaluated.
pub(super) struct ReadSubtasks<'a> {
    pub(super) settings: &'a SubtasksSettings,
    /// Sub-tasks of the selected types and their parents, in order of the sub-task's id.
    pub(super) selected: Vec<(IssueId, IssueId)>,
}

impl ReadSubtasks<'_> {
    /// The parent of a sub-task of a selected type.
    pub(super) fn parent(&self, issue: IssueId) -> Option<IssueId> {
        let found = self
            .selected
            .binary_search_by_key(&issue, |&(issue, _)| issue);
        found
            .ok()
            .and_then(|at| self.selected.get(at))
            .map(|&(_, parent)| parent)
    }
}

/// How a synchronizer takes part.
pub(super) enum Part<'a> {
    /// It is evaluated, as a filter.
    Filter(MatchedFilter<'a>),
    /// It is evaluated, as a sub-tasks synchronizer.
    Subtasks(ReadSubtasks<'a>),
    /// It is enabled, so it owns what it owns, but it changes nothing now.
    Bystander(&'a Settings),
}

/// A synchronizer that takes part.
pub(super) struct Participant<'a> {
    pub(super) id: SynchronizerId,
    pub(super) tracker: TrackerId,
    pub(super) part: Part<'a>,
}

/// The synchronizers that take part, in declared order.
pub(super) fn evaluated<'a>(snapshot: &Snapshot<'a>, facts: &Facts<'a>) -> Vec<Participant<'a>> {
    let takes_part = |synchronizer: &&PlannedSynchronizer| {
        synchronizer.enabled || snapshot.scope == Scope::Resync(synchronizer.id)
    };
    let participant = |synchronizer: &'a PlannedSynchronizer| Participant {
        id: synchronizer.id,
        tracker: synchronizer.rule.tracker,
        part: part(snapshot, facts, synchronizer),
    };
    snapshot
        .synchronizers
        .iter()
        .filter(takes_part)
        .map(participant)
        .collect()
}

fn part<'a>(
    snapshot: &Snapshot<'a>,
    facts: &Facts<'a>,
    synchronizer: &'a PlannedSynchronizer,
) -> Part<'a> {
    let settings = &synchronizer.rule.settings;
    let in_scope = match snapshot.scope {
        Scope::Resync(target) => target == synchronizer.id,
        Scope::Incremental => true,
    };
    let reading = snapshot
        .readings
        .iter()
        .find(|reading| reading.synchronizer == synchronizer.id);
    match (
        settings,
        reading
            .filter(|_| in_scope)
            .map(|reading| &reading.evidence),
    ) {
        (Settings::Filter(settings), Some(Evidence::Matched(issues))) => {
            let matched = issues.iter().map(|issue| issue.id).collect();
            Part::Filter(MatchedFilter {
                settings,
                issues,
                matched,
            })
        }
        (Settings::Subtasks(settings), Some(Evidence::Subtasks(issues))) => Part::Subtasks(
            read_subtasks(settings, issues, synchronizer.rule.tracker, facts),
        ),
        (_, _) => Part::Bystander(settings),
    }
}

fn read_subtasks<'a>(
    settings: &'a SubtasksSettings,
    issues: &[ObservedIssue],
    tracker: TrackerId,
    facts: &Facts<'a>,
) -> ReadSubtasks<'a> {
    let parent = |issue: &ObservedIssue| {
        facts.selected_parent(
            IssueRef {
                tracker,
                issue: issue.id,
            },
            settings,
        )
    };
    let mut selected: Vec<(IssueId, IssueId)> = Vec::with_capacity(issues.len());
    selected.extend(
        issues
            .iter()
            .filter_map(|issue| Some((issue.id, parent(issue)?))),
    );
    selected.sort_unstable();
    selected.dedup();
    ReadSubtasks { settings, selected }
}
