//! What the service allows: every limit with its unit and reason, and the switches of the operator.
//!
//! What it is not: the limits of jobs and of trackers; those are the engine's.

use std::time::Duration;

/// The limits of the service. [`Limits::default`] is what a server runs with; tests shorten some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest request, in bytes: 4 MiB, which every gRPC client can send.
    pub request_bytes_max: usize,
    /// The most rows of a structure.
    pub rows_per_structure_max: i64,
    /// The most jobs that run at the same time; shown only, the engine enforces it.
    pub concurrent_jobs_max: i32,
    /// The most watches of one caller at the same time: enough for a console with many tabs.
    pub watches_per_caller_max: usize,
    /// How long a confirmation token is accepted; shown only, the engine writes it into plans.
    pub plan_ttl: Duration,
    /// How long finished jobs are kept; shown only.
    pub job_retention: Duration,
    /// How long older versions of a forest are kept; shown only.
    pub forest_history: Duration,
    /// The longest silence on a watch: below the 60 s after which common proxies cut a stream.
    pub heartbeat_interval: Duration,
    /// The longest that a watcher may take nothing before it is given up.
    pub watcher_stall_max: Duration,
    /// How long a watch lives before its client is asked to call again, so that load spreads.
    pub watch_age_max: Duration,
    /// The longest pause between two looks of a watch into the store.
    pub watch_poll_max: Duration,
    /// The longest that a call other than a watch or `WaitJob` may take.
    pub unary_time_max: Duration,
    /// The most calls that are worked on at the same time; more wait within their deadline.
    pub concurrent_calls_max: usize,
    /// The longest that open calls may take to end when the server shuts down.
    pub drain_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes_max: 4 * 1024 * 1024,
            rows_per_structure_max: 1_000_000,
            concurrent_jobs_max: 4,
            watches_per_caller_max: 50,
            plan_ttl: Duration::from_secs(60 * 60),
            job_retention: Duration::from_secs(30 * 24 * 60 * 60),
            forest_history: Duration::from_secs(24 * 60 * 60),
            heartbeat_interval: Duration::from_secs(15),
            watcher_stall_max: Duration::from_secs(60),
            watch_age_max: Duration::from_secs(60 * 60),
            watch_poll_max: Duration::from_millis(250),
            unary_time_max: Duration::from_secs(60),
            concurrent_calls_max: 1024,
            drain_time_max: Duration::from_secs(20),
        }
    }
}

/// What the operator has switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Whether synchronizers can be installed and run: the setting `features.synchronizers`.
    pub synchronizers: bool,
}

/// The name of the switch in the operator's configuration, as errors tell it.
pub const SYNCHRONIZERS_SETTING: &str = "features.synchronizers";

/// To which hosts requests may be sent, and with which secrets: the operator's word, not a caller's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackerPolicy {
    /// For each secret that trackers may name: the hosts (`jira.example.com`) that it may go to.
    pub credentials: Vec<(String, Vec<String>)>,
    /// Whether `http` is allowed for hosts other than loopback.
    pub allow_plain_http: bool,
}

impl TrackerPolicy {
    /// Whether the secret of that name may be sent to the host.
    pub fn allows(&self, credential: &str, host: &str) -> bool {
        self.credentials
            .iter()
            .any(|(name, hosts)| name == credential && is_among(host, hosts))
    }
}

/// Whether a host is one of a list. Names are compared as DNS does, whatever their case, and with
/// or without the final dot; addresses of IPv6 with or without brackets.
pub fn is_among(host: &str, hosts: &[String]) -> bool {
    let host = normal_host(host);
    hosts.iter().any(|one| normal_host(one) == host)
}

fn normal_host(host: &str) -> String {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let host = bare.unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_as_dns_does() {
        let hosts = ["Jira.Example.com", "::1", "[fe80::1]"].map(str::to_owned);
        for host in [
            "jira.example.com",
            "JIRA.EXAMPLE.COM.",
            "[::1]",
            "::1",
            "FE80::1",
        ] {
            assert!(is_among(host, &hosts), "{host}");
        }
        for host in [
            "example.com",
            "jira.example.com.evil.com",
            "",
            "jira.example.com:80",
        ] {
            assert!(!is_among(host, &hosts), "{host}");
        }
    }
}
