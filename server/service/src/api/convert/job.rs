//! Jobs, and what a watch says of them.

use super::plan::to_plan;
use super::problem::to_problem;
use super::rule::to_rule;
use super::synchronizer::to_direction;
use super::{to_count, to_time};
use crate::app::jobs::JobView;
use crate::app::labels::Labels;
use crate::app::watch_job::{JobMessage, JobNews};
use resync_api::v1;
use resync_api::v1::job as to;
use resync_core::id::JobId;
use resync_core::job::{
    Authorization, Job, JobCounters, JobKind, JobProgress, JobRequest, JobState, LogEntry, Phase,
    Severity, Trigger, WaitReason,
};
use resync_core::time::Timestamp;

/// How much of a job to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Without the rule and the samples of the plan.
    Basic,
    /// Everything.
    Full,
}

/// How much the caller asks for.
pub(crate) fn from_view(view: i32, unset: Depth) -> Result<Depth, crate::refusal::Refusal> {
    match v1::JobView::try_from(view) {
        Ok(v1::JobView::Unspecified) => Ok(unset),
        Ok(v1::JobView::Basic) => Ok(Depth::Basic),
        Ok(v1::JobView::Full) => Ok(Depth::Full),
        Err(_) => Err(crate::refusal::Refusal::field(
            "view",
            "is not a view of jobs",
        )),
    }
}

/// A job.
pub(crate) fn to_job(view: JobView, depth: Depth) -> v1::Job {
    let JobView {
        job,
        labels,
        confirmation_token,
    } = view;
    let Job {
        id,
        uid,
        kind,
        structure: _,
        synchronizer,
        rule,
        synchronizer_etag: _,
        request,
        state,
        wait_reason,
        blocking_job,
        progress,
        counters,
        plan,
        error,
        trigger,
        creator,
        create_time,
        start_time,
        update_time,
        end_time,
        attempt,
        next_attempt_time,
        base_forest_version,
        result_forest_version,
    } = job;
    let full = depth == Depth::Full;
    v1::Job {
        // Only a job that was accepted has a number.
        name: if id.0 == 0 {
            String::new()
        } else {
            labels.job_name(id)
        },
        uid: uid.to_string(),
        kind: to_kind(kind).into(),
        synchronizers: match kind {
            JobKind::IncrementalSync => labels.following().to_vec(),
            JobKind::Resync => Vec::new(),
        },
        synchronizer: synchronizer.map_or_else(String::new, |id| labels.synchronizer_name(id)),
        rule: rule.filter(|_| full).map(|rule| to_rule(rule, &labels)),
        state: to_state(state).into(),
        wait_reason: wait_reason
            .map_or(to::WaitReason::Unspecified, to_wait_reason)
            .into(),
        blocking_job: blocking_job.map_or_else(String::new, |id| labels.job_name(id)),
        progress: Some(to_progress(progress)),
        counters: Some(to_counters(counters)),
        plan: plan.map(|plan| to_plan(plan, &labels, confirmation_token, full)),
        changes_made: result_forest_version.is_some(),
        error: error.map(to_problem),
        trigger: to_trigger(trigger).into(),
        creator: creator.to_string(),
        create_time: Some(to_time(create_time)),
        start_time: start_time.map(to_time),
        update_time: Some(to_time(update_time)),
        end_time: end_time.map(to_time),
        attempt,
        next_attempt_time: next_attempt_time.map(to_time),
        base_forest_version: base_forest_version.map_or(0, |version| version.0),
        result_forest_version: result_forest_version.map_or(0, |version| version.0),
        ..to_requested(request, &labels)
    }
}

/// What the caller of a job asked for: the other fields are not set.
fn to_requested(request: JobRequest, labels: &Labels) -> v1::Job {
    let JobRequest {
        direction,
        authorization,
        limits: _,
        enable_synchronizer,
        reason,
    } = request;
    v1::Job {
        direction: direction
            .map_or(v1::Direction::Unspecified, to_direction)
            .into(),
        preview: authorization == Authorization::Preview,
        reason,
        source_job: source_of(&authorization).map_or_else(String::new, |id| labels.job_name(id)),
        forced: authorization == Authorization::Forced,
        enable_synchronizer,
        ..v1::Job::default()
    }
}

/// The preview that a run confirms.
fn source_of(authorization: &Authorization) -> Option<JobId> {
    match authorization {
        Authorization::Confirmed { preview, .. } => Some(*preview),
        Authorization::Preview | Authorization::Forced | Authorization::Incremental => None,
    }
}

fn to_kind(kind: JobKind) -> to::Kind {
    match kind {
        JobKind::Resync => to::Kind::Resync,
        JobKind::IncrementalSync => to::Kind::IncrementalSync,
    }
}

fn to_state(state: JobState) -> to::State {
    match state {
        JobState::Pending => to::State::Pending,
        JobState::Running => to::State::Running,
        JobState::Cancelling => to::State::Cancelling,
        JobState::Succeeded => to::State::Succeeded,
        JobState::Incomplete => to::State::Incomplete,
        JobState::Failed => to::State::Failed,
        JobState::Cancelled => to::State::Cancelled,
    }
}

fn to_wait_reason(reason: WaitReason) -> to::WaitReason {
    match reason {
        WaitReason::IncrementalSync => to::WaitReason::IncrementalSync,
        WaitReason::StructureBusy => to::WaitReason::StructureBusy,
        WaitReason::Capacity => to::WaitReason::Capacity,
        WaitReason::TrackerThrottled => to::WaitReason::TrackerThrottled,
        WaitReason::TrackerUnreachable => to::WaitReason::TrackerUnreachable,
    }
}

fn to_trigger(trigger: Trigger) -> to::Trigger {
    match trigger {
        Trigger::Call => to::Trigger::Call,
        Trigger::StructureChange => to::Trigger::StructureChange,
        Trigger::TrackerChange => to::Trigger::TrackerChange,
        Trigger::Poll => to::Trigger::Poll,
        Trigger::Schedule => to::Trigger::Schedule,
    }
}

fn to_progress(progress: JobProgress) -> v1::JobProgress {
    use v1::job_progress::Phase as To;
    let JobProgress {
        phase,
        done,
        total,
        percent,
        message,
    } = progress;
    let phase = match phase {
        Phase::None => To::Unspecified,
        Phase::Reading => To::Reading,
        Phase::Planning => To::Planning,
        Phase::Applying => To::Applying,
        Phase::Verifying => To::Verifying,
    };
    v1::JobProgress {
        phase: phase.into(),
        done_count: to_count(done),
        total_count: total.map(to_count),
        percent,
        message,
    }
}

fn to_counters(counters: JobCounters) -> v1::JobCounters {
    let JobCounters {
        read_issues,
        compared_rows,
        planned_changes,
        applied_changes,
        skipped_changes,
        held_changes,
        added_rows,
        moved_rows,
        removed_rows,
        tracker_requests,
        throttled_requests,
    } = counters;
    v1::JobCounters {
        read_issue_count: to_count(read_issues),
        compared_row_count: to_count(compared_rows),
        planned_change_count: to_count(planned_changes),
        applied_change_count: to_count(applied_changes),
        skipped_change_count: to_count(skipped_changes),
        held_change_count: to_count(held_changes),
        added_row_count: to_count(added_rows),
        moved_row_count: to_count(moved_rows),
        removed_row_count: to_count(removed_rows),
        tracker_request_count: to_count(tracker_requests),
        throttled_request_count: to_count(throttled_requests),
    }
}

fn to_log_entry(entry: LogEntry) -> v1::JobLogEntry {
    use v1::job_log_entry::Severity as To;
    let LogEntry {
        ordinal,
        time,
        severity,
        message,
        issue_key,
    } = entry;
    let severity = match severity {
        Severity::Info => To::Info,
        Severity::Warning => To::Warning,
        Severity::Error => To::Error,
    };
    v1::JobLogEntry {
        ordinal: to_count(ordinal),
        log_time: Some(to_time(time)),
        severity: severity.into(),
        message,
        issue_key: issue_key.map_or_else(String::new, |key| key.to_string()),
    }
}

/// A message of a watch.
pub(crate) fn to_watch_message(message: JobMessage, now: Timestamp) -> v1::WatchJobResponse {
    use v1::watch_job_response::Type;
    let JobMessage {
        news,
        job,
        log,
        resume_token,
        coalesced,
        log_truncated,
    } = message;
    let (kind, depth) = match news {
        JobNews::Snapshot => (Type::Snapshot, Depth::Full),
        JobNews::StateChanged => (Type::StateChanged, Depth::Basic),
        JobNews::Progress => (Type::Progress, Depth::Basic),
        JobNews::Log => (Type::Log, Depth::Basic),
        JobNews::Planned => (Type::Planned, Depth::Full),
        JobNews::Heartbeat => (Type::Heartbeat, Depth::Basic),
        JobNews::Ended => (Type::Ended, Depth::Full),
    };
    v1::WatchJobResponse {
        r#type: kind.into(),
        job: job.map(|job| to_job(job, depth)),
        log_entries: log.into_iter().map(to_log_entry).collect(),
        resume_token,
        send_time: Some(to_time(now)),
        coalesced_count: to_count(coalesced),
        log_truncated,
    }
}
