//! A query from text to result list, kept for the pages that follow.

use super::ast::Query;
use super::compile::compile;
use super::order;
use super::parse::parse;
use super::test::Test;
use crate::sentence::Sentence;
use crate::state::State;
use crate::state::index::{Asked, Found};
use crate::state::issue::{Issue, IssueId};

/// What is searched, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search<'a> {
    pub(crate) jql: &'a str,
    /// Nobody is logged in: nothing is visible.
    pub(crate) anonymous: bool,
    /// Issues that are searched as they are now, without lag.
    pub(crate) reconcile: &'a [u64],
    /// What is wrong in meaning becomes a warning and matches nothing.
    pub(crate) lenient: bool,
    /// A query must restrict something.
    pub(crate) bounded: bool,
}

/// Runs the search, or finds its result when nothing changed since the last time.
pub(crate) fn run(state: &mut State, search: Search<'_>) -> Result<Found, Vec<Sentence>> {
    let mut asked = Asked {
        jql: search.jql.to_owned(),
        anonymous: search.anonymous,
        reconcile: search.reconcile.to_vec(),
        version: state.version,
        now: None,
    };
    if let Some(found) = state.results.by_question(&asked) {
        return Ok(found);
    }
    let query = read(state, search)?;
    let compiled = compile(state, &query);
    let mut warnings = Vec::new();
    if !compiled.problems.is_empty() && !search.anonymous {
        if !search.lenient {
            return Err(compiled.problems);
        }
        warnings.extend(
            compiled
                .problems
                .iter()
                .map(|problem| problem.text(state.language)),
        );
    }
    asked.now = (compiled.relative || !warnings.is_empty()).then_some(state.now);
    let mut slots = if search.anonymous {
        Vec::new()
    } else {
        passing(state, &compiled.test, search)
    };
    order::sort(state, &mut slots, &compiled.order);
    Ok(state.results.keep(asked, slots, warnings))
}

fn read(state: &State, search: Search<'_>) -> Result<Query, Vec<Sentence>> {
    let query = parse(search.jql, state.flavour).map_err(|sentence| vec![sentence])?;
    if search.bounded && query.clause.is_none() {
        return Err(vec![Sentence::Unbounded]);
    }
    Ok(query)
}

/// Places of the issues that pass, ascending.
fn passing(state: &State, test: &Test, search: Search<'_>) -> Vec<u32> {
    let reconcile = |slot: u32| {
        let issue = &state.issues[slot as usize];
        search.reconcile.contains(&issue.id.0)
    };
    let passes = |slot: &u32| {
        let current = !search.reconcile.is_empty() && reconcile(*slot);
        let issue = if current {
            state.current(*slot)
        } else {
            state.searched(*slot)
        };
        issue.is_some_and(|issue| visible(state, *slot, issue) && test.holds(state, issue))
    };
    let Some(mut slots) = test.candidates(state) else {
        return (0..state.issues.len() as u32).filter(passes).collect();
    };
    if !state.lagging.is_empty() {
        // The indexes know the issues as they are; searches also see them as they were.
        slots.extend(state.lagging.slots());
        slots.extend(
            search
                .reconcile
                .iter()
                .filter_map(|id| state.slot_of(IssueId(*id))),
        );
        slots.sort_unstable();
        slots.dedup();
    }
    slots.retain(passes);
    slots
}

/// Permissions hold at once, whatever the version of the issue that a search sees.
fn visible(state: &State, slot: u32, issue: &Issue) -> bool {
    state.readable(issue)
        && (state.lagging.is_empty() || state.readable(&state.issues[slot as usize]))
}
