//! Which issues were updated since a moment.
//!
//! What it is not: a proof that nothing else changed. `updated` does not move when ranks are
//! balanced or an issue is deleted, and the search index lags: the caller asks with an overlap.
//!
//! Jira reads a written moment to the minute, in the zone of the account's profile. The result is
//! read in the order of creation, which no edit changes, and put in the order of updates here: in
//! the order of updates, an issue that is edited during the read would shift those behind it.

use super::jql::Jql;
use super::query::Search;
use super::transport::Transport;
use super::{Jira, answer};
use crate::{Error, Query};
use jiff::ToSpan;
use jiff::tz::TimeZone;
use resync_core::issue::ObservedIssue;
use resync_core::time::Timestamp;

/// Half hours to go back at most from a local time that came twice: clocks were once set back by
/// a whole day.
const HALF_HOURS_BACK_MAX: u32 = 50;

impl<T: Transport> Jira<T> {
    /// Reads the issues of a scope that were updated at or after `since`, in that order.
    pub(super) async fn read_changed(
        &self,
        since: Timestamp,
        scope: &Query,
        time_zone: &str,
    ) -> Result<Vec<ObservedIssue>, Error> {
        let bound = format!("updated >= \"{}\"", literal(since, time_zone)?);
        let searches = self.searches(scope).await?.into_iter();
        let searches = searches.map(|search| bounded(search, &bound)).collect();
        let mut issues = self.read_searches(searches, &|_| ()).await?.issues;
        issues.retain(|issue| issue.updated >= since);
        issues.sort_unstable_by_key(|issue| (issue.updated, issue.id));
        Ok(issues)
    }
}

fn bounded(search: Search, bound: &str) -> Search {
    let condition = match search.jql.condition.as_str() {
        "" => bound.to_owned(),
        condition => format!("({condition}) AND {bound}"),
    };
    Search {
        jql: Jql {
            condition,
            order: None,
        },
        origin: search.origin,
    }
}

/// The minute of a moment as it is written in a zone; an earlier one where the clocks were set
/// back, so that the text cannot be taken for a later moment.
fn literal(moment: Timestamp, time_zone: &str) -> Result<String, Error> {
    let zone = TimeZone::get(time_zone).map_err(|_| {
        let detail = format!("the account's time zone {time_zone:.60} is not known");
        Error::AnswerInvalid {
            detail: answer::clean(&detail),
        }
    })?;
    // Before 1970 there is no Jira, and a moment that is out of range asks for everything.
    let mut instant = jiff::Timestamp::from_millisecond(moment.0.max(0)).unwrap_or_default();
    for _ in 0..HALF_HOURS_BACK_MAX {
        let local = instant.to_zoned(zone.clone()).datetime();
        if !zone.to_ambiguous_timestamp(local).is_ambiguous() {
            break;
        }
        instant = instant.saturating_sub(30.minutes()).unwrap_or(instant);
    }
    let zoned = instant.to_zoned(zone);
    Ok(zoned.strftime("%Y/%m/%d %H:%M").to_string())
}

#[cfg(test)]
mod tests {
    use super::literal;
    use crate::Error;
    use resync_core::time::Timestamp;

    fn written(text: &str, zone: &str) -> String {
        let instant: jiff::Timestamp = text.parse().unwrap();
        literal(Timestamp(instant.as_millisecond()), zone).unwrap()
    }

    #[test]
    fn a_moment_is_written_to_the_minute_in_the_zone() {
        for (moment, zone, expected) in [
            ("2026-11-22T10:05:59.999Z", "UTC", "2026/11/22 10:05"),
            ("2026-11-22T10:05:00Z", "Asia/Kolkata", "2026/11/22 15:35"),
            (
                "2026-11-22T03:05:00Z",
                "America/New_York",
                "2026/11/21 22:05",
            ),
            (
                "2026-07-01T03:05:00Z",
                "America/New_York",
                "2026/06/30 23:05",
            ),
            ("1969-01-01T00:00:00Z", "UTC", "1970/01/01 00:00"),
        ] {
            assert_eq!(written(moment, zone), expected, "{moment} {zone}");
        }
    }

    #[test]
    fn a_local_time_that_comes_twice_is_never_written() {
        for (moment, expected) in [
            ("2026-11-01T04:59:00Z", "2026/11/01 00:59"),
            ("2026-11-01T05:10:00Z", "2026/11/01 00:40"),
            ("2026-11-01T05:59:00Z", "2026/11/01 00:59"),
            ("2026-11-01T06:10:00Z", "2026/11/01 00:40"),
            ("2026-11-01T07:00:00Z", "2026/11/01 02:00"),
        ] {
            assert_eq!(written(moment, "America/New_York"), expected, "{moment}");
        }
    }

    #[test]
    fn a_zone_that_is_not_known_is_an_error() {
        let outcome = literal(Timestamp(0), "Middle/Earth");
        assert!(
            matches!(outcome, Err(Error::AnswerInvalid { .. })),
            "{outcome:?}"
        );
    }
}
