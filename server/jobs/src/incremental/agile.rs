//! The evidence of an agile synchronizer: what was read last, or all of it anew.
//!
//! A rank need not stamp the issue that is ranked, so that an order is never brought up to date by
//! changes alone. All is read anew when the evaluation interval is over, and, where that takes few
//! requests, as soon as an issue has changed that may belong to it.

use super::observe::{Followed, Reading, is_evaluated};
use super::session::Session;
use crate::failure::Stop;
use crate::observe::agile as complete;
use resync_core::id::IssueId;
use resync_core::issue::ObservedIssue;
use resync_core::plan::Evidence;
use resync_core::synchronizer::{AgileScope, AgileSettings};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;

/// Up to so many issues are read anew for a single change: some ten requests.
const READ_FOR_A_CHANGE_MAX: usize = 1_000;

/// What was read for an agile synchronizer, by ids.
pub(super) struct Kept {
    pub(super) ranked: Vec<IssueId>,
    pub(super) epics: Vec<(IssueId, IssueId)>,
    pub(super) subtasks: Vec<IssueId>,
}

/// What is kept of a complete read; `None` for a read of another kind.
pub(super) fn kept(evidence: &Evidence) -> Option<Kept> {
    let Evidence::Agile {
        ranked,
        epics,
        subtasks,
    } = evidence
    else {
        return None;
    };
    // Rows that are no sub-tasks any more were read, too.
    let below = subtasks.iter().filter(|issue| issue.issue_type.subtask);
    let below: BTreeSet<IssueId> = below.map(|issue| issue.id).collect();
    Some(Kept {
        ranked: ranked.iter().map(|issue| issue.id).collect(),
        epics: epics
            .iter()
            .map(|found| (found.issue, found.epic))
            .collect(),
        subtasks: below.into_iter().collect(),
    })
}

/// Brings the order, the epics and the sub-tasks of one up to date.
pub(super) async fn read(
    reading: &Reading<'_>,
    session: &mut Session,
    one: &mut Followed,
    settings: &AgileSettings,
    hinted: &BTreeSet<IssueId>,
) -> Result<(), Stop> {
    let few = one.mirrored().len() <= READ_FOR_A_CHANGE_MAX;
    let anew = one.swept || is_evaluated(reading, one);
    if anew || (few && concerns(session, one, settings, hinted)) {
        return everything(reading, session, one, settings).await;
    }
    one.list = one.mirrored().to_vec();
    one.pairs = one.mirror.pairs.as_deref().unwrap_or_default().to_vec();
    one.subtasks = one.mirror.subtasks.as_deref().unwrap_or_default().to_vec();
    Ok(())
}

/// Whether one of the changed issues belongs to the scope, did so, or may. Which issues the filter
/// of a board matches is not known before it is asked.
fn concerns(
    session: &Session,
    one: &Followed,
    settings: &AgileSettings,
    hinted: &BTreeSet<IssueId>,
) -> bool {
    let mirrored = one.mirrored().iter();
    let subtasks = one.mirror.subtasks.iter().flat_map(|ids| ids.iter());
    let known: FxHashSet<IssueId> = mirrored.chain(subtasks).copied().collect();
    let is_in_scope = |issue: &ObservedIssue| match &settings.scope {
        AgileScope::Board(_) => true,
        AgileScope::Projects { keys, .. } => keys.contains(&issue.project),
    };
    hinted
        .iter()
        .any(|id| known.contains(id) || session.found.get(id).is_some_and(is_in_scope))
}

/// Reads all of it, as a resync does.
async fn everything(
    reading: &Reading<'_>,
    session: &mut Session,
    one: &mut Followed,
    settings: &AgileSettings,
) -> Result<(), Stop> {
    let (record, loaded) = (&one.record, reading.loaded);
    let handle = session.handle();
    let read = complete::agile(&handle, loaded, record, &record.rule, settings).await?;
    one.listed = true;
    if let Some(kept) = kept(&read.evidence) {
        session.listed.extend(kept.ranked.iter().copied());
        (one.list, one.pairs, one.subtasks) = (kept.ranked, kept.epics, kept.subtasks);
    }
    session.take(read.evidence.issues().cloned().collect());
    session.take(read.by_id);
    session.missing.extend(read.missing);
    Ok(())
}
