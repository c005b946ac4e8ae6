//! What fresh reads make of the links that were known. A Jira is a line of links, `1>2` from parent
//! to child; `~` in front of a link: it does not pass the queries of its ends.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use resync_core::id::IssueId;
use resync_core::incremental::{LinkDelta, LinksRead};
use resync_core::issue::ObservedLink;
use resync_core::synchronizer::LinksScope;
use std::collections::BTreeSet;

fn ids(text: &str) -> Vec<IssueId> {
    let number = |word: &str| IssueId(word.parse().expect("a number"));
    text.split_whitespace().map(number).collect()
}

fn links(text: &str) -> Vec<(ObservedLink, bool)> {
    let link = |word: &str| {
        let bare = word.trim_start_matches('~');
        let (parent, child) = bare.split_once('>').expect("a link");
        let link = ObservedLink {
            parent: ids(parent)[0],
            child: ids(child)[0],
        };
        (link, bare == word)
    };
    text.split_whitespace().map(link).collect()
}

fn counting(text: &str) -> Vec<ObservedLink> {
    let counting = links(text).into_iter().filter(|(_, counts)| *counts);
    counting.map(|(link, _)| link).collect()
}

/// What Jira shows of some issues.
fn shown(now: &[(ObservedLink, bool)], gone: &[IssueId], asked: &BTreeSet<IssueId>) -> LinksRead {
    let (missing, found): (Vec<IssueId>, Vec<IssueId>) =
        asked.iter().partition(|id| gone.contains(id));
    let is_gone = |id: IssueId| gone.contains(&id);
    let at = now.iter().filter(|(link, _)| {
        let ends = [link.parent, link.child];
        ends.iter().any(|end| found.contains(end)) && !ends.into_iter().any(is_gone)
    });
    let at: Vec<(ObservedLink, bool)> = at.copied().collect();
    LinksRead {
        found,
        missing,
        shown: at.iter().map(|(link, _)| *link).collect(),
        counting: at
            .iter()
            .filter(|(_, counts)| *counts)
            .map(|(link, _)| *link)
            .collect(),
    }
}

struct Case<'a> {
    scope: LinksScope,
    rows: &'a str,
    known: &'a str,
    seen: &'a str,
    now: &'a str,
    gone: &'a str,
    changed: &'a str,
}

const WITHIN: Case<'static> = Case {
    scope: LinksScope::WithinStructure,
    rows: "1 2 3",
    known: "1>2",
    seen: "1 2 3",
    now: "1>2",
    gone: "",
    changed: "",
};

fn settle(case: &Case<'_>) -> (LinkDelta, Vec<String>) {
    let (now, gone) = (links(case.now), ids(case.gone));
    let seen = ids(case.seen);
    let mut delta = LinkDelta::new(case.scope, ids(case.rows), counting(case.known), &seen);
    let mut asked: BTreeSet<IssueId> = ids(case.changed).into_iter().collect();
    let mut rounds = Vec::new();
    while !asked.is_empty() {
        let words: Vec<String> = asked.iter().map(IssueId::to_string).collect();
        rounds.push(words.join(" "));
        delta.take(&shown(&now, &gone, &asked));
        asked = delta.open();
    }
    (delta, rounds)
}

fn written(links: &[ObservedLink]) -> String {
    let word = |link: &ObservedLink| format!("{}>{}", link.parent, link.child);
    links.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn check(case: &Case<'_>, expected: &Expect) {
    let (delta, rounds) = settle(case);
    let told = format!("read {}: {}", rounds.join(", "), written(&delta.links()));
    expected.assert_eq(&told);
}

#[test]
fn a_link_that_a_changed_end_shows_is_new() {
    for changed in ["1", "3"] {
        let case = Case {
            now: "1>2 1>3",
            changed,
            ..WITHIN
        };
        let (delta, rounds) = settle(&case);
        assert_eq!(
            (written(&delta.links()).as_str(), rounds.len()),
            ("1>2 1>3", 1)
        );
    }
}

#[test]
fn a_link_that_one_end_misses_is_gone_when_the_other_misses_it_too() {
    check(
        &Case {
            now: "",
            changed: "1",
            ..WITHIN
        },
        &expect!["read 1, 2: "],
    );
}

#[test]
fn a_child_that_got_another_parent_is_found_at_the_old_one() {
    check(
        &Case {
            now: "3>2",
            changed: "1",
            ..WITHIN
        },
        &expect!["read 1, 2: 3>2"],
    );
}

#[test]
fn a_link_that_no_longer_counts_leaves_without_a_further_question() {
    check(
        &Case {
            now: "~1>2",
            changed: "2",
            ..WITHIN
        },
        &expect!["read 2: "],
    );
}

#[test]
fn the_links_of_an_issue_that_cannot_be_read_are_asked_of_its_others() {
    check(
        &Case {
            known: "1>2 2>3",
            now: "1>2 2>3",
            gone: "2",
            changed: "2",
            ..WITHIN
        },
        &expect!["read 2, 1 3: "],
    );
    // Nobody is there to say that the link is gone.
    check(
        &Case {
            gone: "1 2",
            changed: "2",
            ..WITHIN
        },
        &expect!["read 2, 1: 1>2"],
    );
}

#[test]
fn what_did_not_change_is_not_read_again() {
    check(
        &Case {
            known: "1>2 2>3",
            now: "1>2 2>3",
            changed: "1",
            ..WITHIN
        },
        &expect!["read 1: 1>2 2>3"],
    );
}

#[test]
fn a_new_row_is_read_and_links_without_a_row_are_left_out() {
    let case = Case {
        rows: "1 3 4",
        known: "1>2 2>5 2>3",
        now: "1>2 2>5 2>3 4>5",
        ..WITHIN
    };
    let seen = ids(case.seen);
    let mut delta = LinkDelta::new(case.scope, ids(case.rows), counting(case.known), &seen);
    assert_eq!(delta.open(), ids("4").into_iter().collect());
    delta.take(&shown(&links(case.now), &[], &delta.open()));
    assert_eq!(written(&delta.links()), "1>2 2>3 4>5");
    assert_eq!(delta.seen(), ids("1 3 4"));
}

const EXPANDED: Case<'static> = Case {
    scope: LinksScope::ExpandToChildren,
    rows: "1",
    known: "1>2 2>3",
    seen: "1 2 3",
    now: "1>2 2>3",
    gone: "",
    changed: "",
};

#[test]
fn new_children_are_followed_down_and_round_a_cycle() {
    check(
        &Case {
            now: "1>2 2>3 3>4 4>5 5>1",
            changed: "3",
            ..EXPANDED
        },
        &expect!["read 3, 4, 5: 1>2 2>3 3>4 4>5 5>1"],
    );
}

#[test]
fn what_is_reached_no_longer_is_forgotten_and_read_anew_when_it_comes_back() {
    let case = Case {
        now: "2>3",
        changed: "2",
        ..EXPANDED
    };
    check(&case, &expect!["read 2, 1: "]);
    let (delta, _) = settle(&case);
    assert_eq!(delta.seen(), ids("1"));
}

#[test]
fn every_link_of_all_issues_is_kept_and_doubted_at_both_ends() {
    let case = Case {
        scope: LinksScope::AllIssues,
        rows: "",
        known: "1>2 3>4",
        seen: "",
        now: "1>2 5>6",
        changed: "5",
        ..WITHIN
    };
    check(&case, &expect!["read 5: 1>2 3>4 5>6"]);
    let (mut delta, _) = settle(&case);
    delta.doubt();
    assert_eq!(delta.open(), ids("1 2 3 4").into_iter().collect());
    delta.take(&shown(&links(case.now), &[], &delta.open()));
    assert_eq!(written(&delta.links()), "1>2 5>6");
    assert_eq!(delta.seen(), ids("1 2 5 6"));
}

fn some_links() -> impl Strategy<Value = BTreeSet<(i64, i64)>> {
    proptest::collection::btree_set((1..9_i64, 1..9_i64), 0..14)
}

fn of_pairs(pairs: &BTreeSet<(i64, i64)>) -> Vec<(ObservedLink, bool)> {
    let link = |&(parent, child): &(i64, i64)| ObservedLink {
        parent: IssueId(parent),
        child: IssueId(child),
    };
    pairs.iter().map(|pair| (link(pair), true)).collect()
}

/// What a complete read of a scope shows.
fn complete(scope: LinksScope, rows: &[IssueId], now: &[(ObservedLink, bool)]) -> LinkDelta {
    let mut delta = LinkDelta::new(scope, rows.iter().copied(), Vec::new(), &[]);
    let mut asked = match scope {
        LinksScope::AllIssues => (1..9).map(IssueId).collect(),
        _ => delta.open(),
    };
    while !asked.is_empty() {
        delta.take(&shown(now, &[], &asked));
        asked = delta.open();
    }
    delta
}

proptest! {
    /// Whichever one end of each changed link is reported, the outcome is that of a complete read.
    #[test]
    fn one_end_of_each_change_is_enough(
        before in some_links(),
        after in some_links(),
        rows in proptest::collection::btree_set(1..9_i64, 0..5),
        targets in any::<bool>(),
        scope in 0..3,
    ) {
        let scope = [
            LinksScope::WithinStructure,
            LinksScope::ExpandToChildren,
            LinksScope::AllIssues,
        ][usize::try_from(scope).expect("small")];
        let rows: Vec<IssueId> = rows.into_iter().map(IssueId).collect();
        let (then, now) = (of_pairs(&before), of_pairs(&after));
        let known = complete(scope, &rows, &then);
        let changed = before.symmetric_difference(&after);
        let mut asked: BTreeSet<IssueId> = changed
            .map(|(parent, child)| IssueId(if targets { *child } else { *parent }))
            .collect();
        let seen = known.seen();
        let mut delta = LinkDelta::new(scope, rows.iter().copied(), known.links(), &seen);
        while !asked.is_empty() {
            delta.take(&shown(&now, &[], &asked));
            asked = delta.open();
        }
        let expected = complete(scope, &rows, &now);
        prop_assert_eq!(written(&delta.links()), written(&expected.links()));
        prop_assert_eq!(delta.seen(), expected.seen());
    }
}
