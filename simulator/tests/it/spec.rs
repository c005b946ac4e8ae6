//! Every answer is what Atlassian's documents say it is, apart from listed defects of these.

use http::Method;
use resync_simulator::Flavour;
use serde_json::{Value, json};

use crate::archive::loaded;
use crate::openapi::Document;
use crate::support::{self, Site};

const CLOUD: &str = "jira/specs/cloud-platform-v3.2025-12.json";
const CLOUD_AGILE: &str = "jira/specs/cloud-software-agile-1.0.2024-10.json";
const DATA_CENTER: &str = "jira/specs/jira-software-dc-10.3-openapi.json";

/// Path in the document, request behind `/rest/api/<version>`, and a body for POST.
type Case = (&'static str, &'static str, Option<&'static str>);

const CLOUD_CASES: [Case; 30] = [
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
    ("status", "/status", None),
    ("resolution", "/resolution", None),
    (
        "issue/{issueIdOrKey}/transitions",
        "/issue/PAY-1/transitions",
        None,
    ),
    (
        "issue/{issueIdOrKey}/transitions",
        "/issue/PAY-1/transitions?expand=transitions.fields",
        None,
    ),
    (
        "issue/{issueIdOrKey}/changelog",
        "/issue/PAY-1/changelog",
        None,
    ),
    (
        "issue/{issueIdOrKey}",
        "/issue/PAY-1?expand=changelog",
        None,
    ),
    (
        "search/jql",
        "/search/jql",
        Some(r#"{"jql":"key = PAY-1","fields":["*all"],"expand":"changelog"}"#),
    ),
    (
        "issue/bulkfetch",
        "/issue/bulkfetch",
        Some(r#"{"issueIdsOrKeys":["PAY-1"],"fields":["summary"],"expand":["changelog"]}"#),
    ),
    (
        "search/jql",
        "/search/jql",
        Some(
            r#"{"jql":"updated >= \"2026-11-24 10:00\" ORDER BY updated ASC, key ASC","fields":["updated","issuelinks"]}"#,
        ),
    ),
    ("issueLinkType", "/issueLinkType", None),
];

const DATA_CENTER_CASES: [Case; 20] = [
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
    ("status", "/status", None),
    ("resolution", "/resolution", None),
    (
        "issue/{issueIdOrKey}/transitions",
        "/issue/PAY-1/transitions",
        None,
    ),
    (
        "issue/{issueIdOrKey}/transitions",
        "/issue/PAY-1/transitions?expand=transitions.fields",
        None,
    ),
    (
        "issue/{issueIdOrKey}",
        "/issue/PAY-1?expand=changelog",
        None,
    ),
    (
        "search",
        "/search",
        Some(r#"{"jql":"key = PAY-1","fields":["*all"],"expand":["changelog"]}"#),
    ),
    (
        "search",
        "/search",
        Some(
            r#"{"jql":"updated >= \"2026-11-24 10:00\" ORDER BY updated ASC, key ASC","fields":["updated","issuelinks"]}"#,
        ),
    ),
];

/// What the API of boards answers, behind `agile/1.0/`; path in the document and request.
const AGILE_CASES: [(&str, &str); 12] = [
    ("board", "board"),
    ("board", "board?type=scrum&projectKeyOrId=PAY&maxResults=1"),
    ("board/{boardId}", "board/2"),
    ("board/{boardId}/configuration", "board/1/configuration"),
    ("board/{boardId}/configuration", "board/2/configuration"),
    ("board/{boardId}/issue", "board/2/issue?maxResults=20"),
    (
        "board/{boardId}/issue",
        "board/1/issue?fields=*all&expand=names",
    ),
    ("board/{boardId}/epic", "board/2/epic"),
    ("board/{boardId}/epic/none/issue", "board/2/epic/none/issue"),
    (
        "board/{boardId}/epic/{epicId}/issue",
        "board/2/epic/10000/issue",
    ),
    ("epic/{epicIdOrKey}", "epic/PAY-1"),
    ("epic/{epicIdOrKey}/issue", "epic/PAY-1/issue"),
];

#[test]
fn cloud_answers_are_what_the_document_says() {
    let Some(path) = support::shared(CLOUD) else {
        return;
    };
    let mut document = Document::read(&path);
    patch_histories(document.root_mut(), "ChangeDetails");
    check(
        &document,
        "/rest/api/3/",
        &edited(support::cloud()),
        &CLOUD_CASES,
    );
}

/// A site with histories of several kinds, and a screen that asks for a resolution.
fn edited(site: Site) -> Site {
    let edited = site.simulator.edit(|state| {
        state.set_summary("PAY-1", "Changed")?;
        state.set_parent("PAY-2", Some("PAY-14"))?;
        state.rank_before("PAY-2", "PAY-1")?;
        state.link("Blocks", "PAY-1", "ONB-1")?;
        state.require_resolution("Done", true)
    });
    edited.unwrap();
    site
}

#[test]
fn boards_are_what_the_documents_say() {
    for (site, spec, prefix) in [
        (support::cloud(), CLOUD_AGILE, "/rest/agile/1.0/"),
        (support::data_center(), DATA_CENTER, "/agile/1.0/"),
    ] {
        let Some(path) = support::shared(spec) else {
            return;
        };
        let mut document = Document::read(&path);
        patch_boards(document.root_mut(), prefix);
        for (path, target) in AGILE_CASES {
            let target = format!("/rest/agile/1.0/{target}");
            let response = site.send(Method::GET, &target, site.login(), "");
            assert_eq!(response.status, 200, "{target}: {:?}", response.body);
            let Some(schema) = document.answer(&format!("{prefix}{path}"), "get", 200) else {
                // Where the document is silent there is nothing to compare with.
                assert_eq!(prefix, "/rest/agile/1.0/", "{path} has no schema");
                continue;
            };
            let wrong = document.violations(schema, &support::json(&response));
            assert_eq!(
                wrong,
                Vec::<String>::new(),
                "{target} of {:?}",
                site.flavour
            );
        }
    }
}

/// A defect of both documents: real histories have null where there was or is nothing.
fn patch_histories(root: &mut Value, schema: &str) {
    let members = &mut root["components"]["schemas"][schema]["properties"];
    for member in ["from", "fromString", "to", "toString"] {
        assert!(members[member].is_object(), "{schema} has {member}");
        members[member] = json!({});
    }
}

/// Data Center's document declares pages as the one thing that they list.
fn patch_boards(root: &mut Value, prefix: &str) {
    if prefix != "/agile/1.0/" {
        return;
    }
    for (path, list) in [
        ("board", "values"),
        ("board/{boardId}/epic", "values"),
        ("board/{boardId}/issue", "issues"),
    ] {
        let answer = &mut root["paths"][format!("{prefix}{path}")]["get"]["responses"]["200"];
        let schema = &mut answer["content"]["application/json"]["schema"];
        let item = schema.take();
        let list = json!({ list: { "type": "array", "items": item } });
        *schema = json!({ "type": "object", "required": ["startAt"], "properties": list });
    }
    patch_data_center(root);
}

#[test]
fn webhooks_of_apps_are_what_the_document_says() {
    let Some(path) = support::shared(CLOUD) else {
        return;
    };
    let document = Document::read(&path);
    let site = support::cloud();
    let bearer = format!("Bearer {}", support::TOKEN);
    for (method, path, status, body) in [
        (
            "post",
            "webhook",
            200,
            r#"{"url":"http://receiver.test/","webhooks":[{"events":["jira:issue_updated"],"jqlFilter":"project = PAY","fieldIdsFilter":["parent"]},{"events":["jira:issue_created"],"jqlFilter":"labels = x"}]}"#,
        ),
        ("get", "webhook", 200, ""),
        ("put", "webhook/refresh", 200, r#"{"webhookIds":[1000]}"#),
        ("put", "webhook/refresh", 400, r#"{"webhookIds":[7]}"#),
        ("get", "webhook/failed", 403, ""),
        ("delete", "webhook", 202, r#"{"webhookIds":[1000]}"#),
    ] {
        let path = format!("/rest/api/3/{path}");
        if !body.is_empty() {
            let sent: Value = serde_json::from_str(body).unwrap();
            let wrong = document.violations(document.request(&path, method), &sent);
            assert_eq!(wrong, Vec::<String>::new(), "the request {method} {path}");
        }
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let name = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let response = site.send(name, &path, support::headers(&headers), body);
        assert_eq!(
            response.status, status,
            "{method} {path}: {:?}",
            response.body
        );
        match document.answer(&path, method, status) {
            Some(schema) => {
                let wrong = document.violations(schema, &support::json(&response));
                assert_eq!(wrong, Vec::<String>::new(), "{method} {path}");
            }
            None => assert!(response.body.is_empty(), "{method} {path}"),
        }
    }
}

#[test]
fn data_center_answers_are_what_the_document_says() {
    let Some(path) = support::shared(DATA_CENTER) else {
        return;
    };
    let mut document = Document::read(&path);
    patch_data_center(document.root_mut());
    patch_histories(document.root_mut(), "ChangeItemBean");
    check(
        &document,
        "/api/2/",
        &edited(support::data_center()),
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
    for path in [
        "field",
        "issuetype",
        "project",
        "filter/favourite",
        "status",
        "resolution",
    ] {
        let answer = &mut root["paths"][format!("/api/2/{path}")]["get"]["responses"]["200"];
        let schema = &mut answer["content"]["application/json"]["schema"];
        let item = schema.take();
        *schema = json!({ "type": "array", "items": item });
    }
    // Fields of an issue are of any type.
    let schemas = &mut root["components"]["schemas"];
    schemas["IssueBean"]["properties"]["fields"]["additionalProperties"] = json!(true);
}
