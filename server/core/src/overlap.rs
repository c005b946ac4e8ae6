//! What synchronizers of one structure would contend for, told before they are enabled.
//!
//! What it is not: a check of rows. It looks at settings alone, so it names what may happen and
//! not how often; and nothing that it names is a fight: the first declared owns what two want, see
//! [`crate::plan`].

use crate::id::{IssueId, SynchronizerId};
use crate::synchronizer::{
    AgileScope, AgileSettings, FilterSettings, LinksRemoval, LinksScope, LinksSettings,
    PlannedSynchronizer, Settings,
};
use std::fmt;

/// What two synchronizers both have a say in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contention {
    /// Below which row an issue is. The owner's place counts, the other one's is held.
    Placement,
    /// The order of siblings. The owner's order counts, the other one's is held.
    Order,
    /// Whether an issue is in the structure. It is as long as any of the two claims it.
    Membership,
}

impl fmt::Display for Contention {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Placement => "placement",
            Self::Order => "order",
            Self::Membership => "membership",
        })
    }
}

/// Two synchronizers that have a say in the same matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The one that comes first in declared order. Of placement and order it is the owner.
    pub first: SynchronizerId,
    /// The other one.
    pub second: SynchronizerId,
    /// The matter.
    pub contention: Contention,
    /// What happens, for people who are about to enable one of them.
    pub outcome: &'static str,
}

/// The pairs of synchronizers that have a say in the same matter, in declared order. Slices of
/// synchronizers are in that order; disabled ones count, so that it can be asked before enabling.
/// At most one overlap for each pair and matter.
pub fn overlaps(synchronizers: &[PlannedSynchronizer]) -> Vec<Overlap> {
    let mut found = Vec::new();
    for (at, first) in synchronizers.iter().enumerate() {
        for second in synchronizers.iter().skip(at + 1) {
            if first.rule.tracker != second.rule.tracker {
                continue;
            }
            let matters = matters(&first.rule.settings, &second.rule.settings);
            found.extend(matters.map(|(contention, outcome)| Overlap {
                first: first.id,
                second: second.id,
                contention,
                outcome,
            }));
        }
    }
    found
}

type Matter = (Contention, &'static str);

fn matters(first: &Settings, second: &Settings) -> impl Iterator<Item = Matter> {
    let placement = match (placing(first), placing(second)) {
        (Some(first), Some(second)) => placement(first, second),
        (Some(_), None) | (None, _) => None,
    };
    let order = match (first, second) {
        (Settings::Agile(first), Settings::Agile(second)) => order(first, second),
        (_, _) => None,
    };
    let membership = membership(first, second).or_else(|| membership(second, first));
    [
        placement.map(|outcome| (Contention::Placement, outcome)),
        order.map(|outcome| (Contention::Order, outcome)),
        membership.map(|outcome| (Contention::Membership, outcome)),
    ]
    .into_iter()
    .flatten()
}

/// By what a synchronizer places rows. An agile one may do so by two things.
#[derive(Clone, Copy)]
enum Placing<'a> {
    Gathering(IssueId),
    Links(&'a LinksSettings),
    Agile(&'a AgileSettings),
    Subtasks,
}

fn placing(settings: &Settings) -> Option<Placing<'_>> {
    match settings {
        Settings::Filter(FilterSettings {
            parent_issue: Some(parent),
            allow_move: true,
            ..
        }) => Some(Placing::Gathering(*parent)),
        Settings::Links(settings) => Some(Placing::Links(settings)),
        Settings::Agile(settings) => {
            (settings.sync_epics || settings.add_subtasks).then_some(Placing::Agile(settings))
        }
        Settings::Subtasks(_) => Some(Placing::Subtasks),
        Settings::Filter(_) | Settings::StatusRollup(_) => None,
    }
}

fn placement(first: Placing<'_>, second: Placing<'_>) -> Option<&'static str> {
    use Placing::{Agile, Gathering, Links, Subtasks};
    Some(match (first, second) {
        (Gathering(first), Gathering(second)) if first == second => return None,
        (Gathering(_), Gathering(_)) => {
            "An issue that both filters match is gathered by the first; the second one's move is held."
        }
        (Gathering(_), Links(_)) => {
            "A linked issue that the filter matches is gathered by it; below the parent that it is linked to it is not moved."
        }
        (Gathering(_), Agile(_)) => {
            "An issue of the board that the filter matches is gathered by it; below its epic or parent it is not moved."
        }
        (Gathering(_), Subtasks) => {
            "A sub-task that the filter matches is gathered by it; below its parent it is not moved."
        }
        (Links(first), Links(second)) if first.link_type == second.link_type => {
            "Links of one type place issues for both; where they choose other parents, the first one's counts."
        }
        (Links(_), Links(_)) => {
            "An issue with links of both types is below the parent of the first; the second one's move is held."
        }
        (Links(_), Agile(_)) => {
            "An issue with a link and an epic is below the parent that it is linked to; the move below the epic is held."
        }
        (Agile(_), Links(_)) => {
            "An issue with an epic and a link is below its epic; the move below the parent that it is linked to is held."
        }
        (Links(_), Subtasks) => {
            "A sub-task with a link is below the parent that it is linked to; the move below its own parent is held."
        }
        (Subtasks, Links(_)) => {
            "A sub-task with a link is below its own parent; the move below the parent that it is linked to is held."
        }
        (Agile(first), Agile(second)) if apart(first, second) => return None,
        (Agile(_), Agile(_)) => {
            "An issue of both boards is below the epic or parent that the first one reads."
        }
        (Agile(agile), Subtasks) | (Subtasks, Agile(agile)) if !agile.add_subtasks => {
            return None;
        }
        (Agile(_) | Subtasks, Agile(_) | Subtasks) => {
            "Both keep sub-tasks below the same parents, so they agree; one of them is enough."
        }
        (Links(_) | Agile(_) | Subtasks, Gathering(_)) => {
            "What the first one places is not gathered by the filter; its move is held."
        }
    })
}

/// Whether two agile synchronizers are about other projects, so that they share no issue.
fn apart(first: &AgileSettings, second: &AgileSettings) -> bool {
    match (&first.scope, &second.scope) {
        (AgileScope::Projects { keys: first, .. }, AgileScope::Projects { keys: second, .. }) => {
            !first.iter().any(|key| second.contains(key))
        }
        (AgileScope::Board(_), _) | (_, AgileScope::Board(_)) => false,
    }
}

fn order(first: &AgileSettings, second: &AgileSettings) -> Option<&'static str> {
    let both = first.sync_rank && second.sync_rank && !apart(first, second);
    both.then_some(
        "Siblings of both boards are in the order of the first; the second one's moves of them are held.",
    )
}

/// What one removes and the other one adds or keeps.
fn membership(removing: &Settings, keeping: &Settings) -> Option<&'static str> {
    match (removing, keeping) {
        (Settings::Filter(filter), keeping) if filter.remove_unmatched => match keeping {
            Settings::Filter(_) => Some(
                "An issue that left the result of one filter stays as long as the other one matches it.",
            ),
            Settings::Links(links) => Some(kept_by_links(filter, links)),
            Settings::Subtasks(_) => Some(kept_by_parents(filter)),
            Settings::Agile(agile) if agile.add_subtasks => Some(kept_by_parents(filter)),
            Settings::Agile(_) | Settings::StatusRollup(_) => None,
        },
        (Settings::Links(links), keeping) if links.removal == LinksRemoval::Remove => match keeping
        {
            Settings::Filter(_) | Settings::Links(_) | Settings::Subtasks(_) => Some(
                "An issue whose link is gone stays as long as the other one wants it in the structure.",
            ),
            Settings::Agile(_) | Settings::StatusRollup(_) => None,
        },
        (_, _) => None,
    }
}

fn kept_by_links(filter: &FilterSettings, links: &LinksSettings) -> &'static str {
    match (links.scope, filter.check_children) {
        (LinksScope::AllIssues, _) => {
            "Every linked issue stays, also one that left the result of the filter."
        }
        (LinksScope::WithinStructure | LinksScope::ExpandToChildren, true) => {
            "An issue that left the result goes with what is linked below it; what another parent keeps stays, and so does the branch around it."
        }
        (LinksScope::WithinStructure | LinksScope::ExpandToChildren, false) => {
            "An issue that left the result stays as long as something is linked below it; let the filter check children to let the branch go."
        }
    }
}

fn kept_by_parents(filter: &FilterSettings) -> &'static str {
    if filter.check_children {
        "An issue that left the result goes with its sub-tasks; a sub-task that left it stays as long as its parent does."
    } else {
        "An issue that left the result stays as long as it has sub-tasks; let the filter check children to let the branch go."
    }
}
