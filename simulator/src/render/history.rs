//! Histories as changelogs show them.

use serde_json::{Value, json};

use super::time::written;
use crate::state::State;
use crate::state::history::{History, Item};
use crate::state::issue::Issue;

/// `changelog` of an issue: the newest so many, newest first.
pub(crate) fn changelog(state: &State, issue: &Issue, most: usize) -> Value {
    let all = state.histories_of(issue.id);
    let newest: Vec<_> = all.iter().rev().take(most).collect();
    json!({
        "startAt": 0,
        "maxResults": newest.len(),
        "total": all.len(),
        "histories": newest.into_iter().map(|one| shown(state, one)).collect::<Vec<_>>(),
    })
}

/// One act, with its author.
pub(crate) fn shown(state: &State, history: &History) -> Value {
    let author = &state.catalog.people[history.author as usize].json;
    json!({
        "id": history.id.to_string(),
        "author": serde_json::from_str::<Value>(author).unwrap_or_default(),
        "created": written(history.created, &state.zone),
        "items": items(history),
    })
}

/// What an act changed.
pub(crate) fn items(history: &History) -> Vec<Value> {
    history.items.iter().map(item).collect()
}

fn item(item: &Item) -> Value {
    let mut shown = json!({
        "field": item.field,
        "fieldtype": if item.custom { "custom" } else { "jira" },
        "from": item.from.id,
        "fromString": item.from.text,
        "to": item.to.id,
        "toString": item.to.text,
    });
    if let Some(id) = &item.field_id {
        shown["fieldId"] = json!(id);
    }
    shown
}
