//! Small things about text: widths, times, and text of others made safe for a terminal.

use jiff::{Timestamp, tz::TimeZone};
use resync_api::v1::{Direction, Job};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text that somebody else wrote, for a terminal: what could move the cursor, colour the screen or
/// turn the direction of writing shows as a replacement character instead.
#[must_use]
pub fn clean(text: &str) -> String {
    let steers = |character: char| {
        character.is_control()
            || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|character| {
            if steers(character) {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// The columns that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text, filled with spaces up to `columns`.
#[must_use]
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text, cut to `columns` with an ellipsis where it is longer.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used >= columns {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// A count with its noun: `1 change`, `2 changes`.
#[must_use]
pub fn counted(count: i32, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// A date and time, or `-` when there is none.
#[must_use]
pub fn date_time(time: Option<&prost_types::Timestamp>, zone: &TimeZone) -> String {
    formatted(time, zone, "%Y-%m-%d %H:%M:%S")
}

/// The time of a day, or `-` when there is none.
#[must_use]
pub fn clock_time(time: Option<&prost_types::Timestamp>, zone: &TimeZone) -> String {
    formatted(time, zone, "%H:%M:%S")
}

fn formatted(time: Option<&prost_types::Timestamp>, zone: &TimeZone, format: &str) -> String {
    time.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok())
        .map_or_else(
            || "-".to_owned(),
            |time| time.to_zoned(zone.clone()).strftime(format).to_string(),
        )
}

/// The time between two instants: `0.4s`, `12s`, `3m05s`; empty when one is missing.
#[must_use]
pub fn elapsed(
    from: Option<&prost_types::Timestamp>,
    until: Option<&prost_types::Timestamp>,
) -> String {
    let (Some(from), Some(until)) = (from, until) else {
        return String::new();
    };
    let milliseconds = (until.seconds - from.seconds)
        .saturating_mul(1000)
        .saturating_add(i64::from(until.nanos - from.nanos) / 1_000_000)
        .max(0);
    match milliseconds / 1000 {
        seconds @ 0..10 => format!("{seconds}.{}s", milliseconds % 1000 / 100),
        seconds @ 10..60 => format!("{seconds}s"),
        seconds => format!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}

/// The last part of a resource name: `launch` of `structures/launch`.
#[must_use]
pub fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// A job as people name it, `launch/12`; the resource name when it has another form.
#[must_use]
pub fn job_id(name: &str) -> String {
    match name.split('/').collect::<Vec<_>>()[..] {
        ["structures", structure, "jobs", job] => format!("{structure}/{job}"),
        _ => name.to_owned(),
    }
}

/// The resource name of a job, for what people give: `launch/12`, or the name itself.
#[must_use]
pub fn job_name(given: &str) -> Option<String> {
    match given.split('/').collect::<Vec<_>>()[..] {
        [structure, job] if !structure.is_empty() && !job.is_empty() => {
            Some(format!("structures/{structure}/jobs/{job}"))
        }
        ["structures", _, "jobs", _] => Some(given.to_owned()),
        _ => None,
    }
}

/// What a job does, in a word or two: `preview into`, `resync from`, `sync`.
#[must_use]
pub fn job_kind(job: &Job) -> String {
    let verb = match (job.kind(), job.preview) {
        (_, true) => "preview",
        (resync_api::v1::job::Kind::IncrementalSync, false) => "sync",
        (_, false) => "resync",
    };
    match job.direction() {
        Direction::IntoStructure => format!("{verb} into"),
        Direction::FromStructure => format!("{verb} from"),
        Direction::Unspecified => verb.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, nanos: i32) -> prost_types::Timestamp {
        prost_types::Timestamp { seconds, nanos }
    }

    #[test]
    fn text_of_others_cannot_steer_the_terminal() {
        assert_eq!(
            clean("a\u{1b}[2Jb\r\n\u{202e}c"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}c"
        );
        assert_eq!(clean("Überprüfung 検査"), "Überprüfung 検査");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("検査"), 4);
        assert_eq!(pad("検査", 6), "検査  ");
        assert_eq!(cut("検査検査", 5), "検査…");
        assert_eq!(cut("short", 5), "short");
    }

    #[test]
    fn durations_are_short() {
        let from = at(100, 900_000_000);
        for (until, expected) in [
            (at(101, 300_000_000), "0.4s"),
            (at(113, 0), "12s"),
            (at(286, 0), "3m05s"),
            (at(50, 0), "0.0s"),
        ] {
            assert_eq!(elapsed(Some(&from), Some(&until)), expected);
        }
        assert_eq!(elapsed(Some(&from), None), "");
    }

    #[test]
    fn times_are_those_of_the_zone() {
        let time = at(1_795_521_600, 0);
        assert_eq!(
            date_time(Some(&time), &TimeZone::UTC),
            "2026-11-24 12:00:00"
        );
        assert_eq!(clock_time(None, &TimeZone::UTC), "-");
    }

    #[test]
    fn jobs_are_named_by_structure_and_number() {
        assert_eq!(job_id("structures/launch/jobs/12"), "launch/12");
        assert_eq!(
            job_name("launch/12").as_deref(),
            Some("structures/launch/jobs/12")
        );
        assert_eq!(
            job_name("structures/launch/jobs/12").as_deref(),
            Some("structures/launch/jobs/12")
        );
        for given in [
            "12",
            "launch/",
            "/12",
            "a/b/c",
            "structures/launch/synchronizers/scope",
        ] {
            assert_eq!(job_name(given), None, "{given}");
        }
    }
}
