//! Answers that are broken, foreign or refusals: each becomes the error that says what to do.

use crate::script::{as_usual, ids, issue, jql, json_reply, page, raw, scripted, settings};
use bytes::Bytes;
use expect_test::expect;
use resync_tracker::jira::{Product, TRIES_MAX, TransportError};
use resync_tracker::{Error, TrackerReader};
use serde_json::json;

/// Something done to the JSON of an issue.
type Change = fn(&mut serde_json::Value);

const PRODUCTS: [Product; 2] = [Product::Cloud, Product::DataCenter];

#[tokio::test(start_paused = true)]
async fn a_token_that_comes_again_ends_the_read_with_an_error() {
    let (jira, _) = scripted(&settings(Product::Cloud), |asked, _| match &asked.path {
        path if path.ends_with("/search/jql") => {
            page(&json!({ "issues": [issue(1)], "nextPageToken": "again" }))
        }
        path if path.ends_with("/bulkfetch") => page(&json!({ "issues": [] })),
        _ => as_usual(),
    });
    let error = ids(&jira, "project = PAY").await.unwrap_err();
    expect!["the tracker's answer cannot be used: a page names itself or an earlier one as the next; if it happens again, report it"].assert_eq(&error.to_string());
}

#[tokio::test(start_paused = true)]
async fn empty_pages_without_end_end_the_read_with_an_error() {
    let (jira, script) = scripted(&settings(Product::Cloud), |asked, nth| {
        if asked.path.ends_with("/search/jql") {
            return page(&json!({ "issues": [], "nextPageToken": format!("page-{nth}") }));
        }
        as_usual()
    });
    let error = ids(&jira, "project = PAY").await.unwrap_err();
    assert!(matches!(error, Error::AnswerInvalid { .. }), "{error}");
    assert!(script.asked().len() < 30);
}

#[tokio::test(start_paused = true)]
async fn a_few_empty_or_short_pages_are_normal() {
    let (jira, _) = scripted(&settings(Product::Cloud), |asked, nth| {
        match (asked.path.as_str(), nth) {
            ("/rest/api/3/search/jql", 0..=2) => {
                page(&json!({ "issues": [], "nextPageToken": format!("page-{nth}") }))
            }
            ("/rest/api/3/search/jql", 3) => {
                page(&json!({ "issues": [{ "id": "2" }], "nextPageToken": "last" }))
            }
            ("/rest/api/3/search/jql", _) => page(&json!({ "issues": [{ "id": "1" }] })),
            ("/rest/api/3/issue/bulkfetch", _) => page(&json!({ "issues": [issue(1), issue(2)] })),
            _ => as_usual(),
        }
    });
    assert_eq!(
        ids(&jira, "project = PAY ORDER BY key DESC").await.unwrap(),
        [2, 1]
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_cut_is_asked_for_again() {
    for product in PRODUCTS {
        let (jira, _) = scripted(&settings(product), |asked, nth| {
            if !asked.path.contains("/search") {
                return as_usual();
            }
            let whole = page(&json!({ "issues": [issue(7)], "total": 1 })).unwrap();
            if nth == 0 {
                Ok(whole.map(|body| body.slice(..40)))
            } else {
                Ok(whole)
            }
        });
        assert_eq!(ids(&jira, "project = PAY").await.unwrap(), [7]);
        assert_eq!((jira.counters().sent, jira.counters().retried), (3, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_always_cut_is_an_error_and_no_result() {
    let (jira, script) = scripted(&settings(Product::DataCenter), |asked, _| {
        if asked.path.contains("/search") {
            raw(200, &[("X-AUSERNAME", "ann")], "{\"issues\":[")
        } else {
            as_usual()
        }
    });
    let error = ids(&jira, "project = PAY").await.unwrap_err();
    expect!["the tracker's answer cannot be used: /rest/api/2/search: its JSON ends in the middle; if it happens again, report it"].assert_eq(&error.to_string());
    assert_eq!(script.asked_of("/search").len(), TRIES_MAX as usize);
}

#[tokio::test(start_paused = true)]
async fn connections_that_break_are_tried_again_and_then_reported() {
    for (broken, expected) in [
        (
            TransportError::Unreachable("refused".to_owned()),
            "cannot be reached: refused",
        ),
        (
            TransportError::Cut("at 7 bytes".to_owned()),
            "it was cut short: at 7 bytes",
        ),
    ] {
        let (jira, script) = scripted(&settings(Product::Cloud), move |asked, _| {
            if asked.path.contains("/search") {
                Err(broken.clone())
            } else {
                as_usual()
            }
        });
        let error = ids(&jira, "project = PAY").await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(script.asked_of("/search").len(), TRIES_MAX as usize);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_large_is_not_asked_for_again() {
    let (jira, script) = scripted(&settings(Product::Cloud), |asked, _| {
        let too_large = TransportError::TooLarge { limit: 9 };
        if asked.path.contains("/search") {
            Err(too_large)
        } else {
            as_usual()
        }
    });
    let error = ids(&jira, "project = PAY").await.unwrap_err();
    assert!(matches!(error, Error::AnswerInvalid { .. }), "{error}");
    assert_eq!(script.asked_of("/search").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_page_of_html_in_place_of_json_is_an_error_whatever_its_status() {
    let html = "<html><body>Log in</body></html>";
    for (status, tries, expected) in [
        (200, 1, "the tracker's answer cannot be used"),
        (400, 1, "HTTP 400: the answer is not JSON"),
        (500, 1, "HTTP 500: the answer is not JSON"),
        (502, 6, "HTTP 502: the answer is not JSON"),
        (503, 6, "HTTP 503: the answer is not JSON"),
        (504, 6, "HTTP 504: the answer is not JSON"),
    ] {
        let (jira, script) = scripted(&settings(Product::DataCenter), move |asked, _| {
            if !asked.path.contains("/search") {
                return as_usual();
            }
            raw(
                status,
                &[("X-AUSERNAME", "ann"), ("content-type", "text/html")],
                html,
            )
        });
        let error = ids(&jira, "project = PAY").await.unwrap_err();
        assert!(error.to_string().contains(expected), "{status}: {error}");
        assert_eq!(script.asked_of("/search").len(), tries, "{status}");
        if status >= 500 {
            assert!(matches!(error, Error::Unreachable { status: Some(s), .. } if s == status));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_query_is_passed_on_in_the_words_of_jira() {
    let shapes = [
        json!({ "errorMessages": ["Das Feld »x« gibt es nicht."], "errors": {} }),
        json!({ "errors": { "jql": "Das Feld »x« gibt es nicht." } }),
        json!({ "title": "Bad Request", "detail": "Das Feld »x« gibt es nicht." }),
        json!({ "message": "Das Feld »x« gibt es nicht.", "status-code": 400 }),
    ];
    for product in PRODUCTS {
        for shape in shapes.clone() {
            let (jira, script) = scripted(&settings(product), move |asked, _| {
                if asked.path.contains("/search") {
                    return json_reply(400, &shape);
                }
                as_usual()
            });
            let error = ids(&jira, "x = 1").await.unwrap_err();
            let Error::QueryInvalid { detail } = error else {
                panic!("{error}")
            };
            assert!(detail.ends_with("Das Feld »x« gibt es nicht."), "{detail}");
            assert_eq!(script.asked_of("/search").len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_jira_says_is_shortened_and_cleaned() {
    let sentence = format!("bad\u{7}\n{}", "ü".repeat(900));
    let (jira, _) = scripted(&settings(Product::Cloud), move |asked, _| {
        if asked.path.contains("/search") {
            return json_reply(400, &json!({ "errorMessages": [sentence] }));
        }
        as_usual()
    });
    let error = ids(&jira, "x = 1").await.unwrap_err();
    let Error::QueryInvalid { detail } = error else {
        panic!("{error}")
    };
    assert_eq!(detail.chars().count(), 500);
    assert!(detail.starts_with("HTTP 400: bad  üüü"), "{detail}");
}

#[tokio::test(start_paused = true)]
async fn a_query_that_is_not_well_formed_is_not_even_sent() {
    let (jira, script) = scripted(&settings(Product::Cloud), |_, _| as_usual());
    for text in [
        "summary ~ \"open",
        "(project = PAY",
        "project = PAY) OR (project = OPS",
    ] {
        let error = ids(&jira, text).await.unwrap_err();
        assert!(matches!(error, Error::QueryInvalid { .. }), "{error}");
    }
    assert_eq!(script.asked_of("/search").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_other_product_at_the_address_is_named() {
    for (product, other) in [(Product::Cloud, "Server"), (Product::DataCenter, "Cloud")] {
        let (jira, _) = scripted(&settings(product), move |asked, _| {
            if !asked.path.ends_with("/serverInfo") {
                return as_usual();
            }
            json_reply(200, &json!({ "version": "1", "deploymentType": other }))
        });
        let error = jira.identify().await.unwrap_err();
        let expected = format!("{other} was found where {product} is configured");
        assert_eq!(error, Error::ProductMismatch { detail: expected });
    }
}

#[tokio::test(start_paused = true)]
async fn a_resource_that_the_product_must_have_and_has_not_is_a_wrong_product() {
    for (product, status) in [
        (Product::Cloud, 404),
        (Product::Cloud, 405),
        (Product::DataCenter, 404),
        (Product::DataCenter, 410),
        (Product::DataCenter, 302),
    ] {
        let (jira, _) = scripted(&settings(product), move |asked, _| {
            let away = [
                ("X-AACCOUNTID", "ann"),
                ("X-AUSERNAME", "ann"),
                ("location", "/login"),
            ];
            if asked.path.contains("/search") {
                raw(status, &away, "")
            } else {
                as_usual()
            }
        });
        let error = ids(&jira, "project = PAY").await.unwrap_err();
        assert!(
            matches!(error, Error::ProductMismatch { .. }),
            "{product} {status}: {error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_missing_or_strange_is_an_error_and_not_a_guess() {
    let breaks: [(&str, Change); 6] = [
        ("missing field `key`", |issue| {
            drop(issue.as_object_mut().unwrap().remove("key"))
        }),
        ("missing field `fields`", |issue| {
            drop(issue.as_object_mut().unwrap().remove("fields"))
        }),
        ("not a number: ten", |issue| issue["id"] = "ten".into()),
        ("not a date of Jira: today", |issue| {
            issue["fields"]["updated"] = "today".into()
        }),
        ("not a number: x", |issue| {
            issue["fields"]["parent"] = json!({ "id": "x" })
        }),
        ("'{' was expected", |issue| {
            issue["fields"]["project"] = json!(7)
        }),
    ];
    for (expected, change) in breaks {
        let (jira, _) = scripted(&settings(Product::Cloud), move |asked, _| {
            let mut broken = issue(1);
            change(&mut broken);
            let body = page(&json!({ "issues": [broken] }));
            if asked.path.contains("/search") {
                body
            } else {
                as_usual()
            }
        });
        let error = ids(&jira, "project = PAY").await.unwrap_err();
        assert!(matches!(error, Error::AnswerInvalid { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_on_data_center_must_say_how_many_match() {
    let (jira, _) = scripted(&settings(Product::DataCenter), |asked, _| {
        if asked.path.contains("/search") {
            page(&json!({ "issues": [] }))
        } else {
            as_usual()
        }
    });
    for outcome in [
        jira.read_query(&jql("project = PAY"), &|_| ())
            .await
            .map(|_| ()),
        jira.check_query(&jql("project = PAY")).await.map(|_| ()),
    ] {
        assert!(
            matches!(outcome, Err(Error::AnswerInvalid { .. })),
            "{outcome:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_never_continue_each_other_are_an_error() {
    let (jira, script) = scripted(&settings(Product::DataCenter), |asked, nth| {
        if !asked.path.contains("/search") {
            return as_usual();
        }
        let first = i64::try_from(nth).unwrap() * 10;
        let issues: Vec<_> = (first..first + 5).map(issue).collect();
        page(&json!({ "issues": issues, "total": 100 }))
    });
    let error = ids(&jira, "project = PAY").await.unwrap_err();
    assert!(matches!(error, Error::AnswerInvalid { .. }), "{error}");
    assert!(script.asked().len() < 40);
}

#[tokio::test(start_paused = true)]
async fn many_listed_issues_that_cannot_be_read_are_an_error_and_not_a_small_result() {
    let (jira, _) = scripted(&settings(Product::Cloud), |asked, nth| {
        match (asked.path.as_str(), nth) {
            ("/rest/api/3/search/jql", 0) => {
                page(&json!({ "issues": [issue(1)], "nextPageToken": "more" }))
            }
            ("/rest/api/3/search/jql", _) => {
                let listed: Vec<_> = (1..=60)
                    .map(|id| json!({ "id": i64::to_string(&id) }))
                    .collect();
                page(&json!({ "issues": listed }))
            }
            ("/rest/api/3/issue/bulkfetch", _) => page(&json!({ "issues": [] })),
            _ => as_usual(),
        }
    });
    let error = ids(&jira, "project = PAY").await.unwrap_err();
    expect!["the tracker's answer cannot be used: 59 of 60 issues were listed but could not be read; if it happens again, report it"].assert_eq(&error.to_string());
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_body_is_no_empty_result() {
    for product in PRODUCTS {
        let (jira, _) = scripted(&settings(product), |asked, _| {
            let empty = page(&json!({})).map(|reply| reply.map(|_| Bytes::new()));
            if asked.path.contains("/search") {
                empty
            } else {
                as_usual()
            }
        });
        let error = ids(&jira, "project = PAY").await.unwrap_err();
        assert!(matches!(error, Error::AnswerInvalid { .. }), "{error}");
    }
}
