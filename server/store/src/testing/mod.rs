//! Help for tests of this crate and of others: a private PostgreSQL, and a way around the API of
//! the store to put it into states that are hard to reach.
//!
//! What it is not: part of the store; it is only compiled with the feature `testing`.

mod dump;
mod private_postgres;

pub use dump::dump;
pub use private_postgres::PrivatePostgres;

use crate::{Database, Error, Store, on};
use diesel::connection::SimpleConnection;

/// Executes statements on the connection that writes.
///
/// # Errors
/// Those of the database.
pub async fn execute(store: &Store, statements: &str) -> Result<(), Error> {
    let statements = statements.to_owned();
    match &store.database {
        Database::Sqlite(sqlite) => {
            sqlite
                .run_on_writer(move |conn| Ok(conn.batch_execute(&statements)?))
                .await
        }
        Database::Postgres(postgres) => {
            postgres
                .read(move |conn| Ok(conn.batch_execute(&statements)?))
                .await
        }
    }
}

/// Takes all migrations back, and with them everything that is stored.
///
/// # Errors
/// Those of the database.
pub async fn revert_migrations(store: &Store) -> Result<(), Error> {
    on!(store.write, meta::revert_migrations())
}

/// Brings the schema up to date, as opening a store does.
///
/// # Errors
/// Those of [`Store::open`].
pub async fn migrate(store: &Store) -> Result<(), Error> {
    on!(store.write, meta::migrate())
}
