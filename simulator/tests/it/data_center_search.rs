//! Data Center's search: offset pages, totals and limits.

use expect_test::expect;
use resync_simulator::Flavour;
use serde_json::{Value, json};

use crate::support::{Site, data_center, json, keys, site};

fn page(site: &Site, body: Value) -> Value {
    json(&site.post("/search", &body.to_string()))
}

#[test]
fn a_page_has_an_offset_a_size_and_a_total() {
    let site = data_center();
    let body = page(
        &site,
        json!({ "jql": "parent = PAY-2 ORDER BY key", "startAt": 1, "maxResults": 1,
            "fields": ["summary"] }),
    );
    expect![[r#"
        {
          "expand": "names,schema",
          "issues": [
            {
              "expand": "renderedFields,names,schema,operations,editmeta,changelog",
              "fields": {
                "summary": "Show \"on its way\" between bank acceptance and booking"
              },
              "id": "10003",
              "key": "PAY-4",
              "self": "http://jira.test/rest/api/2/issue/10003"
            }
          ],
          "maxResults": 1,
          "startAt": 1,
          "total": 3
        }"#]]
    .assert_eq(&format!("{body:#}"));
}

#[test]
fn get_takes_comma_lists_and_post_takes_arrays() {
    let site = data_center();
    let body = json(&site.get("/search?jql=key%3DPAY-2&fields=summary,status&expand=names"));
    assert_eq!(body["issues"][0]["fields"].as_object().unwrap().len(), 2);
    assert_eq!(
        body["names"],
        json!({ "summary": "Summary", "status": "Status" })
    );
    let comma = json!({ "jql": "key = PAY-2", "fields": "summary,status" });
    assert_eq!(site.post("/search", &comma.to_string()).status, 400);
}

#[test]
fn default_fields_are_the_navigable_ones() {
    let body = page(&data_center(), json!({ "jql": "key = PAY-2" }));
    let fields = body["issues"][0]["fields"].as_object().unwrap();
    assert!(fields.contains_key("customfield_11412") && fields.contains_key("summary"));
}

#[test]
fn a_page_size_is_lowered_to_a_thousand_and_said() {
    let site = site(Flavour::DataCenter);
    site.simulator.seed_content(1200);
    let body = page(
        &site,
        json!({ "jql": "", "maxResults": 5000, "fields": ["key"] }),
    );
    assert_eq!(body["maxResults"], 1000);
    assert_eq!(body["issues"].as_array().unwrap().len(), 1000);
    assert_eq!(body["total"], 1200);
}

#[test]
fn a_page_size_of_nought_tells_the_total_only() {
    let body = page(
        &data_center(),
        json!({ "jql": "project = PAY", "maxResults": 0 }),
    );
    assert_eq!((&body["total"], &body["issues"]), (&json!(42), &json!([])));
}

#[test]
fn a_window_beyond_ten_thousand_breaks_the_search() {
    let site = data_center();
    let status = |start: u64, size: u64| {
        let body = json!({ "jql": "project = PAY", "startAt": start, "maxResults": size });
        let response = site.post("/search", &body.to_string());
        if response.status == 500 {
            let text = json(&response)["errorMessages"][0]
                .as_str()
                .unwrap()
                .to_owned();
            assert!(text.contains("10000"), "{text}");
        }
        response.status
    };
    assert_eq!(
        (status(9_990, 10), status(9_990, 11), status(9_000, 1000)),
        (200, 500, 200)
    );
}

#[test]
fn offsets_shift_while_issues_change() {
    let site = data_center();
    let at = |start: u64| {
        let body = json!({ "jql": "parent = PAY-2 ORDER BY key", "startAt": start,
            "maxResults": 1, "fields": ["key"] });
        keys(page(&site, body)["issues"].as_array().unwrap())
    };
    assert_eq!(at(0), "PAY-3");
    site.simulator.edit(|state| state.delete("PAY-3").unwrap());
    // PAY-4 is never shown to who goes on at the next offset.
    assert_eq!(at(1), "PAY-5");
}

#[test]
fn meaning_is_checked_unless_validation_is_switched_off() {
    let site = data_center();
    let mut body = json!({ "jql": "key in (PAY-2, PAY-999) OR colour = red", "fields": ["key"] });
    let response = site.post("/search", &body.to_string());
    assert_eq!(response.status, 400);
    expect![[r#"{"errorMessages":["An issue with key 'PAY-999' does not exist for field 'key'.","Field 'colour' does not exist or you do not have permission to view it."],"errors":{}}"#]].assert_eq(&json(&response).to_string());
    body["validateQuery"] = json!(false);
    let answer = page(&site, body);
    assert_eq!(keys(answer["issues"].as_array().unwrap()), "PAY-2");
    assert_eq!(answer["warningMessages"].as_array().unwrap().len(), 2);
    let query = "/search?jql=key%3DPAY-999&validateQuery=false";
    assert_eq!(json(&site.get(query))["total"], 0);
}

#[test]
fn numbers_that_are_none_are_refused() {
    let site = data_center();
    assert_eq!(site.get("/search?jql=&maxResults=abc").status, 404);
    assert_eq!(
        site.post("/search", r#"{"jql":"","startAt":"x"}"#).status,
        400
    );
    assert_eq!(site.post("/search", "[]").status, 400);
    assert_eq!(site.post("/search", "{").status, 400);
}

#[test]
fn the_searches_of_cloud_are_not_there() {
    let site = data_center();
    assert_eq!(site.post("/search/jql", "{}").status, 404);
    assert_eq!(site.post("/search/approximate-count", "{}").status, 404);
    // `bulkfetch` is taken for a key, and a key can only be read.
    assert_eq!(site.post("/issue/bulkfetch", "{}").status, 405);
}
