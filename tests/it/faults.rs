//! One resync, disturbed at every point: each request fails in each way, and the server crashes
//! after each write. The job ends or is resumed, and the structure is one of the two valid ones.

use crate::support::world::{self, LEASE, Trace, World, in_virtual_time};
use resync_api::v1::sync_rule::Kind;
use resync_api::v1::{FilterRule, Job, SubtasksRule, filter_rule, job};
use resync_simulator::fault::{Fault, RateLimitReason};
use resync_simulator::{Flavour, Simulator};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A world in which a resync has something to add, to remove and to place: the structure is in
/// step with an earlier Jira.
async fn drifted(flavour: Flavour, folder: &Path) -> World {
    let world = World::new(1, flavour, folder).await;
    world.simulator.load_sample();
    let source = filter_rule::Source::Jql("labels = launch-2026 ORDER BY key ASC".to_owned());
    let rule = FilterRule {
        source: Some(source),
        remove_unmatched: true,
        check_children: true,
        ..FilterRule::default()
    };
    world.install("filter", Kind::Filter(rule), true).await;
    world
        .install("sub-tasks", Kind::Subtasks(SubtasksRule::default()), true)
        .await;
    let first = world.force("filter").await.expect("it starts");
    succeeded(&world.ended(&first).await);
    world.simulator.edit(|state| {
        state.set_labels("PAY-9", &[]).expect("it is there");
        state
            .set_labels("PAY-35", &["launch-2026"])
            .expect("it is there");
        state
            .set_labels("PAY-30", &["launch-2026"])
            .expect("it is there");
    });
    world
}

fn succeeded(job: &Job) {
    assert_eq!(job.state(), job::State::Succeeded, "{job:#?}");
}

/// What the structure is before the resync, what it must be after it, and how many requests the
/// resync takes.
async fn undisturbed(flavour: Flavour) -> (String, String, u64) {
    let folder = world::folder();
    let world = drifted(flavour, folder.path()).await;
    let before = world.outline().await;
    let requests = world.simulator.inspect(|state| state.requests());
    let run = world.force("filter").await.expect("it starts");
    succeeded(&world.ended(&run).await);
    let after = world.outline().await;
    assert_ne!(before, after);
    (
        before,
        after,
        world.simulator.inspect(|state| state.requests()) - requests,
    )
}

/// Every way in which an answer can go wrong.
fn faults() -> Vec<Fault> {
    vec![
        Fault::RateLimited(RateLimitReason::GlobalQuota, Some(3)),
        Fault::RateLimited(RateLimitReason::TenantQuota, Some(600)),
        Fault::RateLimited(RateLimitReason::Burst, None),
        Fault::RateLimited(RateLimitReason::PerIssueOnWrite, Some(1)),
        Fault::Fails(500, None),
        Fault::Fails(503, Some(2)),
        Fault::FailsInHtml(502),
        Fault::FailsAfterwards(504),
        Fault::LostBefore,
        Fault::LostAfterwards,
        Fault::Cut(40),
        Fault::ShortPage(1),
        Fault::Anonymous,
        Fault::Vanishes(vec!["PAY-2".to_owned(), "PAY-6".to_owned()]),
        Fault::LosesProject("PAY".to_owned()),
    ]
}

async fn every_request_fails_in_every_way(flavour: Flavour) {
    let (before, after, requests) = undisturbed(flavour).await;
    assert!(requests >= 3, "the resync takes {requests} requests");
    let (mut cases, mut failed) = (0, 0);
    for fault in faults() {
        for number in 0..requests {
            let folder = world::folder();
            let world = drifted(flavour, folder.path()).await;
            let skipped = (0..number).map(|_| None);
            let script: Vec<_> = skipped.chain([Some(fault.clone())]).collect();
            world.simulator.edit(|state| state.faults.script(script));
            let run = world.force("filter").await.expect("it starts");
            let job = world.ended(&run).await;
            let outline = world.outline().await;
            match job.state() {
                job::State::Succeeded if fault != Fault::LosesProject("PAY".to_owned()) => {
                    assert_eq!(outline, after, "{fault:?} at request {number}: {job:#?}");
                }
                job::State::Succeeded => {}
                job::State::Failed => {
                    failed += 1;
                    assert!(job.error.is_some(), "{job:#?}");
                    assert_eq!(outline, before, "{fault:?} at request {number}: {job:#?}");
                }
                other => panic!("{fault:?} at request {number}: {other:?}"),
            }
            cases += 1;
        }
    }
    println!("{flavour:?}: {cases} cases, of which {failed} failed with their reason");
    assert!(failed > 0 && failed < cases, "{failed} of {cases}");
}

#[test]
fn a_resync_survives_or_reports_every_fault_at_every_request_on_cloud() {
    in_virtual_time(every_request_fails_in_every_way(Flavour::Cloud));
}

#[test]
fn a_resync_survives_or_reports_every_fault_at_every_request_on_data_center() {
    in_virtual_time(every_request_fails_in_every_way(Flavour::DataCenter));
}

/// Copies a store while nobody writes: its file, and the journal beside it.
pub(crate) fn copy(file: &Path, folder: &Path) {
    std::fs::create_dir_all(folder).expect("a folder can be made");
    for ending in ["", "-wal"] {
        let mut from = file.as_os_str().to_owned();
        from.push(ending);
        let from = PathBuf::from(from);
        if from.exists() {
            let name = from.file_name().expect("a file has a name");
            std::fs::copy(&from, folder.join(name)).expect("the store can be copied");
        }
    }
}

/// The store as it is after each write of one resync, and the two outlines between which it is.
async fn every_state(folder: &Path) -> (Simulator, usize, String, String, String) {
    let mut world = drifted(Flavour::Cloud, &folder.join("live")).await;
    let before = world.outline().await;
    let (file, copies) = (world.file.clone(), Arc::new(Mutex::new(0)));
    let (taken, target) = (Arc::clone(&copies), folder.to_owned());
    world.crash();
    world.on_write(Arc::new(move || {
        let mut number = taken.lock().expect("nobody panicked");
        copy(&file, &target.join(number.to_string()));
        *number += 1;
    }));
    world.start_engine().await;
    let run = world.force("filter").await.expect("it starts");
    succeeded(&world.ended(&run).await);
    let count = *copies.lock().expect("nobody panicked");
    (
        world.simulator.clone(),
        count,
        run,
        before,
        world.outline().await,
    )
}

/// Whether the newest job of a store was running, and whether it had made its commit. Looked up
/// beside the server, which goes on with the job as soon as it starts.
fn left(file: &Path) -> (bool, bool) {
    let store = rusqlite::Connection::open(file).expect("the copy opens");
    let query = "SELECT state = 'running', result_forest_version IS NOT NULL
                 FROM jobs ORDER BY id DESC LIMIT 1";
    store
        .query_row(query, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("there is a job")
}

#[test]
fn a_crash_after_any_write_is_resumed_to_the_same_end() {
    in_virtual_time(async {
        let folder = world::folder();
        std::fs::create_dir(folder.path().join("live")).expect("a folder can be made");
        let (simulator, states, run, before, after) = every_state(folder.path()).await;
        assert!(states > 10, "one resync makes {states} writes");
        let mut resumed_after_its_commit = 0;
        for number in 0..states {
            let file = folder.path().join(number.to_string()).join("store.sqlite3");
            let (was_running, had_committed) = left(&file);
            let nothing: Arc<dyn Fn() + Send + Sync> = Arc::new(|| {});
            let world = World::open(2, simulator.clone(), file, Trace::default(), nothing).await;
            let found = world.outline().await;
            assert!(
                found == before || found == after,
                "after write {number}:\n{found}"
            );
            resumed_after_its_commit += usize::from(was_running && had_committed);
            let job = world.ended(&run).await;
            succeeded(&job);
            assert_eq!(world.outline().await, after, "after write {number}");
            if was_running {
                assert!(
                    job.attempt > 1,
                    "it was claimed again after {LEASE:?}: {job:#?}"
                );
            }
        }
        println!("{states} states, {resumed_after_its_commit} of them between commit and end");
        assert!(resumed_after_its_commit > 0);
    });
}
