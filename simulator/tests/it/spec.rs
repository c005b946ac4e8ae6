//! Every answer is what Atlassian's documents say it is, apart from listed defects of these.

use http::Method;
use resync_simulator::Flavour;
use serde_json::{Value, json};

use crate::archive::loaded;
use crate::openapi::Document;
use crate::support::{self, Site};

const CLOUD: &str = "jira/specs/cloud-platform-v3.2025-12.json";
const DATA_CENTER: &str = "jira/specs/jira-software-dc-10.3-openapi.json";

/// Path in the document, request behind `/rest/api/<version>`, and a body for POST.
type Case = (&'static str, &'static str, Option<&'static str>);

const CLOUD_CASES: [Case; 20] = [
    ("serverInfo", "/serverInfo", None),
    ("myself", "/myself", None),
    ("field", "/field", None),
    ("issuetype", "/issuetype", None),
    ("project", "/project", None),
    ("project/search", "/project/search?maxResults=2", None),
    ("issueLinkType", "/issueLinkType", None),
    ("issue/{issueIdOrKey}", "/issue/PAY-2", None),
    (
        "issue/{issueIdOrKey}",
        "/issue/10000?fields=summary,issuelinks",
        None,
    ),
    (
        "issue/bulkfetch",
        "/issue/bulkfetch",
        Some(r#"{"issueIdsOrKeys":["PAY-1","PAY-2","1"],"fields":["summary","parent"]}"#),
    ),
    (
        "search/jql",
        "/search/jql?jql=project%3DPAY&maxResults=3",
        None,
    ),
    (
        "search/jql",
        "/search/jql?jql=project%3DPAY&fields=*all&expand=names",
        None,
    ),
    (
        "search/jql",
        "/search/jql",
        Some(
            r#"{"jql":"project = ONB ORDER BY key","maxResults":5,"fields":["summary","parent","issuelinks","updated"],"expand":"names","properties":[],"fieldsByKeys":false,"reconcileIssues":[10001]}"#,
        ),
    ),
    (
        "search/jql",
        "/search/jql",
        Some(r#"{"jql":"project = ONB","fields":["*navigable"]}"#),
    ),
    (
        "search/approximate-count",
        "/search/approximate-count",
        Some(r#"{"jql":"project = PAY"}"#),
    ),
    ("filter/{id}", "/filter/10001", None),
    ("filter/favourite", "/filter/favourite", None),
    ("filter/search", "/filter/search", None),
    (
        "filter/search",
        "/filter/search?expand=jql,owner,sharePermissions,viewUrl,searchUrl",
        None,
    ),
    ("filter/search", "/filter/search?filterName=nothing", None),
];

const DATA_CENTER_CASES: [Case; 13] = [
    ("serverInfo", "/serverInfo", None),
    ("myself", "/myself", None),
    ("field", "/field", None),
    ("issuetype", "/issuetype", None),
    ("project", "/project", None),
    ("issueLinkType", "/issueLinkType", None),
    ("issue/{issueIdOrKey}", "/issue/PAY-2", None),
    ("search", "/search?jql=project%3DPAY&maxResults=3", None),
    (
        "search",
        "/search?jql=key%3DPAY-999&validateQuery=false",
        None,
    ),
    (
        "search",
        "/search",
        Some(
            r#"{"jql":"project = ONB","startAt":2,"maxResults":5,"fields":["*all"],"expand":["names"]}"#,
        ),
    ),
    (
        "search",
        "/search",
        Some(r#"{"jql":"project = ONB","maxResults":0}"#),
    ),
    ("filter/{id}", "/filter/10001", None),
    ("filter/favourite", "/filter/favourite", None),
];

#[test]
fn cloud_answers_are_what_the_document_says() {
    let Some(path) = support::shared(CLOUD) else {
        return;
    };
    let document = Document::read(&path);
    check(&document, "/rest/api/3/", &support::cloud(), &CLOUD_CASES);
}

#[test]
fn data_center_answers_are_what_the_document_says() {
    let Some(path) = support::shared(DATA_CENTER) else {
        return;
    };
    let mut document = Document::read(&path);
    patch_data_center(document.root_mut());
    check(
        &document,
        "/api/2/",
        &support::data_center(),
        &DATA_CENTER_CASES,
    );
}

/// Bodies of real issues have more in them than the sample has.
#[test]
fn archived_issues_are_what_the_documents_say() {
    for (flavour, spec, prefix, target) in [
        (
            Flavour::Cloud,
            CLOUD,
            "/rest/api/3/search/jql",
            "/search/jql",
        ),
        (Flavour::DataCenter, DATA_CENTER, "/api/2/search", "/search"),
    ] {
        let (Some(path), Some((site, _))) = (support::shared(spec), loaded(flavour)) else {
            return;
        };
        let mut document = Document::read(&path);
        if flavour == Flavour::DataCenter {
            patch_data_center(document.root_mut());
        }
        let body = r#"{"jql":"issueLinkType is not EMPTY AND parent is not EMPTY ORDER BY id","maxResults":100,"fields":["*all"]}"#;
        let answer = support::json(&site.post(target, body));
        assert!(answer["issues"].as_array().unwrap().len() > 20);
        let schema = document.answer(prefix, "post", 200).unwrap();
        assert_eq!(document.violations(schema, &answer), Vec::<String>::new());
    }
}

/// The documents leave the fields of issues open; these are the schemas of their values.
const CLOUD_FIELDS: [(&str, &str); 9] = [
    ("status", "StatusDetails"),
    ("issuetype", "IssueTypeDetails"),
    ("project", "ProjectDetails"),
    ("priority", "Priority"),
    ("resolution", "Resolution"),
    ("reporter", "UserDetails"),
    ("assignee", "UserDetails"),
    ("parent", "LinkedIssue"),
    ("issuelinks", "IssueLink"),
];

#[test]
fn values_in_issues_are_what_the_cloud_document_says() {
    let Some(path) = support::shared(CLOUD) else {
        return;
    };
    let mut document = Document::read(&path);
    // A defect: the document wants both ends of a link, each issue shows the other one only.
    let schemas = &mut document.root_mut()["components"]["schemas"];
    schemas["IssueLink"]["required"] = json!(["type"]);
    let body = r#"{"jql":"project in (PAY, ONB, OPS)","maxResults":100,"fields":["*all"]}"#;
    let answer = support::json(&support::cloud().post("/search/jql", body));
    for issue in answer["issues"].as_array().unwrap() {
        for (field, schema) in CLOUD_FIELDS {
            let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
            let value = &issue["fields"][field];
            let values = value
                .as_array()
                .cloned()
                .unwrap_or_else(|| vec![value.clone()]);
            for value in values.iter().filter(|value| !value.is_null()) {
                let wrong = document.violations(&schema, value);
                assert_eq!(wrong, Vec::<String>::new(), "{field} of {}", issue["key"]);
            }
        }
    }
}

/// What the checks above are worth: the document refuses the page of the other flavour.
#[test]
fn a_total_is_refused_by_the_cloud_document() {
    let Some(path) = support::shared(CLOUD) else {
        return;
    };
    let document = Document::read(&path);
    let schema = document
        .answer("/rest/api/3/search/jql", "post", 200)
        .unwrap();
    let page = json!({ "isLast": true, "issues": [{ "id": 7 }], "total": 1, "startAt": 0 });
    assert_eq!(document.violations(schema, &page).len(), 3);
}

fn check(document: &Document, prefix: &str, site: &Site, cases: &[Case]) {
    for (path, target, body) in cases {
        let path = format!("{prefix}{path}");
        let (method, response) = match body {
            None => (Method::GET, site.get(target)),
            Some(body) => {
                let sent: Value = serde_json::from_str(body).unwrap();
                let wrong = document.violations(document.request(&path, "post"), &sent);
                assert_eq!(wrong, Vec::<String>::new(), "the request {target} {body}");
                (Method::POST, site.post(target, body))
            }
        };
        assert_eq!(response.status, 200, "{target}: {:?}", response.body);
        let method = method.as_str().to_lowercase();
        let schema = document.answer(&path, &method, 200);
        let schema = schema.unwrap_or_else(|| panic!("{method} {path} has no schema"));
        let wrong = document.violations(schema, &support::json(&response));
        assert_eq!(wrong, Vec::<String>::new(), "{method} {target}");
    }
}

/// Defects of the Data Center document, as listed beside it.
fn patch_data_center(root: &mut Value) {
    // Arrays that are declared as their item.
    for path in ["field", "issuetype", "project", "filter/favourite"] {
        let answer = &mut root["paths"][format!("/api/2/{path}")]["get"]["responses"]["200"];
        let schema = &mut answer["content"]["application/json"]["schema"];
        let item = schema.take();
        *schema = json!({ "type": "array", "items": item });
    }
    // Fields of an issue are of any type.
    let schemas = &mut root["components"]["schemas"];
    schemas["IssueBean"]["properties"]["fields"]["additionalProperties"] = json!(true);
}
