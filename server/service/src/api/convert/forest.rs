//! Rows and steps of forests.

use super::to_time;
use crate::app::labels::Labels;
use crate::app::rows::{Known, RowView};
use crate::app::watch_structure::{ForestMessage, ForestNews, Steps};
use crate::refusal::Refusal;
use resync_api::v1;
use resync_api::v1::{forest_change, row};
use resync_core::change::{ForestChange, Item, Place};
use resync_core::issue::IssueRef;
use resync_store::ShownIssue;

/// A row, with what people read about its issue when `fields` are asked for.
pub(crate) fn to_row(view: RowView, labels: &Labels, fields: bool) -> v1::Row {
    let RowView {
        id,
        parent,
        depth,
        item,
        alias,
        placed_by,
        shown,
    } = view;
    let (item, observed) = to_item(item, shown, labels);
    v1::Row {
        row_id: id.0,
        parent_row_id: parent.map_or(0, |parent| parent.0),
        depth: i32::try_from(depth).unwrap_or(i32::MAX),
        item: Some(item),
        synchronizer: placed_by.map_or_else(String::new, |id| labels.synchronizer_name(id)),
        alias,
        fields: observed.filter(|_| fields),
    }
}

/// What a row shows, and what is known of it. An issue that nothing is known of has no key.
fn to_item(
    item: Item,
    shown: Option<ShownIssue>,
    labels: &Labels,
) -> (row::Item, Option<v1::IssueFields>) {
    let issue = match item {
        Item::Folder(title) => {
            return (
                row::Item::Folder(v1::Folder {
                    title: title.to_string(),
                }),
                None,
            );
        }
        Item::Issue(issue) => issue,
    };
    let IssueRef { tracker, issue } = issue;
    let (issue_key, fields) = match shown {
        Some(shown) => {
            let (key, fields) = to_fields(shown);
            (key, Some(fields))
        }
        None => (String::new(), Some(v1::IssueFields::default())),
    };
    let tracker = labels.tracker_name(tracker);
    (
        row::Item::Issue(v1::Issue {
            tracker,
            issue_key,
            issue_id: issue.to_string(),
        }),
        fields,
    )
}

fn to_fields(shown: ShownIssue) -> (String, v1::IssueFields) {
    let fields = v1::IssueFields {
        summary: shown.summary,
        issue_type: shown.type_name,
        status: shown.status,
        assignee: shown.assignee.unwrap_or_default(),
        subtask: shown.subtask,
        accessible: !shown.gone,
        update_time: Some(to_time(shown.updated)),
    };
    (shown.key, fields)
}

fn to_position(place: Place) -> v1::Position {
    let Place { parent, previous } = place;
    v1::Position {
        parent_row_id: parent.map_or(0, |row| row.0),
        previous_row_id: previous.map_or(0, |row| row.0),
    }
}

/// The steps that a watcher can apply. Which of several rows of an issue is the primary one is not
/// a step of the API.
pub(crate) fn to_changes(
    changes: Vec<ForestChange>,
    known: &Known,
    labels: &Labels,
) -> Vec<v1::ForestChange> {
    let step = |change: ForestChange| {
        let change = match change {
            ForestChange::Add {
                row,
                item,
                alias,
                to,
            } => {
                let shown = match &item {
                    Item::Issue(issue) => known.get(issue).cloned(),
                    Item::Folder(_) => None,
                };
                let view = RowView {
                    id: row,
                    parent: to.parent,
                    depth: 0,
                    item,
                    alias,
                    placed_by: None,
                    shown,
                };
                let rows = vec![to_row(view, labels, true)];
                let position = Some(to_position(to));
                forest_change::Change::AddRows(v1::AddRows { position, rows })
            }
            ForestChange::Move { row, from: _, to } => {
                let position = Some(to_position(to));
                forest_change::Change::MoveRows(v1::MoveRows {
                    position,
                    row_ids: vec![row.0],
                })
            }
            ForestChange::Remove {
                row,
                item: _,
                alias: _,
                from: _,
            } => forest_change::Change::RemoveRows(v1::RemoveRows {
                row_ids: vec![row.0],
            }),
            ForestChange::SetAlias { row: _, alias: _ } => return None,
        };
        Some(v1::ForestChange {
            change: Some(change),
        })
    };
    changes.into_iter().filter_map(step).collect()
}

/// A message of a watch.
pub(crate) fn to_watch_message(message: ForestMessage) -> v1::WatchStructureResponse {
    use v1::watch_structure_response::Type;
    let ForestMessage {
        news,
        labels,
        version,
        time,
        continued,
        resume_token,
    } = message;
    let mut response = v1::WatchStructureResponse {
        resume_token,
        event_time: Some(to_time(time)),
        forest_version: version.0,
        continued,
        ..Default::default()
    };
    let kind = match news {
        ForestNews::Reset(record) => {
            response.structure = Some(super::structure::to_structure(record));
            Type::Reset
        }
        ForestNews::Updated(record) => {
            response.structure = Some(super::structure::to_structure(record));
            Type::StructureUpdated
        }
        ForestNews::Rows(rows) => {
            response.rows = rows
                .into_iter()
                .map(|row| to_row(row, &labels, true))
                .collect();
            Type::Rows
        }
        ForestNews::Changes(Steps {
            changes,
            known,
            job,
            principal,
        }) => {
            response.changes = to_changes(changes, &known, &labels);
            response.job = job.map_or_else(String::new, |job| labels.job_name(job));
            response.principal = principal.to_string();
            Type::Changes
        }
        ForestNews::Current => Type::Current,
        ForestNews::Heartbeat => Type::Heartbeat,
        ForestNews::Deleted => Type::Deleted,
    };
    response.r#type = kind.into();
    response
}

/// Whether the view that a caller asks for has the fields of issues.
pub(crate) fn rows_view(view: i32) -> Result<bool, Refusal> {
    match v1::RowView::try_from(view) {
        Ok(v1::RowView::Unspecified | v1::RowView::Full) => Ok(true),
        Ok(v1::RowView::Basic) => Ok(false),
        Err(_) => Err(Refusal::field("view", "is not a view of rows")),
    }
}
