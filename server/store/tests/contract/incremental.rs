//! Contracts of what incremental syncs remember.

use crate::data::{
    Installed, LEASE_MS, NOW, by_job, claimed, commit, commit_adding, folder, installed, later,
    new_incremental, new_run, row, structure,
};
use resync_core::id::{ForestVersion, IssueId, Uid};
use resync_core::incremental::{Cause, Cursor, Timing};
use resync_core::job::{JobState, Trigger};
use resync_core::synchronizer::State;
use resync_core::time::Timestamp;
use resync_store::{
    DueSync, Error, ForestCommit, HINT_RETENTION_MS, JobUpdate, Mirror, NewHint, Polled, Store,
    SyncUpdate, SynchronizerUpdate,
};

fn hint(issue: i64, source: &str) -> NewHint {
    NewHint {
        issue: IssueId(issue),
        source: source.into(),
    }
}

fn mirror(installed: &Installed, issues: &[i64]) -> Mirror {
    Mirror {
        synchronizer: installed.synchronizer.id,
        volatile: false,
        hint: 0,
        forest_version: ForestVersion(0),
        swept_time: NOW,
        listed_time: NOW,
        issues: Some(issues.iter().map(|id| IssueId(*id)).collect()),
        pairs: Some([].into()),
        subtasks: Some([].into()),
    }
}

/// A structure whose one synchronizer is enabled and was resynced.
async fn followed(store: &Store, slug: &str, issues: &[i64]) -> Installed {
    let installed = installed(store, slug).await;
    enable(store, &installed).await;
    let update = SyncUpdate {
        mirrors: vec![mirror(&installed, issues)],
        change_count: None,
    };
    keep(store, &installed, update).await;
    installed
}

async fn enable(store: &Store, installed: &Installed) {
    let id = installed.synchronizer.id;
    store
        .set_synchronizer_state(id, State::Enabled, None, None, NOW)
        .await
        .unwrap();
}

/// Keeps what a job leaves, with a commit without changes.
async fn keep(store: &Store, installed: &Installed, update: SyncUpdate) {
    let id = installed.structure;
    let version = store.get_structure_by_id(id).await.unwrap().forest_version;
    let uid = format!("uid-{:?}-{version}", update.change_count);
    let lease = claimed(store, new_run(id, &uid)).await.lease;
    let ends = JobUpdate {
        state: Some(JobState::Succeeded),
        ..JobUpdate::default()
    };
    let mut job = by_job(store, id, lease, ends).await;
    job.sync = Some(update);
    let change = ForestCommit {
        expected_version: version,
        changes: Vec::new(),
        upserts: Vec::new(),
        job: Some(job),
        time: NOW,
        ..commit(id, 0)
    };
    store.commit_forest(change).await.unwrap();
}

async fn due(store: &Store, at: Timestamp) -> Vec<DueSync> {
    store.due_syncs(at, Timing::DEFAULT).await.unwrap()
}

pub(crate) async fn a_hint_is_told_once_for_each_source(store: &Store) {
    let one = followed(store, "roadmap", &[1]).await;
    let told = vec![
        hint(7, "webhook/a"),
        hint(8, "webhook/b"),
        hint(7, "webhook/a"),
    ];
    assert_eq!(store.record_hints(one.tracker, told, NOW).await, Ok(2));
    let again = vec![hint(7, "webhook/a"), hint(7, "poll/7/1")];
    assert_eq!(store.record_hints(one.tracker, again, NOW).await, Ok(1));
    let state = store.load_sync(one.structure).await.unwrap();
    let issues: Vec<i64> = state.hints.iter().map(|hint| hint.issue.0).collect();
    assert_eq!(issues, [7, 8, 7]);
    assert!(state.hints.is_sorted_by_key(|hint| hint.id));
    assert_eq!(state.hints.last().unwrap().id, state.newest_hint);
    let nobody = resync_core::id::TrackerId(999);
    let refused = store.record_hints(nobody, vec![hint(1, "x")], NOW).await;
    assert!(
        matches!(refused, Err(Error::NotFound { .. })),
        "{refused:?}"
    );
}

pub(crate) async fn hints_and_edits_make_a_followed_structure_due_and_no_other(store: &Store) {
    let one = followed(store, "roadmap", &[1]).await;
    let other = installed(store, "other").await;
    assert_eq!(due(store, later(60)).await, []);
    store
        .record_hints(one.tracker, vec![hint(7, "a")], NOW)
        .await
        .unwrap();
    store
        .record_hints(other.tracker, vec![hint(7, "a")], NOW)
        .await
        .unwrap();
    assert_eq!(due(store, later(1)).await, [], "it is not quiet yet");
    let found = due(store, later(2)).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].structure, one.structure);
    assert_eq!(
        (found[0].due.cause, found[0].trigger),
        (Cause::Changes, Trigger::TrackerChange)
    );
    let state = store.load_sync(one.structure).await.unwrap();
    let update = SyncUpdate {
        mirrors: Vec::new(),
        change_count: Some(state.change_count),
    };
    keep(store, &one, update).await;
    assert_eq!(due(store, later(60)).await, []);
    let edit = commit_adding(one.structure, vec![row(1, None, 128, folder("Quarter"))]);
    store.commit_forest(edit).await.unwrap();
    assert_eq!(
        due(store, later(60)).await[0].trigger,
        Trigger::StructureChange
    );
    let swept = due(store, later(60 * 60)).await;
    assert_eq!(swept[0].due.cause, Cause::Changes, "the earliest counts");
}

pub(crate) async fn a_structure_has_one_incremental_sync_at_a_time(store: &Store) {
    let one = followed(store, "roadmap", &[1]).await;
    let found = due(store, later(60 * 60)).await;
    assert_eq!((found.len(), found[0].trigger), (1, Trigger::Schedule));
    let created = store
        .create_sync(found[0], Uid::new("sync-1"), later(3600))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(created.job.creator, one.synchronizer.run_as);
    let second = store
        .create_sync(found[0], Uid::new("sync-2"), later(3600))
        .await;
    assert_eq!(second.unwrap(), None);
    assert_eq!(due(store, later(60 * 60)).await, []);
    let past_the_check = store
        .create_job(new_incremental(one.structure, "sync-3"), None)
        .await;
    assert!(past_the_check.is_err(), "{past_the_check:?}");
}

pub(crate) async fn a_mirror_is_read_back_in_its_order(store: &Store) {
    let issues: Vec<i64> = (0..25_000).map(|n| 10_000 + n * 7919 % 25_000).collect();
    let one = followed(store, "roadmap", &issues).await;
    let state = store.load_sync(one.structure).await.unwrap();
    assert_eq!(state.mirrors, [mirror(&one, &issues)]);
    let pair = |n: i64| (IssueId(10_000 + n / 3), IssueId(10_000 + n * 7919 % 25_000));
    let pairs: Vec<(IssueId, IssueId)> = (0..12_000).map(pair).collect();
    let update = |mirror: Mirror, taken_in: i64| SyncUpdate {
        mirrors: vec![mirror],
        change_count: Some(taken_in),
    };
    let more = Mirror {
        issues: None,
        pairs: Some(pairs.clone().into()),
        subtasks: Some([IssueId(7), IssueId(3)].into()),
        ..mirror(&one, &[])
    };
    keep(store, &one, update(more, 0)).await;
    // What an update does not have is left as it is stored.
    let same = Mirror {
        issues: None,
        pairs: None,
        subtasks: Some([IssueId(3)].into()),
        hint: 5,
        ..mirror(&one, &[])
    };
    keep(store, &one, update(same, 1)).await;
    let state = store.load_sync(one.structure).await.unwrap();
    let expected = Mirror {
        hint: 5,
        pairs: Some(pairs.into()),
        subtasks: Some([IssueId(3)].into()),
        ..mirror(&one, &issues)
    };
    assert_eq!(state.mirrors, [expected]);
}

pub(crate) async fn what_was_counted_since_goes_on_waiting(store: &Store) {
    let one = followed(store, "roadmap", &[1]).await;
    let tell = async |source: &str| {
        store
            .record_hints(one.tracker, vec![hint(7, source)], NOW)
            .await
            .unwrap();
    };
    tell("a").await;
    let state = store.load_sync(one.structure).await.unwrap();
    tell("b").await;
    let update = SyncUpdate {
        mirrors: Vec::new(),
        change_count: Some(state.change_count),
    };
    keep(store, &one, update).await;
    assert_eq!(due(store, later(60)).await.len(), 1);
}

pub(crate) async fn a_sync_that_commits_nothing_is_kept_at_its_point_only(store: &Store) {
    let one = followed(store, "roadmap", &[1]).await;
    let before = store.history_point(one.structure).await.unwrap();
    let edit = commit_adding(one.structure, vec![row(1, None, 128, folder("Quarter"))]);
    store.commit_forest(edit).await.unwrap();
    let lease = claimed(store, new_incremental(one.structure, "sync"))
        .await
        .lease;
    let update = SyncUpdate {
        mirrors: vec![mirror(&one, &[2])],
        change_count: Some(1),
    };
    let stale = store.record_sync(lease, update.clone(), before, NOW).await;
    assert!(
        matches!(stale, Err(Error::Stale { what: "forest", .. })),
        "{stale:?}"
    );
    let now = store.history_point(one.structure).await.unwrap();
    store.record_sync(lease, update, now, NOW).await.unwrap();
    let state = store.load_sync(one.structure).await.unwrap();
    assert_eq!(state.mirrors[0].forest_version, ForestVersion(1));
    assert_eq!(state.mirrors[0].issues.as_deref(), Some(&[IssueId(2)][..]));
}

pub(crate) async fn other_settings_forget_the_mirror(store: &Store) {
    let one = followed(store, "roadmap", &[1]).await;
    let id = one.synchronizer.id;
    store
        .set_synchronizer_state(id, State::Disabled, None, None, NOW)
        .await
        .unwrap();
    assert_eq!(store.sync_status(id).await, Ok(None), "it is not enabled");
    let rename = SynchronizerUpdate {
        display_name: Some("Payments".into()),
        ..SynchronizerUpdate::default()
    };
    store
        .update_synchronizer(id, rename, None, NOW)
        .await
        .unwrap();
    enable(store, &one).await;
    assert!(store.sync_status(id).await.unwrap().is_some());
    store
        .set_synchronizer_state(id, State::Disabled, None, None, NOW)
        .await
        .unwrap();
    let other = SynchronizerUpdate {
        settings: Some(crate::data::subtasks_settings()),
        ..SynchronizerUpdate::default()
    };
    store
        .update_synchronizer(id, other, None, NOW)
        .await
        .unwrap();
    enable(store, &one).await;
    assert_eq!(store.sync_status(id).await, Ok(None));
}

pub(crate) async fn a_poll_is_claimed_once_and_its_end_written_by_its_claimer_only(store: &Store) {
    assert_eq!(store.claim_poll(NOW, LEASE_MS).await, Ok(None));
    let one = followed(store, "roadmap", &[1]).await;
    let poll = store.claim_poll(NOW, LEASE_MS).await.unwrap().unwrap();
    assert_eq!((poll.tracker, poll.cursor), (one.tracker, Cursor(NOW)));
    assert_eq!(store.claim_poll(NOW, LEASE_MS).await, Ok(None));
    let rescue = store
        .claim_poll(later(30), LEASE_MS)
        .await
        .unwrap()
        .unwrap();
    let found = |due: i64| Polled {
        cursor: Cursor(later(20)),
        hints: vec![hint(7, "poll/7/1")],
        time: later(30),
        due_time: later(due),
    };
    assert_eq!(
        store.finish_poll(poll, found(31)).await,
        Ok(0),
        "it lost its claim"
    );
    assert_eq!(store.finish_poll(rescue, found(300)).await, Ok(1));
    assert_eq!(store.claim_poll(later(299), LEASE_MS).await, Ok(None));
    let status = store
        .sync_status(one.synchronizer.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status.pending_changes, 1);
    let next = store
        .claim_poll(later(300), LEASE_MS)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(next.cursor, Cursor(later(20)));
    assert_eq!(
        store.finish_poll(next, found(600)).await,
        Ok(0),
        "it is no news"
    );
}

pub(crate) async fn a_failed_poll_leaves_the_cursor(store: &Store) {
    followed(store, "roadmap", &[1]).await;
    let poll = store.claim_poll(NOW, LEASE_MS).await.unwrap().unwrap();
    store.fail_poll(poll, later(10)).await.unwrap();
    let next = store
        .claim_poll(later(10), LEASE_MS)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((next.cursor, next.failures), (poll.cursor, 1));
}

pub(crate) async fn old_hints_are_forgotten_once_everybody_has_them(store: &Store) {
    let one = followed(store, "roadmap", &[1]).await;
    store
        .record_hints(one.tracker, vec![hint(7, "a"), hint(8, "b")], NOW)
        .await
        .unwrap();
    let long_after = NOW.plus_milliseconds(HINT_RETENTION_MS + 1);
    let poll = async |time: Timestamp| {
        let poll = store.claim_poll(time, 0).await.unwrap().unwrap();
        let polled = Polled {
            cursor: poll.cursor,
            hints: Vec::new(),
            time,
            due_time: time,
        };
        store.finish_poll(poll, polled).await.unwrap();
        store.load_sync(one.structure).await.unwrap()
    };
    let state = poll(long_after).await;
    assert_eq!((state.hints.len(), state.forgotten_hint), (2, 0));
    let taken_in = Mirror {
        hint: state.hints[0].id,
        ..mirror(&one, &[1])
    };
    let update = SyncUpdate {
        mirrors: vec![taken_in],
        change_count: Some(state.change_count),
    };
    keep(store, &one, update).await;
    let after = poll(long_after).await;
    assert_eq!(after.hints, state.hints[1..]);
    assert_eq!(after.forgotten_hint, state.hints[0].id);
    assert_eq!(after.newest_hint, state.newest_hint);
}

pub(crate) async fn of_syncs_without_an_effect_the_newest_is_kept(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let ends = JobUpdate {
        state: Some(JobState::Succeeded),
        ..JobUpdate::default()
    };
    let mut jobs = Vec::new();
    for uid in ["one", "two", "three"] {
        let lease = claimed(store, new_incremental(id, uid)).await.lease;
        if uid == "one" {
            let job = by_job(store, id, lease, ends.clone()).await;
            let change = ForestCommit {
                job: Some(job),
                ..commit_adding(id, vec![row(1, None, 128, folder("Quarter"))])
            };
            store.commit_forest(change).await.unwrap();
        } else {
            store.update_job(lease, ends.clone(), NOW).await.unwrap();
        }
        store.forget_idle_syncs(id, lease).await.unwrap();
        jobs.push(lease.job);
    }
    let kept = store.list_jobs(Default::default(), None, 9).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|record| record.job.id).collect();
    assert_eq!(
        kept,
        [jobs[2], jobs[0]],
        "the first one changed the structure"
    );
}
