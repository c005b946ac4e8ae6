//! Webhooks: registering, what is told of changes, and what happens on the way.

use expect_test::expect;
use http::{HeaderMap, Method};
use resync_simulator::fault::When;
use resync_simulator::state::{NewIssue, State};
use resync_simulator::webhook::{Delivery, NewWebhook, WebhookFault};
use resync_simulator::{Flavour, Response};
use serde_json::{Value, json};

use crate::support::{Site, TOKEN, cloud, data_center, headers, json};

const RECEIVER: &str = "http://receiver.test/jira";
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
const EVENTS: [&str; 5] = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "issuelink_created",
    "issuelink_deleted",
];

/// An administrator's webhook for all events.
fn listening(site: Site) -> Site {
    site.simulator
        .edit(|state| state.add_webhook(new("", None)));
    site
}

fn new(jql: &str, secret: Option<&str>) -> NewWebhook {
    NewWebhook {
        name: "Everything".to_owned(),
        url: RECEIVER.to_owned(),
        events: EVENTS.map(str::to_owned).to_vec(),
        jql: jql.to_owned(),
        exclude_body: false,
        secret: secret.map(str::to_owned),
    }
}

fn taken(site: &Site) -> Vec<Delivery> {
    site.simulator.edit(State::take_deliveries)
}

fn body(delivery: &Delivery) -> Value {
    serde_json::from_slice(&delivery.body).unwrap()
}

fn header<'a>(delivery: &'a Delivery, name: &str) -> &'a str {
    delivery
        .headers
        .get(name)
        .map_or("-", |value| value.to_str().unwrap())
}

/// One line for each delivery that is due.
fn told(site: &Site) -> String {
    let rows = taken(site).into_iter().map(|delivery| {
        let body = body(&delivery);
        let what = match body.get("issue") {
            Some(issue) => issue["key"].as_str().unwrap().to_owned(),
            None => format!("{}", body["issueLink"]["id"]),
        };
        let items = body["changelog"]["items"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let fields: Vec<_> = items
            .iter()
            .map(|item| item["field"].as_str().unwrap())
            .collect();
        format!(
            "{} {what} {} [{}]\n",
            body["webhookEvent"].as_str().unwrap(),
            header(&delivery, "x-atlassian-webhook-flow"),
            fields.join(", ")
        )
    });
    rows.collect()
}

fn as_app(site: &Site, method: Method, target: &str, body: &str) -> Response {
    let bearer = format!("Bearer {TOKEN}");
    let headers = headers(&[
        ("authorization", &bearer),
        ("content-type", "application/json"),
    ]);
    site.send(method, &site.path(target), headers, body)
}

fn as_administrator(site: &Site, method: Method, target: &str, body: &str) -> Response {
    let mut all = site.login();
    all.extend(headers(&[("content-type", "application/json")]));
    site.send(method, target, all, body)
}

fn register(site: &Site, webhooks: Value) -> Value {
    let asked = json!({ "url": RECEIVER, "webhooks": webhooks }).to_string();
    let response = as_app(site, Method::POST, "/webhook", &asked);
    assert_eq!(response.status, 200);
    json(&response)["webhookRegistrationResult"].clone()
}

#[test]
fn edits_are_told_in_the_order_in_which_they_were_made() {
    let site = listening(cloud());
    site.simulator.edit(|state| {
        let new = NewIssue {
            project: "PAY",
            kind: "Task",
            summary: "New",
            parent: None,
        };
        let key = state.create(new).unwrap();
        state.set_summary(&key, "Newer").unwrap();
        state.set_summary(&key, "Newer").unwrap();
        state.set_parent(&key, Some("PAY-1")).unwrap();
        state.rank_before(&key, "PAY-1").unwrap();
        state.transition(&key, "Done", None).unwrap();
        state.touch(&key).unwrap();
        let link = state.link("Blocks", &key, "PAY-2").unwrap();
        state.link("Blocks", &key, "PAY-2").unwrap();
        state.unlink(link).unwrap();
    });
    expect![[r#"
        jira:issue_created PAY-43 Primary []
        jira:issue_updated PAY-43 Primary [summary]
        jira:issue_updated PAY-43 Primary [IssueParentAssociation]
        jira:issue_updated PAY-43 Primary [Rank]
        jira:issue_updated PAY-43 Primary [status, resolution]
        jira:issue_updated PAY-43 Primary []
        issuelink_created 10015 Primary []
        issuelink_deleted 10015 Primary []
    "#]]
    .assert_eq(&told(&site));
    assert_eq!(told(&site), "", "each is taken once");
}

#[test]
fn what_follows_from_an_edit_is_secondary_on_cloud() {
    for (site, expected) in [
        (
            cloud(),
            expect![[r#"
            jira:issue_updated OPS-36 Primary [Key, project]
            jira:issue_updated OPS-37 Secondary [Key, project]
            jira:issue_updated OPS-38 Secondary [Key, project]
            jira:issue_deleted PAY-2 Primary []
            jira:issue_deleted PAY-3 Secondary []
            jira:issue_deleted PAY-4 Secondary []
            jira:issue_deleted PAY-5 Secondary []
            issuelink_deleted 10000 Secondary []
        "#]],
        ),
        (
            data_center(),
            expect![[r#"
            jira:issue_updated OPS-36 - [Key, project]
            jira:issue_updated OPS-37 - [Key, project]
            jira:issue_updated OPS-38 - [Key, project]
            jira:issue_deleted PAY-2 - []
            jira:issue_deleted PAY-3 - []
            jira:issue_deleted PAY-4 - []
            jira:issue_deleted PAY-5 - []
            issuelink_deleted 10000 - []
        "#]],
        ),
    ] {
        let site = listening(site);
        site.simulator.edit(|state| {
            state.move_to("PAY-6", "OPS").unwrap();
            state.delete("PAY-2").unwrap();
        });
        expected.assert_eq(&told(&site));
    }
}

#[test]
fn a_rebalance_of_ranks_and_a_lost_permission_tell_nobody() {
    let site = listening(cloud());
    site.simulator.edit(|state| {
        state.rebalance_ranks();
        state.set_revoked("PAY", true).unwrap();
    });
    assert_eq!(told(&site), "");
}

#[test]
fn whether_the_ends_of_a_link_are_told_as_updated_is_a_switch() {
    for link_updates in [false, true] {
        let site = listening(cloud());
        site.simulator.edit(|state| {
            state.webhooks.link_updates = link_updates;
            state.link("Blocks", "PAY-1", "ONB-1").unwrap();
        });
        let updates =
            "jira:issue_updated PAY-1 Primary [Link]\njira:issue_updated ONB-1 Primary [Link]\n";
        let updates = if link_updates { updates } else { "" };
        assert_eq!(
            told(&site),
            format!("{updates}issuelink_created 10015 Primary []\n")
        );
    }
}

#[test]
fn a_body_has_the_issue_as_it_was_then_and_who_did_what() {
    let site = listening(cloud());
    site.simulator.edit(|state| {
        assert!(state.act_as("aiko"));
        state.set_summary("PAY-2", "First").unwrap();
        state.set_summary("PAY-2", "Second").unwrap();
    });
    let deliveries = taken(&site);
    let first = body(&deliveries[0]);
    let members: Vec<_> = first.as_object().unwrap().keys().collect();
    expect![[
        r#"["changelog", "issue", "issue_event_type_name", "timestamp", "user", "webhookEvent"]"#
    ]]
    .assert_eq(&format!("{members:?}"));
    assert_eq!(first["timestamp"], crate::support::START);
    assert_eq!(first["issue_event_type_name"], "issue_updated");
    assert_eq!(first["user"]["accountId"], "712020:aiko");
    assert_eq!(first["issue"]["id"], "10001");
    assert_eq!(first["issue"]["fields"]["summary"], "First");
    assert_eq!(first["issue"]["fields"]["parent"]["key"], "PAY-1");
    expect![[r#"{"id":"10000","items":[{"field":"summary","fieldId":"summary","fieldtype":"jira","from":null,"fromString":"Merchant sees the payout status within ten seconds","to":null,"toString":"First"}]}"#]]
        .assert_eq(&first["changelog"].to_string());
    assert_eq!(
        header(&deliveries[0], "content-type"),
        "application/json; charset=UTF-8"
    );
}

#[test]
fn a_deletion_shows_the_last_state() {
    let site = listening(cloud());
    site.simulator.edit(|state| state.delete("PAY-12").unwrap());
    let deliveries = taken(&site);
    let deleted = body(&deliveries[0]);
    assert_eq!(deleted["webhookEvent"], "jira:issue_deleted");
    assert_eq!(
        deleted["issue"]["fields"]["issuelinks"][0]["outwardIssue"]["key"],
        "PAY-2"
    );
    assert!(deleted.get("changelog").is_none());
}

#[test]
fn a_link_is_told_by_the_ids_of_its_ends() {
    let site = listening(cloud());
    site.simulator
        .edit(|state| state.link("Blocks", "PAY-2", "PAY-1").unwrap());
    let told = body(&taken(&site)[0]);
    expect![[r#"{"destinationIssueId":10000,"id":10015,"issueLinkType":{"id":10000,"inwardName":"is blocked by","isSubTaskLinkType":false,"isSystemLinkType":false,"name":"Blocks","outwardName":"blocks"},"sourceIssueId":10001,"systemLink":false}"#]]
        .assert_eq(&told["issueLink"].to_string());
}

#[test]
fn a_delivery_is_signed_when_there_is_a_secret_and_shows_it_nowhere() {
    let site = cloud();
    site.simulator.edit(|state| {
        state.add_webhook(new("", Some("It's a Secret to Everybody")));
        state.touch("PAY-1").unwrap();
    });
    let delivery = taken(&site).remove(0);
    let signature = header(&delivery, "x-hub-signature");
    let digits = signature.strip_prefix("sha256=").unwrap();
    // The published example of this scheme: a receiver that gets it right agrees with this one.
    let known = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    assert_eq!(digits.len(), known.len());
    assert_eq!(signed("Hello, World!", "It's a Secret to Everybody"), known);
    assert_eq!(
        digits,
        signed(
            std::str::from_utf8(&delivery.body).unwrap(),
            "It's a Secret to Everybody"
        )
    );
    let debug = site
        .simulator
        .inspect(|state| format!("{:?} {:?}", state.webhooks, delivery));
    assert!(!debug.contains("Secret to"), "{debug}");
    let listed = as_administrator(&site, Method::GET, "/rest/webhooks/1.0/webhook", "");
    assert!(!String::from_utf8_lossy(&listed.body).contains("Secret to"));
    let plain = listening(cloud());
    plain.simulator.edit(|state| state.touch("PAY-1").unwrap());
    assert_eq!(header(&taken(&plain)[0], "x-hub-signature"), "-");
}

fn signed(text: &str, secret: &str) -> String {
    use hmac::Mac as _;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[test]
fn an_administrator_registers_reads_replaces_and_removes() {
    for (site, base) in [
        (cloud(), "/rest/webhooks/1.0/webhook"),
        (data_center(), "/rest/jira-webhook/1.0/webhooks"),
    ] {
        let sent = json!({
            "name": "Payments",
            "url": RECEIVER,
            "events": ["jira:issue_updated"],
            "filters": { "issue-related-events-section": "project = PAY" },
            "excludeBody": true,
            "secret": "hidden-from-all",
        });
        let made = as_administrator(&site, Method::POST, base, &sent.to_string());
        assert_eq!(made.status, 201);
        assert!(json(&made).get("secret").is_none());
        let one = format!("{base}/1000");
        assert_eq!(
            as_administrator(&site, Method::GET, &one, "").body,
            made.body
        );
        let all = json(&as_administrator(&site, Method::GET, base, ""));
        assert_eq!(all, json!([json(&made)]));
        site.simulator.edit(|state| {
            state.touch("ONB-1").unwrap();
            state.touch("PAY-1").unwrap();
        });
        let deliveries = taken(&site);
        assert_eq!(deliveries.len(), 1);
        assert!(deliveries[0].body.is_empty(), "bodies are left out");
        let other = json!({ "name": "All", "url": RECEIVER, "events": ["jira:issue_updated"] });
        let replaced = as_administrator(&site, Method::PUT, &one, &other.to_string());
        assert_eq!(
            (replaced.status, &json(&replaced)["name"]),
            (200, &json!("All"))
        );
        site.simulator.edit(|state| state.touch("ONB-1").unwrap());
        assert!(told(&site).starts_with("jira:issue_updated ONB-1"));
        assert_eq!(
            as_administrator(&site, Method::DELETE, &one, "").status,
            204
        );
        site.simulator.edit(|state| state.touch("ONB-1").unwrap());
        assert_eq!(told(&site), "");
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(as_administrator(&site, method, &one, "").status, 404);
        }
        for bad in [r#"{"url":"nowhere"}"#, "{}", "x"] {
            assert_eq!(
                as_administrator(&site, Method::POST, base, bad).status,
                400,
                "{bad}"
            );
        }
        assert_eq!(
            site.send(Method::GET, base, HeaderMap::new(), "").status,
            401
        );
        assert_eq!(
            as_administrator(&site, Method::GET, &format!("{base}s"), "").status,
            404
        );
    }
    let old = "/rest/webhooks/1.0/webhook";
    assert_eq!(
        as_administrator(&data_center(), Method::GET, old, "").status,
        404
    );
}

#[test]
fn data_center_takes_the_secret_from_the_configuration() {
    let site = data_center();
    let base = "/rest/jira-webhook/1.0/webhooks";
    let sent = json!({
        "url": RECEIVER,
        "events": ["jira:issue_updated"],
        "configuration": { "SECRET": "hidden-from-all" },
    });
    let made = as_administrator(&site, Method::POST, base, &sent.to_string());
    assert_eq!(json(&made)["configuration"], json!({}));
    site.simulator.edit(|state| state.touch("PAY-1").unwrap());
    let delivery = taken(&site).remove(0);
    let signature = signed(
        std::str::from_utf8(&delivery.body).unwrap(),
        "hidden-from-all",
    );
    assert_eq!(
        header(&delivery, "x-hub-signature"),
        format!("sha256={signature}")
    );
}

#[test]
fn an_app_registers_lists_refreshes_and_removes() {
    let site = cloud();
    let updated = "jira:issue_updated";
    let results = register(
        &site,
        json!([
            { "events": [updated], "jqlFilter": "project = PAY AND issuetype in (Epic, Story)" },
            { "events": [updated, "issuelink_created"], "jqlFilter": "project = PAY" },
            { "events": [updated], "jqlFilter": "labels = launch-2026" },
            { "events": [updated], "jqlFilter": "issueKey > PAY-1" },
            { "events": [updated], "jqlFilter": "" },
            { "events": [updated], "jqlFilter": "project = PAY", "fieldIdsFilter": ["parent"] },
        ]),
    );
    expect![[r#"[{"createdWebhookId":1000},{"errors":["The event 'issuelink_created' is not supported."]},{"errors":["The clause 'labels =' is not supported in the filter of a webhook."]},{"errors":["The clause 'issueKey >' is not supported in the filter of a webhook."]},{"errors":["Unbounded JQL queries are not allowed here. Please add a search restriction to your query."]},{"createdWebhookId":1001}]"#]]
        .assert_eq(&results.to_string());
    let listed = json(&as_app(&site, Method::GET, "/webhook?maxResults=1", ""));
    assert_eq!(
        (&listed["total"], &listed["isLast"]),
        (&json!(2), &json!(false))
    );
    let expires = crate::support::START + 30 * DAY;
    assert_eq!(listed["values"][0]["expirationDate"], expires);
    site.advance(DAY);
    let refreshed = as_app(
        &site,
        Method::PUT,
        "/webhook/refresh",
        r#"{"webhookIds":[1000]}"#,
    );
    assert_eq!(json(&refreshed), json!({ "expirationDate": expires + DAY }));
    let unknown = as_app(
        &site,
        Method::PUT,
        "/webhook/refresh",
        r#"{"webhookIds":[7]}"#,
    );
    assert_eq!(unknown.status, 400);
    let removed = as_app(
        &site,
        Method::DELETE,
        "/webhook",
        r#"{"webhookIds":[1000,7]}"#,
    );
    assert_eq!((removed.status, removed.body.len()), (202, 0));
    let listed = json(&as_app(&site, Method::GET, "/webhook", ""));
    assert_eq!(listed["values"][0]["id"], 1001);
    for bad in ["x", "{}", r#"{"url":"nowhere","webhooks":[]}"#] {
        assert_eq!(
            as_app(&site, Method::POST, "/webhook", bad).status,
            400,
            "{bad}"
        );
    }
}

#[test]
fn only_apps_have_webhooks_that_expire_and_only_on_cloud() {
    let site = cloud();
    for target in ["/webhook", "/webhook/failed"] {
        assert_eq!(site.get(target).status, 403);
    }
    assert_eq!(
        as_app(&site, Method::GET, "/webhook/failed", "").status,
        403
    );
    let refused = as_administrator(&site, Method::PUT, &site.path("/webhook/refresh"), "{}");
    assert_eq!(refused.status, 403);
    assert_eq!(data_center().get("/webhook").status, 404);
}

#[test]
fn a_webhook_of_an_app_is_silent_after_thirty_days() {
    let site = cloud();
    let all = json!([{ "events": ["jira:issue_updated"], "jqlFilter": "project = PAY" }]);
    register(&site, all);
    let heard = || {
        site.simulator.edit(|state| state.touch("PAY-1").unwrap());
        taken(&site).len()
    };
    site.advance(30 * DAY - 1);
    assert_eq!(heard(), 1);
    site.advance(1);
    assert_eq!(heard(), 0);
    let listed = json(&as_app(&site, Method::GET, "/webhook", ""));
    assert_eq!(listed["total"], 0);
}

#[test]
fn an_app_is_told_once_for_all_of_its_webhooks_that_match() {
    let site = cloud();
    let (created, updated) = ("jira:issue_created", "jira:issue_updated");
    register(
        &site,
        json!([
            { "events": [updated], "jqlFilter": "project = PAY" },
            { "events": [updated], "jqlFilter": "project = ONB" },
            { "events": [created, updated], "jqlFilter": "issuetype = Story" },
            { "events": [updated], "jqlFilter": "project = PAY", "fieldIdsFilter": ["parent"] },
        ]),
    );
    let matched = |edit: fn(&mut State)| {
        site.simulator.edit(edit);
        let all = taken(&site);
        let ids: Vec<_> = all
            .iter()
            .map(|own| body(own)["matchedWebhookIds"].clone())
            .collect();
        json!(ids)
    };
    assert_eq!(
        matched(|state| state.set_summary("PAY-2", "New").unwrap()),
        json!([[1000, 1002]])
    );
    assert_eq!(
        matched(|state| state.set_parent("PAY-2", None).unwrap()),
        json!([[1000, 1002, 1003]])
    );
    assert_eq!(
        matched(|state| state.set_summary("OPS-1", "New").unwrap()),
        json!([])
    );
    assert_eq!(
        matched(|state| state.set_secured("PAY-2", true).unwrap()),
        json!([]),
        "it may not see the issue any more"
    );
    assert_eq!(
        matched(|state| assert!(state.link("Blocks", "PAY-1", "PAY-6").is_ok())),
        json!([]),
        "apps hear nothing of links"
    );
}

#[test]
fn a_query_that_means_nothing_lets_nothing_pass() {
    for jql in ["project = NOPE", "project = ("] {
        let site = cloud();
        site.simulator.edit(|state| {
            state.add_webhook(new(jql, None));
            state.touch("PAY-1").unwrap();
        });
        assert_eq!(told(&site), "");
    }
}

/// Summaries that arrive when each of three edits has a fault or none, drained after each.
fn arrivals(faults: [Option<WebhookFault>; 3]) -> (Site, String) {
    let site = listening(cloud());
    site.simulator
        .edit(|state| state.webhooks.faults.script(faults));
    let mut seen = Vec::new();
    for text in ["one", "two", "three"] {
        site.simulator
            .edit(|state| state.set_summary("PAY-1", text).unwrap());
        seen.push(summaries(&site));
        site.advance(1_000);
    }
    (site, seen.join(" | "))
}

fn summaries(site: &Site) -> String {
    let all = taken(site);
    let texts = all.iter().map(|own| {
        body(own)["issue"]["fields"]["summary"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    texts.collect::<Vec<_>>().join(" ")
}

#[test]
fn deliveries_get_lost_doubled_delayed_and_overtaken() {
    assert_eq!(arrivals([None, None, None]).1, "one | two | three");
    assert_eq!(
        arrivals([None, Some(WebhookFault::Lost), None]).1,
        "one |  | three"
    );
    assert_eq!(
        arrivals([None, Some(WebhookFault::Doubled), None]).1,
        "one | two two | three"
    );
    assert_eq!(
        arrivals([Some(WebhookFault::Overtaken), None, None]).1,
        " | two one | three"
    );
    let (site, seen) = arrivals([Some(WebhookFault::Delayed(30 * MINUTE)), None, None]);
    assert_eq!(seen, " | two | three");
    let due = site.simulator.inspect(State::next_delivery);
    assert_eq!(due, Some(crate::support::START + 30 * MINUTE));
    site.advance(30 * MINUTE);
    assert_eq!(summaries(&site), "one");
    assert_eq!(site.simulator.inspect(State::next_delivery), None);
    let (site, _) = arrivals([None, None, Some(WebhookFault::Overtaken)]);
    site.advance(MINUTE);
    assert_eq!(summaries(&site), "three", "nothing came to overtake it");
}

#[test]
fn a_doubled_delivery_has_one_identifier_and_others_have_their_own() {
    let (site, _) = arrivals([None, None, None]);
    site.simulator.edit(|state| {
        let (always, doubled) = (When::Every(1), WebhookFault::Doubled);
        state.webhooks.faults.rule(always, doubled);
        state.touch("PAY-1").unwrap();
        state.webhooks.faults.clear();
        state.touch("PAY-1").unwrap();
    });
    let name = "x-atlassian-webhook-identifier";
    let all = taken(&site);
    let ids: Vec<_> = all.iter().map(|own| header(own, name)).collect();
    assert_eq!(ids.len(), 3);
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
}

#[test]
fn cloud_tries_again_what_may_pass_five_times_and_minutes_apart() {
    let site = listening(cloud());
    site.simulator.edit(|state| state.touch("PAY-1").unwrap());
    let mut delivery = taken(&site).remove(0);
    let first = header(&delivery, "x-atlassian-webhook-identifier").to_owned();
    assert_eq!(header(&delivery, "x-atlassian-webhook-retry"), "-");
    for (retry, status) in [None, Some(500), Some(503), Some(429), Some(408)]
        .into_iter()
        .enumerate()
    {
        let before = delivery.clone();
        site.simulator
            .edit(|state| state.settle_delivery(&before, status));
        let due = site.simulator.inspect(State::next_delivery).unwrap();
        let now = site.clock.load(std::sync::atomic::Ordering::Relaxed);
        assert!(
            (5 * MINUTE..=15 * MINUTE).contains(&(due - now)),
            "{}",
            due - now
        );
        site.advance(due - now);
        delivery = taken(&site).remove(0);
        assert_eq!(
            header(&delivery, "x-atlassian-webhook-retry"),
            (retry + 1).to_string()
        );
        assert_eq!(header(&delivery, "x-atlassian-webhook-identifier"), first);
        assert_eq!(delivery.body, before.body);
    }
    site.simulator
        .edit(|state| state.settle_delivery(&delivery, None));
    assert_eq!(site.simulator.inspect(State::next_delivery), None);
}

#[test]
fn an_answer_that_is_final_ends_a_delivery_and_data_center_never_tries_again() {
    let left = |site: Site, status: Option<u16>| {
        let site = listening(site);
        site.simulator.edit(|state| state.touch("PAY-1").unwrap());
        let delivery = taken(&site).remove(0);
        site.simulator
            .edit(|state| state.settle_delivery(&delivery, status));
        site.simulator.inspect(State::next_delivery).is_some()
    };
    for status in [200, 204, 301, 400, 401, 404, 410] {
        assert!(!left(cloud(), Some(status)), "{status}");
    }
    assert!(left(cloud(), Some(502)));
    for status in [None, Some(500), Some(200)] {
        assert!(!left(data_center(), status));
    }
}

#[test]
fn the_same_seed_gives_the_same_deliveries() {
    let run = || {
        let site = listening(cloud());
        site.simulator.edit(|state| {
            let (third, overtaken) = (When::Every(3), WebhookFault::Overtaken);
            state.webhooks.faults.rule(third, overtaken);
            for number in 1..20 {
                state.touch(&format!("PAY-{number}")).unwrap();
            }
        });
        taken(&site)
    };
    assert_eq!(run(), run());
    assert_eq!(cloud().flavour, Flavour::Cloud);
}
