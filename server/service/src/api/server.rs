//! The door of `ServerService`.

use super::convert::{to_count, to_duration, to_time};
use super::{Answer, admit};
use crate::limits::Limits;
use crate::service::Service;
use resync_api::v1;
use resync_api::v1::server_service_server::ServerService;
use tonic::{Request, Response};

#[tonic::async_trait]
impl ServerService for Service {
    async fn describe_server(
        &self,
        request: Request<v1::DescribeServerRequest>,
    ) -> Answer<v1::DescribeServerResponse> {
        let caller = admit(self, &request, &[], "")?;
        let app = &self.app;
        Ok(Response::new(v1::DescribeServerResponse {
            version: app.build.version.clone(),
            commit: app.build.commit.clone(),
            server_time: Some(to_time(app.now())),
            start_time: Some(to_time(app.start_time)),
            caller: caller.to_string(),
            synchronizers_enabled: app.features.synchronizers,
            limits: Some(to_limits(&app.limits)),
        }))
    }
}

fn to_limits(limits: &Limits) -> v1::ServerLimits {
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    v1::ServerLimits {
        max_request_bytes: count(limits.request_bytes_max),
        max_rows_per_structure: to_count(limits.rows_per_structure_max),
        max_concurrent_jobs: limits.concurrent_jobs_max,
        max_watches_per_caller: count(limits.watches_per_caller_max),
        plan_ttl: Some(to_duration(limits.plan_ttl)),
        job_retention_duration: Some(to_duration(limits.job_retention)),
        forest_history_duration: Some(to_duration(limits.forest_history)),
        heartbeat_interval: Some(to_duration(limits.heartbeat_interval)),
    }
}
