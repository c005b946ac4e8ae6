//! Boards: a saved filter shown in columns, ordered by a rank field. There are no sprints: nothing
//! on a scrum board is planned.

use super::{EditError, Filter, State};
use crate::fields::Field;

/// Filters of boards that content makes have this number more than their board.
const BOARD_FILTER_BASE: u64 = 20_000;

/// What a board is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoardKind {
    /// Issues without epics.
    Scrum,
    /// All issues of the filter and the sub-query.
    Kanban,
    /// Cloud's boards of team-managed projects.
    Simple,
}

impl BoardKind {
    /// As `type` has it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Scrum => "scrum",
            Self::Kanban => "kanban",
            Self::Simple => "simple",
        }
    }
}

/// A board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Number that names it in URLs.
    pub id: u64,
    /// Name; not unique.
    pub name: String,
    /// What it is for.
    pub kind: BoardKind,
    /// Id of the saved filter that says which issues are on it.
    pub filter: u64,
    /// Key of the project in which it is shown. A board is hidden when this project is.
    pub project: Option<String>,
    /// JQL that issues must pass as well, for example to leave out what is released.
    pub sub_query: Option<String>,
}

impl State {
    /// Saves a board, in place of one with the same id.
    pub fn save_board(&mut self, board: Board) {
        self.version += 1;
        match self
            .boards
            .binary_search_by_key(&board.id, |other| other.id)
        {
            Ok(place) => self.boards[place] = board,
            Err(place) => self.boards.insert(place, board),
        }
    }

    /// Removes a board, not its filter; whether it was there.
    pub fn delete_board(&mut self, id: u64) -> bool {
        self.version += 1;
        let place = self.boards.binary_search_by_key(&id, |other| other.id);
        place.map(|place| self.boards.remove(place)).is_ok()
    }

    /// Makes a board of all issues of a project, with a filter of its own, and gives its id.
    pub fn add_project_board(&mut self, key: &str, kind: BoardKind) -> Result<u64, EditError> {
        let place = self.expect_project(key)?;
        let project = &self.catalog.projects[usize::from(place)];
        let (key, name) = (
            project.own.key.clone(),
            format!("{} board", project.own.key),
        );
        let id = self.boards.last().map_or(1, |board| board.id + 1);
        let filter = BOARD_FILTER_BASE + id;
        self.save_filter(Filter {
            id: filter,
            name: format!("Filter for {name}"),
            jql: format!("project = \"{key}\" ORDER BY Rank"),
            favourite: false,
        });
        self.save_board(Board {
            id,
            name,
            kind,
            filter,
            project: Some(key),
            sub_query: None,
        });
        Ok(id)
    }

    /// Adds a second field of the rank type that no issue has a value of, before the one in use:
    /// only the configuration of a board says which one counts.
    pub fn add_obsolete_rank_field(&mut self) {
        self.version += 1;
        self.fields.add_obsolete(Field::Rank, "Rank (Obsolete)");
    }

    /// The board, unless its project is hidden.
    pub(crate) fn board(&self, id: u64) -> Option<&Board> {
        self.readable_boards().find(|board| board.id == id)
    }

    pub(crate) fn readable_boards(&self) -> impl Iterator<Item = &Board> {
        self.boards.iter().filter(|board| {
            let project = board.project.as_deref();
            let place = project.and_then(|key| self.catalog.project_by_key(key));
            place.is_none_or(|place| !self.catalog.projects[usize::from(place)].own.revoked)
        })
    }
}
