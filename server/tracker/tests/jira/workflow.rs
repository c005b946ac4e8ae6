//! Statuses and transitions against the simulated Jira and recorded bodies.

use crate::faulty::survives_or_fails;
use crate::recorded::recorded;
use crate::script::{as_usual, page, scripted, settings};
use crate::simulated::{Adapter, over, simulator};
use expect_test::{Expect, expect};
use resync_core::id::{IssueId, JiraId};
use resync_simulator::Simulator;
use resync_tracker::jira::Product;
use resync_tracker::workflow::{Status, TransitionBatch};
use resync_tracker::{Error, TrackerReader};
use serde_json::json;

const PRODUCTS: [Product; 2] = [Product::Cloud, Product::DataCenter];

const GONE: IssueId = IssueId(99_999_999);

fn id_of(simulator: &Simulator, key: &str) -> IssueId {
    let id = simulator.inspect(|state| state.issue(key).unwrap().id.0);
    IssueId(i64::try_from(id).unwrap())
}

fn with_sample(product: Product) -> Simulator {
    let simulator = simulator(product);
    simulator.load_sample();
    simulator
}

fn line(status: &Status) -> String {
    let category = status.category.as_deref().unwrap_or("-");
    format!("{} {} ({category})\n", status.id, status.name)
}

/// `name (id) > status: required fields`, a line each.
fn lines(batch: &TransitionBatch) -> String {
    let mut text = String::new();
    for issue in &batch.found {
        for way in &issue.transitions {
            let required: Vec<&str> = way.required.iter().map(JiraId::as_str).collect();
            let category = way.to.category.as_deref().unwrap_or("-");
            let (to, required) = (&way.to.name, required.join(", "));
            text += &format!("{} > {to} ({category}) [{required}]\n", way.name);
        }
    }
    text
}

#[tokio::test(start_paused = true)]
async fn all_statuses_are_told() {
    for product in PRODUCTS {
        let (jira, _) = over(product, &with_sample(product));
        let statuses = jira.statuses().await.unwrap();
        expect![[r"
            10000 To Do (new)
            3 In Progress (indeterminate)
            10010 In Review (indeterminate)
            10011 Done (done)
        "]]
        .assert_eq(&statuses.iter().map(line).collect::<String>());
    }
}

#[tokio::test(start_paused = true)]
async fn issues_are_read_with_their_statuses_and_resolutions() {
    for product in PRODUCTS {
        let simulator = with_sample(product);
        simulator.edit(|state| {
            state.set_status("PAY-2", "In Review").unwrap();
            state.transition("PAY-3", "Done", Some("Won't Do")).unwrap();
        });
        let [two, three] = ["PAY-2", "PAY-3"].map(|key| id_of(&simulator, key));
        let (jira, _) = over(product, &simulator);
        let batch = jira.read_statuses(&[three, GONE, two]).await.unwrap();
        assert_eq!(batch.missing, [GONE]);
        let told: Vec<_> = batch
            .found
            .iter()
            .map(|found| {
                let resolution = found.resolution.as_ref().map(JiraId::as_str);
                (found.issue.id, found.status.id.as_str(), resolution)
            })
            .collect();
        assert_eq!(
            told,
            [(two, "10010", None), (three, "10011", Some("10001"))]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn transitions_are_those_of_the_status_with_the_fields_that_they_require() {
    for product in PRODUCTS {
        let simulator = with_sample(product);
        simulator.edit(|state| {
            state.set_status("PAY-2", "In Progress").unwrap();
            state
                .restrict_transitions("In Progress", &["In Review", "Done"])
                .unwrap();
            state.require_resolution("Done", true).unwrap();
        });
        let issue = id_of(&simulator, "PAY-2");
        let (jira, transport) = over(product, &simulator);
        let batch = jira.transitions(&[GONE, issue, issue]).await.unwrap();
        assert_eq!(batch.missing, [GONE]);
        assert_eq!(transport.count("/transitions"), 2);
        let targets: Vec<&str> = batch.found[0]
            .transitions
            .iter()
            .map(|way| way.to.id.as_str())
            .collect();
        assert_eq!(targets, ["10010", "10011"]);
        let required: Vec<usize> = batch.found[0]
            .transitions
            .iter()
            .map(|way| way.required.len())
            .collect();
        assert_eq!(required, [0, 1], "{}", lines(&batch));
        assert_eq!(
            batch.found[0].transitions[1].required[0].as_str(),
            "resolution"
        );
        simulator.edit(|state| state.forbid_transitions(true));
        let batch = jira.transitions(&[issue]).await.unwrap();
        assert_eq!(batch.found[0].transitions, []);
    }
}

#[tokio::test(start_paused = true)]
async fn transitions_survive_or_report_every_fault_at_every_request() {
    for product in PRODUCTS {
        let simulator = with_sample(product);
        let ids = ["PAY-2", "PAY-3"].map(|key| id_of(&simulator, key));
        let some = async |jira: &Adapter| {
            let batch = jira.transitions(&ids).await?;
            let statuses = jira.read_statuses(&ids).await?;
            Ok((batch, statuses))
        };
        survives_or_fails(product, || with_sample(product), some).await;
    }
}

/// A recorded answer about transitions, as it is understood.
async fn understood(path: &str, expected: Expect) {
    let Some(body) = recorded(path) else { return };
    let (jira, _) = scripted(&settings(Product::DataCenter), move |asked, _| {
        if !asked.path.contains("/transitions") {
            return as_usual();
        }
        page(&serde_json::from_slice(&body).unwrap())
    });
    let batch = jira.transitions(&[IssueId(10_002)]).await.unwrap();
    expected.assert_eq(&lines(&batch));
}

#[tokio::test(start_paused = true)]
async fn transitions_of_real_servers_are_understood() {
    understood(
        "go-jira-fixtures/transitions.json",
        expect![[r#"
        Close Issue > In Progress (in-flight) []
        QA Review > Closed (completed) []
    "#]],
    )
    .await;
    understood(
        "jira-ruby-fixtures/issue/10002/transitions.json",
        expect![[r#"
            Review > Reviewable (-) []
            Stop Progress > Accepted (-) []
            Remove from Backlog > Open (-) []
            Resolve > Resolved (-) []
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_transition_that_is_not_available_is_left_out() {
    let (jira, _) = scripted(&settings(Product::Cloud), |asked, _| {
        if !asked.path.contains("/transitions") {
            return as_usual();
        }
        let to = json!({ "id": "3", "name": "Done" });
        let way =
            |id: &str, open: bool| json!({ "id": id, "name": "Go", "to": to, "isAvailable": open });
        page(&json!({ "transitions": [way("1", false), way("2", true)] }))
    });
    let batch = jira.transitions(&[IssueId(1)]).await.unwrap();
    let ids: Vec<&str> = batch.found[0]
        .transitions
        .iter()
        .map(|way| way.id.as_str())
        .collect();
    assert_eq!(ids, ["2"]);
}

#[tokio::test(start_paused = true)]
async fn transitions_in_another_form_are_an_error() {
    let (jira, _) = scripted(&settings(Product::Cloud), |asked, _| {
        if !asked.path.contains("/transitions") {
            return as_usual();
        }
        page(&json!({ "transitions": [{ "id": "1", "name": "Go" }] }))
    });
    let outcome = jira.transitions(&[IssueId(1)]).await;
    assert!(
        matches!(outcome, Err(Error::AnswerInvalid { .. })),
        "{outcome:?}"
    );
}
