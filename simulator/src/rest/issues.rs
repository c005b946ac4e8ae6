//! Reading one issue, as it is now, with its transitions and its history.

use serde_json::{Value, json};

use super::answer::{self, Refusal};
use super::{Call, Reply};
use crate::fields::Selection;
use crate::render::{history, issue};
use crate::sentence::Sentence;
use crate::state::State;
use crate::state::issue::Issue;
use crate::state::workflow::Transition;
use crate::{Flavour, Response};

/// Most entries of a changelog that is expanded.
pub(super) const HISTORIES_MAX: usize = 100;
/// Entries of the changelog in a page of its own, unless told otherwise, and at most.
const HISTORY_PAGE: usize = 100;

/// By id or by key; a former key finds the issue under its present one.
pub(crate) fn read(state: &State, call: &Call<'_>, text: &str) -> Result<Reply, Refusal> {
    let found = readable(state, call, text)?;
    let fields = call
        .parameters
        .list("fields")
        .unwrap_or_else(|| vec!["*all".to_owned()]);
    // Unlike a search, a read always tells id and key.
    let selection = Selection {
        id_only: false,
        histories: call.expands("changelog").then_some(HISTORIES_MAX),
        ..Selection::read(&fields, &state.fields, state.flavour)
    };
    let mut out = Vec::with_capacity(4096);
    issue::write(&mut out, state, found, &selection);
    Ok(Reply {
        response: answer::data(state.flavour, out),
        issues: 1,
    })
}

fn readable<'a>(state: &'a State, call: &Call<'_>, text: &str) -> Result<&'a Issue, Refusal> {
    let slot = state.slot_of_text(text);
    let found = slot.map(|slot| &state.issues[slot as usize]);
    let found = found.filter(|issue| state.readable(issue) && !call.anonymous());
    found.ok_or_else(|| Refusal::domain(404, Sentence::IssueMissing))
}

/// Where the issue can go now.
pub(crate) fn transitions(state: &State, call: &Call<'_>, text: &str) -> Result<Response, Refusal> {
    let issue = readable(state, call, text)?;
    let only = call.parameters.get("transitionId");
    let ways = state.offered_transitions(issue);
    let ways = ways
        .iter()
        .filter(|way| only.is_none_or(|only| way.id.to_string() == only));
    let with_fields = call.expands("transitions.fields");
    let shown: Vec<_> = ways
        .map(|way| transition(state, *way, with_fields))
        .collect();
    let body = json!({ "expand": "transitions", "transitions": shown });
    Ok(answer::value(state.flavour, &body))
}

fn transition(state: &State, way: Transition, with_fields: bool) -> Value {
    let to = &state.catalog.statuses[usize::from(way.to)];
    let mut shown = json!({
        "id": way.id.to_string(),
        "name": to.name,
        "to": serde_json::from_str::<Value>(&to.json).unwrap_or_default(),
    });
    if state.flavour == Flavour::Cloud {
        shown["hasScreen"] = json!(way.screen);
        shown["isGlobal"] = json!(way.global);
        shown["isInitial"] = json!(false);
        shown["isAvailable"] = json!(true);
        shown["isConditional"] = json!(false);
        shown["looped"] = json!(false);
    }
    if with_fields {
        shown["fields"] = match way.screen {
            true => json!({ "resolution": resolution_field(state) }),
            false => json!({}),
        };
    }
    shown
}

/// What a screen says of the resolution that it asks for.
fn resolution_field(state: &State) -> Value {
    let all = state.catalog.resolutions.iter();
    let values = all.map(|entry| json!({ "id": entry.id.to_string(), "name": entry.name }));
    json!({
        "required": true,
        "schema": { "type": "resolution", "system": "resolution" },
        "name": "Resolution",
        "key": "resolution",
        "hasDefaultValue": false,
        "operations": ["set"],
        "allowedValues": values.collect::<Vec<_>>(),
    })
}

/// Cloud's pages of the history, oldest first.
pub(crate) fn changelog(state: &State, call: &Call<'_>, text: &str) -> Result<Response, Refusal> {
    let issue = readable(state, call, text)?;
    let (start, size) = call.window(HISTORY_PAGE, HISTORY_PAGE)?;
    let all = state.histories_of(issue.id);
    let values = all.iter().skip(start).take(size);
    let values: Vec<_> = values.map(|one| history::shown(state, one)).collect();
    let page = json!({
        "self": format!("{}/issue/{}/changelog", state.catalog.base(), issue.id),
        "startAt": start,
        "maxResults": size,
        "total": all.len(),
        "isLast": start + values.len() >= all.len(),
        "values": values,
    });
    Ok(answer::value(state.flavour, &page))
}
