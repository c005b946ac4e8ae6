//! What the store knows of a structure, as values.

use crate::failure::Stop;
use resync_core::claim::Claims;
use resync_core::forest::Forest;
use resync_core::id::{RowId, StructureId};
use resync_core::problem::{Problem, Reason};
use resync_store::{HistoryPoint, Observation, Store, SynchronizerFilter, SynchronizerRecord};

/// The rows of a structure, and who claims them.
pub(crate) struct LoadedForest {
    /// The forest.
    pub(crate) forest: Forest,
    /// The point in the structure's history. Claims that are read after it are refused with it.
    pub(crate) point: HistoryPoint,
    /// The smallest row id that was never used.
    pub(crate) next_row_id: RowId,
    /// Who claims which row.
    pub(crate) claims: Claims,
}

/// A structure as it is stored, at one version.
pub(crate) struct Loaded {
    /// Its rows.
    pub(crate) rows: LoadedForest,
    /// All synchronizers of the structure, in declared order.
    pub(crate) synchronizers: Vec<SynchronizerRecord>,
    /// The issues of the structure, as they were last read.
    pub(crate) observations: Vec<Observation>,
}

/// Loads a structure.
pub(crate) async fn structure(store: &Store, structure: StructureId) -> Result<Loaded, Stop> {
    let rows = rows(store, structure).await?;
    let filter = SynchronizerFilter {
        structure: Some(structure),
        ..SynchronizerFilter::default()
    };
    let synchronizers = store.list_synchronizers(filter).await?;
    let observations = store.load_observations_of_structure(structure).await?;
    Ok(Loaded {
        rows,
        synchronizers,
        observations,
    })
}

/// Loads the rows of a structure, and who claims them.
pub(crate) async fn rows(store: &Store, structure: StructureId) -> Result<LoadedForest, Stop> {
    let rows = store.load_rows(structure).await?;
    let claims = store.load_claims(structure).await?;
    let forest = Forest::from_rows(rows.version, rows.rows).map_err(|violations| {
        let first = violations
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        Problem::new(
            Reason::Internal,
            format!("The stored hierarchy is not valid: {first}. Restore it from a backup."),
        )
    })?;
    Ok(LoadedForest {
        forest,
        point: rows.point,
        next_row_id: rows.next_row_id,
        claims: Claims::from_iter(claims),
    })
}
