//! The door of `StructureService`.

use super::convert::edit::from_changes;
use super::convert::field;
use super::convert::forest::{rows_view, to_changes, to_row, to_watch_message};
use super::convert::structure::{from_creation, from_update, to_structure};
use super::stream::{self, WatchStream};
use super::{Answer, admit, deadline, request_record, size_of};
use crate::access::Permission;
use crate::app::edits::{self, Edit};
use crate::app::labels::Labels;
use crate::app::page::{self, PAGE_DEFAULT, PAGE_MAX};
use crate::app::rows::{self, Cursor};
use crate::app::watch_structure::{StructureWatch, WatchOptions};
use crate::app::{App, Caller, structures};
use crate::filter::Filter;
use crate::names;
use crate::refusal::Refusal;
use crate::service::Service;
use resync_api::v1;
use resync_api::v1::structure_service_server::StructureService;
use resync_core::id::ForestVersion;
use tonic::{Request, Response};

/// Rows of a page when the caller asks for no number.
const ROWS_DEFAULT: usize = 1_000;

/// Most rows of a page.
const ROWS_MAX: usize = 5_000;

/// Largest page or message of rows, in bytes: a quarter of what every client takes.
pub(super) const MESSAGE_BYTES: usize = 1024 * 1024;

#[tonic::async_trait]
impl StructureService for Service {
    async fn create_structure(
        &self,
        request: Request<v1::CreateStructureRequest>,
    ) -> Answer<v1::CreateStructureResponse> {
        let caller = admit(self, &request, &[Permission::Edit], "")?;
        let mut message = request.into_inner();
        let id = std::mem::take(&mut message.request_id);
        let record = request_record(&self.app, &caller, "CreateStructure", id, &message)?;
        let asked = from_creation(&message.structure_id, message.structure)?;
        let check = message.validate_only;
        let made = structures::create(&self.app, &caller, asked, check, record).await?;
        Ok(Response::new(v1::CreateStructureResponse {
            structure: Some(to_structure(made)),
        }))
    }

    async fn get_structure(
        &self,
        request: Request<v1::GetStructureRequest>,
    ) -> Answer<v1::GetStructureResponse> {
        admit(self, &request, &[Permission::View], &request.get_ref().name)?;
        let slug = names::parse_structure("name", &request.get_ref().name)?;
        let found = structures::any(&self.app, &slug).await?;
        Ok(Response::new(v1::GetStructureResponse {
            structure: Some(to_structure(found)),
        }))
    }

    async fn list_structures(
        &self,
        request: Request<v1::ListStructuresRequest>,
    ) -> Answer<v1::ListStructuresResponse> {
        let caller = admit(self, &request, &[], "")?;
        Ok(Response::new(
            list_structures(&self.app, &caller, request.into_inner()).await?,
        ))
    }

    async fn update_structure(
        &self,
        request: Request<v1::UpdateStructureRequest>,
    ) -> Answer<v1::UpdateStructureResponse> {
        let name = request
            .get_ref()
            .structure
            .as_ref()
            .map_or("", |one| one.name.as_str());
        admit(self, &request, &[Permission::Control], name)?;
        let v1::UpdateStructureRequest {
            structure,
            update_mask,
            validate_only,
        } = request.into_inner();
        let structure = field::required("structure", structure)?;
        let slug = names::parse_structure("structure.name", &structure.name)?;
        let etag = field::etag(structure.etag.clone());
        let update = from_update(structure, update_mask)?;
        let record = structures::update(&self.app, &slug, update, etag, validate_only).await?;
        Ok(Response::new(v1::UpdateStructureResponse {
            structure: Some(to_structure(record)),
        }))
    }

    async fn delete_structure(
        &self,
        request: Request<v1::DeleteStructureRequest>,
    ) -> Answer<v1::DeleteStructureResponse> {
        admit(
            self,
            &request,
            &[Permission::Control],
            &request.get_ref().name,
        )?;
        let v1::DeleteStructureRequest {
            name,
            etag,
            force,
            allow_missing,
        } = request.into_inner();
        let slug = names::parse_structure("name", &name)?;
        let etag = field::etag(etag);
        let record = structures::delete(&self.app, &slug, etag, force, allow_missing).await?;
        Ok(Response::new(v1::DeleteStructureResponse {
            structure: record.map(to_structure),
        }))
    }

    async fn undelete_structure(
        &self,
        request: Request<v1::UndeleteStructureRequest>,
    ) -> Answer<v1::UndeleteStructureResponse> {
        admit(
            self,
            &request,
            &[Permission::Control],
            &request.get_ref().name,
        )?;
        let slug = names::parse_structure("name", &request.get_ref().name)?;
        let record = structures::undelete(&self.app, &slug).await?;
        Ok(Response::new(v1::UndeleteStructureResponse {
            structure: Some(to_structure(record)),
        }))
    }

    async fn list_rows(
        &self,
        request: Request<v1::ListRowsRequest>,
    ) -> Answer<v1::ListRowsResponse> {
        admit(
            self,
            &request,
            &[Permission::View],
            &request.get_ref().parent,
        )?;
        Ok(Response::new(
            list_rows(&self.app, request.into_inner()).await?,
        ))
    }

    async fn edit_forest(
        &self,
        request: Request<v1::EditForestRequest>,
    ) -> Answer<v1::EditForestResponse> {
        let caller = admit(
            self,
            &request,
            &[Permission::Edit],
            &request.get_ref().structure,
        )?;
        let mut message = request.into_inner();
        let id = std::mem::take(&mut message.request_id);
        let record = request_record(&self.app, &caller, "EditForest", id, &message)?;
        let (slug, edit) = from_edit(message)?;
        let made = edits::edit(&self.app, &caller, &slug, edit, record).await?;
        Ok(Response::new(v1::EditForestResponse {
            forest_version: made.version.0,
            changes: to_changes(made.changes, &made.known, &made.labels),
        }))
    }

    type WatchStructureStream = WatchStream<v1::WatchStructureResponse>;

    async fn watch_structure(
        &self,
        request: Request<v1::WatchStructureRequest>,
    ) -> Answer<Self::WatchStructureStream> {
        let caller = admit(self, &request, &[Permission::View], &request.get_ref().name)?;
        let deadline = deadline(&request);
        let v1::WatchStructureRequest {
            name,
            resume_token,
            skip_rows,
            once,
        } = request.into_inner();
        let slug = names::parse_structure("name", &name)?;
        let permit = self.app.watches.open(&self.app, &caller)?;
        let options = WatchOptions {
            resume_token,
            skip_rows,
            once,
        };
        let watch = StructureWatch::start(&self.app, &slug, options).await?;
        let stream = stream::start(&self.app, permit, deadline, watch, to_watch_message);
        Ok(Response::new(stream))
    }
}

fn from_edit(message: v1::EditForestRequest) -> Result<(resync_core::id::Slug, Edit), Refusal> {
    let v1::EditForestRequest {
        structure,
        changes,
        base_forest_version,
        validate_only,
        request_id: _,
    } = message;
    let slug = names::parse_structure("structure", &structure)?;
    let base = version("base_forest_version", base_forest_version)?;
    let commands = from_changes(changes)?;
    Ok((
        slug,
        Edit {
            commands,
            base,
            validate_only,
        },
    ))
}

/// A version; `None` when it is unset.
fn version(field: &str, version: i64) -> Result<Option<ForestVersion>, Refusal> {
    match version {
        0 => Ok(None),
        version if version > 0 => Ok(Some(ForestVersion(version))),
        _ => Err(Refusal::field(field, "must not be negative")),
    }
}

async fn list_structures(
    app: &App,
    caller: &Caller,
    message: v1::ListStructuresRequest,
) -> Result<v1::ListStructuresResponse, Refusal> {
    let v1::ListStructuresRequest {
        page_size,
        page_token,
        filter,
        show_deleted,
    } = message;
    let size = page::size(page_size, PAGE_DEFAULT, PAGE_MAX)?;
    let parsed = Filter::parse(&filter, structures::FILTER_FIELDS)?;
    let flag = [u8::from(show_deleted)];
    let scope: [&[u8]; 3] = [b"list-structures", filter.as_bytes(), &flag];
    let after = page::after(&app.sealer, &scope, &page_token)?;
    let found = structures::list(app, caller, show_deleted, &parsed, after, size).await?;
    Ok(v1::ListStructuresResponse {
        structures: found.items.into_iter().map(to_structure).collect(),
        next_page_token: page::next_token(&app.sealer, &scope, found.next),
    })
}

/// Lists a page of rows: as many as were asked for, and at most [`MESSAGE_BYTES`] of them.
async fn list_rows(
    app: &App,
    message: v1::ListRowsRequest,
) -> Result<v1::ListRowsResponse, Refusal> {
    let v1::ListRowsRequest {
        parent,
        page_size,
        page_token,
        filter,
        forest_version,
        view,
    } = message;
    let slug = names::parse_structure("parent", &parent)?;
    let size = page::size(page_size, ROWS_DEFAULT, ROWS_MAX)?;
    let asked = version("forest_version", forest_version)?;
    let fields = rows_view(view)?;
    let parsed = Filter::parse(&filter, rows::FILTER_FIELDS)?;
    let structure = structures::any(app, &slug).await?;
    let (number, view) = (forest_version.to_be_bytes(), view.to_be_bytes());
    let scope: [&[u8]; 5] = [
        b"list-rows",
        structure.uid.as_str().as_bytes(),
        filter.as_bytes(),
        &number,
        &view,
    ];
    let cursor = read_cursor(app, &scope, &page_token)?;
    let wanted = cursor.map(|cursor| cursor.version).or(asked);
    let snapshot = rows::snapshot(app, &structure, wanted).await?;
    let labels = Labels::load(app, structure.id, &slug).await?;
    let mut page = v1::ListRowsResponse {
        forest_version: snapshot.version.0,
        ..Default::default()
    };
    let mut bytes = 0;
    let offset = cursor.map_or(0, |cursor| cursor.offset);
    let take = |row| {
        let row = to_row(row, &labels, fields);
        bytes += size_of(&row);
        if bytes > MESSAGE_BYTES && !page.rows.is_empty() {
            return false;
        }
        page.rows.push(row);
        true
    };
    let next = rows::each(app, &snapshot, (&labels, &parsed), offset, size, take).await?;
    if let Some(offset) = next {
        let mut payload = snapshot.version.0.to_be_bytes().to_vec();
        payload.extend_from_slice(&u64::try_from(offset).unwrap_or(u64::MAX).to_be_bytes());
        page.next_page_token = app.sealer.seal(&scope, &payload);
    }
    Ok(page)
}

fn read_cursor(app: &App, scope: &[&[u8]], token: &str) -> Result<Option<Cursor>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let payload = app.sealer.open("page_token", scope, token)?;
    let read = || {
        let (version, offset) = payload.split_first_chunk::<8>()?;
        let offset = u64::from_be_bytes(offset.try_into().ok()?);
        let version = ForestVersion(i64::from_be_bytes(*version));
        Some(Cursor {
            version,
            offset: usize::try_from(offset).ok()?,
        })
    };
    read().map(Some).ok_or_else(|| Refusal::token("page_token"))
}
