//! Which statuses an issue can go to, and going there. Until a status is restricted, every status
//! leads to every status, as in the workflow that new sites begin with.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::{Category, named};
use super::edit::unknown;
use super::history::{End, Item};
use super::issue::Issue;
use super::{EditError, State};

/// A way from one status to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    /// Unlike the id of the status that it leads to, and other from each restricted status.
    pub(crate) id: u64,
    /// Place of the status that it leads to.
    pub(crate) to: u16,
    /// From every status.
    pub(crate) global: bool,
    /// Asks for a resolution.
    pub(crate) screen: bool,
}

/// The one workflow of the site.
#[derive(Debug, Default)]
pub(crate) struct Workflow {
    /// Ways out of the statuses that were restricted.
    ways: BTreeMap<u16, Vec<u16>>,
    /// Statuses that are entered by a screen which asks for a resolution.
    screens: BTreeSet<u16>,
    /// The account may not make transitions.
    forbidden: bool,
}

impl State {
    /// From now on these statuses, by name, are the only ones that the first one leads to.
    pub fn restrict_transitions(&mut self, from: &str, to: &[&str]) -> Result<(), EditError> {
        let place = self.expect_status(from)?;
        let ways = to.iter().map(|status| self.expect_status(status));
        let ways = ways.collect::<Result<Vec<_>, _>>()?;
        self.workflow.ways.insert(place, ways);
        Ok(())
    }

    /// Whether a resolution must be chosen to enter the status.
    pub fn require_resolution(&mut self, status: &str, required: bool) -> Result<(), EditError> {
        let place = self.expect_status(status)?;
        match required {
            true => self.workflow.screens.insert(place),
            false => self.workflow.screens.remove(&place),
        };
        Ok(())
    }

    /// Takes Transition Issues from the account: it is shown no transition, and no error.
    pub fn forbid_transitions(&mut self, forbidden: bool) {
        self.workflow.forbidden = forbidden;
    }

    /// Takes the issue to a status by a transition. Entering a status that is done sets the
    /// resolution, to the first one when none is given; leaving it takes the resolution away.
    pub fn transition(
        &mut self,
        issue: &str,
        status: &str,
        resolution: Option<&str>,
    ) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let to = self.expect_status(status)?;
        let way = self.transitions(&self.issues[slot as usize]);
        let way = way.into_iter().find(|way| way.to == to);
        let names = || (issue.to_owned(), status.to_owned());
        let way = way.ok_or_else(|| EditError::NoTransition(names().0, names().1))?;
        if way.screen && resolution.is_none() {
            return Err(EditError::ResolutionRequired(names().0, names().1));
        }
        let given = resolution.map(|name| {
            named(&self.catalog.resolutions, name).ok_or_else(|| unknown("resolution", name))
        });
        let first = (!self.catalog.resolutions.is_empty()).then_some(0);
        let given = given.transpose()?.or(first);
        let done = self.catalog.statuses[usize::from(to)].own == Category::Done;
        let resolution = given.filter(|_| done);
        self.enter(slot, to, resolution);
        Ok(())
    }

    fn enter(&mut self, slot: u32, to: u16, resolution: Option<u16>) {
        let issue = &self.issues[slot as usize];
        let status = |place| End::entry(&self.catalog.statuses, Some(place));
        let solved = |place| End::entry(&self.catalog.resolutions, place);
        let items = vec![
            Item::system("status", status(issue.status), status(to)),
            Item::system("resolution", solved(issue.resolution), solved(resolution)),
        ];
        let now = self.now;
        self.edit(slot, items, |issue| {
            issue.status = to;
            issue.resolved = resolution.map(|_| issue.resolved.unwrap_or(now));
            issue.resolution = resolution;
        });
    }

    /// The ways that the workflow has out of the status of the issue.
    pub(crate) fn transitions(&self, issue: &Issue) -> Vec<Transition> {
        let screen = |to| self.workflow.screens.contains(&to);
        match self.workflow.ways.get(&issue.status) {
            Some(ways) => {
                let first = (u64::from(issue.status) + 1) * 1000 + 1;
                let ways = ways.iter().enumerate();
                let ways = ways.map(|(at, to)| Transition {
                    id: first + 10 * at as u64,
                    to: *to,
                    global: false,
                    screen: screen(*to),
                });
                ways.collect()
            }
            None => (0..self.catalog.statuses.len() as u16)
                .map(|to| Transition {
                    id: 11 + 10 * u64::from(to),
                    to,
                    global: true,
                    screen: screen(to),
                })
                .collect(),
        }
    }

    /// What the account is shown.
    pub(crate) fn offered_transitions(&self, issue: &Issue) -> Vec<Transition> {
        match self.workflow.forbidden {
            true => Vec::new(),
            false => self.transitions(issue),
        }
    }

    pub(crate) fn expect_status(&self, status: &str) -> Result<u16, EditError> {
        named(&self.catalog.statuses, status).ok_or_else(|| unknown("status", status))
    }
}
