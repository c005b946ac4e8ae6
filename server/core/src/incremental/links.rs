//! What fresh reads make of the links that were known.
//!
//! What it is not: reading. It says whose links are to be read next, until nothing is open.
//!
//! A link is listed at both of its ends, and a tracker may stamp both, one or none of them when it
//! is made or removed. So a fresh read of one end brings what is new there, and what is missing
//! there is believed only when the other end was read, too.

use crate::id::IssueId;
use crate::issue::ObservedLink;
use crate::synchronizer::LinksScope;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// What one fresh read of some issues showed, complete as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinksRead {
    /// The issues whose links were read.
    pub found: Vec<IssueId>,
    /// The issues that cannot be read.
    pub missing: Vec<IssueId>,
    /// Every link that they show.
    pub shown: Vec<ObservedLink>,
    /// Those of these links that count: both ends pass the queries of the settings.
    pub counting: Vec<ObservedLink>,
}

/// Links that were known, with fresh reads taken in.
#[derive(Clone, Debug)]
pub struct LinkDelta {
    scope: LinksScope,
    top: FxHashSet<IssueId>,
    known: Vec<ObservedLink>,
    seen: FxHashSet<IssueId>,
    doubted: bool,
    read: FxHashSet<IssueId>,
    missing: FxHashSet<IssueId>,
    shown: FxHashSet<ObservedLink>,
    counting: FxHashSet<ObservedLink>,
}

impl LinkDelta {
    /// Begins with what was `known`, of which the links of the issues that were `seen` are all
    /// there. `top` are the issues that have rows, or are to get one from somebody else.
    pub fn new(
        scope: LinksScope,
        top: impl IntoIterator<Item = IssueId>,
        known: Vec<ObservedLink>,
        seen: &[IssueId],
    ) -> LinkDelta {
        LinkDelta {
            scope,
            top: top.into_iter().collect(),
            known,
            seen: seen.iter().copied().collect(),
            doubted: false,
            read: FxHashSet::default(),
            missing: FxHashSet::default(),
            shown: FxHashSet::default(),
            counting: FxHashSet::default(),
        }
    }

    /// From now on each known link has to be shown by a fresh read, or missed at both of its ends.
    pub fn doubt(&mut self) {
        self.doubted = true;
        self.seen.clear();
    }

    /// Takes a read in.
    pub fn take(&mut self, read: &LinksRead) {
        self.read.extend(read.found.iter().copied());
        self.miss(read.missing.iter().copied());
        self.shown.extend(read.shown.iter().copied());
        self.counting.extend(read.counting.iter().copied());
    }

    /// Takes in that issues cannot be read.
    pub fn miss(&mut self, issues: impl IntoIterator<Item = IssueId>) {
        self.missing.extend(issues);
    }

    /// Whose links have to be read next; nobody's when all is known.
    pub fn open(&self) -> BTreeSet<IssueId> {
        let is_open = |id: &IssueId| !self.was_asked(*id);
        let doubtful = self.known.iter().filter(|link| self.is_doubtful(link));
        let ends = doubtful.flat_map(|link| [link.parent, link.child]);
        let reached = self.reach().into_iter();
        let unseen = reached.filter(|id| !self.seen.contains(id));
        // Where every linked issue counts, a search and the changes show which those are.
        let unseen = unseen.filter(|_| self.scope != LinksScope::AllIssues);
        ends.chain(unseen).filter(is_open).collect()
    }

    fn was_asked(&self, id: IssueId) -> bool {
        self.read.contains(&id) || self.missing.contains(&id)
    }

    /// Whether a known link was missed at one of its ends, or could have been.
    fn is_doubtful(&self, link: &ObservedLink) -> bool {
        let asked = self.was_asked(link.parent) || self.was_asked(link.child);
        (asked || self.doubted) && !self.shown.contains(link)
    }

    /// The links that count now, ascending.
    pub fn links(&self) -> Vec<ObservedLink> {
        let reach = self.reach();
        let touches = |link: &&ObservedLink| {
            self.scope == LinksScope::AllIssues
                || reach.contains(&link.parent)
                || reach.contains(&link.child)
        };
        let mut links: Vec<ObservedLink> = self.merged().filter(touches).copied().collect();
        links.sort_unstable();
        links.dedup();
        links
    }

    /// The issues whose links are all there, ascending; also those that cannot be read.
    pub fn seen(&self) -> Vec<IssueId> {
        let reach = self.reach().into_iter();
        let known = |id: &IssueId| self.seen.contains(id) || self.was_asked(*id);
        let all = self.scope == LinksScope::AllIssues;
        let mut seen: Vec<IssueId> = reach.filter(|id| all || known(id)).collect();
        seen.sort_unstable();
        seen
    }

    fn merged(&self) -> impl Iterator<Item = &ObservedLink> {
        let is_read = |link: &ObservedLink| {
            self.read.contains(&link.parent) || self.read.contains(&link.child)
        };
        let kept = self.known.iter().filter(move |link| !is_read(link));
        kept.chain(&self.counting)
    }

    /// The issues that the scope is about.
    fn reach(&self) -> FxHashSet<IssueId> {
        match self.scope {
            LinksScope::WithinStructure => self.top.clone(),
            LinksScope::AllIssues => self
                .merged()
                .flat_map(|link| [link.parent, link.child])
                .collect(),
            LinksScope::ExpandToChildren => {
                let mut below: FxHashMap<IssueId, Vec<IssueId>> = FxHashMap::default();
                for link in self.merged() {
                    below.entry(link.parent).or_default().push(link.child);
                }
                let mut reached = self.top.clone();
                let mut waiting: Vec<IssueId> = self.top.iter().copied().collect();
                while let Some(parent) = waiting.pop() {
                    let children = below.get(&parent).into_iter().flatten().copied();
                    waiting.extend(children.filter(|child| reached.insert(*child)));
                }
                reached
            }
        }
    }
}
