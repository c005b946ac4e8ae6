//! Edits of forests, as callers ask for them.

use super::field;
use super::rule::from_issue_id;
use crate::app::edits::{AskedCommand, AskedItem};
use crate::names;
use crate::refusal::Refusal;
use resync_api::v1;
use resync_api::v1::{forest_change, row};
use resync_core::change::Place;
use resync_core::edit::FOLDER_TITLE_MAX;
use resync_core::id::{IssueKey, RowId};

/// Most rows of one edit, over all its commands.
const EDIT_ROWS_MAX: usize = 1_000;

/// Most commands of one edit: each needs a row, and an empty one is refused anyway.
const COMMANDS_MAX: usize = EDIT_ROWS_MAX;

/// Longest key of an issue, in characters: ten times what Jira makes.
const ISSUE_KEY_MAX: usize = 255;

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
