//! One issue as JSON, with the fields that were asked for.

use super::history;
use super::text::{array, number, string};
use super::time;
use crate::Flavour;
use crate::fields::{Field, Selection};
use crate::state::State;
use crate::state::issue::{Issue, IssueId, Key};

const EXPAND: &[u8] =
    br#"{"expand":"renderedFields,names,schema,operations,editmeta,changelog","id":""#;

/// Appends the issue as a search, a read or a bulk read shows it.
pub(crate) fn write(out: &mut Vec<u8>, state: &State, issue: &Issue, selection: &Selection) {
    if selection.id_only {
        out.extend_from_slice(b"{\"id\":\"");
        number(out, issue.id.0);
        out.extend_from_slice(b"\"}");
        return;
    }
    out.extend_from_slice(EXPAND);
    number(out, issue.id.0);
    tail_of_reference(out, state, issue.id, |out| key(out, state, issue.key));
    if !selection.bare() {
        out.extend_from_slice(b",\"fields\":{");
        let mut first = true;
        for (member, field) in &selection.fields {
            if *field == Field::Parent && shown_parent(state, issue).is_none() {
                continue;
            }
            if !first {
                out.push(b',');
            }
            first = false;
            out.extend_from_slice(member.as_bytes());
            value(out, state, issue, *field);
        }
        out.push(b'}');
    }
    if let Some(most) = selection.histories {
        out.extend_from_slice(b",\"changelog\":");
        let changelog = history::changelog(state, issue, most);
        out.extend_from_slice(changelog.to_string().as_bytes());
    }
    out.push(b'}');
}

/// Behind the digits of the id: `","self":"…","key":"…"`.
fn tail_of_reference(
    out: &mut Vec<u8>,
    state: &State,
    id: IssueId,
    key: impl FnOnce(&mut Vec<u8>),
) {
    out.extend_from_slice(b"\",\"self\":\"");
    out.extend_from_slice(state.catalog.base().as_bytes());
    out.extend_from_slice(b"/issue/");
    number(out, id.0);
    out.extend_from_slice(b"\",\"key\":\"");
    key(out);
    out.push(b'"');
}

fn key(out: &mut Vec<u8>, state: &State, key: Key) {
    let project = &state.catalog.projects[usize::from(key.project)].own.key;
    out.extend_from_slice(project.as_bytes());
    out.push(b'-');
    number(out, u64::from(key.number));
}

/// Which relation to the parent a field shows.
pub(crate) fn relation(flavour: Flavour, level: i8) -> Field {
    match (flavour, level) {
        (Flavour::Cloud, _) | (_, ..0) => Field::Parent,
        (_, 0) => Field::EpicLink,
        (_, 1..) => Field::ParentLink,
    }
}

fn shown_parent(state: &State, issue: &Issue) -> Option<IssueId> {
    let field = relation(state.flavour, state.level(issue));
    issue.parent.filter(|_| field == Field::Parent)
}

fn value(out: &mut Vec<u8>, state: &State, issue: &Issue, field: Field) {
    let catalog = &state.catalog;
    let json = match field {
        Field::Summary => return string(out, &issue.summary),
        Field::Created => return instant(out, state, Some(issue.created)),
        Field::Updated => return instant(out, state, Some(issue.updated)),
        Field::Resolved => return instant(out, state, issue.resolved),
        Field::Labels => return labels(out, state, issue),
        Field::Subtasks => return sub_tasks(out, state, issue),
        Field::Links => return links(out, state, issue),
        Field::Rank => return string(out, &issue.rank.text(state.rank_bucket)),
        Field::Parent => return parent(out, state, issue),
        Field::EpicLink => return above(out, state, issue, 0),
        Field::ParentLink => return above(out, state, issue, 1),
        Field::EpicName if state.level(issue) == 1 => return string(out, &issue.summary),
        Field::EpicName | Field::Description | Field::Sprint => Some("null"),
        Field::Flagged => Some("false"),
        Field::Epic => return epic_of(out, state, issue),
        Field::Kind => Some(catalog.kinds[usize::from(issue.kind)].json.as_str()),
        Field::Project => Some(
            catalog.projects[usize::from(issue.key.project)]
                .json
                .as_str(),
        ),
        Field::Status => Some(catalog.statuses[usize::from(issue.status)].json.as_str()),
        Field::Priority => issue
            .priority
            .map(|place| catalog.priorities[usize::from(place)].json.as_str()),
        Field::Resolution => issue
            .resolution
            .map(|place| catalog.resolutions[usize::from(place)].json.as_str()),
        Field::Reporter | Field::Creator => person(state, issue.reporter),
        Field::Assignee => person(state, issue.assignee),
        Field::Components => Some(extra(issue, |extra| extra.components.as_deref())),
        Field::FixVersions => Some(extra(issue, |extra| extra.fix_versions.as_deref())),
    };
    out.extend_from_slice(json.unwrap_or("null").as_bytes());
}

fn extra(issue: &Issue, own: fn(&crate::state::issue::Extra) -> Option<&str>) -> &str {
    issue.extra.as_deref().and_then(own).unwrap_or("[]")
}

fn person(state: &State, place: Option<u32>) -> Option<&str> {
    place.map(|place| state.catalog.people[place as usize].json.as_str())
}

fn instant(out: &mut Vec<u8>, state: &State, milliseconds: Option<i64>) {
    let Some(milliseconds) = milliseconds else {
        return out.extend_from_slice(b"null");
    };
    out.push(b'"');
    time::write(out, milliseconds, &state.zone);
    out.push(b'"');
}

fn labels(out: &mut Vec<u8>, state: &State, issue: &Issue) {
    array(out, issue.labels.iter(), |out, place| {
        string(out, &state.catalog.labels[*place as usize]);
    });
}

/// The key of the parent, in a custom field, for issues of one level.
fn above(out: &mut Vec<u8>, state: &State, issue: &Issue, least_level: i8) {
    let level = state.level(issue);
    let own = if least_level == 0 {
        level == 0
    } else {
        level >= least_level
    };
    match issue.parent.filter(|_| own) {
        Some(parent) => string(out, &state.key_of_id(parent)),
        None => out.extend_from_slice(b"null"),
    }
}

fn parent(out: &mut Vec<u8>, state: &State, issue: &Issue) {
    match issue.parent {
        Some(parent) => reference(out, state, parent),
        None => out.extend_from_slice(b"null"),
    }
}

fn sub_tasks(out: &mut Vec<u8>, state: &State, issue: &Issue) {
    let children = state
        .children_of(issue.id)
        .iter()
        .map(|slot| &state.issues[*slot as usize]);
    let children = children.filter(|child| state.level(child) < 0 && state.readable(child));
    array(out, children, |out, child| reference(out, state, child.id));
}

fn links(out: &mut Vec<u8>, state: &State, issue: &Issue) {
    // The end that the account may not see takes the whole link out of the list.
    let shown = issue.links.iter().filter(|id| {
        let other = state.links[id].other(issue.id);
        state.readable_id(other).is_some() || state.absent.contains_key(&other)
    });
    array(out, shown, |out, id| {
        let link = state.links[id];
        let kind = &state.catalog.link_kinds[usize::from(link.kind)];
        out.extend_from_slice(b"{\"id\":\"");
        number(out, id.0);
        out.extend_from_slice(b"\",\"self\":\"");
        out.extend_from_slice(state.catalog.base().as_bytes());
        out.extend_from_slice(b"/issueLink/");
        number(out, id.0);
        out.extend_from_slice(b"\",\"type\":");
        out.extend_from_slice(kind.json.as_bytes());
        let outward = link.source == issue.id;
        let end: &[u8] = if outward {
            b",\"outwardIssue\":"
        } else {
            b",\"inwardIssue\":"
        };
        out.extend_from_slice(end);
        reference(out, state, link.other(issue.id));
        out.push(b'}');
    });
}

/// The epic above an issue, as boards show it.
fn epic_of(out: &mut Vec<u8>, state: &State, issue: &Issue) {
    let above = issue.parent.and_then(|id| state.readable_id(id));
    match above.filter(|above| state.level(above) == 1) {
        Some(epic) => out.extend_from_slice(epic_json(state, epic).to_string().as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
}

/// An epic as the API of boards has it.
pub(crate) fn epic_json(state: &State, epic: &Issue) -> serde_json::Value {
    serde_json::json!({
        "id": epic.id.0,
        "key": state.key_text(epic.key),
        "self": format!("{}/rest/agile/1.0/epic/{}", state.base_uri, epic.id),
        "name": epic.summary,
        "summary": epic.summary,
        "color": { "key": "color_1" },
        "done": epic.resolved.is_some(),
    })
}

/// Another issue in short. One that cannot be read is its id and key.
pub(crate) fn reference(out: &mut Vec<u8>, state: &State, id: IssueId) {
    out.extend_from_slice(b"{\"id\":\"");
    number(out, id.0);
    let Some(issue) = state.readable_id(id) else {
        let text = state.key_of_id(id);
        tail_of_reference(out, state, id, |out| out.extend_from_slice(text.as_bytes()));
        return out.push(b'}');
    };
    tail_of_reference(out, state, id, |out| key(out, state, issue.key));
    out.extend_from_slice(b",\"fields\":{\"summary\":");
    value(out, state, issue, Field::Summary);
    for (member, field) in [
        (&b",\"status\":"[..], Field::Status),
        (b",\"priority\":", Field::Priority),
        (b",\"issuetype\":", Field::Kind),
    ] {
        if field == Field::Priority && issue.priority.is_none() {
            continue;
        }
        out.extend_from_slice(member);
        value(out, state, issue, field);
    }
    out.extend_from_slice(b"}}");
}
