//! The transport over a network: TLS, private certificates, a proxy, and limits.
//!
//! What it is not: anything that knows of Jira.

use super::transport::{Transport, TransportError};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use std::error::Error as _;
use std::path::PathBuf;
use std::time::Duration;

/// Largest answer that is taken, in bytes after decompression: several times the largest page, so
/// that a wrong address or a hostile one cannot fill the memory.
pub const RESPONSE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Time to reach the tracker and agree on TLS.
pub const CONNECT_TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);

/// How the network is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpOptions {
    /// A PEM file of certificate authorities that are trusted beside those of the system.
    pub certificate_authorities: Option<PathBuf>,
    /// The address of an HTTP proxy; it may carry a user and a password.
    pub proxy: Option<String>,
    /// Time to reach the tracker and agree on TLS.
    pub connect_timeout: Duration,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            certificate_authorities: None,
            proxy: None,
            connect_timeout: CONNECT_TIMEOUT_DEFAULT,
        }
    }
}

impl std::fmt::Debug for HttpOptions {
    /// Says only whether there is a proxy: its address may carry a password.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("HttpOptions")
            .field("certificate_authorities", &self.certificate_authorities)
            .field("proxy", &self.proxy.is_some())
            .field("connect_timeout", &self.connect_timeout)
            .finish()
    }
}

/// Why there is no transport.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetupError {
    /// The file of certificate authorities cannot be read.
    #[error("cannot read the certificate authorities in {path}: {source}; correct the path")]
    AuthoritiesUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of certificate authorities has none, or has something else.
    #[error("{path} has no PEM certificates; give a file of certificate authorities")]
    AuthoritiesInvalid {
        /// The file.
        path: PathBuf,
    },
    /// The proxy's address is not one.
    #[error("the proxy's address is not valid; give one such as http://proxy.example:3128")]
    ProxyInvalid,
    /// The system's certificates cannot be used.
    #[error("cannot set up TLS: {detail}; check the system's certificates")]
    Tls {
        /// What happened.
        detail: String,
    },
}

/// HTTP over TCP and TLS. Connections are kept and shared by clones.
#[derive(Clone, Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// Reads the certificates and makes a transport. Connects to nothing yet.
    pub fn new(options: &HttpOptions) -> Result<Self, HttpSetupError> {
        // A second call finds the provider installed, which is what it wants.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .tls_backend_rustls()
            .connect_timeout(options.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("resync/", env!("CARGO_PKG_VERSION")))
            .no_proxy();
        if let Some(path) = &options.certificate_authorities {
            builder = builder.tls_certs_merge(read_authorities(path)?);
        }
        if let Some(address) = &options.proxy {
            let proxy = reqwest::Proxy::all(address).map_err(|_| HttpSetupError::ProxyInvalid)?;
            builder = builder.proxy(proxy);
        }
        let client = builder.build().map_err(|error| HttpSetupError::Tls {
            detail: describe(error),
        })?;
        Ok(Self { client })
    }
}

fn read_authorities(path: &PathBuf) -> Result<Vec<reqwest::Certificate>, HttpSetupError> {
    let pem = std::fs::read(path).map_err(|source| HttpSetupError::AuthoritiesUnreadable {
        path: path.clone(),
        source,
    })?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if certificates.is_empty() {
        return Err(HttpSetupError::AuthoritiesInvalid { path: path.clone() });
    }
    Ok(certificates)
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let request = request
            .map(reqwest::Body::from)
            .try_into()
            .map_err(unreachable)?;
        let mut answer = self.client.execute(request).await.map_err(unreachable)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        *response.body_mut() = read_body(answer).await?;
        Ok(response)
    }
}

async fn read_body(mut answer: reqwest::Response) -> Result<Bytes, TransportError> {
    let announced = answer
        .content_length()
        .and_then(|length| usize::try_from(length).ok());
    let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(RESPONSE_BYTES_MAX));
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| TransportError::Cut(describe(error)))?
    {
        if body.len() + chunk.len() > RESPONSE_BYTES_MAX {
            return Err(TransportError::TooLarge {
                limit: RESPONSE_BYTES_MAX,
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn unreachable(error: reqwest::Error) -> TransportError {
    TransportError::Unreachable(describe(error))
}

/// The error and its causes in one line. Without the address: the caller knows it, and it may
/// carry what must not be shown.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
