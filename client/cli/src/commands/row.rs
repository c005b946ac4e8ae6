//! `resync row`: edits by hand.

use resync_api::v1::{
    AddRows, Folder, ForestChange, Issue, MoveRows, Position, RemoveRows, Row, forest_change, row,
};

use crate::{
    args::{RowCommand, RowPlace},
    failure::Failure,
    render::outline::names,
    session::Session,
};

pub(crate) async fn row(session: &Session, command: RowCommand) -> Result<(), Failure> {
    let (structure, change) = match command {
        RowCommand::Add {
            structure,
            issue,
            folder,
            place,
        } => {
            let rows = vec![Row {
                item: item(issue, folder),
                ..Default::default()
            }];
            let change = AddRows {
                position: Some(position(place)),
                rows,
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
                if key.is_empty() { title } else { key },
                row.row_id
            )
        });
        let added: String = added
            .map(|line| crate::render::text::clean(line.trim_end()) + "\n")
            .collect();
        format!("{added}version {}\n", made.forest_version)
    })
}

fn item(issue: Option<String>, folder: Option<String>) -> Option<row::Item> {
    let issue = issue.map(|issue_key| {
        row::Item::Issue(Issue {
            issue_key,
            ..Default::default()
        })
    });
    issue.or_else(|| folder.map(|title| row::Item::Folder(Folder { title })))
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
