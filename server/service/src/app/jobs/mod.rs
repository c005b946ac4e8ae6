//! Jobs as callers see them: reading, listing, waiting, cancelling.
//!
//! What it is not: the engine. A job is asked to stop here; it stops there.

pub(crate) mod lists;

use super::labels::Labels;
use super::pause::Pause;
use super::{App, Caller};
use crate::names;
use crate::refusal::{Refusal, of_store};
use crate::token::Confirmable;
use resync_core::id::{JobId, Slug};
use resync_core::job::{Authorization, Job, JobState};
use resync_store::{Error as StoreError, JobRecord, StructureRecord};
use tokio::time::Instant;

/// A job with what is needed to show it to one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobView {
    /// The job.
    pub(crate) job: Job,
    /// The names of what it refers to.
    pub(crate) labels: Labels,
    /// The token that confirms its plan: only of a preview that is complete, and only for the
    /// caller who asked for it.
    pub(crate) confirmation_token: Option<String>,
}

/// Makes the view of a job for a caller.
pub(crate) async fn view(
    app: &App,
    caller: &Caller,
    structure: &StructureRecord,
    job: Job,
) -> Result<JobView, Refusal> {
    let labels = Labels::load(app, structure.id, &structure.slug).await?;
    view_with(app, caller, labels, job).await
}

async fn view_with(
    app: &App,
    caller: &Caller,
    labels: Labels,
    job: Job,
) -> Result<JobView, Refusal> {
    let confirmation_token = confirmation_token(app, caller, &job).await?;
    Ok(JobView {
        job,
        labels,
        confirmation_token,
    })
}

async fn confirmation_token(
    app: &App,
    caller: &Caller,
    job: &Job,
) -> Result<Option<String>, Refusal> {
    let preview = job.request.authorization == Authorization::Preview;
    let complete = job.state == JobState::Succeeded;
    let (Some(summary), Some(direction)) = (&job.plan, job.request.direction) else {
        return Ok(None);
    };
    let Some(synchronizer) = job.synchronizer else {
        return Ok(None);
    };
    if !preview || !complete || job.creator != *caller {
        return Ok(None);
    }
    let found = match app.store.get_synchronizer_by_id(synchronizer).await {
        Err(StoreError::NotFound { .. }) => return Ok(None),
        found => found.map_err(|error| of_store(error, "synchronizer"))?,
    };
    Ok(Some(app.sealer.confirmation(&Confirmable {
        preview: job.id,
        preview_uid: &job.uid,
        principal: caller,
        synchronizer_uid: &found.uid,
        synchronizer_etag: &job.synchronizer_etag,
        direction,
        summary,
    })))
}

/// A job by its name. That its structure is deleted does not matter: history stays.
pub(crate) async fn find(
    app: &App,
    slug: &Slug,
    id: JobId,
) -> Result<(StructureRecord, JobRecord), Refusal> {
    let name = names::job(slug, id);
    let structure = match app.store.get_structure(slug.clone()).await {
        Err(StoreError::NotFound { .. }) => return Err(Refusal::not_found(name)),
        found => found.map_err(|error| of_store(error, &name))?,
    };
    let record = app
        .store
        .get_job(id)
        .await
        .map_err(|error| of_store(error, &name))?;
    match record.job.structure == structure.id {
        true => Ok((structure, record)),
        false => Err(Refusal::not_found(name)),
    }
}

/// Gets a job.
pub(crate) async fn get(
    app: &App,
    caller: &Caller,
    slug: &Slug,
    id: JobId,
) -> Result<JobView, Refusal> {
    let (structure, record) = find(app, slug, id).await?;
    view(app, caller, &structure, record.job).await
}

/// Waits until a job has ended, and at most until `deadline`.
pub(crate) async fn wait(
    app: &App,
    caller: &Caller,
    slug: &Slug,
    id: JobId,
    deadline: Instant,
) -> Result<JobView, Refusal> {
    let mut changed = app.changed.subscribe();
    let mut pause = Pause::new(app.limits.watch_poll_max);
    loop {
        let (structure, record) = find(app, slug, id).await?;
        if record.job.state.is_final() || Instant::now() >= deadline {
            return view(app, caller, &structure, record.job).await;
        }
        tokio::select! {
            () = app.draining.cancelled() => return Err(Refusal::draining()),
            _ = changed.changed() => {}
            () = tokio::time::sleep_until(pause.next().min(deadline)) => {}
        }
    }
}

/// Asks a job to stop.
pub(crate) async fn cancel(
    app: &App,
    caller: &Caller,
    slug: &Slug,
    id: JobId,
    reason: &str,
) -> Result<JobView, Refusal> {
    let (structure, _) = find(app, slug, id).await?;
    // There is no audit log yet; until then the operator's log has it.
    tracing::info!(job.id = id.0, principal = %caller, reason, "a job is to be cancelled");
    let asked = app.store.request_cancel(id, app.now()).await;
    let record = asked.map_err(|error| of_store(error, &names::job(slug, id)))?;
    app.nudge.notify_one();
    app.changed.raise();
    view(app, caller, &structure, record.job).await
}
