//! `resyncd demo`: a server with a simulated Jira in the same process, and something to see.
//!
//! Everything that it sets up, it sets up through the public API. What it is not: a mode of
//! `serve`; the parts are the same, but the store is a temporary folder unless it is told
//! otherwise, and no request leaves the process.

mod archive;
mod banner;
mod client;
mod launch;

use crate::arguments::{DemoArguments, Flavour};
use crate::clock;
use crate::config::LogFormat;
use crate::run::{self, ROWS_PER_STRUCTURE_MAX, Running, ServerParts};
use crate::serve::{claim_folder, open_folder};
use crate::simulated::{SimulatedConnections, SimulatedTransport};
use crate::telemetry;
use anyhow::Context;
use banner::Banner;
use resync_client::Client;
use resync_core::incremental::Timing;
use resync_jobs::EngineSettings;
use resync_service::{Features, TrackerPolicy};
use resync_simulator::{Account, Options, Simulator};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The name of the secret that the demo's tracker uses. Its value opens nothing but the
/// simulator.
const CREDENTIAL: &str = "demo";

/// The address that the demo's tracker has. Nothing listens there: requests stay in the process.
const BASE_URI: &str = "https://jira.demo.invalid";

/// Short leases, so that a demo that was killed goes on soon after it is started again.
const ENGINE: EngineSettings = EngineSettings {
    concurrent_jobs: 2,
    lease: Duration::from_secs(5),
    rows_per_structure_max: ROWS_PER_STRUCTURE_MAX,
    incremental: Some(Timing::DEFAULT),
};

/// How long Ctrl-C waits for open calls.
const DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// `resyncd demo`.
///
/// # Errors
/// What keeps the demo from running.
pub fn main(arguments: DemoArguments) -> anyhow::Result<()> {
    telemetry::start("warn", LogFormat::Text)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(demo(arguments))
}

async fn demo(arguments: DemoArguments) -> anyhow::Result<()> {
    let data = Data::new(arguments.data.clone())?;
    let _claim = claim_folder(data.path())?;
    let listener = listen(arguments.port).await?;
    let simulator = simulator(arguments.flavour);
    let content = match arguments.import.clone() {
        Some(file) => archive::load(&simulator, file).await?,
        None => launch::load(&simulator),
    };
    let running = start(listener, data.path(), &simulator).await?;
    let client = Client::connect(&format!("http://{}", running.address))?;
    let banner = Banner {
        address: running.address,
        content,
        data: data.describe(),
        flavour: arguments.flavour,
    };
    telemetry::say(&banner.head());
    let set_up = async {
        client::ensure_tracker(&client, arguments.flavour, BASE_URI, CREDENTIAL).await?;
        if arguments.import.is_some() {
            archive::bring_in(&client, &banner.content).await
        } else {
            launch::set_up(&client, &simulator, arguments.scenario).await
        }
    };
    let next_steps = tokio::select! {
        next_steps = set_up => next_steps?,
        () = run::until_told_to_stop() => String::new(),
    };
    if !next_steps.is_empty() {
        telemetry::say(&next_steps);
    }
    if !arguments.exit && !next_steps.is_empty() {
        telemetry::say("  Ctrl-C stops the demo.\n");
        run::until_told_to_stop().await;
    }
    running.stop().await
}

async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port))
        .await
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
                "127.0.0.1:{port} is in use. Try: resyncd demo --port 0 (any free port)"
            ),
            _ => anyhow::anyhow!("127.0.0.1:{port} cannot be listened on: {error}"),
        })
}

fn simulator(flavour: Flavour) -> Simulator {
    Simulator::new(Options {
        flavour: match flavour {
            Flavour::Cloud => resync_simulator::Flavour::Cloud,
            Flavour::DataCenter => resync_simulator::Flavour::DataCenter,
        },
        seed: 1,
        clock: Arc::new(|| clock::now().0),
        base_uri: BASE_URI.to_owned(),
        account: account(),
    })
}

/// The account that the demo's server signs in with. The token opens nothing but the simulator.
fn account() -> Account {
    Account {
        name: "demo@example.com".to_owned(),
        token: "simulated".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        account_id: "5b10ac8d82e05b22cc7d4ef5".to_owned(),
        display_name: "Resync Demo".to_owned(),
    }
}

async fn start(
    listener: TcpListener,
    data: &Path,
    simulator: &Simulator,
) -> anyhow::Result<Running> {
    let account = account();
    let connections = SimulatedConnections {
        transport: Arc::new(SimulatedTransport(simulator.clone())),
        user: account.name.clone(),
        token: account.token.clone(),
    };
    let host = BASE_URI.trim_start_matches("https://").to_owned();
    run::start(
        listener,
        ServerParts {
            store: open_folder(data).await?,
            connections: Arc::new(connections),
            clock: clock::system(),
            random: Arc::new(clock::random_bytes),
            fraction: Arc::new(clock::fraction),
            owner: clock::fresh_uid(),
            principal: run::local_principal(),
            features: Features {
                synchronizers: true,
            },
            tracker_policy: TrackerPolicy {
                credentials: vec![(CREDENTIAL.to_owned(), vec![host])],
                allow_plain_http: false,
            },
            engine: ENGINE,
            drain_limit: DRAIN_LIMIT,
            wrote: Arc::new(|| {}),
        },
    )
    .await
}

/// The data folder: kept, or deleted when the demo ends.
enum Data {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Data {
    fn new(folder: Option<PathBuf>) -> anyhow::Result<Data> {
        Ok(match folder {
            Some(folder) => Data::Kept(folder),
            None => Data::Temporary(
                tempfile::Builder::new()
                    .prefix("resync-demo-")
                    .tempdir()
                    .context("a temporary folder cannot be made")?,
            ),
        })
    }

    fn path(&self) -> &Path {
        match self {
            Data::Kept(folder) => folder,
            Data::Temporary(folder) => folder.path(),
        }
    }

    fn describe(&self) -> String {
        match self {
            Data::Kept(folder) => format!("{}  (kept)", folder.display()),
            Data::Temporary(folder) => {
                format!(
                    "{}  (deleted on exit; keep it with --data DIR)",
                    folder.path().display()
                )
            }
        }
    }
}
