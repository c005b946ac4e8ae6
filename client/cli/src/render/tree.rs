//! The rows of a structure as an indented list, with the numbers that `resync row` takes.

use std::fmt::Write;

use resync_api::v1::{Row, Structure};

use super::{
    outline::names,
    style::Style,
    text::{clean, counted, id, width},
};

/// What is above the rows: which structure it is, and which version of it.
#[must_use]
pub fn heading(structure: &Structure, version: i64, rows: usize, style: Style) -> String {
    let rows = counted(i32::try_from(rows).unwrap_or(i32::MAX), "row");
    let name = style.strong(&clean(&structure.display_name));
    format!(
        "{name} ({}), version {version}, {rows}\n\n",
        id(&structure.name)
    )
}

/// The rows, down to `depth` levels.
#[must_use]
pub fn tree(rows: &[Row], depth: Option<i32>, style: Style) -> String {
    let shown: Vec<&Row> = rows
        .iter()
        .filter(|row| depth.is_none_or(|depth| row.depth < depth))
        .collect();
    let column = shown
        .iter()
        .map(|row| row.row_id.to_string().len())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for row in &shown {
        let number = style.faint(&format!("{:>column$}", row.row_id));
        let indent = "  ".repeat(usize::try_from(row.depth).unwrap_or(0));
        let _ = writeln!(text, "{number}  {indent}{}", label(row, style));
    }
    let hidden = rows.len() - shown.len();
    if hidden > 0 {
        let _ = writeln!(text, "… and {hidden} deeper");
    }
    if rows.is_empty() {
        text.push_str("No rows.\n");
    }
    text
}

fn label(row: &Row, style: Style) -> String {
    let (key, title) = names(row);
    let (key, title) = (clean(&key), clean(&title));
    if key.is_empty() {
        return style.strong(&title);
    }
    let mut text = key;
    if width(&title) > 0 {
        let _ = write!(text, "  {title}");
    }
    if let Some(fields) = &row.fields {
        if !fields.accessible {
            text.push_str("  (not visible to the account)");
        } else if !fields.status.is_empty() {
            let _ = write!(
                text,
                "  {}",
                style.faint(&format!("[{}]", clean(&fields.status)))
            );
        }
    }
    if row.alias {
        text.push_str("  (alias)");
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use resync_api::v1::{Folder, Issue, IssueFields, row};

    use super::*;

    fn rows() -> Vec<Row> {
        let folder = Row {
            row_id: 7,
            item: Some(row::Item::Folder(Folder {
                title: "Payments".to_owned(),
            })),
            ..Default::default()
        };
        let issue = |row_id, key: &str, accessible| Row {
            row_id,
            depth: 1,
            item: Some(row::Item::Issue(Issue {
                issue_key: key.to_owned(),
                ..Default::default()
            })),
            fields: Some(IssueFields {
                summary: "Card form".to_owned(),
                status: "Open".to_owned(),
                accessible,
                ..Default::default()
            }),
            ..Default::default()
        };
        let alias = Row {
            alias: true,
            ..issue(101, "PAY-1", true)
        };
        vec![
            folder,
            issue(12, "PAY-1", true),
            issue(13, "PAY-2", false),
            alias,
        ]
    }

    #[test]
    fn the_heading_tells_the_version() {
        let structure = Structure {
            name: "structures/launch".to_owned(),
            display_name: "Launch 2026".to_owned(),
            ..Default::default()
        };
        assert_eq!(
            heading(&structure, 41, 1, Style::PLAIN),
            "Launch 2026 (launch), version 41, 1 row\n\n"
        );
    }

    #[test]
    fn rows_are_indented_and_numbered() {
        expect![[r#"
              7  Payments
             12    PAY-1  Card form  [Open]
             13    PAY-2  Card form  (not visible to the account)
            101    PAY-1  Card form  [Open]  (alias)
        "#]]
        .assert_eq(&tree(&rows(), None, Style::PLAIN));
    }

    #[test]
    fn deeper_levels_are_left_out_and_counted() {
        expect![[r#"
            7  Payments
            … and 3 deeper
        "#]]
        .assert_eq(&tree(&rows(), Some(1), Style::PLAIN));
    }

    #[test]
    fn an_empty_structure_says_so() {
        assert_eq!(tree(&[], None, Style::PLAIN), "No rows.\n");
    }
}
