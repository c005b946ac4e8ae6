//! What a person asks for, turned into steps.
//!
//! What it is not: permission to do it, nor the answer to a request; both belong to the service.

use crate::change::{ForestChange, Item, Place};
use crate::claim::{Claim, ClaimChange, ClaimSource};
use crate::forest::{ChangeError, Forest};
use crate::id::RowId;
use crate::issue::IssueRef;
use rustc_hash::FxHashSet;
use std::sync::Arc;
use thiserror::Error;

/// Longest title of a folder, in characters: what Jira allows for a summary.
pub const FOLDER_TITLE_MAX: usize = 255;

/// One command of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditCommand {
    /// Adds rows. An issue that has a row already gets an alias.
    Add {
        /// Where the first row goes.
        position: Place,
        /// The rows depth-first, with their distance from the first one's level. Those at 0
        /// follow each other as siblings.
        rows: Vec<(usize, Item)>,
    },
    /// Moves rows with everything below them.
    Move {
        /// Where the first row goes.
        position: Place,
        /// The rows, in the order that they are to have as siblings.
        rows: Vec<RowId>,
    },
    /// Removes rows with everything below them.
    Remove {
        /// The rows.
        rows: Vec<RowId>,
    },
}

/// What is wrong with an edit, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("command {command}{}: {fault}", row_suffix(*row))]
pub struct EditProblem {
    /// Which command, from 0.
    pub command: usize,
    /// Which row of the command, from 0; `None` when it is the position.
    pub row: Option<usize>,
    /// What is wrong.
    pub fault: EditFault,
}

fn row_suffix(row: Option<usize>) -> String {
    row.map_or(String::new(), |row| format!(", row {row}"))
}

/// What is wrong with one part of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EditFault {
    /// There is no such row.
    #[error("row {0} does not exist; list the rows again")]
    UnknownRow(RowId),
    /// The previous sibling is not a child of the parent.
    #[error("row {0} is not a child of the parent; name a row of the same parent, or none")]
    NotASibling(RowId),
    /// A row is more than one level below the row before it, or the first is not at level 0.
    #[error("a row at depth {found} cannot follow; give at most depth {allowed}")]
    DepthJump {
        /// The depth that was given.
        found: usize,
        /// The most that would be allowed.
        allowed: usize,
    },
    /// A row would be below itself.
    #[error("row {0} would be below itself; move it elsewhere")]
    Cycle(RowId),
    /// A row is named twice in one command.
    #[error("row {0} is named twice; name it once")]
    NamedTwice(RowId),
    /// A folder has no title.
    #[error("a folder needs a title; give one")]
    TitleEmpty,
    /// A folder's title is too long.
    #[error("the title has {found} characters; use at most {FOLDER_TITLE_MAX}")]
    TitleTooLong {
        /// How many characters it has.
        found: usize,
    },
}

/// Turns commands into steps, and applies them to `forest`, a working copy. New rows get ids from
/// `next_row_id` on, in the order of the commands; the next free id afterwards is `next_row_id`
/// plus the number of [`ForestChange::Add`] steps.
///
/// # Errors
/// The first thing that is wrong. The working copy is then in between, and of no more use.
pub fn expand(
    forest: &mut Forest,
    commands: &[EditCommand],
    next_row_id: RowId,
) -> Result<Vec<ForestChange>, EditProblem> {
    let mut edit = Edit {
        forest,
        next_row_id: next_row_id.0,
        changes: Vec::new(),
    };
    for (command, asked) in commands.iter().enumerate() {
        let done = match asked {
            EditCommand::Add { position, rows } => edit.add(*position, rows),
            EditCommand::Move { position, rows } => edit.move_rows(*position, rows),
            EditCommand::Remove { rows } => edit.remove(rows),
        };
        done.map_err(|(row, fault)| EditProblem {
            command,
            row,
            fault,
        })?;
    }
    Ok(edit.changes)
}

/// The claims that come with a person's steps: whoever adds a row wants it.
pub fn person_claims(changes: &[ForestChange]) -> Vec<ClaimChange> {
    let mut rows: Vec<RowId> = Vec::new();
    let mut gone = FxHashSet::default();
    for change in changes {
        match change {
            ForestChange::Add { row, .. } => rows.push(*row),
            ForestChange::Remove { row, .. } => {
                gone.insert(*row);
            }
            ForestChange::Move { .. } | ForestChange::SetAlias { .. } => {}
        }
    }
    let kept = rows.into_iter().filter(|row| !gone.contains(row));
    kept.map(|row| {
        ClaimChange::Made(Claim {
            row,
            source: ClaimSource::Person,
        })
    })
    .collect()
}

/// A fault, and the row of the command that it is about.
type Fault = (Option<usize>, EditFault);

struct Edit<'a> {
    forest: &'a mut Forest,
    next_row_id: i64,
    changes: Vec<ForestChange>,
}

impl Edit<'_> {
    fn add(&mut self, position: Place, rows: &[(usize, Item)]) -> Result<(), Fault> {
        self.check_position(position)?;
        // The row added last at each level, the deepest last.
        let mut open: Vec<RowId> = Vec::new();
        for (index, (depth, item)) in rows.iter().enumerate() {
            let at = |fault| (Some(index), fault);
            let allowed = open.len();
            if *depth > allowed {
                return Err(at(EditFault::DepthJump {
                    found: *depth,
                    allowed,
                }));
            }
            check_item(item).map_err(at)?;
            let previous = open.get(*depth).copied();
            open.truncate(*depth);
            let to = match open.last() {
                None => Place {
                    previous: previous.or(position.previous),
                    ..position
                },
                Some(&parent) => Place {
                    parent: Some(parent),
                    previous,
                },
            };
            open.push(self.add_row(item, to));
        }
        Ok(())
    }

    fn add_row(&mut self, item: &Item, to: Place) -> RowId {
        let row = RowId(self.next_row_id);
        self.next_row_id += 1;
        let alias = match item {
            Item::Issue(issue) => self.forest.primary_row(*issue).is_some(),
            Item::Folder(_) => false,
        };
        self.step(ForestChange::Add {
            row,
            item: item.clone(),
            alias,
            to,
        });
        row
    }

    fn move_rows(&mut self, position: Place, rows: &[RowId]) -> Result<(), Fault> {
        self.check_position(position)?;
        self.check_named_once(rows)?;
        let named: FxHashSet<RowId> = rows.iter().copied().collect();
        let mut previous = position.previous;
        // A row to follow that moves itself leaves its place to the one before it.
        while let Some(row) = previous.filter(|row| named.contains(row)) {
            previous = self.forest.place_of(row).and_then(|place| place.previous);
        }
        for (index, &row) in rows.iter().enumerate() {
            let to = Place {
                parent: position.parent,
                previous,
            };
            self.move_row(row, to)
                .map_err(|fault| (Some(index), fault))?;
            previous = Some(row);
        }
        Ok(())
    }

    fn move_row(&mut self, row: RowId, to: Place) -> Result<(), EditFault> {
        let from = self
            .forest
            .place_of(row)
            .ok_or(EditFault::UnknownRow(row))?;
        if let Some(parent) = to.parent
            && (parent == row || self.forest.is_below(parent, row))
        {
            return Err(EditFault::Cycle(row));
        }
        if from != to {
            self.step(ForestChange::Move { row, from, to });
        }
        Ok(())
    }

    fn remove(&mut self, rows: &[RowId]) -> Result<(), Fault> {
        self.check_named_once(rows)?;
        let named: FxHashSet<RowId> = rows.iter().copied().collect();
        let mut lost_primary: Vec<IssueRef> = Vec::new();
        for &row in rows {
            // A row below another one that is named goes with that one.
            if self.has_ancestor_in(row, &named) || !self.forest.contains(row) {
                continue;
            }
            self.remove_branch(row, &mut lost_primary);
        }
        self.promote_aliases(lost_primary);
        Ok(())
    }

    fn has_ancestor_in(&self, row: RowId, named: &FxHashSet<RowId>) -> bool {
        let above = |row: &RowId| self.forest.parent(*row);
        std::iter::successors(above(&row), above).any(|ancestor| named.contains(&ancestor))
    }

    /// Removes a row and everything below it, children first and the last of them first, so that
    /// undoing adds each row behind siblings that are there.
    fn remove_branch(&mut self, row: RowId, lost_primary: &mut Vec<IssueRef>) {
        let Some(slot) = self.forest.slot(row) else {
            return;
        };
        let below = self
            .forest
            .walk_below(slot)
            .filter_map(|(slot, _)| self.forest.id_at(slot));
        let mut branch: Vec<RowId> = std::iter::once(row).chain(below).collect();
        branch.reverse();
        for row in branch {
            let (Some(item), Some(from)) =
                (self.forest.item(row).cloned(), self.forest.place_of(row))
            else {
                continue;
            };
            let alias = self.forest.is_alias(row);
            if let (Item::Issue(issue), false) = (&item, alias) {
                lost_primary.push(*issue);
            }
            self.step(ForestChange::Remove {
                row,
                item,
                alias,
                from,
            });
        }
    }

    /// Makes the first remaining alias of each issue, depth-first, its primary row.
    fn promote_aliases(&mut self, issues: Vec<IssueRef>) {
        let orphaned: FxHashSet<IssueRef> = issues
            .into_iter()
            .filter(|&issue| !self.forest.alias_slots(issue).is_empty())
            .collect();
        if orphaned.is_empty() {
            return;
        }
        let mut open = orphaned;
        let first_aliases: Vec<RowId> = self
            .forest
            .preorder()
            .filter(|(row, _)| {
                self.forest
                    .issue(*row)
                    .is_some_and(|issue| open.remove(&issue))
            })
            .map(|(row, _)| row)
            .collect();
        for row in first_aliases {
            self.step(ForestChange::SetAlias { row, alias: false });
        }
    }

    fn check_position(&self, position: Place) -> Result<(), Fault> {
        for row in [position.parent, position.previous].into_iter().flatten() {
            if !self.forest.contains(row) {
                return Err((None, EditFault::UnknownRow(row)));
            }
        }
        match position.previous {
            Some(previous) if self.forest.parent(previous) != position.parent => {
                Err((None, EditFault::NotASibling(previous)))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_named_once(&self, rows: &[RowId]) -> Result<(), Fault> {
        let mut seen = FxHashSet::default();
        for (index, &row) in rows.iter().enumerate() {
            if !self.forest.contains(row) {
                return Err((Some(index), EditFault::UnknownRow(row)));
            }
            if !seen.insert(row) {
                return Err((Some(index), EditFault::NamedTwice(row)));
            }
        }
        Ok(())
    }

    fn step(&mut self, change: ForestChange) {
        let applied: Result<(), ChangeError> = self.forest.apply(&change);
        applied.expect("the command was checked before it was turned into steps");
        self.changes.push(change);
    }
}

fn check_item(item: &Item) -> Result<(), EditFault> {
    let Item::Folder(title) = item else {
        return Ok(());
    };
    check_title(title)
}

fn check_title(title: &Arc<str>) -> Result<(), EditFault> {
    let found = title.chars().count();
    if title.trim().is_empty() {
        return Err(EditFault::TitleEmpty);
    }
    if found > FOLDER_TITLE_MAX {
        return Err(EditFault::TitleTooLong { found });
    }
    Ok(())
}
