//! Finds the issues that an edit names: in the store first, and then at the tracker.

use super::{AskedCommand, AskedItem};
use crate::app::App;
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::change::Item;
use resync_core::edit::EditCommand;
use resync_core::id::{IssueId, IssueKey, Slug, TrackerId};
use resync_core::issue::{IssueRef, ObservedIssue};
use resync_store::{StructureRecord, SynchronizerFilter};
use std::sync::Arc;

/// Finds the issues that the commands name, in the store first and then at the tracker.
pub(super) async fn resolve(
    app: &App,
    structure: &StructureRecord,
    asked: &[AskedCommand],
) -> Result<(Vec<EditCommand>, Vec<(TrackerId, ObservedIssue)>), Refusal> {
    let mut commands = Vec::with_capacity(asked.len());
    let mut finder = Finder {
        app,
        structure,
        only: None,
        read: Vec::new(),
    };
    for (index, command) in asked.iter().enumerate() {
        commands.push(match command {
            AskedCommand::Move { position, rows } => EditCommand::Move {
                position: *position,
                rows: rows.clone(),
            },
            AskedCommand::Remove { rows } => EditCommand::Remove { rows: rows.clone() },
            AskedCommand::Add { position, rows } => {
                let mut items = Vec::with_capacity(rows.len());
                for (number, (depth, item)) in rows.iter().enumerate() {
                    let path = format!("changes[{index}].add_rows.rows[{number}].issue");
                    items.push((*depth, finder.item(&path, item).await?));
                }
                EditCommand::Add {
                    position: *position,
                    rows: items,
                }
            }
        });
    }
    Ok((commands, finder.read))
}

/// Finds issues for one edit.
struct Finder<'a> {
    app: &'a App,
    structure: &'a StructureRecord,
    /// The only tracker of the structure's rules, once it was looked up.
    only: Option<TrackerId>,
    /// What trackers were asked for, to be kept with the edit.
    read: Vec<(TrackerId, ObservedIssue)>,
}

impl Finder<'_> {
    async fn item(&mut self, path: &str, item: &AskedItem) -> Result<Item, Refusal> {
        let (tracker, id, key) = match item {
            AskedItem::Folder(title) => return Ok(Item::Folder(Arc::clone(title))),
            AskedItem::Issue { tracker, id, key } => (tracker, id, key),
        };
        let tracker = self.tracker(path, tracker.as_ref()).await?;
        let issue = match id {
            Some(id) => *id,
            None => self.by_key(path, tracker, key).await?,
        };
        Ok(Item::Issue(IssueRef { tracker, issue }))
    }

    async fn tracker(&mut self, path: &str, named: Option<&Slug>) -> Result<TrackerId, Refusal> {
        if let Some(slug) = named {
            let found = self.app.store.get_tracker(slug.clone()).await;
            let found = found.map_err(|error| of_store(error, &names::tracker(slug)))?;
            return Ok(found.id);
        }
        if let Some(only) = self.only {
            return Ok(only);
        }
        let filter = SynchronizerFilter {
            structure: Some(self.structure.id),
            ..Default::default()
        };
        let found = self.app.store.list_synchronizers(filter).await;
        let name = names::structure(&self.structure.slug);
        let found = found.map_err(|error| of_store(error, &name))?;
        let mut trackers: Vec<TrackerId> = found.iter().map(|one| one.rule.tracker).collect();
        trackers.sort_unstable();
        trackers.dedup();
        match trackers.as_slice() {
            [only] => {
                self.only = Some(*only);
                Ok(*only)
            }
            _ => {
                let description = "is required: the rules of the structure do not have one tracker";
                Err(Refusal::field(format!("{path}.tracker"), description))
            }
        }
    }

    async fn by_key(
        &mut self,
        path: &str,
        tracker: TrackerId,
        key: &IssueKey,
    ) -> Result<IssueId, Refusal> {
        if let Some((_, issue)) = self
            .read
            .iter()
            .find(|(of, issue)| *of == tracker && issue.key == *key)
        {
            return Ok(issue.id);
        }
        let found = self
            .app
            .store
            .find_observations(tracker, vec![key.clone()])
            .await;
        let found = found.map_err(|error| of_store(error, "issues"))?;
        // A key that was given to another issue: the one that was read last has it now.
        let last = found
            .iter()
            .filter(|one| one.gone_time.is_none())
            .max_by_key(|one| (one.seen_time, one.issue.id));
        if let Some(last) = last {
            return Ok(last.issue.id);
        }
        match self.app.probes.find_issue(tracker, key.clone()).await? {
            Some(issue) => {
                let id = issue.id;
                self.read.push((tracker, issue));
                Ok(id)
            }
            None => {
                let description = format!("the tracker shows no issue {key}; check the key");
                Err(Refusal::field(format!("{path}.issue_key"), description))
            }
        }
    }
}
