//! Issues as they were last read.

use crate::data::{NOW, commit_adding, issue, later, observed, row, structure, tracker};
use resync_core::id::{IssueId, IssueKey, TrackerId};
use resync_core::issue::ObservedIssue;
use resync_store::{Error, Store};

/// More than one statement and one condition take.
const MANY: i64 = 12_345;

async fn keys_of(store: &Store, tracker: TrackerId, ids: &[i64]) -> String {
    let ids = ids.iter().copied().map(IssueId).collect();
    let loaded = store.load_observations(tracker, ids).await.unwrap();
    loaded
        .iter()
        .map(|seen| seen.issue.key.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

async fn put(store: &Store, issues: &[ObservedIssue]) -> usize {
    store
        .upsert_observations(TrackerId(1), issues.to_vec(), NOW)
        .await
        .unwrap()
}

pub(crate) async fn an_observation_is_read_back_by_id_and_by_key(store: &Store) {
    let issues = [observed(170, "PAY-1", NOW), observed(171, "PAY-2", NOW)];
    assert_eq!(put(store, &issues).await, 2);
    let loaded = store
        .load_observations(
            TrackerId(1),
            vec![IssueId(171), IssueId(170), IssueId(5), IssueId(170)],
        )
        .await
        .unwrap();
    let read: Vec<_> = loaded.iter().map(|seen| seen.issue.clone()).collect();
    assert_eq!(read, issues);
    assert_eq!(
        (loaded[0].tracker, loaded[0].seen_time),
        (TrackerId(1), NOW)
    );
    assert_eq!(loaded[0].gone_time, None);
    let keys = vec![IssueKey::new("PAY-2"), IssueKey::new("PAY-9")];
    let found = store.find_observations(TrackerId(1), keys).await.unwrap();
    assert_eq!(found, loaded[1..]);
    assert_eq!(keys_of(store, TrackerId(2), &[170]).await, "");
}

pub(crate) async fn an_older_observation_is_never_accepted(store: &Store) {
    put(store, &[observed(1, "PAY-1", later(10))]).await;
    assert_eq!(put(store, &[observed(1, "OLD-1", later(9))]).await, 0);
    assert_eq!(keys_of(store, TrackerId(1), &[1]).await, "PAY-1");
    // Jira does not move the time for everything, so a different read of the same time counts.
    assert_eq!(put(store, &[observed(1, "NEW-1", later(10))]).await, 1);
    assert_eq!(keys_of(store, TrackerId(1), &[1]).await, "NEW-1");
}

pub(crate) async fn an_equal_observation_is_not_written(store: &Store) {
    let issues = [observed(1, "PAY-1", NOW), observed(2, "PAY-2", NOW)];
    put(store, &issues).await;
    let again = store
        .upsert_observations(TrackerId(1), issues.to_vec(), later(9))
        .await
        .unwrap();
    assert_eq!(again, 0);
    let loaded = store
        .load_observations(TrackerId(1), vec![IssueId(1)])
        .await
        .unwrap();
    assert_eq!(loaded[0].seen_time, NOW);
}

pub(crate) async fn the_newest_of_several_observations_counts(store: &Store) {
    let several = [
        observed(1, "B-1", later(2)),
        observed(1, "C-1", later(3)),
        observed(1, "A-1", later(1)),
    ];
    assert_eq!(put(store, &several).await, 1);
    assert_eq!(keys_of(store, TrackerId(1), &[1]).await, "C-1");
}

pub(crate) async fn a_gone_issue_comes_back_with_the_next_observation(store: &Store) {
    let seen = observed(1, "PAY-1", NOW);
    put(store, std::slice::from_ref(&seen)).await;
    let gone = async |time| {
        let ids = vec![IssueId(1), IssueId(2)];
        store
            .mark_issues_gone(TrackerId(1), ids, time)
            .await
            .unwrap()
    };
    let gone_time = async || {
        let loaded = store
            .load_observations(TrackerId(1), vec![IssueId(1)])
            .await
            .unwrap();
        loaded[0].gone_time
    };
    assert_eq!(gone(later(1)).await, 1);
    assert_eq!(gone(later(2)).await, 0);
    assert_eq!(gone_time().await, Some(later(1)));
    assert_eq!(put(store, &[seen]).await, 1);
    assert_eq!(gone_time().await, None);
}

pub(crate) async fn observations_of_a_structure_are_those_of_its_rows(store: &Store) {
    let tracker = tracker(store, "jira").await.id;
    let here = structure(store, "here").await.id;
    let there = structure(store, "there").await.id;
    let issues: Vec<_> = (1..=4)
        .map(|id| observed(id, &format!("PAY-{id}"), NOW))
        .collect();
    store
        .upsert_observations(tracker, issues, NOW)
        .await
        .unwrap();
    let twice = vec![
        row(1, None, 1, issue(tracker, 3)),
        row(2, None, 2, issue(tracker, 1)),
        row(3, Some(2), 1, issue(tracker, 3)),
        row(4, None, 3, issue(tracker, 99)),
    ];
    store
        .commit_forest(commit_adding(here, twice))
        .await
        .unwrap();
    store
        .commit_forest(commit_adding(
            there,
            vec![row(1, None, 1, issue(tracker, 2))],
        ))
        .await
        .unwrap();
    let loaded = store.load_observations_of_structure(here).await.unwrap();
    let ids: Vec<_> = loaded.iter().map(|seen| seen.issue.id.0).collect();
    assert_eq!(ids, [1, 3]);
}

pub(crate) async fn more_observations_than_one_statement_takes(store: &Store) {
    let issues: Vec<_> = (1..=MANY)
        .map(|id| observed(id, &format!("PAY-{id}"), NOW))
        .collect();
    assert_eq!(put(store, &issues).await, issues.len());
    assert_eq!(put(store, &issues).await, 0);
    let ids: Vec<_> = issues.iter().map(|seen| seen.id).collect();
    let loaded = store
        .load_observations(TrackerId(1), ids.clone())
        .await
        .unwrap();
    assert_eq!(loaded.len(), issues.len());
    let gone = store
        .mark_issues_gone(TrackerId(1), ids, later(1))
        .await
        .unwrap();
    assert_eq!(gone, issues.len());
    let unused: Result<_, Error> = store.find_observations(TrackerId(1), Vec::new()).await;
    assert_eq!(unused.unwrap(), []);
}
