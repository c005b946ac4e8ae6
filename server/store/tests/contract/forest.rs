//! Rows, claims, versions and commits.

use crate::data::{
    Installed, NOW, add, ann, by, by_job, claimed, commit, commit_adding, folder, installed, issue,
    later, made, new_incremental, observed, row, structure, withdrawn,
};
use resync_core::change::{ForestChange, Place};
use resync_core::claim::{Claim, ClaimSource};
use resync_core::forest::ForestRow;
use resync_core::id::{ForestVersion, RowId, StructureId, SynchronizerId, TrackerId};
use resync_core::job::JobState;
use resync_core::order::OrderKey;
use resync_store::{Error, ForestCommit, JobUpdate, Store};

/// Enough rows for several statements and several chunks of changes.
const MANY: i64 = 25_000;

async fn rows_of(store: &Store, id: StructureId) -> Vec<ForestRow> {
    store.load_rows(id).await.unwrap().rows
}

async fn claims_of(store: &Store, id: StructureId) -> Vec<Claim> {
    store.load_claims(id).await.unwrap()
}

pub(crate) async fn a_commit_is_read_back_whole(store: &Store) {
    let Installed {
        structure,
        tracker,
        synchronizer,
    } = installed(store, "roadmap").await;
    let top = row(1, None, 9, folder("Quarter"));
    let mut child = row(2, Some(1), 5, issue(tracker, 70));
    child.alias = true;
    child.placed_by = Some(synchronizer.id);
    let seen = observed(70, "PAY-70", NOW);
    let change = ForestCommit {
        claims: vec![made(1, ClaimSource::Person), made(2, by(synchronizer.id))],
        observations: vec![(tracker, seen.clone())],
        synchronizer: Some(synchronizer.id),
        ..commit_adding(structure, vec![top.clone(), child.clone()])
    };
    let changes = change.changes.clone();
    assert_eq!(store.commit_forest(change).await.unwrap(), ForestVersion(1));

    let loaded = store.load_rows(structure).await.unwrap();
    assert_eq!(
        (loaded.version, loaded.next_row_id),
        (ForestVersion(1), RowId(3))
    );
    assert_eq!(loaded.rows, [top, child]);
    let claims = [
        Claim {
            row: RowId(1),
            source: ClaimSource::Person,
        },
        Claim {
            row: RowId(2),
            source: by(synchronizer.id),
        },
    ];
    assert_eq!(claims_of(store, structure).await, claims);
    let history = store
        .load_changes(structure, ForestVersion(0), 10)
        .await
        .unwrap();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].changes, changes);
    assert_eq!(
        (history[0].version, history[0].time),
        (ForestVersion(1), later(1))
    );
    assert_eq!(
        (&history[0].principal, history[0].reason.as_str()),
        (&ann(), "because")
    );
    assert_eq!(
        (history[0].job, history[0].synchronizer),
        (None, Some(synchronizer.id))
    );
    let record = store.get_structure_by_id(structure).await.unwrap();
    assert_eq!(
        (record.forest_version, record.row_count),
        (ForestVersion(1), 2)
    );
    assert_eq!((record.update_time, record.etag.as_str()), (later(1), "1"));
    let observations = store
        .load_observations(tracker, vec![seen.id])
        .await
        .unwrap();
    assert_eq!(observations[0].issue, seen);
}

pub(crate) async fn a_commit_on_an_old_version_is_stale_and_keeps_nothing(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let first = vec![row(1, None, 1, folder("First"))];
    store
        .commit_forest(commit_adding(id, first.clone()))
        .await
        .unwrap();
    let second = ForestCommit {
        claims: vec![made(2, ClaimSource::Person)],
        observations: vec![(TrackerId(1), observed(70, "PAY-70", NOW))],
        ..commit_adding(id, vec![row(2, None, 2, folder("Second"))])
    };
    let error = store.commit_forest(second).await.unwrap_err();
    let stale = Error::Stale {
        what: "forest",
        expected: "0".into(),
        actual: "1".into(),
    };
    assert_eq!(error, stale);
    assert_eq!(rows_of(store, id).await, first);
    assert_eq!(claims_of(store, id).await, []);
    let seen = observed(70, "PAY-70", NOW).id;
    assert_eq!(
        store
            .load_observations(TrackerId(1), vec![seen])
            .await
            .unwrap(),
        []
    );
    assert_eq!(store.kept_versions(id).await.unwrap(), Some(1..=1));
}

pub(crate) async fn of_two_commits_on_one_version_one_is_kept(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let race = |number| {
        let store = store.clone();
        let rows = vec![row(number, None, 1, folder("A row"))];
        tokio::spawn(async move { store.commit_forest(commit_adding(id, rows)).await })
    };
    let racers: Vec<_> = (1..=8).map(race).collect();
    let mut winners = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(version) => winners += version.0,
            Err(error) => assert!(matches!(error, Error::Stale { .. }), "{error}"),
        }
    }
    assert_eq!(winners, 1);
    assert_eq!(rows_of(store, id).await.len(), 1);
}

pub(crate) async fn a_commit_without_changes_keeps_the_version(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let claims = vec![made(1, ClaimSource::Person)];
    let version = store
        .commit_forest(ForestCommit {
            claims,
            ..commit(id, 0)
        })
        .await
        .unwrap();
    assert_eq!(version, ForestVersion(0));
    assert_eq!(claims_of(store, id).await.len(), 1);
    assert_eq!(store.kept_versions(id).await.unwrap(), None);
    let error = store.commit_forest(commit(id, 1)).await.unwrap_err();
    assert!(matches!(error, Error::Stale { .. }), "{error}");
}

pub(crate) async fn a_commit_to_a_deleted_structure_is_refused(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    store.delete_structure(id, None, later(1)).await.unwrap();
    let error = store.commit_forest(commit(id, 0)).await.unwrap_err();
    assert_eq!(
        error,
        Error::NotFound {
            what: "structure",
            name: id.to_string()
        }
    );
}

pub(crate) async fn claims_go_with_their_row_and_are_made_and_withdrawn(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let (person, robot) = (ClaimSource::Person, by(SynchronizerId(9)));
    let rows: Vec<_> = (1..=3)
        .map(|number| row(number, None, 1, folder("A row")))
        .collect();
    let claims = vec![
        made(1, person),
        made(1, robot),
        made(2, robot),
        made(3, robot),
    ];
    let first = ForestCommit {
        claims,
        ..commit_adding(id, rows.clone())
    };
    store.commit_forest(first).await.unwrap();
    let second = ForestCommit {
        deletes: vec![RowId(3)],
        changes: vec![add(&rows[2]).inverse()],
        claims: vec![
            withdrawn(1, robot),
            made(2, person),
            made(2, robot),
            withdrawn(2, person),
        ],
        ..commit(id, 1)
    };
    store.commit_forest(second).await.unwrap();
    let expected = [
        Claim {
            row: RowId(1),
            source: person,
        },
        Claim {
            row: RowId(2),
            source: robot,
        },
    ];
    assert_eq!(claims_of(store, id).await, expected);
    assert_eq!(rows_of(store, id).await, rows[..2]);
}

pub(crate) async fn the_last_of_several_changes_of_a_claim_counts(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let person = ClaimSource::Person;
    let claims = vec![
        made(1, person),
        withdrawn(1, person),
        withdrawn(2, person),
        made(2, person),
    ];
    store
        .commit_forest(ForestCommit {
            claims,
            ..commit(id, 0)
        })
        .await
        .unwrap();
    assert_eq!(
        claims_of(store, id).await,
        [Claim {
            row: RowId(2),
            source: person
        }]
    );
}

pub(crate) async fn history_is_read_forward_by_page(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    for version in 0..5 {
        let rows = vec![row(version + 1, None, 1, folder("A row"))];
        let next = ForestCommit {
            expected_version: ForestVersion(version),
            ..commit_adding(id, rows)
        };
        store.commit_forest(next).await.unwrap();
    }
    let page = async |after, limit| {
        let page = store
            .load_changes(id, ForestVersion(after), limit)
            .await
            .unwrap();
        let show = |record: &resync_store::VersionRecord| {
            format!("{}:{}", record.version, record.changes[0].row())
        };
        page.iter().map(show).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(page(0, 2).await, "1:1 2:2");
    assert_eq!(page(2, 9).await, "3:3 4:4 5:5");
    assert_eq!(page(5, 9).await, "");
    assert_eq!(store.kept_versions(id).await.unwrap(), Some(1..=5));
}

pub(crate) async fn many_rows_and_changes_survive(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let rows: Vec<_> = (1..=MANY)
        .map(|number| {
            row(
                number,
                (number > 1).then_some(1),
                1,
                issue(TrackerId(1), number),
            )
        })
        .collect();
    let first = commit_adding(id, rows.clone());
    let changes = first.changes.clone();
    store.commit_forest(first).await.unwrap();
    assert_eq!(rows_of(store, id).await, rows);
    let history = store.load_changes(id, ForestVersion(0), 1).await.unwrap();
    assert_eq!(history[0].changes, changes);

    let moved: Vec<_> = rows[1..]
        .iter()
        .map(|old| ForestRow {
            parent: None,
            ..old.clone()
        })
        .collect();
    let gone: Vec<_> = (2..=MANY)
        .filter(|number| number % 2 == 0)
        .map(RowId)
        .collect();
    let here = Place {
        parent: None,
        previous: None,
    };
    let second = ForestCommit {
        upserts: moved.clone(),
        changes: vec![ForestChange::Move {
            row: RowId(2),
            from: here,
            to: here,
        }],
        ..commit(id, 1)
    };
    store.commit_forest(second).await.unwrap();
    assert_eq!(rows_of(store, id).await[1..], moved);
    let third = ForestCommit {
        deletes: gone,
        ..commit(id, 2)
    };
    store.commit_forest(third).await.unwrap();
    assert_eq!(
        rows_of(store, id).await.len(),
        usize::try_from(MANY / 2).unwrap()
    );
}

pub(crate) async fn a_commit_ends_its_job_in_the_same_transaction(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    let update = JobUpdate {
        state: Some(JobState::Succeeded),
        ..JobUpdate::default()
    };
    let change = ForestCommit {
        job: Some(by_job(store, id, lease, update).await),
        ..commit_adding(id, vec![row(1, None, 1, folder("A row"))])
    };
    store.commit_forest(change).await.unwrap();
    let job = store.get_job(lease.job).await.unwrap().job;
    assert_eq!(job.state, JobState::Succeeded);
    assert_eq!(job.result_forest_version, Some(ForestVersion(1)));
    assert_eq!(job.end_time, Some(later(1)));
    let history = store.load_changes(id, ForestVersion(0), 1).await.unwrap();
    assert_eq!(history[0].job, Some(lease.job));
}

pub(crate) async fn a_commit_whose_lease_is_lost_keeps_nothing(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let mut lease = claimed(store, new_incremental(id, "one")).await.lease;
    lease.epoch -= 1;
    let change = ForestCommit {
        job: Some(by_job(store, id, lease, JobUpdate::default()).await),
        ..commit_adding(id, vec![row(1, None, 1, folder("A row"))])
    };
    let error = store.commit_forest(change).await.unwrap_err();
    assert_eq!(error, Error::LeaseLost { job: lease.job });
    assert_eq!(store.load_rows(id).await.unwrap().version, ForestVersion(0));
    assert_eq!(rows_of(store, id).await, []);
}

pub(crate) async fn rows_sort_and_compare_as_bytes(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let keys: [&[u8]; 4] = [&[0, 1], &[127, 255], &[128], &[255, 255, 1]];
    let rows: Vec<_> = (1..)
        .zip(keys)
        .map(|(number, key)| ForestRow {
            key: OrderKey::from_bytes(key).unwrap(),
            ..row(number, None, 1, folder("ü, 漢, '\"\\ and \u{1F600}"))
        })
        .collect();
    store
        .commit_forest(commit_adding(id, rows.clone()))
        .await
        .unwrap();
    assert_eq!(rows_of(store, id).await, rows);
}
