//! Synchronizers and their kinds. What it is not: their settings; see [`super::rule`].

use super::problem::to_problem;
use super::rule::{from_rule, to_rule};
use super::{field, to_time};
use crate::app::kinds;
use crate::app::synchronizers::{Creation, NamedOverlap, SynchronizerView, Update};
use crate::names;
use crate::refusal::Refusal;
use resync_api::v1;
use resync_api::v1::synchronizer as to;
use resync_core::overlap::Contention;
use resync_core::synchronizer::{Direction, Kind, State};
use resync_store::{SynchronizerRecord, settings_hash};

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
        resync: kind.resync_directions().contains(direction),
        incremental: kind.resync_directions().contains(direction),
        effects: kinds::effects(kind, *direction).to_owned(),
    };
    kind.directions().iter().map(support).collect()
}

/// A kind of synchronizer. `enabled` tells whether synchronizers are switched on.
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
        enabled: enabled && !kind.resync_directions().is_empty(),
    }
}

/// A synchronizer.
pub(crate) fn to_synchronizer(view: SynchronizerView) -> v1::Synchronizer {
    let SynchronizerView {
        record,
        labels,
        current_job,
        sync,
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
        synced_through_time: sync.map(|sync| to_time(sync.synced_through_time)),
        pending_change_count: sync.map_or(0, |sync| sync.pending_changes),
    }
}

/// What synchronizers have a say in together.
pub(crate) fn to_overlaps(overlaps: Vec<NamedOverlap>) -> Vec<v1::SynchronizerOverlap> {
    use resync_api::v1::synchronizer_overlap::Contention as To;
    let convert = |overlap: NamedOverlap| {
        let NamedOverlap {
            first,
            second,
            contention,
            outcome,
        } = overlap;
        let (contention, owner) = match contention {
            Contention::Placement => (To::Placement, first.clone()),
            Contention::Order => (To::Order, first.clone()),
            Contention::Membership => (To::Membership, String::new()),
        };
        v1::SynchronizerOverlap {
            first,
            second,
            contention: contention.into(),
            owner,
            outcome: outcome.to_owned(),
        }
    };
    overlaps.into_iter().map(convert).collect()
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
