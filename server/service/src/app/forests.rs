//! Forests in memory: loaded once for many pages, at the current version or an older one.
//!
//! What it is not: a second store. A snapshot is dropped at any time and loaded again; and one that
//! is not at the version that the store names is not used.

use super::App;
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::forest::{Forest, ForestRow};
use resync_core::id::{ForestVersion, RowId, StructureId};
use resync_store::{Error as StoreError, StructureRecord};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A forest at one version.
#[derive(Debug)]
pub(crate) struct Snapshot {
    /// The version that is shown. Of an older version the forest itself does not tell.
    pub(crate) version: ForestVersion,
    /// The forest.
    pub(crate) forest: Forest,
    order: OnceLock<Vec<(RowId, u32)>>,
}

impl Snapshot {
    /// A forest as a snapshot.
    pub(crate) fn new(version: ForestVersion, forest: Forest) -> Self {
        Self {
            version,
            forest,
            order: OnceLock::new(),
        }
    }

    /// The rows depth-first, with their distance from the top: so that a page can start anywhere.
    pub(crate) fn order(&self) -> &[(RowId, u32)] {
        self.order.get_or_init(|| {
            let depth = |depth: usize| u32::try_from(depth).unwrap_or(u32::MAX);
            self.forest
                .preorder()
                .map(|(row, far)| (row, depth(far)))
                .collect()
        })
    }
}

/// Most rows that are kept in memory, over all snapshots: at about 200 bytes a row, 400 MB.
const CACHED_ROWS_MAX: usize = 2_000_000;

/// Most snapshots that are kept: small ones are quick to load again.
const CACHED_SNAPSHOTS_MAX: usize = 64;

/// The snapshots that were used last.
#[derive(Debug, Default)]
pub(crate) struct ForestCache {
    /// The one used last is at the end.
    kept: Mutex<Vec<(StructureId, Arc<Snapshot>)>>,
    /// One load at a time: several large ones at once would take memory and gain no time.
    loading: tokio::sync::Mutex<()>,
}

impl ForestCache {
    fn get(&self, structure: StructureId, version: ForestVersion) -> Option<Arc<Snapshot>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted =
            |(id, one): &(StructureId, Arc<Snapshot>)| *id == structure && one.version == version;
        let at = kept.iter().position(wanted)?;
        let entry = kept.remove(at);
        let snapshot = Arc::clone(&entry.1);
        kept.push(entry);
        Some(snapshot)
    }

    /// Keeps a snapshot, and drops those that were not used for longest when it gets too much.
    pub(crate) fn put(&self, structure: StructureId, snapshot: &Arc<Snapshot>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((structure, Arc::clone(snapshot)));
        let mut rows: usize = kept.iter().map(|(_, one)| one.forest.len()).sum();
        while kept.len() > 1 && (rows > CACHED_ROWS_MAX || kept.len() > CACHED_SNAPSHOTS_MAX) {
            rows -= kept.remove(0).1.forest.len();
        }
    }

    /// Forgets the version that an edit has replaced, so that it does not take memory twice.
    pub(crate) fn replace(&self, structure: StructureId, old: ForestVersion, new: &Arc<Snapshot>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(id, one)| *id != structure || one.version != old);
        drop(kept);
        self.put(structure, new);
    }
}

/// The forest of a structure as it is now: at the version of the record, or a newer one.
pub(crate) async fn current(
    app: &App,
    structure: &StructureRecord,
) -> Result<Arc<Snapshot>, Refusal> {
    if let Some(found) = app.forests.get(structure.id, structure.forest_version) {
        return Ok(found);
    }
    let _one_at_a_time = app.forests.loading.lock().await;
    if let Some(found) = app.forests.get(structure.id, structure.forest_version) {
        return Ok(found);
    }
    let name = names::structure(&structure.slug);
    let loaded = load(app, structure).await;
    let (version, rows) = loaded.map_err(|error| of_store(error, &name))?;
    let forest = off_thread(rows.len(), move || Forest::from_rows(version, rows)).await?;
    let forest = forest.map_err(|violations| {
        let first = violations
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        Refusal::internal(format!(
            "{name} has {} violations: {first}",
            violations.len()
        ))
    })?;
    let snapshot = Arc::new(Snapshot::new(version, forest));
    app.forests.put(structure.id, &snapshot);
    Ok(snapshot)
}

/// Loads the rows of a structure: many in two halves at once.
async fn load(
    app: &App,
    structure: &StructureRecord,
) -> Result<(ForestVersion, Vec<ForestRow>), StoreError> {
    let (store, id) = (&app.store, structure.id);
    let (first, last) = (RowId(i64::MIN), RowId(i64::MAX));
    if structure.row_count < HALVED_ROWS {
        return store.load_rows_between(id, first..last).await;
    }
    let middle = RowId(structure.next_row_id.0 / 2);
    let (below, above) = tokio::join!(
        store.load_rows_between(id, first..middle),
        store.load_rows_between(id, middle..last),
    );
    let ((version, mut rows), (other, above)) = (below?, above?);
    if version != other {
        // It was changed between the two.
        return store.load_rows_between(id, first..last).await;
    }
    rows.extend(above);
    Ok((version, rows))
}

/// Rows from which on they are loaded in two halves: about 50 ms of work.
const HALVED_ROWS: i64 = 50_000;

/// Rows from which on work is moved off the threads that serve calls: about 10 ms of work.
const OFF_THREAD_ROWS: usize = 20_000;

/// Runs work on a thread where it holds up no other call, when it is much.
pub(crate) async fn off_thread<T: Send + 'static>(
    rows: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    if rows < OFF_THREAD_ROWS {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Refusal::internal)
}

/// Most versions whose changes are read at once.
const VERSIONS_AT_ONCE: usize = 200;

/// The forest of a structure at an older version, made by undoing what came after.
///
/// # Errors
/// `FIELD_INVALID` when there was no such version yet.
pub(crate) async fn at_version(
    app: &App,
    structure: &StructureRecord,
    version: ForestVersion,
) -> Result<Arc<Snapshot>, Refusal> {
    if let Some(found) = app.forests.get(structure.id, version) {
        return Ok(found);
    }
    let now = current(app, structure).await?;
    if version == now.version {
        return Ok(now);
    }
    if version > now.version || version.0 < 0 {
        let description = format!("must be a version from 0 to {}", now.version);
        return Err(Refusal::field("forest_version", description));
    }
    let name = names::structure(&structure.slug);
    let kept = app.store.kept_versions(structure.id).await;
    let kept = kept.map_err(|error| of_store(error, &name))?;
    if kept.is_none_or(|kept| *kept.start() > version.0 + 1) {
        return Err(lost(&name, version));
    }
    let mut changes = Vec::new();
    let mut after = version;
    while after < now.version {
        let more = app
            .store
            .load_changes(structure.id, after, VERSIONS_AT_ONCE)
            .await;
        let more = more.map_err(|error| of_store(error, &name))?;
        let Some(last) = more.last() else {
            return Err(lost(&name, version));
        };
        after = last.version;
        let wanted = more.into_iter().filter(|one| one.version <= now.version);
        changes.extend(wanted.flat_map(|one| one.changes));
    }
    let undone = off_thread(now.forest.len(), move || {
        let mut forest = now.forest.clone();
        changes
            .iter()
            .rev()
            .try_for_each(|change| forest.undo(change))
            .map(|()| forest)
    })
    .await?;
    let forest = undone.map_err(|error| {
        Refusal::internal(format!(
            "{name}: undoing to version {version} failed: {error}"
        ))
    })?;
    let snapshot = Arc::new(Snapshot::new(version, forest));
    app.forests.put(structure.id, &snapshot);
    Ok(snapshot)
}

/// All versions are kept, so a store that lacks one is damaged.
fn lost(name: &str, version: ForestVersion) -> Refusal {
    Refusal::internal(format!(
        "{name}: the changes after version {version} are lost"
    ))
}
