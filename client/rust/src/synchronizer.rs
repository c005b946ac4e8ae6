//! A handle of one synchronizer: its settings, its previews and its runs. Follow what it starts
//! with `job`.

use resync_api::v1::{
    ChangeLimits, ConflictPolicy, DeleteSynchronizerRequest, Direction, DisableSynchronizerRequest,
    EnableSynchronizerRequest, GetSynchronizerRequest, PreviewResyncRequest, RunResyncRequest,
    Synchronizer, resync_service_client::ResyncServiceClient,
    synchronizer_service_client::SynchronizerServiceClient,
};
use tonic::transport::Channel;

use crate::{
    call::{READ, WRITE, WRITE_ONCE, call},
    error::Error,
    job::JobHandle,
    random,
};

/// One synchronizer, named. Nothing is known of it until a method is called.
#[derive(Clone, Debug)]
pub struct SynchronizerHandle {
    channel: Channel,
    name: String,
}

/// Why a run may change things.
#[derive(Clone, Debug)]
pub enum Confirmation {
    /// `plan.confirmation_token` of a preview: the run does exactly what was planned.
    Token(String),
    /// No one looked at a plan. The run passes no guard.
    Force,
}

/// What else there is to say about a run.
#[derive(Clone, Debug, Default)]
pub struct RunOptions {
    /// The number of destructive changes, typed back; needed when a guard of the plan tripped.
    pub acknowledged_destructive_count: Option<i32>,
    /// What the job may do at most.
    pub limits: Option<ChangeLimits>,
    /// What to do when a resync of the same synchronizer runs or waits; refuse by default.
    pub conflict_policy: ConflictPolicy,
    /// Enable the synchronizer when the run has succeeded.
    pub enable_synchronizer: bool,
    /// Why, for the audit log.
    pub reason: String,
}

impl SynchronizerHandle {
    pub(crate) fn new(channel: Channel, name: String) -> Self {
        Self { channel, name }
    }

    /// The resource name, `structures/{structure}/synchronizers/{synchronizer}`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The synchronizer.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub async fn get(&self) -> Result<Synchronizer, Error> {
        let request = GetSynchronizerRequest {
            name: self.name.clone(),
        };
        let answer = call!(
            &self.channel,
            READ,
            SynchronizerServiceClient::get_synchronizer,
            request
        )
        .await?;
        Ok(answer.synchronizer.unwrap_or_default())
    }

    /// Plans a resync and changes nothing. Wait for the job: its `plan` has the token to run it.
    ///
    /// # Errors
    /// `DirectionUnsupported`, `ResourceNotFound`, `SynchronizersDisabled`.
    pub async fn preview(&self, direction: Direction) -> Result<JobHandle, Error> {
        let request = PreviewResyncRequest {
            name: self.name.clone(),
            direction: direction.into(),
            request_id: random::request_id(),
        };
        let answer = call!(
            &self.channel,
            WRITE,
            ResyncServiceClient::preview_resync,
            request
        )
        .await?;
        Ok(JobHandle::new(
            self.channel.clone(),
            answer.job.unwrap_or_default().name,
        ))
    }

    /// Starts a resync. `direction` must be that of the preview.
    ///
    /// # Errors
    /// `PlanStale`, `GuardTripped`, `ConfirmationInvalid`, `ResyncAlreadyRunning`,
    /// `DirectionUnsupported`.
    pub async fn run(
        &self,
        direction: Direction,
        confirmation: Confirmation,
        options: RunOptions,
    ) -> Result<JobHandle, Error> {
        let (confirmation_token, force) = match confirmation {
            Confirmation::Token(token) => (token, false),
            Confirmation::Force => (String::new(), true),
        };
        let request = RunResyncRequest {
            name: self.name.clone(),
            direction: direction.into(),
            confirmation_token,
            force,
            acknowledged_destructive_count: options.acknowledged_destructive_count,
            limits: options.limits,
            conflict_policy: options.conflict_policy.into(),
            enable_synchronizer: options.enable_synchronizer,
            reason: options.reason,
            request_id: random::request_id(),
            ..Default::default()
        };
        let answer = call!(
            &self.channel,
            WRITE,
            ResyncServiceClient::run_resync,
            request
        )
        .await?;
        Ok(JobHandle::new(
            self.channel.clone(),
            answer.job.unwrap_or_default().name,
        ))
    }

    /// Starts incremental syncs.
    ///
    /// # Errors
    /// `ResourceNotFound`, `StateNotAllowed`, `SynchronizersDisabled`.
    pub async fn enable(&self) -> Result<Synchronizer, Error> {
        let request = EnableSynchronizerRequest {
            name: self.name.clone(),
            ..Default::default()
        };
        let answer = call!(
            &self.channel,
            WRITE_ONCE,
            SynchronizerServiceClient::enable_synchronizer,
            request
        )
        .await?;
        Ok(answer.synchronizer.unwrap_or_default())
    }

    /// Stops incremental syncs. A job that is running is finished.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub async fn disable(&self) -> Result<Synchronizer, Error> {
        let request = DisableSynchronizerRequest {
            name: self.name.clone(),
            ..Default::default()
        };
        let answer = call!(
            &self.channel,
            WRITE_ONCE,
            SynchronizerServiceClient::disable_synchronizer,
            request
        )
        .await?;
        Ok(answer.synchronizer.unwrap_or_default())
    }

    /// Removes the synchronizer. What it has synced stays as it is.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub async fn delete(&self) -> Result<(), Error> {
        let request = DeleteSynchronizerRequest {
            name: self.name.clone(),
            ..Default::default()
        };
        call!(
            &self.channel,
            WRITE_ONCE,
            SynchronizerServiceClient::delete_synchronizer,
            request
        )
        .await?;
        Ok(())
    }
}
