//! How long a read takes against the simulated Jira behind HTTP, beside a bare download: the same
//! requests again, as many at a time, with their answers thrown away.
//! `cargo run --release -p resync-tracker --example read_speed`, with the number of issues when it
//! is not 100,000.
//!
//! What it is not: a benchmark of Jira. The simulator answers at once, so that what is seen is
//! the work of the client; `--latency` makes an answer take 40 ms and 0.2 ms for each issue.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use http::{Request, Response};
use resync_simulator::{Account, Flavour, Latency, Options, Simulator, serve};
use resync_tracker::jira::{
    Credential, HttpOptions, HttpTransport, Jira, Product, Secret, Settings, Transport,
    TransportError,
};
use resync_tracker::{Query, TrackerReader};
use std::error::Error;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

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
    writeln!(out, "{}", settings.product)?;
    for text in QUERIES {
        let transport = Arc::new(Recorder {
            inner: HttpTransport::new(&HttpOptions::default())?,
            requests: Mutex::default(),
        });
        let jira = Jira::new(settings, Arc::clone(&transport), Arc::new(|| 0.5))?;
        let query = Query::Jql(text.into());
        // The first search of a query fills the simulator's cache.
        jira.read_query(&query, &|_| ()).await?;
        transport.take();
        let begin = Instant::now();
        let issues = jira.read_query(&query, &|_| ()).await?.issues.len();
        let read = begin.elapsed();

        let requests = transport.take();
        let sent = requests.len();
        let concurrency = settings.max_concurrent_requests as usize;
        let begin = Instant::now();
        let sizes: Vec<usize> = stream::iter(requests)
            .map(|request| transport.inner.send(request))
            .buffer_unordered(concurrency)
            .map_ok(|response| response.body().len())
            .try_collect()
            .await?;
        let bare = begin.elapsed();
        let ratio = read.as_secs_f64() / bare.as_secs_f64();
        let bytes: usize = sizes.iter().sum();
        writeln!(
            out,
            "  read {read:.2?}, bare {bare:.2?}, {ratio:.2} ×: {text}"
        )?;
        writeln!(out, "    {issues} issues, {sent} requests, {bytes} bytes")?;
    }
    Ok(())
}

/// Keeps what was sent, to send it again.
struct Recorder {
    inner: HttpTransport,
    requests: Mutex<Vec<Request<Bytes>>>,
}

impl Recorder {
    fn take(&self) -> Vec<Request<Bytes>> {
        std::mem::take(&mut self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Transport for Recorder {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let copy = request.clone();
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(copy);
        self.inner.send(request).await
    }
}
