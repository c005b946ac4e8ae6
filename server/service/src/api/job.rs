//! The door of `JobService`.

use super::convert::field;
use super::convert::job::{Depth, from_view, to_job, to_watch_message};
use super::convert::plan::{hold_name, to_change};
use super::stream::{self, WatchStream};
use super::structure::MESSAGE_BYTES;
use super::synchronizer::ALL;
use super::{Answer, admit, deadline, size_of};
use crate::access::Permission;
use crate::app::Caller;
use crate::app::jobs::{self, lists};
use crate::app::page::{self, PAGE_DEFAULT, PAGE_MAX};
use crate::app::watch_job::{JobWatch, WatchOptions};
use crate::filter::Filter;
use crate::names;
use crate::refusal::Refusal;
use crate::service::Service;
use resync_api::v1;
use resync_api::v1::job_service_server::JobService;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Request, Response};

/// Changes of a page when the caller asks for no number.
const CHANGES_DEFAULT: usize = 500;

/// Most changes of a page.
const CHANGES_MAX: usize = 5_000;

/// How long `WaitJob` waits when the caller does not say.
const WAIT_DEFAULT: Duration = Duration::from_secs(30);

/// The longest that `WaitJob` waits.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(10 * 60);

/// How long before the deadline of the call `WaitJob` answers.
const WAIT_MARGIN: Duration = Duration::from_secs(1);

/// The least time between two progress messages when the caller does not say.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// The longest time between two progress messages: more, and a watch shows nothing.
const PROGRESS_INTERVAL_MAX: Duration = Duration::from_secs(60 * 60);

#[tonic::async_trait]
impl JobService for Service {
    async fn get_job(&self, request: Request<v1::GetJobRequest>) -> Answer<v1::GetJobResponse> {
        let caller = admit(self, &request, &[Permission::View], &request.get_ref().name)?;
        let v1::GetJobRequest { name, view } = request.into_inner();
        let (structure, id) = names::parse_job("name", &name)?;
        let depth = from_view(view, Depth::Full)?;
        let job = jobs::get(&self.app, &caller, &structure, id).await?;
        Ok(Response::new(v1::GetJobResponse {
            job: Some(to_job(job, depth)),
        }))
    }

    async fn list_jobs(
        &self,
        request: Request<v1::ListJobsRequest>,
    ) -> Answer<v1::ListJobsResponse> {
        let parent = request.get_ref().parent.as_str();
        let needed: &[Permission] = if parent == ALL {
            &[]
        } else {
            &[Permission::View]
        };
        let caller = admit(self, &request, needed, parent)?;
        Ok(Response::new(
            list_jobs(self, &caller, request.into_inner()).await?,
        ))
    }

    async fn list_job_changes(
        &self,
        request: Request<v1::ListJobChangesRequest>,
    ) -> Answer<v1::ListJobChangesResponse> {
        admit(
            self,
            &request,
            &[Permission::View],
            &request.get_ref().parent,
        )?;
        let response = list_changes(self, request.into_inner()).await?;
        Ok(Response::new(response))
    }

    async fn wait_job(&self, request: Request<v1::WaitJobRequest>) -> Answer<v1::WaitJobResponse> {
        let caller = admit(self, &request, &[Permission::View], &request.get_ref().name)?;
        let call_ends = deadline(&request).and_then(|at| at.checked_sub(WAIT_MARGIN));
        let v1::WaitJobRequest { name, timeout } = request.into_inner();
        let (structure, id) = names::parse_job("name", &name)?;
        let timeout = field::duration("timeout", timeout)?
            .unwrap_or(WAIT_DEFAULT)
            .min(WAIT_MAX);
        let until = Instant::now() + timeout;
        let until = call_ends.map_or(until, |ends| until.min(ends));
        let job = jobs::wait(&self.app, &caller, &structure, id, until).await?;
        Ok(Response::new(v1::WaitJobResponse {
            job: Some(to_job(job, Depth::Full)),
        }))
    }

    type WatchJobStream = WatchStream<v1::WatchJobResponse>;

    async fn watch_job(
        &self,
        request: Request<v1::WatchJobRequest>,
    ) -> Answer<Self::WatchJobStream> {
        let caller = admit(self, &request, &[Permission::View], &request.get_ref().name)?;
        let deadline = deadline(&request);
        let permit = self.app.watches.open(&self.app, &caller)?;
        let watch = watch(self, &caller, request.into_inner()).await?;
        let clock = self.app.clock.clone();
        let convert = move |message| to_watch_message(message, clock());
        let stream = stream::start(&self.app, permit, deadline, watch, convert);
        Ok(Response::new(stream))
    }

    async fn cancel_job(
        &self,
        request: Request<v1::CancelJobRequest>,
    ) -> Answer<v1::CancelJobResponse> {
        let caller = admit(
            self,
            &request,
            &[Permission::Control],
            &request.get_ref().name,
        )?;
        let v1::CancelJobRequest { name, reason } = request.into_inner();
        let (structure, id) = names::parse_job("name", &name)?;
        let reason = field::reason(reason)?;
        let job = jobs::cancel(&self.app, &caller, &structure, id, &reason).await?;
        Ok(Response::new(v1::CancelJobResponse {
            job: Some(to_job(job, Depth::Full)),
        }))
    }
}

async fn watch(
    service: &Service,
    caller: &Caller,
    message: v1::WatchJobRequest,
) -> Result<JobWatch, Refusal> {
    let v1::WatchJobRequest {
        name,
        resume_token,
        skip_log,
        progress_interval,
    } = message;
    let (structure, id) = names::parse_job("name", &name)?;
    let interval = field::duration("progress_interval", progress_interval)?;
    let progress_interval = interval
        .unwrap_or(PROGRESS_INTERVAL)
        .min(PROGRESS_INTERVAL_MAX);
    let options = WatchOptions {
        resume_token,
        skip_log,
        progress_interval,
    };
    JobWatch::start(&service.app, caller, &structure, id, options).await
}

async fn list_jobs(
    service: &Service,
    caller: &Caller,
    message: v1::ListJobsRequest,
) -> Result<v1::ListJobsResponse, Refusal> {
    let v1::ListJobsRequest {
        parent,
        page_size,
        page_token,
        filter,
        view,
    } = message;
    let app = &service.app;
    let structure = names::parse_parent("parent", &parent)?;
    let size = page::size(page_size, PAGE_DEFAULT, PAGE_MAX)?;
    let parsed = Filter::parse(&filter, lists::FILTER_FIELDS)?;
    let depth = from_view(view, Depth::Basic)?;
    let scope: [&[u8]; 3] = [b"list-jobs", parent.as_bytes(), filter.as_bytes()];
    let before = page::after(&app.sealer, &scope, &page_token)?;
    let found = lists::list(app, caller, structure.as_ref(), &parsed, before, size).await?;
    let (mut jobs, mut next) = (Vec::new(), found.next);
    let (mut bytes, mut last) = (0, before);
    for view in found.items {
        let id = view.job.id.0;
        let job = to_job(view, depth);
        bytes += size_of(&job);
        if bytes > MESSAGE_BYTES && !jobs.is_empty() {
            next = last;
            break;
        }
        last = Some(id);
        jobs.push(job);
    }
    Ok(v1::ListJobsResponse {
        jobs,
        next_page_token: page::next_token(&app.sealer, &scope, next),
    })
}

async fn list_changes(
    service: &Service,
    message: v1::ListJobChangesRequest,
) -> Result<v1::ListJobChangesResponse, Refusal> {
    let v1::ListJobChangesRequest {
        parent,
        page_size,
        page_token,
        filter,
    } = message;
    let app = &service.app;
    let (structure, id) = names::parse_job("parent", &parent)?;
    let size = page::size(page_size, CHANGES_DEFAULT, CHANGES_MAX)?;
    let parsed = Filter::parse(&filter, lists::CHANGE_FILTER_FIELDS)?;
    let scope: [&[u8]; 3] = [b"list-job-changes", parent.as_bytes(), filter.as_bytes()];
    let after = page::after(&app.sealer, &scope, &page_token)?;
    let found = lists::list_changes(app, &structure, id, &parsed, hold_name, after, size).await?;
    let (mut job_changes, mut next) = (Vec::new(), found.page.next);
    let mut bytes = 0;
    let mut last = after;
    for change in found.page.items {
        let ordinal = change.ordinal;
        let change = to_change(change, &found.labels);
        bytes += size_of(&change);
        if bytes > MESSAGE_BYTES && !job_changes.is_empty() {
            next = last;
            break;
        }
        last = Some(ordinal);
        job_changes.push(change);
    }
    let next_page_token = page::next_token(&app.sealer, &scope, next);
    Ok(v1::ListJobChangesResponse {
        job_changes,
        next_page_token,
    })
}
