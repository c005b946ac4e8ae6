//! The schema, and facts of the server as a whole.

use super::super::{Conn, MIGRATIONS, lock_migrations};
use crate::error::Error;
use crate::schema::server_meta;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel_migrations::MigrationHarness;

type Backend = <Conn as diesel::Connection>::Backend;

/// The secret of tokens, in `server_meta`.
const SECRET: &str = "confirmation_secret";

/// The row that workers lock while they choose a job; made by the first migration.
pub(crate) const SCHEDULE: &str = "schedule";

/// Brings the schema up to date. To be called in a transaction.
pub(crate) fn migrate(conn: &mut Conn) -> Result<(), Error> {
    lock_migrations(conn)?;
    let applied = conn.applied_migrations().map_err(migration_error)?;
    let known = known_versions()?;
    if let Some(found) = applied.iter().find(|&version| !known.contains(version)) {
        let newest = known.iter().max().map(MigrationVersion::to_string);
        return Err(Error::NewerSchema {
            found: found.to_string(),
            known: newest.unwrap_or_default(),
        });
    }
    conn.run_pending_migrations(MIGRATIONS)
        .map_err(migration_error)?;
    // Changes nothing, but fails on a database that takes no writes: at the start, not at the
    // first edit.
    diesel::update(server_meta::table.find(SCHEDULE))
        .set(server_meta::value.eq(server_meta::value))
        .execute(conn)?;
    Ok(())
}

/// Takes all migrations back. Everything stored is lost.
#[cfg(feature = "testing")]
pub(crate) fn revert_migrations(conn: &mut Conn) -> Result<(), Error> {
    conn.revert_all_migrations(MIGRATIONS)
        .map_err(migration_error)?;
    Ok(())
}

fn known_versions() -> Result<Vec<MigrationVersion<'static>>, Error> {
    let migrations: Vec<Box<dyn Migration<Backend>>> =
        MIGRATIONS.migrations().map_err(migration_error)?;
    Ok(migrations
        .iter()
        .map(|migration| migration.name().version().as_owned())
        .collect())
}

fn migration_error(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    match error.downcast::<diesel::result::Error>() {
        Ok(error) => (*error).into(),
        Err(error) => Error::Internal {
            cause: error.to_string(),
        },
    }
}

/// Gets the secret of tokens; `random` becomes it when there is none.
pub(crate) fn server_secret(conn: &mut Conn, random: [u8; 32]) -> Result<[u8; 32], Error> {
    diesel::insert_into(server_meta::table)
        .values((
            server_meta::name.eq(SECRET),
            server_meta::value.eq(random.as_slice()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    let stored: Vec<u8> = server_meta::table
        .find(SECRET)
        .select(server_meta::value)
        .first(conn)?;
    stored.try_into().map_err(|_| Error::Corrupt {
        what: "the server's secret",
    })
}
