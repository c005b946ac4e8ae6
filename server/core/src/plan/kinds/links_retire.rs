//! What is linked no more: rows that a link once justified.
//!
//! Only rows that the synchronizer claims are touched, and a row whose link cannot be seen, since
//! one of its ends cannot, stays. Whatever the settings say of rows, an alias goes when the primary
//! row has taken its place.

use super::Participant;
use super::links::{ReadLinks, aliases_by_parent};
use super::links_graph::{NOBODY, Node};
use crate::claim::ClaimSource;
use crate::forest::{NONE, Slot};
use crate::id::RowId;
use crate::issue::IssueRef;
use crate::job::{ChangeKind, HoldReason, Why};
use crate::plan::Held;
use crate::plan::retire::{self, Primary, Verdict};
use crate::plan::work::{Cause, Work};
use crate::synchronizer::LinksRemoval;

/// Removes or holds the aliases that no link justifies.
pub(super) fn aliases(rule: &ReadLinks<'_>, work: &mut Work<'_, '_>, me: &Participant<'_>) {
    let source = ClaimSource::Synchronizer(me.id);
    let claimed = work.forest.all_alias_slots();
    let claimed = claimed.filter(|&slot| work.claims.has(slot, source));
    let mut claimed: Vec<(RowId, Slot)> = claimed
        .filter_map(|slot| Some((work.forest.id_at(slot)?, slot)))
        .collect();
    claimed.sort_unstable();
    for (row, slot) in claimed {
        let Some(issue) = work.forest.issue_at(slot) else {
            continue;
        };
        if let Some(why) = reason_against(rule, work, me, slot, issue) {
            retire_alias(rule, work, me, (row, slot, issue), why);
        }
    }
}

/// Why an alias is not justified; `None` for one that is.
fn reason_against(
    rule: &ReadLinks<'_>,
    work: &Work<'_, '_>,
    me: &Participant<'_>,
    slot: Slot,
    issue: IssueRef,
) -> Option<Why> {
    let above = work.forest.parent_at(slot);
    let tree = &work.found[me.index].tree;
    let node = rule
        .graph
        .node(issue.issue)
        .filter(|_| issue.tracker == me.tracker);
    let parent = (above != NONE)
        .then(|| work.forest.issue_at(above))
        .flatten();
    let parent = parent.and_then(|parent| rule.graph.node(parent.issue));
    let slot_of = |node: Node| work.forest.primary_slot(me.issue(rule.graph.issue(node)));
    let parent = parent.filter(|&parent| slot_of(parent) == Some(above));
    let linked = |(node, parent): (Node, Node)| rule.graph.has_link(parent, node);
    let Some((node, parent)) = node.zip(parent).filter(|&pair| linked(pair)) else {
        return Some(Why::LinkGone);
    };
    let Some(primary) = slot_of(node) else {
        return Some(Why::AliasNotNeeded);
    };
    let is_below = || {
        let rows = work.forest.id_at(above).zip(work.forest.id_at(primary));
        rows.is_some_and(|(above, primary)| work.forest.is_below(above, primary))
    };
    let first = aliases_by_parent(work, issue);
    let first = first
        .binary_search_by_key(&above, |&(above, _, _)| above)
        .map(|at| first[at].2);
    let is_needed = tree.parent[node as usize] != NOBODY
        && tree.parent[node as usize] != parent
        && !tree.refuses(node, parent)
        && work.forest.parent_at(primary) != above
        && first == Ok(slot)
        && !is_below();
    (!is_needed).then_some(Why::AliasNotNeeded)
}

fn retire_alias(
    rule: &ReadLinks<'_>,
    work: &mut Work<'_, '_>,
    me: &Participant<'_>,
    (row, slot, issue): (RowId, Slot, IssueRef),
    why: Why,
) {
    let own = ClaimSource::Synchronizer(me.id);
    let is_others = work.claims.at(slot).any(|source| source != own);
    // A row that was there and that only this very plan claims was nobody's for a link.
    let was_there = work.snapshot.forest.contains(row) && !work.snapshot.claims.has(row, own);
    if is_others || was_there {
        return work.withdraw(slot, me.id);
    }
    let gone = why == Why::LinkGone;
    let reason = if is_hidden(work, slot, issue) {
        HoldReason::Inaccessible
    } else if gone && rule.settings.removal == LinksRemoval::Keep {
        HoldReason::RemovalOff
    } else if work.forest.has_children_at(slot) {
        HoldReason::ChildrenStay
    } else if !work.may(ChangeKind::RemoveRow, Some(row), issue, None) {
        HoldReason::NotConfirmed
    } else {
        let cause = Cause {
            synchronizer: me.id,
            why,
        };
        return work.remove(row, issue, cause);
    };
    work.hold(Held {
        kind: ChangeKind::RemoveRow,
        row: Some(row),
        issue,
        parent: None,
        reason,
        synchronizer: me.id,
    });
}

/// Whether a link above a row may be there and not be seen.
fn is_hidden(work: &Work<'_, '_>, slot: Slot, issue: IssueRef) -> bool {
    let hidden = &work.snapshot.inaccessible;
    let above = work.forest.parent_at(slot);
    let parent = (above != NONE)
        .then(|| work.forest.issue_at(above))
        .flatten();
    hidden.contains(&issue) || parent.is_some_and(|parent| hidden.contains(&parent))
}

/// Keeps, moves or removes the issues that are linked no more.
pub(super) fn primaries(rule: &ReadLinks<'_>, work: &mut Work<'_, '_>, me: &Participant<'_>) {
    let source = ClaimSource::Synchronizer(me.id);
    let judged = retire::judge_all(work, me.tracker, |found| {
        let is_settled = work.found[me.index].has_settled(found.slot);
        let is_claimed = !is_settled && work.claims.has(found.slot, source);
        is_claimed.then(|| judge(rule, work, me, found))
    });
    let (to_top, judged): (Vec<_>, Vec<_>) = judged
        .into_iter()
        .partition(|(_, verdict)| matches!(verdict, Verdict::ToTop));
    for (primary, _) in to_top {
        move_to_top(work, me, primary);
    }
    let whys = (Why::LinkGone, Why::LinkGone);
    retire::settle(work, me.id, judged, whys, |_, _| false);
}

fn judge(
    rule: &ReadLinks<'_>,
    work: &Work<'_, '_>,
    me: &Participant<'_>,
    found: Primary,
) -> Verdict {
    let issue = found.issue;
    let node = rule.graph.node(issue.issue);
    if node.is_some_and(|node| !rule.graph.parents(node).is_empty()) {
        // The parent went in this very plan, so the child was never kept below it.
        return if retire::claimed_before(work, issue, me.id) {
            Verdict::Hold(HoldReason::ParentAbsent)
        } else {
            Verdict::Disclaim(HoldReason::ParentAbsent)
        };
    }
    if is_hidden(work, found.slot, issue) {
        return Verdict::Hold(HoldReason::Inaccessible);
    }
    match rule.settings.removal {
        LinksRemoval::Keep => Verdict::Hold(HoldReason::RemovalOff),
        LinksRemoval::MoveToTop => Verdict::ToTop,
        LinksRemoval::Remove if retire::claimants(work, found, me.id).other_synchronizers => {
            Verdict::LeaveToOthers
        }
        LinksRemoval::Remove => retire::go_if_confirmed(work, issue),
    }
}

/// Moves a row to the top. From then on it is like one that nobody claims for a link.
fn move_to_top(work: &mut Work<'_, '_>, me: &Participant<'_>, primary: Primary) {
    let cause = Cause {
        synchronizer: me.id,
        why: Why::LinkGone,
    };
    let is_there = work.forest.parent_at(primary.slot) == NONE;
    if is_there || work.move_below(primary.row, primary.issue, None, cause) {
        work.withdraw(primary.slot, me.id);
    }
}
