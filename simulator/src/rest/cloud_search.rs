//! Cloud's search: pages by token, without a total.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use super::answer::{self, Refusal};
use super::issues::HISTORIES_MAX;
use super::{Call, Reply};
use crate::fields::Selection;
use crate::jql::{self, Search};
use crate::render::issue;
use crate::sentence::Sentence;
use crate::state::State;
use crate::state::index::Found;
use crate::{Flavour, Response};

/// Most issues that may be asked for in a page.
const PAGE_MAX: u32 = 5000;
const PAGE_DEFAULT: u32 = 50;
/// Most issues in a page that shows a few fields.
const PAGE_OF_FEW_FIELDS_MAX: usize = 1000;
/// More fields than this make pages small.
const FEW_FIELDS: usize = 3;
/// Most issues in a page that shows many fields.
const PAGE_OF_MANY_FIELDS_MAX: usize = 100;
/// Most issues in `reconcileIssues`.
const RECONCILE_MAX: usize = 50;
/// How long a page token can be used.
const TOKEN_LIFE: i64 = 7 * 24 * 60 * 60 * 1000;

/// A search as it was asked for.
#[derive(Debug, Default)]
struct Asked {
    jql: String,
    max_results: Option<i64>,
    /// Given, but no number.
    bad_max_results: bool,
    token: Option<String>,
    fields: Vec<String>,
    reconcile: Vec<u64>,
    expand: String,
}

/// The keys that a body may have. Any other refuses the request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body {
    jql: Option<String>,
    #[serde(default = "Body::page_default")]
    max_results: Value,
    next_page_token: Option<String>,
    fields: Option<Vec<String>>,
    expand: Option<String>,
    #[serde(rename = "properties")]
    _properties: Option<Vec<String>>,
    #[serde(rename = "fieldsByKeys")]
    _fields_by_keys: Option<bool>,
    #[serde(rename = "failFast")]
    _fail_fast: Option<bool>,
    #[serde(default)]
    reconcile_issues: Option<Value>,
    #[serde(rename = "includeArchivedProjects")]
    _include_archived_projects: Option<bool>,
}

impl Body {
    fn page_default() -> Value {
        Value::from(PAGE_DEFAULT)
    }
}

pub(crate) fn search(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let asked = if call.is_get() {
        from_query(call)?
    } else {
        from_body(call.body)?
    };
    let token = asked
        .token
        .as_deref()
        .map(|token| read_token(state, &asked.jql, token));
    let token = token.transpose()?;
    if asked.reconcile.len() > RECONCILE_MAX {
        return Err(Refusal::domain(
            400,
            Sentence::TooManyReconciled(RECONCILE_MAX),
        ));
    }
    let size = page_size(&asked)?;
    let found = match token.and_then(|token| state.results.by_number(token.list)) {
        Some(found) => found,
        None => {
            let search = Search {
                jql: &asked.jql,
                anonymous: call.anonymous(),
                reconcile: &asked.reconcile,
                lenient: false,
                bounded: true,
            };
            jql::run(state, search).map_err(|sentences| Refusal::Domain(400, sentences))?
        }
    };
    let mut selection = Selection::read(&asked.fields, &state.fields, Flavour::Cloud);
    let expands = |name| asked.expand.split(',').any(|part| part.trim() == name);
    selection.histories = expands("changelog").then_some(HISTORIES_MAX);
    let size = size
        .min(cap(&selection))
        .min(call.page_max.unwrap_or(usize::MAX));
    let from = token.map_or(0, |token| token.from).min(found.slots.len());
    let to = (from + size).min(found.slots.len());
    let page = Page {
        from,
        to,
        issued: token.map_or(state.now, |token| token.issued),
    };
    Ok(page.write(state, call, &asked, &found, &selection))
}

fn cap(selection: &Selection) -> usize {
    if selection.bare() {
        PAGE_MAX as usize
    } else if selection.fields.len() <= FEW_FIELDS {
        PAGE_OF_FEW_FIELDS_MAX
    } else {
        PAGE_OF_MANY_FIELDS_MAX
    }
}

fn page_size(asked: &Asked) -> Result<usize, Refusal> {
    let size = asked
        .max_results
        .filter(|size| (1..=i64::from(PAGE_MAX)).contains(size));
    match size.filter(|_| !asked.bad_max_results) {
        Some(size) => Ok(usize::try_from(size).unwrap_or_default()),
        None => Err(Refusal::domain(400, Sentence::PageSize(PAGE_MAX))),
    }
}

fn from_query(call: &Call<'_>) -> Result<Asked, Refusal> {
    let parameters = &call.parameters;
    let max_results = parameters.get("maxResults").map(|text| {
        text.parse().map_err(|_| {
            let detail = format!("Failed to convert 'maxResults' with value: '{text}'");
            Refusal::Problem(400, "Bad Request", detail)
        })
    });
    let reconcile = parameters.list("reconcileIssues").unwrap_or_default();
    Ok(Asked {
        jql: parameters.get("jql").unwrap_or_default().to_owned(),
        max_results: Some(max_results.transpose()?.unwrap_or(i64::from(PAGE_DEFAULT))),
        bad_max_results: false,
        token: parameters
            .get("nextPageToken")
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        fields: parameters.list("fields").unwrap_or_default(),
        reconcile: reconcile.iter().filter_map(|id| id.parse().ok()).collect(),
        expand: parameters.get("expand").unwrap_or_default().to_owned(),
    })
}

fn from_body(bytes: &[u8]) -> Result<Asked, Refusal> {
    let value: Value =
        serde_json::from_slice(bytes).map_err(|_| Refusal::Bare(400, Sentence::NotJson))?;
    // Present and null is not the same as absent.
    if value.get("reconcileIssues").is_some_and(Value::is_null) {
        return Err(Refusal::Internal);
    }
    let body: Body =
        serde_json::from_value(value).map_err(|_| Refusal::Bare(400, Sentence::InvalidPayload))?;
    let reconcile = match body.reconcile_issues {
        Some(Value::Array(ids)) => ids,
        None => Vec::new(),
        Some(_) => return Err(Refusal::Bare(400, Sentence::InvalidPayload)),
    };
    let reconcile: Option<Vec<_>> = reconcile.iter().map(Value::as_u64).collect();
    let max_results = body.max_results.as_i64();
    Ok(Asked {
        jql: body.jql.unwrap_or_default(),
        max_results,
        bad_max_results: max_results.is_none(),
        token: body.next_page_token,
        fields: body.fields.unwrap_or_default(),
        reconcile: reconcile.ok_or(Refusal::Bare(400, Sentence::InvalidPayload))?,
        expand: body.expand.unwrap_or_default(),
    })
}

/// What a page token says: the result list, the place in it, and when the first page was made.
#[derive(Clone, Copy)]
struct Token {
    list: u64,
    from: usize,
    issued: i64,
}

fn read_token(state: &State, jql: &str, token: &str) -> Result<Token, Refusal> {
    let invalid = || Refusal::domain(400, Sentence::PageToken);
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    let numbers: Option<Vec<u64>> = text.split('.').map(|part| part.parse().ok()).collect();
    let Some([list, from, issued, query]) = numbers.as_deref() else {
        return Err(invalid());
    };
    let issued = issued.cast_signed();
    if *query != fingerprint(jql) || state.now - issued > TOKEN_LIFE {
        return Err(invalid());
    }
    let from = usize::try_from(*from).map_err(|_| invalid())?;
    Ok(Token {
        list: *list,
        from,
        issued,
    })
}

/// FNV-1a: a token belongs to its query, and nobody forges one against a simulator.
fn fingerprint(jql: &str) -> u64 {
    jql.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

struct Page {
    from: usize,
    to: usize,
    issued: i64,
}

impl Page {
    fn write(
        &self,
        state: &State,
        call: &Call<'_>,
        asked: &Asked,
        found: &Found,
        selection: &Selection,
    ) -> Reply {
        let slots = &found.slots[self.from..self.to];
        let mut out = Vec::with_capacity(slots.len() * 256 + 256);
        let is_last = self.to == found.slots.len();
        out.extend_from_slice(b"{\"isLast\":");
        out.extend_from_slice(is_last.to_string().as_bytes());
        if !is_last {
            let query = fingerprint(&asked.jql);
            let text = format!("{}.{}.{}.{query}", found.number, self.to, self.issued);
            out.extend_from_slice(b",\"nextPageToken\":\"");
            out.extend_from_slice(URL_SAFE_NO_PAD.encode(text).as_bytes());
            out.push(b'"');
        }
        out.extend_from_slice(b",\"issues\":[");
        let mut issues = 0;
        for slot in slots {
            let Some(shown) = shown(state, call, &asked.reconcile, *slot) else {
                continue;
            };
            if issues > 0 {
                out.push(b',');
            }
            issue::write(&mut out, state, shown, selection);
            issues += 1;
        }
        out.push(b']');
        if asked.expand.split(',').any(|part| part.trim() == "names") {
            out.extend_from_slice(b",\"names\":");
            out.extend_from_slice(names(state, selection).as_bytes());
        }
        out.push(b'}');
        Reply {
            response: answer::data(Flavour::Cloud, out),
            issues,
        }
    }
}

/// The issue in a place of a result list, unless it is gone, hidden or left out by a fault.
pub(super) fn shown<'a>(
    state: &'a State,
    call: &Call<'_>,
    reconcile: &[u64],
    slot: u32,
) -> Option<&'a crate::state::issue::Issue> {
    let current = reconcile.contains(&state.issues[slot as usize].id.0);
    let issue = if current {
        state.current(slot)
    } else {
        state.searched(slot)
    }?;
    (state.readable(issue) && !call.vanished.contains(&slot)).then_some(issue)
}

/// `names` of an answer: field ids and what people call them.
pub(super) fn names(state: &State, selection: &Selection) -> String {
    let chosen = state.fields.definitions.iter().filter(|definition| {
        selection
            .fields
            .iter()
            .any(|(_, field)| definition.field == Some(*field))
    });
    let names = chosen.map(|definition| (definition.id.clone(), Value::from(definition.name)));
    Value::Object(names.collect()).to_string()
}

/// `search/approximate-count`.
pub(crate) fn count(state: &mut State, call: &Call<'_>) -> Result<Response, Refusal> {
    let value: Value =
        serde_json::from_slice(call.body).map_err(|_| Refusal::Bare(400, Sentence::NotJson))?;
    let search = Search {
        jql: value.get("jql").and_then(Value::as_str).unwrap_or_default(),
        anonymous: call.anonymous(),
        reconcile: &[],
        lenient: false,
        bounded: true,
    };
    let found = jql::run(state, search).map_err(|sentences| Refusal::Domain(400, sentences))?;
    Ok(answer::value(
        Flavour::Cloud,
        &serde_json::json!({ "count": found.slots.len() }),
    ))
}
