//! Instants in queries: written in the zone of the account, to the minute; or milliseconds since
//! 1970, without a zone; or relative to now.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

const MINUTE: i64 = 60_000;

/// Milliseconds since 1970. Unquoted digits are such a number already.
pub(super) fn read(text: &str, quoted: bool, zone: &TimeZone, now: i64) -> Option<i64> {
    if !quoted
        && let Ok(milliseconds) = text.parse::<i64>()
        && !text.starts_with(['-', '+'])
    {
        return Some(milliseconds);
    }
    relative(text, now).or_else(|| absolute(text, zone))
}

/// Whether the text is relative to now, so that the query's answer changes by itself.
pub(super) fn is_relative(text: &str) -> bool {
    relative(text, 0).is_some()
}

fn absolute(text: &str, zone: &TimeZone) -> Option<i64> {
    let text = text.replace('/', "-");
    let local = DateTime::strptime("%Y-%m-%d %H:%M", &text)
        .or_else(|_| Date::strptime("%Y-%m-%d", &text).map(|date| date.at(0, 0, 0, 0)))
        .ok()?;
    Some(zone.to_timestamp(local).ok()?.as_millisecond())
}

/// `-5m`, `2w 3d`, `-1d 4h`: the sign holds for all parts.
pub(super) fn relative(text: &str, now: i64) -> Option<i64> {
    let (sign, parts) = match text.strip_prefix('-') {
        Some(parts) => (-1, parts),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut total = 0_i64;
    for part in parts.split_whitespace() {
        let (digits, unit) = part.split_at_checked(part.len() - 1)?;
        let unit = match unit {
            "m" => MINUTE,
            "h" => 60 * MINUTE,
            "d" => 24 * 60 * MINUTE,
            "w" => 7 * 24 * 60 * MINUTE,
            _ => return None,
        };
        total = total.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
    }
    let given = total != 0 || parts.starts_with('0');
    if given {
        now.checked_add(sign * total)
    } else {
        None
    }
}

/// The first instant of the day of `instant` in the zone.
pub(super) fn start_of_day(instant: i64, zone: &TimeZone) -> i64 {
    let stamp = jiff::Timestamp::from_millisecond(instant).unwrap_or_default();
    let start = stamp.to_zoned(zone.clone()).start_of_day();
    start.map_or(instant, |start| start.timestamp().as_millisecond())
}
