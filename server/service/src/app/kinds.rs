//! The kinds of synchronizer in words: what each does, what its settings mean, and what a resync
//! may overwrite.

use resync_core::synchronizer::{Direction, Kind};

/// A setting of a kind, for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// The field of the rule.
    pub(crate) field: &'static str,
    /// What it does.
    pub(crate) description: &'static str,
}

/// The id of a kind: the field of the rule that holds its settings.
pub(crate) fn id(kind: Kind) -> &'static str {
    match kind {
        Kind::Filter => "filter",
        Kind::Subtasks => "subtasks",
    }
}

/// The kind with an id.
pub(crate) fn by_id(text: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| id(*kind) == text)
}

/// The name that people see.
pub(crate) fn display_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Filter => "Filter",
        Kind::Subtasks => "Sub-tasks",
    }
}

/// What the kind keeps in step.
pub(crate) fn description(kind: Kind) -> &'static str {
    match kind {
        Kind::Filter => {
            "Adds the issues that a JQL query or a saved filter matches, and, if told so, removes \
             those that it once added or matched and no longer matches."
        }
        Kind::Subtasks => {
            "Adds the sub-tasks of the issues in the structure, and keeps each under its parent."
        }
    }
}

/// What a resync in that direction may overwrite or remove.
pub(crate) fn effects(kind: Kind, direction: Direction) -> &'static str {
    match (kind, direction) {
        (Kind::Filter, Direction::IntoStructure) => {
            "Adds rows for matching issues. With `allow_move` it moves matching issues that are \
             elsewhere; with `remove_unmatched` it removes issues that no longer match. Jira is \
             not written."
        }
        (Kind::Subtasks, Direction::IntoStructure) => {
            "Adds rows for sub-tasks, and moves sub-tasks that are elsewhere under their parents; \
             with `remove_orphaned` it removes sub-tasks whose parent is not in the structure. \
             Jira is not written."
        }
        (Kind::Filter | Kind::Subtasks, Direction::FromStructure) => "Not supported.",
    }
}

/// The settings of a kind.
pub(crate) fn settings(kind: Kind) -> &'static [Setting] {
    match kind {
        Kind::Filter => FILTER_SETTINGS,
        Kind::Subtasks => SUBTASKS_SETTINGS,
    }
}

const FILTER_SETTINGS: &[Setting] = &[
    Setting {
        field: "saved_filter_id",
        description: "The saved filter of Jira whose issues are kept in the structure.",
    },
    Setting {
        field: "jql",
        description: "The JQL query whose issues are kept in the structure.",
    },
    Setting {
        field: "parent_issue_id",
        description: "New issues become the last children of this issue; without it they go to \
                      the end of the top level. While it is not in the structure, nothing is added.",
    },
    Setting {
        field: "allow_move",
        description: "Matching issues that are elsewhere in the structure are moved under the \
                      parent issue.",
    },
    Setting {
        field: "remove_unmatched",
        description: "Issues that no longer match are removed, unless rows that stay are below \
                      them.",
    },
    Setting {
        field: "remove_only_placed",
        description: "Only issues that still are where this rule places them are removed.",
    },
    Setting {
        field: "check_children",
        description: "A branch is judged together: children that no longer belong go with their \
                      parent.",
    },
];

const SUBTASKS_SETTINGS: &[Setting] = &[
    Setting {
        field: "issue_type_ids",
        description: "The types of sub-task to keep; all of them when empty.",
    },
    Setting {
        field: "remove_orphaned",
        description: "Sub-tasks whose parent is not in the structure are removed.",
    },
];
