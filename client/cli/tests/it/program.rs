//! The program as a process: exit codes, streams, and a reader that goes away.

use std::{
    io::Read,
    process::{Command, Stdio},
};

use expect_test::expect;

pub(crate) fn resync(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resync"));
    command
        .args(arguments)
        .env_remove("RESYNC_ADDRESS")
        .env_remove("RESYNC_CERTIFICATE_AUTHORITY")
        .stdin(Stdio::null());
    command
}

/// The exit code, and what is on the two streams.
fn transcript(arguments: &[&str]) -> String {
    let output = resync(arguments).output().expect("the program starts");
    let mut text = format!(
        "exit {}",
        output.status.code().expect("the program ends by itself")
    );
    for (name, stream) in [("out", output.stdout), ("err", output.stderr)] {
        let stream = String::from_utf8(stream).expect("text");
        if !stream.is_empty() {
            text += &format!("\n{name}: {}", stream.trim_end());
        }
    }
    text
}

/// An address of this machine where nothing listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

#[test]
fn a_direction_must_be_chosen() {
    expect![[r#"
        exit 2
        err: error: the following required arguments were not provided:
          <--into|--from>

        Usage: resync preview <--into|--from> <STRUCTURE> [SYNCHRONIZER]

        For more information, try '--help'."#]]
    .assert_eq(&transcript(&["preview", "launch"]));
}

#[test]
fn both_directions_are_one_too_many() {
    let text = transcript(&["run", "launch", "--into", "--from"]);
    assert!(text.starts_with("exit 2\n"), "{text}");
}

#[test]
fn force_and_confirm_exclude_each_other() {
    let text = transcript(&["run", "launch", "--into", "--force", "--confirm", "launch"]);
    assert!(text.starts_with("exit 2\n"), "{text}");
}

#[test]
fn a_synchronizer_has_one_kind() {
    for arguments in [
        &["synchronizer", "add", "launch"][..],
        &[
            "synchronizer",
            "add",
            "launch",
            "--subtasks",
            "--filter-jql",
            "x",
        ],
        &["synchronizer", "add", "launch", "--subtasks", "--remove"],
        &[
            "synchronizer",
            "add",
            "launch",
            "--filter-jql",
            "x",
            "--remove-only-placed",
        ],
    ] {
        let text = transcript(arguments);
        assert!(text.starts_with("exit 2\n"), "{arguments:?}: {text}");
    }
}

#[test]
fn a_server_that_is_not_there_is_worth_another_try() {
    let address = nowhere();
    let text = transcript(&["structure", "list", "--address", &address]);
    assert!(
        text.starts_with("exit 75\nerr: error: could not reach the server: "),
        "{text}"
    );
    assert!(
        text.ends_with("\ntry: is the server running, and is --address right?"),
        "{text}"
    );
}

#[test]
fn an_address_that_is_not_one_is_wrong_usage() {
    expect![[r#"
        exit 2
        err: error: could not use the address "127.0.0.1:7420": it starts with neither http:// nor https://; give one like http://127.0.0.1:7420"#]].assert_eq(&transcript(&["server", "--address", "127.0.0.1:7420"]));
}

#[test]
fn the_time_given_is_kept() {
    let text = transcript(&[
        "structure",
        "list",
        "--address",
        &nowhere(),
        "--timeout",
        "0",
    ]);
    expect![[r#"
        exit 124
        err: error: the time given with --timeout is up"#]]
    .assert_eq(&text);
}

#[test]
fn what_is_not_a_job_is_told_before_any_call() {
    expect![[r#"
        exit 2
        err: error: "12" is not a job
        try: give STRUCTURE/JOB, for example launch/12; see `resync job list`"#]]
    .assert_eq(&transcript(&["job", "get", "12"]));
}

#[test]
fn help_has_topics() {
    let text = transcript(&["help", "exit-codes"]);
    assert!(text.starts_with("exit 0\nout: Exit codes\n"), "{text}");
    let text = transcript(&["help", "synchronizer", "add"]);
    assert!(text.contains("Usage: resync synchronizer add"), "{text}");
    expect![[r#"
        exit 2
        err: error: there is no help about "weather"
        try: resync --help"#]]
    .assert_eq(&transcript(&["help", "weather"]));
}

#[test]
fn a_completion_script_knows_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let text = transcript(&["completions", shell]);
        assert!(
            text.starts_with("exit 0\n") && text.contains("synchronizer"),
            "{shell}"
        );
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    // The reader is gone before the first write, so that every write fails.
    let mut command = resync(&["completions", "zsh"]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut errors = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut errors)
        .unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(errors, "");
}
