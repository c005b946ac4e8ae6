//! The links rule: a child is below the parents that it is linked to.
//!
//! An issue has one primary row, below the parent that [`links_tree`](super::links_tree)
//! chooses, and an alias below each other one. A link that closes a cycle is refused and held.
//!
//! What it is not: removing what is linked no more; see [`super::links_retire`].

use super::links_graph::{Graph, NOBODY, Node};
use super::links_tree::{Choice, Tree};
use super::{Found, Participant, Rules, links_retire};
use crate::claim::ClaimSource;
use crate::forest::{NONE, Slot};
use crate::id::{IssueId, RowId};
use crate::issue::{IssueRef, ObservedLink};
use crate::job::{ChangeKind, HoldReason, Why};
use crate::plan::Held;
use crate::plan::owner;
use crate::plan::work::{Cause, Work};
use crate::synchronizer::{LinksScope, LinksSettings};
use std::rc::Rc;

/// A links synchronizer that is evaluated.
pub(super) struct ReadLinks<'a> {
    pub(super) settings: &'a LinksSettings,
    pub(super) graph: Graph,
}

impl<'a> ReadLinks<'a> {
    pub(super) fn new(settings: &'a LinksSettings, links: &[ObservedLink]) -> ReadLinks<'a> {
        ReadLinks {
            settings,
            graph: Graph::new(links),
        }
    }

    pub(super) fn is_about_all(&self) -> bool {
        self.settings.scope == LinksScope::AllIssues
    }

    /// The parents of a node that have a row, ascending, with that row.
    fn parents_there<'t>(
        &'t self,
        work: &'t Work<'_, '_>,
        me: &'t Participant<'_>,
        node: Node,
    ) -> impl Iterator<Item = (Node, RowId)> + 't {
        let parents = self.graph.parents(node).iter().copied();
        parents.filter_map(move |parent| {
            let issue = me.issue(self.graph.issue(parent));
            Some((parent, work.forest.primary_row(issue)?))
        })
    }

    /// Whether a linked issue has its reason to be in the structure: one of its parents is there,
    /// or every linked issue belongs.
    fn has_reason(&self, tree: &Tree, node: Node) -> bool {
        let has_row = |&parent: &Node| tree.slots[parent as usize] != NONE;
        let parents = self.graph.parents(node);
        let is_linked = !parents.is_empty() || !self.graph.children(node).is_empty();
        parents.iter().any(has_row) || (self.is_about_all() && is_linked)
    }

    fn add(&self, work: &mut Work<'_, '_>, me: &Participant<'_>, node: Node) {
        let issue = me.issue(self.graph.issue(node));
        if work.forest.primary_slot(issue).is_some() {
            return;
        }
        let above = self.parents_there(work, me, node).next();
        if above.is_none() && !self.is_about_all() {
            return;
        }
        let has_parent = work.found[me.index].tree.parent[node as usize] != NOBODY;
        let owned = owner::of(work, issue, None).map(|(_, parent)| parent);
        if owned.is_none() && has_parent && above.is_none() {
            work.hold(Held {
                kind: ChangeKind::AddRow,
                row: None,
                issue,
                parent: None,
                reason: HoldReason::ParentNotInStructure,
                synchronizer: me.id,
            });
            return;
        }
        let why = match above {
            Some(_) => Why::LinkedToParent,
            None => Why::Linked,
        };
        let cause = Cause {
            synchronizer: me.id,
            why,
        };
        work.add(issue, owned, cause);
    }

    /// Claims the row of a linked issue, and moves it below the parent that was chosen.
    fn place_one(&self, work: &mut Work<'_, '_>, me: &Participant<'_>, tree: &Tree, node: Node) {
        let slot = tree.slots[node as usize];
        work.claim(slot, me.id);
        let first = self.parents_there(work, me, node).next();
        let (Some(row), Some((first, first_row))) = (work.forest.id_at(slot), first) else {
            return;
        };
        let issue = me.issue(self.graph.issue(node));
        let wanted = match tree.parent[node as usize] {
            NOBODY if !tree.elsewhere[node as usize] => {
                return self.hold(work, me, (Some(row), issue), first_row);
            }
            NOBODY => tree.slots[first as usize],
            chosen => tree.slots[chosen as usize],
        };
        let above = work.forest.parent_at(slot);
        if wanted != NONE && wanted != above {
            let cause = linked(me);
            work.move_below(row, issue, work.forest.id_at(wanted), cause);
        }
    }

    /// Holds a link that closes a cycle.
    fn hold(
        &self,
        work: &mut Work<'_, '_>,
        me: &Participant<'_>,
        (row, issue): (Option<RowId>, IssueRef),
        parent: RowId,
    ) {
        let kind = match row {
            Some(_) => ChangeKind::MoveRow,
            None => ChangeKind::AddRow,
        };
        work.hold(Held {
            kind,
            row,
            issue,
            parent: Some(parent),
            reason: HoldReason::LinkClosesCycle,
            synchronizer: me.id,
        });
    }

    /// Holds the ends that the scope asks for and that cannot be seen: a row of them would show
    /// nothing, and nobody could tell whether it is still right.
    fn hold_hidden_ends(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        let tree = Rc::clone(&work.found[me.index].tree);
        for node in self
            .graph
            .nodes()
            .filter(|&node| tree.hidden[node as usize])
        {
            let above = self.parents_there(work, me, node).next();
            let expands = self.settings.scope == LinksScope::ExpandToChildren;
            if self.is_about_all() || (expands && above.is_some()) {
                work.hold(Held {
                    kind: ChangeKind::AddRow,
                    row: None,
                    issue: me.issue(self.graph.issue(node)),
                    parent: above.map(|(_, row)| row),
                    reason: HoldReason::Inaccessible,
                    synchronizer: me.id,
                });
            }
        }
    }

    fn hold_links_to_themselves(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        for &node in self.graph.selves() {
            let issue = me.issue(self.graph.issue(node));
            if let Some(row) = work.forest.primary_row(issue) {
                work.hold(Held {
                    kind: ChangeKind::MoveRow,
                    row: Some(row),
                    issue,
                    parent: Some(row),
                    reason: HoldReason::SelfLink,
                    synchronizer: me.id,
                });
            }
        }
    }

    /// Claims or adds an alias below each parent but the one that has the primary row.
    fn add_aliases_of(
        &self,
        work: &mut Work<'_, '_>,
        me: &Participant<'_>,
        tree: &Tree,
        node: Node,
    ) {
        let issue = me.issue(self.graph.issue(node));
        let slot = tree.slots[node as usize];
        let Some(row) = (slot != NONE).then(|| work.forest.id_at(slot)).flatten() else {
            return;
        };
        let known = aliases_by_parent(work, issue);
        for &parent in self.graph.parents(node) {
            let is_primary = tree.parent[node as usize] == parent;
            let above = tree.slots[parent as usize];
            if above == NONE || is_primary || work.forest.parent_at(slot) == above {
                continue;
            }
            let Some(above_row) = work.forest.id_at(above) else {
                continue;
            };
            if tree.refuses(node, parent) || work.forest.is_below(above_row, row) {
                self.hold(work, me, (None, issue), above_row);
            } else if let Ok(at) = known.binary_search_by_key(&above, |&(above, _, _)| above) {
                let (_, _, alias) = known[at];
                work.claim(alias, me.id);
            } else {
                work.add_alias(issue, above_row, linked(me));
            }
        }
    }
}

/// The aliases of an issue by the row above them, the first of each.
pub(super) fn aliases_by_parent(
    work: &Work<'_, '_>,
    issue: IssueRef,
) -> Vec<(Slot, Option<RowId>, Slot)> {
    let aliases = work.forest.alias_slots(issue).iter();
    let mut known: Vec<(Slot, Option<RowId>, Slot)> = aliases
        .map(|&alias| {
            let row = work.forest.id_at(alias);
            (work.forest.parent_at(alias), row, alias)
        })
        .collect();
    known.sort_unstable();
    known.dedup_by_key(|&mut (above, _, _)| above);
    known
}

fn linked(me: &Participant<'_>) -> Cause {
    Cause {
        synchronizer: me.id,
        why: Why::LinkedToParent,
    }
}

impl Rules for ReadLinks<'_> {
    fn look(&self, work: &Work<'_, '_>, me: &Participant<'_>) -> Found {
        let is_placed_elsewhere = |issue: IssueId, slot: Slot| {
            let row = (slot != NONE).then(|| work.forest.id_at(slot)).flatten();
            owner::is_before(work, me, me.issue(issue), row)
        };
        let choice = Choice {
            forest: &work.forest,
            tracker: me.tracker,
            expand: self.settings.scope == LinksScope::ExpandToChildren,
            all: self.is_about_all(),
            is_hidden: &|issue| work.snapshot.inaccessible.contains(&me.issue(issue)),
            is_placed_elsewhere: &is_placed_elsewhere,
        };
        Found {
            tree: Rc::new(Tree::choose(&self.graph, &choice)),
            ..Found::default()
        }
    }

    /// Adds the issues that the scope asks for.
    fn claim_and_add(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        let missing: Vec<Node> = {
            let tree = &work.found[me.index].tree;
            let is_missing = |&node: &Node| tree.slots[node as usize] == NONE;
            tree.top_down.iter().copied().filter(is_missing).collect()
        };
        for node in missing {
            self.add(work, me, node);
        }
        self.hold_hidden_ends(work, me);
    }

    fn place(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        let tree = Rc::clone(&work.found[me.index].tree);
        let mut settled = vec![false; work.forest.slot_count()];
        for &node in &tree.top_down {
            let slot = tree.slots[node as usize];
            if slot != NONE && self.has_reason(&tree, node) {
                settled[slot as usize] = true;
                self.place_one(work, me, &tree, node);
            }
        }
        work.found[me.index].settled = settled;
        self.hold_links_to_themselves(work, me);
    }

    fn retire_dependents(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        links_retire::aliases(self, work, me);
        links_retire::primaries(self, work, me);
    }

    fn add_aliases(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        let tree = Rc::clone(&work.found[me.index].tree);
        for &node in &tree.top_down {
            let several = self.graph.parents(node).len() > 1;
            if several && tree.parent[node as usize] != NOBODY {
                self.add_aliases_of(work, me, &tree, node);
            }
        }
    }

    fn wanted_row(
        &self,
        work: &Work<'_, '_>,
        me: &Participant<'_>,
        issue: IssueRef,
        row: Option<RowId>,
    ) -> Option<RowId> {
        let node = self.graph.node(issue.issue)?;
        let tree = &work.found.get(me.index)?.tree;
        let chosen = tree.parent.get(node as usize).copied()?;
        if chosen != NOBODY {
            let parent = me.issue(self.graph.issue(chosen));
            if let Some(row) = work.forest.primary_row(parent) {
                return Some(row);
            }
        }
        // An issue that somebody is about to add; the tree knows only of those that are there.
        let is_new = row.is_none();
        is_new
            .then(|| self.parents_there(work, me, node).next())?
            .map(|(_, row)| row)
    }

    fn wanted_issue(
        &self,
        _work: &Work<'_, '_>,
        _me: &Participant<'_>,
        issue: IssueRef,
    ) -> Option<IssueId> {
        let node = self.graph.node(issue.issue)?;
        let first = self.graph.parents(node).first()?;
        Some(self.graph.issue(*first))
    }

    fn has_read(&self, issue: IssueId) -> bool {
        let node = self.graph.node(issue);
        node.is_some_and(|node| self.is_about_all() || !self.graph.parents(node).is_empty())
    }

    /// A child is there since its parent is; unless every linked issue belongs, or another parent
    /// is there, too.
    fn claim_ends_with_parent(
        &self,
        work: &Work<'_, '_>,
        me: &Participant<'_>,
        slot: Slot,
        issue: IssueRef,
    ) -> bool {
        let Some(node) = self.graph.node(issue.issue) else {
            return false;
        };
        let above = work.forest.id_at(work.forest.parent_at(slot));
        let is_above = |(_, row): (Node, RowId)| Some(row) == above;
        let mut parents = self.parents_there(work, me, node);
        if work.forest.alias_at(slot) {
            return parents.any(is_above);
        }
        !self.is_about_all() && parents.next().is_some_and(is_above) && parents.next().is_none()
    }
}

/// A links synchronizer that owns what it owns: the places of the rows that it has placed.
pub(super) struct Bystander;

impl Rules for Bystander {
    fn wanted_row(
        &self,
        work: &Work<'_, '_>,
        me: &Participant<'_>,
        _issue: IssueRef,
        row: Option<RowId>,
    ) -> Option<RowId> {
        let row = row?;
        let is_claimed = work.has_claim(row, ClaimSource::Synchronizer(me.id));
        let is_placed = is_claimed && work.forest.placed_by(row) == Some(me.id);
        is_placed.then(|| work.forest.parent(row))?
    }
}
