//! How long a read takes against the simulated Jira behind HTTP, beside a bare download of the
//! same pages one after the other: `cargo run --release -p resync-tracker --example read_speed`,
//! with the number of issues when it is not 100,000.
//!
//! What it is not: a benchmark of Jira. The simulator answers at once, so that what is seen is
//! the work of the client; `--latency` makes an answer take 40 ms and 0.2 ms for each issue.

use bytes::Bytes;
use http::{Method, Request};
use resync_simulator::{Account, Flavour, Latency, Options, Simulator, serve};
use resync_tracker::jira::{
    Credential, HttpOptions, HttpTransport, Jira, Product, Secret, Settings, Transport,
};
use resync_tracker::{Query, TrackerReader};
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

const FIELDS: [&str; 7] = [
    "summary",
    "issuetype",
    "project",
    "status",
    "assignee",
    "parent",
    "updated",
];

/// All of the content; an order of its own, as most filters have.
const QUERIES: [&str; 2] = [
    "created > \"2000-01-01\"",
    "created > \"2000-01-01\" ORDER BY Rank ASC",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let slow = arguments.iter().any(|argument| argument == "--latency");
    let count = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(100_000);
    for product in [Product::Cloud, Product::DataCenter] {
        let address = serve_content(product, count, slow).await?;
        let credential = Credential::Bearer {
            secret: Secret::new("token"),
        };
        let basic = Credential::Basic {
            user: "ann".to_owned(),
            secret: Secret::new("token"),
        };
        let credential = if product == Product::Cloud {
            basic
        } else {
            credential
        };
        let mut settings = Settings::new(product, address, credential);
        settings.max_requests_per_second = 0;
        measure(&settings).await?;
    }
    Ok(())
}

async fn serve_content(product: Product, count: u32, slow: bool) -> Result<String, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let begin = Instant::now();
    let simulator = Simulator::new(Options {
        flavour: if product == Product::Cloud {
            Flavour::Cloud
        } else {
            Flavour::DataCenter
        },
        seed: 1,
        // The burst limit of the simulated Cloud counts by this clock.
        clock: Arc::new(move || {
            1_795_000_000_000 + i64::try_from(begin.elapsed().as_millis()).unwrap_or(0)
        }),
        base_uri: address.clone(),
        account: Account {
            name: "ann".to_owned(),
            token: "token".to_owned(),
            time_zone: "UTC".to_owned(),
            account_id: "ann".to_owned(),
            display_name: "Ann".to_owned(),
        },
    });
    simulator.seed_content(count);
    if slow {
        let (fixed, per_issue) = (Duration::from_millis(40), Duration::from_micros(200));
        simulator.edit(|state| state.latency = Latency { fixed, per_issue });
    }
    tokio::spawn(serve::serve(listener, simulator, std::future::pending()));
    Ok(address)
}

async fn measure(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    // The first search of a query fills the simulator's cache.
    download(settings).await?;
    let begin = Instant::now();
    let (pages, bytes) = download(settings).await?;
    let bare = begin.elapsed();
    writeln!(
        out,
        "{}: bare download {bare:.2?} ({pages} pages, {bytes} bytes)",
        settings.product
    )?;
    for text in QUERIES {
        let transport = HttpTransport::new(&HttpOptions::default())?;
        let jira = Jira::new(settings, transport, Arc::new(|| 0.5))?;
        let begin = Instant::now();
        let result = jira.read_query(&Query::Jql(text.into()), &|_| ()).await?;
        let took = begin.elapsed();
        let ratio = took.as_secs_f64() / bare.as_secs_f64();
        let (issues, sent) = (result.issues.len(), jira.counters().sent);
        writeln!(
            out,
            "  {took:.2?}, {ratio:.2} × bare: {issues} issues, {sent} requests: {text}"
        )?;
    }
    Ok(())
}

/// The pages of the first query, one after the other, as bytes.
async fn download(settings: &Settings) -> Result<(usize, usize), Box<dyn Error>> {
    let transport = HttpTransport::new(&HttpOptions::default())?;
    let (mut pages, mut bytes, mut start) = (0, 0, 0);
    let mut token = None;
    loop {
        let mut body = serde_json::json!({
            "jql": QUERIES[0], "fields": FIELDS, "maxResults": settings.page_size,
        });
        let (path, authorization) = match settings.product {
            Product::Cloud => ("/rest/api/3/search/jql", "Basic YW5uOnRva2Vu"),
            Product::DataCenter => ("/rest/api/2/search", "Bearer token"),
        };
        match (settings.product, token.take()) {
            (Product::DataCenter, _) => body["startAt"] = start.into(),
            (Product::Cloud, Some(next)) => body["nextPageToken"] = next,
            (Product::Cloud, None) => {}
        }
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", settings.base_uri))
            .header("authorization", authorization)
            .header("content-type", "application/json")
            .body(Bytes::from(body.to_string()))?;
        let page = transport.send(request).await?.into_body();
        (pages, bytes, start) = (pages + 1, bytes + page.len(), start + settings.page_size);
        token = next_token(&page);
        // Data Center shows no more than its window of offsets to so simple a client.
        if token.is_none() && (settings.product == Product::Cloud || start >= 10_000) {
            return Ok((pages, bytes));
        }
    }
}

/// The token, found without reading the page as JSON.
fn next_token(page: &[u8]) -> Option<serde_json::Value> {
    let text = std::str::from_utf8(page).ok()?;
    let (_, rest) = text.rsplit_once("\"nextPageToken\":\"")?;
    let (token, _) = rest.split_once('"')?;
    Some(token.into())
}
