//! Data Center's search: pages by offset, with a total, over a set that may move meanwhile.

use serde_json::Value;

use super::answer::{self, Refusal};
use super::cloud_search::{names, shown};
use super::issues::HISTORIES_MAX;
use super::{Call, Reply};
use crate::Flavour;
use crate::fields::Selection;
use crate::jql::{self, Search};
use crate::render::issue;
use crate::render::text::{array, number, string};
use crate::sentence::Sentence;
use crate::state::State;
use crate::state::index::Found;

const PAGE_DEFAULT: i64 = 50;
/// `jira.search.views.default.max`: more is lowered to this, silently.
pub(super) const PAGE_MAX: i64 = 1000;
/// `max_result_window` of the search platform.
const WINDOW_MAX: u64 = 10_000;

/// A search as it was asked for.
struct Asked {
    jql: String,
    start_at: i64,
    max_results: i64,
    validate: bool,
    fields: Vec<String>,
    expand: Vec<String>,
}

pub(crate) fn search(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let asked = if call.is_get() {
        from_query(call)?
    } else {
        from_body(call.body)?
    };
    let size = if asked.max_results < 0 {
        PAGE_MAX
    } else {
        asked.max_results.min(PAGE_MAX)
    };
    let start = usize::try_from(asked.start_at.max(0)).unwrap_or(usize::MAX);
    let shown_size = usize::try_from(size).unwrap_or_default();
    if start as u64 + size.cast_unsigned() > WINDOW_MAX {
        return Err(Refusal::domain(500, Sentence::WindowExceeded(WINDOW_MAX)));
    }
    let search = Search {
        jql: &asked.jql,
        anonymous: call.anonymous(),
        reconcile: &[],
        lenient: !asked.validate,
        bounded: false,
    };
    let found = jql::run(state, search).map_err(|sentences| Refusal::Domain(400, sentences))?;
    let mut selection = Selection::read(&asked.fields, &state.fields, Flavour::DataCenter);
    let expands = |name| asked.expand.iter().any(|part| part == name);
    selection.histories = expands("changelog").then_some(HISTORIES_MAX);
    let page = OffsetPage {
        start,
        size: shown_size,
        names: expands("names"),
    };
    Ok(page.write(state, call, &found, &selection))
}

/// A page of a result list by offset, of either flavour: boards have these on Cloud as well.
pub(super) struct OffsetPage {
    pub(super) start: usize,
    pub(super) size: usize,
    /// Names of fields are told.
    pub(super) names: bool,
}

impl OffsetPage {
    pub(super) fn write(
        &self,
        state: &State,
        call: &Call<'_>,
        found: &Found,
        selection: &Selection,
    ) -> Reply {
        let shown_size = self.size.min(call.page_max.unwrap_or(usize::MAX));
        let from = self.start.min(found.slots.len());
        let to = (from + shown_size).min(found.slots.len());
        let mut out = Vec::with_capacity((to - from) * 256 + 256);
        out.extend_from_slice(b"{\"expand\":\"names,schema\",\"startAt\":");
        number(&mut out, self.start as u64);
        out.extend_from_slice(b",\"maxResults\":");
        number(&mut out, self.size as u64);
        out.extend_from_slice(b",\"total\":");
        number(&mut out, found.slots.len() as u64);
        out.extend_from_slice(b",\"issues\":");
        let slots = found.slots[from..to].iter();
        let issues: Vec<_> = slots
            .filter_map(|slot| shown(state, call, &[], *slot))
            .collect();
        array(&mut out, &issues, |out, shown| {
            issue::write(out, state, shown, selection)
        });
        if !found.warnings.is_empty() {
            out.extend_from_slice(b",\"warningMessages\":");
            array(&mut out, found.warnings.iter(), |out, warning| {
                string(out, warning)
            });
        }
        if self.names {
            out.extend_from_slice(b",\"names\":");
            out.extend_from_slice(names(state, selection).as_bytes());
        }
        out.push(b'}');
        Reply {
            response: answer::data(state.flavour, out),
            issues: issues.len(),
        }
    }
}

fn from_query(call: &Call<'_>) -> Result<Asked, Refusal> {
    let parameters = &call.parameters;
    let integer = |name: &'static str, default: i64| match parameters.get(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| {
            Refusal::Problem(
                404,
                "Not Found",
                format!("Failed to convert '{name}' with value: '{text}'"),
            )
        }),
    };
    Ok(Asked {
        jql: parameters.get("jql").unwrap_or_default().to_owned(),
        start_at: integer("startAt", 0)?,
        max_results: integer("maxResults", PAGE_DEFAULT)?,
        validate: parameters.get("validateQuery") != Some("false"),
        fields: parameters.list("fields").unwrap_or_else(navigable),
        expand: parameters.list("expand").unwrap_or_default(),
    })
}

fn navigable() -> Vec<String> {
    vec!["*navigable".to_owned()]
}

fn from_body(bytes: &[u8]) -> Result<Asked, Refusal> {
    let invalid = || Refusal::Bare(400, Sentence::InvalidPayload);
    let body: Value =
        serde_json::from_slice(bytes).map_err(|_| Refusal::Bare(400, Sentence::NotJson))?;
    let body = body.as_object().ok_or_else(invalid)?;
    let integer = |name: &str, default: i64| match body.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value.as_i64().ok_or_else(invalid),
    };
    // A comma string is not taken for a list here.
    let list = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|_| invalid()),
    };
    Ok(Asked {
        jql: body
            .get("jql")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        start_at: integer("startAt", 0)?,
        max_results: integer("maxResults", PAGE_DEFAULT)?,
        validate: body
            .get("validateQuery")
            .and_then(Value::as_bool)
            .unwrap_or(true),
        fields: list("fields")?.unwrap_or_else(navigable),
        expand: list("expand")?.unwrap_or_default(),
    })
}
