//! A server under test: started on any port, with a clock that tests move.

use resync_api::v1;
use resync_api::v1::job_service_client::JobServiceClient;
use resync_api::v1::resync_service_client::ResyncServiceClient;
use resync_api::v1::server_service_client::ServerServiceClient;
use resync_api::v1::structure_service_client::StructureServiceClient;
use resync_api::v1::synchronizer_service_client::SynchronizerServiceClient;
use resync_api::v1::tracker_service_client::TrackerServiceClient;
use resync_core::id::{ForestVersion, JobId, Principal};
use resync_core::job::{
    ChangeKind, ChangeState, GuardTrip, JobChange, JobState, PlanSummary, Tally, Why,
};
use resync_core::problem::Problem;
use resync_core::time::Timestamp;
use resync_service::{
    Access, Build, CheckResult, Ended, Features, HookKeys, Limits, Parts, Probe, ProbeQueue,
    Refusal, ServeError, Service, Signal, TrackerCheck, TrackerPolicy, TrackerReport,
};
use resync_store::{ClaimRequest, Executor, JobUpdate, Lease, Location, Store};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// When the clock of a test starts: 2026-11-24T00:00:00Z.
pub(crate) const START: i64 = 1_795_478_400_000;

/// The token of the endpoint for webhooks.
pub(crate) const HOOK_TOKEN: &str = "canary-0123456789abcdef0123456789";

/// What the tracker answers to the next questions; in order, then as if all were well.
#[derive(Clone, Default)]
pub(crate) struct Tracker {
    pub(crate) rules: Arc<Mutex<VecDeque<Result<(), Problem>>>>,
    pub(crate) issues: Arc<Mutex<Vec<resync_core::issue::ObservedIssue>>>,
    /// Whether checks are never answered.
    pub(crate) stuck: Arc<AtomicBool>,
    /// Told when a check was asked for.
    pub(crate) asked: Arc<Notify>,
}

/// How a server under test is set up.
pub(crate) struct Setup {
    pub(crate) access: Access,
    pub(crate) features: Features,
    pub(crate) limits: Limits,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            access: Access::local(Principal::new("users/ann")),
            features: Features {
                synchronizers: true,
            },
            limits: Limits::default(),
        }
    }
}

/// A server under test.
pub(crate) struct TestServer {
    pub(crate) store: Store,
    pub(crate) address: SocketAddr,
    pub(crate) now: Arc<AtomicI64>,
    pub(crate) changed: Signal,
    pub(crate) draining: CancellationToken,
    pub(crate) tracker: Tracker,
    pub(crate) channel: Channel,
    pub(crate) serving: JoinHandle<Result<Ended, ServeError>>,
    folder: tempfile::TempDir,
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::File(folder.path().join("store.sqlite3"));
        let store = Store::open(location, Executor::Threads).await.unwrap();
        let now = Arc::new(AtomicI64::new(START));
        let counter = AtomicU64::new(1);
        let (probes, questions) = ProbeQueue::new();
        let tracker = Tracker::default();
        tokio::spawn(play_tracker(tracker.clone(), questions));
        let (changed, draining) = (Signal::new(), CancellationToken::new());
        let clock = Arc::clone(&now);
        let parts = Parts {
            store: store.clone(),
            clock: Arc::new(move || Timestamp(clock.load(Ordering::SeqCst))),
            random: Arc::new(move || {
                let count = u128::from(counter.fetch_add(1, Ordering::SeqCst));
                (count.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).to_be_bytes()
            }),
            access: setup.access,
            features: setup.features,
            limits: setup.limits,
            trackers: TrackerPolicy {
                credentials: vec![("bot".into(), vec!["jira.example.com".into()])],
                allow_plain_http: false,
            },
            probes,
            hooks: Arc::new(|tracker| {
                let keys = HookKeys {
                    token: HOOK_TOKEN.into(),
                    signing: (tracker.as_str() == "signed").then(|| "signing-canary".into()),
                };
                ["jira", "signed", "missing"]
                    .contains(&tracker.as_str())
                    .then_some(keys)
            }),
            nudge: Arc::new(Notify::new()),
            changed: changed.clone(),
            draining: draining.clone(),
            build: Build {
                version: "1.2.3".into(),
                commit: "abc".into(),
            },
        };
        let service = Service::new(parts).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(resync_service::serve(service, listener));
        let channel = connect(address).await;
        let folder = folder;
        Self {
            store,
            address,
            now,
            changed,
            draining,
            tracker,
            channel,
            serving,
            folder,
        }
    }

    pub(crate) fn structures(&self) -> StructureServiceClient<Channel> {
        StructureServiceClient::new(self.channel.clone())
    }

    pub(crate) fn synchronizers(&self) -> SynchronizerServiceClient<Channel> {
        SynchronizerServiceClient::new(self.channel.clone())
    }

    pub(crate) fn resyncs(&self) -> ResyncServiceClient<Channel> {
        ResyncServiceClient::new(self.channel.clone())
    }

    pub(crate) fn jobs(&self) -> JobServiceClient<Channel> {
        JobServiceClient::new(self.channel.clone())
    }

    pub(crate) fn trackers(&self) -> TrackerServiceClient<Channel> {
        TrackerServiceClient::new(self.channel.clone())
    }

    pub(crate) fn server(&self) -> ServerServiceClient<Channel> {
        ServerServiceClient::new(self.channel.clone())
    }

    /// What is stored, byte for byte: the database and its log of what is not yet in it.
    pub(crate) fn stored(&self) -> Vec<Vec<u8>> {
        let file = |name: &str| std::fs::read(self.folder.path().join(name)).unwrap_or_default();
        vec![file("store.sqlite3"), file("store.sqlite3-wal")]
    }

    /// Whether no watch is open any more.
    pub(crate) fn changed_watchers_are_gone(&self) -> bool {
        self.changed.listeners() == 0
    }

    /// Moves the clock.
    pub(crate) fn pass(&self, time: Duration) {
        let milliseconds = i64::try_from(time.as_millis()).unwrap();
        self.now.fetch_add(milliseconds, Ordering::SeqCst);
    }

    pub(crate) fn time(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::SeqCst))
    }

    /// A structure `roadmap` with a folder, a tracker `jira`, and a filter `epics` on it.
    pub(crate) async fn seed(&self) {
        self.create_structure("roadmap").await;
        let tracker = v1::CreateTrackerRequest {
            tracker_id: "jira".into(),
            tracker: Some(tracker()),
            ..Default::default()
        };
        self.trackers().create_tracker(tracker).await.unwrap();
        let synchronizer = v1::CreateSynchronizerRequest {
            parent: "structures/roadmap".into(),
            synchronizer_id: "epics".into(),
            synchronizer: Some(synchronizer("type = Epic")),
            ..Default::default()
        };
        self.synchronizers()
            .create_synchronizer(synchronizer)
            .await
            .unwrap();
        self.edit(vec![add_folders(0, 0, &["Now"])]).await;
    }

    pub(crate) async fn create_structure(&self, id: &str) -> v1::Structure {
        let request = v1::CreateStructureRequest {
            structure_id: id.into(),
            structure: Some(v1::Structure {
                display_name: "Roadmap".into(),
                ..Default::default()
            }),
            ..Default::default()
        };
        let response = self.structures().create_structure(request).await.unwrap();
        response.into_inner().structure.unwrap()
    }

    pub(crate) async fn edit(&self, changes: Vec<v1::ForestChange>) -> v1::EditForestResponse {
        let structure = "structures/roadmap".into();
        let request = v1::EditForestRequest {
            structure,
            changes,
            ..Default::default()
        };
        self.structures()
            .edit_forest(request)
            .await
            .unwrap()
            .into_inner()
    }

    /// Previews `epics`, and plays the engine until the plan is complete.
    pub(crate) async fn previewed(&self, plan: PlanSummary) -> v1::Job {
        let request = preview("structures/roadmap/synchronizers/epics");
        let job = self
            .resyncs()
            .preview_resync(request)
            .await
            .unwrap()
            .into_inner()
            .job
            .unwrap();
        let lease = self.claim().await;
        let update = JobUpdate {
            state: Some(JobState::Succeeded),
            plan: Some(plan),
            ..Default::default()
        };
        let changes = vec![job_change(1)];
        self.store
            .store_plan(lease, changes, update, self.time())
            .await
            .unwrap();
        self.changed.raise();
        self.job(&job.name).await
    }

    pub(crate) async fn job(&self, name: &str) -> v1::Job {
        let request = v1::GetJobRequest {
            name: name.into(),
            view: 0,
        };
        self.jobs()
            .get_job(request)
            .await
            .unwrap()
            .into_inner()
            .job
            .unwrap()
    }

    /// Claims the next job, as the engine does.
    pub(crate) async fn claim(&self) -> Lease {
        let request = ClaimRequest {
            owner: "test".into(),
            now: self.time(),
            lease_ms: 30_000,
            capacity: 10,
        };
        self.store
            .claim_next(request)
            .await
            .unwrap()
            .expect("a job to claim")
            .lease
    }

    /// Writes what the engine has done, and wakes watchers.
    pub(crate) async fn update(&self, lease: Lease, update: JobUpdate) {
        self.store
            .update_job(lease, update, self.time())
            .await
            .unwrap();
        self.changed.raise();
    }

    /// Ends a job.
    pub(crate) async fn finish(&self, lease: Lease, state: JobState) {
        self.update(
            lease,
            JobUpdate {
                state: Some(state),
                ..Default::default()
            },
        )
        .await;
    }

    /// A plan over the forest as it is now.
    pub(crate) async fn plan(&self) -> PlanSummary {
        let slug = resync_core::id::Slug::new("roadmap");
        let version = self.store.get_structure(slug).await.unwrap().forest_version;
        plan(version, self.time())
    }
}

/// Opens a connection.
pub(crate) async fn connect(address: SocketAddr) -> Channel {
    let uri = format!("http://{address}");
    Channel::from_shared(uri).unwrap().connect().await.unwrap()
}

async fn play_tracker(tracker: Tracker, mut questions: tokio::sync::mpsc::Receiver<Probe>) {
    let mut stuck = Vec::new();
    while let Some(question) = questions.recv().await {
        match question {
            Probe::CheckTracker { reply, .. } if tracker.stuck.load(Ordering::SeqCst) => {
                tracker.asked.notify_one();
                stuck.push(reply);
            }
            Probe::CheckTracker { reply, .. } => {
                let check = TrackerCheck {
                    code: "REACHABLE".into(),
                    result: CheckResult::Passed,
                    message: "it answers".into(),
                };
                let report = TrackerReport {
                    checks: vec![check],
                    account: "bot".into(),
                };
                let _ = reply.send(Ok(report));
            }
            Probe::CheckRule { reply, .. } => {
                let answer = tracker.rules.lock().unwrap().pop_front();
                let _ = reply.send(answer.unwrap_or(Ok(())).map_err(Refusal::from));
            }
            Probe::FindIssue { key, reply, .. } => {
                let issues = tracker.issues.lock().unwrap();
                let _ = reply.send(Ok(issues.iter().find(|issue| issue.key == key).cloned()));
            }
        }
    }
}

pub(crate) fn tracker() -> v1::Tracker {
    v1::Tracker {
        display_name: "Jira".into(),
        product: v1::tracker::Product::JiraCloud.into(),
        base_uri: "https://jira.example.com".into(),
        credential: "bot".into(),
        ..Default::default()
    }
}

pub(crate) fn synchronizer(jql: &str) -> v1::Synchronizer {
    let source = Some(v1::filter_rule::Source::Jql(jql.into()));
    let filter = v1::FilterRule {
        source,
        ..Default::default()
    };
    v1::Synchronizer {
        display_name: "Epics".into(),
        rule: Some(v1::SyncRule {
            tracker: "trackers/jira".into(),
            kind: Some(v1::sync_rule::Kind::Filter(filter)),
        }),
        ..Default::default()
    }
}

pub(crate) fn preview(name: &str) -> v1::PreviewResyncRequest {
    let direction = v1::Direction::IntoStructure.into();
    v1::PreviewResyncRequest {
        name: name.into(),
        direction,
        request_id: String::new(),
    }
}

/// A run of `epics` with a token.
pub(crate) fn run(token: &str) -> v1::RunResyncRequest {
    v1::RunResyncRequest {
        name: "structures/roadmap/synchronizers/epics".into(),
        direction: v1::Direction::IntoStructure.into(),
        confirmation_token: token.into(),
        ..Default::default()
    }
}

/// A forced run of `epics`.
pub(crate) fn force() -> v1::RunResyncRequest {
    v1::RunResyncRequest {
        force: true,
        ..run("")
    }
}

pub(crate) fn add_folders(parent: i64, previous: i64, titles: &[&str]) -> v1::ForestChange {
    let folder = |title: &&str| v1::Row {
        item: Some(v1::row::Item::Folder(v1::Folder {
            title: (*title).into(),
        })),
        ..Default::default()
    };
    let position = v1::Position {
        parent_row_id: parent,
        previous_row_id: previous,
    };
    let rows = titles.iter().map(folder).collect();
    let add = v1::AddRows {
        position: Some(position),
        rows,
    };
    v1::ForestChange {
        change: Some(v1::forest_change::Change::AddRows(add)),
    }
}

pub(crate) fn plan(version: ForestVersion, now: Timestamp) -> PlanSummary {
    PlanSummary {
        changes: 3,
        destructive: 2,
        tallies: vec![Tally {
            kind: ChangeKind::RemoveRow,
            count: 2,
            destructive: 2,
        }],
        held: Vec::new(),
        guards: Vec::<GuardTrip>::new(),
        sample: vec![job_change(1)],
        fingerprint: "00ff".into(),
        forest_version: version,
        tracker_read_time: now,
        expire_time: now.plus_milliseconds(60 * 60 * 1000),
        rows_in_scope: 10,
    }
}

pub(crate) fn job_change(ordinal: i64) -> JobChange {
    JobChange {
        ordinal,
        kind: ChangeKind::RemoveRow,
        state: ChangeState::Planned,
        destructive: true,
        row: Some(resync_core::id::RowId(1)),
        issue: None,
        issue_key: Some(resync_core::id::IssueKey::new("PAY-1")),
        title: "Now".into(),
        old_parent: None,
        new_parent: None,
        old_parent_label: String::new(),
        new_parent_label: String::new(),
        depth: 0,
        why: Some(Why::FilterUnmatched),
        hold: None,
        synchronizer: None,
    }
}

/// The reason of a status, without its prefix, and what it is about.
pub(crate) fn reason(status: &Status) -> String {
    let details: ErrorDetails = status.get_error_details();
    let info = details.error_info().expect("every error has an ErrorInfo");
    assert_eq!(info.domain, "resync.internal");
    info.reason
        .strip_prefix("ERROR_REASON_")
        .expect("a prefix")
        .to_owned()
}

/// The fields that a status complains about.
pub(crate) fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map(|one| one.field_violations.clone());
    violations
        .unwrap_or_default()
        .into_iter()
        .map(|one| one.field)
        .collect()
}

/// One value of a status' metadata.
pub(crate) fn metadata(status: &Status, key: &str) -> String {
    let details = status.get_error_details();
    details
        .error_info()
        .unwrap()
        .metadata
        .get(key)
        .cloned()
        .unwrap_or_default()
}

/// Asserts the code and the reason of a refusal.
#[track_caller]
pub(crate) fn assert_refused<T: std::fmt::Debug>(
    result: Result<T, Status>,
    code: Code,
    expected: &str,
) -> Status {
    let status = result.expect_err("a refusal");
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (code, expected),
        "{status:?}"
    );
    status
}

/// The number at the end of a job's name.
pub(crate) fn number_of(job: &v1::Job) -> JobId {
    JobId(job.name.rsplit('/').next().unwrap().parse().unwrap())
}
