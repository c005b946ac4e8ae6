//! The rules of synchronizers: one file a kind, and what they share.

mod agile;
mod filter;
mod links;
mod status_rollup;
mod subtasks;

use super::field;
use crate::app::kinds;
use crate::app::labels::Labels;
use crate::app::synchronizers::AskedRule;
use crate::names;
use crate::refusal::Refusal;
use resync_api::v1;
use resync_api::v1::sync_rule;
use resync_core::id::{IssueId, JiraId, ProjectKey};
use resync_core::synchronizer::{Rule, Settings};
use std::sync::Arc;

/// Longest JQL query, in characters: longer ones are refused by Jira in a URL, and nobody reads
/// them.
const JQL_MAX: usize = 10_000;

/// Most ids or keys in one list of a rule; Jira sites have tens of types, and a rule about more
/// projects is better told by a board or a query.
const LIST_MAX: usize = 100;

/// Longest id of Jira's, in digits: what fits 64 bits.
const JIRA_ID_DIGITS_MAX: usize = 18;

/// Longest project key; Jira allows 10 by default and up to 255 where an administrator says so.
const PROJECT_KEY_MAX: usize = 255;

/// A rule.
pub(crate) fn to_rule(rule: Rule, labels: &Labels) -> v1::SyncRule {
    let Rule { tracker, settings } = rule;
    let kind = match settings {
        Settings::Filter(settings) => sync_rule::Kind::Filter(filter::to(settings)),
        Settings::Subtasks(settings) => sync_rule::Kind::Subtasks(subtasks::to(settings)),
        Settings::Links(settings) => sync_rule::Kind::Links(links::to(settings)),
        Settings::Agile(settings) => sync_rule::Kind::Agile(agile::to(settings)),
        Settings::StatusRollup(settings) => {
            sync_rule::Kind::StatusRollup(status_rollup::to(settings))
        }
    };
    v1::SyncRule {
        tracker: labels.tracker_name(tracker),
        kind: Some(kind),
    }
}

/// A rule, as a caller asks for it.
pub(crate) fn from_rule(rule: v1::SyncRule) -> Result<AskedRule, Refusal> {
    let v1::SyncRule { tracker, kind } = rule;
    let tracker = names::parse_tracker("synchronizer.rule.tracker", &tracker)?;
    let settings = match kind {
        Some(sync_rule::Kind::Filter(rule)) => Settings::Filter(filter::from(rule)?),
        Some(sync_rule::Kind::Subtasks(rule)) => Settings::Subtasks(subtasks::from(rule)?),
        Some(sync_rule::Kind::Links(rule)) => Settings::Links(links::from(rule)?),
        Some(sync_rule::Kind::Agile(rule)) => Settings::Agile(agile::from(rule)?),
        Some(sync_rule::Kind::StatusRollup(rule)) => {
            Settings::StatusRollup(status_rollup::from(rule)?)
        }
        None => {
            let description = format!("needs the settings of one kind: {}", kinds::ids());
            return Err(Refusal::field("synchronizer.rule", description));
        }
    };
    let kind = settings.kind();
    if kind.resync_directions().is_empty() {
        let path = format!("synchronizer.rule.{}", kinds::id(kind));
        let description = "cannot be installed: this server does not write to trackers, which is \
                           all that the kind does";
        return Err(Refusal::field(path, description));
    }
    Ok(AskedRule { tracker, settings })
}

fn from_jql(path: &str, jql: String) -> Result<String, Refusal> {
    if jql.trim().is_empty() {
        return Err(Refusal::field(
            path,
            "must not be empty: it would match every issue",
        ));
    }
    field::text(path, jql, JQL_MAX)
}

fn from_optional_jql(path: &str, jql: String) -> Result<Option<Arc<str>>, Refusal> {
    match jql.is_empty() {
        true => Ok(None),
        false => Ok(Some(from_jql(path, jql)?.into())),
    }
}

fn from_jira_id(path: &str, id: &str) -> Result<JiraId, Refusal> {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    match digits && id.len() <= JIRA_ID_DIGITS_MAX {
        true => Ok(JiraId::new(id)),
        false => Err(Refusal::field(
            path,
            "must be an id as Jira writes it: digits only",
        )),
    }
}

/// The id of an issue.
pub(crate) fn from_issue_id(path: &str, id: &str) -> Result<IssueId, Refusal> {
    let id = from_jira_id(path, id)?;
    let number = id.as_str().parse();
    number
        .map(IssueId)
        .map_err(|_| Refusal::field(path, "is not the id of an issue"))
}

fn from_jira_ids(path: &str, ids: &[String]) -> Result<Vec<JiraId>, Refusal> {
    require_few(path, ids.len())?;
    let numbered = ids.iter().enumerate();
    numbered
        .map(|(index, id)| from_jira_id(&format!("{path}[{index}]"), id))
        .collect()
}

fn from_project_keys(path: &str, keys: &[String]) -> Result<Vec<ProjectKey>, Refusal> {
    require_few(path, keys.len())?;
    let numbered = keys.iter().enumerate();
    numbered
        .map(|(index, key)| from_project_key(&format!("{path}[{index}]"), key))
        .collect()
}

/// A key goes into a query, so nothing but what Jira allows in keys is let through.
fn from_project_key(path: &str, key: &str) -> Result<ProjectKey, Refusal> {
    let starts = key.starts_with(|first: char| first.is_ascii_uppercase());
    let rest = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    match starts && key.bytes().all(rest) && key.len() <= PROJECT_KEY_MAX {
        true => Ok(ProjectKey::new(key)),
        false => Err(Refusal::field(
            path,
            "must be the key of a project: capital letters, digits and underscores",
        )),
    }
}

fn require_few(path: &str, count: usize) -> Result<(), Refusal> {
    match count <= LIST_MAX {
        true => Ok(()),
        false => {
            let description = format!("has more than {LIST_MAX} entries");
            Err(Refusal::field(path, description))
        }
    }
}

fn to_texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
