//! The door of `SynchronizerService`.

use super::convert::field;
use super::convert::synchronizer::{
    from_creation, from_update, to_kind, to_overlaps, to_synchronizer,
};
use super::{Answer, admit, request_record};
use crate::access::Permission;
use crate::app::page::{self, PAGE_DEFAULT, PAGE_MAX};
use crate::app::{App, Caller, kinds, synchronizers};
use crate::filter::Filter;
use crate::names;
use crate::refusal::Refusal;
use crate::service::Service;
use resync_api::v1;
use resync_api::v1::synchronizer_service_server::SynchronizerService;
use resync_core::synchronizer::Kind;
use tonic::{Request, Response};

/// What it takes to install, change, run or remove a synchronizer.
pub(super) const CONTROL: &[Permission] = &[Permission::Control, Permission::ControlSynchronizers];

#[tonic::async_trait]
impl SynchronizerService for Service {
    async fn list_synchronizer_kinds(
        &self,
        request: Request<v1::ListSynchronizerKindsRequest>,
    ) -> Answer<v1::ListSynchronizerKindsResponse> {
        admit(self, &request, &[], "")?;
        Ok(Response::new(list_kinds(&self.app, request.into_inner())?))
    }

    async fn get_synchronizer_kind(
        &self,
        request: Request<v1::GetSynchronizerKindRequest>,
    ) -> Answer<v1::GetSynchronizerKindResponse> {
        admit(self, &request, &[], "")?;
        let name = request.into_inner().name;
        let Some(id) = name
            .strip_prefix("synchronizerKinds/")
            .filter(|id| !id.is_empty())
        else {
            let description = "must be a name of the format synchronizerKinds/{synchronizer_kind}";
            return Err(Refusal::field("name", description).into());
        };
        let kind = kinds::by_id(id).ok_or_else(|| Refusal::not_found(&name))?;
        let kind = to_kind(kind, self.app.features.synchronizers);
        Ok(Response::new(v1::GetSynchronizerKindResponse {
            synchronizer_kind: Some(kind),
        }))
    }

    async fn create_synchronizer(
        &self,
        request: Request<v1::CreateSynchronizerRequest>,
    ) -> Answer<v1::CreateSynchronizerResponse> {
        let caller = admit(self, &request, CONTROL, &request.get_ref().parent)?;
        let mut message = request.into_inner();
        let id = std::mem::take(&mut message.request_id);
        let record = request_record(&self.app, &caller, "CreateSynchronizer", id, &message)?;
        let parent = names::parse_structure("parent", &message.parent)?;
        let asked = from_creation(&message.synchronizer_id, message.synchronizer)?;
        let check = message.validate_only;
        let made = synchronizers::create(&self.app, &caller, &parent, asked, check, record).await?;
        let overlaps = synchronizers::overlaps_of(&self.app, &made).await?;
        let synchronizer = Some(to_synchronizer(made));
        Ok(Response::new(v1::CreateSynchronizerResponse {
            synchronizer,
            overlaps: to_overlaps(overlaps),
        }))
    }

    async fn get_synchronizer(
        &self,
        request: Request<v1::GetSynchronizerRequest>,
    ) -> Answer<v1::GetSynchronizerResponse> {
        admit(self, &request, &[Permission::View], &request.get_ref().name)?;
        let (structure, slug) = names::parse_synchronizer("name", &request.get_ref().name)?;
        let found = synchronizers::get(&self.app, (&structure, &slug)).await?;
        let synchronizer = Some(to_synchronizer(found));
        Ok(Response::new(v1::GetSynchronizerResponse { synchronizer }))
    }

    async fn list_synchronizers(
        &self,
        request: Request<v1::ListSynchronizersRequest>,
    ) -> Answer<v1::ListSynchronizersResponse> {
        let parent = request.get_ref().parent.as_str();
        let needed: &[Permission] = if parent == ALL {
            &[]
        } else {
            &[Permission::View]
        };
        let caller = admit(self, &request, needed, parent)?;
        Ok(Response::new(
            list(&self.app, &caller, request.into_inner()).await?,
        ))
    }

    async fn update_synchronizer(
        &self,
        request: Request<v1::UpdateSynchronizerRequest>,
    ) -> Answer<v1::UpdateSynchronizerResponse> {
        let name = request
            .get_ref()
            .synchronizer
            .as_ref()
            .map_or("", |one| one.name.as_str());
        let caller = admit(self, &request, CONTROL, name)?;
        let v1::UpdateSynchronizerRequest {
            synchronizer,
            update_mask,
            validate_only,
        } = request.into_inner();
        let synchronizer = field::required("synchronizer", synchronizer)?;
        let (structure, slug) = names::parse_synchronizer("synchronizer.name", &synchronizer.name)?;
        let update = from_update(synchronizer, update_mask)?;
        let names = (&structure, &slug);
        let made = synchronizers::update(&self.app, &caller, names, update, validate_only).await?;
        let synchronizer = Some(to_synchronizer(made));
        Ok(Response::new(v1::UpdateSynchronizerResponse {
            synchronizer,
        }))
    }

    async fn delete_synchronizer(
        &self,
        request: Request<v1::DeleteSynchronizerRequest>,
    ) -> Answer<v1::DeleteSynchronizerResponse> {
        admit(self, &request, CONTROL, &request.get_ref().name)?;
        let v1::DeleteSynchronizerRequest {
            name,
            etag,
            allow_missing,
        } = request.into_inner();
        let (structure, slug) = names::parse_synchronizer("name", &name)?;
        let names = (&structure, &slug);
        synchronizers::delete(&self.app, names, field::etag(etag), allow_missing).await?;
        Ok(Response::new(v1::DeleteSynchronizerResponse {}))
    }

    async fn enable_synchronizer(
        &self,
        request: Request<v1::EnableSynchronizerRequest>,
    ) -> Answer<v1::EnableSynchronizerResponse> {
        admit(self, &request, CONTROL, &request.get_ref().name)?;
        let v1::EnableSynchronizerRequest {
            name,
            etag,
            validate_only: check,
        } = request.into_inner();
        let (structure, slug) = names::parse_synchronizer("name", &name)?;
        let names = (&structure, &slug);
        let etag = field::etag(etag);
        let made = synchronizers::set_enabled(&self.app, names, true, etag, check).await?;
        let overlaps = synchronizers::overlaps_of(&self.app, &made).await?;
        let synchronizer = Some(to_synchronizer(made));
        Ok(Response::new(v1::EnableSynchronizerResponse {
            synchronizer,
            overlaps: to_overlaps(overlaps),
        }))
    }

    async fn disable_synchronizer(
        &self,
        request: Request<v1::DisableSynchronizerRequest>,
    ) -> Answer<v1::DisableSynchronizerResponse> {
        admit(self, &request, CONTROL, &request.get_ref().name)?;
        let v1::DisableSynchronizerRequest { name, etag } = request.into_inner();
        let (structure, slug) = names::parse_synchronizer("name", &name)?;
        let names = (&structure, &slug);
        let etag = field::etag(etag);
        let made = synchronizers::set_enabled(&self.app, names, false, etag, false).await?;
        let synchronizer = Some(to_synchronizer(made));
        Ok(Response::new(v1::DisableSynchronizerResponse {
            synchronizer,
        }))
    }
}

fn list_kinds(
    app: &App,
    message: v1::ListSynchronizerKindsRequest,
) -> Result<v1::ListSynchronizerKindsResponse, Refusal> {
    let v1::ListSynchronizerKindsRequest {
        page_size,
        page_token,
    } = message;
    let size = page::size(page_size, PAGE_DEFAULT, PAGE_MAX)?;
    let scope: [&[u8]; 1] = [b"list-synchronizer-kinds"];
    let after = page::after(&app.sealer, &scope, &page_token)?.unwrap_or(0);
    let first = usize::try_from(after).unwrap_or(0);
    let end = first.saturating_add(size).min(Kind::ALL.len());
    let kinds = Kind::ALL.get(first..end).unwrap_or_default();
    let enabled = app.features.synchronizers;
    let next = (end < Kind::ALL.len()).then(|| i64::try_from(end).unwrap_or(0));
    Ok(v1::ListSynchronizerKindsResponse {
        synchronizer_kinds: kinds.iter().map(|kind| to_kind(*kind, enabled)).collect(),
        next_page_token: page::next_token(&app.sealer, &scope, next),
    })
}

async fn list(
    app: &App,
    caller: &Caller,
    message: v1::ListSynchronizersRequest,
) -> Result<v1::ListSynchronizersResponse, Refusal> {
    let v1::ListSynchronizersRequest {
        parent,
        page_size,
        page_token,
        filter,
    } = message;
    let structure = names::parse_parent("parent", &parent)?;
    let size = page::size(page_size, PAGE_DEFAULT, PAGE_MAX)?;
    let parsed = Filter::parse(&filter, synchronizers::FILTER_FIELDS)?;
    let scope: [&[u8]; 3] = [b"list-synchronizers", parent.as_bytes(), filter.as_bytes()];
    let after = page::after(&app.sealer, &scope, &page_token)?;
    let found = synchronizers::list(app, caller, structure.as_ref(), &parsed, after, size).await?;
    Ok(v1::ListSynchronizersResponse {
        synchronizers: found.items.into_iter().map(to_synchronizer).collect(),
        next_page_token: page::next_token(&app.sealer, &scope, found.next),
    })
}

/// The parent of a list over all structures: what is visible is decided one by one.
pub(super) const ALL: &str = "structures/-";
