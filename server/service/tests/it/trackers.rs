//! Connections to trackers.

use crate::support::{Setup, TestServer, assert_refused, fields, tracker};
use resync_api::v1;
use resync_core::id::Principal;
use resync_service::{Access, Permission};
use std::sync::Arc;
use tonic::Code;

fn creation(tracker: v1::Tracker) -> v1::CreateTrackerRequest {
    v1::CreateTrackerRequest {
        tracker_id: "jira".into(),
        tracker: Some(tracker),
        ..Default::default()
    }
}

fn get() -> v1::GetTrackerRequest {
    v1::GetTrackerRequest {
        name: "trackers/jira".into(),
    }
}

#[tokio::test]
async fn a_connection_is_created_read_updated_and_deleted() {
    let server = TestServer::start().await;
    let mut client = server.trackers();
    let made = client
        .create_tracker(creation(tracker()))
        .await
        .unwrap()
        .into_inner();
    let made = made.tracker.unwrap();
    assert_eq!(made.state(), v1::tracker::State::Unspecified);
    let listed = client
        .list_trackers(v1::ListTrackersRequest::default())
        .await
        .unwrap();
    assert_eq!(listed.into_inner().trackers, vec![made.clone()]);
    let limits = v1::TrackerLimits {
        max_concurrent_requests: Some(2),
        ..Default::default()
    };
    let update = v1::Tracker {
        name: made.name.clone(),
        limits: Some(limits),
        etag: made.etag.clone(),
        ..Default::default()
    };
    let request = v1::UpdateTrackerRequest {
        tracker: Some(update),
        ..Default::default()
    };
    let updated = client
        .update_tracker(request.clone())
        .await
        .unwrap()
        .into_inner();
    let updated = updated.tracker.unwrap();
    assert_eq!(
        (updated.limits, updated.display_name),
        (Some(limits), "Jira".into())
    );
    assert_refused(
        client.update_tracker(request).await,
        Code::Aborted,
        "RESOURCE_CHANGED",
    );
    let name = made.name;
    let delete = v1::DeleteTrackerRequest {
        name,
        ..Default::default()
    };
    client.delete_tracker(delete.clone()).await.unwrap();
    assert_refused(
        client.get_tracker(get()).await,
        Code::NotFound,
        "RESOURCE_NOT_FOUND",
    );
    let refused = client.delete_tracker(delete.clone()).await;
    assert_refused(refused, Code::NotFound, "RESOURCE_NOT_FOUND");
    let delete = v1::DeleteTrackerRequest {
        allow_missing: true,
        ..delete
    };
    assert!(client.delete_tracker(delete).await.is_ok());
}

#[tokio::test]
async fn requests_go_only_where_the_operator_lets_a_secret_go() {
    let server = TestServer::start().await;
    let cases = [
        ("http://jira.example.com", "bot", "tracker.base_uri"),
        ("ftp://jira.example.com", "bot", "tracker.base_uri"),
        ("jira.example.com", "bot", "tracker.base_uri"),
        (
            "https://ann:secret@jira.example.com",
            "bot",
            "tracker.base_uri",
        ),
        ("https://jira.example.com?x=1", "bot", "tracker.base_uri"),
        ("https://169.254.169.254", "bot", "tracker.credential"),
        (
            "https://jira.example.com.evil.test",
            "bot",
            "tracker.credential",
        ),
        ("https://jira.example.com", "other", "tracker.credential"),
    ];
    for (base_uri, credential, field) in cases {
        let (base_uri, credential) = (base_uri.into(), credential.into());
        let request = creation(v1::Tracker {
            base_uri,
            credential,
            ..tracker()
        });
        let refused = server.trackers().create_tracker(request).await;
        let status = assert_refused(refused, Code::InvalidArgument, "FIELD_INVALID");
        assert_eq!(fields(&status), [field]);
        assert!(!status.message().contains("secret@"), "{status:?}");
    }
}

#[tokio::test]
async fn a_connection_in_use_is_not_deleted() {
    let server = TestServer::start().await;
    server.seed().await;
    let request = v1::DeleteTrackerRequest {
        name: "trackers/jira".into(),
        ..Default::default()
    };
    let refused = server.trackers().delete_tracker(request).await;
    assert_refused(refused, Code::FailedPrecondition, "STATE_NOT_ALLOWED");
}

#[tokio::test]
async fn a_check_reports_what_the_engine_found() {
    let server = TestServer::start().await;
    server.seed().await;
    let request = v1::CheckTrackerRequest {
        name: "trackers/jira".into(),
    };
    let found = server
        .trackers()
        .check_tracker(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (found.checks[0].code.as_str(), found.account.as_str()),
        ("REACHABLE", "bot")
    );
    assert_eq!(found.checks[0].result(), v1::tracker_check::Result::Passed);
}

#[tokio::test]
async fn only_administrators_see_which_secret_is_used() {
    let allows =
        |_: &Principal, permission: Permission, _: &str| permission != Permission::AdminTrackers;
    let identify = |_: &http::HeaderMap| Some(Principal::new("users/bob"));
    let access = Access::new(Arc::new(identify), Arc::new(allows));
    let server = TestServer::with(Setup {
        access,
        ..Setup::default()
    })
    .await;
    let new = resync_store::NewTracker {
        slug: resync_core::id::Slug::new("jira"),
        uid: resync_core::id::Uid::new("u"),
        settings: resync_store::TrackerSettings {
            display_name: "Jira".into(),
            product: resync_store::Product::JiraDataCenter,
            base_uri: "https://jira.example.com".into(),
            credential: "bot".into(),
            limits: resync_store::TrackerLimits::default(),
        },
        time: server.time(),
    };
    server.store.create_tracker(new, None).await.unwrap();
    let found = server
        .trackers()
        .get_tracker(get())
        .await
        .unwrap()
        .into_inner()
        .tracker
        .unwrap();
    assert_eq!(found.credential, "");
    let refused = server.trackers().create_tracker(creation(tracker())).await;
    assert_refused(refused, Code::PermissionDenied, "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_tracker_in_use_stays_where_it_points() {
    let server = TestServer::start().await;
    server.seed().await;
    let mut client = server.trackers();
    let tracker = client
        .get_tracker(get())
        .await
        .unwrap()
        .into_inner()
        .tracker
        .unwrap();
    let moved = v1::Tracker {
        base_uri: format!("{}/other", tracker.base_uri),
        ..tracker.clone()
    };
    let request = v1::UpdateTrackerRequest {
        tracker: Some(moved),
        ..Default::default()
    };
    assert_refused(
        client.update_tracker(request).await,
        Code::FailedPrecondition,
        "STATE_NOT_ALLOWED",
    );
    let renamed = v1::Tracker {
        display_name: "Other name".into(),
        ..tracker
    };
    let request = v1::UpdateTrackerRequest {
        tracker: Some(renamed),
        ..Default::default()
    };
    assert!(client.update_tracker(request).await.is_ok());
}
