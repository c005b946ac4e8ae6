//! The door of `TrackerService`.

use super::convert::field;
use super::convert::tracker::{
    TrackerView, delivery_id, from_changes, from_creation, from_update, signature,
    to_check_response, to_tracker,
};
use super::{Answer, admit, request_record};
use crate::access::Permission;
use crate::app::changes::{self, Delivery};
use crate::app::page::{self, PAGE_DEFAULT, PAGE_MAX};
use crate::app::{Caller, trackers};
use crate::names;
use crate::refusal::Refusal;
use crate::service::Service;
use resync_api::v1;
use resync_api::v1::tracker_service_server::TrackerService;
use resync_store::TrackerRecord;
use tonic::{Request, Response};

/// What it takes to change and to check connections.
const ADMIN: &[Permission] = &[Permission::AdminTrackers];

/// What it takes to tell of changes.
const INGEST: &[Permission] = &[Permission::IngestChanges];

impl Service {
    /// A connection as callers see it.
    fn shown(&self, record: TrackerRecord, show_credential: bool) -> v1::Tracker {
        to_tracker(TrackerView {
            endpoint_enabled: (self.app.hooks)(&record.slug).is_some(),
            received: self.app.received.of(record.id),
            record,
            show_credential,
        })
    }

    /// Whether the caller sees the names of credentials.
    fn sees_credentials(&self, caller: &Caller) -> bool {
        self.app
            .access
            .allows(caller, Permission::AdminTrackers, "")
    }
}

#[tonic::async_trait]
impl TrackerService for Service {
    async fn create_tracker(
        &self,
        request: Request<v1::CreateTrackerRequest>,
    ) -> Answer<v1::CreateTrackerResponse> {
        let caller = admit(self, &request, ADMIN, "")?;
        let mut message = request.into_inner();
        let id = std::mem::take(&mut message.request_id);
        let record = request_record(&self.app, &caller, "CreateTracker", id, &message)?;
        let asked = from_creation(&message.tracker_id, message.tracker)?;
        let made = trackers::create(&self.app, asked, message.validate_only, record).await?;
        Ok(Response::new(v1::CreateTrackerResponse {
            tracker: Some(self.shown(made, true)),
        }))
    }

    async fn get_tracker(
        &self,
        request: Request<v1::GetTrackerRequest>,
    ) -> Answer<v1::GetTrackerResponse> {
        let caller = admit(self, &request, &[], &request.get_ref().name)?;
        let slug = names::parse_tracker("name", &request.get_ref().name)?;
        let found = trackers::get(&self.app, &slug).await?;
        let tracker = Some(self.shown(found, self.sees_credentials(&caller)));
        Ok(Response::new(v1::GetTrackerResponse { tracker }))
    }

    async fn list_trackers(
        &self,
        request: Request<v1::ListTrackersRequest>,
    ) -> Answer<v1::ListTrackersResponse> {
        let caller = admit(self, &request, &[], "")?;
        let v1::ListTrackersRequest {
            page_size,
            page_token,
        } = request.into_inner();
        let size = page::size(page_size, PAGE_DEFAULT, PAGE_MAX)?;
        let scope: [&[u8]; 1] = [b"list-trackers"];
        let after = page::after(&self.app.sealer, &scope, &page_token)?;
        let found = trackers::list(&self.app, after, size).await?;
        let show = self.sees_credentials(&caller);
        Ok(Response::new(v1::ListTrackersResponse {
            trackers: found
                .items
                .into_iter()
                .map(|one| self.shown(one, show))
                .collect(),
            next_page_token: page::next_token(&self.app.sealer, &scope, found.next),
        }))
    }

    async fn update_tracker(
        &self,
        request: Request<v1::UpdateTrackerRequest>,
    ) -> Answer<v1::UpdateTrackerResponse> {
        admit(self, &request, ADMIN, "")?;
        let v1::UpdateTrackerRequest {
            tracker,
            update_mask,
            validate_only,
        } = request.into_inner();
        let tracker = field::required("tracker", tracker)?;
        let slug = names::parse_tracker("tracker.name", &tracker.name)?;
        let etag = field::etag(tracker.etag.clone());
        let update = from_update(tracker, update_mask)?;
        let made = trackers::update(&self.app, &slug, update, etag, validate_only).await?;
        Ok(Response::new(v1::UpdateTrackerResponse {
            tracker: Some(self.shown(made, true)),
        }))
    }

    async fn delete_tracker(
        &self,
        request: Request<v1::DeleteTrackerRequest>,
    ) -> Answer<v1::DeleteTrackerResponse> {
        admit(self, &request, ADMIN, &request.get_ref().name)?;
        let v1::DeleteTrackerRequest {
            name,
            etag,
            allow_missing,
        } = request.into_inner();
        let slug = names::parse_tracker("name", &name)?;
        trackers::delete(&self.app, &slug, field::etag(etag), allow_missing).await?;
        Ok(Response::new(v1::DeleteTrackerResponse {}))
    }

    async fn check_tracker(
        &self,
        request: Request<v1::CheckTrackerRequest>,
    ) -> Answer<v1::CheckTrackerResponse> {
        admit(self, &request, ADMIN, &request.get_ref().name)?;
        let slug = names::parse_tracker("name", &request.get_ref().name)?;
        let report = trackers::check_now(&self.app, &slug).await?;
        Ok(Response::new(to_check_response(report)))
    }

    async fn ingest_webhook(
        &self,
        request: Request<v1::IngestWebhookRequest>,
    ) -> Answer<v1::IngestWebhookResponse> {
        admit(self, &request, INGEST, &request.get_ref().name)?;
        let v1::IngestWebhookRequest {
            name,
            delivery_id: id,
            headers,
            body,
        } = request.into_inner();
        let slug = names::parse_tracker("name", &name)?;
        let id = delivery_id(id)?;
        let tracker = trackers::get(&self.app, &slug).await?;
        let delivery = Delivery {
            id: &id,
            signature: signature(&headers),
            body: &body,
        };
        let keys = (self.app.hooks)(&tracker.slug);
        let taken = changes::ingest(&self.app, &tracker, keys, delivery).await?;
        Ok(Response::new(v1::IngestWebhookResponse {
            accepted_change_count: i32::try_from(taken.accepted).unwrap_or(i32::MAX),
            duplicate: taken.duplicate,
        }))
    }

    async fn report_issue_changes(
        &self,
        request: Request<v1::ReportIssueChangesRequest>,
    ) -> Answer<v1::ReportIssueChangesResponse> {
        let caller = admit(self, &request, INGEST, &request.get_ref().name)?;
        let mut message = request.into_inner();
        let mut id = std::mem::take(&mut message.request_id);
        if id.is_empty() {
            id = hyphenated(self.app.uid().as_str());
        }
        let record = request_record(&self.app, &caller, "ReportIssueChanges", id, &message)?;
        let slug = names::parse_tracker("name", &message.name)?;
        let named = from_changes(message.changes)?;
        let tracker = trackers::get(&self.app, &slug).await?;
        let record = record.ok_or_else(|| Refusal::internal("a request has an id"))?;
        let accepted = changes::report(&self.app, &tracker, named, record).await?;
        Ok(Response::new(v1::ReportIssueChangesResponse {
            accepted_change_count: i32::try_from(accepted).unwrap_or(i32::MAX),
        }))
    }
}

/// 32 hexadecimal digits as a UUID is written.
fn hyphenated(digits: &str) -> String {
    let ends = [8, 12, 16, 20];
    let mut text = String::with_capacity(digits.len() + ends.len());
    for (at, digit) in digits.chars().enumerate() {
        if ends.contains(&at) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}
