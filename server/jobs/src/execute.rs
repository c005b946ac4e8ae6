//! Makes a plan true, in one transaction: rows, claims, history, what was read, and the job.
//!
//! What it is not: a decision. Every row, key and claim is in the plan.

use crate::engine::Engine;
use crate::facts::Facts;
use crate::failure::Stop;
use crate::observed;
use crate::progress::Reporter;
use resync_core::change::ForestChange;
use resync_core::claim::ClaimChange;
use resync_core::commit;
use resync_core::forest::Forest;
use resync_core::id::{IssueId, TrackerId};
use resync_core::job::{ChangeKind, Job, JobCounters, JobState, Phase, Severity};
use resync_core::plan::Plan;
use resync_store::{ForestCommit, JobCommit, JobUpdate, Lease};
use std::collections::BTreeMap;

/// Applies a plan, and returns the forest as it must be now; `None` for a plan without any effect,
/// of which nothing is written.
pub(crate) async fn apply(
    engine: &Engine,
    job: &Job,
    lease: Lease,
    reporter: &Reporter,
    facts: &Facts,
    mut plan: Plan,
) -> Result<Option<Forest>, Stop> {
    let total = crate::count(plan.changes.len());
    reporter
        .enter(
            Phase::Applying,
            Some(total),
            format!("Making {total} changes"),
        )
        .await?;
    let mut applied = reporter.newest().1;
    count_applied(&mut applied, &plan);
    let planned = std::mem::take(&mut plan.changes);
    let mut steps: Vec<ForestChange> = planned.into_iter().map(|planned| planned.change).collect();
    // They are in the place of the planned changes, which are larger.
    steps.shrink_to_fit();
    let base_version = plan.after.version();
    let writes = (!steps.is_empty()).then(|| commit::writes(&mut plan.after, &steps));
    let observed = observed::news(facts, &plan.after);
    note_gone(engine, facts).await?;
    reporter.tell();
    if writes.is_none() && plan.claims.is_empty() && observed.is_none() {
        reporter.log(Severity::Info, "Nothing to change.").await?;
        if let Some(sync) = facts.sync.clone() {
            let (point, now) = (facts.loaded.rows.point.clone(), (engine.parts.clock)());
            let store = &engine.parts.store;
            store.record_sync(lease, sync, point, now).await?;
        }
        return Ok(None);
    }
    let (upserts, deletes) =
        writes.map_or_else(Default::default, |writes| (writes.upserts, writes.deletes));
    let (progress, _) = reporter.newest();
    let changed = !steps.is_empty();
    let commit = ForestCommit {
        structure: job.structure,
        expected_version: base_version,
        upserts,
        deletes,
        changes: steps,
        claims: std::mem::take::<Vec<ClaimChange>>(&mut plan.claims),
        observations: Vec::new(),
        next_row_id: plan.next_row_id,
        row_count: crate::count(plan.after.len()),
        principal: job.creator.clone(),
        synchronizer: job.synchronizer,
        reason: job.request.reason.clone(),
        time: (engine.parts.clock)(),
        request: None,
        job: Some(JobCommit {
            lease,
            point: facts.loaded.rows.point.clone(),
            observed,
            update: JobUpdate {
                state: Some(JobState::Running),
                progress: Some(progress),
                counters: Some(applied.clone()),
                ..JobUpdate::default()
            },
            sync: facts.sync.clone(),
        }),
    };
    engine.parts.store.commit_forest(commit).await?;
    reporter.tell();
    reporter.count(|counters| *counters = applied);
    reporter.advance(total, Some(total), format!("Made {total} changes"));
    if changed {
        let (_, counters) = reporter.newest();
        let message = format!(
            "Applied in one commit: {} added, {} moved, {} removed.",
            counters.added_rows, counters.moved_rows, counters.removed_rows
        );
        reporter.log(Severity::Info, message).await?;
    }
    Ok(Some(plan.after))
}

fn count_applied(counters: &mut JobCounters, plan: &Plan) {
    let of = |kind: ChangeKind| {
        crate::count(
            plan.changes
                .iter()
                .filter(|planned| planned.kind == kind)
                .count(),
        )
    };
    counters.applied_changes = crate::count(plan.changes.len());
    counters.added_rows = of(ChangeKind::AddRow);
    counters.moved_rows = of(ChangeKind::MoveRow);
    counters.removed_rows = of(ChangeKind::RemoveRow);
}

/// Notes which issues of the structure cannot be read any more, so that people see it.
async fn note_gone(engine: &Engine, facts: &Facts) -> Result<(), Stop> {
    let mut by_tracker: BTreeMap<TrackerId, Vec<IssueId>> = BTreeMap::new();
    for issue in &facts.inaccessible {
        by_tracker
            .entry(issue.tracker)
            .or_default()
            .push(issue.issue);
    }
    for (tracker, mut issues) in by_tracker {
        issues.sort_unstable();
        engine
            .parts
            .store
            .mark_issues_gone(tracker, issues, facts.read_time)
            .await?;
    }
    Ok(())
}
