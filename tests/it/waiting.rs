//! A resync waits while an incremental sync of its structure runs, says so, and starts when that
//! has ended, however it ended.

use crate::support::server::{Server, jql, simulator, succeeded};
use futures::StreamExt;
use resync_api::v1::{Direction, Job, job};
use resync_client::{Confirmation, JobEvent, JobEvents, RunOptions};
use resync_core::id::{Principal, Slug, StructureId};
use resync_core::job::{Authorization, ChangeLimits, JobKind, JobRequest, JobState, Trigger};
use resync_core::problem::{Problem, Reason};
use resync_core::time::Timestamp;
use resync_simulator::Flavour;
use resync_store::{ClaimRequest, JobUpdate, Lease, NewJob, Store};
use resyncd::clock;

/// A worker of incremental syncs that is alive for as long as a test may take, in milliseconds.
const LEASE_MS: i64 = 600_000;

/// Starts an incremental sync, and works on it.
async fn incremental_sync(store: &Store, structure: StructureId) -> Lease {
    loop {
        let now = (clock::system())();
        store
            .create_job(new_incremental_sync(structure, now), None)
            .await
            .expect("it is created");
        let request = ClaimRequest {
            owner: "the test".to_owned(),
            now,
            lease_ms: LEASE_MS,
            capacity: 10,
        };
        // The server's own engine may have been faster; then there is another one.
        if let Some(claimed) = store.claim_next(request).await.expect("the store answers") {
            return claimed.lease;
        }
    }
}

fn new_incremental_sync(structure: StructureId, now: Timestamp) -> NewJob {
    NewJob {
        uid: clock::fresh_uid(),
        kind: JobKind::IncrementalSync,
        structure,
        synchronizer: None,
        rule: None,
        synchronizer_etag: String::new(),
        request: JobRequest {
            direction: None,
            authorization: Authorization::Incremental,
            limits: ChangeLimits::default(),
            enable_synchronizer: false,
            reason: String::new(),
        },
        trigger: Trigger::StructureChange,
        creator: Principal::new("users/ann"),
        time: now,
    }
}

/// The first state of the job that is as asked for.
async fn seen(events: &mut JobEvents, what: impl Fn(&Job) -> bool) -> Job {
    loop {
        let event = events.next().await.expect("it has not ended");
        if let JobEvent::Update(update) = event.expect("it can be watched")
            && let Some(job) = update.job.filter(&what)
        {
            return job;
        }
    }
}

async fn a_resync_waits_until_the_incremental_sync_ends(end: JobUpdate) {
    let jira = simulator(Flavour::Cloud);
    jira.load_sample();
    let server = Server::start(Flavour::Cloud, jira).await;
    server.structure("plan").await;
    let filter = server.filter("plan", "scope", jql("project = PAY")).await;
    let structure = server
        .store
        .get_structure(Slug::new("plan"))
        .await
        .expect("it is there");
    let lease = incremental_sync(&server.store, structure.id).await;

    let run = filter
        .run(
            Direction::IntoStructure,
            Confirmation::Force,
            RunOptions::default(),
        )
        .await
        .expect("that another job runs is no error");
    let mut events = run.watch();
    let waiting = seen(&mut events, |job| {
        job.wait_reason() != job::WaitReason::Unspecified
    })
    .await;
    assert_eq!(waiting.state(), job::State::Pending);
    assert_eq!(waiting.wait_reason(), job::WaitReason::IncrementalSync);
    let blocking = server.client.job(&waiting.blocking_job);
    let blocking = blocking
        .get()
        .await
        .expect("the job that it names is there");
    assert_eq!(blocking.kind(), job::Kind::IncrementalSync);
    assert_eq!(blocking.state(), job::State::Running);

    // A preview changes nothing, and so it waits for nobody.
    let preview = filter
        .preview(Direction::IntoStructure)
        .await
        .expect("it starts");
    succeeded(&preview.wait().await.expect("it can be waited for"));
    let still = run.get().await.expect("it is there");
    assert_eq!(still.state(), job::State::Pending);
    assert_eq!(still.start_time, None);

    let now = (clock::system())();
    server
        .store
        .update_job(lease, end, now)
        .await
        .expect("it ends");
    let job = run.wait().await.expect("it can be waited for");
    succeeded(&job);
    assert_eq!(job.wait_reason(), job::WaitReason::Unspecified);
    assert_eq!(job.blocking_job, "");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resync_waits_while_an_incremental_sync_runs() {
    a_resync_waits_until_the_incremental_sync_ends(JobUpdate {
        state: Some(JobState::Succeeded),
        ..JobUpdate::default()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resync_starts_also_when_the_incremental_sync_has_failed() {
    a_resync_waits_until_the_incremental_sync_ends(JobUpdate {
        state: Some(JobState::Failed),
        error: Some(Problem::new(Reason::Internal, "It broke.")),
        ..JobUpdate::default()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resync_that_waits_can_be_cancelled() {
    let jira = simulator(Flavour::Cloud);
    jira.load_sample();
    let server = Server::start(Flavour::Cloud, jira).await;
    server.structure("plan").await;
    let filter = server.filter("plan", "scope", jql("project = PAY")).await;
    let structure = server
        .store
        .get_structure(Slug::new("plan"))
        .await
        .expect("it is there");
    incremental_sync(&server.store, structure.id).await;
    let run = filter
        .run(
            Direction::IntoStructure,
            Confirmation::Force,
            RunOptions::default(),
        )
        .await
        .expect("it is accepted");
    let cancelled = run.cancel("not today").await.expect("it can be cancelled");
    assert_eq!(cancelled.state(), job::State::Cancelled);
    assert!(!cancelled.changes_made);
    let rows = server
        .client
        .structure("plan")
        .get()
        .await
        .expect("it is there");
    assert_eq!(rows.row_count, 0);
    server.stop().await;
}
