//! Merging the order of siblings.
//!
//! What it is not: about who is there. Only issues that both sides show count, so that an issue
//! that came or went is no change of the order.

use super::{Authority, Decision, Loser, Memory, Shown, Version, merge};
use crate::id::IssueId;
use rustc_hash::FxHashSet;

/// What follows for the order of one group of siblings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderMerged {
    /// What follows.
    pub decision: Decision,
    /// The order that is overwritten, if one is.
    pub loser: Option<Loser<Vec<IssueId>>>,
    /// What is to be remembered instead.
    pub memory: Memory<Vec<IssueId>>,
}

/// Merges the order of one group: the issues below one row (`structure`) and the same issues as
/// the tracker ranks them. `version` is the state that the tracker's order was read from; Jira has
/// none for ranks, so it is the time of the read.
pub fn merge_order(
    memory: &Memory<Vec<IssueId>>,
    structure: &[IssueId],
    tracker: &[IssueId],
    version: Version,
    authority: Authority,
) -> OrderMerged {
    let [ours, theirs]: [FxHashSet<IssueId>; 2] =
        [structure, tracker].map(|side| side.iter().copied().collect());
    let in_both = |issue: &&IssueId| ours.contains(issue) && theirs.contains(issue);
    let restrict = |side: &[IssueId]| side.iter().filter(in_both).copied().collect();
    let [structure, tracker]: [Vec<IssueId>; 2] = [restrict(structure), restrict(tracker)];
    let base = memory.base.as_deref().map(restrict);
    // Of those that came since the base, nobody has agreed on anything: where the order of the
    // others is as it was, the base is whatever the other side says.
    let known: FxHashSet<IssueId> = base.iter().flatten().copied().collect();
    let of_known = |side: &[IssueId]| -> Vec<IssueId> {
        let known = side.iter().filter(|issue| known.contains(issue));
        known.copied().collect()
    };
    let is_as_base = |side: &[IssueId]| base.as_deref() == Some(of_known(side).as_slice());
    let base = match (is_as_base(&structure), is_as_base(&tracker)) {
        (true, _) => Some(structure.clone()),
        (false, true) => Some(tracker.clone()),
        (false, false) => base,
    };
    let shown = |value| Shown {
        value: Some(value),
        changed: None,
    };
    let seen = memory.seen;
    let restricted = Memory { base, seen };
    let merged = merge(
        &restricted,
        &shown(&structure),
        &shown(&tracker),
        version,
        authority,
    );
    let memory = match merged.decision {
        Decision::Agreed => Memory {
            base: Some(tracker),
            seen: version,
        },
        Decision::Stale => memory.clone(),
        Decision::Carry(_) | Decision::Ask => Memory {
            base: memory.base.clone(),
            seen: version,
        },
    };
    OrderMerged {
        decision: merged.decision,
        loser: merged.loser,
        memory,
    }
}
