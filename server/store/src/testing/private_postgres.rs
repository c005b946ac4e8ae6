//! A PostgreSQL of one's own, from the binaries that are installed.
//!
//! What it is not: a server for anything that should last. It does not sync to disk, listens on a
//! socket in a folder of its own only, and goes with the process that started it.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where distributions put the binaries, one folder a version.
const INSTALLED: &str = "/usr/lib/postgresql";

/// The user that owns the databases.
const OWNER: &str = "resync";

/// Starts the server, says so, and stops it when the process that reads has gone: then the end of
/// its standard input is reached, however it ended.
const KEEPER: &str = r#"
"$1/pg_ctl" -D "$2/data" -w -l "$2/log" \
    -o "-k $2 -c listen_addresses= -c fsync=off -c max_connections=300" start >"$2/start" 2>&1 \
    || { cat "$2/start" "$2/log" >&2; exit 1; }
echo ready
cat >/dev/null
"$1/pg_ctl" -D "$2/data" -w -m immediate stop >/dev/null 2>&1
rm -rf "$2/data" "$2/log" "$2/start"
rmdir "$2" 2>/dev/null
"#;

/// A running server.
#[derive(Debug)]
pub struct PrivatePostgres {
    binaries: PathBuf,
    folder: PathBuf,
    databases: AtomicUsize,
    /// Its standard input is what keeps the server up.
    _keeper: Child,
}

impl PrivatePostgres {
    /// The server of this process, started at first use; `None` when PostgreSQL is not installed.
    /// That is said on standard error, so that a test that does nothing is seen to do nothing.
    ///
    /// # Panics
    /// When the server does not start, or when it is not installed and `CI` is `true`.
    pub fn shared() -> Option<&'static PrivatePostgres> {
        static SHARED: OnceLock<Option<PrivatePostgres>> = OnceLock::new();
        SHARED.get_or_init(Self::start).as_ref()
    }

    fn start() -> Option<PrivatePostgres> {
        let Some(binaries) = installed_binaries() else {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "PostgreSQL is not installed"
            );
            #[expect(
                clippy::print_stderr,
                reason = "the only way to say that a test is skipped"
            )]
            {
                eprintln!("skipped: PostgreSQL is not installed in {INSTALLED}");
            }
            return None;
        };
        let folder = tempfile::Builder::new()
            .prefix("resync-postgres-")
            .tempdir()
            .expect("make a folder for PostgreSQL")
            .keep();
        let is_root = is_owned_by_root(&folder);
        if is_root {
            run(Command::new("chown").arg("postgres:").arg(&folder));
        }
        run(unprivileged(is_root, &binaries.join("initdb"))
            .arg("--pgdata")
            .arg(folder.join("data"))
            .args([
                "--username",
                OWNER,
                "--auth=trust",
                "--no-sync",
                "-E",
                "UTF8",
                "--locale=C",
            ]));
        let keeper = start_keeper(is_root, &binaries, &folder);
        Some(PrivatePostgres {
            binaries,
            folder,
            databases: AtomicUsize::new(0),
            _keeper: keeper,
        })
    }

    /// Makes an empty database, and returns the address to open it by.
    ///
    /// # Panics
    /// When that fails.
    pub fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        run(Command::new(self.binaries.join("createdb"))
            .arg("--host")
            .arg(&self.folder)
            .args(["--username", OWNER, &name]));
        format!("host={} user={OWNER} dbname={name}", self.folder.display())
    }
}

fn installed_binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir(INSTALLED).ok()?;
    let number = |path: &Path| path.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    versions
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .filter(|binaries| binaries.join("initdb").exists())
        .max_by_key(|binaries| number(binaries))
}

/// Whether this process is root, as which PostgreSQL refuses to run.
fn is_owned_by_root(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(folder).expect("look at the folder").uid() == 0
}

fn unprivileged(is_root: bool, program: &Path) -> Command {
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args([
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
            "--",
        ])
        .arg(program);
    command
}

fn run(command: &mut Command) {
    let output = command
        .current_dir("/")
        .output()
        .expect("start a program of PostgreSQL");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {errors}");
}

fn start_keeper(is_root: bool, binaries: &Path, folder: &Path) -> Child {
    let mut keeper = unprivileged(is_root, Path::new("/bin/sh"))
        .args(["-c", KEEPER, "keeper"])
        .args([binaries, folder])
        .current_dir("/")
        // What interrupts the test must not stop the keeper before it has cleaned up.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("start the keeper of PostgreSQL");
    let mut line = String::new();
    let output = keeper.stdout.take().expect("its output is a pipe");
    BufReader::new(output)
        .read_line(&mut line)
        .expect("read what the keeper says");
    assert_eq!(line, "ready\n", "PostgreSQL did not start");
    keeper
}
