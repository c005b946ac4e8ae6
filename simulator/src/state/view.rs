//! An issue as tests and demos look at it: names instead of places, and without permissions.

use super::{IssueId, State};
use crate::render::time::written;

/// What an issue is now, regardless of permissions and search lag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueView {
    /// Id; never changes.
    pub id: IssueId,
    /// Current key.
    pub key: String,
    /// One line of text.
    pub summary: String,
    /// Name of the issue type.
    pub kind: String,
    /// Name of the status.
    pub status: String,
    /// Current key of the parent.
    pub parent: Option<String>,
    /// Account name.
    pub assignee: Option<String>,
    /// Rank text, for example `0|i00001:`.
    pub rank: String,
    /// Last change, in the account's time zone, as Jira writes it.
    pub updated: String,
    /// Links as "outward-phrase other-key" or "inward-phrase other-key".
    pub links: Vec<String>,
}

impl State {
    /// The issue with this id or (present or former) key.
    pub fn issue(&self, id_or_key: &str) -> Option<IssueView> {
        let slot = self.slot_of_text(id_or_key)?;
        let issue = &self.issues[slot as usize];
        let catalog = &self.catalog;
        let links = issue.links.iter().map(|id| {
            let link = self.links[id];
            let kind = &catalog.link_kinds[usize::from(link.kind)].own;
            let phrase = if link.source == issue.id {
                &kind.outward
            } else {
                &kind.inward
            };
            format!("{phrase} {}", self.key_of_id(link.other(issue.id)))
        });
        Some(IssueView {
            id: issue.id,
            key: self.key_text(issue.key),
            summary: issue.summary.to_string(),
            kind: catalog.kinds[usize::from(issue.kind)].name.clone(),
            status: catalog.statuses[usize::from(issue.status)].name.clone(),
            parent: issue.parent.map(|parent| self.key_of_id(parent)),
            assignee: issue
                .assignee
                .map(|at| catalog.people[at as usize].name.clone()),
            rank: issue.rank.text(self.rank_bucket),
            updated: written(issue.updated, &self.zone),
            links: links.collect(),
        })
    }

    /// Keys of all issues, ascending by id.
    pub fn keys(&self) -> Vec<String> {
        let present = self.issues.iter().filter(|issue| !issue.deleted);
        present.map(|issue| self.key_text(issue.key)).collect()
    }

    /// How many issues there are.
    pub fn count(&self) -> usize {
        self.issues.iter().filter(|issue| !issue.deleted).count()
    }

    /// Keys of the issues whose parent is this one, by rank.
    pub fn children(&self, id_or_key: &str) -> Vec<String> {
        let Some(slot) = self.slot_of_text(id_or_key) else {
            return Vec::new();
        };
        let mut children = self.children_of(self.issues[slot as usize].id).to_vec();
        children.sort_by_key(|child| self.issues[*child as usize].rank);
        children
            .iter()
            .map(|child| self.key_text(self.issues[*child as usize].key))
            .collect()
    }

    pub(crate) fn children_of(&self, id: IssueId) -> &[u32] {
        self.children.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The key, also of an issue that is only pointed to.
    pub(crate) fn key_of_id(&self, id: IssueId) -> String {
        match self.slot_of(id) {
            Some(slot) => self.key_text(self.issues[slot as usize].key),
            None => self
                .absent
                .get(&id)
                .map_or_else(|| id.to_string(), ToString::to_string),
        }
    }
}
