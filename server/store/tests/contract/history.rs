//! Lineage and serial: the points in the history of a structure, and the jobs that name them.

use crate::data::{
    Installed, NOW, add, by, claimed, commit, commit_adding, folder, installed, made,
    new_incremental, observed, row, structure, subtasks_settings,
};
use resync_core::claim::ClaimSource;
use resync_core::id::{StructureId, TrackerId};
use resync_store::{
    Error, ForestCommit, HistoryPoint, JobCommit, JobPoints, JobUpdate, Lease, Store,
    SynchronizerUpdate,
};

async fn serial(store: &Store, id: StructureId) -> i64 {
    store.history_point(id).await.unwrap().serial
}

pub(crate) async fn the_history_of_a_structure_has_a_lineage_of_its_own_and_begins_at_0(
    store: &Store,
) {
    let (one, other) = (
        structure(store, "one").await,
        structure(store, "other").await,
    );
    let first = store.history_point(one.id).await.unwrap();
    assert_eq!(first.serial, 0);
    let unlike = store.history_point(other.id).await.unwrap();
    assert_ne!(first.lineage, unlike.lineage);
    assert_eq!(store.load_rows(one.id).await.unwrap().point, first);
    let error = store.history_point(StructureId(99)).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}

pub(crate) async fn rows_and_claims_make_a_point_and_observations_make_none(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lineage = store.history_point(id).await.unwrap().lineage;
    let rows = commit_adding(id, vec![row(1, None, 1, folder("A row"))]);
    store.commit_forest(rows).await.unwrap();
    assert_eq!(serial(store, id).await, 1);
    let claims = ForestCommit {
        claims: vec![made(1, ClaimSource::Person)],
        ..commit(id, 1)
    };
    store.commit_forest(claims).await.unwrap();
    assert_eq!(serial(store, id).await, 2);
    let read = ForestCommit {
        observations: vec![(TrackerId(1), observed(70, "PAY-70", NOW))],
        ..commit(id, 1)
    };
    store.commit_forest(read).await.unwrap();
    let now = store.history_point(id).await.unwrap();
    assert_eq!((now.serial, now.lineage), (2, lineage));
}

pub(crate) async fn a_synchronizer_that_goes_makes_a_point(store: &Store) {
    let Installed {
        structure,
        synchronizer,
        ..
    } = installed(store, "roadmap").await;
    store
        .delete_synchronizer(synchronizer.id, None)
        .await
        .unwrap();
    assert_eq!(serial(store, structure).await, 1);
}

/// What a running job has read was for the settings before.
pub(crate) async fn settings_that_change_make_a_point_and_a_name_makes_none(store: &Store) {
    let Installed {
        structure,
        synchronizer,
        ..
    } = installed(store, "roadmap").await;
    let rename = SynchronizerUpdate {
        display_name: Some("Payments".into()),
        ..SynchronizerUpdate::default()
    };
    let renamed = store.update_synchronizer(synchronizer.id, rename, None, NOW);
    renamed.await.unwrap();
    assert_eq!(serial(store, structure).await, 0);
    let other = SynchronizerUpdate {
        settings: Some(subtasks_settings()),
        ..SynchronizerUpdate::default()
    };
    let changed = store.update_synchronizer(synchronizer.id, other, None, NOW);
    changed.await.unwrap();
    assert_eq!(serial(store, structure).await, 1);
}

fn claiming(id: StructureId, lease: Lease, point: HistoryPoint) -> ForestCommit {
    ForestCommit {
        claims: vec![made(1, by(resync_core::id::SynchronizerId(9)))],
        job: Some(JobCommit {
            lease,
            point,
            observed: None,
            update: JobUpdate::default(),
            sync: None,
        }),
        ..commit(id, 0)
    }
}

pub(crate) async fn a_job_commits_only_at_the_point_that_it_planned_from(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let before = store.history_point(id).await.unwrap();
    let claims = ForestCommit {
        claims: vec![made(1, ClaimSource::Person)],
        ..commit(id, 0)
    };
    store.commit_forest(claims).await.unwrap();
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    let error = store
        .commit_forest(claiming(id, lease, before.clone()))
        .await
        .unwrap_err();
    let Error::Stale {
        what,
        expected,
        actual,
    } = error
    else {
        panic!("{error}")
    };
    let serials = (expected.ends_with("/0"), actual.ends_with("/1"));
    assert_eq!((what, serials), ("forest", (true, true)));
    let foreign = HistoryPoint {
        lineage: resync_core::id::Uid::new("another"),
        serial: 1,
    };
    let error = store
        .commit_forest(claiming(id, lease, foreign))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error}");
    assert_eq!(store.load_claims(id).await.unwrap().len(), 1);
}

pub(crate) async fn a_job_keeps_the_points_of_its_plan_and_of_its_commit(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    let points = async || store.job_points(lease.job).await.unwrap();
    assert_eq!(points().await, JobPoints::default());
    let base = store.history_point(id).await.unwrap();
    let update = JobUpdate {
        base_point: Some(base.clone()),
        ..JobUpdate::default()
    };
    store
        .store_plan(lease, Vec::new(), update, NOW)
        .await
        .unwrap();
    let read = ForestCommit {
        claims: Vec::new(),
        ..claiming(id, lease, base.clone())
    };
    store.commit_forest(read).await.unwrap();
    assert_eq!(points().await.result, None);
    let top = row(1, None, 1, folder("A row"));
    let change = ForestCommit {
        changes: vec![add(&top)],
        upserts: vec![top],
        ..claiming(id, lease, base.clone())
    };
    store.commit_forest(change).await.unwrap();
    let expected = JobPoints {
        base: Some(base),
        result: Some(store.history_point(id).await.unwrap()),
    };
    assert_eq!(points().await, expected);
    let unknown = resync_core::id::JobId(99);
    let error = store.job_points(unknown).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}
