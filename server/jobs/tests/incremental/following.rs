//! What a structure follows, how soon, and at what price.

use crate::world::{LAUNCH, TIMING, World, filter, in_virtual_time, subtasks};
use resync_core::change::{ForestChange, Place};
use resync_core::incremental::requests_allowed;
use resync_core::job::{JobState, Trigger};
use resync_core::synchronizer::State;
use resync_simulator::Flavour;
use resync_simulator::sample::LAUNCH_STORY;
use resync_simulator::state::NewIssue;
use std::time::Duration;

const BOTH: [Flavour; 2] = [Flavour::Cloud, Flavour::DataCenter];

fn story<'a>(summary: &'a str, parent: Option<&'a str>) -> NewIssue<'a> {
    NewIssue {
        project: "PAY",
        kind: if parent.is_some() {
            "Sub-task"
        } else {
            "Story"
        },
        summary,
        parent,
    }
}

#[test]
fn a_change_in_jira_is_followed_within_a_poll() {
    for flavour in BOTH {
        in_virtual_time(async {
            let world = World::new(flavour, 1).await;
            world.follow("filter", filter(LAUNCH)).await;
            world.follow("sub-tasks", subtasks()).await;
            let (new, child) = world.simulator.edit(|state| {
                let new = state.create(story("Receipts", None)).unwrap();
                state.set_labels(&new, &["launch-2026"]).unwrap();
                let child = state.create(story("Print them", Some(&new))).unwrap();
                (new, child)
            });
            world.pass_a_poll().await;
            let outline = world.outline().await;
            assert!(
                outline.contains(&format!("{new}\n  {child}\n")),
                "{outline}"
            );
            world
                .simulator
                .edit(|state| state.set_labels(&new, &[]).unwrap());
            world.pass_a_poll().await;
            let outline = world.outline().await;
            assert!(
                !outline.contains(&new) && !outline.contains(&child),
                "{outline}"
            );
            let jobs = world.syncs().await;
            assert!(
                jobs.iter().all(|job| job.state == JobState::Succeeded),
                "{jobs:#?}"
            );
            assert_eq!(jobs.last().unwrap().trigger, Trigger::Poll);
        });
    }
}

#[test]
fn a_report_is_followed_within_seconds() {
    in_virtual_time(async {
        let world = World::new(Flavour::Cloud, 1).await;
        world.follow("filter", filter(LAUNCH)).await;
        world.pass_a_poll().await;
        let new = world.simulator.edit(|state| {
            let new = state.create(story("Receipts", None)).unwrap();
            state.set_labels(&new, &["launch-2026"]).unwrap();
            new
        });
        world.report(&new, "one").await;
        world.pass(TIMING.debounce + Duration::from_secs(2)).await;
        assert!(world.row_of(&new).await.is_some());
        assert_eq!(
            world.syncs().await.last().unwrap().trigger,
            Trigger::TrackerChange
        );
    });
}

#[test]
fn nothing_is_followed_before_the_first_resync() {
    in_virtual_time(async {
        let world = World::new(Flavour::Cloud, 1).await;
        let id = world.install("filter", filter(LAUNCH)).await;
        let now = world.now();
        world
            .store
            .set_synchronizer_state(id, State::Enabled, None, None, now)
            .await
            .unwrap();
        world.pass(Duration::from_secs(3600)).await;
        assert_eq!(world.outline().await, "");
        assert!(world.requests().is_empty());
    });
}

#[test]
fn what_is_idle_costs_a_poll_an_interval_and_no_job() {
    for flavour in BOTH {
        in_virtual_time(async {
            let world = World::new(flavour, 1).await;
            world.follow("filter", filter(LAUNCH)).await;
            world.follow("sub-tasks", subtasks()).await;
            world.pass_a_poll().await;
            world.requests();
            let before = world.syncs().await;
            world.pass(Duration::from_secs(30 * 60)).await;
            let sent = world.requests();
            let searches = sent.iter().filter(|line| line.contains("search")).count();
            assert!((5..=6).contains(&searches), "{sent:#?}");
            let accounts = sent.iter().filter(|line| line.contains("myself")).count();
            assert_eq!(searches + accounts, sent.len(), "{sent:#?}");
            assert_eq!(world.syncs().await.len(), before.len());
        });
    }
}

#[test]
fn a_sync_stays_within_its_requests() {
    for flavour in BOTH {
        in_virtual_time(async {
            let world = World::new(flavour, 1).await;
            world.simulator.seed_content(3_000);
            world.follow("filter", filter("project is not EMPTY")).await;
            world.follow("sub-tasks", subtasks()).await;
            world.pass_a_poll().await;
            for changed in [1, 40, 100, 150, 1_000] {
                let keys = world.simulator.inspect(|state| state.keys());
                world.simulator.edit(|state| {
                    for key in &keys[..changed] {
                        state.touch(key).unwrap();
                    }
                });
                world.pass_a_poll().await;
                let job = world.syncs().await.pop().unwrap();
                let read = usize::try_from(job.counters.read_issues).unwrap();
                let sent = usize::try_from(job.counters.tracker_requests).unwrap();
                assert!(read >= changed, "{job:#?}");
                assert!(
                    sent <= requests_allowed(read),
                    "{flavour:?}: {sent} requests for {read} changes"
                );
            }
        });
    }
}

#[test]
fn what_people_move_stays_theirs_and_a_sub_task_goes_back() {
    in_virtual_time(async {
        let world = World::new(Flavour::Cloud, 1).await;
        world.follow("filter", filter(LAUNCH)).await;
        world.follow("sub-tasks", subtasks()).await;
        let story = LAUNCH_STORY;
        let child = world
            .simulator
            .inspect(|state| state.children(story)[0].clone());
        let (story_row, child_row) = (
            world.row_of(story).await.unwrap(),
            world.row_of(&child).await.unwrap(),
        );
        let to_top = |row| {
            move |forest: &resync_core::forest::Forest, _| {
                vec![ForestChange::Move {
                    row,
                    from: forest.place_of(row).unwrap(),
                    to: forest.end_of(None),
                }]
            }
        };
        world.edit(to_top(child_row)).await;
        world.edit(to_top(story_row)).await;
        world
            .pass(TIMING.debounce_max + Duration::from_secs(5))
            .await;
        let (forest, _) = world.forest().await;
        assert_eq!(
            forest.parent(child_row),
            Some(story_row),
            "it is a sub-task"
        );
        let end = forest.end_of(None);
        let last = Place {
            previous: Some(story_row),
            parent: None,
        };
        assert_eq!(end, last, "the story stays where it was put");
        assert_eq!(
            world.syncs().await.last().unwrap().trigger,
            Trigger::StructureChange
        );
    });
}

#[test]
fn a_parent_that_a_person_adds_gets_its_sub_tasks() {
    in_virtual_time(async {
        let world = World::new(Flavour::Cloud, 1).await;
        world.follow("sub-tasks", subtasks()).await;
        let (story, child) = world.simulator.edit(|state| {
            let story = state.create(story("Receipts", None)).unwrap();
            let child = state
                .create(self::story("Print them", Some(&story)))
                .unwrap();
            (story, child)
        });
        world.pass_a_poll().await;
        world.pass_a_poll().await;
        let issue = resync_core::issue::IssueRef {
            tracker: world.tracker,
            issue: world.issue(&story),
        };
        world
            .edit(|forest, row| {
                vec![ForestChange::Add {
                    row,
                    item: resync_core::change::Item::Issue(issue),
                    alias: false,
                    to: forest.end_of(None),
                }]
            })
            .await;
        world
            .pass(TIMING.debounce_max + Duration::from_secs(5))
            .await;
        let outline = world.outline().await;
        assert!(outline.ends_with(&format!("  {child}\n")), "{outline}");
    });
}

#[test]
fn a_moved_issue_keeps_its_row_under_its_new_key() {
    in_virtual_time(async {
        let world = World::new(Flavour::Cloud, 1).await;
        world.follow("filter", filter(LAUNCH)).await;
        let new = world.simulator.edit(|state| {
            let new = state.create(story("Receipts", None)).unwrap();
            state.set_labels(&new, &["launch-2026"]).unwrap();
            new
        });
        world.pass_a_poll().await;
        let row = world.row_of(&new).await.unwrap();
        let moved = world
            .simulator
            .edit(|state| state.move_to(&new, "OPS").unwrap());
        world.pass_a_poll().await;
        assert_eq!(world.row_of(&moved).await, Some(row));
        let outline = world.outline().await;
        assert!(
            outline.contains(&moved) && !outline.contains(&new),
            "{outline}"
        );
    });
}

#[test]
fn a_query_that_speaks_of_now_is_listed_again() {
    in_virtual_time(async {
        let world = World::new(Flavour::Cloud, 1).await;
        world
            .follow("filter", filter("created >= -10m OR labels = launch-2026"))
            .await;
        let new = world
            .simulator
            .edit(|state| state.create(story("Receipts", None)).unwrap());
        world.pass_a_poll().await;
        assert!(world.row_of(&new).await.is_some());
        world.pass(TIMING.evaluation_interval * 2).await;
        let outline = world.outline().await;
        assert!(
            !outline.contains(&new),
            "it was not changed, and has left: {outline}"
        );
    });
}

#[test]
fn of_syncs_without_an_effect_the_last_is_kept() {
    in_virtual_time(async {
        let world = World::new(Flavour::Cloud, 1).await;
        world.follow("filter", filter(LAUNCH)).await;
        let key = world.simulator.inspect(|state| state.keys()[0].clone());
        for delivery in ["a", "b", "c", "d"] {
            world.report(&key, delivery).await;
            world.pass(TIMING.debounce_max).await;
        }
        let jobs = world.syncs().await;
        assert_eq!(jobs.len(), 1, "{jobs:#?}");
        assert_eq!(jobs[0].result_forest_version, None);
    });
}
