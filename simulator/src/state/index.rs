//! What searches see: the state as it was a search lag ago, and the result lists that pages are
//! cut from. It decides visibility in time only; permissions are `State::readable`.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::State;
use super::issue::Issue;

/// Slots kept over all result lists. At four bytes each this is 32 MB.
const RESULT_SLOTS_MAX: usize = 8_000_000;
/// Result lists kept; more than any client has chains of pages open at once.
const RESULTS_MAX: usize = 512;

/// Earlier versions that searches still see.
#[derive(Debug, Default)]
pub(crate) struct Lagging {
    versions: FxHashMap<u32, VecDeque<Version>>,
}

#[derive(Debug)]
struct Version {
    /// Searches before this instant see `issue`.
    until: i64,
    /// `None`: not created yet.
    issue: Option<Issue>,
}

impl Lagging {
    pub(crate) fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        self.versions.keys().copied()
    }

    pub(crate) fn keep(&mut self, slot: u32, until: i64, issue: Option<Issue>) {
        self.versions
            .entry(slot)
            .or_default()
            .push_back(Version { until, issue });
    }

    /// Forgets what no search sees any more; whether there was such a thing.
    pub(crate) fn forget_before(&mut self, now: i64) -> bool {
        let mut changed = false;
        self.versions.retain(|_, versions| {
            while versions.front().is_some_and(|version| version.until <= now) {
                versions.pop_front();
                changed = true;
            }
            !versions.is_empty()
        });
        changed
    }
}

impl State {
    /// The issue in this place as searches see it now.
    pub(crate) fn searched(&self, slot: u32) -> Option<&Issue> {
        match self.lagging.versions.get(&slot).and_then(VecDeque::front) {
            Some(version) => version.issue.as_ref(),
            None => self.current(slot),
        }
        .filter(|issue| !issue.deleted)
    }

    /// The issue in this place as it is.
    pub(crate) fn current(&self, slot: u32) -> Option<&Issue> {
        self.issues
            .get(slot as usize)
            .filter(|issue| !issue.deleted)
    }

    /// Moves the simulator's time on; a version becomes visible to searches by this alone.
    pub(crate) fn set_now(&mut self, now: i64) {
        self.now = now;
        if !self.lagging.is_empty() && self.lagging.forget_before(now) {
            self.version += 1;
        }
    }
}

/// What makes two searches the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) jql: String,
    pub(crate) anonymous: bool,
    pub(crate) reconcile: Vec<u64>,
    pub(crate) version: u64,
    /// The clock, for queries that speak of now.
    pub(crate) now: Option<i64>,
}

/// A finished search.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Number by which a page token names the list.
    pub(crate) number: u64,
    pub(crate) slots: Arc<Vec<u32>>,
    pub(crate) warnings: Arc<Vec<String>>,
}

/// Recent result lists, so that a page costs what it shows and not what the query searched.
#[derive(Debug, Default)]
pub(crate) struct Results {
    kept: VecDeque<(Asked, Found)>,
    slots: usize,
    last_number: u64,
}

impl Results {
    pub(crate) fn by_question(&self, asked: &Asked) -> Option<Found> {
        let same = self.kept.iter().rev().find(|(other, _)| other == asked);
        same.map(|(_, found)| found.clone())
    }

    pub(crate) fn by_number(&self, number: u64) -> Option<Found> {
        let place = self
            .kept
            .binary_search_by_key(&number, |(_, found)| found.number)
            .ok()?;
        Some(self.kept[place].1.clone())
    }

    pub(crate) fn keep(&mut self, asked: Asked, slots: Vec<u32>, warnings: Vec<String>) -> Found {
        self.last_number += 1;
        self.slots += slots.len();
        let number = self.last_number;
        let found = Found {
            number,
            slots: Arc::new(slots),
            warnings: Arc::new(warnings),
        };
        self.kept.push_back((asked, found.clone()));
        while self.kept.len() > RESULTS_MAX
            || (self.slots > RESULT_SLOTS_MAX && self.kept.len() > 1)
        {
            if let Some((_, old)) = self.kept.pop_front() {
                self.slots -= old.slots.len();
            }
        }
        found
    }
}
