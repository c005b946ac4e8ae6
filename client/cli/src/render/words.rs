//! The words for values of the API, one for each, so that every command uses the same.

use resync_api::v1::{
    Direction, Job, SyncRule, agile_rule, filter_rule, job, job_change, job_progress, plan,
    sync_rule, synchronizer, tracker, tracker_check,
};

use super::text::clean;

/// The name of a value without the prefix of its type, for example `RUNNING`.
fn bare(name: &'static str, prefix: &str) -> &'static str {
    name.strip_prefix(prefix).unwrap_or(name)
}

/// The state of a job, for example `RUNNING`.
#[must_use]
pub fn job_state(state: job::State) -> &'static str {
    bare(state.as_str_name(), "STATE_")
}

/// The state of a synchronizer, for example `ENABLED`.
#[must_use]
pub fn synchronizer_state(state: synchronizer::State) -> &'static str {
    bare(state.as_str_name(), "STATE_")
}

/// The state of a connection, for example `ACTIVE`.
#[must_use]
pub fn tracker_state(state: tracker::State) -> &'static str {
    match state {
        tracker::State::Unspecified => "UNCHECKED",
        state => bare(state.as_str_name(), "STATE_"),
    }
}

/// The product at the other end of a connection.
#[must_use]
pub fn product(product: tracker::Product) -> &'static str {
    match product {
        tracker::Product::JiraCloud => "Jira Cloud",
        tracker::Product::JiraDataCenter => "Jira Data Center",
        tracker::Product::Unspecified => "unknown",
    }
}

/// How a check went.
#[must_use]
pub fn check_result(result: tracker_check::Result) -> &'static str {
    match result {
        tracker_check::Result::Passed => "passed",
        tracker_check::Result::Warning => "warning",
        tracker_check::Result::Failed => "FAILED",
        tracker_check::Result::Skipped => "skipped",
        tracker_check::Result::Unspecified => "unknown",
    }
}

/// A phase, as something that goes on.
#[must_use]
pub fn phase(phase: job_progress::Phase) -> &'static str {
    match phase {
        job_progress::Phase::Unspecified => "starting",
        job_progress::Phase::Reading => "reading",
        job_progress::Phase::Planning => "planning",
        job_progress::Phase::Applying => "applying",
        job_progress::Phase::Verifying => "verifying",
    }
}

/// What a pending job waits for, to go on after `waiting`.
#[must_use]
pub fn wait_reason(job: &Job) -> &'static str {
    match job.wait_reason() {
        job::WaitReason::Unspecified => " to start",
        job::WaitReason::IncrementalSync => ": an incremental sync of the structure is running",
        job::WaitReason::StructureBusy => ": another job changes the structure",
        job::WaitReason::Capacity => ": the server runs as many jobs as it may",
        job::WaitReason::TrackerThrottled => ": Jira asked for a pause",
        job::WaitReason::TrackerUnreachable => ": Jira cannot be reached",
    }
}

/// A direction, and which side it changes.
#[must_use]
pub fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::IntoStructure => {
            "INTO STRUCTURE: Jira is right; the structure is changed. Jira is not written."
        }
        Direction::FromStructure => {
            "FROM STRUCTURE: the structure is right; JIRA IS CHANGED. The structure is not."
        }
        Direction::Unspecified => "both ways",
    }
}

/// A direction in a word.
#[must_use]
pub fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::IntoStructure => "into",
        Direction::FromStructure => "from",
        Direction::Unspecified => "-",
    }
}

/// A rule in a line, for example `filter: project = PAY`.
#[must_use]
pub fn rule(rule: &SyncRule) -> String {
    match &rule.kind {
        Some(sync_rule::Kind::Filter(filter)) => match &filter.source {
            Some(filter_rule::Source::Jql(jql)) => format!("filter: {}", clean(jql)),
            Some(filter_rule::Source::SavedFilterId(id)) => {
                format!("filter: saved filter {}", clean(id))
            }
            None => "filter".to_owned(),
        },
        Some(sync_rule::Kind::Subtasks(subtasks)) if subtasks.issue_type_ids.is_empty() => {
            "subtasks".to_owned()
        }
        Some(sync_rule::Kind::Subtasks(subtasks)) => {
            format!(
                "subtasks of the types {}",
                clean(&subtasks.issue_type_ids.join(", "))
            )
        }
        Some(sync_rule::Kind::Links(links)) => {
            format!("links of the type {}", clean(&links.link_type_id))
        }
        Some(sync_rule::Kind::Agile(agile)) => match &agile.scope {
            Some(agile_rule::Scope::BoardId(board)) => format!("agile: board {}", clean(board)),
            Some(agile_rule::Scope::Projects(projects)) => {
                format!(
                    "agile: projects {}",
                    clean(&projects.project_keys.join(", "))
                )
            }
            None => "agile".to_owned(),
        },
        Some(sync_rule::Kind::StatusRollup(rollup)) => {
            format!("status rollup over {} statuses", rollup.steps.len())
        }
        None => "of a kind that this program does not know".to_owned(),
    }
}

/// Why a change is planned, in a few words.
#[must_use]
pub fn why(why: job_change::Why) -> &'static str {
    match why {
        job_change::Why::Unspecified => "",
        job_change::Why::FilterMatched => "the filter matches it",
        job_change::Why::FilterUnmatched => "the filter no longer matches it",
        job_change::Why::BranchUnmatched => "goes with its parent",
        job_change::Why::FilterGathers => "the filter gathers its issues here",
        job_change::Why::SubtaskOfParent => "a sub-task of its new parent",
        job_change::Why::SubtaskOrphaned => "its parent is not in the structure",
        job_change::Why::LinkedToParent => "linked to its new parent",
        job_change::Why::Linked => "it has a link of the type",
        job_change::Why::LinkGone => "its link is gone",
        job_change::Why::AliasNotNeeded => "its alias is not needed any more",
        job_change::Why::EpicOfIssue => "its new parent is its epic",
        job_change::Why::EpicGone => "it has no epic any more",
        job_change::Why::RankOrder => "its rank",
        job_change::Why::MakesWay => "the issue above it belongs below it",
    }
}

/// Why a difference is left as it is, in a sentence.
#[must_use]
pub fn hold_reason(reason: job_change::HoldReason) -> &'static str {
    use job_change::HoldReason;
    match reason {
        HoldReason::Unspecified => "for a reason that this program does not know",
        HoldReason::ParentNotInStructure => {
            "the issue under which new issues are placed is not in the structure"
        }
        HoldReason::NeverMatched => "a person added it, and the filter never matched it",
        HoldReason::RemovalOff => "the synchronizer does not remove (see --remove and --removal)",
        HoldReason::ChildrenStay => "rows that stay are below it",
        HoldReason::MovedAway => "it was moved away from where the filter places issues",
        HoldReason::ClaimedElsewhere => "another synchronizer claims it",
        HoldReason::PlacementOwnedElsewhere => "a synchronizer that comes first places it",
        HoldReason::ParentAbsent => "its parent is not in the structure",
        HoldReason::WouldCloseCycle => "its place would be below itself",
        HoldReason::NotConfirmed => "it was not in the plan that was confirmed",
        HoldReason::Inaccessible => {
            "Jira does not show it: deleted or hidden, which cannot be told apart"
        }
        HoldReason::SelfLink => "the link leads from the issue to itself",
        HoldReason::LinkClosesCycle => "with its link it would be below itself",
        HoldReason::EpicNotInStructure => "its epic is not in the structure",
        HoldReason::OrderOwnedElsewhere => "a synchronizer that comes first orders it",
    }
}

/// The name of a guard, for example `EMPTY_SOURCE`.
#[must_use]
pub fn guard(guard: plan::Guard) -> &'static str {
    bare(guard.as_str_name(), "GUARD_")
}
