//! Boards and epics, as the API of Jira Software has them on both flavours: lists by offset, and
//! issues in the order of their rank.

use serde_json::{Value, json};

use super::answer::{self, Refusal};
use super::data_center_search::{OffsetPage, PAGE_MAX};
use super::{Call, Reply};
use crate::fields::{Field, Selection};
use crate::jql::{self, Search};
use crate::render::issue::epic_json;
use crate::sentence::Sentence;
use crate::state::catalog::{Category, Entry, Project};
use crate::state::issue::Issue;
use crate::state::{Board, BoardKind, State};
use crate::{Flavour, Response};

const PAGE_DEFAULT: usize = 50;

/// Which issues of a board, or of the site, are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// All of a board.
    Board(String),
    /// Those of a board that are in no epic.
    BoardWithoutEpic(String),
    /// Those of a board that are in the epic.
    BoardEpic(String, String),
    /// Those of the site that are in the epic.
    Epic(String),
    /// Those of the site that are in no epic.
    WithoutEpic,
}

pub(crate) fn list(state: &State, call: &Call<'_>) -> Result<Response, Refusal> {
    let (start, size) = call.window(PAGE_DEFAULT, usize::MAX)?;
    let asked = |name| call.parameters.get(name);
    let kinds = call.parameters.list("type");
    let name = asked("name").unwrap_or_default().to_lowercase();
    let boards = state.readable_boards().filter(|_| !call.anonymous());
    let matching = boards.filter(|board| {
        let kind = kinds
            .as_ref()
            .is_none_or(|kinds| kinds.iter().any(|kind| kind == board.kind.text()));
        let project = asked("projectKeyOrId").is_none_or(|text| {
            let project = project_of(state, board);
            project.is_some_and(|own| {
                own.own.key.eq_ignore_ascii_case(text) || own.id.to_string() == text
            })
        });
        let filter = asked("filterId").is_none_or(|id| board.filter.to_string() == id);
        kind && project && filter && board.name.to_lowercase().contains(&name)
    });
    let matching: Vec<_> = matching.collect();
    let values = matching.iter().skip(start).take(size);
    let values: Vec<_> = values.map(|board| shown(state, board)).collect();
    Ok(answer::value(
        state.flavour,
        &page(start, size, matching.len(), values),
    ))
}

fn page(start: usize, size: usize, total: usize, values: Vec<Value>) -> Value {
    json!({
        "maxResults": size,
        "startAt": start,
        "total": total,
        "isLast": start + values.len() >= total,
        "values": values,
    })
}

pub(crate) fn read(state: &State, call: &Call<'_>, id: &str) -> Result<Response, Refusal> {
    let board = board(state, call, id)?;
    Ok(answer::value(state.flavour, &shown(state, board)))
}

fn board<'a>(state: &'a State, call: &Call<'_>, id: &str) -> Result<&'a Board, Refusal> {
    let found = id.parse().ok().and_then(|id| state.board(id));
    let found = found.filter(|_| !call.anonymous());
    found.ok_or_else(|| Refusal::domain(404, Sentence::BoardMissing(id.to_owned())))
}

fn project_of<'a>(state: &'a State, board: &Board) -> Option<&'a Entry<Project>> {
    let place = state.catalog.project_by_key(board.project.as_deref()?)?;
    Some(&state.catalog.projects[usize::from(place)])
}

fn address(state: &State, board: &Board) -> String {
    format!("{}/rest/agile/1.0/board/{}", state.base_uri, board.id)
}

fn shown(state: &State, board: &Board) -> Value {
    let mut body = json!({
        "id": board.id,
        "self": address(state, board),
        "name": board.name,
        "type": board.kind.text(),
    });
    let project = project_of(state, board).filter(|_| state.flavour == Flavour::Cloud);
    if let Some(project) = project {
        body["location"] = json!({
            "projectId": project.id,
            "displayName": format!("{} ({})", project.name, project.own.key),
            "projectName": project.name,
            "projectKey": project.own.key,
            "projectTypeKey": "software",
            "name": format!("{} ({})", project.name, project.own.key),
        });
    }
    body
}

pub(crate) fn configuration(state: &State, call: &Call<'_>, id: &str) -> Result<Response, Refusal> {
    let board = board(state, call, id)?;
    let base = state.catalog.base();
    // A column for each category of statuses, as new boards have them.
    let columns = Category::ALL.into_iter().map(|category| {
        let statuses = state.catalog.statuses.iter();
        let statuses = statuses.filter(|status| status.own == category);
        let statuses = statuses.map(|status| {
            let id = status.id.to_string();
            json!({ "self": format!("{base}/status/{id}"), "id": id })
        });
        json!({ "name": category.words().2, "statuses": statuses.collect::<Vec<_>>() })
    });
    let mut body = json!({
        "id": board.id,
        "name": board.name,
        "type": board.kind.text(),
        "self": format!("{}/configuration", address(state, board)),
        "filter": {
            "id": board.filter.to_string(),
            "self": format!("{base}/filter/{}", board.filter),
        },
        "columnConfig": { "columns": columns.collect::<Vec<_>>(), "constraintType": "none" },
        "ranking": { "rankCustomFieldId": state.fields.number(Field::Rank) },
    });
    if let Some(query) = &board.sub_query {
        body["subQuery"] = json!({ "query": query });
    }
    if let Some(project) = project_of(state, board).filter(|_| state.flavour == Flavour::Cloud) {
        body["location"] = json!({ "type": "project", "projectKeyOrId": project.own.key });
    }
    Ok(answer::value(state.flavour, &body))
}

/// Issues in the order of their rank. The board's order is this one, whatever its filter says.
pub(crate) fn issues(state: &mut State, call: &Call<'_>, of: &Of) -> Result<Reply, Refusal> {
    let (start, size) = call.window(PAGE_DEFAULT, PAGE_MAX.unsigned_abs() as usize)?;
    let mut jql = query(state, call, of)?;
    if let Some(more) = call.parameters.get("jql").filter(|jql| !jql.is_empty()) {
        jql = format!("{jql} AND ({})", without_order(more));
    }
    let search = Search {
        jql: &format!("{jql} ORDER BY Rank ASC"),
        anonymous: call.anonymous(),
        reconcile: &[],
        lenient: call.parameters.get("validateQuery") == Some("false"),
        bounded: false,
    };
    let found = jql::run(state, search).map_err(|sentences| Refusal::Domain(400, sentences))?;
    let fields = call.parameters.list("fields");
    let fields = fields.unwrap_or_else(|| vec!["*navigable".to_owned()]);
    let selection = Selection::of_board(&fields, &state.fields, state.flavour);
    let page = OffsetPage {
        start,
        size,
        names: call.expands("names"),
    };
    Ok(page.write(state, call, &found, &selection))
}

/// Boards pass over the order of a query that narrows them.
fn without_order(jql: &str) -> &str {
    let lower = jql.to_ascii_lowercase();
    &jql[..lower.find("order by").unwrap_or(jql.len())]
}

fn query(state: &State, call: &Call<'_>, of: &Of) -> Result<String, Refusal> {
    let without = || format!("{} is EMPTY", epic_clause(state));
    Ok(match of {
        Of::Board(id) => board_query(state, board(state, call, id)?),
        Of::BoardWithoutEpic(id) => {
            let own = board_query(state, board(state, call, id)?);
            format!("{own} AND {}", without())
        }
        Of::BoardEpic(id, text) => {
            let own = board_query(state, board(state, call, id)?);
            let epic = epic(state, call, text)?;
            format!("{own} AND {} = {}", epic_clause(state), epic.id)
        }
        Of::Epic(text) => format!("{} = {}", epic_clause(state), epic(state, call, text)?.id),
        Of::WithoutEpic => format!("type in standardIssueTypes() AND {}", without()),
    })
}

/// What finds the children of epics.
fn epic_clause(state: &State) -> String {
    match state.flavour {
        Flavour::Cloud => "parent".to_owned(),
        Flavour::DataCenter => format!("cf[{}]", state.fields.number(Field::EpicLink)),
    }
}

fn board_query(state: &State, board: &Board) -> String {
    let mut jql = format!("filter = {}", board.filter);
    if let Some(query) = &board.sub_query {
        jql = format!("{jql} AND ({query})");
    }
    let epics = state.catalog.kinds.iter().filter(|kind| kind.own.level > 0);
    let epics: Vec<_> = epics.map(|kind| kind.id.to_string()).collect();
    // Scrum boards show epics beside the list, not in it.
    if board.kind == BoardKind::Scrum && !epics.is_empty() {
        jql = format!("{jql} AND type not in ({})", epics.join(", "));
    }
    jql
}

fn epic<'a>(state: &'a State, call: &Call<'_>, text: &str) -> Result<&'a Issue, Refusal> {
    let slot = state.slot_of_text(text);
    let found = slot.map(|slot| &state.issues[slot as usize]);
    let found = found.filter(|issue| state.readable(issue) && state.level(issue) == 1);
    let found = found.filter(|_| !call.anonymous());
    found.ok_or_else(|| Refusal::domain(404, Sentence::EpicMissing(text.to_owned())))
}

pub(crate) fn read_epic(state: &State, call: &Call<'_>, text: &str) -> Result<Response, Refusal> {
    let found = epic(state, call, text)?;
    Ok(answer::value(state.flavour, &epic_json(state, found)))
}

/// Epics of a board, by rank.
pub(crate) fn epics(state: &mut State, call: &Call<'_>, id: &str) -> Result<Response, Refusal> {
    let (start, size) = call.window(PAGE_DEFAULT, PAGE_MAX.unsigned_abs() as usize)?;
    let filter = board(state, call, id)?.filter;
    let search = Search {
        jql: &format!("filter = {filter} ORDER BY Rank ASC"),
        anonymous: call.anonymous(),
        reconcile: &[],
        lenient: false,
        bounded: false,
    };
    let found = jql::run(state, search).map_err(|sentences| Refusal::Domain(400, sentences))?;
    let done = call.parameters.get("done");
    let epics = found.slots.iter().filter_map(|slot| state.searched(*slot));
    let epics = epics.filter(|issue| state.level(issue) == 1 && state.readable(issue));
    let epics: Vec<_> = epics
        .filter(|issue| done.is_none_or(|done| issue.resolved.is_some().to_string() == done))
        .map(|issue| epic_json(state, issue))
        .collect();
    let total = epics.len();
    let values: Vec<_> = epics.into_iter().skip(start).take(size).collect();
    let mut body = page(start, size, total, values);
    if let Some(members) = body.as_object_mut() {
        members.remove("total");
    }
    Ok(answer::value(state.flavour, &body))
}
