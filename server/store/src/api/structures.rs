//! Structures.

use crate::structure::{NewStructure, StructureFilter, StructureRecord, StructureUpdate};
use crate::{Error, HistoryPoint, RequestRecord, Store, on};
use resync_core::id::{Slug, StructureId};
use resync_core::time::Timestamp;

impl Store {
    /// Creates a structure with an empty forest of version 0. The subject of `request` is its id.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`] when the slug is taken, also by a deleted structure.
    pub async fn create_structure(
        &self,
        new: NewStructure,
        request: Option<RequestRecord>,
    ) -> Result<StructureRecord, Error> {
        on!(self.write, structures::create(&new, request.as_ref()))
    }

    /// Gets a structure by its slug, deleted or not.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get_structure(&self, slug: Slug) -> Result<StructureRecord, Error> {
        on!(self.read, structures::get_by_slug(&slug))
    }

    /// Gets a structure by its id, deleted or not.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get_structure_by_id(&self, id: StructureId) -> Result<StructureRecord, Error> {
        on!(self.read, structures::get(id))
    }

    /// The newest point in the history of a structure, deleted or not.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn history_point(&self, id: StructureId) -> Result<HistoryPoint, Error> {
        on!(self.read, structures::point(id))
    }

    /// Lists at most `limit` structures, oldest first, from the one after `after`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_structures(
        &self,
        filter: StructureFilter,
        after: Option<StructureId>,
        limit: usize,
    ) -> Result<Vec<StructureRecord>, Error> {
        on!(self.read, structures::list(&filter, after, limit))
    }

    /// Changes what people set of a structure. `expected_etag` is checked when it is given.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when the structure is deleted, [`Error::Stale`].
    pub async fn update_structure(
        &self,
        id: StructureId,
        update: StructureUpdate,
        expected_etag: Option<String>,
        time: Timestamp,
    ) -> Result<StructureRecord, Error> {
        on!(
            self.write,
            structures::update(id, &update, expected_etag.as_deref(), time)
        )
    }

    /// Marks a structure as deleted: it keeps everything, but takes no changes and no jobs. Its
    /// synchronizers are disabled.
    ///
    /// # Errors
    /// [`Error::NotFound`] also when the structure is deleted already, [`Error::Stale`],
    /// [`Error::JobInTheWay`] while a job of the structure has not ended.
    pub async fn delete_structure(
        &self,
        id: StructureId,
        expected_etag: Option<String>,
        time: Timestamp,
    ) -> Result<StructureRecord, Error> {
        on!(
            self.write,
            structures::delete(id, expected_etag.as_deref(), time)
        )
    }

    /// Takes a deletion back. A structure that is not deleted stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn undelete_structure(
        &self,
        id: StructureId,
        time: Timestamp,
    ) -> Result<StructureRecord, Error> {
        on!(self.write, structures::undelete(id, time))
    }
}
