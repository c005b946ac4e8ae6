//! What can be typed after `resync row`.

use clap::{Args, Subcommand};

/// Commands that edit rows. `resync tree` shows their numbers.
#[derive(Debug, Subcommand)]
pub enum RowCommand {
    /// Add an issue or a folder
    #[command(group(clap::ArgGroup::new("item").required(true)))]
    Add {
        /// The structure
        structure: String,
        /// The key of the issue to add
        #[arg(long, group = "item", value_name = "KEY")]
        issue: Option<String>,
        /// The title of the folder to add
        #[arg(long, group = "item", value_name = "TITLE")]
        folder: Option<String>,
        /// The tracker of the issue; may be left out when there is just one
        #[arg(long, conflicts_with = "folder", value_name = "TRACKER")]
        tracker: Option<String>,
        #[command(flatten)]
        #[expect(missing_docs, reason = "documentation here would be shown as help")]
        place: RowPlace,
    },
    /// Move rows with everything below them
    Move {
        /// The structure
        structure: String,
        /// The numbers of the rows
        #[arg(required = true, value_name = "ROW")]
        rows: Vec<i64>,
        #[command(flatten)]
        #[expect(missing_docs, reason = "documentation here would be shown as help")]
        place: RowPlace,
    },
    /// Remove rows with everything below them
    Remove {
        /// The structure
        structure: String,
        /// The numbers of the rows
        #[arg(required = true, value_name = "ROW")]
        rows: Vec<i64>,
    },
}

/// A place among the rows.
#[derive(Args, Clone, Copy, Debug)]
pub struct RowPlace {
    /// The row to become a child of; the top when left out
    #[arg(
        long,
        default_value_t = 0,
        hide_default_value = true,
        value_name = "ROW"
    )]
    pub under: i64,
    /// The sibling to follow; the first place when left out
    #[arg(
        long,
        default_value_t = 0,
        hide_default_value = true,
        value_name = "ROW"
    )]
    pub after: i64,
}
