//! Issues by id and by key against the simulated Jira.

use crate::script::{as_usual, issue, json_reply, page, scripted, settings};
use crate::simulated::{over, simulator};
use resync_core::id::IssueId;
use resync_simulator::fault::{Fault, On, When};
use resync_simulator::{Simulator, sample};
use resync_tracker::jira::Product;
use resync_tracker::{Error, TrackerReader};
use serde_json::json;

const PRODUCTS: [Product; 2] = [Product::Cloud, Product::DataCenter];

fn with_sample(product: Product) -> Simulator {
    let simulator = simulator(product);
    simulator.load_sample();
    simulator
}

fn id_of(simulator: &Simulator, key: &str) -> IssueId {
    let id = simulator.inspect(|state| state.issue(key).unwrap().id.0);
    IssueId(i64::try_from(id).unwrap())
}

#[tokio::test(start_paused = true)]
async fn an_issue_is_found_by_its_key_however_it_is_typed() {
    for product in PRODUCTS {
        let simulator = with_sample(product);
        let (jira, _) = over(product, &simulator);
        let seen = simulator.inspect(|state| state.issue(sample::LAUNCH_STORY).unwrap());
        for typed in ["PAY-2", "pay-2", "  Pay-2 "] {
            let issue = jira.find_issue(typed).await.unwrap().unwrap();
            assert_eq!(issue.id, id_of(&simulator, sample::LAUNCH_STORY));
            assert_eq!(issue.key.as_str(), sample::LAUNCH_STORY);
            assert_eq!(issue.project.as_str(), "PAY");
            assert_eq!(*issue.summary, *seen.summary);
            assert_eq!(*issue.issue_type.name, *seen.kind);
            assert_eq!(*issue.status, *seen.status);
            assert!(!issue.issue_type.subtask);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_moved_issue_is_found_by_its_old_key_and_shows_its_new_one() {
    for product in PRODUCTS {
        let simulator = with_sample(product);
        let id = id_of(&simulator, "PAY-2");
        let new_key = simulator.edit(|state| state.move_to("PAY-2", "OPS").unwrap());
        let (jira, _) = over(product, &simulator);
        let issue = jira.find_issue("PAY-2").await.unwrap().unwrap();
        assert_eq!((issue.id, issue.key.as_str()), (id, new_key.as_str()));
    }
}

#[tokio::test(start_paused = true)]
async fn an_issue_that_is_gone_or_invisible_is_not_found() {
    for product in PRODUCTS {
        let simulator = with_sample(product);
        simulator.edit(|state| state.set_secured("PAY-2", true).unwrap());
        let (jira, _) = over(product, &simulator);
        for key in ["PAY-2", "PAY-99999", "NOWHERE-1"] {
            assert_eq!(jira.find_issue(key).await.unwrap(), None, "{key}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_key_is_not_sent() {
    let (jira, transport) = over(Product::Cloud, &with_sample(Product::Cloud));
    for text in [
        "",
        "PAY",
        "PAY-",
        "-1",
        "PAY-0",
        "PAY-1/../2",
        "PAY-1?x",
        "1-1",
        "PÄY-1",
        "PAY 1",
        "P-1e3",
    ] {
        let outcome = jira.find_issue(text).await;
        assert!(
            matches!(outcome, Err(Error::QueryInvalid { .. })),
            "{text}: {outcome:?}"
        );
    }
    assert_eq!(transport.count(""), 0);
}

#[tokio::test(start_paused = true)]
async fn issues_are_read_by_id_and_the_rest_is_reported_missing() {
    for product in PRODUCTS {
        let simulator = simulator(product);
        simulator.seed_content(1000);
        let keys = simulator.inspect(resync_simulator::State::keys);
        let ids: Vec<IssueId> = keys.iter().map(|key| id_of(&simulator, key)).collect();
        simulator.edit(|state| state.delete(&keys[5]).unwrap_or_default());
        let gone: Vec<IssueId> = ids
            .iter()
            .copied()
            .filter(|id| simulator.inspect(|state| state.issue(&id.to_string()).is_none()))
            .collect();
        let wanted: Vec<IssueId> = ids
            .iter()
            .copied()
            .chain([IssueId(99_999_999), ids[0]])
            .collect();
        let (jira, _) = over(product, &simulator);
        let batch = jira.read_issues(&wanted).await.unwrap();
        let missing: Vec<IssueId> = gone.into_iter().chain([IssueId(99_999_999)]).collect();
        assert_eq!(batch.missing, missing);
        assert_eq!(batch.found.len() + batch.missing.len(), ids.len() + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn issues_are_read_as_they_are_and_not_as_the_index_knows_them() {
    for product in PRODUCTS {
        let simulator = with_sample(product);
        let id = id_of(&simulator, "PAY-2");
        simulator.edit(|state| {
            state.faults.rule(
                On::Searches,
                When::From(1),
                Fault::Vanishes(vec!["PAY-2".to_owned()]),
            );
        });
        let (jira, _) = over(product, &simulator);
        let batch = jira.read_issues(&[id]).await.unwrap();
        assert_eq!((batch.found.len(), batch.missing.len()), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cloud_that_takes_fewer_at_once_is_asked_for_fewer() {
    let (jira, script) = scripted(&settings(Product::Cloud), |asked, _| {
        let Some(ids) = asked.body["issueIdsOrKeys"].as_array() else {
            return as_usual();
        };
        if ids.len() > 100 {
            return json_reply(400, &json!({ "errorMessages": ["At most 100."] }));
        }
        let id = |id: &serde_json::Value| id.as_str().unwrap().parse().unwrap();
        let issues: Vec<_> = ids.iter().map(|text| issue(id(text))).collect();
        page(&json!({ "issues": issues }))
    });
    let wanted: Vec<IssueId> = (1..=450).map(IssueId).collect();
    for _ in 0..2 {
        let batch = jira.read_issues(&wanted).await.unwrap();
        assert_eq!((batch.found.len(), batch.missing.len()), (450, 0));
    }
    assert_eq!(script.asked().len(), 1 + 5 + 5);
}

#[tokio::test(start_paused = true)]
async fn nothing_asked_is_nothing_read() {
    let (jira, transport) = over(Product::Cloud, &with_sample(Product::Cloud));
    assert_eq!(
        jira.read_issues(&[]).await.unwrap(),
        resync_tracker::IssueBatch::default()
    );
    assert_eq!(transport.count(""), 0);
}

#[tokio::test(start_paused = true)]
async fn the_account_of_the_simulated_jira_is_identified() {
    for product in PRODUCTS {
        let (jira, _) = over(product, &with_sample(product));
        let identity = jira.identify().await.unwrap();
        assert_eq!(identity.account, "Ann Example");
        assert_eq!(identity.time_zone, "America/New_York");
        assert!(!identity.version.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_refused_everywhere() {
    for product in PRODUCTS {
        let simulator = with_sample(product);
        let id = id_of(&simulator, "PAY-2");
        simulator.edit(|state| state.set_token_expired(true));
        let (jira, _) = over(product, &simulator);
        for refused in [
            jira.identify().await.err(),
            jira.find_issue("PAY-2").await.err(),
            jira.read_issues(&[id]).await.err(),
            jira.check_query(&crate::script::jql("project = PAY"))
                .await
                .err(),
        ] {
            assert!(
                matches!(refused, Some(Error::CredentialRefused { .. })),
                "{refused:?}"
            );
        }
    }
}
