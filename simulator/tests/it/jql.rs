//! JQL: query in, keys or refusals out.

use expect_test::{Expect, expect};
use resync_simulator::Language;
use resync_simulator::state::{Filter, NewIssue};

use crate::support::{Site, cloud, data_center, site_in};

/// Runs each line of `queries` and shows what it finds.
fn check(site: &Site, queries: &str, expected: Expect) {
    let lines = queries
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let found = lines.map(|line| match site.find(line).as_str() {
        "" => format!("{line}\n    nothing\n"),
        keys => format!("{line}\n    {keys}\n"),
    });
    expected.assert_eq(&found.collect::<String>());
}

#[test]
fn fields_with_one_value_are_compared() {
    let queries = r#"
        project = OPS AND type = Epic ORDER BY key
        project = "Operations" AND issuetype = epic ORDER BY key
        project = PAY AND status = "In Review" ORDER BY key
        project = PAY AND status in ("In Review", Done) AND type = Story ORDER BY key
        project = OPS AND statusCategory = Done ORDER BY key
        project = OPS AND statusCategory = indeterminate AND type = Bug ORDER BY key
        project = PAY AND assignee = "Mira Castellan" ORDER BY key
        project = PAY AND reporter = jonas AND type = Story ORDER BY key
        project = PAY AND priority = Highest AND type = Epic ORDER BY key
        project = OPS AND resolution = Done ORDER BY key
        project = ONB AND issuetype in subTaskIssueTypes() AND assignee = jonas ORDER BY key
        project = OPS AND issuetype in standardIssueTypes() AND assignee = samuel ORDER BY key
        assignee = currentUser()
    "#;
    check(
        &cloud(),
        queries,
        expect![[r#"
            project = OPS AND type = Epic ORDER BY key
                OPS-1 OPS-8 OPS-16 OPS-24
            project = "Operations" AND issuetype = epic ORDER BY key
                OPS-1 OPS-8 OPS-16 OPS-24
            project = PAY AND status = "In Review" ORDER BY key
                PAY-6 PAY-8 PAY-22 PAY-32
            project = PAY AND status in ("In Review", Done) AND type = Story ORDER BY key
                PAY-6 PAY-15
            project = OPS AND statusCategory = Done ORDER BY key
                OPS-5 OPS-10 OPS-21 OPS-23 OPS-29 OPS-32
            project = OPS AND statusCategory = indeterminate AND type = Bug ORDER BY key
                OPS-15 OPS-33
            project = PAY AND assignee = "Mira Castellan" ORDER BY key
                PAY-1 PAY-32
            project = PAY AND reporter = jonas AND type = Story ORDER BY key
                PAY-9 PAY-25
            project = PAY AND priority = Highest AND type = Epic ORDER BY key
                nothing
            project = OPS AND resolution = Done ORDER BY key
                OPS-5 OPS-10 OPS-21 OPS-23 OPS-29 OPS-32
            project = ONB AND issuetype in subTaskIssueTypes() AND assignee = jonas ORDER BY key
                ONB-6 ONB-33 ONB-34
            project = OPS AND issuetype in standardIssueTypes() AND assignee = samuel ORDER BY key
                OPS-8 OPS-9 OPS-31 OPS-33
            assignee = currentUser()
                nothing
        "#]],
    );
}

#[test]
fn what_has_no_value_is_not_unequal_to_one() {
    let queries = "
        project = ONB AND assignee is EMPTY ORDER BY key
        project = ONB AND assignee = null ORDER BY key
        project = ONB AND type = Epic AND assignee != greta ORDER BY key
        project = ONB AND type = Sub-task AND NOT assignee in (lucie, noor, jonas) ORDER BY key
        project = PAY AND labels != launch-2026 ORDER BY key
        project = PAY AND labels is not EMPTY AND NOT labels = launch-2026 ORDER BY key
        project = PAY AND (labels in (cleanup, EMPTY)) AND type = Task ORDER BY key
        project = OPS AND resolution is not null ORDER BY key
    ";
    check(
        &cloud(),
        queries,
        expect![[r#"
        project = ONB AND assignee is EMPTY ORDER BY key
            ONB-8 ONB-20 ONB-27 ONB-28 ONB-36
        project = ONB AND assignee = null ORDER BY key
            ONB-8 ONB-20 ONB-27 ONB-28 ONB-36
        project = ONB AND type = Epic AND assignee != greta ORDER BY key
            ONB-1 ONB-14
        project = ONB AND type = Sub-task AND NOT assignee in (lucie, noor, jonas) ORDER BY key
            ONB-4 ONB-10 ONB-18 ONB-21
        project = PAY AND labels != launch-2026 ORDER BY key
            PAY-23 PAY-32 PAY-39 PAY-40
        project = PAY AND labels is not EMPTY AND NOT labels = launch-2026 ORDER BY key
            PAY-23 PAY-32 PAY-39 PAY-40
        project = PAY AND (labels in (cleanup, EMPTY)) AND type = Task ORDER BY key
            PAY-40
        project = OPS AND resolution is not null ORDER BY key
            OPS-5 OPS-10 OPS-21 OPS-23 OPS-29 OPS-32
    "#]],
    );
}

#[test]
fn conditions_combine_with_not_before_and_before_or() {
    let queries = "
        key = PAY-1 OR key = PAY-2 AND key = PAY-3 ORDER BY key
        (key = PAY-1 OR key = PAY-2) AND NOT key = PAY-1
        NOT (project = PAY OR project = ONB) AND NOT (type != Epic) ORDER BY key
        key in (PAY-1, PAY-2) && !key = PAY-1 || key = ONB-1 ORDER BY key
    ";
    check(
        &cloud(),
        queries,
        expect![[r#"
        key = PAY-1 OR key = PAY-2 AND key = PAY-3 ORDER BY key
            PAY-1
        (key = PAY-1 OR key = PAY-2) AND NOT key = PAY-1
            PAY-2
        NOT (project = PAY OR project = ONB) AND NOT (type != Epic) ORDER BY key
            OPS-1 OPS-8 OPS-16 OPS-24
        key in (PAY-1, PAY-2) && !key = PAY-1 || key = ONB-1 ORDER BY key
            ONB-1 PAY-2
    "#]],
    );
}

#[test]
fn issues_are_found_by_id_and_key() {
    let queries = r#"
        key = pay-2
        issuekey in (PAY-2, ONB-1) ORDER BY key
        id in (10001, PAY-1) ORDER BY id
        issue = 10000
        project = PAY AND key > "PAY-38" ORDER BY key
        key >= PAY-41 ORDER BY key DESC
        key < PAY-3 ORDER BY id DESC
        id > 10110 ORDER BY id
        id >= 10010 AND id < 10013 ORDER BY id
        key > PAY-999999
    "#;
    check(
        &cloud(),
        queries,
        expect![[r#"
            key = pay-2
                PAY-2
            issuekey in (PAY-2, ONB-1) ORDER BY key
                ONB-1 PAY-2
            id in (10001, PAY-1) ORDER BY id
                PAY-1 PAY-2
            issue = 10000
                PAY-1
            project = PAY AND key > "PAY-38" ORDER BY key
                PAY-39 PAY-40 PAY-41 PAY-42
            key >= PAY-41 ORDER BY key DESC
                PAY-42 PAY-41
            key < PAY-3 ORDER BY id DESC
                PAY-2 PAY-1
            id > 10110 ORDER BY id
                OPS-34 OPS-35
            id >= 10010 AND id < 10013 ORDER BY id
                PAY-11 PAY-12 PAY-13
            key > PAY-999999
                nothing
        "#]],
    );
}

#[test]
fn cloud_finds_children_of_every_level_by_parent() {
    let queries = "
        parent = PAY-1 ORDER BY key
        parent in (PAY-2, OPS-1) ORDER BY key
        project = PAY AND parent is EMPTY ORDER BY key
        project = OPS AND type = Story AND parent is not EMPTY ORDER BY key
        cf[10052] = PAY-1 AND status = \"In Review\"
    ";
    check(
        &cloud(),
        queries,
        expect![[r#"
        parent = PAY-1 ORDER BY key
            PAY-2 PAY-6 PAY-9 PAY-12 PAY-13
        parent in (PAY-2, OPS-1) ORDER BY key
            OPS-2 OPS-3 OPS-4 OPS-7 PAY-3 PAY-4 PAY-5
        project = PAY AND parent is EMPTY ORDER BY key
            PAY-1 PAY-14 PAY-24 PAY-33 PAY-39 PAY-40 PAY-41 PAY-42
        project = OPS AND type = Story AND parent is not EMPTY ORDER BY key
            OPS-4 OPS-7 OPS-9 OPS-13 OPS-14 OPS-17 OPS-20 OPS-25 OPS-26
        cf[10052] = PAY-1 AND status = "In Review"
            PAY-6
    "#]],
    );
}

#[test]
fn data_center_finds_sub_tasks_by_parent_and_stories_by_epic_link() {
    let queries = r#"
        parent = PAY-1
        parent = PAY-2 ORDER BY key
        "Epic Link" = PAY-1 ORDER BY key
        cf[11412] in (OPS-1) ORDER BY key
        project = PAY AND "Epic Link" is EMPTY AND type in (Story, Task, Bug) ORDER BY key
        "Parent Link" = PAY-1
    "#;
    check(
        &data_center(),
        queries,
        expect![[r#"
            parent = PAY-1
                nothing
            parent = PAY-2 ORDER BY key
                PAY-3 PAY-4 PAY-5
            "Epic Link" = PAY-1 ORDER BY key
                PAY-2 PAY-6 PAY-9 PAY-12 PAY-13
            cf[11412] in (OPS-1) ORDER BY key
                OPS-2 OPS-3 OPS-4 OPS-7
            project = PAY AND "Epic Link" is EMPTY AND type in (Story, Task, Bug) ORDER BY key
                PAY-39 PAY-40 PAY-41 PAY-42
            "Parent Link" = PAY-1
                nothing
        "#]],
    );
}

#[test]
fn links_are_found_from_both_ends() {
    let queries = r#"
        issue in linkedIssues(PAY-2)
        issue in linkedIssues(PAY-2, "is blocked by")
        issue in linkedIssues(PAY-2, blocks)
        issuekey in linkedIssues(PAY-32) ORDER BY key
        issueLinkType = "is blocked by" AND project = PAY ORDER BY key
        issueLinkType = blocks AND project = PAY ORDER BY key
        issueLinkType = Relates AND project = PAY ORDER BY key
        project = OPS AND type = Epic AND issueLinkType is EMPTY ORDER BY key
        issue in linkedIssues(PAY-999)
        issue in linkedIssues(PAY-2, "sounds like")
    "#;
    check(
        &cloud(),
        queries,
        expect![[r#"
            issue in linkedIssues(PAY-2)
                PAY-12
            issue in linkedIssues(PAY-2, "is blocked by")
                PAY-12
            issue in linkedIssues(PAY-2, blocks)
                nothing
            issuekey in linkedIssues(PAY-32) ORDER BY key
                OPS-30 PAY-25 PAY-28
            issueLinkType = "is blocked by" AND project = PAY ORDER BY key
                PAY-1 PAY-2 PAY-6 PAY-18 PAY-25 PAY-28
            issueLinkType = blocks AND project = PAY ORDER BY key
                PAY-12 PAY-22 PAY-32
            issueLinkType = Relates AND project = PAY ORDER BY key
                PAY-13 PAY-27 PAY-32 PAY-35 PAY-38 PAY-41
            project = OPS AND type = Epic AND issueLinkType is EMPTY ORDER BY key
                OPS-1 OPS-16 OPS-24
            issue in linkedIssues(PAY-999)
                400 ["An issue with key 'PAY-999' does not exist for field 'issue'."]
            issue in linkedIssues(PAY-2, "sounds like")
                400 ["The value 'sounds like' does not exist for the field 'issue'."]
        "#]],
    );
}

#[test]
fn words_of_the_summary_are_found() {
    let queries = r#"
        summary ~ "card scheme" ORDER BY key
        summary ~ "pay*" AND project = ONB ORDER BY key
        text ~ YEN
        summary !~ "c*" AND project = OPS AND type = Epic ORDER BY key
    "#;
    check(
        &cloud(),
        queries,
        expect![[r#"
            summary ~ "card scheme" ORDER BY key
                OPS-5 PAY-20
            summary ~ "pay*" AND project = ONB ORDER BY key
                ONB-14 ONB-29 ONB-30
            text ~ YEN
                PAY-31
            summary !~ "c*" AND project = OPS AND type = Epic ORDER BY key
                OPS-1
        "#]],
    );
}

#[test]
fn a_saved_filter_is_embedded_with_its_order() {
    let site = cloud();
    site.simulator.edit(|state| {
        let mut save = |id, name: &str, jql: &str| {
            let (name, jql) = (name.to_owned(), jql.to_owned());
            state.save_filter(Filter {
                id,
                name,
                jql,
                favourite: false,
            });
        };
        save(
            20,
            "Epics",
            "type = Epic AND project = PAY ORDER BY key DESC",
        );
        save(21, "Loop", "filter = 22");
        save(22, "Back", "filter = Loop");
        save(23, "Broken", "colour = red");
    });
    let queries = r#"
        filter = 20
        filter = "Epics" ORDER BY key
        filter in (20) AND status = "To Do"
        filter = "Launch 2026 scope" AND type = Epic
        filter = 21
        filter = 23
        filter = 404
    "#;
    check(
        &site,
        queries,
        expect![[r#"
        filter = 20
            PAY-33 PAY-24 PAY-14 PAY-1
        filter = "Epics" ORDER BY key
            PAY-1 PAY-14 PAY-24 PAY-33
        filter in (20) AND status = "To Do"
            PAY-33 PAY-24
        filter = "Launch 2026 scope" AND type = Epic
            PAY-1 PAY-14 PAY-24 ONB-1 ONB-14
        filter = 21
            400 ["The filter 'Loop' refers to itself and cannot be searched."]
        filter = 23
            400 ["Field 'colour' does not exist or you do not have permission to view it."]
        filter = 404
            400 ["The value '404' does not exist for the field 'filter'."]
    "#]],
    );
}

#[test]
fn order_by_sorts_by_up_to_seven_fields() {
    let queries = "
        type = Epic ORDER BY project DESC, key DESC
        project = OPS AND type = Epic ORDER BY summary
        project = OPS AND type = Epic ORDER BY priority, key
        project = OPS AND type = Epic ORDER BY priority ASC, key DESC
        project = OPS AND type = Epic ORDER BY status, created ASC
        project = OPS AND type = Epic ORDER BY updated
        project = OPS AND type = Epic ORDER BY Rank ASC
        project = OPS AND type = Epic ORDER BY cf[10047] DESC
        project = OPS AND type = Epic
        type = Epic ORDER BY key, id, created, updated, summary, priority, status, Rank
        type = Epic ORDER BY colour
    ";
    check(
        &cloud(),
        queries,
        expect![[r#"
            type = Epic ORDER BY project DESC, key DESC
                OPS-24 OPS-16 OPS-8 OPS-1 ONB-25 ONB-14 ONB-1 PAY-33 PAY-24 PAY-14 PAY-1
            project = OPS AND type = Epic ORDER BY summary
                OPS-24 OPS-16 OPS-8 OPS-1
            project = OPS AND type = Epic ORDER BY priority, key
                OPS-24 OPS-1 OPS-16 OPS-8
            project = OPS AND type = Epic ORDER BY priority ASC, key DESC
                OPS-8 OPS-16 OPS-1 OPS-24
            project = OPS AND type = Epic ORDER BY status, created ASC
                OPS-16 OPS-24 OPS-1 OPS-8
            project = OPS AND type = Epic ORDER BY updated
                OPS-24 OPS-16 OPS-8 OPS-1
            project = OPS AND type = Epic ORDER BY Rank ASC
                OPS-1 OPS-8 OPS-16 OPS-24
            project = OPS AND type = Epic ORDER BY cf[10047] DESC
                OPS-24 OPS-16 OPS-8 OPS-1
            project = OPS AND type = Epic
                OPS-24 OPS-16 OPS-8 OPS-1
            type = Epic ORDER BY key, id, created, updated, summary, priority, status, Rank
                400 ["The ORDER BY clause can have at most 7 fields."]
            type = Epic ORDER BY colour
                400 ["Not able to sort using field 'colour'."]
        "#]],
    );
}

#[test]
fn rank_order_follows_ranking() {
    let site = cloud();
    site.advance(60_000);
    site.simulator.edit(|state| {
        state.rank_before("OPS-15", "OPS-1").unwrap();
        state.rank_after("OPS-1", "OPS-8").unwrap();
        state.rank_before("OPS-8", "OPS-8").unwrap();
    });
    check(
        &site,
        "project = OPS AND type = Epic ORDER BY Rank",
        expect![[r#"
            project = OPS AND type = Epic ORDER BY Rank
                OPS-8 OPS-1 OPS-16 OPS-24
        "#]],
    );
    // The issues that were dragged have changed, their neighbours have not.
    assert_eq!(site.find("updated >= now() ORDER BY key"), "OPS-1 OPS-15");
}

#[test]
fn ranks_are_global_across_projects() {
    let site = cloud();
    site.simulator
        .edit(|state| state.rank_before("OPS-1", "PAY-14").unwrap());
    let order = site.find("key in (PAY-1, PAY-14, OPS-1, ONB-1) ORDER BY Rank");
    assert_eq!(order, "PAY-1 OPS-1 PAY-14 ONB-1");
}

#[test]
fn instants_are_read_in_the_zone_of_the_account() {
    // The clock says 10:00 in UTC, which is 05:00 in New York.
    let site = site_in(resync_simulator::Flavour::Cloud, "America/New_York");
    site.simulator.load_sample();
    site.simulator
        .edit(|state| state.set_summary("PAY-2", "Changed now").unwrap());
    site.advance(90_000);
    site.simulator.edit(|state| {
        state
            .set_summary("PAY-3", "Changed a little later")
            .unwrap()
    });
    let queries = r#"
        updated >= "2026/11/24 05:00" ORDER BY updated ASC
        updated >= "2026-11-24 05:01"
        updated >= "2026/11/24 10:00"
        updated >= 1795514400000 ORDER BY key
        updated > 1795514400000
        updated = 1795514400000
        updated >= -1m
        updated >= "-2m" ORDER BY key
        updated > startOfDay() ORDER BY key
        updated >= now()
        updated < "2026/11/24" AND key in (PAY-2, PAY-4)
        created <= "2026-10-22" AND project = PAY ORDER BY key
        resolved is not EMPTY AND project = OPS ORDER BY key
        updated >= "24.11.2026"
        updated >= "soon"
    "#;
    check(
        &site,
        queries,
        expect![[r#"
            updated >= "2026/11/24 05:00" ORDER BY updated ASC
                PAY-2 PAY-3
            updated >= "2026-11-24 05:01"
                PAY-3
            updated >= "2026/11/24 10:00"
                nothing
            updated >= 1795514400000 ORDER BY key
                PAY-2 PAY-3
            updated > 1795514400000
                PAY-3
            updated = 1795514400000
                PAY-2
            updated >= -1m
                PAY-3
            updated >= "-2m" ORDER BY key
                PAY-2 PAY-3
            updated > startOfDay() ORDER BY key
                PAY-2 PAY-3
            updated >= now()
                PAY-3
            updated < "2026/11/24" AND key in (PAY-2, PAY-4)
                PAY-4
            created <= "2026-10-22" AND project = PAY ORDER BY key
                PAY-1 PAY-2
            resolved is not EMPTY AND project = OPS ORDER BY key
                OPS-5 OPS-10 OPS-21 OPS-23 OPS-29 OPS-32
            updated >= "24.11.2026"
                400 ["Date value '24.11.2026' for field 'updated' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."]
            updated >= "soon"
                400 ["Date value 'soon' for field 'updated' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."]
        "#]],
    );
}

#[test]
fn a_meaning_that_does_not_exist_is_refused() {
    let queries = r#"
        colour = red
        project = NOPE
        status = Nowhere AND priority = Urgent
        key = PAY-999
        id in (10001, 99999)
        parent = PAY-999
        labels = nothing-has-this
        assignee = nobody
        issueLinkType = "sounds like"
        project was PAY
        status changed
        project = PAY AND status was Done
        summary = exact
        project ~ PAY
        status > Done
        summary is EMPTY
        id > many
        type in unknownFunction()
    "#;
    check(
        &cloud(),
        queries,
        expect![[r#"
            colour = red
                400 ["Field 'colour' does not exist or you do not have permission to view it."]
            project = NOPE
                400 ["The value 'NOPE' does not exist for the field 'project'."]
            status = Nowhere AND priority = Urgent
                400 ["The value 'Nowhere' does not exist for the field 'status'.","The value 'Urgent' does not exist for the field 'priority'."]
            key = PAY-999
                400 ["An issue with key 'PAY-999' does not exist for field 'key'."]
            id in (10001, 99999)
                400 ["An issue with key '99999' does not exist for field 'id'."]
            parent = PAY-999
                400 ["An issue with key 'PAY-999' does not exist for field 'parent'."]
            labels = nothing-has-this
                nothing
            assignee = nobody
                400 ["The value 'nobody' does not exist for the field 'assignee'."]
            issueLinkType = "sounds like"
                400 ["The value 'sounds like' does not exist for the field 'issueLinkType'."]
            project was PAY
                400 ["Error in the JQL Query: The operator 'was' is not supported for the field 'project'."]
            status changed
                400 ["Error in the JQL Query: The operator 'changed' is not supported for the field 'status'."]
            project = PAY AND status was Done
                400 ["Error in the JQL Query: The operator 'was' is not supported for the field 'status'."]
            summary = exact
                400 ["The operator '=' is not supported by the 'summary' field."]
            project ~ PAY
                400 ["The operator '~' is not supported by the 'project' field."]
            status > Done
                400 ["The operator '>' is not supported by the 'status' field."]
            summary is EMPTY
                400 ["The operator 'is' is not supported by the 'summary' field."]
            id > many
                400 ["The value 'many' is not a valid number for the field 'id'."]
            type in unknownFunction()
                400 ["Unable to find JQL function 'unknownFunction()'."]
        "#]],
    );
}

#[test]
fn a_query_that_cannot_be_read_is_refused() {
    let queries = r#"
        project =
        project = PAY AND
        project = PAY key = PAY-1
        project in (PAY, ONB
        project = "PAY
        project = FIRST
        project = a.b
        project PAY = 1
        project = PAY ORDER key
        project = PAY ORDER BY
    "#;
    check(
        &cloud(),
        queries,
        expect![[r#"
        project =
            400 ["Error in the JQL Query: Expecting a value before the end of the query."]
        project = PAY AND
            400 ["Error in the JQL Query: Expecting a field name before the end of the query."]
        project = PAY key = PAY-1
            400 ["Error in the JQL Query: Expecting AND but got 'key'."]
        project in (PAY, ONB
            400 ["Error in the JQL Query: Expecting ) before the end of the query."]
        project = "PAY
            400 ["Error in the JQL Query: The quoted string has not been completed."]
        project = FIRST
            400 ["Error in the JQL Query: 'FIRST' is a reserved JQL word. You must surround it in quotation marks to use it in a query."]
        project = a.b
            400 ["Error in the JQL Query: The character '.' is a reserved JQL character. You must enclose it in a string."]
        project PAY = 1
            400 ["Error in the JQL Query: Expecting an operator but got 'PAY'."]
        project = PAY ORDER key
            400 ["Error in the JQL Query: Expecting BY but got 'key'."]
        project = PAY ORDER BY
            400 ["Error in the JQL Query: Expecting a field name before the end of the query."]
    "#]],
    );
}

#[test]
fn a_query_nested_without_end_is_refused() {
    let query = format!("{}key = PAY-1{}", "(".repeat(5000), ")".repeat(5000));
    assert!(cloud().find(&query).contains("nested too deeply"));
}

#[test]
fn bare_words_are_a_text_search_on_cloud_only() {
    check(
        &cloud(),
        "this is not jql\nfirst payment",
        expect![[r#"
            this is not jql
                nothing
            first payment
                ONB-14
        "#]],
    );
    check(
        &data_center(),
        "this is not jql",
        expect![[r#"
        this is not jql
            400 ["Field 'this' does not exist or you do not have permission to view it."]
    "#]],
    );
}

#[test]
fn a_query_must_restrict_something_on_cloud_only() {
    check(
        &cloud(),
        "ORDER BY key",
        expect![[r#"
        ORDER BY key
            400 ["Unbounded JQL queries are not allowed here. Please add a search restriction to your query."]
    "#]],
    );
    let found = data_center().find("ORDER BY key");
    assert_eq!(found.split(' ').count(), 113);
}

#[test]
fn words_that_are_reserved_can_be_quoted() {
    let site = cloud();
    site.simulator.edit(|state| {
        state.add_project("FIRST", "First");
        let new = NewIssue {
            project: "FIRST",
            kind: "Task",
            summary: "One",
            parent: None,
        };
        state.create(new).unwrap();
    });
    check(
        &site,
        "project = FIRST\nproject = \"FIRST\"",
        expect![[r#"
        project = FIRST
            400 ["Error in the JQL Query: 'FIRST' is a reserved JQL word. You must surround it in quotation marks to use it in a query."]
        project = "FIRST"
            FIRST-1
    "#]],
    );
}

#[test]
fn sentences_are_in_the_language_of_the_account() {
    let site = cloud();
    site.simulator
        .edit(|state| state.set_language(Language::German));
    check(
        &site,
        "colour = red\nkey = PAY-999\nproject =",
        expect![[r#"
            colour = red
                400 ["Das Feld 'colour' existiert nicht oder Sie dürfen es nicht sehen."]
            key = PAY-999
                400 ["Ein Vorgang mit dem Schlüssel 'PAY-999' existiert nicht für das Feld 'key'."]
            project =
                400 ["Die Anfrage ist ungültig (70)."]
        "#]],
    );
}
