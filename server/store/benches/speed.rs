//! How fast the store takes and gives rows, on SQLite in a file and on a private PostgreSQL.
//!
//! `cargo bench -p resync-store` takes about a minute. It prints; it judges nothing.

#![expect(clippy::print_stdout, reason = "a measurement is for people")]
#![expect(clippy::disallowed_methods, reason = "a measurement needs the clock")]

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
use resync_store::testing::PrivatePostgres;
use resync_store::{Executor, ForestCommit, Location, NewStructure, Store};
use std::time::Instant;

const ROWS: i64 = 1_000_000;
const SMALL_COMMITS: i64 = 1_000;
const TRACKER: TrackerId = TrackerId(1);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.expect("start a runtime").block_on(async {
        let folder = tempfile::tempdir().expect("make a folder");
        let file = Location::File(folder.path().join("store.sqlite3"));
        measure("SQLite", file).await;
        if let Some(server) = PrivatePostgres::shared() {
            measure(
                "PostgreSQL (fsync off)",
                Location::Postgres(server.create_database()),
            )
            .await;
        }
    });
}

async fn measure(name: &str, location: Location) {
    println!("{name}");
    let store = Store::open(location, Executor::Threads)
        .await
        .expect("open the store");
    let structure = store
        .create_structure(new_structure(), None)
        .await
        .expect("create")
        .id;
    let rows: Vec<ForestRow> = (1..=ROWS).map(row).collect();
    let plain = ForestCommit {
        row_count: ROWS,
        upserts: rows,
        ..commit(structure, 0)
    };
    timed("commit of rows", ROWS, store.commit_forest(plain)).await;
    let loaded = timed("load of rows", ROWS, store.load_rows(structure)).await;
    let changes = loaded.rows.iter().map(change).collect();
    let history = ForestCommit {
        changes,
        ..commit(structure, 0)
    };
    timed("commit of changes", ROWS, store.commit_forest(history)).await;
    let claims = (1..=ROWS).map(claim).collect();
    let claimed = ForestCommit {
        claims,
        ..commit(structure, 1)
    };
    timed("commit of claims", ROWS, store.commit_forest(claimed)).await;
    timed("load of claims", ROWS, store.load_claims(structure)).await;
    let issues: Vec<_> = (1..=ROWS / 4).map(observed).collect();
    let put = store.upsert_observations(TRACKER, issues.clone(), Timestamp(1));
    timed("upsert of observations", ROWS / 4, put).await;
    let again = store.upsert_observations(TRACKER, issues, Timestamp(2));
    timed("the same again", ROWS / 4, again).await;
    let loading = store.load_observations_of_structure(structure);
    timed("load of observations", ROWS / 4, loading).await;
    timed(
        "commits of one row",
        SMALL_COMMITS,
        small_commits(&store, structure),
    )
    .await;
}

async fn small_commits(store: &Store, structure: StructureId) -> Result<(), resync_store::Error> {
    for number in 1..=SMALL_COMMITS {
        let moved = row(number);
        let changes = vec![change(&moved)];
        let upserts = vec![moved];
        let next = ForestCommit {
            upserts,
            changes,
            ..commit(structure, number)
        };
        store.commit_forest(next).await?;
    }
    Ok(())
}

async fn timed<T>(
    what: &str,
    count: i64,
    work: impl Future<Output = Result<T, resync_store::Error>>,
) -> T {
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let result = work.await.expect(what);
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    let rate = f64::from(i32::try_from(count).expect("a small number")) / seconds;
    println!("  {what:24} {count:9} in {seconds:7.3} s {rate:12.0} /s, {cpu:6.2} s of CPU here");
    result
}

/// The CPU time of this process so far: says more than the time that passed where others work on
/// the same machine. Without PostgreSQL's own part, which is another process.
fn cpu_seconds() -> f64 {
    /// Of `/proc`, on every Linux.
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields = after_name.split_whitespace().skip(11).take(2);
    fields
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS_A_SECOND
}

fn new_structure() -> NewStructure {
    NewStructure {
        slug: Slug::new("speed"),
        uid: Uid::new("uid"),
        display_name: String::new(),
        description: String::new(),
        creator: Principal::new("users/ann"),
        time: Timestamp(0),
    }
}

fn row(id: i64) -> ForestRow {
    let digits = id.to_be_bytes().map(|digit| digit | 1);
    let reference = IssueRef {
        tracker: TRACKER,
        issue: IssueId(id),
    };
    ForestRow {
        id: RowId(id),
        parent: (id > 1).then(|| RowId(id / 10 + 1)),
        key: OrderKey::from_bytes(&digits[4..]).expect("it ends with an odd digit"),
        item: Item::Issue(reference),
        alias: false,
        placed_by: None,
    }
}

fn change(row: &ForestRow) -> ForestChange {
    let to = Place {
        parent: row.parent,
        previous: None,
    };
    ForestChange::Add {
        row: row.id,
        item: row.item.clone(),
        alias: false,
        to,
    }
}

fn claim(id: i64) -> ClaimChange {
    ClaimChange::Made(Claim {
        row: RowId(id),
        source: ClaimSource::Person,
    })
}

fn observed(id: i64) -> ObservedIssue {
    ObservedIssue {
        id: IssueId(id),
        key: IssueKey::new(format!("PAY-{id}")),
        summary: "A summary of about the usual length of a summary".into(),
        project: ProjectKey::new("PAY"),
        issue_type: IssueType {
            id: JiraId::new("1"),
            name: "Story".into(),
            subtask: false,
        },
        status: "In Progress".into(),
        assignee: Some("Ann Example".into()),
        parent: None,
        updated: Timestamp(id),
    }
}

fn commit(structure: StructureId, expected: i64) -> ForestCommit {
    ForestCommit {
        structure,
        expected_version: ForestVersion(expected),
        upserts: Vec::new(),
        deletes: Vec::new(),
        changes: Vec::new(),
        claims: Vec::new(),
        observations: Vec::new(),
        next_row_id: RowId(ROWS + 1),
        row_count: ROWS,
        principal: Principal::new("users/ann"),
        synchronizer: None,
        reason: String::new(),
        time: Timestamp(1),
        request: None,
        job: None,
    }
}
