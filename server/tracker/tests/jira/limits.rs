//! How hard Jira is pressed, and what happens when it asks for a pause.

use crate::script::{as_usual, ids, page, raw, scripted, scripted_slow, settings};
use futures::future::join_all;
use resync_core::id::IssueId;
use resync_tracker::jira::{PAUSE_MAX, Product, TRIES_MAX, TransportError};
use resync_tracker::{Error, TrackerReader};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn no_more_requests_are_open_than_allowed() {
    for allowed in [1, 3, 16] {
        let mut settings = settings(Product::Cloud);
        settings.max_concurrent_requests = allowed;
        let second = Duration::from_secs(1);
        let (jira, script) = scripted_slow(&settings, second, |asked, _| {
            let ids: Vec<i64> = match &asked.body["issueIdsOrKeys"] {
                serde_json::Value::Array(ids) => ids
                    .iter()
                    .map(|id| id.as_str().unwrap().parse().unwrap())
                    .collect(),
                _ => return as_usual(),
            };
            let issues: Vec<_> = ids.into_iter().map(crate::script::issue).collect();
            page(&json!({ "issues": issues }))
        });
        let wanted: Vec<IssueId> = (1..=10_000).map(IssueId).collect();
        let batch = jira.read_issues(&wanted).await.unwrap();
        assert_eq!((batch.found.len(), batch.missing.len()), (10_000, 0));
        assert_eq!(script.most_open(), allowed as usize);
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_start_per_second_than_allowed() {
    let mut settings = settings(Product::DataCenter);
    settings.max_requests_per_second = 10;
    let (jira, script) = scripted(&settings, |_, _| as_usual());
    join_all((0..11).map(|_| jira.identify())).await;
    let starts: Vec<Duration> = script.asked().into_iter().map(|asked| asked.at).collect();
    assert_eq!(starts.len(), 22);
    // The last of 22 starts begins 21 tenths of a second after the first.
    assert!(
        starts
            .windows(11)
            .all(|span| span[10] - span[0] >= Duration::from_millis(990))
    );
    assert!((2000..2300).contains(&starts[21].as_millis()), "{starts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_jira_asks_for_holds_every_request_back() {
    for (status, headers) in [
        (
            429,
            [
                ("Retry-After", "5"),
                ("RateLimit-Reason", "jira-burst-based"),
            ],
        ),
        (503, [("Retry-After", "5"), ("X-AREQUESTID", "1")]),
    ] {
        let (jira, script) = scripted(&settings(Product::Cloud), move |asked, nth| {
            if asked.path.contains("serverInfo") && nth == 0 {
                return raw(status, &headers, "");
            }
            as_usual()
        });
        assert!(jira.identify().await.is_ok());
        let others = join_all((0..3).map(|_| jira.identify())).await;
        assert!(others.iter().all(Result::is_ok));
        let asked = script.asked();
        assert!(
            asked[1..]
                .iter()
                .all(|asked| asked.at >= Duration::from_secs(5)),
            "{asked:?}"
        );
        assert!(asked[1].at < Duration::from_secs(7), "{asked:?}");
        assert_eq!((jira.counters().throttled, jira.counters().retried), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn requests_that_wait_for_their_turn_wait_for_a_pause_too() {
    let mut settings = settings(Product::Cloud);
    settings.max_requests_per_second = 1;
    let (jira, script) = scripted(&settings, |asked, nth| {
        if asked.path.contains("serverInfo") && nth == 0 {
            return raw(429, &[("Retry-After", "30")], "");
        }
        as_usual()
    });
    join_all((0..3).map(|_| jira.identify())).await;
    let late = script
        .asked()
        .into_iter()
        .filter(|asked| asked.at < Duration::from_secs(30));
    assert_eq!(late.count(), 1, "{:?}", script.asked());
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_too_long_to_wait_for_is_handed_on() {
    for status in [429, 503] {
        let (jira, script) = scripted(&settings(Product::Cloud), move |asked, _| {
            let pause = [("Retry-After", "61")];
            if asked.path.contains("/search") {
                raw(status, &pause, "")
            } else {
                as_usual()
            }
        });
        let error = ids(&jira, "project = PAY").await.unwrap_err();
        assert_eq!(
            error,
            Error::Throttled {
                retry_after: PAUSE_MAX + Duration::from_secs(1)
            }
        );
        assert_eq!(script.asked_of("/search").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_without_a_stated_pause_are_met_with_growing_ones_and_an_end() {
    // Data Center says 0 while tokens remain, which is no pause.
    for headers in [&[][..], &[("Retry-After", "0")], &[("Retry-After", "soon")]] {
        let headers = headers.to_vec();
        let (jira, script) = scripted(&settings(Product::DataCenter), move |asked, _| {
            if asked.path.contains("/search") {
                raw(429, &headers, "")
            } else {
                as_usual()
            }
        });
        let error = ids(&jira, "project = PAY").await.unwrap_err();
        assert!(matches!(error, Error::Throttled { .. }), "{error}");
        let starts: Vec<_> = script
            .asked_of("/search")
            .into_iter()
            .map(|asked| asked.at)
            .collect();
        assert_eq!(starts.len(), TRIES_MAX as usize);
        let waits: Vec<_> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(waits.is_sorted() && waits[0] > Duration::ZERO, "{waits:?}");
        assert_eq!(jira.counters().throttled, u64::from(TRIES_MAX));
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_near_slows_requests_down_for_a_while() {
    let (jira, script) = scripted(&settings(Product::Cloud), |asked, nth| {
        if asked.path.contains("serverInfo") && nth == 0 {
            let body = r#"{"version":"1","deploymentType":"Cloud"}"#;
            return raw(200, &[("X-RateLimit-NearLimit", "true")], body);
        }
        as_usual()
    });
    for _ in 0..40 {
        jira.identify().await.unwrap();
    }
    let starts: Vec<_> = script.asked().into_iter().map(|asked| asked.at).collect();
    let slow = |pair: &&[Duration]| pair[1] - pair[0] >= Duration::from_millis(20);
    let slowed = starts[1..].windows(2).filter(slow).count();
    assert!((48..=52).contains(&slowed), "{slowed}: {starts:?}");
    assert!(starts[79] < Duration::from_millis(1100), "{starts:?}");
}

#[tokio::test(start_paused = true)]
async fn failures_that_pass_are_waited_for_with_growing_pauses() {
    let begin = Instant::now();
    let (jira, script) = scripted(&settings(Product::Cloud), |asked, nth| {
        if asked.path.contains("/search") && nth < 5 {
            raw(502, &[], "")
        } else {
            as_usual()
        }
    });
    assert_eq!(ids(&jira, "project = PAY").await.unwrap(), [0; 0]);
    let starts: Vec<_> = script
        .asked_of("/search")
        .into_iter()
        .map(|asked| asked.at)
        .collect();
    let waits: Vec<_> = starts
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_millis())
        .collect();
    // Half of the upper bound each: that is what the jitter of the tests gives.
    assert_eq!(waits, [500, 1000, 2000, 4000, 8000]);
    assert!(begin.elapsed() < Duration::from_secs(16));
    assert_eq!((jira.counters().retried, jira.counters().throttled), (5, 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_given_up() {
    let settings = settings(Product::Cloud);
    let hour = Duration::from_secs(3600);
    let (jira, script) = scripted_slow(&settings, hour, |_, _| as_usual());
    let begin = Instant::now();
    let error = jira.identify().await.unwrap_err();
    expect_test::expect!["the tracker cannot be reached: no complete answer within 30 s; check its address and that it is up"].assert_eq(&error.to_string());
    assert!(
        begin.elapsed() < Duration::from_secs(240),
        "{:?}",
        begin.elapsed()
    );
    assert!(script.asked().len() <= TRIES_MAX as usize);
}

#[tokio::test(start_paused = true)]
async fn refusals_that_time_does_not_heal_are_not_tried_again() {
    for status in [400, 401, 403, 404, 413, 415, 500, 501] {
        let (jira, script) = scripted(&settings(Product::Cloud), move |asked, _| {
            if asked.path.contains("/search") {
                raw(status, &[], "")
            } else {
                as_usual()
            }
        });
        assert!(ids(&jira, "project = PAY").await.is_err());
        assert_eq!(script.asked_of("/search").len(), 1, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_in_one_read_leaves_the_handle_usable() {
    let (jira, _) = scripted(&settings(Product::Cloud), |asked, nth| {
        let lost = TransportError::Unreachable("closed".to_owned());
        if asked.path.contains("/search") && nth < 6 {
            Err(lost)
        } else {
            as_usual()
        }
    });
    assert!(ids(&jira, "project = PAY").await.is_err());
    assert!(ids(&jira, "project = PAY").await.is_ok());
}
