//! Merging where issues hang: parents in the structure against links in the tracker.
//!
//! What it is not: a choice among several parents. The value of an issue is the set of all its
//! parents; which of its rows is the primary one is the structure planner's to decide.

use super::{Authority, Loser, Memory, MergedAll, Sides, Version, merge_all};
use crate::forest::Forest;
use crate::id::{IssueId, TrackerId};
use crate::issue::{IssueRef, ObservedLink};
use crate::synchronizer::LinksScope;
use crate::time::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// The parents of an issue, ascending, each once. Never empty: no parents is no value.
pub type Parents = SmallVec<[IssueId; 2]>;

/// Everything that links are merged from.
#[derive(Clone, Copy, Debug)]
pub struct LinksInput<'a> {
    /// The structure.
    pub forest: &'a Forest,
    /// The tracker.
    pub tracker: TrackerId,
    /// Every link that the tracker shows, of the synchronizer's type.
    pub links: &'a [ObservedLink],
    /// Which issues the synchronizer is about. Where it could add a row back, removing the row
    /// of a child is a change of its parents; within the structure it is none.
    pub scope: LinksScope,
    /// Issues whose place belongs to another synchronizer. Their links are left to the planner.
    pub owned_elsewhere: &'a FxHashSet<IssueRef>,
    /// Which state of an issue its links were read from.
    pub versions: &'a FxHashMap<IssueId, Version>,
    /// When the structure's parents of an issue were changed, where that is recorded.
    pub structure_changed: &'a FxHashMap<IssueId, Timestamp>,
    /// When the links of an issue were changed, where a changelog says so.
    pub tracker_changed: &'a FxHashMap<IssueId, Timestamp>,
    /// What is remembered, by child.
    pub memories: &'a FxHashMap<IssueId, Memory<Parents>>,
    /// Who decides.
    pub authority: Authority,
}

/// What follows for the links of a tracker and the places of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinksMerged {
    /// The links as both sides are to show them: the evidence for the structure planner. Ordered
    /// by child, then by parent.
    pub links: Vec<ObservedLink>,
    /// The children whose places are to be changed.
    pub into: FxHashSet<IssueId>,
    /// The children whose links are to be changed; see [`crate::tracker_plan`].
    pub from: FxHashSet<IssueId>,
    /// What the tracker shows of each child, as far as it was compared. Once a link in it was
    /// made or deleted, the base is this with that link more or less: whatever else the tracker
    /// shows then is somebody's change, and so is a parent that was not compared.
    pub tracker: FxHashMap<IssueId, Parents>,
    /// What the structure shows of each child.
    structure: FxHashMap<IssueId, Parents>,
    /// The children that were taken from their parents in the structure, by child. The claim of
    /// the synchronizer on their rows ends before the structure is planned: people want them where
    /// they are, and no link has to justify it.
    pub released: Vec<IssueId>,
    /// The children that stay as they are until a person has decided.
    pub asked: Vec<IssueId>,
    /// The children that have to be read again.
    pub stale: Vec<IssueId>,
    /// The changes that are overwritten, by child.
    pub losers: Vec<(IssueId, Loser<Parents>)>,
    /// What is to be remembered instead, by child; see [`LinksMerged::committed`].
    memories: Vec<(IssueId, Memory<Parents>)>,
}

impl LinksMerged {
    /// The links that were compared: the evidence for the tracker's plan. A link that was not,
    /// since its parent has no row before the structure is planned, must not be deleted by the
    /// same pass that adds the row.
    pub fn compared(&self) -> Vec<ObservedLink> {
        let of_child = |(&child, parents): (&IssueId, &Parents)| {
            let link = move |parent: IssueId| ObservedLink { parent, child };
            parents.clone().into_iter().map(link)
        };
        self.tracker.iter().flat_map(of_child).collect()
    }

    /// What is to be remembered instead, by child, in the commit that makes `after` the structure.
    ///
    /// The base of a child whose place is changed is what the structure shows then, as far as it
    /// comes from either side. What could not be carried stays the tracker's change; where another
    /// synchronizer has put the row stays the structure's.
    pub fn committed(&self, after: &Forest, tracker: TrackerId) -> Vec<(IssueId, Memory<Parents>)> {
        let parents = match self.into.is_empty() {
            true => FxHashMap::default(),
            false => parents_in(after, tracker),
        };
        let base = |child: &IssueId| {
            let sides = [&self.tracker, &self.structure];
            let known = sides.map(|side| side.get(child));
            let comes_from_one = |parent: &&IssueId| {
                let mut known = known.iter().flatten();
                known.any(|parents| parents.contains(*parent))
            };
            let shown = parents.get(child).into_iter().flatten();
            let base: Parents = shown.filter(comes_from_one).copied().collect();
            (!base.is_empty()).then_some(base)
        };
        let remembered = |(child, memory): &(IssueId, Memory<Parents>)| {
            let mut memory = memory.clone();
            if self.into.contains(child) {
                memory.base = base(child);
            }
            (*child, memory)
        };
        self.memories.iter().map(remembered).collect()
    }
}

/// The parents of every issue of a tracker that is directly below another one of it.
pub fn parents_in(forest: &Forest, tracker: TrackerId) -> FxHashMap<IssueId, Parents> {
    let of_tracker = |issue: IssueRef| (issue.tracker == tracker).then_some(issue.issue);
    let mut parents: FxHashMap<IssueId, Parents> = FxHashMap::default();
    for (slot, _) in forest.walk() {
        let above = forest.parent_at(slot);
        let child = forest.issue_at(slot).and_then(of_tracker);
        let parent = forest.id_at(above).and_then(|_| forest.issue_at(above));
        if let (Some(child), Some(parent)) = (child, parent.and_then(of_tracker))
            && child != parent
        {
            add(&mut parents, child, parent);
        }
    }
    parents
}

fn add(parents: &mut FxHashMap<IssueId, Parents>, child: IssueId, parent: IssueId) {
    let of_child = parents.entry(child).or_default();
    if let Err(at) = of_child.binary_search(&parent) {
        of_child.insert(at, parent);
    }
}

/// Merges the parents of every issue.
pub fn merge_links(input: &LinksInput<'_>) -> LinksMerged {
    let mut structure = parents_in(input.forest, input.tracker);
    structure.retain(|&child, _| !input.is_owned_elsewhere(child));
    let (tracker, beyond) = input.tracker_side();
    let memories = input.relevant_memories();
    let merged = merge_all(
        &Sides {
            structure: &structure,
            tracker: &tracker,
            versions: input.versions,
            structure_changed: input.structure_changed,
            tracker_changed: input.tracker_changed,
            memories: &memories,
        },
        input.authority,
    );
    let stays = |child: &IssueId| merged.from.contains(child) || merged.is_frozen(*child);
    let is_released = |child: &IssueId| !structure.contains_key(child) && input.has_row(*child);
    let mut released: Vec<IssueId> = (tracker.keys().copied())
        .filter(|child| stays(child) && is_released(child))
        .collect();
    released.sort_unstable();
    // A parent that comes into the structure while the child stays is looked at once it is there:
    // else the child would have two parents by one plan, of which people chose one.
    let mut links = beyond;
    links.retain(|link| !stays(&link.child));
    links.extend(agreed_links(&structure, &tracker, &merged));
    links.sort_unstable_by_key(|link| (link.child, link.parent));
    links.dedup();
    LinksMerged {
        links,
        tracker,
        structure,
        released,
        into: merged.into,
        from: merged.from,
        asked: merged.asked,
        stale: merged.stale,
        losers: merged.losers,
        memories: merged.memories,
    }
}

/// The links that both sides are to show: the structure's parents where the structure is right or
/// nothing may change, the tracker's elsewhere.
fn agreed_links(
    structure: &FxHashMap<IssueId, Parents>,
    tracker: &FxHashMap<IssueId, Parents>,
    merged: &MergedAll<Parents>,
) -> Vec<ObservedLink> {
    let keeps_structure = |child: &IssueId| merged.from.contains(child) || merged.is_frozen(*child);
    let ours = structure.iter().filter(|(child, _)| keeps_structure(child));
    let theirs = tracker.iter().filter(|(child, _)| !keeps_structure(child));
    let pairs = ours.chain(theirs).flat_map(|(&child, parents)| {
        let link = move |&parent: &IssueId| ObservedLink { parent, child };
        parents.iter().map(link)
    });
    pairs.collect()
}

impl LinksInput<'_> {
    fn has_row(&self, issue: IssueId) -> bool {
        self.forest.primary_slot(self.named(issue)).is_some()
    }

    fn named(&self, issue: IssueId) -> IssueRef {
        let tracker = self.tracker;
        IssueRef { tracker, issue }
    }

    fn is_owned_elsewhere(&self, child: IssueId) -> bool {
        self.owned_elsewhere.contains(&self.named(child))
    }

    fn compares_parent(&self, parent: IssueId) -> bool {
        self.scope == LinksScope::AllIssues || self.has_row(parent)
    }

    fn compares_child(&self, child: IssueId) -> bool {
        let counts = self.scope != LinksScope::WithinStructure || self.has_row(child);
        counts && !self.is_owned_elsewhere(child)
    }

    /// The links that can be compared with the structure, by child, and the others, which are
    /// the planner's: those of a parent without a row say nothing about the structure.
    fn tracker_side(&self) -> (FxHashMap<IssueId, Parents>, Vec<ObservedLink>) {
        let mut tracker = FxHashMap::default();
        let mut beyond = Vec::new();
        for &link in self.links.iter().filter(|link| link.parent != link.child) {
            match self.compares_parent(link.parent) && self.compares_child(link.child) {
                true => add(&mut tracker, link.child, link.parent),
                false => beyond.push(link),
            }
        }
        (tracker, beyond)
    }

    /// What is remembered. A parent that lost its row takes nothing away from its child, unless
    /// links of issues without rows count.
    fn relevant_memories(&self) -> FxHashMap<IssueId, Memory<Parents>> {
        let relevant = |(&child, memory): (&IssueId, &Memory<Parents>)| {
            let base = memory.base.iter().flatten();
            let base: Parents = base
                .filter(|&&parent| self.compares_parent(parent))
                .copied()
                .collect();
            let base = (!base.is_empty() && self.compares_child(child)).then_some(base);
            let seen = memory.seen;
            (child, Memory { base, seen })
        };
        self.memories.iter().map(relevant).collect()
    }
}
