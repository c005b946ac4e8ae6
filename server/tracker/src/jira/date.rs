//! Jira's dates: `2012-02-10T00:44:31.000+0000`, the offset without a colon.
//!
//! What it is not: a lenient parser. A date that looks different is an answer not understood.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use resync_core::time::Timestamp;

/// Length of a date, in bytes.
const LENGTH: usize = 28;

/// The instant; `None` when the text is not a date in Jira's own form.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let separators = [
        (4, b'-'),
        (7, b'-'),
        (10, b'T'),
        (13, b':'),
        (16, b':'),
        (19, b'.'),
    ];
    if bytes.len() != LENGTH || separators.iter().any(|(at, byte)| bytes[*at] != *byte) {
        return None;
    }
    let year = i16::try_from(digits(&bytes[0..4])?).ok()?;
    let [month, day, hour, minute, second, zone_hours, zone_minutes] =
        [5, 8, 11, 14, 17, 24, 26].map(|at| pair(&bytes[at..at + 2]));
    let nanosecond = i32::try_from(digits(&bytes[20..23])?).ok()? * 1_000_000;
    let local = DateTime::new(year, month?, day?, hour?, minute?, second?, nanosecond).ok()?;
    let east = match bytes[23] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let zone_minutes = zone_minutes.filter(|minutes| *minutes < 60)?;
    let seconds = (i32::from(zone_hours?) * 60 + i32::from(zone_minutes)) * 60 * east;
    let instant = Offset::from_seconds(seconds)
        .ok()?
        .to_timestamp(local)
        .ok()?;
    Some(Timestamp(instant.as_millisecond()))
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit()
            .then(|| value * 10 + u32::from(byte - b'0'))
    })
}

fn pair(bytes: &[u8]) -> Option<i8> {
    digits(bytes).and_then(|value| i8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use resync_core::time::Timestamp;

    #[test]
    fn a_date_is_an_instant_whatever_its_zone() {
        for (text, milliseconds) in [
            ("1970-01-01T00:00:00.000+0000", 0),
            ("1970-01-01T01:30:00.007+0130", 7),
            ("1969-12-31T19:00:00.000-0500", 0),
            ("2012-02-10T00:44:31.000+0000", 1_328_834_671_000),
            ("2023-05-09T08:23:50.967-0500", 1_683_638_630_967),
        ] {
            assert_eq!(parse(text), Some(Timestamp(milliseconds)), "{text}");
        }
    }

    #[test]
    fn another_form_is_not_a_date() {
        for text in [
            "",
            "2012-02-10",
            "2012-02-10T00:44:31Z",
            "2012-02-10T00:44:31.000+00:00",
            "2012-02-10 00:44:31.000+0000",
            "2012-02-30T00:44:31.000+0000",
            "2012-02-10T24:44:31.000+0000",
            "2012-02-10T00:44:31.000 0000",
            "2012-02-10T00:44:31.000+0060",
            "2012-02-10T00:44:31.000+9900",
            "2012-02-10T00:44:31.0x0+0000",
            "2012-02-1\u{e9}T00:44:31.00+0000",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
