//! One pass: the five verbs, in order.
//!
//! The only place where they meet. What it is not: a decision; each step hands a value to the
//! next, and a surprise ends the pass with a value that says so.

use crate::confirmed::{Confirmed, confirmed};
use crate::describe::{admit, count_plan, describe, keep_plan};
use crate::engine::Engine;
use crate::facts::{Facts, observe_all};
use crate::failure::Stop;
use crate::load::Loaded;
use crate::progress::Reporter;
use crate::{compute, execute, incremental, load, verify};
use resync_core::job::{Authorization, ChangeKind, Job, JobKind, Phase, Severity};
use resync_core::plan::{Plan, plan};
use resync_core::problem::{Problem, Reason};
use resync_store::{Lease, SyncState};

/// How often a job plans again because the forest was edited meanwhile. Each try reads the
/// tracker again, so a structure that never stands still is told so instead.
const ROUNDS_MAX: usize = 4;

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
            // A confirmed plan is for one version: the next round says that it is stale.
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
    let state = incremental::begin(engine, job).await?;
    let loaded = load::structure(&engine.parts.store, job.structure).await?;
    if let Some(confirmed) = confirmed {
        confirmed.require_unchanged(&loaded.rows)?;
    }
    let mut facts = observe(engine, job, reporter, loaded, state).await?;

    let rows = i64::try_from(facts.loaded.rows.forest.len()).unwrap_or(i64::MAX);
    reporter
        .enter(
            Phase::Planning,
            Some(rows),
            format!("Comparing {rows} rows"),
        )
        .await?;
    let restriction = confirmed.map(|confirmed| &confirmed.plan);
    let snapshot = facts.snapshot(&facts.loaded.rows, restriction);
    let (plan, described) = compute(|| {
        let plan = plan(&snapshot);
        let described = describe(engine, job, &facts, &snapshot, &plan, confirmed);
        (plan, described)
    });
    let described = described?;
    count_plan(reporter, &described, rows);
    let summary = keep_plan(engine, lease, reporter, &facts, described).await?;
    if job.request.authorization == Authorization::Preview {
        return Ok(Ending {
            complete: true,
            message: "The plan is complete. Nothing was changed.".to_owned(),
        });
    }
    if let Err(stop) = admit(job, &facts, &plan, &summary, confirmed) {
        incremental::suspend(engine, job, lease, &plan, &stop).await?;
        return Err(stop);
    }
    require_room(engine, &plan)?;

    let applied = execute::apply(engine, job, lease, reporter, &facts, plan).await?;
    let Some(after) = applied else {
        return verify::unchanged(reporter, rows).await;
    };
    // Known by now is what was read, and there may be much of it.
    facts.loaded.observations = Vec::new();
    verify::read_back(engine, job, reporter, &facts, restriction, after).await
}

/// Reads what the job is about: everything for a resync, what has changed for an incremental sync.
async fn observe(
    engine: &Engine,
    job: &Job,
    reporter: &Reporter,
    loaded: Loaded,
    state: Option<SyncState>,
) -> Result<Facts, Stop> {
    let began = (engine.parts.clock)();
    match state {
        Some(state) if job.kind == JobKind::IncrementalSync => {
            incremental::observe(engine, job, reporter, loaded, state).await
        }
        state => {
            let mut facts = observe_all(engine, job, reporter, loaded).await?;
            let mirror = |state| incremental::mirror_of_resync(&facts, &state, began);
            facts.sync = state.and_then(mirror);
            Ok(facts)
        }
    }
}

/// A structure has a size beyond which nobody could edit it any more.
fn require_room(engine: &Engine, plan: &Plan) -> Result<(), Stop> {
    let (allowed, actual) = (
        engine.parts.settings.rows_per_structure_max,
        plan.after.len(),
    );
    let grows = plan
        .changes
        .iter()
        .any(|planned| planned.kind == ChangeKind::AddRow);
    if !grows || crate::count(actual) <= allowed {
        return Ok(());
    }
    let message = format!(
        "The structure would have {actual} rows, and {allowed} are allowed. Nothing was changed. \
         Narrow the query, or split the structure."
    );
    let problem = Problem::new(Reason::StructureTooLarge, message);
    Err(Stop::from(
        problem.with("allowed", allowed).with("actual", actual),
    ))
}
