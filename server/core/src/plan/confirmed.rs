//! What a person has confirmed: the changes that a preview showed.

use crate::id::{IssueId, RowId};
use crate::issue::IssueRef;
use crate::job::{ChangeKind, ChangeState, JobChange};
use rustc_hash::{FxHashMap, FxHashSet};

/// A row as a preview and a later plan both know it: a row that the plan adds may get another id
/// the next time, so it goes by its issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Subject {
    /// The top of the forest.
    Top,
    /// A row that was there.
    Existing(RowId),
    /// A row that the plan adds, by its issue.
    Added(IssueId),
}

/// What makes two changes the same: kind, row, and the parent afterwards (the top for a removal).
pub(crate) type ChangeKey = (ChangeKind, Subject, Subject);

/// The changes that may be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfirmedPlan {
    changes: FxHashSet<ChangeKey>,
}

impl ConfirmedPlan {
    /// Everything that a preview has planned. `changes` is its whole list.
    pub fn from_changes<'a>(changes: impl IntoIterator<Item = &'a JobChange>) -> ConfirmedPlan {
        Self::of_part(changes, |_| true)
    }

    /// A part of what a preview has planned. `changes` is its whole list: also a change that is
    /// not confirmed tells which rows the preview was going to add.
    pub fn of_part<'a>(
        changes: impl IntoIterator<Item = &'a JobChange>,
        is_confirmed: impl Fn(&JobChange) -> bool,
    ) -> ConfirmedPlan {
        let planned = keys_of_planned(changes).into_iter();
        let confirmed = planned.filter(|(_, change)| is_confirmed(change));
        ConfirmedPlan {
            changes: confirmed.map(|(key, _)| key).collect(),
        }
    }

    /// Whether the change may be made.
    pub(super) fn covers(&self, key: &ChangeKey) -> bool {
        self.changes.contains(key)
    }
}

/// What is planned among listed changes, each with its key.
pub(crate) fn keys_of_planned<'a>(
    changes: impl IntoIterator<Item = &'a JobChange>,
) -> Vec<(ChangeKey, &'a JobChange)> {
    let planned: Vec<&JobChange> = changes
        .into_iter()
        .filter(|change| change.state == ChangeState::Planned)
        .collect();
    let added: FxHashMap<RowId, IssueId> = planned
        .iter()
        .filter(|change| change.kind == ChangeKind::AddRow)
        .filter_map(|change| Some((change.row?, change.issue?)))
        .collect();
    let subject = |row: Option<RowId>| match row {
        None => Subject::Top,
        Some(row) => added
            .get(&row)
            .map_or(Subject::Existing(row), |&i| Subject::Added(i)),
    };
    let key = |change: &JobChange| {
        let parent = match change.kind {
            ChangeKind::AddRow | ChangeKind::MoveRow => subject(change.new_parent),
            ChangeKind::RemoveRow => Subject::Top,
        };
        (change.kind, subject(change.row), parent)
    };
    planned
        .into_iter()
        .map(|change| (key(change), change))
        .collect()
}

/// The key of a change; `existed` tells whether a row was there before the plan.
pub(crate) fn key_of(
    kind: ChangeKind,
    row: Option<RowId>,
    issue: IssueRef,
    parent: Option<(RowId, Option<IssueRef>)>,
    existed: impl Fn(RowId) -> bool,
) -> ChangeKey {
    let subject = match row.filter(|&row| existed(row)) {
        Some(row) => Subject::Existing(row),
        None => Subject::Added(issue.issue),
    };
    let parent = match (kind, parent) {
        (ChangeKind::RemoveRow, _) | (_, None) => Subject::Top,
        (_, Some((row, issue))) => match issue.filter(|_| !existed(row)) {
            Some(issue) => Subject::Added(issue.issue),
            None => Subject::Existing(row),
        },
    };
    (kind, subject, parent)
}
