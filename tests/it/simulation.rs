//! The whole service under virtual time, from seeds: people edit both sides, previews go stale,
//! the tracker fails in every way, engines crash. Each seed is run twice and must leave the same
//! trace.
//!
//! `RESYNC_SEED=17 cargo test -p resync-api --test it simulation` replays one seed and prints it.

use crate::support::world::{self, STRUCTURE, World, folder_row, in_virtual_time, issue_row};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use resync_api::v1::forest_change::Change;
use resync_api::v1::sync_rule::Kind;
use resync_api::v1::{
    AddRows, FilterRule, Job, MoveRows, Position, RemoveRows, Row, SubtasksRule, filter_rule, job,
    row,
};
use resync_simulator::fault::{Fault, On, RateLimitReason, When};
use resync_simulator::{Flavour, Latency, State};
use std::collections::BTreeSet;
use std::time::Duration;

/// Seeds in one test run. Each is played twice.
const SEEDS: u64 = 100;

/// Things that happen in one world.
const EVENTS: usize = 12;

const QUERIES: [&str; 4] = [
    "labels = launch-2026",
    "project = PAY ORDER BY summary DESC, key ASC",
    "issuetype in (Story, Bug) AND statusCategory != Done",
    "project in (ONB, OPS)",
];

/// A world and the dice that decide what happens in it.
struct Play {
    world: World,
    dice: SmallRng,
    synchronizers: Vec<&'static str>,
}

impl Play {
    async fn new(seed: u64, folder: &std::path::Path) -> Play {
        let mut dice = SmallRng::seed_from_u64(seed);
        let flavour = if dice.random() {
            Flavour::Cloud
        } else {
            Flavour::DataCenter
        };
        let world = World::new(seed, flavour, folder).await;
        world.simulator.load_sample();
        world.simulator.edit(|state| {
            state.latency = Latency {
                fixed: Duration::from_millis(dice.random_range(0..200)),
                per_issue: Duration::from_micros(dice.random_range(0..500)),
            };
        });
        let rule = FilterRule {
            source: Some(filter_rule::Source::Jql(
                QUERIES
                    .choose(&mut dice)
                    .expect("there are some")
                    .to_string(),
            )),
            remove_unmatched: dice.random_bool(0.8),
            remove_only_placed: dice.random_bool(0.3),
            check_children: dice.random(),
            ..FilterRule::default()
        };
        let subtasks = SubtasksRule {
            remove_orphaned: dice.random(),
            ..Default::default()
        };
        world
            .install("filter", Kind::Filter(rule), dice.random())
            .await;
        world
            .install("sub-tasks", Kind::Subtasks(subtasks), dice.random())
            .await;
        Play {
            world,
            dice,
            synchronizers: vec!["filter", "sub-tasks"],
        }
    }

    async fn event(&mut self) {
        match self.dice.random_range(0..10) {
            0..=2 => self.edit_tracker(),
            3..=4 => self.edit_structure().await,
            5..=6 => self.resync().await,
            7 => self.resync_while_something_happens().await,
            8 => self.misbehave(),
            _ => self.crash().await,
        }
    }

    /// Somebody works in Jira.
    fn edit_tracker(&mut self) {
        let dice = &mut self.dice;
        self.world.simulator.edit(|state| {
            let keys = state.keys();
            let Some(key) = keys.choose(dice).cloned() else {
                return;
            };
            // What Jira refuses is no event: a sub-task that cannot move alone, and the like.
            let _ = match dice.random_range(0..6) {
                0 => state.set_labels(&key, &["launch-2026"]),
                1 => state.set_labels(&key, &[]),
                2 => state.set_status(&key, if dice.random() { "Done" } else { "To Do" }),
                3 => state.delete(&key),
                4 => state
                    .move_to(&key, if dice.random() { "OPS" } else { "PAY" })
                    .map(|_| ()),
                _ => {
                    let parent = keys.choose(dice).cloned();
                    state.set_parent(&key, parent.as_deref())
                }
            };
        });
    }

    /// Somebody works in the structure.
    async fn edit_structure(&mut self) {
        let rows = self.world.rows().await;
        let choose = |dice: &mut SmallRng| rows.choose(dice).map_or(0, |row| row.row_id);
        let parent_row_id = if self.dice.random() {
            choose(&mut self.dice)
        } else {
            0
        };
        let position = Some(Position {
            parent_row_id,
            previous_row_id: 0,
        });
        let change = match self.dice.random_range(0..4) {
            0 => Change::AddRows(AddRows {
                position,
                rows: vec![folder_row("Later")],
            }),
            1 => {
                let keys = self.world.simulator.inspect(State::keys);
                let Some(key) = keys.choose(&mut self.dice) else {
                    return;
                };
                Change::AddRows(AddRows {
                    position,
                    rows: vec![issue_row(key)],
                })
            }
            2 => {
                let row_ids = vec![choose(&mut self.dice)];
                Change::MoveRows(MoveRows { position, row_ids })
            }
            _ => Change::RemoveRows(RemoveRows {
                row_ids: vec![choose(&mut self.dice)],
            }),
        };
        // What is refused (a row below itself, an issue that cannot be read) changes nothing.
        let outcome = self.world.edit(change).await;
        let said = outcome.err().map(|status| status.message().to_owned());
        self.world.trace.line(format_args!("edit: {said:?}"));
    }

    async fn start(&mut self) -> Option<String> {
        let synchronizer = *self
            .synchronizers
            .choose(&mut self.dice)
            .expect("there are two");
        let started = if self.dice.random() {
            self.world.force(synchronizer).await
        } else {
            let preview = self
                .world
                .preview(synchronizer)
                .await
                .expect("a preview starts");
            let preview = self.world.ended(&preview).await;
            if preview.state() != job::State::Succeeded {
                return None;
            }
            if self.dice.random_bool(0.2) {
                self.edit_structure().await;
            }
            self.world.confirm(synchronizer, &preview).await
        };
        match started {
            Ok(name) => Some(name),
            Err(status) => {
                self.world
                    .trace
                    .line(format_args!("refused: {}", status.message()));
                None
            }
        }
    }

    async fn resync(&mut self) {
        let before = shape(&self.world.rows().await);
        if let Some(name) = self.start().await {
            let job = self.world.ended(&name).await;
            self.check_outcome(&before, &job).await;
        }
    }

    /// A job that did not change anything left the structure as it was.
    async fn check_outcome(&self, before: &[(i64, i32)], job: &Job) {
        if !job.changes_made {
            assert_eq!(before, shape(&self.world.rows().await), "{job:#?}");
        }
    }

    async fn resync_while_something_happens(&mut self) {
        let Some(name) = self.start().await else {
            return;
        };
        let pause = Duration::from_millis(self.dice.random_range(0..400));
        tokio::time::sleep(pause).await;
        match self.dice.random_range(0..3) {
            0 => self.world.cancel(&name).await,
            1 => self.edit_structure().await,
            _ => self.crash().await,
        }
        self.world.ended(&name).await;
    }

    /// Something goes wrong at the tracker, for a while or from now on.
    fn misbehave(&mut self) {
        let seconds = self.dice.random_range(0..90);
        let fault = match self.dice.random_range(0..8) {
            0 => Fault::RateLimited(RateLimitReason::Burst, Some(seconds)),
            1 => Fault::RateLimited(RateLimitReason::TenantQuota, None),
            2 => Fault::Fails(503, Some(seconds)),
            3 => Fault::FailsInHtml(502),
            4 => Fault::LostAfterwards,
            5 => Fault::Cut(self.dice.random_range(0..3_000)),
            6 => Fault::ShortPage(1),
            _ => Fault::Anonymous,
        };
        let every = self.dice.random_range(2..9);
        self.world
            .trace
            .line(format_args!("every {every}th request: {fault:?}"));
        self.world.simulator.edit(|state| {
            state.faults.clear();
            state.faults.rule(On::Any, When::Every(every), fault);
        });
    }

    async fn crash(&mut self) {
        self.world.crash();
        self.world.start_engine().await;
    }

    /// When everything works again and nobody edits, one resync of each brings both in step, and
    /// the next preview plans nothing.
    async fn settle(&mut self) {
        self.world.simulator.edit(|state| state.faults.clear());
        for synchronizer in self.synchronizers.clone() {
            let preview = self.preview(synchronizer).await;
            let run = self
                .world
                .confirm(synchronizer, &preview)
                .await
                .expect("it is current");
            let run = self.world.ended(&run).await;
            assert_eq!(run.state(), job::State::Succeeded, "{run:#?}");
            let again = self
                .preview(synchronizer)
                .await
                .plan
                .expect("there is a plan");
            assert_eq!(again.change_count, 0, "{again:#?}");
        }
    }

    async fn preview(&self, synchronizer: &str) -> Job {
        let name = self
            .world
            .preview(synchronizer)
            .await
            .expect("a preview starts");
        let preview = self.world.ended(&name).await;
        assert_eq!(preview.state(), job::State::Succeeded, "{preview:#?}");
        preview
    }
}

/// The hierarchy alone: what people read of an issue may be read anew without a change of it.
fn shape(rows: &[Row]) -> Vec<(i64, i32)> {
    rows.iter().map(|row| (row.row_id, row.depth)).collect()
}

/// Depth-first, a row is at most one deeper than the one before, and no id stands twice.
fn check_forest(rows: &[Row]) {
    let mut depth = -1;
    let mut ids = BTreeSet::new();
    for row in rows {
        assert!(row.depth <= depth + 1, "{row:?}");
        assert!(ids.insert(row.row_id), "{row:?}");
        assert!(
            matches!(row.item, Some(row::Item::Issue(_) | row::Item::Folder(_))),
            "{row:?}"
        );
        depth = row.depth;
    }
}

fn play(seed: u64) -> String {
    let folder = world::folder();
    in_virtual_time(async {
        let mut play = Play::new(seed, folder.path()).await;
        for _ in 0..EVENTS {
            play.event().await;
            check_forest(&play.world.rows().await);
        }
        play.settle().await;
        let outline = play.world.outline().await;
        play.world
            .trace
            .line(format_args!("{STRUCTURE}\n{outline}"));
        play.world.trace.text()
    })
}

#[test]
fn a_hundred_seeds_end_in_step_and_replay_the_same() {
    if let Ok(seed) = std::env::var("RESYNC_SEED") {
        println!("{}", play(seed.parse().expect("a seed is a number")));
        return;
    }
    for seed in 0..SEEDS {
        let first = std::panic::catch_unwind(|| play(seed));
        let first = first.unwrap_or_else(|_| panic!("RESYNC_SEED={seed} fails"));
        let second = play(seed);
        for (number, (one, other)) in first.lines().zip(second.lines()).enumerate() {
            assert_eq!(one, other, "RESYNC_SEED={seed}, line {}", number + 1);
        }
        assert_eq!(first.len(), second.len(), "RESYNC_SEED={seed}");
    }
}
