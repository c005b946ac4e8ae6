//! Requests and their answers.

use super::Conn;
use crate::error::Error;
use crate::request::{REQUEST_RETENTION_MS, RecordedAnswer, RequestRecord};
use crate::schema::requests;
use diesel::prelude::*;
use resync_core::id::Principal;
use resync_core::time::Timestamp;

/// The subject of a request whose effect is not there yet, within its transaction.
const NO_SUBJECT: i64 = 0;

/// Notes a request at the start of its transaction.
///
/// Another call with the same id waits here until this one has ended (on PostgreSQL by the
/// primary key, on SQLite by the writer), and then finds its answer.
pub(super) fn begin(conn: &mut Conn, request: Option<&RequestRecord>) -> Result<(), Error> {
    let Some(request) = request else {
        return Ok(());
    };
    let expired = request.time.plus_milliseconds(-REQUEST_RETENTION_MS);
    diesel::delete(
        requests::table
            .find(key(request))
            .filter(requests::time.lt(expired.0)),
    )
    .execute(conn)?;
    let inserted = diesel::insert_into(requests::table)
        .values((
            requests::principal.eq(request.principal.as_str()),
            requests::method.eq(&request.method),
            requests::request_id.eq(&request.request_id),
            requests::body_hash.eq(&request.body_hash),
            requests::subject.eq(NO_SUBJECT),
            requests::answer.eq(&request.answer),
            requests::time.eq(request.time.0),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    if inserted == 1 {
        return Ok(());
    }
    let (principal, method, id) = (&request.principal, &request.method, &request.request_id);
    match find(conn, principal, method, id, &request.body_hash)? {
        Some(answer) => Err(Error::AlreadyAnswered(answer)),
        // The other call was undone after all: its caller, or this one, may try again.
        None => Err(Error::Unavailable {
            cause: "the same request failed just now".into(),
        }),
    }
}

/// Notes what a request has made, at the end of its transaction.
pub(super) fn finish(
    conn: &mut Conn,
    request: Option<&RequestRecord>,
    subject: i64,
) -> Result<(), Error> {
    if let Some(request) = request {
        diesel::update(requests::table.find(key(request)))
            .set(requests::subject.eq(subject))
            .execute(conn)?;
    }
    Ok(())
}

fn key(request: &RequestRecord) -> (&str, &str, &str) {
    (
        request.principal.as_str(),
        &request.method,
        &request.request_id,
    )
}

/// Records the answer to a request that made nothing.
pub(crate) fn record(conn: &mut Conn, request: &RequestRecord, subject: i64) -> Result<(), Error> {
    begin(conn, Some(request))?;
    finish(conn, Some(request), subject)
}

/// Looks up an answer.
pub(crate) fn find(
    conn: &mut Conn,
    principal: &Principal,
    method: &str,
    request_id: &str,
    body_hash: &[u8],
) -> Result<Option<RecordedAnswer>, Error> {
    let stored: Option<(Vec<u8>, i64, Vec<u8>)> = requests::table
        .find((principal.as_str(), method, request_id))
        .select((requests::body_hash, requests::subject, requests::answer))
        .first(conn)
        .optional()?;
    match stored {
        None => Ok(None),
        Some((hash, subject, answer)) if hash == body_hash => {
            Ok(Some(RecordedAnswer { subject, answer }))
        }
        Some(_) => Err(Error::RequestIdReused {
            request_id: request_id.to_owned(),
        }),
    }
}

/// Forgets old answers.
pub(crate) fn purge(conn: &mut Conn, now: Timestamp) -> Result<usize, Error> {
    let oldest = now.plus_milliseconds(-REQUEST_RETENTION_MS);
    Ok(diesel::delete(requests::table.filter(requests::time.lt(oldest.0))).execute(conn)?)
}
