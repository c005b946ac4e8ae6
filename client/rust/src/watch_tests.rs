//! Watches over connections that break in every way that one can.

use expect_test::expect;
use futures::StreamExt;
use resync_api::v1::{Job, JobLogEntry};

use super::*;
use crate::testing::{Answer, ScriptedServer};

fn message(kind: Type, resume_token: &str, lines: &[&str]) -> WatchJobResponse {
    let entry = |line: &&str| JobLogEntry {
        message: (*line).to_owned(),
        ..Default::default()
    };
    WatchJobResponse {
        r#type: kind.into(),
        job: (kind != Type::Heartbeat).then(Job::default),
        log_entries: lines.iter().map(entry).collect(),
        resume_token: resume_token.to_owned(),
        ..Default::default()
    }
}

/// What a caller sees until the watch ends, and the calls that the server saw.
async fn watched(answers: impl IntoIterator<Item = Answer>) -> String {
    let server = ScriptedServer::start(answers);
    let mut events = server.client().job("structures/launch/jobs/12").watch();
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        seen.push(match event {
            Ok(JobEvent::Update(update)) => {
                let lines: Vec<&str> = update
                    .log_entries
                    .iter()
                    .map(|entry| entry.message.as_str())
                    .collect();
                format!("{:?} {}", update.r#type(), lines.join(","))
                    .trim_end()
                    .to_owned()
            }
            Ok(JobEvent::Reconnecting { cause, delay }) => {
                assert!(delay <= Duration::from_secs(10));
                format!("reconnecting: {cause}")
            }
            Err(error) => format!("error: {error}"),
        });
    }
    format!("{}\n---\n{}", seen.join("\n"), server.calls())
}

#[tokio::test(start_paused = true)]
async fn a_watch_ends_with_the_job() {
    let messages = vec![
        message(Type::Snapshot, "1", &["one"]),
        message(Type::Heartbeat, "1", &[]),
        message(Type::Progress, "2", &["two"]),
        message(Type::Ended, "3", &[]),
    ];
    expect![[r#"
        Snapshot one
        Progress two
        Ended
        ---
        WatchJob from """#]]
    .assert_eq(&watched([Answer::Stream(messages, None)]).await);
}

#[tokio::test(start_paused = true)]
async fn a_watch_resumes_after_the_last_message_that_was_received() {
    let first = vec![
        message(Type::Snapshot, "1", &["one"]),
        message(Type::Heartbeat, "2", &[]),
    ];
    let second = vec![
        message(Type::Snapshot, "3", &["two"]),
        message(Type::Ended, "4", &[]),
    ];
    let draining = Status::unavailable("the server is shutting down");
    expect![[r#"
        Snapshot one
        reconnecting: the server is shutting down
        reconnecting: not yet
        Snapshot two
        Ended
        ---
        WatchJob from ""
        WatchJob from "2"
        WatchJob from "2""#]]
    .assert_eq(
        &watched([
            Answer::Stream(first, Some(draining)),
            Answer::Fail(Status::unavailable("not yet")),
            Answer::Stream(second, None),
        ])
        .await,
    );
}

#[tokio::test(start_paused = true)]
async fn an_end_before_the_job_has_ended_is_a_break() {
    let first = vec![message(Type::Snapshot, "1", &[])];
    let second = vec![message(Type::Ended, "2", &[])];
    expect![[r#"
        Snapshot
        reconnecting: the server ended the call before the job ended
        Ended
        ---
        WatchJob from ""
        WatchJob from "1""#]]
    .assert_eq(&watched([Answer::Stream(first, None), Answer::Stream(second, None)]).await);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_cut_is_made_again() {
    let second = vec![message(Type::Ended, "2", &[])];
    let text = watched([Answer::Break, Answer::Stream(second, None)]).await;
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("reconnecting: could not reach the server"),
        "{text}"
    );
    assert_eq!(lines[1], "Ended");
}

#[tokio::test(start_paused = true)]
async fn silence_is_a_break() {
    let second = vec![message(Type::Ended, "2", &[])];
    expect![[r#"
        reconnecting: nothing was heard for 30 s
        Ended
        ---
        WatchJob from ""
        WatchJob from """#]]
    .assert_eq(&watched([Answer::Silence, Answer::Stream(second, None)]).await);
}

#[tokio::test(start_paused = true)]
async fn a_watcher_that_was_too_slow_may_come_back() {
    use tonic_types::{ErrorDetails, StatusExt};
    let details = ErrorDetails::with_error_info(
        "ERROR_REASON_WATCHER_TOO_SLOW",
        resync_api::ERROR_DOMAIN,
        [],
    );
    let slow = Status::with_error_details(Code::ResourceExhausted, "too slow", details);
    let second = vec![message(Type::Ended, "2", &[])];
    expect![[r#"
        reconnecting: too slow
        Ended
        ---
        WatchJob from ""
        WatchJob from """#]]
    .assert_eq(&watched([Answer::Fail(slow), Answer::Stream(second, None)]).await);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_another_try_would_not_mend_ends_the_watch() {
    expect![[r#"
        error: there is no such job
        ---
        WatchJob from """#]]
    .assert_eq(&watched([Answer::Fail(Status::not_found("there is no such job"))]).await);
}

#[tokio::test(start_paused = true)]
async fn waiting_goes_on_when_the_connection_breaks() {
    let done = Job {
        name: "structures/launch/jobs/12".to_owned(),
        ..Default::default()
    };
    let ended = WatchJobResponse {
        job: Some(done.clone()),
        ..message(Type::Ended, "2", &[])
    };
    let first = vec![message(Type::Snapshot, "1", &[])];
    let server = ScriptedServer::start([
        Answer::Stream(first, Some(Status::unavailable("draining"))),
        Answer::Stream(vec![ended], None),
    ]);
    let waited = server.client().job(&done.name).wait().await.unwrap();
    assert_eq!(waited, done);
}

#[tokio::test(start_paused = true)]
async fn waiting_for_what_is_not_there_is_an_error() {
    let server = ScriptedServer::start([Answer::Fail(Status::not_found("there is no such job"))]);
    let error = server
        .client()
        .job("structures/launch/jobs/99")
        .wait()
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
}
