//! Tracker connections.

use crate::data::{
    NOW, commit_adding, installed, issue, later, observed, row, structure, tracker,
    tracker_settings,
};
use resync_core::id::{IssueId, Slug, Uid};
use resync_core::problem::{Problem, Reason};
use resync_store::{Error, NewTracker, Store, TrackerContact, TrackerSettings, TrackerState};

pub(crate) async fn a_tracker_is_read_back_as_it_was_created(store: &Store) {
    let created = tracker(store, "jira").await;
    assert_eq!(
        (&created.slug, &created.settings),
        (&Slug::new("jira"), &tracker_settings())
    );
    assert_eq!(
        (created.state, &created.last_error),
        (TrackerState::Unchecked, &None)
    );
    assert_eq!((created.create_time, created.update_time), (NOW, NOW));
    assert_eq!(created.last_contact_time, None);
    assert_eq!(store.get_tracker(Slug::new("jira")).await.unwrap(), created);
    assert_eq!(store.get_tracker_by_id(created.id).await.unwrap(), created);
    let second = tracker(store, "another").await;
    assert_eq!(store.list_trackers().await.unwrap(), [created, second]);
    let new = NewTracker {
        slug: Slug::new("jira"),
        uid: Uid::new("uid"),
        settings: tracker_settings(),
        time: NOW,
    };
    let error = store.create_tracker(new, None).await.unwrap_err();
    assert_eq!(
        error,
        Error::AlreadyExists {
            what: "tracker",
            name: "jira".into()
        }
    );
    let error = store.get_tracker(Slug::new("other")).await.unwrap_err();
    assert_eq!(
        error,
        Error::NotFound {
            what: "tracker",
            name: "other".into()
        }
    );
}

pub(crate) async fn an_update_makes_a_tracker_unchecked(store: &Store) {
    let created = tracker(store, "jira").await;
    let refused = TrackerContact {
        state: TrackerState::Refused,
        last_error: Some(Problem::new(Reason::TrackerCredentialRefused, "refused")),
        contact_time: Some(later(1)),
    };
    store
        .note_tracker_contact(created.id, refused)
        .await
        .unwrap();
    let settings = TrackerSettings {
        credential: "other-bot".into(),
        ..tracker_settings()
    };
    let etag = Some(created.etag.clone());
    let updated = store
        .update_tracker(created.id, settings.clone(), etag, later(2))
        .await
        .unwrap();
    assert_eq!(updated.settings, settings);
    assert_eq!(
        (updated.state, &updated.last_error),
        (TrackerState::Unchecked, &None)
    );
    assert_eq!(updated.update_time, later(2));
    assert_ne!(updated.etag, created.etag);
}

pub(crate) async fn an_update_with_an_old_etag_is_stale(store: &Store) {
    let created = tracker(store, "jira").await;
    let update = async |etag| {
        store
            .update_tracker(created.id, tracker_settings(), etag, later(1))
            .await
    };
    let updated = update(None).await.unwrap();
    let stale = Error::Stale {
        what: "tracker",
        expected: created.etag.clone(),
        actual: updated.etag,
    };
    let old = Some(created.etag.clone());
    assert_eq!(update(old.clone()).await.unwrap_err(), stale);
    assert_eq!(
        store.delete_tracker(created.id, old).await.unwrap_err(),
        stale
    );
}

pub(crate) async fn contact_is_noted_when_it_is_news(store: &Store) {
    let created = tracker(store, "jira").await;
    let note = async |state, message: Option<&str>, contact_time| {
        let last_error = message.map(|message| Problem::new(Reason::TrackerUnreachable, message));
        let contact = TrackerContact {
            state,
            last_error,
            contact_time,
        };
        store
            .note_tracker_contact(created.id, contact)
            .await
            .unwrap();
        store.get_tracker_by_id(created.id).await.unwrap()
    };
    let active = note(TrackerState::Active, None, Some(later(1))).await;
    assert_eq!(
        (active.state, active.last_contact_time),
        (TrackerState::Active, Some(later(1)))
    );
    assert_eq!(active.etag, created.etag);
    let same = note(TrackerState::Active, None, Some(later(30))).await;
    assert_eq!(same.last_contact_time, Some(later(1)));
    let minute = note(TrackerState::Active, None, Some(later(61))).await;
    assert_eq!(minute.last_contact_time, Some(later(61)));
    let lost = note(TrackerState::Unreachable, Some("no answer"), None).await;
    assert_eq!(lost.state, TrackerState::Unreachable);
    assert_eq!(lost.last_error.unwrap().message, "no answer");
    assert_eq!(lost.last_contact_time, Some(later(61)));
}

pub(crate) async fn a_tracker_in_use_is_not_deleted(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let id = installed.tracker;
    let error = store.delete_tracker(id, None).await.unwrap_err();
    assert_eq!(
        error,
        Error::InUse {
            what: "tracker",
            count: 1,
            users: "synchronizers"
        }
    );
    store
        .delete_synchronizer(installed.synchronizer.id, None)
        .await
        .unwrap();

    let other = structure(store, "other").await.id;
    let rows = vec![row(1, None, 1, issue(id, 5))];
    store
        .commit_forest(commit_adding(other, rows))
        .await
        .unwrap();
    let error = store.delete_tracker(id, None).await.unwrap_err();
    assert_eq!(
        error,
        Error::InUse {
            what: "tracker",
            count: 1,
            users: "rows"
        }
    );

    let unused = tracker(store, "unused").await.id;
    store
        .upsert_observations(unused, vec![observed(5, "PAY-5", NOW)], NOW)
        .await
        .unwrap();
    store.delete_tracker(unused, None).await.unwrap();
    assert_eq!(
        store
            .load_observations(unused, vec![IssueId(5)])
            .await
            .unwrap(),
        []
    );
    let error = store.delete_tracker(unused, None).await.unwrap_err();
    assert_eq!(
        error,
        Error::NotFound {
            what: "tracker",
            name: unused.to_string()
        }
    );
}
