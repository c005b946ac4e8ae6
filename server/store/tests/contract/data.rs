//! Values to store, all made up, and the shortest way to store them.

use resync_core::change::{ForestChange, Item, Place};
use resync_core::claim::{Claim, ClaimChange, ClaimSource};
use resync_core::forest::ForestRow;
use resync_core::id::{
    ForestVersion, IssueId, IssueKey, JiraId, Principal, ProjectKey, RowId, Slug, StructureId,
    SynchronizerId, TrackerId, Uid,
};
use resync_core::issue::{IssueRef, IssueType, ObservedIssue};
use resync_core::job::{Authorization, ChangeLimits, JobKind, JobRequest, Trigger};
use resync_core::order::OrderKey;
use resync_core::synchronizer::{
    Direction, FilterSettings, FilterSource, Rule, Settings, SubtasksSettings,
};
use resync_core::time::Timestamp;
use resync_store::{
    ClaimRequest, ClaimedJob, ForestCommit, JobCommit, JobUpdate, Lease, NewJob, NewStructure,
    NewSynchronizer, NewTracker, Product, RequestRecord, Store, StructureRecord,
    SynchronizerRecord, TrackerLimits, TrackerRecord, TrackerSettings,
};

/// The start of all time in these tests.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// A lease long enough to outlast a test.
pub(crate) const LEASE_MS: i64 = 30_000;

/// `seconds` after [`NOW`].
pub(crate) fn later(seconds: i64) -> Timestamp {
    NOW.plus_milliseconds(seconds * 1000)
}

pub(crate) fn ann() -> Principal {
    Principal::new("users/ann")
}

pub(crate) fn new_structure(slug: &str) -> NewStructure {
    NewStructure {
        slug: Slug::new(slug),
        uid: Uid::new(format!("uid-{slug}")),
        display_name: format!("The {slug}"),
        description: "What we plan".into(),
        creator: ann(),
        time: NOW,
    }
}

pub(crate) async fn structure(store: &Store, slug: &str) -> StructureRecord {
    store
        .create_structure(new_structure(slug), None)
        .await
        .unwrap()
}

pub(crate) fn tracker_settings() -> TrackerSettings {
    TrackerSettings {
        display_name: "Our Jira".into(),
        product: Product::JiraCloud,
        base_uri: "https://jira.example.com".into(),
        credential: "jira-bot".into(),
        limits: TrackerLimits {
            concurrent_requests: Some(4),
            requests_per_second: None,
        },
    }
}

pub(crate) async fn tracker(store: &Store, slug: &str) -> TrackerRecord {
    let uid = Uid::new(format!("uid-{slug}"));
    let new = NewTracker {
        slug: Slug::new(slug),
        uid,
        settings: tracker_settings(),
        time: NOW,
    };
    store.create_tracker(new, None).await.unwrap()
}

pub(crate) fn filter_settings() -> Settings {
    Settings::Filter(FilterSettings {
        source: FilterSource::Jql("project = PAY".into()),
        parent_issue: Some(IssueId(7)),
        allow_move: true,
        remove_unmatched: true,
        remove_only_placed: false,
        check_children: true,
    })
}

pub(crate) fn subtasks_settings() -> Settings {
    Settings::Subtasks(SubtasksSettings {
        issue_types: vec![JiraId::new("10003")],
        remove_orphaned: true,
    })
}

pub(crate) fn new_synchronizer(
    structure: StructureId,
    tracker: TrackerId,
    slug: &str,
) -> NewSynchronizer {
    NewSynchronizer {
        structure,
        slug: Slug::new(slug),
        uid: Uid::new(format!("uid-{structure}-{slug}")),
        display_name: format!("The {slug}"),
        rule: Rule {
            tracker,
            settings: filter_settings(),
        },
        run_as: ann(),
        time: NOW,
    }
}

/// A structure with a synchronizer of a tracker.
pub(crate) struct Installed {
    pub(crate) structure: StructureId,
    pub(crate) tracker: TrackerId,
    pub(crate) synchronizer: SynchronizerRecord,
}

pub(crate) async fn installed(store: &Store, slug: &str) -> Installed {
    let structure = structure(store, slug).await.id;
    let tracker = tracker(store, &format!("jira-{slug}")).await.id;
    let new = new_synchronizer(structure, tracker, "pay");
    let synchronizer = store.create_synchronizer(new, None).await.unwrap();
    Installed {
        structure,
        tracker,
        synchronizer,
    }
}

/// A job that resyncs into the structure; `authorization` makes it a preview or not.
pub(crate) fn new_resync(installed: &Installed, uid: &str, authorization: Authorization) -> NewJob {
    NewJob {
        uid: Uid::new(uid),
        kind: JobKind::Resync,
        structure: installed.structure,
        synchronizer: Some(installed.synchronizer.id),
        rule: Some(installed.synchronizer.rule.clone()),
        synchronizer_etag: installed.synchronizer.etag.clone(),
        request: JobRequest {
            direction: Some(Direction::IntoStructure),
            authorization,
            limits: ChangeLimits {
                changes: Some(100),
                destructive_changes: None,
            },
            enable_synchronizer: true,
            reason: "spring cleaning".into(),
        },
        trigger: Trigger::Call,
        creator: ann(),
        time: NOW,
    }
}

/// A job that syncs all of a structure.
pub(crate) fn new_incremental(structure: StructureId, uid: &str) -> NewJob {
    NewJob {
        uid: Uid::new(uid),
        kind: JobKind::IncrementalSync,
        structure,
        synchronizer: None,
        rule: None,
        synchronizer_etag: String::new(),
        request: JobRequest {
            direction: None,
            authorization: Authorization::Incremental,
            limits: ChangeLimits::default(),
            enable_synchronizer: false,
            reason: String::new(),
        },
        trigger: Trigger::StructureChange,
        creator: Principal::new("services/resync"),
        time: NOW,
    }
}

/// A job that changes a structure, of which there may be several.
pub(crate) fn new_run(structure: StructureId, uid: &str) -> NewJob {
    let incremental = new_incremental(structure, uid);
    NewJob {
        kind: JobKind::Resync,
        request: JobRequest {
            authorization: Authorization::Forced,
            ..incremental.request
        },
        ..incremental
    }
}

pub(crate) fn claim_at(now: Timestamp, capacity: usize) -> ClaimRequest {
    ClaimRequest {
        owner: "worker".into(),
        now,
        lease_ms: LEASE_MS,
        capacity,
    }
}

/// Creates a job, which is the only one, and claims it.
pub(crate) async fn claimed(store: &Store, new: NewJob) -> ClaimedJob {
    let created = store.create_job(new, None).await.unwrap().job.id;
    let claimed = store.claim_next(claim_at(NOW, 10)).await.unwrap().unwrap();
    assert_eq!(claimed.job.id, created);
    claimed
}

pub(crate) fn observed(id: i64, key: &str, updated: Timestamp) -> ObservedIssue {
    ObservedIssue {
        id: IssueId(id),
        key: IssueKey::new(key),
        summary: format!("Summary of {key}").into(),
        project: ProjectKey::new("PAY"),
        issue_type: IssueType {
            id: JiraId::new("10001"),
            name: "Story".into(),
            subtask: false,
        },
        status: "Open".into(),
        assignee: (id % 2 == 0).then(|| "Ann".into()),
        parent: (id > 100).then(|| IssueId(id - 100)),
        updated,
    }
}

/// A row with an order key of one digit.
pub(crate) fn row(id: i64, parent: Option<i64>, digit: u8, item: Item) -> ForestRow {
    ForestRow {
        id: RowId(id),
        parent: parent.map(RowId),
        key: OrderKey::from_bytes(&[digit]).unwrap(),
        item,
        alias: false,
        placed_by: None,
    }
}

pub(crate) fn issue(tracker: TrackerId, id: i64) -> Item {
    Item::Issue(IssueRef {
        tracker,
        issue: IssueId(id),
    })
}

pub(crate) fn folder(title: &str) -> Item {
    Item::Folder(title.into())
}

/// The step that adds a row as the first child of its parent.
pub(crate) fn add(row: &ForestRow) -> ForestChange {
    ForestChange::Add {
        row: row.id,
        item: row.item.clone(),
        alias: row.alias,
        to: Place {
            parent: row.parent,
            previous: None,
        },
    }
}

pub(crate) fn made(row: i64, source: ClaimSource) -> ClaimChange {
    ClaimChange::Made(Claim {
        row: RowId(row),
        source,
    })
}

pub(crate) fn withdrawn(row: i64, source: ClaimSource) -> ClaimChange {
    ClaimChange::Withdrawn(Claim {
        row: RowId(row),
        source,
    })
}

pub(crate) fn by(synchronizer: SynchronizerId) -> ClaimSource {
    ClaimSource::Synchronizer(synchronizer)
}

/// A commit of nothing.
pub(crate) fn commit(structure: StructureId, expected_version: i64) -> ForestCommit {
    ForestCommit {
        structure,
        expected_version: ForestVersion(expected_version),
        upserts: Vec::new(),
        deletes: Vec::new(),
        changes: Vec::new(),
        claims: Vec::new(),
        observations: Vec::new(),
        next_row_id: RowId(1),
        row_count: 0,
        principal: ann(),
        synchronizer: None,
        reason: "because".into(),
        time: later(1),
        request: None,
        job: None,
    }
}

/// The part of a commit of `structure` as it is now that is about a job.
pub(crate) async fn by_job(
    store: &Store,
    structure: StructureId,
    lease: Lease,
    update: JobUpdate,
) -> JobCommit {
    JobCommit {
        lease,
        point: store.history_point(structure).await.unwrap(),
        observed: None,
        update,
        sync: None,
    }
}

/// A commit that adds rows to an empty forest.
pub(crate) fn commit_adding(structure: StructureId, rows: Vec<ForestRow>) -> ForestCommit {
    ForestCommit {
        changes: rows.iter().map(add).collect(),
        next_row_id: RowId(rows.iter().map(|row| row.id.0).max().unwrap_or(0) + 1),
        row_count: i64::try_from(rows.len()).unwrap(),
        upserts: rows,
        ..commit(structure, 0)
    }
}

pub(crate) fn request(id: &str, body: &[u8]) -> RequestRecord {
    RequestRecord {
        principal: ann(),
        method: "resync.v1.StructureService/CreateStructure".into(),
        request_id: id.into(),
        body_hash: body.to_vec(),
        answer: b"the answer".to_vec(),
        time: NOW,
    }
}
