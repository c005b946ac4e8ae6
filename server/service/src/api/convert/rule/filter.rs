//! The rule of a filter.

use super::{from_issue_id, from_jira_id, from_jql};
use crate::refusal::Refusal;
use resync_api::v1::{self, filter_rule};
use resync_core::synchronizer::{FilterSettings, FilterSource};

pub(super) fn to(settings: FilterSettings) -> v1::FilterRule {
    let FilterSettings {
        source,
        parent_issue,
        allow_move,
        remove_unmatched,
        remove_only_placed,
        check_children,
    } = settings;
    let source = match source {
        FilterSource::SavedFilter(id) => filter_rule::Source::SavedFilterId(id.to_string()),
        FilterSource::Jql(jql) => filter_rule::Source::Jql(jql.to_string()),
    };
    v1::FilterRule {
        source: Some(source),
        parent_issue_id: parent_issue.map_or_else(String::new, |issue| issue.to_string()),
        allow_move,
        remove_unmatched,
        remove_only_placed,
        check_children,
    }
}

pub(super) fn from(rule: v1::FilterRule) -> Result<FilterSettings, Refusal> {
    let v1::FilterRule {
        source,
        parent_issue_id,
        allow_move,
        remove_unmatched,
        remove_only_placed,
        check_children,
    } = rule;
    let source = match source {
        Some(filter_rule::Source::SavedFilterId(id)) => {
            let path = "synchronizer.rule.filter.saved_filter_id";
            FilterSource::SavedFilter(from_jira_id(path, &id)?)
        }
        Some(filter_rule::Source::Jql(jql)) => {
            FilterSource::Jql(from_jql("synchronizer.rule.filter.jql", jql)?.into())
        }
        None => {
            let description = "needs a source: jql or saved_filter_id";
            return Err(Refusal::field("synchronizer.rule.filter", description));
        }
    };
    let path = "synchronizer.rule.filter.parent_issue_id";
    let parent_issue = match parent_issue_id.as_str() {
        "" => None,
        id => Some(from_issue_id(path, id)?),
    };
    Ok(FilterSettings {
        source,
        parent_issue,
        allow_move,
        remove_unmatched,
        remove_only_placed,
        check_children,
    })
}
