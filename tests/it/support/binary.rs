//! The real binaries, built once for a test run, and processes that do not outlive their test.

use super::shared::repository;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The path of a binary of the workspace, which is built when it is not current.
pub(crate) fn path(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked"])
            .args(["--package", "resyncd", "--package", "resync-cli"])
            .args(["--package", "resync-simulator"])
            .current_dir(repository())
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the binaries build");
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| repository().join("target"), PathBuf::from);
        target.join("debug")
    });
    folder.join(name)
}

/// A server process. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it makes its temporary folders, which it cannot delete once it is killed.
    _temporary: TempDir,
    lines: BufReader<ChildStdout>,
    /// Where it listens, as a URL.
    pub(crate) address: String,
}

impl Server {
    /// Starts `resyncd` with these arguments, and waits for the line that tells its address.
    pub(crate) fn start(arguments: &[&str]) -> Server {
        let temporary = tempfile::tempdir().expect("a folder can be made");
        let mut child = Command::new(path("resyncd"))
            .args(arguments)
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("resyncd starts");
        let lines = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut server = Server {
            child,
            _temporary: temporary,
            lines,
            address: String::new(),
        };
        let line = server.wait_for("gRPC");
        let address = line
            .split_whitespace()
            .nth(1)
            .expect("the line has the address");
        server.address = format!("http://{address}");
        server
    }

    /// Reads its output up to a line that contains the text, and returns that line.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).expect("its output is text");
            assert!(
                read > 0,
                "resyncd ended before it said {text:?}; it said:\n{seen}"
            );
            if line.contains(text) {
                return line;
            }
            seen.push_str(&line);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
