//! What can be typed after `resync structure`.

use clap::Subcommand;

/// Commands about structures.
#[derive(Debug, Subcommand)]
pub enum StructureCommand {
    /// List structures
    List {
        /// List deleted structures, too
        #[arg(long)]
        deleted: bool,
    },
    /// Show a structure
    Get {
        /// The structure
        structure: String,
    },
    /// Create an empty structure
    Create {
        /// The id: lower-case letters, digits and hyphens
        structure: String,
        /// The name that people see; the id when left out
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// What the structure is for
        #[arg(
            long,
            default_value = "",
            hide_default_value = true,
            value_name = "TEXT"
        )]
        description: String,
    },
    /// Change the name that people see
    Rename {
        /// The structure
        structure: String,
        /// The new name
        name: String,
    },
    /// Delete a structure; nothing is changed in Jira, and `undelete` undoes it
    Delete {
        /// The structure
        structure: String,
        /// Delete it even though it has synchronizers
        #[arg(long)]
        force: bool,
        /// Confirm without being asked: the id of the structure
        #[arg(long, value_name = "STRUCTURE")]
        confirm: Option<String>,
    },
    /// Bring a deleted structure back
    Undelete {
        /// The structure
        structure: String,
    },
}
