//! Answers to requests, and the server's own secret.

use crate::{Error, RecordedAnswer, RequestRecord, Store, on};
use resync_core::id::Principal;
use resync_core::time::Timestamp;

impl Store {
    /// Looks up what a request was answered, if it was.
    ///
    /// # Errors
    /// [`Error::RequestIdReused`] when the id was used with another body.
    pub async fn find_answer(
        &self,
        principal: Principal,
        method: String,
        request_id: String,
        body_hash: Vec<u8>,
    ) -> Result<Option<RecordedAnswer>, Error> {
        on!(
            self.read,
            requests::find(&principal, &method, &request_id, &body_hash)
        )
    }

    /// Records the answer to a request that made nothing itself, such as one that was answered with
    /// what was there already. `subject` is the number of that.
    ///
    /// # Errors
    /// [`Error::AlreadyAnswered`]; [`Error::RequestIdReused`].
    pub async fn record_answer(&self, request: RequestRecord, subject: i64) -> Result<(), Error> {
        on!(self.write, requests::record(&request, subject))
    }

    /// Forgets the answers that are older than [`crate::REQUEST_RETENTION_MS`]. Returns how many.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn purge_requests(&self, now: Timestamp) -> Result<usize, Error> {
        on!(self.write, requests::purge(now))
    }

    /// The secret that the server's tokens are signed with: the stored one, or `random` from now
    /// on. All servers on one store have the same.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn server_secret(&self, random: [u8; 32]) -> Result<[u8; 32], Error> {
        on!(self.write, meta::server_secret(random))
    }
}
