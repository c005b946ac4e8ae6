//! Links between issues. A link has one id and is listed on both of its ends.

use super::catalog::named;
use super::history::{End, Item};
use super::issue::{Issue, IssueId, Link};
use super::{EditError, LinkEnds, LinkId, State};
use crate::webhook::LinkEvent;

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
        // An issue that is linked to itself lists the link at both ends.
        for (slot, outward) in [(from, true), (to, false)] {
            self.change_end(slot, id, outward, true);
        }
        self.tell_link(id, LinkEvent::Created);
        Ok(id)
    }

    /// Removes a link from both ends.
    pub fn unlink(&mut self, id: LinkId) -> Result<(), EditError> {
        let link = *self.links.get(&id).ok_or(EditError::UnknownLink(id.0))?;
        let mut listed = false;
        for (end, outward) in [(link.source, true), (link.target, false)] {
            let Some(slot) = self.slot_of(end) else {
                continue;
            };
            if self.issues[slot as usize].links.contains(&id) {
                listed = true;
                self.change_end(slot, id, outward, false);
            }
        }
        if !listed {
            return Err(EditError::UnknownLink(id.0));
        }
        // The table keeps the link: searches that lag behind still show it.
        self.tell_link(id, LinkEvent::Deleted);
        Ok(())
    }

    /// Lists the link at one of its ends, or takes it from there.
    fn change_end(&mut self, slot: u32, id: LinkId, outward: bool, made: bool) {
        let stamp = match self.stamps.linking {
            LinkEnds::Both => true,
            LinkEnds::Source => outward,
            LinkEnds::Neither => false,
        };
        let told = self.link_end(slot, id, outward);
        let item = match made {
            true => Item::unnamed("Link", End::default(), told),
            false => Item::unnamed("Link", told, End::default()),
        };
        let change = |issue: &mut Issue| match made {
            true => push_link(&mut issue.links, id),
            false => drop_link(&mut issue.links, id),
        };
        self.change(slot, stamp, change);
        if let Some(history) = self.record(slot, vec![item]) {
            self.tell_linked(slot, history);
        }
    }

    /// A link as the history of an end tells it: the other key, and a sentence.
    fn link_end(&self, slot: u32, id: LinkId, outward: bool) -> End {
        let link = self.links[&id];
        let kind = &self.catalog.link_kinds[usize::from(link.kind)].own;
        let phrase = if outward { &kind.outward } else { &kind.inward };
        let other = self.key_of_id(link.other(self.issues[slot as usize].id));
        End::both(&other, &format!("This issue {phrase} {other}"))
    }

    pub(crate) fn add_link(&mut self, id: LinkId, link: Link) {
        self.next_link = self.next_link.max(id.0 + 1);
        self.links.insert(id, link);
    }

    pub(crate) fn unlink_all(&mut self, id: IssueId) {
        let Some(slot) = self.slot_of(id) else { return };
        for link in self.issues[slot as usize].links.clone() {
            let ends = self.links[&link];
            if let Some(slot) = self.slot_of(ends.other(id)) {
                self.change_end(slot, link, ends.target == id, false);
            }
            self.tell_link(link, LinkEvent::Deleted);
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
