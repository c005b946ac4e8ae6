//! Everything that planning looks at: what the store knows, and what the tracker shows.
//!
//! What it is not: a decision. What was read wins over what was known, and that is all.

use crate::confirmed::stale;
use crate::engine::Engine;
use crate::failure::{Failure, Stop};
use crate::load::{Loaded, LoadedForest};
use crate::observe::{self, Observed, Tracker};
use crate::progress::Reporter;
use resync_core::id::TrackerId;
use resync_core::issue::{IssueRef, ObservedIssue};
use resync_core::job::{Job, JobKind, Severity};
use resync_core::plan::{ConfirmedPlan, IssueFacts, Reading, Scope, Snapshot};
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::{PlannedSynchronizer, State};
use resync_core::time::Timestamp;
use resync_store::{SyncUpdate, SynchronizerRecord, TrackerContact, TrackerRecord, TrackerState};
use resync_tracker::RequestCounters;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

/// Everything that planning looked at, kept until the outcome is verified.
pub(crate) struct Facts {
    pub(crate) loaded: Loaded,
    pub(crate) synchronizers: Vec<PlannedSynchronizer>,
    pub(crate) scope: Scope,
    pub(crate) readings: Arc<Vec<Reading>>,
    pub(crate) issues: FxHashMap<IssueRef, IssueFacts>,
    pub(crate) inaccessible: FxHashSet<IssueRef>,
    /// Issues that were read, with their tracker, for the store to remember.
    pub(crate) by_id: Arc<Vec<(TrackerId, ObservedIssue)>>,
    pub(crate) read_time: Timestamp,
    /// What the job leaves for incremental syncs.
    pub(crate) sync: Option<SyncUpdate>,
}

impl Facts {
    /// The planner's input, over this or a later state of the forest.
    pub(crate) fn snapshot<'a>(
        &'a self,
        loaded: &'a LoadedForest,
        confirmed: Option<&'a ConfirmedPlan>,
    ) -> Snapshot<'a> {
        Snapshot {
            forest: &loaded.forest,
            claims: &loaded.claims,
            synchronizers: &self.synchronizers,
            scope: self.scope,
            readings: &self.readings,
            issues: &self.issues,
            inaccessible: &self.inaccessible,
            next_row_id: loaded.next_row_id,
            confirmed,
        }
    }
}

/// Reads the tracker for every synchronizer that the job is about.
pub(crate) async fn observe_all(
    engine: &Engine,
    job: &Job,
    reporter: &Reporter,
    loaded: Loaded,
) -> Result<Facts, Stop> {
    let scope = match (job.kind, job.synchronizer) {
        (JobKind::Resync, Some(id)) => Scope::Resync(id),
        (JobKind::Resync, None) | (JobKind::IncrementalSync, _) => Scope::Incremental,
    };
    let targets: Vec<&SynchronizerRecord> = loaded
        .synchronizers
        .iter()
        .filter(|record| match scope {
            Scope::Resync(id) => record.id == id,
            Scope::Incremental => record.state == State::Enabled,
        })
        .collect();
    if let (Scope::Resync(_), []) = (scope, targets.as_slice()) {
        let message = "The synchronizer was removed before the job ran. Install it again.";
        return Err(Problem::new(Reason::ResourceNotFound, message).into());
    }
    let mut observed = Vec::with_capacity(targets.len());
    for record in targets {
        // A new name or another state is no other rule: only what is synced counts.
        if job.kind == JobKind::Resync && job.rule.as_ref() != Some(&record.rule) {
            return Err(stale("synchronizer"));
        }
        observed.push(observe_one(engine, reporter, &loaded, record).await?);
    }
    let read_time = (engine.parts.clock)();
    Ok(facts(loaded, scope, observed, read_time))
}

async fn observe_one(
    engine: &Engine,
    reporter: &Reporter,
    loaded: &Loaded,
    record: &SynchronizerRecord,
) -> Result<Observed, Stop> {
    let tracker: TrackerRecord = engine
        .parts
        .store
        .get_tracker_by_id(record.rule.tracker)
        .await?;
    let name = format!("trackers/{}", tracker.slug);
    let reader = engine
        .parts
        .trackers
        .reader(&tracker)
        .await
        .map_err(|problem| {
            Stop::Failed(Failure {
                unavailable: true,
                ..Failure::permanent(problem)
            })
        })?;
    let before = reader.counters();
    let handle = Tracker {
        reader: &reader,
        name: &name,
        reporter,
        before,
    };
    let observed = observe::synchronizer(&handle, loaded, record, &record.rule).await?;
    let RequestCounters {
        sent,
        throttled,
        retried,
    } = handle.requests();
    let mut message = format!(
        "Read {} issues for {} in {sent} requests.",
        observed.evidence.issues().count() + observed.by_id.len(),
        record.display_name,
    );
    if throttled + retried > 0 {
        message.push_str(&format!(
            " {throttled} were answered with a request to pause, {retried} failed and were sent again."
        ));
    }
    reporter.log(Severity::Info, message).await?;
    let contact = TrackerContact {
        state: TrackerState::Active,
        last_error: None,
        contact_time: Some((engine.parts.clock)()),
    };
    engine
        .parts
        .store
        .note_tracker_contact(tracker.id, contact)
        .await?;
    Ok(observed)
}

/// Arranges what was loaded and read for the planner. What was read wins over what was known.
pub(crate) fn facts(
    loaded: Loaded,
    scope: Scope,
    observed: Vec<Observed>,
    read_time: Timestamp,
) -> Facts {
    let synchronizers: Vec<PlannedSynchronizer> = loaded
        .synchronizers
        .iter()
        .map(|record| PlannedSynchronizer {
            id: record.id,
            rule: record.rule.clone(),
            enabled: record.state == State::Enabled,
        })
        .collect();
    let mut issues: FxHashMap<IssueRef, IssueFacts> = loaded
        .observations
        .iter()
        .map(|known| {
            let issue = IssueRef {
                tracker: known.tracker,
                issue: known.issue.id,
            };
            (issue, IssueFacts::from(&known.issue))
        })
        .collect();
    let (mut readings, mut inaccessible, mut by_id) =
        (Vec::new(), FxHashSet::default(), Vec::new());
    for read in observed {
        let Some(planned) = synchronizers.iter().find(|one| one.id == read.synchronizer) else {
            continue;
        };
        let tracker = planned.rule.tracker;
        for issue in read.by_id {
            issues.insert(
                IssueRef {
                    tracker,
                    issue: issue.id,
                },
                IssueFacts::from(&issue),
            );
            by_id.push((tracker, issue));
        }
        readings.push(Reading {
            synchronizer: read.synchronizer,
            evidence: read.evidence,
        });
        inaccessible.extend(read.inaccessible);
    }
    Facts {
        loaded,
        synchronizers,
        scope,
        readings: Arc::new(readings),
        issues,
        inaccessible,
        by_id: Arc::new(by_id),
        read_time,
        sync: None,
    }
}
