//! What an agile synchronizer is about: the issues of a board or of projects by rank, their epics,
//! and their sub-tasks.
//!
//! What it is not: sprints, columns, or issues outside the scope: those are not touched.

use super::subtasks::subtasks_of;
use super::{Read, Tracker, claimed_issues};
use crate::failure::{Failure, Stop};
use crate::load::Loaded;
use resync_core::id::IssueId;
use resync_core::issue::{ObservedEpic, ObservedIssue};
use resync_core::job::Severity;
use resync_core::plan::Evidence;
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::{AgileScope, AgileSettings, Rule, SubtasksSettings};
use resync_store::SynchronizerRecord;
use resync_tracker::agile::{Agile, AgileAspects, AgileIssue, AgileScope as ReadScope, EpicOf};
use rustc_hash::FxHashSet;

pub(crate) async fn agile(
    tracker: &Tracker<'_>,
    loaded: &Loaded,
    record: &SynchronizerRecord,
    rule: &Rule,
    settings: &AgileSettings,
) -> Result<Read, Stop> {
    let aspects = AgileAspects {
        rank: settings.sync_rank,
        epics: settings.sync_epics,
    };
    let report = |read| tracker.reporter.read(0, read, tracker.requests());
    let read = tracker
        .reader
        .read_agile(&scope(settings), aspects, &report)
        .await
        .map_err(|error| tracker.failed(&error))?;
    require_order(tracker, settings, &read)?;
    let (ranked, epics, unreadable) = sorted_out(read.issues);
    if unreadable > 0 {
        let message = format!(
            "{unreadable} issues belong to epics that the account cannot read; they are left as \
             they are."
        );
        tracker.reporter.log(Severity::Warning, message).await?;
    }
    let subtasks = match settings.add_subtasks {
        true => read_subtasks(tracker, &ranked).await?,
        false => Vec::new(),
    };
    let seen: FxHashSet<IssueId> = ranked
        .iter()
        .chain(&subtasks)
        .map(|issue| issue.id)
        .collect();
    let lost: Vec<IssueId> = claimed_issues(loaded, record, rule)
        .into_iter()
        .filter(|issue| !seen.contains(issue))
        .collect();
    let batch = tracker.by_id(&lost).await?;
    let mut subtasks = subtasks;
    if settings.add_subtasks {
        subtasks.extend(batch.found.iter().cloned());
    }
    Ok(Read {
        evidence: Evidence::Agile {
            ranked,
            epics,
            subtasks,
        },
        by_id: batch.found,
        missing: batch.missing,
    })
}

fn scope(settings: &AgileSettings) -> ReadScope {
    match &settings.scope {
        AgileScope::Board(board) => ReadScope::Board(board.clone()),
        AgileScope::Projects { keys, rank_field } => ReadScope::Projects {
            projects: keys.clone(),
            rank_field: rank_field.clone(),
        },
    }
}

/// Half an order is none: what the tracker does not order would be moved behind what it does.
fn require_order(
    tracker: &Tracker<'_>,
    settings: &AgileSettings,
    read: &Agile,
) -> Result<(), Stop> {
    let (ordered, all) = (read.ordered_count, read.issues.len());
    if !settings.sync_rank || ordered >= all {
        return Ok(());
    }
    let message = format!(
        "The tracker orders only {ordered} of the {all} issues by rank. Nothing was changed. \
         Choose a board or projects with fewer issues, or switch `sync_rank` off."
    );
    let problem = Problem::new(Reason::TrackerAnswerInvalid, message).with("tracker", tracker.name);
    Err(Stop::Failed(Failure::permanent(problem)))
}

/// The issues in their order, their epics, and how many were left out since their epic cannot be
/// read: that an issue is in an unknown epic is not that it is in none.
fn sorted_out(issues: Vec<AgileIssue>) -> (Vec<ObservedIssue>, Vec<ObservedEpic>, usize) {
    let (mut ranked, mut epics, mut unreadable) = (Vec::with_capacity(issues.len()), Vec::new(), 0);
    for AgileIssue {
        issue,
        epic,
        is_epic: _,
    } in issues
    {
        match epic {
            EpicOf::None => {}
            EpicOf::Issue(epic) => epics.push(ObservedEpic {
                issue: issue.id,
                epic,
            }),
            EpicOf::Unreadable(_) => {
                unreadable += 1;
                continue;
            }
        }
        ranked.push(issue);
    }
    (ranked, epics, unreadable)
}

async fn read_subtasks(
    tracker: &Tracker<'_>,
    ranked: &[ObservedIssue],
) -> Result<Vec<ObservedIssue>, Stop> {
    let every_type = SubtasksSettings {
        issue_types: Vec::new(),
        remove_orphaned: false,
    };
    let query = subtasks_of(ranked.iter(), &every_type);
    let read = tracker.read(&query, ranked.len()).await;
    read.map_err(|error| tracker.failed(&error))
}
