//! What must hold of every plan with links and agile synchronizers.

use crate::properties::{Outcome, has_row};
use crate::world::{World, issue_name, issue_ref};
use resync_core::change::ForestChange;
use resync_core::claim::ClaimSource;
use resync_core::forest::Forest;
use resync_core::id::{IssueId, RowId};
use resync_core::job::{ChangeKind, HoldReason, Why};
use resync_core::synchronizer::{
    AgileSettings, LinksScope, LinksSettings, PlannedSynchronizer, Settings, SubtasksSettings,
};
use std::collections::BTreeSet;

impl World {
    /// The links that a synchronizer sees, each once, without those of an issue to itself.
    pub(crate) fn seen_links(&self, by: &PlannedSynchronizer) -> BTreeSet<(IssueId, IssueId)> {
        let links = self.links.get(&by.id).into_iter().flatten().copied();
        links
            .filter(|(parent, child)| parent != child)
            .filter(|(parent, child)| {
                self.jira.contains_key(parent) && self.jira.contains_key(child)
            })
            .collect()
    }

    pub(crate) fn linked_parents(
        &self,
        by: &PlannedSynchronizer,
        issue: IssueId,
    ) -> impl Iterator<Item = IssueId> {
        let links = self.seen_links(by).into_iter();
        links
            .filter(move |&(_, child)| child == issue)
            .map(|(parent, _)| parent)
    }

    /// Whether links are a reason for an issue to be in the structure.
    pub(crate) fn is_wanted_by_links(
        &self,
        by: &PlannedSynchronizer,
        settings: &LinksSettings,
        after: &Forest,
        issue: IssueId,
    ) -> bool {
        let is_end = |&(parent, child): &(IssueId, IssueId)| parent == issue || child == issue;
        let all = settings.scope == LinksScope::AllIssues;
        let mut parents = self.linked_parents(by, issue);
        (all && self.seen_links(by).iter().any(is_end))
            || parents.any(|parent| has_row(after, parent))
    }

    fn is_ranked(&self, by: &PlannedSynchronizer, issue: IssueId) -> bool {
        let ranked = self.ranked.get(&by.id);
        ranked.is_some_and(|ranked| ranked.contains(&issue)) && self.jira.contains_key(&issue)
    }

    /// The parent below which an agile synchronizer keeps a sub-task.
    pub(crate) fn ranked_parent(
        &self,
        by: &PlannedSynchronizer,
        settings: &AgileSettings,
        issue: IssueId,
    ) -> Option<IssueId> {
        let every_type = SubtasksSettings {
            issue_types: Vec::new(),
            remove_orphaned: false,
        };
        let parent = self.selected_parent(&every_type, issue);
        parent.filter(|&parent| settings.add_subtasks && self.is_ranked(by, parent))
    }

    /// The epic below which an agile synchronizer keeps an issue.
    pub(crate) fn ranked_epic(
        &self,
        by: &PlannedSynchronizer,
        settings: &AgileSettings,
        issue: IssueId,
    ) -> Option<IssueId> {
        let epic = self.epics.get(&issue).copied();
        epic.filter(|&epic| settings.sync_epics && epic != issue && self.is_ranked(by, issue))
    }
}

impl Outcome<'_> {
    /// Every link between rows is shown by a row of the child below the primary row of the parent;
    /// what is linked and belongs is there; or the difference is held.
    pub(crate) fn links_are_answered(
        &self,
        by: &PlannedSynchronizer,
        settings: &LinksSettings,
    ) -> Result<(), String> {
        let after = &self.plan.after;
        let adds = settings.scope != LinksScope::WithinStructure;
        for (parent, child) in self.world.seen_links(by) {
            let names = format!("{}>{}", issue_name(parent), issue_name(child));
            let (Some(above), row) = (
                after.primary_row(issue_ref(parent)),
                after.primary_row(issue_ref(child)),
            ) else {
                let all = settings.scope == LinksScope::AllIssues;
                if all && self.held(by, ChangeKind::AddRow, parent).is_none() {
                    return Err(format!("{names}: the parent is neither there nor held"));
                }
                continue;
            };
            let Some(row) = row else {
                if adds && self.held(by, ChangeKind::AddRow, child).is_none() {
                    return Err(format!("{names}: the child is neither there nor held"));
                }
                continue;
            };
            if !self.claims.has(row, ClaimSource::Synchronizer(by.id)) {
                return Err(format!("{names}: the child is not claimed"));
            }
            let is_shown = after
                .rows_of_issue(issue_ref(child))
                .any(|row| after.parent(row) == Some(above));
            let mut alias = self.held_for(by, ChangeKind::AddRow, child);
            let is_held = self.held(by, ChangeKind::MoveRow, child).is_some()
                || alias.any(|held| held.parent == Some(above));
            if !is_shown && !is_held {
                return Err(format!("{names} is neither shown nor held"));
            }
        }
        self.claims_of_links_have_a_reason(by, settings)
    }

    fn claims_of_links_have_a_reason(
        &self,
        by: &PlannedSynchronizer,
        settings: &LinksSettings,
    ) -> Result<(), String> {
        let after = &self.plan.after;
        let source = ClaimSource::Synchronizer(by.id);
        let claims = self.claims.sorted();
        for claim in claims.iter().filter(|claim| claim.source == source) {
            let Some(issue) = after.issue(claim.row) else {
                continue;
            };
            let name = issue_name(issue.issue);
            let above = after.parent(claim.row).and_then(|above| after.issue(above));
            let parent_links = self.world.linked_parents(by, issue.issue);
            let is_linked_above = above.is_some_and(|above| {
                let mut parents = parent_links;
                parents.any(|parent| parent == above.issue)
            });
            let has_reason = match after.is_alias(claim.row) {
                true => is_linked_above && !self.is_shown_twice(claim.row),
                false => self
                    .world
                    .is_wanted_by_links(by, settings, after, issue.issue),
            };
            let mut held = self.plan.held.iter();
            let is_held =
                held.any(|held| held.synchronizer == by.id && held.row == Some(claim.row));
            if !has_reason && !is_held {
                return Err(format!("{name} is claimed for no link, and not held"));
            }
        }
        Ok(())
    }

    /// Whether the primary row of an alias is its sibling.
    fn is_shown_twice(&self, alias: RowId) -> bool {
        let after = &self.plan.after;
        let primary = after
            .issue(alias)
            .and_then(|issue| after.primary_row(issue));
        primary.is_some_and(|primary| after.parent(primary) == after.parent(alias))
    }

    /// Every issue of the board is below its epic, every sub-task below its parent, and siblings
    /// are in the order of rank, or the difference is held.
    pub(crate) fn agile_is_answered(
        &self,
        by: &PlannedSynchronizer,
        settings: &AgileSettings,
    ) -> Result<(), String> {
        let after = &self.plan.after;
        for &issue in self.world.jira.keys() {
            let name = issue_name(issue);
            let row = after.primary_row(issue_ref(issue));
            let above = |parent: IssueId| after.primary_row(issue_ref(parent));
            let epic = self.world.ranked_epic(by, settings, issue);
            let parent = self.world.ranked_parent(by, settings, issue);
            let kind = match (row, parent.and_then(above)) {
                (None, Some(_)) => ChangeKind::AddRow,
                (Some(row), Some(parent)) if after.parent(row) != Some(parent) => {
                    ChangeKind::MoveRow
                }
                (Some(row), None)
                    if parent.is_none()
                        && epic.is_some_and(|epic| {
                            after.parent(row).is_none() || after.parent(row) != above(epic)
                        }) =>
                {
                    ChangeKind::MoveRow
                }
                (Some(_), _) | (None, None) => continue,
            };
            if self.held(by, kind, issue).is_none() {
                return Err(format!("{name}: {kind:?} is neither done nor held"));
            }
        }
        if settings.sync_rank {
            self.siblings_are_in_order(by)?;
        }
        Ok(())
    }

    fn siblings_are_in_order(&self, by: &PlannedSynchronizer) -> Result<(), String> {
        let after = &self.plan.after;
        let before = self.before_order();
        for parent in parents(after) {
            let ranks = self.ranks_below(by, after, parent, |row| {
                let mut held = self.plan.held.iter();
                !held.any(|held| {
                    held.synchronizer == by.id
                        && held.row == Some(row)
                        && held.parent == parent
                        && matches!(
                            held.reason,
                            HoldReason::NotConfirmed | HoldReason::OrderOwnedElsewhere
                        )
                })
            });
            if !ranks.is_sorted() {
                return Err(format!("below {parent:?} the order is {ranks:?}"));
            }
            self.moves_are_fewest(by, &before, parent)?;
        }
        Ok(())
    }

    /// No other order takes fewer moves, where nobody else has a say.
    fn moves_are_fewest(
        &self,
        by: &PlannedSynchronizer,
        before: &Forest,
        parent: Option<RowId>,
    ) -> Result<(), String> {
        let rankers = self.world.synchronizers.iter().filter(
            |found| matches!(&found.rule.settings, Settings::Agile(settings) if settings.sync_rank),
        );
        if rankers.count() > 1 {
            return Ok(());
        }
        let ranks = self.ranks_below(by, before, parent, |_| true);
        let fewest = ranks.len() - longest_ascending(&ranks);
        let moved = self
            .plan
            .changes
            .iter()
            .filter(|change| change.why == Why::RankOrder && change.new_parent() == parent);
        let held = self.plan.held.iter().filter(|held| {
            held.synchronizer == by.id
                && held.kind == ChangeKind::MoveRow
                && held.reason == HoldReason::NotConfirmed
                && held.parent == parent
                && held
                    .row
                    .is_some_and(|row| self.plan.after.parent(row) == parent)
        });
        let planned = moved.count() + held.count();
        if planned != fewest {
            return Err(format!("below {parent:?}: {planned} moves for {ranks:?}"));
        }
        Ok(())
    }

    fn ranks_below(
        &self,
        by: &PlannedSynchronizer,
        forest: &Forest,
        parent: Option<RowId>,
        counts: impl Fn(RowId) -> bool,
    ) -> Vec<usize> {
        let ranked: Vec<IssueId> = self.world.ranked.get(&by.id).cloned().unwrap_or_default();
        let rows = forest.children(parent).filter(|&row| counts(row));
        let issues = rows.filter_map(|row| forest.issue(row));
        let issues = issues.filter(|issue| self.world.jira.contains_key(&issue.issue));
        issues
            .filter_map(|issue| ranked.iter().position(|&found| found == issue.issue))
            .collect()
    }

    /// The forest as it was before rows were put in order.
    fn before_order(&self) -> Forest {
        let mut forest = self.world.forest.clone();
        let steps = self.plan.changes.iter();
        let steps: Vec<ForestChange> = steps
            .take_while(|change| change.why != Why::RankOrder)
            .map(|change| change.change.clone())
            .collect();
        for step in steps {
            forest.apply(&step).expect("the steps fit");
        }
        forest
    }
}

fn parents(forest: &Forest) -> Vec<Option<RowId>> {
    let rows = forest.preorder().map(|(row, _)| Some(row));
    std::iter::once(None).chain(rows).collect()
}

/// By trying: quadratic, and so simple that it is right.
fn longest_ascending(ranks: &[usize]) -> usize {
    let mut longest: Vec<usize> = Vec::new();
    for (at, rank) in ranks.iter().enumerate() {
        let before = longest.iter().zip(ranks).take(at);
        let best = before
            .filter(|(_, before)| *before <= rank)
            .map(|(length, _)| *length);
        longest.push(best.max().unwrap_or(0) + 1);
    }
    longest.into_iter().max().unwrap_or(0)
}
