//! Synchronizers.

use crate::synchronizer::{
    NewSynchronizer, SynchronizerFilter, SynchronizerRecord, SynchronizerUpdate,
};
use crate::{Error, RequestRecord, Store, on};
use resync_core::id::{Slug, StructureId, SynchronizerId};
use resync_core::problem::Problem;
use resync_core::synchronizer::State;
use resync_core::time::Timestamp;

impl Store {
    /// Installs a synchronizer, disabled, as the last of its structure. The subject of `request`
    /// is its id.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`]; [`Error::NotFound`] when the structure is not there or deleted,
    /// or the tracker is not there.
    pub async fn create_synchronizer(
        &self,
        new: NewSynchronizer,
        request: Option<RequestRecord>,
    ) -> Result<SynchronizerRecord, Error> {
        on!(self.write, synchronizers::create(&new, request.as_ref()))
    }

    /// Gets a synchronizer by its structure and slug.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get_synchronizer(
        &self,
        structure: StructureId,
        slug: Slug,
    ) -> Result<SynchronizerRecord, Error> {
        on!(self.read, synchronizers::get_by_slug(structure, &slug))
    }

    /// Gets a synchronizer by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get_synchronizer_by_id(
        &self,
        id: SynchronizerId,
    ) -> Result<SynchronizerRecord, Error> {
        on!(self.read, synchronizers::get(id))
    }

    /// Lists synchronizers in whole, by structure, then in the order of installation.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_synchronizers(
        &self,
        filter: SynchronizerFilter,
    ) -> Result<Vec<SynchronizerRecord>, Error> {
        on!(self.read, synchronizers::list(filter))
    }

    /// Changes what people set of a synchronizer. `expected_etag` is checked when it is given.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Stale`]; [`Error::StateNotAllowed`] while it is enabled.
    pub async fn update_synchronizer(
        &self,
        id: SynchronizerId,
        update: SynchronizerUpdate,
        expected_etag: Option<String>,
        time: Timestamp,
    ) -> Result<SynchronizerRecord, Error> {
        on!(
            self.write,
            synchronizers::update(id, &update, expected_etag.as_deref(), time)
        )
    }

    /// Sets the state, and why its last job failed. The etag changes with the state only, so a
    /// call that sets the same state again does not make a preview stale.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Stale`].
    pub async fn set_synchronizer_state(
        &self,
        id: SynchronizerId,
        state: State,
        last_error: Option<Problem>,
        expected_etag: Option<String>,
        time: Timestamp,
    ) -> Result<SynchronizerRecord, Error> {
        let etag = expected_etag;
        on!(
            self.write,
            synchronizers::set_state(id, state, last_error.as_ref(), etag.as_deref(), time)
        )
    }

    /// Notes that a resync has succeeded with these settings: the base from now on.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn set_synchronizer_base(
        &self,
        id: SynchronizerId,
        settings_hash: String,
        time: Timestamp,
    ) -> Result<SynchronizerRecord, Error> {
        on!(
            self.write,
            synchronizers::set_base(id, &settings_hash, time)
        )
    }

    /// Removes a synchronizer. The rows that it claimed stay: its claims become a person's.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Stale`]; [`Error::JobInTheWay`] while a job of it has not
    /// ended, or a job that changes its structure runs.
    pub async fn delete_synchronizer(
        &self,
        id: SynchronizerId,
        expected_etag: Option<String>,
    ) -> Result<(), Error> {
        on!(
            self.write,
            synchronizers::delete(id, expected_etag.as_deref())
        )
    }
}
