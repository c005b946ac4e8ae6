//! The real binaries as processes of their own: built once, started, looked at, and ended.

use crate::arguments::Setting;
use resync_client::Client;
use resync_simulator::Flavour;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The token of the simulated Jira's account.
pub(crate) const TOKEN: &str = "secret";

/// Seed of the simulated content.
const SEED: &str = "1";

/// The path of an optimised binary of the workspace, which is built when it is not current.
fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
        let status = Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--locked"])
            .args(["--package", "resyncd", "--package", "resync-simulator"])
            .current_dir(repository)
            .status()
            .expect("cargo runs");
        assert!(status.success(), "the binaries build");
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| repository.join("target"), PathBuf::from);
        target.join("release")
    });
    folder.join(name)
}

/// The user name of the simulated Jira's account.
pub(crate) fn user(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Cloud => "admin@example.com",
        Flavour::DataCenter => "admin",
    }
}

/// A simulated Jira. It is killed when it is dropped.
pub(crate) struct Jira {
    child: Child,
    /// Where it listens, as a URL.
    pub(crate) base_uri: String,
}

impl Jira {
    /// Starts one with so many issues, and waits until it listens.
    pub(crate) fn start(setting: Setting, issues: u32) -> Self {
        let flavour = match setting.flavour {
            Flavour::Cloud => "cloud",
            Flavour::DataCenter => "data-center",
        };
        let mut command = Command::new(binary("resync-simulator"));
        command
            .args(["--flavour", flavour, "--seed", SEED, "--token", TOKEN])
            .args(["--issues", &issues.to_string()])
            .stdout(Stdio::piped());
        if setting.latency {
            command.args(["--latency", "40", "--latency-per-issue", "200"]);
        }
        let mut child = command.spawn().expect("the simulator starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("its output is text");
        let base_uri = line
            .split_whitespace()
            .next()
            .expect("it tells its address");
        Self {
            child,
            base_uri: base_uri.to_owned(),
        }
    }
}

impl Drop for Jira {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `resyncd serve`. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// A client that is connected to it.
    pub(crate) client: Client,
    /// Where it listens, as a URL.
    pub(crate) address: String,
}

impl Server {
    /// Starts one on a folder that holds, or will hold, its store.
    pub(crate) fn start(folder: &Path, flavour: Flavour) -> Self {
        let token = folder.join("token");
        std::fs::write(&token, TOKEN).expect("a file can be written");
        let configuration = folder.join("resync.toml");
        let text = format!(
            "[features]\nsynchronizers = true\n[log]\nformat = \"json\"\n[[secrets]]\n\
             name = \"bot\"\nkind = \"basic\"\nuser = \"{}\"\nfile = \"{}\"\n\
             hosts = [\"127.0.0.1\"]\n",
            user(flavour),
            token.display()
        );
        std::fs::write(&configuration, text).expect("a file can be written");
        let mut child = Command::new(binary("resyncd"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .arg("--config")
            .arg(&configuration)
            .arg("--data")
            .arg(data(folder))
            .stderr(Stdio::piped())
            .spawn()
            .expect("resyncd starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its log is piped"));
        let address = format!("http://{}", listening_address(&mut lines));
        // A log that nobody reads would block the server.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let client = Client::connect(&address).expect("it is an address");
        Self {
            child,
            client,
            address,
        }
    }

    /// The most memory that it ever had, in bytes; `None` where the system does not tell.
    pub(crate) fn peak_memory(&self) -> Option<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = std::fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
        let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kibibytes * 1024)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(mut self) {
        let told = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .expect("kill runs");
        assert!(told.success(), "it can be told to stop");
        let ended = self.child.wait().expect("it ends");
        assert!(ended.success(), "it ends well");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The folder of the store.
pub(crate) fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// Reads log lines up to the one that tells the address.
fn listening_address(lines: &mut BufReader<impl Read>) -> String {
    loop {
        let mut line = String::new();
        let read = lines.read_line(&mut line).expect("the log is text");
        assert!(read > 0, "resyncd ended before it listened");
        let entry: serde_json::Value = serde_json::from_str(&line).expect("the log is JSON");
        if let Some(address) = entry["fields"]["address"].as_str() {
            return address.to_owned();
        }
    }
}
