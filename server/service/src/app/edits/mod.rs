//! Edits of a forest by people.

mod finder;

use super::forests::{self, Snapshot};
use super::labels::Labels;
use super::rows::{self, Known};
use super::{App, Caller, structures};
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::change::{ForestChange, Item, Place};
use resync_core::commit;
use resync_core::edit::{self, EditCommand, EditProblem};
use resync_core::forest::Forest;
use resync_core::id::{ForestVersion, IssueId, IssueKey, RowId, Slug, TrackerId};
use resync_core::issue::{IssueRef, ObservedIssue};
use resync_core::problem::Reason;
use resync_store::{Error as StoreError, ForestCommit, RequestRecord, StructureRecord};
use std::sync::Arc;

/// An item to add, as a caller names it.
#[derive(Clone, Debug)]
pub(crate) enum AskedItem {
    Folder(Arc<str>),
    Issue {
        tracker: Option<Slug>,
        id: Option<IssueId>,
        key: IssueKey,
    },
}

/// A command, as a caller gives it.
#[derive(Clone, Debug)]
pub(crate) enum AskedCommand {
    Add {
        position: Place,
        rows: Vec<(usize, AskedItem)>,
    },
    Move {
        position: Place,
        rows: Vec<RowId>,
    },
    Remove {
        rows: Vec<RowId>,
    },
}

/// An edit, as a caller asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) commands: Vec<AskedCommand>,
    pub(crate) base: Option<ForestVersion>,
    pub(crate) validate_only: bool,
}

/// What an edit has made.
pub(crate) struct Edited {
    pub(crate) version: ForestVersion,
    pub(crate) changes: Vec<ForestChange>,
    /// What is known of the issues that were added.
    pub(crate) known: Known,
    pub(crate) labels: Labels,
}

/// How often an edit without a base version is tried again when others edit at the same time.
const ATTEMPTS_MAX: usize = 5;

/// Edits a forest.
pub(crate) async fn edit(
    app: &App,
    caller: &Caller,
    slug: &Slug,
    asked: Edit,
    request: Option<RequestRecord>,
) -> Result<Edited, Refusal> {
    let answered = app.answered(request.as_ref()).await?;
    let structure = structures::live(app, slug).await?;
    if let Some(version) = answered {
        return recorded(app, &structure, ForestVersion(version)).await;
    }
    let (commands, read) = finder::resolve(app, &structure, &asked.commands).await?;
    let mut structure = structure;
    for attempt in 1.. {
        let try_one = TryOne {
            app,
            caller,
            structure: &structure,
            asked: &asked,
        };
        match try_one.run(&commands, &read, request.clone()).await {
            Err(TryError::Stale) if asked.base.is_none() && attempt < ATTEMPTS_MAX => {
                structure = structures::live(app, slug).await?;
            }
            Err(TryError::Behind) if attempt < ATTEMPTS_MAX => {
                structure = structures::live(app, slug).await?;
            }
            Err(TryError::Answered(version)) => return recorded(app, &structure, version).await,
            Err(TryError::Stale | TryError::Behind) => {
                let now = structures::live(app, slug).await?.forest_version;
                let expected = asked.base.unwrap_or(structure.forest_version);
                return Err(Refusal::changed(&names::structure(slug), expected, now));
            }
            Err(TryError::Refused(refusal)) => return Err(refusal),
            Ok((version, changes)) => return answer(app, &structure, version, changes).await,
        }
    }
    Err(Refusal::internal("an edit ended without an answer"))
}

enum TryError {
    /// Somebody else has edited the forest meanwhile.
    Stale,
    /// The record of the structure was read before the forest had this version.
    Behind,
    Answered(ForestVersion),
    Refused(Refusal),
}

impl From<Refusal> for TryError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// One try of an edit, on one version of the forest.
struct TryOne<'a> {
    app: &'a App,
    caller: &'a Caller,
    structure: &'a StructureRecord,
    asked: &'a Edit,
}

impl TryOne<'_> {
    async fn run(
        &self,
        commands: &[EditCommand],
        read: &[(TrackerId, ObservedIssue)],
        request: Option<RequestRecord>,
    ) -> Result<(ForestVersion, Vec<ForestChange>), TryError> {
        let (app, structure) = (self.app, self.structure);
        let before = forests::current(app, structure).await?;
        if before.version != structure.forest_version {
            // The record is older than the forest, and so is its next row id.
            return Err(TryError::Behind);
        }
        if self.asked.base.is_some_and(|base| base != before.version) {
            return Err(TryError::Stale);
        }
        let (mut forest, changes) = self.expand(&before, commands).await?;
        require_size(app, structure, &forest)?;
        if self.asked.validate_only || changes.is_empty() {
            return Ok((before.version, changes));
        }
        let commit = self.commit(&before, &mut forest, &changes, read, request);
        match app.store.commit_forest(commit).await {
            Err(StoreError::Stale { .. }) => Err(TryError::Stale),
            Err(StoreError::AlreadyAnswered(answer)) => {
                Err(TryError::Answered(ForestVersion(answer.subject)))
            }
            Err(error) => Err(of_store(error, &names::structure(&structure.slug)).into()),
            Ok(version) => {
                let after = Arc::new(Snapshot::new(version, forest));
                app.forests.replace(structure.id, before.version, &after);
                app.changed.raise();
                app.nudge.notify_one();
                Ok((version, changes))
            }
        }
    }

    /// The forest after the commands, and the steps to it. Copying a large forest takes a while.
    async fn expand(
        &self,
        before: &Arc<Snapshot>,
        commands: &[EditCommand],
    ) -> Result<(Forest, Vec<ForestChange>), Refusal> {
        let (before, asked) = (Arc::clone(before), commands.to_vec());
        let next_row_id = self.structure.next_row_id;
        let expanded = forests::off_thread(before.forest.len(), move || {
            let mut forest = before.forest.clone();
            edit::expand(&mut forest, &asked, next_row_id).map(|changes| (forest, changes))
        })
        .await?;
        expanded.map_err(|problem| refusal_of(&problem, commands))
    }

    fn commit(
        &self,
        before: &Snapshot,
        forest: &mut Forest,
        changes: &[ForestChange],
        read: &[(TrackerId, ObservedIssue)],
        request: Option<RequestRecord>,
    ) -> ForestCommit {
        let added = changes
            .iter()
            .filter(|one| matches!(one, ForestChange::Add { .. }))
            .count();
        let writes = commit::writes(forest, changes);
        ForestCommit {
            structure: self.structure.id,
            expected_version: before.version,
            upserts: writes.upserts,
            deletes: writes.deletes,
            changes: changes.to_vec(),
            claims: edit::person_claims(changes),
            observations: read.to_vec(),
            next_row_id: RowId(self.structure.next_row_id.0 + as_number(added)),
            row_count: as_number(forest.len()),
            principal: self.caller.clone(),
            synchronizer: None,
            reason: String::new(),
            time: self.app.now(),
            request,
            job: None,
        }
    }
}

fn as_number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn require_size(app: &App, structure: &StructureRecord, forest: &Forest) -> Result<(), Refusal> {
    let (allowed, actual) = (app.limits.rows_per_structure_max, as_number(forest.len()));
    if actual <= allowed {
        return Ok(());
    }
    let name = names::structure(&structure.slug);
    let message = format!("{name} would have {actual} rows; at most {allowed} are allowed");
    Err(Refusal::new(Reason::StructureTooLarge, message)
        .with("structure", name)
        .with("allowed", allowed)
        .with("actual", actual))
}

/// Says which field of the request a problem is about.
fn refusal_of(problem: &EditProblem, commands: &[EditCommand]) -> Refusal {
    let (kind, list) = match commands.get(problem.command) {
        Some(EditCommand::Add { .. }) => ("add_rows", "rows"),
        Some(EditCommand::Move { .. }) => ("move_rows", "row_ids"),
        Some(EditCommand::Remove { .. }) | None => ("remove_rows", "row_ids"),
    };
    let front = format!("changes[{}].{kind}", problem.command);
    let field = match problem.row {
        Some(row) => format!("{front}.{list}[{row}]"),
        None => format!("{front}.position"),
    };
    Refusal::field(field, problem.fault.to_string())
}

async fn answer(
    app: &App,
    structure: &StructureRecord,
    version: ForestVersion,
    changes: Vec<ForestChange>,
) -> Result<Edited, Refusal> {
    let known = rows::known(app, added_issues(&changes)).await?;
    let labels = Labels::load(app, structure.id, &structure.slug).await?;
    Ok(Edited {
        version,
        changes,
        known,
        labels,
    })
}

/// The issues that steps add.
pub(crate) fn added_issues(changes: &[ForestChange]) -> impl Iterator<Item = IssueRef> + '_ {
    changes.iter().filter_map(|change| match change {
        ForestChange::Add {
            item: Item::Issue(issue),
            ..
        } => Some(*issue),
        _ => None,
    })
}

async fn recorded(
    app: &App,
    structure: &StructureRecord,
    version: ForestVersion,
) -> Result<Edited, Refusal> {
    let before = ForestVersion(version.0 - 1);
    let found = app.store.load_changes(structure.id, before, 1).await;
    let mut found = found.map_err(|error| of_store(error, &names::structure(&structure.slug)))?;
    let changes = found
        .pop()
        .filter(|one| one.version == version)
        .map(|one| one.changes);
    answer(app, structure, version, changes.unwrap_or_default()).await
}
