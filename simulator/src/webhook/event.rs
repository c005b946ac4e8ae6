//! What webhooks are told: which registrations an event concerns, and the bodies. An issue is shown
//! as it is when the event happens, which may be long before the delivery arrives.

use serde_json::{Value, json};

use super::{Door, Hook};
use crate::fields::Selection;
use crate::jql;
use crate::render::{history, issue};
use crate::state::history::History;
use crate::state::{LinkId, State};

/// What happened to an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IssueEvent {
    Created,
    /// Place in the history of the issue.
    Updated(usize),
    /// `updated` moved, and no field.
    Commented,
    Deleted,
}

impl IssueEvent {
    /// `webhookEvent` and `issue_event_type_name`.
    fn names(self, history: Option<&History>) -> (&'static str, &'static str) {
        let has = |field: &str| {
            history.is_some_and(|history| history.items.iter().any(|item| item.field == field))
        };
        match self {
            Self::Created => ("jira:issue_created", "issue_created"),
            Self::Commented => ("jira:issue_updated", "issue_commented"),
            Self::Deleted => ("jira:issue_deleted", "issue_deleted"),
            Self::Updated(_) if has("Key") => ("jira:issue_updated", "issue_moved"),
            Self::Updated(_) if has("assignee") => ("jira:issue_updated", "issue_assigned"),
            Self::Updated(_) if has("status") => ("jira:issue_updated", "issue_generic"),
            Self::Updated(_) => ("jira:issue_updated", "issue_updated"),
        }
    }
}

/// What happened to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkEvent {
    Created,
    Deleted,
}

impl State {
    /// Tells of an issue whom it concerns.
    pub(crate) fn tell_issue(&mut self, slot: u32, event: IssueEvent) {
        if self.webhooks_in_force().is_empty() {
            return;
        }
        let id = self.issues[slot as usize].id;
        let history = match event {
            IssueEvent::Updated(place) => self.histories_of(id).get(place),
            _ => None,
        };
        let (name, kind) = event.names(history);
        let hooks = self.webhooks.hooks.iter();
        let concerned: Vec<_> = hooks
            .filter(|hook| self.concerns(hook, name, slot, history))
            .cloned()
            .collect();
        if concerned.is_empty() {
            return;
        }
        let mut body = json!({
            "timestamp": self.now,
            "webhookEvent": name,
            "issue_event_type_name": kind,
            "user": self.person_value(self.actor),
            "issue": self.issue_value(slot),
        });
        if let Some(own) = history {
            body["changelog"] = json!({
                "id": own.id.to_string(),
                "items": history::items(own),
            });
        }
        self.post_to(&concerned, &body);
    }

    /// Tells that an end of a link was updated, where that is told.
    pub(crate) fn tell_linked(&mut self, slot: u32, history: usize) {
        if self.webhooks.link_updates {
            self.tell_issue(slot, IssueEvent::Updated(history));
        }
    }

    /// Tells administrators' webhooks of a link; apps cannot ask for it.
    pub(crate) fn tell_link(&mut self, id: LinkId, event: LinkEvent) {
        let name = match event {
            LinkEvent::Created => "issuelink_created",
            LinkEvent::Deleted => "issuelink_deleted",
        };
        let hooks = self.webhooks_in_force().iter();
        let concerned: Vec<_> = hooks
            .filter(|hook| !hook.by_app() && hook.is.events.iter().any(|own| own == name))
            .cloned()
            .collect();
        let link = self.links[&id];
        let kind = &self.catalog.link_kinds[usize::from(link.kind)];
        let body = json!({
            "timestamp": self.now,
            "webhookEvent": name,
            "issueLink": {
                "id": id.0,
                "sourceIssueId": link.source.0,
                "destinationIssueId": link.target.0,
                "issueLinkType": {
                    "id": kind.id,
                    "name": kind.name,
                    "outwardName": kind.own.outward,
                    "inwardName": kind.own.inward,
                    "isSubTaskLinkType": false,
                    "isSystemLinkType": false,
                },
                "systemLink": false,
            },
        });
        self.post_to(&concerned, &body);
    }

    /// Whether the registration asks for the event of the issue.
    fn concerns(&self, hook: &Hook, name: &str, slot: u32, history: Option<&History>) -> bool {
        let issue = &self.issues[slot as usize];
        let asked = hook.is.events.iter().any(|own| own == name);
        let for_it = match &hook.door {
            Door::Administrator { .. } => true,
            // An app is told what it may see.
            Door::App { fields, .. } => {
                let changed = |field: &String| {
                    history.is_some_and(|own| own.items.iter().any(|item| item.concerns(field)))
                };
                let update = name == "jira:issue_updated";
                let named = !update || fields.is_empty() || fields.iter().any(changed);
                self.readable(issue) && named
            }
        };
        asked && for_it && (hook.is.jql.is_empty() || jql::holds(self, &hook.is.jql, issue))
    }

    /// One delivery for each administrator's webhook, and one for each address of an app, which
    /// names all of its webhooks that match.
    fn post_to(&mut self, hooks: &[Hook], body: &Value) {
        let mut addresses = Vec::new();
        for hook in hooks {
            if !hook.by_app() {
                let sent = (!hook.is.exclude_body).then(|| body.to_string());
                self.enqueue(&hook.is.url, sent.unwrap_or_default(), &hook.is.secret);
                continue;
            }
            if addresses.contains(&&hook.is.url) {
                continue;
            }
            addresses.push(&hook.is.url);
            let same = hooks
                .iter()
                .filter(|other| other.by_app() && other.is.url == hook.is.url);
            let mut sent = body.clone();
            sent["matchedWebhookIds"] = same.map(|other| json!(other.id)).collect();
            self.enqueue(&hook.is.url, sent.to_string(), &None);
        }
    }

    fn enqueue(&mut self, url: &str, body: String, secret: &Option<String>) {
        let webhooks = &mut self.webhooks;
        let fault = webhooks.faults.strike();
        let secondary = webhooks.cascade;
        let secret = secret.as_deref();
        webhooks
            .queue
            .add(self.now, url, body, secret, secondary, fault);
    }

    fn person_value(&self, place: u32) -> Value {
        serde_json::from_str(&self.catalog.people[place as usize].json).unwrap_or_default()
    }

    fn issue_value(&self, slot: u32) -> Value {
        let all = ["*all".to_owned()];
        let selection = Selection {
            id_only: false,
            ..Selection::read(&all, &self.fields, self.flavour)
        };
        let mut out = Vec::with_capacity(4096);
        issue::write(&mut out, self, &self.issues[slot as usize], &selection);
        let mut value: Value = serde_json::from_slice(&out).unwrap_or_default();
        if let Some(members) = value.as_object_mut() {
            members.remove("expand");
        }
        value
    }
}
