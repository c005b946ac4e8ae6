//! Plans and the history of a structure: what makes a confirmed plan stale, and what does not.

use crate::faults::copy;
use crate::support::server::{jql, succeeded};
use crate::support::world::{self, Trace, World, in_virtual_time};
use resync_api::v1::sync_rule::Kind;
use resync_api::v1::{ErrorReason, Job, job};
use resync_simulator::Flavour;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A world with two filters of the same issues. The first one has run, so that a run of the second
/// one changes no row and makes claims only.
async fn two_filters(folder: &Path) -> World {
    let world = World::new(1, Flavour::Cloud, folder).await;
    world.simulator.load_sample();
    for id in ["first", "second"] {
        let rule = jql("labels = launch-2026 ORDER BY key ASC");
        world.install(id, Kind::Filter(rule), false).await;
    }
    let run = world.force("first").await.expect("it starts");
    succeeded(&world.ended(&run).await);
    world
}

async fn previewed(world: &World, synchronizer: &str) -> Job {
    let preview = world.preview(synchronizer).await.expect("it starts");
    let preview = world.ended(&preview).await;
    succeeded(&preview);
    preview
}

#[test]
fn claims_that_another_job_makes_after_the_preview_make_its_plan_stale() {
    in_virtual_time(async {
        let folder = world::folder();
        let world = two_filters(folder.path()).await;
        let preview = previewed(&world, "first").await;
        let claiming = world.force("second").await.expect("it starts");
        let claiming = world.ended(&claiming).await;
        succeeded(&claiming);
        assert_eq!(claiming.result_forest_version, 0, "{claiming:#?}");

        // Refused at once or by the job, but refused.
        let error = match world.confirm("first", &preview).await {
            Err(status) => {
                assert!(status.message().contains("out of date"), "{status}");
                return;
            }
            Ok(run) => world.ended(&run).await.error.expect("it failed"),
        };
        assert_eq!(error.reason(), ErrorReason::PlanStale, "{error:#?}");
        assert_eq!(error.metadata["cause"], "forest");
        assert!(error.metadata["expected"].ends_with("/1"), "{error:#?}");
        assert!(error.metadata["actual"].ends_with("/2"), "{error:#?}");
    });
}

#[test]
fn claims_of_a_confirmed_run_do_not_make_it_stale_when_it_is_resumed() {
    in_virtual_time(async {
        let folder = world::folder();
        let live = folder.path().join("live");
        std::fs::create_dir(&live).expect("a folder can be made");
        let mut world = two_filters(&live).await;
        let preview = previewed(&world, "second").await;
        let (file, copies) = (world.file.clone(), Arc::new(Mutex::new(0)));
        let (taken, target) = (Arc::clone(&copies), folder.path().to_owned());
        world.crash();
        world.on_write(Arc::new(move || {
            let mut number = taken.lock().expect("nobody panicked");
            copy(&file, &target.join(number.to_string()));
            *number += 1;
        }));
        world.start_engine().await;
        let run = world.confirm("second", &preview).await.expect("it starts");
        succeeded(&world.ended(&run).await);
        let states = *copies.lock().expect("nobody panicked");

        let mut resumed = 0;
        for number in 0..states {
            let file = folder.path().join(number.to_string()).join("store.sqlite3");
            let (simulator, quiet) = (world.simulator.clone(), Arc::new(|| {}));
            let world = World::open(2, simulator, file, Trace::default(), quiet).await;
            let left = world.job(&run).await;
            resumed += usize::from(left.state() == job::State::Running);
            succeeded(&world.ended(&run).await);
        }
        assert!(resumed > 5, "{resumed} of {states}");
    });
}
