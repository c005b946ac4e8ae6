//! Structures: everything but their rows.

use crate::support::{TestServer, assert_refused, fields};
use resync_api::v1;
use tonic::Code;

fn creation(id: &str, name: &str) -> v1::CreateStructureRequest {
    let structure = v1::Structure {
        display_name: name.into(),
        ..Default::default()
    };
    v1::CreateStructureRequest {
        structure_id: id.into(),
        structure: Some(structure),
        ..Default::default()
    }
}

fn named(name: &str) -> v1::GetStructureRequest {
    v1::GetStructureRequest { name: name.into() }
}

#[tokio::test]
async fn a_structure_that_was_created_is_found_and_listed() {
    let server = TestServer::start().await;
    let mut client = server.structures();
    let made = client
        .create_structure(creation("roadmap", "Roadmap"))
        .await
        .unwrap();
    let made = made.into_inner().structure.unwrap();
    assert_eq!(made.name, "structures/roadmap");
    assert_eq!(made.creator, "users/ann");
    let found = client
        .get_structure(named("structures/roadmap"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.structure, Some(made.clone()));
    let listed = client
        .list_structures(v1::ListStructuresRequest::default())
        .await
        .unwrap();
    assert_eq!(listed.into_inner().structures, vec![made]);
}

#[tokio::test]
async fn the_server_chooses_an_id_when_the_caller_does_not() {
    let server = TestServer::start().await;
    let made = server
        .structures()
        .create_structure(creation("", "A"))
        .await
        .unwrap();
    let name = made.into_inner().structure.unwrap().name;
    assert!(
        server
            .structures()
            .get_structure(named(&name))
            .await
            .is_ok(),
        "{name}"
    );
}

#[tokio::test]
async fn an_id_is_taken_once_even_when_only_checked() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    for validate_only in [false, true] {
        let request = v1::CreateStructureRequest {
            validate_only,
            ..creation("roadmap", "B")
        };
        let refused = server.structures().create_structure(request).await;
        let status = assert_refused(refused, Code::AlreadyExists, "RESOURCE_ALREADY_EXISTS");
        let details = tonic_types::StatusExt::get_error_details(&status);
        let resource = details.resource_info().unwrap();
        assert_eq!(resource.resource_type, "resync.internal/Structure");
        assert_eq!(resource.resource_name, "structures/roadmap");
    }
}

#[tokio::test]
async fn checking_a_creation_creates_nothing() {
    let server = TestServer::start().await;
    let request = v1::CreateStructureRequest {
        validate_only: true,
        ..creation("roadmap", "A")
    };
    let made = server
        .structures()
        .create_structure(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(made.structure.unwrap().uid, "");
    let refused = server
        .structures()
        .get_structure(named("structures/roadmap"))
        .await;
    assert_refused(refused, Code::NotFound, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn a_creation_that_is_sent_twice_is_done_once() {
    let server = TestServer::start().await;
    let request_id = "6f3c5d2e-0b1a-4c3d-8e9f-001122334455".to_owned();
    let request = v1::CreateStructureRequest {
        request_id,
        ..creation("", "A")
    };
    let first = server
        .structures()
        .create_structure(request.clone())
        .await
        .unwrap()
        .into_inner();
    let second = server
        .structures()
        .create_structure(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, second);
    let other = v1::CreateStructureRequest {
        structure_id: "other".into(),
        ..request
    };
    let refused = server.structures().create_structure(other).await;
    let status = assert_refused(refused, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(fields(&status), ["request_id"]);
}

#[tokio::test]
async fn an_update_changes_what_its_mask_names() {
    let server = TestServer::start().await;
    let made = server.create_structure("roadmap").await;
    let update = |structure, paths: &[&str]| v1::UpdateStructureRequest {
        structure: Some(structure),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        validate_only: false,
    };
    let structure = v1::Structure {
        name: made.name.clone(),
        display_name: "New".into(),
        description: "What for".into(),
        ..Default::default()
    };
    let request = update(structure.clone(), &["description"]);
    let updated = server
        .structures()
        .update_structure(request)
        .await
        .unwrap()
        .into_inner();
    let updated = updated.structure.unwrap();
    assert_eq!(
        (updated.display_name.as_str(), updated.description.as_str()),
        ("Roadmap", "What for")
    );
    assert_ne!(updated.etag, made.etag);

    let stale = v1::Structure {
        etag: made.etag,
        ..structure
    };
    let refused = server
        .structures()
        .update_structure(update(stale, &["display_name"]))
        .await;
    assert_refused(refused, Code::Aborted, "RESOURCE_CHANGED");
}

#[tokio::test]
async fn a_deleted_structure_is_hidden_refuses_changes_and_comes_back() {
    let server = TestServer::start().await;
    let name = server.create_structure("roadmap").await.name;
    let mut client = server.structures();
    let delete = v1::DeleteStructureRequest {
        name: name.clone(),
        ..Default::default()
    };
    let deleted = client
        .delete_structure(delete.clone())
        .await
        .unwrap()
        .into_inner();
    assert!(deleted.structure.unwrap().delete_time.is_some());
    let list = |show_deleted| v1::ListStructuresRequest {
        show_deleted,
        ..Default::default()
    };
    let listed = client
        .list_structures(list(false))
        .await
        .unwrap()
        .into_inner();
    assert!(listed.structures.is_empty());
    let listed = client
        .list_structures(list(true))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.structures.len(), 1);

    let again = client.delete_structure(delete.clone()).await;
    assert_refused(again, Code::FailedPrecondition, "STATE_NOT_ALLOWED");
    let missing = v1::DeleteStructureRequest {
        allow_missing: true,
        ..delete
    };
    assert!(client.delete_structure(missing).await.is_ok());
    let update = v1::UpdateStructureRequest {
        structure: Some(v1::Structure {
            name: name.clone(),
            display_name: "B".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let refused = client.update_structure(update).await;
    assert_refused(refused, Code::FailedPrecondition, "STATE_NOT_ALLOWED");
    let back = v1::UndeleteStructureRequest { name };
    let back = client
        .undelete_structure(back)
        .await
        .unwrap()
        .into_inner()
        .structure
        .unwrap();
    assert_eq!(back.delete_time, None);
}

#[tokio::test]
async fn a_structure_with_synchronizers_is_deleted_by_force_and_they_are_disabled() {
    let server = TestServer::start().await;
    server.seed().await;
    let synchronizer = "structures/roadmap/synchronizers/epics".to_owned();
    let enable = v1::EnableSynchronizerRequest {
        name: synchronizer.clone(),
        etag: String::new(),
        ..Default::default()
    };
    server
        .synchronizers()
        .enable_synchronizer(enable)
        .await
        .unwrap();
    let name = "structures/roadmap".to_owned();
    let delete = v1::DeleteStructureRequest {
        name,
        ..Default::default()
    };
    let refused = server.structures().delete_structure(delete.clone()).await;
    assert_refused(refused, Code::FailedPrecondition, "STATE_NOT_ALLOWED");
    let delete = v1::DeleteStructureRequest {
        force: true,
        ..delete
    };
    server.structures().delete_structure(delete).await.unwrap();
    let get = v1::GetSynchronizerRequest { name: synchronizer };
    let found = server
        .synchronizers()
        .get_synchronizer(get)
        .await
        .unwrap()
        .into_inner();
    let state = found.synchronizer.unwrap().state();
    assert_eq!(state, v1::synchronizer::State::Disabled);
}

#[tokio::test]
async fn a_list_goes_on_where_the_page_before_ended_and_only_there() {
    let server = TestServer::start().await;
    for number in 0..5 {
        server.create_structure(&format!("s{number}")).await;
    }
    let mut names = Vec::new();
    let mut request = v1::ListStructuresRequest {
        page_size: 2,
        ..Default::default()
    };
    loop {
        let page = server
            .structures()
            .list_structures(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert!(page.structures.len() <= 2);
        names.extend(page.structures.into_iter().map(|one| one.name));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let expected: Vec<String> = (0..5)
        .map(|number| format!("structures/s{number}"))
        .collect();
    assert_eq!(names, expected);
    request.show_deleted = true;
    let refused = server.structures().list_structures(request).await;
    assert_refused(refused, Code::InvalidArgument, "TOKEN_INVALID");
}

#[tokio::test]
async fn a_list_shows_what_its_filter_passes() {
    let server = TestServer::start().await;
    for (id, name) in [("a", "Roadmap 2026"), ("b", "Bugs"), ("c", "Old roadmap")] {
        server
            .structures()
            .create_structure(creation(id, name))
            .await
            .unwrap();
    }
    let filter = r#"display_name:roadmap AND creator = "users/ann""#.to_owned();
    let request = v1::ListStructuresRequest {
        filter,
        ..Default::default()
    };
    let found = server
        .structures()
        .list_structures(request)
        .await
        .unwrap()
        .into_inner();
    let names: Vec<&str> = found
        .structures
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["structures/a", "structures/c"]);
}
