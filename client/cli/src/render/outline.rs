//! One merged tree of what is and what will be: additions and moved rows at their new place,
//! removals at their old one. Not how it looks; see `plan`.

use std::collections::{BTreeMap, BTreeSet};

use resync_api::v1::{JobChange, Row, job_change, row};

/// The parent of rows at the top.
const TOP: i64 = 0;

/// One line of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// The distance from the top.
    pub depth: usize,
    /// The key of the issue; empty for a folder.
    pub key: String,
    /// The summary, or the title of the folder.
    pub title: String,
    /// What becomes of the row; `None` when it only shows where others are.
    pub change: Option<&'a JobChange>,
}

/// Which rows to show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Show {
    /// Rows that change, and those above them.
    Changed,
    /// All rows.
    All,
}

struct Node<'a> {
    parent: i64,
    order: usize,
    key: String,
    title: String,
    change: Option<&'a JobChange>,
}

/// The lines of the merged tree, depth-first. Works without `rows`, too: then a parent that does
/// not change itself stands at the top, by the name that the changes have for it.
#[must_use]
pub fn outline<'a>(rows: &[Row], changes: &'a [JobChange], show: Show) -> Vec<Line<'a>> {
    let mut nodes: BTreeMap<i64, Node<'_>> = rows
        .iter()
        .enumerate()
        .map(|(order, row)| (row.row_id, Node::of_row(order, row)))
        .collect();
    let planned: Vec<&JobChange> = changes
        .iter()
        .filter(|change| change.state() != job_change::State::Held)
        .collect();
    for (index, change) in planned.iter().enumerate() {
        place(&mut nodes, change, rows.len() + 2 * index);
    }
    let shown = match show {
        Show::All => nodes.keys().copied().collect(),
        Show::Changed => with_ancestors(&nodes),
    };
    walk(&nodes, &shown)
}

impl Node<'_> {
    fn of_row(order: usize, row: &Row) -> Self {
        let (key, title) = names(row);
        Self {
            parent: row.parent_row_id,
            order,
            key,
            title,
            change: None,
        }
    }
}

/// What people call a row: the key of its issue, if it is one, and its title.
#[must_use]
pub fn names(row: &Row) -> (String, String) {
    match &row.item {
        Some(row::Item::Issue(issue)) => {
            let summary = row.fields.as_ref().map(|fields| fields.summary.clone());
            (issue.issue_key.clone(), summary.unwrap_or_default())
        }
        Some(row::Item::Folder(folder)) => (String::new(), folder.title.clone()),
        None => (String::new(), format!("row {}", row.row_id)),
    }
}

fn place<'a>(nodes: &mut BTreeMap<i64, Node<'a>>, change: &'a JobChange, order: usize) {
    // An addition may have no number yet; below zero there is none that is taken.
    let id = if change.row_id == 0 {
        -i64::from(change.ordinal) - 1
    } else {
        change.row_id
    };
    let removal = change.r#type() == job_change::Type::RemoveRow;
    let (parent, parent_name) = if removal {
        (change.old_parent_row_id, &change.old_value)
    } else {
        (change.new_parent_row_id, &change.new_value)
    };
    if parent != TOP {
        nodes.entry(parent).or_insert_with(|| Node {
            parent: TOP,
            order,
            key: String::new(),
            title: parent_name.clone(),
            change: None,
        });
    }
    let known = nodes.get(&id);
    let stays = removal || known.is_some_and(|node| node.parent == parent);
    let order = known.filter(|_| stays).map_or(order + 1, |node| node.order);
    let (key, title) = (change.issue_key.clone(), change.title.clone());
    nodes.insert(
        id,
        Node {
            parent,
            order,
            key,
            title,
            change: Some(change),
        },
    );
}

fn with_ancestors(nodes: &BTreeMap<i64, Node<'_>>) -> BTreeSet<i64> {
    let mut shown = BTreeSet::new();
    for (id, _) in nodes.iter().filter(|(_, node)| node.change.is_some()) {
        let mut id = *id;
        while id != TOP && shown.insert(id) {
            id = nodes.get(&id).map_or(TOP, |node| node.parent);
        }
    }
    shown
}

fn walk<'a>(nodes: &BTreeMap<i64, Node<'a>>, shown: &BTreeSet<i64>) -> Vec<Line<'a>> {
    let mut children: BTreeMap<i64, Vec<(usize, i64)>> = BTreeMap::new();
    for id in shown {
        let Some(node) = nodes.get(id) else { continue };
        // A parent that is not known must not hide what is below it.
        let parent = if shown.contains(&node.parent) {
            node.parent
        } else {
            TOP
        };
        children.entry(parent).or_default().push((node.order, *id));
    }
    let mut lines = Vec::new();
    let mut pending = vec![];
    let mut from = TOP;
    loop {
        push_children(&mut children, from, 0, &mut pending);
        while let Some((depth, id)) = pending.pop() {
            let Some(node) = nodes.get(&id) else { continue };
            let (key, title) = (node.key.clone(), node.title.clone());
            lines.push(Line {
                depth,
                key,
                title,
                change: node.change,
            });
            push_children(&mut children, id, depth + 1, &mut pending);
        }
        // Rows that claim to be below each other: wrong, and all the more to be seen.
        let Some(parent) = children.keys().next() else {
            return lines;
        };
        from = *parent;
    }
}

/// Takes the children of a row, so that no row is walked twice, whatever the data says.
fn push_children(
    children: &mut BTreeMap<i64, Vec<(usize, i64)>>,
    parent: i64,
    depth: usize,
    pending: &mut Vec<(usize, i64)>,
) {
    let mut next = children.remove(&parent).unwrap_or_default();
    next.sort_unstable();
    pending.extend(next.into_iter().rev().map(|(_, id)| (depth, id)));
}
