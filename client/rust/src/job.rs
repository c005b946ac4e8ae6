//! A handle of one job. Dropping it stops nothing: jobs belong to the server.

use futures::TryStreamExt;
use resync_api::v1::{
    CancelJobRequest, GetJobRequest, Job, JobChange, ListJobChangesRequest,
    job_service_client::JobServiceClient,
};
use tonic::transport::Channel;

use crate::{
    call::{READ, WRITE_ONCE, call},
    error::Error,
    pages::{Items, items},
    watch::{self, Follow, JobEvent, JobEvents},
};

/// One job, named.
#[derive(Clone, Debug)]
pub struct JobHandle {
    channel: Channel,
    name: String,
}

impl JobHandle {
    pub(crate) fn new(channel: Channel, name: String) -> Self {
        Self { channel, name }
    }

    /// The resource name, `structures/{structure}/jobs/{job}`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The job as it is now, in full.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub async fn get(&self) -> Result<Job, Error> {
        let request = GetJobRequest {
            name: self.name.clone(),
            ..Default::default()
        };
        let answer = call!(&self.channel, READ, JobServiceClient::get_job, request).await?;
        Ok(answer.job.unwrap_or_default())
    }

    /// Waits until the job has ended, however long that takes, over restarts of the server, too.
    /// A job that failed is not an error here: look at `state` and `error`.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub async fn wait(&self) -> Result<Job, Error> {
        let events = watch::job_events(self.channel.clone(), self.name.clone(), Follow::End);
        let last = events.try_fold(Job::default(), |last, event| async {
            Ok(match event {
                JobEvent::Update(update) => update.job.unwrap_or(last),
                JobEvent::Reconnecting { .. } => last,
            })
        });
        last.await
    }

    /// Follows the job until it ends. Comes back by itself when the connection breaks, without
    /// missing or repeating a line of the log.
    #[must_use]
    pub fn watch(&self) -> JobEvents {
        watch::job_events(self.channel.clone(), self.name.clone(), Follow::All)
    }

    /// Asks the job to stop. What it has changed stays.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub async fn cancel(&self, reason: &str) -> Result<Job, Error> {
        let request = CancelJobRequest {
            name: self.name.clone(),
            reason: reason.to_owned(),
        };
        let answer = call!(
            &self.channel,
            WRITE_ONCE,
            JobServiceClient::cancel_job,
            request
        )
        .await?;
        Ok(answer.job.unwrap_or_default())
    }

    /// The changes of the job: destructive ones first, and at the end the differences that it
    /// leaves. `filter` is that of `ListJobChanges`; empty for all.
    #[must_use]
    pub fn changes(&self, filter: &str) -> Items<JobChange> {
        let (channel, parent) = (self.channel.clone(), self.name.clone());
        let filter = filter.to_owned();
        items(move |page_token| {
            let channel = channel.clone();
            let request = ListJobChangesRequest {
                parent: parent.clone(),
                filter: filter.clone(),
                page_token,
                ..Default::default()
            };
            async move {
                let page =
                    call!(&channel, READ, JobServiceClient::list_job_changes, request).await?;
                Ok((page.job_changes, page.next_page_token))
            }
        })
    }
}
