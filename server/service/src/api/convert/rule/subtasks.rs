//! The rule of a sub-tasks synchronizer.

use super::{from_jira_ids, to_texts};
use crate::refusal::Refusal;
use resync_api::v1;
use resync_core::synchronizer::SubtasksSettings;

pub(super) fn to(settings: SubtasksSettings) -> v1::SubtasksRule {
    let SubtasksSettings {
        issue_types,
        remove_orphaned,
    } = settings;
    v1::SubtasksRule {
        issue_type_ids: to_texts(&issue_types),
        remove_orphaned,
    }
}

pub(super) fn from(rule: v1::SubtasksRule) -> Result<SubtasksSettings, Refusal> {
    let v1::SubtasksRule {
        issue_type_ids,
        remove_orphaned,
    } = rule;
    let path = "synchronizer.rule.subtasks.issue_type_ids";
    Ok(SubtasksSettings {
        issue_types: from_jira_ids(path, &issue_type_ids)?,
        remove_orphaned,
    })
}
