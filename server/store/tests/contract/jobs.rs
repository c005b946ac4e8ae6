//! Jobs: creating, writing, reading, cancelling.

use crate::data::{
    NOW, ann, by_job, claim_at, claimed, commit_adding, folder, installed, later, new_incremental,
    new_resync, row, structure,
};
use resync_core::id::{ForestVersion, IssueId, IssueKey, JobId, RowId};
use resync_core::job::{
    Authorization, ChangeKind, ChangeState, JobChange, JobCounters, JobKind, JobProgress, JobState,
    Phase, PlanSummary, Severity, Trigger, Why,
};
use resync_core::problem::{Problem, Reason};
use resync_store::{Error, ForestCommit, JobFilter, JobUpdate, NewLogEntry, Store};

fn change(ordinal: i64) -> JobChange {
    JobChange {
        ordinal,
        kind: ChangeKind::AddRow,
        state: if ordinal == 3 {
            ChangeState::Held
        } else {
            ChangeState::Planned
        },
        destructive: false,
        row: Some(RowId(ordinal)),
        issue: Some(IssueId(ordinal)),
        issue_key: Some(IssueKey::new(format!("PAY-{ordinal}"))),
        title: "A title".into(),
        old_parent: None,
        new_parent: None,
        old_parent_label: String::new(),
        new_parent_label: String::new(),
        depth: 0,
        why: Some(Why::FilterMatched),
        hold: None,
        synchronizer: None,
    }
}

fn plan(changes: i64) -> PlanSummary {
    PlanSummary {
        changes,
        destructive: 0,
        tallies: Vec::new(),
        held: Vec::new(),
        guards: Vec::new(),
        sample: vec![change(1)],
        fingerprint: "abc".into(),
        forest_version: ForestVersion(0),
        tracker_read_time: NOW,
        expire_time: later(3600),
        rows_in_scope: 1,
    }
}

pub(crate) async fn a_job_is_read_back_as_it_was_created(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let new = new_resync(&installed, "one", Authorization::Forced);
    let record = store.create_job(new.clone(), None).await.unwrap();
    let job = record.job.clone();
    assert_eq!(
        (&job.uid, job.kind, job.structure),
        (&new.uid, new.kind, new.structure)
    );
    assert_eq!((job.synchronizer, &job.rule), (new.synchronizer, &new.rule));
    assert_eq!(
        (&job.synchronizer_etag, &job.request),
        (&new.synchronizer_etag, &new.request)
    );
    assert_eq!((job.trigger, &job.creator), (Trigger::Call, &ann()));
    assert_eq!((job.state, job.attempt), (JobState::Pending, 1));
    assert_eq!((job.create_time, job.update_time), (NOW, NOW));
    assert_eq!(
        (job.start_time, job.end_time, job.next_attempt_time),
        (None, None, None)
    );
    assert_eq!((job.wait_reason, job.blocking_job), (None, None));
    assert_eq!(
        (&job.progress, &job.counters),
        (&JobProgress::default(), &JobCounters::default())
    );
    assert_eq!((&job.plan, &job.error), (&None, &None));
    assert_eq!(
        (job.base_forest_version, job.result_forest_version),
        (None, None)
    );
    assert_eq!(store.get_job(job.id).await.unwrap(), record);
    assert_eq!(store.job_revision(job.id).await.unwrap(), record.revision);
    let absent = Error::NotFound {
        what: "job",
        name: "404".into(),
    };
    assert_eq!(store.get_job(JobId(404)).await.unwrap_err(), absent);
    assert_eq!(store.job_revision(JobId(404)).await.unwrap_err(), absent);
    assert_eq!(
        store.list_job_changes(JobId(404), 0, 1).await.unwrap_err(),
        absent
    );
    assert_eq!(
        store.request_cancel(JobId(404), NOW).await.unwrap_err(),
        absent
    );
}

pub(crate) async fn a_second_live_resync_of_a_synchronizer_is_refused(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let new = |uid| new_resync(&installed, uid, Authorization::Forced);
    let lease = claimed(store, new("one")).await.lease;
    let error = store.create_job(new("two"), None).await.unwrap_err();
    assert_eq!(error, Error::JobInTheWay { job: lease.job });
    let update = JobUpdate {
        state: Some(JobState::Failed),
        ..JobUpdate::default()
    };
    store.update_job(lease, update, later(1)).await.unwrap();
    store.create_job(new("two"), None).await.unwrap();
}

pub(crate) async fn of_concurrent_resyncs_of_a_synchronizer_one_is_accepted(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let call = |number: i32| {
        let store = store.clone();
        let new = new_resync(&installed, &format!("uid{number}"), Authorization::Forced);
        tokio::spawn(async move { store.create_job(new, None).await })
    };
    let calls: Vec<_> = (0..8).map(call).collect();
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    for call in calls {
        match call.await.unwrap() {
            Ok(record) => accepted.push(record.job.id),
            Err(Error::JobInTheWay { job }) => refused.push(job),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(accepted.len(), 1);
    assert_eq!(refused, vec![accepted[0]; 7]);
}

pub(crate) async fn a_cancellation_is_not_lost_among_updates(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    let write = |number| {
        let store = store.clone();
        let counters = Some(JobCounters {
            read_issues: number,
            ..JobCounters::default()
        });
        let update = JobUpdate {
            counters,
            ..JobUpdate::default()
        };
        tokio::spawn(async move {
            store
                .update_job(lease, update, later(number))
                .await
                .map(drop)
        })
    };
    let before: Vec<_> = (0..10).map(write).collect();
    store.request_cancel(lease.job, later(1)).await.unwrap();
    let after: Vec<_> = (10..20).map(write).collect();
    for update in before.into_iter().chain(after) {
        assert_eq!(update.await.unwrap(), Ok(()));
    }
    let record = store.get_job(lease.job).await.unwrap();
    assert_eq!(record.job.state, JobState::Cancelling);
    // Created, claimed, cancelled, and each update once.
    assert_eq!(record.revision, 3 + 20);
}

pub(crate) async fn a_queued_resync_waits_behind_a_live_one(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let new = |uid| new_resync(&installed, uid, Authorization::Forced);
    let lease = claimed(store, new("one")).await.lease;
    let queued = store.queue_job(new("two"), None).await.unwrap().job.id;
    let claim = async || {
        let claimed = store.claim_next(claim_at(later(1), 10)).await.unwrap();
        claimed.map(|claimed| claimed.job.id)
    };
    assert_eq!(claim().await, None);
    let waiting = store.get_job(queued).await.unwrap().job;
    assert_eq!(waiting.blocking_job, Some(lease.job));
    let update = JobUpdate {
        state: Some(JobState::Succeeded),
        ..JobUpdate::default()
    };
    store.update_job(lease, update, later(1)).await.unwrap();
    assert_eq!(claim().await, Some(queued));
}

pub(crate) async fn a_preview_is_confirmed_once(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let preview = new_resync(&installed, "preview", Authorization::Preview);
    let preview = store.create_job(preview, None).await.unwrap().job.id;
    let confirmed = Authorization::Confirmed {
        preview,
        acknowledged_destructive: None,
    };
    let new = |uid| new_resync(&installed, uid, confirmed.clone());
    let first = store.create_job(new("one"), None).await.unwrap().job.id;
    store.request_cancel(first, later(1)).await.unwrap();
    let error = store.create_job(new("two"), None).await.unwrap_err();
    let taken = Error::AlreadyExists {
        what: "confirmation by job",
        name: first.to_string(),
    };
    assert_eq!(error, taken);
    assert_eq!(store.queue_job(new("two"), None).await.unwrap_err(), taken);
}

pub(crate) async fn a_preview_is_accepted_beside_a_live_resync(store: &Store) {
    let installed = installed(store, "roadmap").await;
    for (uid, authorization) in [
        ("one", Authorization::Preview),
        ("two", Authorization::Forced),
        ("three", Authorization::Preview),
    ] {
        store
            .create_job(new_resync(&installed, uid, authorization), None)
            .await
            .unwrap();
    }
}

pub(crate) async fn a_job_with_an_old_etag_of_its_synchronizer_is_stale(store: &Store) {
    let installed = installed(store, "roadmap").await;
    let mut new = new_resync(&installed, "one", Authorization::Preview);
    new.synchronizer_etag = "0".into();
    let error = store.create_job(new, None).await.unwrap_err();
    let actual = installed.synchronizer.etag;
    assert_eq!(
        error,
        Error::Stale {
            what: "synchronizer",
            expected: "0".into(),
            actual
        }
    );
}

pub(crate) async fn a_job_of_a_deleted_structure_is_refused(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    store.delete_structure(id, None, later(1)).await.unwrap();
    let error = store
        .create_job(new_incremental(id, "one"), None)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        Error::NotFound {
            what: "structure",
            name: id.to_string()
        }
    );
}

pub(crate) async fn jobs_are_listed_newest_first_by_filter(store: &Store) {
    let first = installed(store, "first").await;
    let second = installed(store, "second").await;
    let create = async |new| store.create_job(new, None).await.unwrap().job.id;
    let one = create(new_resync(&first, "one", Authorization::Preview)).await;
    let two = create(new_resync(&first, "two", Authorization::Forced)).await;
    let three = create(new_incremental(second.structure, "three")).await;
    store.request_cancel(two, later(1)).await.unwrap();
    let page = async |filter, before, limit| {
        let page = store.list_jobs(filter, before, limit).await.unwrap();
        page.iter().map(|record| record.job.id).collect::<Vec<_>>()
    };
    let list = async |filter| page(filter, None, 10).await;
    let all = JobFilter::default();
    assert_eq!(list(all).await, [three, two, one]);
    assert_eq!(page(all, None, 2).await, [three, two]);
    assert_eq!(page(all, Some(two), 2).await, [one]);
    assert_eq!(
        list(JobFilter {
            structure: Some(first.structure),
            ..all
        })
        .await,
        [two, one]
    );
    let synchronizer = Some(first.synchronizer.id);
    assert_eq!(
        list(JobFilter {
            synchronizer,
            ..all
        })
        .await,
        [two, one]
    );
    assert_eq!(
        list(JobFilter {
            state: Some(JobState::Cancelled),
            ..all
        })
        .await,
        [two]
    );
    let kind = Some(JobKind::IncrementalSync);
    assert_eq!(list(JobFilter { kind, ..all }).await, [three]);
    assert_eq!(
        list(JobFilter {
            preview: Some(true),
            ..all
        })
        .await,
        [one]
    );
    assert_eq!(
        list(JobFilter {
            live: Some(true),
            ..all
        })
        .await,
        [three, one]
    );
    assert_eq!(
        list(JobFilter {
            live: Some(false),
            ..all
        })
        .await,
        [two]
    );
}

pub(crate) async fn every_visible_change_grows_the_revision(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    let revision = async || store.job_revision(lease.job).await.unwrap();
    assert_eq!(revision().await, 2);
    let progress = JobProgress {
        phase: Phase::Reading,
        done: 5,
        total: Some(10),
        percent: Some(20),
        message: "reading".into(),
    };
    let counters = JobCounters {
        read_issues: 5,
        ..JobCounters::default()
    };
    let update = JobUpdate {
        progress: Some(progress.clone()),
        counters: Some(counters.clone()),
        base_forest_version: Some(ForestVersion(0)),
        ..JobUpdate::default()
    };
    let record = store.update_job(lease, update, later(2)).await.unwrap();
    assert_eq!((record.revision, record.job.update_time), (3, later(2)));
    assert_eq!(
        (record.job.progress, record.job.counters),
        (progress, counters)
    );
    assert_eq!(record.job.base_forest_version, Some(ForestVersion(0)));
    let entry = NewLogEntry {
        time: NOW,
        severity: Severity::Info,
        message: "hello".into(),
        issue_key: None,
    };
    store.append_log(lease, vec![entry]).await.unwrap();
    assert_eq!(revision().await, 4);
    store.heartbeat(lease, later(3), 1000).await.unwrap();
    assert_eq!(revision().await, 4);
    store.request_cancel(lease.job, later(4)).await.unwrap();
    assert_eq!(revision().await, 5);
}

pub(crate) async fn a_final_state_ends_the_job_and_its_lease(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    let problem = Problem::new(Reason::Internal, "it broke");
    let update = JobUpdate {
        state: Some(JobState::Failed),
        error: Some(problem.clone()),
        ..JobUpdate::default()
    };
    let job = store
        .update_job(lease, update.clone(), later(5))
        .await
        .unwrap()
        .job;
    assert_eq!((job.state, job.error), (JobState::Failed, Some(problem)));
    assert_eq!((job.start_time, job.end_time), (Some(NOW), Some(later(5))));
    let lost = Error::LeaseLost { job: lease.job };
    assert_eq!(
        store.update_job(lease, update, later(6)).await.unwrap_err(),
        lost
    );
    assert_eq!(
        store.heartbeat(lease, later(6), 1000).await.unwrap_err(),
        lost
    );
}

pub(crate) async fn a_forbidden_transition_is_refused(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    store.request_cancel(lease.job, later(1)).await.unwrap();
    let update = JobUpdate {
        state: Some(JobState::Running),
        ..JobUpdate::default()
    };
    let error = store.update_job(lease, update, later(2)).await.unwrap_err();
    let refused = Error::TransitionNotAllowed {
        from: JobState::Cancelling,
        to: JobState::Running,
    };
    assert_eq!(error, refused);
    let job = store.get_job(lease.job).await.unwrap().job;
    assert_eq!(
        (job.state, job.update_time),
        (JobState::Cancelling, later(1))
    );
}

pub(crate) async fn a_pending_job_is_cancelled_at_once(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let job = store
        .create_job(new_incremental(id, "one"), None)
        .await
        .unwrap()
        .job
        .id;
    let cancelled = store.request_cancel(job, later(1)).await.unwrap();
    assert_eq!(cancelled.job.state, JobState::Cancelled);
    assert_eq!(cancelled.job.end_time, Some(later(1)));
    assert_eq!(
        store.request_cancel(job, later(2)).await.unwrap(),
        cancelled
    );
}

pub(crate) async fn a_running_job_is_cancelled_by_its_worker(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    assert_eq!(
        store.heartbeat(lease, later(1), 1000).await.unwrap(),
        JobState::Running
    );
    let record = store.request_cancel(lease.job, later(2)).await.unwrap();
    assert_eq!(
        (record.job.state, record.job.end_time),
        (JobState::Cancelling, None)
    );
    assert_eq!(
        store.heartbeat(lease, later(3), 1000).await.unwrap(),
        JobState::Cancelling
    );
    let update = JobUpdate {
        state: Some(JobState::Cancelled),
        ..JobUpdate::default()
    };
    let job = store.update_job(lease, update, later(4)).await.unwrap().job;
    assert_eq!(
        (job.state, job.end_time),
        (JobState::Cancelled, Some(later(4)))
    );
}

pub(crate) async fn changes_are_listed_by_page_and_read_as_applied_after_the_commit(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    let changes: Vec<_> = (1..=2_500).map(change).collect();
    let update = JobUpdate {
        plan: Some(plan(2_500)),
        ..JobUpdate::default()
    };
    let record = store
        .store_plan(lease, changes.clone(), update, later(1))
        .await
        .unwrap();
    assert_eq!(record.job.plan, Some(plan(2_500)));
    let page = async |after, limit| {
        store
            .list_job_changes(lease.job, after, limit)
            .await
            .unwrap()
    };
    assert_eq!(page(0, 3).await, changes[..3]);
    assert_eq!(page(999, 1_100).await, changes[999..2_099]);
    assert_eq!(page(2_499, 10).await, changes[2_499..]);
    assert_eq!(page(2_500, 10).await, []);
    assert_eq!(page(9_999, 10).await, []);

    let update = JobUpdate {
        state: Some(JobState::Succeeded),
        ..JobUpdate::default()
    };
    let commit = ForestCommit {
        job: Some(by_job(store, id, lease, update).await),
        ..commit_adding(id, vec![row(1, None, 1, folder("A row"))])
    };
    store.commit_forest(commit).await.unwrap();
    let states: Vec<_> = page(0, 4).await.iter().map(|change| change.state).collect();
    let applied = ChangeState::Applied;
    assert_eq!(states, [applied, applied, ChangeState::Held, applied]);
}

pub(crate) async fn a_plan_replaces_the_one_before(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    for count in [2_500, 1] {
        let changes: Vec<_> = (1..=count).map(change).collect();
        store
            .store_plan(lease, changes, JobUpdate::default(), later(1))
            .await
            .unwrap();
    }
    assert_eq!(
        store.list_job_changes(lease.job, 0, 9_999).await.unwrap(),
        [change(1)]
    );
}

pub(crate) async fn the_log_is_appended_and_read_by_page(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let lease = claimed(store, new_incremental(id, "one")).await.lease;
    let entry = |number: i64| NewLogEntry {
        time: later(number),
        severity: Severity::Warning,
        message: format!("line {number}"),
        issue_key: (number == 2).then(|| IssueKey::new("PAY-2")),
    };
    store
        .append_log(lease, vec![entry(1), entry(2)])
        .await
        .unwrap();
    store.append_log(lease, Vec::new()).await.unwrap();
    store
        .append_log(lease, (3..=6_000).map(entry).collect())
        .await
        .unwrap();
    let lines = store.list_log(lease.job, 1, 2).await.unwrap();
    assert_eq!(
        lines.iter().map(|line| line.ordinal).collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(
        (lines[0].time, lines[0].severity),
        (later(2), Severity::Warning)
    );
    assert_eq!(lines[0].message, "line 2");
    assert_eq!(lines[0].issue_key, Some(IssueKey::new("PAY-2")));
    assert_eq!(
        store.list_log(lease.job, 5_999, 10).await.unwrap()[0].message,
        "line 6000"
    );
    let mut lost = lease;
    lost.epoch += 1;
    let error = store.append_log(lost, vec![entry(1)]).await.unwrap_err();
    assert_eq!(error, Error::LeaseLost { job: lease.job });
}
