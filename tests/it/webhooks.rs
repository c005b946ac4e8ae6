//! Webhooks from a simulated Jira over real HTTP to a real server: they make a change arrive at
//! once, and only once; what they do not deliver, the poll finds.

use crate::support::server::{account, force, simulator, succeeded};
use resync_api::v1::{
    FilterRule, RowView, Structure, SyncRule, Synchronizer, Tracker, TrackerWebhook, filter_rule,
    row, sync_rule, tracker,
};
use resync_client::Client;
use resync_core::id::Principal;
use resync_core::incremental::Timing;
use resync_jobs::EngineSettings;
use resync_service::{Features, TrackerPolicy};
use resync_simulator::state::NewIssue;
use resync_simulator::webhook::{NewWebhook, WebhookFault};
use resync_simulator::{Flavour, Simulator};
use resync_tracker::jira::{HttpOptions, HttpTransport};
use resyncd::clock;
use resyncd::config::{SecretBinding, SecretKind, WebhookBinding};
use resyncd::run::{self, ROWS_PER_STRUCTURE_MAX, Running, ServerParts};
use resyncd::secrets::Secrets;
use resyncd::serve::open_folder;
use resyncd::trackers::NetworkConnections;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;

const TOKEN: &str = "canary-0123456789abcdef0123456789";
const SIGNING: &str = "signing-canary";

/// How long a test waits for what must happen. Far below the default interval of polls.
const PATIENCE: Duration = Duration::from_secs(40);

struct World {
    client: Client,
    simulator: Simulator,
    running: Running,
    _folder: TempDir,
}

/// A structure that follows a filter, and a webhook of an administrator.
async fn followed(poll_interval: Duration) -> World {
    let simulator = simulator(Flavour::DataCenter);
    simulator.load_sample();
    let jira = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let jira_address = jira.local_addr().expect("it has an address");
    tokio::spawn(resync_simulator::serve::serve(
        jira,
        simulator.clone(),
        std::future::pending(),
    ));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let running = start(&folder, poll_interval).await;
    let client = Client::connect(&format!("http://{}", running.address)).expect("an address");
    let url = format!("http://{}/webhooks/jira/{TOKEN}", running.address);
    let webhook = NewWebhook {
        name: "resync".to_owned(),
        url,
        events: ["created", "updated", "deleted"]
            .map(|event| format!("jira:issue_{event}"))
            .to_vec(),
        jql: String::new(),
        exclude_body: false,
        secret: Some(SIGNING.to_owned()),
    };
    simulator.edit(|state| state.add_webhook(webhook));
    let connection = Tracker {
        product: tracker::Product::JiraDataCenter.into(),
        base_uri: format!("http://{jira_address}"),
        credential: "bot".to_owned(),
        ..Tracker::default()
    };
    let created = client.create_tracker("jira", connection).await;
    created.expect("the tracker is created");
    follow(&client).await;
    World {
        client,
        simulator,
        running,
        _folder: folder,
    }
}

async fn start(folder: &TempDir, poll_interval: Duration) -> Running {
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file can be written");
        path
    };
    let secrets = Secrets::new(vec![SecretBinding {
        name: "bot".to_owned(),
        kind: SecretKind::Basic,
        user: account().name,
        environment: None,
        file: Some(file("password", &account().token)),
        hosts: vec!["127.0.0.1".to_owned()],
    }])
    .with_webhooks(vec![WebhookBinding {
        tracker: "jira".to_owned(),
        environment: None,
        file: Some(file("token", TOKEN)),
        signing_environment: None,
        signing_file: Some(file("signing", SIGNING)),
    }]);
    let transport = HttpTransport::new(&HttpOptions::default()).expect("HTTP can be had");
    let store = open_folder(&folder.path().join("data")).await;
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let parts = ServerParts {
        store: store.expect("the store opens"),
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
            incremental: Some(Timing {
                debounce: Duration::from_millis(200),
                debounce_max: Duration::from_secs(1),
                poll_interval,
                ..Timing::DEFAULT
            }),
        },
        drain_limit: Duration::from_secs(5),
        wrote: Arc::new(|| {}),
    };
    run::start(listener, parts)
        .await
        .expect("the server starts")
}

async fn follow(client: &Client) {
    let structure = Structure {
        display_name: "Plan".to_owned(),
        ..Structure::default()
    };
    let created = client.create_structure("plan", structure).await;
    created.expect("the structure is created");
    let rule = FilterRule {
        source: Some(filter_rule::Source::Jql("project = PAY".to_owned())),
        ..FilterRule::default()
    };
    let synchronizer = Synchronizer {
        display_name: "Payments".to_owned(),
        rule: Some(SyncRule {
            tracker: "trackers/jira".to_owned(),
            kind: Some(sync_rule::Kind::Filter(rule)),
        }),
        ..Synchronizer::default()
    };
    let structure = client.structure("plan");
    let installed = structure
        .create_synchronizer("payments", synchronizer)
        .await;
    installed.expect("it is installed");
    let handle = structure.synchronizer("payments");
    handle.enable().await.expect("it is enabled");
    succeeded(&force(&handle).await);
}

impl World {
    fn create(&self) -> String {
        let new = NewIssue {
            project: "PAY",
            kind: "Story",
            summary: "Told by a webhook",
            parent: None,
        };
        self.simulator
            .edit(|state| state.create(new))
            .expect("an issue can be created")
    }

    async fn shows(&self, key: &str) -> bool {
        use futures::TryStreamExt as _;
        let rows = self.client.structure("plan").rows(0, RowView::Basic);
        let rows: Vec<_> = rows.try_collect().await.expect("rows can be listed");
        rows.iter()
            .any(|row| matches!(&row.item, Some(row::Item::Issue(issue)) if issue.issue_key == key))
    }

    async fn until_shown(&self, key: &str) {
        let shown = async {
            while !self.shows(key).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, shown).await;
        waited.unwrap_or_else(|_| panic!("{key} is in the structure in time"));
    }

    async fn webhook(&self) -> TrackerWebhook {
        let tracker = self.client.tracker("jira").get().await;
        tracker.expect("it is there").webhook.expect("it is shown")
    }

    async fn until_received(&self, done: impl Fn(&TrackerWebhook) -> bool) -> TrackerWebhook {
        let received = async {
            loop {
                let webhook = self.webhook().await;
                if done(&webhook) {
                    return webhook;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, received).await;
        waited.expect("the webhook is received in time")
    }

    async fn stop(self) {
        self.running.stop().await.expect("the server ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_is_in_the_structure_at_once_when_a_webhook_tells_of_it() {
    let world = followed(Duration::from_secs(60 * 60)).await;
    assert!(world.webhook().await.endpoint_enabled);
    let key = world.create();
    world.until_shown(&key).await;
    let webhook = world.webhook().await;
    assert!(webhook.received_count > 0, "{webhook:?}");
    assert!(webhook.last_receive_time.is_some());
    assert_eq!((webhook.duplicate_count, webhook.refused_count), (0, 0));
    let handle = world.client.structure("plan").synchronizer("payments");
    let synchronizer = handle.get().await.expect("it is there");
    assert!(synchronizer.synced_through_time.is_some());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_arrives_twice_counts_once() {
    let world = followed(Duration::from_secs(60 * 60)).await;
    world.simulator.edit(|state| {
        let twice = [Some(WebhookFault::Doubled)];
        state.webhooks.faults.script(twice);
    });
    let key = world.create();
    world.until_shown(&key).await;
    let webhook = world.until_received(|webhook| webhook.duplicate_count == 1);
    assert_eq!(webhook.await.received_count, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_is_lost_is_made_up_for_by_the_poll() {
    let world = followed(Duration::from_secs(2)).await;
    world.simulator.edit(|state| {
        state.webhooks.faults.script([Some(WebhookFault::Lost)]);
    });
    let key = world.create();
    world.until_shown(&key).await;
    assert_eq!(world.webhook().await.received_count, 0);
    world.stop().await;
}
