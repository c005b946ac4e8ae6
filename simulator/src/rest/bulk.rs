//! Cloud's `issue/bulkfetch`: many issues by id or key, as they are now.

use serde::Deserialize;
use serde_json::json;

use super::answer::{self, Refusal};
use super::{Call, Reply};
use crate::Flavour;
use crate::fields::{Field, Selection};
use crate::render::issue;
use crate::render::text::array;
use crate::sentence::Sentence;
use crate::state::State;

/// Most issues in a request.
const ISSUES_MAX: usize = 100;
/// Most issues in a request that names only fields with one value.
const ISSUES_OF_PLAIN_FIELDS_MAX: usize = 1000;
/// Most fields that such a request may name.
const PLAIN_FIELDS_MAX: usize = 100;
/// Most entries of a changelog.
const HISTORIES_MAX: usize = 40;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body {
    issue_ids_or_keys: Vec<String>,
    fields: Option<Vec<String>>,
    #[serde(rename = "fieldsByKeys")]
    _fields_by_keys: Option<bool>,
    expand: Option<Vec<String>>,
    #[serde(rename = "properties")]
    _properties: Option<Vec<String>>,
}

pub(crate) fn fetch(state: &State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let value: serde_json::Value =
        serde_json::from_slice(call.body).map_err(|_| Refusal::Bare(400, Sentence::NotJson))?;
    let body: Body =
        serde_json::from_value(value).map_err(|_| Refusal::Bare(400, Sentence::InvalidPayload))?;
    let plain = is_plain(&body);
    let names = body.fields.unwrap_or_else(|| vec!["*navigable".to_owned()]);
    let expand = body.expand.as_deref().unwrap_or_default();
    let changelog = expand.iter().any(|part| part == "changelog");
    let selection = Selection {
        id_only: false,
        histories: changelog.then_some(HISTORIES_MAX),
        ..Selection::read(&names, &state.fields, Flavour::Cloud)
    };
    let max = if plain && selection.fields.iter().all(|(_, field)| single(*field)) {
        ISSUES_OF_PLAIN_FIELDS_MAX
    } else {
        ISSUES_MAX
    };
    if body.issue_ids_or_keys.len() > max {
        return Err(Refusal::domain(400, Sentence::TooManyIssues(max)));
    }
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for text in &body.issue_ids_or_keys {
        let issue = state
            .slot_of_text(text)
            .map(|slot| &state.issues[slot as usize]);
        match issue.filter(|issue| state.readable(issue) && !call.anonymous()) {
            Some(issue) => found.push(issue),
            None => errors.push(json!({
                "id": text,
                "errorMessage": Sentence::IssueMissing.text(state.language),
            })),
        }
    }
    found.sort_by_key(|issue| issue.id);
    found.dedup_by_key(|issue| issue.id);
    let found: Vec<_> = found
        .into_iter()
        .take(call.page_max.unwrap_or(usize::MAX))
        .collect();
    let mut out = Vec::with_capacity(found.len() * 1024 + 64);
    out.extend_from_slice(b"{\"issueErrors\":");
    out.extend_from_slice(json!(errors).to_string().as_bytes());
    out.extend_from_slice(b",\"issues\":");
    array(&mut out, &found, |out, found| {
        issue::write(out, state, found, &selection)
    });
    out.push(b'}');
    Ok(Reply {
        response: answer::data(Flavour::Cloud, out),
        issues: found.len(),
    })
}

/// Whether the fields are named one by one and nothing heavy is expanded.
fn is_plain(body: &Body) -> bool {
    let named = body.fields.as_ref().is_some_and(|fields| {
        let special = |name: &String| name.starts_with(['*', '-']) || name == "comment";
        !fields.is_empty() && fields.len() <= PLAIN_FIELDS_MAX && !fields.iter().any(special)
    });
    named && body.expand.as_ref().is_none_or(Vec::is_empty)
}

fn single(field: Field) -> bool {
    !matches!(
        field,
        Field::Labels | Field::Components | Field::FixVersions | Field::Subtasks | Field::Links
    )
}
