//! Servers that do not start: each says why in one line, and ends with 1. And what the
//! configuration commands say.

use crate::support::process::Site;
use crate::support::shell::{Shell, settled};
use expect_test::expect;
use resync_store::{Executor, Location, Store};
use std::path::Path;

/// Runs a line where `$SITE` is the folder, which is also what is shown of it.
fn said(site: &Path, line: &str) -> String {
    let folder = site.to_str().expect("the folder's name is text");
    let shell = Shell::new("").with("SITE", folder);
    // A server that starts after all is stopped, and seen by its exit code.
    let text = shell.talk(&[&format!("timeout 20 {line}")]);
    text.replace(folder, "SITE").replace("timeout 20 ", "")
}

fn write(site: &Site, name: &str, text: &str) {
    std::fs::write(site.path().join(name), text).expect("a file can be written");
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let site = Site::new();
    for address in ["0.0.0.0:0", "192.0.2.1:7420", "[::]:0"] {
        let text = said(
            site.path(),
            &format!("resyncd serve --data $SITE/data --listen {address}"),
        );
        assert!(text.ends_with("[exit 1]\n"), "{text}");
        assert!(
            text.contains("only loopback addresses are accepted"),
            "{text}"
        );
    }
    assert!(
        !site.store().exists(),
        "nothing was made before it was refused"
    );
}

#[test]
fn a_configuration_that_is_not_valid_is_refused_with_what_to_do() {
    let site = Site::new();
    write(&site, "unknown.toml", "[jobs]\nconcurent = 3\n");
    write(&site, "range.toml", "[jobs]\nconcurrent = 0\n");
    write(
        &site,
        "both.toml",
        "data = \"d\"\ndatabase = \"postgres://h/d\"\n",
    );
    write(
        &site,
        "secret.toml",
        "[[secrets]]\nname = \"bot\"\nkind = \"bearer\"\nfile = \"t\"\n",
    );
    let mut text = String::new();
    for name in ["missing", "unknown", "range", "both", "secret"] {
        text += &said(
            site.path(),
            &format!("resyncd serve --config $SITE/{name}.toml"),
        );
    }
    expect![[r#"
        $ resyncd serve --config $SITE/missing.toml
        error: the configuration SITE/missing.toml cannot be read: No such file or directory (os error 2); check the path and its rights
        [exit 1]
        $ resyncd serve --config $SITE/unknown.toml
        error: the configuration is not valid: line 2: unknown field `concurent`, expected `concurrent` or `lease_seconds`; `resyncd config example` prints a valid one
        [exit 1]
        $ resyncd serve --config $SITE/range.toml
        error: `jobs.concurrent` is not valid: it must be between 1 and 64, not 0
        [exit 1]
        $ resyncd serve --config $SITE/both.toml
        error: `database` is not valid: set either `data` or `database`, not both
        [exit 1]
        $ resyncd serve --config $SITE/secret.toml
        error: `secrets.bot` is not valid: list the hosts that it may be sent to
        [exit 1]
    "#]].assert_eq(&text);
}

#[test]
fn a_port_in_use_is_told() {
    let site = Site::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = taken.local_addr().expect("it has an address").port();
    let text = said(
        site.path(),
        &format!("resyncd serve --data $SITE/data --listen 127.0.0.1:{port}"),
    ) + &said(site.path(), &format!("resyncd demo --port {port}"));
    expect![[r#"
        $ resyncd serve --data $SITE/data --listen 127.0.0.1:7420
        error: 127.0.0.1:7420 cannot be listened on; stop what does, or choose another port with --listen: Address already in use (os error 98)
        [exit 1]
        $ resyncd demo --port 7420
        error: 127.0.0.1:7420 is in use. Try: resyncd demo --port 0 (any free port)
        [exit 1]
    "#]].assert_eq(&settled(&text).replace(&port.to_string(), "7420"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_a_newer_release_is_left_alone() {
    let site = Site::new();
    std::fs::create_dir_all(site.path().join("data")).expect("a folder can be made");
    let store = Store::open(Location::File(site.store()), Executor::Inline)
        .await
        .expect("the store opens");
    drop(store);
    rusqlite::Connection::open(site.store())
        .and_then(|newer| {
            let version = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99999999')";
            newer.execute(version, [])
        })
        .expect("the store can be written");
    let line = "resyncd serve --data $SITE/data --listen 127.0.0.1:0";
    expect![[r#"
        $ resyncd serve --data $SITE/data --listen 127.0.0.1:0
        error: the store in SITE/data cannot be opened: open the store: it has schema 99999999, this release knows up to 0002; upgrade
        [exit 1]
    "#]].assert_eq(&said(site.path(), line));
}

#[test]
fn a_store_has_one_server() {
    let site = Site::new();
    let first = site.serve();
    let line = "resyncd serve --data $SITE/data --listen 127.0.0.1:0";
    expect![[r#"
        $ resyncd serve --data $SITE/data --listen 127.0.0.1:0
        error: the data folder SITE/data is in use by another server; stop that one, or give this one a folder of its own with --data
        [exit 1]
    "#]]
    .assert_eq(&said(site.path(), line));
    let demo = said(site.path(), "resyncd demo --port 0 --data $SITE/data");
    assert!(demo.contains("in use by another server"), "{demo}");
    // The lock goes with the process, however that ends.
    first.kill();
    site.serve();
}

#[test]
fn a_store_that_is_none_is_told() {
    let site = Site::new();
    std::fs::create_dir_all(site.path().join("data")).expect("a folder can be made");
    std::fs::write(
        site.store(),
        "no database at all, but long enough to look like one: ".repeat(99),
    )
    .expect("a file can be written");
    let line = "resyncd serve --data $SITE/data --listen 127.0.0.1:0";
    expect![[r#"
        $ resyncd serve --data $SITE/data --listen 127.0.0.1:0
        error: the store in SITE/data cannot be opened: read the database file: what is stored cannot be understood; restore a backup
        [exit 1]
    "#]].assert_eq(&said(site.path(), line));
}

#[test]
fn the_configuration_is_checked_without_a_start() {
    let site = Site::new();
    let text = said(
        site.path(),
        "resyncd config check --config $SITE/resync.toml",
    ) + &said(site.path(), "resyncd config check");
    expect![[r#"
        $ resyncd config check --config $SITE/resync.toml
        The configuration is valid.
          listen         127.0.0.1:7420
          store          SITE/data
          synchronizers  on
          secrets        1
        $ resyncd config check
        The configuration is valid.
          listen         127.0.0.1:7420
          store          resync-data
          synchronizers  off
          secrets        0
    "#]]
    .assert_eq(&settled(&text));
    assert!(!site.store().exists(), "a check makes nothing");
}

#[test]
fn the_example_is_a_valid_configuration() {
    let site = Site::new();
    let text = said(
        site.path(),
        "resyncd config example > $SITE/example.toml && resyncd config check --config $SITE/example.toml",
    );
    assert!(text.contains("The configuration is valid."), "{text}");
}

#[test]
fn a_demo_keeps_its_store_when_it_is_told_to() {
    let site = Site::new();
    let line = "resyncd demo --port 0 --exit --data $SITE/demo | grep -E 'Data|Launch'";
    let first = said(site.path(), line);
    expect![[r#"
        $ resyncd demo --port 0 --exit --data $SITE/demo | grep -E 'Data|Launch'
          Data      SITE/demo  (kept)
          "Launch 2026" has drifted from Jira on purpose. In another terminal:
    "#]]
    .assert_eq(&first);
    assert_eq!(
        said(site.path(), line),
        first,
        "it goes on with what it kept"
    );
}

#[test]
fn a_demo_leaves_nothing_behind() {
    let site = Site::new();
    let shell = Shell::new("").with("TMPDIR", site.path().to_str().expect("it is text"));
    let demo = shell.run("resyncd demo --port 0 --exit | grep Data");
    assert_eq!(demo.exit, 0, "{demo:?}");
    assert!(demo.out.contains("deleted on exit"), "{demo:?}");
    let left = shell.run("ls -d $TMPDIR/resync-demo-*");
    assert_ne!(left.exit, 0, "{left:?}");
}
