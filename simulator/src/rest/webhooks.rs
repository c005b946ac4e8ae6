//! Registering webhooks: by apps on Cloud, and by administrators. What they are told is decided in
//! `webhook`.

use http::{HeaderMap, Method};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Call;
use super::answer::{self, Refusal};
use crate::jql;
use crate::sentence::Sentence;
use crate::state::State;
use crate::webhook::{Door, Hook, NewWebhook};
use crate::{Flavour, Response};

/// Events that apps may ask for.
const APP_EVENTS: [&str; 8] = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
    "issue_property_set",
    "issue_property_deleted",
];
/// The member of `filters` that has the query.
const SECTION: &str = "issue-related-events-section";
const PAGE_DEFAULT: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    url: String,
    webhooks: Vec<Asked>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Asked {
    events: Vec<String>,
    jql_filter: String,
    #[serde(default)]
    field_ids_filter: Vec<String>,
    #[serde(rename = "issuePropertyKeysFilter")]
    _issue_property_keys_filter: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Ids {
    webhook_ids: Vec<u64>,
}

fn body<T: serde::de::DeserializeOwned>(call: &Call<'_>) -> Result<T, Refusal> {
    let value: Value =
        serde_json::from_slice(call.body).map_err(|_| Refusal::Bare(400, Sentence::NotJson))?;
    serde_json::from_value(value).map_err(|_| Refusal::Bare(400, Sentence::InvalidPayload))
}

/// A status without a body.
fn empty(status: u16) -> Response {
    Response {
        status,
        headers: HeaderMap::new(),
        body: bytes::Bytes::new(),
    }
}

fn only_apps(call: &Call<'_>) -> Result<(), Refusal> {
    match call.app && !call.anonymous() {
        true => Ok(()),
        false => Err(Refusal::domain(403, Sentence::NotAnApp)),
    }
}

/// `webhook` of Cloud: list, register, remove.
pub(crate) fn of_apps(state: &mut State, call: &Call<'_>) -> Result<Response, Refusal> {
    only_apps(call)?;
    match *call.method {
        Method::POST => register(state, call),
        Method::DELETE => {
            for id in body::<Ids>(call)?.webhook_ids {
                if app_hooks(state).iter().any(|hook| hook.id == id) {
                    state.remove_webhook(id);
                }
            }
            Ok(empty(202))
        }
        _ => list_of_apps(state, call),
    }
}

/// 200 whatever comes of each: those that are refused have `errors` instead of an id.
fn register(state: &mut State, call: &Call<'_>) -> Result<Response, Refusal> {
    let asked: Registration = body(call)?;
    if !is_url(&asked.url) {
        let refused = Sentence::WebhookUrl(asked.url);
        return Err(Refusal::domain(400, refused));
    }
    let mut results = Vec::new();
    for one in asked.webhooks {
        let mut wrong: Vec<_> = one
            .events
            .iter()
            .filter(|event| !APP_EVENTS.contains(&event.as_str()))
            .map(|event| Sentence::WebhookEvent(event.clone()))
            .collect();
        wrong.extend(jql::check_app_filter(state, &one.jql_filter).err());
        if !wrong.is_empty() {
            let texts = wrong.iter().map(|sentence| sentence.text(state.language));
            results.push(json!({ "errors": texts.collect::<Vec<_>>() }));
            continue;
        }
        let new = NewWebhook {
            name: String::new(),
            url: asked.url.clone(),
            events: one.events,
            jql: one.jql_filter,
            exclude_body: false,
            secret: None,
        };
        let id = state.add_app_webhook(new, one.field_ids_filter);
        results.push(json!({ "createdWebhookId": id }));
    }
    let body = json!({ "webhookRegistrationResult": results });
    Ok(answer::value(state.flavour, &body))
}

fn is_url(text: &str) -> bool {
    let uri: Result<http::Uri, _> = text.parse();
    uri.is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some())
}

fn app_hooks(state: &mut State) -> Vec<Hook> {
    let hooks = state.webhooks_in_force().iter();
    hooks.filter(|hook| hook.by_app()).cloned().collect()
}

fn list_of_apps(state: &mut State, call: &Call<'_>) -> Result<Response, Refusal> {
    let (start, size) = call.window(PAGE_DEFAULT, PAGE_DEFAULT)?;
    let hooks = app_hooks(state);
    let values = hooks.iter().skip(start).take(size).map(|hook| {
        let mut shown = json!({
            "id": hook.id,
            "url": hook.is.url,
            "events": hook.is.events,
            "jqlFilter": hook.is.jql,
        });
        if let Door::App { expires, fields } = &hook.door {
            shown["expirationDate"] = json!(expires);
            shown["fieldIdsFilter"] = json!(fields);
        }
        shown
    });
    let values: Vec<_> = values.collect();
    let body = json!({
        "startAt": start,
        "maxResults": size,
        "total": hooks.len(),
        "isLast": start + values.len() >= hooks.len(),
        "values": values,
    });
    Ok(answer::value(state.flavour, &body))
}

pub(crate) fn refresh(state: &mut State, call: &Call<'_>) -> Result<Response, Refusal> {
    only_apps(call)?;
    let ids = body::<Ids>(call)?.webhook_ids;
    let own = app_hooks(state);
    if let Some(id) = ids
        .iter()
        .find(|id| !own.iter().any(|hook| hook.id == **id))
    {
        let missing = Sentence::WebhookMissing(id.to_string());
        return Err(Refusal::domain(400, missing));
    }
    let until = state.refresh_webhooks(&ids);
    Ok(answer::value(
        state.flavour,
        &json!({ "expirationDate": until }),
    ))
}

/// `webhook/failed`: only apps of the older kind, which there are none of here, may ask.
pub(crate) fn failed() -> Result<Response, Refusal> {
    Err(Refusal::domain(403, Sentence::NotAnApp))
}

/// What administrators send. Members that are not known are passed over.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    #[serde(default)]
    name: String,
    url: String,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    filters: Value,
    #[serde(default)]
    exclude_body: bool,
    secret: Option<String>,
    #[serde(default)]
    configuration: Value,
}

/// All webhooks of administrators: list, register.
pub(crate) fn of_administrators(state: &mut State, call: &Call<'_>) -> Result<Response, Refusal> {
    if call.is_get() {
        let hooks = state.webhooks_in_force().to_vec();
        let hooks = hooks.iter().filter(|hook| !hook.by_app());
        let shown: Vec<_> = hooks.map(|hook| shown(state, hook)).collect();
        return Ok(answer::value(state.flavour, &Value::from(shown)));
    }
    let id = state.add_webhook(sent(call)?);
    let mut response = one(state, id)?;
    response.status = 201;
    Ok(response)
}

/// One webhook of an administrator: read, replace, remove.
pub(crate) fn of_administrator(
    state: &mut State,
    call: &Call<'_>,
    text: &str,
) -> Result<Response, Refusal> {
    let missing = || Refusal::domain(404, Sentence::WebhookMissing(text.to_owned()));
    let id: u64 = text.parse().map_err(|_| missing())?;
    one(state, id)?;
    match *call.method {
        Method::PUT => {
            state.replace_webhook(id, sent(call)?);
            one(state, id)
        }
        Method::DELETE => {
            state.remove_webhook(id);
            Ok(empty(204))
        }
        _ => one(state, id),
    }
}

fn one(state: &mut State, id: u64) -> Result<Response, Refusal> {
    let hooks = state.webhooks_in_force().iter();
    let found = hooks
        .filter(|hook| !hook.by_app())
        .find(|hook| hook.id == id);
    let found = found.cloned().ok_or_else(|| {
        let missing = Sentence::WebhookMissing(id.to_string());
        Refusal::domain(404, missing)
    })?;
    Ok(answer::value(state.flavour, &shown(state, &found)))
}

fn sent(call: &Call<'_>) -> Result<NewWebhook, Refusal> {
    let sent: Sent = body(call)?;
    if !is_url(&sent.url) {
        return Err(Refusal::domain(400, Sentence::WebhookUrl(sent.url)));
    }
    let text = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
    Ok(NewWebhook {
        name: sent.name,
        url: sent.url,
        events: sent.events,
        jql: text(&sent.filters, SECTION).unwrap_or_default(),
        exclude_body: sent.exclude_body,
        secret: sent.secret.or(text(&sent.configuration, "SECRET")),
    })
}

/// The secret is never shown.
fn shown(state: &State, hook: &Hook) -> Value {
    let mut body = json!({
        "name": hook.is.name,
        "url": hook.is.url,
        "events": hook.is.events,
        "filters": { SECTION: hook.is.jql },
        "excludeBody": hook.is.exclude_body,
    });
    let Door::Administrator { changed } = hook.door else {
        return body;
    };
    let more = match state.flavour {
        Flavour::Cloud => json!({
            "enabled": true,
            "self": format!("{}/rest/webhooks/1.0/webhook/{}", state.base_uri, hook.id),
            "lastUpdatedUser": state.account.account_id,
            "lastUpdatedDisplayName": state.account.display_name,
            "lastUpdated": changed,
        }),
        Flavour::DataCenter => json!({
            "id": hook.id,
            "active": true,
            "configuration": {},
            "sslVerificationRequired": true,
        }),
    };
    if let (Some(members), Value::Object(more)) = (body.as_object_mut(), more) {
        members.extend(more);
    }
    body
}
