//! Rows as people see them: a row of a forest with what is known of its issue.

use super::App;
use super::forests::{Snapshot, at_version, current, off_thread};
use super::labels::Labels;
use crate::filter::{Filter, Type, Value};
use crate::refusal::{Refusal, of_store};
use resync_core::change::Item;
use resync_core::id::{ForestVersion, IssueId, RowId, SynchronizerId, TrackerId};
use resync_core::issue::IssueRef;
use resync_store::{Observation, StructureRecord};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What is known of some issues.
pub(crate) type Known = HashMap<IssueRef, Observation>;

/// A row with what is needed to show it.
#[derive(Clone, Debug)]
pub(crate) struct RowView {
    pub(crate) id: RowId,
    pub(crate) parent: Option<RowId>,
    pub(crate) depth: u32,
    pub(crate) item: Item,
    pub(crate) alias: bool,
    pub(crate) placed_by: Option<SynchronizerId>,
    /// What is known of the issue; `None` for a folder, and when nothing is known.
    pub(crate) observation: Option<Observation>,
}

/// Rows that are read at once: the most of one message, too.
pub(crate) const ROWS_AT_ONCE: usize = 1_000;

/// Most bytes of the rows that are read at once, about: the most of one message, too.
const BYTES_AT_ONCE: usize = 1_000_000;

impl RowView {
    /// How large the row is in a message, about, and not less.
    fn bytes(&self) -> usize {
        /// Numbers, flags, names of a tracker and a synchronizer, and the lengths of the texts.
        const FRAME: usize = 320;
        let item = match &self.item {
            Item::Folder(title) => title.len(),
            Item::Issue(_) => 0,
        };
        let fields = self.observation.as_ref().map_or(0, |one| {
            let issue = &one.issue;
            let assignee = issue.assignee.as_ref().map_or(0, |name| name.len());
            let texts = [&issue.summary, &issue.issue_type.name, &issue.status];
            issue.key.as_str().len() + assignee + texts.iter().map(|text| text.len()).sum::<usize>()
        });
        FRAME + item + fields
    }
}

/// The rows of one message, from `offset` on: as many as fit.
pub(crate) async fn read(
    app: &App,
    snapshot: &Snapshot,
    offset: usize,
) -> Result<Vec<RowView>, Refusal> {
    chunk(app, snapshot, offset).await.map(fitting)
}

/// The front of some rows that fits one message; at least one row.
fn fitting(mut rows: Vec<RowView>) -> Vec<RowView> {
    let mut bytes = 0;
    let mut fits = |row: &RowView| {
        bytes += row.bytes();
        bytes <= BYTES_AT_ONCE
    };
    let count = rows.iter().take_while(|row| fits(row)).count().max(1);
    rows.truncate(count);
    rows
}

/// The rows of a snapshot from `offset` on, at most [`ROWS_AT_ONCE`].
pub(crate) async fn chunk(
    app: &App,
    snapshot: &Snapshot,
    offset: usize,
) -> Result<Vec<RowView>, Refusal> {
    let rest = snapshot.order().get(offset..).unwrap_or_default();
    let rows = rest.get(..ROWS_AT_ONCE).unwrap_or(rest);
    let forest = &snapshot.forest;
    let issues = rows.iter().filter_map(|(row, _)| forest.issue(*row));
    let mut known = observations(app, issues).await?;
    let view = |&(id, depth): &(RowId, u32)| {
        let item = forest.item(id)?.clone();
        let alias = forest.is_alias(id);
        let observation = match &item {
            // An issue is nearly always in one row, so the fields are moved and not copied.
            Item::Issue(issue) if !alias => known.remove(issue),
            Item::Issue(issue) => known.get(issue).cloned(),
            Item::Folder(_) => None,
        };
        let (parent, placed_by) = (forest.parent(id), forest.placed_by(id));
        Some(RowView {
            id,
            parent,
            depth,
            item,
            alias,
            placed_by,
            observation,
        })
    };
    // Aliases first, so that they find what their primary row would take away.
    let mut aliases: HashMap<RowId, RowView> = HashMap::new();
    let aliased = rows.iter().filter(|(row, _)| forest.is_alias(*row));
    let mut view = view;
    for row in aliased {
        aliases.extend(view(row).map(|view| (row.0, view)));
    }
    Ok(rows
        .iter()
        .filter_map(|row| aliases.remove(&row.0).or_else(|| view(row)))
        .collect())
}

/// What is known of some issues.
pub(crate) async fn observations(
    app: &App,
    issues: impl Iterator<Item = IssueRef>,
) -> Result<Known, Refusal> {
    let mut by_tracker: BTreeMap<TrackerId, Vec<IssueId>> = BTreeMap::new();
    for issue in issues {
        by_tracker
            .entry(issue.tracker)
            .or_default()
            .push(issue.issue);
    }
    let mut known = Known::new();
    for (tracker, issues) in by_tracker {
        known.reserve(issues.len());
        let found = app.store.load_observations(tracker, issues).await;
        for observation in found.map_err(|error| of_store(error, "issues"))? {
            known.insert(
                IssueRef {
                    tracker,
                    issue: observation.issue.id,
                },
                observation,
            );
        }
    }
    Ok(known)
}

/// What a list of rows can be filtered by.
pub(crate) const FILTER_FIELDS: &[(&str, Type)] = &[
    ("issue.issue_key", Type::Text),
    ("parent_row_id", Type::Number),
    ("depth", Type::Number),
    ("synchronizer", Type::Text),
];

fn passes(filter: &Filter, row: &RowView, labels: &Labels) -> bool {
    let synchronizer = row
        .placed_by
        .map(|id| labels.synchronizer_name(id))
        .unwrap_or_default();
    filter.passes(|field| match field {
        "issue.issue_key" => Value::Text(
            row.observation
                .as_ref()
                .map_or("", |one| one.issue.key.as_str()),
        ),
        "parent_row_id" => Value::Number(row.parent.map_or(0, |parent| parent.0)),
        "depth" => Value::Number(i64::from(row.depth)),
        _ => Value::Text(&synchronizer),
    })
}

/// Where a list of rows is: in which version, and at which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) version: ForestVersion,
    pub(crate) offset: usize,
}

/// The snapshot that a page shows: that of the page before, the one asked for, or the current one.
/// Its order is worked out.
pub(crate) async fn snapshot(
    app: &App,
    structure: &StructureRecord,
    version: Option<ForestVersion>,
) -> Result<Arc<Snapshot>, Refusal> {
    let snapshot = match version {
        Some(version) => at_version(app, structure, version).await?,
        None => current(app, structure).await?,
    };
    off_thread(snapshot.forest.len(), move || {
        snapshot.order();
        snapshot
    })
    .await
}

/// Goes through the rows that pass, from `offset` on, until `take` has enough. `take` gets each
/// row and says whether it took it. Returns where to go on, if there are more rows.
pub(crate) async fn each(
    app: &App,
    snapshot: &Snapshot,
    labels: &Labels,
    filter: &Filter,
    mut offset: usize,
    mut take: impl FnMut(RowView) -> bool,
) -> Result<Option<usize>, Refusal> {
    loop {
        let rows = chunk(app, snapshot, offset).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        for row in rows {
            if (filter.is_empty() || passes(filter, &row, labels)) && !take(row) {
                return Ok(Some(offset));
            }
            offset += 1;
        }
    }
}
