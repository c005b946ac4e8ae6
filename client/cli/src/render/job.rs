//! Jobs, as a list and one by one, and their changes.

use std::fmt::Write;

use jiff::tz::TimeZone;
use resync_api::v1::{Job, JobChange, job_change};

use super::{
    plan,
    progress::activity,
    style::Style,
    table,
    text::{clean, date_time, elapsed, id, job_id, job_kind},
    words,
};

/// A list of jobs.
#[must_use]
pub fn jobs(jobs: &[Job], zone: &TimeZone, style: Style) -> String {
    let rows: Vec<Vec<String>> = jobs
        .iter()
        .map(|job| {
            vec![
                job_id(&job.name),
                job_kind(job),
                id(&job.synchronizer).to_owned(),
                words::job_state(job.state()).to_owned(),
                date_time(job.create_time.as_ref(), zone),
                elapsed(job.create_time.as_ref(), job.end_time.as_ref()),
            ]
        })
        .collect();
    let heading = ["JOB", "KIND", "SYNCHRONIZER", "STATE", "CREATED", "TOOK"];
    table::table(style, &heading, &rows, "No jobs.")
}

/// One job.
#[must_use]
pub fn job(job: &Job, zone: &TimeZone, style: Style) -> String {
    let error = job
        .error
        .as_ref()
        .map(|error| error.message.clone())
        .unwrap_or_default();
    let now = if job.end_time.is_none() {
        activity(job)
    } else {
        String::new()
    };
    let changes = if job.changes_made { "yes" } else { "no" };
    let version = if job.result_forest_version > 0 {
        format!(
            "{} -> {}",
            job.base_forest_version, job.result_forest_version
        )
    } else {
        String::new()
    };
    let synchronizers: Vec<&str> = job.synchronizers.iter().map(|name| id(name)).collect();
    let pairs = [
        ("Job", job_id(&job.name)),
        ("Kind", job_kind(job)),
        ("Synchronizer", id(&job.synchronizer).to_owned()),
        ("Synchronizers", synchronizers.join(", ")),
        ("State", words::job_state(job.state()).to_owned()),
        ("Now", now),
        ("Error", error),
        ("Changes made", changes.to_owned()),
        ("Structure version", version),
        ("By", job.creator.clone()),
        ("Reason", job.reason.clone()),
        (
            "Preview",
            if job.source_job.is_empty() {
                String::new()
            } else {
                job_id(&job.source_job)
            },
        ),
        ("Created", date_time(job.create_time.as_ref(), zone)),
        (
            "Took",
            elapsed(job.create_time.as_ref(), job.end_time.as_ref()),
        ),
    ];
    let mut text = table::pairs(style, &pairs);
    if job.plan.is_some() {
        let _ = write!(text, "{}", plan::summary(job, style).trim_start());
    }
    text
}

/// The changes of a job, one a line, and then what it leaves.
#[must_use]
pub fn changes(changes: &[JobChange], style: Style) -> String {
    if changes.is_empty() {
        return "No changes.\n".to_owned();
    }
    changes
        .iter()
        .map(|change| change_line(change, style))
        .collect()
}

fn change_line(change: &JobChange, style: Style) -> String {
    let (marker, verb) = match (change.state(), change.r#type()) {
        (job_change::State::Held, _) => (style.faint("="), "left"),
        (_, job_change::Type::AddRow) => (style.good("+"), "add"),
        (_, job_change::Type::MoveRow) => (style.notice(">"), "move"),
        (_, job_change::Type::RemoveRow) => (style.bad("-"), "remove"),
        (_, job_change::Type::Unspecified) => ("?".to_owned(), "change"),
    };
    let state = match change.state() {
        job_change::State::Applied => " (done)",
        job_change::State::Skipped => " (no longer needed)",
        _ => "",
    };
    let place = |value: &str| {
        if value.is_empty() {
            "the top level".to_owned()
        } else {
            clean(value)
        }
    };
    let places = match (change.state(), change.r#type()) {
        (job_change::State::Held, _) => format!(": {}", words::hold_reason(change.hold_reason())),
        (_, job_change::Type::AddRow) => format!(" to {}", place(&change.new_value)),
        (_, job_change::Type::RemoveRow) => format!(" from {}", place(&change.old_value)),
        _ => format!(
            " from {} to {}",
            place(&change.old_value),
            place(&change.new_value)
        ),
    };
    let key = clean(&change.issue_key);
    let gap = if key.is_empty() { "" } else { "  " };
    format!(
        "{marker} {verb} {key}{gap}{}{places}{state}\n",
        clean(&change.title)
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use resync_api::v1::{Direction, Problem, job};

    use super::*;

    fn failed() -> Job {
        let at = |seconds: i64| {
            Some(prost_types::Timestamp {
                seconds: 1_795_521_600 + seconds,
                nanos: 0,
            })
        };
        Job {
            name: "structures/launch/jobs/13".to_owned(),
            kind: job::Kind::Resync.into(),
            direction: Direction::IntoStructure.into(),
            synchronizer: "structures/launch/synchronizers/scope".to_owned(),
            state: job::State::Failed.into(),
            error: Some(Problem {
                message: "jira said no".to_owned(),
                ..Default::default()
            }),
            creator: "users/ann".to_owned(),
            create_time: at(0),
            end_time: at(4),
            ..Default::default()
        }
    }

    #[test]
    fn jobs_are_listed_with_what_they_do_and_how_they_ended() {
        let running = Job {
            state: job::State::Running.into(),
            preview: true,
            end_time: None,
            ..failed()
        };
        expect![[r#"
            JOB        KIND          SYNCHRONIZER  STATE    CREATED              TOOK
            launch/13  resync into   scope         FAILED   2026-11-24 12:00:00  4.0s
            launch/13  preview into  scope         RUNNING  2026-11-24 12:00:00
        "#]]
        .assert_eq(&jobs(&[failed(), running], &TimeZone::UTC, Style::PLAIN));
    }

    #[test]
    fn a_job_shows_why_it_failed() {
        expect![[r#"
            Job           launch/13
            Kind          resync into
            Synchronizer  scope
            State         FAILED
            Error         jira said no
            Changes made  no
            By            users/ann
            Created       2026-11-24 12:00:00
            Took          4.0s
        "#]]
        .assert_eq(&job(&failed(), &TimeZone::UTC, Style::PLAIN));
    }

    #[test]
    fn changes_are_told_apart_by_marker_and_word() {
        let change = |kind: job_change::Type, state: job_change::State| JobChange {
            r#type: kind.into(),
            state: state.into(),
            issue_key: "PAY-1".to_owned(),
            title: "Card form".to_owned(),
            old_value: "Backlog".to_owned(),
            hold_reason: job_change::HoldReason::RemovalOff.into(),
            ..Default::default()
        };
        let all = [
            change(job_change::Type::RemoveRow, job_change::State::Applied),
            change(job_change::Type::MoveRow, job_change::State::Skipped),
            change(job_change::Type::AddRow, job_change::State::Planned),
            change(job_change::Type::RemoveRow, job_change::State::Held),
        ];
        expect![[r#"
            - remove PAY-1  Card form from Backlog (done)
            > move PAY-1  Card form from Backlog to the top level (no longer needed)
            + add PAY-1  Card form to the top level
            = left PAY-1  Card form: the synchronizer does not remove (see --remove and --removal)
        "#]]
        .assert_eq(&changes(&all, Style::PLAIN));
        assert_eq!(changes(&[], Style::PLAIN), "No changes.\n");
    }
}
