//! Merging places in the structure with links in the tracker.
//!
//! A world is text: `base`, `structure` and `tracker` list pairs `parent>child`, `rows` lists
//! issues that have a row at the top, `old` lists children whose links were read from an old state.

use expect_test::{Expect, expect};
use resync_core::change::{ForestChange, Item, Place};
use resync_core::forest::Forest;
use resync_core::id::{IssueId, RowId, TrackerId};
use resync_core::issue::{IssueRef, ObservedLink};
use resync_core::merge::{
    Authority, ConflictRule, LinksInput, Memory, Parents, Version, merge_links,
};
use resync_core::synchronizer::{Direction, LinksScope};
use resync_core::time::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

const TRACKER: TrackerId = TrackerId(1);

fn id(name: &str) -> IssueId {
    IssueId(name.bytes().fold(0, |id, byte| id * 256 + i64::from(byte)))
}

fn name(id: IssueId) -> String {
    char::from(u8::try_from(id.0).expect("one letter")).to_string()
}

fn issue_ref(issue: IssueId) -> IssueRef {
    IssueRef {
        tracker: TRACKER,
        issue,
    }
}

fn pair(word: &str) -> (IssueId, IssueId) {
    let (parent, child) = word.split_once('>').expect("parent>child");
    (id(parent), id(child))
}

struct World {
    forest: Forest,
    links: Vec<ObservedLink>,
    scope: LinksScope,
    elsewhere: FxHashSet<IssueRef>,
    versions: FxHashMap<IssueId, Version>,
    memories: FxHashMap<IssueId, Memory<Parents>>,
    authority: Authority,
}

fn add_row(forest: &mut Forest, issue: IssueId, parent: Option<IssueId>) {
    let parent = parent.map(|parent| {
        let row = forest.primary_row(issue_ref(parent));
        row.expect("the parent has a row")
    });
    let place: Place = forest.end_of(parent);
    let change = ForestChange::Add {
        row: RowId(forest.len() as i64 + 1),
        item: Item::Issue(issue_ref(issue)),
        alias: forest.primary_row(issue_ref(issue)).is_some(),
        to: place,
    };
    forest.apply(&change).expect("the row fits");
}

const SEEN: Version = Version {
    updated: Timestamp(5),
    changelog: 0,
};

fn parse(text: &str) -> World {
    let mut world = World {
        forest: Forest::empty(),
        links: Vec::new(),
        scope: LinksScope::WithinStructure,
        elsewhere: FxHashSet::default(),
        versions: FxHashMap::default(),
        memories: FxHashMap::default(),
        authority: Authority::Both(ConflictRule::TrackerWins),
    };
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let words = (words[0], &words[1..]);
        match words {
            ("rows", names) => {
                for name in names {
                    add_row(&mut world.forest, id(name), None);
                }
            }
            ("structure", pairs) => {
                for (parent, child) in pairs.iter().map(|word| pair(word)) {
                    add_row(&mut world.forest, child, Some(parent));
                }
            }
            ("tracker", pairs) => {
                let pairs = pairs.iter().map(|word| pair(word));
                world.links = pairs
                    .map(|(parent, child)| ObservedLink { parent, child })
                    .collect();
            }
            ("base", pairs) => {
                for (parent, child) in pairs.iter().map(|word| pair(word)) {
                    let memory = world.memories.entry(child).or_default();
                    memory.seen = SEEN;
                    memory.base.get_or_insert_default().push(parent);
                }
            }
            ("old", names) => {
                let old = names.iter().map(|name| (id(name), Version::default()));
                world.versions = old.collect();
            }
            ("elsewhere", names) => {
                world.elsewhere = names.iter().map(|name| issue_ref(id(name))).collect();
            }
            ("scope", ["expand"]) => world.scope = LinksScope::ExpandToChildren,
            ("scope", ["all"]) => world.scope = LinksScope::AllIssues,
            ("right", ["structure"]) => world.authority = Authority::One(Direction::FromStructure),
            ("right", ["tracker"]) => world.authority = Authority::One(Direction::IntoStructure),
            ("rule", ["ask"]) => world.authority = Authority::Both(ConflictRule::Ask),
            (other, _) => panic!("no such line: {other}"),
        }
    }
    world
}

fn names(ids: &[IssueId]) -> String {
    let names: Vec<String> = ids.iter().map(|&id| name(id)).collect();
    names.join(" ")
}

fn set(parents: Option<&Parents>) -> String {
    parents.map_or("none".to_owned(), |parents| names(parents))
}

/// Merges the world, and compares the links that both sides are to show, the children whose links
/// are changed, the losers, and what is remembered.
fn check(input: &str, expected: Expect) {
    let world = parse(input);
    let dates = FxHashMap::default();
    let merged = merge_links(&LinksInput {
        forest: &world.forest,
        tracker: TRACKER,
        links: &world.links,
        scope: world.scope,
        owned_elsewhere: &world.elsewhere,
        versions: &world.versions,
        structure_changed: &dates,
        tracker_changed: &dates,
        memories: &world.memories,
        authority: world.authority,
    });
    let links = merged.links.iter();
    let links: Vec<String> = links
        .map(|link| format!("{}>{}", name(link.parent), name(link.child)))
        .collect();
    let mut text = format!("links {}\n", links.join(" "));
    let mut from: Vec<IssueId> = merged.from.iter().copied().collect();
    from.sort_unstable();
    let sections = [
        ("from", &from),
        ("released", &merged.released),
        ("ask", &merged.asked),
        ("stale", &merged.stale),
    ];
    for (title, children) in sections.iter().filter(|(_, children)| !children.is_empty()) {
        text += &format!("{title} {}\n", names(children));
    }
    for (child, loser) in &merged.losers {
        let [lost, winner] = [set(loser.value.as_ref()), set(loser.winner.as_ref())];
        text += &format!(
            "{}: {winner} beats {lost} ({:?})\n",
            name(*child),
            loser.reason
        );
    }
    for (child, memory) in merged.committed(&world.forest, TRACKER) {
        text += &format!("base of {}: {}\n", name(child), set(memory.base.as_ref()));
    }
    expected.assert_eq(&text);
}

#[test]
fn a_link_that_was_made_is_carried_into_the_structure() {
    check(
        "
        rows A b
        tracker A>b
        ",
        expect![[r#"
            links A>b
            base of b: none
        "#]],
    );
}

#[test]
fn a_place_that_was_made_is_carried_into_the_tracker() {
    check(
        "
        rows A
        structure A>b
        ",
        expect![[r#"
            links A>b
            from b
        "#]],
    );
}

#[test]
fn a_child_that_moved_changes_its_link() {
    check(
        "
        rows A C
        structure C>b
        base A>b
        tracker A>b
        ",
        expect![[r#"
            links C>b
            from b
        "#]],
    );
}

#[test]
fn a_link_that_changed_moves_the_child() {
    check(
        "
        rows A C
        structure A>b
        base A>b
        tracker C>b
        ",
        expect![[r#"
            links C>b
            base of b: A
        "#]],
    );
}

#[test]
fn a_child_that_moved_on_both_sides_goes_where_the_tracker_says_with_an_entry() {
    check(
        "
        rows A C D
        structure C>b
        base A>b
        tracker D>b
        ",
        expect![[r#"
            links D>b
            b: D beats C (ConflictRule)
            base of b: C
        "#]],
    );
}

#[test]
fn a_move_beats_a_deleted_link() {
    check(
        "
        rows A C
        structure C>b
        base A>b
        ",
        expect![[r#"
            links C>b
            from b
            b: C beats none (EditBeatsDeletion)
        "#]],
    );
}

#[test]
fn a_new_link_beats_a_move_to_the_top() {
    check(
        "
        rows A C b
        base A>b
        tracker C>b
        ",
        expect![[r#"
            links C>b
            b: C beats none (EditBeatsDeletion)
            base of b: none
        "#]],
    );
}

#[test]
fn a_child_that_people_are_asked_about_stays_on_both_sides() {
    check(
        "
        rule ask
        rows A C D
        structure C>b
        base A>b
        tracker D>b
        ",
        expect![[r#"
            links C>b
            ask b
        "#]],
    );
}

#[test]
fn an_old_read_changes_nothing() {
    check(
        "
        rows A C
        structure C>b
        base C>b
        tracker A>b
        old b
        ",
        expect![[r#"
            links C>b
            stale b
        "#]],
    );
}

#[test]
fn equal_sides_move_the_base() {
    check(
        "
        rows A C
        structure C>b
        base A>b
        tracker C>b
        ",
        expect![[r#"
            links C>b
            base of b: C
        "#]],
    );
}

#[test]
fn a_removed_child_takes_its_link_with_it_where_it_could_be_added_back() {
    check(
        "
        scope expand
        rows A
        base A>b
        tracker A>b
        ",
        expect![[r#"
            links 
            from b
        "#]],
    );
}

#[test]
fn within_the_structure_a_removed_child_says_nothing_about_its_link() {
    check(
        "
        rows A
        base A>b
        tracker A>b
        ",
        expect![[r#"
            links A>b
        "#]],
    );
}

#[test]
fn a_removed_parent_says_nothing_about_the_link_of_its_child() {
    check(
        "
        scope expand
        rows b
        base A>b
        tracker A>b
        ",
        expect![[r#"
            links A>b
        "#]],
    );
}

#[test]
fn with_all_issues_a_removed_parent_takes_the_link_with_it() {
    check(
        "
        scope all
        rows b
        base A>b
        tracker A>b
        ",
        expect![[r#"
            links 
            from b
            released b
        "#]],
    );
}

#[test]
fn links_beyond_the_structure_are_left_to_the_planner() {
    check(
        "
        rows A
        structure A>b
        base A>b
        tracker A>b X>b A>y
        ",
        expect![[r#"
            links A>b X>b A>y
        "#]],
    );
}

#[test]
fn a_child_that_another_synchronizer_places_is_left_to_the_planner() {
    check(
        "
        rows A C
        structure C>b
        tracker A>b
        elsewhere b
        ",
        expect![[r#"
            links A>b
        "#]],
    );
}

#[test]
fn several_parents_are_one_value() {
    check(
        "
        rows A C
        structure A>b C>b
        base A>b
        tracker A>b
        ",
        expect![[r#"
            links A>b C>b
            from b
        "#]],
    );
}

#[test]
fn a_side_that_is_right_overwrites_changes_of_the_other_with_an_entry() {
    check(
        "
        right structure
        rows A C D
        structure C>b
        base A>b
        tracker D>b
        ",
        expect![[r#"
            links C>b
            from b
            b: C beats D (OtherSideIsRight)
        "#]],
    );
}

#[test]
fn a_side_that_is_right_overwrites_what_did_not_change_without_an_entry() {
    check(
        "
        right tracker
        rows A b
        tracker A>b
        ",
        expect![[r#"
            links A>b
            base of b: none
        "#]],
    );
}
