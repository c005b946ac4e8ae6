//! A row of `observations`.

use crate::observation::Observation;
use crate::schema::observations;
use diesel::{Insertable, Queryable, Selectable};
use resync_core::id::{IssueId, IssueKey, JiraId, ProjectKey, TrackerId};
use resync_core::issue::{IssueType, ObservedIssue};
use resync_core::time::Timestamp;

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

impl From<StoredObservation> for Observation {
    fn from(row: StoredObservation) -> Self {
        Self {
            tracker: TrackerId(row.tracker),
            issue: ObservedIssue {
                id: IssueId(row.issue),
                key: IssueKey::new(row.issue_key),
                summary: row.summary.into(),
                project: ProjectKey::new(row.project),
                issue_type: IssueType {
                    id: JiraId::new(row.type_id),
                    name: row.type_name.into(),
                    subtask: row.subtask,
                },
                status: row.status.into(),
                assignee: row.assignee.map(Into::into),
                parent: row.parent.map(IssueId),
                updated: Timestamp(row.updated),
            },
            seen_time: Timestamp(row.seen_time),
            gone_time: row.gone_time.map(Timestamp),
        }
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
