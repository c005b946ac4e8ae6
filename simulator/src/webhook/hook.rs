//! Registrations: by administrators, which last, and by apps on Cloud, which expire.

use super::Webhooks;
use crate::state::State;

/// How long a webhook of an app lasts after it was made or refreshed: 30 days.
const LIFE: i64 = 30 * 24 * 60 * 60 * 1000;

/// A webhook as an administrator makes it.
#[derive(Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Name that administrators see.
    pub name: String,
    /// Where deliveries are posted to.
    pub url: String,
    /// For example `jira:issue_updated`, `issuelink_created`.
    pub events: Vec<String>,
    /// Issues that it is for; empty is all. Events of links are not filtered.
    pub jql: String,
    /// Bodies are left out.
    pub exclude_body: bool,
    /// Deliveries are signed with it.
    pub secret: Option<String>,
}

impl std::fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewWebhook")
            .field("name", &self.name)
            .field("url", &self.url)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// Who registered, and what only they can say.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    Administrator {
        changed: i64,
    },
    App {
        expires: i64,
        /// Updates are told only when one of these fields changed; empty is any.
        fields: Vec<String>,
    },
}

/// A registered webhook. Apps have no name and no secret.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) id: u64,
    pub(crate) is: NewWebhook,
    pub(crate) door: Door,
}

impl Hook {
    pub(crate) fn by_app(&self) -> bool {
        matches!(self.door, Door::App { .. })
    }
}

impl State {
    /// Registers a webhook as an administrator does and gives its id.
    pub fn add_webhook(&mut self, new: NewWebhook) -> u64 {
        let changed = self.now;
        self.webhooks.add(new, Door::Administrator { changed })
    }

    /// Registers a webhook as an app on Cloud does, for 30 days, and gives its id.
    pub(crate) fn add_app_webhook(&mut self, new: NewWebhook, fields: Vec<String>) -> u64 {
        let expires = self.now + LIFE;
        self.webhooks.add(new, Door::App { expires, fields })
    }

    /// Makes the webhooks of apps with these ids last 30 days from now; until when they last.
    pub(crate) fn refresh_webhooks(&mut self, ids: &[u64]) -> i64 {
        let until = self.now + LIFE;
        for hook in &mut self.webhooks.hooks {
            if let Door::App { expires, .. } = &mut hook.door
                && ids.contains(&hook.id)
            {
                *expires = until;
            }
        }
        until
    }

    /// Removes a webhook; whether it was there. What is on its way still arrives.
    pub fn remove_webhook(&mut self, id: u64) -> bool {
        let before = self.webhooks.hooks.len();
        self.webhooks.hooks.retain(|hook| hook.id != id);
        self.webhooks.hooks.len() < before
    }

    /// Puts another registration of an administrator in place of one; whether it was there.
    pub(crate) fn replace_webhook(&mut self, id: u64, new: NewWebhook) -> bool {
        let now = self.now;
        let mut hooks = self.webhooks.hooks.iter_mut();
        let old = hooks.find(|hook| hook.id == id && !hook.by_app());
        let Some(old) = old else { return false };
        old.is = new;
        old.door = Door::Administrator { changed: now };
        true
    }

    /// What is registered and has not expired, ascending by id.
    pub(crate) fn webhooks_in_force(&mut self) -> &[Hook] {
        let now = self.now;
        let in_force = |hook: &Hook| match hook.door {
            Door::App { expires, .. } => expires > now,
            Door::Administrator { .. } => true,
        };
        self.webhooks.hooks.retain(in_force);
        &self.webhooks.hooks
    }
}

impl Webhooks {
    fn add(&mut self, is: NewWebhook, door: Door) -> u64 {
        let id = self.next_hook;
        self.next_hook += 1;
        self.hooks.push(Hook { id, is, door });
        id
    }
}
