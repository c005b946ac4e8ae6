//! Carries a watch to its client: beats, ends and gives up.
//!
//! A task goes through the watch and hands over one message at a time; there is no queue beyond
//! that. What it is not: what messages say; that is in [`crate::app`].

use super::status;
use crate::app::App;
use crate::app::watch_job::{JobMessage, JobWatch};
use crate::app::watch_limit::WatchPermit;
use crate::app::watch_structure::{ForestMessage, StructureWatch};
use crate::call;
use crate::refusal::Refusal;
use resync_core::problem::Reason;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tonic::Status;
use tonic::codegen::tokio_stream::Stream;

/// Something that can be followed.
pub(super) trait Feed: Send + 'static {
    /// What it tells.
    type Message: Send + 'static;

    /// The next message; `None` after the last. A heartbeat when nothing happens until `quiet`.
    fn next(
        &mut self,
        quiet: Instant,
    ) -> impl Future<Output = Result<Option<Self::Message>, Refusal>> + Send;
}

impl Feed for JobWatch {
    type Message = JobMessage;

    async fn next(&mut self, quiet: Instant) -> Result<Option<JobMessage>, Refusal> {
        JobWatch::next(self, quiet).await
    }
}

impl Feed for StructureWatch {
    type Message = ForestMessage;

    async fn next(&mut self, quiet: Instant) -> Result<Option<ForestMessage>, Refusal> {
        StructureWatch::next(self, quiet).await
    }
}

/// The messages of a watch, and how it ends: with OK, or with a status.
pub struct WatchStream<T> {
    messages: mpsc::Receiver<T>,
    end: Option<oneshot::Receiver<Result<(), Status>>>,
}

impl<T> std::fmt::Debug for WatchStream<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WatchStream")
    }
}

impl<T> Stream for WatchStream<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = ready!(self.messages.poll_recv(context)) {
            return Poll::Ready(Some(Ok(message)));
        }
        let Some(end) = self.end.as_mut() else {
            return Poll::Ready(None);
        };
        let end = ready!(Pin::new(end).poll(context));
        self.end = None;
        Poll::Ready(match end {
            Ok(Ok(())) => None,
            Ok(Err(status)) => Some(Err(status)),
            Err(_) => Some(Err(
                Refusal::internal("a watch ended without saying why").into()
            )),
        })
    }
}

/// Messages that are ready before the client takes them: enough to keep a fast reader busy while
/// the next rows are read, and no more, so that a slow one gets what is new.
const READY_MAX: usize = 2;

/// Starts to carry a watch.
pub(super) fn start<F: Feed, T: Send + 'static>(
    app: &App,
    permit: WatchPermit,
    deadline: Option<Instant>,
    feed: F,
    convert: impl Fn(F::Message) -> T + Send + 'static,
) -> WatchStream<T> {
    let (sender, messages) = mpsc::channel(READY_MAX);
    let (over, end) = oneshot::channel();
    let carrier = Carrier {
        quiet: app.limits.heartbeat_interval,
        stall: app.limits.watcher_stall_max,
        retires: Instant::now() + jittered(app.limits.watch_age_max, (app.random)()[0]),
        app: app.clone(),
        deadline,
        sender,
    };
    tokio::spawn(call::traced(call::trace_id(), async move {
        let result = carrier.carry(feed, convert).await;
        drop(permit);
        // The client may be gone; then nobody asks how it ended.
        let _ = over.send(result);
    }));
    WatchStream {
        messages,
        end: Some(end),
    }
}

/// The duration, up to a tenth shorter or longer, so that watches do not all end at once.
fn jittered(duration: Duration, random: u8) -> Duration {
    let fraction = f64::from(random) / f64::from(u8::MAX);
    duration.mul_f64(0.9 + 0.2 * fraction)
}

struct Carrier<T> {
    app: App,
    quiet: Duration,
    stall: Duration,
    retires: Instant,
    deadline: Option<Instant>,
    sender: mpsc::Sender<T>,
}

impl<T> Carrier<T> {
    async fn carry<F: Feed>(
        self,
        mut feed: F,
        convert: impl Fn(F::Message) -> T,
    ) -> Result<(), Status> {
        loop {
            let message = tokio::select! {
                biased;
                ended = self.interrupted() => return ended,
                message = feed.next(Instant::now() + self.quiet) => message?,
            };
            let Some(message) = message else {
                return Ok(());
            };
            let place = tokio::select! {
                biased;
                ended = self.interrupted() => return ended,
                place = timeout(self.stall, self.sender.reserve()) => place,
            };
            match place {
                Ok(Ok(place)) => place.send(convert(message)),
                // The client has gone.
                Ok(Err(_)) => return Ok(()),
                Err(_) => return Err(too_slow(self.stall).into()),
            }
        }
    }

    /// Waits until something ends the watch from outside.
    async fn interrupted(&self) -> Result<(), Status> {
        let never = Instant::now() + Duration::from_secs(60 * 60 * 24 * 365);
        tokio::select! {
            () = self.app.draining.cancelled() => Err(Refusal::draining().into()),
            () = self.sender.closed() => Ok(()),
            () = sleep_until(self.retires) => Err(retired().into()),
            () = sleep_until(self.deadline.unwrap_or(never)) => {
                Err(status::deadline_exceeded())
            }
        }
    }
}

fn too_slow(stall: Duration) -> Refusal {
    let seconds = stall.as_secs();
    let message = format!("nothing was taken for {seconds} s; call again with the last token");
    Refusal::new(Reason::WatcherTooSlow, message)
}

fn retired() -> Refusal {
    let message =
        "the watch is old and moves to another connection; call again with the last token";
    Refusal::new(Reason::ServerDraining, message).after(Duration::ZERO)
}
