//! `demo --import FILE`: every issue of a file, through the simulated Jira, into one structure.

use super::banner::{Content, thousands};
use super::{client, launch};
use crate::telemetry;
use anyhow::Context;
use resync_api::v1::{
    FilterRule, Structure, SubtasksRule, filter_rule, sync_rule::Kind as RuleKind,
};
use resync_client::Client;
use resync_simulator::Simulator;
use std::path::PathBuf;

/// The structure that the issues come into.
const STRUCTURE: &str = "archive";

/// Fills the simulated Jira.
pub(super) async fn load(simulator: &Simulator, file: PathBuf) -> anyhow::Result<Content> {
    let simulator = simulator.clone();
    tokio::task::spawn_blocking(move || {
        simulator
            .load_archive(&file)
            .with_context(|| format!("{} cannot be imported", file.display()))?;
        Ok(launch::content(&simulator))
    })
    .await?
}

/// Brings every issue into one structure, sub-tasks under their parents, and returns what to try
/// next.
pub(super) async fn bring_in(client: &Client, content: &Content) -> anyhow::Result<String> {
    let structure = client.structure(STRUCTURE);
    if structure.get().await.is_err() {
        let display_name = "Imported issues".to_owned();
        let record = Structure {
            display_name,
            ..Structure::default()
        };
        client
            .create_structure(STRUCTURE, record)
            .await
            .context("creating the structure")?;
        let subtasks = RuleKind::Subtasks(SubtasksRule::default());
        client::install(
            &structure,
            "sub-tasks",
            "Sub-tasks under their parents",
            subtasks,
        )
        .await?
        .enable()
        .await?;
        let filter = RuleKind::Filter(FilterRule {
            source: Some(filter_rule::Source::Jql(everything(content))),
            remove_unmatched: true,
            ..FilterRule::default()
        });
        client::install(&structure, "issues", "All imported issues", filter).await?;
    }
    for (id, title) in [
        ("issues", "All imported issues"),
        ("sub-tasks", "Sub-tasks"),
    ] {
        telemetry::say(&format!("  {title}: resync into the structure"));
        let job = client::run(&structure.synchronizer(id), true, true).await?;
        telemetry::say(&format!("  100 %  {}\n", client::outcome(&job)));
    }
    let rows = usize::try_from(structure.get().await?.row_count).unwrap_or_default();
    Ok(format!(
        "  \"Imported issues\" has {} rows. In another terminal:\n\n    \
         cargo run --release -p resync-cli -- tree {STRUCTURE} --depth 1\n    \
         cargo run --release -p resync-cli -- job list {STRUCTURE}\n",
        thousands(rows)
    ))
}

/// A query that matches every issue, and that is bounded, as Jira Cloud demands.
fn everything(content: &Content) -> String {
    let quoted: Vec<String> = content
        .projects
        .iter()
        .map(|key| format!("\"{key}\""))
        .collect();
    format!("project in ({})", quoted.join(", "))
}
