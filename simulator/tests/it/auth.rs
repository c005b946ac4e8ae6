//! Who may ask, and what strangers get.

use http::{HeaderMap, Method};
use resync_simulator::fault::{Fault, On, When};

use crate::support::{EMAIL, Site, TOKEN, cloud, data_center, headers, json};

fn basic(user: &str, password: &str) -> HeaderMap {
    use base64::Engine as _;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    headers(&[("authorization", &format!("Basic {pair}"))])
}

fn get(site: &Site, target: &str, headers: HeaderMap) -> resync_simulator::Response {
    site.send(Method::GET, &site.path(target), headers, "")
}

#[test]
fn the_account_logs_in_by_basic_and_by_bearer() {
    let bearer = || headers(&[("authorization", &format!("Bearer {TOKEN}"))]);
    for site in [cloud(), data_center()] {
        assert_eq!(get(&site, "/myself", bearer()).status, 200);
    }
    let response = get(&cloud(), "/myself", basic(EMAIL, TOKEN));
    assert_eq!(response.status, 200);
    assert_eq!(response.headers["x-aaccountid"], "712020:tester");
    let response = get(&data_center(), "/myself", basic("tester", TOKEN));
    assert_eq!(response.status, 200);
    assert_eq!(response.headers["x-ausername"], "tester");
}

#[test]
fn cloud_goes_on_as_anonymous_with_a_header() {
    let site = cloud();
    for bad in [basic(EMAIL, "wrong"), basic("other@example.com", TOKEN)] {
        let failed = |response: &resync_simulator::Response| {
            assert_eq!(
                response.headers["x-seraph-loginreason"],
                "AUTHENTICATED_FAILED"
            );
            assert!(!response.headers.contains_key("x-aaccountid"));
        };
        let response = get(
            &site,
            "/search/jql?jql=project%3DPAY&fields=key",
            bad.clone(),
        );
        failed(&response);
        assert_eq!(response.status, 200);
        assert_eq!(json(&response)["issues"], serde_json::json!([]));
        let response = get(&site, "/issue/PAY-1", bad.clone());
        failed(&response);
        assert_eq!(response.status, 404);
        let response = get(&site, "/project/search", bad.clone());
        failed(&response);
        assert_eq!(json(&response)["values"], serde_json::json!([]));
        let response = get(&site, "/filter/favourite", bad.clone());
        assert_eq!(json(&response), serde_json::json!([]));
        let response = get(&site, "/myself", bad);
        failed(&response);
        assert_eq!(response.status, 401);
        let challenge = response.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("OAuth realm="));
        let text = json(&response)["errorMessages"][0].clone();
        assert_eq!(
            text,
            "Client must be authenticated to access this resource."
        );
    }
}

#[test]
fn who_does_not_log_in_is_anonymous_without_a_header() {
    let site = cloud();
    let response = get(&site, "/search/jql?jql=project%3DPAY", HeaderMap::new());
    assert_eq!(json(&response)["issues"], serde_json::json!([]));
    assert!(!response.headers.contains_key("x-seraph-loginreason"));
    assert!(!response.headers.contains_key("x-aaccountid"));
}

#[test]
fn a_bearer_that_is_no_token_is_refused_by_a_cloud_site() {
    let bad = headers(&[("authorization", "Bearer nonsense")]);
    let response = get(&cloud(), "/search/jql?jql=project%3DPAY", bad);
    assert_eq!(response.status, 403);
    assert_eq!(
        json(&response)["error"],
        "Failed to parse Connect Session Auth Token"
    );
}

#[test]
fn data_center_refuses_bad_logins_and_strangers() {
    let site = data_center();
    for bad in [
        basic("tester", "wrong"),
        headers(&[("authorization", "Bearer nonsense")]),
    ] {
        let response = get(&site, "/search?jql=project%3DPAY", bad);
        assert_eq!(response.status, 401);
        assert_eq!(
            response.headers["x-seraph-loginreason"],
            "AUTHENTICATION_DENIED"
        );
        assert!(
            response
                .headers
                .contains_key("x-authentication-denied-reason")
        );
    }
    assert_eq!(
        get(&site, "/search?jql=project%3DPAY", HeaderMap::new()).status,
        401
    );
}

#[test]
fn an_expired_token_looks_as_if_everything_were_deleted() {
    let site = cloud();
    site.simulator.edit(|state| state.set_token_expired(true));
    assert_eq!(site.find("project = PAY"), "");
    assert_eq!(site.get("/issue/PAY-1").status, 404);
    assert_eq!(site.get("/myself").status, 401);
    site.simulator.edit(|state| state.set_token_expired(false));
    assert_eq!(site.get("/issue/PAY-1").status, 200);
}

#[test]
fn a_login_can_be_lost_from_a_request_on() {
    let site = cloud();
    site.simulator
        .edit(|state| state.faults.rule(On::Any, When::From(2), Fault::Anonymous));
    assert_eq!(site.find("key = PAY-1"), "PAY-1");
    assert_eq!(site.find("key = PAY-1"), "");
    assert_eq!(site.get("/myself").status, 401);
}

#[test]
fn every_answer_has_an_id_for_support() {
    let site = cloud();
    let (first, second) = (site.get("/myself"), site.get("/myself"));
    assert_ne!(
        first.headers["x-arequestid"],
        second.headers["x-arequestid"]
    );
    assert_ne!(first.headers["atl-traceid"], second.headers["atl-traceid"]);
    assert!(
        data_center()
            .get("/myself")
            .headers
            .contains_key("x-arequestid")
    );
}
