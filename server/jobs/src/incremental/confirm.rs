//! Nothing is removed that was not asked for again in this very sync, one by one.
//!
//! What it is not: a second planner. The plan says what would go; what of it was not read now is
//! read, and the planner looks again.

use super::evidence::evidence_of;
use super::links;
use super::observe::{Followed, Part};
use super::session::Session;
use crate::facts::Facts;
use crate::failure::Stop;
use crate::observe::filter::query_of;
use resync_core::id::IssueId;
use resync_core::incremental::{Timing, is_gone, updated};
use resync_core::issue::IssueRef;
use resync_core::job::ChangeKind;
use resync_core::plan::{Evidence, IssueFacts, plan};
use resync_core::synchronizer::Settings;
use resync_core::time::Timestamp;
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How often the planner looks again. What one answer brings back can only keep more; a removal
/// that shows up anew each time is a fault, and the last plan is not made.
const ROUNDS_MAX: usize = 8;

/// Asks for every issue that the plan would remove, until the plan removes nothing else.
pub(super) async fn removals(
    facts: &mut Facts,
    parts: &mut [Part],
    began: Timestamp,
    timing: Timing,
) -> Result<(), Stop> {
    for _ in 0..ROUNDS_MAX {
        let going = going(facts);
        let mut asked_any = false;
        for part in parts.iter_mut() {
            let of_tracker = going
                .iter()
                .filter(|one| one.tracker == part.session.tracker);
            let open: BTreeSet<IssueId> = of_tracker
                .map(|one| one.issue)
                .filter(|id| !part.session.was_asked(*id))
                .collect();
            if !open.is_empty() {
                asked_any = true;
                ask(facts, part, &open, began, timing).await?;
            }
        }
        if !asked_any {
            break;
        }
    }
    Ok(())
}

fn going(facts: &Facts) -> Vec<IssueRef> {
    let plan = plan(&facts.snapshot(&facts.loaded.rows, None));
    let removed = plan.changes.iter();
    removed
        .filter(|planned| planned.kind == ChangeKind::RemoveRow)
        .map(|planned| planned.issue)
        .collect()
}

/// Asks for some issues by id, and the queries about them; what is learned goes into the facts.
async fn ask(
    facts: &mut Facts,
    part: &mut Part,
    open: &BTreeSet<IssueId>,
    began: Timestamp,
    timing: Timing,
) -> Result<(), Stop> {
    part.session.ask(open.iter().copied()).await?;
    let readable = open.iter().filter(|id| part.session.found.contains_key(id));
    let readable: Vec<IssueId> = readable.copied().collect();
    for one in &mut part.followed {
        match one.record.rule.settings.clone() {
            Settings::Filter(settings) => {
                let query = query_of(&settings);
                let matching = part.session.matching(&query, &readable).await?;
                one.list = updated(&one.list, &open.iter().copied().collect(), &matching);
            }
            Settings::Links(settings) => {
                links::again(&mut part.session, one, &settings, &readable).await?;
            }
            Settings::Subtasks(_) | Settings::Agile(_) | Settings::StatusRollup(_) => {}
        }
    }
    part.session.count();
    let gone = gone(&part.session, &part.followed, began, timing);
    let missing = part.session.missing.iter().filter(|id| !gone.contains(id));
    let missing = missing.map(|id| part.session.refer(*id));
    facts.inaccessible.extend(missing);
    for issue in readable.iter().filter_map(|id| part.session.found.get(id)) {
        let named = part.session.refer(issue.id);
        facts.issues.insert(named, IssueFacts::from(issue));
        Arc::make_mut(&mut facts.by_id).push((part.session.tracker, issue.clone()));
    }
    put_lists(facts, part);
    Ok(())
}

/// Puts the lists of a tracker's synchronizers into the readings.
fn put_lists(facts: &mut Facts, part: &Part) {
    for one in &part.followed {
        let mut readings = Arc::make_mut(&mut facts.readings).iter_mut();
        let reading = readings.find(|reading| reading.synchronizer == one.record.id);
        if let Some(reading) = reading
            && matches!(
                reading.evidence,
                Evidence::Matched(_) | Evidence::Links { .. }
            )
        {
            reading.evidence = evidence_of(&part.session, one);
        }
    }
}

/// Which of the issues that cannot be read are deleted, and not hidden: only a sweep can tell.
pub(super) fn gone(
    session: &Session,
    followed: &[Followed],
    began: Timestamp,
    timing: Timing,
) -> FxHashSet<IssueId> {
    if !followed.iter().any(|one| one.swept) {
        return FxHashSet::default();
    }
    let readable = session.readable_projects();
    let interval = timing.sweep_interval;
    let is_deleted = |id: &&IssueId| {
        let known = session.observation(**id);
        let sentinel = known.is_some_and(|known| readable.contains(&known.issue.project));
        let since = known.and_then(|known| known.gone_time);
        !session.listed.contains(*id) && is_gone(since, began, interval, sentinel)
    };
    let missing = session.missing.iter().filter(is_deleted);
    missing.copied().collect()
}
