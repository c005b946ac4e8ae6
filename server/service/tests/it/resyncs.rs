//! Previews and runs: which confirmation lets what pass.

use crate::support::{
    TestServer, add_folders, assert_refused, fields, force, metadata, number_of, preview, run,
};
use resync_api::v1;
use resync_core::job::{Guard, GuardTrip, JobState};
use std::time::Duration;
use tonic::Code;
use tonic_types::StatusExt as _;

const EPICS: &str = "structures/roadmap/synchronizers/epics";

async fn token(server: &TestServer) -> String {
    let plan = server.plan().await;
    let job = server.previewed(plan).await;
    job.plan.expect("a plan").confirmation_token
}

async fn seeded() -> TestServer {
    let server = TestServer::start().await;
    server.seed().await;
    server
}

#[tokio::test]
async fn a_preview_is_a_job_whose_plan_carries_a_token_for_its_creator() {
    let server = seeded().await;
    let plan = server.plan().await;
    let job = server.previewed(plan).await;
    assert!(job.preview && job.state() == v1::job::State::Succeeded);
    let plan = job.plan.unwrap();
    assert!(
        plan.confirmation_token.starts_with("rsc1."),
        "{}",
        plan.confirmation_token
    );
    assert!(plan.confirmation_token.len() < 200);
    assert_eq!(plan.destructive_change_count, 2);
    assert!(
        plan.sample_changes[0]
            .explanation
            .contains("does not any more")
    );
}

#[tokio::test]
async fn a_token_runs_its_plan_once() {
    let server = seeded().await;
    let token = token(&server).await;
    let started = server
        .resyncs()
        .run_resync(run(&token))
        .await
        .unwrap()
        .into_inner();
    assert!(!started.existing);
    let job = started.job.unwrap();
    assert_eq!(job.state(), v1::job::State::Pending);
    assert_eq!(job.source_job, "structures/roadmap/jobs/1");
    let lease = server.claim().await;
    assert_eq!(lease.job, number_of(&job));
    server.finish(lease, JobState::Succeeded).await;
    let refused = server.resyncs().run_resync(run(&token)).await;
    let status = assert_refused(refused, Code::InvalidArgument, "CONFIRMATION_INVALID");
    assert_eq!(fields(&status), ["confirmation_token"]);
}

#[tokio::test]
async fn a_token_that_is_sent_twice_with_one_request_id_gives_one_job() {
    let server = seeded().await;
    let request_id = "6f3c5d2e-0b1a-4c3d-8e9f-001122334455".to_owned();
    let request = v1::RunResyncRequest {
        request_id,
        ..run(&token(&server).await)
    };
    let first = server
        .resyncs()
        .run_resync(request.clone())
        .await
        .unwrap()
        .into_inner();
    let second = server
        .resyncs()
        .run_resync(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first.job, second.job);
    assert_eq!((first.existing, second.existing), (false, true));
}

#[tokio::test]
async fn a_run_without_confirmation_is_refused_and_says_what_to_do() {
    let server = seeded().await;
    let refused = server.resyncs().run_resync(run("")).await;
    let status = assert_refused(refused, Code::FailedPrecondition, "CONFIRMATION_REQUIRED");
    assert_eq!(metadata(&status, "overwrites"), "structure");
    assert_eq!(
        metadata(&status, "previewMethod"),
        "resync.v1.ResyncService/PreviewResync"
    );
    let details = status.get_error_details();
    let violation = &details.precondition_failure().unwrap().violations[0];
    assert_eq!(violation.r#type, "CONFIRMATION");
    assert!(!details.help().unwrap().links.is_empty());
}

#[tokio::test]
async fn a_token_and_force_together_are_refused() {
    let server = seeded().await;
    let request = v1::RunResyncRequest {
        force: true,
        ..run(&token(&server).await)
    };
    let refused = server.resyncs().run_resync(request).await;
    let status = assert_refused(refused, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(fields(&status), ["confirmation_token"]);
}

#[tokio::test]
async fn a_token_that_was_tampered_with_is_refused() {
    let server = seeded().await;
    let good = token(&server).await;
    let mut bad: Vec<String> = vec![
        "rsc1.".into(),
        "junk".into(),
        good.replace("rsc1.", "rsc2."),
    ];
    for at in [6, 12, 20, 40, good.len() - 2] {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        bad.push(String::from_utf8(bytes).unwrap());
    }
    bad.push(good[..good.len() - 4].to_owned());
    for token in bad {
        let refused = server.resyncs().run_resync(run(&token)).await;
        assert_refused(refused, Code::InvalidArgument, "CONFIRMATION_INVALID");
    }
}

#[tokio::test]
async fn a_token_of_another_synchronizer_is_refused() {
    let server = seeded().await;
    let token = token(&server).await;
    let request = v1::CreateSynchronizerRequest {
        parent: "structures/roadmap".into(),
        synchronizer_id: "other".into(),
        synchronizer: Some(crate::support::synchronizer("type = Bug")),
        ..Default::default()
    };
    server
        .synchronizers()
        .create_synchronizer(request)
        .await
        .unwrap();
    let name = "structures/roadmap/synchronizers/other".to_owned();
    let refused = server
        .resyncs()
        .run_resync(v1::RunResyncRequest {
            name,
            ..run(&token)
        })
        .await;
    assert_refused(refused, Code::InvalidArgument, "CONFIRMATION_INVALID");
}

#[tokio::test]
async fn a_token_is_stale_once_the_forest_was_edited() {
    let server = seeded().await;
    let token = token(&server).await;
    server.edit(vec![add_folders(0, 0, &["Later"])]).await;
    let refused = server.resyncs().run_resync(run(&token)).await;
    let status = assert_refused(refused, Code::Aborted, "PLAN_STALE");
    let found = ["cause", "expected", "actual", "previewJob"].map(|key| metadata(&status, key));
    assert_eq!(found, ["forest", "1", "2", "structures/roadmap/jobs/1"]);
}

#[tokio::test]
async fn a_token_is_stale_once_the_synchronizer_was_changed() {
    let server = seeded().await;
    let token = token(&server).await;
    let mut synchronizer = crate::support::synchronizer("type = Bug");
    synchronizer.name = EPICS.into();
    let request = v1::UpdateSynchronizerRequest {
        synchronizer: Some(synchronizer),
        ..Default::default()
    };
    server
        .synchronizers()
        .update_synchronizer(request)
        .await
        .unwrap();
    let refused = server.resyncs().run_resync(run(&token)).await;
    let status = assert_refused(refused, Code::Aborted, "PLAN_STALE");
    assert_eq!(metadata(&status, "cause"), "synchronizer");
}

#[tokio::test]
async fn a_token_expires_after_its_hour() {
    let server = seeded().await;
    let token = token(&server).await;
    server.pass(Duration::from_secs(60 * 60 + 1));
    let refused = server.resyncs().run_resync(run(&token)).await;
    let status = assert_refused(refused, Code::Aborted, "PLAN_STALE");
    assert_eq!(metadata(&status, "cause"), "expired");
}

#[tokio::test]
async fn a_guard_that_tripped_wants_the_number_typed_back() {
    let server = seeded().await;
    let mut plan = server.plan().await;
    plan.guards = vec![GuardTrip {
        guard: Guard::EmptySource,
        found: 2,
        allowed: 0,
    }];
    let job = server.previewed(plan).await;
    let token = job.plan.unwrap().confirmation_token;
    for count in [None, Some(1), Some(3)] {
        let request = v1::RunResyncRequest {
            acknowledged_destructive_count: count,
            ..run(&token)
        };
        let refused = server.resyncs().run_resync(request).await;
        let status = assert_refused(refused, Code::FailedPrecondition, "GUARD_TRIPPED");
        assert_eq!(metadata(&status, "found"), "2");
    }
    let request = v1::RunResyncRequest {
        acknowledged_destructive_count: Some(2),
        ..run(&token)
    };
    assert!(server.resyncs().run_resync(request).await.is_ok());
}

#[tokio::test]
async fn a_number_is_typed_back_only_when_a_guard_tripped() {
    let server = seeded().await;
    let token = token(&server).await;
    for request in [run(&token), force()] {
        let request = v1::RunResyncRequest {
            acknowledged_destructive_count: Some(2),
            ..request
        };
        let refused = server.resyncs().run_resync(request).await;
        let status = assert_refused(refused, Code::InvalidArgument, "FIELD_INVALID");
        assert_eq!(fields(&status), ["acknowledged_destructive_count"]);
    }
}

#[tokio::test]
async fn a_forced_run_says_so() {
    let server = seeded().await;
    let request = v1::RunResyncRequest {
        reason: "nightly".into(),
        enable_synchronizer: true,
        limits: Some(v1::ChangeLimits {
            max_change_count: Some(5),
            max_destructive_change_count: None,
        }),
        ..force()
    };
    let job = server
        .resyncs()
        .run_resync(request)
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    assert!(job.forced && job.enable_synchronizer);
    assert_eq!(job.reason, "nightly");
    let stored = server.store.get_job(number_of(&job)).await.unwrap().job;
    assert_eq!(stored.request.limits.changes, Some(5));
}

#[tokio::test]
async fn a_direction_that_a_kind_does_not_have_is_refused_with_those_that_it_has() {
    let server = seeded().await;
    let direction = v1::Direction::FromStructure.into();
    let request = v1::PreviewResyncRequest {
        direction,
        ..preview(EPICS)
    };
    let refused = server.resyncs().preview_resync(request).await;
    let status = assert_refused(refused, Code::InvalidArgument, "DIRECTION_UNSUPPORTED");
    assert_eq!(
        metadata(&status, "supportedDirections"),
        "DIRECTION_INTO_STRUCTURE"
    );
    assert_eq!(fields(&status), ["direction"]);
    let refused = server
        .resyncs()
        .run_resync(v1::RunResyncRequest {
            direction,
            ..force()
        })
        .await;
    assert_refused(refused, Code::InvalidArgument, "DIRECTION_UNSUPPORTED");
}

#[tokio::test]
async fn a_second_resync_is_refused_joined_or_queued() {
    let server = seeded().await;
    let first = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    let refused = server.resyncs().run_resync(force()).await;
    let status = assert_refused(refused, Code::Aborted, "RESYNC_ALREADY_RUNNING");
    assert_eq!(metadata(&status, "job"), first.name);
    let details = status.get_error_details();
    assert_eq!(details.resource_info().unwrap().resource_name, first.name);

    let policy = |policy: v1::ConflictPolicy| v1::RunResyncRequest {
        conflict_policy: policy.into(),
        ..force()
    };
    let request = policy(v1::ConflictPolicy::Join);
    let joined = server
        .resyncs()
        .run_resync(request)
        .await
        .unwrap()
        .into_inner();
    assert!(joined.existing);
    assert_eq!(joined.job.unwrap().name, first.name);
    let request = policy(v1::ConflictPolicy::Queue);
    let queued = server
        .resyncs()
        .run_resync(request)
        .await
        .unwrap()
        .into_inner();
    assert!(!queued.existing);
    assert_ne!(queued.job.unwrap().name, first.name);
}

#[tokio::test]
async fn a_joined_request_gets_the_same_job_again_when_that_has_ended() {
    let server = seeded().await;
    let first = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner();
    let request = v1::RunResyncRequest {
        conflict_policy: v1::ConflictPolicy::Join.into(),
        request_id: "6f2d3f0a-6f0e-4a1c-9d7b-0c9f7a0b1c2d".into(),
        ..force()
    };
    let joined = server
        .resyncs()
        .run_resync(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert!(joined.existing);
    let lease = server.claim().await;
    server.finish(lease, JobState::Succeeded).await;
    let again = server
        .resyncs()
        .run_resync(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.job.unwrap().name, first.job.unwrap().name);
}

#[tokio::test]
async fn a_preview_runs_beside_a_resync() {
    let server = seeded().await;
    server.resyncs().run_resync(force()).await.unwrap();
    assert!(
        server
            .resyncs()
            .preview_resync(preview(EPICS))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn checking_a_run_starts_nothing() {
    let server = seeded().await;
    let request = v1::RunResyncRequest {
        validate_only: true,
        ..run(&token(&server).await)
    };
    for _ in 0..2 {
        let checked = server
            .resyncs()
            .run_resync(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(checked.job.unwrap().name, "");
    }
    let list = v1::ListJobsRequest {
        parent: "structures/-".into(),
        ..Default::default()
    };
    assert_eq!(
        server
            .jobs()
            .list_jobs(list)
            .await
            .unwrap()
            .into_inner()
            .jobs
            .len(),
        1
    );
}

#[tokio::test]
async fn an_etag_that_is_not_the_current_one_stops_a_run() {
    let server = seeded().await;
    let request = v1::RunResyncRequest {
        etag: "other".into(),
        ..force()
    };
    let refused = server.resyncs().run_resync(request).await;
    assert_refused(refused, Code::Aborted, "RESOURCE_CHANGED");
}
