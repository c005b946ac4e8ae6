//! How PostgreSQL fails, what the store says then, and several servers on one database.

use crate::block_on;
use crate::data::{commit, new_structure, structure};
use crate::fixture::{read_everything, seed};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use resync_core::id::ForestVersion;
use resync_store::testing::{PrivatePostgres, execute};
use resync_store::{Error, Executor, Location, Store};

async fn open(address: &str) -> Result<Store, Error> {
    Store::open(Location::Postgres(address.to_owned()), Executor::Threads).await
}

#[test]
fn opening_says_that_the_server_cannot_be_reached_without_the_password() {
    let error = block_on(open("postgres://ann:hunter2@127.0.0.1:1/resync"))
        .err()
        .unwrap();
    assert!(matches!(error, Error::Unavailable { .. }), "{error}");
    assert!(error.is_temporary());
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

#[test]
fn opening_says_that_the_address_is_not_valid_without_the_password() {
    for address in [
        "host=/tmp password=correct hunter2=x",
        "host=/tmp password=correct hunter2",
        "postgres://ann:secret@hunter2:hunter2/resync",
    ] {
        let error = block_on(open(address)).err().unwrap();
        let cause = "the address is not valid".to_owned();
        assert_eq!(error, Error::Unavailable { cause });
    }
}

#[test]
fn opening_says_that_a_newer_release_has_migrated() {
    let Some(server) = PrivatePostgres::shared() else {
        return;
    };
    let address = server.create_database();
    block_on(async {
        let store = open(&address).await.unwrap();
        let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')";
        execute(&store, newer).await.unwrap();
        let error = open(&address).await.err();
        let newer = Error::NewerSchema {
            found: "9999".into(),
            known: "0002".into(),
        };
        assert_eq!(error, Some(newer));
    });
}

#[test]
fn a_write_says_that_the_database_is_read_only() {
    let Some(server) = PrivatePostgres::shared() else {
        return;
    };
    let address = server.create_database();
    block_on(async {
        drop(open(&address).await.unwrap());
        let read_only = format!("{address} options='-c default_transaction_read_only=on'");
        assert_eq!(open(&read_only).await.err(), Some(Error::ReadOnly));
    });
}

#[test]
fn broken_connections_are_unavailable_once_and_then_replaced() {
    let Some(server) = PrivatePostgres::shared() else {
        return;
    };
    let address = server.create_database();
    block_on(async {
        let store = open(&address).await.unwrap();
        let created = structure(&store, "roadmap").await;
        // Ends all connections of this database, its own too.
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
            WHERE datname = current_database()";
        let error = execute(&store, end).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error}");
        // One failure at most for each other connection that the store had.
        let mut tries = 10;
        let found = loop {
            match store.get_structure_by_id(created.id).await {
                Err(Error::Unavailable { .. }) if tries > 0 => tries -= 1,
                other => break other,
            }
        };
        assert_eq!(found, Ok(created));
    });
}

#[test]
fn servers_that_start_together_migrate_once() {
    let Some(server) = PrivatePostgres::shared() else {
        return;
    };
    let address = server.create_database();
    block_on(async {
        let start = |_| {
            let address = address.clone();
            tokio::spawn(async move { open(&address).await.map(drop) })
        };
        let starts: Vec<_> = (0..4).map(start).collect();
        for started in starts {
            assert_eq!(started.await.unwrap(), Ok(()));
        }
        let store = open(&address).await.unwrap();
        seed(&store).await;
        read_everything(&store).await;
    });
}

#[test]
fn more_callers_than_connections_take_turns() {
    let Some(server) = PrivatePostgres::shared() else {
        return;
    };
    let address = server.create_database();
    block_on(async {
        let store = open(&address).await.unwrap();
        let create = |number| {
            let store = store.clone();
            let new = new_structure(&format!("s{number}"));
            tokio::spawn(async move { store.create_structure(new, None).await.map(drop) })
        };
        let calls: Vec<_> = (0..50).map(create).collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), Ok(()));
        }
    });
}

#[test]
fn a_write_says_that_another_process_holds_the_lock() {
    let Some(server) = PrivatePostgres::shared() else {
        return;
    };
    let address = server.create_database();
    block_on(async {
        let store = open(&address).await.unwrap();
        let id = structure(&store, "roadmap").await.id;
        let mut other = AsyncPgConnection::establish(&address).await.unwrap();
        other
            .batch_execute("BEGIN; UPDATE structures SET etag = 9")
            .await
            .unwrap();
        assert_eq!(store.commit_forest(commit(id, 0)).await, Err(Error::Locked));
        other.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(
            store.commit_forest(commit(id, 0)).await,
            Ok(ForestVersion(0))
        );
    });
}
