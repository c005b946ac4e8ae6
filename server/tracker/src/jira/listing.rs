//! A listing of ids on Cloud, in one chain of pages or in several, and what is to be read of it.
//!
//! What it is not: the requests; those are [`super::cloud`]'s.

use super::lookup::BULK_FETCH_MAX;
use super::query::arrange;
use super::wire::Page;
use crate::Error;
use resync_core::id::IssueId;
use resync_core::issue::{ObservedIssue, QueryResult};
use resync_core::time::Timestamp;
use rustc_hash::FxHashSet;
use std::collections::VecDeque;

/// Jira compares creation by the minute when it likes to, so cuts are at whole minutes.
const MINUTE: i64 = 60_000;

/// Empty pages in a row that promise a next one, before they are taken for a loop.
const EMPTY_PAGES_MAX: u32 = 20;

/// Share of listed issues that may have become unreadable since, in percent: deletions that the
/// index has not seen. More is a permission that was lost while reading, and no result.
pub(super) const UNREADABLE_PERCENT_MAX: usize = 1;

/// Number of such issues that is never too many.
pub(super) const UNREADABLE_ALWAYS: usize = 20;

/// A read in progress.
#[derive(Default)]
pub(super) struct Census {
    /// All ids so far, each once, in the order of the query.
    order: Vec<IssueId>,
    known: FxHashSet<IssueId>,
    /// Listed, not yet asked for.
    waiting: VecDeque<IssueId>,
    /// Read before the listing began.
    held: FxHashSet<IssueId>,
    /// All issues so far.
    pub(super) issues: Vec<ObservedIssue>,
    tokens: FxHashSet<String>,
}

/// Where a chain of pages is.
enum Listing {
    /// The page with this token is next; `None` is the first.
    Due(Option<String>),
    UnderWay,
    Done,
}

/// One chain of pages.
pub(super) struct Chain {
    listing: Listing,
    empty_pages: u32,
}

impl Default for Chain {
    fn default() -> Self {
        Chain {
            listing: Listing::Due(None),
            empty_pages: 0,
        }
    }
}

impl Chain {
    /// Whether its last page has been taken in.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.listing, Listing::Done)
    }
}

/// The next page that can be asked for: the number of its chain, and its token.
pub(super) fn take_due(chains: &mut [Chain]) -> Option<(usize, Option<String>)> {
    chains.iter_mut().enumerate().find_map(|(number, chain)| {
        let Listing::Due(token) = &mut chain.listing else {
            return None;
        };
        let token = token.take();
        chain.listing = Listing::UnderWay;
        Some((number, token))
    })
}

/// Where to cut the time between two creations into at most so many spans.
pub(super) fn cuts(oldest: Timestamp, newest: Timestamp, spans: usize) -> Vec<Timestamp> {
    let (first, last) = (oldest.0.div_euclid(MINUTE), newest.0.div_euclid(MINUTE));
    let spans = i64::try_from(spans).unwrap_or(1).max(1);
    let cut = |number: i64| (first + (last - first) * number / spans) * MINUTE;
    let mut cuts: Vec<Timestamp> = (1..spans)
        .map(|number| Timestamp(cut(number)))
        .filter(|cut| cut.0 > oldest.0)
        .collect();
    cuts.dedup();
    cuts
}

impl Census {
    /// A read that has these issues already.
    pub(super) fn of(issues: Vec<ObservedIssue>) -> Census {
        let held = issues.iter().map(|issue| issue.id).collect();
        Census {
            issues,
            held,
            ..Census::default()
        }
    }

    /// How many issues are listed.
    pub(super) fn listed(&self) -> usize {
        self.order.len()
    }

    /// Takes a page of ids in, and notes where the next one of its chain is.
    pub(super) fn take_page(
        &mut self,
        page: Page<IssueId>,
        chain: &mut Chain,
    ) -> Result<(), Error> {
        chain.empty_pages = if page.items.is_empty() {
            chain.empty_pages + 1
        } else {
            0
        };
        for id in page.items {
            if self.known.insert(id) {
                self.order.push(id);
                if !self.held.contains(&id) {
                    self.waiting.push_back(id);
                }
            }
        }
        let Some(token) = page.next else {
            chain.listing = Listing::Done;
            return Ok(());
        };
        if chain.empty_pages > EMPTY_PAGES_MAX {
            let detail = format!("{EMPTY_PAGES_MAX} pages in a row are empty and not the last");
            return Err(Error::AnswerInvalid { detail });
        }
        if !self.tokens.insert(token.clone()) {
            let detail = "a page names itself or an earlier one as the next".to_owned();
            return Err(Error::AnswerInvalid { detail });
        }
        chain.listing = Listing::Due(Some(token));
        Ok(())
    }

    /// The next ids to read; a chunk that is not full only when no more follow.
    pub(super) fn next_chunk(&mut self, all_listed: bool) -> Option<Vec<IssueId>> {
        let full = self.waiting.len() >= BULK_FETCH_MAX;
        if !full && (!all_listed || self.waiting.is_empty()) {
            return None;
        }
        let length = self.waiting.len().min(BULK_FETCH_MAX);
        Some(self.waiting.drain(..length).collect())
    }

    /// What was read, when all of it was.
    pub(super) fn finish(mut self, own_order: bool) -> Result<QueryResult, Error> {
        // The list is one view of the query; what was seen before it may have left since.
        self.issues.retain(|issue| self.known.contains(&issue.id));
        let result = arrange(self.issues, own_order.then_some(self.order.as_slice()));
        let listed = self.order.len();
        let unreadable = listed.saturating_sub(result.issues.len());
        if unreadable > UNREADABLE_ALWAYS.max(listed * UNREADABLE_PERCENT_MAX / 100) {
            let detail =
                format!("{unreadable} of {listed} issues were listed but could not be read");
            return Err(Error::AnswerInvalid { detail });
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_whole_minutes_between_the_ends_and_each_once() {
        let minutes = |from: i64, to: i64, spans| -> Vec<i64> {
            cuts(Timestamp(from), Timestamp(to), spans)
                .iter()
                .map(|cut| cut.0 / MINUTE)
                .collect()
        };
        assert_eq!(minutes(0, 8 * MINUTE, 4), [2, 4, 6]);
        assert_eq!(minutes(5, 3 * MINUTE, 16), [1, 2]);
        assert!(minutes(7, 7, 16).is_empty());
        assert!(minutes(9 * MINUTE, 2 * MINUTE, 4).is_empty());
    }
}
