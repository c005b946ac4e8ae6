//! One pass: the five verbs, in order.
//!
//! The only place where they meet. What it is not: a decision; each step hands a value to the
//! next, and a surprise ends the pass with a value that says so.

use crate::engine::Engine;
use crate::execute;
use crate::failure::{Failure, Stop};
use crate::load::{self, Loaded};
use crate::observe::{self, Observed, Tracker};
use crate::progress::Reporter;
use crate::verify;
use resync_core::claim::Claims;
use resync_core::guard::{self, Figures};
use resync_core::id::{ForestVersion, TrackerId};
use resync_core::issue::{IssueRef, ObservedIssue};
use resync_core::job::{
    Authorization, GuardTrip, Job, JobChange, JobKind, JobRequest, Phase, PlanSummary, Severity,
};
use resync_core::plan::{
    ConfirmedPlan, Evidence, Facts as IssueLookup, IssueFacts, Plan, Reading, Scope, Snapshot, plan,
};
use resync_core::problem::{Problem, Reason};
use resync_core::summary::{self, SummaryContext};
use resync_core::synchronizer::{PlannedSynchronizer, Settings, State};
use resync_core::time::Timestamp;
use resync_store::{JobUpdate, Lease, SynchronizerRecord, TrackerRecord};
use resync_tracker::RequestCounters;
use rustc_hash::{FxHashMap, FxHashSet};

/// How long a plan can be confirmed: an hour is long enough to show it to somebody else, and
/// short enough that it is still about the same day's Jira.
const PLAN_TTL_MS: i64 = 60 * 60 * 1000;

/// How often a job plans again because the forest was edited meanwhile. Each try reads the
/// tracker again, so a structure that never stands still is told so instead.
const ROUNDS_MAX: usize = 4;

/// Changes of a preview that are loaded at once.
const CHANGES_PAGE: usize = 5_000;

/// How a pass ended that came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Whether what was read back is what was planned.
    pub(crate) complete: bool,
    /// What was done, for people.
    pub(crate) message: String,
}

impl Ending {
    pub(crate) fn severity(&self) -> Severity {
        if self.complete {
            Severity::Info
        } else {
            Severity::Warning
        }
    }
}

/// Everything that planning looked at, kept until the outcome is verified.
pub(crate) struct Facts {
    pub(crate) loaded: Loaded,
    pub(crate) claims: Claims,
    pub(crate) synchronizers: Vec<PlannedSynchronizer>,
    pub(crate) scope: Scope,
    pub(crate) readings: Vec<Reading>,
    pub(crate) issues: FxHashMap<IssueRef, IssueFacts>,
    pub(crate) gone: FxHashSet<IssueRef>,
    /// Issues that were read, with their tracker, for the store to remember.
    pub(crate) by_id: Vec<(TrackerId, ObservedIssue)>,
    pub(crate) read_time: Timestamp,
}

impl Facts {
    /// The planner's input, over this or a later state of the forest.
    pub(crate) fn snapshot<'a>(
        &'a self,
        loaded: &'a Loaded,
        claims: &'a Claims,
        confirmed: Option<&'a ConfirmedPlan>,
    ) -> Snapshot<'a> {
        Snapshot {
            forest: &loaded.forest,
            claims,
            synchronizers: &self.synchronizers,
            scope: self.scope,
            readings: &self.readings,
            issues: &self.issues,
            gone: &self.gone,
            next_row_id: loaded.next_row_id,
            confirmed,
        }
    }
}

/// Runs a job to its end, or to what stops it.
pub(crate) async fn run(
    engine: &Engine,
    job: &Job,
    lease: Lease,
    reporter: &Reporter,
) -> Result<Ending, Stop> {
    if let Some(version) = job.result_forest_version {
        // An earlier try made its one commit and did not come to its end.
        return verify::resumed(engine, job, reporter, version).await;
    }
    let confirmed = confirmed(engine, job).await?;
    for _ in 0..ROUNDS_MAX {
        match round(engine, job, lease, reporter, confirmed.as_ref()).await {
            Err(Stop::ForestMoved) if confirmed.is_some() => return Err(stale("forest")),
            Err(Stop::ForestMoved) => {
                let message = "The structure was edited meanwhile. Planning again.";
                reporter.log(Severity::Info, message).await?;
            }
            outcome => return outcome,
        }
    }
    Err(Stop::ForestMoved)
}

async fn round(
    engine: &Engine,
    job: &Job,
    lease: Lease,
    reporter: &Reporter,
    confirmed: Option<&Confirmed>,
) -> Result<Ending, Stop> {
    reporter
        .enter(Phase::Reading, None, "Reading the structure")
        .await?;
    let loaded = load::structure(&engine.parts.store, job.structure).await?;
    if let Some(confirmed) = confirmed
        && confirmed.forest_version != loaded.forest.version()
    {
        return Err(stale("forest"));
    }
    let facts = observe_all(engine, job, reporter, loaded).await?;

    let rows = i64::try_from(facts.loaded.forest.len()).unwrap_or(i64::MAX);
    reporter
        .enter(
            Phase::Planning,
            Some(rows),
            format!("Comparing {rows} rows"),
        )
        .await?;
    let restriction = confirmed.map(|confirmed| &confirmed.plan);
    let snapshot = facts.snapshot(&facts.loaded, &facts.claims, restriction);
    let plan = plan(&snapshot);
    let (changes, summary) = describe(engine, job, &facts, &snapshot, &plan, confirmed);
    count_plan(reporter, &changes, rows);
    keep_plan(engine, lease, reporter, &facts, changes, &summary).await?;
    if job.request.authorization == Authorization::Preview {
        return Ok(Ending {
            complete: true,
            message: planned(&summary),
        });
    }
    admit(job, &facts, &plan, &summary, confirmed)?;

    let after = execute::apply(engine, job, lease, reporter, &facts, plan).await?;
    verify::read_back(engine, job, reporter, &facts, after).await
}

/// Reads the tracker for every synchronizer that the job is about.
async fn observe_all(
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
        if job.kind == JobKind::Resync && record.etag != job.synchronizer_etag {
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
        observed.issues.len() + observed.by_id.len(),
        record.display_name,
    );
    if throttled + retried > 0 {
        message.push_str(&format!(
            " {throttled} were answered with a request to pause, {retried} failed and were sent again."
        ));
    }
    reporter.log(Severity::Info, message).await?;
    Ok(observed)
}

/// Arranges what was loaded and read for the planner. What was read wins over what was known.
fn facts(loaded: Loaded, scope: Scope, observed: Vec<Observed>, read_time: Timestamp) -> Facts {
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
    let (mut readings, mut gone, mut by_id) = (Vec::new(), FxHashSet::default(), Vec::new());
    for mut read in observed {
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
        let evidence = match planned.rule.settings {
            Settings::Filter(_) => Evidence::Matched(read.issues),
            Settings::Subtasks(_) => {
                let readable = by_id.iter().filter(|(of, _)| *of == tracker);
                read.issues.extend(readable.map(|(_, issue)| issue.clone()));
                Evidence::Subtasks(read.issues)
            }
        };
        readings.push(Reading {
            synchronizer: read.synchronizer,
            evidence,
        });
        gone.extend(read.gone);
    }
    let claims = Claims::from_iter(loaded.claims.iter().copied());
    Facts {
        loaded,
        claims,
        synchronizers,
        scope,
        readings,
        issues,
        gone,
        by_id,
        read_time,
    }
}

fn describe(
    engine: &Engine,
    job: &Job,
    facts: &Facts,
    snapshot: &Snapshot<'_>,
    plan: &Plan,
    confirmed: Option<&Confirmed>,
) -> (Vec<JobChange>, PlanSummary) {
    let before = &facts.loaded.forest;
    let mut changes = summary::job_changes(plan, before, &IssueLookup::new(snapshot));
    if let Some(confirmed) = confirmed {
        summary::add_skipped(&mut changes, &confirmed.changes);
    }
    let source_is_empty = facts
        .readings
        .iter()
        .all(|reading| match &reading.evidence {
            Evidence::Matched(issues) | Evidence::Subtasks(issues) => issues.is_empty(),
        });
    let figures = Figures::of(plan, before.len());
    let now = (engine.parts.clock)();
    let context = SummaryContext {
        forest_version: before.version(),
        tracker_read_time: facts.read_time,
        expire_time: now.plus_milliseconds(PLAN_TTL_MS),
        guards: guard::evaluate(figures, source_is_empty, settings_changed(job, facts)),
    };
    let summary = summary::summarize(plan, before, &changes, context);
    (changes, summary)
}

/// Whether the plan may be executed, by its guards and limits.
fn admit(
    job: &Job,
    facts: &Facts,
    plan: &Plan,
    summary: &PlanSummary,
    confirmed: Option<&Confirmed>,
) -> Result<(), Stop> {
    let figures = Figures::of(plan, facts.loaded.forest.len());
    let shown = confirmed.map_or(&[][..], |confirmed| confirmed.guards.as_slice());
    let JobRequest {
        authorization,
        limits,
        ..
    } = &job.request;
    guard::admit(figures, &summary.guards, shown, authorization, limits)
        .map_err(|refusal| Stop::Failed(Failure::permanent(Problem::from(refusal))))
}

/// Whether the settings are other than those of the last resync that succeeded.
fn settings_changed(job: &Job, facts: &Facts) -> bool {
    facts
        .loaded
        .synchronizers
        .iter()
        .filter(|record| Some(record.id) == job.synchronizer)
        .filter_map(|record| Some((record, record.base_settings_hash.as_ref()?)))
        .any(|(record, base)| *base != resync_store::settings_hash(&record.rule.settings))
}

fn count_plan(reporter: &Reporter, changes: &[JobChange], rows: i64) {
    use resync_core::job::ChangeState;
    let of = |state: ChangeState| {
        changes
            .iter()
            .filter(|change| change.state == state)
            .count()
    };
    let count = |state| i64::try_from(of(state)).unwrap_or(i64::MAX);
    reporter.count(|counters| {
        counters.compared_rows = rows;
        counters.planned_changes = count(ChangeState::Planned);
        counters.skipped_changes = count(ChangeState::Skipped);
        counters.held_changes = count(ChangeState::Held);
    });
}

async fn keep_plan(
    engine: &Engine,
    lease: Lease,
    reporter: &Reporter,
    facts: &Facts,
    changes: Vec<JobChange>,
    summary: &PlanSummary,
) -> Result<(), Stop> {
    reporter.log(Severity::Info, planned(summary)).await?;
    let (progress, counters) = reporter.newest();
    let update = JobUpdate {
        progress: Some(progress),
        counters: Some(counters),
        plan: Some(summary.clone()),
        base_forest_version: Some(facts.loaded.forest.version()),
        ..JobUpdate::default()
    };
    engine
        .parts
        .store
        .store_plan(lease, changes, update, (engine.parts.clock)())
        .await?;
    reporter.tell();
    Ok(())
}

/// The plan in a sentence.
fn planned(summary: &PlanSummary) -> String {
    use resync_core::job::ChangeKind;
    if summary.changes == 0 {
        return "Planned: no changes.".to_owned();
    }
    let of = |kind: ChangeKind| {
        summary
            .tallies
            .iter()
            .filter(|tally| tally.kind == kind)
            .map(|tally| tally.count)
            .sum::<i64>()
    };
    format!(
        "Planned: {} to add, {} to move, {} to remove; {} of them discard something.",
        of(ChangeKind::AddRow),
        of(ChangeKind::MoveRow),
        of(ChangeKind::RemoveRow),
        summary.destructive,
    )
}

/// What a confirmed preview allows.
pub(crate) struct Confirmed {
    pub(crate) plan: ConfirmedPlan,
    pub(crate) changes: Vec<JobChange>,
    pub(crate) guards: Vec<GuardTrip>,
    pub(crate) forest_version: ForestVersion,
}

async fn confirmed(engine: &Engine, job: &Job) -> Result<Option<Confirmed>, Stop> {
    let Authorization::Confirmed { preview, .. } = job.request.authorization else {
        return Ok(None);
    };
    let store = &engine.parts.store;
    let Some(summary) = store.get_job(preview).await?.job.plan else {
        return Err(stale("expired"));
    };
    let mut changes: Vec<JobChange> = Vec::new();
    loop {
        let after = changes.last().map_or(0, |change| change.ordinal);
        let page = store.list_job_changes(preview, after, CHANGES_PAGE).await?;
        if page.is_empty() {
            break;
        }
        changes.extend(page);
    }
    let plan = ConfirmedPlan::from_changes(&changes);
    let forest_version = summary.forest_version;
    Ok(Some(Confirmed {
        plan,
        changes,
        guards: summary.guards,
        forest_version,
    }))
}

/// What the plan was made from is no longer so.
pub(crate) fn stale(cause: &str) -> Stop {
    let message = match cause {
        "forest" => "The structure was edited after the preview.",
        "synchronizer" => "The synchronizer was changed after the job was accepted.",
        _ => "The plan of the preview is no longer kept.",
    };
    let problem = Problem::new(
        Reason::PlanStale,
        format!("{message} Nothing was changed. Preview again."),
    );
    Stop::from(problem.with("cause", cause))
}

impl Facts {
    /// Whether the job may make only what was confirmed, so that comparing again may find more.
    pub(crate) fn restricted_to_confirmed(&self, job: &Job) -> bool {
        matches!(job.request.authorization, Authorization::Confirmed { .. })
    }
}
