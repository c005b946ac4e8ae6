//! Sends a call: with its deadline, and again where that is safe. Not the watches, which have no
//! deadline and resume instead; see `watch`.

use std::{future::Future, time::Duration};

use tonic::{Code, Request, Response, Status, transport::Channel};

use crate::{
    error::{CallError, Error},
    random,
};

/// How long a call may take in all, and how often it is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    deadline: Duration,
    attempts: u32,
}

/// A call without side effects.
pub(crate) const READ: Policy = Policy {
    deadline: Duration::from_secs(15),
    attempts: 4,
};
/// A write with a request id: the server answers a second one with the answer of the first.
pub(crate) const WRITE: Policy = Policy {
    deadline: Duration::from_secs(30),
    attempts: 3,
};
/// A write that has no request id: the answer to a second one would not be that of the first.
pub(crate) const WRITE_ONCE: Policy = Policy {
    deadline: Duration::from_secs(30),
    attempts: 1,
};

/// Makes one call as its policy says. `send` is called once an attempt.
pub(crate) async fn unary<Message, Answer, Send, Sent>(
    channel: &Channel,
    policy: Policy,
    message: Message,
    send: Send,
) -> Result<Answer, Error>
where
    Message: Clone,
    Send: Fn(Channel, Request<Message>) -> Sent,
    Sent: Future<Output = Result<Response<Answer>, Status>>,
{
    let attempts = async {
        let mut backoff = Backoff::of_calls();
        let mut left = policy.attempts;
        loop {
            let mut request = Request::new(message.clone());
            request.set_timeout(policy.deadline);
            let status = match send(channel.clone(), request).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) => status,
            };
            left -= 1;
            let error = CallError::from(&status);
            if left == 0 || error.code != Code::Unavailable {
                return Err(Error::Call(Box::new(error)));
            }
            tokio::time::sleep(backoff.next(error.retry_after, random::fraction())).await;
        }
    };
    match tokio::time::timeout(policy.deadline, attempts).await {
        Ok(result) => result,
        Err(_) => Err(Error::of_deadline(policy.deadline)),
    }
}

/// Makes one call: `call!(channel, policy, Client::method, message)`. All that differs between the
/// methods of the API is named; the rest is [`unary`].
macro_rules! call {
    ($channel:expr, $policy:expr, $client:ident :: $method:ident, $message:expr) => {
        $crate::call::unary($channel, $policy, $message, |channel, request| async move {
            $client::new(channel).$method(request).await
        })
    };
}
pub(crate) use call;

/// How long to wait before something is tried again: twice as long every time.
#[derive(Debug)]
pub(crate) struct Backoff {
    next: Duration,
    most: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(200);

    /// For calls, behind which somebody waits.
    pub(crate) fn of_calls() -> Self {
        Self {
            next: Self::FIRST,
            most: Duration::from_secs(5),
        }
    }

    /// For watches, which never give up.
    pub(crate) fn of_watches() -> Self {
        Self {
            next: Self::FIRST,
            most: Duration::from_secs(10),
        }
    }

    /// The next delay. `asked` is what the server wants, which is not cut short; `fraction`, from 0
    /// to 1, spreads clients that lost the same server over the second half of the delay.
    pub(crate) fn next(&mut self, asked: Option<Duration>, fraction: f64) -> Duration {
        let delay = self.next.mul_f64(0.5 + fraction / 2.0);
        self.next = (self.next * 2).min(self.most);
        asked.map_or(delay, |asked| asked.max(delay))
    }

    /// Starts again from the first delay, once something was heard.
    pub(crate) fn reset(&mut self) {
        self.next = Self::FIRST;
    }
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
