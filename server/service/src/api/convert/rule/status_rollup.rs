//! The rule of a status rollup.

use super::{LIST_MAX, from_jira_id, from_jira_ids, from_project_keys, to_texts};
use crate::refusal::Refusal;
use resync_api::v1::{self, status_rollup_rule as api};
use resync_core::synchronizer::{StatusRollupSettings, StatusStep};

const STEPS: &str = "synchronizer.rule.status_rollup.steps";

pub(super) fn to(settings: StatusRollupSettings) -> v1::StatusRollupRule {
    let StatusRollupSettings {
        steps,
        projects,
        issue_types,
    } = settings;
    let step = |step: &StatusStep| api::Step {
        status_id: step.status.to_string(),
        transition_ids: to_texts(&step.transitions),
        resolution_id: (step.resolution.as_ref()).map_or_else(String::new, ToString::to_string),
    };
    v1::StatusRollupRule {
        steps: steps.iter().map(step).collect(),
        project_keys: to_texts(&projects),
        issue_type_ids: to_texts(&issue_types),
    }
}

pub(super) fn from(rule: v1::StatusRollupRule) -> Result<StatusRollupSettings, Refusal> {
    let v1::StatusRollupRule {
        steps,
        project_keys,
        issue_type_ids,
    } = rule;
    if steps.is_empty() || steps.len() > LIST_MAX {
        let description = format!("needs 1 to {LIST_MAX} statuses, from earliest to latest");
        return Err(Refusal::field(STEPS, description));
    }
    let numbered = steps.into_iter().enumerate();
    let steps: Vec<StatusStep> = numbered
        .map(|(index, step)| from_step(&format!("{STEPS}[{index}]"), step))
        .collect::<Result<_, _>>()?;
    for (index, step) in steps.iter().enumerate() {
        if steps
            .iter()
            .take(index)
            .any(|earlier| earlier.status == step.status)
        {
            let path = format!("{STEPS}[{index}].status_id");
            return Err(Refusal::field(path, "is in the list already"));
        }
    }
    let path = "synchronizer.rule.status_rollup";
    Ok(StatusRollupSettings {
        steps,
        projects: from_project_keys(&format!("{path}.project_keys"), &project_keys)?,
        issue_types: from_jira_ids(&format!("{path}.issue_type_ids"), &issue_type_ids)?,
    })
}

fn from_step(path: &str, step: api::Step) -> Result<StatusStep, Refusal> {
    let resolution = match step.resolution_id.as_str() {
        "" => None,
        id => Some(from_jira_id(&format!("{path}.resolution_id"), id)?),
    };
    Ok(StatusStep {
        status: from_jira_id(&format!("{path}.status_id"), &step.status_id)?,
        transitions: from_jira_ids(&format!("{path}.transition_ids"), &step.transition_ids)?,
        resolution,
    })
}
