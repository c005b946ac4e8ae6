//! A condition with every name resolved: what is asked of one issue, and which issues are worth
//! asking.

use std::ops::RangeInclusive;

use crate::state::State;
use crate::state::issue::{Issue, IssueId};

/// A value that an issue has at most one of, as a place in the catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Project,
    Kind,
    Status,
    Category,
    Priority,
    Resolution,
    Assignee,
    Reporter,
}

/// An instant of an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Created,
    Updated,
    Resolved,
}

/// One word of a text search; `prefix` for `word*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) prefix: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Everything,
    Nothing,
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    /// Places ascend.
    OneOf(Attribute, Vec<u32>),
    Has(Attribute),
    Labels(Vec<u32>),
    HasLabels,
    /// Ids ascend.
    Ids(Vec<u64>),
    IdRange(RangeInclusive<u64>),
    KeyRange(u16, RangeInclusive<u32>),
    /// Ids ascend. The levels of the children that count.
    Parents(Vec<u64>, RangeInclusive<i8>),
    HasParent(RangeInclusive<i8>),
    Words(Vec<Word>),
    Time(Moment, RangeInclusive<i64>),
    /// Link type, and whether the issue is the source.
    Linked(Vec<(u16, bool)>),
    HasLinks,
}

impl Test {
    pub(super) fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    pub(super) fn holds(&self, state: &State, issue: &Issue) -> bool {
        match self {
            Self::Everything => true,
            Self::Nothing => false,
            Self::And(all) => all.iter().all(|test| test.holds(state, issue)),
            Self::Or(any) => any.iter().any(|test| test.holds(state, issue)),
            Self::Not(test) => !test.holds(state, issue),
            Self::OneOf(attribute, places) => attribute
                .of(state, issue)
                .is_some_and(|place| places.binary_search(&place).is_ok()),
            Self::Has(attribute) => attribute.of(state, issue).is_some(),
            Self::Labels(places) => issue.labels.iter().any(|label| places.contains(label)),
            Self::HasLabels => !issue.labels.is_empty(),
            Self::Ids(ids) => ids.binary_search(&issue.id.0).is_ok(),
            Self::IdRange(range) => range.contains(&issue.id.0),
            Self::KeyRange(project, range) => {
                issue.key.project == *project && range.contains(&issue.key.number)
            }
            Self::Parents(ids, levels) => issue.parent.is_some_and(|parent| {
                levels.contains(&state.level(issue)) && ids.binary_search(&parent.0).is_ok()
            }),
            Self::HasParent(levels) => {
                issue.parent.is_some() && levels.contains(&state.level(issue))
            }
            Self::Words(words) => words.iter().all(|word| word.occurs_in(&issue.summary)),
            Self::Time(moment, range) => moment
                .of(issue)
                .is_some_and(|instant| range.contains(&instant)),
            Self::Linked(kinds) => issue.links.iter().any(|id| {
                let link = state.links[id];
                kinds.contains(&(link.kind, link.source == issue.id))
            }),
            Self::HasLinks => !issue.links.is_empty(),
        }
    }

    /// Places of the issues that can pass, ascending; `None` when that is any of them.
    pub(super) fn candidates(&self, state: &State) -> Option<Vec<u32>> {
        match self {
            Self::Nothing => Some(Vec::new()),
            Self::And(all) => {
                let found = all.iter().filter_map(|test| test.candidates(state));
                found.min_by_key(Vec::len)
            }
            Self::Or(any) => {
                let found: Option<Vec<_>> = any.iter().map(|test| test.candidates(state)).collect();
                found.map(|found| ascending(found.concat()))
            }
            Self::Ids(ids) => {
                let slots = ids.iter().filter_map(|id| state.slot_of(IssueId(*id)));
                Some(slots.collect())
            }
            Self::IdRange(range) => {
                let first = state
                    .issues
                    .partition_point(|issue| issue.id.0 < *range.start());
                let last = state
                    .issues
                    .partition_point(|issue| issue.id.0 <= *range.end());
                Some((first as u32..last.max(first) as u32).collect())
            }
            Self::OneOf(Attribute::Project, places) => {
                let projects = places
                    .iter()
                    .map(|place| &state.catalog.projects[*place as usize]);
                let slots = projects.flat_map(|project| project.own.by_number.iter().copied());
                Some(present(slots))
            }
            Self::KeyRange(project, range) => {
                let numbers = &state.catalog.projects[usize::from(*project)].own.by_number;
                let first = (*range.start() as usize).min(numbers.len());
                let last = (*range.end() as usize).saturating_add(1).min(numbers.len());
                Some(present(numbers[first..last.max(first)].iter().copied()))
            }
            Self::Parents(ids, _) => {
                let slots = ids.iter().flat_map(|id| state.children_of(IssueId(*id)));
                Some(ascending(slots.copied().collect()))
            }
            _ => None,
        }
    }
}

fn present(slots: impl Iterator<Item = u32>) -> Vec<u32> {
    ascending(
        slots
            .filter(|slot| *slot != crate::state::catalog::VACANT)
            .collect(),
    )
}

fn ascending(mut slots: Vec<u32>) -> Vec<u32> {
    slots.sort_unstable();
    slots.dedup();
    slots
}

impl Attribute {
    pub(super) fn of(self, state: &State, issue: &Issue) -> Option<u32> {
        match self {
            Self::Project => Some(u32::from(issue.key.project)),
            Self::Kind => Some(u32::from(issue.kind)),
            Self::Status => Some(u32::from(issue.status)),
            Self::Category => Some(
                state.catalog.statuses[usize::from(issue.status)]
                    .own
                    .words()
                    .0,
            ),
            Self::Priority => issue.priority.map(u32::from),
            Self::Resolution => issue.resolution.map(u32::from),
            Self::Assignee => issue.assignee,
            Self::Reporter => issue.reporter,
        }
    }
}

impl Moment {
    pub(super) fn of(self, issue: &Issue) -> Option<i64> {
        match self {
            Self::Created => Some(issue.created),
            Self::Updated => Some(issue.updated),
            Self::Resolved => issue.resolved,
        }
    }
}

impl Word {
    /// Words of a search text. Each must occur.
    pub(super) fn all(text: &str) -> Vec<Self> {
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '*');
        let words = words.filter(|word| word.chars().any(char::is_alphanumeric));
        words
            .map(|word| Self {
                text: word.trim_matches('*').to_lowercase(),
                prefix: word.ends_with('*'),
            })
            .collect()
    }

    fn occurs_in(&self, text: &str) -> bool {
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        words.any(|word| {
            let word = word.to_lowercase();
            if self.prefix {
                word.starts_with(&self.text)
            } else {
                word == self.text
            }
        })
    }
}
