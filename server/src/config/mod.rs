//! The configuration: flags, environment and file become one checked value.
//!
//! What it is not: the place where secrets are read; that is [`crate::secrets`], at the moment
//! of use. This is the only file that reads the environment.

mod file;
mod incremental;
mod webhooks;

use file::File;
use resync_core::incremental::Timing;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The commented default configuration, as a text.
pub const EXAMPLE: &str = include_str!("../../resync.toml");

/// The port that is used when nothing else is said.
pub const DEFAULT_PORT: u16 = 7420;

/// Longest lease and shutdown that make sense, in seconds: an hour.
const SECONDS_MAX: u64 = 3600;

/// Most jobs at the same time: each holds a forest in memory, and a machine has so many cores.
const CONCURRENT_JOBS_MAX: usize = 64;

/// Where the store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLocation {
    /// A folder with the embedded store.
    Folder(PathBuf),
    /// A PostgreSQL database. The address may hold a password: it is never shown.
    Database(DatabaseAddress),
}

/// The address of a database. Debug output hides it, since it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseAddress(pub String);

impl std::fmt::Debug for DatabaseAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DatabaseAddress(hidden)")
    }
}

/// The address of a proxy. Debug output hides it, since it may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress(pub String);

impl std::fmt::Debug for ProxyAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ProxyAddress(hidden)")
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines, one JSON object a line.
    Json,
}

/// How a secret is presented to a tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretKind {
    /// User and value, as HTTP Basic.
    Basic,
    /// The value, as a bearer token.
    Bearer,
}

/// A named secret: where its value is, and where it may be sent. Never the value itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretBinding {
    /// The name that trackers use.
    pub name: String,
    /// How it is presented.
    pub kind: SecretKind,
    /// The user of a basic secret.
    #[serde(default)]
    pub user: String,
    /// The environment variable that holds the value.
    pub environment: Option<String>,
    /// The file whose first line is the value.
    pub file: Option<PathBuf>,
    /// The hosts that it may be sent to.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// The webhooks of one tracker: where the token in their address is, and what signs them. Never the
/// values themselves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookBinding {
    /// The id of the tracker.
    pub tracker: String,
    /// The environment variable that holds the token.
    pub environment: Option<String>,
    /// The file whose first line is the token.
    pub file: Option<PathBuf>,
    /// The environment variable that holds the signing secret; not signed without.
    pub signing_environment: Option<String>,
    /// The file whose first line is the signing secret.
    pub signing_file: Option<PathBuf>,
}

/// The checked configuration of `serve`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where the store is.
    pub store: StoreLocation,
    /// Whether synchronizers can be installed and run.
    pub synchronizers: bool,
    /// Jobs that run at the same time.
    pub concurrent_jobs: usize,
    /// How long a job stays with a server that no longer answers.
    pub lease: Duration,
    /// When incremental syncs run.
    pub incremental: Timing,
    /// How long a shutdown waits.
    pub shutdown_limit: Duration,
    /// The proxy for requests to trackers.
    pub proxy: Option<ProxyAddress>,
    /// Certificates to trust beside the system's.
    pub ca_bundle: Option<PathBuf>,
    /// What is logged.
    pub log_filter: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// The named secrets.
    pub secrets: Vec<SecretBinding>,
    /// Whose webhooks are accepted.
    pub webhooks: Vec<WebhookBinding>,
}

/// What flags and environment say; each wins over the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--listen`.
    pub listen: Option<String>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--database`.
    pub database: Option<String>,
    /// The environment's switch for synchronizers.
    pub synchronizers: Option<bool>,
    /// The environment's log filter.
    pub log_filter: Option<String>,
}

/// What is wrong with a configuration, and what to do.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {path} cannot be read: {detail}; check the path and its rights")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        detail: String,
    },
    /// The file is not TOML of this form.
    #[error(
        "the configuration is not valid: {detail}; `resyncd config example` prints a valid one"
    )]
    Invalid {
        /// What the parser said, with the line.
        detail: String,
    },
    /// One value is not allowed.
    #[error("`{field}` is not valid: {detail}")]
    Value {
        /// The key, dotted.
        field: String,
        /// What is wrong, and what to do.
        detail: String,
    },
}

/// Reads the file, if one is named, and the overrides, and checks everything.
///
/// # Errors
/// [`ConfigError`], for the first thing that is wrong.
pub fn load(path: Option<&Path>, overrides: Overrides) -> Result<Config, ConfigError> {
    let text = match path {
        None => String::new(),
        Some(path) => std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable {
            path: path.display().to_string(),
            detail: error.to_string(),
        })?,
    };
    parse(&text, overrides)
}

/// Checks a configuration given as a text.
///
/// # Errors
/// [`ConfigError`], for the first thing that is wrong.
pub fn parse(text: &str, overrides: Overrides) -> Result<Config, ConfigError> {
    let file: File = toml::from_str(text).map_err(|error| ConfigError::Invalid {
        detail: explain(text, &error),
    })?;
    let listen = overrides.listen.or(file.listen);
    Ok(Config {
        listen: listen_address(listen.as_deref())?,
        store: store_location(
            (overrides.data, overrides.database),
            (file.data, file.database),
        )?,
        synchronizers: overrides
            .synchronizers
            .unwrap_or(file.features.synchronizers),
        concurrent_jobs: within("jobs.concurrent", file.jobs.concurrent, CONCURRENT_JOBS_MAX)?,
        lease: seconds("jobs.lease_seconds", file.jobs.lease_seconds)?,
        incremental: file.incremental.check()?,
        shutdown_limit: seconds("server.shutdown_seconds", file.server.shutdown_seconds)?,
        proxy: file
            .http
            .proxy
            .filter(|proxy| !proxy.is_empty())
            .map(ProxyAddress),
        ca_bundle: file
            .http
            .ca_bundle
            .filter(|path| !path.as_os_str().is_empty()),
        log_filter: overrides.log_filter.unwrap_or(file.log.filter),
        log_format: file.log.format,
        secrets: secrets(file.secrets)?,
        webhooks: webhooks::check(file.webhooks)?,
    })
}

/// What is wrong, and in which line. The line itself is not shown, since it may hold a password.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => format!(
            "line {}: {}",
            before.matches('\n').count() + 1,
            error.message()
        ),
        None => error.message().to_owned(),
    }
}

/// What the environment says.
///
/// # Errors
/// [`ConfigError::Value`] for a switch that is neither true nor false.
pub fn environment(overrides: Overrides) -> Result<Overrides, ConfigError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let synchronizers = variable("RESYNC_FEATURES_SYNCHRONIZERS")
        .map(|value| {
            value.parse::<bool>().map_err(|_| ConfigError::Value {
                field: "RESYNC_FEATURES_SYNCHRONIZERS".to_owned(),
                detail: "say true or false".to_owned(),
            })
        })
        .transpose()?;
    Ok(Overrides {
        synchronizers,
        log_filter: variable("RESYNC_LOG"),
        ..overrides
    })
}

fn listen_address(text: Option<&str>) -> Result<SocketAddr, ConfigError> {
    let invalid = |detail: &str| ConfigError::Value {
        field: "listen".to_owned(),
        detail: detail.to_owned(),
    };
    let Some(text) = text else {
        return Ok(SocketAddr::new(IpAddr::from([127, 0, 0, 1]), DEFAULT_PORT));
    };
    let address: SocketAddr = text.parse().map_err(|_| {
        invalid("it must be an address with a port, for example 127.0.0.1:7420 or [::1]:7420")
    })?;
    if !address.ip().is_loopback() {
        return Err(invalid(
            "there is no access control yet, so only loopback addresses are accepted; \
             listen on 127.0.0.1 and put an authenticating proxy in front",
        ));
    }
    Ok(address)
}

type FolderAndDatabase = (Option<PathBuf>, Option<String>);

fn store_location(
    overrides: FolderAndDatabase,
    file: FolderAndDatabase,
) -> Result<StoreLocation, ConfigError> {
    // A flag for either replaces both of the file's.
    let chosen = if overrides == (None, None) {
        file
    } else {
        overrides
    };
    match chosen {
        (Some(_), Some(_)) => Err(ConfigError::Value {
            field: "database".to_owned(),
            detail: "set either `data` or `database`, not both".to_owned(),
        }),
        (None, Some(database)) => {
            if database.starts_with("postgres://") || database.starts_with("postgresql://") {
                Ok(StoreLocation::Database(DatabaseAddress(database)))
            } else {
                Err(ConfigError::Value {
                    field: "database".to_owned(),
                    detail: "it must start with postgres://".to_owned(),
                })
            }
        }
        (folder, None) => Ok(StoreLocation::Folder(
            folder.unwrap_or_else(|| PathBuf::from("resync-data")),
        )),
    }
}

fn within(field: &str, value: usize, most: usize) -> Result<usize, ConfigError> {
    if (1..=most).contains(&value) {
        Ok(value)
    } else {
        Err(ConfigError::Value {
            field: field.to_owned(),
            detail: format!("it must be between 1 and {most}, not {value}"),
        })
    }
}

fn seconds(field: &str, value: u64) -> Result<Duration, ConfigError> {
    if (1..=SECONDS_MAX).contains(&value) {
        Ok(Duration::from_secs(value))
    } else {
        Err(ConfigError::Value {
            field: field.to_owned(),
            detail: format!("it must be between 1 and {SECONDS_MAX} seconds, not {value}"),
        })
    }
}

fn secrets(bindings: Vec<SecretBinding>) -> Result<Vec<SecretBinding>, ConfigError> {
    let mut names = std::collections::BTreeSet::new();
    for binding in &bindings {
        let invalid = |detail: &str| ConfigError::Value {
            field: format!("secrets.{}", binding.name),
            detail: detail.to_owned(),
        };
        if binding.name.is_empty() {
            return Err(invalid("it needs a name"));
        }
        if !names.insert(binding.name.as_str()) {
            return Err(invalid("the name stands twice"));
        }
        if binding.environment.is_some() == binding.file.is_some() {
            return Err(invalid("set exactly one of `environment` and `file`"));
        }
        if binding.hosts.is_empty() {
            return Err(invalid("list the hosts that it may be sent to"));
        }
        if binding.kind == SecretKind::Basic && binding.user.is_empty() {
            return Err(invalid("a basic secret needs a `user`"));
        }
    }
    Ok(bindings)
}

#[cfg(test)]
mod tests;
