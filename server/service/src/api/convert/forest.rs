//! Rows and steps of forests.

use super::field;
use super::synchronizer::from_issue_id;
use super::to_time;
use crate::app::edits::{AskedCommand, AskedItem};
use crate::app::labels::Labels;
use crate::app::rows::{Known, RowView};
use crate::app::watch_structure::{ForestMessage, ForestNews, Steps};
use crate::names;
use crate::refusal::Refusal;
use resync_api::v1;
use resync_api::v1::{forest_change, row};
use resync_core::change::{ForestChange, Item, Place};
use resync_core::edit::FOLDER_TITLE_MAX;
use resync_core::id::{IssueKey, RowId};
use resync_core::issue::{IssueRef, ObservedIssue};
use resync_store::Observation;

/// Most rows of one edit, over all its commands.
const EDIT_ROWS_MAX: usize = 1_000;

/// Most commands of one edit: each needs a row, and an empty one is refused anyway.
const COMMANDS_MAX: usize = EDIT_ROWS_MAX;

/// Longest key of an issue, in characters: ten times what Jira makes.
const ISSUE_KEY_MAX: usize = 255;

/// A row, with what people read about its issue when `fields` are asked for.
pub(crate) fn to_row(view: RowView, labels: &Labels, fields: bool) -> v1::Row {
    let RowView {
        id,
        parent,
        depth,
        item,
        alias,
        placed_by,
        observation,
    } = view;
    let (item, observed) = to_item(item, observation, labels);
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
    observation: Option<Observation>,
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
    let (issue_key, fields) = match observation {
        Some(observation) => {
            let (key, fields) = to_fields(observation);
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

fn to_fields(observation: Observation) -> (String, v1::IssueFields) {
    let Observation {
        tracker: _,
        issue,
        seen_time: _,
        gone_time,
    } = observation;
    let ObservedIssue {
        id: _,
        key,
        summary,
        project: _,
        issue_type,
        status,
        assignee,
        parent: _,
        updated,
    } = issue;
    let fields = v1::IssueFields {
        summary: summary.to_string(),
        issue_type: issue_type.name.to_string(),
        status: status.to_string(),
        assignee: assignee.map_or_else(String::new, |name| name.to_string()),
        subtask: issue_type.subtask,
        accessible: gone_time.is_none(),
        update_time: Some(to_time(updated)),
    };
    (key.to_string(), fields)
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
                let observation = match &item {
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
                    observation,
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

/// The commands of an edit.
pub(crate) fn from_changes(changes: Vec<v1::ForestChange>) -> Result<Vec<AskedCommand>, Refusal> {
    if changes.is_empty() {
        return Err(Refusal::field(
            "changes",
            "is required: at least one change",
        ));
    }
    if changes.len() > COMMANDS_MAX {
        return Err(Refusal::field(
            "changes",
            format!("has more than {COMMANDS_MAX} changes"),
        ));
    }
    let mut rows = 0;
    let mut commands = Vec::with_capacity(changes.len());
    for (index, change) in changes.into_iter().enumerate() {
        let path = format!("changes[{index}]");
        let (command, count) = from_change(&path, change)?;
        rows += count;
        if rows > EDIT_ROWS_MAX {
            let description = format!("have more than {EDIT_ROWS_MAX} rows in all; edit in steps");
            return Err(Refusal::field("changes", description));
        }
        commands.push(command);
    }
    Ok(commands)
}

/// One command, and how many rows it names.
fn from_change(path: &str, change: v1::ForestChange) -> Result<(AskedCommand, usize), Refusal> {
    let need = |field: &str, count: usize| match count {
        0 => Err(Refusal::field(
            format!("{path}.{field}"),
            "is required: at least one row",
        )),
        count => Ok(count),
    };
    match change.change {
        None => Err(Refusal::field(
            path,
            "must have one of add_rows, move_rows and remove_rows",
        )),
        Some(forest_change::Change::AddRows(v1::AddRows { position, rows })) => {
            let count = need("add_rows.rows", rows.len())?;
            let position = from_position(&format!("{path}.add_rows.position"), position)?;
            let item = |(number, row)| from_row(&format!("{path}.add_rows.rows[{number}]"), row);
            let rows = rows
                .into_iter()
                .enumerate()
                .map(item)
                .collect::<Result<_, _>>()?;
            Ok((AskedCommand::Add { position, rows }, count))
        }
        Some(forest_change::Change::MoveRows(v1::MoveRows { position, row_ids })) => {
            let count = need("move_rows.row_ids", row_ids.len())?;
            let position = from_position(&format!("{path}.move_rows.position"), position)?;
            let rows = from_row_ids(&format!("{path}.move_rows.row_ids"), row_ids)?;
            Ok((AskedCommand::Move { position, rows }, count))
        }
        Some(forest_change::Change::RemoveRows(v1::RemoveRows { row_ids })) => {
            let count = need("remove_rows.row_ids", row_ids.len())?;
            let rows = from_row_ids(&format!("{path}.remove_rows.row_ids"), row_ids)?;
            Ok((AskedCommand::Remove { rows }, count))
        }
    }
}

/// A position; the front of the top when it is unset.
fn from_position(path: &str, position: Option<v1::Position>) -> Result<Place, Refusal> {
    let v1::Position {
        parent_row_id,
        previous_row_id,
    } = position.unwrap_or_default();
    let row = |field: &str, id: i64| match id {
        0 => Ok(None),
        id if id > 0 => Ok(Some(RowId(id))),
        _ => Err(Refusal::field(
            format!("{path}.{field}"),
            "is not the id of a row",
        )),
    };
    Ok(Place {
        parent: row("parent_row_id", parent_row_id)?,
        previous: row("previous_row_id", previous_row_id)?,
    })
}

fn from_row_ids(path: &str, ids: Vec<i64>) -> Result<Vec<RowId>, Refusal> {
    let row = |(index, id): (usize, i64)| match id > 0 {
        true => Ok(RowId(id)),
        false => Err(Refusal::field(
            format!("{path}[{index}]"),
            "is not the id of a row",
        )),
    };
    ids.into_iter().enumerate().map(row).collect()
}

fn from_row(path: &str, row: v1::Row) -> Result<(usize, AskedItem), Refusal> {
    let v1::Row {
        row_id: _,
        parent_row_id: _,
        depth,
        item,
        synchronizer: _,
        alias: _,
        fields: _,
    } = row;
    let depth = usize::try_from(depth)
        .map_err(|_| Refusal::field(format!("{path}.depth"), "must not be negative"))?;
    let item = match item {
        None => return Err(Refusal::field(path, "must have an issue or a folder")),
        Some(row::Item::Folder(v1::Folder { title })) => {
            let path = format!("{path}.folder.title");
            if title.trim().is_empty() {
                return Err(Refusal::field(path, "is required"));
            }
            AskedItem::Folder(field::text(&path, title, FOLDER_TITLE_MAX)?.into())
        }
        Some(row::Item::Issue(issue)) => from_issue(&format!("{path}.issue"), issue)?,
    };
    Ok((depth, item))
}

fn from_issue(path: &str, issue: v1::Issue) -> Result<AskedItem, Refusal> {
    let v1::Issue {
        tracker,
        issue_key,
        issue_id,
    } = issue;
    let tracker = match tracker.as_str() {
        "" => None,
        name => Some(names::parse_tracker(&format!("{path}.tracker"), name)?),
    };
    let id = match issue_id.as_str() {
        "" => None,
        id => Some(from_issue_id(&format!("{path}.issue_id"), id)?),
    };
    if id.is_none() && issue_key.is_empty() {
        return Err(Refusal::field(
            path,
            "must have an issue_key or an issue_id",
        ));
    }
    let key_path = format!("{path}.issue_key");
    let shaped = issue_key.split_once('-').is_some_and(|(project, number)| {
        !project.is_empty()
            && project
                .chars()
                .all(|one| one.is_alphanumeric() || one == '_')
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if id.is_none() && !shaped {
        return Err(Refusal::field(
            key_path,
            "is not the key of an issue, such as PROJ-123",
        ));
    }
    let key = field::text(&key_path, issue_key, ISSUE_KEY_MAX)?;
    Ok(AskedItem::Issue {
        tracker,
        id,
        key: IssueKey::new(key),
    })
}
