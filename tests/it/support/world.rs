//! The whole service in one thread, under virtual time, from a seed: API, engine, store, adapter
//! and Jira. The same seed gives the same trace.
//!
//! What it is not: the transport. Calls go to the service's own functions, past HTTP/2.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request as HttpRequest, Response as HttpResponse};
use rand::rngs::SmallRng;
use rand::{Rng, RngCore, SeedableRng};
use resync_api::v1::job_service_server::JobService;
use resync_api::v1::resync_service_server::ResyncService;
use resync_api::v1::structure_service_server::StructureService;
use resync_api::v1::synchronizer_service_server::SynchronizerService;
use resync_api::v1::tracker_service_server::TrackerService;
use resync_api::v1::{self, Direction, Job, Row, row};
use resync_core::id::{Principal, Uid};
use resync_core::time::Timestamp;
use resync_jobs::EngineSettings;
use resync_service::{Features, Service, TrackerPolicy};
use resync_simulator::{Account, Flavour, Options, Simulator};
use resync_store::{Executor, Location, Store};
use resync_tracker::jira::{Transport, TransportError};
use resyncd::run::{self, Assembled, ROWS_PER_STRUCTURE_MAX, ServerParts};
use resyncd::simulated::{SimulatedConnections, SimulatedTransport};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tonic::{Request, Status};

/// When virtual time begins: a Tuesday in November 2026.
const BEGINNING: i64 = 1_795_500_000_000;

/// How long a job stays with an engine that crashed.
pub(crate) const LEASE: Duration = Duration::from_secs(10);

/// A name in the API.
pub(crate) const STRUCTURE: &str = "structures/plan";

/// What happened, line by line, with virtual times.
#[derive(Clone, Default)]
pub(crate) struct Trace(Arc<Mutex<String>>);

impl Trace {
    /// Adds a line.
    pub(crate) fn line(&self, text: impl std::fmt::Display) {
        let now = Instant::now().elapsed_since_start();
        writeln!(self.0.lock().expect("nobody panicked"), "{now:>9} {text}").expect("it is text");
    }

    /// All of it.
    pub(crate) fn text(&self) -> String {
        self.0.lock().expect("nobody panicked").clone()
    }
}

trait Elapsed {
    fn elapsed_since_start(&self) -> u128;
}

thread_local! {
    static START: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) };
}

impl Elapsed for Instant {
    fn elapsed_since_start(&self) -> u128 {
        START
            .get()
            .map_or(0, |start| self.duration_since(start).as_millis())
    }
}

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

fn virtual_now() -> i64 {
    let elapsed = Instant::now().elapsed_since_start();
    BEGINNING + i64::try_from(elapsed).expect("worlds are short")
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

/// Runs a future in a thread of its own time, which moves on when everybody waits.
pub(crate) fn in_virtual_time<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime can be had");
    runtime.block_on(async {
        START.set(Some(Instant::now()));
        future.await
    })
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

    async fn create(&self, flavour: Flavour) {
        let product = match flavour {
            Flavour::Cloud => v1::tracker::Product::JiraCloud,
            Flavour::DataCenter => v1::tracker::Product::JiraDataCenter,
        };
        let tracker = v1::Tracker {
            product: product.into(),
            base_uri: "https://jira.invalid".to_owned(),
            credential: "bot".to_owned(),
            limits: Some(v1::TrackerLimits {
                max_concurrent_requests: Some(3),
                max_requests_per_second: Some(1000),
            }),
            ..v1::Tracker::default()
        };
        let request = v1::CreateTrackerRequest {
            tracker_id: "jira".to_owned(),
            tracker: Some(tracker),
            ..Default::default()
        };
        self.service
            .create_tracker(call(request))
            .await
            .expect("the tracker is created");
        let structure = v1::Structure {
            display_name: "Plan".to_owned(),
            ..Default::default()
        };
        let request = v1::CreateStructureRequest {
            structure_id: "plan".to_owned(),
            structure: Some(structure),
            ..Default::default()
        };
        self.service
            .create_structure(call(request))
            .await
            .expect("the structure is created");
    }

    /// Installs a synchronizer, enabled or not.
    pub(crate) async fn install(&self, id: &str, kind: v1::sync_rule::Kind, enabled: bool) {
        let synchronizer = v1::Synchronizer {
            display_name: id.to_owned(),
            rule: Some(v1::SyncRule {
                tracker: "trackers/jira".to_owned(),
                kind: Some(kind),
            }),
            ..Default::default()
        };
        let request = v1::CreateSynchronizerRequest {
            parent: STRUCTURE.to_owned(),
            synchronizer_id: id.to_owned(),
            synchronizer: Some(synchronizer),
            ..Default::default()
        };
        self.service
            .create_synchronizer(call(request))
            .await
            .expect("it is installed");
        if enabled {
            let request = v1::EnableSynchronizerRequest {
                name: named(id),
                ..Default::default()
            };
            self.service
                .enable_synchronizer(call(request))
                .await
                .expect("it is enabled");
        }
    }

    /// Starts a preview.
    pub(crate) async fn preview(&self, synchronizer: &str) -> Result<String, Status> {
        let request = v1::PreviewResyncRequest {
            name: named(synchronizer),
            direction: Direction::IntoStructure.into(),
            ..Default::default()
        };
        let answer = self
            .service
            .preview_resync(call(request))
            .await?
            .into_inner();
        Ok(answer.job.expect("a preview is a job").name)
    }

    /// Starts a run without a preview.
    pub(crate) async fn force(&self, synchronizer: &str) -> Result<String, Status> {
        self.run(v1::RunResyncRequest {
            name: named(synchronizer),
            force: true,
            ..Default::default()
        })
        .await
    }

    /// Starts the run that a preview planned, with the count typed back where a guard tripped.
    pub(crate) async fn confirm(
        &self,
        synchronizer: &str,
        preview: &Job,
    ) -> Result<String, Status> {
        let plan = preview.plan.clone().unwrap_or_default();
        self.run(v1::RunResyncRequest {
            name: named(synchronizer),
            confirmation_token: plan.confirmation_token,
            acknowledged_destructive_count: (!plan.guards.is_empty())
                .then_some(plan.destructive_change_count),
            ..Default::default()
        })
        .await
    }

    async fn run(&self, request: v1::RunResyncRequest) -> Result<String, Status> {
        let direction = Direction::IntoStructure.into();
        let request = v1::RunResyncRequest {
            direction,
            ..request
        };
        let answer = self.service.run_resync(call(request)).await?.into_inner();
        Ok(answer.job.expect("a run is a job").name)
    }

    /// The job as it is.
    pub(crate) async fn job(&self, name: &str) -> Job {
        let request = v1::GetJobRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let answer = self
            .service
            .get_job(call(request))
            .await
            .expect("the job is there");
        answer.into_inner().job.expect("an answer has its job")
    }

    /// Waits until a job has ended.
    pub(crate) async fn ended(&self, name: &str) -> Job {
        /// A day of virtual time: longer than any job is tried.
        const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
        let started = Instant::now();
        loop {
            let job = self.job(name).await;
            if job.end_time.is_some() {
                self.trace
                    .line(format_args!("{name} ended {}", job.state().as_str_name()));
                return job;
            }
            assert!(started.elapsed() < PATIENCE, "{name} never ended: {job:#?}");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// All rows, in one page or more.
    pub(crate) async fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::ListRowsRequest {
                parent: STRUCTURE.to_owned(),
                page_token,
                ..Default::default()
            };
            let page = self
                .service
                .list_rows(call(request))
                .await
                .expect("rows can be listed");
            let page = page.into_inner();
            rows.extend(page.rows);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return rows;
            }
        }
    }

    /// The structure as an outline.
    pub(crate) async fn outline(&self) -> String {
        self.rows().await.iter().map(super::outline::line).collect()
    }

    /// Edits the structure.
    pub(crate) async fn edit(&self, change: v1::forest_change::Change) -> Result<(), Status> {
        let request = v1::EditForestRequest {
            structure: STRUCTURE.to_owned(),
            changes: vec![v1::ForestChange {
                change: Some(change),
            }],
            ..Default::default()
        };
        self.service.edit_forest(call(request)).await.map(|_| ())
    }

    /// Asks a job to stop.
    pub(crate) async fn cancel(&self, name: &str) {
        let request = v1::CancelJobRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        self.service
            .cancel_job(call(request))
            .await
            .expect("anybody may ask");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
        }
    }
}

/// The resource name of a synchronizer of the world's structure.
pub(crate) fn named(synchronizer: &str) -> String {
    format!("{STRUCTURE}/synchronizers/{synchronizer}")
}

/// A row for an issue, by its key.
pub(crate) fn issue_row(key: &str) -> Row {
    let issue = v1::Issue {
        tracker: "trackers/jira".to_owned(),
        issue_key: key.to_owned(),
        ..Default::default()
    };
    Row {
        item: Some(row::Item::Issue(issue)),
        ..Default::default()
    }
}

/// A row for a folder.
pub(crate) fn folder_row(title: &str) -> Row {
    let folder = v1::Folder {
        title: title.to_owned(),
    };
    Row {
        item: Some(row::Item::Folder(folder)),
        ..Default::default()
    }
}

fn call<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Principal::new("users/ann"));
    request
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
