//! Changes that people, or a scripted team, make. Every one stamps `updated` with the clock and
//! stays unseen by searches for the search lag.

use super::catalog::{VACANT, named};
use super::issue::{Issue, Key};
use super::{EditError, IssueId, State};

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
        Ok(self.key_text(key))
    }

    /// Changes the summary.
    pub fn set_summary(&mut self, issue: &str, summary: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        self.change(slot, true, |issue| issue.summary = summary.into());
        Ok(())
    }

    /// Puts the issue in a status, by name.
    pub fn set_status(&mut self, issue: &str, status: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let place =
            named(&self.catalog.statuses, status).ok_or_else(|| unknown("status", status))?;
        self.change(slot, true, |issue| issue.status = place);
        Ok(())
    }

    /// Changes the issue type, by name.
    pub fn set_kind(&mut self, issue: &str, kind: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let place = named(&self.catalog.kinds, kind).ok_or_else(|| unknown("issue type", kind))?;
        self.change(slot, true, |issue| issue.kind = place);
        Ok(())
    }

    /// Changes the priority, by name.
    pub fn set_priority(&mut self, issue: &str, priority: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let place = named(&self.catalog.priorities, priority)
            .ok_or_else(|| unknown("priority", priority))?;
        self.change(slot, true, |issue| issue.priority = Some(place));
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
        self.change(slot, true, |issue| issue.assignee = place);
        Ok(())
    }

    /// Replaces the labels.
    pub fn set_labels(&mut self, issue: &str, labels: &[&str]) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let places = labels
            .iter()
            .map(|label| self.catalog.label(label))
            .collect();
        self.change(slot, true, |issue| issue.labels = places);
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
        if let Some(old) = self.issues[slot as usize].parent
            && let Some(children) = self.children.get_mut(&old)
        {
            children.retain(|child| *child != slot);
        }
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().push(slot);
        }
        self.change(slot, true, |issue| issue.parent = parent);
    }

    /// Deletes the issue with its sub-tasks and links; other children lose their parent.
    pub fn delete(&mut self, issue: &str) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        let id = self.issues[slot as usize].id;
        for child in self.children_of(id).to_vec() {
            let child = &self.issues[child as usize];
            let text = child.id.to_string();
            match self.level(child) < 0 {
                true => self.delete(&text)?,
                false => self.set_parent(&text, None)?,
            }
        }
        self.unlink_all(id);
        if let Some(parent) = self.issues[slot as usize].parent
            && let Some(children) = self.children.get_mut(&parent)
        {
            children.retain(|child| *child != slot);
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
        let mut moving = vec![slot];
        let children = self.children_of(self.issues[slot as usize].id);
        let sub_task = |child: &&u32| self.level(&self.issues[**child as usize]) < 0;
        moving.extend(children.iter().filter(sub_task));
        for slot in moving {
            let number = self.catalog.projects[usize::from(project)].own.next_number;
            let key = Key { project, number };
            self.own_number(key, slot);
            self.change(slot, true, |issue| issue.key = key);
        }
        Ok(self.key_text(self.issues[slot as usize].key))
    }

    /// Puts the issue under a security level that hides it from the account, or takes it out.
    pub fn set_secured(&mut self, issue: &str, secured: bool) -> Result<(), EditError> {
        let slot = self.expect_slot(issue)?;
        self.change(slot, true, |issue| issue.secured = secured);
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
        Ok(())
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

    fn expect_project(&self, key: &str) -> Result<u16, EditError> {
        let place = self.catalog.project_by_key(key);
        place.ok_or_else(|| EditError::UnknownProject(key.to_owned()))
    }
}

fn unknown(what: &'static str, name: &str) -> EditError {
    EditError::UnknownName {
        what,
        name: name.to_owned(),
    }
}
