//! Links against the simulated Jira and a real archive: each once, in the right direction.

use crate::faulty::survives_or_fails;
use crate::recorded::{folder, recorded};
use crate::script::{as_usual, jql, json_reply, page, scripted, settings};
use crate::simulated::{Adapter, over, over_edited, simulator};
use expect_test::expect;
use resync_core::id::{IssueId, JiraId};
use resync_simulator::Simulator;
use resync_simulator::state::NewIssue;
use resync_tracker::jira::Product;
use resync_tracker::links::{LinkScope, Links};
use resync_tracker::{Error, TrackerReader};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const PRODUCTS: [Product; 2] = [Product::Cloud, Product::DataCenter];

/// The id of Blocks in the sample.
const BLOCKS: &str = "10000";
const RELATES: &str = "10003";

fn id_of(simulator: &Simulator, key: &str) -> IssueId {
    let id = simulator.inspect(|state| state.issue(key).unwrap().id.0);
    IssueId(i64::try_from(id).unwrap())
}

/// Stories `BIG-1` to `BIG-count` without links, beside the sample's own.
fn with_stories(product: Product, count: usize) -> Simulator {
    let simulator = simulator(product);
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
    simulator
}

fn link(simulator: &Simulator, kind: &str, source: &str, target: &str) {
    simulator.edit(|state| state.link(kind, source, target).unwrap());
}

fn in_big() -> LinkScope {
    LinkScope::Matching(jql("project = BIG"))
}

async fn read(
    jira: &dyn TrackerReader,
    scope: &LinkScope,
    link_type: &str,
) -> Result<Links, Error> {
    let link_type = JiraId::new(link_type);
    jira.read_links(scope, &link_type, &|_| ()).await
}

/// `source > target`, a line each, by key; `×2` when the link was made twice.
fn lines(simulator: &Simulator, links: &Links) -> String {
    let key = |id: IssueId| {
        let issue = simulator.inspect(|state| state.issue(&id.to_string()));
        issue.map_or(id.to_string(), |issue| issue.key)
    };
    let line = |link: &resync_tracker::links::Link| {
        let times = match link.ids.len() {
            1 => String::new(),
            count => format!(" ×{count}"),
        };
        format!("{} > {}{times}\n", key(link.source), key(link.target))
    };
    links.links.iter().map(line).collect()
}

#[tokio::test(start_paused = true)]
async fn the_types_of_links_are_told_with_both_phrases() {
    for product in PRODUCTS {
        let (jira, _) = over(product, &with_stories(product, 0));
        let types = jira.link_types().await.unwrap();
        let line = |kind: &resync_tracker::links::LinkType| {
            format!(
                "{} {}: {} / {}\n",
                kind.id, kind.name, kind.outward, kind.inward
            )
        };
        expect![[r"
            10000 Blocks: blocks / is blocked by
            10001 Cloners: clones / is cloned by
            10002 Duplicate: duplicates / is duplicated by
            10003 Relates: relates to / relates to
        "]]
        .assert_eq(&types.iter().map(line).collect::<String>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_is_told_once_from_its_source_to_its_target() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 6);
        for (kind, source, target) in [
            ("Blocks", "BIG-1", "BIG-2"),
            ("Blocks", "BIG-3", "BIG-1"),
            ("Relates", "BIG-5", "BIG-4"),
            // A cycle of two is two links.
            ("Blocks", "BIG-5", "BIG-6"),
            ("Blocks", "BIG-6", "BIG-5"),
        ] {
            link(&simulator, kind, source, target);
        }
        let (jira, _) = over(product, &simulator);
        let links = read(&jira, &in_big(), BLOCKS).await.unwrap();
        expect![[r"
            BIG-1 > BIG-2
            BIG-3 > BIG-1
            BIG-5 > BIG-6
            BIG-6 > BIG-5
        "]]
        .assert_eq(&lines(&simulator, &links));
        let keys: Vec<&str> = links
            .issues
            .iter()
            .map(|issue| issue.key.as_str())
            .collect();
        assert_eq!(keys, ["BIG-1", "BIG-2", "BIG-3", "BIG-4", "BIG-5", "BIG-6"]);
        assert_eq!(&*links.link_type.outward, "blocks");

        let links = read(&jira, &in_big(), RELATES).await.unwrap();
        expect!["BIG-5 > BIG-4\n"].assert_eq(&lines(&simulator, &links));
    }
}

#[tokio::test(start_paused = true)]
async fn links_are_the_same_from_either_end_and_name_the_one_outside() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 3);
        link(&simulator, "Blocks", "BIG-1", "BIG-2");
        link(&simulator, "Blocks", "PAY-2", "BIG-2");
        let (jira, _) = over(product, &simulator);
        let mut seen = Vec::new();
        for key in ["BIG-1", "BIG-2", "BIG-3"] {
            let scope = LinkScope::Issues(vec![id_of(&simulator, key)]);
            let links = read(&jira, &scope, BLOCKS).await.unwrap();
            assert_eq!(links.issues.len(), 1);
            seen.push(lines(&simulator, &links));
        }
        assert_eq!(
            seen,
            ["BIG-1 > BIG-2\n", "PAY-2 > BIG-2\nBIG-1 > BIG-2\n", ""]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn everywhere_are_all_links_of_the_type() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 1000);
        for number in 1..500 {
            link(
                &simulator,
                "Duplicate",
                &format!("BIG-{number}"),
                &format!("BIG-{}", number + 500),
            );
        }
        let (jira, transport) = over(product, &simulator);
        let links = read(&jira, &LinkScope::Everywhere, "10002").await.unwrap();
        let ours = links
            .links
            .iter()
            .filter(|link| link.source >= id_of(&simulator, "BIG-1"));
        assert_eq!(ours.count(), 499);
        assert!(links.issues.len() >= 998 && links.issues.len() < 1010);
        assert!(transport.count("") < 16, "{}", transport.count(""));
    }
}

#[tokio::test(start_paused = true)]
async fn issues_that_are_gone_are_missing_and_many_of_a_query_an_error() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 2);
        link(&simulator, "Blocks", "BIG-1", "BIG-2");
        let gone = IssueId(99_999_999);
        let (jira, _) = over(product, &simulator);
        let ids = vec![gone, id_of(&simulator, "BIG-2"), gone];
        let links = read(&jira, &LinkScope::Issues(ids), BLOCKS).await.unwrap();
        assert_eq!(links.missing, [gone]);
        assert_eq!(lines(&simulator, &links), "BIG-1 > BIG-2\n");
    }
    // The account loses the project between the list of ids and the issues.
    let simulator = with_stories(Product::Cloud, 150);
    let before = |number: usize, simulator: &Simulator| {
        if number == 3 {
            simulator.edit(|state| state.set_revoked("BIG", true).unwrap());
        }
    };
    let (jira, _) = over_edited(&settings(Product::Cloud), &simulator, before);
    let outcome = read(&jira, &in_big(), BLOCKS).await;
    assert!(
        matches!(outcome, Err(Error::AnswerInvalid { .. })),
        "{outcome:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_link_to_an_issue_that_is_invisible_is_left_out_by_jira() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 3);
        link(&simulator, "Blocks", "BIG-1", "BIG-2");
        link(&simulator, "Blocks", "BIG-1", "BIG-3");
        simulator.edit(|state| state.set_secured("BIG-3", true).unwrap());
        let (jira, _) = over(product, &simulator);
        let links = read(&jira, &in_big(), BLOCKS).await.unwrap();
        assert_eq!(lines(&simulator, &links), "BIG-1 > BIG-2\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_made_or_removed_between_its_ends_is_read_again() {
    for product in PRODUCTS {
        for made in [true, false] {
            let simulator = with_stories(product, 400);
            if !made {
                link(&simulator, "Blocks", "BIG-1", "BIG-400");
            }
            // After the first ends were read, and before the last.
            let before = move |number: usize, simulator: &Simulator| {
                if number != 4 {
                    return;
                }
                simulator.edit(|state| {
                    let id = state.link("Blocks", "BIG-1", "BIG-400").unwrap();
                    if !made {
                        state.unlink(id).unwrap();
                    }
                });
            };
            let mut one_at_a_time = settings(product);
            one_at_a_time.max_concurrent_requests = 1;
            let (jira, _) = over_edited(&one_at_a_time, &simulator, before);
            let links = read(&jira, &in_big(), BLOCKS).await.unwrap();
            assert_eq!(links.links.len(), usize::from(made), "{product}");
            assert_eq!(links.issues.len(), 400);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_type_that_is_gone_is_an_error_and_not_the_end_of_its_links() {
    for product in PRODUCTS {
        let (jira, _) = over(product, &with_stories(product, 1));
        let outcome = read(&jira, &in_big(), "77777").await;
        assert!(
            matches!(outcome, Err(Error::NotSetUp { .. })),
            "{outcome:?}"
        );
        let (jira, _) = scripted(&settings(product), |asked, _| {
            if asked.path.ends_with("/issueLinkType") {
                let error = json!({ "errorMessages": ["Linking is off"], "errors": {} });
                let mut reply = json_reply(404, &error)?;
                for name in ["X-AACCOUNTID", "X-AUSERNAME"] {
                    reply.headers_mut().insert(name, "ann".parse().unwrap());
                }
                return Ok(reply);
            }
            as_usual()
        });
        let outcome = jira.link_types().await;
        assert!(
            matches!(outcome, Err(Error::NotSetUp { .. })),
            "{outcome:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn links_survive_or_report_every_fault_at_every_request() {
    for product in PRODUCTS {
        let make = || {
            let simulator = with_stories(product, 230);
            link(&simulator, "Blocks", "BIG-1", "BIG-200");
            simulator
        };
        let some = async |jira: &Adapter| read(jira, &in_big(), BLOCKS).await;
        survives_or_fails(product, make, some).await;
    }
}

/// A Cloud whose one issue shows these links.
async fn shown(links: Value) -> Result<Links, Error> {
    let (jira, _) = scripted(&settings(Product::Cloud), move |asked, _| {
        if asked.path.ends_with("/issueLinkType") {
            let blocks =
                json!({ "id": "1", "name": "B", "inward": "is blocked by", "outward": "blocks" });
            return page(&json!({ "issueLinkTypes": [blocks] }));
        }
        if !asked.path.ends_with("/bulkfetch") {
            return as_usual();
        }
        let mut issue = crate::script::issue(10);
        issue["fields"]["issuelinks"] = links.clone();
        page(&json!({ "issues": [issue], "issueErrors": [] }))
    });
    read(&jira, &LinkScope::Issues(vec![IssueId(10)]), "1").await
}

#[tokio::test(start_paused = true)]
async fn the_same_link_listed_twice_counts_once_and_two_equal_links_are_told() {
    let link = |id: &str, other: &str| json!({ "id": id, "type": { "id": "1" }, "outwardIssue": { "id": other, "key": "X-1" } });
    let links = shown(json!([
        link("7", "11"),
        link("7", "11"),
        link("10", "12"),
        link("9", "12")
    ]));
    let links = links.await.unwrap().links;
    let ids: Vec<Vec<&str>> = links
        .iter()
        .map(|link| link.ids.iter().map(JiraId::as_str).collect())
        .collect();
    assert_eq!(ids, [vec!["7"], vec!["9", "10"]]);
}

#[tokio::test(start_paused = true)]
async fn links_that_cannot_be_understood_are_an_error() {
    let both = json!({ "id": "7", "type": { "id": "1" },
        "outwardIssue": { "id": "11" }, "inwardIssue": { "id": "12" } });
    let none = json!({ "id": "7", "type": { "id": "1" } });
    let text = json!({ "id": "7", "type": { "id": "1" }, "outwardIssue": { "id": "x" } });
    for links in [Value::Null, json!([both]), json!([none]), json!([text])] {
        let outcome = shown(links.clone()).await;
        assert!(
            matches!(outcome, Err(Error::AnswerInvalid { .. })),
            "{links}: {outcome:?}"
        );
    }
    assert_eq!(shown(json!([])).await.unwrap().links, []);
}

/// What the archive's lines say about links of a type: source, target, ids.
fn archived(text: &str, link_type: &str) -> BTreeSet<(String, String, String)> {
    let mut links = BTreeSet::new();
    for line in text.lines() {
        let issue: Value = serde_json::from_str(line).unwrap();
        let own = issue["id"].as_str().unwrap().to_owned();
        for link in issue["fields"]["issuelinks"]
            .as_array()
            .into_iter()
            .flatten()
        {
            if link["type"]["id"] != link_type {
                continue;
            }
            let id = link["id"].as_str().unwrap().to_owned();
            let other = |end: &str| link[end]["id"].as_str().map(str::to_owned);
            links.insert(match (other("outwardIssue"), other("inwardIssue")) {
                (Some(target), _) => (own.clone(), target, id),
                (_, source) => (source.unwrap(), own.clone(), id),
            });
        }
    }
    links
}

#[tokio::test(start_paused = true)]
async fn the_links_of_a_real_archive_are_read_as_it_has_them() {
    let path = "titanium-archive/issues.jsonl.gz";
    let Some(packed) = recorded(path) else { return };
    let mut text = String::new();
    let mut unpacked = flate2::read::GzDecoder::new(packed.as_slice());
    std::io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
    for product in PRODUCTS {
        let simulator = simulator(product);
        simulator.load_archive(&folder().join(path)).unwrap();
        let (jira, _) = over(product, &simulator);
        for (name, link_type) in [
            ("Relates", RELATES),
            ("Duplicate", "10002"),
            ("Blocks", BLOCKS),
        ] {
            let links = read(&jira, &LinkScope::Everywhere, link_type)
                .await
                .unwrap();
            let told: BTreeSet<_> = links
                .links
                .iter()
                .flat_map(|link| link.ids.iter().map(move |id| (link, id)))
                .map(|(link, id)| {
                    (
                        link.source.to_string(),
                        link.target.to_string(),
                        id.to_string(),
                    )
                })
                .collect();
            assert_eq!(told, archived(&text, link_type), "{product} {name}");
        }
    }
}
