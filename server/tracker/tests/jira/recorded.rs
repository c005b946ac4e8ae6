//! Bodies that real Jira servers gave, as far as they lie beside the checkout.

use crate::script::{as_usual, jql, page, scripted, settings};
use crate::simulated::{keys_of, over, simulator};
use expect_test::expect;
use resync_core::id::JiraId;
use resync_tracker::jira::{HierarchyFields, Product};
use resync_tracker::{Query, TrackerReader};
use std::path::{Path, PathBuf};

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/jira/data")
}

/// A recorded body; none, with a line that says so, when the recordings are not there.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
pub(crate) fn recorded(path: &str) -> Option<Vec<u8>> {
    let file = folder().join(path);
    match std::fs::read(&file) {
        Ok(body) => Some(body),
        Err(error) => {
            let expected = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!expected, "{}: {error}", file.display());
            println!("skipped: there is no recording at {}", file.display());
            None
        }
    }
}

fn lines(result: &resync_core::issue::QueryResult) -> String {
    let line = |issue: &resync_core::issue::ObservedIssue| {
        let assignee = issue.assignee.as_deref().unwrap_or("-");
        format!(
            "{} {} {} ({}{}) [{}] {assignee} {} {:?}\n",
            issue.id,
            issue.key,
            issue.issue_type.name,
            issue.issue_type.id,
            if issue.issue_type.subtask {
                ", sub-task"
            } else {
                ""
            },
            issue.status,
            issue.updated.0,
            issue.summary,
        )
    };
    result.issues.iter().map(line).collect()
}

#[tokio::test(start_paused = true)]
async fn a_search_of_a_server_is_understood() {
    let Some(body) = recorded("jira-ruby-fixtures/project/SAMPLEPROJECT.issues.json") else {
        return;
    };
    let (jira, _) = scripted(&settings(Product::DataCenter), move |asked, _| {
        if !asked.path.contains("/search") {
            return as_usual();
        }
        page(&serde_json::from_slice(&body).unwrap())
    });
    let query = Query::Jql("project = SAMPLEPROJECT ORDER BY key".into());
    let result = jira.read_query(&query, &|_| ()).await.unwrap();
    expect![[r#"
        10014 SAMPLEPROJECT-13 Task (3) [Open] admin 1323916506000 "blarg from in example.rb"
        10013 SAMPLEPROJECT-12 Task (3) [Open] admin 1323916498000 "blarg from in example.rb"
        10012 SAMPLEPROJECT-11 Task (3) [Open] admin 1323916488000 "blarg from in example.rb"
        10011 SAMPLEPROJECT-10 Task (3) [Open] admin 1323915117000 "blarg from in example.rb"
        10010 SAMPLEPROJECT-9 Task (3) [Open] admin 1323915105000 "blarg from in example.rb"
        10009 SAMPLEPROJECT-8 Task (3) [Open] admin 1323911989000 "blarg from in example.rb"
        10008 SAMPLEPROJECT-7 Task (3) [Open] admin 1323827438000 "blarg from in example.rb"
        10007 SAMPLEPROJECT-6 Task (3) [Open] admin 1323827375000 "blarg from in example.rb"
        10006 SAMPLEPROJECT-5 Task (3) [Open] admin 1323827218000 "blah"
        10005 SAMPLEPROJECT-4 Task (3) [Open] admin 1323817908000 "blah"
        10002 SAMPLEPROJECT-1 Task (3) [Open] admin 1323916653000 "MOOOOOOARRR NINJAAAA!"
    "#]]
    .assert_eq(&lines(&result));
}

#[tokio::test(start_paused = true)]
async fn an_issue_of_a_server_is_understood() {
    let Some(body) = recorded("jira-ruby-fixtures/issue/10002.json") else {
        return;
    };
    let (jira, _) = scripted(&settings(Product::DataCenter), move |asked, _| {
        if !asked.path.contains("/issue/") {
            return as_usual();
        }
        page(&serde_json::from_slice(&body).unwrap())
    });
    let issue = jira.find_issue("SAMPLEPROJECT-1").await.unwrap().unwrap();
    let result = resync_core::issue::QueryResult {
        issues: vec![issue],
        ordered_count: 1,
    };
    expect![[r#"
        10002 SAMPLEPROJECT-1 Task (3) [Open] admin 1323811566030 "Sample Issue"
    "#]]
    .assert_eq(&lines(&result));
}

#[tokio::test(start_paused = true)]
async fn a_filter_of_a_site_is_understood() {
    let Some(body) = recorded("go-jira-fixtures/filter.json") else {
        return;
    };
    let (jira, script) = scripted(&settings(Product::Cloud), move |asked, _| {
        if !asked.path.contains("/filter/") {
            return as_usual();
        }
        page(&serde_json::from_slice(&body).unwrap())
    });
    let query = Query::SavedFilter(JiraId::new("10000"));
    jira.read_query(&query, &|_| ()).await.unwrap();
    let asked = script.asked_of("/search").remove(0).body;
    expect!["type = Bug and resolution is empty ORDER BY created ASC, key ASC"]
        .assert_eq(asked["jql"].as_str().unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_archive_of_real_issues_is_read_whole_and_in_order() {
    let path = "titanium-archive/issues.jsonl.gz";
    if recorded(path).is_none() {
        return;
    }
    for product in [Product::Cloud, Product::DataCenter] {
        let simulator = simulator(product);
        simulator.load_archive(&folder().join(path)).unwrap();
        let (jira, _) = over(product, &simulator);
        let text = "project in (TIMOB, AC, ALOY, MOD, DAEMON) ORDER BY Rank";
        let result = jira.read_query(&jql(text), &|_| ()).await.unwrap();
        assert_eq!(result.issues.len(), 29_057);
        let subtasks = result.issues.iter().filter(|issue| issue.parent.is_some());
        assert!(subtasks.count() >= 1375);
        let ordered = result.issues[..result.ordered_count].iter();
        let keys: Vec<_> = ordered.map(|issue| issue.key.to_string()).collect();
        // Data Center shows no more of an order than its window.
        assert_eq!(keys, keys_of(product, &simulator, text));
    }
}

#[test]
fn the_fields_of_a_site_without_boards_are_understood() {
    for path in [
        "go-jira-fixtures/all_fields.json",
        "jira-ruby-fixtures/field.json",
    ] {
        let Some(body) = recorded(path) else { return };
        let none = HierarchyFields::default();
        assert_eq!(HierarchyFields::discover(&body).unwrap(), none);
    }
}

#[test]
fn fields_are_told_by_their_kind_and_never_by_their_name() {
    let body = br#"[
        {"id": "summary", "name": "Rank", "schema": {"type": "string", "system": "summary"}},
        {"id": "customfield_1", "name": "Rank", "schema": {"custom": "example:rank"}},
        {"id": "customfield_2", "name": "Ordnung",
         "schema": {"custom": "com.pyxis.greenhopper.jira:gh-lexo-rank", "customId": 2}},
        {"id": "customfield_3", "name": "Rank",
         "schema": {"custom": "com.pyxis.greenhopper.jira:gh-lexo-rank"}},
        {"id": "customfield_4", "schema": {"custom": "com.pyxis.greenhopper.jira:gh-epic-link"}},
        {"id": "customfield_5", "schema": {"custom": "com.pyxis.greenhopper.jira:gh-epic-label"}},
        {"id": "customfield_6", "schema": {"custom": "com.atlassian.jpo:jpo-custom-field-parent"}},
        {"id": "customfield_7", "schema": {"custom": "com.pyxis.greenhopper.jira:gh-sprint"}},
        {"id": "thumbnail", "name": "Images"}
    ]"#;
    let expected = HierarchyFields {
        epic_link: vec!["customfield_4".to_owned()],
        epic_name: vec!["customfield_5".to_owned()],
        parent_link: vec!["customfield_6".to_owned()],
        rank: vec!["customfield_2".to_owned(), "customfield_3".to_owned()],
        sprint: vec!["customfield_7".to_owned()],
    };
    assert_eq!(HierarchyFields::discover(body).unwrap(), expected);
    assert!(HierarchyFields::discover(b"<html>").is_err());
}
