//! From where on changes are asked for.

use proptest::prelude::*;
use resync_core::incremental::{CLOCK_AND_INDEX_LAG, Cursor, OVERLAP};
use resync_core::time::Timestamp;

const MINUTE: i64 = 60_000;

#[test]
fn a_window_begins_eleven_minutes_before_the_cursor_at_a_whole_minute() {
    let cursor = Cursor(Timestamp(100 * MINUTE + 1));
    assert_eq!(cursor.window_start(), Timestamp(89 * MINUTE));
}

#[test]
fn a_read_without_changes_leaves_the_cursor() {
    let cursor = Cursor(Timestamp(5));
    assert_eq!(cursor.after(None, Timestamp(0)), cursor);
}

proptest! {
    #[test]
    fn a_cursor_never_goes_back(start in 0..i64::MAX, stamps in prop::collection::vec(any::<i64>(), 0..20)) {
        let mut cursor = Cursor(Timestamp(start));
        for stamp in stamps {
            let next = cursor.after(Some(Timestamp(stamp)), Timestamp(stamp));
            prop_assert!(next >= cursor);
            cursor = next;
        }
    }

    /// Whatever shows up in the index at most the allowance after its stamp is in the window of a
    /// poll that comes after it, however the polls lie.
    #[test]
    fn a_change_that_shows_up_late_is_in_the_window_of_the_next_poll(
        changes in prop::collection::vec((0_i64..3_600_000, 0_i64..600_000), 1..20),
        polls in prop::collection::vec(1_i64..600_000, 1..30),
    ) {
        let lag = CLOCK_AND_INDEX_LAG.as_millis() as i64;
        prop_assume!(OVERLAP.as_millis() as i64 == MINUTE && lag == 10 * MINUTE);
        let mut cursor = Cursor(Timestamp(0));
        let mut seen = vec![false; changes.len()];
        let mut now = 0;
        for pause in polls.into_iter().chain([10_000_000]) {
            now += pause;
            let from = cursor.window_start();
            let mut newest = None;
            for (place, &(stamp, delay)) in changes.iter().enumerate() {
                // Dates are compared by the minute.
                if stamp + delay <= now && stamp.div_euclid(MINUTE) * MINUTE >= from.0 {
                    seen[place] = true;
                    newest = newest.max(Some(Timestamp(stamp)));
                }
            }
            cursor = cursor.after(newest, Timestamp(i64::MAX / 2));
        }
        prop_assert!(seen.iter().all(|seen| *seen), "{changes:?}");
    }
}

#[test]
fn an_issue_from_the_future_does_not_hide_what_changes_until_then() {
    let (began, year) = (Timestamp(100 * MINUTE), 525_600 * MINUTE);
    let cursor = Cursor(Timestamp(0)).after(Some(Timestamp(began.0 + year)), began);
    assert!(cursor.window_start() <= began, "{cursor:?}");
}
