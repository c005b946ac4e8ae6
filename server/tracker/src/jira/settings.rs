//! What a person configures about one Jira: which product, where, as whom, and how hard to press.
//!
//! What it is not: the server's configuration file, nor how secrets are kept at rest.

use base64::Engine as _;
use http::{HeaderValue, Uri};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Requests at a time when nothing is configured: enough to hide latency, few enough that
/// people who use Jira meanwhile do not notice.
pub const CONCURRENT_REQUESTS_DEFAULT: u32 = 4;

/// Most requests at a time: a tracker that needs more is better asked for less.
pub const CONCURRENT_REQUESTS_MAX: u32 = 16;

/// Requests per second when nothing is configured: a tenth of Jira Cloud's burst limit.
pub const REQUESTS_PER_SECOND_DEFAULT: u32 = 10;

/// Time for one request, from sending it to the last byte of its answer.
pub const REQUEST_TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

/// Issues per page on Cloud: about what it gives when several fields are asked for.
pub const PAGE_SIZE_CLOUD: u32 = 100;

/// Issues per page on Data Center: half of what it gives by default, so that a page stays small.
pub const PAGE_SIZE_DATA_CENTER: u32 = 500;

/// Most issues per page: what Data Center gives unless an administrator raised it.
pub const PAGE_SIZE_MAX: u32 = 1000;

/// Which Jira it is. They differ in paths, paging and who can be anonymous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Jira Cloud, REST version 3.
    Cloud,
    /// Jira Data Center, REST version 2.
    DataCenter,
}

impl Product {
    /// Where the REST resources are, below the base address.
    pub(super) fn api(self) -> &'static str {
        match self {
            Product::Cloud => "/rest/api/3",
            Product::DataCenter => "/rest/api/2",
        }
    }

    /// The response header that names the account of the session.
    pub(super) fn account_header(self) -> &'static str {
        match self {
            Product::Cloud => "x-aaccountid",
            Product::DataCenter => "x-ausername",
        }
    }

    fn page_size(self) -> u32 {
        match self {
            Product::Cloud => PAGE_SIZE_CLOUD,
            Product::DataCenter => PAGE_SIZE_DATA_CENTER,
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Product::Cloud => "Jira Cloud",
            Product::DataCenter => "Jira Data Center",
        })
    }
}

/// A secret that cannot be printed by accident: it has no `Display`, and its `Debug` is blind.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Takes a secret into custody.
    pub fn new(value: impl AsRef<str>) -> Self {
        Self(value.as_ref().into())
    }

    fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// How the account proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A user and an API token (Cloud), or a user and a password (Data Center).
    Basic {
        /// The e-mail address (Cloud) or the user name.
        user: String,
        /// The API token or password.
        secret: Secret,
    },
    /// A personal access token (Data Center) or an OAuth access token (Cloud).
    Bearer {
        /// The token.
        secret: Secret,
    },
}

impl Credential {
    /// The value of the `Authorization` header; `None` when the secret cannot stand in one.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let text = match self {
            Credential::Basic { .. } => format!("Basic {}", self.encoded()),
            Credential::Bearer { secret } => format!("Bearer {}", secret.expose()),
        };
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Takes the secret, in each form that it travels in, out of a text that came from outside.
    pub(super) fn redact(&self, text: &str) -> String {
        let (Credential::Basic { secret, .. } | Credential::Bearer { secret }) = self;
        let mut redacted = text.to_owned();
        for form in [secret.expose(), self.encoded().as_str()] {
            if !form.is_empty() {
                redacted = redacted.replace(form, "…");
            }
        }
        redacted
    }

    fn encoded(&self) -> String {
        match self {
            Credential::Basic { user, secret } => {
                let pair = format!("{user}:{}", secret.expose());
                base64::engine::general_purpose::STANDARD.encode(pair)
            }
            Credential::Bearer { .. } => String::new(),
        }
    }
}

/// One Jira and how to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Which Jira it is.
    pub product: Product,
    /// Its address, with the context path when it has one: `https://example.atlassian.net`.
    pub base_uri: String,
    /// As whom.
    pub credential: Credential,
    /// Requests at a time, 1 to [`CONCURRENT_REQUESTS_MAX`].
    pub max_concurrent_requests: u32,
    /// Requests per second; 0 for as many as Jira answers.
    pub max_requests_per_second: u32,
    /// Time for one request.
    pub request_timeout: Duration,
    /// Issues per page, 2 to [`PAGE_SIZE_MAX`] (100 on Cloud). Jira may give fewer.
    pub page_size: u32,
}

/// Settings that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The address is not one.
    #[error("the base address is not an http or https address without query; correct it")]
    BaseUri,
    /// The secret has characters that HTTP does not carry.
    #[error("the secret has characters that cannot be sent; copy it again, without line breaks")]
    Secret,
    /// A number is out of its range.
    #[error("{name} is out of range; set it to {from} to {to}")]
    OutOfRange {
        /// Which setting.
        name: &'static str,
        /// The least allowed value.
        from: u32,
        /// The greatest allowed value.
        to: u32,
    },
}

impl Settings {
    /// Settings with defaults for everything that has one.
    pub fn new(product: Product, base_uri: impl Into<String>, credential: Credential) -> Self {
        Self {
            product,
            base_uri: base_uri.into(),
            credential,
            max_concurrent_requests: CONCURRENT_REQUESTS_DEFAULT,
            max_requests_per_second: REQUESTS_PER_SECOND_DEFAULT,
            request_timeout: REQUEST_TIMEOUT_DEFAULT,
            page_size: product.page_size(),
        }
    }

    /// The base address without a slash at its end, when all settings can work.
    pub(super) fn check(&self) -> Result<String, SettingsError> {
        let page_size_max = match self.product {
            Product::Cloud => PAGE_SIZE_CLOUD,
            Product::DataCenter => PAGE_SIZE_MAX,
        };
        for (name, value, from, to) in [
            (
                "max_concurrent_requests",
                self.max_concurrent_requests,
                1,
                CONCURRENT_REQUESTS_MAX,
            ),
            ("page_size", self.page_size, 2, page_size_max),
        ] {
            if !(from..=to).contains(&value) {
                return Err(SettingsError::OutOfRange { name, from, to });
            }
        }
        let uri: Uri = self.base_uri.parse().map_err(|_| SettingsError::BaseUri)?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        // User information in an address would be a secret that is printed with it.
        let plain = uri
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'));
        if !known || !plain || uri.query().is_some() {
            return Err(SettingsError::BaseUri);
        }
        Ok(self.base_uri.trim_end_matches('/').to_owned())
    }
}
