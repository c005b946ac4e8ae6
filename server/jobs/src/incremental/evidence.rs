//! What the planner gets of a synchronizer that was brought up to date, and what is kept of it.
//!
//! What it is not: reading. What is not known of an issue here is not known at all.

use super::observe::{Followed, Part};
use super::session::Session;
use resync_core::id::IssueId;
use resync_core::issue::{ObservedEpic, ObservedIssue, ObservedLink};
use resync_core::plan::Evidence;
use resync_core::synchronizer::Kind;
use resync_core::time::Timestamp;
use resync_store::{Mirror, SyncState, SyncUpdate};

/// The evidence of one.
pub(super) fn evidence_of(session: &Session, one: &Followed) -> Evidence {
    let known = |ids: &[IssueId]| -> Vec<ObservedIssue> {
        let known = ids.iter().filter_map(|id| session.issue(*id));
        known.cloned().collect()
    };
    let issues = known(&one.list);
    match one.record.rule.settings.kind() {
        Kind::Filter | Kind::StatusRollup => Evidence::Matched(issues),
        Kind::Subtasks => Evidence::Subtasks(issues),
        Kind::Links => {
            let link = |&(parent, child): &(IssueId, IssueId)| ObservedLink { parent, child };
            let links = one.pairs.iter().map(link).collect();
            Evidence::Links { links, issues }
        }
        Kind::Agile => {
            let epic = |&(issue, epic): &(IssueId, IssueId)| ObservedEpic { issue, epic };
            Evidence::Agile {
                ranked: issues,
                epics: one.pairs.iter().map(epic).collect(),
                subtasks: known(&one.subtasks),
            }
        }
    }
}

/// What the next sync starts from.
pub(super) fn left_behind(parts: &[Part], state: &SyncState, began: Timestamp) -> SyncUpdate {
    let mirror = |one: &Followed| {
        let before = &one.mirror;
        let keep = |now: bool, before: Timestamp| if now { began } else { before };
        let pairs = before.pairs.as_deref().unwrap_or_default();
        let subtasks = before.subtasks.as_deref().unwrap_or_default();
        Mirror {
            hint: state.newest_hint,
            swept_time: keep(one.swept, before.swept_time),
            listed_time: keep(one.listed, before.listed_time),
            issues: (one.list != one.mirrored()).then(|| one.list.clone().into()),
            pairs: (one.pairs != pairs).then(|| one.pairs.clone().into()),
            subtasks: (one.subtasks != subtasks).then(|| one.subtasks.clone().into()),
            ..before.clone()
        }
    };
    let followed = parts.iter().flat_map(|part| &part.followed);
    SyncUpdate {
        mirrors: followed.map(mirror).collect(),
        change_count: Some(state.change_count),
    }
}
