//! One tracker during one sync: what is asked of it, each question once.
//!
//! What it is not: a judgement. What cannot be read is told as missing.

use crate::engine::Engine;
use crate::failure::{Failure, Stop};
use crate::observe::Tracker;
use crate::progress::{Reporter, count_requests};
use resync_core::id::{IssueId, ProjectKey, TrackerId};
use resync_core::issue::{IssueRef, ObservedIssue};
use resync_store::Observation;
use resync_tracker::{Query, RequestCounters, TrackerReader};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What was read of one tracker.
pub(super) struct Session {
    pub(super) tracker: TrackerId,
    name: String,
    reader: Arc<dyn TrackerReader>,
    reporter: Reporter,
    before: RequestCounters,
    /// What the store knows.
    known: FxHashMap<IssueId, Observation>,
    /// What was read by id.
    pub(super) found: FxHashMap<IssueId, ObservedIssue>,
    /// What could not be read by id.
    pub(super) missing: BTreeSet<IssueId>,
    /// What a complete listing of this sync shows.
    pub(super) listed: FxHashSet<IssueId>,
}

impl Session {
    pub(super) async fn open(
        engine: &Engine,
        reporter: &Reporter,
        tracker: TrackerId,
        observations: &[Observation],
    ) -> Result<Session, Stop> {
        let record = engine.parts.store.get_tracker_by_id(tracker).await?;
        let reader = engine.parts.trackers.reader(&record).await;
        let reader = reader.map_err(|problem| {
            Stop::Failed(Failure {
                unavailable: true,
                ..Failure::permanent(problem)
            })
        })?;
        let of_tracker = observations
            .iter()
            .filter(|known| known.tracker == tracker)
            .map(|known| (known.issue.id, known.clone()));
        Ok(Session {
            tracker,
            name: format!("trackers/{}", record.slug),
            before: reader.counters(),
            reader,
            reporter: reporter.clone(),
            known: of_tracker.collect(),
            found: FxHashMap::default(),
            missing: BTreeSet::new(),
            listed: FxHashSet::default(),
        })
    }

    pub(super) fn handle(&self) -> Tracker<'_> {
        Tracker {
            reader: &self.reader,
            name: &self.name,
            reporter: &self.reporter,
            before: self.before,
        }
    }

    /// Reads issues by id that this sync has not asked for yet.
    pub(super) async fn ask(&mut self, ids: impl IntoIterator<Item = IssueId>) -> Result<(), Stop> {
        let open = |id: &IssueId| !self.was_asked(*id);
        let ids: BTreeSet<IssueId> = ids.into_iter().filter(open).collect();
        let ids: Vec<IssueId> = ids.into_iter().collect();
        let batch = self.handle().by_id(&ids).await?;
        self.missing.extend(batch.missing);
        self.take(batch.found);
        Ok(())
    }

    /// Takes issues in that were read.
    pub(super) fn take(&mut self, issues: Vec<ObservedIssue>) {
        for issue in issues {
            let newer = self.found.get(&issue.id);
            if newer.is_none_or(|known| known.updated <= issue.updated) {
                self.found.insert(issue.id, issue);
            }
        }
    }

    pub(super) fn was_asked(&self, id: IssueId) -> bool {
        self.found.contains_key(&id) || self.missing.contains(&id)
    }

    /// Which of the issues a query matches, asked about them alone.
    pub(super) async fn matching(
        &self,
        query: &Query,
        ids: &[IssueId],
    ) -> Result<Vec<IssueId>, Stop> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let matching = self.reader.matching(query, ids).await;
        matching.map_err(|error| self.handle().failed(&error))
    }

    /// Lists the ids that a query matches.
    pub(super) async fn census(&mut self, query: &Query) -> Result<Vec<IssueId>, Stop> {
        let listed = self.reader.census(query).await;
        let listed = listed.map_err(|error| self.handle().failed(&error))?;
        self.listed.extend(listed.iter().copied());
        Ok(listed)
    }

    /// What is known of an issue: what was read now, else what was read before.
    pub(super) fn issue(&self, id: IssueId) -> Option<&ObservedIssue> {
        let known = || self.known.get(&id).map(|known| &known.issue);
        self.found.get(&id).or_else(known)
    }

    /// The issues that were missing before, as far as nothing has shown them since.
    pub(super) fn missed_before(&self) -> impl Iterator<Item = &Observation> + '_ {
        self.known.values().filter(|known| {
            let id = known.issue.id;
            known.gone_time.is_some() && !self.found.contains_key(&id) && !self.listed.contains(&id)
        })
    }

    /// What is known of an issue that cannot be read.
    pub(super) fn observation(&self, id: IssueId) -> Option<&Observation> {
        self.known.get(&id)
    }

    /// The projects of which an issue was read or listed now.
    pub(super) fn readable_projects(&self) -> FxHashSet<ProjectKey> {
        let listed = self.listed.iter().filter_map(|id| self.issue(*id));
        let shown = listed.chain(self.found.values());
        shown.map(|issue| issue.project.clone()).collect()
    }

    pub(super) fn refer(&self, issue: IssueId) -> IssueRef {
        IssueRef {
            tracker: self.tracker,
            issue,
        }
    }

    /// Counts what was sent, for the job.
    pub(super) fn count(&self) {
        let requests = self.handle().requests();
        let read = crate::count(self.found.len());
        self.reporter.count(|counters| {
            counters.read_issues = read;
            count_requests(counters, requests);
        });
    }
}
