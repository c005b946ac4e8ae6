//! Installing and managing synchronizers.

use crate::support::{Setup, TestServer, assert_refused, fields, force, synchronizer};
use resync_api::v1;
use resync_core::problem::{Problem, Reason};
use resync_service::Features;
use tonic::Code;
use tonic_types::StatusExt as _;

const EPICS: &str = "structures/roadmap/synchronizers/epics";

fn creation(id: &str, validate_only: bool) -> v1::CreateSynchronizerRequest {
    v1::CreateSynchronizerRequest {
        parent: "structures/roadmap".into(),
        synchronizer_id: id.into(),
        synchronizer: Some(synchronizer("type = Bug")),
        validate_only,
        ..Default::default()
    }
}

async fn seeded() -> TestServer {
    let server = TestServer::start().await;
    server.seed().await;
    server
}

async fn get(server: &TestServer) -> v1::Synchronizer {
    let request = v1::GetSynchronizerRequest { name: EPICS.into() };
    let found = server
        .synchronizers()
        .get_synchronizer(request)
        .await
        .unwrap();
    found.into_inner().synchronizer.unwrap()
}

#[tokio::test]
async fn a_synchronizer_starts_disabled_and_recommends_a_resync() {
    let server = seeded().await;
    let found = get(&server).await;
    assert_eq!(found.state(), v1::synchronizer::State::Disabled);
    assert!(found.resync_recommended);
    assert_eq!(
        (found.run_as.as_str(), found.current_job.as_str()),
        ("users/ann", "")
    );
    assert_eq!(found.directions.len(), 1);
    let job = server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    assert_eq!(get(&server).await.current_job, job.name);
}

#[tokio::test]
async fn a_resync_with_the_current_settings_is_what_was_recommended() {
    let server = seeded().await;
    let structure = resync_core::id::Slug::new("roadmap");
    let structure = server.store.get_structure(structure).await.unwrap();
    let slug = resync_core::id::Slug::new("epics");
    let record = server
        .store
        .get_synchronizer(structure.id, slug)
        .await
        .unwrap();
    let hash = resync_store::settings_hash(&record.rule.settings);
    server
        .store
        .set_synchronizer_base(record.id, hash, server.time())
        .await
        .unwrap();
    let found = get(&server).await;
    assert!(!found.resync_recommended && found.last_resync_time.is_some());
}

#[tokio::test]
async fn a_query_that_the_tracker_does_not_accept_is_not_installed() {
    let server = seeded().await;
    for validate_only in [true, false] {
        let problem = Problem::new(Reason::QueryInvalid, "the field `typo` does not exist")
            .with("jql", "typo = 1");
        server.tracker.rules.lock().unwrap().push_back(Err(problem));
        let request = creation("bugs", validate_only);
        let refused = server.synchronizers().create_synchronizer(request).await;
        let status = assert_refused(refused, Code::InvalidArgument, "QUERY_INVALID");
        assert_eq!(fields(&status), ["synchronizer.rule.filter.jql"]);
    }
}

#[tokio::test]
async fn a_tracker_that_is_away_stops_a_check_and_not_an_installation() {
    let server = seeded().await;
    let away = || {
        Problem::new(
            Reason::TrackerUnreachable,
            "jira does not answer; call again",
        )
    };
    server.tracker.rules.lock().unwrap().push_back(Err(away()));
    let refused = server
        .synchronizers()
        .create_synchronizer(creation("bugs", true))
        .await;
    let status = assert_refused(refused, Code::Unavailable, "TRACKER_UNREACHABLE");
    assert!(status.get_error_details().retry_info().is_some());
    server.tracker.rules.lock().unwrap().push_back(Err(away()));
    assert!(
        server
            .synchronizers()
            .create_synchronizer(creation("bugs", false))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn what_a_tracker_says_is_passed_on_by_its_reason() {
    let server = seeded().await;
    let cases = [
        (
            Reason::TrackerThrottled,
            Code::Unavailable,
            "TRACKER_THROTTLED",
        ),
        (
            Reason::TrackerAnswerInvalid,
            Code::Unavailable,
            "TRACKER_ANSWER_INVALID",
        ),
        (
            Reason::TrackerCredentialRefused,
            Code::FailedPrecondition,
            "TRACKER_CREDENTIAL_REFUSED",
        ),
        (
            Reason::TrackerPermissionDenied,
            Code::FailedPrecondition,
            "TRACKER_PERMISSION_DENIED",
        ),
    ];
    for (reason, code, name) in cases {
        let problem = Problem::new(reason, "words").with("tracker", "trackers/jira");
        server.tracker.rules.lock().unwrap().push_back(Err(problem));
        let refused = server
            .synchronizers()
            .create_synchronizer(creation("bugs", true))
            .await;
        assert_refused(refused, code, name);
    }
}

#[tokio::test]
async fn an_enabled_synchronizer_is_not_updated_and_its_kind_never_changes() {
    let server = seeded().await;
    let name = EPICS.to_owned();
    let update = |mut synchronizer: v1::Synchronizer| {
        synchronizer.name = EPICS.into();
        v1::UpdateSynchronizerRequest {
            synchronizer: Some(synchronizer),
            ..Default::default()
        }
    };
    let mut other = synchronizer("type = Bug");
    other.rule.as_mut().unwrap().kind =
        Some(v1::sync_rule::Kind::Subtasks(v1::SubtasksRule::default()));
    let refused = server
        .synchronizers()
        .update_synchronizer(update(other))
        .await;
    let status = assert_refused(refused, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(fields(&status), ["synchronizer.rule"]);

    let enable = v1::EnableSynchronizerRequest {
        name: name.clone(),
        etag: String::new(),
        ..Default::default()
    };
    let enabled = server
        .synchronizers()
        .enable_synchronizer(enable)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        enabled.synchronizer.unwrap().state(),
        v1::synchronizer::State::Enabled
    );
    let request = update(synchronizer("type = Bug"));
    let refused = server
        .synchronizers()
        .update_synchronizer(request.clone())
        .await;
    assert_refused(refused, Code::FailedPrecondition, "STATE_NOT_ALLOWED");
    let disable = v1::DisableSynchronizerRequest {
        name,
        etag: String::new(),
    };
    server
        .synchronizers()
        .disable_synchronizer(disable)
        .await
        .unwrap();
    let updated = server
        .synchronizers()
        .update_synchronizer(request)
        .await
        .unwrap()
        .into_inner();
    let rule = updated.synchronizer.unwrap().rule.unwrap();
    let Some(v1::sync_rule::Kind::Filter(filter)) = rule.kind else {
        panic!("{rule:?}")
    };
    assert_eq!(
        filter.source,
        Some(v1::filter_rule::Source::Jql("type = Bug".into()))
    );
}

#[tokio::test]
async fn an_etag_protects_against_changes_in_between() {
    let server = seeded().await;
    let (name, etag) = (EPICS.to_owned(), "old".to_owned());
    let mut client = server.synchronizers();
    let request = v1::EnableSynchronizerRequest {
        name: name.clone(),
        etag: etag.clone(),
        ..Default::default()
    };
    let refused = client.enable_synchronizer(request).await;
    assert_refused(refused, Code::Aborted, "RESOURCE_CHANGED");
    let request = v1::DeleteSynchronizerRequest {
        name: name.clone(),
        etag,
        allow_missing: true,
    };
    assert_refused(
        client.delete_synchronizer(request).await,
        Code::Aborted,
        "RESOURCE_CHANGED",
    );
}

#[tokio::test]
async fn a_removed_synchronizer_is_gone_and_removing_it_again_may_be_allowed() {
    let server = seeded().await;
    let delete = |allow_missing| v1::DeleteSynchronizerRequest {
        name: EPICS.into(),
        etag: String::new(),
        allow_missing,
    };
    server
        .synchronizers()
        .delete_synchronizer(delete(false))
        .await
        .unwrap();
    let refused = server
        .synchronizers()
        .delete_synchronizer(delete(false))
        .await;
    assert_refused(refused, Code::NotFound, "RESOURCE_NOT_FOUND");
    assert!(
        server
            .synchronizers()
            .delete_synchronizer(delete(true))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn synchronizers_are_listed_by_filter_and_page() {
    let server = seeded().await;
    server
        .synchronizers()
        .create_synchronizer(creation("bugs", false))
        .await
        .unwrap();
    let request = |filter: &str| v1::ListSynchronizersRequest {
        parent: "structures/-".into(),
        filter: filter.into(),
        page_size: 1,
        ..Default::default()
    };
    let page = server
        .synchronizers()
        .list_synchronizers(request(""))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.synchronizers[0].name, EPICS);
    let next = v1::ListSynchronizersRequest {
        page_token: page.next_page_token,
        ..request("")
    };
    let page = server
        .synchronizers()
        .list_synchronizers(next)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        page.synchronizers[0].name,
        "structures/roadmap/synchronizers/bugs"
    );
    assert_eq!(page.next_page_token, "");
    let filter = "rule.filter:* AND rule.tracker = trackers/jira AND run_as = users/ann";
    let page = server
        .synchronizers()
        .list_synchronizers(request(filter))
        .await
        .unwrap();
    assert_eq!(page.into_inner().synchronizers.len(), 1);
    for nothing in ["rule.subtasks:*", "state = STATE_ENABLED"] {
        let page = server
            .synchronizers()
            .list_synchronizers(request(nothing))
            .await
            .unwrap();
        assert!(page.into_inner().synchronizers.is_empty());
    }
}

#[tokio::test]
async fn kinds_say_what_they_do_and_what_they_overwrite() {
    let server = TestServer::start().await;
    let request = v1::ListSynchronizerKindsRequest::default();
    let kinds = server
        .synchronizers()
        .list_synchronizer_kinds(request)
        .await
        .unwrap();
    let kinds = kinds.into_inner().synchronizer_kinds;
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "synchronizerKinds/filter",
            "synchronizerKinds/links",
            "synchronizerKinds/agile",
            "synchronizerKinds/subtasks",
            "synchronizerKinds/status_rollup",
        ]
    );
    for kind in &kinds {
        assert!(!kind.settings.is_empty() && !kind.directions[0].effects.is_empty());
        let runs = kind.directions.iter().any(|support| support.resync);
        assert_eq!(kind.enabled, runs, "{}", kind.name);
        for support in &kind.directions {
            let writes_to_tracker = support.direction() == v1::Direction::FromStructure;
            assert_eq!(support.resync, !writes_to_tracker, "{}", kind.name);
        }
        let request = v1::GetSynchronizerKindRequest {
            name: kind.name.clone(),
        };
        let found = server
            .synchronizers()
            .get_synchronizer_kind(request)
            .await
            .unwrap();
        assert_eq!(found.into_inner().synchronizer_kind.as_ref(), Some(kind));
    }
    let settings: Vec<&str> = kinds[0]
        .settings
        .iter()
        .map(|one| one.field.as_str())
        .collect();
    assert!(settings.contains(&"jql") && settings.contains(&"check_children"));
}

#[tokio::test]
async fn everything_about_synchronizers_is_refused_while_they_are_switched_off() {
    let features = Features {
        synchronizers: false,
    };
    let server = TestServer::with(Setup {
        features,
        ..Setup::default()
    })
    .await;
    server.create_structure("roadmap").await;
    let name = EPICS.to_owned();
    let mut client = server.synchronizers();
    let refused = client.create_synchronizer(creation("a", false)).await;
    let status = assert_refused(refused, Code::FailedPrecondition, "SYNCHRONIZERS_DISABLED");
    assert!(status.message().contains("features.synchronizers"));
    let details = status.get_error_details();
    assert_eq!(
        details.precondition_failure().unwrap().violations[0].subject,
        "features.synchronizers"
    );
    assert!(details.help().is_some());
    let etag = String::new;
    let enable = v1::EnableSynchronizerRequest {
        name: name.clone(),
        etag: etag(),
        ..Default::default()
    };
    let refused = client.enable_synchronizer(enable).await;
    assert_refused(refused, Code::FailedPrecondition, "SYNCHRONIZERS_DISABLED");
    let refused = server
        .resyncs()
        .preview_resync(crate::support::preview(&name))
        .await;
    assert_refused(refused, Code::FailedPrecondition, "SYNCHRONIZERS_DISABLED");
    let refused = server.resyncs().run_resync(force()).await;
    assert_refused(refused, Code::FailedPrecondition, "SYNCHRONIZERS_DISABLED");
}
