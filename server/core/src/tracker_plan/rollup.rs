//! Status rollup: a parent has the earliest status among its direct children.
//!
//! What it is not: a walk through a workflow. Only a transition that is offered now and leads
//! straight to the status is used.
//!
//! Children are looked at before their parents, with the status that they will have, so one plan
//! carries a status up through any number of levels. An alias is a child like another row; what
//! is below an issue is what is below its primary row.

use super::{Aspect, Desired, Selection, TrackerChange, TrackerHold, TrackerPlan, TrackerWhy};
use crate::forest::Slot;
use crate::id::{IssueId, JiraId, ProjectKey};
use crate::synchronizer::{StatusRollupSettings, StatusStep};
use rustc_hash::{FxHashMap, FxHashSet};

/// What was read of an issue's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusFacts {
    /// The status.
    pub status: JiraId,
    /// The project.
    pub project: ProjectKey,
    /// The type.
    pub issue_type: JiraId,
    /// The transitions that the tracker offers now, in its order; `None` when they were not read.
    pub transitions: Option<Vec<OfferedTransition>>,
}

/// A transition that the tracker offers for an issue now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedTransition {
    /// Its id.
    pub id: JiraId,
    /// The status that it leads to.
    pub to: JiraId,
    /// Whether it asks for a resolution.
    pub asks_resolution: bool,
}

/// Plans the transitions of parents, each after those below it. The parents are selected.
pub fn plan_statuses(
    desired: &Desired<'_>,
    settings: &StatusRollupSettings,
    facts: &FxHashMap<IssueId, StatusFacts>,
    selection: Selection<'_, IssueId>,
) -> TrackerPlan {
    let mut rollup = Rollup {
        desired,
        settings,
        facts,
        planned: FxHashMap::default(),
        plan: TrackerPlan::default(),
    };
    let order = children_first(desired);
    for &slot in &order.slots {
        let issue = desired.forest.issue_at(slot).map(|issue| issue.issue);
        if let Some(issue) = issue.filter(|issue| selection.has(issue)) {
            rollup.take(slot, issue, order.in_cycle.contains(&slot));
        }
    }
    rollup.plan
}

/// The primary rows of a tracker that have children.
struct ChildrenFirst {
    slots: Vec<Slot>,
    /// Rows with a child, by an alias, that is above them.
    in_cycle: FxHashSet<Slot>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    Not,
    Open,
    Done,
}

/// Orders the rows so that each comes after the rows of its children, wherever those are.
fn children_first(desired: &Desired<'_>) -> ChildrenFirst {
    let forest = desired.forest;
    let mut visits = vec![Visit::Not; forest.slot_count()];
    let mut order = ChildrenFirst {
        slots: Vec::new(),
        in_cycle: FxHashSet::default(),
    };
    // The second of a pair: whether everything below has been visited.
    let mut stack: Vec<(Slot, bool)> = Vec::new();
    for (root, _) in forest.walk() {
        stack.push((root, false));
        while let Some((slot, below_is_done)) = stack.pop() {
            let visit = visits[slot as usize];
            if below_is_done {
                visits[slot as usize] = Visit::Done;
                order.slots.extend(counts(desired, slot).then_some(slot));
            } else if visit == Visit::Not && counts(desired, slot) {
                visits[slot as usize] = Visit::Open;
                stack.push((slot, true));
                for child in primary_slots_of_children(desired, slot) {
                    match visits[child as usize] {
                        Visit::Not => stack.push((child, false)),
                        Visit::Open => {
                            order.in_cycle.insert(slot);
                        }
                        Visit::Done => {}
                    }
                }
            }
        }
    }
    order
}

fn counts(desired: &Desired<'_>, slot: Slot) -> bool {
    let forest = desired.forest;
    let issue = forest.issue_at(slot);
    issue.is_some_and(|issue| issue.tracker == desired.tracker)
        && !forest.alias_at(slot)
        && forest.has_children_at(slot)
}

fn primary_slots_of_children<'a>(
    desired: &'a Desired<'_>,
    slot: Slot,
) -> impl Iterator<Item = Slot> + 'a {
    let forest = desired.forest;
    let children = forest.children(forest.id_at(slot));
    children.filter_map(move |row| forest.primary_slot(forest.issue(row)?))
}

struct Rollup<'a> {
    desired: &'a Desired<'a>,
    settings: &'a StatusRollupSettings,
    facts: &'a FxHashMap<IssueId, StatusFacts>,
    /// The statuses that planned transitions lead to.
    planned: FxHashMap<IssueId, &'a JiraId>,
    plan: TrackerPlan,
}

/// Why nothing follows for a parent, and the child that is the reason.
type Blocked = (TrackerHold, Option<IssueId>);

impl<'a> Rollup<'a> {
    fn take(&mut self, slot: Slot, issue: IssueId, in_cycle: bool) {
        let Some(facts) = self.facts.get(&issue) else {
            return;
        };
        if !self.changes_parent(facts) {
            return;
        }
        let found = match in_cycle {
            true => Err((TrackerHold::ChildrenInCycle, None)),
            false => self.earliest(slot),
        };
        let step = match found {
            Ok(Some(step)) if step.status != facts.status => step,
            Ok(Some(_) | None) => return,
            Err(blocked) => return self.hold(issue, blocked),
        };
        if let Some(reason) = self.desired.reason_not_to_write(issue) {
            return self.hold(issue, (reason, None));
        }
        match choose(step, facts) {
            Ok(offered) => self.transition(issue, facts, step, offered),
            Err(reason) => self.hold(issue, (reason, None)),
        }
    }

    fn changes_parent(&self, facts: &StatusFacts) -> bool {
        let StatusRollupSettings {
            projects,
            issue_types,
            ..
        } = self.settings;
        (projects.is_empty() || projects.contains(&facts.project))
            && (issue_types.is_empty() || issue_types.contains(&facts.issue_type))
    }

    /// The earliest status among the direct children; `None` when there are none.
    fn earliest(&self, slot: Slot) -> Result<Option<&'a StatusStep>, Blocked> {
        let forest = self.desired.forest;
        let mut earliest: Option<usize> = None;
        for row in forest.children(forest.id_at(slot)) {
            let Some(child) = forest.issue(row) else {
                continue;
            };
            let known = (child.tracker == self.desired.tracker)
                .then(|| self.status(child.issue))
                .flatten();
            let blocked = |reason| (reason, Some(child.issue));
            let status = known.ok_or(blocked(TrackerHold::ChildStatusUnknown))?;
            let mut steps = self.settings.steps.iter();
            let at = steps
                .position(|step| step.status == *status)
                .ok_or(blocked(TrackerHold::ChildStatusNotListed))?;
            earliest = Some(earliest.map_or(at, |earliest| earliest.min(at)));
        }
        Ok(earliest.and_then(|at| self.settings.steps.get(at)))
    }

    /// The status that an issue will have.
    fn status(&self, issue: IssueId) -> Option<&'a JiraId> {
        let now = self.facts.get(&issue).map(|facts| &facts.status);
        self.planned.get(&issue).copied().or(now)
    }

    fn hold(&mut self, issue: IssueId, (reason, child): Blocked) {
        let held = self.desired.held(Aspect::Status, issue, child, reason);
        self.plan.held.push(held);
    }

    fn transition(
        &mut self,
        issue: IssueId,
        facts: &StatusFacts,
        step: &'a StatusStep,
        offered: &OfferedTransition,
    ) {
        let resolution = step.resolution.clone();
        let change = TrackerChange::Transition {
            issue,
            replaces: facts.status.clone(),
            status: step.status.clone(),
            transition: offered.id.clone(),
            resolution: resolution.filter(|_| offered.asks_resolution),
        };
        self.planned.insert(issue, &step.status);
        let planned = self
            .desired
            .planned(change, TrackerWhy::EarliestOfChildren, true);
        self.plan.changes.push(planned);
    }
}

/// The transition to use: of those that are allowed the first one that is offered, else the first
/// one that is offered.
fn choose<'f>(
    step: &StatusStep,
    facts: &'f StatusFacts,
) -> Result<&'f OfferedTransition, TrackerHold> {
    let offered = facts.transitions.as_ref();
    let offered = offered.ok_or(TrackerHold::TransitionsNotRead)?;
    let mut leading = offered.iter().filter(|found| found.to == step.status);
    let chosen = if step.transitions.is_empty() {
        leading.next()
    } else {
        let leading: Vec<&OfferedTransition> = leading.collect();
        let mut allowed = step.transitions.iter();
        allowed.find_map(|id| leading.iter().find(|found| found.id == *id).copied())
    };
    chosen.ok_or(TrackerHold::NoTransition)
}
