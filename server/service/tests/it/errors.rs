//! Every reason of the API is produced by a test of this crate, or is the engine's.

use resync_api::v1::ErrorReason;

/// The tests, as text: what they assert about.
const TESTS: &[&str] = &[
    include_str!("bad_input/the_rest.rs"),
    include_str!("forests.rs"),
    include_str!("jobs.rs"),
    include_str!("resyncs.rs"),
    include_str!("serving.rs"),
    include_str!("structures.rs"),
    include_str!("synchronizers.rs"),
    include_str!("trackers.rs"),
    include_str!("watches.rs"),
];

/// Reasons that only jobs have, so that the engine's tests produce them.
const OF_THE_ENGINE: &[&str] = &["CHANGE_LIMIT_EXCEEDED"];

#[test]
fn every_reason_is_produced_by_a_test() {
    let mut values = 0;
    for number in 1.. {
        let Ok(reason) = ErrorReason::try_from(number) else {
            break;
        };
        values += 1;
        let name = reason.as_str_name().strip_prefix("ERROR_REASON_").unwrap();
        let quoted = format!("\"{name}\"");
        let produced = TESTS.iter().any(|text| text.contains(&quoted));
        assert!(
            produced != OF_THE_ENGINE.contains(&name),
            "{name} is produced by no test, or by one although it is the engine's"
        );
    }
    assert_eq!(values, 30);
}
