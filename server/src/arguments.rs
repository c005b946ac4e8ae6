//! The command line, as clap reads it. Values are checked in [`crate::config`].

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Keeps a hierarchy of Jira issues in step with Jira.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the daemon can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a store that drifted from a simulated Jira in the same process: to look, and to try.
    Demo(DemoArguments),
    /// Serve a store that keeps structures in step with real trackers.
    Serve(ServeArguments),
    /// Check or print the configuration.
    Config {
        /// What of it.
        #[command(subcommand)]
        command: ConfigCommand,
    },
}

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check everything that `serve` would read, and say what is wrong.
    Check(ServeArguments),
    /// Print a commented configuration with every setting at its default.
    Example,
}

/// The kind of Jira that the demo simulates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Flavour {
    /// Jira Cloud.
    #[default]
    Cloud,
    /// Jira Data Center.
    DataCenter,
}

/// What the demo shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Scenario {
    /// A structure that drifted from Jira in every way that a resync mends.
    #[default]
    Drift,
    /// The same, with a Jira that asks for pauses.
    RateLimited,
    /// The same, with a Jira that does not answer at first.
    Outage,
    /// A filter that suddenly matches nothing: the guards stop the resync.
    EmptyFilter,
}

/// Flags of `demo`.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// The port on 127.0.0.1; 0 for any that is free.
    #[arg(long, default_value_t = crate::config::DEFAULT_PORT)]
    pub port: u16,
    /// Keep the store in this folder; without it, the store is deleted on exit.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Fill the simulated Jira with the issues of this JSON Lines file (may be gzipped), and
    /// bring all of them into one structure.
    #[arg(long, value_name = "FILE")]
    pub import: Option<PathBuf>,
    /// What to show.
    #[arg(long, value_enum, default_value_t, conflicts_with = "import")]
    pub scenario: Scenario,
    /// Which Jira to simulate.
    #[arg(long, value_enum, default_value_t)]
    pub flavour: Flavour,
    /// Stop when everything is set up, instead of serving until Ctrl-C.
    #[arg(long)]
    pub exit: bool,
}

/// Flags of `serve`.
#[derive(Debug, Args)]
pub struct ServeArguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "RESYNC_CONFIG")]
    pub config: Option<PathBuf>,
    /// The address to listen on, for example 127.0.0.1:7420.
    #[arg(long, value_name = "ADDR", env = "RESYNC_LISTEN")]
    pub listen: Option<String>,
    /// The folder of the embedded store.
    #[arg(long, value_name = "DIR", env = "RESYNC_DATA")]
    pub data: Option<PathBuf>,
    /// The address of a PostgreSQL database, instead of the embedded store.
    #[arg(
        long,
        value_name = "URL",
        env = "RESYNC_DATABASE",
        hide_env_values = true
    )]
    pub database: Option<String>,
}
