//! The size of a status, and what comes with a reason.

use super::*;
use resync_core::problem::Problem;

#[test]
fn a_megabyte_of_tracker_error_fits_into_four_kibibytes() {
    for letter in ["x", "%", "é", "\n", "日"] {
        let words = letter.repeat(1024 * 1024 / letter.len());
        let mut refusal = Refusal::new(Reason::QueryInvalid, &words).with("jql", &words);
        for number in 0..100 {
            let field = format!("synchronizer.rule.filter.jql{number}");
            refusal.violations.push(Violation {
                field,
                description: words.clone(),
            });
        }
        let status = to_status(refusal);
        assert!(size_on_the_wire(&status) < STATUS_BYTES_MAX, "{letter}");
        let details = status.get_error_details();
        assert_eq!(
            details.error_info().unwrap().reason,
            "ERROR_REASON_QUERY_INVALID"
        );
        assert!(!details.bad_request().unwrap().field_violations.is_empty());
    }
}

#[test]
fn a_short_message_is_sent_as_it_is() {
    let refusal = Refusal::field("name", "is required");
    let status = to_status(refusal);
    assert_eq!(status.message(), "name: is required");
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[test]
fn a_fault_of_the_server_shows_a_number_and_nothing_else() {
    let status = to_status(Refusal::internal("password=hunter2 in /etc/secret"));
    assert!(!format!("{status:?}").contains("hunter2"));
    let details = status.get_error_details();
    assert_eq!(details.request_info().unwrap().request_id, "0".repeat(32));
    assert_eq!(
        details.error_info().unwrap().metadata["traceId"],
        "0".repeat(32)
    );
}

#[test]
fn the_delay_that_a_tracker_asked_for_is_passed_on() {
    let refusal = Refusal::from(Problem::new(Reason::TrackerThrottled, "slow down"));
    let status = to_status(refusal.after(Duration::from_secs(42)));
    let retry = status.get_error_details().retry_info().unwrap().retry_delay;
    assert_eq!(retry, Some(Duration::from_secs(42)));
}
