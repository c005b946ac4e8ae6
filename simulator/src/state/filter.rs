//! Saved filters. Their queries are kept as text and read when they are used.

use super::State;

/// A saved filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Decimal number that names it in URLs and in `filter = …`.
    pub id: u64,
    /// Name; may be used in JQL instead of the id.
    pub name: String,
    /// The query, with its ORDER BY.
    pub jql: String,
    /// Whether the account has starred it.
    pub favourite: bool,
}

impl State {
    /// Saves a filter, in place of one with the same id.
    pub fn save_filter(&mut self, filter: Filter) {
        self.version += 1;
        match self
            .filters
            .binary_search_by_key(&filter.id, |other| other.id)
        {
            Ok(place) => self.filters[place] = filter,
            Err(place) => self.filters.insert(place, filter),
        }
    }

    /// Removes a filter; whether it was there.
    pub fn delete_filter(&mut self, id: u64) -> bool {
        self.version += 1;
        let place = self.filters.binary_search_by_key(&id, |other| other.id);
        place.map(|place| self.filters.remove(place)).is_ok()
    }

    /// By id or name.
    pub(crate) fn filter(&self, text: &str) -> Option<&Filter> {
        let id: Option<u64> = text.parse().ok();
        let same = |filter: &&Filter| Some(filter.id) == id || filter.name == text;
        self.filters.iter().find(same)
    }
}
