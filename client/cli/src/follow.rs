//! Follows a job to its end, and shows how far it is. Leaving early stops nothing.

use std::time::Duration;

use futures::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use resync_api::v1::{Job, WatchJobResponse};
use resync_client::{JobEvent, JobHandle};
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::{
    args::{OutputFormat, ProgressMode},
    exit::Exit,
    failure::Failure,
    render::{
        json,
        progress::{self, Narrator},
        text::{clean, job_id},
        words,
    },
    session::Session,
};

/// How often a job that does nothing new gets a line, where there is no bar.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// How often the bar is drawn again, so that its clock runs.
const REDRAW: Duration = Duration::from_millis(250);

/// Follows `handle` until the job has ended, and returns it as it is then. With `-o jsonl`, every
/// event is written to the output.
pub(crate) async fn follow(session: &Session, handle: &JobHandle) -> Result<Job, Failure> {
    session.follow(Some(handle.name()));
    let mut display = Display::new(session);
    let mut events = handle.watch();
    let last = loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = display.next_heartbeat() => {
                display.heartbeat();
                continue;
            }
        };
        match event {
            Some(Ok(JobEvent::Update(update))) => {
                if session.global.output == OutputFormat::Jsonl {
                    session.console.data(&json::line(update.as_ref()))?;
                }
                let ended = update.r#type() == resync_api::v1::watch_job_response::Type::Ended;
                display.update(&update);
                if ended {
                    break update.job;
                }
            }
            Some(Ok(JobEvent::Reconnecting { cause, delay })) => {
                display.reconnecting(&cause, delay)
            }
            Some(Err(error)) => return Err(error.into()),
            None => break None,
        }
    };
    session.follow(None);
    let job =
        last.ok_or_else(|| Failure::new(Exit::Failed, "the server said nothing of the job"))?;
    display.end();
    Ok(job)
}

struct Display<'a> {
    session: &'a Session,
    quiet: bool,
    bar: Option<ProgressBar>,
    narrator: Narrator,
    job: Option<Job>,
    since: Instant,
    heartbeats: Interval,
}

impl<'a> Display<'a> {
    fn new(session: &'a Session) -> Self {
        let quiet = session.global.progress == ProgressMode::Quiet;
        let bar = (session.console.draws_bar && !quiet).then(new_bar);
        let since = Instant::now();
        let mut heartbeats = tokio::time::interval_at(since + HEARTBEAT, HEARTBEAT);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            session,
            quiet,
            bar,
            narrator: Narrator::default(),
            job: None,
            since,
            heartbeats,
        }
    }

    async fn next_heartbeat(&mut self) {
        self.heartbeats.tick().await;
    }

    fn update(&mut self, update: &WatchJobResponse) {
        let zone = &self.session.zone;
        for entry in &update.log_entries {
            if let Some(line) = progress::log_line(entry, self.session.global.verbose, zone) {
                self.line(&line);
            }
        }
        let Some(job) = &update.job else { return };
        if let Some(bar) = &self.bar {
            let (percent, activity) = progress::bar(job);
            bar.set_message(activity);
            if let Some(percent) = percent {
                bar.set_position(percent);
            }
        } else if let Some(line) = self.narrator.observe(job, update.send_time.as_ref(), zone) {
            self.line(&line);
            self.heartbeats.reset();
        }
        self.job = Some(job.clone());
    }

    fn heartbeat(&mut self) {
        if let (None, Some(job)) = (&self.bar, &self.job) {
            self.line(&progress::heartbeat(job, self.since.elapsed().as_secs()));
        }
    }

    fn reconnecting(&mut self, cause: &str, delay: Duration) {
        let cause = clean(cause);
        self.line(&format!(
            "{cause}; calling again in {:.1} s",
            delay.as_secs_f64()
        ));
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn line(&self, line: &str) {
        if self.quiet {
            return;
        }
        match &self.bar {
            Some(bar) => bar.println(line),
            None => self.session.console.error(&format!("{line}\n")),
        }
    }
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::new(100);
    let template = "  {wide_bar} {percent:>3}%  {msg}  {elapsed}";
    bar.set_style(
        ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("=> "),
    );
    bar.enable_steady_tick(REDRAW);
    bar
}

/// What the end of a job means for the program.
pub(crate) fn outcome(job: &Job) -> Result<(), Failure> {
    use resync_api::v1::job::State;
    let exit = match job.state() {
        State::Succeeded => return Ok(()),
        State::Cancelled => Exit::JobCancelled,
        _ => Exit::JobFailed,
    };
    let mut failure = match &job.error {
        Some(problem) => Failure::of_problem(exit, problem),
        None => Failure::new(
            exit,
            format!("the job ended {}", words::job_state(job.state())),
        ),
    };
    let look = format!("resync job get {}", job_id(&job.name));
    failure.hint.get_or_insert(look);
    Err(failure)
}

#[cfg(test)]
mod tests {
    use resync_api::v1::{Problem, job::State};

    use super::*;

    #[test]
    fn the_end_of_a_job_is_the_end_of_the_program() {
        let ended = |state: State| Job {
            state: state.into(),
            ..Default::default()
        };
        assert!(outcome(&ended(State::Succeeded)).is_ok());
        for (state, exit) in [
            (State::Failed, Exit::JobFailed),
            (State::Incomplete, Exit::JobFailed),
            (State::Cancelled, Exit::JobCancelled),
        ] {
            assert_eq!(outcome(&ended(state)).unwrap_err().exit, exit, "{state:?}");
        }
    }

    #[test]
    fn a_job_that_was_cancelled_is_no_failure_of_the_job() {
        let problem = Problem {
            reason: resync_api::v1::ErrorReason::Cancelled.into(),
            message: "cancelled by users/ann".to_owned(),
            ..Default::default()
        };
        let job = Job {
            state: State::Cancelled.into(),
            error: Some(problem),
            ..Default::default()
        };
        let failure = outcome(&job).unwrap_err();
        assert_eq!(failure.exit, Exit::JobCancelled);
        assert_eq!(failure.what, "cancelled by users/ann");
    }
}
