//! Plans and changes of jobs, with the sentences that people read.

use super::{to_count, to_time};
use crate::app::labels::Labels;
use resync_api::v1;
use resync_api::v1::{job_change as change, plan};
use resync_core::job::{
    ChangeKind, ChangeState, Guard, GuardTrip, HoldReason, JobChange, PlanSummary, Tally, Why,
};

/// A plan. The samples are left out of basic views.
pub(crate) fn to_plan(
    summary: PlanSummary,
    labels: &Labels,
    confirmation_token: Option<String>,
    samples: bool,
) -> v1::Plan {
    let PlanSummary {
        changes,
        destructive,
        tallies,
        held,
        guards,
        sample,
        fingerprint: _,
        forest_version,
        tracker_read_time,
        expire_time,
        rows_in_scope,
    } = summary;
    let hold_tally = |(reason, count)| plan::HoldTally {
        hold_reason: to_hold_reason(reason).into(),
        count: to_count(count),
    };
    let sample = if samples { sample } else { Vec::new() };
    v1::Plan {
        change_count: to_count(changes),
        destructive_change_count: to_count(destructive),
        tallies: tallies.into_iter().map(to_tally).collect(),
        sample_changes: sample
            .into_iter()
            .map(|change| to_change(change, labels))
            .collect(),
        hold_tallies: held.into_iter().map(hold_tally).collect(),
        guards: guards.into_iter().map(to_guard_trip).collect(),
        confirmation_token: confirmation_token.unwrap_or_default(),
        expire_time: Some(to_time(expire_time)),
        forest_version: forest_version.0,
        tracker_read_time: Some(to_time(tracker_read_time)),
        rows_in_scope: to_count(rows_in_scope),
    }
}

fn to_tally(tally: Tally) -> plan::Tally {
    let Tally {
        kind,
        count,
        destructive,
    } = tally;
    plan::Tally {
        r#type: to_type(kind).into(),
        count: to_count(count),
        destructive_count: to_count(destructive),
    }
}

fn to_guard_trip(trip: GuardTrip) -> plan::GuardTrip {
    let message = guard_sentence(&trip);
    let GuardTrip {
        guard,
        found,
        allowed,
    } = trip;
    plan::GuardTrip {
        guard: to_guard(guard).into(),
        found_count: to_count(found),
        allowed_count: to_count(allowed),
        message,
    }
}

/// A guard, as the API names it.
pub(crate) fn to_guard(guard: Guard) -> plan::Guard {
    match guard {
        Guard::DestructiveShare => plan::Guard::DestructiveShare,
        Guard::MostRowsChange => plan::Guard::MostRowsChange,
        Guard::EmptySource => plan::Guard::EmptySource,
        Guard::SettingsChanged => plan::Guard::SettingsChanged,
    }
}

fn guard_sentence(trip: &GuardTrip) -> String {
    let GuardTrip {
        guard,
        found,
        allowed,
    } = trip;
    match guard {
        Guard::DestructiveShare => format!(
            "{found} changes discard something; {allowed} are usual. Look at them before you \
             confirm."
        ),
        Guard::MostRowsChange => format!(
            "{found} existing rows move or go, which is more than half ({allowed}). Check that the \
             rule is what you want."
        ),
        Guard::EmptySource => format!(
            "Jira returned no issues, and {found} rows would go. Check the query and what the \
             account can see."
        ),
        Guard::SettingsChanged => format!(
            "The settings changed since the last resync that succeeded, and {found} changes \
             discard something. Check that the new settings are what you want."
        ),
    }
}

fn to_type(kind: ChangeKind) -> change::Type {
    match kind {
        ChangeKind::AddRow => change::Type::AddRow,
        ChangeKind::MoveRow => change::Type::MoveRow,
        ChangeKind::RemoveRow => change::Type::RemoveRow,
    }
}

/// A change.
pub(crate) fn to_change(change: JobChange, labels: &Labels) -> v1::JobChange {
    let explanation = explanation(&change);
    let JobChange {
        ordinal,
        kind,
        state,
        destructive,
        row,
        issue: _,
        issue_key,
        title,
        old_parent,
        new_parent,
        old_parent_label,
        new_parent_label,
        depth,
        why,
        hold,
        synchronizer,
    } = change;
    v1::JobChange {
        ordinal: to_count(ordinal),
        r#type: to_type(kind).into(),
        state: to_change_state(state).into(),
        destructive,
        row_id: row.map_or(0, |row| row.0),
        issue_key: issue_key.map_or_else(String::new, |key| key.to_string()),
        title,
        old_parent_row_id: old_parent.map_or(0, |row| row.0),
        new_parent_row_id: new_parent.map_or(0, |row| row.0),
        old_value: old_parent_label,
        new_value: new_parent_label,
        depth,
        why: why.map_or(change::Why::Unspecified, to_why).into(),
        hold_reason: hold
            .map_or(change::HoldReason::Unspecified, to_hold_reason)
            .into(),
        synchronizer: synchronizer.map_or_else(String::new, |id| labels.synchronizer_name(id)),
        explanation,
    }
}

fn to_change_state(state: ChangeState) -> change::State {
    match state {
        ChangeState::Planned => change::State::Planned,
        ChangeState::Applied => change::State::Applied,
        ChangeState::Skipped => change::State::Skipped,
        ChangeState::Held => change::State::Held,
    }
}

fn to_why(why: Why) -> change::Why {
    match why {
        Why::FilterMatched => change::Why::FilterMatched,
        Why::FilterUnmatched => change::Why::FilterUnmatched,
        Why::BranchUnmatched => change::Why::BranchUnmatched,
        Why::FilterGathers => change::Why::FilterGathers,
        Why::SubtaskOfParent => change::Why::SubtaskOfParent,
        Why::SubtaskOrphaned => change::Why::SubtaskOrphaned,
        Why::LinkedToParent => change::Why::LinkedToParent,
        Why::Linked => change::Why::Linked,
        Why::LinkGone => change::Why::LinkGone,
        Why::AliasNotNeeded => change::Why::AliasNotNeeded,
        Why::EpicOfIssue => change::Why::EpicOfIssue,
        Why::EpicGone => change::Why::EpicGone,
        Why::RankOrder => change::Why::RankOrder,
        Why::MakesWay => change::Why::MakesWay,
    }
}

/// A reason to hold, as the API names it.
pub(crate) fn to_hold_reason(reason: HoldReason) -> change::HoldReason {
    use change::HoldReason as To;
    match reason {
        HoldReason::ParentNotInStructure => To::ParentNotInStructure,
        HoldReason::NeverMatched => To::NeverMatched,
        HoldReason::RemovalOff => To::RemovalOff,
        HoldReason::ChildrenStay => To::ChildrenStay,
        HoldReason::MovedAway => To::MovedAway,
        HoldReason::ClaimedElsewhere => To::ClaimedElsewhere,
        HoldReason::PlacementOwnedElsewhere => To::PlacementOwnedElsewhere,
        HoldReason::ParentAbsent => To::ParentAbsent,
        HoldReason::WouldCloseCycle => To::WouldCloseCycle,
        HoldReason::NotConfirmed => To::NotConfirmed,
        HoldReason::Inaccessible => To::Inaccessible,
        HoldReason::SelfLink => To::SelfLink,
        HoldReason::LinkClosesCycle => To::LinkClosesCycle,
        HoldReason::EpicNotInStructure => To::EpicNotInStructure,
        HoldReason::OrderOwnedElsewhere => To::OrderOwnedElsewhere,
    }
}

/// The name of a change's reason to hold, as it is written in a filter.
pub(crate) fn hold_name(change: &JobChange) -> &'static str {
    change
        .hold
        .map_or(change::HoldReason::Unspecified, to_hold_reason)
        .as_str_name()
}

fn explanation(change: &JobChange) -> String {
    match (change.why, change.hold) {
        (_, Some(hold)) => hold_sentence(hold).to_owned(),
        (Some(why), None) => why_sentence(why).to_owned(),
        (None, None) => String::new(),
    }
}

fn why_sentence(why: Why) -> &'static str {
    match why {
        Why::FilterMatched => "The filter matches the issue, and it is not in the structure.",
        Why::FilterUnmatched => {
            "The filter matched the issue before and does not any more, and `remove_unmatched` is on."
        }
        Why::BranchUnmatched => {
            "The filter no longer matches the parent, and `check_children` takes the branch with it."
        }
        Why::FilterGathers => {
            "The filter matches the issue, and `allow_move` gathers what it matches in one place."
        }
        Why::SubtaskOfParent => "In Jira the issue is a sub-task of its new parent.",
        Why::SubtaskOrphaned => {
            "The parent of the sub-task is not in the structure, and `remove_orphaned` is on."
        }
        Why::LinkedToParent => {
            "In Jira a link of the type makes the issue a child of its new parent."
        }
        Why::Linked => "The issue has a link of the type, and `scope` is all linked issues.",
        Why::LinkGone => "The link that made the issue a child of its parent is gone.",
        Why::AliasNotNeeded => {
            "The issue is below this parent already, or the link that made the alias is gone."
        }
        Why::EpicOfIssue => "In Jira the new parent is the epic of the issue.",
        Why::EpicGone => "In Jira the issue has no epic any more.",
        Why::MakesWay => "The issue above it belongs below it, and leaves it this place.",
        Why::RankOrder => {
            "The rank in Jira says that the issue comes elsewhere among its siblings."
        }
    }
}

fn hold_sentence(hold: HoldReason) -> &'static str {
    match hold {
        HoldReason::ParentNotInStructure => {
            "Left out: the issue that new issues are placed under is not in the structure."
        }
        HoldReason::NeverMatched => "Stays: a person added it, and the filter never matched it.",
        HoldReason::RemovalOff => {
            "Stays: the synchronizer no longer wants it, but does not remove."
        }
        HoldReason::ChildrenStay => "Stays: rows that stay are below it.",
        HoldReason::MovedAway => {
            "Stays: it was moved away, and `remove_only_placed` removes only where the filter places."
        }
        HoldReason::ClaimedElsewhere => "Stays: another synchronizer wants it in the structure.",
        HoldReason::PlacementOwnedElsewhere => {
            "Stays where it is: a synchronizer that was installed earlier decides its place."
        }
        HoldReason::ParentAbsent => {
            "Stays where it is: the parent, by sub-task or by link, is not in the structure."
        }
        HoldReason::WouldCloseCycle => "Stays where it is: its place would be below itself.",
        HoldReason::NotConfirmed => "Not done: it was not in the plan that was confirmed.",
        HoldReason::Inaccessible => {
            "Stays: the tracker does not show the issue; it is deleted or hidden, and cannot be told apart."
        }
        HoldReason::SelfLink => "Left out: the link leads from the issue to itself.",
        HoldReason::LinkClosesCycle => {
            "Left out: with this link, and those before it, the issue would be below itself."
        }
        HoldReason::EpicNotInStructure => {
            "Stays where it is: the epic of the issue is not in the structure."
        }
        HoldReason::OrderOwnedElsewhere => {
            "Stays where it is: a synchronizer that was installed earlier decides the order."
        }
    }
}
