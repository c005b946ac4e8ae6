//! What is read to show rows.

use crate::shown::ShownIssue;
use crate::{Error, Store, on};
use resync_core::forest::ForestRow;
use resync_core::id::{ForestVersion, IssueId, RowId, StructureId, TrackerId};
use std::ops::Range;

impl Store {
    /// Loads what lists show of some issues, in no particular order. Unknown ones are left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn load_shown(
        &self,
        tracker: TrackerId,
        issues: Vec<IssueId>,
    ) -> Result<Vec<ShownIssue>, Error> {
        on!(self.read, shown::load(tracker, &issues))
    }

    /// Loads the rows of a structure with ids in a range, by row id, and the version of the forest
    /// that they are of. Parts of one version are parts of one forest.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such structure; a deleted one still has its rows.
    pub async fn load_rows_between(
        &self,
        structure: StructureId,
        range: Range<RowId>,
    ) -> Result<(ForestVersion, Vec<ForestRow>), Error> {
        on!(self.snapshot, shown::load_rows(structure, &range))
    }
}
