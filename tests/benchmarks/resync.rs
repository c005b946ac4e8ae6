//! A first resync into an empty structure, and the same again with nothing changed: the real
//! server and the real simulated Jira in their own processes, started through the gRPC API.

use crate::arguments::{Arguments, Setting};
use crate::bulk;
use crate::database::{Blobs, Database, Sizes};
use crate::download::{CONNECTIONS, QUERY, Site};
use crate::processes::{Jira, Server};
use crate::table::{Goal, Table, least};
use resync_api::v1::{
    Direction, FilterRule, Structure, SyncRule, Synchronizer, Tracker, TrackerLimits, filter_rule,
    job, sync_rule, tracker,
};
use resync_client::{Client, Confirmation, RunOptions, SynchronizerHandle};
use resync_simulator::Flavour;
use std::time::Duration;
use tokio::time::Instant;

/// Memory that a server may take, and more for each row, in bytes.
const MEMORY: u64 = 64 * 1024 * 1024;
const MEMORY_A_ROW: u64 = 300;

/// What one run of the server showed.
struct Real {
    first: Duration,
    again: Duration,
    memory: Option<u64>,
    sizes: Sizes,
    blobs: Blobs,
    /// Whether the second resync left every row, claim, observation and version alone.
    unchanged: bool,
}

/// Measures one setting, and adds its lines to the table.
pub(crate) async fn measure(setting: Setting, arguments: &Arguments, table: &mut Table) {
    let issues = arguments.issues;
    let name = name(setting, issues);
    let jira = Jira::start(setting, issues);
    let site = Site::new(&jira, setting.flavour);
    // The first search of all makes the list that later ones find.
    site.read(|_| ()).await;
    let (mut real, mut downloads, mut bulks) = (Vec::new(), Vec::new(), Vec::new());
    for run in 1..=arguments.runs {
        println!("{name}, run {run} of {}", arguments.runs);
        let one = resync(&jira, setting.flavour, issues).await;
        downloads.push(timed(site.read(|_| ())).await);
        println!("  download only {:.2?}", downloads.last().expect("pushed"));
        if !setting.latency {
            bulks.push(timed(download_and_insert(&site, issues, &one.blobs)).await);
            println!(
                "  download, parse, insert {:.2?}",
                bulks.last().expect("pushed")
            );
        }
        real.push(one);
    }
    let first = least(real.iter().map(|real| real.first));
    let again = least(real.iter().map(|real| real.again));
    let download = least(downloads.iter().copied());
    if setting.latency {
        let against = "download only";
        table.times(
            format!("{name}: first resync"),
            first,
            against,
            download,
            1.1,
        );
    } else {
        let bulk = least(bulks.iter().copied());
        let against = "download, parse, one bulk insert";
        table.times(format!("{name}: first resync"), first, against, bulk, 1.5);
    }
    let unchanged = real.iter().all(|real| real.unchanged);
    let title = format!(
        "{name}: again, {}",
        if unchanged {
            "no row written"
        } else {
            "ROWS WERE WRITTEN"
        }
    );
    table.times(title, again, "download only", download, 1.3);
    if !setting.latency {
        sizes(&name, issues, &real, table);
    }
}

fn sizes(name: &str, issues: u32, real: &[Real], table: &mut Table) {
    if let Some(memory) = real.iter().filter_map(|real| real.memory).min() {
        let allowed = MEMORY + MEMORY_A_ROW * u64::from(issues);
        let goal = Goal {
            what: format!("{name}: peak memory of the server"),
            against: "64 MiB + 300 bytes a row".to_owned(),
            most: 1.0,
        };
        table.bytes(goal, memory, allowed);
    }
    let Some(Real { sizes, .. }) = real.first() else {
        return;
    };
    let goal = Goal {
        what: format!("{name}: database"),
        against: "its rows, claims and observations".to_owned(),
        most: 1.5,
    };
    table.bytes(goal, sizes.all, sizes.rows);
}

fn name(setting: Setting, issues: u32) -> String {
    let product = match setting.flavour {
        Flavour::Cloud => "Cloud",
        Flavour::DataCenter => "Data Center",
    };
    let latency = if setting.latency { ", 40 + 0.2 ms" } else { "" };
    format!("{product}, {issues} issues{latency}")
}

async fn timed<T>(work: impl Future<Output = T>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

async fn download_and_insert(site: &Site, issues: u32, blobs: &Blobs) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let pages = site.read(bulk::parse).await;
    let path = folder.path().join("bulk.sqlite3");
    let stored = bulk::store(&path, pages, blobs);
    assert_eq!(stored, issues as usize, "all issues are there");
}

/// A server on an empty store, and two resyncs.
async fn resync(jira: &Jira, flavour: Flavour, issues: u32) -> Real {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let server = Server::start(folder.path(), flavour);
    let synchronizer = install(&server.client, jira, flavour).await;
    let first = timed(run(&synchronizer)).await;
    let memory = server.peak_memory();
    println!(
        "  first resync {first:.2?}, peak memory {} MiB",
        memory.unwrap_or(0) >> 20
    );
    let structure = server
        .client
        .structure("work")
        .get()
        .await
        .expect("it is there");
    assert_eq!(
        u32::try_from(structure.row_count),
        Ok(issues),
        "all issues have a row"
    );
    let before = Database::open(folder.path()).fingerprint();
    let again = timed(run(&synchronizer)).await;
    let unchanged = before == Database::open(folder.path()).fingerprint();
    println!("  again {again:.2?}");
    server.stop();
    let database = Database::open(folder.path());
    for job in 1..=2 {
        for (seconds, line) in database.log(job) {
            println!("    {seconds:7.3} s  {line}");
        }
    }
    Real {
        first,
        again,
        memory,
        sizes: database.sizes(folder.path()),
        blobs: database.blobs(),
        unchanged,
    }
}

async fn install(client: &Client, jira: &Jira, flavour: Flavour) -> SynchronizerHandle {
    let product = match flavour {
        Flavour::Cloud => tracker::Product::JiraCloud,
        Flavour::DataCenter => tracker::Product::JiraDataCenter,
    };
    let connection = Tracker {
        product: product.into(),
        base_uri: jira.base_uri.clone(),
        credential: "bot".to_owned(),
        limits: Some(TrackerLimits {
            max_concurrent_requests: Some(i32::try_from(CONNECTIONS).expect("it is small")),
            max_requests_per_second: Some(100_000),
        }),
        ..Tracker::default()
    };
    let created = client.create_tracker("jira", connection).await;
    created.expect("the tracker is created");
    let structure = Structure {
        display_name: "Work".to_owned(),
        ..Structure::default()
    };
    let created = client.create_structure("work", structure).await;
    created.expect("the structure is created");
    let rule = SyncRule {
        tracker: "trackers/jira".to_owned(),
        kind: Some(sync_rule::Kind::Filter(FilterRule {
            source: Some(filter_rule::Source::Jql(QUERY.to_owned())),
            remove_unmatched: true,
            ..FilterRule::default()
        })),
    };
    let synchronizer = Synchronizer {
        display_name: "Everything".to_owned(),
        rule: Some(rule),
        ..Synchronizer::default()
    };
    let structure = client.structure("work");
    let created = structure
        .create_synchronizer("everything", synchronizer)
        .await;
    created.expect("the synchronizer is installed");
    structure.synchronizer("everything")
}

/// A resync without a preview, to its end.
async fn run(synchronizer: &SynchronizerHandle) {
    let options = RunOptions::default();
    let started = synchronizer
        .run(Direction::IntoStructure, Confirmation::Force, options)
        .await;
    let job = started.expect("it starts").wait().await;
    let job = job.expect("it can be waited for");
    assert_eq!(job.state(), job::State::Succeeded, "{job:#?}");
}
