//! Conversations with `resync` when something is wrong: guards that trip, a Jira that does not
//! answer, secrets that are refused.

use crate::support::process::{Jira, Site, TOKEN};
use crate::support::shell::{self, Shell, settled};
use expect_test::expect;

#[test]
fn a_guard_stops_a_filter_that_matches_nothing() {
    let (_demo, shell) = shell::demo("empty-filter");
    expect![[r#"
        $ resync preview launch-2026 scope --into --progress quiet 2>/dev/null | grep -v '^  -'
        Preview       launch-2026/3
        Structure     Launch 2026 (launch-2026)
        Synchronizer  scope  filter: saved filter 10001
        Direction     INTO STRUCTURE: Jira is right; the structure is changed. Jira is not written.
        Read          structure version 4 (24 rows in scope); Jira: 49 issues, YYYY-MM-DD hh:mm:ss

          + add   > move   - remove

            Payments
            Onboarding

          ! Guard MOST_ROWS_CHANGE: found 49, allowed 25
            49 existing rows move or go, which is more than half (25). Check that the rule is what you want.
          ! Guard EMPTY_SOURCE: found 49, allowed 0
            Jira returned no issues, and 49 rows would go. Check the query and what the account can see.

          Removals (49): PAY-1, PAY-2, PAY-3, PAY-4, PAY-5, PAY-6, PAY-7, PAY-8, PAY-9, PAY-10,
            PAY-11, PAY-12, PAY-13, PAY-14, PAY-15, PAY-16, PAY-17, PAY-18, PAY-19, PAY-20, PAY-21,
            PAY-22, PAY-24, PAY-25, PAY-26, PAY-27, PAY-28, PAY-29, ONB-1, ONB-2, ONB-3, ONB-4, ONB-5,
            ONB-6, ONB-7, ONB-8, ONB-9, ONB-10, ONB-12, ONB-13, ONB-14, ONB-15, ONB-16, ONB-17, ONB-18,
            ONB-19, ONB-20, ONB-21, ONB-22
          Plan: 0 to add, 0 to move, 49 to remove (96.1% of 51 rows). 49 destructive.
        $ resync run launch-2026 scope --into --progress quiet --force
        Started launch-2026/4
        launch-2026/4 FAILED in 0.0s; nothing was changed
        error: the plan trips the guard MOST_ROWS_CHANGE: 49 found, 25 allowed; preview the resync, and confirm it with the number of its destructive changes  (reason GUARD_TRIPPED)
          allowed: 25
          found: 49
          guard: GUARD_MOST_ROWS_CHANGE
        try: look at it with `resync preview`, and run it without --force to confirm it
        [exit 5]
        $ resync run launch-2026 scope --into --progress quiet >/dev/null
        error: this needs a confirmation, and there is nobody to ask
        try: look at the plan; then add --confirm launch-2026 --acknowledge 49
        [exit 4]
        $ resync run launch-2026 scope --into --progress quiet --confirm launch-2026 >/dev/null
        error: a guard tripped, and --acknowledge does not cover it
        try: look at the plan; then --confirm launch-2026 --acknowledge 49
        [exit 5]
        $ resync run launch-2026 scope --into --progress quiet --confirm launch-2026 --acknowledge 3 >/dev/null
        error: a guard tripped, and --acknowledge does not cover it
        try: look at the plan; then --confirm launch-2026 --acknowledge 49
        [exit 5]
        $ resync run launch-2026 scope --into --progress quiet --confirm launch-2026 --acknowledge 49 | tail -1
        Started launch-2026/9
        launch-2026/9 SUCCEEDED in 0.0s: 0 added, 0 moved, 49 removed; structure version 5
        $ resync tree launch-2026
        Launch 2026 (launch-2026), version 5, 2 rows

        50  Payments
        51  Onboarding
    "#]].assert_eq(&shell.talk(&[
        "resync preview launch-2026 scope --into --progress quiet 2>/dev/null | grep -v '^  -'",
        "resync run launch-2026 scope --into --progress quiet --force",
        "resync run launch-2026 scope --into --progress quiet >/dev/null",
        "resync run launch-2026 scope --into --progress quiet --confirm launch-2026 >/dev/null",
        "resync run launch-2026 scope --into --progress quiet --confirm launch-2026 --acknowledge 3 >/dev/null",
        "resync run launch-2026 scope --into --progress quiet --confirm launch-2026 --acknowledge 49 | tail -1",
        "resync tree launch-2026",
    ]));
}

#[test]
fn on_a_terminal_a_guard_asks_for_the_count() {
    let (_demo, shell) = shell::demo("empty-filter");
    let run = "resync run launch-2026 scope --into";
    let wrong = shell.on_a_terminal(run, "launch-2026\n3\n");
    assert_eq!(wrong.exit, 4, "{}", wrong.out);
    let right = shell.on_a_terminal(run, "launch-2026\n49\n");
    assert_eq!(right.exit, 0, "{}", right.out);
    assert!(right.out.contains("49 removed"), "{}", right.out);
}

#[test]
fn a_job_that_waits_for_jira_can_be_left_and_cancelled() {
    let (_demo, shell) = shell::demo("outage");
    let start = "resync run launch-2026 scope --into --force --detach";
    expect![[r#"
        $ resync run launch-2026 scope --into --force --detach
        Started launch-2026/3
          resync job watch launch-2026/3     follow it
        launch-2026/3
        $ resync job wait launch-2026/3 --timeout 2s
        Detached; the job goes on.
          resync job watch launch-2026/3     come back
          resync job cancel launch-2026/3    stop it
        error: the time given with --timeout is up
        [exit 124]
        $ resync run launch-2026 scope --into --force
        error: structures/launch-2026/jobs/3 of the same synchronizer runs or waits; watch it, or queue  (reason RESYNC_ALREADY_RUNNING)
          direction: DIRECTION_INTO_STRUCTURE
          job: structures/launch-2026/jobs/3
        try: resync job watch launch-2026/3
        [exit 5]
        $ resync job cancel launch-2026/3 --reason 'not today' >/dev/null 2>&1
        $ resync job wait launch-2026/3 2>/dev/null | grep -E 'State|made'
        State         CANCELLED
        Changes made  no
        [exit 7]
    "#]].assert_eq(&shell.talk(&[
        start,
        "resync job wait launch-2026/3 --timeout 2s",
        "resync run launch-2026 scope --into --force",
        "resync job cancel launch-2026/3 --reason 'not today' >/dev/null 2>&1",
        "resync job wait launch-2026/3 2>/dev/null | grep -E 'State|made'",
    ]));
}

#[test]
fn ctrl_c_leaves_a_job_and_says_how_to_come_back() {
    let (_demo, shell) = shell::demo("outage");
    shell.run("resync run launch-2026 scope --into --force --detach");
    let watch = "resync job watch launch-2026/3 --progress quiet";
    expect![[r#"
        $ timeout --preserve-status --signal INT 2 resync job watch launch-2026/3 --progress quiet
        Detached; the job goes on.
          resync job watch launch-2026/3     come back
          resync job cancel launch-2026/3    stop it
        [exit 130]
        $ resync job get launch-2026/3 | grep -c -E 'PENDING|RUNNING'
        1
    "#]]
    .assert_eq(&shell.talk(&[
        &format!("timeout --preserve-status --signal INT 2 {watch}"),
        "resync job get launch-2026/3 | grep -c -E 'PENDING|RUNNING'",
    ]));
}

#[test]
fn a_server_that_is_not_there_is_worth_another_try() {
    let nobody = Shell::new("http://127.0.0.1:1");
    expect![[r#"
        $ resync structure list
        error: could not reach the server: Connection refused (os error 111)
        try: is the server running, and is --address right?
        [exit 75]
    "#]]
    .assert_eq(&nobody.talk(&["resync structure list"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_says_why() {
    let jira = Jira::start(0);
    let site = Site::new();
    let serving = site.serve();
    let shell = Shell::new(&serving.address).with("JIRA", &jira.address);
    let set_up = shell.talk(&[
        "resync tracker add jira --url $JIRA --credential bot",
        "resync structure create plan",
        "resync synchronizer add plan scope --filter-jql 'project = PAY'",
    ]);
    assert!(!set_up.contains("error"), "{set_up}");
    // Secrets are read when they are used, so this one is wrong from now on.
    let token = site.path().join("token");
    std::fs::write(&token, "revoked").expect("a file can be written");
    expect![[r#"
        $ resync preview plan --into --progress quiet
        error: the tracker does not accept the credential: the login ended with AUTHENTICATED_FAILED; renew the secret  (reason TRACKER_CREDENTIAL_REFUSED)
          tracker: trackers/jira
        try: resync tracker check jira
        [exit 6]
        $ resync run plan --into --progress quiet --force
        Started plan/2
        plan/2 FAILED in 0.0s; nothing was changed
        error: the tracker does not accept the credential: the login ended with AUTHENTICATED_FAILED; renew the secret  (reason TRACKER_CREDENTIAL_REFUSED)
          tracker: trackers/jira
        try: resync tracker check jira
        [exit 6]
        $ resync tracker check jira
        CHECK       RESULT   FOUND
        REACHABLE   passed   It answers.
        CREDENTIAL  FAILED   the tracker does not accept the credential: the login ended with AUTHENTICATED_FAILED; renew the secret
        TIME_ZONE   skipped  Not made, since an earlier check failed.
        error: a check failed
        [exit 1]
    "#]].assert_eq(&shell.talk(&[
        "resync preview plan --into --progress quiet",
        "resync run plan --into --progress quiet --force",
        "resync tracker check jira",
    ]));
    std::fs::remove_file(&token).expect("a file can be removed");
    let removed = shell.talk(&["resync run plan --into --progress quiet --force"]);
    let folder = site.path().to_str().expect("it is text");
    assert!(
        removed.contains("The file of the secret `bot` cannot be read"),
        "{removed}"
    );
    assert!(!removed.contains(folder), "{removed}");
    std::fs::write(&token, TOKEN).expect("a file can be written");
    let again = shell.talk(&["resync run plan --into --progress quiet --force"]);
    assert!(again.contains("42 added"), "{again}");
}

#[test]
fn a_jira_that_asks_for_pauses_gets_them() {
    let (_demo, shell) = shell::demo("rate-limited");
    let run = "resync run launch-2026 scope --into --progress quiet --confirm launch-2026";
    let said = shell.run(run);
    assert_eq!(said.exit, 0, "{said:?}");
    assert!(said.out.contains("2 added, 0 moved, 4 removed"), "{said:?}");
    let job = shell.run("resync -o json job get launch-2026/4 | grep throttledRequestCount");
    assert!(!job.out.contains(": 0"), "{job:?}");
}

#[test]
fn a_jira_that_does_not_answer_is_waited_for() {
    let (_demo, shell) = shell::demo("outage");
    let said = shell.run("resync run launch-2026 scope --into --confirm launch-2026");
    assert_eq!(said.exit, 0, "{said:?}");
    let progress = settled(&said.err);
    for line in [
        "hh:mm:ss launch-2026/3 waiting: Jira cannot be reached",
        "hh:mm:ss launch-2026/4 reading",
    ] {
        assert!(progress.lines().any(|told| told == line), "{progress}");
    }
    assert!(said.out.contains("2 added, 0 moved, 4 removed"), "{said:?}");
}
