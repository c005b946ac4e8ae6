//! What the site is and has: server, account, fields, types, projects.

use serde_json::{Value, json};

use super::Call;
use super::answer::{self, Refusal};
use crate::render::time::written;
use crate::state::State;
use crate::state::catalog::{Entry, Project};
use crate::{Flavour, Response};

const PAGE_DEFAULT: usize = 50;

pub(crate) fn server_info(state: &State, call: &Call<'_>) -> Response {
    let cloud = state.flavour == Flavour::Cloud;
    let mut body = json!({
        "baseUrl": state.base_uri,
        "version": if cloud { "1001.0.0-SNAPSHOT" } else { "10.3.24" },
        "versionNumbers": if cloud { [1001, 0, 0] } else { [10, 3, 24] },
        "deploymentType": if cloud { "Cloud" } else { "Server" },
        "buildNumber": if cloud { 100_300 } else { 10_030_024 },
        "buildDate": "2026-10-01T00:00:00.000+0000",
        "scmInfo": "0000000000000000000000000000000000000000",
        "serverTitle": "Simulated Jira",
    });
    if !(cloud && call.anonymous()) {
        body["serverTime"] = json!(written(state.now, &state.zone));
    }
    answer::value(state.flavour, &body)
}

pub(crate) fn myself(state: &State) -> Response {
    let own = &state.catalog.people[state.account_place as usize].json;
    let mut body: Value = serde_json::from_str(own).unwrap_or_default();
    body["timeZone"] = json!(state.account.time_zone);
    body["locale"] = json!("en_GB");
    if state.flavour == Flavour::Cloud {
        body["emailAddress"] = json!(state.account.name);
    }
    answer::value(state.flavour, &body)
}

pub(crate) fn fields(state: &State) -> Response {
    let fields = state.fields.definitions.iter().map(|definition| {
        let mut schema = json!({ "type": definition.kind });
        match definition.custom {
            Some(custom) => {
                schema["custom"] = json!(custom);
                schema["customId"] = json!(definition.number);
            }
            None => schema["system"] = json!(definition.id),
        }
        if let Some(items) = definition.items {
            schema["items"] = json!(items);
        }
        let mut field = json!({
            "id": definition.id,
            "name": definition.name,
            "custom": definition.custom.is_some(),
            "orderable": true,
            "navigable": true,
            "searchable": true,
            "clauseNames": definition.clauses,
            "schema": schema,
        });
        if state.flavour == Flavour::Cloud {
            field["key"] = json!(definition.id);
        }
        field
    });
    answer::value(state.flavour, &Value::from(fields.collect::<Vec<_>>()))
}

pub(crate) fn issue_types(state: &State, call: &Call<'_>) -> Response {
    listed(state, call, &state.catalog.kinds)
}

pub(crate) fn statuses(state: &State, call: &Call<'_>) -> Response {
    listed(state, call, &state.catalog.statuses)
}

pub(crate) fn resolutions(state: &State, call: &Call<'_>) -> Response {
    listed(state, call, &state.catalog.resolutions)
}

/// All entries; nobody sees any.
fn listed<T>(state: &State, call: &Call<'_>, entries: &[Entry<T>]) -> Response {
    let entries = entries.iter().filter(|_| !call.anonymous());
    let fragments: Vec<_> = entries.map(|entry| entry.json.as_str()).collect();
    let body = format!("[{}]", fragments.join(","));
    answer::data(state.flavour, body.into_bytes())
}

pub(crate) fn link_types(state: &State) -> Response {
    let kinds = state
        .catalog
        .link_kinds
        .iter()
        .map(|kind| kind.json.as_str());
    let kinds: Vec<_> = kinds.collect();
    let body = format!("{{\"issueLinkTypes\":[{}]}}", kinds.join(","));
    answer::data(state.flavour, body.into_bytes())
}

pub(crate) fn projects(state: &State, call: &Call<'_>) -> Response {
    let fragments: Vec<_> = readable(state, call)
        .map(|project| project.json.as_str())
        .collect();
    answer::data(
        state.flavour,
        format!("[{}]", fragments.join(",")).into_bytes(),
    )
}

/// Cloud's paged list of projects.
pub(crate) fn project_search(state: &State, call: &Call<'_>) -> Result<Response, Refusal> {
    let (start, size) = call.window(PAGE_DEFAULT, usize::MAX)?;
    let keys = call.parameters.list("keys");
    let text = call
        .parameters
        .get("query")
        .unwrap_or_default()
        .to_lowercase();
    let matching = readable(state, call).filter(|project| {
        let named = keys
            .as_ref()
            .is_none_or(|keys| keys.contains(&project.own.key));
        let key = project.own.key.to_lowercase();
        named && (key.contains(&text) || project.name.to_lowercase().contains(&text))
    });
    let mut matching: Vec<_> = matching.collect();
    matching.sort_by(|one, other| one.own.key.cmp(&other.own.key));
    let shown: Vec<_> = matching.iter().skip(start).take(size).collect();
    let values: Vec<_> = shown.iter().map(|project| project.json.as_str()).collect();
    let head = json!({
        "self": format!("{}/project/search", state.catalog.base()),
        "maxResults": size,
        "startAt": start,
        "total": matching.len(),
        "isLast": start + values.len() >= matching.len(),
    })
    .to_string();
    let open = head.trim_end_matches('}');
    let body = format!("{open},\"values\":[{}]}}", values.join(","));
    Ok(answer::data(state.flavour, body.into_bytes()))
}

fn readable<'a>(
    state: &'a State,
    call: &Call<'_>,
) -> impl Iterator<Item = &'a Entry<Project>> + use<'a> {
    let anonymous = call.anonymous();
    let all = state.catalog.projects.iter();
    all.filter(move |project| !anonymous && !project.own.revoked)
}
