//! The demo's story: a launch plan that people keep in folders, and that drifted from Jira.
//!
//! The drift is real: it is made by editing the simulated Jira and the structure, after both were
//! in step.

use super::banner::Content;
use super::client;
use crate::arguments::Scenario;
use anyhow::Context;
use futures::TryStreamExt;
use resync_api::v1::{
    AddRows, FilterRule, Folder, ForestChange, MoveRows, Position, Row, RowView, Structure,
    SubtasksRule, filter_rule, forest_change::Change, row, sync_rule::Kind as RuleKind,
};
use resync_client::{Client, StructureHandle};
use resync_simulator::fault::{Fault, On, RateLimitReason, When};
use resync_simulator::sample::{LAUNCH_FILTER_ID, LAUNCH_STORY};
use resync_simulator::state::{EditError, NewIssue};
use resync_simulator::{Simulator, State};
use std::collections::BTreeSet;

/// The structure of the story.
const STRUCTURE: &str = "launch-2026";

/// The synchronizer to try.
const FILTER: &str = "scope";

/// The label that brings an issue into the scope of the launch.
const LABEL: &str = "launch-2026";

/// The folders that people made, and the project that each gathers.
const FOLDERS: [(&str, &str); 2] = [("Payments", "PAY-"), ("Onboarding", "ONB-")];

/// Requests that are answered with a pause in the scenario of that name: every third.
const THROTTLED_EVERY: u64 = 3;

/// Requests that find nobody in the scenario of the outage: a few more than the adapter's own
/// tries, so that the job is seen to wait, and to go on within some ten seconds.
const OUTAGE_REQUESTS: usize = 8;

/// Fills the simulated Jira.
pub(super) fn load(simulator: &Simulator) -> Content {
    simulator.load_sample();
    content(simulator)
}

/// What a simulated Jira holds.
pub(super) fn content(simulator: &Simulator) -> Content {
    let keys = simulator.inspect(State::keys);
    let projects: BTreeSet<String> = keys
        .iter()
        .filter_map(|key| key.rsplit_once('-'))
        .map(|(project, _)| project.to_owned())
        .collect();
    Content {
        projects: projects.into_iter().collect(),
        issues: keys.len(),
    }
}

/// Brings structure and Jira in step, lets them drift, and returns what to try next.
pub(super) async fn set_up(
    client: &Client,
    simulator: &Simulator,
    scenario: Scenario,
) -> anyhow::Result<String> {
    let structure = client.structure(STRUCTURE);
    if structure.get().await.is_err() {
        bring_in_step(client, &structure).await?;
        arrange(&structure)
            .await
            .context("arranging the rows in folders")?;
    }
    simulator
        .edit(drift)
        .context("editing the simulated Jira")?;
    simulator
        .edit(|state| misbehave(state, scenario))
        .context("editing the simulated Jira")?;
    Ok(next_steps(scenario))
}

async fn bring_in_step(client: &Client, structure: &StructureHandle) -> anyhow::Result<()> {
    let record = Structure {
        display_name: "Launch 2026".to_owned(),
        description: "What has to be done for the launch, as the teams plan it.".to_owned(),
        ..Structure::default()
    };
    client
        .create_structure(STRUCTURE, record)
        .await
        .context("creating the structure")?;
    let filter = RuleKind::Filter(FilterRule {
        source: Some(filter_rule::Source::SavedFilterId(
            LAUNCH_FILTER_ID.to_string(),
        )),
        remove_unmatched: true,
        check_children: true,
        ..FilterRule::default()
    });
    let filter = client::install(structure, FILTER, "Launch scope", filter).await?;
    let subtasks = RuleKind::Subtasks(SubtasksRule::default());
    let subtasks = client::install(
        structure,
        "sub-tasks",
        "Sub-tasks under their parents",
        subtasks,
    )
    .await?;
    // They stay disabled: what drifts waits for the resync of a person.
    client::run(&filter, false, false).await?;
    client::run(&subtasks, false, false).await?;
    Ok(())
}

/// What people do: they gather the issues of each project in a folder, in the order of the scope.
async fn arrange(structure: &StructureHandle) -> anyhow::Result<()> {
    let folders = FOLDERS.map(|(title, _)| Row {
        item: Some(row::Item::Folder(Folder {
            title: title.to_owned(),
        })),
        ..Row::default()
    });
    let add = Change::AddRows(AddRows {
        position: Some(Position::default()),
        rows: folders.to_vec(),
    });
    structure
        .edit(vec![ForestChange { change: Some(add) }], 0)
        .await?;
    let rows: Vec<Row> = structure.rows(0, RowView::Basic).try_collect().await?;
    let tops: Vec<&Row> = rows.iter().filter(|row| row.depth == 0).collect();
    let key = |row: &Row| match &row.item {
        Some(row::Item::Issue(issue)) => issue.issue_key.clone(),
        Some(row::Item::Folder(_)) | None => String::new(),
    };
    let mut moves = Vec::new();
    for (title, prefix) in FOLDERS {
        let folder = tops.iter().find(
            |row| matches!(&row.item, Some(row::Item::Folder(folder)) if folder.title == title),
        );
        let parent_row_id = folder.context("a folder that was added is listed")?.row_id;
        let gathered = tops.iter().filter(|row| key(row).starts_with(prefix));
        let row_ids = gathered.map(|row| row.row_id).collect();
        let position = Some(Position {
            parent_row_id,
            previous_row_id: 0,
        });
        let change = Change::MoveRows(MoveRows { position, row_ids });
        moves.push(ForestChange {
            change: Some(change),
        });
    }
    structure.edit(moves, 0).await?;
    Ok(())
}

/// What happens in Jira meanwhile: scope grows and shrinks, and sub-tasks change their parents.
fn drift(state: &mut State) -> Result<(), EditError> {
    for (project, kind, summary) in [
        (
            "PAY",
            "Story",
            "Merchant cancels an instant payout within a minute",
        ),
        ("ONB", "Bug", "Sign-up mail goes to the spam folder"),
    ] {
        let key = state.create(NewIssue {
            project,
            kind,
            summary,
            parent: None,
        })?;
        state.set_labels(&key, &[LABEL])?;
    }
    let summary = "Tell the merchant why a payout is late";
    state.create(NewIssue {
        project: "PAY",
        kind: "Sub-task",
        summary,
        parent: Some(LAUNCH_STORY),
    })?;
    // Two stories are put off: one with sub-tasks, one without.
    for key in ["PAY-9", "PAY-21"] {
        state.set_labels(key, &[])?;
    }
    Ok(())
}

fn misbehave(state: &mut State, scenario: Scenario) -> Result<(), EditError> {
    match scenario {
        Scenario::Drift => {}
        Scenario::RateLimited => state.faults.rule(
            On::Any,
            When::Every(THROTTLED_EVERY),
            Fault::RateLimited(RateLimitReason::Burst, Some(1)),
        ),
        Scenario::Outage => {
            state
                .faults
                .script(vec![Some(Fault::Fails(503, None)); OUTAGE_REQUESTS]);
        }
        Scenario::EmptyFilter => {
            for key in state.keys() {
                state.set_labels(&key, &[])?;
            }
        }
    }
    Ok(())
}

fn next_steps(scenario: Scenario) -> String {
    let happened = match scenario {
        Scenario::Drift => "has drifted from Jira on purpose",
        Scenario::RateLimited => "has drifted from Jira, and Jira asks for pauses",
        Scenario::Outage => "has drifted from Jira, and Jira does not answer at first",
        Scenario::EmptyFilter => "has a filter that suddenly matches nothing",
    };
    format!(
        "  \"Launch 2026\" {happened}. In another terminal:\n\n    \
         cargo run --release -p resync-cli -- tree {STRUCTURE}\n    \
         cargo run --release -p resync-cli -- preview {STRUCTURE} {FILTER} --into\n    \
         cargo run --release -p resync-cli -- run {STRUCTURE} {FILTER} --into\n"
    )
}
