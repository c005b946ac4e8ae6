//! A plan as people see it.

use crate::outline::parse;
use crate::world::{World, issue_name};
use expect_test::expect;
use resync_core::id::ForestVersion;
use resync_core::job::{JobChange, PLAN_SAMPLE_MAX, PlanSummary};
use resync_core::plan::{Facts, plan};
use resync_core::summary::{SummaryContext, add_skipped, job_changes, summarize};
use resync_core::time::Timestamp;

const MIXED: &str = "
    filter F under E remove
    subtasks S
    jira a<A
    match F A B
    rows
      E me
        A F
        C F
          /Notes
      /Plan
        a S moved
      D F
    ";

fn listed(world: &World) -> (Vec<JobChange>, PlanSummary) {
    world.with_snapshot(&world.claims, None, |snapshot| {
        let plan = plan(snapshot);
        let listed = job_changes(&plan, &world.forest, &Facts::new(snapshot));
        let context = SummaryContext {
            forest_version: ForestVersion(3),
            tracker_read_time: Timestamp(1),
            expire_time: Timestamp(2),
            guards: Vec::new(),
        };
        let summary = summarize(&plan, &world.forest, &listed, context);
        (listed, summary)
    })
}

fn line(change: &JobChange) -> String {
    let JobChange {
        ordinal,
        kind,
        state,
        destructive,
        depth,
        ..
    } = change;
    let mark = if *destructive { "!" } else { "" };
    let reason = change.why.map(|why| format!("{why:?}"));
    let reason = reason
        .or(change.hold.map(|hold| format!("{hold:?}")))
        .unwrap_or_default();
    let key = change.issue_key.as_ref().map_or("", |key| key.as_str());
    let (title, old, new) = (
        &change.title,
        &change.old_parent_label,
        &change.new_parent_label,
    );
    format!(
        "{ordinal} {mark}{kind:?} {state:?} {key} {title:?}, {old:?} to {new:?}, \
         depth {depth}: {reason}\n"
    )
}

#[test]
fn destructive_changes_come_first_then_the_order_of_work_then_what_is_held() {
    let (listed, _) = listed(&parse(MIXED).world);
    expect![[r#"
        1 !MoveRow Planned a "Issue a", "Plan" to "A", depth 2: SubtaskOfParent
        2 !RemoveRow Planned D "Issue D", "" to "", depth 0: FilterUnmatched
        3 AddRow Planned B "Issue B", "" to "E", depth 1: FilterMatched
        4 RemoveRow Held C "Issue C", "E" to "", depth 1: ChildrenStay
    "#]]
    .assert_eq(&listed.iter().map(line).collect::<String>());
}

#[test]
fn the_summary_counts_by_kind_and_reason() {
    let (listed, mut summary) = listed(&parse(MIXED).world);
    let planned = listed.iter().filter(|change| change.why.is_some());
    assert!(
        summary.sample.iter().eq(planned),
        "the sample is what is planned, in order"
    );
    summary.sample.clear();
    expect![[r#"
        PlanSummary {
            changes: 3,
            destructive: 2,
            tallies: [
                Tally {
                    kind: AddRow,
                    count: 1,
                    destructive: 0,
                },
                Tally {
                    kind: MoveRow,
                    count: 1,
                    destructive: 1,
                },
                Tally {
                    kind: RemoveRow,
                    count: 1,
                    destructive: 1,
                },
            ],
            held: [
                (
                    ChildrenStay,
                    1,
                ),
            ],
            guards: [],
            sample: [],
            fingerprint: "2cb65b64c2b7d96ecbd62c3f7c369eaf",
            forest_version: ForestVersion(
                3,
            ),
            tracker_read_time: Timestamp(
                1,
            ),
            expire_time: Timestamp(
                2,
            ),
            rows_in_scope: 4,
        }"#]]
    .assert_eq(&format!("{summary:#?}"));
}

#[test]
fn the_sample_is_limited() {
    let names = (b'A'..=b'Z').flat_map(|first| (b'A'..=b'Z').map(move |second| (first, second)));
    let names = names.map(|(first, second)| format!("{}{} ", first as char, second as char));
    let world = parse(&format!("filter F\nmatch F {}", names.collect::<String>())).world;
    let (listed, summary) = listed(&world);
    assert_eq!((listed.len(), summary.changes), (676, 676));
    assert_eq!(summary.sample.len(), PLAN_SAMPLE_MAX);
    assert_eq!(listed[675].issue.map(issue_name).as_deref(), Some("ZZ"));
}

#[test]
fn the_fingerprint_follows_what_is_planned() {
    let fingerprint = |text: &str| listed(&parse(text).world).1.fingerprint;
    let one = fingerprint("filter F remove\nmatch F A B\nrows\n  C F\n  D F");
    assert_eq!(
        one,
        fingerprint("filter F remove\nmatch F A B\nrows\n  C F\n  D F")
    );
    assert_eq!(one.len(), 32);
    for other in [
        "filter F remove\nmatch F B A\nrows\n  C F\n  D F",
        "filter F remove\nmatch F A B D\nrows\n  C F\n  D F",
        "filter F\nmatch F A B\nrows\n  C F\n  D F",
        "filter F remove\nmatch F A B\nrows\n  C F\n    D F",
    ] {
        // Only the last one plans the same changes: where a row goes from is no part of it.
        assert_eq!(
            one == fingerprint(other),
            other.contains("    D"),
            "{other}"
        );
    }
}

#[test]
fn what_was_confirmed_and_is_not_needed_any_more_is_listed_as_skipped() {
    let previewed = "filter F remove\nsubtasks S\njira a<A\nmatch F A B\nrows\n  C F\n  D F";
    let (confirmed, _) = listed(&parse(previewed).world);
    // Meanwhile B has left the result and D is back in it.
    let (mut now, _) = listed(&parse(&previewed.replace("F A B", "F A D")).world);
    add_skipped(&mut now, &confirmed);
    expect![[r#"
        1 !RemoveRow Planned C "Issue C", "" to "", depth 0: FilterUnmatched
        2 AddRow Planned A "Issue A", "" to "", depth 0: FilterMatched
        3 AddRow Planned a "Issue a", "" to "A", depth 1: SubtaskOfParent
        4 !RemoveRow Skipped D "Issue D", "" to "", depth 0: FilterUnmatched
        5 AddRow Skipped B "Issue B", "" to "", depth 0: FilterMatched
    "#]]
    .assert_eq(&now.iter().map(line).collect::<String>());
}
