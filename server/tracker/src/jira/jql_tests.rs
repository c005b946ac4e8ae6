//! JQL taken apart and written.

use super::{Jql, issue_key, literal, subtasks_of_issues, subtasks_of_projects, with_ids};
use expect_test::{Expect, expect};
use resync_core::id::{IssueId, JiraId, ProjectKey};
use resync_core::time::Timestamp;

fn split(text: &str) -> String {
    match Jql::split(text) {
        Ok(Jql { condition, order }) => format!("{condition} | {}", order.unwrap_or_default()),
        Err(malformed) => malformed.to_string(),
    }
}

#[test]
fn a_query_is_taken_apart_at_its_order() {
    let check = |text: &str, expected: Expect| expected.assert_eq(&split(text));
    check("project = PAY", expect!["project = PAY | "]);
    check(
        "project = PAY ORDER BY Rank",
        expect!["project = PAY | ORDER BY Rank"],
    );
    check(
        " project=PAY\n order\tby  key desc ",
        expect!["project=PAY | order\tby  key desc"],
    );
    check("ORDER BY created", expect![" | ORDER BY created"]);
    check("", expect![" | "]);
    check(
        "(a = 1)ORDER BY x, \"Story Points\" DESC",
        expect![[r#"(a = 1) | ORDER BY x, "Story Points" DESC"#]],
    );
    check(
        "cf[10014]=1 Order By cf[10014]",
        expect!["cf[10014]=1 | Order By cf[10014]"],
    );
}

#[test]
fn an_order_in_quotes_or_parentheses_or_in_part_of_a_word_is_none() {
    let check = |text: &str, expected: Expect| expected.assert_eq(&split(text));
    check(
        "summary ~ \"ORDER BY x\"",
        expect![[r#"summary ~ "ORDER BY x" | "#]],
    );
    check(
        "summary ~ 'it\\'s ORDER BY x'",
        expect![[r#"summary ~ 'it\'s ORDER BY x' | "#]],
    );
    check("\"ORDER\" BY x", expect![[r#""ORDER" BY x | "#]]);
    check("reorder by x", expect!["reorder by x | "]);
    check("order bylaw", expect!["order bylaw | "]);
    check("a in (order by x)", expect!["a in (order by x) | "]);
    check(
        "summary ~ x\\ order by y",
        expect!["summary ~ x\\ order by y | "],
    );
    check(
        "sümmary ~ ünder ORDER BY x",
        expect!["sümmary ~ ünder | ORDER BY x"],
    );
}

#[test]
fn what_is_not_closed_is_malformed() {
    let check = |text: &str, expected: Expect| expected.assert_eq(&split(text));
    check("summary ~ \"x", expect!["a quotation mark is not closed"]);
    check(
        "summary ~ \"x\\\"",
        expect!["a quotation mark is not closed"],
    );
    check("(a = 1", expect!["its parentheses do not match"]);
    check("a = 1)", expect!["its parentheses do not match"]);
    check("a = 1) OR (b = 2", expect!["its parentheses do not match"]);
    check(
        "a = \")\" AND (b = ')')",
        expect![[r#"a = ")" AND (b = ')') | "#]],
    );
}

#[test]
fn a_window_adds_its_condition_around_the_whole_query() {
    let jql = Jql::split("a = 1 OR b = 2 ORDER BY Rank").unwrap();
    let from = Some(Timestamp(1_700_000_000_000));
    expect!["(a = 1 OR b = 2) AND created >= 1700000000000 ORDER BY created ASC, key ASC"]
        .assert_eq(&jql.since_creation(from));
    expect!["a = 1 OR b = 2 ORDER BY created ASC, key ASC"].assert_eq(&jql.since_creation(None));
    expect!["a = 1 OR b = 2 ORDER BY Rank"].assert_eq(&jql.in_own_order());
    let all = Jql::split("").unwrap();
    expect!["created >= 1700000000000 ORDER BY created ASC, key ASC"]
        .assert_eq(&all.since_creation(from));
    expect!["ORDER BY created ASC, key ASC"].assert_eq(&all.in_own_order());
}

#[test]
fn values_stay_values() {
    for (value, expected) in [
        ("10001", expect!["10001"]),
        ("FIRST", expect![[r#""FIRST""#]]),
        ("", expect![[r#""""#]]),
        (
            "A\") OR (project = \"B",
            expect![[r#""A\") OR (project = \"B""#]],
        ),
        ("a\\", expect![[r#""a\\""#]]),
        ("a\nb", expect![[r#""a b""#]]),
    ] {
        expected.assert_eq(&literal(value));
        assert!(Jql::split(&literal(value)).unwrap().order.is_none());
    }
}

#[test]
fn searches_are_written_from_ids_and_keys() {
    let types = [JiraId::new("10003"), JiraId::new("5")];
    let (parents, projects) = (
        [IssueId(7), IssueId(8)],
        [ProjectKey::new("PAY"), ProjectKey::new("AND")],
    );
    expect!["id in (7,8)"].assert_eq(&with_ids(&parents));
    expect!["parent in (7,8) AND issuetype in subTaskIssueTypes()"]
        .assert_eq(&subtasks_of_issues(&parents, &[]));
    expect!["parent in (7,8) AND issuetype in (10003,5)"]
        .assert_eq(&subtasks_of_issues(&parents, &types));
    expect![[r#"project in ("PAY","AND") AND issuetype in (10003,5)"#]]
        .assert_eq(&subtasks_of_projects(&projects, &types));
}

#[test]
fn a_key_is_recognised() {
    assert_eq!(issue_key(" pay-12 ").as_deref(), Some("PAY-12"));
    assert_eq!(issue_key("A_1-9").as_deref(), Some("A_1-9"));
    for text in [
        "", "-", "PAY", "PAY-", "PAY-0", "PAY-01", "1PAY-1", "P/Y-1", "PAY-1 2", "P%-1",
    ] {
        assert_eq!(issue_key(text), None, "{text}");
    }
}
