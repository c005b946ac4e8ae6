//! The wiring: store, API, engine and trackers become one running server, and stop together.
//!
//! The only file that knows every part. What it is not: any of them.

use crate::probes::Prober;
use crate::trackers::{Connections, Directory};
use resync_core::id::{Principal, Uid};
use resync_jobs::{
    Changed, Clock, Engine, EngineParts, EngineSettings, Fraction, TrackerDirectory,
};
use resync_service::{
    Access, Build, Features, Limits, Parts, Probe, ProbeQueue, Random, Service, Signal,
    TrackerPolicy,
};
use resync_store::Store;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The most rows of a structure: what one machine plans in seconds and shows without pain.
pub const ROWS_PER_STRUCTURE_MAX: i64 = 1_000_000;

/// How often old answers are forgotten: they are kept for a day, give or take an hour.
const TIDY_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// What a server is made of.
pub struct ServerParts {
    /// The store.
    pub store: Store,
    /// Where requests to trackers go.
    pub connections: Arc<dyn Connections>,
    /// The time.
    pub clock: Clock,
    /// Randomness, for ids and secrets.
    pub random: Random,
    /// Randomness, for jitter.
    pub fraction: Fraction,
    /// Which process this is.
    pub owner: Uid,
    /// Who every caller is, as long as there is no sign-in.
    pub principal: Principal,
    /// What the operator has switched on.
    pub features: Features,
    /// To which hosts requests may be sent.
    pub tracker_policy: TrackerPolicy,
    /// The figures of the engine.
    pub engine: EngineSettings,
    /// How long a shutdown waits for calls.
    pub drain_limit: Duration,
    /// Called after each write of the engine. For tests that look at every state of the store.
    pub wrote: Changed,
}

/// A running server.
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
    engine: JoinHandle<()>,
}

impl Running {
    /// Ends watches, lets calls finish within the limit, and gives running jobs back, to go on
    /// after the next start.
    ///
    /// # Errors
    /// What the server ended with.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        let served = self.serving.await?;
        self.engine.await?;
        served
    }
}

/// The parts of a server, wired but not running.
pub struct Assembled {
    /// What the API does; [`resync_service::serve`] carries it.
    pub service: Service,
    /// What runs jobs.
    pub engine: Engine,
    /// What answers the questions that calls put to trackers.
    pub prober: Prober,
    /// The questions.
    pub questions: Receiver<Probe>,
    /// Ends all of them when it is cancelled.
    pub shutdown: CancellationToken,
}

/// Wires the parts.
///
/// # Errors
/// When the secret of the store cannot be had.
pub async fn assemble(parts: ServerParts) -> anyhow::Result<Assembled> {
    let shutdown = CancellationToken::new();
    let (nudge, signal) = (Arc::new(Notify::new()), Signal::new());
    let hooks = Arc::clone(&parts.connections);
    let trackers: Arc<dyn TrackerDirectory> = Arc::new(Directory::new(
        parts.connections,
        Arc::clone(&parts.fraction),
    ));
    let (probes, questions) = ProbeQueue::new();
    let limits = Limits {
        concurrent_jobs_max: i32::try_from(parts.engine.concurrent_jobs).unwrap_or(i32::MAX),
        rows_per_structure_max: parts.engine.rows_per_structure_max,
        drain_time_max: parts.drain_limit,
        ..Limits::default()
    };
    let service = Service::new(Parts {
        store: parts.store.clone(),
        clock: Arc::clone(&parts.clock),
        random: parts.random,
        access: Access::local(parts.principal),
        features: parts.features,
        limits,
        trackers: parts.tracker_policy,
        probes,
        hooks: Arc::new(move |tracker| hooks.hook_keys(tracker)),
        nudge: Arc::clone(&nudge),
        changed: signal.clone(),
        draining: shutdown.clone(),
        build: Build {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("RESYNC_COMMIT").unwrap_or_default().to_owned(),
        },
    })
    .await?;
    let wrote = parts.wrote;
    let engine = Engine::new(EngineParts {
        store: parts.store.clone(),
        trackers: Arc::clone(&trackers),
        clock: Arc::clone(&parts.clock),
        fraction: parts.fraction,
        nudge,
        changed: Arc::new(move || {
            signal.raise();
            wrote();
        }),
        shutdown: shutdown.clone(),
        owner: parts.owner,
        settings: parts.engine,
    });
    let prober = Prober {
        store: parts.store,
        trackers,
        clock: parts.clock,
    };
    Ok(Assembled {
        service,
        engine,
        prober,
        questions,
        shutdown,
    })
}

/// Starts a server on a listener that is bound already.
///
/// # Errors
/// When the address of the listener or the secret of the store cannot be had.
pub async fn start(listener: TcpListener, parts: ServerParts) -> anyhow::Result<Running> {
    let address = listener.local_addr()?;
    let Assembled {
        service,
        engine,
        prober,
        questions,
        shutdown,
    } = assemble(parts).await?;
    tokio::spawn(tidy(
        prober.store.clone(),
        Arc::clone(&prober.clock),
        shutdown.clone(),
    ));
    tokio::spawn(prober.run(questions));
    let engine = tokio::spawn(engine.run());
    let serving = tokio::spawn(async move {
        resync_service::serve(service, listener).await?;
        Ok(())
    });
    Ok(Running {
        address,
        shutdown,
        serving,
        engine,
    })
}

/// Forgets, from time to time, what is kept for a time only.
async fn tidy(store: Store, clock: Clock, shutdown: CancellationToken) {
    loop {
        match store.purge_requests(clock()).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::debug!(forgotten, "answers to old requests forgotten"),
            Err(error) => tracing::warn!(%error, "old answers could not be forgotten"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(TIDY_INTERVAL) => {}
        }
    }
}

/// The principal of everybody on this machine: there is no sign-in on loopback.
pub fn local_principal() -> Principal {
    let name = std::env::var("USER").unwrap_or_default().to_lowercase();
    let name: String = name
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter))
        .collect();
    Principal::new(if name.is_empty() {
        "users/local".to_owned()
    } else {
        format!("users/{name}")
    })
}

/// Waits for Ctrl-C or the signal that service managers send.
pub async fn until_told_to_stop() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(error) => {
                tracing::warn!(%error, "SIGTERM cannot be heard; stop the server with Ctrl-C");
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
