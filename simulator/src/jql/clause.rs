//! One `field operator operand`, resolved.

use super::ast::{Operand, Operator};
use super::compare;
use super::compile::Compiler;
use super::function;
use super::test::{Attribute, Moment, Test, Word};
use crate::Flavour;
use crate::fields::Field;
use crate::sentence::Sentence;
use crate::state::catalog::Category;

/// Names of system fields in queries, in lower case.
const FIELD_NAMES: [&str; 24] = [
    "assignee",
    "created",
    "createddate",
    "filter",
    "id",
    "issue",
    "issuekey",
    "issuelinktype",
    "issuetype",
    "key",
    "labels",
    "parent",
    "priority",
    "project",
    "reporter",
    "resolution",
    "resolutiondate",
    "resolved",
    "status",
    "statuscategory",
    "summary",
    "text",
    "type",
    "updated",
];

/// Whether a query that begins with the word speaks of a field.
pub(super) fn is_field_name(word: &str) -> bool {
    FIELD_NAMES
        .iter()
        .any(|name| name.eq_ignore_ascii_case(word))
}

/// A field of a query.
enum Clausal {
    Attribute(Attribute),
    Key,
    Id,
    Parent(std::ops::RangeInclusive<i8>),
    Labels,
    Text,
    Moment(Moment),
    Filter,
    LinkType,
}

pub(super) fn test(
    compiler: &mut Compiler<'_>,
    field: &str,
    operator: Operator,
    operand: &Operand,
) -> Test {
    let Some(clausal) = clausal(compiler, field) else {
        compiler
            .problems
            .push(Sentence::UnknownField(field.to_owned()));
        return Test::Nothing;
    };
    if !supported(&clausal, operator) {
        let operator = operator.text();
        compiler.problems.push(Sentence::WrongOperator {
            operator,
            field: field.to_owned(),
        });
        return Test::Nothing;
    }
    let (positive, negative) = operator.positive();
    match &clausal {
        Clausal::Moment(moment) => {
            return compare::time(compiler, field, *moment, operator, operand);
        }
        Clausal::Id | Clausal::Key if is_range(operator) => {
            return compare::range(compiler, field, operator, operand);
        }
        _ => {}
    }
    let has = match &clausal {
        Clausal::Attribute(attribute) => Some(Test::Has(*attribute)),
        Clausal::Parent(levels) => Some(Test::HasParent(levels.clone())),
        Clausal::Labels => Some(Test::HasLabels),
        Clausal::LinkType => Some(Test::HasLinks),
        Clausal::Key | Clausal::Id | Clausal::Filter | Clausal::Text | Clausal::Moment(_) => None,
    };
    let (values, empty) = flatten(operand);
    if empty && has.is_none() {
        compiler
            .problems
            .push(Sentence::NotEmptyable(field.to_owned()));
        return Test::Nothing;
    }
    debug_assert!(!is_range(positive), "ranges were handled above");
    let matching = if values.is_empty() {
        Test::Nothing
    } else {
        matching(compiler, field, &clausal, &values)
    };
    let has = has.unwrap_or(Test::Everything);
    match (negative, empty) {
        (false, false) => matching,
        (false, true) => Test::Or(vec![matching, has.not()]),
        // What has no value is not unequal to one, in JQL.
        (true, _) => Test::And(vec![has, matching.not()]),
    }
}

fn clausal(compiler: &Compiler<'_>, field: &str) -> Option<Clausal> {
    let lower = field.to_lowercase();
    let all_levels = i8::MIN..=i8::MAX;
    let cloud = compiler.state.flavour == Flavour::Cloud;
    Some(match lower.as_str() {
        "project" => Clausal::Attribute(Attribute::Project),
        "issuetype" | "type" => Clausal::Attribute(Attribute::Kind),
        "status" => Clausal::Attribute(Attribute::Status),
        "statuscategory" => Clausal::Attribute(Attribute::Category),
        "priority" => Clausal::Attribute(Attribute::Priority),
        "resolution" => Clausal::Attribute(Attribute::Resolution),
        "assignee" => Clausal::Attribute(Attribute::Assignee),
        "reporter" => Clausal::Attribute(Attribute::Reporter),
        "key" | "issuekey" | "issue" => Clausal::Key,
        "id" => Clausal::Id,
        "parent" if cloud => Clausal::Parent(all_levels),
        "parent" => Clausal::Parent(i8::MIN..=-1),
        "labels" => Clausal::Labels,
        "summary" | "text" => Clausal::Text,
        "created" | "createddate" => Clausal::Moment(Moment::Created),
        "updated" | "updateddate" => Clausal::Moment(Moment::Updated),
        "resolved" | "resolutiondate" => Clausal::Moment(Moment::Resolved),
        "filter" => Clausal::Filter,
        "issuelinktype" => Clausal::LinkType,
        _ => match custom(compiler, &lower)? {
            Field::EpicLink => Clausal::Parent(0..=0),
            Field::ParentLink => Clausal::Parent(1..=i8::MAX),
            Field::EpicName => Clausal::Text,
            _ => return None,
        },
    })
}

/// A custom field by `cf[n]` or by name.
fn custom(compiler: &Compiler<'_>, lower: &str) -> Option<Field> {
    let mut definitions = compiler.state.fields.definitions.iter();
    let own = definitions.find(|definition| {
        definition.custom.is_some()
            && definition
                .clauses
                .iter()
                .any(|clause| clause.to_lowercase() == lower)
    });
    own.and_then(|definition| definition.field)
}

fn is_range(operator: Operator) -> bool {
    use Operator::{Greater, GreaterEquals, Less, LessEquals};
    matches!(operator, Less | LessEquals | Greater | GreaterEquals)
}

fn supported(clausal: &Clausal, operator: Operator) -> bool {
    let like = matches!(operator, Operator::Like | Operator::NotLike);
    match clausal {
        Clausal::Text => like,
        Clausal::Key | Clausal::Id | Clausal::Moment(_) => !like,
        _ => !like && !is_range(operator),
    }
}

fn flatten(operand: &Operand) -> (Vec<&Operand>, bool) {
    match operand {
        Operand::Empty => (Vec::new(), true),
        Operand::List(list) => {
            let (values, empties): (Vec<_>, Vec<_>) =
                list.iter().partition(|operand| **operand != Operand::Empty);
            (values, !empties.is_empty())
        }
        one => (vec![one], false),
    }
}

fn matching(
    compiler: &mut Compiler<'_>,
    field: &str,
    clausal: &Clausal,
    values: &[&Operand],
) -> Test {
    let mut any = Vec::new();
    let mut places = Vec::new();
    for value in values {
        let text = match value {
            Operand::Value { text, .. } => text,
            Operand::Function { name, arguments } => {
                any.push(function::test(compiler, field, name, arguments));
                continue;
            }
            Operand::List(list) => {
                let inner: Vec<_> = list.iter().collect();
                any.push(matching(compiler, field, clausal, &inner));
                continue;
            }
            Operand::Empty => continue,
        };
        match one(compiler, field, clausal, text) {
            Ok(place) => places.push(place),
            Err(test) => any.push(test),
        }
    }
    places.sort_unstable();
    places.dedup();
    let small = |places: &[u64]| places.iter().map(|place| *place as u32).collect();
    if !places.is_empty() {
        any.push(match clausal {
            Clausal::Attribute(attribute) => Test::OneOf(*attribute, small(&places)),
            Clausal::Labels => Test::Labels(small(&places)),
            Clausal::Parent(levels) => Test::Parents(places, levels.clone()),
            _ => Test::Ids(places),
        });
    }
    if any.len() == 1 {
        any.remove(0)
    } else {
        Test::Or(any)
    }
}

/// The place or id that a value names, or a whole test where it names more than one thing.
fn one(
    compiler: &mut Compiler<'_>,
    field: &str,
    clausal: &Clausal,
    text: &str,
) -> Result<u64, Test> {
    let place = match clausal {
        Clausal::Attribute(attribute) => return attribute_value(compiler, field, *attribute, text),
        // A label that nothing has is no error.
        Clausal::Labels => compiler.state.catalog.find_label(text).unwrap_or(u32::MAX),
        Clausal::Key | Clausal::Id | Clausal::Parent(_) => {
            return issue(compiler, field, text);
        }
        Clausal::Text => return Err(Test::Words(Word::all(text))),
        Clausal::Filter => return Err(compiler.filter(text, field)),
        Clausal::LinkType => return Err(link_type(compiler, field, text)),
        Clausal::Moment(_) => return Err(Test::Nothing),
    };
    Ok(u64::from(place))
}

/// The id of an issue that the account can see.
fn issue(compiler: &mut Compiler<'_>, field: &str, text: &str) -> Result<u64, Test> {
    let state = compiler.state;
    let slot = state.slot_of_text(text);
    let issue = slot.map(|slot| &state.issues[slot as usize]);
    match issue.filter(|issue| state.readable(issue)) {
        Some(issue) => Ok(issue.id.0),
        None => {
            let (issue, field) = (text.to_owned(), field.to_owned());
            compiler
                .problems
                .push(Sentence::UnknownIssue { issue, field });
            Err(Test::Nothing)
        }
    }
}

/// Names are not unique on real sites: every entry of that name counts.
fn attribute_value(
    compiler: &mut Compiler<'_>,
    field: &str,
    attribute: Attribute,
    text: &str,
) -> Result<u64, Test> {
    let catalog = &compiler.state.catalog;
    let id: Option<u64> = text.parse().ok();
    let same = |name: &str, own: u64| name.eq_ignore_ascii_case(text) || Some(own) == id;
    let places: Vec<u32> = match attribute {
        Attribute::Project => {
            let all = catalog.projects.iter().enumerate();
            let all = all.filter(|(_, entry)| !entry.own.revoked);
            all.filter(|(_, entry)| same(&entry.name, entry.id) || same(&entry.own.key, entry.id))
                .map(|(place, _)| place as u32)
                .collect()
        }
        Attribute::Kind => all(&catalog.kinds, same),
        Attribute::Status => all(&catalog.statuses, same),
        Attribute::Priority => all(&catalog.priorities, same),
        Attribute::Resolution => all(&catalog.resolutions, same),
        Attribute::Category => {
            let known = Category::ALL.into_iter().map(Category::words);
            let known = known.filter(|(number, key, name)| {
                same(name, u64::from(*number)) || key.eq_ignore_ascii_case(text)
            });
            known.map(|(number, ..)| number).collect()
        }
        Attribute::Assignee | Attribute::Reporter => {
            catalog.find_person(text).into_iter().collect()
        }
    };
    match places[..] {
        [] => Err(compiler.unknown(text, field)),
        [place] => Ok(u64::from(place)),
        _ => Err(Test::OneOf(attribute, places)),
    }
}

fn all<T>(
    entries: &[crate::state::catalog::Entry<T>],
    same: impl Fn(&str, u64) -> bool,
) -> Vec<u32> {
    let found = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| same(&entry.name, entry.id));
    found.map(|(place, _)| place as u32).collect()
}

/// A link type by name (both directions) or by one of its phrases (that direction).
fn link_type(compiler: &mut Compiler<'_>, field: &str, text: &str) -> Test {
    let kinds = function::link_kinds(compiler.state, text);
    if kinds.is_empty() {
        compiler.unknown(text, field)
    } else {
        Test::Linked(kinds)
    }
}

/// Issue types that are, or are not, of the sub-task level.
pub(super) fn kind_places(compiler: &Compiler<'_>, sub_task: bool) -> Vec<u32> {
    let kinds = compiler.state.catalog.kinds.iter().enumerate();
    let kinds = kinds.filter(|(_, kind)| (kind.own.level < 0) == sub_task);
    kinds.map(|(place, _)| place as u32).collect()
}
