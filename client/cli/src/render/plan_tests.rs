//! Plans as people read them.

use expect_test::expect;
use resync_api::v1::{
    FilterRule, Folder, Issue, IssueFields, JobCounters, SyncRule, filter_rule, job_change::Type,
    job_change::Why, plan, row, sync_rule,
};

use super::*;

fn folder(row_id: i64, parent_row_id: i64, title: &str) -> Row {
    let item = row::Item::Folder(Folder {
        title: title.to_owned(),
    });
    Row {
        row_id,
        parent_row_id,
        item: Some(item),
        ..Default::default()
    }
}

fn issue(row_id: i64, parent_row_id: i64, key: &str, summary: &str) -> Row {
    let issue = Issue {
        issue_key: key.to_owned(),
        ..Default::default()
    };
    let fields = IssueFields {
        summary: summary.to_owned(),
        ..Default::default()
    };
    Row {
        row_id,
        parent_row_id,
        item: Some(row::Item::Issue(issue)),
        fields: Some(fields),
        ..Default::default()
    }
}

fn rows() -> Vec<Row> {
    vec![
        folder(1, 0, "Launch"),
        folder(2, 1, "Payments"),
        issue(3, 2, "PAY-7", "Ledger"),
        folder(4, 1, "Backlog"),
        issue(5, 4, "PAY-101", "Card form"),
        issue(6, 4, "PAY-31", "Old SOAP gateway"),
        issue(7, 6, "PAY-32", "Map error codes"),
        folder(8, 0, "Elsewhere"),
    ]
}

fn change(ordinal: i32, kind: Type, row: (i64, &str, &str), why: Why) -> JobChange {
    JobChange {
        ordinal,
        r#type: kind.into(),
        state: job_change::State::Planned.into(),
        row_id: row.0,
        issue_key: row.1.to_owned(),
        title: row.2.to_owned(),
        why: why.into(),
        ..Default::default()
    }
}

fn changes() -> Vec<JobChange> {
    vec![
        JobChange {
            destructive: true,
            old_parent_row_id: 4,
            old_value: "Backlog".to_owned(),
            explanation: "The JQL matched PAY-31 before, and does not now.".to_owned(),
            ..change(
                1,
                Type::RemoveRow,
                (6, "PAY-31", "Old SOAP gateway"),
                Why::FilterUnmatched,
            )
        },
        JobChange {
            destructive: true,
            old_parent_row_id: 6,
            old_value: "PAY-31".to_owned(),
            ..change(
                2,
                Type::RemoveRow,
                (7, "PAY-32", "Map error codes"),
                Why::BranchUnmatched,
            )
        },
        JobChange {
            old_parent_row_id: 4,
            old_value: "Backlog".to_owned(),
            new_parent_row_id: 2,
            new_value: "Payments".to_owned(),
            ..change(
                3,
                Type::MoveRow,
                (5, "PAY-101", "Card form"),
                Why::FilterGathers,
            )
        },
        JobChange {
            new_parent_row_id: 2,
            new_value: "Payments".to_owned(),
            ..change(
                4,
                Type::AddRow,
                (9, "PAY-118", "Refund webhook"),
                Why::FilterMatched,
            )
        },
        JobChange {
            new_parent_row_id: 9,
            new_value: "PAY-118".to_owned(),
            ..change(
                5,
                Type::AddRow,
                (0, "PAY-119", "Sign the payload"),
                Why::SubtaskOfParent,
            )
        },
        JobChange {
            state: job_change::State::Held.into(),
            hold_reason: job_change::HoldReason::NeverMatched.into(),
            explanation: "ann added PAY-7; the JQL never matched it.".to_owned(),
            ..change(6, Type::RemoveRow, (3, "PAY-7", "Ledger"), Why::Unspecified)
        },
    ]
}

fn tallied(kind: Type, count: i32) -> plan::Tally {
    plan::Tally {
        r#type: kind.into(),
        count,
        destructive_count: 0,
    }
}

fn preview() -> Job {
    let rule = FilterRule {
        source: Some(filter_rule::Source::Jql("fixVersion = launch".to_owned())),
        ..Default::default()
    };
    Job {
        name: "structures/launch/jobs/12".to_owned(),
        preview: true,
        direction: resync_api::v1::Direction::IntoStructure.into(),
        synchronizer: "structures/launch/synchronizers/scope".to_owned(),
        rule: Some(SyncRule {
            kind: Some(sync_rule::Kind::Filter(rule)),
            ..Default::default()
        }),
        counters: Some(JobCounters {
            read_issue_count: 86,
            compared_row_count: 8,
            ..Default::default()
        }),
        plan: Some(Plan {
            change_count: 5,
            destructive_change_count: 2,
            tallies: vec![
                tallied(Type::RemoveRow, 2),
                tallied(Type::MoveRow, 1),
                tallied(Type::AddRow, 2),
            ],
            hold_tallies: vec![plan::HoldTally {
                hold_reason: job_change::HoldReason::NeverMatched.into(),
                count: 1,
            }],
            forest_version: 41,
            rows_in_scope: 8,
            tracker_read_time: Some(prost_types::Timestamp {
                seconds: 1_795_521_600,
                nanos: 0,
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

struct Case {
    job: Job,
    changes: Vec<JobChange>,
    rows: Vec<Row>,
    verbose: bool,
}

impl Case {
    fn new() -> Self {
        Self {
            job: preview(),
            changes: changes(),
            rows: rows(),
            verbose: false,
        }
    }

    fn text(&self, style: Style) -> String {
        let structure = Structure {
            name: "structures/launch".to_owned(),
            display_name: "Launch 2026".to_owned(),
            ..Default::default()
        };
        plan(
            &PlanView {
                structure: &structure,
                job: &self.job,
                changes: &self.changes,
                rows: &self.rows,
                verbose: self.verbose,
                zone: &TimeZone::UTC,
            },
            style,
        )
    }
}

#[test]
fn a_plan_is_one_tree_with_removals_where_they_were_and_moves_where_they_go() {
    expect![[r#"
        Preview       launch/12
        Structure     Launch 2026 (launch)
        Synchronizer  scope  filter: fixVersion = launch
        Direction     INTO STRUCTURE: Jira is right; the structure is changed. Jira is not written.
        Read          structure version 41 (8 rows in scope); Jira: 86 issues, 2026-11-24 12:00:00

          + add   > move   - remove   (2 unchanged rows hidden; -v shows them)

            Launch
              Payments
          >     PAY-101  Card form           from Backlog: the filter gathers its issues here
          +     PAY-118  Refund webhook      the filter matches it
          +       PAY-119  Sign the payload  a sub-task of its new parent
              Backlog
          -     PAY-31  Old SOAP gateway     the filter no longer matches it
          -       PAY-32  Map error codes    goes with its parent

          Left as it is (1)
            1: a person added it, and the filter never matched it
               PAY-7  ann added PAY-7; the JQL never matched it.

          Removals (2): PAY-31, PAY-32
          Plan: 2 to add, 1 to move, 2 to remove (25.0% of 8 rows). 2 destructive. 1 difference left as it is.
    "#]].assert_eq(&Case::new().text(Style::PLAIN));
}

#[test]
fn verbose_shows_unchanged_rows_and_explanations() {
    let case = Case {
        verbose: true,
        ..Case::new()
    };
    expect![[r#"
        Preview       launch/12
        Structure     Launch 2026 (launch)
        Synchronizer  scope  filter: fixVersion = launch
        Direction     INTO STRUCTURE: Jira is right; the structure is changed. Jira is not written.
        Read          structure version 41 (8 rows in scope); Jira: 86 issues, 2026-11-24 12:00:00

          + add   > move   - remove

            Launch
              Payments
                PAY-7  Ledger
          >     PAY-101  Card form           from Backlog: the filter gathers its issues here
          +     PAY-118  Refund webhook      the filter matches it
          +       PAY-119  Sign the payload  a sub-task of its new parent
              Backlog
          -     PAY-31  Old SOAP gateway     the filter no longer matches it
                  The JQL matched PAY-31 before, and does not now.
          -       PAY-32  Map error codes    goes with its parent
            Elsewhere

          Left as it is (1)
            1: a person added it, and the filter never matched it
               PAY-7  ann added PAY-7; the JQL never matched it.

          Removals (2): PAY-31, PAY-32
          Plan: 2 to add, 1 to move, 2 to remove (25.0% of 8 rows). 2 destructive. 1 difference left as it is.
    "#]].assert_eq(&case.text(Style::PLAIN));
}

#[test]
fn without_the_rows_parents_go_by_the_names_that_the_changes_have() {
    let case = Case {
        rows: Vec::new(),
        ..Case::new()
    };
    expect![[r#"
        Preview       launch/12
        Structure     Launch 2026 (launch)
        Synchronizer  scope  filter: fixVersion = launch
        Direction     INTO STRUCTURE: Jira is right; the structure is changed. Jira is not written.
        Read          structure version 41 (8 rows in scope); Jira: 86 issues, 2026-11-24 12:00:00

          + add   > move   - remove

            Backlog
          -   PAY-31  Old SOAP gateway     the filter no longer matches it
          -     PAY-32  Map error codes    goes with its parent
            Payments
          >   PAY-101  Card form           from Backlog: the filter gathers its issues here
          +   PAY-118  Refund webhook      the filter matches it
          +     PAY-119  Sign the payload  a sub-task of its new parent

          Left as it is (1)
            1: a person added it, and the filter never matched it
               PAY-7  ann added PAY-7; the JQL never matched it.

          Removals (2): PAY-31, PAY-32
          Plan: 2 to add, 1 to move, 2 to remove (25.0% of 8 rows). 2 destructive. 1 difference left as it is.
    "#]].assert_eq(&case.text(Style::PLAIN));
}

#[test]
fn colour_only_adds_to_what_is_there_without_it() {
    let colored = Case::new().text(Style { colored: true });
    assert!(colored.contains("\u{1b}[31m-\u{1b}[0m"));
    let mut stripped = String::new();
    let mut rest = colored.as_str();
    while let Some(start) = rest.find("\u{1b}[") {
        stripped.push_str(&rest[..start]);
        let end = rest[start..].find('m').expect("an escape ends");
        rest = &rest[start + end + 1..];
    }
    stripped.push_str(rest);
    assert_eq!(stripped, Case::new().text(Style::PLAIN));
}

#[test]
fn a_plan_without_changes_says_so_and_what_is_left() {
    let mut case = Case::new();
    case.changes
        .retain(|change| change.state() == job_change::State::Held);
    let plan = case.job.plan.as_mut().unwrap();
    (plan.change_count, plan.destructive_change_count) = (0, 0);
    plan.tallies.clear();
    expect![[r#"
        Preview       launch/12
        Structure     Launch 2026 (launch)
        Synchronizer  scope  filter: fixVersion = launch
        Direction     INTO STRUCTURE: Jira is right; the structure is changed. Jira is not written.
        Read          structure version 41 (8 rows in scope); Jira: 86 issues, 2026-11-24 12:00:00

          Left as it is (1)
            1: a person added it, and the filter never matched it
               PAY-7  ann added PAY-7; the JQL never matched it.

          No changes. 1 difference left as it is.
    "#]]
    .assert_eq(&case.text(Style::PLAIN));
}

#[test]
fn a_guard_stands_above_the_counts() {
    let mut case = Case::new();
    let plan = case.job.plan.as_mut().unwrap();
    plan.hold_tallies.clear();
    plan.guards = vec![plan::GuardTrip {
        guard: plan::Guard::EmptySource.into(),
        found_count: 0,
        allowed_count: 1,
        message: "The filter matches nothing, and the structure is not empty.".to_owned(),
    }];
    expect![[r#"
        Preview       launch/12
        Structure     Launch 2026 (launch)
        Synchronizer  scope  filter: fixVersion = launch
        Direction     INTO STRUCTURE: Jira is right; the structure is changed. Jira is not written.
        Read          structure version 41 (8 rows in scope); Jira: 86 issues, 2026-11-24 12:00:00

          + add   > move   - remove   (2 unchanged rows hidden; -v shows them)

            Launch
              Payments
          >     PAY-101  Card form           from Backlog: the filter gathers its issues here
          +     PAY-118  Refund webhook      the filter matches it
          +       PAY-119  Sign the payload  a sub-task of its new parent
              Backlog
          -     PAY-31  Old SOAP gateway     the filter no longer matches it
          -       PAY-32  Map error codes    goes with its parent

          ! Guard EMPTY_SOURCE: found 0, allowed 1
            The filter matches nothing, and the structure is not empty.

          Removals (2): PAY-31, PAY-32
          Plan: 2 to add, 1 to move, 2 to remove (25.0% of 8 rows). 2 destructive.
    "#]]
    .assert_eq(&case.text(Style::PLAIN));
}

#[test]
fn a_long_plan_is_cut_and_says_where_the_rest_is() {
    let mut case = Case::new();
    case.rows.clear();
    case.changes = (1..=400)
        .map(|number| JobChange {
            destructive: true,
            ..change(
                number,
                Type::RemoveRow,
                (i64::from(number), &format!("PAY-{number}"), "Old"),
                Why::FilterUnmatched,
            )
        })
        .collect();
    let plan = case.job.plan.as_mut().unwrap();
    (plan.change_count, plan.destructive_change_count) = (4000, 4000);
    plan.tallies = vec![tallied(Type::RemoveRow, 4000)];
    plan.hold_tallies.clear();
    case.job.counters.as_mut().unwrap().compared_row_count = 10_000;
    let text = case.text(Style::PLAIN);
    let shown = text.lines().filter(|line| line.starts_with("  - ")).count();
    assert_eq!(shown, MOST_LINES);
    let end: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.contains('…'))
        .collect();
    expect![[r#"
        The end:
          … and 3700 more: resync job changes launch/12

          Removals (4000): PAY-1, PAY-2, PAY-3, PAY-4, PAY-5, PAY-6, PAY-7, PAY-8, PAY-9, PAY-10,
            PAY-11, PAY-12, PAY-13, PAY-14, PAY-15, PAY-16, PAY-17, PAY-18, PAY-19, PAY-20, PAY-21,
            PAY-22, PAY-23, PAY-24, PAY-25, PAY-26, PAY-27, PAY-28, PAY-29, PAY-30, PAY-31, PAY-32,
            PAY-33, PAY-34, PAY-35, PAY-36, PAY-37, PAY-38, PAY-39, PAY-40, PAY-41, PAY-42, PAY-43,
            PAY-44, PAY-45, PAY-46, PAY-47, PAY-48, PAY-49, PAY-50, PAY-51, PAY-52, PAY-53, PAY-54,
            PAY-55, PAY-56, PAY-57, PAY-58, PAY-59, PAY-60 and 3940 more
          Plan: 0 to add, 0 to move, 4000 to remove (40.0% of 10000 rows). 4000 destructive.
    "#]]
    .assert_eq(&format!("The end:\n{}\n", end.join("\n")));
}

#[test]
fn a_title_cannot_draw_on_the_terminal() {
    let mut case = Case::new();
    case.changes[3].title = "x\u{1b}[2J\nRemovals (0)".to_owned();
    let text = case.text(Style::PLAIN);
    assert!(!text.contains('\u{1b}'));
    assert!(text.contains("PAY-118  x\u{fffd}[2J\u{fffd}Removals (0)"));
}

#[test]
fn rows_that_claim_to_be_below_each_other_do_not_hang_the_tree() {
    let mut case = Case::new();
    case.changes[2].new_parent_row_id = 5;
    case.rows[1].parent_row_id = 99;
    assert!(case.text(Style::PLAIN).contains("PAY-118"));
}
