//! What an incremental reader meets: `updated`, histories, moves, deletions, and the facts about
//! them that documents leave open.

use expect_test::expect;
use resync_simulator::Flavour;
use resync_simulator::state::{LinkEnds, NewIssue, Stamps, State};
use serde_json::{Value, json};

use crate::support::{Site, cloud, data_center, json, site_in};

/// Keys of what changed within the last minute.
const RECENT: &str = "updated >= -1m ORDER BY key";

/// Runs an edit a while after everything else and gives what is found as updated.
fn updated_by(site: &Site, edit: impl FnOnce(&mut State)) -> String {
    site.advance(300_000);
    site.simulator.edit(edit);
    site.find(RECENT)
}

fn with(site: Site, stamps: Stamps) -> Site {
    site.simulator.edit(|state| state.stamps = stamps);
    site
}

/// `field: from -> to` of each change in a changelog, newest first.
fn told(histories: &Value) -> String {
    let mut rows = String::new();
    for history in histories.as_array().unwrap() {
        for item in history["items"].as_array().unwrap() {
            let id = item.get("fieldId").map_or("-", |id| id.as_str().unwrap());
            rows += &format!(
                "{} ({id}, {}): {} {} -> {} {}\n",
                item["field"].as_str().unwrap(),
                item["fieldtype"].as_str().unwrap(),
                item["from"],
                item["fromString"],
                item["to"],
                item["toString"]
            );
        }
    }
    rows
}

fn changelog(site: &Site, issue: &str) -> String {
    let body = json(&site.get(&format!("/issue/{issue}?fields=key&expand=changelog")));
    told(&body["changelog"]["histories"])
}

#[test]
fn an_incremental_query_is_to_the_minute_in_the_zone_of_the_account() {
    for flavour in [Flavour::Cloud, Flavour::DataCenter] {
        let site = site_in(flavour, "Asia/Kolkata");
        site.simulator.load_sample();
        site.advance(90_000);
        site.simulator.edit(|state| state.touch("PAY-1").unwrap());
        // 10:01:30 UTC is 15:31:30 there.
        assert_eq!(site.find("updated >= \"2026-11-24 15:31\""), "PAY-1");
        assert_eq!(site.find("updated >= \"2026-11-24 15:32\""), "");
        assert_eq!(
            site.find("updated >= \"2026/11/24 15:31\" AND project = OPS"),
            ""
        );
    }
}

#[test]
fn ranking_moves_updated_or_not() {
    for ranking in [true, false] {
        let stamps = Stamps {
            ranking,
            ..Stamps::default()
        };
        for site in [with(cloud(), stamps), with(data_center(), stamps)] {
            let found = updated_by(&site, |state| state.rank_before("PAY-13", "PAY-2").unwrap());
            assert_eq!(found, if ranking { "PAY-13" } else { "" });
            let order = site.find("key in (PAY-2, PAY-13) ORDER BY Rank");
            assert_eq!(order, "PAY-13 PAY-2");
        }
    }
}

#[test]
fn linking_moves_updated_of_both_ends_of_one_or_of_none() {
    for (linking, expected) in [
        (LinkEnds::Both, "ONB-1 PAY-1"),
        (LinkEnds::Source, "PAY-1"),
        (LinkEnds::Neither, ""),
    ] {
        let stamps = Stamps {
            linking,
            ..Stamps::default()
        };
        for site in [with(cloud(), stamps), with(data_center(), stamps)] {
            let mut made = None;
            let found = updated_by(&site, |state| {
                made = Some(state.link("Blocks", "PAY-1", "ONB-1").unwrap());
            });
            assert_eq!(found, expected);
            let found = updated_by(&site, |state| state.unlink(made.unwrap()).unwrap());
            assert_eq!(found, expected);
            // PAY-12 blocks PAY-2; the deleted end is not found, whatever it was.
            let found = updated_by(&site, |state| state.delete("PAY-2").unwrap());
            let source_is_left = linking != LinkEnds::Neither;
            assert_eq!(found, if source_is_left { "PAY-12" } else { "" });
        }
    }
}

#[test]
fn deleting_a_sub_task_moves_updated_of_its_parent_or_not() {
    for sub_task_deletion in [true, false] {
        let stamps = Stamps {
            sub_task_deletion,
            ..Stamps::default()
        };
        let site = with(cloud(), stamps);
        let found = updated_by(&site, |state| state.delete("PAY-3").unwrap());
        assert_eq!(found, if sub_task_deletion { "PAY-2" } else { "" });
        // With its parent, there is nothing left that could be found.
        let found = updated_by(&site, |state| state.delete("PAY-9").unwrap());
        assert_eq!(found, "");
    }
}

#[test]
fn getting_and_losing_a_child_moves_updated_of_a_parent_or_not() {
    for children in [true, false] {
        let stamps = Stamps {
            children,
            ..Stamps::default()
        };
        let site = with(cloud(), stamps);
        let found = updated_by(&site, |state| {
            state.set_parent("PAY-2", Some("PAY-14")).unwrap();
        });
        assert_eq!(
            found,
            if children {
                "PAY-1 PAY-2 PAY-14"
            } else {
                "PAY-2"
            }
        );
        let new = NewIssue {
            project: "PAY",
            kind: "Story",
            summary: "New",
            parent: Some("PAY-1"),
        };
        let found = updated_by(&site, |state| drop(state.create(new).unwrap()));
        assert_eq!(found, if children { "PAY-1 PAY-43" } else { "PAY-43" });
    }
}

#[test]
fn a_moved_issue_leaves_the_query_of_its_project_and_is_found_in_the_other() {
    for site in [cloud(), data_center()] {
        let found = updated_by(&site, |state| drop(state.move_to("PAY-39", "OPS").unwrap()));
        assert_eq!(found, "OPS-36");
        assert_eq!(site.find("project = PAY AND updated >= -1m"), "");
        assert_eq!(site.find("project = OPS AND updated >= -1m"), "OPS-36");
        let old = json(&site.get("/issue/PAY-39?fields=key"));
        assert_eq!(old["key"], "OPS-36");
        let id = match site.flavour {
            Flavour::Cloud => "project",
            Flavour::DataCenter => "-",
        };
        let expected = format!(
            "Key (-, jira): null \"PAY-39\" -> null \"OPS-36\"\n\
             project ({id}, jira): \"10000\" \"Payments\" -> \"10002\" \"Operations\"\n"
        );
        assert_eq!(changelog(&site, "OPS-36"), expected);
    }
}

#[test]
fn a_history_tells_each_edit_newest_first() {
    let site = cloud();
    site.simulator.edit(|state| {
        state.set_summary("PAY-2", "New text").unwrap();
        state.set_status("PAY-2", "To Do").unwrap();
        state.set_status("PAY-2", "To Do").unwrap();
        state.set_kind("PAY-2", "Task").unwrap();
        state.set_priority("PAY-2", "Highest").unwrap();
        state.set_assignee("PAY-2", None).unwrap();
        state.set_labels("PAY-2", &["one", "two"]).unwrap();
        state.set_parent("PAY-2", Some("PAY-14")).unwrap();
        state.set_parent("PAY-2", None).unwrap();
        state.rank_before("PAY-2", "PAY-1").unwrap();
        state.set_secured("PAY-2", true).unwrap();
        state.set_secured("PAY-2", false).unwrap();
        state.transition("PAY-2", "Done", None).unwrap();
        let link = state.link("Blocks", "PAY-2", "ONB-1").unwrap();
        state.unlink(link).unwrap();
        state.touch("PAY-2").unwrap();
    });
    expect![[r#"
        Link (-, jira): "ONB-1" "This issue blocks ONB-1" -> null null
        Link (-, jira): null null -> "ONB-1" "This issue blocks ONB-1"
        status (status, jira): "10000" "To Do" -> "10011" "Done"
        resolution (resolution, jira): null null -> "10000" "Done"
        security (security, jira): "10000" "Hidden" -> null null
        security (security, jira): null null -> "10000" "Hidden"
        Rank (customfield_10047, custom): "" "" -> "" "Ranked higher"
        IssueParentAssociation (-, jira): "10013" "PAY-14" -> null null
        IssueParentAssociation (-, jira): "10000" "PAY-1" -> "10013" "PAY-14"
        labels (labels, jira): null "launch-2026" -> null "one two"
        assignee (assignee, jira): "712020:jonas" "Jonas Weidner" -> null null
        priority (priority, jira): "4" "Low" -> "1" "Highest"
        issuetype (issuetype, jira): "10002" "Story" -> "10003" "Task"
        status (status, jira): "3" "In Progress" -> "10000" "To Do"
        summary (summary, jira): null "Merchant sees the payout status within ten seconds" -> null "New text"
    "#]].assert_eq(&changelog(&site, "PAY-2"));
    expect![[r#"
        Link (-, jira): "PAY-2" "This issue is blocked by PAY-2" -> null null
        Link (-, jira): null null -> "PAY-2" "This issue is blocked by PAY-2"
    "#]]
    .assert_eq(&changelog(&site, "ONB-1"));
}

#[test]
fn on_data_center_each_level_writes_its_parent_in_its_own_way() {
    let site = data_center();
    site.simulator.edit(|state| {
        state.set_parent("PAY-3", Some("PAY-6")).unwrap();
        state.set_parent("PAY-2", Some("PAY-14")).unwrap();
        state.set_parent("PAY-1", Some("PAY-14")).unwrap();
    });
    expect![[r#"
        Parent (-, jira): "10001" "PAY-2" -> "10005" "PAY-6"
        Epic Link (-, custom): "10000" "PAY-1" -> "10013" "PAY-14"
        Parent Link (-, custom): null null -> null "PAY-14"
    "#]]
    .assert_eq(
        &["PAY-3", "PAY-2", "PAY-1"]
            .map(|key| changelog(&site, key))
            .join(""),
    );
}

#[test]
fn histories_are_a_little_later_than_updated_and_have_an_author() {
    let site = cloud();
    site.simulator.edit(|state| {
        assert!(state.act_as("jonas"));
        assert!(!state.act_as("nobody"));
        state.set_summary("PAY-1", "Changed").unwrap();
    });
    let body = json(&site.get("/issue/PAY-1?fields=updated&expand=changelog"));
    let history = &body["changelog"]["histories"][0];
    assert_eq!(history["author"]["displayName"], "Jonas Weidner");
    let updated = body["fields"]["updated"].as_str().unwrap();
    let created = history["created"].as_str().unwrap();
    assert!(created > updated, "{created} {updated}");
    assert_eq!(created[..19], updated[..19]);
}

#[test]
fn changelogs_are_expanded_where_the_contract_says_so_and_cut_to_a_limit() {
    let edit = |site: &Site| {
        site.simulator.edit(|state| {
            for number in 0..120 {
                state
                    .set_summary("PAY-1", &format!("Text {number}"))
                    .unwrap();
            }
        });
    };
    let shown = |changelog: &Value| {
        let histories = changelog["histories"].as_array().unwrap();
        let newest = histories[0]["items"][0]["toString"].clone();
        json!([changelog["total"], histories.len(), newest])
    };
    let (site, other) = (cloud(), data_center());
    edit(&site);
    edit(&other);
    let get = json(&site.get("/issue/PAY-1?expand=changelog"));
    assert_eq!(shown(&get["changelog"]), json!([120, 100, "Text 119"]));
    let body = r#"{"jql":"key = PAY-1","fields":["key"],"expand":"names,changelog"}"#;
    let page = json(&site.post("/search/jql", body));
    assert_eq!(
        shown(&page["issues"][0]["changelog"]),
        json!([120, 100, "Text 119"])
    );
    let body = r#"{"issueIdsOrKeys":["PAY-1"],"expand":["changelog"]}"#;
    let page = json(&site.post("/issue/bulkfetch", body));
    assert_eq!(
        shown(&page["issues"][0]["changelog"]),
        json!([120, 40, "Text 119"])
    );
    let body = r#"{"jql":"key = PAY-1","fields":["key"],"expand":["changelog"]}"#;
    let page = json(&other.post("/search", body));
    assert_eq!(
        shown(&page["issues"][0]["changelog"]),
        json!([120, 100, "Text 119"])
    );
    let plain = json(&site.get("/issue/PAY-1"));
    assert!(plain.get("changelog").is_none());
}

#[test]
fn cloud_pages_the_changelog_oldest_first() {
    let site = cloud();
    site.simulator.edit(|state| {
        for text in ["one", "two", "three"] {
            state.set_summary("PAY-1", text).unwrap();
        }
    });
    let page = |query: &str| {
        let page = json(&site.get(&format!("/issue/PAY-1/changelog?{query}")));
        let values = page["values"].as_array().unwrap().iter();
        let texts: Vec<_> = values
            .map(|one| one["items"][0]["toString"].clone())
            .collect();
        json!([texts, page["total"], page["isLast"]])
    };
    assert_eq!(page("maxResults=2"), json!([["one", "two"], 3, false]));
    assert_eq!(page("startAt=2"), json!([["three"], 3, true]));
    assert_eq!(site.get("/issue/PAY-999/changelog").status, 404);
    assert_eq!(data_center().get("/issue/PAY-1/changelog").status, 404);
}
