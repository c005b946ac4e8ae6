//! Every command that the README files tell people to type, run for real. A command that is not in
//! the table here fails the test, so that none is published untried.

use crate::support::binary::Server;
use crate::support::shared::repository;
use crate::support::shell::{Shell, has_tool};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeSet;
use std::io::Write;
use tempfile::TempDir;

/// The files whose commands are tried.
const FILES: [&str; 2] = ["README.md", "client/rust/README.md"];

/// How a command is tried.
enum Try {
    /// It ends well, and says this.
    Says(&'static str),
    /// It ends well on a terminal where this is typed, and says this.
    Asks(&'static str, &'static str),
    /// It serves, after it has said this.
    Serves(&'static str),
    /// It is this very test run.
    Itself,
}

/// The commands, in the order of the README, which is the order in which they are tried.
const COMMANDS: [(&str, Try); 12] = [
    ("cargo run --release -- demo", Try::Serves("Ctrl-C stops")),
    (
        "cargo run --release -p resync-cli -- tree launch-2026",
        Try::Says("PAY-1  Instant payouts for merchants"),
    ),
    (
        "cargo run --release -p resync-cli -- preview launch-2026 scope --into",
        Try::Says("Plan: 2 to add, 0 to move, 4 to remove"),
    ),
    (
        "cargo run --release -p resync-cli -- run launch-2026 scope --into",
        Try::Asks("launch-2026\n", "structure version 5"),
    ),
    (
        "cargo run --release -- demo --import issues.jsonl.gz",
        Try::Serves("\"Imported issues\" has 2 rows"),
    ),
    (
        "cargo run --release -- config example > resync.toml",
        Try::Says(""),
    ),
    (
        "cargo run --release -- config check --config resync.toml",
        Try::Says("The configuration is valid."),
    ),
    (
        "cargo run --release -- serve --config resync.toml",
        Try::Serves("listening"),
    ),
    (
        "grpcurl -plaintext 127.0.0.1:7420 list",
        Try::Says("resync.v1.ResyncService"),
    ),
    (
        "grpcurl -plaintext 127.0.0.1:7420 describe resync.v1.ResyncService",
        Try::Says("rpc PreviewResync"),
    ),
    (
        "grpcurl -plaintext -d '{\"name\":\"structures/launch-2026\"}' 127.0.0.1:7420 \
         resync.v1.StructureService/GetStructure",
        Try::Says("\"displayName\": \"Launch 2026\""),
    ),
    ("tests/run", Try::Itself),
];

/// The commands of the `sh` blocks of a text.
fn commands(text: &str) -> Vec<&str> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside && !line.trim().is_empty() {
            found.push(line.trim());
        }
    }
    found
}

#[test]
fn commands_are_found_in_shell_blocks_only() {
    let text = "a\n```sh\none\n\n  two --flag\n```\nb\n```rust\nthree\n```\n";
    assert_eq!(commands(text), ["one", "two --flag"]);
}

#[test]
fn every_command_of_the_readmes_is_tried() {
    let texts = FILES.map(|file| {
        std::fs::read_to_string(repository().join(file)).expect("the file can be read")
    });
    let written: BTreeSet<&str> = texts.iter().flat_map(|text| commands(text)).collect();
    let tried: BTreeSet<&str> = COMMANDS.iter().map(|(command, _)| *command).collect();
    assert_eq!(written, tried, "COMMANDS says how each one is tried");
}

/// Two issues as Jira gives them, packed.
fn issues(folder: &TempDir) {
    let issue = |id: u32, parent: &str, kind: &str, subtask: bool| {
        format!(
            r#"{{"id":"{id}","key":"SUN-{id}","fields":{{"summary":"Issue {id}",{parent}"project":{{"id":"1","key":"SUN","name":"Sun"}},"issuetype":{{"id":"{kind}","name":"{kind}","subtask":{subtask}}},"status":{{"id":"1","name":"Open"}},"created":"2024-02-0{id}T10:00:00.000+0000","updated":"2024-02-0{id}T10:00:00.000+0000"}}}}"#
        )
    };
    let file = std::fs::File::create(folder.path().join("issues.jsonl.gz"))
        .expect("a file can be written");
    let mut file = GzEncoder::new(file, Compression::default());
    let parent = r#""parent":{"id":"1","key":"SUN-1"},"#;
    writeln!(file, "{}", issue(1, "", "10", false)).expect("a file can be written");
    writeln!(file, "{}", issue(2, parent, "11", true)).expect("a file can be written");
    file.finish().expect("a file can be written");
}

/// The same command with the binaries that were built for the tests, and the ports that are free.
fn runnable(command: &str) -> String {
    let command = command
        .replace("cargo run --release -p resync-cli --", "resync")
        .replace("cargo run --release --", "resyncd")
        .replace("127.0.0.1:7420", "$SERVER");
    if command.starts_with("resyncd demo") {
        command + " --port 0"
    } else {
        command
    }
}

/// Tries one command in a folder of its own, beside a demo.
fn attempt(shell: &Shell, command: &str, how: &Try) {
    let line = format!("cd $FOLDER && {}", runnable(command));
    let (said, telling) = match how {
        Try::Says(telling) => (shell.run(&line), telling),
        Try::Asks(typed, telling) => (shell.on_a_terminal(&line, typed), telling),
        Try::Serves(telling) => {
            // It would serve for ever; it is told to stop in the end, which is a good end.
            let served = line.replace("&& ", "&& timeout --preserve-status --signal TERM 6 ");
            (shell.run(&format!("exec 2>&1; {served}")), telling)
        }
        Try::Itself => return,
    };
    assert_eq!(said.exit, 0, "{command}: {said:?}");
    assert!(said.out.contains(telling), "{command}: {said:?}");
}

#[test]
fn the_commands_of_the_readmes_work() {
    let mut demo = Server::start(&["demo", "--port", "0"]);
    demo.wait_for("Ctrl-C stops the demo");
    let folder = tempfile::tempdir().expect("a folder can be made");
    issues(&folder);
    let shell = Shell::new(&demo.address)
        .with("FOLDER", folder.path().to_str().expect("it is text"))
        .with("RESYNC_LISTEN", "127.0.0.1:0");
    for (command, how) in &COMMANDS {
        if !command.starts_with("grpcurl") || has_tool("grpcurl") {
            attempt(&shell, command, how);
        }
    }
}
