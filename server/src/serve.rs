//! `resyncd serve`: a store, real trackers, until it is told to stop.

use crate::arguments::ServeArguments;
use crate::clock;
use crate::config::{self, Config, ConfigError, Overrides, StoreLocation};
use crate::run::{self, ROWS_PER_STRUCTURE_MAX, ServerParts};
use crate::secrets::Secrets;
use crate::telemetry;
use crate::trackers::NetworkConnections;
use anyhow::Context;
use resync_jobs::EngineSettings;
use resync_service::{Features, TrackerPolicy};
use resync_store::{Executor, Location, Store};
use resync_tracker::jira::{HttpOptions, HttpTransport};
use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The name of the file in the data folder that holds the embedded store.
pub const STORE_FILE: &str = "resync.sqlite3";

/// The name of the file in the data folder that the one server of the folder holds locked.
const LOCK_FILE: &str = "resync.lock";

/// Reads and checks the configuration.
///
/// # Errors
/// What is wrong with it.
pub fn configuration(arguments: &ServeArguments) -> Result<Config, ConfigError> {
    let overrides = config::environment(Overrides {
        listen: arguments.listen.clone(),
        data: arguments.data.clone(),
        database: arguments.database.clone(),
        ..Overrides::default()
    })?;
    config::load(arguments.config.as_deref(), overrides)
}

/// `resyncd config check`.
///
/// # Errors
/// What is wrong with the configuration.
pub fn check(arguments: &ServeArguments) -> anyhow::Result<()> {
    let config = configuration(arguments)?;
    telemetry::say(&format!(
        "The configuration is valid.\n  listen         {}\n  store          {}\n  synchronizers  {}\n  secrets        {}",
        config.listen,
        match &config.store {
            StoreLocation::Folder(folder) => folder.display().to_string(),
            StoreLocation::Database(_) => "PostgreSQL".to_owned(),
        },
        if config.synchronizers { "on" } else { "off" },
        config.secrets.len(),
    ));
    Ok(())
}

/// `resyncd config example`.
///
/// # Errors
/// None.
pub fn example() -> anyhow::Result<()> {
    telemetry::say(config::EXAMPLE.trim_end());
    Ok(())
}

/// `resyncd serve`.
///
/// # Errors
/// What keeps the server from running.
pub fn main(arguments: &ServeArguments) -> anyhow::Result<()> {
    let config = configuration(arguments)?;
    telemetry::start(&config.log_filter, config.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(config))
}

/// Takes a data folder for this process, and makes it when it is not there. The folder is free
/// again when the file is dropped, or when the process ends in whatever way.
///
/// # Errors
/// When another server has the folder, or when it cannot be made or locked.
pub fn claim_folder(folder: &Path) -> anyhow::Result<File> {
    make_folder(folder)?;
    let shown = folder.display();
    let lock = File::create(folder.join(LOCK_FILE))
        .with_context(|| format!("the data folder {shown} cannot be written"))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "the data folder {shown} is in use by another server; stop that one, or give this \
             one a folder of its own with --data"
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("the data folder {shown} cannot be locked"))
        }
    }
}

fn make_folder(folder: &Path) -> anyhow::Result<()> {
    // The store holds the secret that signs confirmation tokens: it is nobody else's to read.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the data folder {} cannot be made", folder.display()))
}

/// Opens the store of a data folder, which is made when it is not there.
///
/// # Errors
/// When the folder cannot be made or the store cannot be opened.
pub async fn open_folder(folder: &Path) -> anyhow::Result<Store> {
    make_folder(folder)?;
    let location = Location::File(folder.join(STORE_FILE));
    Store::open(location, Executor::Threads)
        .await
        .with_context(|| format!("the store in {} cannot be opened", folder.display()))
}

async fn serve(config: Config) -> anyhow::Result<()> {
    let _claim = match &config.store {
        StoreLocation::Folder(folder) => Some(claim_folder(folder)?),
        StoreLocation::Database(_) => None,
    };
    let store = match &config.store {
        StoreLocation::Folder(folder) => open_folder(folder).await?,
        StoreLocation::Database(address) => {
            Store::open(Location::Postgres(address.0.clone()), Executor::Threads)
                .await
                .context("the database cannot be opened")?
        }
    };
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "{} cannot be listened on; stop what does, or choose another port with --listen",
            config.listen
        )
    })?;
    let http = HttpOptions {
        proxy: config.proxy.as_ref().map(|proxy| proxy.0.clone()),
        certificate_authorities: config.ca_bundle.clone(),
        ..HttpOptions::default()
    };
    let transport = HttpTransport::new(&http).context("the HTTP client cannot be set up")?;
    let secrets = Secrets::new(config.secrets.clone()).with_webhooks(config.webhooks.clone());
    let credentials = secrets
        .hosts()
        .map(|(name, hosts)| (name.to_owned(), hosts.to_vec()));
    let policy = TrackerPolicy {
        credentials: credentials.collect(),
        allow_plain_http: false,
    };
    let running = run::start(
        listener,
        ServerParts {
            store,
            connections: Arc::new(NetworkConnections {
                transport: Arc::new(transport),
                secrets,
            }),
            clock: clock::system(),
            random: Arc::new(clock::random_bytes),
            fraction: Arc::new(clock::fraction),
            owner: clock::fresh_uid(),
            principal: run::local_principal(),
            features: Features {
                synchronizers: config.synchronizers,
            },
            tracker_policy: policy,
            engine: EngineSettings {
                concurrent_jobs: config.concurrent_jobs,
                lease: config.lease,
                rows_per_structure_max: ROWS_PER_STRUCTURE_MAX,
                incremental: config.synchronizers.then_some(config.incremental),
            },
            drain_limit: config.shutdown_limit,
            wrote: Arc::new(|| {}),
        },
    )
    .await?;
    tracing::info!(address = %running.address, "listening");
    run::until_told_to_stop().await;
    tracing::info!("stopping");
    running.stop().await
}
