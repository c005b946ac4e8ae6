//! Makes a plan true, in one transaction: rows, claims, history, what was read, and the job.
//!
//! What it is not: a decision. Every row, key and claim is in the plan.

use crate::engine::Engine;
use crate::facts::Facts;
use crate::failure::Stop;
use crate::progress::Reporter;
use resync_core::change::ForestChange;
use resync_core::claim::ClaimChange;
use resync_core::commit;
use resync_core::forest::Forest;
use resync_core::id::{IssueId, TrackerId};
use resync_core::issue::{IssueRef, ObservedIssue};
use resync_core::job::{ChangeKind, Job, JobCounters, JobState, Phase, Severity};
use resync_core::plan::Plan;
use resync_store::{ForestCommit, JobCommit, JobUpdate, Lease};
use rustc_hash::FxHashMap;
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
    let steps: Vec<ForestChange> = planned.into_iter().map(|planned| planned.change).collect();
    let base_version = plan.after.version();
    let writes = (!steps.is_empty()).then(|| commit::writes(&mut plan.after, &steps));
    let observations = observations(facts, &plan.after);
    note_gone(engine, facts).await?;
    reporter.tell();
    if writes.is_none() && plan.claims.is_empty() && observations.is_empty() {
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
        observations,
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

/// What was read of issues that have a row now, as far as the store does not know it already.
fn observations(facts: &Facts, after: &Forest) -> Vec<(TrackerId, ObservedIssue)> {
    let known: FxHashMap<IssueRef, (&ObservedIssue, bool)> = facts
        .loaded
        .observations
        .iter()
        .map(|known| {
            let issue = IssueRef {
                tracker: known.tracker,
                issue: known.issue.id,
            };
            (issue, (&known.issue, known.gone_time.is_some()))
        })
        .collect();
    let read = facts.readings.iter().flat_map(|reading| {
        let tracker = facts
            .synchronizers
            .iter()
            .find(|one| one.id == reading.synchronizer)
            .map(|one| one.rule.tracker);
        let issues = reading.evidence.issues();
        issues.filter_map(move |issue| Some((tracker?, issue)))
    });
    let by_id = facts.by_id.iter().map(|(tracker, issue)| (*tracker, issue));
    let mut newest: BTreeMap<(TrackerId, IssueId), &ObservedIssue> = BTreeMap::new();
    for (tracker, issue) in read.chain(by_id) {
        let named = IssueRef {
            tracker,
            issue: issue.id,
        };
        let unknown = known
            .get(&named)
            .is_none_or(|&(known, gone)| gone || known != issue);
        if unknown && after.primary_row(named).is_some() {
            let kept = newest.entry((tracker, issue.id)).or_insert(issue);
            if kept.updated < issue.updated {
                *kept = issue;
            }
        }
    }
    newest
        .into_iter()
        .map(|((tracker, _), issue)| (tracker, issue.clone()))
        .collect()
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
