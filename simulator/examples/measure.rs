//! Measures what the simulator costs by itself, so that nobody mistakes it for the client's cost:
//! `cargo run --release -p resync-simulator --example measure -- [ISSUES]`.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement prints times"
)]

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use resync_simulator::{Account, Answer, Flavour, Options, Request, Simulator};

const FIELDS: &str = r#"["summary","status","issuetype","project","priority","assignee","reporter","labels","created","updated","parent","subtasks","issuelinks","customfield_10047"]"#;

fn main() {
    let count = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(100_000);
    let simulator = simulator();
    let start = Instant::now();
    simulator.seed_content(count);
    println!(
        "seed {count} issues: {:.2?}, {} MiB resident",
        start.elapsed(),
        resident()
    );
    census(&simulator);
    pages(&simulator, "id > 0 ORDER BY id");
    pages(&simulator, "type in standardIssueTypes() ORDER BY Rank");
    windows(&simulator, 8);
    once(&simulator, "updated >= -1h ORDER BY updated ASC, key ASC");
    println!("at the end: {} MiB resident", resident());
}

fn simulator() -> Simulator {
    Simulator::new(Options {
        flavour: Flavour::Cloud,
        seed: 1,
        clock: Arc::new(|| 1_795_514_400_000),
        base_uri: "https://site.example".to_owned(),
        account: Account {
            name: "admin".to_owned(),
            token: "secret".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            account_id: "712020:admin".to_owned(),
            display_name: "Admin".to_owned(),
        },
    })
}

fn census(simulator: &Simulator) {
    let start = Instant::now();
    let (requests, bytes) = walk(simulator, "id > 0 ORDER BY id", 5000, r#"["id"]"#);
    println!(
        "census of ids: {:.2?}, {requests} requests, {bytes} bytes",
        start.elapsed()
    );
}

fn pages(simulator: &Simulator, jql: &str) {
    let start = Instant::now();
    let (requests, bytes) = walk(simulator, jql, 100, FIELDS);
    println!(
        "{jql}: {:.2?}, {requests} requests, {bytes} bytes",
        start.elapsed()
    );
}

fn windows(simulator: &Simulator, parts: u64) {
    let count = simulator.inspect(|state| state.count()) as u64;
    let start = Instant::now();
    let mut requests = 0;
    for part in 0..parts {
        let from = 10_000 + count * part / parts;
        let to = 10_000 + count * (part + 1) / parts;
        let jql = format!("id >= {from} AND id < {to} ORDER BY id");
        requests += walk(simulator, &jql, 100, FIELDS).0;
    }
    println!(
        "{parts} id ranges: {:.2?}, {requests} requests",
        start.elapsed()
    );
}

fn once(simulator: &Simulator, jql: &str) {
    let start = Instant::now();
    page(simulator, jql, 100, FIELDS, None);
    println!("{jql}, one page: {:.2?}", start.elapsed());
}

fn walk(simulator: &Simulator, jql: &str, size: u32, fields: &str) -> (u32, usize) {
    let (mut requests, mut bytes) = (0, 0);
    let mut token = None;
    loop {
        let body = page(simulator, jql, size, fields, token.as_deref());
        requests += 1;
        bytes += body.len();
        token = next(&body);
        if token.is_none() {
            return (requests, bytes);
        }
    }
}

fn page(simulator: &Simulator, jql: &str, size: u32, fields: &str, token: Option<&str>) -> Bytes {
    let token = token
        .map(|token| format!(r#","nextPageToken":"{token}""#))
        .unwrap_or_default();
    let body = format!(r#"{{"jql":"{jql}","maxResults":{size},"fields":{fields}{token}}}"#);
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer secret"));
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let request = Request {
        method: Method::POST,
        path: "/rest/api/3/search/jql".to_owned(),
        query: None,
        headers,
        body: body.into(),
    };
    match simulator.handle(&request).answer {
        Answer::Response(response) if response.status == 200 => response.body,
        other => panic!("{jql}: {other:?}"),
    }
}

/// The token, which stands before the issues.
fn next(body: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&body[..body.len().min(300)]);
    let from = head.find("nextPageToken\":\"")? + "nextPageToken\":\"".len();
    let to = head[from..].find('"')?;
    Some(head[from..from + to].to_owned())
}

/// Resident memory of this process, in MiB; 0 where the system does not tell.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text
        .split(' ')
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    pages * 4096 / (1024 * 1024)
}
