//! Follows one job: what each message of a watch says, and when it is due.
//!
//! A watch holds a position in the store and no queue, so a slow client costs nothing: what it has
//! missed is read when it is ready. What it is not: the call; `api::stream` sends, beats and ends.

use super::jobs::{self, JobView};
use super::pause::Pause;
use super::{App, Caller};
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::id::{JobId, Slug};
use resync_core::job::{Job, JobState, LogEntry, WaitReason};
use resync_store::{JobRecord, StructureRecord};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Most lines of the log in one message: far below the size of a message.
const LOG_LINES_MAX: usize = 500;

/// What a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobNews {
    Snapshot,
    StateChanged,
    Progress,
    Log,
    Planned,
    Heartbeat,
    Ended,
}

/// One message of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobMessage {
    pub(crate) news: JobNews,
    /// The job; `None` on heartbeats.
    pub(crate) job: Option<JobView>,
    pub(crate) log: Vec<LogEntry>,
    pub(crate) resume_token: String,
    /// How many revisions a progress message stands for.
    pub(crate) coalesced: i64,
    pub(crate) log_truncated: bool,
}

/// What the caller asks of a watch.
#[derive(Clone, Debug)]
pub(crate) struct WatchOptions {
    pub(crate) resume_token: String,
    pub(crate) skip_log: bool,
    pub(crate) progress_interval: Duration,
}

/// A watch of one job.
pub(crate) struct JobWatch {
    app: App,
    caller: Caller,
    structure: StructureRecord,
    id: JobId,
    name: String,
    uid: String,
    skip_log: bool,
    progress_interval: Duration,
    changed: watch::Receiver<()>,
    pause: Pause,
    /// The last line of the log that was sent.
    position: i64,
    /// What the client has seen last.
    seen: Option<Seen>,
    ready: VecDeque<JobMessage>,
    next_progress: Instant,
    ended: bool,
}

/// What the client has seen last, as far as the next message depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    revision: i64,
    state: JobState,
    wait_reason: Option<WaitReason>,
    blocking_job: Option<JobId>,
    attempt: i32,
    planned: bool,
}

impl Seen {
    fn of(revision: i64, job: &Job) -> Self {
        Self {
            revision,
            state: job.state,
            wait_reason: job.wait_reason,
            blocking_job: job.blocking_job,
            attempt: job.attempt,
            planned: job.plan.is_some(),
        }
    }

    fn other_state(&self, job: &Job) -> bool {
        let now = Self::of(self.revision, job);
        Self {
            planned: now.planned,
            ..self.clone()
        } != now
    }
}

impl JobWatch {
    /// Starts to follow a job.
    pub(crate) async fn start(
        app: &App,
        caller: &Caller,
        slug: &Slug,
        id: JobId,
        options: WatchOptions,
    ) -> Result<JobWatch, Refusal> {
        let changed = app.changed.subscribe();
        let (structure, record) = jobs::find(app, slug, id).await?;
        let uid = record.job.uid.to_string();
        let position = match options.resume_token.as_str() {
            "" => 0,
            token => {
                let payload = app.sealer.open("resume_token", &scope(&uid), token)?;
                let bytes = <[u8; 8]>::try_from(payload.as_slice());
                i64::from_be_bytes(bytes.map_err(|_| Refusal::token("resume_token"))?)
            }
        };
        Ok(JobWatch {
            pause: Pause::new(app.limits.watch_poll_max),
            app: app.clone(),
            caller: caller.clone(),
            structure,
            id,
            name: names::job(slug, id),
            uid,
            skip_log: options.skip_log,
            progress_interval: options.progress_interval,
            changed,
            position,
            seen: None,
            ready: VecDeque::new(),
            next_progress: Instant::now(),
            ended: false,
        })
    }

    /// The next message; `None` after the last one. When nothing happens until `quiet`, a
    /// heartbeat.
    pub(crate) async fn next(&mut self, quiet: Instant) -> Result<Option<JobMessage>, Refusal> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(Some(message));
            }
            if self.ended {
                return Ok(None);
            }
            self.changed.mark_unchanged();
            if self.look().await? {
                self.pause.reset();
                continue;
            }
            if Instant::now() >= quiet {
                return Ok(Some(self.heartbeat()));
            }
            let due = self.pause.next().min(quiet);
            tokio::select! {
                _ = self.changed.changed() => {}
                () = tokio::time::sleep_until(due) => {}
            }
        }
    }

    /// Looks into the store, first only for whether there is anything new. Returns whether there
    /// is something to send.
    async fn look(&mut self) -> Result<bool, Refusal> {
        if let Some(seen) = &self.seen {
            let revision = self.app.store.job_revision(self.id).await;
            if revision.map_err(|error| of_store(error, &self.name))? == seen.revision {
                return Ok(false);
            }
        }
        let record = self.app.store.get_job(self.id).await;
        self.take(record.map_err(|error| of_store(error, &self.name))?)
            .await
    }

    /// Turns what is in the store into messages. Returns whether there are any.
    async fn take(&mut self, record: JobRecord) -> Result<bool, Refusal> {
        let JobRecord { job, revision } = record;
        let Some((news, coalesced)) = self.news(&job, revision).await? else {
            return Ok(false);
        };
        // The log is read after the job: a line of a job that has ended is there by then.
        let (mut log, truncated) = self.read_log().await?;
        let view = jobs::view(&self.app, &self.caller, &self.structure, job.clone()).await?;
        for news in news {
            let (job, log) = (Some(self.as_of(news, &view)), std::mem::take(&mut log));
            let resume_token = String::new();
            let log_truncated = truncated && !log.is_empty();
            self.finish(JobMessage {
                news,
                job,
                log,
                resume_token,
                coalesced,
                log_truncated,
            });
        }
        self.seen = Some(Seen::of(revision, &job));
        self.ended = job.state.is_final();
        Ok(true)
    }

    /// What there is to tell, in order; `None` when it can wait.
    async fn news(
        &mut self,
        job: &Job,
        revision: i64,
    ) -> Result<Option<(Vec<JobNews>, i64)>, Refusal> {
        let Some(seen) = self.seen.clone() else {
            let ended = job.state.is_final().then_some(JobNews::Ended);
            return Ok(Some((
                std::iter::once(JobNews::Snapshot).chain(ended).collect(),
                0,
            )));
        };
        let mut news = Vec::new();
        if seen.state == JobState::Pending && job.state.is_final() && job.start_time.is_some() {
            // It ran between two looks: a client never misses a state.
            news.push(JobNews::StateChanged);
        }
        if !seen.planned && job.plan.is_some() {
            news.push(JobNews::Planned);
        }
        if job.state.is_final() {
            news.push(JobNews::Ended);
        } else if seen.other_state(job) {
            news.push(JobNews::StateChanged);
        }
        if !news.is_empty() {
            return Ok(Some((news, 0)));
        }
        if !self.skip_log && self.has_new_lines().await? {
            return Ok(Some((vec![JobNews::Log], 0)));
        }
        if Instant::now() < self.next_progress {
            return Ok(None);
        }
        self.next_progress = Instant::now() + self.progress_interval;
        Ok(Some((
            vec![JobNews::Progress],
            (revision - seen.revision).max(1),
        )))
    }

    /// The job as a message shows it: one that ran between two looks is shown running first.
    fn as_of(&self, news: JobNews, view: &JobView) -> JobView {
        let mut view = view.clone();
        if news != JobNews::Ended && news != JobNews::Snapshot && view.job.state.is_final() {
            view.job.state = JobState::Running;
            view.job.end_time = None;
            view.job.error = None;
            view.confirmation_token = None;
        }
        view
    }

    async fn has_new_lines(&self) -> Result<bool, Refusal> {
        let lines = self.app.store.list_log(self.id, self.position, 1).await;
        Ok(!lines
            .map_err(|error| of_store(error, &self.name))?
            .is_empty())
    }

    /// All lines that the client has not got, and whether some before them are lost.
    async fn read_log(&self) -> Result<(Vec<LogEntry>, bool), Refusal> {
        let mut lines: Vec<LogEntry> = Vec::new();
        if self.skip_log {
            return Ok((lines, false));
        }
        loop {
            let after = lines.last().map_or(self.position, |line| line.ordinal);
            let more = self.app.store.list_log(self.id, after, LOG_LINES_MAX).await;
            let more = more.map_err(|error| of_store(error, &self.name))?;
            let whole = more.len() < LOG_LINES_MAX;
            lines.extend(more);
            if whole {
                break;
            }
        }
        let truncated = lines
            .first()
            .is_some_and(|line| line.ordinal > self.position + 1);
        Ok((lines, truncated))
    }

    /// Splits a log that is too long for one message, and gives every message its token.
    fn finish(&mut self, mut message: JobMessage) {
        while message.log.len() > LOG_LINES_MAX {
            let rest = message.log.split_off(LOG_LINES_MAX);
            let part = message.clone();
            self.finish(part);
            message.log = rest;
            message.log_truncated = false;
            if message.news == JobNews::Snapshot {
                message.news = JobNews::Log;
            }
        }
        self.position = message
            .log
            .last()
            .map_or(self.position, |line| line.ordinal);
        message.resume_token = self.token();
        self.ready.push_back(message);
    }

    fn token(&self) -> String {
        self.app
            .sealer
            .seal(&scope(&self.uid), &self.position.to_be_bytes())
    }

    fn heartbeat(&self) -> JobMessage {
        JobMessage {
            news: JobNews::Heartbeat,
            job: None,
            log: Vec::new(),
            resume_token: self.token(),
            coalesced: 0,
            log_truncated: false,
        }
    }
}

/// What a resume token of a watch is for.
fn scope(uid: &str) -> [&[u8]; 2] {
    [b"watch-job", uid.as_bytes()]
}
