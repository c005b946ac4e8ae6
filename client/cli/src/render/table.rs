//! Columns for lists, and pairs for single things.

use super::{
    style::Style,
    text::{clean, pad, width},
};

/// A table with a heading and left-aligned columns; `empty` when there are no rows.
#[must_use]
pub fn table(style: Style, heading: &[&str], rows: &[Vec<String>], empty: &str) -> String {
    if rows.is_empty() {
        return format!("{empty}\n");
    }
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| clean(cell)).collect())
        .collect();
    let columns: Vec<usize> = heading
        .iter()
        .enumerate()
        .map(|(column, title)| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| width(cell))
                .fold(width(title), usize::max)
        })
        .collect();
    let heading: Vec<String> = heading.iter().map(|title| (*title).to_owned()).collect();
    let mut text = style.strong(&line(&heading, &columns));
    text.push('\n');
    for row in &rows {
        text.push_str(&line(row, &columns));
        text.push('\n');
    }
    text
}

fn line(cells: &[String], columns: &[usize]) -> String {
    let cells: Vec<String> = cells
        .iter()
        .zip(columns)
        .map(|(cell, columns)| pad(cell, *columns))
        .collect();
    cells.join("  ").trim_end().to_owned()
}

/// Names and values, one pair a line. Pairs without a value are left out.
#[must_use]
pub fn pairs(style: Style, pairs: &[(&str, String)]) -> String {
    let shown: Vec<&(&str, String)> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let column = shown.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    shown
        .iter()
        .map(|(name, value)| format!("{}  {}\n", style.strong(&pad(name, column)), clean(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["launch".to_owned(), "検査".to_owned(), "84".to_owned()],
            vec!["x".to_owned(), "a\tb".to_owned(), "1".to_owned()],
        ];
        expect![[r#"
            STRUCTURE  NAME  ROWS
            launch     検査  84
            x          a�b   1
        "#]]
        .assert_eq(&table(
            Style::PLAIN,
            &["STRUCTURE", "NAME", "ROWS"],
            &rows,
            "none",
        ));
    }

    #[test]
    fn an_empty_list_says_so() {
        assert_eq!(
            table(Style::PLAIN, &["A"], &[], "No structures."),
            "No structures.\n"
        );
    }

    #[test]
    fn pairs_without_a_value_are_left_out() {
        let shown = [
            ("Name", "Launch".to_owned()),
            ("Error", String::new()),
            ("State", "OK".to_owned()),
        ];
        expect![[r#"
            Name   Launch
            State  OK
        "#]]
        .assert_eq(&pairs(Style::PLAIN, &shown));
    }
}
