//! Checks on single fields that many messages share.

use crate::refusal::Refusal;
use resync_core::id::{SLUG_MAX, Slug};
use std::time::Duration;

/// Longest display name, in characters, as documented in the API.
const DISPLAY_NAME_MAX: usize = 255;

/// Longest reason, in characters, as documented in the API.
const REASON_MAX: usize = 1_024;

/// A text of at most `most` characters.
pub(crate) fn text(field: &str, text: String, most: usize) -> Result<String, Refusal> {
    let found = text.chars().count();
    match found <= most {
        true => Ok(text),
        false => {
            let description = format!("has {found} characters; at most {most} are allowed");
            Err(Refusal::field(field, description))
        }
    }
}

/// A name for people, which may be empty.
pub(crate) fn display_name(field: &str, name: String) -> Result<String, Refusal> {
    if name.chars().any(char::is_control) {
        return Err(Refusal::field(field, "must not have control characters"));
    }
    text(field, name, DISPLAY_NAME_MAX)
}

/// A name for people.
pub(crate) fn required_display_name(field: &str, name: String) -> Result<String, Refusal> {
    match name.trim().is_empty() {
        true => Err(Refusal::field(field, "is required")),
        false => display_name(field, name),
    }
}

/// The words of a caller who says why.
pub(crate) fn reason(reason: String) -> Result<String, Refusal> {
    text("reason", reason, REASON_MAX)
}

/// The id that a caller chooses; `None` when the server is to choose.
pub(crate) fn slug(field: &str, text: &str) -> Result<Option<Slug>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    match Slug::parse(text) {
        Some(slug) => Ok(Some(slug)),
        None => Err(Refusal::field(
            field,
            format!(
                "must be lower-case letters, digits and hyphens, start with a letter, and have at \
                 most {SLUG_MAX} characters"
            ),
        )),
    }
}

/// An etag; `None` when it is not to be checked.
pub(crate) fn etag(etag: String) -> Option<String> {
    (!etag.is_empty()).then_some(etag)
}

/// A message that must be there.
pub(crate) fn required<T>(field: &str, message: Option<T>) -> Result<T, Refusal> {
    message.ok_or_else(|| Refusal::field(field, "is required"))
}

/// A duration that is not negative; `None` when it is unset.
pub(crate) fn duration(
    field: &str,
    duration: Option<prost_types::Duration>,
) -> Result<Option<Duration>, Refusal> {
    let Some(duration) = duration else {
        return Ok(None);
    };
    Duration::try_from(duration)
        .map(Some)
        .map_err(|_| Refusal::field(field, "must be a duration that is not negative"))
}

/// A count that is not negative; `None` when it is unset.
pub(crate) fn count(field: &str, count: Option<i32>) -> Result<Option<i64>, Refusal> {
    match count {
        Some(count) if count < 0 => Err(Refusal::field(field, "must not be negative")),
        count => Ok(count.map(i64::from)),
    }
}

/// A UUID, in the usual form with hyphens.
pub(crate) fn is_uuid(text: &str) -> bool {
    /// Where the hyphens are.
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    /// The length of the usual form.
    const LENGTH: usize = 36;
    text.len() == LENGTH
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| match HYPHENS.contains(&at) {
                true => byte == b'-',
                false => byte.is_ascii_hexdigit(),
            })
}

/// The fields of a mask, each of which must be one of `known`; all that are `set` when it is empty.
///
/// # Errors
/// `FIELD_INVALID` for `update_mask`.
pub(crate) fn mask(
    mask: Option<prost_types::FieldMask>,
    known: &[&'static str],
    set: impl Fn(&str) -> bool,
) -> Result<Vec<&'static str>, Refusal> {
    let paths = mask.map(|mask| mask.paths).unwrap_or_default();
    if paths.is_empty() {
        return Ok(known.iter().copied().filter(|path| set(path)).collect());
    }
    let find = |path: &String| match known.iter().find(|one| *one == path) {
        Some(known) => Ok(*known),
        None => {
            let description = format!(
                "`{path}` cannot be updated; these can: {}",
                known.join(", ")
            );
            Err(Refusal::field("update_mask", description))
        }
    };
    paths.iter().map(find).collect()
}
