//! Seeded content: large, and the same for the same seed.

use resync_simulator::Flavour;

use crate::support::{json, site};

#[test]
fn as_many_issues_are_made_as_asked_for_of_every_kind() {
    let site = site(Flavour::Cloud);
    site.simulator.seed_content(5_000);
    assert_eq!(site.simulator.inspect(|state| state.count()), 5_000);
    let count = |jql: &str| {
        let body = serde_json::json!({ "jql": jql });
        json(&site.post("/search/approximate-count", &body.to_string()))["count"]
            .as_u64()
            .unwrap()
    };
    assert!(count("type = Epic") > 200);
    assert!(count("type in subTaskIssueTypes() AND parent is not EMPTY") > 1_000);
    assert!(count("issueLinkType is not EMPTY") > 800);
    assert_eq!(count("type = Epic AND parent is not EMPTY"), 0);
}

#[test]
fn content_can_be_added_to_content() {
    let site = site(Flavour::DataCenter);
    site.simulator.load_sample();
    site.simulator.seed_content(10);
    assert_eq!(site.simulator.inspect(|state| state.count()), 123);
    assert_eq!(
        site.find("key = SAD-1 OR key = PAY-1 ORDER BY key"),
        "PAY-1 SAD-1"
    );
}
