//! The merge base: moved by jobs, forward only.

use crate::data::{NOW, claimed, installed, later, new_resync};
use resync_core::id::{IssueId, SynchronizerId};
use resync_core::job::Authorization;
use resync_core::time::Timestamp;
use resync_store::{BaseEntry, Error, Lease, Store};

fn entry(issue: i64, aspect: &str, value: &str, updated: Timestamp) -> BaseEntry {
    BaseEntry {
        issue: IssueId(issue),
        aspect: aspect.into(),
        value: value.into(),
        tracker_updated: updated,
    }
}

/// A synchronizer, and the lease of its only job.
async fn working(store: &Store) -> (SynchronizerId, Lease) {
    let installed = installed(store, "roadmap").await;
    let new = new_resync(&installed, "run", Authorization::Forced);
    (installed.synchronizer.id, claimed(store, new).await.lease)
}

async fn set(store: &Store, at: (SynchronizerId, Lease), entries: Vec<BaseEntry>) -> usize {
    store.set_base(at.1, at.0, entries, NOW).await.unwrap()
}

pub(crate) async fn a_base_is_read_back_by_issue_and_aspect(store: &Store) {
    let at = working(store).await;
    assert_eq!(store.base_of(at.0).await.unwrap(), []);
    let (rank, status) = (entry(7, "rank", "a", NOW), entry(7, "status", "", NOW));
    let other = entry(3, "status", "Done", NOW);
    let entries = vec![status.clone(), other.clone(), rank.clone()];
    assert_eq!(set(store, at, entries).await, 3);
    assert_eq!(store.base_of(at.0).await.unwrap(), [other, rank, status]);
    assert_eq!(store.base_of(SynchronizerId(99)).await.unwrap(), []);
}

pub(crate) async fn a_base_never_moves_to_an_older_read(store: &Store) {
    let at = working(store).await;
    let kept = entry(7, "status", "Done", later(5));
    let entries = vec![entry(7, "status", "Open", later(1)), kept.clone()];
    assert_eq!(set(store, at, entries).await, 1);
    let older = vec![entry(7, "status", "Open", later(4))];
    assert_eq!(set(store, at, older).await, 0);
    assert_eq!(store.base_of(at.0).await.unwrap(), [kept]);
    // Of the same moment the later word counts: not every change moves Jira's time.
    let newer = entry(7, "status", "Open", later(5));
    assert_eq!(set(store, at, vec![newer.clone()]).await, 1);
    assert_eq!(store.base_of(at.0).await.unwrap(), [newer]);
}

pub(crate) async fn a_base_that_moves_makes_a_point_and_one_that_stays_makes_none(store: &Store) {
    let at = working(store).await;
    let structure = store.get_job(at.1.job).await.unwrap().job.structure;
    let entries = vec![entry(7, "status", "Done", NOW)];
    set(store, at, entries.clone()).await;
    let point = store.history_point(structure).await.unwrap();
    assert_eq!(point.serial, 1);
    let result = store.job_points(at.1.job).await.unwrap().result;
    assert_eq!(result, Some(point.clone()));
    assert_eq!(set(store, at, entries).await, 0);
    assert_eq!(store.history_point(structure).await.unwrap(), point);
}

pub(crate) async fn a_base_is_not_moved_without_the_lease(store: &Store) {
    let (synchronizer, mut lease) = working(store).await;
    let entries = vec![entry(7, "status", "Done", NOW)];
    let error = store
        .set_base(lease, SynchronizerId(99), entries.clone(), NOW)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    lease.epoch -= 1;
    let error = store
        .set_base(lease, synchronizer, entries, NOW)
        .await
        .unwrap_err();
    assert_eq!(error, Error::LeaseLost { job: lease.job });
    assert_eq!(store.base_of(synchronizer).await.unwrap(), []);
}

pub(crate) async fn more_of_a_base_than_one_statement_takes(store: &Store) {
    let at = working(store).await;
    let entries: Vec<BaseEntry> = (1..=12_000)
        .map(|issue| entry(issue, "rank", "a", NOW))
        .collect();
    assert_eq!(set(store, at, entries.clone()).await, entries.len());
    assert_eq!(store.base_of(at.0).await.unwrap(), entries);
}
