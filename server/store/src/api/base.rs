//! The merge base.

use crate::job::Lease;
use crate::{BaseEntry, Error, Store, on};
use resync_core::id::SynchronizerId;
use resync_core::time::Timestamp;

impl Store {
    /// Loads what both sides last agreed on, by issue and aspect. Empty for kinds whose only aspect
    /// is membership: their claims are that.
    ///
    /// # Errors
    /// Those of the database. An unknown synchronizer has no base.
    pub async fn base_of(&self, synchronizer: SynchronizerId) -> Result<Vec<BaseEntry>, Error> {
        on!(self.read, base::load(synchronizer))
    }

    /// Moves the base to what one read has shown as equal on both sides, and returns how many
    /// entries are news. An entry that is older than the stored one is left out, as is one that
    /// says the same; of several of one aspect the newest counts. News make a point in the history
    /// of the structure, which is the job's result.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such synchronizer, [`Error::LeaseLost`].
    pub async fn set_base(
        &self,
        lease: Lease,
        synchronizer: SynchronizerId,
        entries: Vec<BaseEntry>,
        time: Timestamp,
    ) -> Result<usize, Error> {
        on!(self.write, base::set(lease, synchronizer, &entries, time))
    }
}
