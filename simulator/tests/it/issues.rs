//! Reading issues: one, many, their hierarchy, links, moves and what hides them.

use expect_test::expect;
use resync_simulator::fault::{Fault, On, When};
use resync_simulator::state::{EditError, LinkId, NewIssue};
use serde_json::{Value, json};

use crate::support::{Site, cloud, data_center, json, keys, site_in};

fn fields(site: &Site, issue: &str, fields: &str) -> Value {
    json(&site.get(&format!("/issue/{issue}?fields={fields}")))["fields"].clone()
}

/// `"A-1" "Story"` of what an issue shows of another one.
fn short(reference: &Value) -> String {
    format!(
        "{} {}",
        reference["key"], reference["fields"]["issuetype"]["name"]
    )
}

#[test]
fn an_issue_is_read_by_id_and_by_key_in_any_case() {
    for site in [cloud(), data_center()] {
        for name in ["PAY-2", "pay-2", "10001"] {
            let body = json(&site.get(&format!("/issue/{name}")));
            assert_eq!(
                (&body["id"], &body["key"]),
                (&json!("10001"), &json!("PAY-2"))
            );
            assert!(
                body["fields"].as_object().unwrap().len() > 15,
                "all fields by default"
            );
        }
    }
}

#[test]
fn ids_are_text_in_json() {
    let body = json(&cloud().get("/issue/PAY-2?fields=issuelinks,project,issuetype,status"));
    let fields = &body["fields"];
    for id in [
        &body["id"],
        &fields["issuelinks"][0]["id"],
        &fields["status"]["id"],
    ] {
        assert!(id.is_string(), "{id}");
    }
}

#[test]
fn what_is_absent_and_what_is_hidden_look_the_same() {
    let site = cloud();
    site.simulator.edit(|state| {
        state.delete("PAY-12").unwrap();
        state.set_secured("PAY-13", true).unwrap();
        state.set_revoked("OPS", true).unwrap();
    });
    let mut seen = Vec::new();
    for issue in ["PAY-999", "NOPE-1", "nonsense", "PAY-12", "PAY-13", "OPS-1"] {
        let response = site.get(&format!("/issue/{issue}"));
        seen.push((response.status, json(&response)));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    expect![[r#"(404, Object {"errorMessages": Array [String("Issue does not exist or you do not have permission to see it.")], "errors": Object {}})"#]].assert_eq(&format!("{:?}", seen[0]));
}

#[test]
fn a_moved_issue_answers_to_its_old_key_with_its_new_one() {
    let site = cloud();
    let key = site
        .simulator
        .edit(|state| state.move_to("PAY-2", "OPS").unwrap());
    assert_eq!(key, "OPS-36");
    for name in ["PAY-2", "OPS-36", "10001"] {
        let response = site.get(&format!("/issue/{name}?fields=project"));
        assert_eq!(response.status, 200);
        let body = json(&response);
        assert_eq!(
            (&body["id"], &body["key"]),
            (&json!("10001"), &json!("OPS-36"))
        );
        assert_eq!(body["fields"]["project"]["key"], "OPS");
    }
    // Sub-tasks move along, links and children stay.
    assert_eq!(site.find("project = PAY AND parent = OPS-36"), "");
    assert_eq!(
        site.find("parent = PAY-2 ORDER BY key"),
        "OPS-37 OPS-38 OPS-39"
    );
    assert_eq!(site.find("key = PAY-2"), "OPS-36");
    assert_eq!(site.find("issue in linkedIssues(OPS-36)"), "PAY-12");
    assert_eq!(
        site.find("project = PAY AND key < PAY-6 ORDER BY key"),
        "PAY-1"
    );
}

#[test]
fn cloud_shows_the_parent_of_every_level_and_no_member_without_one() {
    let site = cloud();
    assert_eq!(
        short(&fields(&site, "PAY-3", "parent")["parent"]),
        "\"PAY-2\" \"Story\""
    );
    let story = fields(&site, "PAY-2", "parent,customfield_10052");
    assert_eq!(short(&story["parent"]), "\"PAY-1\" \"Epic\"");
    assert_eq!(story["parent"]["fields"]["issuetype"]["hierarchyLevel"], 1);
    // The legacy field is still there.
    assert_eq!(story["customfield_10052"], "PAY-1");
    assert_eq!(
        fields(&site, "PAY-1", "parent,summary")
            .as_object()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn data_center_shows_the_parent_of_sub_tasks_and_the_epic_as_a_key() {
    let site = data_center();
    let asked = "parent,customfield_11412,customfield_11413,customfield_11890";
    assert_eq!(
        short(&fields(&site, "PAY-3", asked)["parent"]),
        "\"PAY-2\" \"Story\""
    );
    expect![[r#"{"customfield_11412":"PAY-1","customfield_11413":null,"customfield_11890":null}"#]]
        .assert_eq(&fields(&site, "PAY-2", asked).to_string());
    expect![[r#"{"customfield_11412":null,"customfield_11413":"Instant payouts for merchants","customfield_11890":null}"#]].assert_eq(&fields(&site, "PAY-1", asked).to_string());
}

#[test]
fn sub_tasks_are_listed_and_children_of_epics_are_not() {
    for site in [cloud(), data_center()] {
        let listed = fields(&site, "PAY-2", "subtasks")["subtasks"].clone();
        assert_eq!(keys(listed.as_array().unwrap()), "PAY-3 PAY-4 PAY-5");
        assert_eq!(fields(&site, "PAY-1", "subtasks")["subtasks"], json!([]));
    }
}

#[test]
fn both_ends_show_a_link_with_one_id_and_opposite_directions() {
    for site in [cloud(), data_center()] {
        let source = fields(&site, "PAY-12", "issuelinks")["issuelinks"][0].clone();
        let target = fields(&site, "PAY-2", "issuelinks")["issuelinks"][0].clone();
        assert_eq!(source["id"], target["id"]);
        assert_eq!(source["type"]["outward"], "blocks");
        assert_eq!(short(&source["outwardIssue"]), "\"PAY-2\" \"Story\"");
        assert_eq!(short(&target["inwardIssue"]), "\"PAY-12\" \"Bug\"");
        assert!(source.get("inwardIssue").is_none() && target.get("outwardIssue").is_none());
    }
}

#[test]
fn two_links_that_make_a_cycle_are_two_links_at_each_end() {
    for site in [cloud(), data_center()] {
        let made = site.simulator.edit(|state| {
            let there = state.link("Duplicate", "PAY-3", "PAY-4").unwrap();
            let back = state.link("Duplicate", "PAY-4", "PAY-3").unwrap();
            [there.0.to_string(), back.0.to_string()]
        });
        let ends = |issue: &str| {
            let links = fields(&site, issue, "issuelinks")["issuelinks"].clone();
            let links = links.as_array().unwrap().iter().map(|link| {
                let outward = link.get("outwardIssue").is_some();
                (link["id"].as_str().unwrap().to_owned(), outward)
            });
            links.collect::<Vec<_>>()
        };
        let [there, back] = made;
        let expected = |outward: bool| [(there.clone(), outward), (back.clone(), !outward)];
        assert_eq!(ends("PAY-3"), expected(true));
        assert_eq!(ends("PAY-4"), expected(false));
        assert_eq!(site.find("issue in linkedIssues(PAY-3)"), "PAY-4");
        assert_eq!(
            site.find("issueLinkType in (duplicates) ORDER BY key"),
            "PAY-3 PAY-4"
        );
    }
}

#[test]
fn links_to_hidden_issues_are_left_out() {
    let site = cloud();
    site.simulator
        .edit(|state| state.set_secured("PAY-12", true).unwrap());
    assert_eq!(
        fields(&site, "PAY-2", "issuelinks")["issuelinks"],
        json!([])
    );
    site.simulator
        .edit(|state| state.set_secured("PAY-12", false).unwrap());
    assert_eq!(
        fields(&site, "PAY-2", "issuelinks")["issuelinks"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn linking_is_idempotent_and_moves_updated_on_both_ends() {
    let site = cloud();
    site.advance(60_000);
    let (first, second) = site.simulator.edit(|state| {
        let first = state.link("Blocks", "PAY-1", "ONB-1").unwrap();
        (first, state.link("Blocks", "PAY-1", "ONB-1").unwrap())
    });
    assert_eq!(first, second);
    let recent = "updated >= -1m ORDER BY key";
    assert_eq!(site.find(recent), "ONB-1 PAY-1");
    site.advance(120_000);
    site.simulator.edit(|state| state.unlink(first).unwrap());
    assert_eq!(site.find(recent), "ONB-1 PAY-1");
    assert_eq!(
        fields(&site, "ONB-1", "issuelinks")["issuelinks"],
        json!([])
    );
    let again = site.simulator.edit(|state| state.unlink(first));
    assert_eq!(again, Err(EditError::UnknownLink(first.0)));
    let unknown = site.simulator.edit(|state| state.unlink(LinkId(1)));
    assert_eq!(unknown, Err(EditError::UnknownLink(1)));
}

#[test]
fn ranks_are_text_and_survive_a_rebalance_only_in_order() {
    let site = cloud();
    let rank = |issue: &str| fields(&site, issue, "customfield_10047")["customfield_10047"].clone();
    let order = site.find("project = PAY ORDER BY Rank");
    let (before, updated) = (rank("PAY-1"), fields(&site, "PAY-1", "updated"));
    assert!(before.as_str().unwrap().starts_with("0|i"), "{before}");
    site.advance(60_000);
    site.simulator.edit(|state| state.rebalance_ranks());
    assert!(rank("PAY-1").as_str().unwrap().starts_with("1|i"));
    assert_eq!(site.find("project = PAY ORDER BY Rank"), order);
    assert_eq!(fields(&site, "PAY-1", "updated"), updated);
}

#[test]
fn ranking_between_two_neighbours_again_and_again_rebalances() {
    let site = cloud();
    site.simulator.edit(|state| {
        for _ in 0..20 {
            state.rank_after("PAY-2", "PAY-1").unwrap();
            state.rank_after("PAY-3", "PAY-1").unwrap();
        }
        assert_eq!(
            state.issue("PAY-1").unwrap().rank.split('|').next(),
            Some("1")
        );
    });
    let order = site.find("project = PAY ORDER BY Rank");
    assert!(
        order.starts_with("PAY-1 PAY-3 PAY-2 PAY-4 PAY-5"),
        "{order}"
    );
}

#[test]
fn dates_have_milliseconds_and_an_offset_without_colon_in_the_zone_of_the_account() {
    let site = site_in(resync_simulator::Flavour::Cloud, "America/New_York");
    site.simulator.load_sample();
    site.simulator.edit(|state| state.touch("PAY-1").unwrap());
    let updated = fields(&site, "PAY-1", "updated")["updated"].clone();
    assert_eq!(updated, "2026-11-24T05:00:00.000-0500");
}

#[test]
fn people_are_account_ids_on_cloud_and_names_on_data_center() {
    let person = &fields(&cloud(), "PAY-1", "assignee")["assignee"];
    assert_eq!(person["accountId"], "712020:mira");
    assert!(person.get("emailAddress").is_none() && person.get("name").is_none());
    let person = &fields(&data_center(), "PAY-1", "assignee")["assignee"];
    assert_eq!(person["name"], "mira");
    assert!(person["key"].is_string());
}

#[test]
fn bulk_reads_give_issues_by_id_and_name_what_is_missing() {
    let site = cloud();
    let key = site
        .simulator
        .edit(|state| state.move_to("ONB-2", "PAY").unwrap());
    let body = json!({ "issueIdsOrKeys": ["PAY-2", "10000", "PAY-999", "ONB-2", "pay-2"],
        "fields": ["summary"] });
    let answer = json(&site.post("/issue/bulkfetch", &body.to_string()));
    let expected = format!("PAY-1 PAY-2 {key}");
    assert_eq!(keys(answer["issues"].as_array().unwrap()), expected);
    assert_eq!(answer["issueErrors"][0]["id"], "PAY-999");
    assert_eq!(answer["issueErrors"].as_array().unwrap().len(), 1);
}

#[test]
fn bulk_reads_are_limited_by_what_they_show() {
    let site = cloud();
    let status = |count: usize, more: Value| {
        let mut body = json!({ "issueIdsOrKeys": vec!["PAY-1"; count] });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        site.post("/issue/bulkfetch", &body.to_string()).status
    };
    assert_eq!((status(100, json!({})), status(101, json!({}))), (200, 400));
    let plain = json!({ "fields": ["summary", "status"] });
    assert_eq!(
        (status(1000, plain.clone()), status(1001, plain)),
        (200, 400)
    );
    for heavy in [
        json!({ "fields": ["summary", "issuelinks"] }),
        json!({ "fields": ["*all"] }),
        json!({ "fields": ["-summary"] }),
        json!({ "fields": ["summary"], "expand": ["changelog"] }),
    ] {
        assert_eq!(status(101, heavy), 400);
    }
    assert_eq!(site.post("/issue/bulkfetch", "{}").status, 400);
    assert_eq!(site.post("/issue/bulkfetch", "x").status, 400);
}

#[test]
fn permission_for_a_project_can_be_lost_from_a_request_on() {
    let site = cloud();
    site.simulator.edit(|state| {
        let fault = Fault::LosesProject("OPS".to_owned());
        state.faults.rule(On::Any, When::Exactly(2), fault);
    });
    assert_eq!(site.find("key = OPS-1"), "OPS-1");
    assert!(site.find("key = OPS-1").starts_with("400"));
    assert_eq!(site.get("/issue/OPS-1").status, 404);
    assert!(site.find("project = OPS").starts_with("400"));
    assert_eq!(
        site.find("type = Epic AND created < now() ORDER BY key")
            .matches("OPS")
            .count(),
        0
    );
    assert_eq!(json(&site.get("/project")).as_array().unwrap().len(), 2);
    site.simulator.edit(|state| state.faults.clear());
    site.simulator
        .edit(|state| state.set_revoked("OPS", false).unwrap());
    assert_eq!(site.get("/issue/OPS-1").status, 200);
}

#[test]
fn an_issue_can_move_at_a_request() {
    let site = cloud();
    site.simulator.edit(|state| {
        let fault = Fault::Moves {
            issue: "PAY-39".to_owned(),
            project: "OPS".to_owned(),
        };
        state.faults.rule(On::Issues, When::Exactly(2), fault);
    });
    let key = || json(&site.get("/issue/PAY-39"))["key"].clone();
    assert_eq!(
        (key(), key(), key()),
        (json!("PAY-39"), json!("OPS-36"), json!("OPS-36"))
    );
}

#[test]
fn an_issue_can_be_deleted_at_a_request() {
    let site = cloud();
    site.simulator.edit(|state| {
        let fault = Fault::Deletes("PAY-39".to_owned());
        state.faults.rule(On::Issues, When::Exactly(2), fault);
    });
    let status = || site.get("/issue/PAY-39").status;
    assert_eq!((status(), status(), status()), (200, 404, 404));
}

#[test]
fn deleting_takes_sub_tasks_and_links_and_frees_other_children() {
    let site = cloud();
    site.simulator.edit(|state| state.delete("PAY-2").unwrap());
    for gone in ["PAY-2", "PAY-3", "PAY-4", "PAY-5"] {
        assert_eq!(site.get(&format!("/issue/{gone}")).status, 404);
    }
    assert_eq!(
        fields(&site, "PAY-12", "issuelinks")["issuelinks"],
        json!([])
    );
    site.simulator.edit(|state| state.delete("PAY-14").unwrap());
    assert!(
        site.find("parent is EMPTY AND project = PAY ORDER BY key")
            .contains("PAY-15")
    );
    assert!(site.find("key = PAY-16").contains("PAY-16"));
}

#[test]
fn edits_by_the_team_are_seen() {
    let site = cloud();
    let key = site.simulator.edit(|state| {
        state.set_status("PAY-1", "Done").unwrap();
        state.set_kind("PAY-39", "Bug").unwrap();
        state.set_priority("PAY-1", "Lowest").unwrap();
        state.set_assignee("PAY-1", Some("Aiko Tanabe")).unwrap();
        state.set_assignee("PAY-2", None).unwrap();
        state.set_labels("PAY-1", &["new-label"]).unwrap();
        state.set_parent("PAY-39", Some("PAY-14")).unwrap();
        let parent = Some("PAY-39");
        let new = NewIssue {
            project: "PAY",
            kind: "Sub-task",
            summary: "New \"one\"",
            parent,
        };
        state.create(new).unwrap()
    });
    assert_eq!(key, "PAY-43");
    assert_eq!(
        site.find("status = Done AND priority = Lowest AND assignee = aiko"),
        "PAY-1"
    );
    assert_eq!(site.find("labels = new-label"), "PAY-1");
    assert_eq!(site.find("parent = PAY-39"), "PAY-43");
    let view = site
        .simulator
        .inspect(|state| state.issue("PAY-39").unwrap());
    assert_eq!(
        (view.parent.as_deref(), view.kind.as_str()),
        (Some("PAY-14"), "Bug")
    );
    let children = site.simulator.inspect(|state| state.children("PAY-14"));
    assert_eq!(children.last().map(String::as_str), Some("PAY-39"));
}

#[test]
fn edits_that_make_no_sense_are_refused() {
    let site = cloud();
    let errors = site.simulator.edit(|state| {
        let new = |project, kind| NewIssue {
            project,
            kind,
            summary: "",
            parent: Some("PAY-999"),
        };
        [
            state.set_summary("PAY-999", "").unwrap_err(),
            state.set_status("PAY-1", "Nowhere").unwrap_err(),
            state.set_kind("PAY-1", "Saga").unwrap_err(),
            state.set_priority("PAY-1", "Now").unwrap_err(),
            state.set_assignee("PAY-1", Some("nobody")).unwrap_err(),
            state.set_parent("PAY-1", Some("PAY-3")).unwrap_err(),
            state.set_parent("PAY-1", Some("PAY-1")).unwrap_err(),
            state.move_to("PAY-1", "NOPE").unwrap_err(),
            state.link("Likes", "PAY-1", "PAY-2").unwrap_err(),
            state.create(new("NOPE", "Task")).unwrap_err(),
            state.create(new("PAY", "Saga")).unwrap_err(),
            state.create(new("PAY", "Task")).unwrap_err(),
        ]
    });
    let texts = errors.map(|error: EditError| error.to_string()).join("\n");
    expect![[r#"
        no issue has the id or key "PAY-999"; create it first
        no status is called "Nowhere"; use one that the content has
        no issue type is called "Saga"; use one that the content has
        no priority is called "Now"; use one that the content has
        no person is called "nobody"; use one that the content has
        issue "PAY-1" cannot be placed under "PAY-3", which is the issue itself or below it
        issue "PAY-1" cannot be placed under "PAY-1", which is the issue itself or below it
        no project has the key "NOPE"; add it first
        no link type is called "Likes"; use one that the content has
        no project has the key "NOPE"; add it first
        no issue type is called "Saga"; use one that the content has
        no issue has the id or key "PAY-999"; create it first"#]]
    .assert_eq(&texts);
}
