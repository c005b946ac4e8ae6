//! `resync row`: edits by hand.

use futures::TryStreamExt;
use resync_api::v1::{
    AddRows, Folder, ForestChange, Issue, MoveRows, Position, RemoveRows, Row, forest_change, row,
};

use crate::{
    args::{RowCommand, RowPlace},
    failure::Failure,
    render::{outline::names, text::clean},
    session::Session,
};

pub(crate) async fn row(session: &Session, command: RowCommand) -> Result<(), Failure> {
    let (structure, change) = match command {
        RowCommand::Add {
            structure,
            issue,
            folder,
            tracker,
            place,
        } => {
            let item = match (issue, folder) {
                (Some(key), _) => Some(issue_of(session, key, tracker).await?),
                (None, folder) => folder.map(|title| row::Item::Folder(Folder { title })),
            };
            let row = Row {
                item,
                ..Default::default()
            };
            let change = AddRows {
                position: Some(position(place)),
                rows: vec![row],
            };
            (structure, forest_change::Change::AddRows(change))
        }
        RowCommand::Move {
            structure,
            rows,
            place,
        } => {
            let change = MoveRows {
                position: Some(position(place)),
                row_ids: rows,
            };
            (structure, forest_change::Change::MoveRows(change))
        }
        RowCommand::Remove { structure, rows } => (
            structure,
            forest_change::Change::RemoveRows(RemoveRows { row_ids: rows }),
        ),
    };
    let changes = vec![ForestChange {
        change: Some(change),
    }];
    let made = session
        .client
        .structure(&structure)
        .edit(changes, 0)
        .await?;
    session.print(&made, |made| {
        let added = made.changes.iter().flat_map(added_rows).map(|row| {
            let (key, title) = names(row);
            format!(
                "added {} as row {}\n",
                clean(if key.is_empty() { &title } else { &key }),
                row.row_id
            )
        });
        let added: String = added.collect();
        format!("{added}version {}\n", made.forest_version)
    })
}

/// An issue as a row. Without a tracker, the only one there is; where there are several, the
/// server takes that of the structure's rules.
async fn issue_of(
    session: &Session,
    issue_key: String,
    tracker: Option<String>,
) -> Result<row::Item, Failure> {
    let tracker = match tracker {
        Some(tracker) => session.client.tracker(&tracker).name().to_owned(),
        None => {
            let all: Vec<_> = session.client.trackers().try_collect().await?;
            match &all[..] {
                [only] => only.name.clone(),
                _ => String::new(),
            }
        }
    };
    Ok(row::Item::Issue(Issue {
        tracker,
        issue_key,
        ..Default::default()
    }))
}

fn position(place: RowPlace) -> Position {
    Position {
        parent_row_id: place.under,
        previous_row_id: place.after,
    }
}

fn added_rows(change: &ForestChange) -> &[Row] {
    match &change.change {
        Some(forest_change::Change::AddRows(added)) => &added.rows,
        _ => &[],
    }
}
