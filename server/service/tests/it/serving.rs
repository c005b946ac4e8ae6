//! The server around the service: health, reflection, limits, callers and shutdown.

use crate::support::{
    Setup, TestServer, add_folders, assert_refused, connect, force, metadata, preview, reason,
};
use resync_api::v1;
use resync_core::id::Principal;
use resync_service::{Access, Ended, Limits, Permission};
use std::sync::Arc;
use std::time::Duration;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

const EPICS: &str = "structures/roadmap/synchronizers/epics";

#[tokio::test]
async fn the_server_describes_itself() {
    let server = TestServer::start().await;
    let found = server
        .server()
        .describe_server(v1::DescribeServerRequest {})
        .await
        .unwrap();
    let found = found.into_inner();
    assert_eq!(
        (found.version.as_str(), found.commit.as_str()),
        ("1.2.3", "abc")
    );
    assert_eq!(
        (found.caller.as_str(), found.synchronizers_enabled),
        ("users/ann", true)
    );
    let limits = found.limits.unwrap();
    assert_eq!(
        (limits.max_request_bytes, limits.max_watches_per_caller),
        (4 * 1024 * 1024, 50)
    );
    assert_eq!(limits.heartbeat_interval.unwrap().seconds, 15);
}

#[tokio::test]
async fn a_caller_that_is_not_known_may_do_nothing() {
    let access = Access::new(Arc::new(|_: &_| None), Arc::new(|_: &_, _, _: &_| true));
    let server = TestServer::with(Setup {
        access,
        ..Setup::default()
    })
    .await;
    let refused = server
        .server()
        .describe_server(v1::DescribeServerRequest {})
        .await;
    assert_refused(refused, Code::Unauthenticated, "CALLER_UNKNOWN");
    let watch = v1::WatchStructureRequest {
        name: "structures/a".into(),
        ..Default::default()
    };
    let refused = server.structures().watch_structure(watch).await.map(|_| ());
    assert_refused(refused, Code::Unauthenticated, "CALLER_UNKNOWN");
}

/// Everything but one permission is allowed.
fn all_but(denied: Permission) -> Access {
    let allows = move |_: &Principal, permission: Permission, _: &str| permission != denied;
    Access::new(
        Arc::new(|_: &_| Some(Principal::new("users/bob"))),
        Arc::new(allows),
    )
}

#[tokio::test]
async fn a_permission_is_asked_for_before_the_request_is_looked_at() {
    let server = TestServer::with(Setup {
        access: all_but(Permission::View),
        ..Setup::default()
    })
    .await;
    // Neither that the name is wrong nor that nothing is there is told.
    for name in ["structures/not there", "structures/nothing"] {
        let request = v1::GetStructureRequest { name: name.into() };
        let refused = server.structures().get_structure(request).await;
        let status = assert_refused(refused, Code::PermissionDenied, "PERMISSION_DENIED");
        let found = ["permission", "resource"].map(|key| metadata(&status, key));
        assert_eq!(found, ["VIEW".to_owned(), name.to_owned()]);
    }
    server.create_structure("roadmap").await;
    let listed = server
        .structures()
        .list_structures(v1::ListStructuresRequest::default())
        .await;
    assert!(listed.unwrap().into_inner().structures.is_empty());
}

#[tokio::test]
async fn force_needs_a_permission_of_its_own() {
    let server = TestServer::with(Setup {
        access: all_but(Permission::ForceResync),
        ..Setup::default()
    })
    .await;
    server.seed().await;
    let refused = server.resyncs().run_resync(force()).await;
    let status = assert_refused(refused, Code::PermissionDenied, "PERMISSION_DENIED");
    assert_eq!(metadata(&status, "permission"), "resync.force");
    assert!(
        server
            .resyncs()
            .preview_resync(preview(EPICS))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_token_is_for_its_own_caller_only_and_shown_to_nobody_else() {
    let identify = |headers: &http::HeaderMap| {
        let name = headers
            .get("x-user")
            .and_then(|name| name.to_str().ok())
            .unwrap_or("users/ann");
        Some(Principal::new(name))
    };
    let access = Access::new(Arc::new(identify), Arc::new(|_: &_, _, _: &_| true));
    let server = TestServer::with(Setup {
        access,
        ..Setup::default()
    })
    .await;
    server.seed().await;
    let plan = server.plan().await;
    let job = server.previewed(plan).await;
    let token = job.plan.unwrap().confirmation_token;
    let as_bob = |message| {
        let mut request = Request::new(message);
        request
            .metadata_mut()
            .insert("x-user", "users/bob".parse().unwrap());
        request
    };
    let run = crate::support::run(&token);
    let refused = server.resyncs().run_resync(as_bob(run)).await;
    assert_refused(refused, Code::InvalidArgument, "CONFIRMATION_INVALID");
    let mut request = Request::new(v1::GetJobRequest {
        name: job.name,
        view: 0,
    });
    request
        .metadata_mut()
        .insert("x-user", "users/bob".parse().unwrap());
    let seen = server
        .jobs()
        .get_job(request)
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    assert_eq!(seen.plan.unwrap().confirmation_token, "");
}

#[tokio::test]
async fn health_is_told_for_the_server_and_each_service() {
    let server = TestServer::start().await;
    let mut health = HealthClient::new(server.channel.clone());
    for service in ["", "resync.v1.StructureService", "resync.v1.JobService"] {
        let request = HealthCheckRequest {
            service: service.into(),
        };
        let status = health.check(request).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service}");
    }
    let request = HealthCheckRequest {
        service: "resync.v1.ResyncService".into(),
    };
    let mut watch = health.watch(request).await.unwrap().into_inner();
    assert_eq!(
        watch.message().await.unwrap().unwrap().status(),
        ServingStatus::Serving
    );
    server.draining.cancel();
    assert_eq!(
        watch.message().await.unwrap().unwrap().status(),
        ServingStatus::NotServing
    );
    // A client that watches the health does not hold up the end.
    let ended = tokio::time::timeout(Duration::from_secs(5), server.serving).await;
    assert_eq!(ended.expect("in time").unwrap().unwrap(), Ended::Drained);
}

#[tokio::test]
async fn a_draining_server_starts_no_job() {
    let server = TestServer::start().await;
    server.seed().await;
    let mut resyncs = server.resyncs();
    let draining = server.draining.clone();
    let name = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap()
        .name;
    let mut jobs = server.jobs();
    let wait = tokio::spawn(async move {
        jobs.wait_job(v1::WaitJobRequest {
            name,
            timeout: None,
        })
        .await
    });
    draining.cancel();
    let waited = wait.await.unwrap();
    assert_refused(waited, Code::Unavailable, "SERVER_DRAINING");
    // The connection may be closed by now; then the call does not get through at all.
    let refused = resyncs.preview_resync(preview(EPICS)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
}

#[tokio::test]
async fn a_call_that_hangs_is_cut_off_at_the_limit() {
    let limits = Limits {
        drain_time_max: Duration::from_millis(200),
        ..Limits::default()
    };
    let server = TestServer::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    server.seed().await;
    server
        .tracker
        .stuck
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let mut client = server.trackers();
    let started = server.tracker.asked.clone();
    let call = tokio::spawn(async move {
        client
            .check_tracker(v1::CheckTrackerRequest {
                name: "trackers/jira".into(),
            })
            .await
    });
    started.notified().await;
    server.draining.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), server.serving).await;
    assert_eq!(ended.expect("in time").unwrap().unwrap(), Ended::CutOff);
    assert!(call.await.unwrap().is_err());
}

#[tokio::test]
async fn the_deadline_of_a_call_and_the_cap_of_the_server_are_kept() {
    let limits = Limits {
        unary_time_max: Duration::from_secs(3),
        ..Limits::default()
    };
    let server = TestServer::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    server.seed().await;
    server
        .tracker
        .stuck
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let message = v1::CheckTrackerRequest {
        name: "trackers/jira".into(),
    };
    for timeout in [Duration::from_millis(50), Duration::from_secs(60)] {
        let mut request = Request::new(message.clone());
        request.set_timeout(timeout);
        let status = server.trackers().check_tracker(request).await.unwrap_err();
        assert!(
            matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled),
            "{status:?}"
        );
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_gets_the_usual_code_and_the_limit() {
    let server = TestServer::start().await;
    let request = v1::GetStructureRequest {
        name: "x".repeat(5 * 1024 * 1024),
    };
    let refused = server.structures().get_structure(request).await;
    let status = assert_refused(refused, Code::ResourceExhausted, "MESSAGE_TOO_LARGE");
    assert_eq!(metadata(&status, "allowed"), (4 * 1024 * 1024).to_string());
    assert!(metadata(&status, "actual").parse::<u64>().unwrap() > 5 * 1024 * 1024);
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented() {
    let server = TestServer::start().await;
    for path in [
        "/resync.v1.StructureService/Nothing",
        "/nothing.v1.Nothing/Nothing",
    ] {
        let mut client = tonic::client::Grpc::new(connect(server.address).await);
        client.ready().await.unwrap();
        let codec: tonic_prost::ProstCodec<v1::DescribeServerRequest, v1::DescribeServerResponse> =
            tonic_prost::ProstCodec::default();
        let request = Request::new(v1::DescribeServerRequest {});
        let path = http::uri::PathAndQuery::from_static(path);
        let status = client.unary(request, path, codec).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented);
    }
}

#[tokio::test]
async fn rows_are_compressed_for_those_who_take_it_and_job_watches_are_not() {
    let server = TestServer::start().await;
    server.seed().await;
    server.edit(vec![add_folders(0, 0, &["A", "B"])]).await;
    let mut client = server
        .structures()
        .accept_compressed(CompressionEncoding::Gzip);
    let request = v1::ListRowsRequest {
        parent: "structures/roadmap".into(),
        ..Default::default()
    };
    let response = client.list_rows(request).await.unwrap();
    assert_eq!(response.metadata().get("grpc-encoding").unwrap(), "gzip");
    let job = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    let mut client = server.jobs().accept_compressed(CompressionEncoding::Gzip);
    let request = v1::WatchJobRequest {
        name: job.name,
        ..Default::default()
    };
    let response = client.watch_job(request).await.unwrap();
    assert!(response.metadata().get("grpc-encoding").is_none());
}

#[tokio::test]
async fn reflection_shows_the_api_and_the_details_of_errors_in_both_versions() {
    let server = TestServer::start().await;
    let symbols = [
        "resync.v1.StructureService",
        "google.rpc.ErrorInfo",
        "grpc.health.v1.Health",
    ];
    {
        use tonic_reflection::pb::v1 as pb;
        let mut client =
            pb::server_reflection_client::ServerReflectionClient::new(server.channel.clone());
        for symbol in symbols {
            let request = pb::ServerReflectionRequest {
                host: String::new(),
                message_request: Some(
                    pb::server_reflection_request::MessageRequest::FileContainingSymbol(
                        symbol.into(),
                    ),
                ),
            };
            let stream = tokio_stream::once(request);
            let mut answers = client
                .server_reflection_info(stream)
                .await
                .unwrap()
                .into_inner();
            let answer = answers
                .message()
                .await
                .unwrap()
                .unwrap()
                .message_response
                .unwrap();
            use pb::server_reflection_response::MessageResponse;
            assert!(
                matches!(answer, MessageResponse::FileDescriptorResponse(_)),
                "{symbol}"
            );
        }
    }
    use tonic_reflection::pb::v1alpha as pb;
    let mut client =
        pb::server_reflection_client::ServerReflectionClient::new(server.channel.clone());
    let request = pb::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(pb::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let stream = tokio_stream::once(request);
    let mut answers = client
        .server_reflection_info(stream)
        .await
        .unwrap()
        .into_inner();
    let answer = answers
        .message()
        .await
        .unwrap()
        .unwrap()
        .message_response
        .unwrap();
    let pb::server_reflection_response::MessageResponse::ListServicesResponse(list) = answer else {
        panic!("{answer:?}");
    };
    let names: Vec<String> = list
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    assert!(
        names.contains(&"resync.v1.JobService".to_owned()),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_store_that_is_locked_is_a_reason_to_call_again() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    // A trigger says what SQLite says when another process has the file.
    let lock = "CREATE TRIGGER locked BEFORE UPDATE ON structures \
                BEGIN SELECT RAISE(ABORT, 'database is locked'); END;";
    resync_store::testing::execute(&server.store, lock)
        .await
        .unwrap();
    let update = v1::UpdateStructureRequest {
        structure: Some(v1::Structure {
            name: "structures/roadmap".into(),
            display_name: "B".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refused = server.structures().update_structure(update).await;
    assert_refused(refused, Code::Unavailable, "STORE_UNAVAILABLE");
}

#[tokio::test]
async fn what_is_stored_wrongly_is_a_fault_of_the_server_with_a_number() {
    let server = TestServer::start().await;
    server.seed().await;
    let spoil = "UPDATE synchronizers SET settings = 'no json'";
    resync_store::testing::execute(&server.store, spoil)
        .await
        .unwrap();
    let request = v1::GetSynchronizerRequest { name: EPICS.into() };
    let status = server
        .synchronizers()
        .get_synchronizer(request)
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::Internal, "INTERNAL")
    );
    let number = metadata(&status, "traceId");
    assert_eq!(number.len(), 32);
    assert!(status.message().contains(&number) && number != "0".repeat(32));
}
