//! The real server in process: a real store in a temporary folder, the real engine, real gRPC, and
//! a simulated Jira behind real HTTP.

use resync_api::v1::{
    AgileRule, Direction, FilterRule, Job, LinksRule, Structure, SubtasksRule, SyncRule,
    Synchronizer, Tracker, TrackerLimits, filter_rule, job, sync_rule, tracker,
};
use resync_client::{Client, Confirmation, RunOptions, SynchronizerHandle};
use resync_core::id::Principal;
use resync_jobs::EngineSettings;
use resync_service::{Features, TrackerPolicy};
use resync_simulator::{Account, Flavour, Options, Simulator};
use resync_store::Store;
use resync_tracker::jira::{HttpOptions, HttpTransport};
use resyncd::clock;
use resyncd::config::{SecretBinding, SecretKind};
use resyncd::run::{self, ROWS_PER_STRUCTURE_MAX, Running, ServerParts};
use resyncd::secrets::Secrets;
use resyncd::serve::open_folder;
use resyncd::trackers::NetworkConnections;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A server with its Jira.
pub(crate) struct Server {
    /// A connected client.
    pub(crate) client: Client,
    /// The Jira behind the tracker `jira`.
    pub(crate) simulator: Simulator,
    /// The store, for what only an engine does.
    pub(crate) store: Store,
    running: Running,
    _folder: TempDir,
}

/// The account that the simulated Jira knows.
pub(crate) fn account() -> Account {
    Account {
        name: "bot@example.com".to_owned(),
        token: "canary-token".to_owned(),
        time_zone: "America/New_York".to_owned(),
        account_id: "5b10ac8d82e05b22cc7d4ef5".to_owned(),
        display_name: "Bot".to_owned(),
    }
}

/// A simulated Jira without content.
pub(crate) fn simulator(flavour: Flavour) -> Simulator {
    Simulator::new(Options {
        flavour,
        seed: 7,
        clock: Arc::new(|| clock::now().0),
        base_uri: "http://jira.invalid".to_owned(),
        account: account(),
    })
}

impl Server {
    /// Starts a server and a Jira, with a tracker `jira` between them.
    pub(crate) async fn start(flavour: Flavour, simulator: Simulator) -> Server {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let store = open_folder(&folder.path().join("data"))
            .await
            .expect("the store opens");
        Server::start_on(store, folder, flavour, simulator).await
    }

    /// The same, on a store that is open.
    pub(crate) async fn start_on(
        store: Store,
        folder: TempDir,
        flavour: Flavour,
        simulator: Simulator,
    ) -> Server {
        let jira = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let jira_address = jira.local_addr().expect("it has an address");
        let served = simulator.clone();
        tokio::spawn(resync_simulator::serve::serve(
            jira,
            served,
            std::future::pending(),
        ));
        let server = Server::beside(store, folder, simulator).await;
        let product = match flavour {
            Flavour::Cloud => tracker::Product::JiraCloud,
            Flavour::DataCenter => tracker::Product::JiraDataCenter,
        };
        let connection = Tracker {
            product: product.into(),
            base_uri: format!("http://{jira_address}"),
            credential: "bot".to_owned(),
            limits: Some(TrackerLimits {
                max_concurrent_requests: Some(4),
                max_requests_per_second: Some(100_000),
            }),
            ..Tracker::default()
        };
        let created = server.client.create_tracker("jira", connection).await;
        created.expect("the tracker is created");
        server
    }

    /// A server without a tracker of its own, on a store that another one may be using.
    pub(crate) async fn beside(store: Store, folder: TempDir, simulator: Simulator) -> Server {
        let token = folder.path().join("token");
        std::fs::write(&token, account().token).expect("a file can be written");
        let secrets = Secrets::new(vec![SecretBinding {
            name: "bot".to_owned(),
            kind: SecretKind::Basic,
            user: account().name,
            environment: None,
            file: Some(token),
            hosts: vec!["127.0.0.1".to_owned()],
        }]);
        let transport = HttpTransport::new(&HttpOptions::default()).expect("HTTP can be had");
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let running = run::start(
            listener,
            ServerParts {
                store: store.clone(),
                connections: Arc::new(NetworkConnections {
                    transport: Arc::new(transport),
                    secrets,
                }),
                clock: clock::system(),
                random: Arc::new(clock::random_bytes),
                fraction: Arc::new(clock::fraction),
                owner: clock::fresh_uid(),
                principal: Principal::new("users/ann"),
                features: Features {
                    synchronizers: true,
                },
                tracker_policy: TrackerPolicy {
                    credentials: vec![("bot".to_owned(), vec!["127.0.0.1".to_owned()])],
                    allow_plain_http: false,
                },
                engine: EngineSettings {
                    concurrent_jobs: 2,
                    lease: Duration::from_secs(30),
                    rows_per_structure_max: ROWS_PER_STRUCTURE_MAX,
                    incremental: None,
                },
                drain_limit: Duration::from_secs(5),
                wrote: Arc::new(|| {}),
            },
        )
        .await
        .expect("the server starts");
        let client = Client::connect(&format!("http://{}", running.address)).expect("an address");
        Server {
            client,
            simulator,
            store,
            running,
            _folder: folder,
        }
    }

    /// Creates a structure.
    pub(crate) async fn structure(&self, id: &str) {
        let structure = Structure {
            display_name: id.to_owned(),
            ..Structure::default()
        };
        self.client
            .create_structure(id, structure)
            .await
            .expect("the structure is created");
    }

    /// Installs a filter synchronizer.
    pub(crate) async fn filter(
        &self,
        structure: &str,
        id: &str,
        rule: FilterRule,
    ) -> SynchronizerHandle {
        self.install(structure, id, sync_rule::Kind::Filter(rule))
            .await
    }

    /// Installs a sub-tasks synchronizer, and enables it.
    pub(crate) async fn subtasks(&self, structure: &str, rule: SubtasksRule) -> SynchronizerHandle {
        let handle = self
            .install(structure, "sub-tasks", sync_rule::Kind::Subtasks(rule))
            .await;
        handle.enable().await.expect("it is enabled");
        handle
    }

    /// Installs a links synchronizer.
    pub(crate) async fn links(&self, structure: &str, rule: LinksRule) -> SynchronizerHandle {
        self.install(structure, "links", sync_rule::Kind::Links(rule))
            .await
    }

    /// Installs an agile synchronizer.
    pub(crate) async fn agile(&self, structure: &str, rule: AgileRule) -> SynchronizerHandle {
        self.install(structure, "agile", sync_rule::Kind::Agile(rule))
            .await
    }

    /// Tries to install a synchronizer, and tells why it is refused.
    pub(crate) async fn refused(&self, structure: &str, kind: sync_rule::Kind) -> String {
        let synchronizer = synchronizer("refused", kind);
        let structure = self.client.structure(structure);
        let error = structure.create_synchronizer("refused", synchronizer).await;
        format!("{:?}", error.expect_err("it is refused"))
    }

    async fn install(
        &self,
        structure: &str,
        id: &str,
        kind: sync_rule::Kind,
    ) -> SynchronizerHandle {
        let synchronizer = synchronizer(id, kind);
        let structure = self.client.structure(structure);
        structure
            .create_synchronizer(id, synchronizer)
            .await
            .expect("it is installed");
        structure.synchronizer(id)
    }

    /// Ends the server, within its limits.
    pub(crate) async fn stop(self) {
        self.running.stop().await.expect("the server ends");
    }
}

fn synchronizer(id: &str, kind: sync_rule::Kind) -> Synchronizer {
    Synchronizer {
        display_name: id.to_owned(),
        rule: Some(SyncRule {
            tracker: "trackers/jira".to_owned(),
            kind: Some(kind),
        }),
        ..Synchronizer::default()
    }
}

/// A filter rule for a JQL query that also removes.
pub(crate) fn jql(query: &str) -> FilterRule {
    FilterRule {
        source: Some(filter_rule::Source::Jql(query.to_owned())),
        remove_unmatched: true,
        ..FilterRule::default()
    }
}

/// Runs a resync into the structure without a preview, to its end.
pub(crate) async fn force(synchronizer: &SynchronizerHandle) -> Job {
    let run = synchronizer
        .run(
            Direction::IntoStructure,
            Confirmation::Force,
            RunOptions::default(),
        )
        .await
        .expect("it starts");
    run.wait().await.expect("it can be waited for")
}

/// Previews a resync, confirms it, and runs it, to its end.
pub(crate) async fn preview_and_run(synchronizer: &SynchronizerHandle) -> (Job, Job) {
    let preview = synchronizer
        .preview(Direction::IntoStructure)
        .await
        .expect("it starts");
    let preview = preview.wait().await.expect("it can be waited for");
    let plan = preview.plan.clone().expect("a preview ends with a plan");
    let options = RunOptions {
        acknowledged_destructive_count: (!plan.guards.is_empty())
            .then_some(plan.destructive_change_count),
        ..RunOptions::default()
    };
    let token = Confirmation::Token(plan.confirmation_token);
    let run = synchronizer
        .run(Direction::IntoStructure, token, options)
        .await
        .expect("the plan can be run");
    (preview, run.wait().await.expect("it can be waited for"))
}

/// Asserts that a job succeeded.
pub(crate) fn succeeded(job: &Job) {
    assert_eq!(job.state(), job::State::Succeeded, "{job:#?}");
}
