//! The doors: one file a service. A handler admits, parses, calls, converts.
//!
//! What it is not: decisions; those are in [`crate::app`].

pub(crate) mod convert;
pub(crate) mod job;
mod resync;
mod server;
pub(crate) mod status;
pub(crate) mod stream;
mod structure;
mod synchronizer;
mod tracker;

use crate::access::Permission;
use crate::app::{App, Caller};
use crate::call::Deadline;
use crate::refusal::Refusal;
use crate::service::Service;
use convert::field;
use resync_core::id::Principal;
use resync_core::problem::Reason;
use resync_store::RequestRecord;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use tonic::Request;

/// What every handler answers.
type Answer<T> = Result<tonic::Response<T>, tonic::Status>;

/// Who calls, if they may: checked before anything else is looked at, so that a caller without
/// the permission does not learn what is valid or what exists.
fn admit<T>(
    service: &Service,
    request: &Request<T>,
    permissions: &[Permission],
    resource: &str,
) -> Result<Caller, Refusal> {
    let Some(caller) = request.extensions().get::<Principal>() else {
        return Err(caller_unknown());
    };
    let resource = structure_of(resource);
    for permission in permissions {
        if !service.app.access.allows(caller, *permission, resource) {
            let name = permission.name();
            let message = format!("{caller} lacks the permission {name}; ask for it");
            return Err(Refusal::new(Reason::PermissionDenied, message)
                .with("permission", name)
                .with("resource", resource));
        }
    }
    Ok(caller.clone())
}

/// Nobody is known to call.
pub(crate) fn caller_unknown() -> Refusal {
    let message = "the call has no valid credential; sign in and call again";
    Refusal::new(Reason::CallerUnknown, message)
}

/// The structure that a name is in, which is what permissions are given on; the name itself when
/// it is in none.
fn structure_of(name: &str) -> &str {
    let end = name.match_indices('/').nth(1).map(|(at, _)| at);
    match name.starts_with("structures/") {
        true => end.map_or(name, |end| &name[..end]),
        false => name,
    }
}

/// When the caller stops waiting, if they have said so.
fn deadline<T>(request: &Request<T>) -> Option<Instant> {
    request
        .extensions()
        .get::<Deadline>()
        .map(|deadline| deadline.0)
}

/// The record that makes a retry safe; `None` when the caller gave no id. `body` is the request
/// without its id.
fn request_record(
    app: &App,
    caller: &Caller,
    method: &str,
    request_id: String,
    body: &impl prost::Message,
) -> Result<Option<RequestRecord>, Refusal> {
    if request_id.is_empty() {
        return Ok(None);
    }
    if !field::is_uuid(&request_id) {
        return Err(Refusal::field("request_id", "must be a UUID, with hyphens"));
    }
    Ok(Some(RequestRecord {
        principal: caller.clone(),
        method: method.to_owned(),
        request_id: request_id.to_ascii_lowercase(),
        body_hash: Sha256::digest(body.encode_to_vec()).to_vec(),
        answer: Vec::new(),
        time: app.now(),
    }))
}

/// The size of a message when it is sent, in bytes.
fn size_of(message: &impl prost::Message) -> usize {
    message.encoded_len()
}
