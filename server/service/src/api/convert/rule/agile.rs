//! The rule of an agile synchronizer.

use super::{from_jira_id, from_project_keys, to_texts};
use crate::refusal::Refusal;
use resync_api::v1::{self, agile_rule as api};
use resync_core::id::JiraId;
use resync_core::synchronizer::{AgileScope, AgileSettings};

/// How Jira names fields that are not built in.
const CUSTOM_FIELD_PREFIX: &str = "customfield_";

pub(super) fn to(settings: AgileSettings) -> v1::AgileRule {
    let AgileSettings {
        scope,
        sync_rank,
        sync_epics,
        add_subtasks,
    } = settings;
    let scope = match scope {
        AgileScope::Board(board) => api::Scope::BoardId(board.to_string()),
        AgileScope::Projects { keys, rank_field } => api::Scope::Projects(api::ProjectScope {
            project_keys: to_texts(&keys),
            rank_field_id: rank_field.map_or_else(String::new, |field| field.to_string()),
        }),
    };
    v1::AgileRule {
        scope: Some(scope),
        sync_rank,
        sync_epics,
        add_subtasks,
    }
}

pub(super) fn from(rule: v1::AgileRule) -> Result<AgileSettings, Refusal> {
    let v1::AgileRule {
        scope,
        sync_rank,
        sync_epics,
        add_subtasks,
    } = rule;
    let path = "synchronizer.rule.agile";
    let scope = match scope {
        Some(api::Scope::BoardId(board)) => {
            AgileScope::Board(from_jira_id("synchronizer.rule.agile.board_id", &board)?)
        }
        Some(api::Scope::Projects(projects)) => from_projects(projects)?,
        None => {
            return Err(Refusal::field(path, "needs a scope: board_id or projects"));
        }
    };
    if !(sync_rank || sync_epics || add_subtasks) {
        let description = "does nothing: set sync_rank, sync_epics or add_subtasks";
        return Err(Refusal::field(path, description));
    }
    Ok(AgileSettings {
        scope,
        sync_rank,
        sync_epics,
        add_subtasks,
    })
}

fn from_projects(projects: api::ProjectScope) -> Result<AgileScope, Refusal> {
    let path = "synchronizer.rule.agile.projects.project_keys";
    let keys = from_project_keys(path, &projects.project_keys)?;
    if keys.is_empty() {
        return Err(Refusal::field(path, "needs at least one project"));
    }
    let rank_field = match projects.rank_field_id.as_str() {
        "" => None,
        field => Some(from_rank_field(field)?),
    };
    Ok(AgileScope::Projects { keys, rank_field })
}

fn from_rank_field(field: &str) -> Result<JiraId, Refusal> {
    let path = "synchronizer.rule.agile.projects.rank_field_id";
    let number = field.strip_prefix(CUSTOM_FIELD_PREFIX).unwrap_or_default();
    from_jira_id(path, number)
        .map(|_| JiraId::new(field))
        .map_err(|_| {
            Refusal::field(
                path,
                "must be the id of a field, for example customfield_10019",
            )
        })
}
