//! Links between issues. A link has one id and is listed on both of its ends.

use super::catalog::named;
use super::issue::{IssueId, Link};
use super::{EditError, LinkId, State};

impl State {
    /// Makes "source outward-phrase target" and gives its id. An equal link is found, not doubled.
    pub fn link(&mut self, kind: &str, source: &str, target: &str) -> Result<LinkId, EditError> {
        let place = named(&self.catalog.link_kinds, kind).ok_or(EditError::UnknownName {
            what: "link type",
            name: kind.to_owned(),
        })?;
        let (from, to) = (self.expect_slot(source)?, self.expect_slot(target)?);
        let (source, target) = (self.issues[from as usize].id, self.issues[to as usize].id);
        for id in &self.issues[from as usize].links {
            let link = self.links[id];
            if (link.kind, link.source, link.target) == (place, source, target) {
                return Ok(*id);
            }
        }
        let id = LinkId(self.next_link);
        self.add_link(
            id,
            Link {
                kind: place,
                source,
                target,
            },
        );
        for slot in [from, to] {
            self.change(slot, true, |issue| push_link(&mut issue.links, id));
        }
        Ok(id)
    }

    /// Removes a link from both ends.
    pub fn unlink(&mut self, id: LinkId) -> Result<(), EditError> {
        let link = *self.links.get(&id).ok_or(EditError::UnknownLink(id.0))?;
        let mut listed = false;
        for end in [link.source, link.target] {
            let Some(slot) = self.slot_of(end) else {
                continue;
            };
            if self.issues[slot as usize].links.contains(&id) {
                listed = true;
                self.change(slot, true, |issue| drop_link(&mut issue.links, id));
            }
        }
        // The table keeps the link: searches that lag behind still show it.
        if listed {
            Ok(())
        } else {
            Err(EditError::UnknownLink(id.0))
        }
    }

    pub(crate) fn add_link(&mut self, id: LinkId, link: Link) {
        self.next_link = self.next_link.max(id.0 + 1);
        self.links.insert(id, link);
    }

    pub(crate) fn unlink_all(&mut self, id: IssueId) {
        let Some(slot) = self.slot_of(id) else { return };
        for link in self.issues[slot as usize].links.clone() {
            let other = self.links[&link].other(id);
            if let Some(slot) = self.slot_of(other) {
                self.change(slot, true, |issue| drop_link(&mut issue.links, link));
            }
        }
    }
}

pub(crate) fn push_link(links: &mut Box<[LinkId]>, id: LinkId) {
    let mut longer = std::mem::take(links).into_vec();
    longer.push(id);
    *links = longer.into_boxed_slice();
}

fn drop_link(links: &mut Box<[LinkId]>, id: LinkId) {
    let mut shorter = std::mem::take(links).into_vec();
    shorter.retain(|other| *other != id);
    *links = shorter.into_boxed_slice();
}
