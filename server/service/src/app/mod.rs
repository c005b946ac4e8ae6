//! What the API does, as functions over the store and the core.
//!
//! What it is not: gRPC. No function here knows a message of the API, nor a status; the doors in
//! `api` translate. Nothing here can reach a tracker: questions to one go through
//! [`crate::probe`].

pub(crate) mod changes;
pub(crate) mod edits;
pub(crate) mod forests;
pub(crate) mod jobs;
pub(crate) mod kinds;
pub(crate) mod labels;
pub(crate) mod page;
pub(crate) mod pause;
pub(crate) mod resyncs;
pub(crate) mod rows;
pub(crate) mod structures;
pub(crate) mod synchronizers;
pub(crate) mod trackers;
pub(crate) mod watch_job;
pub(crate) mod watch_limit;
pub(crate) mod watch_structure;

use crate::access::Access;
use crate::hook::{Health, HookDoor};
use crate::limits::{Features, Limits, TrackerPolicy};
use crate::probe::ProbeQueue;
use crate::refusal::{Refusal, of_store};
use crate::seams::{Clock, Nudge, Random, Signal, fresh_uid};
use crate::token::Sealer;
use resync_core::id::{Principal, Slug, Uid};
use resync_core::time::Timestamp;
use resync_store::{RequestRecord, Store};
use tokio_util::sync::CancellationToken;

/// Everything that the functions of the API need. One a server.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) access: Access,
    pub(crate) features: Features,
    pub(crate) limits: Limits,
    pub(crate) trackers: TrackerPolicy,
    pub(crate) probes: ProbeQueue,
    pub(crate) hooks: HookDoor,
    pub(crate) received: std::sync::Arc<Health>,
    pub(crate) nudge: Nudge,
    pub(crate) changed: Signal,
    pub(crate) draining: CancellationToken,
    pub(crate) sealer: Sealer,
    pub(crate) forests: std::sync::Arc<forests::ForestCache>,
    pub(crate) watches: watch_limit::Watches,
    pub(crate) build: crate::Build,
    pub(crate) start_time: Timestamp,
}

/// Who makes a call.
pub(crate) type Caller = Principal;

impl App {
    /// The current time.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// A fresh server-assigned id.
    pub(crate) fn uid(&self) -> Uid {
        fresh_uid(&self.random)
    }

    /// The id that the caller chose, or one that the server chooses.
    pub(crate) fn slug_or_fresh(&self, chosen: Option<Slug>, letter: char) -> Slug {
        /// Enough digits that a clash is not to be expected among a million.
        const DIGITS: usize = 12;
        chosen.unwrap_or_else(|| Slug::new(format!("{letter}{}", &self.uid().as_str()[..DIGITS])))
    }

    /// Refuses unless synchronizers are switched on.
    pub(crate) fn require_synchronizers(&self) -> Result<(), Refusal> {
        match self.features.synchronizers {
            true => Ok(()),
            false => Err(Refusal::synchronizers_disabled()),
        }
    }

    /// What an earlier try of the same request made, if there was one.
    pub(crate) async fn answered(
        &self,
        request: Option<&RequestRecord>,
    ) -> Result<Option<i64>, Refusal> {
        let Some(RequestRecord {
            principal,
            method,
            request_id,
            body_hash,
            ..
        }) = request
        else {
            return Ok(None);
        };
        let (principal, method) = (principal.clone(), method.clone());
        let (id, hash) = (request_id.clone(), body_hash.clone());
        let found = self.store.find_answer(principal, method, id, hash).await;
        Ok(found
            .map_err(|error| of_store(error, "request"))?
            .map(|answer| answer.subject))
    }
}
