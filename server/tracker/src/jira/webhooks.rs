//! Webhooks of an application on Cloud, and those of administrators.
//!
//! What it is not: their receiver.

use super::answer::Failure;
use super::exchange::Call;
use super::settings::Product;
use super::transport::Transport;
use super::wire::{self, Unreadable};
use super::{Jira, answer};
use crate::Error;
use crate::webhooks::{AdministratorWebhook, HookUrl, Subscription, Webhook, Webhooks};
use async_trait::async_trait;
use resync_core::id::JiraId;
use resync_core::time::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Webhooks of an application are on so many pages at most: a thousand times what Jira allows.
const PAGES_MAX: usize = 1000;

/// The member of a filter that has the query of an administrator's webhook.
const SECTION: &str = "issue-related-events-section";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePage {
    values: Vec<WireWebhook>,
    #[serde(default)]
    is_last: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireWebhook {
    id: u64,
    url: String,
    events: Vec<String>,
    jql_filter: String,
    #[serde(default)]
    field_ids_filter: Option<Vec<String>>,
    expiration_date: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRegistration {
    webhook_registration_result: Vec<WireResult>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireResult {
    created_webhook_id: Option<u64>,
    #[serde(default)]
    errors: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireExpiration {
    expiration_date: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAdministratorWebhook {
    #[serde(default)]
    name: String,
    url: String,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    filters: Value,
    enabled: Option<bool>,
    active: Option<bool>,
}

impl From<WireWebhook> for Webhook {
    fn from(webhook: WireWebhook) -> Webhook {
        let fields = webhook.field_ids_filter.unwrap_or_default();
        Webhook {
            id: JiraId::new(webhook.id.to_string()),
            subscription: Subscription {
                url: HookUrl::new(webhook.url),
                events: webhook.events,
                jql: webhook.jql_filter,
                fields: fields.into_iter().map(JiraId::new).collect(),
            },
            expires: webhook.expiration_date.map(Timestamp),
        }
    }
}

impl From<WireAdministratorWebhook> for AdministratorWebhook {
    fn from(webhook: WireAdministratorWebhook) -> AdministratorWebhook {
        let jql = webhook.filters[SECTION].as_str().unwrap_or_default();
        AdministratorWebhook {
            jql: jql.to_owned(),
            name: webhook.name,
            url: HookUrl::new(webhook.url),
            events: webhook.events,
            enabled: webhook.enabled.or(webhook.active).unwrap_or(true),
        }
    }
}

#[async_trait]
impl<T: Transport> Webhooks for Jira<T> {
    async fn list(&self) -> Result<Vec<Webhook>, Error> {
        self.only_cloud()?;
        self.confirm_account().await?;
        let mut found: Vec<Webhook> = Vec::new();
        for _ in 0..PAGES_MAX {
            let resource = format!("webhook?startAt={}&maxResults=100", found.len());
            let page: WirePage = self.told(&Call::get(self.path(&resource))).await?;
            let ended = page.is_last || page.values.is_empty();
            found.extend(page.values.into_iter().map(Webhook::from));
            if ended {
                break;
            }
        }
        self.confirm_again().await?;
        Ok(found)
    }

    async fn register(&self, subscription: &Subscription) -> Result<Webhook, Error> {
        if let Some(known) = self.registered(subscription).await? {
            return Ok(known);
        }
        let outcome = self.register_once(subscription).await;
        let outcome = outcome.map_err(|error| blind(error, &subscription.url));
        // Whether it was registered although no answer came is seen by looking.
        let known = match outcome {
            Ok(_) | Err(Error::Unreachable { .. } | Error::AnswerInvalid { .. }) => {
                self.registered(subscription).await?
            }
            Err(_) => None,
        };
        match (known, outcome) {
            (Some(known), _) => Ok(known),
            (None, Ok(id)) => Ok(Webhook {
                id,
                subscription: subscription.clone(),
                expires: None,
            }),
            (None, Err(error)) => Err(error),
        }
    }

    async fn refresh(&self, ids: &[JiraId]) -> Result<Timestamp, Error> {
        self.only_cloud()?;
        let body = json!({ "webhookIds": numbers(ids)? });
        let call = Call::put(self.path("webhook/refresh"), &body);
        let told: WireExpiration = self.told(&call).await?;
        Ok(Timestamp(told.expiration_date))
    }

    async fn delete(&self, ids: &[JiraId]) -> Result<(), Error> {
        self.only_cloud()?;
        if ids.is_empty() {
            return Ok(());
        }
        let body = json!({ "webhookIds": numbers(ids)? });
        let call = Call::delete(self.path("webhook"), &body);
        let outcome = self.exchange.fetch(&call, |_| Ok(())).await;
        outcome.map_err(|failure| self.of_webhook(failure))
    }

    async fn of_administrators(&self) -> Result<Vec<AdministratorWebhook>, Error> {
        self.confirm_account().await?;
        // Data Center has had them under another name since release 10.
        let paths = match self.product {
            Product::Cloud => &["/rest/webhooks/1.0/webhook"][..],
            Product::DataCenter => &[
                "/rest/jira-webhook/1.0/webhooks",
                "/rest/webhooks/1.0/webhook",
            ][..],
        };
        let mut failure = Failure::Absent(String::new());
        for path in paths {
            let call = Call::get((*path).to_owned());
            let read = wire::value::<Vec<WireAdministratorWebhook>>;
            match self.exchange.fetch(&call, read).await {
                Ok(found) => {
                    self.confirm_again().await?;
                    return Ok(found.into_iter().map(AdministratorWebhook::from).collect());
                }
                Err(absent @ (Failure::Absent(_) | Failure::Gone(_))) => failure = absent,
                Err(other) => return Err(other.of_resource(self.product)),
            }
        }
        Err(failure.of_resource(self.product))
    }
}

impl<T: Transport> Jira<T> {
    fn only_cloud(&self) -> Result<(), Error> {
        if self.product == Product::Cloud {
            return Ok(());
        }
        let detail = "an administrator makes the webhooks of Jira Data Center".to_owned();
        Err(Error::NotSetUp { detail })
    }

    /// The webhook with this subscription, if there is one.
    async fn registered(&self, wanted: &Subscription) -> Result<Option<Webhook>, Error> {
        let same = |webhook: &Webhook| {
            let found = &webhook.subscription;
            found.url == wanted.url
                && found.jql == wanted.jql
                && sorted(&found.events) == sorted(&wanted.events)
                && sorted(&found.fields) == sorted(&wanted.fields)
        };
        Ok(self.list().await?.into_iter().find(same))
    }

    async fn register_once(&self, subscription: &Subscription) -> Result<JiraId, Error> {
        let fields: Vec<&str> = subscription.fields.iter().map(JiraId::as_str).collect();
        let mut webhook = json!({ "events": subscription.events, "jqlFilter": subscription.jql });
        if !fields.is_empty() {
            webhook["fieldIdsFilter"] = json!(fields);
        }
        let body = json!({ "url": subscription.url.expose(), "webhooks": [webhook] });
        let call = Call::post_once(self.path("webhook"), &body);
        let told: WireRegistration = self.told(&call).await?;
        let result = told.webhook_registration_result.into_iter().next();
        match result {
            Some(WireResult {
                created_webhook_id: Some(id),
                ..
            }) => Ok(JiraId::new(id.to_string())),
            // A refusal comes with the status of a success.
            Some(result) => Err(Error::QueryInvalid {
                detail: answer::clean(&result.errors.join("; ")),
            }),
            None => Err(Error::AnswerInvalid {
                detail: "a registration has no result".to_owned(),
            }),
        }
    }

    async fn told<V: DeserializeOwned>(&self, call: &Call) -> Result<V, Error> {
        let decode = |body: &[u8]| -> Result<V, Unreadable> { wire::value(body) };
        let outcome = self.exchange.fetch(call, decode).await;
        outcome.map_err(|failure| self.of_webhook(failure))
    }

    fn of_webhook(&self, failure: Failure) -> Error {
        failure.of_search(self.product)
    }
}

fn sorted<V: Ord>(values: &[V]) -> Vec<&V> {
    let mut values: Vec<&V> = values.iter().collect();
    values.sort_unstable();
    values
}

/// Jira may repeat the address in what it says, whole or cut off at the end.
fn blind(mut error: Error, url: &HookUrl) -> Error {
    if let Error::Unreachable { detail, .. }
    | Error::CredentialRefused { detail }
    | Error::Forbidden { detail }
    | Error::QueryInvalid { detail }
    | Error::AnswerInvalid { detail }
    | Error::NotSetUp { detail }
    | Error::ProductMismatch { detail } = &mut error
    {
        *detail = detail.replace(url.expose(), "…");
        if let Some(at) = detail
            .find(url.origin())
            .filter(|_| !url.origin().is_empty())
        {
            detail.truncate(at);
        }
    }
    error
}

/// The API wants the ids as numbers.
fn numbers(ids: &[JiraId]) -> Result<Vec<u64>, Error> {
    let number = |id: &JiraId| id.as_str().parse();
    let numbers: Result<Vec<u64>, _> = ids.iter().map(number).collect();
    numbers.map_err(|_| Error::QueryInvalid {
        detail: "the id of a webhook is a number".to_owned(),
    })
}
