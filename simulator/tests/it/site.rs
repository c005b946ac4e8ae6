//! What the site tells about itself: server, account, fields, types, projects, filters.

use expect_test::expect;
use http::{HeaderMap, Method};
use resync_simulator::Flavour;
use serde_json::Value;

use crate::support::{TOKEN, cloud, data_center, headers, json, site_in};

#[test]
fn server_info_tells_the_flavours_apart() {
    let of = |body: &Value| format!("{} {}", body["deploymentType"], body["version"]);
    assert_eq!(
        of(&json(&cloud().get("/serverInfo"))),
        r#""Cloud" "1001.0.0-SNAPSHOT""#
    );
    assert_eq!(
        of(&json(&data_center().get("/serverInfo"))),
        r#""Server" "10.3.24""#
    );
}

#[test]
fn server_info_is_for_anybody_and_cloud_keeps_its_time_from_strangers() {
    for site in [cloud(), data_center()] {
        let path = site.path("/serverInfo");
        let response = site.send(Method::GET, &path, HeaderMap::new(), "");
        assert_eq!(response.status, 200);
        let told = json(&response).get("serverTime").is_some();
        assert_eq!(told, site.flavour == Flavour::DataCenter);
        assert!(json(&site.get("/serverInfo"))["serverTime"].is_string());
    }
}

#[test]
fn myself_has_the_zone_and_the_name_that_the_flavour_uses() {
    let site = site_in(Flavour::Cloud, "Asia/Kolkata");
    let body = json(&site.get("/myself"));
    assert_eq!(body["timeZone"], "Asia/Kolkata");
    assert_eq!(body["accountId"], "712020:tester");
    assert!(body.get("key").is_none());
    let body = json(&site_in(Flavour::DataCenter, "Asia/Kolkata").get("/myself"));
    assert_eq!(body["timeZone"], "Asia/Kolkata");
    assert_eq!(body["name"], "tester");
    assert!(body["key"].is_string());
    assert!(body.get("accountId").is_none());
}

#[test]
fn cloud_has_both_versions_and_data_center_one() {
    let serve = |site: &crate::support::Site, version: &str| {
        let path = format!("/rest/api/{version}/serverInfo");
        site.send(Method::GET, &path, HeaderMap::new(), "").status
    };
    assert_eq!(
        ["2", "3", "latest", "4"].map(|version| serve(&cloud(), version)),
        [200, 200, 200, 404]
    );
    let site = data_center();
    assert_eq!(
        ["2", "3", "latest"].map(|version| serve(&site, version)),
        [200, 404, 200]
    );
}

#[test]
fn fields_are_discovered_by_the_plug_in_key() {
    for (site, expected) in [
        (
            cloud(),
            expect![[r#"
        "customfield_10047" "Rank" "com.pyxis.greenhopper.jira:gh-lexo-rank" ["cf[10047]","Rank"]
        "customfield_10052" "Epic Link" "com.pyxis.greenhopper.jira:gh-epic-link" ["cf[10052]","Epic Link"]
        "customfield_10053" "Epic Name" "com.pyxis.greenhopper.jira:gh-epic-label" ["cf[10053]","Epic Name"]
        "customfield_10071" "Parent Link" "com.atlassian.jpo:jpo-custom-field-parent" ["cf[10071]","Parent Link"]
        "customfield_10080" "Category" "com.atlassian.jira.plugin.system.customfieldtypes:select" ["cf[10080]","Category"]
        "customfield_10081" "Category" "com.atlassian.jira.plugin.system.customfieldtypes:textfield" ["cf[10081]","Category"]
        "customfield_10019" "Order" "com.atlassian.jira.plugin.system.customfieldtypes:float" ["cf[10019]","Order"]
    "#]],
        ),
        (
            data_center(),
            expect![[r#"
        "customfield_11405" "Rank" "com.pyxis.greenhopper.jira:gh-lexo-rank" ["cf[11405]","Rank"]
        "customfield_11412" "Epic Link" "com.pyxis.greenhopper.jira:gh-epic-link" ["cf[11412]","Epic Link"]
        "customfield_11413" "Epic Name" "com.pyxis.greenhopper.jira:gh-epic-label" ["cf[11413]","Epic Name"]
        "customfield_11890" "Parent Link" "com.atlassian.jpo:jpo-custom-field-parent" ["cf[11890]","Parent Link"]
        "customfield_12001" "Category" "com.atlassian.jira.plugin.system.customfieldtypes:select" ["cf[12001]","Category"]
        "customfield_12002" "Category" "com.atlassian.jira.plugin.system.customfieldtypes:textfield" ["cf[12002]","Category"]
        "customfield_10019" "Order" "com.atlassian.jira.plugin.system.customfieldtypes:float" ["cf[10019]","Order"]
    "#]],
        ),
    ] {
        let fields = json(&site.get("/field"));
        let custom = fields
            .as_array()
            .unwrap()
            .iter()
            .filter(|field| field["custom"] == true);
        let rows = custom.map(|field| {
            let clauses = &field["clauseNames"];
            format!(
                "{} {} {} {clauses}\n",
                field["id"], field["name"], field["schema"]["custom"]
            )
        });
        expected.assert_eq(&rows.collect::<String>());
    }
}

#[test]
fn names_of_fields_repeat() {
    let fields = json(&cloud().get("/field"));
    let named = fields
        .as_array()
        .unwrap()
        .iter()
        .filter(|field| field["name"] == "Category");
    assert_eq!(named.count(), 2);
}

#[test]
fn only_cloud_tells_the_level_of_issue_types() {
    let levels = |body: Value| {
        let kinds = body.as_array().unwrap().clone();
        let rows = kinds.iter().map(|kind| {
            format!(
                "{} {} {}",
                kind["name"], kind["subtask"], kind["hierarchyLevel"]
            )
        });
        rows.collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        "Epic" false 1
        "Story" false 0
        "Task" false 0
        "Bug" false 0
        "Sub-task" true -1"#]]
    .assert_eq(&levels(json(&cloud().get("/issuetype"))));
    expect![[r#"
        "Epic" false null
        "Story" false null
        "Task" false null
        "Bug" false null
        "Sub-task" true null"#]]
    .assert_eq(&levels(json(&data_center().get("/issuetype"))));
}

#[test]
fn projects_are_listed_and_on_cloud_searched_by_page() {
    let keys = |list: &Value| {
        let list = list.as_array().unwrap().iter();
        list.map(|project| project["key"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    for site in [cloud(), data_center()] {
        assert_eq!(keys(&json(&site.get("/project"))), ["PAY", "ONB", "OPS"]);
    }
    let page = json(&cloud().get("/project/search?maxResults=2&startAt=1"));
    assert_eq!(keys(&page["values"]), ["OPS", "PAY"]);
    assert_eq!(
        (&page["total"], &page["isLast"]),
        (&Value::from(3), &Value::from(true))
    );
    let page = json(&cloud().get("/project/search?keys=ONB&query=board"));
    assert_eq!(keys(&page["values"]), ["ONB"]);
    assert_eq!(data_center().get("/project/search").status, 404);
}

#[test]
fn link_types_are_for_anybody_on_cloud() {
    let site = cloud();
    let response = site.send(
        Method::GET,
        &site.path("/issueLinkType"),
        HeaderMap::new(),
        "",
    );
    let body = json(&response);
    let rows = body["issueLinkTypes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| {
            format!(
                "{} {}: {}, {}\n",
                kind["id"], kind["name"], kind["outward"], kind["inward"]
            )
        });
    expect![[r#"
        "10000" "Blocks": "blocks", "is blocked by"
        "10001" "Cloners": "clones", "is cloned by"
        "10002" "Duplicate": "duplicates", "is duplicated by"
        "10003" "Relates": "relates to", "relates to"
    "#]]
    .assert_eq(&rows.collect::<String>());
}

#[test]
fn a_saved_filter_is_read_by_id() {
    for (site, missing) in [(cloud(), 404), (data_center(), 400)] {
        let body = json(&site.get("/filter/10001"));
        assert_eq!(body["name"], "Launch 2026 scope");
        assert_eq!(
            body["jql"],
            "project in (PAY, ONB) AND labels = launch-2026 ORDER BY Rank"
        );
        assert_eq!(site.get("/filter/99").status, missing);
        assert_eq!(site.get("/filter/none").status, missing);
        let favourites = json(&site.get("/filter/favourite"));
        assert_eq!(favourites[0]["id"], "10001");
        site.simulator
            .edit(|state| assert!(state.delete_filter(10_001)));
        assert_eq!(site.get("/filter/10001").status, missing);
        site.simulator
            .edit(|state| assert!(!state.delete_filter(10_001)));
    }
}

#[test]
fn filter_search_is_paged_and_tells_the_query_only_when_asked() {
    let page = json(&cloud().get("/filter/search?filterName=launch"));
    assert_eq!(page["total"], 1);
    assert!(page["values"][0].get("jql").is_none());
    let page = json(&cloud().get("/filter/search?filterName=LAUNCH&expand=jql"));
    assert!(page["values"][0]["jql"].is_string());
    assert_eq!(
        json(&cloud().get("/filter/search?filterName=x"))["total"],
        0
    );
    assert_eq!(data_center().get("/filter/search").status, 404);
}

#[test]
fn unknown_routes_and_methods_are_refused_by_the_framework() {
    let site = cloud();
    let response = site.get("/nothing/here");
    assert_eq!(response.status, 404);
    assert_eq!(
        response.headers["content-type"],
        "application/problem+json;charset=UTF-8"
    );
    expect![[r#"{"detail":"No endpoint GET /rest/api/3/nothing/here.","instance":"/rest/api/3/nothing/here","status":404,"title":"Not Found","type":"about:blank"}"#]].assert_eq(&json(&response).to_string());
    let response = site.send(Method::DELETE, "/rest/api/3/search/jql", site.login(), "");
    assert_eq!(response.status, 405);
    assert_eq!(response.headers["allow"], "GET,POST");
    expect![[r#"{"detail":"Method is not supported.","instance":"/rest/api/3/search/jql","status":405,"title":"Method Not Allowed","type":"about:blank"}"#]].assert_eq(&json(&response).to_string());
    let response = site.get("/project/search?maxResults=abc");
    expect![[r#"{"detail":"Failed to convert 'maxResults' with value: 'abc'","instance":"/rest/api/3/project/search","status":400,"title":"Bad Request","type":"about:blank"}"#]].assert_eq(&json(&response).to_string());
}

#[test]
fn a_body_without_media_type_is_refused() {
    let site = cloud();
    let path = site.path("/search/jql");
    let body = r#"{"jql":"project = PAY"}"#;
    assert_eq!(
        site.send(Method::POST, &path, site.login(), body).status,
        415
    );
    let mut form = site.login();
    form.extend(headers(&[(
        "content-type",
        "application/x-www-form-urlencoded",
    )]));
    assert_eq!(site.send(Method::POST, &path, form, body).status, 415);
}

#[test]
fn data_is_json_of_the_media_type_of_the_flavour() {
    let response = cloud().get("/myself");
    assert_eq!(
        response.headers["content-type"],
        "application/json;charset=UTF-8"
    );
}

#[test]
fn no_debug_output_shows_the_token() {
    let site = cloud();
    let state = site.simulator.inspect(|state| format!("{state:?}"));
    assert!(!format!("{:?}{state}", site.simulator).contains(TOKEN));
}
