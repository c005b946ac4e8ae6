//! Issues as they were last read.

use crate::observation::Observation;
use crate::{Error, Store, on};
use resync_core::id::{IssueId, IssueKey, StructureId, TrackerId};
use resync_core::issue::ObservedIssue;
use resync_core::time::Timestamp;

impl Store {
    /// Loads what is known of some issues, by id. Unknown ones are left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load_observations(
        &self,
        tracker: TrackerId,
        issues: Vec<IssueId>,
    ) -> Result<Vec<Observation>, Error> {
        on!(self.read, observations::load(tracker, &issues))
    }

    /// Loads what is known of the issues with some keys, by id. Unknown ones are left out. A key
    /// can belong to several issues for a while, after it was given to another.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_observations(
        &self,
        tracker: TrackerId,
        keys: Vec<IssueKey>,
    ) -> Result<Vec<Observation>, Error> {
        on!(self.read, observations::find(tracker, &keys))
    }

    /// Loads what is known of all issues in a structure, by tracker and id, each once.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load_observations_of_structure(
        &self,
        structure: StructureId,
    ) -> Result<Vec<Observation>, Error> {
        on!(self.read, observations::load_of_structure(structure))
    }

    /// Keeps what was read of issues. One that is older than what is stored (by
    /// [`ObservedIssue::updated`]) is not accepted, and one that is equal is not written. Returns
    /// how many were written.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn upsert_observations(
        &self,
        tracker: TrackerId,
        issues: Vec<ObservedIssue>,
        seen: Timestamp,
    ) -> Result<usize, Error> {
        on!(
            self.write,
            observations::upsert_of_tracker(tracker, &issues, seen)
        )
    }

    /// Notes that issues are deleted, or not visible to the account. The next accepted
    /// observation of one takes the note back. Returns how many were not yet noted.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn mark_issues_gone(
        &self,
        tracker: TrackerId,
        issues: Vec<IssueId>,
        time: Timestamp,
    ) -> Result<usize, Error> {
        on!(self.write, observations::mark_gone(tracker, &issues, time))
    }
}
