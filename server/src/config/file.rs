//! The configuration file, as serde reads it, with its defaults.
//!
//! What it is not: checked; that is [`super::parse`]'s. Nothing here can be printed, since an address
//! may hold a password.

use super::incremental::Incremental;
use super::{LogFormat, SecretBinding, WebhookBinding};
use serde::Deserialize;
use std::path::PathBuf;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) listen: Option<String>,
    pub(super) data: Option<PathBuf>,
    pub(super) database: Option<String>,
    pub(super) features: Features,
    pub(super) jobs: Jobs,
    pub(super) incremental: Incremental,
    pub(super) server: Server,
    pub(super) http: Http,
    pub(super) log: Log,
    pub(super) secrets: Vec<SecretBinding>,
    pub(super) webhooks: Vec<WebhookBinding>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Features {
    pub(super) synchronizers: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Jobs {
    pub(super) concurrent: usize,
    pub(super) lease_seconds: u64,
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            concurrent: 4,
            lease_seconds: 30,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Server {
    pub(super) shutdown_seconds: u64,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            shutdown_seconds: 20,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Http {
    pub(super) proxy: Option<String>,
    pub(super) ca_bundle: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Log {
    pub(super) filter: String,
    pub(super) format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: LogFormat::Text,
        }
    }
}
