//! Which of many issues a query matches.
//!
//! What it is not: the second question before an issue counts as gone from a result; that is
//! [`super::recheck`]. Many issues are compared with a census of the query, whose cost does not
//! depend on their number.

use super::Jira;
use super::transport::Transport;
use crate::{Error, Query};
use resync_core::id::IssueId;
use rustc_hash::FxHashSet;

/// Up to this many issues each is asked about by id: ten requests.
const ASKED_BY_ID_MAX: usize = 500;

impl<T: Transport> Jira<T> {
    /// Those of the issues that the query matches, in the order in which they were given.
    pub(super) async fn match_many(
        &self,
        query: &Query,
        ids: &[IssueId],
    ) -> Result<Vec<IssueId>, Error> {
        let matching = match ids.len() {
            0 => return Ok(Vec::new()),
            1..=ASKED_BY_ID_MAX => self.match_again(query, ids).await?,
            _ => self.scan(query).await?,
        };
        let matching: FxHashSet<IssueId> = matching.into_iter().collect();
        let matches = |id: &IssueId| matching.contains(id);
        Ok(ids.iter().copied().filter(matches).collect())
    }
}
