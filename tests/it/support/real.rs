//! The links of the real archive, as the JSON Lines have them: an oracle that knows nothing of the
//! simulator, the adapter or the planner.
//!
//! What it is not: a second planner. It knows one case: a structure that was empty.

use flate2::read::GzDecoder;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;

/// An issue's number.
pub(crate) type Id = u64;

/// A link, from parent to child.
pub(crate) type Pair = (Id, Id);

#[derive(Deserialize)]
struct Line {
    id: String,
    key: String,
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    issuelinks: Vec<End>,
    epic: Option<Epic>,
}

#[derive(Deserialize)]
struct Epic {
    key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct End {
    #[serde(rename = "type")]
    kind: Reference,
    inward_issue: Option<Reference>,
    outward_issue: Option<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    id: String,
}

fn number(text: &str) -> Id {
    text.parse().expect("ids are numbers")
}

/// What the archive has.
#[derive(Default)]
pub(crate) struct Archive {
    /// The keys of the issues that are there.
    pub(crate) keys: BTreeMap<Id, String>,
    /// The links by type, each once: from source to target, ends that are absent included.
    pub(crate) links: BTreeMap<String, BTreeSet<Pair>>,
    /// How many ends of links each issue shows.
    pub(crate) ends: BTreeMap<Id, usize>,
    /// The key of the epic of each issue that has one, by the issue's key.
    epics: BTreeMap<String, String>,
}

impl Archive {
    pub(crate) fn read(path: &Path) -> Archive {
        let file = std::fs::File::open(path).expect("the archive can be opened");
        let mut archive = Archive::default();
        for line in BufReader::new(GzDecoder::new(file)).lines() {
            let line = line.expect("lines are text");
            let line: Line = serde_json::from_str(&line).expect("lines are JSON");
            let id = number(&line.id);
            archive.ends.insert(id, line.fields.issuelinks.len());
            for end in line.fields.issuelinks {
                let pair = match (&end.outward_issue, &end.inward_issue) {
                    (Some(target), _) => (id, number(&target.id)),
                    (None, Some(source)) => (number(&source.id), id),
                    (None, None) => continue,
                };
                archive.links.entry(end.kind.id).or_default().insert(pair);
            }
            if let Some(epic) = line.fields.epic {
                archive.epics.insert(line.key.clone(), epic.key);
            }
            archive.keys.insert(id, line.key);
        }
        archive
    }

    /// The keys of issues whose epic is absent.
    pub(crate) fn in_absent_epics(&self) -> BTreeSet<String> {
        let there: BTreeSet<&String> = self.keys.values().collect();
        let epics = self.epics.iter();
        let absent = epics.filter(|(_, epic)| !there.contains(epic));
        absent.map(|(issue, _)| issue.clone()).collect()
    }

    pub(crate) fn is_there(&self, id: Id) -> bool {
        self.keys.contains_key(&id)
    }
}

/// What a links synchronizer must make of an empty structure, by `docs/synchronizers.md`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Each issue, with the parent of its primary row.
    pub(crate) parents: BTreeMap<Id, Option<Id>>,
    /// Aliases: parent and child.
    pub(crate) aliases: BTreeSet<Pair>,
    /// Links that are refused since they close a cycle.
    pub(crate) refused: BTreeSet<Pair>,
    /// Ends that cannot be seen, and so have no row.
    pub(crate) unseen: BTreeSet<Id>,
}

/// The tree while it is chosen.
struct Tree {
    above: BTreeMap<Id, Vec<Id>>,
    below: BTreeMap<Id, Vec<Id>>,
    nodes: BTreeSet<Id>,
    reached: BTreeSet<Id>,
    chosen: BTreeMap<Id, Id>,
}

impl Tree {
    fn new(links: &BTreeSet<Pair>) -> Tree {
        let (mut above, mut below) = (BTreeMap::new(), BTreeMap::new());
        for &(parent, child) in links {
            above.entry(child).or_insert_with(Vec::new).push(parent);
            below.entry(parent).or_insert_with(Vec::new).push(child);
        }
        Tree {
            above,
            below,
            nodes: links
                .iter()
                .flat_map(|&(one, other)| [one, other])
                .collect(),
            reached: BTreeSet::new(),
            chosen: BTreeMap::new(),
        }
    }

    /// Level by level, from the starts downwards.
    fn reach(&mut self, mut level: Vec<Id>) {
        self.reached.extend(&level);
        while !level.is_empty() {
            let mut next = Vec::new();
            for parent in level {
                for &child in self.below.get(&parent).into_iter().flatten() {
                    if self.reached.insert(child) {
                        self.chosen.insert(child, parent);
                        next.push(child);
                    }
                }
            }
            level = next;
        }
    }

    fn parents(&self, node: Id) -> &[Id] {
        self.above.get(&node).map_or(&[], Vec::as_slice)
    }

    fn top_of(&self, mut node: Id) -> Id {
        while let Some(&parent) = self.chosen.get(&node) {
            node = parent;
        }
        node
    }

    fn choose(&mut self) {
        let nodes: Vec<Id> = self.nodes.iter().copied().collect();
        let is_top = |node: &Id| self.parents(*node).is_empty();
        self.reach(nodes.iter().copied().filter(is_top).collect());
        for &node in &nodes {
            if !self.reached.contains(&node) {
                self.reach(vec![node]);
            }
        }
        for &node in &nodes {
            if !self.chosen.contains_key(&node) {
                let fits = |parent: &&Id| self.top_of(**parent) != node;
                if let Some(&parent) = self.parents(node).iter().find(fits) {
                    self.chosen.insert(node, parent);
                }
            }
        }
    }

    /// Ids ascending, but what is above an issue before it.
    fn listed(&self) -> BTreeMap<Id, usize> {
        let mut places = BTreeMap::new();
        for &node in &self.nodes {
            let mut branch = vec![node];
            while let Some(&parent) = self.chosen.get(branch.last().expect("it is not empty")) {
                branch.push(parent);
            }
            for issue in branch.into_iter().rev() {
                let place = places.len();
                places.entry(issue).or_insert(place);
            }
        }
        places
    }

    /// Everything that is linked below an issue, itself included.
    fn reachable(&self, start: Id) -> BTreeSet<Id> {
        let (mut found, mut open) = (BTreeSet::from([start]), vec![start]);
        while let Some(node) = open.pop() {
            let below = self.below.get(&node).into_iter().flatten();
            open.extend(below.filter(|&&child| found.insert(child)));
        }
        found
    }
}

/// Scope all issues; `links` are from parent to child.
pub(crate) fn expected(archive: &Archive, links: &BTreeSet<Pair>) -> Expected {
    let seen = |id: Id| archive.is_there(id);
    let between: BTreeSet<Pair> = links
        .iter()
        .copied()
        .filter(|&(parent, child)| seen(parent) && seen(child) && parent != child)
        .collect();
    let mut tree = Tree::new(&between);
    // An issue whose only link leads outside is linked all the same.
    let ends: BTreeSet<Id> = links
        .iter()
        .flat_map(|&(one, other)| [one, other])
        .collect();
    tree.nodes = ends.iter().copied().filter(|&id| seen(id)).collect();
    tree.choose();
    let places = tree.listed();
    let mut expected = Expected {
        parents: tree
            .nodes
            .iter()
            .map(|&node| (node, tree.chosen.get(&node).copied()))
            .collect(),
        unseen: ends.into_iter().filter(|&id| !seen(id)).collect(),
        ..Expected::default()
    };
    for &(parent, child) in &between {
        if tree.chosen.get(&child) == Some(&parent) {
            continue;
        }
        let leads_up = places[&parent] > places[&child];
        let refused = leads_up && tree.reachable(child).contains(&parent);
        match refused {
            true => expected.refused.insert((parent, child)),
            false => expected.aliases.insert((parent, child)),
        };
    }
    expected
}
