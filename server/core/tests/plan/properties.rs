//! What must hold of every plan, whatever the world.
//!
//! Written from the rules and not from the planner: it looks only at the world, the plan and the
//! outcome.

use crate::outline::{outline, row_name, synchronizer_name};
use crate::world::{World, issue_name, issue_ref};
use resync_core::change::{ForestChange, Item};
use resync_core::check::{Violation, violations};
use resync_core::claim::{ClaimSource, Claims};
use resync_core::commit::writes;
use resync_core::forest::Forest;
use resync_core::id::{IssueId, RowId};
use resync_core::job::{ChangeKind, HoldReason, Why};
use resync_core::plan::{Held, Plan, PlannedChange, Scope};
use resync_core::synchronizer::{
    FilterSettings, LinksScope, PlannedSynchronizer, Settings, SubtasksSettings,
};
use std::collections::{BTreeMap, BTreeSet};

/// Panics when a property does not hold, and says which.
pub(crate) fn assert_sound(world: &World, plan: &Plan, partial: bool) {
    if let Err(broken) = verify(world, plan, partial) {
        panic!(
            "{broken}\n{}{}",
            crate::check::render(world, plan),
            outline(&world.forest)
        );
    }
}

/// The first property that does not hold. `partial`: only a confirmed part may be executed.
pub(crate) fn verify(world: &World, plan: &Plan, partial: bool) -> Result<(), String> {
    steps_fit_and_can_be_undone(&world.forest, &plan.after, &plan.steps())?;
    a_commit_writes_only_what_was_placed(plan)?;
    rows_of_people_stay(world, plan)?;
    rows_that_others_want_stay(world, plan)?;
    one_reason_each(plan)?;
    let after = Outcome {
        world,
        plan,
        claims: claims_after(world, plan),
    };
    for synchronizer in world.evaluated() {
        match &synchronizer.rule.settings {
            Settings::Filter(settings) => after.filter_is_answered(synchronizer, settings)?,
            Settings::Subtasks(settings) => after.subtasks_are_answered(synchronizer, settings)?,
            Settings::Links(settings) => after.links_are_answered(synchronizer, settings)?,
            Settings::Agile(settings) => after.agile_is_answered(synchronizer, settings)?,
            Settings::StatusRollup(_) => {}
        }
    }
    order_comes_last(plan)?;
    after.first_declared_owns_the_place()?;
    if !partial
        && plan
            .held
            .iter()
            .any(|held| held.reason == HoldReason::NotConfirmed)
    {
        return Err("held as not confirmed, though all is".to_owned());
    }
    Ok(())
}

/// Applies steps one by one to a forest, checks it after each, and undoes them again.
pub(crate) fn steps_fit_and_can_be_undone(
    before: &Forest,
    after: &Forest,
    steps: &[ForestChange],
) -> Result<(), String> {
    let mut forest = before.clone();
    for step in steps {
        forest
            .apply(step)
            .map_err(|error| format!("{step:?} does not fit: {error}"))?;
        let broken = violations(&forest).into_iter();
        let mut broken =
            broken.filter(|found| !matches!(found, Violation::AliasWithoutPrimary { .. }));
        if let Some(violation) = broken.next() {
            return Err(format!("after {step:?}: {violation}"));
        }
    }
    if let Some(violation) = violations(&forest).first() {
        return Err(format!("the outcome: {violation}"));
    }
    if outline(&forest) != outline(after) {
        return Err("the steps do not lead to the outcome".to_owned());
    }
    for step in steps.iter().rev() {
        forest
            .undo(step)
            .map_err(|error| format!("{step:?} cannot be undone: {error}"))?;
    }
    match forest.preorder().eq(before.preorder()) {
        true if outline(&forest) == outline(before) => Ok(()),
        _ => Err("undoing all steps does not lead back".to_owned()),
    }
}

fn a_commit_writes_only_what_was_placed(plan: &Plan) -> Result<(), String> {
    let mut after = plan.after.clone();
    let keyed_before: BTreeSet<RowId> = after
        .preorder()
        .map(|(row, _)| row)
        .filter(|&row| after.key(row).is_some())
        .collect();
    let steps = plan.steps();
    let writes = writes(&mut after, &steps);
    let touched: BTreeSet<RowId> = steps.iter().map(ForestChange::row).collect();
    let written: Vec<RowId> = writes.upserts.iter().map(|row| row.id).collect();
    let unique: BTreeSet<RowId> = written.iter().copied().collect();
    if unique.len() != written.len() || !unique.is_subset(&touched) {
        return Err(format!("wrote {written:?} for steps about {touched:?}"));
    }
    if unique.intersection(&keyed_before).next().is_some() {
        return Err("a row that did not move was written".to_owned());
    }
    Ok(())
}

/// Nobody removes what a person added and no synchronizer ever claimed.
fn rows_of_people_stay(world: &World, plan: &Plan) -> Result<(), String> {
    for (row, issue) in removed(plan) {
        let evaluated = world.evaluated();
        let rows: Vec<RowId> = world.forest.rows_of_issue(issue_ref(issue)).collect();
        let claimed = rows.iter().any(|&row| {
            let of = |found: &&PlannedSynchronizer| {
                world.claims.has(row, ClaimSource::Synchronizer(found.id))
            };
            evaluated.iter().any(of)
        });
        let by_person = world.claims.has(row, ClaimSource::Person);
        if by_person && !claimed {
            return Err(format!(
                "{} was a person's alone, and went",
                issue_name(issue)
            ));
        }
    }
    Ok(())
}

/// A row stays when its issue is matched by a filter of this run, or claimed by a filter that
/// does not take part; and so does a sub-task that another synchronizer keeps, unless its parent
/// goes with it.
fn rows_that_others_want_stay(world: &World, plan: &Plan) -> Result<(), String> {
    let evaluated = world.evaluated();
    for change in plan
        .changes
        .iter()
        .filter(|found| found.kind == ChangeKind::RemoveRow)
    {
        let (row, issue) = (change.change.row(), change.issue.issue);
        // Whoever wants an issue has it, as long as the primary row stays.
        if world.forest.is_alias(row) && has_row(&plan.after, issue) {
            continue;
        }
        for synchronizer in &world.synchronizers {
            let takes_part = evaluated.iter().any(|found| found.id == synchronizer.id);
            let claims = world
                .claims
                .has(row, ClaimSource::Synchronizer(synchronizer.id));
            let wants = match (&synchronizer.rule.settings, takes_part) {
                (Settings::Filter(_), true) => world.matches(synchronizer, issue),
                (Settings::Filter(_), false) => claims,
                (Settings::Links(settings), true) => {
                    // What left a filter and hangs below a row that this very plan adds is added again.
                    let parents = world.linked_parents(synchronizer, issue);
                    let mut old = parents.filter(|&parent| has_row(&world.forest, parent));
                    let scope = settings.scope == LinksScope::AllIssues;
                    (scope && world.is_wanted_by_links(synchronizer, settings, &plan.after, issue))
                        || old.any(|parent| has_row(&plan.after, parent))
                }
                (Settings::Links(_), false) => claims,
                (Settings::Agile(settings), true) => {
                    let parent = world.ranked_parent(synchronizer, settings, issue);
                    parent.is_some_and(|parent| {
                        has_row(&world.forest, parent) && has_row(&plan.after, parent)
                    })
                }
                (Settings::StatusRollup(_), _) => false,
                (Settings::Subtasks(settings), true) => {
                    let parent = world.selected_parent(settings, issue);
                    parent.is_some_and(|parent| {
                        has_row(&world.forest, parent) && has_row(&plan.after, parent)
                    })
                }
                (Settings::Subtasks(_) | Settings::Agile(_), false) => {
                    let parent = world.jira.get(&issue).and_then(|found| found.parent);
                    let parent_goes = change.why == Why::BranchUnmatched
                        && parent.is_some_and(|parent| !has_row(&plan.after, parent));
                    claims && !parent_goes
                }
            };
            if wants {
                let name = synchronizer_name(synchronizer.id);
                return Err(format!(
                    "{} went, though {name} wants it",
                    issue_name(issue)
                ));
            }
        }
    }
    Ok(())
}

/// Rows are put in order when all of them are where they belong.
fn order_comes_last(plan: &Plan) -> Result<(), String> {
    let is_order = |change: &&PlannedChange| change.why == Why::RankOrder;
    let mut after_order = plan.changes.iter().skip_while(|change| !is_order(change));
    match after_order.find(|change| !is_order(change)) {
        Some(change) => Err(format!("{change:?} comes after rows were put in order")),
        None => Ok(()),
    }
}

fn one_reason_each(plan: &Plan) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for held in &plan.held {
        let what = (held.kind, held.row, held.issue, held.parent, held.reason);
        if !seen.insert((held.synchronizer, what)) {
            return Err(format!("{held:?} is held twice"));
        }
        if held.row.is_some_and(|row| !plan.after.contains(row)) {
            return Err(format!("{held:?} is about a row that went"));
        }
    }
    Ok(())
}

fn removed(plan: &Plan) -> impl Iterator<Item = (RowId, IssueId)> + '_ {
    let removals = plan
        .changes
        .iter()
        .filter(|change| change.kind == ChangeKind::RemoveRow);
    removals.map(|change| (change.change.row(), change.issue.issue))
}

pub(crate) fn has_row(forest: &Forest, issue: IssueId) -> bool {
    forest.primary_row(issue_ref(issue)).is_some()
}

fn claims_after(world: &World, plan: &Plan) -> Claims {
    let mut after = world.claims.clone();
    removed(plan).for_each(|(row, _)| after.remove_row(row));
    plan.claims.iter().for_each(|&change| after.apply(change));
    after
}

impl World {
    fn takes_part(&self, synchronizer: &PlannedSynchronizer) -> bool {
        synchronizer.enabled || self.scope == Scope::Resync(synchronizer.id)
    }

    fn matches(&self, synchronizer: &PlannedSynchronizer, issue: IssueId) -> bool {
        let matched = self.matched.get(&synchronizer.id).into_iter().flatten();
        matched
            .into_iter()
            .any(|&found| found == issue && self.jira.contains_key(&issue))
    }

    pub(crate) fn selected_parent(
        &self,
        settings: &SubtasksSettings,
        issue: IssueId,
    ) -> Option<IssueId> {
        let found = self.jira.get(&issue).filter(|found| found.subtask)?;
        let types = &settings.issue_types;
        let selected = types.is_empty() || types.iter().any(|id| id.as_str() == found.issue_type);
        found.parent.filter(|&parent| selected && parent != issue)
    }
}

/// The state after a plan.
pub(crate) struct Outcome<'a> {
    pub(crate) world: &'a World,
    pub(crate) plan: &'a Plan,
    pub(crate) claims: Claims,
}

impl Outcome<'_> {
    pub(crate) fn held_for(
        &self,
        by: &PlannedSynchronizer,
        kind: ChangeKind,
        issue: IssueId,
    ) -> impl Iterator<Item = &Held> {
        let by = by.id;
        self.plan.held.iter().filter(move |held| {
            held.synchronizer == by && held.kind == kind && held.issue.issue == issue
        })
    }

    pub(crate) fn held(
        &self,
        by: &PlannedSynchronizer,
        kind: ChangeKind,
        issue: IssueId,
    ) -> Option<&Held> {
        self.held_for(by, kind, issue).next()
    }

    /// Every matched issue has a claimed row at its place, and no other issue is claimed, or the
    /// difference is held.
    fn filter_is_answered(
        &self,
        filter: &PlannedSynchronizer,
        settings: &FilterSettings,
    ) -> Result<(), String> {
        let after = &self.plan.after;
        let source = ClaimSource::Synchronizer(filter.id);
        let gathers = settings.parent_issue.filter(|_| settings.allow_move);
        let gathers = gathers.and_then(|parent| after.primary_row(issue_ref(parent)));
        let matched = self.world.matched.get(&filter.id).into_iter().flatten();
        for &issue in matched.filter(|issue| self.world.jira.contains_key(issue)) {
            let name = issue_name(issue);
            let Some(row) = after.primary_row(issue_ref(issue)) else {
                if self.held(filter, ChangeKind::AddRow, issue).is_none() {
                    return Err(format!("{name} is matched, and neither there nor held"));
                }
                continue;
            };
            if !self.claims.has(row, source) {
                return Err(format!("{name} is matched, and not claimed"));
            }
            let elsewhere = gathers.is_some_and(|parent| after.parent(row) != Some(parent));
            if elsewhere && self.held(filter, ChangeKind::MoveRow, issue).is_none() {
                return Err(format!("{name} is not gathered, and not held"));
            }
        }
        for claim in self
            .claims
            .sorted()
            .iter()
            .filter(|claim| claim.source == source)
        {
            let Some(Item::Issue(issue)) = after.item(claim.row) else {
                continue;
            };
            let unmatched = !self.world.matches(filter, issue.issue);
            if unmatched
                && self
                    .held(filter, ChangeKind::RemoveRow, issue.issue)
                    .is_none()
            {
                let name = row_name(after, claim.row);
                return Err(format!(
                    "{name} is claimed and unmatched, and neither gone nor held"
                ));
            }
        }
        Ok(())
    }

    /// Whoever moved a row last to another parent is the first declared of those that take part
    /// and want it below a row; nobody moves a row to the top that one of them wants below a row.
    fn first_declared_owns_the_place(&self) -> Result<(), String> {
        let moves = self
            .plan
            .changes
            .iter()
            .filter(|found| found.kind == ChangeKind::MoveRow && found.why != Why::RankOrder);
        let last: BTreeMap<RowId, &PlannedChange> =
            moves.map(|change| (change.change.row(), change)).collect();
        for (row, change) in last {
            if !self.plan.after.contains(row) {
                continue;
            }
            let issue = change.issue.issue;
            let mut wanting = self.world.synchronizers.iter().filter(|found| {
                self.world.takes_part(found)
                    && self.wants_below_a_row(found, row, issue)
                    && !self.is_below_a_linked_parent(found, row, issue, change)
            });
            let owner = wanting.next().map(|found| found.id);
            let lifted = change.why == Why::MakesWay;
            let mover = change.new_parent().filter(|_| !lifted);
            let mover = mover.map(|_| change.synchronizer);
            // Whoever wants it since then below a row may not get it, and says so.
            let mut held = self.plan.held.iter();
            let is_held = held.any(|held| {
                held.kind == ChangeKind::MoveRow
                    && held.row == Some(row)
                    && Some(held.synchronizer) == owner
                    && held.reason != HoldReason::PlacementOwnedElsewhere
            });
            if owner != mover && !is_held {
                let name = issue_name(issue);
                return Err(format!("{name} was moved by {mover:?}, not {owner:?}"));
            }
        }
        Ok(())
    }

    /// Any of its linked parents is as good for a links synchronizer, whoever moved the row there.
    fn is_below_a_linked_parent(
        &self,
        by: &PlannedSynchronizer,
        row: RowId,
        issue: IssueId,
        change: &PlannedChange,
    ) -> bool {
        let above = self.plan.after.parent(row);
        let above = above.and_then(|above| self.plan.after.issue(above));
        let mut parents = self.world.linked_parents(by, issue);
        let by_another = change.synchronizer != by.id || change.why == Why::MakesWay;
        by_another && parents.any(|parent| Some(issue_ref(parent)) == above)
    }

    fn wants_below_a_row(&self, by: &PlannedSynchronizer, row: RowId, issue: IssueId) -> bool {
        let after = &self.plan.after;
        let is_evaluated = self.world.evaluated().iter().any(|found| found.id == by.id);
        let there = |parent: Option<IssueId>| parent.is_some_and(|parent| has_row(after, parent));
        let before = &self.world.forest;
        let was_placed = before.placed_by(row) == Some(by.id) && before.parent(row).is_some();
        match &by.rule.settings {
            Settings::Filter(settings) => {
                let is_its = match is_evaluated {
                    true => self.world.matches(by, issue),
                    false => self.claims.has(row, ClaimSource::Synchronizer(by.id)),
                };
                let parent = settings.parent_issue.filter(|&parent| parent != issue);
                is_its && settings.allow_move && there(parent)
            }
            Settings::Subtasks(settings) => there(self.world.selected_parent(settings, issue)),
            Settings::Links(_) if is_evaluated => {
                let mut refused = self.held_for(by, ChangeKind::MoveRow, issue);
                let refused = refused.any(|held| held.reason == HoldReason::LinkClosesCycle);
                let mut parents = self.world.linked_parents(by, issue);
                !refused && parents.any(|parent| has_row(after, parent))
            }
            Settings::Links(_) => {
                was_placed && self.world.claims.has(row, ClaimSource::Synchronizer(by.id))
            }
            Settings::Agile(settings) if is_evaluated => {
                let parent = self.world.ranked_parent(by, settings, issue);
                there(parent.or_else(|| self.world.ranked_epic(by, settings, issue)))
            }
            Settings::Agile(_) => was_placed,
            Settings::StatusRollup(_) => false,
        }
    }

    /// Every selected sub-task is below its parent, or the difference is held.
    fn subtasks_are_answered(
        &self,
        by: &PlannedSynchronizer,
        settings: &SubtasksSettings,
    ) -> Result<(), String> {
        let after = &self.plan.after;
        for &issue in self.world.jira.keys() {
            let Some(parent) = self.world.selected_parent(settings, issue) else {
                continue;
            };
            let name = issue_name(issue);
            let row = after.primary_row(issue_ref(issue));
            let kind = match (row, after.primary_row(issue_ref(parent))) {
                (None, None) => continue,
                (None, Some(_)) => ChangeKind::AddRow,
                (Some(row), Some(parent)) if after.parent(row) == Some(parent) => continue,
                (Some(_), Some(_)) => ChangeKind::MoveRow,
                (Some(_), None) => ChangeKind::RemoveRow,
            };
            if self.held(by, kind, issue).is_none() {
                return Err(format!("{name}: {kind:?} is neither done nor held"));
            }
        }
        Ok(())
    }
}
