//! Servers that are killed, stopped and started again on the same store: what was accepted is
//! done, once, and the structure is the one that it would have been anyway.

use crate::support::outline;
use crate::support::process::{Jira, LEASE_SECONDS, Serving, Site, TOKEN};
use crate::support::server::{jql, succeeded};
use futures::StreamExt;
use resync_api::v1::{
    Direction, Job, Structure, SyncRule, Synchronizer, Tracker, TrackerLimits, job, sync_rule,
    tracker,
};
use resync_client::{Client, Confirmation, JobEvent, JobHandle, RunOptions, SynchronizerHandle};
use resync_core::job::JobState;
use resync_store::{Executor, JobFilter, Location, Store};
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// How many moments of a resync are tried.
const MOMENTS: u32 = 10;

/// How long an accepted job may take after a restart: until the lease of the server that was
/// killed is over, and five seconds for the job itself.
const RECOVERY_MAX: Duration = Duration::from_secs(LEASE_SECONDS + 5);

/// What a job may take that nobody disturbs.
const PATIENCE: Duration = Duration::from_secs(30);

fn connect(serving: &Serving) -> Client {
    Client::connect(&serving.address).expect("the address is one")
}

async fn connect_jira(client: &Client, jira: &Jira) {
    let connection = Tracker {
        product: tracker::Product::JiraCloud.into(),
        base_uri: jira.address.clone(),
        credential: "bot".to_owned(),
        // A pause between requests is part of the job; this one is to be about the latency.
        limits: Some(TrackerLimits {
            max_concurrent_requests: Some(1),
            max_requests_per_second: Some(1000),
        }),
        ..Tracker::default()
    };
    client
        .create_tracker("jira", connection)
        .await
        .expect("the tracker is created");
}

/// Creates a structure with a filter that matches two projects.
async fn install(client: &Client, structure: &str) -> SynchronizerHandle {
    let record = Structure {
        display_name: structure.to_owned(),
        ..Structure::default()
    };
    client
        .create_structure(structure, record)
        .await
        .expect("the structure is created");
    let filter = Synchronizer {
        display_name: "Everything".to_owned(),
        rule: Some(SyncRule {
            tracker: "trackers/jira".to_owned(),
            kind: Some(sync_rule::Kind::Filter(jql("project in (PAY, ONB)"))),
        }),
        ..Synchronizer::default()
    };
    let structure = client.structure(structure);
    structure
        .create_synchronizer("everything", filter)
        .await
        .expect("it is installed");
    structure.synchronizer("everything")
}

async fn run(synchronizer: &SynchronizerHandle, confirmation: Confirmation) -> JobHandle {
    synchronizer
        .run(
            Direction::IntoStructure,
            confirmation,
            RunOptions::default(),
        )
        .await
        .expect("it is accepted")
}

/// Previews a resync, and confirms what it shows.
async fn confirmed(synchronizer: &SynchronizerHandle) -> Confirmation {
    let preview = synchronizer
        .preview(Direction::IntoStructure)
        .await
        .expect("it is accepted");
    let plan = end(&preview, PATIENCE).await.plan;
    Confirmation::Token(plan.expect("it ends with a plan").confirmation_token)
}

async fn end(job: &JobHandle, limit: Duration) -> Job {
    timeout(limit, job.wait())
        .await
        .unwrap_or_else(|_| panic!("{} has not ended within {limit:?}", job.name()))
        .expect("it can be waited for")
}

/// What a resync makes of a structure when nothing happens to it, and how long that takes.
async fn undisturbed(client: &Client) -> (String, Duration) {
    let synchronizer = install(client, "undisturbed").await;
    let start = Instant::now();
    let run = run(&synchronizer, Confirmation::Force).await;
    succeeded(&end(&run, PATIENCE).await);
    let took = start.elapsed();
    let outline = outline::of(client, "undisturbed").await;
    assert!(outline.lines().count() > 50, "{outline}");
    (outline, took)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_outlives_kill_9_at_any_moment() {
    let jira = Jira::start(100);
    let site = Site::new();
    let mut serving = site.serve();
    let mut client = connect(&serving);
    connect_jira(&client, &jira).await;
    let (expected, took) = undisturbed(&client).await;
    let mut resumed = 0;
    for moment in 0..MOMENTS {
        let structure = format!("moment-{moment}");
        let synchronizer = install(&client, &structure).await;
        let confirmation = if moment % 2 == 0 {
            Confirmation::Force
        } else {
            confirmed(&synchronizer).await
        };
        let accepted = run(&synchronizer, confirmation).await;
        // The job has ended by then, or it is killed.
        let ended = timeout(took * moment / (MOMENTS - 1), accepted.wait()).await;
        serving.kill();
        serving = site.serve();
        client = connect(&serving);
        let job = end(&client.job(accepted.name()), RECOVERY_MAX).await;
        succeeded(&job);
        resumed += u32::from(job.attempt > 1);
        assert!(
            ended.is_err() || job.attempt == 1,
            "what had ended is not done again: {job:#?}"
        );
        assert_eq!(outline::of(&client, &structure).await, expected, "{job:#?}");
        let after = client
            .structure(&structure)
            .get()
            .await
            .expect("it is there");
        assert_eq!(after.forest_version, 1, "all changes are one commit, once");
    }
    assert!(
        resumed >= MOMENTS / 2,
        "only {resumed} of {MOMENTS} jobs were killed in the middle"
    );
}

/// Waits until the job is being run.
async fn running(job: &JobHandle) {
    let mut events = job.watch();
    while let Some(event) = events.next().await {
        if let JobEvent::Update(update) = event.expect("it can be watched")
            && let Some(job) = update.job
        {
            assert!(job.end_time.is_none(), "it takes a while: {job:#?}");
            if job.state() == job::State::Running {
                return;
            }
        }
    }
    panic!("it is never run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_gives_its_job_back() {
    let jira = Jira::start(300);
    let site = Site::new();
    let serving = site.serve();
    let client = connect(&serving);
    connect_jira(&client, &jira).await;
    let synchronizer = install(&client, "plan").await;
    let accepted = run(&synchronizer, Confirmation::Force).await;
    running(&accepted).await;
    let (status, log) = serving.terminate();
    assert!(status.success(), "{status}\n{log}");

    let store = Store::open(Location::File(site.store()), Executor::Inline)
        .await
        .expect("the store opens");
    let jobs = store
        .list_jobs(JobFilter::default(), None, 2)
        .await
        .expect("jobs can be listed");
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].job.state, JobState::Pending, "{:#?}", jobs[0]);
    drop(store);

    let serving = site.serve();
    let client = connect(&serving);
    // It was given back, so nobody waits for the lease.
    let job = end(&client.job(accepted.name()), PATIENCE).await;
    succeeded(&job);
    assert!(outline::of(&client, "plan").await.lines().count() > 50);
    let (status, log) = serving.terminate();
    assert!(status.success(), "{status}\n{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_has_the_token() {
    let jira = Jira::start(0);
    let site = Site::new();
    let serving = site.serve();
    let client = connect(&serving);
    connect_jira(&client, &jira).await;
    let tracker = client.tracker("jira");
    let checked = tracker.check().await.expect("it can be checked");
    let read = tracker.get().await.expect("it is there");
    let shown = format!("{checked:?}{read:?}");
    assert!(shown.contains("bot"), "{shown}");
    assert!(!shown.contains(TOKEN), "{shown}");
}
