//! Saved filters.

use serde_json::{Value, json};

use super::Call;
use super::answer::{self, Refusal};
use crate::sentence::Sentence;
use crate::state::{Filter, State};
use crate::{Flavour, Response};

const PAGE_DEFAULT: usize = 50;

pub(crate) fn read(state: &State, call: &Call<'_>, text: &str) -> Result<Response, Refusal> {
    let id: Option<u64> = text.parse().ok();
    let filter = state.filters.iter().find(|filter| Some(filter.id) == id);
    match filter.filter(|_| !call.anonymous()) {
        Some(filter) => Ok(answer::value(state.flavour, &shown(state, filter))),
        // Data Center says 400, as the document has it for both; Cloud really says 404.
        None => {
            let status = if state.flavour == Flavour::Cloud {
                404
            } else {
                400
            };
            Err(Refusal::domain(
                status,
                Sentence::FilterMissing(text.to_owned()),
            ))
        }
    }
}

pub(crate) fn favourites(state: &State, call: &Call<'_>) -> Response {
    let filters = state
        .filters
        .iter()
        .filter(|filter| filter.favourite && !call.anonymous());
    let filters: Vec<_> = filters.map(|filter| shown(state, filter)).collect();
    answer::value(state.flavour, &Value::from(filters))
}

/// Cloud's paged search by name. The query is told only to those who expand it.
pub(crate) fn search(state: &State, call: &Call<'_>) -> Result<Response, Refusal> {
    let parameters = &call.parameters;
    let (start, size) = call.window(PAGE_DEFAULT, usize::MAX)?;
    let name = parameters
        .get("filterName")
        .unwrap_or_default()
        .to_lowercase();
    let expand = parameters.list("expand").unwrap_or_default();
    let matching = state
        .filters
        .iter()
        .filter(|filter| !call.anonymous() && filter.name.to_lowercase().contains(&name));
    let matching: Vec<_> = matching.collect();
    let values = matching.iter().skip(start).take(size).map(|filter| {
        let mut value = shown(state, filter);
        if let Some(members) = value.as_object_mut() {
            let optional = [
                "jql",
                "owner",
                "favourite",
                "sharePermissions",
                "viewUrl",
                "searchUrl",
            ];
            for member in optional {
                if !expand.iter().any(|part| part == member) {
                    members.remove(member);
                }
            }
            members.insert(
                "expand".to_owned(),
                json!("jql,owner,favourite,viewUrl,searchUrl"),
            );
        }
        value
    });
    let values: Vec<_> = values.collect();
    let total = matching.len();
    let page = json!({
        "self": format!("{}/filter/search", state.catalog.base()),
        "maxResults": size,
        "startAt": start,
        "total": total,
        "isLast": start + values.len() >= total,
        "values": values,
    });
    Ok(answer::value(state.flavour, &page))
}

fn shown(state: &State, filter: &Filter) -> Value {
    let base = state.catalog.base();
    let owner = &state.catalog.people[state.account_place as usize].json;
    json!({
        "self": format!("{base}/filter/{}", filter.id),
        "id": filter.id.to_string(),
        "name": filter.name,
        "owner": serde_json::from_str::<Value>(owner).unwrap_or_default(),
        "jql": filter.jql,
        "viewUrl": format!("{}/issues/?filter={}", state.base_uri, filter.id),
        "searchUrl": format!("{base}/search?filter={}", filter.id),
        "favourite": filter.favourite,
        "sharePermissions": [],
    })
}
