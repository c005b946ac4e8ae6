//! What both demos ask of the API: a tracker, synchronizers, and a resync that is followed.

use super::banner::thousands;
use crate::arguments::Flavour;
use crate::telemetry;
use anyhow::{Context, bail};
use futures::StreamExt;
use resync_api::v1::{
    Direction, Job, JobProgress, SyncRule, Synchronizer, Tracker, TrackerLimits, job,
    job_progress::Phase, sync_rule, tracker,
};
use resync_client::{
    Client, Confirmation, JobEvent, JobHandle, RunOptions, StructureHandle, SynchronizerHandle,
};

/// The id of the demo's tracker.
pub(super) const TRACKER: &str = "demo-jira";

/// Progress is told at every such step of the percentage.
const PERCENT_STEP: i32 = 20;

/// Creates the connection to the simulated Jira, unless an earlier start has.
pub(super) async fn ensure_tracker(
    client: &Client,
    flavour: Flavour,
    base_uri: &str,
    credential: &str,
) -> anyhow::Result<()> {
    if client.tracker(TRACKER).get().await.is_ok() {
        return Ok(());
    }
    let product = match flavour {
        Flavour::Cloud => tracker::Product::JiraCloud,
        Flavour::DataCenter => tracker::Product::JiraDataCenter,
    };
    let connection = Tracker {
        display_name: "Simulated Jira".to_owned(),
        product: product.into(),
        base_uri: base_uri.to_owned(),
        credential: credential.to_owned(),
        // Nothing to be polite to: the simulator is in this process.
        limits: Some(TrackerLimits {
            max_concurrent_requests: Some(4),
            max_requests_per_second: Some(100_000),
        }),
        ..Tracker::default()
    };
    client
        .create_tracker(TRACKER, connection)
        .await
        .context("creating the tracker")?;
    Ok(())
}

/// Installs a synchronizer of the demo's tracker, disabled.
pub(super) async fn install(
    structure: &StructureHandle,
    id: &str,
    display_name: &str,
    kind: sync_rule::Kind,
) -> anyhow::Result<SynchronizerHandle> {
    let synchronizer = Synchronizer {
        display_name: display_name.to_owned(),
        rule: Some(SyncRule {
            tracker: format!("trackers/{TRACKER}"),
            kind: Some(kind),
        }),
        ..Synchronizer::default()
    };
    structure
        .create_synchronizer(id, synchronizer)
        .await
        .with_context(|| format!("installing {display_name}"))?;
    Ok(structure.synchronizer(id))
}

/// Runs a resync into the structure without a preview: the structure is empty or as the demo
/// left it, so there is nothing to lose. `enable` lets changes of Jira arrive by themselves
/// afterwards.
pub(super) async fn run(
    synchronizer: &SynchronizerHandle,
    enable: bool,
    tell: bool,
) -> anyhow::Result<Job> {
    let options = RunOptions {
        enable_synchronizer: enable,
        reason: "set up by the demo".to_owned(),
        ..RunOptions::default()
    };
    let started = synchronizer
        .run(Direction::IntoStructure, Confirmation::Force, options)
        .await?;
    follow(&started, tell).await
}

/// Follows a job to its end, and tells how far it is.
async fn follow(started: &JobHandle, tell: bool) -> anyhow::Result<Job> {
    let mut events = started.watch();
    let mut told = (Phase::Unspecified, -1);
    let mut last = Job::default();
    while let Some(event) = events.next().await {
        let JobEvent::Update(message) = event? else {
            continue;
        };
        let Some(job) = message.job else { continue };
        if let Some(progress) = job.progress.as_ref().filter(|_| tell) {
            told = tell_progress(progress, told);
        }
        last = job;
    }
    match last.state() {
        job::State::Succeeded => Ok(last),
        _ => bail!(
            "{} ended {}: {}",
            last.name,
            last.state().as_str_name(),
            last.error.map_or_else(String::new, |error| error.message)
        ),
    }
}

fn tell_progress(progress: &JobProgress, told: (Phase, i32)) -> (Phase, i32) {
    let (phase, step) = (
        progress.phase(),
        progress.percent.unwrap_or(0) / PERCENT_STEP,
    );
    let ended = progress.percent == Some(100);
    if (phase, step) == told || phase == Phase::Unspecified || ended {
        return told;
    }
    let percent = progress
        .percent
        .map_or_else(String::new, |percent| format!("{percent:>3} %  "));
    telemetry::say(&format!("  {percent}{}", progress.message));
    (phase, step)
}

/// What a finished job did, in a few words.
pub(super) fn outcome(job: &Job) -> String {
    let counters = job.counters.unwrap_or_default();
    let count = |number: i32| thousands(usize::try_from(number).unwrap_or_default());
    format!(
        "{} issues read in {} requests: {} rows added, {} moved, {} removed; verified{}",
        count(counters.read_issue_count),
        count(counters.tracker_request_count),
        count(counters.added_row_count),
        count(counters.moved_row_count),
        count(counters.removed_row_count),
        match job.result_forest_version {
            0 => String::new(),
            version => format!(", version {version}"),
        },
    )
}
