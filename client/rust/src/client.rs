//! The connection, and what belongs to the server as a whole. Not a pool: one HTTP/2 connection
//! carries all calls of a client and of its clones.

use std::time::Duration;

use resync_api::v1::{
    CreateStructureRequest, CreateTrackerRequest, DescribeServerRequest, DescribeServerResponse,
    Job, ListJobsRequest, ListStructuresRequest, ListSynchronizerKindsRequest,
    ListSynchronizersRequest, ListTrackersRequest, Structure, Synchronizer, SynchronizerKind,
    Tracker, job_service_client::JobServiceClient, server_service_client::ServerServiceClient,
    structure_service_client::StructureServiceClient,
    synchronizer_service_client::SynchronizerServiceClient,
    tracker_service_client::TrackerServiceClient,
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

use crate::{
    call::{READ, WRITE, call},
    error::{Error, deepest},
    job::JobHandle,
    pages::{Items, items},
    random,
    structure::StructureHandle,
    tracker::TrackerHandle,
};

/// How long to wait for a connection; a server that is there answers far sooner.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How a certificate in a PEM file begins.
const CERTIFICATE_BEGINS: &str = "-----BEGIN CERTIFICATE-----";
const USER_AGENT: &str = concat!("resync-client/", env!("CARGO_PKG_VERSION"));

/// A client of one server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
}

impl Client {
    /// A client of the server at `address`, for example `http://127.0.0.1:7420`. Behind `https`
    /// the certificate must be signed by an authority that the system trusts. Opens no connection;
    /// the first call does. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`Error::AddressInvalid`], and nothing else.
    pub fn connect(address: &str) -> Result<Self, Error> {
        Self::open(address, ClientTlsConfig::new().with_native_roots())
    }

    /// The same for an `https` address whose certificate is signed by an authority of one's own:
    /// `authority` is its certificate as PEM, and no other authority is trusted.
    ///
    /// # Errors
    /// [`Error::AuthorityInvalid`], [`Error::AddressInvalid`].
    pub fn connect_trusting(address: &str, authority: &str) -> Result<Self, Error> {
        if !authority.contains(CERTIFICATE_BEGINS) {
            return Err(Error::AuthorityInvalid);
        }
        let authority = Certificate::from_pem(authority);
        Self::open(address, ClientTlsConfig::new().ca_certificate(authority))
    }

    fn open(address: &str, tls: ClientTlsConfig) -> Result<Self, Error> {
        let invalid = |detail: String| Error::AddressInvalid {
            address: address.to_owned(),
            detail,
        };
        let endpoint = Endpoint::from_shared(address.to_owned())
            .map_err(|error| invalid(error.to_string()))?;
        let endpoint = match endpoint.uri().scheme_str() {
            Some("http") => endpoint,
            Some("https") => endpoint
                .tls_config(tls)
                .map_err(|error| invalid(deepest(&error).to_string()))?,
            _ => {
                let detail = "it starts with neither http:// nor https://";
                return Err(invalid(detail.to_owned()));
            }
        };
        let endpoint = endpoint
            .user_agent(USER_AGENT)
            .map_err(|error| invalid(error.to_string()))?
            .connect_timeout(CONNECT_TIMEOUT);
        Ok(Self {
            channel: endpoint.connect_lazy(),
        })
    }

    #[cfg(test)]
    pub(crate) fn over(channel: Channel) -> Self {
        Self { channel }
    }

    /// The structure with this id or resource name. Calls nothing.
    #[must_use]
    pub fn structure(&self, structure: &str) -> StructureHandle {
        StructureHandle::new(self.channel.clone(), structure)
    }

    /// The connection to a tracker with this id or resource name. Calls nothing.
    #[must_use]
    pub fn tracker(&self, tracker: &str) -> TrackerHandle {
        TrackerHandle::new(self.channel.clone(), tracker)
    }

    /// The job with this resource name, `structures/{structure}/jobs/{job}`. Calls nothing.
    #[must_use]
    pub fn job(&self, name: &str) -> JobHandle {
        JobHandle::new(self.channel.clone(), name.to_owned())
    }

    /// What the server is and what it allows.
    ///
    /// # Errors
    /// Those of any call.
    pub async fn describe_server(&self) -> Result<DescribeServerResponse, Error> {
        call!(
            &self.channel,
            READ,
            ServerServiceClient::describe_server,
            DescribeServerRequest {}
        )
        .await
    }

    /// The structures that the caller may view, by name.
    #[must_use]
    pub fn structures(&self, show_deleted: bool) -> Items<Structure> {
        let channel = self.channel.clone();
        items(move |page_token| {
            let channel = channel.clone();
            let request = ListStructuresRequest {
                page_token,
                show_deleted,
                ..Default::default()
            };
            async move {
                let page = call!(
                    &channel,
                    READ,
                    StructureServiceClient::list_structures,
                    request
                )
                .await?;
                Ok((page.structures, page.next_page_token))
            }
        })
    }

    /// Creates an empty structure. The server chooses an id when `structure_id` is empty.
    ///
    /// # Errors
    /// `FieldInvalid`, `ResourceAlreadyExists`.
    pub async fn create_structure(
        &self,
        structure_id: &str,
        structure: Structure,
    ) -> Result<Structure, Error> {
        let request = CreateStructureRequest {
            structure_id: structure_id.to_owned(),
            structure: Some(structure),
            request_id: random::request_id(),
            validate_only: false,
        };
        let answer = call!(
            &self.channel,
            WRITE,
            StructureServiceClient::create_structure,
            request
        )
        .await?;
        Ok(answer.structure.unwrap_or_default())
    }

    /// The connections to trackers, by name.
    #[must_use]
    pub fn trackers(&self) -> Items<Tracker> {
        let channel = self.channel.clone();
        items(move |page_token| {
            let channel = channel.clone();
            let request = ListTrackersRequest {
                page_token,
                ..Default::default()
            };
            async move {
                let page =
                    call!(&channel, READ, TrackerServiceClient::list_trackers, request).await?;
                Ok((page.trackers, page.next_page_token))
            }
        })
    }

    /// Creates a connection to a tracker. The server chooses an id when `tracker_id` is empty.
    ///
    /// # Errors
    /// `FieldInvalid`, `ResourceAlreadyExists`.
    pub async fn create_tracker(
        &self,
        tracker_id: &str,
        tracker: Tracker,
    ) -> Result<Tracker, Error> {
        let request = CreateTrackerRequest {
            tracker_id: tracker_id.to_owned(),
            tracker: Some(tracker),
            request_id: random::request_id(),
            validate_only: false,
        };
        let answer = call!(
            &self.channel,
            WRITE,
            TrackerServiceClient::create_tracker,
            request
        )
        .await?;
        Ok(answer.tracker.unwrap_or_default())
    }

    /// The kinds of synchronizer, and what each can do.
    #[must_use]
    pub fn synchronizer_kinds(&self) -> Items<SynchronizerKind> {
        let channel = self.channel.clone();
        items(move |page_token| {
            let channel = channel.clone();
            let request = ListSynchronizerKindsRequest {
                page_token,
                ..Default::default()
            };
            async move {
                let page = call!(
                    &channel,
                    READ,
                    SynchronizerServiceClient::list_synchronizer_kinds,
                    request
                )
                .await?;
                Ok((page.synchronizer_kinds, page.next_page_token))
            }
        })
    }
}

/// The synchronizers of a structure, or of all with `structures/-`.
pub(crate) fn synchronizers(channel: Channel, parent: String) -> Items<Synchronizer> {
    items(move |page_token| {
        let channel = channel.clone();
        let request = ListSynchronizersRequest {
            parent: parent.clone(),
            page_token,
            ..Default::default()
        };
        async move {
            let page = call!(
                &channel,
                READ,
                SynchronizerServiceClient::list_synchronizers,
                request
            )
            .await?;
            Ok((page.synchronizers, page.next_page_token))
        }
    })
}

/// The jobs of a structure, or of all with `structures/-`, the newest first.
pub(crate) fn jobs(channel: Channel, parent: String, filter: String) -> Items<Job> {
    items(move |page_token| {
        let channel = channel.clone();
        let request = ListJobsRequest {
            parent: parent.clone(),
            filter: filter.clone(),
            page_token,
            ..Default::default()
        };
        async move {
            let page = call!(&channel, READ, JobServiceClient::list_jobs, request).await?;
            Ok((page.jobs, page.next_page_token))
        }
    })
}

/// The resource name for what a caller gave: a name as it is, an id below its collection.
pub(crate) fn resource_name(collection: &str, given: &str) -> String {
    if given.starts_with(&format!("{collection}/")) {
        given.to_owned()
    } else {
        format!("{collection}/{given}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_is_not_one_is_refused_before_any_call() {
        for address in ["", "127.0.0.1:7420", "ftp://example.com", "not an address"] {
            let error = Client::connect(address).unwrap_err();
            assert!(
                matches!(error, Error::AddressInvalid { .. }),
                "{address}: {error}"
            );
        }
    }

    #[tokio::test]
    async fn a_text_that_is_no_certificate_is_refused_before_any_call() {
        for text in ["", "not a certificate"] {
            let error = Client::connect_trusting("https://localhost:1", text).unwrap_err();
            assert!(matches!(error, Error::AuthorityInvalid), "{error}");
        }
    }

    #[test]
    fn an_id_and_a_resource_name_mean_the_same() {
        assert_eq!(resource_name("structures", "launch"), "structures/launch");
        assert_eq!(
            resource_name("structures", "structures/launch"),
            "structures/launch"
        );
        assert_eq!(resource_name("structures", "-"), "structures/-");
    }
}
