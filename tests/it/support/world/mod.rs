//! The whole service in one thread, under virtual time, from a seed: API, engine, store, adapter
//! and Jira. The same seed gives the same trace.
//!
//! What it is not: the transport. Calls go to the service's own functions, past HTTP/2.

mod calls;
mod time;

pub(crate) use calls::{folder_row, issue_row};
pub(crate) use time::{Trace, in_virtual_time};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request as HttpRequest, Response as HttpResponse};
use rand::rngs::SmallRng;
use rand::{Rng, RngCore, SeedableRng};
use resync_core::id::{Principal, Uid};
use resync_core::time::Timestamp;
use resync_jobs::EngineSettings;
use resync_service::{Features, Service, TrackerPolicy};
use resync_simulator::{Account, Flavour, Options, Simulator};
use resync_store::{Executor, Location, Store};
use resync_tracker::jira::{Transport, TransportError};
use resyncd::run::{self, Assembled, ROWS_PER_STRUCTURE_MAX, ServerParts};
use resyncd::simulated::{SimulatedConnections, SimulatedTransport};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use time::virtual_now;
use tokio::task::JoinHandle;

/// How long a job stays with an engine that crashed.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// A name in the API.
pub(crate) const STRUCTURE: &str = "structures/plan";

/// Writes each exchange into the trace.
struct Traced {
    inner: SimulatedTransport,
    trace: Trace,
}

#[async_trait]
impl Transport for Traced {
    async fn send(
        &self,
        request: HttpRequest<Bytes>,
    ) -> Result<HttpResponse<Bytes>, TransportError> {
        let what = format!(
            "{} {} {}",
            request.method(),
            request.uri(),
            String::from_utf8_lossy(request.body())
        );
        let answer = self.inner.send(request).await;
        match &answer {
            Ok(answer) => self.trace.line(format_args!(
                "{what} -> {} {} bytes",
                answer.status().as_u16(),
                answer.body().len()
            )),
            Err(error) => self.trace.line(format_args!("{what} -> {error}")),
        }
        answer
    }
}

/// A world.
pub(crate) struct World {
    /// What the API does.
    pub(crate) service: Service,
    /// The Jira.
    pub(crate) simulator: Simulator,
    /// What happened.
    pub(crate) trace: Trace,
    /// The store's file.
    pub(crate) file: PathBuf,
    seed: u64,
    wrote: Arc<dyn Fn() + Send + Sync>,
    tasks: Vec<JoinHandle<()>>,
}

fn account() -> Account {
    Account {
        name: "bot@example.com".to_owned(),
        token: "token".to_owned(),
        time_zone: "Asia/Kathmandu".to_owned(),
        account_id: "a1".to_owned(),
        display_name: "Bot".to_owned(),
    }
}

/// A folder for a store, in memory where the system has such a place: what is tested here is the
/// order of writes, not the disk.
pub(crate) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    made.expect("a folder can be made")
}

impl World {
    /// A world with an empty structure, a tracker, and a Jira without content.
    pub(crate) async fn new(seed: u64, flavour: Flavour, folder: &Path) -> World {
        let simulator = Simulator::new(Options {
            flavour,
            seed,
            clock: Arc::new(virtual_now),
            base_uri: "https://jira.invalid".to_owned(),
            account: account(),
        });
        let file = folder.join("store.sqlite3");
        let nothing = Arc::new(|| {});
        let mut world = World::open(seed, simulator, file, Trace::default(), nothing).await;
        world.create(flavour).await;
        world.start_engine().await;
        world
    }

    /// A world over a store that is there already, with the same Jira, as after a crash.
    pub(crate) async fn open(
        seed: u64,
        simulator: Simulator,
        file: PathBuf,
        trace: Trace,
        wrote: Arc<dyn Fn() + Send + Sync>,
    ) -> World {
        let (service, tasks) = assemble(seed, &simulator, &file, &trace, &wrote).await;
        World {
            service,
            simulator,
            trace,
            file,
            seed,
            wrote,
            tasks,
        }
    }

    /// Calls `wrote` after each write of the engines that are started from now on.
    pub(crate) fn on_write(&mut self, wrote: Arc<dyn Fn() + Send + Sync>) {
        self.wrote = wrote;
    }

    /// Starts an engine.
    pub(crate) async fn start_engine(&mut self) {
        self.seed = self.seed.wrapping_add(1);
        let (service, tasks) = assemble(
            self.seed,
            &self.simulator,
            &self.file,
            &self.trace,
            &self.wrote,
        )
        .await;
        self.service = service;
        self.tasks = tasks;
    }

    /// Ends everything that runs, as `kill -9` does.
    pub(crate) fn crash(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
        }
        self.trace.line("crash");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
        }
    }
}

async fn assemble(
    seed: u64,
    simulator: &Simulator,
    file: &Path,
    trace: &Trace,
    wrote: &Arc<dyn Fn() + Send + Sync>,
) -> (Service, Vec<JoinHandle<()>>) {
    let transport = Traced {
        inner: SimulatedTransport(simulator.clone()),
        trace: trace.clone(),
    };
    let connections = SimulatedConnections {
        transport: Arc::new(transport),
        user: account().name,
        token: account().token,
    };
    let random = Arc::new(Mutex::new(SmallRng::seed_from_u64(seed)));
    let fractions = Arc::clone(&random);
    let location = Location::File(file.to_owned());
    let parts = ServerParts {
        store: Store::open(location, Executor::Inline)
            .await
            .expect("the store opens"),
        connections: Arc::new(connections),
        clock: Arc::new(|| Timestamp(virtual_now())),
        random: Arc::new(move || {
            let mut bytes = [0; 16];
            random
                .lock()
                .expect("nobody panicked")
                .fill_bytes(&mut bytes);
            bytes
        }),
        fraction: Arc::new(move || fractions.lock().expect("nobody panicked").random()),
        owner: Uid::new(format!("{seed:032x}")),
        principal: Principal::new("users/ann"),
        features: Features {
            synchronizers: true,
        },
        tracker_policy: TrackerPolicy {
            credentials: vec![("bot".to_owned(), vec!["jira.invalid".to_owned()])],
            allow_plain_http: false,
        },
        engine: EngineSettings {
            concurrent_jobs: 2,
            lease: LEASE,
            rows_per_structure_max: ROWS_PER_STRUCTURE_MAX,
            incremental: None,
        },
        drain_limit: Duration::from_secs(5),
        wrote: Arc::clone(wrote),
    };
    let Assembled {
        service,
        engine,
        prober,
        questions,
        shutdown: _,
    } = run::assemble(parts).await.expect("the parts fit");
    let tasks = vec![
        tokio::spawn(engine.run()),
        tokio::spawn(prober.run(questions)),
    ];
    (service, tasks)
}
