//! Tracker connections.

use crate::tracker::{NewTracker, TrackerContact, TrackerRecord, TrackerSettings};
use crate::{Error, RequestRecord, Store, on};
use resync_core::id::{Slug, TrackerId};
use resync_core::time::Timestamp;

impl Store {
    /// Creates a connection, unchecked. The subject of `request` is its id.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`].
    pub async fn create_tracker(
        &self,
        new: NewTracker,
        request: Option<RequestRecord>,
    ) -> Result<TrackerRecord, Error> {
        on!(self.write, trackers::create(&new, request.as_ref()))
    }

    /// Gets a connection by its slug.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get_tracker(&self, slug: Slug) -> Result<TrackerRecord, Error> {
        on!(self.read, trackers::get_by_slug(&slug))
    }

    /// Gets a connection by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn get_tracker_by_id(&self, id: TrackerId) -> Result<TrackerRecord, Error> {
        on!(self.read, trackers::get(id))
    }

    /// Lists all connections, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_trackers(&self) -> Result<Vec<TrackerRecord>, Error> {
        on!(self.read, trackers::list())
    }

    /// Changes what people set of a connection, which is then unchecked again. `expected_etag` is
    /// checked when it is given.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Stale`].
    pub async fn update_tracker(
        &self,
        id: TrackerId,
        settings: TrackerSettings,
        expected_etag: Option<String>,
        time: Timestamp,
    ) -> Result<TrackerRecord, Error> {
        on!(
            self.write,
            trackers::update(id, &settings, expected_etag.as_deref(), time)
        )
    }

    /// Notes what was learnt of a tracker by talking to it. Nothing is written when the state and
    /// the error are as before and it last answered less than a minute earlier.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn note_tracker_contact(
        &self,
        id: TrackerId,
        contact: TrackerContact,
    ) -> Result<(), Error> {
        on!(self.write, trackers::note_contact(id, &contact))
    }

    /// How many synchronizers use a connection.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_synchronizers_of_tracker(&self, id: TrackerId) -> Result<i64, Error> {
        on!(self.read, synchronizers::count_by_tracker(id))
    }

    /// Deletes a connection, with what was read of its issues.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Stale`]; [`Error::InUse`] while synchronizers or rows refer
    /// to it.
    pub async fn delete_tracker(
        &self,
        id: TrackerId,
        expected_etag: Option<String>,
    ) -> Result<(), Error> {
        on!(self.write, trackers::delete(id, expected_etag.as_deref()))
    }
}
