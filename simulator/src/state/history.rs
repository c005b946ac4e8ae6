//! What was changed in an issue, when and by whom, as changelogs and webhooks tell it. Content that
//! is loaded has no history: it begins with the first edit.

use super::State;
use super::catalog::{Entry, Person};
use super::issue::IssueId;
use crate::Flavour;
use crate::fields::Field;
use crate::render::issue::relation;

/// One act of one person on one issue.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) id: u64,
    pub(crate) created: i64,
    /// Place of the person.
    pub(crate) author: u32,
    pub(crate) items: Vec<Item>,
}

/// One field that an act changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) field: &'static str,
    /// Absent for what is no field of its own, such as links and, on Cloud, parents.
    pub(crate) field_id: Option<String>,
    pub(crate) custom: bool,
    pub(crate) from: End,
    pub(crate) to: End,
}

/// A value before or after: what machines read, and what people read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) id: Option<String>,
    pub(crate) text: Option<String>,
}

impl End {
    pub(crate) fn text(text: &str) -> Self {
        Self {
            id: None,
            text: Some(text.to_owned()),
        }
    }

    pub(crate) fn both(id: &str, text: &str) -> Self {
        Self {
            id: Some(id.to_owned()),
            text: Some(text.to_owned()),
        }
    }

    pub(crate) fn entry<T>(entries: &[Entry<T>], place: Option<u16>) -> Self {
        place.map_or_else(Self::default, |place| {
            let entry = &entries[usize::from(place)];
            Self::both(&entry.id.to_string(), &entry.name)
        })
    }

    pub(crate) fn person(people: &[Entry<Person>], flavour: Flavour, place: Option<u32>) -> Self {
        place.map_or_else(Self::default, |place| {
            let person = &people[place as usize];
            let id = match flavour {
                Flavour::Cloud => &person.own.account_id,
                Flavour::DataCenter => &person.name,
            };
            Self::both(id, &person.own.display_name)
        })
    }
}

impl Item {
    /// A change of a system field, whose name is its id.
    pub(crate) fn system(field: &'static str, from: End, to: End) -> Self {
        Self {
            field,
            field_id: Some(field.to_owned()),
            custom: false,
            from,
            to,
        }
    }

    /// A change of what is no field.
    pub(crate) fn unnamed(field: &'static str, from: End, to: End) -> Self {
        Self {
            field_id: None,
            ..Self::system(field, from, to)
        }
    }

    /// Whether a webhook that is for this field only is to hear of it.
    pub(crate) fn concerns(&self, field: &str) -> bool {
        let parent = self.field == "IssueParentAssociation" && field == "parent";
        parent || self.field_id.as_deref() == Some(field)
    }
}

impl State {
    /// The person who makes the edits from now on: an account name, an account id or a display
    /// name. At the start it is the account that can log in. Whether there is such a person.
    pub fn act_as(&mut self, person: &str) -> bool {
        let found = self.catalog.find_person(person);
        self.actor = found.unwrap_or(self.actor);
        found.is_some()
    }

    /// Keeps what differs as one act; its place in the history of the issue, when something does.
    pub(crate) fn record(&mut self, slot: u32, items: Vec<Item>) -> Option<usize> {
        let items: Vec<_> = items
            .into_iter()
            .filter(|item| item.from != item.to)
            .collect();
        if items.is_empty() {
            return None;
        }
        let id = self.next_history;
        self.next_history += 1;
        let histories = self.histories.entry(self.issues[slot as usize].id);
        let histories = histories.or_default();
        histories.push(History {
            id,
            // The history is written a little after the issue: 2 to 30 milliseconds.
            created: self.now + 2 + (id % 29).cast_signed(),
            author: self.actor,
            items,
        });
        Some(histories.len() - 1)
    }

    /// Oldest first.
    pub(crate) fn histories_of(&self, id: IssueId) -> &[History] {
        self.histories.get(&id).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn custom_item(&self, field: Field, name: &'static str, from: End, to: End) -> Item {
        Item {
            field: name,
            field_id: Some(format!("customfield_{}", self.fields.number(field))),
            custom: true,
            from,
            to,
        }
    }

    /// How a change of the parent is written: each flavour and level has its own way.
    pub(crate) fn parent_item(&self, slot: u32, to: Option<IssueId>) -> Item {
        let issue = &self.issues[slot as usize];
        let end = |parent: Option<IssueId>| {
            parent.map_or_else(End::default, |id| {
                End::both(&id.to_string(), &self.key_of_id(id))
            })
        };
        let (from, to) = (end(issue.parent), end(to));
        let text_only = |end: End| End { id: None, ..end };
        match relation(self.flavour, self.level(issue)) {
            Field::EpicLink => self.custom_item(Field::EpicLink, "Epic Link", from, to),
            Field::ParentLink => {
                let (from, to) = (text_only(from), text_only(to));
                self.custom_item(Field::ParentLink, "Parent Link", from, to)
            }
            _ if self.flavour == Flavour::Cloud => {
                Item::unnamed("IssueParentAssociation", from, to)
            }
            _ => Item::unnamed("Parent", from, to),
        }
    }
}
