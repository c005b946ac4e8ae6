//! Follows a job over broken connections. The transport's own retries do not help here: a stream
//! that has begun is never sent again by them.

use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use resync_api::v1::{
    WatchJobRequest, WatchJobResponse, job_service_client::JobServiceClient,
    watch_job_response::Type,
};
use tonic::{Code, Status, Streaming, transport::Channel};

use crate::{
    call::Backoff,
    error::{CallError, Error},
    random,
};

/// The server is heard at least every 15 s; after twice as long the connection counts as broken,
/// though nothing said so.
const SILENCE: Duration = Duration::from_secs(30);

/// What happens while a job is followed.
#[derive(Clone, Debug)]
pub enum JobEvent {
    /// The server sent something. Never a heartbeat. The last one has `TYPE_ENDED`. After a break
    /// there is another `TYPE_SNAPSHOT`, with the lines of the log that were missed.
    Update(Box<WatchJobResponse>),
    /// The connection broke; it is tried again after `delay`, as often as it takes.
    Reconnecting {
        /// Why, for people.
        cause: String,
        /// How long until the next try.
        delay: Duration,
    },
}

/// The events of a job. Ends after the update with `TYPE_ENDED`, or after an error that trying
/// again would not mend.
pub type JobEvents = BoxStream<'static, Result<JobEvent, Error>>;

/// How closely a job is followed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Follow {
    /// Everything that the server has to say.
    All,
    /// Only its end matters: no log, and hardly any progress.
    End,
}

/// The least time between two messages about progress that nobody looks at, in seconds.
const UNSEEN_PROGRESS_SECONDS: i64 = 60;

pub(crate) fn job_events(channel: Channel, name: String, follow: Follow) -> JobEvents {
    let watch = Watch {
        channel,
        name,
        follow,
        resume_token: String::new(),
        stream: None,
        backoff: Backoff::of_watches(),
        pause: Duration::ZERO,
        ended: false,
    };
    stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((event, watch))
    })
    .boxed()
}

struct Watch {
    channel: Channel,
    name: String,
    follow: Follow,
    resume_token: String,
    stream: Option<Streaming<WatchJobResponse>>,
    backoff: Backoff,
    /// Waited out before the next call, not after the break, so that the caller hears of it first.
    pause: Duration,
    ended: bool,
}

impl Watch {
    async fn next(&mut self) -> Option<Result<JobEvent, Error>> {
        if self.ended {
            return None;
        }
        loop {
            match self.receive().await {
                Ok(message) if message.r#type() == Type::Heartbeat => {}
                Ok(message) => {
                    self.ended = message.r#type() == Type::Ended;
                    return Some(Ok(JobEvent::Update(Box::new(message))));
                }
                Err(status) => return Some(self.broken(&status)),
            }
        }
    }

    async fn receive(&mut self) -> Result<WatchJobResponse, Status> {
        let received = tokio::time::timeout(SILENCE + self.pause, self.receive_without_limit());
        let message = received.await.unwrap_or_else(|_| {
            Err(Status::unavailable(format!(
                "nothing was heard for {} s",
                SILENCE.as_secs()
            )))
        })?;
        if !message.resume_token.is_empty() {
            self.resume_token.clone_from(&message.resume_token);
        }
        self.backoff.reset();
        self.pause = Duration::ZERO;
        Ok(message)
    }

    async fn receive_without_limit(&mut self) -> Result<WatchJobResponse, Status> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                tokio::time::sleep(self.pause).await;
                let request = WatchJobRequest {
                    name: self.name.clone(),
                    resume_token: self.resume_token.clone(),
                    skip_log: self.follow == Follow::End,
                    progress_interval: (self.follow == Follow::End).then_some(
                        prost_types::Duration {
                            seconds: UNSEEN_PROGRESS_SECONDS,
                            nanos: 0,
                        },
                    ),
                };
                let answer = JobServiceClient::new(self.channel.clone())
                    .watch_job(request)
                    .await?;
                none.insert(answer.into_inner())
            }
        };
        stream
            .message()
            .await?
            .ok_or_else(|| Status::unavailable("the server ended the call before the job ended"))
    }

    fn broken(&mut self, status: &Status) -> Result<JobEvent, Error> {
        self.stream = None;
        let error = CallError::from(status);
        // A watcher that was too slow is told so with RESOURCE_EXHAUSTED, and may come back.
        let worth_another = error.code == Code::Unavailable
            || error.reason == resync_api::v1::ErrorReason::WatcherTooSlow;
        if !worth_another {
            self.ended = true;
            return Err(Error::Call(Box::new(error)));
        }
        let delay = self.backoff.next(error.retry_after, random::fraction());
        self.pause = delay;
        Ok(JobEvent::Reconnecting {
            cause: error.message,
            delay,
        })
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
