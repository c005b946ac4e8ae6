//! Watches: what is told, in which order, after which break, and how they end.

use crate::support::{
    Setup, TestServer, add_folders, assert_refused, connect, force, plan, preview,
};
use resync_api::v1;
use resync_api::v1::watch_job_response::Type as JobType;
use resync_api::v1::watch_structure_response::Type as ForestType;
use resync_core::id::ForestVersion;
use resync_core::job::{JobProgress, JobState, Phase, Severity};
use resync_service::{Ended, Limits};
use resync_store::{JobUpdate, Lease, NewLogEntry};
use std::time::Duration;
use tonic::{Code, Status, Streaming};

const ROADMAP: &str = "structures/roadmap";
const EPICS: &str = "structures/roadmap/synchronizers/epics";

fn structure(resume_token: &str) -> v1::WatchStructureRequest {
    let resume_token = resume_token.into();
    v1::WatchStructureRequest {
        name: ROADMAP.into(),
        resume_token,
        ..Default::default()
    }
}

async fn watch(
    server: &TestServer,
    request: v1::WatchStructureRequest,
) -> Streaming<v1::WatchStructureResponse> {
    server
        .structures()
        .watch_structure(request)
        .await
        .unwrap()
        .into_inner()
}

async fn next<T>(stream: &mut Streaming<T>) -> T {
    let waited = tokio::time::timeout(Duration::from_secs(20), stream.message()).await;
    waited
        .expect("a message in time")
        .expect("no error")
        .expect("a message")
}

async fn end<T: std::fmt::Debug>(stream: &mut Streaming<T>) -> Result<Option<T>, Status> {
    let waited = tokio::time::timeout(Duration::from_secs(20), stream.message()).await;
    waited.expect("an end in time")
}

/// Reads on until the watch breaks.
async fn broken<T: std::fmt::Debug>(stream: &mut Streaming<T>) -> Status {
    loop {
        match end(stream).await {
            Ok(message) => assert!(message.is_some(), "ended without an error"),
            Err(status) => return status,
        }
    }
}

/// A message in one line.
fn told(message: &v1::WatchStructureResponse) -> String {
    let name = message.r#type().as_str_name().trim_start_matches("TYPE_");
    let (rows, changes) = (message.rows.len(), message.changes.len());
    let token = if message.resume_token.is_empty() {
        ""
    } else {
        " token"
    };
    let continued = if message.continued { " continued" } else { "" };
    let version = message.forest_version;
    format!("{name} v{version} rows {rows} changes {changes}{continued}{token}")
}

#[tokio::test]
async fn a_fresh_watch_gets_a_reset_the_rows_and_then_every_change() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    server.edit(vec![add_folders(0, 0, &["A", "B"])]).await;
    let mut stream = watch(&server, structure("")).await;
    let mut lines = Vec::new();
    for _ in 0..3 {
        lines.push(told(&next(&mut stream).await));
    }
    server.edit(vec![add_folders(0, 0, &["C", "D"])]).await;
    server.edit(vec![add_folders(0, 0, &["E"])]).await;
    let changes = next(&mut stream).await;
    assert_eq!(
        (changes.principal.as_str(), changes.job.as_str()),
        ("users/ann", "")
    );
    lines.push(told(&changes));
    lines.push(told(&next(&mut stream).await));
    expect_test::expect![[r#"
        RESET v1 rows 0 changes 0
        ROWS v1 rows 2 changes 0 continued
        CURRENT v1 rows 0 changes 0 token
        CHANGES v2 rows 0 changes 2 token
        CHANGES v3 rows 0 changes 1 token"#]]
    .assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn a_resumed_watch_gets_what_is_missing_and_nothing_twice() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    server.edit(vec![add_folders(0, 0, &["A"])]).await;
    let mut stream = watch(&server, structure("")).await;
    let mut token = String::new();
    while token.is_empty() {
        token = next(&mut stream).await.resume_token;
    }
    drop(stream);
    server.edit(vec![add_folders(0, 0, &["B"])]).await;
    let mut stream = watch(&server, structure(&token)).await;
    assert_eq!(
        told(&next(&mut stream).await),
        "CHANGES v2 rows 0 changes 1 token"
    );
    assert_eq!(
        told(&next(&mut stream).await),
        "CURRENT v2 rows 0 changes 0 token"
    );
}

#[tokio::test]
async fn a_token_that_is_older_than_history_starts_again_with_a_reset() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    let mut stream = watch(&server, structure("")).await;
    assert_eq!(next(&mut stream).await.r#type(), ForestType::Reset);
    let token = next(&mut stream).await.resume_token;
    server.edit(vec![add_folders(0, 0, &["A"])]).await;
    server.edit(vec![add_folders(0, 0, &["B"])]).await;
    let forget = "DELETE FROM forest_changes WHERE version <= 1; \
                  DELETE FROM forest_versions WHERE version <= 1;";
    resync_store::testing::execute(&server.store, forget)
        .await
        .unwrap();
    let once = v1::WatchStructureRequest {
        once: true,
        ..structure(&token)
    };
    let mut stream = watch(&server, once).await;
    let mut lines = Vec::new();
    while let Some(message) = end(&mut stream).await.unwrap() {
        lines.push(told(&message));
    }
    expect_test::expect![[r#"
        RESET v2 rows 0 changes 0
        ROWS v2 rows 2 changes 0 continued
        CURRENT v2 rows 0 changes 0 token"#]]
    .assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn a_token_of_another_structure_is_refused() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    server.create_structure("other").await;
    let mut stream = watch(&server, structure("")).await;
    next(&mut stream).await;
    let token = next(&mut stream).await.resume_token;
    let request = v1::WatchStructureRequest {
        name: "structures/other".into(),
        ..structure(&token)
    };
    let refused = server
        .structures()
        .watch_structure(request)
        .await
        .map(|_| ());
    assert_refused(refused, Code::InvalidArgument, "TOKEN_INVALID");
}

#[tokio::test]
async fn a_watch_that_skips_rows_tells_only_what_comes() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    server.edit(vec![add_folders(0, 0, &["A"])]).await;
    let request = v1::WatchStructureRequest {
        skip_rows: true,
        ..structure("")
    };
    let mut stream = watch(&server, request).await;
    assert_eq!(
        told(&next(&mut stream).await),
        "CURRENT v1 rows 0 changes 0 token"
    );
    server.edit(vec![add_folders(0, 0, &["B"])]).await;
    assert_eq!(
        told(&next(&mut stream).await),
        "CHANGES v2 rows 0 changes 1 token"
    );
}

/// Gives a structure another name.
async fn rename(server: &TestServer, structure: v1::Structure) {
    let update = v1::UpdateStructureRequest {
        structure: Some(v1::Structure {
            display_name: "New".into(),
            ..structure
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["display_name".into()],
        }),
        validate_only: false,
    };
    server.structures().update_structure(update).await.unwrap();
}

#[tokio::test]
async fn a_watch_tells_of_a_new_name_and_of_the_deletion() {
    let server = TestServer::start().await;
    let made = server.create_structure("roadmap").await;
    let mut stream = watch(&server, structure("")).await;
    while next(&mut stream).await.r#type() != ForestType::Current {}
    rename(&server, made).await;
    let message = next(&mut stream).await;
    assert_eq!(message.r#type(), ForestType::StructureUpdated);
    assert_eq!(message.structure.unwrap().display_name, "New");
    let delete = v1::DeleteStructureRequest {
        name: ROADMAP.into(),
        ..Default::default()
    };
    server.structures().delete_structure(delete).await.unwrap();
    assert_eq!(next(&mut stream).await.r#type(), ForestType::Deleted);
    assert_eq!(end(&mut stream).await.unwrap(), None);
}

#[tokio::test]
async fn a_resumed_watch_tells_of_a_name_that_was_changed_meanwhile() {
    let server = TestServer::start().await;
    let made = server.create_structure("roadmap").await;
    let mut stream = watch(&server, structure("")).await;
    let mut token = String::new();
    while token.is_empty() {
        token = next(&mut stream).await.resume_token;
    }
    rename(&server, made).await;
    server.edit(vec![add_folders(0, 0, &["A"])]).await;
    let mut stream = watch(&server, structure(&token)).await;
    let mut lines = Vec::new();
    for _ in 0..3 {
        let message = next(&mut stream).await;
        lines.push(told(&message));
        token = message.resume_token;
    }
    expect_test::expect![[r#"
        CHANGES v1 rows 0 changes 1 token
        STRUCTURE_UPDATED v1 rows 0 changes 0 token
        CURRENT v1 rows 0 changes 0 token"#]]
    .assert_eq(&lines.join("\n"));
    let mut stream = watch(&server, structure(&token)).await;
    assert_eq!(next(&mut stream).await.r#type(), ForestType::Current);
}

#[tokio::test]
async fn many_rows_come_in_chunks_and_a_large_version_is_continued() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    let titles: Vec<String> = (0..900).map(|number| format!("F{number}")).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    for _ in 0..3 {
        server.edit(vec![add_folders(0, 0, &titles)]).await;
    }
    let request = v1::WatchStructureRequest {
        once: true,
        ..structure("")
    };
    let mut stream = watch(&server, request).await;
    let mut sizes = Vec::new();
    while let Some(message) = end(&mut stream).await.unwrap() {
        sizes.push(message.rows.len());
    }
    assert_eq!(sizes, [0, 1000, 1000, 700, 0]);
}

#[tokio::test]
async fn a_watcher_that_is_far_behind_gets_the_rows_anew() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    let mut stream = watch(&server, structure("")).await;
    next(&mut stream).await;
    let token = next(&mut stream).await.resume_token;
    drop(stream);
    let titles = vec!["F"; 1_000];
    for _ in 0..10 {
        server.edit(vec![add_folders(0, 0, &titles)]).await;
    }
    let once = |token: &str| v1::WatchStructureRequest {
        once: true,
        ..structure(token)
    };
    let mut stream = watch(&server, once(&token)).await;
    let first = next(&mut stream).await;
    assert_eq!(
        told(&first),
        "CHANGES v1 rows 0 changes 500 continued",
        "10,000 are sent"
    );
    server.edit(vec![add_folders(0, 0, &titles)]).await;
    let mut stream = watch(&server, once(&token)).await;
    assert_eq!(next(&mut stream).await.r#type(), ForestType::Reset);
}

#[tokio::test]
async fn a_quiet_watch_beats() {
    let limits = Limits {
        heartbeat_interval: Duration::from_millis(30),
        ..Limits::default()
    };
    let server = TestServer::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    server.seed().await;
    let mut stream = watch(&server, structure("")).await;
    while next(&mut stream).await.r#type() != ForestType::Current {}
    let beat = next(&mut stream).await;
    assert_eq!(beat.r#type(), ForestType::Heartbeat);
    assert!(!beat.resume_token.is_empty());
    let job = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    let mut stream = watch_job(&server, &job.name, "").await;
    assert_eq!(next(&mut stream).await.r#type(), JobType::Snapshot);
    let beat = next(&mut stream).await;
    assert_eq!((beat.r#type(), beat.job), (JobType::Heartbeat, None));
}

async fn watch_job(
    server: &TestServer,
    name: &str,
    resume_token: &str,
) -> Streaming<v1::WatchJobResponse> {
    let request = v1::WatchJobRequest {
        name: name.into(),
        resume_token: resume_token.into(),
        progress_interval: Some(prost_types::Duration::default()),
        ..Default::default()
    };
    server.jobs().watch_job(request).await.unwrap().into_inner()
}

async fn log(server: &TestServer, lease: Lease, lines: &[&str]) {
    let entry = |line: &&str| NewLogEntry {
        time: server.time(),
        severity: Severity::Info,
        message: (*line).to_owned(),
        issue_key: None,
    };
    server
        .store
        .append_log(lease, lines.iter().map(entry).collect())
        .await
        .unwrap();
    server.changed.raise();
}

async fn progress(server: &TestServer, lease: Lease, done: i64) {
    let progress = JobProgress {
        phase: Phase::Reading,
        done,
        ..Default::default()
    };
    server
        .update(
            lease,
            JobUpdate {
                progress: Some(progress),
                ..Default::default()
            },
        )
        .await;
}

/// A message in one line.
fn said(message: &v1::WatchJobResponse) -> String {
    let name = message.r#type().as_str_name().trim_start_matches("TYPE_");
    let state = message
        .job
        .as_ref()
        .map_or("", |job| job.state().as_str_name());
    let log: Vec<&str> = message
        .log_entries
        .iter()
        .map(|line| line.message.as_str())
        .collect();
    format!(
        "{name} {} {}",
        state.trim_start_matches("STATE_"),
        log.join(",")
    )
}

async fn to_the_end(stream: &mut Streaming<v1::WatchJobResponse>) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(message) = end(stream).await.unwrap() {
        lines.push(said(&message).trim_end().to_owned());
    }
    lines
}

#[tokio::test]
async fn a_job_is_followed_from_its_snapshot_to_its_end() {
    let server = TestServer::start().await;
    server.seed().await;
    let job = server
        .resyncs()
        .preview_resync(preview(EPICS))
        .await
        .unwrap()
        .into_inner();
    let name = job.job.unwrap().name;
    let mut stream = watch_job(&server, &name, "").await;
    let mut lines = vec![said(&next(&mut stream).await)];
    let lease = server.claim().await;
    server.changed.raise();
    lines.push(said(&next(&mut stream).await));
    log(&server, lease, &["reads"]).await;
    lines.push(said(&next(&mut stream).await));
    progress(&server, lease, 10).await;
    let message = next(&mut stream).await;
    assert_eq!(
        message
            .job
            .as_ref()
            .unwrap()
            .progress
            .as_ref()
            .unwrap()
            .done_count,
        10
    );
    assert_eq!(message.coalesced_count, 1);
    lines.push(said(&message));
    let plan = Some(plan(ForestVersion(1), server.time()));
    server
        .update(
            lease,
            JobUpdate {
                plan,
                ..Default::default()
            },
        )
        .await;
    let message = next(&mut stream).await;
    assert_eq!(
        message
            .job
            .as_ref()
            .unwrap()
            .plan
            .as_ref()
            .unwrap()
            .sample_changes
            .len(),
        1
    );
    lines.push(said(&message));
    log(&server, lease, &["done"]).await;
    server.finish(lease, JobState::Succeeded).await;
    lines.extend(
        to_the_end(&mut stream)
            .await
            .into_iter()
            .filter(|line| !line.starts_with("LOG")),
    );
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    expect_test::expect![[r#"
        SNAPSHOT PENDING
        STATE_CHANGED RUNNING
        LOG RUNNING reads
        PROGRESS RUNNING
        PLANNED RUNNING
        ENDED SUCCEEDED"#]]
    .assert_eq(&lines.join("\n").replace(" done", ""));
}

#[tokio::test]
async fn a_job_that_has_ended_replays_the_same_each_time() {
    let server = TestServer::start().await;
    server.seed().await;
    let job = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    let lease = server.claim().await;
    log(&server, lease, &["one", "two"]).await;
    server.finish(lease, JobState::Succeeded).await;
    for _ in 0..2 {
        let mut stream = watch_job(&server, &job.name, "").await;
        let lines = to_the_end(&mut stream).await;
        assert_eq!(lines, ["SNAPSHOT SUCCEEDED one,two", "ENDED SUCCEEDED"]);
    }
}

#[tokio::test]
async fn a_resumed_job_watch_gets_each_missing_line_once() {
    let server = TestServer::start().await;
    server.seed().await;
    let job = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    let lease = server.claim().await;
    log(&server, lease, &["one", "two"]).await;
    let mut stream = watch_job(&server, &job.name, "").await;
    let token = next(&mut stream).await.resume_token;
    drop(stream);
    log(&server, lease, &["three"]).await;
    server.finish(lease, JobState::Failed).await;
    let mut stream = watch_job(&server, &job.name, &token).await;
    assert_eq!(
        to_the_end(&mut stream).await,
        ["SNAPSHOT FAILED three", "ENDED FAILED"]
    );

    let other = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    let request = v1::WatchJobRequest {
        name: other.name,
        resume_token: token,
        ..Default::default()
    };
    let refused = server.jobs().watch_job(request).await.map(|_| ());
    assert_refused(refused, Code::InvalidArgument, "TOKEN_INVALID");
}

#[tokio::test]
async fn progress_is_coalesced_and_states_and_lines_are_not() {
    let server = TestServer::start().await;
    server.seed().await;
    let job = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    let request = v1::WatchJobRequest {
        name: job.name.clone(),
        progress_interval: Some(prost_types::Duration {
            seconds: 3_000,
            nanos: 0,
        }),
        ..Default::default()
    };
    let mut stream = server.jobs().watch_job(request).await.unwrap().into_inner();
    next(&mut stream).await;
    let lease = server.claim().await;
    for done in 1..=20 {
        progress(&server, lease, done).await;
        log(&server, lease, &[&format!("l{done}")]).await;
    }
    server.finish(lease, JobState::Succeeded).await;
    let mut lines = Vec::new();
    let mut kinds = Vec::new();
    let mut done = 0;
    while let Some(message) = end(&mut stream).await.unwrap() {
        kinds.push(message.r#type());
        lines.extend(message.log_entries.into_iter().map(|line| line.ordinal));
        let now = message.job.unwrap().progress.unwrap().done_count;
        assert!(now >= done, "never older");
        done = now;
    }
    assert_eq!(lines, (1..=20).collect::<Vec<i32>>());
    assert!(
        kinds
            .iter()
            .filter(|kind| **kind == JobType::Progress)
            .count()
            <= 1,
        "{kinds:?}"
    );
    assert!(kinds.contains(&JobType::StateChanged), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&JobType::Ended));
}

#[tokio::test]
async fn a_job_that_ran_between_two_looks_is_still_shown_running() {
    let server = TestServer::start().await;
    server.seed().await;
    let job = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    let mut stream = watch_job(&server, &job.name, "").await;
    assert_eq!(next(&mut stream).await.r#type(), JobType::Snapshot);
    let lease = server.claim().await;
    let update = JobUpdate {
        state: Some(JobState::Succeeded),
        plan: Some(plan(ForestVersion(1), server.time())),
        ..Default::default()
    };
    server
        .store
        .update_job(lease, update, server.time())
        .await
        .unwrap();
    server.changed.raise();
    let lines = to_the_end(&mut stream).await;
    assert_eq!(
        lines,
        [
            "STATE_CHANGED RUNNING",
            "PLANNED RUNNING",
            "ENDED SUCCEEDED"
        ]
    );
}

#[tokio::test]
async fn a_caller_has_fifty_watches_and_no_more() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(watch(&server, structure("")).await);
    }
    let refused = server
        .structures()
        .watch_structure(structure(""))
        .await
        .map(|_| ());
    let status = assert_refused(refused, Code::ResourceExhausted, "QUOTA_EXCEEDED");
    let details = tonic_types::StatusExt::get_error_details(&status);
    assert!(details.quota_failure().is_some() && details.retry_info().is_some());
    drop(streams);
    // The server learns that the watches are gone when it next looks at them.
    let mut tries = 0;
    while server
        .structures()
        .watch_structure(structure(""))
        .await
        .is_err()
    {
        tries += 1;
        assert!(tries < 1_000, "the watches were never given back");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_watcher_that_takes_nothing_is_given_up() {
    let limits = Limits {
        watcher_stall_max: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = TestServer::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    server.create_structure("roadmap").await;
    let title = "a long title that takes its room ".repeat(7);
    let titles = vec![title.as_str(); 1_000];
    for _ in 0..5 {
        server.edit(vec![add_folders(0, 0, &titles)]).await;
    }
    // A connection that takes little before it is read from.
    let narrow = tonic::transport::Endpoint::from_shared(format!("http://{}", server.address));
    let narrow = narrow.unwrap().initial_stream_window_size(65_535);
    let channel = narrow.connect().await.unwrap();
    let mut client = v1::structure_service_client::StructureServiceClient::new(channel);
    let mut stream = client
        .watch_structure(structure(""))
        .await
        .unwrap()
        .into_inner();
    next(&mut stream).await;
    let mut waited = 0;
    while !server.changed_watchers_are_gone() {
        waited += 1;
        assert!(waited < 200, "the watch was never given up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let status = broken(&mut stream).await;
    let status = assert_refused::<()>(Err(status), Code::ResourceExhausted, "WATCHER_TOO_SLOW");
    assert!(
        tonic_types::StatusExt::get_error_details(&status)
            .retry_info()
            .is_some()
    );
}

#[tokio::test]
async fn a_deadline_of_a_watch_is_kept() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    let mut request = tonic::Request::new(structure(""));
    request.set_timeout(Duration::from_millis(200));
    let status = match server.structures().watch_structure(request).await {
        Err(status) => status,
        Ok(stream) => broken(&mut stream.into_inner()).await,
    };
    assert_refused::<()>(Err(status), Code::DeadlineExceeded, "CANCELLED");
}

#[tokio::test]
async fn an_old_watch_is_asked_to_call_again() {
    let limits = Limits {
        watch_age_max: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = TestServer::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    server.create_structure("roadmap").await;
    let mut stream = watch(&server, structure("")).await;
    let status = broken(&mut stream).await;
    assert_refused::<()>(Err(status), Code::Unavailable, "SERVER_DRAINING");
}

#[tokio::test]
async fn a_hundred_watches_end_when_the_server_drains() {
    let limits = Limits {
        watches_per_caller_max: 200,
        ..Limits::default()
    };
    let server = TestServer::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    server.seed().await;
    let job = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    let mut watches = Vec::new();
    let second = connect(server.address).await;
    for _ in 0..50 {
        watches.push(watch(&server, structure("")).await);
    }
    let mut jobs = Vec::new();
    for _ in 0..50 {
        let mut client = v1::job_service_client::JobServiceClient::new(second.clone());
        let name = job.name.clone();
        let request = v1::WatchJobRequest {
            name,
            ..Default::default()
        };
        jobs.push(client.watch_job(request).await.unwrap().into_inner());
    }
    for stream in &mut watches {
        while next(stream).await.r#type() != ForestType::Current {}
    }
    for stream in &mut jobs {
        next(stream).await;
    }
    server.draining.cancel();
    for mut stream in watches {
        let status = end(&mut stream).await.map(|_| ());
        assert_refused(status, Code::Unavailable, "SERVER_DRAINING");
    }
    for mut stream in jobs {
        let status = end(&mut stream).await.map(|_| ());
        assert_refused(status, Code::Unavailable, "SERVER_DRAINING");
    }
    let ended = tokio::time::timeout(Duration::from_secs(5), server.serving).await;
    assert_eq!(ended.expect("in time").unwrap().unwrap(), Ended::Drained);
}
