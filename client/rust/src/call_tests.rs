//! Retries and deadlines, against a server that fails as it is told.

use expect_test::expect;
use resync_api::v1::{Direction, ErrorReason};
use tonic_types::{ErrorDetails, StatusExt};

use super::*;
use crate::{
    client::Client,
    synchronizer::{Confirmation, RunOptions},
    testing::{Answer, ScriptedServer},
};

fn delays(mut backoff: Backoff, fraction: f64) -> String {
    (0..8)
        .map(|_| format!("{:?} ", backoff.next(None, fraction)))
        .collect()
}

#[test]
fn delays_double_up_to_their_most() {
    expect!["200ms 400ms 800ms 1.6s 3.2s 5s 5s 5s "].assert_eq(&delays(Backoff::of_calls(), 1.0));
    expect!["200ms 400ms 800ms 1.6s 3.2s 6.4s 10s 10s "]
        .assert_eq(&delays(Backoff::of_watches(), 1.0));
}

#[test]
fn jitter_takes_away_at_most_half() {
    expect!["100ms 200ms 400ms 800ms 1.6s 2.5s 2.5s 2.5s "]
        .assert_eq(&delays(Backoff::of_calls(), 0.0));
}

#[test]
fn a_delay_that_the_server_asks_for_is_not_cut_short() {
    let mut backoff = Backoff::of_calls();
    let asked = Duration::from_secs(7);
    assert_eq!(backoff.next(Some(asked), 0.5), asked);
    assert_eq!(
        backoff.next(Some(Duration::ZERO), 1.0),
        Duration::from_millis(400)
    );
}

#[test]
fn a_watch_that_was_heard_starts_again_from_the_first_delay() {
    let mut backoff = Backoff::of_watches();
    backoff.next(None, 1.0);
    backoff.reset();
    assert_eq!(backoff.next(None, 1.0), Duration::from_millis(200));
}

fn unavailable() -> Answer {
    Answer::Fail(Status::unavailable("not now"))
}

fn job(client: &Client) -> crate::JobHandle {
    client.job("structures/launch/jobs/12")
}

#[tokio::test(start_paused = true)]
async fn a_read_is_sent_until_it_is_answered() {
    let server = ScriptedServer::start([unavailable(), unavailable(), Answer::Ok]);
    let read = job(&server.client()).get().await.unwrap();
    assert_eq!(read.name, "structures/launch/jobs/12");
    expect![[r#"
        GetJob within 15 s
        GetJob within 15 s
        GetJob within 15 s"#]]
    .assert_eq(&server.calls());
}

#[tokio::test(start_paused = true)]
async fn a_read_is_given_up_after_four_times() {
    let server = ScriptedServer::start(std::iter::repeat_with(unavailable).take(9));
    let error = job(&server.client()).get().await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    assert_eq!(server.calls().lines().count(), 4);
}

#[tokio::test(start_paused = true)]
async fn only_unavailable_is_tried_again() {
    for code in [
        Code::Internal,
        Code::Aborted,
        Code::ResourceExhausted,
        Code::DeadlineExceeded,
    ] {
        let server = ScriptedServer::start([Answer::Fail(Status::new(code, "no")), Answer::Ok]);
        assert_eq!(job(&server.client()).get().await.unwrap_err().code(), code);
        assert_eq!(server.calls().lines().count(), 1, "{code:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_is_sent_again_with_the_same_request_id() {
    let server = ScriptedServer::start([unavailable(), Answer::Ok]);
    let scope = server.client().structure("launch").synchronizer("scope");
    scope.preview(Direction::IntoStructure).await.unwrap();
    assert_eq!(server.calls().lines().count(), 2);
    let ids = server.request_ids();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(ids[0].len(), 36);
}

#[tokio::test(start_paused = true)]
async fn two_writes_have_two_request_ids() {
    let server = ScriptedServer::start([Answer::Ok, Answer::Ok]);
    let scope = server.client().structure("launch").synchronizer("scope");
    scope.preview(Direction::IntoStructure).await.unwrap();
    let confirmation = Confirmation::Token("token".to_owned());
    scope
        .run(
            Direction::IntoStructure,
            confirmation,
            RunOptions::default(),
        )
        .await
        .unwrap();
    let ids = server.request_ids();
    assert_ne!(ids[0], ids[1]);
    expect![[r#"
        PreviewResync within 30 s
        RunResync within 30 s"#]]
    .assert_eq(&server.calls());
}

#[tokio::test(start_paused = true)]
async fn a_write_without_a_request_id_is_sent_once() {
    let server = ScriptedServer::start([unavailable(), Answer::Ok]);
    let error = job(&server.client()).cancel("").await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable);
    expect!["CancelJob within 30 s"].assert_eq(&server.calls());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_answered_ends_at_its_deadline() {
    let server = ScriptedServer::start([Answer::Silence]);
    let start = tokio::time::Instant::now();
    let error = job(&server.client()).get().await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(start.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_under_a_read_is_made_again() {
    let server = ScriptedServer::start([Answer::Break, Answer::Ok]);
    assert!(job(&server.client()).get().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_delay_that_the_server_asks_for_is_waited_out() {
    let mut details = ErrorDetails::new();
    details
        .set_error_info(
            "ERROR_REASON_TRACKER_THROTTLED",
            resync_api::ERROR_DOMAIN,
            [],
        )
        .set_retry_info(Some(Duration::from_secs(4)));
    let throttled = Status::with_error_details(Code::Unavailable, "slow down", details);
    let server = ScriptedServer::start([Answer::Fail(throttled.clone()), Answer::Ok]);
    let start = tokio::time::Instant::now();
    job(&server.client()).get().await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 4);

    let server = ScriptedServer::start(std::iter::repeat_n(Answer::Fail(throttled), 4));
    let error = job(&server.client()).get().await.unwrap_err();
    assert_eq!(error.reason(), Some(ErrorReason::TrackerThrottled));
}
