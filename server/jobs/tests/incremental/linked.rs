//! Links and ranks are followed, whatever of them moves a stamp.

use crate::world::{TIMING, World, filter, in_virtual_time};
use resync_core::id::{JiraId, ProjectKey, SynchronizerId};
use resync_core::job::Authorization;
use resync_core::synchronizer::{
    AgileScope, AgileSettings, LinksPrimacy, LinksRemoval, LinksScope, LinksSettings, ParentEnd,
    Settings,
};
use resync_simulator::Flavour;
use resync_simulator::state::{LinkEnds, NewIssue};

const BOTH: [Flavour; 2] = [Flavour::Cloud, Flavour::DataCenter];

/// The id of the type `Blocks` in the sample.
const BLOCKS: &str = "10000";

fn blocks(scope: LinksScope, removal: LinksRemoval) -> Settings {
    Settings::Links(LinksSettings {
        link_type: JiraId::new(BLOCKS),
        parent_end: ParentEnd::Outward,
        scope,
        parent_jql: None,
        child_jql: None,
        removal,
        primacy: LinksPrimacy::Links,
    })
}

fn agile() -> Settings {
    Settings::Agile(AgileSettings {
        scope: AgileScope::Projects {
            keys: vec![ProjectKey::new("PAY")],
            rank_field: None,
        },
        sync_rank: true,
        sync_epics: true,
        add_subtasks: true,
    })
}

async fn new(world: &World, kind: &'static str, parent: Option<&str>) -> String {
    let summary = "New";
    world.simulator.edit(|state| {
        let new = NewIssue {
            project: "PAY",
            kind,
            summary,
            parent,
        };
        state.create(new).unwrap()
    })
}

fn link(world: &World, source: &str, target: &str) -> resync_simulator::state::LinkId {
    world
        .simulator
        .edit(|state| state.link("Blocks", source, target).unwrap())
}

/// What is in Jira is in the structure: after a poll where ends are stamped, else after a sweep.
async fn settle(world: &World, linking: LinkEnds, all: &[SynchronizerId], context: &str) {
    world.pass_a_poll().await;
    if linking == LinkEnds::Neither {
        world.pass(TIMING.sweep_interval).await;
    }
    world
        .assert_in_step(all, &format!("{context} {linking:?}"))
        .await;
}

async fn links_are_followed(flavour: Flavour, linking: LinkEnds, scope: LinksScope) {
    let world = World::new(flavour, 1).await;
    let bare = "project = PAY AND issuetype = Story AND labels is EMPTY";
    let (a, b) = (
        new(&world, "Story", None).await,
        new(&world, "Story", None).await,
    );
    let (c, d) = (
        new(&world, "Story", None).await,
        new(&world, "Bug", None).await,
    );
    let first = world.follow("filter", filter(bare)).await;
    let rule = blocks(scope, LinksRemoval::Remove);
    let all = [first, world.follow("links", rule).await];
    world.simulator.edit(|state| state.stamps.linking = linking);
    world.pass_a_poll().await;
    let parent_of = async |child: &str| {
        let forest = world.forest().await.0;
        let row = world.row_of(child).await?;
        forest.parent(row)
    };

    let one = link(&world, &a, &c);
    settle(&world, linking, &all, "a link is made").await;
    assert_eq!(parent_of(&c).await, world.row_of(&a).await);

    world.simulator.edit(|state| state.unlink(one).unwrap());
    let other = link(&world, &b, &c);
    settle(&world, linking, &all, "a child gets another parent").await;
    assert_eq!(parent_of(&c).await, world.row_of(&b).await);

    let down = link(&world, &c, &d);
    settle(&world, linking, &all, "an issue outside is linked").await;
    let is_added = scope != LinksScope::WithinStructure;
    assert_eq!(world.row_of(&d).await.is_some(), is_added);

    world.simulator.edit(|state| state.unlink(down).unwrap());
    settle(&world, linking, &all, "it is linked no more").await;
    assert_eq!(world.row_of(&d).await, None);

    let late = new(&world, "Story", None).await;
    link(&world, &late, &a);
    settle(&world, linking, &all, "a new issue is linked").await;
    assert_eq!(parent_of(&a).await, world.row_of(&late).await);

    world.simulator.edit(|state| state.unlink(other).unwrap());
    world.simulator.edit(|state| state.delete(&b).unwrap());
    settle(&world, linking, &all, "a parent is deleted").await;
}

#[test]
fn links_are_followed_whichever_end_is_stamped() {
    for flavour in BOTH {
        for linking in [LinkEnds::Both, LinkEnds::Source, LinkEnds::Neither] {
            for scope in [LinksScope::WithinStructure, LinksScope::ExpandToChildren] {
                // To let the time of sweeps pass takes long: one scope on each product.
                let within = scope == LinksScope::WithinStructure;
                if linking != LinkEnds::Neither || within == (flavour == Flavour::Cloud) {
                    in_virtual_time(links_are_followed(flavour, linking, scope));
                }
            }
        }
    }
}

#[test]
fn links_cost_no_request_beside_the_poll_while_nothing_changes() {
    for flavour in BOTH {
        in_virtual_time(async {
            let world = World::new(flavour, 1).await;
            world.follow("filter", filter("project = PAY")).await;
            let rule = blocks(LinksScope::ExpandToChildren, LinksRemoval::Keep);
            world.follow("links", rule).await;
            world.pass_a_poll().await;
            world.pass_a_poll().await;
            world.requests();
            world.pass(TIMING.poll_interval * 4).await;
            let sent = world.requests();
            let is_poll = |line: &&String| line.contains("search") || line.contains("myself");
            assert_eq!(sent.iter().filter(is_poll).count(), sent.len(), "{sent:#?}");
            assert!((6..=15).contains(&sent.len()), "{sent:#?}");
        });
    }
}

async fn ranks_are_followed(flavour: Flavour, stamps: bool) {
    let world = World::new(flavour, 1).await;
    let epic = new(&world, "Epic", None).await;
    let (a, b) = (
        new(&world, "Story", None).await,
        new(&world, "Story", None).await,
    );
    world.simulator.edit(|state| {
        for key in [&epic, &a, &b] {
            state.set_labels(key, &["ours"]).unwrap();
        }
    });
    let first = world.follow("filter", filter("labels = ours")).await;
    let second = world.follow("agile", agile()).await;
    let all = [first, second];
    world.simulator.edit(|state| state.stamps.ranking = stamps);
    world.pass_a_poll().await;
    world.assert_in_step(&all, "begin").await;

    world
        .simulator
        .edit(|state| state.rank_before(&b, &a).unwrap());
    world.pass_a_poll().await;
    if !stamps {
        world.pass(TIMING.evaluation_interval).await;
    }
    world.assert_in_step(&all, "ranked").await;
    let (forest, _) = world.forest().await;
    let rows: Vec<_> = forest.preorder().map(|(row, _)| row).collect();
    let place = async |key: &str| {
        let row = world.row_of(key).await.unwrap();
        rows.iter().position(|found| *found == row).unwrap()
    };
    assert!(place(&b).await < place(&a).await);

    world
        .simulator
        .edit(|state| state.set_parent(&a, Some(&epic)).unwrap());
    let child = new(&world, "Sub-task", Some(&a)).await;
    world.pass_a_poll().await;
    world.assert_in_step(&all, "an epic is set").await;
    let (forest, _) = world.forest().await;
    let below = async |child: &str, parent: &str| {
        let (child, parent) = (world.row_of(child).await, world.row_of(parent).await);
        forest.parent(child.unwrap()) == parent
    };
    assert!(below(&a, &epic).await && below(&child, &a).await);

    world
        .simulator
        .edit(|state| state.set_parent(&a, None).unwrap());
    world.pass_a_poll().await;
    world.assert_in_step(&all, "an epic is cleared").await;
    let (forest, _) = world.forest().await;
    assert_eq!(forest.parent(world.row_of(&a).await.unwrap()), None);

    world.simulator.edit(|state| state.delete(&b).unwrap());
    world.pass(TIMING.sweep_interval).await;
    world.assert_in_step(&all, "an issue is deleted").await;
    let last = world.resync(second, Authorization::Preview).await;
    assert_eq!(last.plan.unwrap().changes, 0);
}

#[test]
fn ranks_epics_and_sub_tasks_are_followed_whether_ranking_stamps_or_not() {
    for flavour in BOTH {
        for stamps in [true, false] {
            in_virtual_time(ranks_are_followed(flavour, stamps));
        }
    }
}
