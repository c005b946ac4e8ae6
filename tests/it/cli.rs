//! Conversations with `resync`, the command line, against the demo that newcomers see.

use crate::support::shell::{self, settled};
use expect_test::expect;
use serde_json::Value;

#[test]
fn a_newcomer_looks_around() {
    let (_demo, shell) = shell::demo("drift");
    expect![[r#"
        $ resync structure list
        STRUCTURE    NAME         ROWS  VERSION  UPDATED
        launch-2026  Launch 2026  51    4        YYYY-MM-DD hh:mm:ss
        $ resync structure get launch-2026
        Structure    launch-2026
        Name         Launch 2026
        Description  What has to be done for the launch, as the teams plan it.
        Rows         51
        Version      4
        Created by   users/me
        Created      YYYY-MM-DD hh:mm:ss
        Updated      YYYY-MM-DD hh:mm:ss
        $ resync tree launch-2026
        Launch 2026 (launch-2026), version 4, 51 rows

        50  Payments
         1    PAY-1  Instant payouts for merchants  [In Progress]
         2    PAY-2  Merchant sees the payout status within ten seconds  [In Progress]
        25      PAY-3  Push status changes over the event stream  [Done]
        26      PAY-4  Show "on its way" between bank acceptance and booking  [In Progress]
        27      PAY-5  Fall back to polling when the stream is closed  [To Do]
         3    PAY-6  Merchant chooses the account for instant payouts  [In Review]
        28      PAY-7  List only accounts that can receive instant transfers  [Done]
        29      PAY-8  Remember the last choice  [In Review]
         4    PAY-9  Payout limits per day and per merchant  [To Do]
        30      PAY-10  Limit table with valid-from dates  [To Do]
        31      PAY-11  Refuse a payout above the limit with the amount left  [To Do]
         5    PAY-12  Payout stays pending after the bank returns it  [In Progress]
         6    PAY-13  Contract tests against the bank's sandbox  [In Progress]
         7    PAY-14  Refunds without support tickets  [In Progress]
         8    PAY-15  Merchant refunds part of a payment  [Done]
        32      PAY-16  Split the ledger entry  [Done]
        33      PAY-17  Show the refundable rest  [Done]
         9    PAY-18  Refund reaches the buyer's original card  [In Progress]
        34      PAY-19  Keep the scheme reference of the payment  [Done]
        35      PAY-20  Retry when the card scheme is down  [In Progress]
        10    PAY-21  Buyer gets a mail for every refund  [To Do]
        11    PAY-22  Refund of a cancelled order is booked twice  [In Review]
        12    PAY-24  Card acceptance in three new countries  [To Do]
        13    PAY-25  Accept cards in Norway  [In Progress]
        36      PAY-26  Register the settlement account  [Done]
        37      PAY-27  Round to whole kroner in the terminal  [In Progress]
        14    PAY-28  Accept cards in Portugal  [To Do]
        38      PAY-29  Support the national debit scheme  [To Do]
        51  Onboarding
        15    ONB-1  Self-service sign-up  [In Progress]
        16    ONB-2  Merchant signs up with a company number  [Done]
        39      ONB-3  Look the company up in the register  [Done]
        40      ONB-4  Let people correct what the register says  [Done]
        17    ONB-5  Merchant confirms the bank account by a small transfer  [In Progress]
        41      ONB-6  Send one cent with a code  [In Progress]
        42      ONB-7  Lock the form after five wrong codes  [To Do]
        43      ONB-8  Send a new code after two days  [To Do]
        18    ONB-9  Merchant continues on another device  [To Do]
        44      ONB-10  Link by mail, valid for an hour  [To Do]
        19    ONB-12  Sign-up fails for names with an apostrophe  [In Review]
        20    ONB-13  Measure where people leave the sign-up  [In Progress]
        21    ONB-14  Checks before the first payment  [In Progress]
        22    ONB-15  Screen owners against sanction lists  [In Progress]
        45      ONB-16  Load the lists every night  [Done]
        46      ONB-17  Compare names across alphabets  [In Progress]
        47      ONB-18  Queue of possible matches for the risk team  [To Do]
        23    ONB-19  Ask for documents only when needed  [To Do]
        48      ONB-20  Rules by country and volume  [To Do]
        49      ONB-21  Upload from the phone's camera  [To Do]
        24    ONB-22  Decision within one working day  [To Do]
        $ resync synchronizer list
        STRUCTURE    SYNCHRONIZER  STATE     LAST RESYNC          RULE
        launch-2026  scope         DISABLED  YYYY-MM-DD hh:mm:ss  filter: saved filter 10001
        launch-2026  sub-tasks     DISABLED  YYYY-MM-DD hh:mm:ss  subtasks
        $ resync synchronizer get launch-2026 scope
        Synchronizer   scope
        Name           Launch scope
        State          DISABLED
        Rule           filter: saved filter 10001
        Settings       remove, check-children
        Tracker        demo-jira
        Directions     into
        Runs as        users/me
        Last resync    YYYY-MM-DD hh:mm:ss
        In step until  -
        $ resync tracker check demo-jira
        CHECK       RESULT  FOUND
        REACHABLE   passed  Version 1001.0.0-SNAPSHOT answers.
        CREDENTIAL  passed  Signed in as Resync Demo.
        TIME_ZONE   passed  JQL dates are read in the zone Europe/Berlin.
        $ resync tracker list
        TRACKER    PRODUCT     STATE   URL
        demo-jira  Jira Cloud  ACTIVE  https://jira.demo.invalid
        $ resync server
        Version             0.1.0
        You are             users/me
        Synchronizers       on
        Started             YYYY-MM-DD hh:mm:ss
        Most rows           1000000
        Most jobs           2
        Plans expire after  3600 s
    "#]]
    .assert_eq(&shell.talk(&[
        "resync structure list",
        "resync structure get launch-2026",
        "resync tree launch-2026",
        "resync synchronizer list",
        "resync synchronizer get launch-2026 scope",
        "resync tracker check demo-jira",
        "resync tracker list",
        "resync server",
    ]));
}

#[test]
fn a_preview_shows_every_change_and_a_run_makes_them() {
    let (_demo, shell) = shell::demo("drift");
    expect![[r#"
        $ resync preview launch-2026 scope --into --progress quiet
        Preview       launch-2026/3
        Structure     Launch 2026 (launch-2026)
        Synchronizer  scope  filter: saved filter 10001
        Direction     INTO STRUCTURE: Jira is right; the structure is changed. Jira is not written.
        Read          structure version 4 (24 rows in scope); Jira: 28 issues, YYYY-MM-DD hh:mm:ss

          + add   > move   - remove   (46 unchanged rows hidden; -v shows them)

            Payments
          -   PAY-9  Payout limits per day and per merchant               the filter no longer matches it
          -     PAY-10  Limit table with valid-from dates                 goes with its parent
          -     PAY-11  Refuse a payout above the limit with the amount…  goes with its parent
          -   PAY-21  Buyer gets a mail for every refund                  the filter no longer matches it
          + PAY-43  Merchant cancels an instant payout within a minute    the filter matches it
          + ONB-37  Sign-up mail goes to the spam folder                  the filter matches it

          Removals (4): PAY-9, PAY-10, PAY-11, PAY-21
          Plan: 2 to add, 0 to move, 4 to remove (7.8% of 51 rows). 4 destructive.
          resync run launch-2026 scope --into    asks, and makes these changes
        $ resync preview launch-2026 scope --into --progress quiet --summary --exit-code
        Plan: 2 to add, 0 to move, 4 to remove (7.8% of 51 rows). 4 destructive.
        [exit 3]
        $ resync run launch-2026 scope --into --progress quiet >/dev/null
        error: this needs a confirmation, and there is nobody to ask
        try: look at the plan; then add --confirm launch-2026
        [exit 4]
        $ resync run launch-2026 scope --into --progress quiet --confirm other >/dev/null
        error: --confirm does not name this structure
        try: --confirm launch-2026
        [exit 4]
        $ resync run launch-2026 scope --into --progress quiet --confirm launch-2026
        Preview       launch-2026/7
        Structure     Launch 2026 (launch-2026)
        Synchronizer  scope  filter: saved filter 10001
        Direction     INTO STRUCTURE: Jira is right; the structure is changed. Jira is not written.
        Read          structure version 4 (24 rows in scope); Jira: 28 issues, YYYY-MM-DD hh:mm:ss

          + add   > move   - remove   (46 unchanged rows hidden; -v shows them)

            Payments
          -   PAY-9  Payout limits per day and per merchant               the filter no longer matches it
          -     PAY-10  Limit table with valid-from dates                 goes with its parent
          -     PAY-11  Refuse a payout above the limit with the amount…  goes with its parent
          -   PAY-21  Buyer gets a mail for every refund                  the filter no longer matches it
          + PAY-43  Merchant cancels an instant payout within a minute    the filter matches it
          + ONB-37  Sign-up mail goes to the spam folder                  the filter matches it

          Removals (4): PAY-9, PAY-10, PAY-11, PAY-21
          Plan: 2 to add, 0 to move, 4 to remove (7.8% of 51 rows). 4 destructive.
        Started launch-2026/8
        launch-2026/8 SUCCEEDED in 0.0s: 2 added, 0 moved, 4 removed; structure version 5
        $ resync preview launch-2026 scope --into --progress quiet --summary --exit-code
        No changes.
        $ resync run launch-2026 scope --into --progress quiet
        Preview       launch-2026/10
        Structure     Launch 2026 (launch-2026)
        Synchronizer  scope  filter: saved filter 10001
        Direction     INTO STRUCTURE: Jira is right; the structure is changed. Jira is not written.
        Read          structure version 5 (24 rows in scope); Jira: 24 issues, YYYY-MM-DD hh:mm:ss

          No changes.
        $ resync tree launch-2026 --depth 1 | tail -4
        51  Onboarding
        52  PAY-43  Merchant cancels an instant payout within a minute  [To Do]
        53  ONB-37  Sign-up mail goes to the spam folder  [To Do]
        … and 45 deeper
        $ resync tree launch-2026 --depth 1 --at 4 | tail -3
        50  Payments
        51  Onboarding
        … and 49 deeper
        $ resync job list
        JOB             KIND          SYNCHRONIZER  STATE      CREATED              TOOK
        launch-2026/10  preview into  scope         SUCCEEDED  YYYY-MM-DD hh:mm:ss  0.0s
        launch-2026/9   preview into  scope         SUCCEEDED  YYYY-MM-DD hh:mm:ss  0.0s
        launch-2026/8   resync into   scope         SUCCEEDED  YYYY-MM-DD hh:mm:ss  0.0s
        launch-2026/7   preview into  scope         SUCCEEDED  YYYY-MM-DD hh:mm:ss  0.0s
        launch-2026/6   preview into  scope         SUCCEEDED  YYYY-MM-DD hh:mm:ss  0.0s
        launch-2026/5   preview into  scope         SUCCEEDED  YYYY-MM-DD hh:mm:ss  0.0s
        launch-2026/4   preview into  scope         SUCCEEDED  YYYY-MM-DD hh:mm:ss  0.0s
        launch-2026/3   preview into  scope         SUCCEEDED  YYYY-MM-DD hh:mm:ss  0.0s
        launch-2026/2   resync into   sub-tasks     SUCCEEDED  YYYY-MM-DD hh:mm:ss  0.0s
        launch-2026/1   resync into   scope         SUCCEEDED  YYYY-MM-DD hh:mm:ss  0.0s
        $ resync job get launch-2026/6
        Job           launch-2026/6
        Kind          preview into
        Synchronizer  scope
        State         SUCCEEDED
        Changes made  no
        By            users/me
        Created       YYYY-MM-DD hh:mm:ss
        Took          0.0s
        Plan: 2 to add, 0 to move, 4 to remove (7.8% of 51 rows). 4 destructive.
        $ resync job changes launch-2026/6
        - remove PAY-21  Buyer gets a mail for every refund from Payments
        - remove PAY-11  Refuse a payout above the limit with the amount left from PAY-9
        - remove PAY-10  Limit table with valid-from dates from PAY-9
        - remove PAY-9  Payout limits per day and per merchant from Payments
        + add PAY-43  Merchant cancels an instant payout within a minute to the top level
        + add ONB-37  Sign-up mail goes to the spam folder to the top level
        $ resync job changes launch-2026/6 --filter 'destructive = true'
        - remove PAY-21  Buyer gets a mail for every refund from Payments
        - remove PAY-11  Refuse a payout above the limit with the amount left from PAY-9
        - remove PAY-10  Limit table with valid-from dates from PAY-9
        - remove PAY-9  Payout limits per day and per merchant from Payments
        $ resync job watch launch-2026/6 --progress quiet
        launch-2026/6 SUCCEEDED in 0.0s
    "#]].assert_eq(&shell.talk(&[
        "resync preview launch-2026 scope --into --progress quiet",
        "resync preview launch-2026 scope --into --progress quiet --summary --exit-code",
        "resync run launch-2026 scope --into --progress quiet >/dev/null",
        "resync run launch-2026 scope --into --progress quiet --confirm other >/dev/null",
        "resync run launch-2026 scope --into --progress quiet --confirm launch-2026",
        "resync preview launch-2026 scope --into --progress quiet --summary --exit-code",
        "resync run launch-2026 scope --into --progress quiet",
        "resync tree launch-2026 --depth 1 | tail -4",
        "resync tree launch-2026 --depth 1 --at 4 | tail -3",
        "resync job list",
        "resync job get launch-2026/6",
        "resync job changes launch-2026/6",
        "resync job changes launch-2026/6 --filter 'destructive = true'",
        "resync job watch launch-2026/6 --progress quiet",
    ]));
}

#[test]
fn what_is_refused_says_why_and_what_to_do() {
    let (_demo, shell) = shell::demo("drift");
    expect![[r#"
        $ resync preview launch-2026 scope --from
        error: a synchronizer of the kind `filter` cannot run in DIRECTION_FROM_STRUCTURE; it can in DIRECTION_INTO_STRUCTURE  (reason DIRECTION_UNSUPPORTED)
          direction: DIRECTION_FROM_STRUCTURE
          kind: filter
          supportedDirections: DIRECTION_INTO_STRUCTURE
          synchronizer: structures/launch-2026/synchronizers/scope
        [exit 1]
        $ resync preview launch-2026 --into
        error: launch-2026 has several synchronizers: scope, sub-tasks
        try: name one of them
        [exit 2]
        $ resync preview nowhere scope --into
        error: structures/nowhere does not exist; check the name  (reason RESOURCE_NOT_FOUND)
          resource: structures/nowhere
        [exit 8]
        $ resync tree nowhere
        error: structures/nowhere does not exist; check the name  (reason RESOURCE_NOT_FOUND)
          resource: structures/nowhere
        [exit 8]
        $ resync tree launch-2026 --at 99
        error: forest_version: must be a version from 0 to 4  (reason FIELD_INVALID)
        [exit 1]
        $ resync job get launch-2026/99
        error: structures/launch-2026/jobs/99 does not exist; check the name  (reason RESOURCE_NOT_FOUND)
          resource: structures/launch-2026/jobs/99
        [exit 8]
        $ resync job get 99
        error: "99" is not a job
        try: give STRUCTURE/JOB, for example launch/12; see `resync job list`
        [exit 2]
        $ resync structure create launch-2026
        error: structures/launch-2026 exists already; choose another id  (reason RESOURCE_ALREADY_EXISTS)
          resource: structures/launch-2026
        [exit 1]
        $ resync structure create Launch
        error: structure_id: must be lower-case letters, digits and hyphens, start with a letter, and have at most 63 characters  (reason FIELD_INVALID)
        [exit 1]
        $ resync structure delete launch-2026
        error: this needs a confirmation, and there is nobody to ask
        try: --confirm launch-2026
        [exit 4]
        $ resync structure delete launch-2026 --confirm launch-2026
        error: structures/launch-2026 has 2 synchronizers; set force to delete it with them  (reason STATE_NOT_ALLOWED)
          resource: structures/launch-2026
          state: in use
        [exit 1]
        $ resync synchronizer add launch-2026 more --filter-jql 'summary ~'
        error: the tracker does not accept the query: HTTP 400: Error in the JQL Query: 'ORDER' is a reserved JQL word. You must surround it in quotation marks to use it in a query.; correct the query  (reason QUERY_INVALID)
          jql: summary ~
          tracker: trackers/demo-jira
        [exit 1]
        $ resync tracker add other --url http://jira.example.com --credential demo
        error: tracker.base_uri: must be https; http is for this machine only  (reason FIELD_INVALID)
        [exit 1]
        $ resync tracker delete demo-jira
        error: trackers/demo-jira is used by 2 synchronizers; delete those first  (reason STATE_NOT_ALLOWED)
          resource: trackers/demo-jira
          state: in use
        [exit 1]
    "#]].assert_eq(&shell.talk(&[
        "resync preview launch-2026 scope --from",
        "resync preview launch-2026 --into",
        "resync preview nowhere scope --into",
        "resync tree nowhere",
        "resync tree launch-2026 --at 99",
        "resync job get launch-2026/99",
        "resync job get 99",
        "resync structure create launch-2026",
        "resync structure create Launch",
        "resync structure delete launch-2026",
        "resync structure delete launch-2026 --confirm launch-2026",
        "resync synchronizer add launch-2026 more --filter-jql 'summary ~'",
        "resync tracker add other --url http://jira.example.com --credential demo",
        "resync tracker delete demo-jira",
    ]));
}

#[test]
fn rows_are_edited_by_hand() {
    let (_demo, shell) = shell::demo("drift");
    expect![[r#"
        $ resync structure create spring --name 'Spring launch'
        Structure   spring
        Name        Spring launch
        Rows        0
        Version     0
        Created by  users/me
        Created     YYYY-MM-DD hh:mm:ss
        Updated     YYYY-MM-DD hh:mm:ss
        $ resync row add spring --folder First
        added First as row 1
        version 1
        $ resync row add spring --folder Second --after 1
        added Second as row 2
        version 2
        $ resync row add spring --issue PAY-1 --under 2
        added PAY-1 as row 3
        version 3
        $ resync row move spring 3 --under 1
        version 4
        $ resync tree spring
        Spring launch (spring), version 4, 3 rows

        1  First
        3    PAY-1  Instant payouts for merchants  [In Progress]
        2  Second
        $ resync row remove spring 1
        version 5
        $ resync tree spring
        Spring launch (spring), version 5, 1 row

        2  Second
        $ resync row remove spring 77
        error: changes[0].remove_rows.row_ids[0]: row 77 does not exist; list the rows again  (reason FIELD_INVALID)
        [exit 1]
        $ resync structure rename spring 'Autumn launch'
        Structure   spring
        Name        Autumn launch
        Rows        1
        Version     5
        Created by  users/me
        Created     YYYY-MM-DD hh:mm:ss
        Updated     YYYY-MM-DD hh:mm:ss
        $ resync structure delete spring --confirm spring
        Structure   spring
        Name        Autumn launch
        Rows        1
        Version     5
        Created by  users/me
        Created     YYYY-MM-DD hh:mm:ss
        Updated     YYYY-MM-DD hh:mm:ss
        Deleted     YYYY-MM-DD hh:mm:ss
          resync structure undelete spring    brings it back
        $ resync structure list --deleted
        STRUCTURE    NAME                     ROWS  VERSION  UPDATED
        launch-2026  Launch 2026              51    4        YYYY-MM-DD hh:mm:ss
        spring       Autumn launch (deleted)  1     5        YYYY-MM-DD hh:mm:ss
        $ resync structure undelete spring
        Structure   spring
        Name        Autumn launch
        Rows        1
        Version     5
        Created by  users/me
        Created     YYYY-MM-DD hh:mm:ss
        Updated     YYYY-MM-DD hh:mm:ss
        $ resync tree spring
        Autumn launch (spring), version 5, 1 row

        2  Second
    "#]].assert_eq(&shell.talk(&[
        "resync structure create spring --name 'Spring launch'",
        "resync row add spring --folder First",
        "resync row add spring --folder Second --after 1",
        "resync row add spring --issue PAY-1 --under 2",
        "resync row move spring 3 --under 1",
        "resync tree spring",
        "resync row remove spring 1",
        "resync tree spring",
        "resync row remove spring 77",
        "resync structure rename spring 'Autumn launch'",
        "resync structure delete spring --confirm spring",
        "resync structure list --deleted",
        "resync structure undelete spring",
        "resync tree spring",
    ]));
}

#[test]
fn off_a_terminal_progress_is_lines_on_the_error_output() {
    let (_demo, shell) = shell::demo("drift");
    let said = shell.run("resync run launch-2026 scope --into --confirm launch-2026");
    assert_eq!(said.exit, 0, "{said:?}");
    assert!(!said.out.contains("reading"), "{}", said.out);
    let progress = settled(&said.err);
    for line in progress.lines() {
        assert!(
            line.starts_with("hh:mm:ss launch-2026/") || line == "Started launch-2026/4",
            "{line}"
        );
        assert!(!line.contains('\u{1b}') && !line.contains('\r'), "{line:?}");
    }
    assert!(
        progress.contains("hh:mm:ss launch-2026/3 "),
        "the preview is followed: {progress}"
    );
    assert!(
        progress.contains("hh:mm:ss launch-2026/4 "),
        "the run is followed: {progress}"
    );
}

#[test]
fn on_a_terminal_a_run_asks_for_what_is_at_stake() {
    let (_demo, shell) = shell::demo("drift");
    let run = "resync run launch-2026 scope --into";
    let declined = shell.on_a_terminal(run, "launch\n");
    assert_eq!(declined.exit, 4, "{}", declined.out);
    assert!(
        declined
            .out
            .contains("It makes 6 changes, 4 of them destructive, in \"Launch 2026\"."),
        "{}",
        declined.out
    );
    assert!(
        declined.out.contains("not confirmed; nothing was changed"),
        "{}",
        declined.out
    );
    let confirmed = shell.on_a_terminal(run, "launch-2026\n");
    assert_eq!(confirmed.exit, 0, "{}", confirmed.out);
    assert!(
        confirmed
            .out
            .contains("Type the id of the structure to confirm (launch-2026):"),
        "{}",
        confirmed.out
    );
    assert!(
        confirmed
            .out
            .contains("2 added, 0 moved, 4 removed; structure version 5"),
        "{}",
        confirmed.out
    );
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let (_demo, shell) = shell::demo("drift");
    let preview = "resync preview launch-2026 scope --into --progress quiet";
    assert!(!shell.run(preview).out.contains('\u{1b}'), "no terminal");
    let always = shell.run(&format!("{preview} --color always"));
    assert!(always.out.contains('\u{1b}'), "colour was asked for");
    let terminal = shell.clone().with("TERM", "xterm");
    let coloured = terminal.on_a_terminal(preview, "").out;
    assert!(coloured.contains("\u{1b}["), "{coloured:?}");
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let plain = terminal
            .clone()
            .with(name, value)
            .on_a_terminal(preview, "");
        assert!(!plain.out.contains("\u{1b}["), "{name}: {:?}", plain.out);
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

#[test]
fn data_is_json_of_proto3_and_nothing_else() {
    let (_demo, shell) = shell::demo("drift");
    let preview = shell.run("resync -o json preview launch-2026 scope --into");
    let job = json(&preview.out);
    assert_eq!(job["plan"]["destructiveChangeCount"], 4, "{job}");
    assert_eq!(job["state"], "STATE_SUCCEEDED");
    assert_eq!(job["baseForestVersion"], "4");

    let list = json(&shell.run("resync -o json structure list").out);
    assert_eq!(list["structures"][0]["displayName"], "Launch 2026");
    let rows = shell.run("resync -o jsonl tree launch-2026");
    let rows: Vec<Value> = rows.out.lines().map(json).collect();
    assert_eq!(rows.len(), 51);
    assert_eq!(rows[0]["folder"]["title"], "Payments");
    assert_eq!(rows[1]["issue"]["issueKey"], "PAY-1");
    let changes = shell.run("resync -o jsonl job changes launch-2026/3");
    assert_eq!(changes.out.lines().map(json).count(), 6);

    let run = shell.run("resync -o jsonl run launch-2026 scope --into --confirm launch-2026");
    assert_eq!(run.exit, 0, "{run:?}");
    let events: Vec<Value> = run.out.lines().map(json).collect();
    let last = events.last().expect("there are events");
    assert_eq!(last["type"], "TYPE_ENDED", "{last}");
    assert_eq!(last["job"]["counters"]["removedRowCount"], 4, "{last}");
}

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    let (_demo, shell) = shell::demo("drift");
    let said = shell.run("resync -o jsonl tree launch-2026 | head -1 | cut -c1-9");
    assert_eq!((said.exit, said.err.as_str()), (0, ""), "{said:?}");
    let said = shell.run("resync tree launch-2026 | head -1");
    assert_eq!(said.exit, 0, "{said:?}");
    assert_eq!(said.err, "");
    assert_eq!(said.out.lines().count(), 1);
}

#[test]
fn a_run_goes_on_when_nobody_reads_it() {
    let (_demo, shell) = shell::demo("drift");
    let run = "resync run launch-2026 scope --into --confirm launch-2026 --progress quiet";
    let said = shell.run(&format!("{run} | true"));
    assert_eq!(said.exit, 0, "{said:?}");
    let after = shell.run("resync structure list | grep launch-2026");
    assert!(after.out.contains("49    5"), "{}", after.out);
}
