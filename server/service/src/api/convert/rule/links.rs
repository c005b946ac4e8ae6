//! The rule of a links synchronizer.

use super::{from_jira_id, from_optional_jql};
use crate::refusal::Refusal;
use resync_api::v1::{self, links_rule as api};
use resync_core::synchronizer::{LinksPrimacy, LinksRemoval, LinksScope, LinksSettings, ParentEnd};
use std::sync::Arc;

pub(super) fn to(settings: LinksSettings) -> v1::LinksRule {
    let LinksSettings {
        link_type,
        parent_end,
        scope,
        parent_jql,
        child_jql,
        removal,
        primacy,
    } = settings;
    let parent_end = match parent_end {
        ParentEnd::Outward => api::ParentEnd::Outward,
        ParentEnd::Inward => api::ParentEnd::Inward,
    };
    let scope = match scope {
        LinksScope::WithinStructure => api::Scope::WithinStructure,
        LinksScope::ExpandToChildren => api::Scope::ExpandToChildren,
        LinksScope::AllIssues => api::Scope::AllIssues,
    };
    let removal = match removal {
        LinksRemoval::Keep => api::Removal::Keep,
        LinksRemoval::MoveToTop => api::Removal::MoveToTop,
        LinksRemoval::Remove => api::Removal::Remove,
    };
    let primacy = match primacy {
        LinksPrimacy::Equal => api::Primacy::Equal,
        LinksPrimacy::Links => api::Primacy::Links,
        LinksPrimacy::Structure => api::Primacy::Structure,
    };
    let text = |jql: Option<Arc<str>>| jql.map_or_else(String::new, |jql| jql.to_string());
    v1::LinksRule {
        link_type_id: link_type.to_string(),
        parent_end: parent_end.into(),
        scope: scope.into(),
        parent_jql: text(parent_jql),
        child_jql: text(child_jql),
        removal: removal.into(),
        primacy: primacy.into(),
    }
}

pub(super) fn from(rule: v1::LinksRule) -> Result<LinksSettings, Refusal> {
    let v1::LinksRule {
        link_type_id,
        parent_end,
        scope,
        parent_jql,
        child_jql,
        removal,
        primacy,
    } = rule;
    let parent_end = match known("parent_end", parent_end)? {
        api::ParentEnd::Unspecified | api::ParentEnd::Outward => ParentEnd::Outward,
        api::ParentEnd::Inward => ParentEnd::Inward,
    };
    let scope = match known("scope", scope)? {
        api::Scope::Unspecified | api::Scope::WithinStructure => LinksScope::WithinStructure,
        api::Scope::ExpandToChildren => LinksScope::ExpandToChildren,
        api::Scope::AllIssues => LinksScope::AllIssues,
    };
    let removal = match known("removal", removal)? {
        api::Removal::Unspecified | api::Removal::Keep => LinksRemoval::Keep,
        api::Removal::MoveToTop => LinksRemoval::MoveToTop,
        api::Removal::Remove => LinksRemoval::Remove,
    };
    let primacy = match known("primacy", primacy)? {
        api::Primacy::Unspecified | api::Primacy::Equal => LinksPrimacy::Equal,
        api::Primacy::Links => LinksPrimacy::Links,
        api::Primacy::Structure => LinksPrimacy::Structure,
    };
    Ok(LinksSettings {
        link_type: from_jira_id("synchronizer.rule.links.link_type_id", &link_type_id)?,
        parent_end,
        scope,
        parent_jql: from_optional_jql("synchronizer.rule.links.parent_jql", parent_jql)?,
        child_jql: from_optional_jql("synchronizer.rule.links.child_jql", child_jql)?,
        removal,
        primacy,
    })
}

fn known<T: TryFrom<i32>>(field: &str, value: i32) -> Result<T, Refusal> {
    T::try_from(value).map_err(|_| {
        let path = format!("synchronizer.rule.links.{field}");
        Refusal::field(path, "is not a value of this setting")
    })
}
