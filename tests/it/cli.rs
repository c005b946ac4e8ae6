//! Conversations with `resync`, the command line, against the demo that newcomers see.

use crate::support::binary::Server;
use crate::support::shell::{Shell, settled};
use expect_test::expect;
use serde_json::Value;

fn demo(scenario: &str) -> (Server, Shell) {
    let mut demo = Server::start(&["demo", "--port", "0", "--scenario", scenario]);
    demo.wait_for("Ctrl-C stops the demo");
    let shell = Shell::new(&demo.address);
    (demo, shell)
}

#[test]
fn a_newcomer_looks_around() {
    let (_demo, shell) = demo("drift");
    expect![[r#""#]].assert_eq(&shell.talk(&[
        "resync structure list",
        "resync structure get launch-2026",
        "resync tree launch-2026",
        "resync synchronizer list",
        "resync synchronizer get launch-2026 scope",
        "resync tracker list",
        "resync tracker check demo-jira",
        "resync server",
    ]));
}

#[test]
fn a_preview_shows_every_change_and_a_run_makes_them() {
    let (_demo, shell) = demo("drift");
    expect![[r#""#]].assert_eq(&shell.talk(&[
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
