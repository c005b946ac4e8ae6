//! What can be typed after `resync tracker`.

use clap::{Subcommand, ValueEnum};

/// Commands about connections to trackers.
#[derive(Debug, Subcommand)]
pub enum TrackerCommand {
    /// List connections
    List,
    /// Show a connection
    Get {
        /// The tracker
        tracker: String,
    },
    /// Create a connection
    Add {
        /// The id: lower-case letters, digits and hyphens
        tracker: String,
        /// Where the tracker is, for example `https://jira.example.com`
        #[arg(long, value_name = "URL")]
        url: String,
        /// The product at the other end
        #[arg(long, value_enum, default_value = "cloud")]
        product: Product,
        /// The name of the secret to sign in with, as the server's configuration has it
        #[arg(long, value_name = "NAME")]
        credential: String,
        /// The name that people see; the id when left out
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Check that the tracker answers and allows what synchronizers need
    Check {
        /// The tracker
        tracker: String,
    },
    /// Delete a connection; refused while a synchronizer uses it
    Delete {
        /// The tracker
        tracker: String,
    },
}

/// A product.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Product {
    /// Jira Cloud
    Cloud,
    /// Jira Data Center
    DataCenter,
}
