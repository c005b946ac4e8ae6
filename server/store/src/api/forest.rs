//! Rows, claims and versions of a forest.

use crate::forest::{ForestCommit, LoadedRows, VersionRecord};
use crate::{Error, Store, on};
use resync_core::claim::Claim;
use resync_core::id::{ForestVersion, StructureId};
use std::ops::RangeInclusive;

impl Store {
    /// Loads all rows of a structure, as of one version, by row id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such structure; a deleted one still has its rows.
    pub async fn load_rows(&self, structure: StructureId) -> Result<LoadedRows, Error> {
        on!(self.snapshot, forest::load_rows(structure))
    }

    /// Loads all claims on rows of a structure, by row and source. They can change without a new
    /// version of the forest, by a commit without changes or the deletion of a synchronizer.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load_claims(&self, structure: StructureId) -> Result<Vec<Claim>, Error> {
        on!(self.read, forest::load_claims(structure))
    }

    /// Loads at most `limit` versions after `after`, oldest first.
    ///
    /// # Errors
    /// Those of the database. An unknown structure has no versions.
    pub async fn load_changes(
        &self,
        structure: StructureId,
        after: ForestVersion,
        limit: usize,
    ) -> Result<Vec<VersionRecord>, Error> {
        on!(self.snapshot, versions::load_after(structure, after, limit))
    }

    /// The versions whose changes are kept, `None` while there are none. Version 0 is the empty
    /// forest and has no changes.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn kept_versions(
        &self,
        structure: StructureId,
    ) -> Result<Option<RangeInclusive<i64>>, Error> {
        on!(self.read, versions::kept(structure))
    }

    /// Keeps a change of a forest, with all that belongs to it, in one transaction. Returns the
    /// version after it.
    ///
    /// # Errors
    /// [`Error::Stale`] when the forest is not at the expected version, [`Error::NotFound`] when
    /// the structure is not there or deleted, [`Error::LeaseLost`] and
    /// [`Error::TransitionNotAllowed`] by the job, [`Error::AlreadyAnswered`] and
    /// [`Error::RequestIdReused`] by the request.
    pub async fn commit_forest(&self, commit: ForestCommit) -> Result<ForestVersion, Error> {
        on!(self.write, commit::commit(commit))
    }
}
