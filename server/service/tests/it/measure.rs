//! How long a large forest takes over the wire, beside reading it from the store. Not a check: run
//! it with `cargo test --release -p resync-service --test it -- --ignored --nocapture million`.

use crate::support::TestServer;
use resync_api::v1;
use resync_core::change::Item;
use resync_core::forest::ForestRow;
use resync_core::id::{
    IssueId, IssueKey, JiraId, Principal, ProjectKey, RowId, Slug, StructureId, TrackerId,
};
use resync_core::issue::{IssueRef, IssueType, ObservedIssue};
use resync_core::order::OrderKey;
use resync_core::time::Timestamp;
use resync_store::ForestCommit;
use std::time::Duration;
use tokio::time::Instant;

/// Rows, unless the environment says otherwise.
const ROWS: i64 = 1_000_000;

/// Children of each row at the top.
const CHILDREN: i64 = 9;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn a_million_rows_over_the_wire_and_from_the_store() {
    let rows = std::env::var("RESYNC_ROWS").map_or(ROWS, |text| text.parse().unwrap());
    let server = TestServer::start().await;
    server.seed().await;
    fill(&server, rows).await;
    let structure = server
        .store
        .get_structure(Slug::new("roadmap"))
        .await
        .unwrap()
        .id;
    let (store, _) = from_store(&server, structure).await;
    let (cold, received) = over_the_wire(&server).await;
    assert_eq!(received, rows);
    let (warm, _) = over_the_wire(&server).await;
    let ratio = |time: Duration| time.as_secs_f64() / store.as_secs_f64();
    println!(
        "{rows} rows: store {store:?}; wire, with the forest to load {cold:?} ({:.2}), \
         with the forest in memory {warm:?} ({:.2})",
        ratio(cold),
        ratio(warm)
    );
}

/// Rows and what is known of their issues, read and thrown away.
async fn from_store(server: &TestServer, structure: StructureId) -> (Duration, usize) {
    let start = Instant::now();
    let rows = server.store.load_rows(structure).await.unwrap();
    let known = server
        .store
        .load_observations_of_structure(structure)
        .await
        .unwrap();
    (start.elapsed(), rows.rows.len() + known.len())
}

async fn over_the_wire(server: &TestServer) -> (Duration, i64) {
    let start = Instant::now();
    let request = v1::WatchStructureRequest {
        name: "structures/roadmap".into(),
        once: true,
        ..Default::default()
    };
    let mut stream = server
        .structures()
        .watch_structure(request)
        .await
        .unwrap()
        .into_inner();
    let mut rows = 0;
    while let Some(message) = stream.message().await.unwrap() {
        rows += i64::try_from(message.rows.len()).unwrap();
    }
    (start.elapsed(), rows)
}

async fn fill(server: &TestServer, rows: i64) {
    let structure = server
        .store
        .get_structure(Slug::new("roadmap"))
        .await
        .unwrap();
    let tracker = server
        .store
        .get_tracker(Slug::new("jira"))
        .await
        .unwrap()
        .id;
    let top = OrderKey::spread(None, None, usize::try_from(rows).unwrap());
    let row = |number: i64| ForestRow {
        id: RowId(number),
        parent: (number % (CHILDREN + 1) != 0).then(|| RowId(number - number % (CHILDREN + 1))),
        key: top[usize::try_from(number - 10).unwrap()].clone(),
        item: Item::Issue(IssueRef {
            tracker,
            issue: IssueId(number),
        }),
        alias: false,
        placed_by: None,
    };
    let commit = ForestCommit {
        structure: structure.id,
        expected_version: structure.forest_version,
        upserts: (10..10 + rows).map(row).collect(),
        deletes: vec![RowId(1)],
        changes: vec![resync_core::change::ForestChange::SetAlias {
            row: RowId(10),
            alias: false,
        }],
        claims: Vec::new(),
        observations: (10..10 + rows)
            .map(|number| (tracker, issue(number)))
            .collect::<Vec<(TrackerId, _)>>(),
        next_row_id: RowId(10 + rows),
        row_count: rows,
        principal: Principal::new("users/ann"),
        synchronizer: None,
        reason: String::new(),
        time: server.time(),
        request: None,
        job: None,
    };
    server.store.commit_forest(commit).await.unwrap();
}

fn issue(number: i64) -> ObservedIssue {
    ObservedIssue {
        id: IssueId(number),
        key: IssueKey::new(format!("PAY-{number}")),
        summary: format!("As a customer I pay order {number} by card").into(),
        project: ProjectKey::new("PAY"),
        issue_type: IssueType {
            id: JiraId::new("1"),
            name: "Story".into(),
            subtask: false,
        },
        status: "In Progress".into(),
        assignee: Some("Ann Example".into()),
        parent: None,
        updated: Timestamp(1_000),
    }
}
