//! Resource names: `structures/roadmap/jobs/412`, made and read in one place.
//!
//! What it is not: a lookup. A name that can be read may name nothing.

use crate::refusal::Refusal;
use resync_core::id::{JobId, Slug};

/// Stands for every structure in the parent of a list.
pub(crate) const WILDCARD: &str = "-";

/// `structures/{structure}`.
pub(crate) fn structure(structure: &Slug) -> String {
    format!("structures/{structure}")
}

/// `structures/{structure}/synchronizers/{synchronizer}`.
pub(crate) fn synchronizer(structure: &Slug, synchronizer: &Slug) -> String {
    format!("structures/{structure}/synchronizers/{synchronizer}")
}

/// `structures/{structure}/jobs/{job}`.
pub(crate) fn job(structure: &Slug, job: JobId) -> String {
    format!("structures/{structure}/jobs/{job}")
}

/// `trackers/{tracker}`.
pub(crate) fn tracker(tracker: &Slug) -> String {
    format!("trackers/{tracker}")
}

/// `synchronizerKinds/{kind}`.
pub(crate) fn kind(kind: &str) -> String {
    format!("synchronizerKinds/{kind}")
}

/// Reads the name of a structure.
///
/// # Errors
/// `FIELD_INVALID` for `field`.
pub(crate) fn parse_structure(field: &str, name: &str) -> Result<Slug, Refusal> {
    let read = || Slug::parse(name.strip_prefix("structures/")?);
    read().ok_or_else(|| wrong(field, name, "structures/{structure}"))
}

/// Reads the parent of a list: a structure, or `None` for `structures/-`.
///
/// # Errors
/// `FIELD_INVALID` for `field`.
pub(crate) fn parse_parent(field: &str, name: &str) -> Result<Option<Slug>, Refusal> {
    if name.strip_prefix("structures/") == Some(WILDCARD) {
        return Ok(None);
    }
    parse_structure(field, name).map(Some)
}

/// Reads the name of a synchronizer.
///
/// # Errors
/// `FIELD_INVALID` for `field`.
pub(crate) fn parse_synchronizer(field: &str, name: &str) -> Result<(Slug, Slug), Refusal> {
    let read = || {
        let (structure, rest) = name.strip_prefix("structures/")?.split_once('/')?;
        Some((
            Slug::parse(structure)?,
            Slug::parse(rest.strip_prefix("synchronizers/")?)?,
        ))
    };
    let format = "structures/{structure}/synchronizers/{synchronizer}";
    read().ok_or_else(|| wrong(field, name, format))
}

/// Reads the name of a job.
///
/// # Errors
/// `FIELD_INVALID` for `field`.
pub(crate) fn parse_job(field: &str, name: &str) -> Result<(Slug, JobId), Refusal> {
    let read = || {
        let (structure, rest) = name.strip_prefix("structures/")?.split_once('/')?;
        let number = rest.strip_prefix("jobs/")?;
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number = if plain {
            number.parse().ok()?
        } else {
            return None;
        };
        Some((Slug::parse(structure)?, JobId(number)))
    };
    read().ok_or_else(|| wrong(field, name, "structures/{structure}/jobs/{job}"))
}

/// Reads the name of a tracker.
///
/// # Errors
/// `FIELD_INVALID` for `field`.
pub(crate) fn parse_tracker(field: &str, name: &str) -> Result<Slug, Refusal> {
    let read = || Slug::parse(name.strip_prefix("trackers/")?);
    read().ok_or_else(|| wrong(field, name, "trackers/{tracker}"))
}

fn wrong(field: &str, name: &str, format: &str) -> Refusal {
    if name.is_empty() {
        return Refusal::field(field, format!("is required; its format is {format}"));
    }
    Refusal::field(field, format!("is not a name of the format {format}"))
}
