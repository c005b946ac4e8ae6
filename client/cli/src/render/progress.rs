//! A job that goes on, as lines. Decides what is worth a line; does not print it, nor wait.

use std::fmt::Write;

use jiff::tz::TimeZone;
use resync_api::v1::{
    Job, JobLogEntry, JobProgress, job, job_log_entry::Severity, job_progress::Phase,
};

use super::{
    text::{clean, clock_time, elapsed, job_id},
    words,
};

/// Remembers what was said about a job, so that only what is new gets a line.
#[derive(Debug, Default)]
pub struct Narrator {
    said: Option<(i32, i32, i32)>,
}

impl Narrator {
    /// A line for the job, unless its state, its phase and what it waits for are the same as the
    /// last time. A job that has ended gets none: see [`ended`].
    pub fn observe(
        &mut self,
        job: &Job,
        at: Option<&prost_types::Timestamp>,
        zone: &TimeZone,
    ) -> Option<String> {
        let phase = job.progress.as_ref().map_or(0, |progress| progress.phase);
        let now = (job.state, phase, job.wait_reason);
        if job.end_time.is_some() || self.said.replace(now) == Some(now) {
            return None;
        }
        Some(format!(
            "{} {} {}",
            clock_time(at, zone),
            job_id(&job.name),
            activity(job)
        ))
    }
}

/// What a job does now: `applying 3/6`, or what it waits for.
#[must_use]
pub fn activity(job: &Job) -> String {
    match job.state() {
        job::State::Pending => {
            let mut text = format!("waiting{}", words::wait_reason(job));
            if !job.blocking_job.is_empty() {
                let _ = write!(text, " ({})", job_id(&job.blocking_job));
            }
            if job.attempt > 1 {
                let _ = write!(text, ", try {}", job.attempt);
            }
            text
        }
        job::State::Cancelling => "cancelling: finishing the change that is being made".to_owned(),
        _ => job
            .progress
            .as_ref()
            .map_or_else(|| "starting".to_owned(), phase_of),
    }
}

fn phase_of(progress: &JobProgress) -> String {
    let phase = words::phase(progress.phase());
    match (progress.total_count, progress.done_count) {
        (Some(total), done) => format!("{phase} {done}/{total}"),
        (None, 0) => phase.to_owned(),
        (None, done) => format!("{phase} {done}"),
    }
}

/// The line for when nothing has happened for a while. `seconds` have passed since the job was
/// first seen.
#[must_use]
pub fn heartbeat(job: &Job, seconds: u64) -> String {
    let time = format!("{}:{:02}", seconds / 60, seconds % 60);
    format!("Still {}, {time} elapsed", activity(job))
}

/// A line of the log, or `None` when it is not worth one.
#[must_use]
pub fn log_line(entry: &JobLogEntry, verbose: bool, zone: &TimeZone) -> Option<String> {
    let severity = match entry.severity() {
        Severity::Error => "error: ",
        Severity::Warning => "warning: ",
        Severity::Info | Severity::Unspecified if verbose => "",
        Severity::Info | Severity::Unspecified => return None,
    };
    let time = clock_time(entry.log_time.as_ref(), zone);
    let issue = if entry.issue_key.is_empty() {
        String::new()
    } else {
        format!("  ({})", clean(&entry.issue_key))
    };
    Some(format!("{time} {severity}{}{issue}", clean(&entry.message)))
}

/// The line for a job that has ended.
#[must_use]
pub fn ended(job: &Job) -> String {
    let mut text = format!("{} {}", job_id(&job.name), words::job_state(job.state()));
    let took = elapsed(job.create_time.as_ref(), job.end_time.as_ref());
    if !took.is_empty() {
        let _ = write!(text, " in {took}");
    }
    if job.preview {
        return text;
    }
    if let Some(counters) = job.counters.as_ref().filter(|_| job.changes_made) {
        let _ = write!(
            text,
            ": {} added, {} moved, {} removed",
            counters.added_row_count, counters.moved_row_count, counters.removed_row_count
        );
        if counters.skipped_change_count > 0 {
            let _ = write!(text, ", {} no longer needed", counters.skipped_change_count);
        }
        if counters.held_change_count > 0 {
            let _ = write!(text, ", {} left as it is", counters.held_change_count);
        }
    } else {
        text.push_str("; nothing was changed");
    }
    if job.result_forest_version > 0 {
        let _ = write!(text, "; structure version {}", job.result_forest_version);
    }
    text
}

/// How far the job is, 0 to 100, and what to write beside the bar.
#[must_use]
pub fn bar(job: &Job) -> (Option<u64>, String) {
    let percent = job
        .progress
        .as_ref()
        .filter(|progress| progress.phase() != Phase::Unspecified)
        .and_then(|progress| progress.percent)
        .and_then(|percent| u64::try_from(percent).ok());
    (percent, activity(job))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use resync_api::v1::JobCounters;

    use super::*;

    fn at(seconds: i64) -> prost_types::Timestamp {
        prost_types::Timestamp {
            seconds: 1_795_521_600 + seconds,
            nanos: 0,
        }
    }

    fn job(state: job::State, progress: Option<JobProgress>) -> Job {
        Job {
            name: "structures/launch/jobs/13".to_owned(),
            state: state.into(),
            progress,
            create_time: Some(at(0)),
            ..Default::default()
        }
    }

    fn progress(phase: Phase, done_count: i32, total_count: Option<i32>) -> Option<JobProgress> {
        Some(JobProgress {
            phase: phase.into(),
            done_count,
            total_count,
            ..Default::default()
        })
    }

    #[test]
    fn each_phase_and_each_wait_gets_one_line() {
        let waiting = Job {
            wait_reason: job::WaitReason::IncrementalSync.into(),
            blocking_job: "structures/launch/jobs/11".to_owned(),
            ..job(job::State::Pending, None)
        };
        let throttled = Job {
            wait_reason: job::WaitReason::TrackerThrottled.into(),
            attempt: 2,
            ..job(job::State::Pending, None)
        };
        let seen = [
            waiting.clone(),
            waiting,
            job(job::State::Running, progress(Phase::Reading, 0, None)),
            job(job::State::Running, progress(Phase::Reading, 50, Some(86))),
            throttled,
            job(job::State::Running, progress(Phase::Applying, 0, Some(6))),
            job(job::State::Running, progress(Phase::Applying, 6, Some(6))),
            job(
                job::State::Cancelling,
                progress(Phase::Applying, 6, Some(6)),
            ),
        ];
        let mut narrator = Narrator::default();
        let lines: Vec<String> = seen
            .iter()
            .filter_map(|job| narrator.observe(job, Some(&at(20)), &TimeZone::UTC))
            .collect();
        expect![[r#"
            12:00:20 launch/13 waiting: an incremental sync of the structure is running (launch/11)
            12:00:20 launch/13 reading
            12:00:20 launch/13 waiting: Jira asked for a pause, try 2
            12:00:20 launch/13 applying 0/6
            12:00:20 launch/13 cancelling: finishing the change that is being made"#]]
        .assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_quiet_job_is_still_alive() {
        let job = job(
            job::State::Running,
            progress(Phase::Applying, 312, Some(960)),
        );
        assert_eq!(heartbeat(&job, 100), "Still applying 312/960, 1:40 elapsed");
    }

    #[test]
    fn the_last_line_says_what_was_done() {
        let counters = JobCounters {
            added_row_count: 1,
            moved_row_count: 2,
            removed_row_count: 3,
            held_change_count: 4,
            ..Default::default()
        };
        let done = Job {
            end_time: Some(at(4)),
            changes_made: true,
            counters: Some(counters),
            result_forest_version: 42,
            ..job(job::State::Succeeded, None)
        };
        let failed = Job {
            end_time: Some(at(75)),
            ..job(job::State::Failed, None)
        };
        let preview = Job {
            preview: true,
            end_time: Some(at(1)),
            ..job(job::State::Succeeded, None)
        };
        let lines = [done, failed, preview].map(|job| ended(&job));
        expect![[r#"
            launch/13 SUCCEEDED in 4.0s: 1 added, 2 moved, 3 removed, 4 left as it is; structure version 42
            launch/13 FAILED in 1m15s; nothing was changed
            launch/13 SUCCEEDED in 1.0s"#]]
        .assert_eq(&lines.join("\n"));
    }

    #[test]
    fn warnings_are_always_shown_and_the_rest_on_demand() {
        let entry = |severity: Severity| JobLogEntry {
            log_time: Some(at(5)),
            severity: severity.into(),
            message: "no such issue".to_owned(),
            issue_key: "PAY-1".to_owned(),
            ordinal: 1,
        };
        assert_eq!(
            log_line(&entry(Severity::Info), false, &TimeZone::UTC),
            None
        );
        assert_eq!(
            log_line(&entry(Severity::Info), true, &TimeZone::UTC).unwrap(),
            "12:00:05 no such issue  (PAY-1)"
        );
        assert_eq!(
            log_line(&entry(Severity::Warning), false, &TimeZone::UTC).unwrap(),
            "12:00:05 warning: no such issue  (PAY-1)"
        );
    }
}
