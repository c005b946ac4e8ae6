//! Cloud's search: token pages and refusals.

use expect_test::expect;
use http::Method;
use resync_simulator::fault::{Fault, On, When};
use serde_json::{Value, json};

use crate::support::{Site, cloud, json, keys};

fn page(site: &Site, body: Value) -> Value {
    json(&site.post("/search/jql", &body.to_string()))
}

/// Keys of all pages, one page a line.
fn pages(site: &Site, mut body: Value) -> String {
    let mut lines = String::new();
    loop {
        let page = page(site, body.clone());
        lines += &format!(
            "{} {}\n",
            keys(page["issues"].as_array().unwrap()),
            page["isLast"]
        );
        match &page["nextPageToken"] {
            Value::Null => return lines,
            token => body["nextPageToken"] = token.clone(),
        }
    }
}

#[test]
fn issues_are_ids_alone_unless_fields_are_named() {
    let site = cloud();
    let body = page(
        &site,
        json!({ "jql": "key in (PAY-1, PAY-2) ORDER BY key" }),
    );
    expect![[r#"{"isLast":true,"issues":[{"id":"10000"},{"id":"10001"}]}"#]]
        .assert_eq(&body.to_string());
    let body = page(
        &site,
        json!({ "jql": "key = PAY-1", "fields": ["summary", "nothing"] }),
    );
    assert_eq!(
        body["issues"][0]["fields"],
        json!({ "summary": "Instant payouts for merchants" })
    );
    let body = page(&site, json!({ "jql": "key = PAY-1", "fields": ["key"] }));
    assert_eq!(body["issues"][0]["key"], "PAY-1");
    assert!(body["issues"][0].get("fields").is_none());
    let body = page(
        &site,
        json!({ "jql": "key = PAY-1", "fields": ["*all", "-summary"] }),
    );
    assert!(body["issues"][0]["fields"].get("summary").is_none());
    assert!(body["issues"][0]["fields"]["status"].is_object());
}

#[test]
fn pages_end_with_the_absence_of_a_token_and_have_no_total() {
    let site = cloud();
    let body = json!({ "jql": "parent = PAY-1 ORDER BY key", "maxResults": 2, "fields": ["key"] });
    expect![[r#"
        PAY-2 PAY-6 false
        PAY-9 PAY-12 false
        PAY-13 true
    "#]]
    .assert_eq(&pages(&site, body.clone()));
    let first = page(&site, body);
    for member in ["total", "startAt", "maxResults"] {
        assert!(first.get(member).is_none());
    }
}

#[test]
fn get_takes_the_same_from_the_query() {
    let site = cloud();
    let query = "/search/jql?jql=parent%20%3D%20PAY-1+ORDER+BY+key&maxResults=4&fields=key,summary";
    let first = json(&site.get(query));
    assert_eq!(
        keys(first["issues"].as_array().unwrap()),
        "PAY-2 PAY-6 PAY-9 PAY-12"
    );
    let token = first["nextPageToken"].as_str().unwrap();
    let second = json(&site.get(&format!("{query}&nextPageToken={token}")));
    assert_eq!(keys(second["issues"].as_array().unwrap()), "PAY-13");
}

#[test]
fn pages_get_smaller_the_more_is_shown() {
    let site = crate::support::site(resync_simulator::Flavour::Cloud);
    site.simulator.seed_content(6000);
    let size = |fields: Value| {
        let body = json!({ "jql": "id > 0 ORDER BY id", "maxResults": 5000, "fields": fields });
        page(&site, body)["issues"].as_array().unwrap().len()
    };
    assert_eq!(size(json!(["id"])), 5000);
    assert_eq!(size(json!(["key"])), 5000);
    assert_eq!(size(json!(["summary", "parent"])), 1000);
    assert_eq!(size(json!(["*all"])), 100);
}

#[test]
fn a_page_can_be_shorter_than_asked_for() {
    let site = cloud();
    site.simulator.edit(|state| {
        state
            .faults
            .rule(On::Searches, When::Every(2), Fault::ShortPage(1));
    });
    let body = json!({ "jql": "parent = PAY-1 ORDER BY key", "maxResults": 2, "fields": ["key"] });
    expect![[r#"
        PAY-2 PAY-6 false
        PAY-9 false
        PAY-12 PAY-13 true
    "#]]
    .assert_eq(&pages(&site, body));
}

#[test]
fn refusals_come_in_the_measured_order() {
    let site = cloud();
    let refuse = |body: Value| {
        let response = site.post("/search/jql", &body.to_string());
        format!("{} {}\n", response.status, json(&response))
    };
    let many: Vec<u64> = (1..=51).collect();
    let mut body = json!({ "startAt": 0, "nextPageToken": "?", "reconcileIssues": many,
        "maxResults": 5001, "jql": "" });
    let mut seen = refuse(body.clone());
    for fixed in ["startAt", "nextPageToken", "reconcileIssues", "maxResults"] {
        body.as_object_mut().unwrap().remove(fixed);
        seen += &refuse(body.clone());
    }
    body["jql"] = json!("project = PAY");
    body["maxResults"] = json!(1);
    assert!(refuse(body).starts_with("200"));
    expect![[r#"
        400 {"errorMessages":["Invalid request payload. Refer to the REST API documentation and try again."]}
        400 {"errorMessages":["The nextPageToken is invalid or has expired."],"errors":{}}
        400 {"errorMessages":["The max number of issues to reconcile is 50."],"errors":{}}
        400 {"errorMessages":["The maxResults value must be between 1 and 5000."],"errors":{}}
        400 {"errorMessages":["Unbounded JQL queries are not allowed here. Please add a search restriction to your query."],"errors":{}}
    "#]].assert_eq(&seen);
}

#[test]
fn page_sizes_outside_the_limits_are_refused() {
    let site = cloud();
    let status = |size: Value| {
        let body = json!({ "jql": "project = PAY", "maxResults": size });
        site.post("/search/jql", &body.to_string()).status
    };
    assert_eq!(
        [json!(0), json!(-1), json!(5001), Value::Null].map(status),
        [400; 4]
    );
    assert_eq!([json!(1), json!(5000)].map(status), [200; 2]);
    let response = site.get("/search/jql?jql=project%3DPAY&maxResults=abc");
    assert_eq!(response.status, 400);
    assert_eq!(
        json(&response)["detail"],
        "Failed to convert 'maxResults' with value: 'abc'"
    );
}

#[test]
fn queries_without_a_restriction_are_refused() {
    let site = cloud();
    for jql in [json!(""), json!("ORDER BY key"), Value::Null] {
        let response = site.post("/search/jql", &json!({ "jql": jql }).to_string());
        assert_eq!(response.status, 400);
        let text = json(&response)["errorMessages"][0]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(text.starts_with("Unbounded JQL"), "{text}");
    }
    assert_eq!(site.get("/search/jql").status, 400);
    assert_eq!(
        site.post("/search/approximate-count", r#"{"jql":""}"#)
            .status,
        400
    );
}

#[test]
fn unreadable_and_unknown_bodies_are_refused_without_errors() {
    let site = cloud();
    let response = site.post("/search/jql", "{\"jql\":");
    assert_eq!(response.status, 400);
    expect![[r#"{"errorMessages":["There was an error parsing JSON. Check that your request body is valid."]}"#]].assert_eq(&json(&response).to_string());
    for body in [
        r#"{"jql":"project = PAY","startAt":0}"#,
        r#"{"jql":"project = PAY","validateQuery":false}"#,
        r#"{"jql":"project = PAY","fields":"summary"}"#,
        r#"{"jql":"project = PAY","reconcileIssues":["a"]}"#,
        r#"{"jql":"project = PAY","reconcileIssues":7}"#,
    ] {
        let response = site.post("/search/jql", body);
        assert_eq!(response.status, 400, "{body}");
        assert!(json(&response).get("errors").is_none());
    }
    assert_eq!(site.post("/search/approximate-count", "x").status, 400);
}

#[test]
fn post_reads_only_the_body() {
    let site = cloud();
    let body = r#"{"jql":"key = PAY-1"}"#;
    let response = site.post("/search/jql?jql=project%3DOPS&startAt=9&maxResults=0", body);
    assert_eq!(json(&response)["issues"], json!([{ "id": "10000" }]));
}

#[test]
fn a_reconcile_list_of_null_breaks_the_server() {
    let site = cloud();
    let body = r#"{"jql":"project = PAY","reconcileIssues":null}"#;
    assert_eq!(site.post("/search/jql", body).status, 500);
}

#[test]
fn a_token_belongs_to_its_query_and_lives_seven_days() {
    let site = cloud();
    let mut body = json!({ "jql": "project = PAY", "maxResults": 5 });
    body["nextPageToken"] = page(&site, body.clone())["nextPageToken"].clone();
    let mut other = body.clone();
    other["jql"] = json!("project = ONB");
    assert_eq!(site.post("/search/jql", &other.to_string()).status, 400);
    let week = 7 * 24 * 60 * 60 * 1000;
    site.advance(week);
    assert_eq!(site.post("/search/jql", &body.to_string()).status, 200);
    site.advance(1);
    assert_eq!(site.post("/search/jql", &body.to_string()).status, 400);
    for nonsense in ["!", "AAAA", "MS4y"] {
        body["nextPageToken"] = json!(nonsense);
        assert_eq!(site.post("/search/jql", &body.to_string()).status, 400);
    }
}

#[test]
fn pages_of_a_moving_set_keep_the_list_of_their_first_page() {
    let site = cloud();
    let mut body =
        json!({ "jql": "parent = PAY-1 ORDER BY key", "maxResults": 2, "fields": ["key"] });
    let first = page(&site, body.clone());
    site.simulator.edit(|state| {
        state.delete("PAY-2").unwrap();
        state.delete("PAY-9").unwrap();
        state.set_parent("PAY-39", Some("PAY-1")).unwrap();
    });
    body["nextPageToken"] = first["nextPageToken"].clone();
    expect![[r#"
        PAY-12 false
        PAY-13 true
    "#]]
    .assert_eq(&pages(&site, body));
}

#[test]
fn names_are_told_when_expanded() {
    let body = json!({ "jql": "key = PAY-1", "fields": ["summary", "customfield_10047"],
        "expand": "names" });
    let names = page(&cloud(), body)["names"].clone();
    assert_eq!(
        names,
        json!({ "summary": "Summary", "customfield_10047": "Rank" })
    );
}

#[test]
fn the_old_search_is_gone() {
    let site = cloud();
    assert_eq!(site.get("/search?jql=project%3DPAY").status, 410);
    assert_eq!(site.post("/search", "{}").status, 410);
}

#[test]
fn matches_are_counted_approximately() {
    let site = cloud();
    let response = site.post("/search/approximate-count", r#"{"jql":"project = PAY"}"#);
    assert_eq!(json(&response), json!({ "count": 42 }));
    let path = site.path("/search/approximate-count");
    assert_eq!(site.send(Method::GET, &path, site.login(), "").status, 405);
}
