//! Issues as lists of rows show them, and rows by range.

use super::{Conn, IN_MAX, structures};
use crate::error::Error;
use crate::rows::forest::StoredRow;
use crate::schema::{observations, rows};
use crate::shown::ShownIssue;
use diesel::prelude::*;
use resync_core::forest::ForestRow;
use resync_core::id::{ForestVersion, IssueId, RowId, StructureId, TrackerId};
use resync_core::time::Timestamp;
use std::ops::Range;

/// The columns of a [`ShownIssue`].
type Shown = (
    i64,
    String,
    String,
    String,
    bool,
    String,
    Option<String>,
    i64,
    Option<i64>,
);

/// Loads some by id, in no particular order.
pub(crate) fn load(
    conn: &mut Conn,
    tracker: TrackerId,
    issues: &[IssueId],
) -> Result<Vec<ShownIssue>, Error> {
    let mut loaded = Vec::with_capacity(issues.len());
    for chunk in issues.chunks(IN_MAX) {
        let ids = chunk.iter().map(|issue| issue.0);
        let found = observations::table
            .filter(observations::tracker.eq(tracker.0))
            .filter(observations::issue.eq_any(ids))
            .select((
                observations::issue,
                observations::issue_key,
                observations::summary,
                observations::type_name,
                observations::subtask,
                observations::status,
                observations::assignee,
                observations::updated,
                observations::gone_time,
            ))
            .load_iter::<Shown, _>(conn)?;
        for shown in found {
            loaded.push(to_shown(shown?));
        }
    }
    Ok(loaded)
}

fn to_shown(columns: Shown) -> ShownIssue {
    let (issue, key, summary, type_name, subtask, status, assignee, updated, gone_time) = columns;
    ShownIssue {
        issue: IssueId(issue),
        key,
        summary,
        type_name,
        subtask,
        status,
        assignee,
        updated: Timestamp(updated),
        gone: gone_time.is_some(),
    }
}

/// Loads the rows with ids in a range, and the version of the forest.
pub(crate) fn load_rows(
    conn: &mut Conn,
    structure: StructureId,
    range: &Range<RowId>,
) -> Result<(ForestVersion, Vec<ForestRow>), Error> {
    let record = structures::get(conn, structure)?;
    let stored = rows::table
        .filter(rows::structure.eq(structure.0))
        .filter(rows::id.ge(range.start.0))
        .filter(rows::id.lt(range.end.0))
        .order(rows::id)
        .select(StoredRow::as_select())
        .load_iter::<StoredRow, _>(conn)?;
    let rows = stored
        .map(|row| ForestRow::try_from(row?))
        .collect::<Result<_, Error>>()?;
    Ok((record.forest_version, rows))
}
