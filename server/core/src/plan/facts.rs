//! What is known of issues, whoever read it.

use super::snapshot::Snapshot;
use crate::id::{IssueId, IssueKey, JiraId};
use crate::issue::{IssueRef, ObservedIssue};
use crate::synchronizer::SubtasksSettings;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What the store knows of an issue: what the planner and the list of changes need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueFacts {
    /// The key, when it was last read.
    pub key: IssueKey,
    /// The summary, when it was last read.
    pub summary: Arc<str>,
    /// The parent.
    pub parent: Option<IssueId>,
    /// Whether its type is one of sub-tasks.
    pub subtask: bool,
    /// The id of its type.
    pub issue_type: JiraId,
}

impl From<&ObservedIssue> for IssueFacts {
    fn from(issue: &ObservedIssue) -> IssueFacts {
        IssueFacts {
            key: issue.key.clone(),
            summary: issue.summary.clone(),
            parent: issue.parent,
            subtask: issue.issue_type.subtask,
            issue_type: issue.issue_type.id.clone(),
        }
    }
}

/// What is known of the issues of a snapshot: what was read for it, else what the store knows. Of
/// two readings, the one that Jira says is newer counts.
pub struct Facts<'a> {
    read: FxHashMap<IssueRef, &'a ObservedIssue>,
    stored: &'a FxHashMap<IssueRef, IssueFacts>,
}

impl<'a> Facts<'a> {
    /// Gathers what a snapshot knows.
    pub fn new(snapshot: &Snapshot<'a>) -> Facts<'a> {
        let mut read: FxHashMap<IssueRef, &'a ObservedIssue> = FxHashMap::default();
        for reading in snapshot.readings {
            let of_reading = |synchronizer: &&crate::synchronizer::PlannedSynchronizer| {
                synchronizer.id == reading.synchronizer
            };
            let Some(synchronizer) = snapshot.synchronizers.iter().find(of_reading) else {
                continue;
            };
            let issues = reading.evidence.issues();
            read.reserve(issues.size_hint().0);
            for issue in issues {
                let named = IssueRef {
                    tracker: synchronizer.rule.tracker,
                    issue: issue.id,
                };
                let known = read.entry(named).or_insert(issue);
                if known.updated < issue.updated {
                    *known = issue;
                }
            }
        }
        Facts {
            read,
            stored: snapshot.issues,
        }
    }

    /// The key and the summary of an issue; `None` when it is not known.
    pub fn label(&self, issue: IssueRef) -> Option<(&IssueKey, &Arc<str>)> {
        match self.read.get(&issue) {
            Some(read) => Some((&read.key, &read.summary)),
            None => self
                .stored
                .get(&issue)
                .map(|stored| (&stored.key, &stored.summary)),
        }
    }

    /// The parent of an issue that is a sub-task of one of the selected types.
    pub(super) fn selected_parent(
        &self,
        issue: IssueRef,
        settings: &SubtasksSettings,
    ) -> Option<IssueId> {
        let (subtask, issue_type, parent) = match self.read.get(&issue) {
            Some(read) => (read.issue_type.subtask, &read.issue_type.id, read.parent),
            None => {
                let stored = self.stored.get(&issue)?;
                (stored.subtask, &stored.issue_type, stored.parent)
            }
        };
        let selected = settings.issue_types.is_empty() || settings.issue_types.contains(issue_type);
        parent.filter(|&parent| subtask && selected && parent != issue.issue)
    }

    /// The parent of an issue that is a sub-task of whatever type.
    pub(super) fn parent_of_subtask(&self, issue: IssueRef) -> Option<IssueId> {
        let every_type = SubtasksSettings {
            issue_types: Vec::new(),
            remove_orphaned: false,
        };
        self.selected_parent(issue, &every_type)
    }
}
