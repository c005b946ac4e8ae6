//! Webhooks against the simulated Jira and a recorded body.

use crate::recorded::recorded;
use crate::script::{CANARY, page, scripted, settings};
use crate::simulated::{Adapter, over_edited, simulator};
use resync_core::id::JiraId;
use resync_simulator::Simulator;
use resync_simulator::fault::{Fault, On, RateLimitReason, When};
use resync_tracker::Error;
use resync_tracker::jira::{Credential, Product, Secret, Settings};
use resync_tracker::webhooks::{AdministratorWebhook, HookUrl, Subscription, Webhooks};
use serde_json::json;

/// A Cloud account with an OAuth token: only such may register.
fn app() -> Settings {
    let mut settings = settings(Product::Cloud);
    settings.credential = Credential::Bearer {
        secret: Secret::new(CANARY),
    };
    settings
}

fn cloud() -> (Simulator, Adapter) {
    let simulator = simulator(Product::Cloud);
    simulator.load_sample();
    let (jira, _) = over_edited(&app(), &simulator, |_, _| ());
    (simulator, jira)
}

fn wanted(jql: &str) -> Subscription {
    Subscription {
        url: HookUrl::new("https://resync.example.com/hooks/7"),
        events: vec![
            "jira:issue_updated".to_owned(),
            "jira:issue_deleted".to_owned(),
        ],
        jql: jql.to_owned(),
        fields: vec![JiraId::new("parent")],
    }
}

#[tokio::test(start_paused = true)]
async fn a_webhook_is_registered_listed_refreshed_and_removed() {
    let (_, jira) = cloud();
    assert_eq!(jira.list().await.unwrap(), []);
    let webhook = jira.register(&wanted("project = PAY")).await.unwrap();
    assert_eq!(webhook.subscription, wanted("project = PAY"));
    assert_eq!(jira.list().await.unwrap(), std::slice::from_ref(&webhook));
    let until = jira
        .refresh(std::slice::from_ref(&webhook.id))
        .await
        .unwrap();
    assert!(Some(until) > webhook.expires);
    for _ in 0..2 {
        jira.delete(std::slice::from_ref(&webhook.id))
            .await
            .unwrap();
    }
    jira.delete(&[]).await.unwrap();
    assert_eq!(jira.list().await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn an_equal_webhook_is_registered_once() {
    let (_, jira) = cloud();
    let first = jira.register(&wanted("project = PAY")).await.unwrap();
    let mut again = wanted("project = PAY");
    again.events.reverse();
    assert_eq!(jira.register(&again).await.unwrap(), first);
    let other = jira.register(&wanted("project = OPS")).await.unwrap();
    assert_ne!(other.id, first.id);
    assert_eq!(jira.list().await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn more_webhooks_than_a_page_are_all_listed() {
    let (_, jira) = cloud();
    for number in 0..101 {
        let mut subscription = wanted("project = PAY");
        subscription.url = HookUrl::new(format!("https://resync.example.com/hooks/{number}"));
        jira.register(&subscription).await.unwrap();
    }
    assert_eq!(jira.list().await.unwrap().len(), 101);
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_goes_wrong_is_made_once_or_not_at_all() {
    for fault in [
        Fault::RateLimited(RateLimitReason::Burst, Some(1)),
        Fault::Fails(503, Some(1)),
        Fault::FailsAfterwards(502),
        Fault::LostBefore,
        Fault::LostAfterwards,
        Fault::Cut(5),
    ] {
        for number in 1..=6 {
            let (simulator, jira) = cloud();
            simulator.edit(|state| {
                state
                    .faults
                    .rule(On::Any, When::Exactly(number), fault.clone())
            });
            let outcome = jira.register(&wanted("project = PAY")).await;
            let there = jira.list().await.unwrap().len();
            assert_eq!(
                there,
                usize::from(outcome.is_ok()),
                "{number} {fault:?}: {outcome:?}"
            );
            // Asking again ends in one in any case.
            jira.register(&wanted("project = PAY")).await.unwrap();
            assert_eq!(jira.list().await.unwrap().len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_tracker_does_not_take_is_invalid_although_it_answers_200() {
    let (_, jira) = cloud();
    let outcome = jira.register(&wanted("summary ~ quartz")).await;
    assert!(
        matches!(outcome, Err(Error::QueryInvalid { .. })),
        "{outcome:?}"
    );
    let mut subscription = wanted("project = PAY");
    subscription.events = vec!["issuelink_created".to_owned()];
    let outcome = jira.register(&subscription).await;
    assert!(
        matches!(outcome, Err(Error::QueryInvalid { .. })),
        "{outcome:?}"
    );
    let ids = [JiraId::new("x")];
    let outcome = jira.delete(&ids).await;
    assert!(
        matches!(outcome, Err(Error::QueryInvalid { .. })),
        "{outcome:?}"
    );
    let outcome = jira.refresh(&[JiraId::new("777")]).await;
    assert!(
        matches!(outcome, Err(Error::QueryInvalid { .. })),
        "{outcome:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn only_an_application_may_register_and_only_on_cloud() {
    let simulator_of = |product| {
        let simulator = simulator(product);
        simulator.load_sample();
        simulator
    };
    let cloud = simulator_of(Product::Cloud);
    let (jira, _) = over_edited(&settings(Product::Cloud), &cloud, |_, _| ());
    let outcome = jira.register(&wanted("project = PAY")).await;
    assert!(
        matches!(outcome, Err(Error::Forbidden { .. })),
        "{outcome:?}"
    );
    let data_center = simulator_of(Product::DataCenter);
    let (jira, transport) = over_edited(&settings(Product::DataCenter), &data_center, |_, _| ());
    let outcome = jira.register(&wanted("project = PAY")).await;
    assert!(
        matches!(outcome, Err(Error::NotSetUp { .. })),
        "{outcome:?}"
    );
    assert!(jira.list().await.is_err() && jira.refresh(&[]).await.is_err());
    assert!(jira.delete(&[]).await.is_err());
    assert_eq!(transport.count(""), 0);
}

#[tokio::test(start_paused = true)]
async fn the_webhooks_of_administrators_are_read_where_they_are() {
    for product in [Product::Cloud, Product::DataCenter] {
        let simulator = simulator(product);
        simulator.load_sample();
        simulator.edit(|state| {
            state.add_webhook(resync_simulator::webhook::NewWebhook {
                name: "Resync".to_owned(),
                url: "https://resync.example.com/hooks/1".to_owned(),
                events: vec!["issuelink_created".to_owned()],
                jql: "project = PAY".to_owned(),
                exclude_body: true,
                secret: Some("s3cret".to_owned()),
            })
        });
        let (jira, _) = over_edited(&settings(product), &simulator, |_, _| ());
        let expected = AdministratorWebhook {
            name: "Resync".to_owned(),
            url: HookUrl::new("https://resync.example.com/hooks/1"),
            events: vec!["issuelink_created".to_owned()],
            jql: "project = PAY".to_owned(),
            enabled: true,
        };
        assert_eq!(jira.of_administrators().await.unwrap(), [expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_webhooks_of_an_old_server_are_understood() {
    let Some(body) = recorded("jira-ruby-fixtures/webhook.json") else {
        return;
    };
    let (jira, script) = scripted(&settings(Product::DataCenter), move |asked, _| {
        if asked.path == "/rest/webhooks/1.0/webhook" {
            return page(&serde_json::from_slice(&body).unwrap());
        }
        if asked.path.contains("/jira-webhook/") {
            let mut reply = page(&json!({}))?;
            *reply.status_mut() = http::StatusCode::NOT_FOUND;
            return Ok(reply);
        }
        crate::script::as_usual()
    });
    let found = jira.of_administrators().await.unwrap();
    assert_eq!(
        (found[0].name.as_str(), found[0].enabled),
        ("from API", true)
    );
    assert_eq!(script.asked_of("webhook").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_secret_in_an_address_is_in_no_error_and_no_debug() {
    let url = "https://resync.example.com/hooks/s3cr3t-p4th";
    let mut subscription = wanted("project = PAY");
    subscription.url = HookUrl::new(url);
    assert!(!format!("{subscription:?}").contains("s3cr3t"));
    assert!(format!("{subscription:?}").contains("https://resync.example.com/…"));
    // Said whole, and cut off where a text of Jira's ends.
    for said in [
        format!("The address {url} is not allowed"),
        format!("{} {url}", "x".repeat(440)),
    ] {
        let (jira, _) = scripted(&app(), move |asked, nth| {
            if !asked.path.contains("/webhook") {
                return crate::script::as_usual();
            }
            if asked.path.contains('?') || nth == 0 {
                return page(&json!({ "values": [], "isLast": true }));
            }
            let mut refused = page(&json!({ "errorMessages": [said.clone()] }))?;
            *refused.status_mut() = http::StatusCode::BAD_REQUEST;
            Ok(refused)
        });
        let error = jira.register(&subscription).await.unwrap_err();
        assert!(matches!(error, Error::QueryInvalid { .. }), "{error}");
        assert!(!error.to_string().contains("s3cr"), "{error}");
        assert!(!error.to_string().contains("/hooks"), "{error}");
    }
}
