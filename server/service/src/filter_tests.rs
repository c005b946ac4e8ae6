//! What filters accept, and what they let pass.

use super::*;

const FIELDS: &[Field] = &[
    ("state", Type::OneOf(&["STATE_RUNNING", "STATE_FAILED"])),
    ("name", Type::Text),
    ("depth", Type::Number),
    ("create_time", Type::Time),
    ("preview", Type::Flag),
    ("rule.filter", Type::Presence),
];

fn record(field: &'static str) -> Value<'static> {
    match field {
        "state" => Value::Text("STATE_RUNNING"),
        "name" => Value::Text("Roadmap \"2027\""),
        "depth" => Value::Number(2),
        "create_time" => Value::Time(Some(Timestamp(1_763_769_600_000))),
        "preview" => Value::Flag(false),
        _ => Value::Flag(true),
    }
}

fn passes(text: &str) -> bool {
    Filter::parse(text, FIELDS).expect(text).passes(record)
}

fn complaint(text: &str) -> String {
    Filter::parse(text, FIELDS)
        .expect_err(text)
        .violations
        .remove(0)
        .description
}

#[test]
fn comparisons_are_joined_by_and() {
    assert!(passes(""));
    assert!(passes("state = STATE_RUNNING AND depth >= 2 AND depth<3"));
    assert!(passes(
        r#"create_time > "2025-11-21T00:00:00Z" AND preview = false"#
    ));
    assert!(passes(r#"name:roadmap AND name = "Roadmap \"2027\"""#));
    assert!(passes("rule.filter:*"));
    assert!(!passes("state = STATE_RUNNING AND depth != 2"));
    assert!(!passes("state != STATE_RUNNING"));
}

#[test]
fn a_filter_that_cannot_be_read_says_where() {
    let texts = [
        "size = 2",
        "state",
        "state =",
        "state = STATE_ODD",
        "state < STATE_RUNNING",
        "depth = two",
        "depth:2",
        "create_time > yesterday",
        "preview = maybe",
        "rule.filter = 1",
        "name = \"open",
        "depth = 2 OR depth = 3",
        "depth = 2 AND",
    ];
    let found: Vec<String> = texts
        .iter()
        .map(|text| format!("{text} -> {}", complaint(text)))
        .collect();
    expect_test::expect![[r#"
        size = 2 -> `size` is not a field of this filter: state, name, depth, create_time, preview, rule.filter
        state -> a comparison (=, !=, <, <=, >, >=, :) must follow `state`
        state = -> a value is missing after the comparison
        state = STATE_ODD -> `state` is one of STATE_RUNNING, STATE_FAILED
        state < STATE_RUNNING -> `state` cannot be compared like this
        depth = two -> `depth` is a whole number
        depth:2 -> `depth` cannot be compared like this
        create_time > yesterday -> `create_time` is a time such as "2026-11-22T00:00:00Z"
        preview = maybe -> `preview` is true or false
        rule.filter = 1 -> only `rule.filter:*` can be asked
        name = "open -> a quote is not closed
        depth = 2 OR depth = 3 -> comparisons must be joined by AND
        depth = 2 AND -> ends with AND"#]].assert_eq(&found.join("\n"));
    assert!(complaint(&"x".repeat(3000)).contains("longer"));
}
