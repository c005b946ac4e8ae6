//! What has to change in the tracker so that it shows what the structure shows.
//!
//! What it is not: a decision about which side is right; that is made before, by a resync's
//! direction or by [`crate::merge`]. Here the structure is right for what is [`Selection`]ed, and
//! nothing in this module can change it. Nor does it send anything: a [`TrackerChange`] says what
//! it replaces, so that whoever sends it can compare first and can undo it later.
//!
//! Each aspect has its own planner: links ([`plan_links`]), epics ([`plan_epics`]), rank
//! ([`plan_ranks`]) and status ([`plan_statuses`]). Planning what a plan leads to plans nothing.

mod epics;
mod links;
mod longest;
mod rank;
mod rollup;

pub use epics::{EpicEvidence, EpicRole, epics_in, plan_epics};
pub use links::{LinkEvidence, plan_links};
pub use longest::longest_ascending;
pub use rank::{RANK_CALL_MAX, plan_ranks, sibling_groups};
pub use rollup::{OfferedTransition, StatusFacts, plan_statuses};

use crate::forest::Forest;
use crate::id::{IssueId, JiraId, SynchronizerId, TrackerId};
use crate::issue::IssueRef;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::hash::Hash;

/// The side that is right, and on whose behalf the tracker is changed.
#[derive(Clone, Copy, Debug)]
pub struct Desired<'a> {
    /// The structure.
    pub forest: &'a Forest,
    /// The tracker that is changed. Rows of other trackers are as good as folders.
    pub tracker: TrackerId,
    /// The synchronizer.
    pub synchronizer: SynchronizerId,
    /// Issues that the tracker does not show. Nothing about them is written.
    pub inaccessible: &'a FxHashSet<IssueRef>,
    /// Issues of which another synchronizer owns the aspect that is planned.
    pub owned_elsewhere: &'a FxHashSet<IssueRef>,
}

impl Desired<'_> {
    fn named(&self, issue: IssueId) -> IssueRef {
        let tracker = self.tracker;
        IssueRef { tracker, issue }
    }

    fn has_row(&self, issue: IssueId) -> bool {
        self.forest.primary_slot(self.named(issue)).is_some()
    }

    /// Why nothing may be written about the issue, if so.
    fn reason_not_to_write(&self, issue: IssueId) -> Option<TrackerHold> {
        let issue = self.named(issue);
        if self.inaccessible.contains(&issue) {
            Some(TrackerHold::Inaccessible)
        } else if self.owned_elsewhere.contains(&issue) {
            Some(TrackerHold::OwnedElsewhere)
        } else {
            None
        }
    }

    fn planned(
        &self,
        change: TrackerChange,
        why: TrackerWhy,
        destructive: bool,
    ) -> PlannedTrackerChange {
        PlannedTrackerChange {
            change,
            why,
            destructive,
            synchronizer: self.synchronizer,
        }
    }

    fn held(
        &self,
        aspect: Aspect,
        issue: IssueId,
        other: Option<IssueId>,
        reason: TrackerHold,
    ) -> HeldTrackerChange {
        HeldTrackerChange {
            aspect,
            issue,
            other,
            reason,
            synchronizer: self.synchronizer,
        }
    }
}

/// For what the structure is right.
#[derive(Clone, Copy, Debug)]
pub enum Selection<'a, K> {
    /// For everything: a resync from the structure.
    All,
    /// For these only: what a merge has decided that way.
    Only(&'a FxHashSet<K>),
}

impl<K: Eq + Hash> Selection<'_, K> {
    fn has(&self, key: &K) -> bool {
        match self {
            Self::All => true,
            Self::Only(keys) => keys.contains(key),
        }
    }
}

/// What would be changed in the tracker, as plain data.
#[must_use = "a plan does nothing by itself"]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackerPlan {
    /// The changes, in order of work: an anchor is in place before what is ranked next to it, and
    /// a parent comes after its children.
    pub changes: Vec<PlannedTrackerChange>,
    /// The differences that are left.
    pub held: Vec<HeldTrackerChange>,
}

impl TrackerPlan {
    /// Whether there is nothing to do. Held differences are nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// One change, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTrackerChange {
    /// The change.
    pub change: TrackerChange,
    /// Why it is planned.
    pub why: TrackerWhy,
    /// Whether it discards something that was there. A transition always does: nobody can say
    /// whether the workflow leads back.
    pub destructive: bool,
    /// The synchronizer on whose behalf.
    pub synchronizer: SynchronizerId,
}

/// One request to the tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrackerChange {
    /// A link is made. It replaces nothing.
    CreateLink {
        /// The issue at the parent's end.
        parent: IssueId,
        /// The issue at the other end.
        child: IssueId,
    },
    /// A link is deleted. It replaces the link.
    DeleteLink {
        /// The issue at the parent's end.
        parent: IssueId,
        /// The issue at the other end.
        child: IssueId,
    },
    /// An issue gets another epic, or none.
    SetEpic {
        /// The issue.
        issue: IssueId,
        /// Its epic until now.
        replaces: Option<IssueId>,
        /// Its epic from now on.
        epic: Option<IssueId>,
    },
    /// Issues are ranked next to another one, in their order.
    Rank {
        /// The issues, at most [`RANK_CALL_MAX`].
        issues: Vec<IssueId>,
        /// Where to.
        anchor: RankAnchor,
        /// For each issue, the one that is ranked directly before it until now; `None`: it is the
        /// first one in scope.
        replaces: Vec<Option<IssueId>>,
    },
    /// An issue goes through a transition of its workflow.
    Transition {
        /// The issue.
        issue: IssueId,
        /// Its status until now.
        replaces: JiraId,
        /// The status that the transition leads to.
        status: JiraId,
        /// The transition.
        transition: JiraId,
        /// The resolution to set; `None`: leave it to the workflow.
        resolution: Option<JiraId>,
    },
}

/// Where issues are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RankAnchor {
    /// Directly before this issue.
    Before(IssueId),
    /// Directly after this issue.
    After(IssueId),
}

/// Why a change of the tracker is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TrackerWhy {
    /// The child has a row directly below the parent.
    PlacedBelow,
    /// Both have rows, and the child has none directly below the parent.
    PlacedElsewhere,
    /// An end of the link has no row.
    RowAbsent,
    /// The issue's row is below the epic.
    BelowEpic,
    /// The issue's row is below no epic.
    BelowNoEpic,
    /// The rows of the issues have another order among their siblings.
    SiblingOrder,
    /// It is the earliest status among the direct children.
    EarliestOfChildren,
}

/// What is changed of an issue in the tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Aspect {
    /// Its link to a parent.
    Link,
    /// Its epic.
    Epic,
    /// Its rank.
    Rank,
    /// Its status.
    Status,
}

/// Why a difference is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TrackerHold {
    /// The tracker's account cannot see an issue that it is about.
    Inaccessible,
    /// Another synchronizer owns the aspect.
    OwnedElsewhere,
    /// An end of the link fails the query for its end.
    OutsideFilter,
    /// The row is below a row of the same issue; an issue is not linked to itself.
    SelfLink,
    /// The link's other end has no row, and the synchronizer could not have added it.
    OutOfScope,
    /// The issue's epic has no row, so the structure says nothing about it.
    EpicNotInStructure,
    /// A child has a status that is not listed.
    ChildStatusNotListed,
    /// The status of a child is not known.
    ChildStatusUnknown,
    /// By its aliases the issue is below itself, so no status comes first.
    ChildrenInCycle,
    /// The transitions of the issue have not been read. Read them and plan again.
    TransitionsNotRead,
    /// No transition that may be used leads to the status now.
    NoTransition,
}

/// One difference that is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HeldTrackerChange {
    /// What would be changed.
    pub aspect: Aspect,
    /// Of which issue; of a link, the child.
    pub issue: IssueId,
    /// The other issue that it is about: the parent, the epic, the child that blocks.
    pub other: Option<IssueId>,
    /// Why it is left.
    pub reason: TrackerHold,
    /// The synchronizer whose difference it is.
    pub synchronizer: SynchronizerId,
}
