//! Claiming jobs: who runs when, and what a lease is worth.

use crate::data::{
    LEASE_MS, NOW, claim_at, claimed, installed, later, new_incremental, new_resync, new_run,
    structure,
};
use resync_core::id::JobId;
use resync_core::job::{Authorization, JobState, WaitReason};
use resync_core::time::Timestamp;
use resync_store::{Error, JobUpdate, Lease, Retry, Store};
use std::collections::BTreeSet;

async fn claim(store: &Store, now: Timestamp, capacity: usize) -> Option<JobId> {
    store
        .claim_next(claim_at(now, capacity))
        .await
        .unwrap()
        .map(|claimed| claimed.job.id)
}

async fn wait_of(store: &Store, job: JobId) -> (Option<WaitReason>, Option<JobId>) {
    let job = store.get_job(job).await.unwrap().job;
    (job.wait_reason, job.blocking_job)
}

async fn finish(store: &Store, lease: Lease) {
    let update = JobUpdate {
        state: Some(JobState::Succeeded),
        ..JobUpdate::default()
    };
    store.update_job(lease, update, later(1)).await.unwrap();
}

pub(crate) async fn nothing_is_claimed_when_there_is_nothing(store: &Store) {
    assert_eq!(claim(store, NOW, 10).await, None);
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    assert_eq!(claim(store, NOW, 10).await, None);
    finish(store, lease).await;
    assert_eq!(claim(store, NOW, 10).await, None);
}

pub(crate) async fn eight_workers_claim_twenty_jobs_exactly_once(store: &Store) {
    let mut created = BTreeSet::new();
    for number in 0..20 {
        let id = structure(store, &format!("s{number}")).await.id;
        let new = new_run(id, &format!("job{number}"));
        created.insert(store.create_job(new, None).await.unwrap().job.id);
    }
    let work = |_| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            while let Some(job) = claim(&store, NOW, 100).await {
                mine.push(job);
            }
            mine
        })
    };
    let workers: Vec<_> = (0..8).map(work).collect();
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    assert_eq!(all.len(), 20);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), created);
}

pub(crate) async fn workers_that_claim_together_never_share_a_structure(store: &Store) {
    let mut first_of_each = BTreeSet::new();
    for number in 0..5 {
        let id = structure(store, &format!("s{number}")).await.id;
        for turn in 0..4 {
            let new = new_run(id, &format!("job{number}-{turn}"));
            let job = store.create_job(new, None).await.unwrap().job.id;
            if turn == 0 {
                first_of_each.insert(job);
            }
        }
    }
    let work = |_| {
        let store = store.clone();
        tokio::spawn(async move { (claim(&store, NOW, 100).await, claim(&store, NOW, 100).await) })
    };
    let workers: Vec<_> = (0..8).map(work).collect();
    let mut claimed = Vec::new();
    for worker in workers {
        let (first, second) = worker.await.unwrap();
        claimed.extend(first.into_iter().chain(second));
    }
    assert_eq!(claimed.len(), 5);
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>(), first_of_each);
}

pub(crate) async fn one_job_at_a_time_changes_a_structure(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let first = store
        .create_job(new_run(id, "one"), None)
        .await
        .unwrap()
        .job
        .id;
    let second = store
        .create_job(new_run(id, "two"), None)
        .await
        .unwrap()
        .job
        .id;
    let claimed = store.claim_next(claim_at(NOW, 10)).await.unwrap().unwrap();
    assert_eq!(claimed.job.id, first);
    assert_eq!(claimed.job.state, JobState::Running);
    assert_eq!(
        (claimed.job.start_time, claimed.job.attempt),
        (Some(NOW), 1)
    );
    assert_eq!(claim(store, later(1), 10).await, None);
    assert_eq!(
        wait_of(store, second).await,
        (Some(WaitReason::StructureBusy), Some(first))
    );
    let revision = store.job_revision(second).await.unwrap();
    assert_eq!(claim(store, later(2), 10).await, None);
    assert_eq!(store.job_revision(second).await.unwrap(), revision);
    finish(store, claimed.lease).await;
    assert_eq!(claim(store, later(3), 10).await, Some(second));
    assert_eq!(wait_of(store, second).await, (None, None));
}

pub(crate) async fn a_resync_waits_for_a_running_incremental_sync(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let running = claimed(store, new_incremental(installed.structure, "one")).await;
    let new = new_resync(&installed, "two", Authorization::Forced);
    let resync = store.create_job(new, None).await.unwrap().job.id;
    assert_eq!(claim(store, later(1), 10).await, None);
    let waits = (Some(WaitReason::IncrementalSync), Some(running.job.id));
    assert_eq!(wait_of(store, resync).await, waits);
}

pub(crate) async fn a_preview_runs_beside_a_resync(store: &Store) {
    let installed = installed(store, "roadmap").await;
    claimed(store, new_resync(&installed, "one", Authorization::Forced)).await;
    let new = new_resync(&installed, "two", Authorization::Preview);
    let preview = store.create_job(new, None).await.unwrap().job.id;
    assert_eq!(claim(store, later(1), 10).await, Some(preview));
}

pub(crate) async fn capacity_is_not_exceeded(store: &Store) {
    let mut jobs = Vec::new();
    for slug in ["a", "b"] {
        let id = structure(store, slug).await.id;
        jobs.push(
            store
                .create_job(new_incremental(id, slug), None)
                .await
                .unwrap()
                .job
                .id,
        );
    }
    assert_eq!(claim(store, NOW, 1).await, Some(jobs[0]));
    assert_eq!(claim(store, NOW, 1).await, None);
    assert_eq!(
        wait_of(store, jobs[1]).await,
        (Some(WaitReason::Capacity), None)
    );
    assert_eq!(claim(store, NOW, 2).await, Some(jobs[1]));
}

pub(crate) async fn a_job_whose_worker_vanished_is_claimed_again(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let first = claimed(store, new_incremental(id, "one")).await;
    let until = NOW.plus_milliseconds(LEASE_MS);
    assert_eq!(claim(store, until.plus_milliseconds(-1), 10).await, None);
    let second = store
        .claim_next(claim_at(until, 10))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(second.job.id, first.job.id);
    assert_eq!(second.lease.epoch, first.lease.epoch + 1);
    assert_eq!((second.job.attempt, second.job.start_time), (2, Some(NOW)));
}

pub(crate) async fn a_heartbeat_keeps_the_lease(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    store.heartbeat(lease, later(20), LEASE_MS).await.unwrap();
    assert_eq!(claim(store, later(40), 10).await, None);
    assert_eq!(claim(store, later(50), 10).await, Some(lease.job));
}

pub(crate) async fn a_lost_lease_writes_nothing(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lost = claimed(store, new_incremental(id, "one")).await.lease;
    let kept = store
        .claim_next(claim_at(later(60), 10))
        .await
        .unwrap()
        .unwrap()
        .lease;
    let before = store.get_job(lost.job).await.unwrap();
    let error = Error::LeaseLost { job: lost.job };
    let nothing = JobUpdate::default;
    assert_eq!(
        store
            .update_job(lost, nothing(), later(61))
            .await
            .unwrap_err(),
        error
    );
    assert_eq!(
        store
            .heartbeat(lost, later(61), LEASE_MS)
            .await
            .unwrap_err(),
        error
    );
    let plan = store.store_plan(lost, Vec::new(), nothing(), later(61));
    assert_eq!(plan.await.unwrap_err(), error);
    let retry = Retry {
        next_attempt_time: later(99),
        wait_reason: None,
    };
    assert_eq!(
        store
            .release_for_retry(lost, retry, later(61))
            .await
            .unwrap_err(),
        error
    );
    assert_eq!(store.get_job(lost.job).await.unwrap(), before);
    store.update_job(kept, nothing(), later(61)).await.unwrap();
}

pub(crate) async fn a_released_job_is_due_later_and_lets_others_pass(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let first = claimed(store, new_run(id, "one")).await.lease;
    let second = store
        .create_job(new_run(id, "two"), None)
        .await
        .unwrap()
        .job
        .id;
    let retry = Retry {
        next_attempt_time: later(60),
        wait_reason: Some(WaitReason::TrackerThrottled),
    };
    let released = store
        .release_for_retry(first, retry, later(1))
        .await
        .unwrap()
        .job;
    assert_eq!(released.state, JobState::Pending);
    assert_eq!(released.next_attempt_time, Some(later(60)));
    assert_eq!(released.wait_reason, Some(WaitReason::TrackerThrottled));
    let error = store
        .update_job(first, JobUpdate::default(), later(2))
        .await
        .unwrap_err();
    assert_eq!(error, Error::LeaseLost { job: first.job });

    let passing = store
        .claim_next(claim_at(later(2), 10))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(passing.job.id, second);
    finish(store, passing.lease).await;
    assert_eq!(claim(store, later(59), 10).await, None);
    let again = store
        .claim_next(claim_at(later(60), 10))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((again.job.id, again.job.attempt), (first.job, 2));
    assert_eq!(
        (again.job.next_attempt_time, again.job.wait_reason),
        (None, None)
    );
}

pub(crate) async fn a_job_being_cancelled_is_claimed_to_be_finished(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    store.request_cancel(lease.job, later(1)).await.unwrap();
    let retry = Retry {
        next_attempt_time: later(9),
        wait_reason: None,
    };
    let error = store
        .release_for_retry(lease, retry, later(2))
        .await
        .unwrap_err();
    let refused = Error::TransitionNotAllowed {
        from: JobState::Cancelling,
        to: JobState::Pending,
    };
    assert_eq!(error, refused);
    let again = store
        .claim_next(claim_at(later(60), 10))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.job.state, JobState::Cancelling);
    let update = JobUpdate {
        state: Some(JobState::Cancelled),
        ..JobUpdate::default()
    };
    store
        .update_job(again.lease, update, later(61))
        .await
        .unwrap();
}
