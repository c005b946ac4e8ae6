//! `resync-simulator`: the simulated Jira as a process, for trying clients by hand and for
//! measuring. It keeps everything in memory and forgets it at the end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use resync_simulator::{Account, Clock, Flavour, Latency, Options, Simulator, serve};

/// A small Jira to try clients on.
#[derive(Debug, Parser)]
#[command(name = "resync-simulator", version)]
struct Arguments {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Which product to simulate.
    #[arg(long, value_enum, default_value_t = Product::Cloud)]
    flavour: Product,
    /// Content: a file of issues in REST shape, one a line (.jsonl or .jsonl.gz).
    #[arg(long, value_name = "FILE", group = "content")]
    import: Option<PathBuf>,
    /// Content: so many seeded issues, at most 1,000,000.
    #[arg(long, value_name = "N", group = "content")]
    issues: Option<u32>,
    /// Content: the small readable sample. This is the default.
    #[arg(long, group = "content")]
    sample: bool,
    /// Seed of everything random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The account's token; its name is admin@example.com (Cloud) or admin (Data Center).
    #[arg(
        long,
        env = "RESYNC_SIMULATOR_TOKEN",
        hide_env_values = true,
        default_value = "secret"
    )]
    token: String,
    /// IANA time zone of the account.
    #[arg(long, default_value = "Etc/UTC")]
    time_zone: String,
    /// Milliseconds that every answer takes.
    #[arg(long, default_value_t = 0)]
    latency: u64,
    /// Microseconds more for every issue in an answer.
    #[arg(long, default_value_t = 0)]
    latency_per_issue: u64,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Product {
    Cloud,
    DataCenter,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&format!("resync-simulator: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    // The simulator itself would take an unknown zone for UTC.
    jiff::tz::TimeZone::get(&arguments.time_zone)?;
    let listener = tokio::net::TcpListener::bind(arguments.listen).await?;
    let base_uri = format!("http://{}", listener.local_addr()?);
    let simulator = Simulator::new(options(&arguments, base_uri.clone()));
    if let Some(file) = &arguments.import {
        simulator.load_archive(file)?;
    } else if let Some(count) = arguments.issues {
        simulator.seed_content(count);
    } else {
        simulator.load_sample();
    }
    simulator.edit(|state| {
        state.latency = Latency {
            fixed: Duration::from_millis(arguments.latency),
            per_issue: Duration::from_micros(arguments.latency_per_issue),
        };
    });
    announce(&format!(
        "{base_uri} ({} issues)",
        simulator.inspect(|state| state.count())
    ));
    let interrupted = async { drop(tokio::signal::ctrl_c().await) };
    Ok(serve::serve(listener, simulator, interrupted).await?)
}

fn options(arguments: &Arguments, base_uri: String) -> Options {
    let (flavour, name) = match arguments.flavour {
        Product::Cloud => (Flavour::Cloud, "admin@example.com"),
        Product::DataCenter => (Flavour::DataCenter, "admin"),
    };
    Options {
        flavour,
        seed: arguments.seed,
        clock: wall_clock(),
        base_uri,
        account: Account {
            name: name.to_owned(),
            token: arguments.token.clone(),
            time_zone: arguments.time_zone.clone(),
            account_id: "712020:admin".to_owned(),
            display_name: "Admin".to_owned(),
        },
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a process of its own lives in real time"
)]
fn wall_clock() -> Clock {
    Arc::new(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    })
}

#[expect(
    clippy::print_stdout,
    reason = "the address is the output of this command"
)]
fn announce(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "a command tells why it ends")]
fn report(text: &str) {
    eprintln!("{text}");
}
