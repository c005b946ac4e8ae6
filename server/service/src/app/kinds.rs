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
        Kind::Links => "links",
        Kind::Agile => "agile",
        Kind::Subtasks => "subtasks",
        Kind::StatusRollup => "status_rollup",
    }
}

/// The ids of all kinds, for people.
pub(crate) fn ids() -> String {
    Kind::ALL.map(id).join(", ")
}

/// The kind with an id.
pub(crate) fn by_id(text: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| id(*kind) == text)
}

/// The name that people see.
pub(crate) fn display_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Filter => "Filter",
        Kind::Links => "Links",
        Kind::Agile => "Agile",
        Kind::Subtasks => "Sub-tasks",
        Kind::StatusRollup => "Status rollup",
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
        Kind::Links => {
            "Keeps issues under those that a link of one type makes their parents. An issue with \
             several parents has its row under one, and aliases under the others."
        }
        Kind::Agile => {
            "Keeps siblings in the order of their rank, issues under their epics, and sub-tasks \
             under their parents, for the issues of a board or of projects."
        }
        Kind::StatusRollup => {
            "Carries status upwards: a parent gets the earliest status among its direct children. \
             A child whose status is not listed blocks the change of its parent."
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
        (Kind::Links, Direction::IntoStructure) => {
            "Moves issues under those that they are linked to, and adds aliases where an issue has \
             several parents. With a wider `scope` it adds rows for linked issues; with `removal` \
             it moves to the top, or removes, issues whose link is gone. Jira is not written."
        }
        (Kind::Links, Direction::FromStructure) => {
            "Creates links for the parents in the structure, and deletes links of the type that the \
             structure does not show; with the scope of all issues, every other link of the type. \
             The structure is not changed."
        }
        (Kind::Agile, Direction::IntoStructure) => {
            "Moves siblings into the order of their rank and issues under their epics; with \
             `add_subtasks` it adds rows for sub-tasks. Jira is not written."
        }
        (Kind::Agile, Direction::FromStructure) => {
            "Changes rank to the order in the structure, and the epic of issues to the epic that \
             they are under. The structure is not changed."
        }
        (Kind::StatusRollup, Direction::FromStructure) => {
            "Moves parents through their workflow to the earliest status of their children, and \
             sets resolutions where a transition asks for one. The structure is not changed."
        }
        (Kind::Filter | Kind::Subtasks, Direction::FromStructure)
        | (Kind::StatusRollup, Direction::IntoStructure) => "Has no meaning for this kind.",
    }
}

/// The settings of a kind.
pub(crate) fn settings(kind: Kind) -> &'static [Setting] {
    match kind {
        Kind::Filter => FILTER_SETTINGS,
        Kind::Links => LINKS_SETTINGS,
        Kind::Agile => AGILE_SETTINGS,
        Kind::Subtasks => SUBTASKS_SETTINGS,
        Kind::StatusRollup => STATUS_ROLLUP_SETTINGS,
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

const LINKS_SETTINGS: &[Setting] = &[
    Setting {
        field: "link_type_id",
        description: "The type of link. Links of other types are ignored.",
    },
    Setting {
        field: "parent_end",
        description: "Which end of a link is the parent: the source, or the target.",
    },
    Setting {
        field: "scope",
        description: "Only issues in the structure, also what is linked below them, or all linked issues.",
    },
    Setting {
        field: "parent_jql",
        description: "A link counts only if this query matches its parent.",
    },
    Setting {
        field: "child_jql",
        description: "A link counts only if this query matches its child.",
    },
    Setting {
        field: "removal",
        description: "What becomes of a child whose link is gone: it stays, goes to the top, or goes.",
    },
    Setting {
        field: "primacy",
        description: "Who wins when both sides have changed: neither, the links, or the structure.",
    },
];

const AGILE_SETTINGS: &[Setting] = &[
    Setting {
        field: "board_id",
        description: "The board whose issues are kept; others are not touched.",
    },
    Setting {
        field: "projects",
        description: "The projects whose issues are kept, and the rank field to use.",
    },
    Setting {
        field: "sync_rank",
        description: "Siblings are kept in the order of their rank.",
    },
    Setting {
        field: "sync_epics",
        description: "Issues are kept under their epics.",
    },
    Setting {
        field: "add_subtasks",
        description: "Sub-tasks of the issues are added and kept under them.",
    },
];

const STATUS_ROLLUP_SETTINGS: &[Setting] = &[
    Setting {
        field: "steps",
        description: "The statuses from earliest to latest, each with the transitions that may be used.",
    },
    Setting {
        field: "project_keys",
        description: "The projects whose parents are changed; all of them when empty.",
    },
    Setting {
        field: "issue_type_ids",
        description: "The types of the parents that are changed; all of them when empty.",
    },
];
