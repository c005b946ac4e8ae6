//! Boards and epics: lists, configuration, and issues in the order of their rank.

use expect_test::expect;
use http::{HeaderMap, Method};
use resync_simulator::state::{Board, BoardKind, Filter};
use resync_simulator::{Flavour, Response};
use serde_json::{Value, json};

use crate::archive::loaded;
use crate::support::{Site, cloud, data_center, json, keys, site};

fn agile(site: &Site, target: &str) -> Response {
    let path = format!("/rest/agile/1.0{target}");
    site.send(Method::GET, &path, site.login(), "")
}

fn names(page: &Value) -> String {
    let boards = page["values"].as_array().unwrap().iter();
    let rows = boards.map(|board| format!("{} {} {}", board["id"], board["type"], board["name"]));
    rows.collect::<Vec<_>>().join(", ")
}

fn found(site: &Site, target: &str) -> String {
    let response = agile(site, target);
    let body = json(&response);
    match body["issues"].as_array() {
        Some(issues) => keys(issues),
        None => format!("{} {}", response.status, body["errorMessages"]),
    }
}

#[test]
fn boards_are_listed_and_narrowed_on_both_flavours() {
    for site in [cloud(), data_center()] {
        expect![[r#"1 "kanban" "Launch 2026", 2 "scrum" "PAY board""#]]
            .assert_eq(&names(&json(&agile(&site, "/board"))));
        for (query, expected) in [
            ("type=scrum", r#"2 "scrum" "PAY board""#),
            (
                "type=scrum,kanban",
                r#"1 "kanban" "Launch 2026", 2 "scrum" "PAY board""#,
            ),
            ("name=LAUNCH", r#"1 "kanban" "Launch 2026""#),
            ("projectKeyOrId=pay", r#"2 "scrum" "PAY board""#),
            ("projectKeyOrId=10000", r#"2 "scrum" "PAY board""#),
            ("projectKeyOrId=OPS", ""),
            ("filterId=10001", r#"1 "kanban" "Launch 2026""#),
        ] {
            let page = json(&agile(&site, &format!("/board?{query}")));
            assert_eq!(names(&page), expected, "{query}");
        }
        let page = json(&agile(&site, "/board?startAt=1&maxResults=1"));
        assert_eq!(names(&page), r#"2 "scrum" "PAY board""#);
        assert_eq!((&page["total"], &page["isLast"]), (&json!(2), &json!(true)));
        assert_eq!(json(&agile(&site, "/board/2"))["name"], "PAY board");
        assert_eq!(agile(&site, "/board?startAt=x").status, 400);
    }
    let board = json(&agile(&cloud(), "/board/2"));
    assert_eq!(board["location"]["projectKey"], "PAY");
    assert!(
        json(&agile(&data_center(), "/board/2"))
            .get("location")
            .is_none()
    );
}

#[test]
fn boards_that_are_absent_or_hidden_are_404_and_strangers_on_cloud_see_none() {
    for site in [cloud(), data_center()] {
        site.simulator
            .edit(|state| state.set_revoked("PAY", true).unwrap());
        for id in ["2", "99", "none"] {
            for part in ["", "/configuration", "/issue", "/epic"] {
                let response = agile(&site, &format!("/board/{id}{part}"));
                assert_eq!(response.status, 404, "{id}{part}");
            }
        }
        assert_eq!(
            names(&json(&agile(&site, "/board"))),
            r#"1 "kanban" "Launch 2026""#
        );
        site.simulator.edit(|state| assert!(state.delete_board(1)));
        site.simulator.edit(|state| assert!(!state.delete_board(1)));
        assert_eq!(agile(&site, "/board/1").status, 404);
    }
    let site = cloud();
    let strange = |path: &str| site.send(Method::GET, path, HeaderMap::new(), "");
    assert_eq!(names(&json(&strange("/rest/agile/1.0/board"))), "");
    assert_eq!(strange("/rest/agile/1.0/board/1/issue").status, 404);
    assert_eq!(strange("/rest/agile/1.0/epic/PAY-1").status, 404);
}

#[test]
fn a_configuration_names_the_filter_the_rank_field_and_the_columns() {
    for (site, rank) in [(cloud(), 10_047), (data_center(), 11_405)] {
        let body = json(&agile(&site, "/board/1/configuration"));
        assert_eq!(body["filter"]["id"], "10001");
        assert_eq!(body["ranking"]["rankCustomFieldId"], rank);
        let columns = body["columnConfig"]["columns"].as_array().unwrap();
        let rows = columns.iter().map(|column| {
            let statuses = column["statuses"].as_array().unwrap().iter();
            let ids: Vec<_> = statuses
                .map(|status| status["id"].as_str().unwrap())
                .collect();
            format!("{}: {}\n", column["name"], ids.join(" "))
        });
        expect![[r#"
            "To Do": 10000
            "In Progress": 3 10010
            "Done": 10011
        "#]]
        .assert_eq(&rows.collect::<String>());
    }
}

#[test]
fn only_the_board_says_which_of_two_rank_fields_counts() {
    for site in [cloud(), data_center()] {
        site.simulator.edit(|state| state.add_obsolete_rank_field());
        let fields = json(&site.get("/field"));
        let ranks = fields.as_array().unwrap().iter();
        let ranks = ranks
            .filter(|field| field["schema"]["custom"] == "com.pyxis.greenhopper.jira:gh-lexo-rank");
        let ids: Vec<_> = ranks.map(|field| field["id"].as_str().unwrap()).collect();
        let board = json(&agile(&site, "/board/1/configuration"));
        let used = format!("customfield_{}", board["ranking"]["rankCustomFieldId"]);
        assert_eq!((ids.len(), ids[1]), (2, used.as_str()));
        let issue = json(&site.get(&format!("/issue/PAY-1?fields={}", ids.join(","))));
        assert!(issue["fields"].get(ids[0]).is_none());
        assert!(issue["fields"][ids[1]].as_str().unwrap().starts_with("0|"));
    }
}

#[test]
fn a_board_shows_its_issues_by_rank_whatever_its_filter_orders_by() {
    for site in [cloud(), data_center()] {
        site.simulator.edit(|state| {
            state.rank_before("PAY-13", "PAY-1").unwrap();
            state.save_filter(Filter {
                id: 7,
                name: "By key".to_owned(),
                jql: "project = PAY AND type != Sub-task ORDER BY key DESC".to_owned(),
                favourite: false,
            });
            state.save_board(Board {
                id: 3,
                name: "Payments without bugs".to_owned(),
                kind: BoardKind::Kanban,
                filter: 7,
                project: None,
                sub_query: Some("type != Bug OR priority = Highest".to_owned()),
            });
        });
        let all = found(&site, "/board/3/issue?maxResults=1000");
        assert!(
            all.starts_with("PAY-13 PAY-1 PAY-2 PAY-6 PAY-9 PAY-14"),
            "{all}"
        );
        assert!(!all.split(' ').any(|key| key == "PAY-41"));
        assert_eq!(
            found(&site, "/board/3/issue?startAt=1&maxResults=2"),
            "PAY-1 PAY-2"
        );
        let page = json(&agile(&site, "/board/3/issue?maxResults=0&fields=key"));
        assert_eq!(page["total"], all.split(' ').count());
        let narrowed = "/board/3/issue?jql=type%3DEpic%20order%20by%20key&maxResults=2";
        assert_eq!(found(&site, narrowed), "PAY-1 PAY-14");
        assert!(found(&site, "/board/3/issue?jql=nothing%3D1").starts_with("400"));
        assert_eq!(
            found(&site, "/board/3/issue?jql=nothing%3D1&validateQuery=false"),
            ""
        );
    }
}

#[test]
fn a_scrum_board_leaves_epics_out_of_its_list_and_shows_them_beside_it() {
    for site in [cloud(), data_center()] {
        assert!(found(&site, "/board/2/issue").starts_with("PAY-2 PAY-3 "));
        let epics = json(&agile(&site, "/board/2/epic"));
        assert_eq!(
            keys(epics["values"].as_array().unwrap()),
            "PAY-1 PAY-14 PAY-24 PAY-33"
        );
        assert!(epics.get("total").is_none());
        let page = json(&agile(&site, "/board/2/epic?startAt=3&done=false"));
        assert_eq!(keys(page["values"].as_array().unwrap()), "PAY-33");
        site.simulator
            .edit(|state| state.transition("PAY-14", "Done", None).unwrap());
        let page = json(&agile(&site, "/board/2/epic?done=true"));
        assert_eq!(keys(page["values"].as_array().unwrap()), "PAY-14");
    }
}

#[test]
fn issues_are_listed_by_epic_and_without_one() {
    for site in [cloud(), data_center()] {
        let children = "PAY-2 PAY-6 PAY-9 PAY-12 PAY-13";
        for target in [
            "/epic/PAY-1/issue",
            "/epic/10000/issue",
            "/board/2/epic/PAY-1/issue",
        ] {
            assert_eq!(found(&site, target), children, "{target}");
        }
        for target in ["/epic/PAY-2/issue", "/epic/PAY-2", "/epic/X-1"] {
            assert_eq!(agile(&site, target).status, 404, "{target}");
        }
        let epic = json(&agile(&site, "/epic/PAY-1"));
        assert_eq!(
            (&epic["id"], &epic["key"], &epic["done"]),
            (&json!(10_000), &json!("PAY-1"), &json!(false))
        );
        let without = found(&site, "/board/2/epic/none/issue?jql=type%20in%20(Bug,Task)");
        assert_eq!(without, "PAY-39 PAY-40 PAY-41 PAY-42");
        let without = found(
            &site,
            "/epic/none/issue?jql=project%3DPAY%20AND%20type%3DBug",
        );
        assert_eq!(without, "PAY-41 PAY-42");
        // Neither epics themselves nor sub-tasks count as issues without an epic.
        let all = found(&site, "/epic/none/issue?jql=project%3DPAY");
        assert_eq!(all, "PAY-39 PAY-40 PAY-41 PAY-42");
        assert_eq!(found(&site, "/board/2/epic/none/issue"), all);
    }
}

#[test]
fn boards_show_fields_that_searches_do_not_have() {
    for site in [cloud(), data_center()] {
        let first = |query: &str| {
            let page = json(&agile(
                &site,
                &format!("/board/2/issue?maxResults=1{query}"),
            ));
            page["issues"][0]["fields"].clone()
        };
        let fields = first("");
        assert_eq!(
            (
                &fields["epic"]["key"],
                &fields["flagged"],
                &fields["sprint"]
            ),
            (&json!("PAY-1"), &json!(false), &Value::Null)
        );
        assert!(fields["summary"].is_string());
        assert_eq!(first("&fields=flagged"), json!({ "flagged": false }));
        assert!(first("&fields=*all,-epic").get("epic").is_none());
        let searched = json(&site.get("/issue/PAY-2"));
        assert!(searched["fields"].get("epic").is_none());
    }
}

#[test]
fn a_board_lags_as_searches_do() {
    let site = cloud();
    site.simulator.edit(|state| {
        state.set_search_lag(5_000);
        state.rank_before("PAY-13", "PAY-2").unwrap();
    });
    assert!(found(&site, "/board/2/issue").starts_with("PAY-2 "));
    site.advance(5_000);
    assert!(found(&site, "/board/2/issue").starts_with("PAY-13 PAY-2 "));
}

#[test]
fn every_kind_of_content_has_boards() {
    let seeded = site(Flavour::Cloud);
    seeded.simulator.seed_content(300);
    expect![[r#"1 "kanban" "SAA board""#]].assert_eq(&names(&json(&agile(&seeded, "/board"))));
    let page = json(&agile(&seeded, "/board/1/issue?maxResults=1000&fields=key"));
    assert_eq!(page["issues"].as_array().unwrap().len(), 300);
    let Some((archived, _)) = loaded(Flavour::DataCenter) else {
        return;
    };
    let boards = json(&agile(archived, "/board"));
    assert_eq!(boards["total"], 5);
    let page = json(&agile(
        archived,
        "/board/1/issue?maxResults=5000&fields=key",
    ));
    assert_eq!(page["maxResults"], 1000, "the cap of searches holds");
    assert!(page["total"].as_u64().unwrap() > 300);
}
