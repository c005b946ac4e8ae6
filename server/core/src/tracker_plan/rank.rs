//! Rank: siblings in the tracker's order as they are in the structure.
//!
//! What it is not: an order of issues that are no siblings. Where those are ranked relative to
//! each other says nothing in a structure, so each group of siblings is put in order on its own,
//! with the fewest movers: all but a longest part that is in order already. Only primary rows
//! count, since an issue has one rank. Issues that are not in scope are neither moved nor used as
//! anchors.

use super::longest::longest_ascending;
use super::{Aspect, Desired, RankAnchor, Selection, TrackerChange, TrackerPlan, TrackerWhy};
use crate::id::{IssueId, RowId};
use crate::issue::IssueRef;
use rustc_hash::FxHashMap;

/// Most issues that Jira ranks in one request.
pub const RANK_CALL_MAX: usize = 50;

/// The issues of the tracker below each row (`None`: at the top) that are among `positions`, in
/// the order of their rows. Only groups of at least two.
pub fn sibling_groups(
    desired: &Desired<'_>,
    positions: &FxHashMap<IssueId, u32>,
) -> Vec<(Option<RowId>, Vec<IssueId>)> {
    let forest = desired.forest;
    // By slot of the parent: the number of its group plus one.
    let mut numbers = vec![0u32; forest.slot_count()];
    let mut top = 0u32;
    let mut groups: Vec<(Option<RowId>, Vec<IssueId>)> = Vec::new();
    for (slot, _) in forest.walk() {
        let counts = forest
            .issue_at(slot)
            .filter(|issue: &IssueRef| issue.tracker == desired.tracker && !forest.alias_at(slot));
        let Some(issue) = counts.filter(|issue| positions.contains_key(&issue.issue)) else {
            continue;
        };
        let above = forest.parent_at(slot);
        let number = numbers.get_mut(above as usize).unwrap_or(&mut top);
        if *number == 0 {
            groups.push((forest.id_at(above), Vec::new()));
            *number = groups.len() as u32;
        }
        groups[*number as usize - 1].1.push(issue.issue);
    }
    groups.retain(|(_, issues)| issues.len() > 1);
    groups
}

/// Plans the ranks of siblings. `ranked` is every issue in scope, in the tracker's order; the
/// groups are selected by the row that they are below.
pub fn plan_ranks(
    desired: &Desired<'_>,
    ranked: &[IssueId],
    selection: Selection<'_, Option<RowId>>,
) -> TrackerPlan {
    let positions: FxHashMap<IssueId, u32> = ranked
        .iter()
        .enumerate()
        .map(|(at, &issue)| (issue, at as u32))
        .collect();
    let mut plan = TrackerPlan::default();
    for (parent, group) in sibling_groups(desired, &positions) {
        if selection.has(&parent) {
            rank_group(desired, ranked, &positions, &group, &mut plan);
        }
    }
    plan
}

fn rank_group(
    desired: &Desired<'_>,
    ranked: &[IssueId],
    positions: &FxHashMap<IssueId, u32>,
    group: &[IssueId],
    plan: &mut TrackerPlan,
) {
    let everything_may_move = desired.inaccessible.is_empty() && desired.owned_elsewhere.is_empty();
    let may_move = |issue: &&IssueId| desired.reason_not_to_write(**issue).is_none();
    let movable: Vec<IssueId> = match everything_may_move {
        true => group.to_vec(),
        false => group.iter().filter(may_move).copied().collect(),
    };
    let at = |issue: &IssueId| positions.get(issue).copied();
    let order: Vec<u32> = movable.iter().filter_map(at).collect();
    let stays = longest_ascending(&order);
    rank_movers(desired, ranked, &movable, &order, &stays, plan);
    if movable.len() < group.len() {
        let mut fixed: Vec<IssueId> = group.to_vec();
        fixed.retain(|issue| !may_move(&issue));
        fixed.sort_unstable_by_key(at);
        let after = order_after(&movable, &stays, &order, &fixed, positions);
        hold_the_fixed(desired, group, &after, plan);
    }
}

/// The group in the tracker's order as it will be.
fn order_after(
    movable: &[IssueId],
    stays: &[bool],
    order: &[u32],
    fixed: &[IssueId],
    positions: &FxHashMap<IssueId, u32>,
) -> Vec<IssueId> {
    let mut fixed = fixed.iter().copied().peekable();
    let mut after = Vec::with_capacity(movable.len() + fixed.len());
    // Movers at the front are ranked directly before the first one that stays.
    let first = stays.iter().position(|&stays| stays).unwrap_or(0);
    let (front, rest) = movable.split_at(first);
    for (at, &issue) in rest.iter().enumerate() {
        if stays[first + at] {
            let comes_before = |found: &IssueId| positions.get(found) < order.get(first + at);
            after.extend(std::iter::from_fn(|| fixed.next_if(comes_before)));
        }
        if at == 0 {
            after.extend_from_slice(front);
        }
        after.push(issue);
    }
    after.extend(fixed);
    after
}

/// Holds each issue of the group that must not move and is not where it belongs.
fn hold_the_fixed(
    desired: &Desired<'_>,
    group: &[IssueId],
    after: &[IssueId],
    plan: &mut TrackerPlan,
) {
    let places: FxHashMap<IssueId, usize> = (after.iter().copied()).zip(0..).collect();
    let place = |issue: &IssueId| places.get(issue).copied().unwrap_or_default();
    // Whether something that belongs behind an issue is before it.
    let mut overtaken = vec![false; group.len()];
    let mut smallest = usize::MAX;
    for (issue, overtaken) in group.iter().zip(&mut overtaken).rev() {
        *overtaken = smallest < place(issue);
        smallest = smallest.min(place(issue));
    }
    let mut greatest = 0;
    for (&issue, overtaken) in group.iter().zip(overtaken) {
        let is_behind = place(&issue) < greatest;
        greatest = greatest.max(place(&issue));
        if let Some(reason) = desired.reason_not_to_write(issue)
            && (is_behind || overtaken)
        {
            plan.held
                .push(desired.held(Aspect::Rank, issue, None, reason));
        }
    }
}

/// Ranks each run of movers next to a sibling that stays, or that is in place by then.
fn rank_movers(
    desired: &Desired<'_>,
    ranked: &[IssueId],
    group: &[IssueId],
    order: &[u32],
    stays: &[bool],
    plan: &mut TrackerPlan,
) {
    let before = |position: u32| position.checked_sub(1).map(|at| ranked[at as usize]);
    let mut start = 0;
    for run in stays.chunk_by(|one, other| one == other) {
        let end = start + run.len();
        if run.first() == Some(&false) {
            let mut at = start;
            while at < end {
                let to = end.min(at + RANK_CALL_MAX);
                // A run at the front has nothing before it, so what stays is behind it.
                let anchor = match (start, at) {
                    (0, _) => group.get(end).copied().map(RankAnchor::Before),
                    (_, at) => Some(RankAnchor::After(group[at - 1])),
                };
                let replaces = order[at..to].iter().map(|&position| before(position));
                let issues = group[at..to].to_vec();
                let replaces = replaces.collect();
                plan.changes.extend(anchor.map(|anchor| {
                    let change = TrackerChange::Rank {
                        issues,
                        anchor,
                        replaces,
                    };
                    desired.planned(change, TrackerWhy::SiblingOrder, true)
                }));
                at = to;
            }
        }
        start = end;
    }
}
