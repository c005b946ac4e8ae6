//! Links as a graph: who is linked below whom.
//!
//! What it is not: a choice among several parents; see [`super::links_tree`].

use crate::id::IssueId;
use crate::issue::ObservedLink;
use std::ops::Range;

/// An issue in the graph: its position in the order of ids.
pub(super) type Node = u32;

/// No issue.
pub(super) const NOBODY: Node = Node::MAX;

/// The links of one synchronizer, each once, without those from an issue to itself.
pub(super) struct Graph {
    nodes: Vec<IssueId>,
    /// The parents of all nodes, those of one node together and ascending.
    parents: Vec<Node>,
    parents_from: Vec<u32>,
    /// The children of all nodes, likewise.
    children: Vec<Node>,
    children_from: Vec<u32>,
    /// The nodes that have a link to themselves.
    selves: Vec<Node>,
}

impl Graph {
    pub(super) fn new(links: &[ObservedLink]) -> Graph {
        let mut nodes: Vec<IssueId> = Vec::with_capacity(links.len() * 2);
        nodes.extend(links.iter().flat_map(|link| [link.parent, link.child]));
        nodes.sort_unstable();
        nodes.dedup();
        let node = |issue: IssueId| nodes.binary_search(&issue).unwrap_or_default() as Node;
        let mut pairs: Vec<(Node, Node)> = Vec::with_capacity(links.len());
        pairs.extend(
            links
                .iter()
                .map(|link| (node(link.child), node(link.parent))),
        );
        pairs.sort_unstable();
        pairs.dedup();
        let is_self = |&(child, parent): &(Node, Node)| child == parent;
        let selves = pairs.iter().copied().filter(is_self);
        let selves = selves.map(|(node, _)| node).collect();
        pairs.retain(|pair| !is_self(pair));
        let (parents_from, parents) = grouped(nodes.len(), &pairs);
        for pair in &mut pairs {
            *pair = (pair.1, pair.0);
        }
        pairs.sort_unstable();
        let (children_from, children) = grouped(nodes.len(), &pairs);
        Graph {
            nodes,
            parents,
            parents_from,
            children,
            children_from,
            selves,
        }
    }

    pub(super) fn node(&self, issue: IssueId) -> Option<Node> {
        let found = self.nodes.binary_search(&issue).ok()?;
        Node::try_from(found).ok()
    }

    pub(super) fn issue(&self, node: Node) -> IssueId {
        self.nodes[node as usize]
    }

    pub(super) fn nodes(&self) -> Range<Node> {
        0..self.nodes.len() as Node
    }

    /// The parents of a node, ascending.
    pub(super) fn parents(&self, node: Node) -> &[Node] {
        group(&self.parents_from, &self.parents, node)
    }

    pub(super) fn children(&self, node: Node) -> &[Node] {
        group(&self.children_from, &self.children, node)
    }

    pub(super) fn has_link(&self, parent: Node, child: Node) -> bool {
        self.parents(child).binary_search(&parent).is_ok()
    }

    /// The nodes that have a link to themselves.
    pub(super) fn selves(&self) -> &[Node] {
        &self.selves
    }
}

/// Sorted pairs by their first: where the group of each starts, and the seconds.
fn grouped(nodes: usize, pairs: &[(Node, Node)]) -> (Vec<u32>, Vec<Node>) {
    let mut from = vec![0u32; nodes + 1];
    for &(first, _) in pairs {
        from[first as usize + 1] += 1;
    }
    for at in 1..from.len() {
        from[at] += from[at - 1];
    }
    (from, pairs.iter().map(|&(_, second)| second).collect())
}

fn group<'a>(from: &[u32], all: &'a [Node], node: Node) -> &'a [Node] {
    let at = node as usize;
    &all[from[at] as usize..from[at + 1] as usize]
}
