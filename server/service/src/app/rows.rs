//! Rows as people see them: a row of a forest with what is known of its issue.

use super::App;
use super::forests::{Snapshot, at_version, current, off_thread};
use super::labels::Labels;
use crate::filter::{Filter, Type, Value};
use crate::refusal::{Refusal, of_store};
use resync_core::change::Item;
use resync_core::forest::Forest;
use resync_core::id::{ForestVersion, IssueId, RowId, SynchronizerId, TrackerId};
use resync_core::issue::IssueRef;
use resync_store::{ShownIssue, StructureRecord};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use tokio_util::task::AbortOnDropHandle;

/// What is shown of some issues.
pub(crate) type Known = FxHashMap<IssueRef, ShownIssue>;

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
    pub(crate) shown: Option<ShownIssue>,
}

/// Rows that are read at once: the most of one message, too.
const ROWS_AT_ONCE: usize = 1_000;

/// Reads of [`ROWS_AT_ONCE`] rows that are under way for one caller: enough that the store reads on
/// all cores of a small machine while rows are sent, and no more, so that a caller takes the same
/// memory whatever the size of the structure.
const READS_AHEAD: usize = 3;

/// Most bytes of the rows of one message, about.
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
        let fields = self.shown.as_ref().map_or(0, |issue| {
            let assignee = issue.assignee.as_ref().map_or(0, String::len);
            let texts = [&issue.key, &issue.summary, &issue.type_name, &issue.status];
            assignee + texts.iter().map(|text| text.len()).sum::<usize>()
        });
        FRAME + item + fields
    }
}

/// Cuts rows into messages.
pub(crate) fn messages(rows: Vec<RowView>) -> Vec<Vec<RowView>> {
    let mut messages: Vec<Vec<RowView>> = Vec::new();
    let mut bytes = 0;
    for row in rows {
        let more = row.bytes();
        match messages.last_mut() {
            Some(message) if bytes + more <= BYTES_AT_ONCE => message.push(row),
            _ => {
                bytes = 0;
                messages.push(vec![row]);
            }
        }
        bytes += more;
    }
    messages
}

/// A read of some rows, which ends when nobody waits for it any more.
type Read = AbortOnDropHandle<Result<Vec<RowView>, Refusal>>;

/// Reads the rows of a snapshot in order, a little ahead of who takes them.
pub(crate) struct Reader {
    app: App,
    snapshot: Arc<Snapshot>,
    /// Where the next read starts, and where the last one ends.
    rest: Range<usize>,
    ahead: VecDeque<Read>,
}

impl Reader {
    /// Reads from one offset to another, or to the end.
    pub(crate) fn new(app: &App, snapshot: &Arc<Snapshot>, range: Range<usize>) -> Self {
        Self {
            app: app.clone(),
            rest: range.start..range.end.min(snapshot.forest.len()),
            snapshot: Arc::clone(snapshot),
            ahead: VecDeque::new(),
        }
    }

    /// The next rows, at most [`ROWS_AT_ONCE`]; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<RowView>>, Refusal> {
        while self.ahead.len() < READS_AHEAD && !self.rest.is_empty() {
            let start = self.rest.start;
            self.rest.start = self.rest.end.min(start + ROWS_AT_ONCE);
            let (app, snapshot) = (self.app.clone(), Arc::clone(&self.snapshot));
            let range = start..self.rest.start;
            let read = tokio::spawn(async move { read(&app, &snapshot, range).await });
            self.ahead.push_back(AbortOnDropHandle::new(read));
        }
        match self.ahead.pop_front() {
            Some(read) => read.await.map_err(Refusal::internal)?.map(Some),
            None => Ok(None),
        }
    }
}

async fn read(
    app: &App,
    snapshot: &Snapshot,
    range: Range<usize>,
) -> Result<Vec<RowView>, Refusal> {
    let rows = snapshot.order().get(range).unwrap_or_default();
    let rows = rows.iter().filter_map(|row| bare(&snapshot.forest, *row));
    let mut rows: Vec<RowView> = rows.collect();
    let issue = |row: &RowView| match row.item {
        Item::Issue(issue) => Some(issue),
        Item::Folder(_) => None,
    };
    let mut known = known(app, rows.iter().filter_map(issue)).await?;
    // An issue is nearly always in one row, so the texts are moved and not copied.
    let shared = rows.iter().any(|row| row.alias);
    for row in &mut rows {
        row.shown = issue(row).and_then(|issue| match shared {
            false => known.remove(&issue),
            true => known.get(&issue).cloned(),
        });
    }
    Ok(rows)
}

/// A row, without what is known of its issue.
fn bare(forest: &Forest, (id, depth): (RowId, u32)) -> Option<RowView> {
    let (parent, item, alias, placed_by) = match forest.row(id) {
        // One look at the forest, of which each may have to wait for memory.
        Some(row) => (row.parent, row.item, row.alias, row.placed_by),
        // It has no key: this is an older version, which was made by undoing.
        None => (
            forest.parent(id),
            forest.item(id)?.clone(),
            forest.is_alias(id),
            forest.placed_by(id),
        ),
    };
    Some(RowView {
        id,
        parent,
        depth,
        item,
        alias,
        placed_by,
        shown: None,
    })
}

/// What is known of some issues.
pub(crate) async fn known(
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
    let mut known = Known::default();
    for (tracker, issues) in by_tracker {
        known.reserve(issues.len());
        let found = app.store.load_shown(tracker, issues).await;
        for shown in found.map_err(|error| of_store(error, "issues"))? {
            let issue = shown.issue;
            known.insert(IssueRef { tracker, issue }, shown);
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
        "issue.issue_key" => Value::Text(row.shown.as_ref().map_or("", |issue| issue.key.as_str())),
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

/// Goes through the rows that pass, from `offset` on, until there are `count` or `take` has enough.
/// `take` gets each row and says whether it took it. Returns where to go on, if there are more rows.
pub(crate) async fn each(
    app: &App,
    snapshot: &Arc<Snapshot>,
    shown: (&Labels, &Filter),
    mut offset: usize,
    count: usize,
    mut take: impl FnMut(RowView) -> bool,
) -> Result<Option<usize>, Refusal> {
    let (labels, filter) = shown;
    let end = match filter.is_empty() {
        true => offset.saturating_add(count),
        false => usize::MAX,
    };
    let (mut reader, mut taken) = (Reader::new(app, snapshot, offset..end), 0);
    while let Some(rows) = reader.next().await? {
        for row in rows {
            if filter.is_empty() || passes(filter, &row, labels) {
                if taken == count || !take(row) {
                    return Ok(Some(offset));
                }
                taken += 1;
            }
            offset += 1;
        }
    }
    Ok((offset < snapshot.forest.len()).then_some(offset))
}
