//! A handle of one structure. Not the structure itself: it holds a name, and calls.

use resync_api::v1::{
    CreateSynchronizerRequest, DeleteStructureRequest, EditForestRequest, EditForestResponse,
    ForestChange, GetStructureRequest, Job, ListRowsRequest, Row, RowView, Structure, Synchronizer,
    UndeleteStructureRequest, UpdateStructureRequest,
    structure_service_client::StructureServiceClient,
    synchronizer_service_client::SynchronizerServiceClient,
};
use tonic::transport::Channel;

use crate::{
    call::{READ, WRITE, WRITE_ONCE, call},
    client::{jobs, resource_name, synchronizers},
    error::Error,
    job::JobHandle,
    pages::{Items, items},
    random,
    synchronizer::SynchronizerHandle,
};

/// One structure, named. Nothing is known of it until a method is called.
#[derive(Clone, Debug)]
pub struct StructureHandle {
    channel: Channel,
    name: String,
}

impl StructureHandle {
    pub(crate) fn new(channel: Channel, structure: &str) -> Self {
        Self {
            channel,
            name: resource_name("structures", structure),
        }
    }

    /// The resource name, `structures/{structure}`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The synchronizer of this structure with this id or resource name. Calls nothing.
    #[must_use]
    pub fn synchronizer(&self, synchronizer: &str) -> SynchronizerHandle {
        let collection = format!("{}/synchronizers", self.name);
        SynchronizerHandle::new(
            self.channel.clone(),
            resource_name(&collection, synchronizer),
        )
    }

    /// The job of this structure with this id or resource name. Calls nothing.
    #[must_use]
    pub fn job(&self, job: &str) -> JobHandle {
        let collection = format!("{}/jobs", self.name);
        JobHandle::new(self.channel.clone(), resource_name(&collection, job))
    }

    /// The structure, without its rows.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub async fn get(&self) -> Result<Structure, Error> {
        let request = GetStructureRequest {
            name: self.name.clone(),
        };
        let answer = call!(
            &self.channel,
            READ,
            StructureServiceClient::get_structure,
            request
        )
        .await?;
        Ok(answer.structure.unwrap_or_default())
    }

    /// Gives the structure another display name.
    ///
    /// # Errors
    /// `ResourceNotFound`, `FieldInvalid`.
    pub async fn rename(&self, display_name: &str) -> Result<Structure, Error> {
        let request = UpdateStructureRequest {
            structure: Some(Structure {
                name: self.name.clone(),
                display_name: display_name.to_owned(),
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["display_name".to_owned()],
            }),
            validate_only: false,
        };
        let answer = call!(
            &self.channel,
            WRITE_ONCE,
            StructureServiceClient::update_structure,
            request
        )
        .await?;
        Ok(answer.structure.unwrap_or_default())
    }

    /// Deletes the structure; with `force`, even though it has synchronizers.
    ///
    /// # Errors
    /// `ResourceNotFound`, and `StateNotAllowed` while it has synchronizers.
    pub async fn delete(&self, force: bool) -> Result<Structure, Error> {
        let request = DeleteStructureRequest {
            name: self.name.clone(),
            force,
            ..Default::default()
        };
        let answer = call!(
            &self.channel,
            WRITE_ONCE,
            StructureServiceClient::delete_structure,
            request
        )
        .await?;
        Ok(answer.structure.unwrap_or_default())
    }

    /// Brings the structure back after it was deleted.
    ///
    /// # Errors
    /// `ResourceNotFound`, and `StateNotAllowed` when it is not deleted.
    pub async fn undelete(&self) -> Result<Structure, Error> {
        let request = UndeleteStructureRequest {
            name: self.name.clone(),
        };
        let answer = call!(
            &self.channel,
            WRITE_ONCE,
            StructureServiceClient::undelete_structure,
            request
        )
        .await?;
        Ok(answer.structure.unwrap_or_default())
    }

    /// The rows of the forest, depth-first, all of one version: `forest_version`, or the current
    /// one when it is 0.
    #[must_use]
    pub fn rows(&self, forest_version: i64, view: RowView) -> Items<Row> {
        let (channel, parent) = (self.channel.clone(), self.name.clone());
        items(move |page_token| {
            let channel = channel.clone();
            let request = ListRowsRequest {
                parent: parent.clone(),
                page_token,
                forest_version,
                view: view.into(),
                ..Default::default()
            };
            async move {
                let page =
                    call!(&channel, READ, StructureServiceClient::list_rows, request).await?;
                Ok((page.rows, page.next_page_token))
            }
        })
    }

    /// Changes the forest: all of `changes`, in order, or none; and only while `base_version` is
    /// the version of the forest, unless it is 0.
    ///
    /// # Errors
    /// `FieldInvalid`, `ResourceChanged`, `StructureTooLarge`.
    pub async fn edit(
        &self,
        changes: Vec<ForestChange>,
        base_version: i64,
    ) -> Result<EditForestResponse, Error> {
        let request = EditForestRequest {
            structure: self.name.clone(),
            changes,
            base_forest_version: base_version,
            validate_only: false,
            request_id: random::request_id(),
        };
        call!(
            &self.channel,
            WRITE,
            StructureServiceClient::edit_forest,
            request
        )
        .await
    }

    /// The synchronizers of the structure; of all structures when this is `structures/-`.
    #[must_use]
    pub fn synchronizers(&self) -> Items<Synchronizer> {
        synchronizers(self.channel.clone(), self.name.clone())
    }

    /// Installs a synchronizer, disabled. The server chooses an id when `synchronizer_id` is empty.
    ///
    /// # Errors
    /// `FieldInvalid`, `QueryInvalid`, `ResourceAlreadyExists`, `SynchronizersDisabled`.
    pub async fn create_synchronizer(
        &self,
        synchronizer_id: &str,
        synchronizer: Synchronizer,
    ) -> Result<Synchronizer, Error> {
        let request = CreateSynchronizerRequest {
            parent: self.name.clone(),
            synchronizer_id: synchronizer_id.to_owned(),
            synchronizer: Some(synchronizer),
            validate_only: false,
            request_id: random::request_id(),
        };
        let answer = call!(
            &self.channel,
            WRITE,
            SynchronizerServiceClient::create_synchronizer,
            request
        )
        .await?;
        Ok(answer.synchronizer.unwrap_or_default())
    }

    /// The jobs of the structure, the newest first; of all structures when this is `structures/-`.
    /// `filter` is that of `ListJobs`; empty for all.
    #[must_use]
    pub fn jobs(&self, filter: &str) -> Items<Job> {
        jobs(self.channel.clone(), self.name.clone(), filter.to_owned())
    }
}
