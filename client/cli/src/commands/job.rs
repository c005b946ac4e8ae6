//! `resync job`: what runs, what ran, and what it changed.

use futures::TryStreamExt;
use resync_api::v1::{ListJobChangesResponse, ListJobsResponse};

use super::run::ended;
use crate::{
    args::JobCommand,
    failure::Failure,
    follow::{follow, outcome},
    render::{job, text::job_id},
    session::{Session, first},
};

pub(crate) async fn job(session: &Session, command: JobCommand) -> Result<(), Failure> {
    let (zone, style) = (&session.zone, session.style());
    match command {
        JobCommand::List {
            structure,
            filter,
            limit,
        } => {
            let jobs = first(session.client.structure(&structure).jobs(&filter), limit).await?;
            session.print_list(
                jobs,
                |jobs| ListJobsResponse {
                    jobs,
                    ..Default::default()
                },
                |jobs| job::jobs(jobs, zone, style),
            )
        }
        JobCommand::Get { job } => session.print(&session.job(&job)?.get().await?, |job| {
            job::job(job, zone, style)
        }),
        JobCommand::Watch { job } => {
            let handle = session.job(&job)?;
            // A watch never gives up on a server; this call does, when there is none.
            handle.get().await?;
            ended(session, &follow(session, &handle).await?)
        }
        JobCommand::Wait { job } => {
            let handle = session.job(&job)?;
            handle.get().await?;
            session.follow(Some(handle.name()));
            let job = handle.wait().await?;
            session.follow(None);
            session.print(&job, |job| job::job(job, zone, style))?;
            outcome(&job)
        }
        JobCommand::Cancel { job, reason } => {
            let cancelled = session.job(&job)?.cancel(&reason).await?;
            session.print(&cancelled, |job| job::job(job, zone, style))?;
            if cancelled.end_time.is_none() {
                session.done(&format!(
                    "  resync job wait {}    until it has stopped",
                    job_id(&cancelled.name)
                ));
            }
            Ok(())
        }
        JobCommand::Changes { job, filter } => {
            let handle = session.job(&job)?;
            let changes: Vec<_> = handle.changes(&filter).try_collect().await?;
            session.print_list(
                changes,
                |job_changes| ListJobChangesResponse {
                    job_changes,
                    ..Default::default()
                },
                |changes| job::changes(changes, style),
            )
        }
    }
}
