//! Changes that people, or a scripted team, make. Every one stamps `updated` with the clock and
//! stays unseen by searches for the search lag.

use super::catalog::{VACANT, named};
use super::history::{End, Item};
use super::issue::{Issue, Key};
use super::{EditError, IssueId, State};
use crate::webhook::IssueEvent;

/// What is told of a new issue; the rest follows from the site.
#[derive(Clone, Copy, Debug)]
pub struct NewIssue<'a> {
    /// Project key.
    pub project: &'a str,
    /// Name of the issue type.
    pub kind: &'a str,
    /// One line of text.
    pub summary: &'a str,
    /// Id or key of the parent.
    pub parent: Option<&'a str>,
}

impl State {
    /// Adds a project without issues.
    pub fn add_project(&mut self, key: &str, name: &str) {
        let id = 10_000 + self.catalog.projects.len() as u64;
        self.catalog.project(id, key, name);
        self.version += 1;
    }

    /// Creates an issue, ranked last, in the first status, and gives its key.
    pub fn create(&mut self, new: NewIssue<'_>) -> Result<String, EditError> {
        let project = self.expect_project(new.project)?;
        let kind =
            named(&self.catalog.kinds, new.kind).ok_or_else(|| unknown("issue type", new.kind))?;
        let parent = new
            .parent
            .map(|parent| self.expect_slot(parent))
            .transpose()?;
        let key = Key {
            project,
            number: self.catalog.projects[usize::from(project)].own.next_number,
        };
        let slot = self.issues.len() as u32;
        self.keep_version(slot, None);
        self.push(Issue {
            id: self.next_issue_id(),
            key,
            kind,
            status: 0,
            priority: None,
            resolution: None,
            deleted: false,
            secured: false,
            summary: new.summary.into(),
            created: self.now,
            updated: self.now,
            resolved: None,
            parent: parent.map(|slot| self.issues[slot as usize].id),
            rank: self.last_rank(),
            reporter: Some(self.account_place),
            assignee: None,
            labels: Box::default(),
            links: Box::default(),
            extra: None,
        });
        if let Some(parent) = parent.filter(|_| self.stamps.children) {
            self.change(parent, true, |_| ());
        }
        self.tell_issue(slot, IssueEvent::Created);
        Ok(self.key_text(key))
    }

    /// Changes the summary.
    pub fn set_summary(&mut self, issue: &str, summary: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let before = End::text(&self.issues[slot as usize].summary);
        let item = Item::system("summary", before, End::text(summary));
        self.edit(slot, vec![item], |issue| issue.summary = summary.into());
        Ok(())
    }

    /// Puts the issue in a status, by name.
    pub fn set_status(&mut self, issue: &str, status: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let place = self.expect_status(status)?;
        let end = |place| End::entry(&self.catalog.statuses, Some(place));
        let before = end(self.issues[slot as usize].status);
        let item = Item::system("status", before, end(place));
        self.edit(slot, vec![item], |issue| issue.status = place);
        Ok(())
    }

    /// Changes the issue type, by name.
    pub fn set_kind(&mut self, issue: &str, kind: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let place = named(&self.catalog.kinds, kind).ok_or_else(|| unknown("issue type", kind))?;
        let end = |place| End::entry(&self.catalog.kinds, Some(place));
        let before = end(self.issues[slot as usize].kind);
        let item = Item::system("issuetype", before, end(place));
        self.edit(slot, vec![item], |issue| issue.kind = place);
        Ok(())
    }

    /// Changes the priority, by name.
    pub fn set_priority(&mut self, issue: &str, priority: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let place = named(&self.catalog.priorities, priority)
            .ok_or_else(|| unknown("priority", priority))?;
        let end = |place| End::entry(&self.catalog.priorities, place);
        let before = end(self.issues[slot as usize].priority);
        let item = Item::system("priority", before, end(Some(place)));
        self.edit(slot, vec![item], |issue| issue.priority = Some(place));
        Ok(())
    }

    /// Assigns the issue to a person (account name, account id or display name) or to nobody.
    pub fn set_assignee(&mut self, issue: &str, person: Option<&str>) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let place = match person {
            Some(name) => Some(
                self.catalog
                    .find_person(name)
                    .ok_or_else(|| unknown("person", name))?,
            ),
            None => None,
        };
        let end = |place| End::person(&self.catalog.people, self.flavour, place);
        let before = end(self.issues[slot as usize].assignee);
        let item = Item::system("assignee", before, end(place));
        self.edit(slot, vec![item], |issue| issue.assignee = place);
        Ok(())
    }

    /// Replaces the labels.
    pub fn set_labels(&mut self, issue: &str, labels: &[&str]) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let places = labels
            .iter()
            .map(|label| self.catalog.label(label))
            .collect();
        let before = self.issues[slot as usize].labels.iter();
        let before: Vec<_> = before
            .map(|place| &*self.catalog.labels[*place as usize])
            .collect();
        let (before, after) = (before.join(" "), labels.join(" "));
        let item = Item::system("labels", End::text(&before), End::text(&after));
        self.edit(slot, vec![item], |issue| issue.labels = places);
        Ok(())
    }

    /// Places the issue under another, or under none.
    pub fn set_parent(&mut self, issue: &str, parent: Option<&str>) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let above = parent.map(|parent| self.expect_slot(parent)).transpose()?;
        let id = self.issues[slot as usize].id;
        let above = above.map(|slot| self.issues[slot as usize].id);
        let mut next = above;
        while let Some(ancestor) = next {
            if ancestor == id {
                let parent = parent.unwrap_or_default().to_owned();
                return Err(EditError::Cycle(issue.to_owned(), parent));
            }
            next = self
                .slot_of(ancestor)
                .and_then(|slot| self.issues[slot as usize].parent);
        }
        self.hang(slot, above);
        Ok(())
    }

    fn hang(&mut self, slot: u32, parent: Option<IssueId>) {
        let old = self.issues[slot as usize].parent;
        if let Some(children) = old.and_then(|old| self.children.get_mut(&old)) {
            children.retain(|child| *child != slot);
        }
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().push(slot);
        }
        if self.stamps.children && old != parent {
            let ends = [old, parent].into_iter().flatten();
            for slot in ends.filter_map(|id| self.slot_of(id)).collect::<Vec<_>>() {
                self.change(slot, true, |_| ());
            }
        }
        let item = self.parent_item(slot, parent);
        self.edit(slot, vec![item], |issue| issue.parent = parent);
    }

    /// Deletes the issue with its sub-tasks and links; other children lose their parent.
    pub fn delete(&mut self, issue: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let id = self.issues[slot as usize].id;
        let parent = self.issues[slot as usize].parent;
        // Webhooks show the last state, so they are told first.
        self.tell_issue(slot, IssueEvent::Deleted);
        let outer = self.webhooks.begin_cascade();
        for child in self.children_of(id).to_vec() {
            match self.level(&self.issues[child as usize]) < 0 {
                true => self.delete(&self.issues[child as usize].id.to_string())?,
                false => self.hang(child, None),
            }
        }
        self.unlink_all(id);
        self.webhooks.end_cascade(outer);
        let sub_task = self.level(&self.issues[slot as usize]) < 0;
        if let Some(parent) = parent {
            if let Some(children) = self.children.get_mut(&parent) {
                children.retain(|child| *child != slot);
            }
            let above = self.slot_of(parent).filter(|above| *above != slot);
            if let Some(above) = above.filter(|_| sub_task && self.stamps.sub_task_deletion) {
                self.change(above, true, |_| ());
            }
        }
        self.by_rank.remove(&self.issues[slot as usize].rank);
        self.change(slot, false, |issue| issue.deleted = true);
        Ok(())
    }

    /// Moves the issue and its sub-tasks to another project and gives the new key. Ids, links and
    /// children stay; the old key keeps finding the issue.
    pub fn move_to(&mut self, issue: &str, project: &str) -> Result<String, EditError> {
        let slot = self.expect_slot(issue)?;
        let project = self.expect_project(project)?;
        let children = self.children_of(self.issues[slot as usize].id);
        let sub_task = |child: &&u32| self.level(&self.issues[**child as usize]) < 0;
        let moving: Vec<_> = children.iter().filter(sub_task).copied().collect();
        self.move_one(slot, project);
        let outer = self.webhooks.begin_cascade();
        for sub_task in moving {
            self.move_one(sub_task, project);
        }
        self.webhooks.end_cascade(outer);
        Ok(self.key_text(self.issues[slot as usize].key))
    }

    fn move_one(&mut self, slot: u32, project: u16) {
        let number = self.catalog.projects[usize::from(project)].own.next_number;
        let (old, key) = (self.issues[slot as usize].key, Key { project, number });
        let items = {
            let text = |key| End::text(&self.key_text(key));
            let end = |project| End::entry(&self.catalog.projects, Some(project));
            vec![
                Item::unnamed("Key", text(old), text(key)),
                Item::system("project", end(old.project), end(project)),
            ]
        };
        self.own_number(key, slot);
        self.edit(slot, items, |issue| issue.key = key);
    }

    /// Puts the issue under a security level that hides it from the account, or takes it out.
    pub fn set_secured(&mut self, issue: &str, secured: bool) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let end = |secured| match secured {
            true => End::both("10000", "Hidden"),
            false => End::default(),
        };
        let before = end(self.issues[slot as usize].secured);
        let item = Item::system("security", before, end(secured));
        self.edit(slot, vec![item], |issue| issue.secured = secured);
        Ok(())
    }

    /// Takes Browse Projects from the account in a project, or gives it back. No issue changes.
    pub fn set_revoked(&mut self, project: &str, revoked: bool) -> Result<(), EditError> {
        let place = self.expect_project(project)?;
        self.catalog.projects[usize::from(place)].own.revoked = revoked;
        self.version += 1;
        Ok(())
    }

    /// Stamps the issue as changed without changing it, as a comment does.
    pub fn touch(&mut self, issue: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        self.change(slot, true, |_| ());
        self.tell_issue(slot, IssueEvent::Commented);
        Ok(())
    }

    /// An edit that stamps, with a history of it, and webhooks.
    pub(crate) fn edit(&mut self, slot: u32, items: Vec<Item>, change: impl FnOnce(&mut Issue)) {
        self.edit_quietly(slot, true, items, change);
    }

    /// An edit that stamps or not.
    pub(crate) fn edit_quietly(
        &mut self,
        slot: u32,
        stamp: bool,
        items: Vec<Item>,
        change: impl FnOnce(&mut Issue),
    ) {
        self.change(slot, stamp, change);
        if let Some(history) = self.record(slot, items) {
            self.tell_issue(slot, IssueEvent::Updated(history));
        }
    }

    pub(crate) fn change(&mut self, slot: u32, stamp: bool, change: impl FnOnce(&mut Issue)) {
        if self.search_lag > 0 {
            let before = self.issues[slot as usize].clone();
            self.keep_version(slot, Some(before));
        }
        let now = self.now;
        let issue = &mut self.issues[slot as usize];
        change(issue);
        if stamp {
            issue.updated = now.max(issue.created);
        }
        self.version += 1;
    }

    fn keep_version(&mut self, slot: u32, before: Option<Issue>) {
        if self.search_lag > 0 {
            self.lagging.keep(slot, self.now + self.search_lag, before);
        }
    }

    pub(crate) fn expect_slot(&self, issue: &str) -> Result<u32, EditError> {
        let slot = self.slot_of_text(issue).filter(|slot| *slot != VACANT);
        slot.ok_or_else(|| EditError::UnknownIssue(issue.to_owned()))
    }

    pub(crate) fn expect_project(&self, key: &str) -> Result<u16, EditError> {
        let place = self.catalog.project_by_key(key);
        place.ok_or_else(|| EditError::UnknownProject(key.to_owned()))
    }
}

pub(super) fn unknown(what: &'static str, name: &str) -> EditError {
    EditError::UnknownName {
        what,
        name: name.to_owned(),
    }
}
