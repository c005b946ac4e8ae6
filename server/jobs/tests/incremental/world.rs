//! A structure that follows a simulated Jira, in one thread under virtual time.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use resync_core::change::{ForestChange, Item};
use resync_core::claim::Claims;
use resync_core::commit;
use resync_core::edit;
use resync_core::forest::Forest;
use resync_core::id::{
    IssueId, Principal, RowId, Slug, StructureId, SynchronizerId, TrackerId, Uid,
};
use resync_core::incremental::Timing;
use resync_core::issue::IssueRef;
use resync_core::job::{Authorization, ChangeLimits, Job, JobKind, JobRequest, JobState, Trigger};
use resync_core::problem::Problem;
use resync_core::synchronizer::{
    Direction, FilterSettings, FilterSource, Rule, Settings, State, SubtasksSettings,
};
use resync_core::time::Timestamp;
use resync_jobs::{Engine, EngineParts, EngineSettings, TrackerDirectory};
use resync_simulator::{Account, Answer, Flavour, Options, Simulator};
use resync_store::{
    Executor, ForestCommit, JobFilter, Location, NewHint, NewJob, NewStructure, NewSynchronizer,
    NewTracker, Product, Store, SynchronizerRecord, TrackerLimits, TrackerRecord, TrackerSettings,
};
use resync_tracker::TrackerReader;
use resync_tracker::jira::{self, Credential, Jira, Secret, Transport, TransportError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// When virtual time begins: a Tuesday in November 2026.
const BEGINNING: i64 = 1_795_500_000_000;

/// The figures of these tests.
pub(crate) const TIMING: Timing = Timing::DEFAULT;

/// The query of most tests.
pub(crate) const LAUNCH: &str = "labels = launch-2026";

struct Wire {
    simulator: Simulator,
    sent: AtomicU64,
    /// Method and path of each request since it was last looked at.
    log: Mutex<Vec<String>>,
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let (parts, body) = request.into_parts();
        self.sent.fetch_add(1, Ordering::Relaxed);
        let line = format!("{} {}", parts.method, parts.uri.path());
        self.log.lock().unwrap().push(line);
        let outcome = self.simulator.handle(&resync_simulator::Request {
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers,
            body,
        });
        sleep(outcome.delay).await;
        let Answer::Response(answer) = outcome.answer else {
            return Err(TransportError::Unreachable(
                "the connection was closed".into(),
            ));
        };
        let mut response = Response::new(answer.body);
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

struct Directory(Arc<dyn TrackerReader>);

#[async_trait]
impl TrackerDirectory for Directory {
    async fn reader(&self, _: &TrackerRecord) -> Result<Arc<dyn TrackerReader>, Problem> {
        Ok(Arc::clone(&self.0))
    }
}

/// A structure, a Jira, and an engine that keeps them in step.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) simulator: Simulator,
    pub(crate) structure: StructureId,
    pub(crate) tracker: TrackerId,
    wire: Arc<Wire>,
    reader: Arc<dyn TrackerReader>,
    started: Instant,
    seed: u64,
    engine: Option<JoinHandle<()>>,
}

/// Runs a future in a thread of its own time, which moves on when everybody waits.
pub(crate) fn in_virtual_time<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
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

fn clock(started: Instant) -> i64 {
    BEGINNING + i64::try_from(started.elapsed().as_millis()).unwrap()
}

impl World {
    /// A world with the sample content and an empty structure. The engine runs.
    pub(crate) async fn new(flavour: Flavour, seed: u64) -> World {
        let started = Instant::now();
        let simulator = Simulator::new(Options {
            flavour,
            seed,
            clock: Arc::new(move || clock(started)),
            base_uri: "https://jira.invalid".to_owned(),
            account: account(),
        });
        simulator.load_sample();
        let wire = Arc::new(Wire {
            simulator: simulator.clone(),
            sent: AtomicU64::new(0),
            log: Mutex::default(),
        });
        let product = match flavour {
            Flavour::Cloud => jira::Product::Cloud,
            Flavour::DataCenter => jira::Product::DataCenter,
        };
        let credential = Credential::Basic {
            user: account().name,
            secret: Secret::new(&account().token),
        };
        let mut settings =
            jira::Settings::new(product, "https://jira.invalid".to_owned(), credential);
        settings.max_requests_per_second = 1000;
        let transport: Arc<dyn Transport> = wire.clone();
        let reader = Jira::new(&settings, transport, Arc::new(|| 0.5)).unwrap();
        let store = Store::open(Location::Memory, Executor::Inline)
            .await
            .unwrap();
        let (structure, tracker) = seed_store(&store, flavour).await;
        let mut world = World {
            store,
            simulator,
            structure,
            tracker,
            wire,
            reader: Arc::new(reader),
            started,
            seed,
            engine: None,
        };
        world.start_engine();
        world
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(clock(self.started))
    }

    pub(crate) fn start_engine(&mut self) {
        self.seed += 1;
        let random = Arc::new(Mutex::new(SmallRng::seed_from_u64(self.seed)));
        let started = self.started;
        let engine = Engine::new(EngineParts {
            store: self.store.clone(),
            trackers: Arc::new(Directory(Arc::clone(&self.reader))),
            clock: Arc::new(move || Timestamp(clock(started))),
            fraction: Arc::new(move || random.lock().unwrap().random()),
            nudge: Arc::new(Notify::new()),
            changed: Arc::new(|| {}),
            shutdown: CancellationToken::new(),
            owner: Uid::new(format!("{:032x}", self.seed)),
            settings: EngineSettings {
                concurrent_jobs: 2,
                lease: Duration::from_secs(10),
                rows_per_structure_max: 1_000_000,
                incremental: Some(TIMING),
            },
        });
        self.engine = Some(tokio::spawn(engine.run()));
    }

    /// Ends the engine, as `kill -9` does.
    pub(crate) fn crash(&mut self) {
        if let Some(engine) = self.engine.take() {
            engine.abort();
        }
    }

    /// Installs a synchronizer; it is disabled.
    pub(crate) async fn install(&self, slug: &str, settings: Settings) -> SynchronizerId {
        let new = NewSynchronizer {
            structure: self.structure,
            slug: Slug::new(slug),
            uid: Uid::new(format!("uid-{slug}")),
            display_name: slug.to_owned(),
            rule: Rule {
                tracker: self.tracker,
                settings,
            },
            run_as: Principal::new("users/ann"),
            time: self.now(),
        };
        self.store.create_synchronizer(new, None).await.unwrap().id
    }

    /// Installs a synchronizer, resyncs it, and has it followed.
    pub(crate) async fn follow(&self, slug: &str, settings: Settings) -> SynchronizerId {
        let id = self.install(slug, settings).await;
        let job = self.resync(id, Authorization::Forced).await;
        assert_eq!(job.state, JobState::Succeeded, "{job:#?}");
        let record = self.synchronizer(id).await;
        self.store
            .set_synchronizer_state(id, State::Enabled, None, Some(record.etag), self.now())
            .await
            .unwrap();
        id
    }

    pub(crate) async fn synchronizer(&self, id: SynchronizerId) -> SynchronizerRecord {
        self.store.get_synchronizer_by_id(id).await.unwrap()
    }

    /// Starts a resync and waits for its end.
    pub(crate) async fn resync(&self, id: SynchronizerId, authorization: Authorization) -> Job {
        let record = self.synchronizer(id).await;
        let new = NewJob {
            uid: Uid::new(format!("resync-{}-{}", record.id, self.now().0)),
            kind: JobKind::Resync,
            structure: self.structure,
            synchronizer: Some(id),
            rule: Some(record.rule),
            synchronizer_etag: record.etag,
            request: JobRequest {
                direction: Some(Direction::IntoStructure),
                authorization,
                limits: ChangeLimits::default(),
                enable_synchronizer: false,
                reason: String::new(),
            },
            trigger: Trigger::Call,
            creator: Principal::new("users/ann"),
            time: self.now(),
        };
        let job = self.store.create_job(new, None).await.unwrap().job;
        loop {
            let job = self.store.get_job(job.id).await.unwrap().job;
            if job.state.is_final() {
                return job;
            }
            self.pass(Duration::from_millis(250)).await;
        }
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, span: Duration) {
        sleep(span).await;
    }

    /// Lets it pass until the next poll has come, and what follows from it.
    pub(crate) async fn pass_a_poll(&self) {
        self.pass(TIMING.poll_interval + TIMING.poll_interval / 10)
            .await;
        self.pass(TIMING.debounce_max + Duration::from_secs(5))
            .await;
    }

    /// Reports an issue as changed, as a webhook does.
    pub(crate) async fn report(&self, key: &str, delivery: &str) {
        let hint = NewHint {
            issue: self.issue(key),
            source: format!("webhook/{delivery}"),
        };
        self.store
            .record_hints(self.tracker, vec![hint], self.now())
            .await
            .unwrap();
    }

    pub(crate) fn issue(&self, key: &str) -> IssueId {
        let view = self.simulator.inspect(|state| state.issue(key));
        IssueId(view.unwrap().id.to_string().parse().unwrap())
    }

    /// Incremental syncs that are kept, oldest first.
    pub(crate) async fn syncs(&self) -> Vec<Job> {
        let filter = JobFilter {
            structure: Some(self.structure),
            kind: Some(JobKind::IncrementalSync),
            ..JobFilter::default()
        };
        let mut jobs = self.store.list_jobs(filter, None, 1000).await.unwrap();
        jobs.reverse();
        jobs.into_iter().map(|record| record.job).collect()
    }

    /// How many requests were sent since this was last asked.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.wire.log.lock().unwrap())
    }

    pub(crate) async fn forest(&self) -> (Forest, RowId) {
        let rows = self.store.load_rows(self.structure).await.unwrap();
        let forest = Forest::from_rows(rows.version, rows.rows).unwrap();
        (forest, rows.next_row_id)
    }

    /// The keys of the structure, by what was last read of the issues.
    pub(crate) async fn outline(&self) -> String {
        let (forest, _) = self.forest().await;
        let known = self
            .store
            .load_observations_of_structure(self.structure)
            .await
            .unwrap();
        let label = |row: RowId| match forest.item(row) {
            Some(Item::Issue(issue)) => known
                .iter()
                .find(|known| known.issue.id == issue.issue)
                .map_or("?".to_owned(), |known| known.issue.key.to_string()),
            Some(Item::Folder(title)) => format!("[{title}]"),
            None => unreachable!("the row is there"),
        };
        forest
            .preorder()
            .map(|(row, depth)| format!("{}{}\n", "  ".repeat(depth), label(row)))
            .collect()
    }

    pub(crate) async fn row_of(&self, key: &str) -> Option<RowId> {
        let issue = IssueRef {
            tracker: self.tracker,
            issue: self.issue(key),
        };
        self.forest().await.0.primary_row(issue)
    }

    /// A person edits the structure.
    pub(crate) async fn edit(&self, change: impl FnOnce(&Forest, RowId) -> Vec<ForestChange>) {
        let (mut forest, next) = self.forest().await;
        let before = forest.version();
        let steps = change(&forest, next);
        for step in &steps {
            forest.apply(step).unwrap();
        }
        let writes = commit::writes(&mut forest, &steps);
        let commit = ForestCommit {
            structure: self.structure,
            expected_version: before,
            upserts: writes.upserts,
            deletes: writes.deletes,
            claims: edit::person_claims(&steps),
            changes: steps,
            observations: Vec::new(),
            next_row_id: RowId(next.0 + 1),
            row_count: i64::try_from(forest.len()).unwrap(),
            principal: Principal::new("users/ann"),
            synchronizer: None,
            reason: String::new(),
            time: self.now(),
            request: None,
            job: None,
        };
        self.store.commit_forest(commit).await.unwrap();
    }

    /// Nothing is missing and nothing is a ghost: a preview of each resync plans nothing.
    pub(crate) async fn assert_in_step(&self, synchronizers: &[SynchronizerId], context: &str) {
        for id in synchronizers {
            let preview = self.resync(*id, Authorization::Preview).await;
            let plan = preview.plan.as_ref().unwrap();
            assert_eq!(plan.changes, 0, "{context}: {plan:#?}");
        }
        let claims = self.store.load_claims(self.structure).await.unwrap();
        let _ = Claims::from_iter(claims);
    }
}

async fn seed_store(store: &Store, flavour: Flavour) -> (StructureId, TrackerId) {
    let structure = NewStructure {
        slug: Slug::new("plan"),
        uid: Uid::new("uid-plan"),
        display_name: "Plan".into(),
        description: String::new(),
        creator: Principal::new("users/ann"),
        time: Timestamp(BEGINNING),
    };
    let structure = store.create_structure(structure, None).await.unwrap().id;
    let tracker = NewTracker {
        slug: Slug::new("jira"),
        uid: Uid::new("uid-jira"),
        settings: TrackerSettings {
            display_name: "Jira".into(),
            product: match flavour {
                Flavour::Cloud => Product::JiraCloud,
                Flavour::DataCenter => Product::JiraDataCenter,
            },
            base_uri: "https://jira.invalid".into(),
            credential: "bot".into(),
            limits: TrackerLimits::default(),
        },
        time: Timestamp(BEGINNING),
    };
    let tracker = store.create_tracker(tracker, None).await.unwrap().id;
    (structure, tracker)
}

/// A filter that removes what leaves its result.
pub(crate) fn filter(jql: &str) -> Settings {
    Settings::Filter(FilterSettings {
        source: FilterSource::Jql(jql.into()),
        parent_issue: None,
        allow_move: false,
        remove_unmatched: true,
        remove_only_placed: false,
        check_children: true,
    })
}

/// All sub-tasks, removed with their parents.
pub(crate) fn subtasks() -> Settings {
    Settings::Subtasks(SubtasksSettings {
        issue_types: Vec::new(),
        remove_orphaned: true,
    })
}
