//! What a person has confirmed: the plan of a preview, and nothing else.

use crate::engine::Engine;
use crate::failure::Stop;
use crate::load::LoadedForest;
use resync_core::id::ForestVersion;
use resync_core::job::{Authorization, GuardTrip, Job, JobChange};
use resync_core::plan::ConfirmedPlan;
use resync_core::problem::{Problem, Reason};
use resync_store::HistoryPoint;

/// Changes of a preview that are loaded at once.
const CHANGES_PAGE: usize = 5_000;

/// What a confirmed preview allows.
pub(crate) struct Confirmed {
    pub(crate) plan: ConfirmedPlan,
    pub(crate) changes: Vec<JobChange>,
    pub(crate) guards: Vec<GuardTrip>,
    pub(crate) forest_version: ForestVersion,
    /// Where the structure must still be in its history.
    point: Option<HistoryPoint>,
}

impl Confirmed {
    /// Refuses a structure that is not what the preview showed.
    pub(crate) fn require_unchanged(&self, loaded: &LoadedForest) -> Result<(), Stop> {
        let actual = loaded.forest.version();
        if self.forest_version != actual {
            let what = "The structure was edited after the preview.";
            return Err(stale_forest(what, self.forest_version, actual));
        }
        match &self.point {
            Some(expected) if *expected != loaded.point => {
                let what = "Another job changed what synchronizers claim after the preview.";
                Err(stale_forest(what, expected, &loaded.point))
            }
            _ => Ok(()),
        }
    }
}

/// What the job may do, when it runs a plan that was confirmed.
pub(crate) async fn confirmed(engine: &Engine, job: &Job) -> Result<Option<Confirmed>, Stop> {
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
    // What an earlier try of this job has committed is no change by somebody else.
    let point = match store.job_points(job.id).await?.result {
        None => store.job_points(preview).await?.base,
        made => made,
    };
    let forest_version = summary.forest_version;
    Ok(Some(Confirmed {
        plan,
        changes,
        guards: summary.guards,
        forest_version,
        point,
    }))
}

/// What the plan was made from is no longer so.
pub(crate) fn stale(cause: &str) -> Stop {
    let message = match cause {
        "synchronizer" => "The synchronizer was changed after the job was accepted.",
        _ => "The plan of the preview is no longer kept.",
    };
    let problem = Problem::new(
        Reason::PlanStale,
        format!("{message} Nothing was changed. Preview again."),
    );
    Stop::from(problem.with("cause", cause))
}

/// The structure is no longer where it was in its history.
fn stale_forest(what: &str, expected: impl ToString, actual: impl ToString) -> Stop {
    let message = format!("{what} Nothing was changed. Preview again.");
    Stop::from(
        Problem::new(Reason::PlanStale, message)
            .with("cause", "forest")
            .with("expected", expected)
            .with("actual", actual),
    )
}
