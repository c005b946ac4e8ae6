//! A row of `observations`.

use crate::observation::Observation;
use crate::schema::observations;
use diesel::{Insertable, Queryable, Selectable};
use resync_core::id::{IssueId, IssueKey, JiraId, ProjectKey, TrackerId};
use resync_core::issue::{IssueType, ObservedIssue};
use resync_core::time::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;

#[derive(Queryable, Selectable)]
#[diesel(table_name = observations)]
pub(crate) struct StoredObservation {
    tracker: i64,
    issue: i64,
    issue_key: String,
    summary: String,
    project: String,
    type_id: String,
    type_name: String,
    subtask: bool,
    status: String,
    assignee: Option<String>,
    parent: Option<i64>,
    updated: i64,
    seen_time: i64,
    gone_time: Option<i64>,
}

impl StoredObservation {
    /// The observation, with the texts that others share kept once.
    pub(crate) fn interned(self, texts: &mut Interner) -> Observation {
        Observation {
            tracker: TrackerId(self.tracker),
            issue: ObservedIssue {
                id: IssueId(self.issue),
                key: IssueKey::new(self.issue_key),
                summary: self.summary.into(),
                project: ProjectKey(texts.keep(&self.project)),
                issue_type: IssueType {
                    id: JiraId(texts.keep(&self.type_id)),
                    name: texts.keep(&self.type_name),
                    subtask: self.subtask,
                },
                status: texts.keep(&self.status),
                assignee: self.assignee.map(|name| texts.keep(&name)),
                parent: self.parent.map(IssueId),
                updated: Timestamp(self.updated),
            },
            seen_time: Timestamp(self.seen_time),
            gone_time: self.gone_time.map(Timestamp),
        }
    }
}

/// Texts that repeat: projects, types, states, people.
#[derive(Default)]
pub(crate) struct Interner(HashSet<Arc<str>>);

impl Interner {
    fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.0.insert(Arc::clone(&new));
        new
    }
}

/// An observation to write. `None` is written as NULL, so that one statement takes many.
#[derive(Insertable)]
#[diesel(table_name = observations)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewObservation<'a> {
    pub(crate) tracker: i64,
    pub(crate) issue: i64,
    pub(crate) issue_key: &'a str,
    pub(crate) summary: &'a str,
    pub(crate) project: &'a str,
    pub(crate) type_id: &'a str,
    pub(crate) type_name: &'a str,
    pub(crate) subtask: bool,
    pub(crate) status: &'a str,
    pub(crate) assignee: Option<&'a str>,
    pub(crate) parent: Option<i64>,
    pub(crate) updated: i64,
    pub(crate) seen_time: i64,
    pub(crate) gone_time: Option<i64>,
}

impl<'a> NewObservation<'a> {
    pub(crate) fn new(tracker: TrackerId, issue: &'a ObservedIssue, seen: Timestamp) -> Self {
        Self {
            tracker: tracker.0,
            issue: issue.id.0,
            issue_key: issue.key.as_str(),
            summary: &issue.summary,
            project: issue.project.as_str(),
            type_id: issue.issue_type.id.as_str(),
            type_name: &issue.issue_type.name,
            subtask: issue.issue_type.subtask,
            status: &issue.status,
            assignee: issue.assignee.as_deref(),
            parent: issue.parent.map(|parent| parent.0),
            updated: issue.updated.0,
            seen_time: seen.0,
            gone_time: None,
        }
    }
}
