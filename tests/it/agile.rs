//! Rank, epics and sub-tasks of a board into a structure, over the real archive's biggest project.

use crate::support::real::Archive;
use crate::support::server::{self, Server, force, jql, preview_and_run, succeeded};
use crate::support::{outline, shared};
use resync_api::v1::{AgileRule, Direction, agile_rule, job_change, row, sync_rule};
use resync_client::SynchronizerHandle;
use resync_simulator::state::{Board, BoardKind, Filter};
use resync_simulator::{Flavour, Simulator};
use std::collections::{BTreeMap, BTreeSet};

/// The board of a project: boards are made in the order of the projects' first issues.
fn board_of(simulator: &Simulator, project: &str) -> u64 {
    simulator.edit(|state| {
        state
            .add_project_board(project, BoardKind::Kanban)
            .expect("the project is there")
    })
}

fn rule(board: u64) -> AgileRule {
    AgileRule {
        scope: Some(agile_rule::Scope::BoardId(board.to_string())),
        sync_rank: true,
        sync_epics: true,
        add_subtasks: true,
    }
}

/// The keys of siblings, by the key of their parent, in the order of the structure.
async fn siblings(server: &Server, structure: &str) -> BTreeMap<String, Vec<String>> {
    let rows = outline::rows(&server.client.structure(structure)).await;
    let mut keys: BTreeMap<i64, String> = BTreeMap::new();
    let mut siblings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let Some(row::Item::Issue(issue)) = &row.item else {
            continue;
        };
        keys.insert(row.row_id, issue.issue_key.clone());
        let parent = keys.get(&row.parent_row_id).cloned().unwrap_or_default();
        siblings
            .entry(parent)
            .or_default()
            .push(issue.issue_key.clone());
    }
    siblings
}

/// Siblings are in the order of the ranks that Jira has; returns how many groups were compared.
/// An issue of an epic that nobody can see stays where it is, so it has no say.
async fn siblings_are_ranked(server: &Server, project: &str, unseen: &BTreeSet<String>) -> usize {
    let ranks: BTreeMap<String, String> = server.simulator.inspect(|state| {
        let keys = state.keys().into_iter();
        let ranked = keys.filter_map(|key| Some((key.clone(), state.issue(&key)?.rank)));
        ranked.collect()
    });
    let mut compared = 0;
    for (parent, keys) in siblings(server, "board").await {
        let on_board = keys
            .iter()
            .filter(|key| key.starts_with(project) && !unseen.contains(*key));
        let order: Vec<(&String, &String)> = on_board.map(|key| (&ranks[key], key)).collect();
        for pair in order.windows(2) {
            assert!(pair[0] < pair[1], "below {parent:?}: {pair:?}");
        }
        compared += usize::from(order.len() > 1);
    }
    compared
}

async fn plans(handle: &SynchronizerHandle) -> Vec<job_change::Type> {
    let preview = handle.preview(Direction::IntoStructure).await;
    let preview = preview.expect("it starts").wait().await;
    let preview = preview.expect("it can be waited for");
    succeeded(&preview);
    let plan = preview.plan.expect("there is a plan");
    let planned = plan.sample_changes.iter();
    let planned = planned.filter(|change| change.state() == job_change::State::Planned);
    planned.map(|change| change.r#type()).collect()
}

/// A board after a filter, twice; then one issue is ranked elsewhere.
async fn a_board_is_kept_in_order(flavour: Flavour, project: &str) {
    let Some(path) = shared::archive() else {
        return;
    };
    let simulator = server::simulator(flavour);
    simulator.load_archive(&path).expect("the archive loads");
    let board = board_of(&simulator, project);
    let server = Server::start(flavour, simulator).await;
    server.structure("board").await;
    let query = format!("project = {project} AND issuetype not in subTaskIssueTypes()");
    let filter = server.filter("board", "filter", jql(&query)).await;
    succeeded(&force(&filter).await);
    let agile = server.agile("board", rule(board)).await;
    let (_, run) = preview_and_run(&agile).await;
    succeeded(&run);
    let unseen = Archive::read(&path).in_absent_epics();
    assert!(unseen.len() > 100);
    let prefix = format!("{project}-");
    let compared = siblings_are_ranked(&server, &prefix, &unseen).await;
    assert!(compared > 10, "{compared}");
    epics_and_parents_are_kept(&server, &prefix).await;
    assert_eq!(plans(&agile).await, []);

    let mut top = siblings(&server, "board").await.remove("").expect("a top");
    top.retain(|key| !unseen.contains(key));
    let (first, middle) = (&top[0], &top[top.len() / 2]);
    server.simulator.edit(|state| {
        state.rank_after(first, middle).expect("both are there");
    });
    assert_eq!(plans(&agile).await, [job_change::Type::MoveRow]);
    let (_, run) = preview_and_run(&agile).await;
    succeeded(&run);
    siblings_are_ranked(&server, &prefix, &unseen).await;
    println!(
        "{project}: {} rows at the top, {compared} groups of siblings",
        top.len()
    );
    server.stop().await;
}

/// Every row is below its parent or its epic in Jira, where that one is there, too.
async fn epics_and_parents_are_kept(server: &Server, prefix: &str) {
    let siblings = siblings(server, "board").await;
    let everything: BTreeSet<&String> = siblings.values().flatten().collect();
    for (parent, keys) in &siblings {
        for key in keys {
            let issue = server.simulator.inspect(|state| state.issue(key));
            let wanted = issue.expect("it is there").parent;
            let wanted = wanted.filter(|wanted| everything.contains(wanted));
            assert_eq!(wanted.unwrap_or_default(), *parent, "the parent of {key}");
        }
    }
    assert!(siblings.keys().any(|parent| parent.starts_with(prefix)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_biggest_board_is_kept_in_order_on_cloud() {
    a_board_is_kept_in_order(Flavour::Cloud, "TIMOB").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_is_kept_in_order_on_data_center() {
    a_board_is_kept_in_order(Flavour::DataCenter, "ALOY").await;
}

/// Settings that cannot work are refused when they are made, at their field.
#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_is_not_there_or_not_ranked_is_refused_at_its_field() {
    for flavour in [Flavour::Cloud, Flavour::DataCenter] {
        let simulator = server::simulator(flavour);
        simulator.load_sample();
        simulator.edit(|state| {
            state.save_filter(Filter {
                id: 900,
                name: "Newest".to_owned(),
                jql: "ORDER BY created DESC".to_owned(),
                favourite: false,
            });
            state.save_board(Board {
                id: 90,
                name: "Newest".to_owned(),
                kind: BoardKind::Kanban,
                filter: 900,
                project: None,
                sub_query: None,
            });
        });
        let server = Server::start(flavour, simulator).await;
        server.structure("s").await;
        for (board, says) in [(77, "no board 77"), (90, "not ordered by rank")] {
            let kind = sync_rule::Kind::Agile(rule(board));
            let refused = server.refused("s", kind).await;
            assert!(
                refused.contains("synchronizer.rule.agile.board_id"),
                "{refused}"
            );
            assert!(refused.contains(says), "{refused}");
        }
        let only_epics = AgileRule {
            sync_rank: false,
            ..rule(90)
        };
        server.agile("s", only_epics).await;
        server.stop().await;
    }
}
