//! Which queries have to be listed again from time to time.

use expect_test::{Expect, expect};
use resync_core::id::JiraId;
use resync_core::incremental::{depends_on_more_than_its_issues, is_volatile};
use resync_core::synchronizer::FilterSource;

fn check(queries: &str, expected: &Expect) {
    let judge = |query: &str| {
        let word = if depends_on_more_than_its_issues(query) {
            "volatile"
        } else {
            "stable  "
        };
        format!("{word} {query}\n")
    };
    let judged: String = queries.lines().map(str::trim).map(judge).collect();
    expected.assert_eq(&judged);
}

#[test]
fn what_an_issue_says_of_itself_is_stable() {
    check(
        r#"project = PAY
        project in (PAY, OPS) AND status = "In Progress"
        NOT (labels = now OR summary ~ "startOfDay") ORDER BY created DESC
        issuetype in subTaskIssueTypes() AND parent = PAY-1
        created >= "2026-11-01" AND due < 2026-12-31
        status WAS (Open, "In Review") AND assignee CHANGED FROM (ann) TO (bob)
        summary ~ "1 day" AND fixVersion = "2d-engine"
        created >= 1795500000000"#,
        &expect![[r#"
            stable   project = PAY
            stable   project in (PAY, OPS) AND status = "In Progress"
            stable   NOT (labels = now OR summary ~ "startOfDay") ORDER BY created DESC
            stable   issuetype in subTaskIssueTypes() AND parent = PAY-1
            stable   created >= "2026-11-01" AND due < 2026-12-31
            stable   status WAS (Open, "In Review") AND assignee CHANGED FROM (ann) TO (bob)
            stable   summary ~ "1 day" AND fixVersion = "2d-engine"
            stable   created >= 1795500000000
        "#]],
    );
}

#[test]
fn time_people_and_other_objects_are_volatile() {
    check(
        r#"updated > startOfMonth()
        due <= now()
        created >= -1d
        created >= "-4w 2d"
        updated >= +30m OR created > '0d'
        assignee = currentUser()
        sprint in openSprints ( )
        status changed during (startOfWeek(-1), endOfWeek(-1))
        assignee in membersOf("jira-users")
        filter = 10000
        watcher = ann
        project = PAY AND anythingNew(1)"#,
        &expect![[r#"
            volatile updated > startOfMonth()
            volatile due <= now()
            volatile created >= -1d
            volatile created >= "-4w 2d"
            volatile updated >= +30m OR created > '0d'
            volatile assignee = currentUser()
            volatile sprint in openSprints ( )
            volatile status changed during (startOfWeek(-1), endOfWeek(-1))
            volatile assignee in membersOf("jira-users")
            volatile filter = 10000
            volatile watcher = ann
            volatile project = PAY AND anythingNew(1)
        "#]],
    );
}

#[test]
fn a_text_without_its_end_is_judged_all_the_same() {
    check(
        "summary ~ \"open\nsummary ~ \"esc\\\"aped\" AND due < now(",
        &expect![[r#"
            stable   summary ~ "open
            volatile summary ~ "esc\"aped" AND due < now(
        "#]],
    );
}

#[test]
fn a_saved_filter_is_volatile_since_its_owner_may_change_it() {
    assert!(is_volatile(&FilterSource::SavedFilter(JiraId::new("1"))));
    assert!(!is_volatile(&FilterSource::Jql("project = PAY".into())));
}
