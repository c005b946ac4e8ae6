//! Loading of a real archive, where it is beside the checkout.

use std::sync::OnceLock;

use expect_test::expect;
use resync_simulator::{Flavour, LoadError, LoadReport};

use crate::support::{self, Site, json, keys};

/// The loaded archive. Loading takes a while, and no test here changes it.
pub(crate) fn loaded(flavour: Flavour) -> Option<&'static (Site, LoadReport)> {
    static CLOUD: OnceLock<(Site, LoadReport)> = OnceLock::new();
    static DATA_CENTER: OnceLock<(Site, LoadReport)> = OnceLock::new();
    let path = support::shared("jira/data/titanium-archive/issues.jsonl.gz")?;
    let cell = if flavour == Flavour::Cloud {
        &CLOUD
    } else {
        &DATA_CENTER
    };
    Some(cell.get_or_init(|| {
        let site = support::site(flavour);
        let report = site.simulator.load_archive(&path).unwrap();
        (site, report)
    }))
}

#[test]
fn everything_of_the_archive_is_counted() {
    let Some((site, report)) = loaded(Flavour::Cloud) else {
        return;
    };
    expect![[r#"
        LoadReport {
            issues: 29057,
            duplicates: 0,
            projects: 5,
            sub_tasks: 1375,
            sub_tasks_of_absent_parents: 396,
            epic_children: 890,
            epic_children_of_present_epics: 678,
            links: 8922,
            links_to_absent_issues: 2168,
            without_summary: 2,
        }
    "#]]
    .assert_debug_eq(report);
    let counts = ["TIMOB", "AC", "ALOY", "MOD", "DAEMON"].map(|project| {
        let body = format!("{{\"jql\":\"project = {project}\"}}");
        json(&site.post("/search/approximate-count", &body))["count"]
            .as_u64()
            .unwrap()
    });
    assert_eq!(counts, [22_371, 4_503, 1_499, 367, 317]);
}

#[test]
fn token_pages_show_every_issue_of_the_archive_once() {
    let Some((site, _)) = loaded(Flavour::Cloud) else {
        return;
    };
    let mut seen = Vec::new();
    let mut token = serde_json::Value::Null;
    loop {
        let body = serde_json::json!({
            "jql": "id > 0 ORDER BY id", "maxResults": 5000, "nextPageToken": token,
        });
        let page = json(&site.post("/search/jql", &body.to_string()));
        let issues = page["issues"].as_array().unwrap();
        seen.extend(
            issues
                .iter()
                .map(|issue| issue["id"].as_str().unwrap().to_owned()),
        );
        match &page["nextPageToken"] {
            serde_json::Value::Null => break,
            next => token = next.clone(),
        }
    }
    assert_eq!(seen.len(), 29_057);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 29_057);
}

#[test]
fn offset_pages_of_data_center_have_a_total() {
    let Some((site, _)) = loaded(Flavour::DataCenter) else {
        return;
    };
    let page =
        json(&site.get("/search?jql=project+%3D+DAEMON+ORDER+BY+key&maxResults=3&fields=id"));
    assert_eq!(page["total"], 317);
    let found = keys(page["issues"].as_array().unwrap());
    expect!["DAEMON-1 DAEMON-2 DAEMON-3"].assert_eq(&found);
}

#[test]
fn a_line_that_is_no_issue_is_named_and_nothing_is_loaded() {
    let site = support::site(Flavour::Cloud);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.jsonl");
    std::fs::write(&file, "\n{\"id\":\"1\"}\n").unwrap();
    let error = site.simulator.load_archive(&file).unwrap_err();
    assert!(matches!(error, LoadError::Line { line: 2, .. }), "{error}");
    assert_eq!(site.simulator.inspect(|state| state.count()), 0);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let site = support::site(Flavour::Cloud);
    let error = site
        .simulator
        .load_archive("/nowhere/issues.jsonl".as_ref())
        .unwrap_err();
    assert!(matches!(error, LoadError::Read { .. }), "{error}");
    assert!(error.to_string().contains("/nowhere/issues.jsonl"));
}

#[test]
fn a_link_that_stands_twice_on_its_ends_is_shown_twice() {
    let Some((site, _)) = loaded(Flavour::Cloud) else {
        return;
    };
    let ids = |issue: &str| {
        let body = json(&site.get(&format!("/issue/{issue}?fields=issuelinks")));
        let links = body["fields"]["issuelinks"].as_array().unwrap().clone();
        links.iter().filter(|link| link["id"] == "12552").count()
    };
    assert_eq!((ids("TIMOB-5121"), ids("TIMOB-5122")), (2, 2));
}

#[test]
fn links_and_parents_that_are_absent_are_an_id_and_a_key() {
    let Some((site, _)) = loaded(Flavour::Cloud) else {
        return;
    };
    let find = |jql: &str, field: &str| {
        let body = serde_json::json!({ "jql": jql, "fields": [field], "maxResults": 5000 });
        json(&site.post("/search/jql", &body.to_string()))["issues"].clone()
    };
    let children = find("type in subTaskIssueTypes() ORDER BY id", "parent");
    let bare = children.as_array().unwrap().iter().find_map(|issue| {
        let parent = &issue["fields"]["parent"];
        (parent.is_object() && parent.get("fields").is_none()).then(|| parent.clone())
    });
    let key = bare.unwrap()["key"].as_str().unwrap().to_owned();
    assert_eq!(site.get(&format!("/issue/{key}")).status, 404);
}

#[test]
fn ranks_of_an_archive_come_from_the_seed() {
    let Some((site, _)) = loaded(Flavour::Cloud) else {
        return;
    };
    let order = site.find("project = DAEMON AND key <= DAEMON-5 ORDER BY Rank");
    let sorted = site.find("project = DAEMON AND key <= DAEMON-5 ORDER BY key");
    assert_eq!(order.len(), sorted.len());
    assert_ne!(order, sorted);
}
