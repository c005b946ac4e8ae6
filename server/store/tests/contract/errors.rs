//! How SQLite fails, and what the store says then.

use crate::block_on;
use crate::data::{LEASE_MS, NOW, commit, commit_adding, folder, row, structure};
use crate::fixture::seed;
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use expect_test::{Expect, expect};
use resync_core::claim::ClaimChange;
use resync_core::id::{ForestVersion, JobId, Slug};
use resync_store::testing::execute;
use resync_store::{Error, Executor, ForestCommit, JobUpdate, Lease, Location, Store};
use std::path::{Path, PathBuf};

/// A store in a file, and another connection to that file, as another process would have one.
struct Opened {
    store: Store,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Opened {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite3");
        let store = block_on(open(&path)).unwrap();
        Self {
            store,
            path,
            _folder: folder,
        }
    }

    fn other_process(&self) -> SqliteConnection {
        SqliteConnection::establish(self.path.to_str().unwrap()).unwrap()
    }
}

async fn open(path: &Path) -> Result<Store, Error> {
    Store::open(Location::File(path.to_owned()), Executor::Threads).await
}

fn check(error: &Error, text: &Expect) {
    text.assert_eq(&error.to_string());
}

#[test]
fn a_write_says_that_another_process_holds_the_lock() {
    let opened = Opened::new();
    let mut other = opened.other_process();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    block_on(async {
        execute(&opened.store, "PRAGMA busy_timeout = 0")
            .await
            .unwrap();
        let error = opened.store.server_secret([1; 32]).await.unwrap_err();
        assert_eq!(error, Error::Locked);
        assert!(error.is_temporary());
        check(
            &error,
            &expect![
                "write the store: another process holds its lock; stop that process or try again"
            ],
        );
        other.batch_execute("ROLLBACK").unwrap();
        opened.store.server_secret([1; 32]).await.unwrap();
    });
}

#[test]
fn opening_says_that_another_process_holds_the_lock() {
    let opened = Opened::new();
    let mut other = opened.other_process();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    assert_eq!(block_on(open(&opened.path)).err(), Some(Error::Locked));
}

#[test]
fn opening_says_that_the_file_is_read_only() {
    let opened = Opened::new();
    let read_only = PathBuf::from(format!("file:{}?mode=ro", opened.path.display()));
    let error = block_on(open(&read_only)).err().unwrap();
    assert_eq!(error, Error::ReadOnly);
    check(
        &error,
        &expect!["write the store: it is read-only; make the file and its folder writable"],
    );
}

#[test]
fn a_write_says_that_the_disk_is_full_and_keeps_nothing() {
    let opened = Opened::new();
    block_on(async {
        let store = &opened.store;
        let id = structure(store, "roadmap").await.id;
        execute(store, "PRAGMA max_page_count = 100").await.unwrap();
        let rows: Vec<_> = (1..50_000)
            .map(|id| row(id, None, 1, folder("A row")))
            .collect();
        let error = store
            .commit_forest(commit_adding(id, rows))
            .await
            .unwrap_err();
        assert_eq!(error, Error::Full);
        check(
            &error,
            &expect!["write the store: it is full; free disk space"],
        );
        assert_eq!(store.load_rows(id).await.unwrap().rows, []);
        let few = vec![row(1, None, 1, folder("A row"))];
        store.commit_forest(commit_adding(id, few)).await.unwrap();
    });
}

#[test]
fn opening_says_that_a_newer_release_has_migrated() {
    let opened = Opened::new();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')";
    block_on(execute(&opened.store, newer)).unwrap();
    let error = block_on(open(&opened.path)).err().unwrap();
    assert_eq!(
        error,
        Error::NewerSchema {
            found: "9999".into(),
            known: "0002".into()
        }
    );
    check(
        &error,
        &expect!["open the store: it has schema 9999, this release knows up to 0002; upgrade"],
    );
}

#[test]
fn opening_says_that_the_file_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite3");
    std::fs::write(
        &path,
        "This is a letter, and no database, as everybody can see.",
    )
    .unwrap();
    let error = block_on(open(&path)).err().unwrap();
    assert_eq!(
        error,
        Error::Corrupt {
            what: "the database file"
        }
    );
}

#[test]
fn opening_says_that_the_folder_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let error = block_on(open(&folder.path().join("absent/store.sqlite3")))
        .err()
        .unwrap();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    assert!(error.is_temporary());
}

#[test]
fn what_cannot_be_understood_is_corrupt() {
    let opened = Opened::new();
    let store = &opened.store;
    block_on(async {
        seed(store).await;
        let id = store.get_structure(Slug::new("roadmap")).await.unwrap().id;
        let job = JobId(1);
        let spoil = async |statement: &str| execute(store, statement).await.unwrap();
        let corrupt = |what| Error::Corrupt { what };

        spoil("UPDATE rows SET position = X'00' WHERE id = 1").await;
        assert_eq!(store.load_rows(id).await.unwrap_err(), corrupt("a row"));
        spoil("DELETE FROM forest_changes WHERE version = 2").await;
        let history = store.load_changes(id, ForestVersion(0), 9).await;
        assert_eq!(history.unwrap_err(), corrupt("the changes of a forest"));
        spoil("UPDATE job_changes SET changes = X'63'").await;
        let changes = store.list_job_changes(job, 0, 9).await;
        assert_eq!(changes.unwrap_err(), corrupt("the changes of a job"));
        spoil("UPDATE job_log SET severity = 'loud'").await;
        let log = store.list_log(job, 0, 9).await;
        assert_eq!(log.unwrap_err(), corrupt("the severity of a log line"));
        spoil("UPDATE jobs SET plan = '{'").await;
        assert_eq!(
            store.get_job(job).await.unwrap_err(),
            corrupt("the plan of a job")
        );
        spoil("UPDATE synchronizers SET settings = '{}'").await;
        let synchronizers = store.get_synchronizer(id, Slug::new("pay")).await;
        assert_eq!(
            synchronizers.unwrap_err(),
            corrupt("the settings of a synchronizer")
        );
        spoil("UPDATE trackers SET product = 'paper'").await;
        assert_eq!(
            store.list_trackers().await.unwrap_err(),
            corrupt("the product of a tracker")
        );
        spoil("UPDATE server_meta SET value = X'00' WHERE name = 'confirmation_secret'").await;
        let secret = store.server_secret([1; 32]).await;
        assert_eq!(secret.unwrap_err(), corrupt("the server's secret"));
    });
}

#[test]
fn a_statement_that_is_refused_is_a_fault_of_the_store() {
    let opened = Opened::new();
    let error = block_on(execute(&opened.store, "SELECT * FROM nowhere")).unwrap_err();
    check(
        &error,
        &expect!["use the store: no such table: nowhere; report this"],
    );
    assert!(!error.is_temporary());
}

#[test]
fn a_cancelled_caller_does_not_stop_its_write_halfway() {
    let opened = Opened::new();
    let store = &opened.store;
    block_on(async {
        let id = structure(store, "roadmap").await.id;
        let rows: Vec<_> = (1..=5_000)
            .map(|id| row(id, None, 1, folder("A row")))
            .collect();
        let mut write = Box::pin(store.commit_forest(commit_adding(id, rows)));
        // One poll hands the work over; then nobody waits for it any more.
        let first = std::future::poll_fn(|context| {
            std::task::Poll::Ready(write.as_mut().poll(context).is_ready())
        });
        assert!(!first.await);
        drop(write);
        // The next write comes after it, since there is one writer.
        let claims: Vec<ClaimChange> = Vec::new();
        let next = ForestCommit {
            claims,
            ..commit(id, 1)
        };
        assert_eq!(store.commit_forest(next).await.unwrap(), ForestVersion(1));
        assert_eq!(store.load_rows(id).await.unwrap().rows.len(), 5_000);
    });
}

#[test]
fn a_lease_on_a_job_that_never_was_is_lost() {
    let opened = Opened::new();
    let lease = Lease {
        job: JobId(404),
        epoch: 1,
    };
    block_on(async {
        let lost = Error::LeaseLost { job: lease.job };
        let store = &opened.store;
        assert_eq!(
            store.heartbeat(lease, NOW, LEASE_MS).await.unwrap_err(),
            lost
        );
        let update = store.update_job(lease, JobUpdate::default(), NOW).await;
        assert_eq!(update.unwrap_err(), lost);
        check(
            &lost,
            &expect!["write job 404: its lease is lost; stop working on it"],
        );
    });
}

#[test]
fn a_store_in_memory_reads_on_its_one_connection() {
    block_on(async {
        let store = Store::open(Location::Memory, Executor::Threads)
            .await
            .unwrap();
        let created = structure(&store, "roadmap").await;
        assert_eq!(store.get_structure_by_id(created.id).await, Ok(created));
    });
}
