//! Reading a large structure over gRPC, in one call and in pages, against reading the same from
//! the store in process.

use crate::arguments::Arguments;
use crate::processes::{self, Server};
use crate::table::{Table, least};
use resync_api::v1::structure_service_client::StructureServiceClient;
use resync_api::v1::{ListRowsRequest, WatchStructureRequest, watch_structure_response::Type};
use resync_core::change::{ForestChange, Item, Place};
use resync_core::claim::{Claim, ClaimChange, ClaimSource};
use resync_core::forest::ForestRow;
use resync_core::id::{
    ForestVersion, IssueId, IssueKey, JiraId, Principal, ProjectKey, RowId, Slug, StructureId,
    TrackerId, Uid,
};
use resync_core::issue::{IssueRef, IssueType, ObservedIssue};
use resync_core::order::OrderKey;
use resync_core::time::Timestamp;
use resync_simulator::Flavour;
use resync_store::{ForestCommit, NewStructure, Store};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;
use tonic::transport::Channel;

/// Rows that are written at once, so that filling does not need the memory of all.
const ROWS_A_COMMIT: i64 = 100_000;

/// Rows in a page: the most that the service gives.
const ROWS_A_PAGE: i32 = 5_000;

const TRACKER: TrackerId = TrackerId(1);
const STRUCTURE: &str = "structures/large";

/// Measures, and adds two lines to the table.
pub(crate) async fn measure(arguments: &Arguments, table: &mut Table) {
    let rows = i64::from(arguments.rows);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let structure = fill(folder.path(), rows).await;
    let (mut alone, mut watched, mut paged) = (Vec::new(), Vec::new(), Vec::new());
    for run in 1..=arguments.runs {
        println!("{rows} rows, run {run} of {}", arguments.runs);
        alone.push(read_alone(folder.path(), structure, rows).await);
        println!("  from the store {:.2?}", alone.last().expect("pushed"));
        // A fresh server for each, so that neither finds what the other has loaded.
        watched.push(served(folder.path(), rows, Way::Watch).await);
        println!("  WatchStructure {:.2?}", watched.last().expect("pushed"));
        paged.push(served(folder.path(), rows, Way::Pages).await);
        println!("  ListRows {:.2?}", paged.last().expect("pushed"));
    }
    let alone = least(alone.into_iter());
    let against = "reading them from the store";
    for (call, times) in [("WatchStructure", watched), ("ListRows", paged)] {
        let what = format!("{rows} rows: {call}");
        table.times(what, least(times.into_iter()), against, alone, 1.3);
    }
}

async fn open(folder: &Path) -> Store {
    let opened = resyncd::serve::open_folder(&processes::data(folder)).await;
    opened.expect("the store opens")
}

/// What the service needs of the store to show all rows.
async fn read_alone(folder: &Path, structure: StructureId, expected: i64) -> Duration {
    let store = open(folder).await;
    let start = Instant::now();
    let rows = store.load_rows(structure).await;
    let observations = store.load_observations_of_structure(structure).await;
    let rows = rows.expect("rows are read").rows.len();
    let observations = observations.expect("observations are read").len();
    let taken = start.elapsed();
    assert_eq!((rows, observations), (size(expected), size(expected)));
    taken
}

#[derive(Clone, Copy)]
enum Way {
    Watch,
    Pages,
}

async fn served(folder: &Path, expected: i64, way: Way) -> Duration {
    let server = Server::start(folder, Flavour::Cloud);
    let channel = Channel::from_shared(server.address.clone()).expect("it is an address");
    let channel = channel.connect().await.expect("it can be connected to");
    let client = StructureServiceClient::new(channel);
    let start = Instant::now();
    let rows = match way {
        Way::Watch => watch(client).await,
        Way::Pages => pages(client).await,
    };
    let taken = start.elapsed();
    assert_eq!(rows, size(expected), "all rows are read");
    server.stop();
    taken
}

async fn watch(mut client: StructureServiceClient<Channel>) -> usize {
    let request = WatchStructureRequest {
        name: STRUCTURE.to_owned(),
        once: true,
        ..WatchStructureRequest::default()
    };
    let answer = client.watch_structure(request).await;
    let mut stream = answer.expect("it can be watched").into_inner();
    let (mut rows, mut last) = (0, Type::Unspecified);
    while let Some(message) = stream.message().await.expect("it goes on") {
        rows += message.rows.len();
        last = message.r#type();
    }
    assert_eq!(last, Type::Current, "the end is told");
    rows
}

async fn pages(mut client: StructureServiceClient<Channel>) -> usize {
    let mut request = ListRowsRequest {
        parent: STRUCTURE.to_owned(),
        page_size: ROWS_A_PAGE,
        ..ListRowsRequest::default()
    };
    let mut rows = 0;
    loop {
        let answer = client.list_rows(request.clone()).await;
        let page = answer.expect("there is a page").into_inner();
        rows += page.rows.len();
        if page.next_page_token.is_empty() {
            return rows;
        }
        request.page_token = page.next_page_token;
    }
}

fn size(number: i64) -> usize {
    usize::try_from(number).expect("it is a size")
}

/// Makes a structure of so many issues, as a resync would leave it.
async fn fill(folder: &Path, rows: i64) -> StructureId {
    let store = open(folder).await;
    let new = NewStructure {
        slug: Slug::new("large"),
        uid: Uid::new("large"),
        display_name: "Large".to_owned(),
        description: String::new(),
        creator: Principal::new("users/ann"),
        time: Timestamp(0),
    };
    let created = store.create_structure(new, None).await;
    let structure = created.expect("the structure is created").id;
    let mut from = 1;
    while from <= rows {
        let to = rows.min(from + ROWS_A_COMMIT - 1);
        let commit = commit(structure, from, to);
        store.commit_forest(commit).await.expect("rows are written");
        from = to + 1;
    }
    structure
}

/// The next commit of a long import.
fn commit(structure: StructureId, from: i64, to: i64) -> ForestCommit {
    ForestCommit {
        structure,
        expected_version: ForestVersion(from / ROWS_A_COMMIT),
        upserts: (from..=to).map(row).collect(),
        deletes: Vec::new(),
        changes: (from..=to).map(step).collect(),
        claims: (from..=to).map(claim).collect(),
        observations: (from..=to).map(|id| (TRACKER, issue(id))).collect(),
        next_row_id: RowId(to + 1),
        row_count: to,
        principal: Principal::new("users/ann"),
        synchronizer: None,
        reason: String::new(),
        time: Timestamp(1),
        request: None,
        job: None,
    }
}

/// Ten rows are under each, so that a million are six levels deep.
fn parent(id: i64) -> Option<RowId> {
    (id > 1).then(|| RowId(id / 10 + 1))
}

fn item(id: i64) -> Item {
    Item::Issue(IssueRef {
        tracker: TRACKER,
        issue: IssueId(id),
    })
}

fn row(id: i64) -> ForestRow {
    let number = u32::try_from(id).expect("it is small").to_be_bytes();
    let [a, b, c, d] = number;
    ForestRow {
        id: RowId(id),
        parent: parent(id),
        key: OrderKey::from_bytes(&[a, b, c, d, 1]).expect("its last digit is not 0"),
        item: item(id),
        alias: false,
        placed_by: None,
    }
}

fn step(id: i64) -> ForestChange {
    let previous = (parent(id) == parent(id - 1)).then(|| RowId(id - 1));
    ForestChange::Add {
        row: RowId(id),
        item: item(id),
        alias: false,
        to: Place {
            parent: parent(id),
            previous,
        },
    }
}

fn claim(id: i64) -> ClaimChange {
    ClaimChange::Made(Claim {
        row: RowId(id),
        source: ClaimSource::Person,
    })
}

fn issue(id: i64) -> ObservedIssue {
    ObservedIssue {
        id: IssueId(id),
        key: IssueKey::new(format!("PAY-{id}")),
        summary: format!("Speed up the monthly export of invoice {id}").into(),
        project: ProjectKey::new("PAY"),
        issue_type: IssueType {
            id: JiraId::new("10001"),
            name: "Story".into(),
            subtask: false,
        },
        status: "In Progress".into(),
        assignee: Some("Ada Okafor".into()),
        parent: None,
        updated: Timestamp(1_700_000_000_000 + id),
    }
}
