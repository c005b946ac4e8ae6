//! Webhooks: who is told of changes (`hook`), what they are told (`event`), and what is on its way
//! (`queue`). Nothing here waits or sends: `State::take_deliveries` gives what is due by the clock,
//! and `post` sends it in a process of its own.

mod event;
mod hook;
mod queue;

use crate::Flavour;
pub(crate) use event::{IssueEvent, LinkEvent};
pub use hook::NewWebhook;
pub(crate) use hook::{Door, Hook};
pub use queue::{Delivery, WebhookFault, WebhookFaults};

/// All webhooks of the site.
#[derive(Debug)]
pub struct Webhooks {
    /// What goes wrong on the way.
    pub faults: WebhookFaults,
    /// Whether the ends of a link are told as updated when it is made or removed. Documents are
    /// silent; the default is no, since a client must find such a change without it.
    pub link_updates: bool,
    hooks: Vec<Hook>,
    next_hook: u64,
    queue: queue::Queue,
    /// What happens now is a consequence of something else that was done.
    cascade: bool,
}

impl Webhooks {
    pub(crate) fn of(flavour: Flavour, seed: u64) -> Self {
        Self {
            faults: WebhookFaults::default(),
            link_updates: false,
            hooks: Vec::new(),
            next_hook: 1000,
            queue: queue::Queue::of(flavour, seed),
            cascade: false,
        }
    }

    /// What follows is a consequence; gives what to end with.
    pub(crate) fn begin_cascade(&mut self) -> bool {
        std::mem::replace(&mut self.cascade, true)
    }

    pub(crate) fn end_cascade(&mut self, outer: bool) {
        self.cascade = outer;
    }
}
