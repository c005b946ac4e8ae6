//! What can be typed after `resync synchronizer`.

use clap::{Args, Subcommand};

/// Commands about synchronizers.
#[derive(Debug, Subcommand)]
pub enum SynchronizerCommand {
    /// List synchronizers
    List {
        /// The structure; all when left out
        #[arg(default_value = "-", hide_default_value = true)]
        structure: String,
    },
    /// Show a synchronizer
    Get {
        /// The structure
        structure: String,
        /// The synchronizer
        synchronizer: String,
    },
    /// Install a synchronizer; it starts disabled, so that a preview comes first
    Add(Box<SynchronizerAdd>),
    /// Start incremental syncs
    Enable {
        /// The structure
        structure: String,
        /// The synchronizer
        synchronizer: String,
    },
    /// Stop incremental syncs
    Disable {
        /// The structure
        structure: String,
        /// The synchronizer
        synchronizer: String,
    },
    /// Remove a synchronizer; what it has synced stays as it is
    Delete {
        /// The structure
        structure: String,
        /// The synchronizer
        synchronizer: String,
    },
    /// List the kinds, and what each can do
    Kinds,
}

/// The settings of a new synchronizer.
#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("kind").required(true)))]
pub struct SynchronizerAdd {
    /// The structure
    pub structure: String,
    /// The id; the server chooses one when left out
    #[arg(default_value = "", hide_default_value = true)]
    pub synchronizer: String,
    /// The name that people see; the id when left out
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The tracker; may be left out when there is just one
    #[arg(long, value_name = "TRACKER")]
    pub tracker: Option<String>,

    /// Keep the issues in the structure that a JQL query matches
    #[arg(long, group = "kind", value_name = "JQL", help_heading = "Kind filter")]
    pub filter_jql: Option<String>,
    /// Keep the issues in the structure that a saved filter matches
    #[arg(long, group = "kind", value_name = "ID", help_heading = "Kind filter")]
    pub saved_filter: Option<String>,
    /// Place new issues under this issue; at the end of the top level when left out
    #[arg(
        long,
        conflicts_with = "subtasks",
        value_name = "KEY",
        help_heading = "Kind filter"
    )]
    pub under: Option<String>,
    /// Move matching issues that are elsewhere in the structure
    #[arg(long, conflicts_with = "subtasks", help_heading = "Kind filter")]
    pub allow_move: bool,
    /// Remove issues that no longer match
    #[arg(long, conflicts_with = "subtasks", help_heading = "Kind filter")]
    pub remove: bool,
    /// Remove only issues that are still where this rule places them
    #[arg(long, requires = "remove", help_heading = "Kind filter")]
    pub remove_only_placed: bool,
    /// Remove children that no longer match together with their parent
    #[arg(long, requires = "remove", help_heading = "Kind filter")]
    pub check_children: bool,

    /// Keep sub-tasks under their parents
    #[arg(long, group = "kind", help_heading = "Kind subtasks")]
    pub subtasks: bool,
    /// Only sub-tasks of this type; may be repeated
    #[arg(
        long = "type",
        requires = "subtasks",
        value_name = "ID",
        help_heading = "Kind subtasks"
    )]
    pub types: Vec<String>,
    /// Remove sub-tasks whose parent is not in the structure
    #[arg(long, requires = "subtasks", help_heading = "Kind subtasks")]
    pub remove_orphaned: bool,
}
