//! A plan as people and callers see it: its changes, its figures, and whether it may be executed.

use crate::confirmed::Confirmed;
use crate::engine::Engine;
use crate::facts::Facts;
use crate::failure::{Failure, Stop};
use crate::progress::Reporter;
use resync_core::guard::{self, Figures};
use resync_core::job::{Job, JobChange, JobRequest, PLAN_SAMPLE_MAX, PlanSummary, Severity};
use resync_core::plan::{Facts as IssueLookup, Plan, Snapshot};
use resync_core::problem::Problem;
use resync_core::summary::{self, SummaryContext};
use resync_store::{JobUpdate, Lease, PackedChanges};

/// How long a plan can be confirmed: an hour is long enough to show it to somebody else, and
/// short enough that it is still about the same day's Jira.
const PLAN_TTL_MS: i64 = 60 * 60 * 1000;

/// A plan as people see it.
pub(crate) struct Description {
    pub(crate) summary: PlanSummary,
    packed: PackedChanges,
    held: i64,
    skipped: i64,
}

/// The changes of a plan, and its figures. The list is packed as it is made, since all of it takes
/// more memory than the plan.
pub(crate) fn describe(
    engine: &Engine,
    job: &Job,
    facts: &Facts,
    snapshot: &Snapshot<'_>,
    plan: &Plan,
    confirmed: Option<&Confirmed>,
) -> Result<Description, Stop> {
    let before = &facts.loaded.rows.forest;
    let source_is_empty = facts
        .readings
        .iter()
        .all(|reading| reading.evidence.is_empty());
    let figures = Figures::of(plan, before.len());
    let now = (engine.parts.clock)();
    let context = SummaryContext {
        forest_version: before.version(),
        tracker_read_time: facts.read_time,
        expire_time: now.plus_milliseconds(PLAN_TTL_MS),
        guards: guard::evaluate(figures, source_is_empty, settings_changed(job, facts)),
    };
    let lookup = IssueLookup::new(snapshot);
    let mut changes = summary::each_job_change(plan, before, &lookup);
    let (held, mut skipped) = (crate::count(plan.held.len()), 0);
    let (summary, packed) = match confirmed {
        None => {
            let first: Vec<JobChange> = changes.by_ref().take(PLAN_SAMPLE_MAX).collect();
            let summary = summary::summarize(plan, before, &first, context);
            (
                summary,
                PackedChanges::pack(first.into_iter().chain(changes))?,
            )
        }
        Some(confirmed) => {
            let mut listed: Vec<JobChange> = changes.collect();
            let planned_or_held = listed.len();
            summary::add_skipped(&mut listed, &confirmed.changes);
            skipped = crate::count(listed.len() - planned_or_held);
            let summary = summary::summarize(plan, before, &listed, context);
            (summary, PackedChanges::pack(listed)?)
        }
    };
    Ok(Description {
        summary,
        packed,
        held,
        skipped,
    })
}

/// Whether the plan may be executed, by its guards and limits.
pub(crate) fn admit(
    job: &Job,
    facts: &Facts,
    plan: &Plan,
    summary: &PlanSummary,
    confirmed: Option<&Confirmed>,
) -> Result<(), Stop> {
    let figures = Figures::of(plan, facts.loaded.rows.forest.len());
    let shown = confirmed.map_or(&[][..], |confirmed| confirmed.guards.as_slice());
    let JobRequest {
        authorization,
        limits,
        ..
    } = &job.request;
    guard::admit(figures, &summary.guards, shown, authorization, limits)
        .map_err(|refusal| Stop::Failed(Failure::permanent(Problem::from(refusal))))
}

/// Whether the settings are other than those of the last resync that succeeded.
fn settings_changed(job: &Job, facts: &Facts) -> bool {
    facts
        .loaded
        .synchronizers
        .iter()
        .filter(|record| Some(record.id) == job.synchronizer)
        .filter_map(|record| Some((record, record.base_settings_hash.as_ref()?)))
        .any(|(record, base)| *base != resync_store::settings_hash(&record.rule.settings))
}

pub(crate) fn count_plan(reporter: &Reporter, described: &Description, rows: i64) {
    reporter.count(|counters| {
        counters.compared_rows = rows;
        counters.planned_changes = described.summary.changes;
        counters.skipped_changes = described.skipped;
        counters.held_changes = described.held;
    });
}

pub(crate) async fn keep_plan(
    engine: &Engine,
    lease: Lease,
    reporter: &Reporter,
    facts: &Facts,
    described: Description,
) -> Result<PlanSummary, Stop> {
    let Description {
        summary, packed, ..
    } = described;
    reporter.log(Severity::Info, planned(&summary)).await?;
    let (progress, counters) = reporter.newest();
    let update = JobUpdate {
        progress: Some(progress),
        counters: Some(counters),
        plan: Some(summary.clone()),
        base_forest_version: Some(facts.loaded.rows.forest.version()),
        base_point: Some(facts.loaded.rows.point.clone()),
        ..JobUpdate::default()
    };
    engine
        .parts
        .store
        .store_packed_plan(lease, packed, update, (engine.parts.clock)())
        .await?;
    reporter.tell();
    Ok(summary)
}

/// The plan in a sentence.
pub(crate) fn planned(summary: &PlanSummary) -> String {
    use resync_core::job::ChangeKind;
    if summary.changes == 0 {
        return "Planned: no changes.".to_owned();
    }
    let of = |kind: ChangeKind| {
        summary
            .tallies
            .iter()
            .filter(|tally| tally.kind == kind)
            .map(|tally| tally.count)
            .sum::<i64>()
    };
    format!(
        "Planned: {} to add, {} to move, {} to remove; {} of them discard something.",
        of(ChangeKind::AddRow),
        of(ChangeKind::MoveRow),
        of(ChangeKind::RemoveRow),
        summary.destructive,
    )
}
