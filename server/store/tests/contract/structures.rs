//! Structures.

use crate::data::{
    LEASE_MS, NOW, commit, installed, later, new_incremental, new_structure, structure,
};
use resync_core::id::{ForestVersion, RowId, Slug, StructureId};
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::State;
use resync_store::{Error, Store, StructureFilter, StructureUpdate};

pub(crate) async fn a_structure_is_read_back_as_it_was_created(store: &Store) {
    let new = new_structure("roadmap");
    let created = store.create_structure(new.clone(), None).await.unwrap();
    assert_eq!(created.slug, new.slug);
    assert_eq!(created.uid, new.uid);
    assert_eq!(created.display_name, new.display_name);
    assert_eq!(created.description, new.description);
    assert_eq!(created.creator, new.creator);
    assert_eq!((created.create_time, created.update_time), (NOW, NOW));
    assert_eq!(
        (created.forest_version, created.next_row_id),
        (ForestVersion(0), RowId(1))
    );
    assert_eq!((created.row_count, created.delete_time), (0, None));
    assert_eq!(store.get_structure(new.slug).await.unwrap(), created);
    assert_eq!(
        store.get_structure_by_id(created.id).await.unwrap(),
        created
    );
}

pub(crate) async fn a_slug_is_taken_also_by_a_deleted_structure(store: &Store) {
    let created = structure(store, "roadmap").await;
    store
        .delete_structure(created.id, None, later(1))
        .await
        .unwrap();
    let error = store
        .create_structure(new_structure("roadmap"), None)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        Error::AlreadyExists {
            what: "structure",
            name: "roadmap".into()
        }
    );
}

pub(crate) async fn an_update_changes_only_what_it_names(store: &Store) {
    let before = structure(store, "roadmap").await;
    let update = StructureUpdate {
        display_name: Some("New name".into()),
        ..StructureUpdate::default()
    };
    let etag = Some(before.etag.clone());
    let after = store
        .update_structure(before.id, update, etag, later(5))
        .await
        .unwrap();
    assert_ne!(after.etag, before.etag);
    let mut expected = before;
    expected.display_name = "New name".into();
    expected.update_time = later(5);
    expected.etag.clone_from(&after.etag);
    assert_eq!(after, expected);
}

pub(crate) async fn an_update_with_an_old_etag_is_stale(store: &Store) {
    let before = structure(store, "roadmap").await;
    let nothing = StructureUpdate::default;
    let after = store
        .update_structure(before.id, nothing(), None, later(1))
        .await
        .unwrap();
    let old = Some(before.etag.clone());
    let error = store
        .update_structure(before.id, nothing(), old.clone(), later(2))
        .await
        .unwrap_err();
    let stale = Error::Stale {
        what: "structure",
        expected: before.etag,
        actual: after.etag,
    };
    assert_eq!(error, stale);
    assert_eq!(
        store
            .delete_structure(before.id, old, later(2))
            .await
            .unwrap_err(),
        stale
    );
}

pub(crate) async fn a_deleted_structure_takes_no_changes_until_it_is_undeleted(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let deleted = store.delete_structure(id, None, later(1)).await.unwrap();
    assert_eq!(deleted.delete_time, Some(later(1)));
    let absent = Error::NotFound {
        what: "structure",
        name: id.to_string(),
    };
    let update = StructureUpdate::default();
    assert_eq!(
        store
            .update_structure(id, update, None, later(2))
            .await
            .unwrap_err(),
        absent
    );
    assert_eq!(
        store
            .delete_structure(id, None, later(2))
            .await
            .unwrap_err(),
        absent
    );
    assert_eq!(
        store.get_structure(Slug::new("roadmap")).await.unwrap(),
        deleted
    );

    let back = store.undelete_structure(id, later(3)).await.unwrap();
    assert_eq!((back.delete_time, back.update_time), (None, later(3)));
    assert_eq!(store.undelete_structure(id, later(4)).await.unwrap(), back);
    store.commit_forest(commit(id, 0)).await.unwrap();
}

pub(crate) async fn a_deleted_structure_has_its_synchronizers_disabled(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let id = installed.synchronizer.id;
    let problem = Problem::new(Reason::TrackerUnreachable, "no answer");
    let error = Some(problem.clone());
    store
        .set_synchronizer_state(id, State::Suspended, error, None, later(1))
        .await
        .unwrap();
    store
        .delete_structure(installed.structure, None, later(2))
        .await
        .unwrap();
    let disabled = store.get_synchronizer_by_id(id).await.unwrap();
    assert_eq!(
        (disabled.state, disabled.last_error),
        (State::Disabled, Some(problem))
    );
    assert_eq!(disabled.update_time, later(2));
}

pub(crate) async fn a_structure_with_a_live_job_is_not_deleted(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let job = store
        .create_job(new_incremental(id, "one"), None)
        .await
        .unwrap()
        .job
        .id;
    let error = store
        .delete_structure(id, None, later(1))
        .await
        .unwrap_err();
    assert_eq!(error, Error::JobInTheWay { job });
    store.request_cancel(job, later(LEASE_MS)).await.unwrap();
    store.delete_structure(id, None, later(1)).await.unwrap();
}

pub(crate) async fn structures_are_listed_by_page_and_filter(store: &Store) {
    for slug in ["alpha", "beta", "b-100-percent", "gamma"] {
        structure(store, slug).await;
    }
    let beta = store.get_structure(Slug::new("beta")).await.unwrap().id;
    store.delete_structure(beta, None, later(1)).await.unwrap();
    let update = StructureUpdate {
        display_name: Some("100% of It".into()),
        ..StructureUpdate::default()
    };
    let percent = store
        .get_structure(Slug::new("b-100-percent"))
        .await
        .unwrap()
        .id;
    store
        .update_structure(percent, update, None, later(1))
        .await
        .unwrap();

    let list = async |show_deleted, contains: Option<&str>, after, limit| {
        let filter = StructureFilter {
            show_deleted,
            name_contains: contains.map(str::to_owned),
        };
        let page = store.list_structures(filter, after, limit).await.unwrap();
        page.iter()
            .map(|record| record.slug.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        list(false, None, None, 10).await,
        "alpha b-100-percent gamma"
    );
    assert_eq!(
        list(true, None, None, 10).await,
        "alpha beta b-100-percent gamma"
    );
    assert_eq!(list(true, None, None, 2).await, "alpha beta");
    assert_eq!(list(true, None, Some(beta), 2).await, "b-100-percent gamma");
    assert_eq!(list(false, Some("THE G"), None, 10).await, "gamma");
    assert_eq!(
        list(false, Some("0% of it"), None, 10).await,
        "b-100-percent"
    );
    assert_eq!(list(false, Some("_"), None, 10).await, "");
}

pub(crate) async fn an_unknown_structure_is_not_found(store: &Store) {
    let error = store.get_structure(Slug::new("nowhere")).await.unwrap_err();
    assert_eq!(
        error,
        Error::NotFound {
            what: "structure",
            name: "nowhere".into()
        }
    );
    let absent = Error::NotFound {
        what: "structure",
        name: "404".into(),
    };
    let unknown = StructureId(404);
    assert_eq!(
        store.get_structure_by_id(unknown).await.unwrap_err(),
        absent
    );
    assert_eq!(store.load_rows(unknown).await.unwrap_err(), absent);
    assert_eq!(
        store.undelete_structure(unknown, NOW).await.unwrap_err(),
        absent
    );
    assert_eq!(
        store.commit_forest(commit(unknown, 0)).await.unwrap_err(),
        absent
    );
}
