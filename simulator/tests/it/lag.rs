//! Searches lag behind changes; reads do not.

use resync_simulator::Flavour;
use resync_simulator::state::NewIssue;
use serde_json::json;

use crate::support::{Site, cloud, data_center, json, keys};

const LAG: i64 = 5_000;

fn lagging(site: Site) -> Site {
    site.simulator.edit(|state| state.set_search_lag(LAG));
    site
}

fn summary(site: &Site, issue: &str) -> String {
    let body = json(&site.get(&format!("/issue/{issue}?fields=summary")));
    body["fields"]["summary"]
        .as_str()
        .unwrap_or("absent")
        .to_owned()
}

#[test]
fn a_change_is_read_at_once_and_found_after_the_lag() {
    for site in [lagging(cloud()), lagging(data_center())] {
        site.simulator
            .edit(|state| state.set_summary("PAY-1", "Zebra crossing").unwrap());
        assert_eq!(summary(&site, "PAY-1"), "Zebra crossing");
        assert_eq!(site.find("summary ~ zebra"), "");
        assert_eq!(site.find("summary ~ instant AND type = Epic"), "PAY-1");
        site.advance(LAG - 1);
        assert_eq!(site.find("summary ~ zebra"), "");
        site.advance(1);
        assert_eq!(site.find("summary ~ zebra"), "PAY-1");
        assert_eq!(site.find("summary ~ instant AND type = Epic"), "");
    }
}

#[test]
fn searches_show_the_version_that_they_searched() {
    let site = lagging(cloud());
    let shown = || {
        let body = json!({ "jql": "key = PAY-1", "fields": ["summary"] });
        let page = json(&site.post("/search/jql", &body.to_string()));
        page["issues"][0]["fields"]["summary"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let edit = |text: &str| {
        site.simulator
            .edit(|state| state.set_summary("PAY-1", text).unwrap());
    };
    edit("one");
    site.advance(3_000);
    edit("two");
    assert_eq!(shown(), "Instant payouts for merchants");
    site.advance(2_000);
    assert_eq!(shown(), "one");
    site.advance(3_000);
    assert_eq!(shown(), "two");
}

#[test]
fn new_issues_are_found_late_and_deleted_ones_too_long() {
    let site = lagging(cloud());
    let key = site.simulator.edit(|state| {
        state.delete("PAY-6").unwrap();
        let parent = Some("PAY-1");
        state
            .create(NewIssue {
                project: "PAY",
                kind: "Story",
                summary: "New",
                parent,
            })
            .unwrap()
    });
    let children = || site.find("parent = PAY-1 ORDER BY key");
    assert_eq!(children(), "PAY-2 PAY-6 PAY-9 PAY-12 PAY-13");
    assert_eq!(summary(&site, &key), "New");
    assert_eq!(site.get("/issue/PAY-6").status, 404);
    site.advance(LAG);
    assert_eq!(children(), "PAY-2 PAY-9 PAY-12 PAY-13 PAY-43");
}

#[test]
fn a_moved_child_is_found_at_its_old_parent_during_the_lag() {
    let site = lagging(cloud());
    site.simulator
        .edit(|state| state.set_parent("PAY-2", Some("PAY-14")).unwrap());
    assert!(
        site.find("parent = PAY-1 ORDER BY key")
            .starts_with("PAY-2 ")
    );
    assert!(!site.find("parent = PAY-14 ORDER BY key").contains("PAY-2 "));
    site.advance(LAG);
    assert!(
        site.find("parent = PAY-14 ORDER BY key")
            .starts_with("PAY-2 ")
    );
}

#[test]
fn reconciling_makes_named_issues_current() {
    let site = lagging(cloud());
    site.simulator.edit(|state| {
        state.set_parent("PAY-2", Some("PAY-14")).unwrap();
        state.set_parent("PAY-6", Some("PAY-14")).unwrap();
    });
    let body = json!({ "jql": "parent = PAY-14 AND type = Story ORDER BY key", "fields": ["key"],
        "reconcileIssues": [10_001] });
    let page = json(&site.post("/search/jql", &body.to_string()));
    assert_eq!(
        keys(page["issues"].as_array().unwrap()),
        "PAY-2 PAY-15 PAY-18 PAY-21"
    );
}

#[test]
fn bulk_reads_and_counts_differ_in_lag() {
    let site = lagging(cloud());
    site.simulator.edit(|state| state.delete("PAY-39").unwrap());
    let body = r#"{"issueIdsOrKeys":["PAY-39"]}"#;
    let answer = json(&site.post("/issue/bulkfetch", body));
    assert_eq!(answer["issueErrors"].as_array().unwrap().len(), 1);
    let count = || json(&site.post("/search/approximate-count", r#"{"jql":"project = PAY"}"#));
    assert_eq!(count(), json!({ "count": 42 }));
    site.advance(LAG);
    assert_eq!(count(), json!({ "count": 41 }));
}

#[test]
fn permissions_do_not_lag() {
    let site = lagging(cloud());
    site.simulator
        .edit(|state| state.set_secured("PAY-2", true).unwrap());
    assert!(!site.find("parent = PAY-1 ORDER BY key").contains("PAY-2"));
    assert_eq!(site.flavour, Flavour::Cloud);
}
