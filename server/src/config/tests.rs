//! What a configuration may say, and how it is told when it may not.

use super::*;

fn error(text: &str) -> String {
    parse(text, Overrides::default()).unwrap_err().to_string()
}

#[test]
fn the_example_is_the_default() {
    let example = parse(EXAMPLE, Overrides::default()).unwrap();
    let default = parse("", Overrides::default()).unwrap();
    assert_eq!(example, default);
    assert_eq!(default.listen.port(), DEFAULT_PORT);
    assert!(!default.synchronizers);
}

#[test]
fn every_key_of_the_example_is_accepted_when_uncommented() {
    let uncommented: Vec<&str> = EXAMPLE
        .lines()
        .filter_map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => Some(rest),
            Some(_) => None,
            None => Some(line),
        })
        .filter(|line| !line.starts_with("data =") && !line.starts_with("file ="))
        .collect();
    let config = parse(&uncommented.join("\n"), Overrides::default()).unwrap();
    assert_eq!(config.secrets.len(), 1);
}

#[test]
fn a_flag_wins_over_the_file() {
    let overrides = Overrides {
        listen: Some("[::1]:9".to_owned()),
        ..Overrides::default()
    };
    let config = parse("listen = \"127.0.0.1:1\"", overrides).unwrap();
    assert_eq!(config.listen.to_string(), "[::1]:9");

    let overrides = Overrides {
        data: Some("elsewhere".into()),
        ..Overrides::default()
    };
    let config = parse("database = \"postgres://a/b\"", overrides).unwrap();
    assert_eq!(config.store, StoreLocation::Folder("elsewhere".into()));
}

#[test]
fn what_is_not_allowed_is_told_with_the_key() {
    for (text, expected) in [
        ("listen = \"0.0.0.0:7420\"", "only loopback addresses"),
        ("listen = \"localhost\"", "address with a port"),
        ("data = \"a\"\ndatabase = \"postgres://b\"", "not both"),
        ("database = \"mysql://b\"", "postgres://"),
        ("[jobs]\nconcurrent = 0", "`jobs.concurrent`"),
        ("[jobs]\nlease_seconds = 0", "`jobs.lease_seconds`"),
        (
            "[server]\nshutdown_seconds = 99999",
            "`server.shutdown_seconds`",
        ),
        ("colour = 1", "unknown field `colour`"),
        (
            "[[secrets]]\nname = \"a\"\nkind = \"bearer\"\nhosts = [\"h\"]",
            "exactly one of",
        ),
        (
            "[[secrets]]\nname = \"a\"\nkind = \"bearer\"\nfile = \"f\"",
            "list the hosts",
        ),
        (
            "[[secrets]]\nname = \"a\"\nkind = \"basic\"\nfile = \"f\"\nhosts = [\"h\"]",
            "needs a `user`",
        ),
    ] {
        let message = error(text);
        assert!(message.contains(expected), "{text}: {message}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = load(Some(Path::new("no/such/file.toml")), Overrides::default()).unwrap_err();
    assert!(error.to_string().contains("no/such/file.toml"), "{error}");
}

#[test]
fn a_database_address_is_not_shown() {
    let text = "database = \"postgres://resync:canary@host/db\"";
    let config = parse(text, Overrides::default()).unwrap();
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn a_line_that_cannot_be_read_is_numbered_and_not_shown() {
    let text = "listen = \"127.0.0.1:1\"\ndatabase = \"postgres://resync:canary@host/db\n";
    let message = error(text);
    assert!(message.contains("line 2"), "{message}");
    assert!(!message.contains("canary"), "{message}");
}

#[test]
fn the_bounds_of_staleness_can_be_set_within_limits() {
    let config = parse(
        "[incremental]\npoll_seconds = 60\ndebounce_seconds = 1",
        Overrides::default(),
    )
    .unwrap();
    let seconds = |span: std::time::Duration| span.as_secs();
    assert_eq!(seconds(config.incremental.poll_interval), 60);
    assert_eq!(seconds(config.incremental.debounce_max), 5);
    assert_eq!(seconds(config.incremental.sweep_interval), 3600);
    assert_eq!(
        error("[incremental]\nsweep_seconds = 0"),
        "`incremental.sweep_seconds` is not valid: it must be between 1 and 86400 seconds, not 0"
    );
}

#[test]
fn webhooks_name_a_tracker_once_and_one_place_of_their_token() {
    let binding = "[[webhooks]]\ntracker = \"jira\"\nfile = \"token\"\n";
    let config = parse(binding, Overrides::default()).unwrap();
    assert_eq!(config.webhooks.len(), 1);
    for (text, expected) in [
        (format!("{binding}{binding}"), "the tracker stands twice"),
        (
            format!("{binding}environment = \"TOKEN\""),
            "exactly one of",
        ),
        (binding.replace("jira", ""), "needs a `tracker`"),
        (
            format!("{binding}signing_file = \"a\"\nsigning_environment = \"A\""),
            "at most one of",
        ),
    ] {
        let message = error(&text);
        assert!(message.contains(expected), "{message}");
    }
}
