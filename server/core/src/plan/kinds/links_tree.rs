//! The tree that is chosen of a graph of links.
//!
//! What it is not: a change of the forest. It says below which of its parents an issue has its
//! primary row, whatever else the planner then makes of it.
//!
//! Each issue has at most one parent in the tree, chosen in this order:
//!
//! 1. an issue that has a row below one of its parents stays there, whoever placed it;
//! 2. an issue without a row goes below the parent from which it is reached first, going from the
//!    issues that have rows along links, level by level, lower ids first;
//! 3. any other issue, in order of its id, goes below the parent with the lowest id (of those that
//!    have a row, if any) to which the link closes no cycle with what was chosen before.
//!
//! Of the other links, which aliases show, those are refused that lie on a cycle and lead back up.
//! An issue that has no row and cannot be seen is in none of this: nothing can be shown of it.

use super::links_graph::{Graph, NOBODY, Node};
use crate::forest::{Forest, NONE, Slot};
use crate::id::{IssueId, TrackerId};
use crate::issue::IssueRef;
use rustc_hash::FxHashSet;

/// What a tree is chosen with.
pub(super) struct Choice<'c> {
    pub(super) forest: &'c Forest,
    pub(super) tracker: TrackerId,
    /// Whether issues are added that are linked below what has a row.
    pub(super) expand: bool,
    /// Whether every linked issue is added.
    pub(super) all: bool,
    /// Whether the tracker does not show the issue.
    pub(super) is_hidden: &'c dyn Fn(IssueId) -> bool,
    /// Whether somebody else places the issue, so that it has no parent in this tree.
    pub(super) is_placed_elsewhere: &'c dyn Fn(IssueId, Slot) -> bool,
}

/// The tree that is chosen, by node.
#[derive(Default)]
pub(super) struct Tree {
    /// The primary rows; `NONE` for issues without one.
    pub(super) slots: Vec<Slot>,
    /// Whether the issue has a row or is to get one.
    pub(super) in_scope: Vec<bool>,
    /// Whether the issue cannot be seen and has no row: it gets none.
    pub(super) hidden: Vec<bool>,
    /// Whether somebody else places it.
    pub(super) elsewhere: Vec<bool>,
    /// The parent below which the primary row belongs; [`NOBODY`] for those that have none.
    pub(super) parent: Vec<Node>,
    /// All nodes in scope, parents before their children.
    pub(super) top_down: Vec<Node>,
    /// Links that close a cycle, though they are not of the tree: child and parent.
    refused: FxHashSet<(Node, Node)>,
}

impl Tree {
    pub(super) fn choose(graph: &Graph, choice: &Choice<'_>) -> Tree {
        let mut tree = Tree::default();
        let count = graph.nodes().len();
        let slot = |node: Node| {
            let issue = IssueRef {
                tracker: choice.tracker,
                issue: graph.issue(node),
            };
            choice.forest.primary_slot(issue).unwrap_or(NONE)
        };
        tree.slots = graph.nodes().map(slot).collect();
        tree.in_scope = tree.slots.iter().map(|&slot| slot != NONE).collect();
        let hidden =
            |node: Node| tree.slots[node as usize] == NONE && (choice.is_hidden)(graph.issue(node));
        tree.hidden = graph.nodes().map(hidden).collect();
        tree.parent = vec![NOBODY; count];
        let elsewhere = |node: Node| {
            let has_parents = !graph.parents(node).is_empty();
            let slot = tree.slots[node as usize];
            has_parents && (choice.is_placed_elsewhere)(graph.issue(node), slot)
        };
        tree.elsewhere = graph.nodes().map(elsewhere).collect();
        let mut sets = Sets::new(count);
        tree.stay(graph, choice.forest, &mut sets);
        if choice.expand || choice.all {
            tree.reach(graph, choice.all, &mut sets);
        }
        tree.choose_rest(graph, &mut sets);
        tree.sort_top_down(graph);
        tree.refuse_backward(graph);
        tree
    }

    /// Whether a link, which is not of the tree, closes a cycle.
    pub(super) fn refuses(&self, child: Node, parent: Node) -> bool {
        self.refused.contains(&(child, parent))
    }

    fn has_row(&self, node: Node) -> bool {
        self.slots[node as usize] != NONE
    }

    fn is_free(&self, node: Node) -> bool {
        let at = node as usize;
        self.in_scope[at] && !self.elsewhere[at] && self.parent[at] == NOBODY
    }

    fn may_enter(&self, node: Node) -> bool {
        !self.in_scope[node as usize] && !self.hidden[node as usize]
    }

    fn put(&mut self, node: Node, parent: Node, sets: &mut Sets) {
        self.parent[node as usize] = parent;
        sets.join(node, parent);
    }

    /// Issues that have a row below one of their parents stay there.
    fn stay(&mut self, graph: &Graph, forest: &Forest, sets: &mut Sets) {
        for node in graph.nodes() {
            let slot = self.slots[node as usize];
            let above = if slot == NONE {
                NONE
            } else {
                forest.parent_at(slot)
            };
            if above == NONE {
                continue;
            }
            let issue = forest.issue_at(above).filter(|_| !forest.alias_at(above));
            let parent = issue.and_then(|issue| graph.node(issue.issue));
            let parent = parent.filter(|&parent| self.slots[parent as usize] == above);
            if let Some(parent) = parent.filter(|&parent| graph.has_link(parent, node)) {
                self.put(node, parent, sets);
            }
        }
    }

    /// Brings issues without a row into scope, from those that have one on, level by level; if
    /// all are wanted, then from those without a parent on, and from those that are only in cycles.
    fn reach(&mut self, graph: &Graph, all: bool, sets: &mut Sets) {
        let mut open: Vec<Node> = graph.nodes().filter(|&node| self.has_row(node)).collect();
        self.reach_from(graph, &mut open, sets);
        if !all {
            return;
        }
        let starts = graph.nodes().filter(|&node| self.may_enter(node));
        open.extend(starts.filter(|&node| {
            let mut parents = graph.parents(node).iter();
            parents.all(|&parent| self.hidden[parent as usize])
        }));
        for &node in &open {
            self.in_scope[node as usize] = true;
        }
        self.reach_from(graph, &mut open, sets);
        for node in graph.nodes() {
            if self.may_enter(node) {
                self.in_scope[node as usize] = true;
                open.push(node);
                self.reach_from(graph, &mut open, sets);
            }
        }
        // A link to itself alone is no reason to be added.
        for &node in graph.selves() {
            let is_alone = graph.parents(node).is_empty() && graph.children(node).is_empty();
            if is_alone && !self.has_row(node) {
                self.in_scope[node as usize] = false;
            }
        }
    }

    fn reach_from(&mut self, graph: &Graph, open: &mut Vec<Node>, sets: &mut Sets) {
        let mut next = 0;
        while let Some(&parent) = open.get(next) {
            next += 1;
            for &child in graph.children(parent) {
                if !self.may_enter(child) {
                    continue;
                }
                self.in_scope[child as usize] = true;
                open.push(child);
                if self.is_free(child) {
                    self.put(child, parent, sets);
                }
            }
        }
        open.clear();
    }

    /// Issues that have no parent yet get the first to which the link closes no cycle.
    fn choose_rest(&mut self, graph: &Graph, sets: &mut Sets) {
        for node in graph.nodes() {
            if !self.is_free(node) || graph.parents(node).is_empty() {
                continue;
            }
            let fits = |tree: &Tree, sets: &mut Sets, parent: Node| {
                tree.in_scope[parent as usize] && !sets.are_joined(node, parent)
            };
            let parents = graph.parents(node).iter().copied();
            let mut with_row = parents.clone().filter(|&parent| self.has_row(parent));
            let mut any = parents;
            let chosen = with_row
                .find(|&parent| fits(self, sets, parent))
                .or_else(|| any.find(|&parent| fits(self, sets, parent)));
            if let Some(parent) = chosen {
                self.put(node, parent, sets);
            }
        }
    }

    fn sort_top_down(&mut self, graph: &Graph) {
        let mut listed = vec![false; self.slots.len()];
        let mut branch = Vec::new();
        for node in graph.nodes().filter(|&node| self.in_scope[node as usize]) {
            let mut above = node;
            while above != NOBODY && !listed[above as usize] {
                listed[above as usize] = true;
                branch.push(above);
                above = self.parent[above as usize];
            }
            self.top_down.extend(branch.drain(..).rev());
        }
    }
}

/// Links beside the tree.
impl Tree {
    /// Of the links that lie on a cycle, those are refused whose parent comes after the child in
    /// `top_down`: what is left goes one way only, so no cycle is left.
    fn refuse_backward(&mut self, graph: &Graph) {
        let mut position = vec![NOBODY; self.slots.len()];
        for (at, &node) in (0..).zip(&self.top_down) {
            position[node as usize] = at;
        }
        let mut backward = Vec::new();
        for &child in &self.top_down {
            let chosen = self.parent[child as usize];
            let parents = graph.parents(child).iter().copied();
            let others = parents.filter(|&parent| chosen != NOBODY && parent != chosen);
            let later = others
                .filter(|&parent| self.in_scope[parent as usize])
                .filter(|&parent| position[parent as usize] > position[child as usize]);
            backward.extend(later.map(|parent| (child, parent)));
        }
        if !backward.is_empty() {
            let cycle = self.cycles(graph);
            backward.retain(|&(child, parent)| cycle[child as usize] == cycle[parent as usize]);
            self.refused = backward.into_iter().collect();
        }
    }

    /// Which nodes lie on cycles together: those with the same number.
    fn cycles(&self, graph: &Graph) -> Vec<Node> {
        let mut cycle = vec![NOBODY; self.slots.len()];
        for &start in self.children_first(graph).iter().rev() {
            let mut open = vec![start];
            while let Some(node) = open.pop() {
                if cycle[node as usize] == NOBODY && self.in_scope[node as usize] {
                    cycle[node as usize] = start;
                    open.extend(graph.parents(node));
                }
            }
        }
        cycle
    }

    /// All nodes in scope, each after all that it leads to, cycles apart.
    fn children_first(&self, graph: &Graph) -> Vec<Node> {
        let mut order = Vec::with_capacity(self.top_down.len());
        let mut seen: Vec<bool> = self.in_scope.iter().map(|&is_in| !is_in).collect();
        let mut open: Vec<(Node, usize)> = Vec::new();
        for &start in &self.top_down {
            if !std::mem::replace(&mut seen[start as usize], true) {
                open.push((start, 0));
            }
            while let Some((node, next)) = open.pop() {
                let Some(&child) = graph.children(node).get(next) else {
                    order.push(node);
                    continue;
                };
                open.push((node, next + 1));
                if !std::mem::replace(&mut seen[child as usize], true) {
                    open.push((child, 0));
                }
            }
        }
        order
    }
}

/// Which nodes hang together, as disjoint sets.
struct Sets {
    towards: Vec<Node>,
}

impl Sets {
    fn new(count: usize) -> Sets {
        Sets {
            towards: (0..count as Node).collect(),
        }
    }

    /// The representative of a set. Halves the path to it, so that the next time is shorter.
    fn find(&mut self, mut node: Node) -> Node {
        while self.towards[node as usize] != node {
            let above = self.towards[self.towards[node as usize] as usize];
            self.towards[node as usize] = above;
            node = above;
        }
        node
    }

    fn join(&mut self, one: Node, other: Node) {
        let (one, other) = (self.find(one), self.find(other));
        self.towards[one as usize] = other;
    }

    fn are_joined(&mut self, one: Node, other: Node) -> bool {
        self.find(one) == self.find(other)
    }
}
