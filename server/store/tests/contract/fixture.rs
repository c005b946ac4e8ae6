//! A store with something in every table, always the same.
//!
//! `tests/fixtures/vN.sqlite3` are such stores as each released schema had them. The newest one is
//! written by `UPDATE_FIXTURE=1 cargo test -p resync-store --test contract of_the_first_schema`,
//! and never again once its schema is released.

use crate::block_on;
use crate::data::{
    LEASE_MS, NOW, add, by, by_job, claim_at, commit, commit_adding, folder, installed, issue,
    later, made, new_incremental, new_resync, observed, request, row,
};
use resync_core::claim::ClaimSource;
use resync_core::id::{ForestVersion, IssueKey, JobId, RowId, Slug};
use resync_core::job::{
    Authorization, ChangeKind, ChangeState, JobChange, JobCounters, JobProgress, JobState, Phase,
    PlanSummary, Severity, Why,
};
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::State;
use resync_store::testing::execute;
use resync_store::{
    Executor, ForestCommit, JobFilter, JobUpdate, Lease, Location, NewLogEntry, Store,
    StructureFilter, SynchronizerFilter, TrackerContact, TrackerState,
};
use std::path::Path;

/// Rows of tables that no function writes yet.
const TABLES_FOR_LATER: &str = "
    INSERT INTO base (synchronizer, issue, aspect, value, tracker_updated, time)
        VALUES (1, 70, 'parent', '', 1, 2);
    INSERT INTO wishes (structure, \"row\", aspect, synchronizer, value, state)
        VALUES (1, 2, 'place', 1, '', 'owner');
    INSERT INTO journal (operation, job, structure, tracker, issue, aspect, kind, state, epoch,
        attempt, intent_time, deadline)
        VALUES ('op', 1, 1, 1, 70, 'parent', 'set', 'intended', 1, 1, 1, 2);
";

/// Fills an empty store.
pub(crate) async fn seed(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let (structure, tracker) = (installed.structure, installed.tracker);
    let synchronizer = installed.synchronizer.id;
    store.server_secret([7; 32]).await.unwrap();
    let edit = ForestCommit {
        claims: vec![made(1, ClaimSource::Person)],
        request: Some(request("edit", b"body")),
        ..commit_adding(structure, vec![row(1, None, 128, folder("Quarter"))])
    };
    store.commit_forest(edit).await.unwrap();
    let new = new_resync(&installed, "run", Authorization::Forced);
    store
        .create_job(new, Some(request("run", b"body")))
        .await
        .unwrap();
    let lease = store
        .claim_next(claim_at(later(1), 10))
        .await
        .unwrap()
        .unwrap()
        .lease;
    run(store, lease).await;
    let new_row = row(2, Some(1), 128, issue(tracker, 70));
    let update = JobUpdate {
        state: Some(JobState::Succeeded),
        ..JobUpdate::default()
    };
    let change = ForestCommit {
        upserts: vec![new_row.clone()],
        changes: vec![add(&new_row)],
        claims: vec![made(2, by(synchronizer))],
        observations: vec![(tracker, observed(70, "PAY-70", NOW))],
        next_row_id: RowId(3),
        row_count: 2,
        synchronizer: Some(synchronizer),
        time: later(4),
        job: Some(by_job(store, structure, lease, update).await),
        ..commit(structure, 1)
    };
    store.commit_forest(change).await.unwrap();
    store
        .set_synchronizer_base(synchronizer, "hash".into(), later(4))
        .await
        .unwrap();
    let problem = Problem::new(Reason::TrackerUnreachable, "no answer");
    let suspended = State::Suspended;
    store
        .set_synchronizer_state(
            synchronizer,
            suspended,
            Some(problem.clone()),
            None,
            later(5),
        )
        .await
        .unwrap();
    let contact = TrackerContact {
        state: TrackerState::Unreachable,
        last_error: Some(problem),
        contact_time: Some(later(4)),
    };
    store.note_tracker_contact(tracker, contact).await.unwrap();
    store
        .create_job(new_incremental(structure, "waits"), None)
        .await
        .unwrap();
    execute(store, TABLES_FOR_LATER).await.unwrap();
}

/// What a worker writes to a job before its commit.
async fn run(store: &Store, lease: Lease) {
    let change = JobChange {
        ordinal: 1,
        kind: ChangeKind::AddRow,
        state: ChangeState::Planned,
        destructive: false,
        row: Some(RowId(2)),
        issue: Some(observed(70, "PAY-70", NOW).id),
        issue_key: Some(IssueKey::new("PAY-70")),
        title: "Summary of PAY-70".into(),
        old_parent: None,
        new_parent: Some(RowId(1)),
        old_parent_label: String::new(),
        new_parent_label: "Quarter".into(),
        depth: 1,
        why: Some(Why::FilterMatched),
        hold: None,
        synchronizer: None,
    };
    let plan = PlanSummary {
        changes: 1,
        destructive: 0,
        tallies: Vec::new(),
        held: Vec::new(),
        guards: Vec::new(),
        sample: vec![change.clone()],
        fingerprint: "abc".into(),
        forest_version: ForestVersion(1),
        tracker_read_time: later(2),
        expire_time: later(3600),
        rows_in_scope: 1,
    };
    let progress = JobProgress {
        phase: Phase::Applying,
        done: 1,
        ..JobProgress::default()
    };
    let update = JobUpdate {
        progress: Some(progress),
        counters: Some(JobCounters {
            planned_changes: 1,
            ..JobCounters::default()
        }),
        plan: Some(plan),
        base_forest_version: Some(ForestVersion(1)),
        ..JobUpdate::default()
    };
    store
        .store_plan(lease, vec![change], update, later(3))
        .await
        .unwrap();
    let entry = NewLogEntry {
        time: later(3),
        severity: Severity::Info,
        message: "planned".into(),
        issue_key: Some(IssueKey::new("PAY-70")),
    };
    store.append_log(lease, vec![entry]).await.unwrap();
    store.heartbeat(lease, later(3), LEASE_MS).await.unwrap();
}

/// Reads all that [`seed`] has written, and checks it.
pub(crate) async fn read_everything(store: &Store) {
    assert_eq!(store.server_secret([9; 32]).await.unwrap(), [7; 32]);
    let structures = store
        .list_structures(StructureFilter::default(), None, 9)
        .await
        .unwrap();
    let structure = &structures[0];
    assert_eq!(
        (structure.slug.as_str(), structure.row_count),
        ("roadmap", 2)
    );
    let tracker = store.get_tracker(Slug::new("jira-roadmap")).await.unwrap();
    assert_eq!(
        (tracker.state, tracker.settings.credential.as_str()),
        (TrackerState::Unreachable, "jira-bot")
    );
    let all = SynchronizerFilter::default();
    let synchronizer = store.list_synchronizers(all).await.unwrap().remove(0);
    assert_eq!(
        (synchronizer.state, synchronizer.last_resync_time),
        (State::Suspended, Some(later(4)))
    );
    assert_eq!(synchronizer.rule.tracker, tracker.id);

    let loaded = store.load_rows(structure.id).await.unwrap();
    assert_eq!(
        (loaded.version, loaded.next_row_id),
        (ForestVersion(2), RowId(3))
    );
    assert_eq!(loaded.rows[0], row(1, None, 128, folder("Quarter")));
    assert_eq!(loaded.rows[1], row(2, Some(1), 128, issue(tracker.id, 70)));
    let claims = store.load_claims(structure.id).await.unwrap();
    assert_eq!(
        (claims[0].source, claims[1].source),
        (ClaimSource::Person, by(synchronizer.id))
    );
    let history = store
        .load_changes(structure.id, ForestVersion(0), 9)
        .await
        .unwrap();
    assert_eq!(history[1].changes, [add(&loaded.rows[1])]);
    let observations = store
        .load_observations_of_structure(structure.id)
        .await
        .unwrap();
    assert_eq!(observations[0].issue, observed(70, "PAY-70", NOW));

    let jobs = store
        .list_jobs(JobFilter::default(), None, 9)
        .await
        .unwrap();
    assert_eq!(jobs[0].job.state, JobState::Pending);
    let job = &jobs[1].job;
    assert_eq!(
        (job.state, job.result_forest_version),
        (JobState::Succeeded, Some(loaded.version))
    );
    assert_eq!(job.plan.as_ref().unwrap().sample.len(), 1);
    read_records_of(store, job.id).await;
    let edit = request("edit", b"body");
    let answer = store
        .find_answer(edit.principal, edit.method, edit.request_id, edit.body_hash)
        .await
        .unwrap();
    assert_eq!(answer.unwrap().subject, 1);
}

async fn read_records_of(store: &Store, job: JobId) {
    let changes = store.list_job_changes(job, 0, 9).await.unwrap();
    assert_eq!((changes.len(), changes[0].state), (1, ChangeState::Applied));
    assert_eq!(changes[0].new_parent_label, "Quarter");
    let log = store.list_log(job, 0, 9).await.unwrap();
    assert_eq!((log.len(), log[0].message.as_str()), (1, "planned"));
}

#[test]
fn a_store_of_the_first_schema_is_opened_and_read() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1.sqlite3");
    let open = async |path: &Path| {
        let location = Location::File(path.to_owned());
        Store::open(location, Executor::Inline).await.unwrap()
    };
    block_on(async {
        if std::env::var_os("UPDATE_FIXTURE").is_some() {
            std::fs::remove_file(&fixture).ok();
            seed(&open(&fixture).await).await;
        }
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("store.sqlite3");
        std::fs::copy(&fixture, &copy).unwrap();
        read_everything(&open(&copy).await).await;
    });
}
