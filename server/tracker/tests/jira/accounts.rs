//! A session that is not the account's never counts, whatever it answers.

use crate::script::{as_usual, ids, issue, jql, page, raw, scripted, settings};
use resync_core::id::{IssueId, JiraId};
use resync_tracker::jira::Product;
use resync_tracker::{Error, Identity, Query, TrackerReader};
use serde_json::json;

const EMPTY: &str = r#"{"issues":[],"total":0}"#;

fn is_refused<V: std::fmt::Debug>(outcome: &Result<V, Error>) -> bool {
    matches!(outcome, Err(Error::CredentialRefused { .. }))
}

#[tokio::test(start_paused = true)]
async fn the_account_and_the_server_say_who_they_are() {
    let (jira, script) = scripted(&settings(Product::Cloud), |_, _| as_usual());
    let expected = Identity {
        account: "Ann".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        version: "9.12.1".to_owned(),
    };
    assert_eq!(jira.identify().await.unwrap(), expected);
    let authorization = &script.asked()[0].authorization;
    assert_eq!(
        authorization,
        "Basic YW5uQGV4YW1wbGUuY29tOmM0bjRyeS10MGszbg=="
    );
}

#[tokio::test(start_paused = true)]
async fn a_login_that_jira_reports_as_failed_is_refused_on_any_answer() {
    for (product, header, value) in [
        (
            Product::Cloud,
            "X-Seraph-LoginReason",
            "AUTHENTICATED_FAILED",
        ),
        (
            Product::DataCenter,
            "X-Seraph-LoginReason",
            "AUTHENTICATION_DENIED",
        ),
        (Product::DataCenter, "X-AUSERNAME", "anonymous"),
    ] {
        let (jira, script) = scripted(&settings(product), move |asked, _| {
            let headers = [("X-AACCOUNTID", "ann"), (header, value)];
            if asked.path.contains("/search") {
                raw(200, &headers, EMPTY)
            } else {
                as_usual()
            }
        });
        let outcome = ids(&jira, "project = PAY").await;
        assert!(is_refused(&outcome), "{value}: {outcome:?}");
        assert_eq!(script.asked_of("/search").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_captcha_is_mentioned() {
    let (jira, _) = scripted(&settings(Product::DataCenter), |_, _| {
        let denied = [
            ("X-Seraph-LoginReason", "AUTHENTICATION_DENIED"),
            (
                "X-Authentication-Denied-Reason",
                "CAPTCHA_CHALLENGE; login-url=https://x",
            ),
        ];
        raw(403, &denied, "")
    });
    let error = jira.identify().await.unwrap_err();
    assert!(
        error.to_string().contains("a captcha may be due"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_no_longer_names_the_account_is_anonymous() {
    for product in [Product::Cloud, Product::DataCenter] {
        let (jira, _) = scripted(&settings(product), |asked, _| {
            if asked.path.contains("/search") {
                raw(200, &[], EMPTY)
            } else {
                as_usual()
            }
        });
        let outcome = ids(&jira, "project = PAY").await;
        assert!(is_refused(&outcome), "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_jira_that_never_names_the_account_is_asked_before_and_after() {
    let (jira, script) = scripted(&settings(Product::Cloud), |asked, _| {
        let myself = r#"{"displayName":"Ann"}"#;
        if asked.path.ends_with("/myself") {
            raw(200, &[], myself)
        } else {
            raw(200, &[], EMPTY)
        }
    });
    assert_eq!(ids(&jira, "project = PAY").await.unwrap(), [0; 0]);
    let paths: Vec<_> = script.asked().into_iter().map(|asked| asked.path).collect();
    let [myself, search] = ["/rest/api/3/myself", "/rest/api/3/search/jql"];
    assert_eq!(paths, [myself, search, myself]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_expires_during_a_read_makes_the_read_fail() {
    let (jira, _) = scripted(&settings(Product::Cloud), |asked, nth| {
        let myself = raw(200, &[], r#"{"displayName":"Ann"}"#);
        match (asked.path.as_str(), nth) {
            ("/rest/api/3/myself", 0) => myself,
            ("/rest/api/3/myself", _) => raw(401, &[], "Client must be authenticated"),
            _ => raw(200, &[], EMPTY),
        }
    });
    let outcome = ids(&jira, "project = PAY").await;
    assert!(is_refused(&outcome), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_found_is_believed_only_of_the_account() {
    let (jira, _) = scripted(&settings(Product::Cloud), |asked, _| {
        match asked.path.as_str() {
            "/rest/api/3/myself" => raw(401, &[], ""),
            "/rest/api/3/issue/bulkfetch" => raw(200, &[], r#"{"issues":[],"issueErrors":[]}"#),
            _ => raw(404, &[], r#"{"errorMessages":["Issue does not exist"]}"#),
        }
    });
    assert!(is_refused(&jira.find_issue("PAY-1").await));
    assert!(is_refused(&jira.read_issues(&[IssueId(1)]).await));
    let filter = Query::SavedFilter(JiraId::new("10001"));
    assert!(is_refused(&jira.read_query(&filter, &|_| ()).await));
    assert!(is_refused(&jira.check_query(&filter).await));
    assert!(is_refused(&jira.check_query(&jql("project = PAY")).await));
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_is_no_bad_secret_except_for_the_account_itself() {
    for product in [Product::Cloud, Product::DataCenter] {
        let denied = r#"{"errorMessages":["No permission"]}"#;
        let (jira, _) = scripted(&settings(product), move |asked, _| {
            if asked.path.contains("/search") {
                raw(403, &[], denied)
            } else {
                as_usual()
            }
        });
        let error = ids(&jira, "project = PAY").await.unwrap_err();
        assert_eq!(
            error,
            Error::Forbidden {
                detail: "HTTP 403: No permission".to_owned()
            }
        );

        let token = r#"{"error":"Failed to parse Connect Session Auth Token"}"#;
        let (jira, _) = scripted(&settings(product), move |asked, _| {
            if asked.path.ends_with("/myself") {
                raw(403, &[], token)
            } else {
                as_usual()
            }
        });
        let outcome = jira.identify().await;
        assert!(is_refused(&outcome), "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_anonymous_answer_in_the_middle_of_many_does_not_count() {
    let (jira, _) = scripted(&settings(Product::Cloud), |asked, nth| {
        match (asked.path.as_str(), nth) {
            ("/rest/api/3/search/jql", 0) => {
                page(&json!({ "issues": [issue(1)], "nextPageToken": "more" }))
            }
            ("/rest/api/3/search/jql", _) => raw(200, &[], r#"{"issues":[]}"#),
            _ => as_usual(),
        }
    });
    let outcome = ids(&jira, "project = PAY").await;
    assert!(is_refused(&outcome), "{outcome:?}");
}
