//! Instants as Jira writes and reads them: milliseconds, and an offset without colon.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2012-02-10T00:44:31.000+0000`, in the zone.
pub(crate) fn written(milliseconds: i64, zone: &TimeZone) -> String {
    let mut out = Vec::with_capacity(28);
    write(&mut out, milliseconds, zone);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends what `written` gives. By hand: this is a third of the cost of an issue otherwise.
pub(crate) fn write(out: &mut Vec<u8>, milliseconds: i64, zone: &TimeZone) {
    let instant = Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    let offset = zone.to_offset(instant);
    let local = offset.to_datetime(instant);
    two(out, i32::from(local.year()) / 100);
    two(out, i32::from(local.year()) % 100);
    for (separator, part) in [
        (b'-', local.month()),
        (b'-', local.day()),
        (b'T', local.hour()),
        (b':', local.minute()),
        (b':', local.second()),
    ] {
        out.push(separator);
        two(out, i32::from(part));
    }
    out.push(b'.');
    out.push(b'0' + (local.millisecond() / 100) as u8);
    two(out, i32::from(local.millisecond() % 100));
    let seconds = offset.seconds();
    out.push(if seconds < 0 { b'-' } else { b'+' });
    two(out, seconds.abs() / 3600);
    two(out, seconds.abs() / 60 % 60);
}

fn two(out: &mut Vec<u8>, number: i32) {
    out.push(b'0' + (number / 10 % 10) as u8);
    out.push(b'0' + (number % 10) as u8);
}

/// Reads what Jira writes; milliseconds since 1970.
pub(crate) fn read(text: &str) -> Option<i64> {
    jiff::Zoned::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text)
        .map(|zoned| zoned.timestamp())
        .or_else(|_| Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text))
        .ok()
        .map(|instant| instant.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_in_any_zone() {
        let instant = 1_683_640_103_967;
        for (zone, text) in [
            ("Etc/UTC", "2023-05-09T13:48:23.967+0000"),
            ("America/New_York", "2023-05-09T09:48:23.967-0400"),
            ("Asia/Kolkata", "2023-05-09T19:18:23.967+0530"),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            assert_eq!(written(instant, &zone), text);
            assert_eq!(read(text), Some(instant));
        }
    }
}
