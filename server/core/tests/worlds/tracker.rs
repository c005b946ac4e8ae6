//! A tracker: issues, links between them, and every state that they have had.
//!
//! Reading can show an old state, each issue its own. Writing compares first, and may fail before
//! or after its effect.

use resync_core::id::{IssueId, IssueKey, JiraId, ProjectKey};
use resync_core::issue::{IssueType, ObservedIssue, ObservedLink};
use resync_core::merge::{Parents, Version};
use resync_core::time::Timestamp;
use std::sync::OnceLock;

/// Most issues in a world.
pub(crate) const ISSUES_MAX: usize = 14;

/// A set of issues, one bit each.
pub(crate) type Set = u16;

/// The issue's number, from 0.
pub(crate) type Node = usize;

pub(crate) fn id(node: Node) -> IssueId {
    IssueId(node as i64 + 1)
}

pub(crate) fn node(id: IssueId) -> Node {
    (id.0 - 1) as Node
}

pub(crate) fn members(set: Set) -> impl Iterator<Item = Node> {
    (0..ISSUES_MAX).filter(move |node| set & (1 << node) != 0)
}

pub(crate) fn parents_of(set: Set) -> Option<Parents> {
    (set != 0).then(|| members(set).map(id).collect())
}

pub(crate) fn set_of(parents: Option<&Parents>) -> Set {
    let ids = parents.into_iter().flatten();
    ids.fold(0, |set, &id| set | 1 << node(id))
}

pub(crate) fn name(node: Node) -> char {
    char::from(b'A' + node as u8)
}

pub(crate) fn names(set: Set) -> String {
    members(set).map(name).collect()
}

/// What is seen of every issue, whatever its links.
pub(crate) fn observed(node: Node) -> ObservedIssue {
    static ALL: OnceLock<Vec<ObservedIssue>> = OnceLock::new();
    let all = ALL.get_or_init(|| (0..ISSUES_MAX).map(make_issue).collect());
    all[node].clone()
}

fn make_issue(node: Node) -> ObservedIssue {
    ObservedIssue {
        id: id(node),
        key: IssueKey::new(name(node).to_string()),
        summary: "".into(),
        project: ProjectKey::new("P"),
        issue_type: IssueType {
            id: JiraId::new("1"),
            name: "Task".into(),
            subtask: false,
        },
        status: "Open".into(),
        assignee: None,
        parent: None,
        updated: Timestamp(0),
    }
}

/// One state of all issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// By child.
    pub(crate) parents: [Set; ISSUES_MAX],
    /// How often each issue was updated. A link updates both ends.
    pub(crate) versions: [i64; ISSUES_MAX],
    /// When it came about.
    pub(crate) since: u64,
}

impl State {
    pub(crate) fn version(&self, node: Node) -> Version {
        Version {
            updated: Timestamp(self.versions[node]),
            changelog: 0,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Tracker {
    pub(crate) issues: usize,
    states: Vec<State>,
}

impl Tracker {
    pub(crate) fn new(issues: usize) -> Tracker {
        let first = State {
            parents: [0; ISSUES_MAX],
            versions: [1; ISSUES_MAX],
            since: 0,
        };
        Tracker {
            issues,
            states: vec![first],
        }
    }

    pub(crate) fn now(&self) -> &State {
        self.before(0)
    }

    /// The state so many states ago, or the first one.
    pub(crate) fn before(&self, states: usize) -> &State {
        let at = (self.states.len() - 1).saturating_sub(states);
        &self.states[at]
    }

    pub(crate) fn has(&self, parent: Node, child: Node) -> bool {
        self.now().parents[child] & (1 << parent) != 0
    }

    /// Makes or deletes a link; one that is already so stays, and updates nothing.
    pub(crate) fn set(&mut self, parent: Node, child: Node, linked: bool, clock: u64) {
        if self.has(parent, child) == linked {
            return;
        }
        let mut state = *self.now();
        state.parents[child] ^= 1 << parent;
        state.versions[child] += 1;
        state.versions[parent] += 1;
        state.since = clock;
        self.states.push(state);
    }
}

/// Links from the parents of each child.
pub(crate) fn links(parents: &[Set; ISSUES_MAX]) -> Vec<ObservedLink> {
    let of_child = |(child, &set): (Node, &Set)| {
        let link = move |parent: Node| ObservedLink {
            parent: id(parent),
            child: id(child),
        };
        members(set).map(link)
    };
    parents.iter().enumerate().flat_map(of_child).collect()
}
