//! Links into a structure, over the real archive: what docs/synchronizers.md says of duplicates,
//! cycles, clusters and links that lead outside, compared with an oracle of its own.

use crate::support::real::{self, Archive, Expected, Id, Pair};
use crate::support::server::{self, Server, force, jql, preview_and_run, succeeded};
use crate::support::{outline, shared};
use futures::TryStreamExt;
use resync_api::v1::links_rule::Scope;
use resync_api::v1::{
    Direction, Job, JobChange, LinksRule, Row, job_change, links_rule, row, sync_rule,
};
use resync_client::SynchronizerHandle;
use resync_simulator::Flavour;
use std::collections::{BTreeMap, BTreeSet};

/// The types with all that is odd: two-cycles, clusters, and a link that stands twice.
const ODD_TYPES: [&str; 3] = ["10001", "10002", "10003"];

fn rule(link_type: &str, scope: Scope) -> LinksRule {
    LinksRule {
        link_type_id: link_type.to_owned(),
        scope: scope.into(),
        ..LinksRule::default()
    }
}

fn id_of(row: &Row) -> Id {
    match &row.item {
        Some(row::Item::Issue(issue)) => issue.issue_id.parse().expect("ids are numbers"),
        other => panic!("only issues are expected, not {other:?}"),
    }
}

/// The rows as the oracle tells them; what is refused or unseen is no row.
fn shown(rows: &[Row]) -> Expected {
    let issues: BTreeMap<i64, Id> = rows.iter().map(|row| (row.row_id, id_of(row))).collect();
    let mut shown = Expected::default();
    for row in rows {
        let parent = issues.get(&row.parent_row_id).copied();
        if row.alias {
            let parent = parent.expect("aliases are below an issue");
            assert!(shown.aliases.insert((parent, id_of(row))), "one alias each");
        } else {
            let earlier = shown.parents.insert(id_of(row), parent);
            assert_eq!(earlier, None, "one primary row each");
        }
    }
    shown
}

/// The differences that a job leaves, for one reason.
async fn held(server: &Server, job: &Job, reason: job_change::HoldReason) -> Vec<JobChange> {
    let changes: Vec<JobChange> = server
        .client
        .job(&job.name)
        .changes("")
        .try_collect()
        .await
        .expect("the changes can be listed");
    let is_held = |change: &JobChange| change.hold_reason() == reason;
    changes.into_iter().filter(is_held).collect()
}

/// A preview of what is in step: it plans nothing. Returns the job, for what it holds.
async fn plans_nothing(handle: &SynchronizerHandle) -> Job {
    let preview = handle.preview(Direction::IntoStructure).await;
    let preview = preview.expect("it starts").wait().await;
    let preview = preview.expect("it can be waited for");
    succeeded(&preview);
    let plan = preview.plan.as_ref().expect("there is a plan");
    assert_eq!(plan.change_count, 0, "{:#?}", plan.sample_changes);
    preview
}

async fn archive_server(flavour: Flavour, archive: &std::path::Path) -> Server {
    let simulator = server::simulator(flavour);
    simulator.load_archive(archive).expect("the archive loads");
    Server::start(flavour, simulator).await
}

/// One type into a structure of its own, twice.
async fn a_type_is_as_the_oracle_says(server: &Server, archive: &Archive, link_type: &str) {
    let name = format!("type-{link_type}");
    server.structure(&name).await;
    let handle = server.links(&name, rule(link_type, Scope::AllIssues)).await;
    let (_, run) = preview_and_run(&handle).await;
    succeeded(&run);
    let expected = real::expected(archive, &archive.links[link_type]);
    let rows = outline::rows(&server.client.structure(&name)).await;
    let shown = shown(&rows);
    assert_eq!(shown.parents, expected.parents, "parents of {link_type}");
    assert_eq!(shown.aliases, expected.aliases, "aliases of {link_type}");

    let again = plans_nothing(&handle).await;
    let keys = &archive.keys;
    let refused = held(server, &again, job_change::HoldReason::LinkClosesCycle).await;
    let refused: BTreeSet<(String, String)> = refused
        .into_iter()
        .map(|change| (change.new_value, change.issue_key))
        .collect();
    let wanted = expected.refused.iter();
    let wanted: BTreeSet<(String, String)> = wanted
        .map(|(parent, child)| (keys[parent].clone(), keys[child].clone()))
        .collect();
    assert_eq!(refused, wanted, "refused links of {link_type}");
    let unseen = held(server, &again, job_change::HoldReason::Inaccessible).await;
    assert_eq!(unseen.len(), expected.unseen.len(), "outside {link_type}");
    println!(
        "{link_type}: {} issues, {} aliases, {} refused, {} outside",
        expected.parents.len(),
        expected.aliases.len(),
        expected.refused.len(),
        expected.unseen.len(),
    );
}

async fn types_are_as_the_oracle_says(flavour: Flavour, only: Option<&[&str]>) {
    let Some(path) = shared::archive() else {
        return;
    };
    let archive = Archive::read(&path);
    assert_eq!((archive.keys.len(), archive.links.len()), (29_057, 13));
    let server = archive_server(flavour, &path).await;
    for link_type in archive.links.keys() {
        if only.is_none_or(|only| only.contains(&link_type.as_str())) {
            a_type_is_as_the_oracle_says(&server, &archive, link_type).await;
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_the_thirteen_link_types_becomes_a_structure_on_cloud() {
    types_are_as_the_oracle_says(Flavour::Cloud, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_odd_link_types_become_structures_on_data_center() {
    types_are_as_the_oracle_says(Flavour::DataCenter, Some(&ODD_TYPES)).await;
}

/// Of the links of a type, those between issues that were there before.
async fn within_a_structure(flavour: Flavour) {
    let Some(path) = shared::archive() else {
        return;
    };
    let archive = Archive::read(&path);
    let server = archive_server(flavour, &path).await;
    server.structure("alloy").await;
    let filter = server
        .filter("alloy", "filter", jql("project = ALOY"))
        .await;
    succeeded(&force(&filter).await);
    let before: BTreeSet<Id> = ids(&server, "alloy").await;
    assert_eq!(before.len(), 1_499);
    let links = server
        .links("alloy", rule("10002", Scope::WithinStructure))
        .await;
    let (_, run) = preview_and_run(&links).await;
    succeeded(&run);
    assert_eq!(ids(&server, "alloy").await, before, "nothing was added");
    let pairs = archive.links["10002"].iter().copied();
    let inside: BTreeSet<Pair> = pairs
        .filter(|(parent, child)| before.contains(parent) && before.contains(child))
        .collect();
    assert!(!inside.is_empty());
    assert_eq!(links_shown(&server, "alloy").await, inside);
    plans_nothing(&links).await;

    expanded_from_seeds(&server, &archive).await;
    server.stop().await;
}

async fn ids(server: &Server, structure: &str) -> BTreeSet<Id> {
    let rows = outline::rows(&server.client.structure(structure)).await;
    rows.iter().map(id_of).collect()
}

async fn links_shown(server: &Server, structure: &str) -> BTreeSet<Pair> {
    let rows = outline::rows(&server.client.structure(structure)).await;
    let shown = shown(&rows);
    let below = shown.parents.into_iter();
    let below = below.filter_map(|(child, parent)| Some((parent?, child)));
    below.chain(shown.aliases).collect()
}

/// From the issue with the most links on, and two others, down to the last.
async fn expanded_from_seeds(server: &Server, archive: &Archive) {
    let most = archive.ends.iter().max_by_key(|(_, count)| **count);
    let (most, count) = most.expect("there are issues");
    assert_eq!(*count, 325);
    let relates = archive.links["10003"].iter();
    let from_targets = relates.map(|&(source, target)| (target, source));
    let is_inside = |&(parent, child): &Pair| archive.is_there(parent) && archive.is_there(child);
    let inside: BTreeSet<Pair> = from_targets.filter(is_inside).collect();
    let parents: Vec<Id> = inside.iter().map(|&(parent, _)| parent).collect();
    let seeds = [*most, parents[0], parents[parents.len() / 2]];
    let seed_keys: Vec<&str> = seeds.iter().map(|id| archive.keys[id].as_str()).collect();
    server.structure("seeds").await;
    let query = format!("key in ({})", seed_keys.join(", "));
    let filter = server.filter("seeds", "filter", jql(&query)).await;
    succeeded(&force(&filter).await);
    let rule = LinksRule {
        parent_end: links_rule::ParentEnd::Inward.into(),
        ..rule("10003", Scope::ExpandToChildren)
    };
    let links = server.links("seeds", rule).await;
    let (_, run) = preview_and_run(&links).await;
    succeeded(&run);
    let mut reached: BTreeSet<Id> = seeds.into_iter().collect();
    let mut open: Vec<Id> = reached.iter().copied().collect();
    while let Some(parent) = open.pop() {
        let below = inside.range((parent, 0)..=(parent, Id::MAX));
        open.extend(
            below
                .map(|&(_, child)| child)
                .filter(|&child| reached.insert(child)),
        );
    }
    assert!(reached.len() > 321, "{}", reached.len());
    assert_eq!(ids(server, "seeds").await, reached);
    assert!(links_shown(server, "seeds").await.is_subset(&inside));
    plans_nothing(&links).await;
    println!(
        "{} issues are below {}",
        reached.len(),
        seed_keys.join(", ")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn links_within_a_structure_and_below_seeds_on_cloud() {
    within_a_structure(Flavour::Cloud).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_within_a_structure_and_below_seeds_on_data_center() {
    within_a_structure(Flavour::DataCenter).await;
}

/// Settings that cannot work are refused when they are made, at their field.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_type_or_query_that_is_not_there_is_refused_at_its_field() {
    for flavour in [Flavour::Cloud, Flavour::DataCenter] {
        let simulator = server::simulator(flavour);
        simulator.load_sample();
        let server = Server::start(flavour, simulator).await;
        server.structure("s").await;
        let refused = |rule| server.refused("s", sync_rule::Kind::Links(rule));
        let unknown = refused(rule("7", Scope::AllIssues)).await;
        assert!(
            unknown.contains("synchronizer.rule.links.link_type_id"),
            "{unknown}"
        );
        assert!(
            unknown.contains("there is no link type 7; there are: "),
            "{unknown}"
        );
        assert!(unknown.contains("10000 Blocks"), "{unknown}");
        let mut with_query = rule("10000", Scope::AllIssues);
        with_query.child_jql = "no such field = 1".to_owned();
        let child = refused(with_query.clone()).await;
        assert!(
            child.contains("synchronizer.rule.links.child_jql"),
            "{child}"
        );
        with_query.child_jql = String::new();
        with_query.parent_jql = "project = NOWHERE".to_owned();
        let parent = refused(with_query).await;
        assert!(
            parent.contains("synchronizer.rule.links.parent_jql"),
            "{parent}"
        );
        server.links("s", rule("10000", Scope::AllIssues)).await;
        server.stop().await;
    }
}
