//! ORDER BY. Ties stand in the order of ids, so that equal questions get equal answers.

use std::cmp::Ordering as Compared;

use super::ast::Sort;
use super::test::{Attribute, Moment};
use crate::fields::Field;
use crate::sentence::Sentence;
use crate::state::State;
use crate::state::issue::Issue;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Key,
    Id,
    Rank,
    Summary,
    Moment(Moment),
    Place(Attribute),
    Person(Attribute),
}

/// One field to sort by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ordering {
    by: By,
    descending: bool,
}

pub(super) fn resolve(state: &State, sort: &Sort) -> Result<Ordering, Sentence> {
    let by = match sort.field.to_lowercase().as_str() {
        "key" | "issuekey" | "issue" => By::Key,
        "id" => By::Id,
        "rank" => By::Rank,
        "summary" => By::Summary,
        "created" | "createddate" => By::Moment(Moment::Created),
        "updated" | "updateddate" => By::Moment(Moment::Updated),
        "resolved" | "resolutiondate" => By::Moment(Moment::Resolved),
        "priority" => By::Place(Attribute::Priority),
        "status" => By::Place(Attribute::Status),
        "issuetype" | "type" => By::Place(Attribute::Kind),
        "project" => By::Place(Attribute::Project),
        "assignee" => By::Person(Attribute::Assignee),
        "reporter" => By::Person(Attribute::Reporter),
        other if other == format!("cf[{}]", state.fields.number(Field::Rank)) => By::Rank,
        _ => return Err(Sentence::UnknownSort(sort.field.clone())),
    };
    // Newest first is what people mean by "created" and "updated".
    let natural = matches!(by, By::Moment(_) | By::Place(Attribute::Priority));
    Ok(Ordering {
        by,
        descending: sort.descending.unwrap_or(natural),
    })
}

/// Sorts places that ascend.
pub(super) fn sort(state: &State, slots: &mut [u32], orderings: &[Ordering]) {
    let [first, ..] = orderings else {
        // Without ORDER BY the newest come first.
        return slots.reverse();
    };
    if first.by == By::Id {
        if first.descending {
            slots.reverse();
        }
        return;
    }
    let issue = |slot: u32| state.searched(slot).unwrap_or(&state.issues[slot as usize]);
    slots.sort_by(|one, other| {
        let (one, other) = (issue(*one), issue(*other));
        let compared = orderings
            .iter()
            .map(|ordering| ordering.compare(state, one, other));
        compared.fold(Compared::Equal, Compared::then)
    });
}

impl Ordering {
    fn compare(self, state: &State, one: &Issue, other: &Issue) -> Compared {
        let compared = match self.by {
            By::Id => one.id.cmp(&other.id),
            By::Key => key(state, one).cmp(&key(state, other)),
            By::Rank => one.rank.cmp(&other.rank),
            By::Summary => one.summary.cmp(&other.summary),
            By::Moment(moment) => moment.of(one).cmp(&moment.of(other)),
            // The first priority is the highest one, so ascending begins with the last.
            By::Place(Attribute::Priority) => other.priority.cmp(&one.priority),
            By::Place(attribute) => attribute.of(state, one).cmp(&attribute.of(state, other)),
            By::Person(attribute) => {
                person(state, attribute, one).cmp(&person(state, attribute, other))
            }
        };
        if self.descending {
            compared.reverse()
        } else {
            compared
        }
    }
}

fn key<'a>(state: &'a State, issue: &Issue) -> (&'a str, u32) {
    (
        &state.catalog.projects[usize::from(issue.key.project)]
            .own
            .key,
        issue.key.number,
    )
}

fn person<'a>(state: &'a State, attribute: Attribute, issue: &Issue) -> Option<&'a str> {
    let place = attribute.of(state, issue)?;
    Some(&state.catalog.people[place as usize].own.display_name)
}
