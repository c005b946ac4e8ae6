//! Issues as they were last read.

use super::super::upsert_observations;
use super::{Conn, IN_MAX, ROWS_AT_ONCE};
use crate::error::Error;
use crate::observation::Observation;
use crate::rows::observation::{Interner, NewObservation, StoredObservation};
use crate::schema::{observations, rows};
use diesel::prelude::*;
use resync_core::id::{IssueId, IssueKey, StructureId, TrackerId};
use resync_core::issue::ObservedIssue;
use resync_core::time::Timestamp;
use std::collections::{BTreeMap, HashMap};

/// Loads some by id.
pub(crate) fn load(
    conn: &mut Conn,
    tracker: TrackerId,
    issues: &[IssueId],
) -> Result<Vec<Observation>, Error> {
    let mut loaded = Vec::with_capacity(issues.len());
    let mut texts = Interner::default();
    for chunk in issues.chunks(IN_MAX) {
        let ids = chunk.iter().map(|issue| issue.0);
        let stored: Vec<StoredObservation> = observations::table
            .filter(observations::tracker.eq(tracker.0))
            .filter(observations::issue.eq_any(ids))
            .select(StoredObservation::as_select())
            .load(conn)?;
        loaded.extend(stored.into_iter().map(|stored| stored.interned(&mut texts)));
    }
    Ok(in_order(loaded))
}

/// Loads some by key.
pub(crate) fn find(
    conn: &mut Conn,
    tracker: TrackerId,
    keys: &[IssueKey],
) -> Result<Vec<Observation>, Error> {
    let mut loaded = Vec::with_capacity(keys.len());
    let mut texts = Interner::default();
    for chunk in keys.chunks(IN_MAX) {
        let keys = chunk.iter().map(IssueKey::as_str);
        let stored: Vec<StoredObservation> = observations::table
            .filter(observations::tracker.eq(tracker.0))
            .filter(observations::issue_key.eq_any(keys))
            .select(StoredObservation::as_select())
            .load(conn)?;
        loaded.extend(stored.into_iter().map(|stored| stored.interned(&mut texts)));
    }
    Ok(in_order(loaded))
}

/// Loads those of all rows of a structure.
pub(crate) fn load_of_structure(
    conn: &mut Conn,
    structure: StructureId,
) -> Result<Vec<Observation>, Error> {
    let same_issue = rows::tracker
        .eq(observations::tracker.nullable())
        .and(rows::issue.eq(observations::issue.nullable()));
    let stored = rows::table
        .inner_join(observations::table.on(same_issue))
        .filter(rows::structure.eq(structure.0))
        .select(StoredObservation::as_select())
        .load_iter::<StoredObservation, _>(conn)?;
    // One by one, and what repeats only once: there may be a million.
    let mut texts = Interner::default();
    let loaded: QueryResult<Vec<Observation>> = stored
        .map(|stored| stored.map(|stored| stored.interned(&mut texts)))
        .collect();
    Ok(in_order(loaded?))
}

/// Sorted, and each once: aliases and repeated arguments bring an issue in several times.
fn in_order(mut loaded: Vec<Observation>) -> Vec<Observation> {
    loaded.sort_by_key(|observation| (observation.tracker, observation.issue.id));
    loaded.dedup_by_key(|observation| (observation.tracker, observation.issue.id));
    loaded
}

/// Keeps what was read of issues of one tracker.
pub(crate) fn upsert_of_tracker<'a>(
    conn: &mut Conn,
    tracker: TrackerId,
    issues: impl IntoIterator<Item = &'a ObservedIssue>,
    seen: Timestamp,
) -> Result<usize, Error> {
    let mut newest: BTreeMap<IssueId, &ObservedIssue> = BTreeMap::new();
    for issue in issues {
        let known = newest.entry(issue.id).or_insert(issue);
        if issue.updated >= known.updated {
            *known = issue;
        }
    }
    let ids: Vec<IssueId> = newest.keys().copied().collect();
    let stored: HashMap<IssueId, Observation> = load(conn, tracker, &ids)?
        .into_iter()
        .map(|stored| (stored.issue.id, stored))
        .collect();
    let accepted: Vec<&ObservedIssue> = newest
        .into_values()
        .filter(|&issue| {
            stored
                .get(&issue.id)
                .is_none_or(|stored| supersedes(issue, stored))
        })
        .collect();
    for chunk in accepted.chunks(ROWS_AT_ONCE) {
        let row = |issue: &&'a ObservedIssue| NewObservation::new(tracker, issue, seen);
        let rows: Vec<NewObservation<'_>> = chunk.iter().map(row).collect();
        upsert_observations(conn, &rows)?;
    }
    Ok(accepted.len())
}

/// Whether a read is to replace a stored one: never by an older one, and only by a different one.
fn supersedes(issue: &ObservedIssue, stored: &Observation) -> bool {
    issue.updated >= stored.issue.updated && (*issue != stored.issue || stored.gone_time.is_some())
}

/// Keeps what was read of issues of several trackers, some at a time.
pub(super) fn upsert(
    conn: &mut Conn,
    observed: impl IntoIterator<Item = (TrackerId, ObservedIssue)>,
    seen: Timestamp,
) -> Result<(), Error> {
    let mut observed = observed.into_iter();
    loop {
        let mut by_tracker: BTreeMap<TrackerId, Vec<ObservedIssue>> = BTreeMap::new();
        for (tracker, issue) in observed.by_ref().take(ROWS_AT_ONCE) {
            by_tracker.entry(tracker).or_default().push(issue);
        }
        if by_tracker.is_empty() {
            return Ok(());
        }
        for (tracker, issues) in by_tracker {
            upsert_of_tracker(conn, tracker, &issues, seen)?;
        }
    }
}

/// Notes that issues are gone.
pub(crate) fn mark_gone(
    conn: &mut Conn,
    tracker: TrackerId,
    issues: &[IssueId],
    time: Timestamp,
) -> Result<usize, Error> {
    let mut marked = 0;
    for chunk in issues.chunks(IN_MAX) {
        let ids = chunk.iter().map(|issue| issue.0);
        marked += diesel::update(
            observations::table
                .filter(observations::tracker.eq(tracker.0))
                .filter(observations::issue.eq_any(ids))
                .filter(observations::gone_time.is_null()),
        )
        .set(observations::gone_time.eq(time.0))
        .execute(conn)?;
    }
    Ok(marked)
}
