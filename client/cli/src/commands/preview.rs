//! `resync preview`: a plan, and nothing else. `run` shows the same before it asks.

use futures::TryStreamExt;
use resync_api::v1::{Direction, Job, JobChange, Plan, Row, RowView, Structure};
use resync_client::{JobHandle, StructureHandle, SynchronizerHandle};

use crate::{
    args::{DirectionChoice, OutputFormat, Resync},
    exit::Exit,
    failure::Failure,
    follow::{follow, outcome},
    render::{
        json,
        plan::{self, PlanView},
        text::{id, job_id},
    },
    session::{Session, first},
};

/// The most changes that are read for the text, unless everything is asked for.
const MOST_CHANGES: usize = 2_000;
/// The most rows of a structure that are read to show where its changes are. Without them, the
/// changes stand under the names of their parents.
const MOST_ROWS: i32 = 20_000;

pub(crate) async fn preview(
    session: &Session,
    resync: &Resync,
    summary: bool,
    exit_code: bool,
) -> Result<(), Failure> {
    if exit_code {
        session.console.go_on_unread();
    }
    let synchronizer = session
        .synchronizer(&resync.structure, resync.synchronizer.as_deref())
        .await?;
    let planned = planned(session, &synchronizer, direction(resync.direction)).await?;
    match session.global.output {
        OutputFormat::Table if summary => {
            let text = plan::summary(&planned, session.style());
            session.console.data(text.trim_start())?;
        }
        OutputFormat::Table => {
            let structure = session.client.structure(&resync.structure);
            let shown = structure.get().await?;
            session
                .console
                .data(&text(session, &structure, &shown, &planned).await?)?;
            say_how_to_run(session, resync, &planned);
        }
        OutputFormat::Json => session.console.data(&json::document(&planned))?,
        // The events were printed as they came; the last has the plan.
        OutputFormat::Jsonl => {}
    }
    let plan = planned.plan.unwrap_or_default();
    if exit_code && plan.change_count > 0 {
        return Err(Failure::silent(Exit::HasChanges));
    }
    Ok(())
}

fn say_how_to_run(session: &Session, resync: &Resync, planned: &Job) {
    let changes = planned.plan.as_ref().map_or(0, |plan| plan.change_count);
    if changes > 0 {
        let flag = if resync.direction.into {
            "--into"
        } else {
            "--from"
        };
        let (structure, synchronizer) = (id(&resync.structure), id(&planned.synchronizer));
        session.done(&format!(
            "  resync run {structure} {synchronizer} {flag}    asks, and makes these changes"
        ));
    }
}

pub(crate) fn direction(choice: DirectionChoice) -> Direction {
    if choice.into {
        Direction::IntoStructure
    } else {
        Direction::FromStructure
    }
}

/// The preview of a resync, when its plan is complete.
pub(crate) async fn planned(
    session: &Session,
    synchronizer: &SynchronizerHandle,
    direction: Direction,
) -> Result<Job, Failure> {
    let handle = synchronizer.preview(direction).await?;
    let job = follow(session, &handle).await?;
    outcome(&job)?;
    Ok(job)
}

/// The plan as text, with the rows around its changes.
pub(crate) async fn text(
    session: &Session,
    handle: &StructureHandle,
    structure: &Structure,
    job: &Job,
) -> Result<String, Failure> {
    let plan = job.plan.clone().unwrap_or_default();
    let changes = changes(session, &session.client.job(&job.name)).await?;
    let rows = rows(handle, structure, &plan).await?;
    let view = PlanView {
        structure,
        job,
        changes: &changes,
        rows: &rows,
        verbose: session.global.verbose,
        zone: &session.zone,
    };
    Ok(plan::plan(&view, session.style()))
}

async fn changes(session: &Session, handle: &JobHandle) -> Result<Vec<JobChange>, Failure> {
    let most = if session.global.verbose {
        usize::MAX
    } else {
        MOST_CHANGES
    };
    first(handle.changes(""), most).await
}

/// The rows that were compared; none when there are too many.
async fn rows(
    handle: &StructureHandle,
    structure: &Structure,
    plan: &Plan,
) -> Result<Vec<Row>, Failure> {
    if plan.change_count == 0 || structure.row_count > MOST_ROWS {
        return Ok(Vec::new());
    }
    let rows = handle.rows(plan.forest_version, RowView::Full);
    Ok(rows.try_collect().await?)
}

/// Says which job a command started, and how to follow it from elsewhere.
pub(crate) fn started(session: &Session, handle: &JobHandle) {
    session.done(&format!("Started {}", job_id(handle.name())));
}
