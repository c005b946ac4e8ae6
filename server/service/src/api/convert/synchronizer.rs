//! Synchronizers, their kinds and their rules.

use super::problem::to_problem;
use super::{field, to_time};
use crate::app::kinds;
use crate::app::labels::Labels;
use crate::app::synchronizers::{AskedRule, Creation, SynchronizerView, Update};
use crate::names;
use crate::refusal::Refusal;
use resync_api::v1;
use resync_api::v1::{filter_rule, sync_rule, synchronizer as to};
use resync_core::id::{IssueId, JiraId};
use resync_core::synchronizer::{
    Direction, FilterSettings, FilterSource, Kind, Rule, Settings, State, SubtasksSettings,
};
use resync_store::{SynchronizerRecord, settings_hash};

/// Longest JQL query, in characters: longer ones are refused by Jira in a URL, and nobody reads
/// them.
const JQL_MAX: usize = 10_000;

/// Most sub-task types of a rule; Jira sites have a handful.
const ISSUE_TYPES_MAX: usize = 100;

/// Longest id of Jira's, in digits: what fits 64 bits.
const JIRA_ID_DIGITS_MAX: usize = 18;

/// A direction, as the API names it.
pub(crate) fn to_direction(direction: Direction) -> v1::Direction {
    match direction {
        Direction::IntoStructure => v1::Direction::IntoStructure,
        Direction::FromStructure => v1::Direction::FromStructure,
    }
}

/// The direction that a caller asks for. There is no default: the wrong one can lose data.
pub(crate) fn from_direction(direction: i32) -> Result<Direction, Refusal> {
    match v1::Direction::try_from(direction) {
        Ok(v1::Direction::IntoStructure) => Ok(Direction::IntoStructure),
        Ok(v1::Direction::FromStructure) => Ok(Direction::FromStructure),
        Ok(v1::Direction::Unspecified) => Err(Refusal::field(
            "direction",
            "is required: there is no default, since the wrong direction can lose data",
        )),
        Err(_) => Err(Refusal::field("direction", "is not a direction")),
    }
}

/// What a kind can do, one entry a direction.
pub(crate) fn to_directions(kind: Kind) -> Vec<v1::DirectionSupport> {
    let support = |direction: &Direction| v1::DirectionSupport {
        direction: to_direction(*direction).into(),
        resync: true,
        incremental: true,
        effects: kinds::effects(kind, *direction).to_owned(),
    };
    kind.resync_directions().iter().map(support).collect()
}

/// A kind of synchronizer.
pub(crate) fn to_kind(kind: Kind, enabled: bool) -> v1::SynchronizerKind {
    let setting = |setting: &kinds::Setting| v1::SettingDescription {
        field: setting.field.to_owned(),
        description: setting.description.to_owned(),
    };
    v1::SynchronizerKind {
        name: names::kind(kinds::id(kind)),
        display_name: kinds::display_name(kind).to_owned(),
        description: kinds::description(kind).to_owned(),
        directions: to_directions(kind),
        settings: kinds::settings(kind).iter().map(setting).collect(),
        enabled,
    }
}

/// A rule.
pub(crate) fn to_rule(rule: Rule, labels: &Labels) -> v1::SyncRule {
    let Rule { tracker, settings } = rule;
    let kind = match settings {
        Settings::Filter(settings) => sync_rule::Kind::Filter(to_filter(settings)),
        Settings::Subtasks(settings) => sync_rule::Kind::Subtasks(to_subtasks(settings)),
    };
    v1::SyncRule {
        tracker: labels.tracker_name(tracker),
        kind: Some(kind),
    }
}

fn to_filter(settings: FilterSettings) -> v1::FilterRule {
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

fn to_subtasks(settings: SubtasksSettings) -> v1::SubtasksRule {
    let SubtasksSettings {
        issue_types,
        remove_orphaned,
    } = settings;
    let issue_type_ids = issue_types.iter().map(ToString::to_string).collect();
    v1::SubtasksRule {
        issue_type_ids,
        remove_orphaned,
    }
}

/// A synchronizer.
pub(crate) fn to_synchronizer(view: SynchronizerView) -> v1::Synchronizer {
    let SynchronizerView {
        record,
        labels,
        current_job,
    } = view;
    let SynchronizerRecord {
        id: _,
        structure: _,
        slug,
        uid,
        ordinal: _,
        display_name,
        rule,
        state,
        run_as,
        last_error,
        base_settings_hash,
        last_resync_time,
        create_time,
        update_time,
        etag,
    } = record;
    let hash = settings_hash(&rule.settings);
    v1::Synchronizer {
        name: names::synchronizer(&labels.structure, &slug),
        uid: uid.to_string(),
        display_name,
        directions: to_directions(rule.settings.kind()),
        rule: Some(to_rule(rule, &labels)),
        state: to_state(state).into(),
        run_as: run_as.to_string(),
        current_job: current_job.map_or_else(String::new, |job| labels.job_name(job)),
        resync_recommended: base_settings_hash.as_ref() != Some(&hash),
        last_resync_time: last_resync_time.map(to_time),
        last_error: last_error.map(to_problem),
        create_time: Some(to_time(create_time)),
        update_time: Some(to_time(update_time)),
        etag,
    }
}

fn to_state(state: State) -> to::State {
    match state {
        State::Enabled => to::State::Enabled,
        State::Disabled => to::State::Disabled,
        State::Unavailable => to::State::Unavailable,
        State::Suspended => to::State::Suspended,
    }
}

/// What a caller asks to install.
pub(crate) fn from_creation(
    synchronizer_id: &str,
    synchronizer: Option<v1::Synchronizer>,
) -> Result<Creation, Refusal> {
    let slug = field::slug("synchronizer_id", synchronizer_id)?;
    let synchronizer = field::required("synchronizer", synchronizer)?;
    let display_name = field::display_name("synchronizer.display_name", synchronizer.display_name)?;
    let rule = field::required("synchronizer.rule", synchronizer.rule)?;
    Ok(Creation {
        slug,
        display_name,
        rule: from_rule(rule)?,
    })
}

/// What a caller asks to update.
pub(crate) fn from_update(
    synchronizer: v1::Synchronizer,
    mask: Option<prost_types::FieldMask>,
) -> Result<Update, Refusal> {
    let set = |path: &str| match path {
        "display_name" => !synchronizer.display_name.is_empty(),
        _ => synchronizer.rule.is_some(),
    };
    let paths = field::mask(mask, &["display_name", "rule"], set)?;
    let v1::Synchronizer {
        display_name,
        rule,
        etag,
        ..
    } = synchronizer;
    let mut update = Update {
        display_name: None,
        rule: None,
        etag: field::etag(etag),
    };
    if paths.contains(&"display_name") {
        let path = "synchronizer.display_name";
        update.display_name = Some(field::display_name(path, display_name)?);
    }
    if paths.contains(&"rule") {
        update.rule = Some(from_rule(field::required("synchronizer.rule", rule)?)?);
    }
    Ok(update)
}

fn from_rule(rule: v1::SyncRule) -> Result<AskedRule, Refusal> {
    let v1::SyncRule { tracker, kind } = rule;
    let tracker = names::parse_tracker("synchronizer.rule.tracker", &tracker)?;
    let settings = match kind {
        Some(sync_rule::Kind::Filter(rule)) => Settings::Filter(from_filter(rule)?),
        Some(sync_rule::Kind::Subtasks(rule)) => Settings::Subtasks(from_subtasks(rule)?),
        None => {
            let description = "needs the settings of one kind: filter or subtasks";
            return Err(Refusal::field("synchronizer.rule", description));
        }
    };
    Ok(AskedRule { tracker, settings })
}

fn from_filter(rule: v1::FilterRule) -> Result<FilterSettings, Refusal> {
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
        Some(filter_rule::Source::Jql(jql)) => FilterSource::Jql(from_jql(jql)?.into()),
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

fn from_jql(jql: String) -> Result<String, Refusal> {
    let path = "synchronizer.rule.filter.jql";
    if jql.trim().is_empty() {
        return Err(Refusal::field(
            path,
            "must not be empty: it would match every issue",
        ));
    }
    field::text(path, jql, JQL_MAX)
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

fn from_subtasks(rule: v1::SubtasksRule) -> Result<SubtasksSettings, Refusal> {
    let v1::SubtasksRule {
        issue_type_ids,
        remove_orphaned,
    } = rule;
    let path = "synchronizer.rule.subtasks.issue_type_ids";
    if issue_type_ids.len() > ISSUE_TYPES_MAX {
        let description = format!("has more than {ISSUE_TYPES_MAX} types");
        return Err(Refusal::field(path, description));
    }
    let mut issue_types = Vec::with_capacity(issue_type_ids.len());
    for (index, id) in issue_type_ids.iter().enumerate() {
        issue_types.push(from_jira_id(&format!("{path}[{index}]"), id)?);
    }
    Ok(SubtasksSettings {
        issue_types,
        remove_orphaned,
    })
}
