//! A structure as an outline: one line a row, indented by its depth.

use futures::TryStreamExt;
use resync_api::v1::{Row, RowView, row};
use resync_client::{Client, StructureHandle};

/// All rows of a structure, depth-first.
pub(crate) async fn rows(structure: &StructureHandle) -> Vec<Row> {
    structure
        .rows(0, RowView::Full)
        .try_collect()
        .await
        .expect("the rows can be listed")
}

/// The outline of a structure: keys of issues, titles of folders.
pub(crate) async fn of(client: &Client, structure: &str) -> String {
    let rows = rows(&client.structure(structure)).await;
    rows.iter().map(line).collect()
}

/// One line of an outline.
pub(crate) fn line(row: &Row) -> String {
    let indent = "  ".repeat(usize::try_from(row.depth).expect("a depth is not negative"));
    match &row.item {
        Some(row::Item::Issue(issue)) => format!("{indent}{}\n", issue.issue_key),
        Some(row::Item::Folder(folder)) => format!("{indent}[{}]\n", folder.title),
        None => format!("{indent}?\n"),
    }
}
