//! A row of `jobs`, and of `job_log`.

use crate::blob::{from_json, from_json_opt, to_json, to_json_opt};
use crate::codes::Code;
use crate::error::Error;
use crate::job::{JobPoints, JobRecord, JobUpdate, NewJob};
use crate::schema::{job_log, jobs};
use diesel::{AsChangeset, Insertable, Queryable, Selectable};
use resync_core::id::{
    ForestVersion, IssueKey, JobId, Principal, StructureId, SynchronizerId, Uid,
};
use resync_core::job::{
    Authorization, Job, JobCounters, JobKind, JobProgress, JobState, LogEntry, Severity, Trigger,
    WaitReason,
};
use resync_core::time::Timestamp;

#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub(crate) struct JobRow {
    pub(crate) id: i64,
    uid: String,
    structure: i64,
    synchronizer: Option<i64>,
    kind: String,
    pub(crate) state: String,
    wait_reason: Option<String>,
    blocking_job: Option<i64>,
    rule: Option<String>,
    synchronizer_etag: String,
    request: String,
    progress: String,
    counters: String,
    plan: Option<String>,
    error: Option<String>,
    cause: String,
    creator: String,
    create_time: i64,
    pub(crate) start_time: Option<i64>,
    update_time: i64,
    end_time: Option<i64>,
    pub(crate) attempt: i32,
    next_attempt_time: Option<i64>,
    base_forest_version: Option<i64>,
    result_forest_version: Option<i64>,
    pub(crate) points: Option<String>,
    pub(crate) lease_until: Option<i64>,
    pub(crate) epoch: i64,
    pub(crate) revision: i64,
}

impl TryFrom<JobRow> for JobRecord {
    type Error = Error;

    fn try_from(row: JobRow) -> Result<Self, Error> {
        let revision = row.revision;
        Ok(Self {
            job: row.try_into()?,
            revision,
        })
    }
}

impl TryFrom<JobRow> for Job {
    type Error = Error;

    fn try_from(row: JobRow) -> Result<Self, Error> {
        Ok(Self {
            id: JobId(row.id),
            uid: Uid::new(row.uid),
            kind: JobKind::from_code(&row.kind)?,
            structure: StructureId(row.structure),
            synchronizer: row.synchronizer.map(SynchronizerId),
            rule: from_json_opt(row.rule.as_deref(), "the rule of a job")?,
            synchronizer_etag: row.synchronizer_etag,
            request: from_json(&row.request, "the request of a job")?,
            state: JobState::from_code(&row.state)?,
            wait_reason: row
                .wait_reason
                .as_deref()
                .map(WaitReason::from_code)
                .transpose()?,
            blocking_job: row.blocking_job.map(JobId),
            progress: from_json(&row.progress, "the progress of a job")?,
            counters: from_json(&row.counters, "the counters of a job")?,
            plan: from_json_opt(row.plan.as_deref(), "the plan of a job")?,
            error: from_json_opt(row.error.as_deref(), "the error of a job")?,
            trigger: Trigger::from_code(&row.cause)?,
            creator: Principal::new(row.creator),
            create_time: Timestamp(row.create_time),
            start_time: row.start_time.map(Timestamp),
            update_time: Timestamp(row.update_time),
            end_time: row.end_time.map(Timestamp),
            attempt: row.attempt,
            next_attempt_time: row.next_attempt_time.map(Timestamp),
            base_forest_version: row.base_forest_version.map(ForestVersion),
            result_forest_version: row.result_forest_version.map(ForestVersion),
        })
    }
}

#[derive(Insertable)]
#[diesel(table_name = jobs)]
pub(crate) struct NewJobRow<'a> {
    uid: &'a str,
    structure: i64,
    synchronizer: Option<i64>,
    kind: &'static str,
    preview: bool,
    confirmed_preview: Option<i64>,
    state: &'static str,
    rule: Option<String>,
    synchronizer_etag: &'a str,
    request: String,
    progress: String,
    counters: String,
    cause: &'static str,
    creator: &'a str,
    create_time: i64,
    update_time: i64,
    attempt: i32,
    epoch: i64,
    revision: i64,
}

impl<'a> NewJobRow<'a> {
    pub(crate) fn new(new: &'a NewJob) -> Result<Self, Error> {
        Ok(Self {
            uid: new.uid.as_str(),
            structure: new.structure.0,
            synchronizer: new.synchronizer.map(|synchronizer| synchronizer.0),
            kind: new.kind.code(),
            preview: is_preview(new),
            confirmed_preview: confirmed_preview(new).map(|preview| preview.0),
            state: JobState::Pending.code(),
            rule: to_json_opt(new.rule.as_ref())?,
            synchronizer_etag: &new.synchronizer_etag,
            request: to_json(&new.request)?,
            progress: to_json(&JobProgress::default())?,
            counters: to_json(&JobCounters::default())?,
            cause: new.trigger.code(),
            creator: new.creator.as_str(),
            create_time: new.time.0,
            update_time: new.time.0,
            attempt: 1,
            epoch: 0,
            revision: 1,
        })
    }
}

/// Whether a job is a preview, which changes nothing.
pub(crate) fn is_preview(new: &NewJob) -> bool {
    new.request.authorization == Authorization::Preview
}

/// The preview that a job confirms, if it does.
pub(crate) fn confirmed_preview(new: &NewJob) -> Option<JobId> {
    match new.request.authorization {
        Authorization::Confirmed { preview, .. } => Some(preview),
        Authorization::Preview | Authorization::Forced | Authorization::Incremental => None,
    }
}

/// The columns that a [`JobUpdate`] writes; `None` leaves one as it is.
#[derive(AsChangeset, Default)]
#[diesel(table_name = jobs)]
pub(crate) struct JobColumns {
    pub(crate) state: Option<&'static str>,
    pub(crate) wait_reason: Option<Option<&'static str>>,
    pub(crate) blocking_job: Option<Option<i64>>,
    pub(crate) progress: Option<String>,
    pub(crate) counters: Option<String>,
    pub(crate) plan: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) start_time: Option<i64>,
    pub(crate) update_time: i64,
    pub(crate) end_time: Option<i64>,
    pub(crate) attempt: Option<i32>,
    pub(crate) next_attempt_time: Option<Option<i64>>,
    pub(crate) base_forest_version: Option<i64>,
    pub(crate) result_forest_version: Option<i64>,
    pub(crate) points: Option<String>,
    pub(crate) lease_owner: Option<Option<String>>,
    pub(crate) lease_until: Option<Option<i64>>,
    pub(crate) epoch: Option<i64>,
    pub(crate) revision: i64,
}

impl JobColumns {
    /// What `update` writes at `time`, with the revision after it.
    pub(crate) fn new(update: &JobUpdate, time: Timestamp, revision: i64) -> Result<Self, Error> {
        let ends = update.state.is_some_and(JobState::is_final);
        Ok(Self {
            state: update.state.map(Code::code),
            progress: to_json_opt(update.progress.as_ref())?,
            counters: to_json_opt(update.counters.as_ref())?,
            plan: to_json_opt(update.plan.as_ref())?,
            error: to_json_opt(update.error.as_ref())?,
            update_time: time.0,
            end_time: ends.then_some(time.0),
            base_forest_version: update.base_forest_version.map(|version| version.0),
            result_forest_version: update.result_forest_version.map(|version| version.0),
            lease_owner: ends.then_some(None),
            lease_until: ends.then_some(None),
            revision,
            ..Self::default()
        })
    }
}

/// The points of a job as they are stored.
pub(crate) fn points(stored: Option<&str>) -> Result<JobPoints, Error> {
    Ok(from_json_opt(stored, "the points of a job")?.unwrap_or_default())
}

/// The points of a job after an update; `None` when it leaves them as they are.
pub(crate) fn updated_points(
    stored: Option<&str>,
    update: &JobUpdate,
) -> Result<Option<String>, Error> {
    if update.base_point.is_none() && update.result_point.is_none() {
        return Ok(None);
    }
    let JobPoints { base, result } = points(stored)?;
    to_json_opt(Some(&JobPoints {
        base: update.base_point.clone().or(base),
        result: update.result_point.clone().or(result),
    }))
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = job_log)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct LogRow {
    pub(crate) job: i64,
    pub(crate) ordinal: i64,
    pub(crate) time: i64,
    pub(crate) severity: String,
    pub(crate) message: String,
    pub(crate) issue_key: Option<String>,
}

impl TryFrom<LogRow> for LogEntry {
    type Error = Error;

    fn try_from(row: LogRow) -> Result<Self, Error> {
        Ok(Self {
            ordinal: row.ordinal,
            time: Timestamp(row.time),
            severity: Severity::from_code(&row.severity)?,
            message: row.message,
            issue_key: row.issue_key.map(IssueKey::new),
        })
    }
}
