//! The door of `ResyncService`.

use super::convert::field;
use super::convert::job::{Depth, to_job};
use super::convert::synchronizer::from_direction;
use super::synchronizer::CONTROL;
use super::{Answer, admit, request_record};
use crate::access::Permission;
use crate::app::resyncs::{self, ConflictPolicy, Run};
use crate::names;
use crate::refusal::Refusal;
use crate::service::Service;
use resync_api::v1;
use resync_api::v1::resync_service_server::ResyncService;
use resync_core::job::ChangeLimits;
use tonic::{Request, Response};

#[tonic::async_trait]
impl ResyncService for Service {
    async fn preview_resync(
        &self,
        request: Request<v1::PreviewResyncRequest>,
    ) -> Answer<v1::PreviewResyncResponse> {
        let caller = admit(self, &request, CONTROL, &request.get_ref().name)?;
        let mut message = request.into_inner();
        let id = std::mem::take(&mut message.request_id);
        let record = request_record(&self.app, &caller, "PreviewResync", id, &message)?;
        let (structure, slug) = names::parse_synchronizer("name", &message.name)?;
        let direction = from_direction(message.direction)?;
        let names = (&structure, &slug);
        let job = resyncs::preview(&self.app, &caller, names, direction, record).await?;
        Ok(Response::new(v1::PreviewResyncResponse {
            job: Some(to_job(job, Depth::Full)),
        }))
    }

    async fn run_resync(
        &self,
        request: Request<v1::RunResyncRequest>,
    ) -> Answer<v1::RunResyncResponse> {
        let caller = admit(self, &request, CONTROL, &request.get_ref().name)?;
        if request.get_ref().force {
            admit(
                self,
                &request,
                &[Permission::ForceResync],
                &request.get_ref().name,
            )?;
        }
        let mut message = request.into_inner();
        let id = std::mem::take(&mut message.request_id);
        let record = request_record(&self.app, &caller, "RunResync", id, &message)?;
        let (structure, slug) = names::parse_synchronizer("name", &message.name)?;
        let run = from_run(message)?;
        let started = resyncs::run(&self.app, &caller, (&structure, &slug), run, record).await?;
        let (job, existing) = (Some(to_job(started.job, Depth::Full)), started.existing);
        Ok(Response::new(v1::RunResyncResponse { job, existing }))
    }
}

fn from_run(message: v1::RunResyncRequest) -> Result<Run, Refusal> {
    let v1::RunResyncRequest {
        name: _,
        direction,
        confirmation_token,
        force,
        acknowledged_destructive_count,
        limits,
        conflict_policy,
        enable_synchronizer,
        etag,
        reason,
        validate_only,
        request_id: _,
    } = message;
    let path = "acknowledged_destructive_count";
    Ok(Run {
        direction: from_direction(direction)?,
        confirmation_token: (!confirmation_token.is_empty()).then_some(confirmation_token),
        force,
        acknowledged: field::count(path, acknowledged_destructive_count)?,
        limits: from_limits(limits.unwrap_or_default())?,
        conflict_policy: from_conflict_policy(conflict_policy)?,
        enable_synchronizer,
        etag: field::etag(etag),
        reason: field::reason(reason)?,
        validate_only,
    })
}

fn from_limits(limits: v1::ChangeLimits) -> Result<ChangeLimits, Refusal> {
    let v1::ChangeLimits {
        max_change_count,
        max_destructive_change_count,
    } = limits;
    let path = "limits.max_destructive_change_count";
    Ok(ChangeLimits {
        changes: field::count("limits.max_change_count", max_change_count)?,
        destructive_changes: field::count(path, max_destructive_change_count)?,
    })
}

fn from_conflict_policy(policy: i32) -> Result<ConflictPolicy, Refusal> {
    match v1::ConflictPolicy::try_from(policy) {
        Ok(v1::ConflictPolicy::Unspecified | v1::ConflictPolicy::Reject) => {
            Ok(ConflictPolicy::Reject)
        }
        Ok(v1::ConflictPolicy::Join) => Ok(ConflictPolicy::Join),
        Ok(v1::ConflictPolicy::Queue) => Ok(ConflictPolicy::Queue),
        Err(_) => Err(Refusal::field(
            "conflict_policy",
            "is not a conflict policy",
        )),
    }
}
