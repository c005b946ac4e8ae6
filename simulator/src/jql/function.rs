//! Functions of JQL.

use super::ast::Operand;
use super::clause::kind_places;
use super::compile::Compiler;
use super::date;
use super::test::{Attribute, Test};
use crate::sentence::Sentence;
use crate::state::State;

/// A function as a value of a field that is no date.
pub(super) fn test(
    compiler: &mut Compiler<'_>,
    field: &str,
    name: &str,
    arguments: &[String],
) -> Test {
    match name.to_lowercase().as_str() {
        "standardissuetypes" => Test::OneOf(Attribute::Kind, kind_places(compiler, false)),
        "subtaskissuetypes" => Test::OneOf(Attribute::Kind, kind_places(compiler, true)),
        "currentuser" => {
            let attribute = if field.eq_ignore_ascii_case("reporter") {
                Attribute::Reporter
            } else {
                Attribute::Assignee
            };
            Test::OneOf(attribute, vec![compiler.state.account_place])
        }
        "linkedissues" => linked_issues(compiler, field, arguments),
        _ => {
            compiler
                .problems
                .push(Sentence::UnknownFunction(name.to_owned()));
            Test::Nothing
        }
    }
}

/// The OTHER ends of an issue's links, of one phrase or of all.
fn linked_issues(compiler: &mut Compiler<'_>, field: &str, arguments: &[String]) -> Test {
    let state = compiler.state;
    let key = arguments.first().map_or("", String::as_str);
    let slot = state.slot_of_text(key);
    let issue = slot.map(|slot| &state.issues[slot as usize]);
    let Some(issue) = issue.filter(|issue| state.readable(issue)) else {
        let (issue, field) = (key.to_owned(), field.to_owned());
        compiler
            .problems
            .push(Sentence::UnknownIssue { issue, field });
        return Test::Nothing;
    };
    let mut kinds = Vec::new();
    for phrase in &arguments[1..] {
        let found = link_kinds(state, phrase);
        if found.is_empty() {
            return compiler.unknown(phrase, field);
        }
        kinds.extend(found);
    }
    let links = issue.links.iter().map(|id| state.links[id]);
    let links = links
        .filter(|link| kinds.is_empty() || kinds.contains(&(link.kind, link.source == issue.id)));
    let mut ids: Vec<u64> = links.map(|link| link.other(issue.id).0).collect();
    ids.sort_unstable();
    // Two issues may be linked more than once.
    ids.dedup();
    Test::Ids(ids)
}

/// Link types, each with "is the source", that a phrase stands for; or, when it is no phrase, those
/// of that name, in both directions.
pub(super) fn link_kinds(state: &State, text: &str) -> Vec<(u16, bool)> {
    let same = |own: &str| own.eq_ignore_ascii_case(text);
    let all = || state.catalog.link_kinds.iter().enumerate();
    let phrases = all().flat_map(|(place, kind)| {
        [(true, &kind.own.outward), (false, &kind.own.inward)]
            .into_iter()
            .filter(|(_, phrase)| same(phrase))
            .map(move |(source, _)| (place as u16, source))
    });
    let phrases: Vec<_> = phrases.collect();
    if !phrases.is_empty() {
        return phrases;
    }
    let named = all().filter(|(_, kind)| same(&kind.name));
    named
        .flat_map(|(place, _)| [(place as u16, true), (place as u16, false)])
        .collect()
}

/// A function that is an instant.
pub(super) fn instant(state: &State, name: &str, arguments: &[String]) -> Option<i64> {
    let day = 24 * 60 * 60 * 1000;
    let instant = match name.to_lowercase().as_str() {
        "now" => state.now,
        "startofday" => date::start_of_day(state.now, &state.zone),
        "endofday" => date::start_of_day(state.now, &state.zone) + day - 1,
        _ => return None,
    };
    match arguments.first() {
        Some(shift) => date::relative(shift, instant),
        None => Some(instant),
    }
}

/// An operand as text, for sentences and numbers.
pub(super) fn shown(operand: &Operand) -> String {
    match operand {
        Operand::Value { text, .. } => text.clone(),
        Operand::Function { name, .. } => format!("{name}()"),
        Operand::Empty => "EMPTY".to_owned(),
        Operand::List(list) => list.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}
