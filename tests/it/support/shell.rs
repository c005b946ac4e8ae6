//! Lines of a shell, run for real, and what they said as one text. What differs from run to run
//! (times, ports, tokens, who runs it) is replaced, so that the text can be compared.

use super::binary::{self, Server};
use super::shared::repository;
use regex::Regex;
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

/// Where lines are run: with the binaries of the workspace, and one server to talk to.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    address: String,
    variables: Vec<(&'static str, String)>,
}

/// What a line said, and how it ended.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// Its output.
    pub(crate) out: String,
    /// Its error output.
    pub(crate) err: String,
    /// Its exit code.
    pub(crate) exit: i32,
}

impl Shell {
    /// A shell that talks to the server at this address, such as `http://127.0.0.1:7420`.
    pub(crate) fn new(address: &str) -> Shell {
        Shell {
            address: address.to_owned(),
            variables: Vec::new(),
        }
    }

    /// The same, with a variable set.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Shell {
        self.variables.push((name, value.to_owned()));
        self
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new("bash");
        command
            .args(["-o", "pipefail", "-c", line])
            .current_dir(repository())
            .env("PATH", search_path())
            .env("RESYNC_ADDRESS", &self.address)
            .env("SERVER", self.address.trim_start_matches("http://"))
            .env("TZ", "UTC")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command
    }

    /// Runs a line, without anybody at the other end of its input.
    pub(crate) fn run(&self, line: &str) -> Said {
        said(self.command(line).output().expect("bash runs"))
    }

    /// Runs a line on a terminal, and types these lines into it. What it shows is on the output,
    /// what was typed among it.
    pub(crate) fn on_a_terminal(&self, line: &str, typed: &str) -> Said {
        // `script` is there wherever Debian is; it makes the terminal.
        let mut child = self
            .clone()
            .with("LINE", line)
            .command("script --quiet --return --command \"$LINE\" /dev/null")
            .stdin(Stdio::piped())
            .spawn()
            .expect("bash runs");
        let mut input = child.stdin.take().expect("its input is piped");
        input
            .write_all(typed.as_bytes())
            .expect("it takes what is typed");
        let output = child.wait_with_output().expect("it ends");
        drop(input);
        said(output)
    }

    /// Runs lines one after the other, and writes down the conversation.
    pub(crate) fn talk(&self, lines: &[&str]) -> String {
        let mut conversation = String::new();
        for line in lines {
            let output = self.run(&format!("exec 2>&1; {line}"));
            conversation.push_str(&format!("$ {line}\n{}", settled(&output.out)));
            if output.exit != 0 {
                conversation.push_str(&format!("[exit {}]\n", output.exit));
            }
        }
        conversation
    }
}

/// A demo, and a shell that talks to it.
pub(crate) fn demo(scenario: &str) -> (Server, Shell) {
    let mut demo = Server::start(&["demo", "--port", "0", "--scenario", scenario]);
    demo.wait_for("Ctrl-C stops the demo");
    let shell = Shell::new(&demo.address);
    (demo, shell)
}

/// What a process said.
fn said(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("programs write text");
    Said {
        exit: output.status.code().expect("it ends by itself"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// The workspace's binaries first, then the tools that `tests/run` installs.
fn search_path() -> OsString {
    let binaries = binary::path("resync");
    let folder = binaries.parent().expect("a binary is in a folder");
    let tools = repository().join("target/tools/bin");
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let folders = [folder.to_owned(), tools]
        .into_iter()
        .chain(std::env::split_paths(&inherited));
    std::env::join_paths(folders).expect("the folders of a path have no colons")
}

/// Whether a tool is installed. Its absence is told, and is no excuse where everything must run.
pub(crate) fn has_tool(name: &str) -> bool {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&inherited)
        .chain([repository().join("target/tools/bin")])
        .any(|folder: PathBuf| folder.join(name).is_file());
    assert!(
        there || std::env::var_os("CI").is_none(),
        "{name} must be there under CI"
    );
    if !there {
        println!("skipped: {name} is not installed; tests/run installs it");
    }
    there
}

/// What differs from run to run, and what stands for it.
static DIFFERENT: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z",
            "YYYY-MM-DDThh:mm:ssZ",
        ),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "YYYY-MM-DD hh:mm:ss"),
        (r"\b\d\d:\d\d:\d\d\b", "hh:mm:ss"),
        (r"\b\d+\.\ds\b", "0.0s"),
        (r"users/[a-z0-9._-]+", "users/me"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:7420"),
        (r#""uid": "[0-9a-f]{32}""#, r#""uid": "UID""#),
        (
            r#""(confirmationToken|resumeToken|etag)": "[^"]+""#,
            r#""$1": "TOKEN""#,
        ),
    ]
    .map(|(pattern, replacement)| {
        let pattern = Regex::new(pattern).expect("the pattern is one");
        (pattern, replacement)
    })
    .into()
});

/// The text, with what differs from run to run replaced.
pub(crate) fn settled(text: &str) -> String {
    DIFFERENT
        .iter()
        .fold(text.to_owned(), |text, (pattern, replacement)| {
            pattern.replace_all(&text, *replacement).into_owned()
        })
}
