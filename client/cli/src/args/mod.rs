//! What can be typed: commands, arguments, and their help. Not what they do; see `commands`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};

mod row;
mod structure;
mod synchronizer;
mod tracker;

pub use row::{RowCommand, RowPlace};
pub use structure::StructureCommand;
pub use synchronizer::{
    AgileFlags, LinksFlags, LinksPrimacy, LinksRemoval, LinksScope, ParentEnd, SynchronizerAdd,
    SynchronizerCommand,
};
pub use tracker::{Product, TrackerCommand};

/// Keeps hierarchies of Jira issues in step with Jira.
///
/// A structure is a named, ordered hierarchy of issues. A synchronizer is a rule that keeps it in
/// step with a tracker. A resync applies one rule in full, in one direction: preview it first.
#[derive(Debug, Parser)]
#[command(
    name = "resync",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Exit codes: resync help exit-codes"
)]
pub struct Arguments {
    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "documentation here would replace that of the program"
    )]
    pub global: Global,
    #[command(subcommand)]
    #[expect(
        missing_docs,
        reason = "documentation here would replace that of the program"
    )]
    pub command: Command,
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The server to call
    #[arg(
        long,
        global = true,
        env = "RESYNC_ADDRESS",
        hide_env_values = true,
        default_value = "http://127.0.0.1:7420",
        value_name = "URL"
    )]
    pub address: String,
    /// The certificate (PEM) of the authority to trust for https, instead of the system's
    #[arg(
        long,
        global = true,
        env = "RESYNC_CERTIFICATE_AUTHORITY",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub certificate_authority: Option<PathBuf>,
    /// How to print results
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub output: OutputFormat,
    /// How to show progress, on the standard error
    #[arg(long, global = true, value_enum, default_value_t, value_name = "MODE")]
    pub progress: ProgressMode,
    /// Whether to use colour; markers carry the meaning without it
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Never ask; what needs an answer is refused
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Give up after this time, for example 90s, 5m or 1h; a job that was started goes on
    #[arg(long, global = true, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Show more: unchanged rows, explanations, the whole log
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum OutputFormat {
    /// Text for people
    #[default]
    Table,
    /// One JSON document
    Json,
    /// One JSON document a line: an item of a list, or an event
    Jsonl,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum ProgressMode {
    /// A bar on a terminal, lines elsewhere
    #[default]
    Auto,
    /// A bar
    Tty,
    /// A line for each phase, and one every 10 seconds
    Plain,
    /// Nothing
    Quiet,
}

/// Whether to use colour.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Structures: list, create, rename, delete
    #[command(subcommand)]
    Structure(StructureCommand),
    /// Show the rows of a structure
    Tree {
        /// The structure
        structure: String,
        /// Show only so many levels
        #[arg(long, value_name = "LEVELS")]
        depth: Option<i32>,
        /// Show an older version
        #[arg(
            long,
            value_name = "VERSION",
            default_value_t = 0,
            hide_default_value = true
        )]
        at: i64,
    },
    /// Edit the rows of a structure by hand
    #[command(subcommand)]
    Row(RowCommand),
    /// Synchronizers: the rules that keep a structure in step
    #[command(subcommand)]
    Synchronizer(SynchronizerCommand),
    /// Show what a resync would change, and change nothing
    Preview {
        #[command(flatten)]
        #[expect(
            missing_docs,
            reason = "documentation here would replace that of the command"
        )]
        resync: Resync,
        /// Show only the counts
        #[arg(long)]
        summary: bool,
        /// Exit with 3 when there are changes
        #[arg(long)]
        exit_code: bool,
    },
    /// Run a resync: preview it, ask, and do exactly what was shown
    ///
    /// Only additions need a yes. Anything that discards something needs the id of the structure,
    /// typed; and when a guard trips, the number of destructive changes, too.
    Run(Box<Run>),
    /// Jobs: list, follow, cancel
    #[command(subcommand)]
    Job(JobCommand),
    /// Connections to trackers
    #[command(subcommand)]
    Tracker(TrackerCommand),
    /// Show what the server is and what it allows
    Server,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Show the help of a command, or `help exit-codes`
    Help {
        /// The command, or a topic: exit-codes
        topic: Vec<String>,
    },
}

/// Which resync.
#[derive(Args, Clone, Debug)]
pub struct Resync {
    /// The structure
    pub structure: String,
    /// The synchronizer; may be left out when the structure has just one
    pub synchronizer: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "documentation here would be shown as help")]
    pub direction: DirectionChoice,
}

/// Which side has the final say. There is no default, since the wrong direction can lose data.
#[derive(Args, Clone, Copy, Debug)]
#[group(required = true, multiple = false)]
pub struct DirectionChoice {
    /// Jira is right; the STRUCTURE is changed
    #[arg(long)]
    pub into: bool,
    /// The structure is right; JIRA is changed
    #[arg(long)]
    pub from: bool,
}

/// How to run a resync.
#[derive(Args, Clone, Debug)]
pub struct Run {
    #[command(flatten)]
    #[expect(missing_docs, reason = "documentation here would be shown as help")]
    pub resync: Resync,
    /// Confirm without being asked: the id of the structure
    #[arg(long, value_name = "STRUCTURE", conflicts_with = "force")]
    pub confirm: Option<String>,
    /// With --confirm, when a guard trips: the number of destructive changes
    #[arg(long, value_name = "COUNT", requires = "confirm")]
    pub acknowledge: Option<i32>,
    /// Run without a preview; passes no guard, and stops at 500 destructive changes
    #[arg(long)]
    pub force: bool,
    /// Enable the synchronizer when the resync has succeeded
    #[arg(long)]
    pub enable: bool,
    /// Why, for the audit log
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT"
    )]
    pub reason: String,
    /// Start the job, and do not follow it
    #[arg(long)]
    pub detach: bool,
}

/// Commands about jobs. A job is named STRUCTURE/JOB, for example launch/12.
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// List jobs, the newest first
    List {
        /// The structure; all when left out
        #[arg(default_value = "-", hide_default_value = true)]
        structure: String,
        /// Which jobs, for example: state = STATE_RUNNING
        #[arg(
            long,
            default_value = "",
            hide_default_value = true,
            value_name = "FILTER"
        )]
        filter: String,
        /// The most jobs to list
        #[arg(long, default_value_t = 50, value_name = "COUNT")]
        limit: usize,
    },
    /// Show a job
    Get {
        /// The job, for example launch/12
        job: String,
    },
    /// Follow a job until it ends
    Watch {
        /// The job, for example launch/12
        job: String,
    },
    /// Wait until a job has ended, and show it
    Wait {
        /// The job, for example launch/12
        job: String,
    },
    /// Ask a job to stop; what it has changed stays
    Cancel {
        /// The job, for example launch/12
        job: String,
        /// Why, for the audit log
        #[arg(
            long,
            default_value = "",
            hide_default_value = true,
            value_name = "TEXT"
        )]
        reason: String,
    },
    /// List what a job plans or has made, and what it leaves
    Changes {
        /// The job, for example launch/12
        job: String,
        /// Which changes, for example: destructive = true
        #[arg(
            long,
            default_value = "",
            hide_default_value = true,
            value_name = "FILTER"
        )]
        filter: String,
    },
}

/// Reads a time such as `90s`, `5m` or `1h`; a number alone counts seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, seconds) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60),
        Some(number) if text.ends_with('h') => (number, 3600),
        Some(number) => (number, 1),
        None => (text, 1),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "give a number with s, m or h, for example 90s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "s", "1d", "-1s", "1.5h", "99999999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
