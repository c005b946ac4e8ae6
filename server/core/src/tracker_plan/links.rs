//! Links: a link from each parent to its child, and no other one in scope.
//!
//! What it is not: a judge of cycles. The structure is a forest, and where its aliases close a
//! cycle, so may the links.

use super::{Aspect, Desired, Selection, TrackerChange, TrackerHold, TrackerPlan, TrackerWhy};
use crate::forest::Slot;
use crate::id::IssueId;
use crate::issue::ObservedLink;
use crate::merge::parents_in;
use crate::synchronizer::LinksScope;
use rustc_hash::FxHashSet;

/// What was read of links.
#[derive(Clone, Copy, Debug)]
pub struct LinkEvidence<'a> {
    /// Every link of the synchronizer's type that is in its scope and of which both ends pass
    /// their queries. A link that fails one is not there, and so is never deleted.
    pub links: &'a [ObservedLink],
    /// The issues that the query for parents matches; `None` when there is no such query.
    pub parents: Option<&'a FxHashSet<IssueId>>,
    /// The issues that the query for children matches; `None` when there is no such query.
    pub children: Option<&'a FxHashSet<IssueId>>,
}

/// Plans the links, ordered by child: first what is made, then what is deleted, so that no child
/// is without a parent in between. The children are selected.
pub fn plan_links(
    desired: &Desired<'_>,
    scope: LinksScope,
    evidence: &LinkEvidence<'_>,
    selection: Selection<'_, IssueId>,
) -> TrackerPlan {
    let is_selected = |link: &ObservedLink| selection.has(&link.child);
    let mut wanted: Vec<ObservedLink> = parents_in(desired.forest, desired.tracker)
        .into_iter()
        .flat_map(|(child, parents)| {
            let link = move |parent| ObservedLink { parent, child };
            parents.into_iter().map(link)
        })
        .filter(is_selected)
        .collect();
    wanted.sort_unstable_by_key(by_child);
    let mut existing: Vec<ObservedLink> = evidence.links.to_vec();
    existing.retain(is_selected);
    existing.sort_unstable_by_key(by_child);
    existing.dedup();

    let mut plan = TrackerPlan::default();
    hold_self_links(desired, selection, &mut plan);
    let missing = difference(&wanted, &existing).map(|link| (link, false));
    let extra = difference(&existing, &wanted).map(|link| (link, true));
    let mut all: Vec<(ObservedLink, bool)> = missing.chain(extra).collect();
    all.sort_unstable_by_key(|&(link, is_extra)| (link.child, is_extra, link.parent));
    for (link, is_extra) in all {
        match is_extra {
            false => create(desired, evidence, link, &mut plan),
            true => delete(desired, scope, link, &mut plan),
        }
    }
    plan
}

fn by_child(link: &ObservedLink) -> (IssueId, IssueId) {
    (link.child, link.parent)
}

/// What is in `from` and not in `without`; both ordered by child.
fn difference<'a>(
    from: &'a [ObservedLink],
    without: &'a [ObservedLink],
) -> impl Iterator<Item = ObservedLink> + 'a {
    let is_missing = |link: &&ObservedLink| {
        let found = without.binary_search_by_key(&by_child(link), by_child);
        found.is_err()
    };
    from.iter().filter(is_missing).copied()
}

/// A row below a row of its own issue asks for a link that Jira has no use for.
fn hold_self_links(
    desired: &Desired<'_>,
    selection: Selection<'_, IssueId>,
    plan: &mut TrackerPlan,
) {
    let forest = desired.forest;
    let is_self_link = |slot: Slot| {
        let above = forest.parent_at(slot);
        let parent = forest.id_at(above).and_then(|_| forest.issue_at(above));
        let child = forest
            .issue_at(slot)
            .filter(|&child| parent == Some(child) && child.tracker == desired.tracker)?;
        selection.has(&child.issue).then_some(child.issue)
    };
    let slots = forest.walk();
    let mut found: Vec<IssueId> = slots.filter_map(|(slot, _)| is_self_link(slot)).collect();
    found.sort_unstable();
    found.dedup();
    let held = found
        .into_iter()
        .map(|issue| desired.held(Aspect::Link, issue, Some(issue), TrackerHold::SelfLink));
    plan.held.extend(held);
}

fn create(
    desired: &Desired<'_>,
    evidence: &LinkEvidence<'_>,
    link: ObservedLink,
    plan: &mut TrackerPlan,
) {
    let passes = |matched: Option<&FxHashSet<IssueId>>, issue| {
        matched.is_none_or(|matched| matched.contains(&issue))
    };
    let outside = !passes(evidence.parents, link.parent) || !passes(evidence.children, link.child);
    let reason = reason_not_to_write(desired, link)
        .or_else(|| outside.then_some(TrackerHold::OutsideFilter));
    let ObservedLink { parent, child } = link;
    match reason {
        Some(reason) => {
            let held = desired.held(Aspect::Link, child, Some(parent), reason);
            plan.held.push(held);
        }
        None => {
            let change = TrackerChange::CreateLink { parent, child };
            let planned = desired.planned(change, TrackerWhy::PlacedBelow, false);
            plan.changes.push(planned);
        }
    }
}

fn delete(desired: &Desired<'_>, scope: LinksScope, link: ObservedLink, plan: &mut TrackerPlan) {
    let ObservedLink { parent, child } = link;
    if parent == child {
        // Ignored as if it did not exist, in both directions.
        return;
    }
    // What the synchronizer would add to the structure by this link, and only that, is missing
    // there because somebody removed it.
    let (why, could_add) = match (desired.has_row(parent), desired.has_row(child)) {
        (true, true) => (TrackerWhy::PlacedElsewhere, true),
        (true, false) => (TrackerWhy::RowAbsent, scope != LinksScope::WithinStructure),
        (false, _) => (TrackerWhy::RowAbsent, scope == LinksScope::AllIssues),
    };
    let reason = reason_not_to_write(desired, link)
        .or_else(|| (!could_add).then_some(TrackerHold::OutOfScope));
    match reason {
        Some(reason) => {
            let held = desired.held(Aspect::Link, child, Some(parent), reason);
            plan.held.push(held);
        }
        None => {
            let change = TrackerChange::DeleteLink { parent, child };
            plan.changes.push(desired.planned(change, why, true));
        }
    }
}

/// A link is written when both ends are seen and nobody else owns the place of the child.
fn reason_not_to_write(desired: &Desired<'_>, link: ObservedLink) -> Option<TrackerHold> {
    let parent_is_hidden = desired.inaccessible.contains(&desired.named(link.parent));
    let of_child = desired.reason_not_to_write(link.child);
    of_child.or_else(|| parent_is_hidden.then_some(TrackerHold::Inaccessible))
}
