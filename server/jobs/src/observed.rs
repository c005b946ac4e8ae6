//! What was read of issues, for the store to remember.
//!
//! What it is not: a copy of it. The job compares again after its commit, so what was read stays
//! where it is, and the store gets one issue after the other.

use crate::facts::Facts;
use resync_core::forest::Forest;
use resync_core::id::{IssueId, TrackerId};
use resync_core::issue::{IssueRef, ObservedIssue};
use resync_store::ObservedStream;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Where an issue that was read is: in a reading, or among those that were read by id.
#[derive(Clone, Copy)]
struct Place {
    reading: Option<usize>,
    index: usize,
}

/// What was read of issues that have a row now, as far as the store does not know it already: in
/// the order of the store's key, each issue as it was read last. `None` when there is no news.
pub(crate) fn news(facts: &Facts, after: &Forest) -> Option<ObservedStream> {
    let places = places(facts, after);
    if places.is_empty() {
        return None;
    }
    let (readings, by_id) = (Arc::clone(&facts.readings), Arc::clone(&facts.by_id));
    let stream = places.into_iter().filter_map(move |(tracker, _, place)| {
        let issue = match place.reading {
            Some(reading) => readings.get(reading)?.evidence.issues().nth(place.index)?,
            None => &by_id.get(place.index)?.1,
        };
        Some((tracker, issue.clone()))
    });
    Some(ObservedStream::new(stream))
}

fn places(facts: &Facts, after: &Forest) -> Vec<(TrackerId, IssueId, Place)> {
    let known: FxHashMap<IssueRef, (&ObservedIssue, bool)> = facts
        .loaded
        .observations
        .iter()
        .map(|known| {
            let (tracker, issue) = (known.tracker, known.issue.id);
            let gone = known.gone_time.is_some();
            (IssueRef { tracker, issue }, (&known.issue, gone))
        })
        .collect();
    let is_news = |tracker: TrackerId, issue: &ObservedIssue| {
        let named = IssueRef {
            tracker,
            issue: issue.id,
        };
        after.primary_row(named).is_some()
            && known
                .get(&named)
                .is_none_or(|&(known, gone)| gone || known != issue)
    };
    let read = facts
        .readings
        .iter()
        .enumerate()
        .flat_map(|(number, reading)| {
            let tracker = facts
                .synchronizers
                .iter()
                .find(|one| one.id == reading.synchronizer)
                .map(|one| one.rule.tracker);
            let issues = reading.evidence.issues().enumerate();
            issues.filter_map(move |(index, issue)| {
                let reading = Some(number);
                Some((tracker?, issue, Place { reading, index }))
            })
        });
    let by_id = facts.by_id.iter().enumerate();
    let by_id = by_id.map(|(index, (tracker, issue))| {
        let reading = None;
        (*tracker, issue, Place { reading, index })
    });
    let mut news: Vec<_> = read
        .chain(by_id)
        .filter(|(tracker, issue, _)| is_news(*tracker, issue))
        .collect();
    // Of several reads of an issue the newest, and of equal ones the first, comes first.
    news.sort_by_key(|(tracker, issue, _)| (*tracker, issue.id, std::cmp::Reverse(issue.updated)));
    news.dedup_by_key(|(tracker, issue, _)| (*tracker, issue.id));
    news.into_iter()
        .map(|(tracker, issue, place)| (tracker, issue.id, place))
        .collect()
}
