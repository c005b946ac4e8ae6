//! A handle of one connection to a tracker. Not the tracker: nothing here reaches Jira but the
//! server does.

use resync_api::v1::{
    CheckTrackerRequest, CheckTrackerResponse, DeleteTrackerRequest, GetTrackerRequest, Tracker,
    tracker_service_client::TrackerServiceClient,
};
use tonic::transport::Channel;

use crate::{
    call::{READ, WRITE_ONCE, call},
    client::resource_name,
    error::Error,
};

/// One connection to a tracker, named. Nothing is known of it until a method is called.
#[derive(Clone, Debug)]
pub struct TrackerHandle {
    channel: Channel,
    name: String,
}

impl TrackerHandle {
    pub(crate) fn new(channel: Channel, tracker: &str) -> Self {
        Self {
            channel,
            name: resource_name("trackers", tracker),
        }
    }

    /// The resource name, `trackers/{tracker}`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The connection.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub async fn get(&self) -> Result<Tracker, Error> {
        let request = GetTrackerRequest {
            name: self.name.clone(),
        };
        let answer = call!(
            &self.channel,
            READ,
            TrackerServiceClient::get_tracker,
            request
        )
        .await?;
        Ok(answer.tracker.unwrap_or_default())
    }

    /// Checks whether the tracker can be reached, takes the credential, and allows what
    /// synchronizers need. A check that fails is in the answer.
    ///
    /// # Errors
    /// `ResourceNotFound`.
    pub async fn check(&self) -> Result<CheckTrackerResponse, Error> {
        let request = CheckTrackerRequest {
            name: self.name.clone(),
        };
        call!(
            &self.channel,
            READ,
            TrackerServiceClient::check_tracker,
            request
        )
        .await
    }

    /// Deletes the connection.
    ///
    /// # Errors
    /// `ResourceNotFound`, and `StateNotAllowed` while a synchronizer uses it.
    pub async fn delete(&self) -> Result<(), Error> {
        let request = DeleteTrackerRequest {
            name: self.name.clone(),
            ..Default::default()
        };
        call!(
            &self.channel,
            WRITE_ONCE,
            TrackerServiceClient::delete_tracker,
            request
        )
        .await?;
        Ok(())
    }
}
