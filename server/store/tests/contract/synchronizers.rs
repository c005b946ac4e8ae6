//! Synchronizers.

use crate::data::{
    Installed, NOW, ann, by, claimed, commit_adding, filter_settings, folder, installed, later,
    made, new_incremental, new_resync, new_synchronizer, row, structure, subtasks_settings,
};
use resync_core::claim::{Claim, ClaimSource};
use resync_core::id::{Principal, RowId, Slug, StructureId, TrackerId};
use resync_core::job::Authorization;
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::State;
use resync_store::{Error, ForestCommit, Store, SynchronizerFilter, SynchronizerUpdate};

pub(crate) async fn a_synchronizer_is_read_back_as_it_was_installed(store: &Store) {
    let Installed {
        structure,
        tracker,
        synchronizer,
    } = installed(store, "roadmap").await;
    let new = new_synchronizer(structure, tracker, "pay");
    assert_eq!(
        (synchronizer.structure, &synchronizer.slug),
        (structure, &new.slug)
    );
    assert_eq!((&synchronizer.uid, synchronizer.ordinal), (&new.uid, 1));
    assert_eq!(
        (&synchronizer.display_name, &synchronizer.rule),
        (&new.display_name, &new.rule)
    );
    assert_eq!(
        (synchronizer.state, &synchronizer.run_as),
        (State::Disabled, &ann())
    );
    assert_eq!(
        (&synchronizer.last_error, &synchronizer.base_settings_hash),
        (&None, &None)
    );
    assert_eq!(
        (synchronizer.create_time, synchronizer.last_resync_time),
        (NOW, None)
    );
    assert_eq!(
        store.get_synchronizer(structure, new.slug).await.unwrap(),
        synchronizer
    );
    assert_eq!(
        store.get_synchronizer_by_id(synchronizer.id).await.unwrap(),
        synchronizer
    );
    let error = store
        .get_synchronizer(structure, Slug::new("other"))
        .await
        .unwrap_err();
    assert_eq!(
        error,
        Error::NotFound {
            what: "synchronizer",
            name: "other".into()
        }
    );
}

pub(crate) async fn a_slug_is_taken_within_its_structure_only(store: &Store) {
    let Installed {
        structure: here,
        tracker,
        ..
    } = installed(store, "here").await;
    let there = structure(store, "there").await.id;
    let again = new_synchronizer(here, tracker, "pay");
    let error = store.create_synchronizer(again, None).await.unwrap_err();
    assert_eq!(
        error,
        Error::AlreadyExists {
            what: "synchronizer",
            name: "pay".into()
        }
    );
    let other = new_synchronizer(there, tracker, "pay");
    assert_eq!(
        store
            .create_synchronizer(other, None)
            .await
            .unwrap()
            .ordinal,
        1
    );
}

pub(crate) async fn a_synchronizer_needs_its_structure_and_tracker(store: &Store) {
    let Installed {
        structure, tracker, ..
    } = installed(store, "roadmap").await;
    let create = async |structure, tracker| {
        let new = new_synchronizer(structure, tracker, "new");
        store.create_synchronizer(new, None).await.unwrap_err()
    };
    let error = create(structure, TrackerId(99)).await;
    assert_eq!(
        error,
        Error::NotFound {
            what: "tracker",
            name: "99".into()
        }
    );
    let error = create(StructureId(99), tracker).await;
    assert_eq!(
        error,
        Error::NotFound {
            what: "structure",
            name: "99".into()
        }
    );
    store.delete_structure(structure, None, NOW).await.unwrap();
    let error = create(structure, tracker).await;
    assert_eq!(
        error,
        Error::NotFound {
            what: "structure",
            name: structure.to_string()
        }
    );
}

pub(crate) async fn synchronizers_are_listed_in_the_order_of_installation(store: &Store) {
    let first = installed(store, "first").await;
    let second = installed(store, "second").await;
    for slug in ["zebra", "ant"] {
        let new = new_synchronizer(first.structure, first.tracker, slug);
        store.create_synchronizer(new, None).await.unwrap();
    }
    let ant = store
        .get_synchronizer(first.structure, Slug::new("ant"))
        .await
        .unwrap()
        .id;
    store
        .set_synchronizer_state(ant, State::Enabled, None, None, NOW)
        .await
        .unwrap();
    let list = async |filter| {
        let records = store.list_synchronizers(filter).await.unwrap();
        let show = |record: &resync_store::SynchronizerRecord| {
            format!("{}{}", record.slug, record.ordinal)
        };
        records.iter().map(show).collect::<Vec<_>>().join(" ")
    };
    let all = SynchronizerFilter::default();
    assert_eq!(list(all).await, "pay1 zebra2 ant3 pay1");
    let structure = Some(first.structure);
    assert_eq!(
        list(SynchronizerFilter { structure, ..all }).await,
        "pay1 zebra2 ant3"
    );
    let tracker = Some(second.tracker);
    assert_eq!(list(SynchronizerFilter { tracker, ..all }).await, "pay1");
    let state = Some(State::Enabled);
    assert_eq!(list(SynchronizerFilter { state, ..all }).await, "ant3");
    assert_eq!(
        store
            .count_synchronizers_of_tracker(first.tracker)
            .await
            .unwrap(),
        3
    );
}

pub(crate) async fn an_enabled_synchronizer_is_not_updated(store: &Store) {
    let id = installed(store, "roadmap").await.synchronizer.id;
    let update = || SynchronizerUpdate {
        display_name: Some("New".into()),
        settings: Some(subtasks_settings()),
        run_as: Some(Principal::new("users/bob")),
    };
    store
        .set_synchronizer_state(id, State::Enabled, None, None, later(1))
        .await
        .unwrap();
    let error = store
        .update_synchronizer(id, update(), None, later(2))
        .await
        .unwrap_err();
    let refused = Error::StateNotAllowed {
        action: "update synchronizer",
        state: "enabled",
    };
    assert_eq!(error, refused);
    assert_eq!(
        store
            .get_synchronizer_by_id(id)
            .await
            .unwrap()
            .rule
            .settings,
        filter_settings()
    );
    store
        .set_synchronizer_state(id, State::Suspended, None, None, later(3))
        .await
        .unwrap();
    let updated = store
        .update_synchronizer(id, update(), None, later(4))
        .await
        .unwrap();
    assert_eq!(updated.display_name, "New");
    assert_eq!(updated.rule.settings, subtasks_settings());
    assert_eq!(updated.run_as, Principal::new("users/bob"));
    assert_eq!(updated.update_time, later(4));
    let nothing = SynchronizerUpdate::default();
    let kept = store
        .update_synchronizer(id, nothing, None, later(5))
        .await
        .unwrap();
    assert_eq!(kept.run_as, updated.run_as);
}

pub(crate) async fn the_etag_follows_settings_and_state_only(store: &Store) {
    let created = installed(store, "roadmap").await.synchronizer;
    let id = created.id;
    let problem = Problem::new(Reason::TrackerUnreachable, "no answer").with("tracker", "jira");
    let failed = store
        .set_synchronizer_state(id, State::Disabled, Some(problem.clone()), None, later(1))
        .await
        .unwrap();
    assert_eq!(
        (&failed.etag, &failed.last_error),
        (&created.etag, &Some(problem))
    );
    let based = store
        .set_synchronizer_base(id, "hash".into(), later(2))
        .await
        .unwrap();
    assert_eq!(based.etag, created.etag);
    assert_eq!(based.base_settings_hash.as_deref(), Some("hash"));
    assert_eq!(
        (based.last_resync_time, based.update_time),
        (Some(later(2)), NOW)
    );
    let etag = Some(based.etag.clone());
    let enabled = store
        .set_synchronizer_state(id, State::Enabled, None, etag, later(3))
        .await
        .unwrap();
    assert_ne!(enabled.etag, based.etag);
    assert_eq!((enabled.update_time, enabled.last_error), (later(3), None));
    let old = Some(based.etag.clone());
    let stale = Error::Stale {
        what: "synchronizer",
        expected: based.etag,
        actual: enabled.etag,
    };
    let disabled = store.set_synchronizer_state(id, State::Disabled, None, old.clone(), later(4));
    assert_eq!(disabled.await.unwrap_err(), stale);
    let update = SynchronizerUpdate::default();
    let updated = store.update_synchronizer(id, update, old.clone(), later(4));
    assert_eq!(updated.await.unwrap_err(), stale);
    assert_eq!(store.delete_synchronizer(id, old).await.unwrap_err(), stale);
}

pub(crate) async fn a_deleted_synchronizer_leaves_its_rows_to_people(store: &Store) {
    let Installed {
        structure,
        synchronizer,
        ..
    } = installed(store, "roadmap").await;
    let mut rows: Vec<_> = (1..=2)
        .map(|id| row(id, None, 1, folder("A row")))
        .collect();
    rows[0].placed_by = Some(synchronizer.id);
    let claims = vec![
        made(1, by(synchronizer.id)),
        made(2, by(synchronizer.id)),
        made(2, ClaimSource::Person),
    ];
    let commit = ForestCommit {
        claims,
        ..commit_adding(structure, rows)
    };
    store.commit_forest(commit).await.unwrap();
    store
        .delete_synchronizer(synchronizer.id, Some(synchronizer.etag))
        .await
        .unwrap();
    let person = |row| Claim {
        row: RowId(row),
        source: ClaimSource::Person,
    };
    assert_eq!(
        store.load_claims(structure).await.unwrap(),
        [person(1), person(2)]
    );
    let rows = store.load_rows(structure).await.unwrap().rows;
    assert_eq!((rows.len(), rows[0].placed_by), (2, None));
    let error = store
        .delete_synchronizer(synchronizer.id, None)
        .await
        .unwrap_err();
    let name = synchronizer.id.to_string();
    assert_eq!(
        error,
        Error::NotFound {
            what: "synchronizer",
            name
        }
    );
}

pub(crate) async fn a_synchronizer_with_a_live_job_is_not_deleted(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let new = new_resync(&installed, "one", Authorization::Preview);
    let job = store.create_job(new, None).await.unwrap().job.id;
    let id = installed.synchronizer.id;
    let error = store.delete_synchronizer(id, None).await.unwrap_err();
    assert_eq!(error, Error::JobInTheWay { job });
    store.request_cancel(job, later(1)).await.unwrap();
    store.delete_synchronizer(id, None).await.unwrap();
    assert_eq!(store.get_job(job).await.unwrap().job.synchronizer, Some(id));
}

pub(crate) async fn a_synchronizer_is_not_deleted_under_a_running_incremental_sync(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let job = claimed(store, new_incremental(installed.structure, "one"))
        .await
        .job
        .id;
    let id = installed.synchronizer.id;
    let error = store.delete_synchronizer(id, None).await.unwrap_err();
    assert_eq!(error, Error::JobInTheWay { job });
}
