//! A census, and what changed since a moment, against the simulated Jira.

use crate::faulty::survives_or_fails;
use crate::script::{as_usual, jql, page, scripted, settings};
use crate::simulated::{Adapter, over, over_edited, simulator, simulator_at};
use resync_core::id::{IssueId, ProjectKey};
use resync_core::time::Timestamp;
use resync_simulator::Simulator;
use resync_simulator::fault::{Fault, On, When};
use resync_simulator::state::NewIssue;
use resync_tracker::jira::Product;
use resync_tracker::{Error, Query, TrackerReader};
use serde_json::json;

const PRODUCTS: [Product; 2] = [Product::Cloud, Product::DataCenter];

fn create(simulator: &Simulator, count: usize) {
    simulator.load_sample();
    simulator.edit(|state| state.add_project("BIG", "A project of one kind"));
    for _ in 0..count {
        let new = NewIssue {
            project: "BIG",
            kind: "Story",
            summary: "Quartz",
            parent: None,
        };
        simulator.edit(|state| state.create(new).unwrap());
    }
}

fn with_stories(product: Product, count: usize) -> Simulator {
    let simulator = simulator(product);
    create(&simulator, count);
    simulator
}

fn id_of(simulator: &Simulator, key: &str) -> IssueId {
    let id = simulator.inspect(|state| state.issue(key).unwrap().id.0);
    IssueId(i64::try_from(id).unwrap())
}

/// The ids of the stories that are there, as the site itself knows them.
fn stories(simulator: &Simulator) -> Vec<IssueId> {
    let keys = simulator.inspect(resync_simulator::State::keys);
    let ours = keys.iter().filter(|key| key.starts_with("BIG-"));
    ours.map(|key| id_of(simulator, key)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_census_of_any_size_has_each_issue_once() {
    for product in PRODUCTS {
        for count in [0, 1, 2, 999, 1000, 1001, 2500] {
            let simulator = with_stories(product, count);
            let (jira, _) = over(product, &simulator);
            let census = jira.census(&jql("project = BIG ORDER BY Rank DESC")).await;
            assert_eq!(census.unwrap(), stories(&simulator), "{product} {count}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_census_takes_one_request_for_each_page_of_ids() {
    for (product, requests) in [(Product::Cloud, 3), (Product::DataCenter, 12)] {
        let (jira, transport) = over(product, &with_stories(product, 11_000));
        let census = jira.census(&jql("project = BIG")).await.unwrap();
        assert_eq!(census.len(), 11_000);
        assert_eq!(transport.count("/search"), requests, "{product}");
        assert_eq!(transport.count(""), requests + 1, "{product}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_census_counts_issues_that_were_created_within_one_second() {
    for product in PRODUCTS {
        let simulator = simulator_at(product, 1_795_000_000_000, 0);
        create(&simulator, 3500);
        let (jira, _) = over(product, &simulator);
        let census = jira.census(&jql("project = BIG")).await.unwrap();
        assert_eq!(census, stories(&simulator), "{product}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_census_during_edits_has_every_issue_that_stays() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 3500);
        // Each goes just before a page, from before, inside and behind what was read.
        let before = |number: usize, simulator: &Simulator| {
            let at = [5, 998, 999, 1000, 2100, 3499].get(number).copied();
            let key = format!("BIG-{}", at.unwrap_or(1));
            simulator.edit(|state| drop(state.delete(&key)));
        };
        let (jira, _) = over_edited(&settings(product), &simulator, before);
        let census = jira.census(&jql("project = BIG")).await.unwrap();
        for id in stories(&simulator) {
            assert!(census.contains(&id), "{product} {id}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_census_of_short_pages_is_complete() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 300);
        let short = Fault::ShortPage(7);
        simulator.edit(|state| state.faults.rule(On::Searches, When::Every(1), short));
        let (jira, _) = over(product, &simulator);
        let census = jira.census(&jql("project = BIG")).await.unwrap();
        assert_eq!(census, stories(&simulator), "{product}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_census_of_subtasks_passes_over_parents_that_are_gone() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 2);
        let parent = id_of(&simulator, "BIG-1");
        let new = NewIssue {
            project: "BIG",
            kind: "Sub-task",
            summary: "part",
            parent: Some("BIG-1"),
        };
        let key = simulator.edit(|state| state.create(new).unwrap());
        let (jira, _) = over(product, &simulator);
        let query = |parents: Vec<IssueId>| Query::SubtasksOfIssues {
            parents,
            issue_types: Vec::new(),
        };
        let census = jira.census(&query(vec![IssueId(99_999_999), parent])).await;
        assert_eq!(census.unwrap(), [id_of(&simulator, &key)]);
        let census = jira.census(&query(vec![IssueId(99_999_999)])).await;
        assert_eq!(census.unwrap(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_census_survives_or_reports_every_fault_at_every_request() {
    for product in PRODUCTS {
        let read = async |jira: &Adapter| jira.census(&jql("project = BIG")).await;
        survives_or_fails(product, || with_stories(product, 1500), read).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_census_whose_pages_do_not_fit_is_an_error() {
    let created = |number: i64| format!("2026-01-02T03:{:02}:05.000+0000", number % 60);
    let issue = move |id: i64| {
        json!({ "id": id.to_string(), "key": format!("PAY-{id}"),
                "fields": { "created": created(id) } })
    };
    // Each window shows other issues, as if the moment were read in another zone.
    let (jira, script) = scripted(&settings(Product::DataCenter), move |asked, nth| {
        if !asked.path.contains("/search") {
            return as_usual();
        }
        let from = 1 + i64::try_from(nth).unwrap() * 10;
        let issues: Vec<_> = (from..from + 3).map(&issue).collect();
        page(&json!({ "issues": issues, "total": 50 }))
    });
    let outcome = jira.census(&jql("project = PAY")).await;
    assert!(
        matches!(outcome, Err(Error::AnswerInvalid { .. })),
        "{outcome:?}"
    );
    assert!(script.asked_of("/search").len() <= 6);

    let (jira, script) = scripted(&settings(Product::Cloud), |asked, _| {
        if !asked.path.contains("/search") {
            return as_usual();
        }
        page(&json!({ "issues": [{ "id": "1" }], "nextPageToken": "again" }))
    });
    let outcome = jira.census(&jql("project = PAY")).await;
    assert!(
        matches!(outcome, Err(Error::AnswerInvalid { .. })),
        "{outcome:?}"
    );
    assert_eq!(script.asked_of("/search").len(), 2);
}

/// What the site itself says was updated since, in order.
async fn truth(jira: &dyn TrackerReader, text: &str, since: i64) -> Vec<(i64, IssueId)> {
    let all = jira.read_query(&jql(text), &|_| ()).await.unwrap().issues;
    let stamps = all.iter().map(|issue| (issue.updated.0, issue.id));
    let mut stamps: Vec<_> = stamps.filter(|(updated, _)| *updated >= since).collect();
    stamps.sort_unstable();
    stamps
}

async fn changed(jira: &dyn TrackerReader, text: &str, since: i64) -> Vec<(i64, IssueId)> {
    let issues = jira.changed_since(Timestamp(since), &jql(text)).await;
    let stamp = |issue: &resync_core::issue::ObservedIssue| (issue.updated.0, issue.id);
    issues.unwrap().iter().map(stamp).collect()
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_a_moment_is_read_whole_and_in_order() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 700);
        for number in (1..=700).rev().step_by(3) {
            simulator.edit(|state| state.touch(&format!("BIG-{number}")).unwrap());
        }
        let (jira, _) = over(product, &simulator);
        for text in [
            "project = BIG",
            "project = BIG ORDER BY Rank",
            "summary ~ Quartz OR key = PAY-1",
        ] {
            let all = truth(&jira, text, 0).await;
            let moments = all.iter().step_by(97).map(|(updated, _)| *updated);
            for since in moments.flat_map(|moment| [moment - 1, moment, moment + 1]) {
                let expected = truth(&jira, text, since).await;
                assert_eq!(
                    changed(&jira, text, since).await,
                    expected,
                    "{product} {text}"
                );
            }
            assert_eq!(changed(&jira, text, 0).await.len(), all.len());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_scope_is_everything() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 5);
        let (jira, _) = over(product, &simulator);
        let since = truth(&jira, "project = BIG", 0).await[0].0;
        let expected = truth(&jira, "project = BIG", 0).await;
        assert_eq!(changed(&jira, "", since).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_changed_is_lost_while_clocks_are_set_back() {
    // 2026-11-01 in New York: 01:00 to 02:00 comes twice, and the clock ticks by ten minutes.
    let four_o_clock: jiff::Timestamp = "2026-11-01T04:00:00Z".parse().unwrap();
    for product in PRODUCTS {
        let simulator = simulator_at(product, four_o_clock.as_millisecond(), 600_000);
        create(&simulator, 25);
        let (jira, _) = over(product, &simulator);
        let all = truth(&jira, "project = BIG", 0).await;
        assert_eq!(all.len(), 25);
        for at in 0..25 {
            let since = all[at].0;
            assert_eq!(
                changed(&jira, "project = BIG", since).await,
                all[at..],
                "{product} {at}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_issue_that_is_edited_during_the_read_hides_no_other() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 1300);
        let expected = stories(&simulator);
        let before = |number: usize, simulator: &Simulator| {
            let key = format!("BIG-{}", number * 100 + 1);
            simulator.edit(|state| drop(state.touch(&key)));
        };
        let (jira, _) = over_edited(&settings(product), &simulator, before);
        let scope = jql("project = BIG");
        let issues = jira.changed_since(Timestamp(0), &scope).await.unwrap();
        let mut ids: Vec<IssueId> = issues.iter().map(|issue| issue.id).collect();
        ids.sort_unstable();
        assert_eq!(ids, expected, "{product}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_poll_without_changes_takes_two_requests() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 5);
        let (jira, transport) = over(product, &simulator);
        let far = Timestamp(1_800_000_000_000);
        let scope = jql("project = BIG");
        assert_eq!(jira.changed_since(far, &scope).await.unwrap(), []);
        assert_eq!(transport.count(""), 2, "{product}");
    }
}

#[tokio::test(start_paused = true)]
async fn changes_of_subtasks_are_read_although_a_parent_is_gone() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 2);
        for parent in ["BIG-1", "BIG-2"] {
            let new = NewIssue {
                project: "BIG",
                kind: "Sub-task",
                summary: "part",
                parent: Some(parent),
            };
            simulator.edit(|state| state.create(new).unwrap());
        }
        let (jira, _) = over(product, &simulator);
        let late = id_of(&simulator, "BIG-4");
        let batch = jira.read_issues(&[late]).await.unwrap();
        let since = batch.found[0].updated;
        let parents = ["BIG-1", "BIG-2"].map(|key| id_of(&simulator, key));
        let scope = Query::SubtasksOfIssues {
            parents: parents.into_iter().chain([IssueId(99_999_999)]).collect(),
            issue_types: Vec::new(),
        };
        let issues = jira.changed_since(since, &scope).await.unwrap();
        let ids: Vec<IssueId> = issues.iter().map(|issue| issue.id).collect();
        assert_eq!(ids, [late], "{product}");
        let scope = Query::SubtasksOfProjects {
            projects: vec![ProjectKey::new("BIG")],
            issue_types: Vec::new(),
        };
        assert_eq!(jira.changed_since(since, &scope).await.unwrap(), issues);
    }
}

#[tokio::test(start_paused = true)]
async fn changes_survive_or_report_every_fault_at_every_request() {
    for product in PRODUCTS {
        let read = async |jira: &Adapter| {
            jira.changed_since(Timestamp(0), &jql("project = BIG"))
                .await
        };
        survives_or_fails(product, || with_stories(product, 620), read).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_without_a_known_zone_reads_no_changes() {
    let (jira, script) = scripted(&settings(Product::Cloud), |asked, _| {
        if asked.path.ends_with("/myself") {
            return page(&json!({ "displayName": "Ann", "timeZone": "Middle/Earth" }));
        }
        as_usual()
    });
    let outcome = jira
        .changed_since(Timestamp(0), &jql("project = PAY"))
        .await;
    let Err(Error::AnswerInvalid { detail }) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(detail.contains("Middle/Earth"), "{detail}");
    assert_eq!(script.asked_of("/search").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn few_and_many_issues_are_matched_with_a_query() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 900);
        simulator.edit(|state| {
            for number in (1..=900).step_by(2) {
                state
                    .set_summary(&format!("BIG-{number}"), "Basalt")
                    .unwrap();
            }
        });
        let all = stories(&simulator);
        let (jira, transport) = over(product, &simulator);
        let query = jql("summary ~ Basalt ORDER BY key");
        for count in [0, 1, 120, 500, 501, 900] {
            let given: Vec<IssueId> = all[..count].iter().rev().copied().collect();
            let before = transport.count("/search");
            let matching = jira.matching(&query, &given).await.unwrap();
            let expected: Vec<IssueId> = all[..count].iter().step_by(2).rev().copied().collect();
            assert_eq!(matching, expected, "{product} {count}");
            assert!(
                transport.count("/search") - before <= 10,
                "{product} {count}"
            );
        }
    }
}
