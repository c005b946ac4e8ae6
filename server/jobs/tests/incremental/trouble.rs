//! What goes wrong while a structure follows its tracker, and what does not.

use crate::world::{LAUNCH, TIMING, World, filter, in_virtual_time, subtasks};
use resync_core::id::JiraId;
use resync_core::job::{Authorization, JobState};
use resync_core::problem::Reason;
use resync_core::synchronizer::{FilterSettings, FilterSource, Settings, State};
use resync_simulator::Flavour;
use resync_simulator::fault::{Fault, On, When};
use resync_simulator::sample::LAUNCH_FILTER_ID;
use std::time::Duration;

#[test]
fn a_deleted_issue_goes_after_two_sweeps() {
    for flavour in [Flavour::Cloud, Flavour::DataCenter] {
        in_virtual_time(async {
            let world = World::new(flavour, 1).await;
            world.follow("filter", filter("project = PAY")).await;
            let key = world.simulator.inspect(|state| {
                let keys = state.keys();
                let alone =
                    |key: &&String| key.starts_with("PAY-") && state.children(key).is_empty();
                keys.iter().find(alone).unwrap().clone()
            });
            let before = world.outline().await;
            world.report(&key, "deleted").await;
            world.simulator.edit(|state| state.delete(&key).unwrap());
            world
                .pass(TIMING.debounce_max + Duration::from_secs(5))
                .await;
            assert_eq!(world.outline().await, before, "one answer is not enough");
            world
                .pass(TIMING.sweep_interval * 2 + TIMING.poll_interval)
                .await;
            let after = world.outline().await;
            let gone: Vec<&str> = before
                .lines()
                .filter(|line| !after.lines().any(|kept| kept == *line))
                .collect();
            assert_eq!(gone, [key]);
        });
    }
}

#[test]
fn what_the_account_may_not_see_any_more_stays() {
    in_virtual_time(async {
        let world = World::new(Flavour::Cloud, 1).await;
        let id = world
            .follow("filter", filter("issuetype in (Story, Bug, Task)"))
            .await;
        let before = world.outline().await;
        world
            .simulator
            .edit(|state| state.set_revoked("OPS", true).unwrap());
        world.pass(TIMING.sweep_interval * 5).await;
        assert_eq!(world.outline().await, before);
        world
            .simulator
            .edit(|state| state.set_revoked("OPS", false).unwrap());
        world.pass(TIMING.sweep_interval * 2).await;
        assert_eq!(world.outline().await, before);
        assert_eq!(world.synchronizer(id).await.state, State::Enabled);
    });
}

#[test]
fn more_than_nobody_confirmed_suspends_until_a_confirmed_resync() {
    in_virtual_time(async {
        let world = World::new(Flavour::Cloud, 1).await;
        world.simulator.seed_content(400);
        let keys: Vec<String> = world.simulator.inspect(|state| {
            let keys = state.keys().into_iter();
            keys.filter(|key| state.children(key).is_empty())
                .take(120)
                .collect()
        });
        let label = |label: &'static [&'static str]| {
            world.simulator.edit(|state| {
                for key in &keys {
                    state.set_labels(key, label).unwrap();
                }
            });
        };
        label(&["many"]);
        let id = world.follow("filter", filter("labels = many")).await;
        let other = world.follow("launch", filter(LAUNCH)).await;
        let before = world.outline().await;
        label(&[]);
        world.pass_a_poll().await;
        assert_eq!(world.outline().await, before);
        let record = world.synchronizer(id).await;
        assert_eq!(record.state, State::Suspended);
        assert_eq!(record.last_error.unwrap().reason, Reason::GuardTripped);
        assert_eq!(world.synchronizer(other).await.state, State::Enabled);
        world.pass(TIMING.sweep_interval * 2).await;
        assert_eq!(world.outline().await, before, "it is stopped");

        let preview = world.resync(id, Authorization::Preview).await;
        let confirmed = Authorization::Confirmed {
            preview: preview.id,
            acknowledged_destructive: Some(preview.plan.unwrap().destructive),
        };
        let run = world.resync(id, confirmed).await;
        assert_eq!(run.state, JobState::Succeeded, "{run:#?}");
        assert_eq!(world.synchronizer(id).await.state, State::Enabled);
        world
            .assert_in_step(&[id, other], "after the confirmed resync")
            .await;
    });
}

#[test]
fn a_filter_that_is_refused_is_unavailable_and_the_others_go_on() {
    in_virtual_time(async {
        let world = World::new(Flavour::Cloud, 1).await;
        let Settings::Filter(settings) = filter(LAUNCH) else {
            unreachable!("it is a filter")
        };
        let source = FilterSource::SavedFilter(JiraId::new(LAUNCH_FILTER_ID.to_string()));
        let saved = Settings::Filter(FilterSettings { source, ..settings });
        let broken = world.follow("saved", saved).await;
        let sound = world.follow("filter", filter("project = OPS")).await;
        world
            .simulator
            .edit(|state| assert!(state.delete_filter(LAUNCH_FILTER_ID)));
        world
            .pass(TIMING.evaluation_interval + TIMING.poll_interval)
            .await;
        let record = world.synchronizer(broken).await;
        assert_eq!(record.state, State::Unavailable);
        assert_eq!(record.last_error.unwrap().reason, Reason::QueryInvalid);
        assert_eq!(world.synchronizer(sound).await.state, State::Enabled);
        let last = world.syncs().await.pop().unwrap();
        assert_eq!(last.state, JobState::Succeeded, "{last:#?}");
    });
}

#[test]
fn an_outage_stops_nothing_for_good() {
    in_virtual_time(async {
        let world = World::new(Flavour::DataCenter, 1).await;
        let filter = world.follow("filter", filter(LAUNCH)).await;
        let subtasks = world.follow("sub-tasks", subtasks()).await;
        world.pass_a_poll().await;
        world.simulator.edit(|state| {
            state
                .faults
                .rule(On::Any, When::Every(1), Fault::Fails(503, None));
            let key = state.keys()[0].clone();
            state.set_labels(&key, &["launch-2026"]).unwrap();
        });
        world.pass(Duration::from_secs(5 * 60 * 60)).await;
        world.simulator.edit(|state| state.faults.clear());
        world.pass(Duration::from_secs(40 * 60)).await;
        assert_eq!(world.synchronizer(filter).await.state, State::Enabled);
        let key = world.simulator.inspect(|state| state.keys()[0].clone());
        assert!(world.row_of(&key).await.is_some());
        world
            .assert_in_step(&[filter, subtasks], "after the outage")
            .await;
    });
}

#[test]
fn a_crash_at_any_moment_loses_nothing() {
    for moment in (0..40).map(|step| Duration::from_millis(step * 150)) {
        in_virtual_time(async {
            let mut world = World::new(Flavour::Cloud, 1).await;
            world.simulator.edit(|state| {
                state.latency.fixed = Duration::from_millis(200);
            });
            let filter = world.follow("filter", filter(LAUNCH)).await;
            let subtasks = world.follow("sub-tasks", subtasks()).await;
            let key = world.simulator.inspect(|state| state.keys()[0].clone());
            world
                .simulator
                .edit(|state| state.set_labels(&key, &["launch-2026"]).unwrap());
            world.report(&key, "one").await;
            world.pass(moment).await;
            world.crash();
            world.pass(Duration::from_secs(1)).await;
            world.start_engine();
            world.pass_a_poll().await;
            assert!(world.row_of(&key).await.is_some(), "{moment:?}");
            let context = format!("crashed after {moment:?}");
            world.assert_in_step(&[filter, subtasks], &context).await;
        });
    }
}
