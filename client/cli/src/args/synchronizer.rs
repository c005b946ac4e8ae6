//! What can be typed after `resync synchronizer`.

use clap::{Args, Subcommand, ValueEnum};

/// The flags of the other kinds, for each kind. `requires` alone lets a flag of one kind pass beside
/// another kind, since what it requires cannot be there.
const NOT_FILTER: [&str; 3] = ["subtasks", "link_type", "agile"];
const NOT_SUBTASKS: [&str; 4] = ["filter_jql", "saved_filter", "link_type", "agile"];
const NOT_LINKS: [&str; 4] = ["filter_jql", "saved_filter", "subtasks", "agile"];
const NOT_AGILE: [&str; 4] = ["filter_jql", "saved_filter", "subtasks", "link_type"];

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
        conflicts_with_all = NOT_FILTER,
        value_name = "KEY",
        help_heading = "Kind filter"
    )]
    pub under: Option<String>,
    /// Move matching issues that are elsewhere in the structure
    #[arg(long, conflicts_with_all = NOT_FILTER, help_heading = "Kind filter")]
    pub allow_move: bool,
    /// Remove issues that no longer match
    #[arg(long, conflicts_with_all = NOT_FILTER, help_heading = "Kind filter")]
    pub remove: bool,
    /// Remove only issues that are still where this rule places them
    #[arg(long, requires = "remove", conflicts_with_all = NOT_FILTER, help_heading = "Kind filter")]
    pub remove_only_placed: bool,
    /// Remove children that no longer match together with their parent
    #[arg(long, requires = "remove", conflicts_with_all = NOT_FILTER, help_heading = "Kind filter")]
    pub check_children: bool,

    /// Keep sub-tasks under their parents
    #[arg(long, group = "kind", help_heading = "Kind subtasks")]
    pub subtasks: bool,
    /// Only sub-tasks of this type; may be repeated
    #[arg(
        long = "type",
        requires = "subtasks", conflicts_with_all = NOT_SUBTASKS,
        value_name = "ID",
        help_heading = "Kind subtasks"
    )]
    pub types: Vec<String>,
    /// Remove sub-tasks whose parent is not in the structure
    #[arg(long, requires = "subtasks", conflicts_with_all = NOT_SUBTASKS, help_heading = "Kind subtasks")]
    pub remove_orphaned: bool,

    /// The settings of the kind links
    #[command(flatten)]
    pub links: LinksFlags,
    /// The settings of the kind agile
    #[command(flatten)]
    pub agile: AgileFlags,
}

/// The settings of a links synchronizer.
#[derive(Args, Debug)]
#[command(next_help_heading = "Kind links")]
pub struct LinksFlags {
    /// Keep issues under those that links of this type make their parents
    #[arg(long = "links", group = "kind", value_name = "TYPE_ID")]
    pub link_type: Option<String>,
    /// Which end of a link is the parent
    #[arg(long, requires = "link_type", conflicts_with_all = NOT_LINKS, value_enum, default_value = "outward")]
    pub parent_end: ParentEnd,
    /// Which issues it is about
    #[arg(long, requires = "link_type", conflicts_with_all = NOT_LINKS, value_enum, default_value = "structure")]
    pub scope: LinksScope,
    /// What becomes of a child whose link is gone
    #[arg(long, requires = "link_type", conflicts_with_all = NOT_LINKS, value_enum, default_value = "keep")]
    pub removal: LinksRemoval,
    /// Who wins when both sides have changed
    #[arg(long, requires = "link_type", conflicts_with_all = NOT_LINKS, value_enum, default_value = "equal")]
    pub primacy: LinksPrimacy,
    /// Count only links whose parent this query matches
    #[arg(
        long,
        requires = "link_type", conflicts_with_all = NOT_LINKS,
        value_name = "JQL",
        default_value = "",
        hide_default_value = true
    )]
    pub parent_jql: String,
    /// Count only links whose child this query matches
    #[arg(
        long,
        requires = "link_type", conflicts_with_all = NOT_LINKS,
        value_name = "JQL",
        default_value = "",
        hide_default_value = true
    )]
    pub child_jql: String,
}

/// Which end of a link is the parent.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum ParentEnd {
    /// The source, for example the one that blocks
    Outward,
    /// The target, for example the one that is blocked
    Inward,
}

/// Which issues a links synchronizer is about.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LinksScope {
    /// Only issues that are in the structure
    Structure,
    /// Issues in the structure, and what is linked below them
    Children,
    /// All linked issues
    All,
}

/// What becomes of a child whose link is gone.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LinksRemoval {
    /// It stays where it is
    Keep,
    /// It is moved to the top level
    MoveToTop,
    /// It is removed from the structure
    Remove,
}

/// Who wins when both sides have changed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LinksPrimacy {
    /// Neither: a conflict is decided by the conflict rule
    Equal,
    /// The links
    Links,
    /// The structure
    Structure,
}

/// The settings of an agile synchronizer.
#[derive(Args, Debug)]
#[command(next_help_heading = "Kind agile")]
pub struct AgileFlags {
    /// Keep the issues of this board in step
    #[arg(long, group = "kind", group = "agile", value_name = "ID")]
    pub board: Option<String>,
    /// Keep the issues of this project in step; may be repeated
    #[arg(long = "project", group = "kind", group = "agile", value_name = "KEY")]
    pub projects: Vec<String>,
    /// The rank field of the projects; the only one that there is when left out
    #[arg(
        long,
        requires = "projects",
        conflicts_with_all = NOT_AGILE,
        value_name = "FIELD_ID",
        default_value = "",
        hide_default_value = true
    )]
    pub rank_field: String,
    /// Keep siblings in the order of their rank
    #[arg(long, requires = "agile", conflicts_with_all = NOT_AGILE)]
    pub rank: bool,
    /// Keep issues under their epics
    #[arg(long, requires = "agile", conflicts_with_all = NOT_AGILE)]
    pub epics: bool,
    /// Add sub-tasks, and keep them under their parents
    #[arg(long, requires = "agile", conflicts_with_all = NOT_AGILE)]
    pub add_subtasks: bool,
}
