//! `resyncd serve` and `resync-simulator` as processes that talk over HTTP, as in production.
//! They do not outlive their test.

use super::binary;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use tempfile::TempDir;

/// The account's token at the simulated Jira. It must turn up nowhere.
pub(crate) const TOKEN: &str = "canary-of-the-token-file";

/// Seconds that a job stays with a server that no longer answers.
pub(crate) const LEASE_SECONDS: u64 = 2;

/// A simulated Jira.
pub(crate) struct Jira {
    child: Child,
    /// Where it is.
    pub(crate) address: String,
}

impl Jira {
    /// Starts it with the readable sample; every answer takes so many milliseconds.
    pub(crate) fn start(latency_ms: u64) -> Jira {
        let mut child = Command::new(binary::path("resync-simulator"))
            .args(["--latency", &latency_ms.to_string()])
            .env("RESYNC_SIMULATOR_TOKEN", TOKEN)
            .stdout(Stdio::piped())
            .spawn()
            .expect("resync-simulator starts");
        let output = child.stdout.take().expect("its output is piped");
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .expect("its output is text");
        let address = line.split_whitespace().next().expect("it tells where");
        Jira {
            child,
            address: address.to_owned(),
        }
    }
}

impl Drop for Jira {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with a configuration, a secret and a store.
pub(crate) struct Site {
    folder: TempDir,
}

impl Site {
    /// A site whose store is empty.
    pub(crate) fn new() -> Site {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let shown = folder.path().display();
        let configuration = format!(
            r#"
            listen = "127.0.0.1:0"
            data = "{shown}/data"
            [features]
            synchronizers = true
            [jobs]
            lease_seconds = {LEASE_SECONDS}
            [server]
            shutdown_seconds = 2
            [log]
            format = "json"
            [[secrets]]
            name = "bot"
            kind = "basic"
            user = "admin@example.com"
            file = "{shown}/token"
            hosts = ["127.0.0.1"]
            "#
        );
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a file can be written");
        };
        write("resync.toml", &configuration);
        write("token", &format!("{TOKEN}\n"));
        Site { folder }
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The file of the store.
    pub(crate) fn store(&self) -> PathBuf {
        self.path().join("data").join(resyncd::serve::STORE_FILE)
    }

    /// Starts `resyncd serve`, and waits until it listens.
    pub(crate) fn serve(&self) -> Serving {
        let mut child = Command::new(binary::path("resyncd"))
            .arg("serve")
            .arg("--config")
            .arg(self.path().join("resync.toml"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("resyncd starts");
        let mut log = BufReader::new(child.stderr.take().expect("its log is piped"));
        let mut begin = String::new();
        let address = loop {
            let length = log.read_line(&mut begin).expect("its log is text");
            assert!(length > 0, "resyncd ended before it listened:\n{begin}");
            let line = begin.lines().last().expect("a line was read");
            let line: Value = serde_json::from_str(line).expect("its log is JSON");
            if line["fields"]["message"] == "listening" {
                break line["fields"]["address"]
                    .as_str()
                    .expect("it tells where")
                    .to_owned();
            }
        };
        let log = std::thread::spawn(move || {
            let mut rest = begin;
            log.read_to_string(&mut rest).expect("its log is text");
            rest
        });
        Serving {
            child,
            log: Some(log),
            address: format!("http://{address}"),
        }
    }
}

/// A running `resyncd serve`.
pub(crate) struct Serving {
    child: Child,
    log: Option<JoinHandle<String>>,
    /// Where it listens, as a URL.
    pub(crate) address: String,
}

impl Serving {
    /// `kill -9`. Returns its log.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().expect("it can be killed");
        self.end().1
    }

    /// Asks it to stop, as a service manager does. Returns how it ended, and its log.
    pub(crate) fn terminate(mut self) -> (ExitStatus, String) {
        let status = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(status.success(), "it can be asked to stop");
        self.end()
    }

    fn end(&mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("it ends");
        let log = self.log.take().expect("it ends once");
        let log = log.join().expect("its log was read");
        assert!(!log.contains(TOKEN), "the token is in the log:\n{log}");
        (status, log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
