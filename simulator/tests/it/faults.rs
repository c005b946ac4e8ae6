//! Faults on demand, and limits.

use std::time::Duration;

use expect_test::expect;
use resync_simulator::fault::{Fault, On, RateLimitReason, When};
use resync_simulator::limit::Bucket;
use resync_simulator::{Answer, Flavour, Latency};

use crate::support::{Site, cloud, data_center, json, request};

fn get(site: &Site, target: &str) -> Answer {
    site.answer(http::Method::GET, &site.path(target), site.login(), "")
}

/// What a client sees, on one line.
fn seen(answer: &Answer) -> String {
    let header = |response: &resync_simulator::Response, name: &str| {
        response
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    match answer {
        Answer::Lost => "lost".to_owned(),
        Answer::Cut(response, bytes) => format!("cut {bytes} of {}", response.body.len()),
        Answer::Response(response) => format!(
            "{} {:?} {:?} {:?}",
            response.status,
            header(response, "content-type").unwrap_or_default(),
            header(response, "ratelimit-reason").unwrap_or_default(),
            header(response, "retry-after").unwrap_or_default(),
        ),
    }
}

#[test]
fn a_script_strikes_one_request_after_the_other() {
    let site = cloud();
    let limited = |reason, wait| Some(Fault::RateLimited(reason, wait));
    site.simulator.edit(|state| {
        state.faults.script([
            limited(RateLimitReason::GlobalQuota, Some(30)),
            limited(RateLimitReason::TenantQuota, None),
            None,
            limited(RateLimitReason::Burst, Some(1)),
            limited(RateLimitReason::PerIssueOnWrite, Some(2)),
            Some(Fault::Fails(503, Some(5))),
            Some(Fault::Fails(502, None)),
            Some(Fault::FailsInHtml(504)),
            Some(Fault::FailsAfterwards(500)),
            Some(Fault::LostBefore),
            Some(Fault::LostAfterwards),
            Some(Fault::Cut(20)),
            Some(Fault::Cut(1_000_000)),
        ]);
    });
    let answers: Vec<_> = (0..14)
        .map(|_| seen(&get(&site, "/issueLinkType")))
        .collect();
    expect![[r#"
        429 "application/json;charset=UTF-8" "jira-quota-global-based" "30"
        429 "application/json;charset=UTF-8" "jira-quota-tenant-based" ""
        200 "application/json;charset=UTF-8" "" ""
        429 "application/json;charset=UTF-8" "jira-burst-based" "1"
        429 "application/json;charset=UTF-8" "jira-per-issue-on-write" "2"
        503 "application/json;charset=UTF-8" "" "5"
        502 "application/json;charset=UTF-8" "" ""
        504 "text/html;charset=UTF-8" "" ""
        500 "application/json;charset=UTF-8" "" ""
        lost
        lost
        cut 20 of 560
        cut 559 of 560
        200 "application/json;charset=UTF-8" "" """#]]
    .assert_eq(&answers.join("\n"));
}

#[test]
fn rules_strike_by_count_and_by_path() {
    let site = cloud();
    let strike = |on: On, when: When| {
        site.simulator.edit(|state| {
            state.faults.clear();
            state.faults.rule(on, when, Fault::Fails(503, None));
        });
        let targets = [
            "/issue/PAY-1",
            "/search/jql?jql=key%3DPAY-1",
            "/myself",
            "/issue/PAY-2",
        ];
        let statuses = targets
            .iter()
            .cycle()
            .take(8)
            .map(|target| match get(&site, target) {
                Answer::Response(response) if response.status == 503 => 'x',
                _ => '.',
            });
        statuses.collect::<String>()
    };
    assert_eq!(strike(On::Any, When::Every(3)), "..x..x..");
    assert_eq!(strike(On::Any, When::Exactly(2)), ".x......");
    assert_eq!(strike(On::Any, When::From(6)), ".....xxx");
    assert_eq!(strike(On::Issues, When::Every(2)), "...x...x");
    assert_eq!(strike(On::Searches, When::Exactly(2)), ".....x..");
    assert_eq!(
        strike(On::Path("myself".to_owned()), When::From(1)),
        "..x...x."
    );
    assert_eq!(strike(On::Any, When::Every(0)), "........");
}

#[test]
fn requests_are_counted() {
    let site = cloud();
    get(&site, "/myself");
    get(&site, "/nothing");
    assert_eq!(site.simulator.inspect(|state| state.requests()), 2);
}

#[test]
fn a_fault_before_the_effect_prevents_it_and_one_after_does_not() {
    let moves = || Fault::Moves {
        issue: "PAY-39".to_owned(),
        project: "OPS".to_owned(),
    };
    for (fault, key) in [
        (Fault::Fails(500, None), "PAY-39"),
        (Fault::LostBefore, "PAY-39"),
        (Fault::FailsAfterwards(500), "OPS-36"),
        (Fault::LostAfterwards, "OPS-36"),
    ] {
        let site = cloud();
        site.simulator.edit(|state| {
            state.faults.rule(On::Any, When::Exactly(1), fault);
            state.faults.rule(On::Any, When::Exactly(1), moves());
        });
        get(&site, "/issue/PAY-39");
        let found = site
            .simulator
            .inspect(|state| state.issue("PAY-39").unwrap().key);
        assert_eq!(found, key);
    }
}

#[test]
fn an_issue_can_vanish_from_one_search() {
    let site = cloud();
    site.simulator.edit(|state| {
        let fault = Fault::Vanishes(vec!["PAY-6".to_owned()]);
        state.faults.rule(On::Searches, When::Exactly(2), fault);
    });
    let find = || site.find("parent = PAY-1 ORDER BY key");
    let (first, second, third) = (find(), find(), find());
    assert_eq!(first, "PAY-2 PAY-6 PAY-9 PAY-12 PAY-13");
    assert_eq!(second, "PAY-2 PAY-9 PAY-12 PAY-13");
    assert_eq!(third, first);
}

#[test]
fn cloud_announces_its_burst_limits_and_enforces_them_on_demand() {
    let site = cloud();
    let headers = |target: &str| {
        let response = site.get(target);
        let of = |name: &str| response.headers[name].to_str().unwrap().to_owned();
        [
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "ratelimit",
            "ratelimit-policy",
        ]
        .map(of)
    };
    expect![[r#"350 349 "jira-burst-based";r=349;t=1 "jira-burst-based";q=100;w=1"#]]
        .assert_eq(&headers("/field").join(" "));
    expect![[r#"400 399 "jira-burst-based";r=399;t=1 "jira-burst-based";q=150;w=1"#]]
        .assert_eq(&headers("/issue/PAY-1").join(" "));
    site.simulator.edit(|state| state.limits.burst = true);
    let statuses: Vec<_> = (0..102)
        .map(|_| site.get("/search/jql?jql=key%3DPAY-1"))
        .collect();
    assert_eq!(
        statuses
            .iter()
            .filter(|response| response.status == 429)
            .count(),
        2
    );
    let refused = statuses.last().unwrap();
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.headers["ratelimit-reason"], "jira-burst-based");
    assert_eq!(refused.headers["x-ratelimit-nearlimit"], "true");
    site.advance(1000);
    assert_eq!(site.get("/search/jql?jql=key%3DPAY-1").status, 200);
}

#[test]
fn data_center_has_a_token_bucket_when_it_is_switched_on() {
    let site = data_center();
    assert!(
        !site
            .get("/myself")
            .headers
            .contains_key("x-ratelimit-limit")
    );
    site.simulator.edit(|state| {
        state.limits.bucket = Some(Bucket {
            capacity: 2,
            fill: 1,
            interval: 10,
        });
    });
    let told = || {
        let response = site.get("/myself");
        let names = [
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-fillrate",
            "x-ratelimit-interval-seconds",
            "retry-after",
        ];
        let values = names.map(|name| response.headers[name].to_str().unwrap().to_owned());
        format!("{} {}\n", response.status, values.join(" "))
    };
    let mut lines = told() + &told() + &told();
    site.advance(4_000);
    lines += &told();
    site.advance(6_000);
    lines += &told();
    expect![[r#"
        200 2 1 1 10 0
        200 2 0 1 10 10
        429 2 0 1 10 10
        429 2 0 1 10 6
        200 2 0 1 10 10
    "#]]
    .assert_eq(&lines);
}

#[test]
fn answers_take_as_long_as_the_model_says() {
    let site = cloud();
    site.simulator.edit(|state| {
        state.latency = Latency {
            fixed: Duration::from_millis(40),
            per_issue: Duration::from_micros(200),
        };
    });
    let delay = |target: &str| {
        let method = http::Method::GET;
        let request = request(method, &site.path(target), site.login(), "");
        site.simulator.handle(&request).delay
    };
    assert_eq!(delay("/myself"), Duration::from_millis(40));
    assert_eq!(
        delay("/search/jql?jql=parent%3DPAY-1"),
        Duration::from_millis(41)
    );
}

#[test]
fn the_same_seed_and_requests_give_the_same_bytes() {
    let run = |flavour| {
        let site = crate::support::site(flavour);
        site.simulator.seed_content(3000);
        site.simulator.edit(|state| {
            state.set_search_lag(5_000);
            state
                .faults
                .rule(On::Any, When::Every(4), Fault::Fails(503, None));
        });
        let mut seen = Vec::new();
        for step in 0..30 {
            site.simulator
                .edit(|state| state.set_summary("SAA-1", &format!("{step}")).unwrap());
            let target = match flavour {
                Flavour::Cloud => "/search/jql?jql=project%3DSAA&fields=*all&maxResults=20",
                Flavour::DataCenter => "/search?jql=project%3DSAA&maxResults=20",
            };
            seen.push(format!("{:?}", get(&site, target)));
            site.advance(700);
        }
        seen
    };
    for flavour in [Flavour::Cloud, Flavour::DataCenter] {
        assert_eq!(run(flavour), run(flavour));
    }
}

#[test]
fn error_bodies_of_broken_servers_are_of_several_shapes() {
    let site = cloud();
    site.simulator.edit(|state| {
        state
            .faults
            .script([Some(Fault::Fails(500, None)), Some(Fault::FailsInHtml(502))]);
    });
    let broken = site.get("/myself");
    assert_eq!(json(&broken)["status-code"], 500);
    let html = site.get("/myself");
    assert!(html.body.starts_with(b"<!DOCTYPE html>"));
}
