//! Statuses, resolutions, and the ways from one status to another.

use expect_test::expect;
use http::{HeaderMap, Method};
use resync_simulator::state::EditError;
use serde_json::{Value, json};

use crate::support::{Site, cloud, data_center, json};

fn ways(site: &Site, issue: &str) -> String {
    let body = json(&site.get(&format!("/issue/{issue}/transitions")));
    let ways = body["transitions"].as_array().unwrap().iter();
    let rows = ways.map(|way| {
        let to = &way["to"];
        format!(
            "{} {} ({})",
            way["id"], to["name"], to["statusCategory"]["key"]
        )
    });
    rows.collect::<Vec<_>>().join(", ")
}

#[test]
fn statuses_and_resolutions_are_listed() {
    for site in [cloud(), data_center()] {
        let rows = |target: &str| {
            let list = json(&site.get(target));
            let list = list.as_array().unwrap().iter();
            let rows = list.map(|entry| format!("{} {}", entry["id"], entry["name"]));
            rows.collect::<Vec<_>>().join(", ")
        };
        expect![[r#""10000" "To Do", "3" "In Progress", "10010" "In Review", "10011" "Done""#]]
            .assert_eq(&rows("/status"));
        expect![[r#""10000" "Done", "10001" "Won't Do""#]].assert_eq(&rows("/resolution"));
    }
    let site = cloud();
    let strange = site.send(Method::GET, &site.path("/status"), HeaderMap::new(), "");
    assert_eq!(json(&strange), json!([]));
}

#[test]
fn every_status_leads_to_every_status_until_it_is_restricted() {
    for site in [cloud(), data_center()] {
        expect![[r#""11" "To Do" ("new"), "21" "In Progress" ("indeterminate"), "31" "In Review" ("indeterminate"), "41" "Done" ("done")"#]]
            .assert_eq(&ways(&site, "PAY-1"));
        site.simulator
            .edit(|state| state.restrict_transitions("In Progress", &["In Review", "To Do"]))
            .unwrap();
        // Ids of transitions differ by status: only the target says where one leads.
        expect![[r#""2001" "In Review" ("indeterminate"), "2011" "To Do" ("new")"#]]
            .assert_eq(&ways(&site, "PAY-1"));
        assert!(ways(&site, "PAY-5").starts_with("\"11\""), "it is To Do");
        let one = json(&site.get("/issue/PAY-1/transitions?transitionId=2011"));
        assert_eq!(one["transitions"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn without_permission_there_are_no_transitions_and_no_error() {
    let site = cloud();
    site.simulator.edit(|state| state.forbid_transitions(true));
    assert_eq!(ways(&site, "PAY-1"), "");
    site.simulator.edit(|state| state.forbid_transitions(false));
    assert_ne!(ways(&site, "PAY-1"), "");
    for issue in ["PAY-999", "X-1"] {
        assert_eq!(site.get(&format!("/issue/{issue}/transitions")).status, 404);
    }
}

#[test]
fn a_screen_asks_for_a_resolution() {
    for site in [cloud(), data_center()] {
        site.simulator
            .edit(|state| state.require_resolution("Done", true))
            .unwrap();
        let body = json(&site.get("/issue/PAY-1/transitions?expand=transitions.fields"));
        let to_done = &body["transitions"][3];
        assert_eq!(to_done["fields"]["resolution"]["required"], true);
        let values = &to_done["fields"]["resolution"]["allowedValues"];
        assert_eq!(values[1]["name"], "Won't Do");
        assert_eq!(body["transitions"][0]["fields"], json!({}));
        let plain = json(&site.get("/issue/PAY-1/transitions"));
        assert!(plain["transitions"][3].get("fields").is_none());
        let refused = site
            .simulator
            .edit(|state| state.transition("PAY-1", "Done", None));
        let told = "the transition of \"PAY-1\" to \"Done\" needs a resolution; give one";
        assert_eq!(refused.unwrap_err().to_string(), told);
        site.simulator
            .edit(|state| state.require_resolution("Done", false))
            .unwrap();
        site.simulator
            .edit(|state| state.transition("PAY-1", "Done", None))
            .unwrap();
    }
}

#[test]
fn going_to_done_sets_the_resolution_and_leaving_takes_it_away() {
    let site = cloud();
    let solved = || -> Value {
        let body = json(&site.get("/issue/PAY-1?fields=resolution,resolutiondate,status"));
        let fields = &body["fields"];
        json!([
            fields["status"]["name"],
            fields["resolution"]["name"],
            fields["resolutiondate"].is_string()
        ])
    };
    let go = |status: &str, resolution: Option<&str>| {
        site.simulator
            .edit(|state| state.transition("PAY-1", status, resolution))
    };
    go("Done", Some("Won't Do")).unwrap();
    assert_eq!(solved(), json!(["Done", "Won't Do", true]));
    go("In Review", None).unwrap();
    assert_eq!(solved(), json!(["In Review", null, false]));
    go("Done", None).unwrap();
    assert_eq!(solved(), json!(["Done", "Done", true]));
    site.simulator
        .edit(|state| state.restrict_transitions("Done", &[]))
        .unwrap();
    let refused = go("To Do", None).unwrap_err();
    assert_eq!(
        refused,
        EditError::NoTransition("PAY-1".to_owned(), "To Do".to_owned())
    );
    let told = "issue \"PAY-1\" has no transition to \"To Do\"; make one, or choose another status";
    assert_eq!(refused.to_string(), told);
    for refused in [
        go("Nowhere", None),
        site.simulator
            .edit(|state| state.restrict_transitions("Done", &["Nowhere"])),
        site.simulator
            .edit(|state| state.transition("PAY-2", "Done", Some("Magic"))),
    ] {
        assert!(matches!(refused, Err(EditError::UnknownName { .. })));
    }
}
