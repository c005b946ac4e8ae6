//! The conversation before a run, word by word. No server is called by it.

use std::{
    io::{Cursor, Write},
    sync::{Arc, Mutex},
};

use clap::Parser;
use expect_test::expect;
use resync_api::v1::plan::GuardTrip;

use super::*;
use crate::{
    args::{Arguments, Command},
    console::Console,
};

/// What is written to a stream, for a test to read.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread writes").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn plan(destructive: i32, guards: usize) -> Plan {
    Plan {
        change_count: 6,
        destructive_change_count: destructive,
        guards: vec![GuardTrip::default(); guards],
        ..Default::default()
    }
}

/// What is said, and how it ends, when `answers` are typed. `None` when there is nobody to ask.
async fn conversation(plan: &Plan, flags: &[&str], answers: Option<&str>) -> String {
    let line = ["resync", "run", "launch", "--into"];
    let arguments = Arguments::try_parse_from(line.iter().chain(flags)).unwrap();
    let Command::Run(run) = arguments.command else {
        panic!("the command is to run")
    };
    let said = Written::default();
    let input = Cursor::new(answers.unwrap_or_default().to_owned());
    let errors = Box::new(said.clone());
    let console = Console::new(
        Box::new(Written::default()),
        errors,
        Box::new(input),
        answers.is_some(),
    );
    let session = Session::new(arguments.global, Arc::new(console)).unwrap();
    let structure = Structure {
        name: "structures/launch".to_owned(),
        display_name: "Launch 2026".to_owned(),
        ..Default::default()
    };
    let end = match confirmed(&session, &run, plan, &structure).await {
        Ok(acknowledged) => format!("confirmed, acknowledging {acknowledged:?}\n"),
        Err(failure) => format!("{}exit {}\n", failure.text(), failure.exit as u8),
    };
    let said = String::from_utf8(said.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<&str> = said.trim().lines().map(str::trim_end).collect();
    format!("{}\n{end}", lines.join("\n"))
        .trim_start()
        .to_owned()
}

#[tokio::test]
async fn additions_need_a_yes() {
    expect![[r#"
        Run this resync? It makes 6 changes in "Launch 2026".
        Run it? [y/N]
        confirmed, acknowledging None
    "#]]
    .assert_eq(&conversation(&plan(0, 0), &[], Some("y\n")).await);
}

#[tokio::test]
async fn anything_but_a_yes_declines() {
    for answer in ["\n", "n\n", "launch\n", ""] {
        let text = conversation(&plan(0, 0), &[], Some(answer)).await;
        assert!(
            text.ends_with("nothing was changed\nexit 4\n"),
            "{answer:?}: {text}"
        );
    }
}

#[tokio::test]
async fn what_discards_something_needs_the_id_of_the_structure() {
    expect![[r#"
        Run this resync? It makes 6 changes, 3 of them destructive, in "Launch 2026".
        Type the id of the structure to confirm (launch):
        confirmed, acknowledging None
    "#]]
    .assert_eq(&conversation(&plan(3, 0), &[], Some("launch\n")).await);
    for answer in ["y\n", "Launch 2026\n", "launch-2\n", ""] {
        let text = conversation(&plan(3, 0), &[], Some(answer)).await;
        assert!(text.ends_with("exit 4\n"), "{answer:?}: {text}");
    }
}

#[tokio::test]
async fn a_guard_needs_the_count_too() {
    expect![[r#"
        Run this resync? It makes 6 changes, 60 of them destructive, in "Launch 2026".
        Type the id of the structure to confirm (launch): A guard tripped. Type the number of destructive changes:
        confirmed, acknowledging Some(60)
    "#]].assert_eq(&conversation(&plan(60, 1), &[], Some("launch\n60\n")).await);
    for answers in ["launch\n", "launch\n59\n", "60\nlaunch\n", "launch\ny\n"] {
        let text = conversation(&plan(60, 1), &[], Some(answers)).await;
        assert!(text.ends_with("exit 4\n"), "{answers:?}: {text}");
    }
}

#[tokio::test]
async fn a_flag_answers_before_anything_is_asked() {
    let confirm = ["--confirm", "launch"];
    let confirmed = "confirmed, acknowledging None\n";
    assert_eq!(conversation(&plan(3, 0), &confirm, None).await, confirmed);
    assert_eq!(
        conversation(&plan(0, 0), &confirm, Some("")).await,
        confirmed
    );
    let acknowledge = ["--confirm", "launch", "--acknowledge", "60"];
    assert_eq!(
        conversation(&plan(60, 1), &acknowledge, None).await,
        "confirmed, acknowledging Some(60)\n"
    );
}

#[tokio::test]
async fn a_count_is_not_acknowledged_where_no_guard_tripped() {
    let flags = ["--confirm", "launch", "--acknowledge", "3"];
    assert_eq!(
        conversation(&plan(3, 0), &flags, None).await,
        "confirmed, acknowledging None\n"
    );
}

#[tokio::test]
async fn a_flag_that_does_not_fit_says_what_would() {
    expect![[r#"
        error: --confirm does not name this structure
        try: --confirm launch
        exit 4
    "#]]
    .assert_eq(&conversation(&plan(3, 0), &["--confirm", "lunch"], None).await);
    expect![[r#"
        error: a guard tripped, and --acknowledge does not cover it
        try: look at the plan; then --confirm launch --acknowledge 60
        exit 5
    "#]]
    .assert_eq(&conversation(&plan(60, 1), &["--confirm", "launch"], None).await);
}

#[tokio::test]
async fn with_nobody_to_ask_nothing_runs() {
    expect![[r#"
        error: this needs a confirmation, and there is nobody to ask
        try: look at the plan; then add --confirm launch
        exit 4
    "#]]
    .assert_eq(&conversation(&plan(0, 0), &[], None).await);
    expect![[r#"
        error: this needs a confirmation, and there is nobody to ask
        try: look at the plan; then add --confirm launch --acknowledge 60
        exit 4
    "#]]
    .assert_eq(&conversation(&plan(60, 1), &[], None).await);
}
