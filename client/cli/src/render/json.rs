//! Messages as JSON, in the mapping that proto3 defines, taken from the descriptors of the API.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use resync_api::v1;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(resync_api::FILE_DESCRIPTOR_SET)
        .expect("the descriptors of this build are complete")
});

/// A message that can be printed as JSON.
pub trait Document: Message {
    /// The name of the message without its package, for example `Job`.
    const NAME: &str;
}

macro_rules! documents {
    ($($name:ident),* $(,)?) => {
        $(impl Document for v1::$name { const NAME: &str = stringify!($name); })*
    };
}

documents!(
    CheckTrackerResponse,
    DescribeServerResponse,
    EditForestResponse,
    Job,
    JobChange,
    ListJobChangesResponse,
    ListJobsResponse,
    ListRowsResponse,
    ListStructuresResponse,
    ListSynchronizerKindsResponse,
    ListSynchronizersResponse,
    ListTrackersResponse,
    Row,
    Structure,
    Synchronizer,
    SynchronizerKind,
    Tracker,
    WatchJobResponse,
);

fn descriptor<Printed: Document>() -> MessageDescriptor {
    POOL.get_message_by_name(&format!("resync.v1.{}", Printed::NAME))
        .expect("every document is a message of the API")
}

/// The message as a JSON value. Fields that are zero or empty are there, too, so that a script
/// needs no second case for them.
#[must_use]
pub fn value<Printed: Document>(message: &Printed) -> serde_json::Value {
    let mut dynamic = DynamicMessage::new(descriptor::<Printed>());
    let options = SerializeOptions::new().skip_default_fields(false);
    dynamic
        .merge(message.encode_to_vec().as_slice())
        .ok()
        .and_then(|()| {
            dynamic
                .serialize_with_options(serde_json::value::Serializer, &options)
                .ok()
        })
        .expect("what was encoded by one description of a message is decoded by the same")
}

/// One document, on several lines.
#[must_use]
pub fn document<Printed: Document>(message: &Printed) -> String {
    format!("{:#}\n", value(message))
}

/// One document, on one line.
#[must_use]
pub fn line<Printed: Document>(message: &Printed) -> String {
    format!("{}\n", value(message))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_message_has_the_names_and_values_of_proto3_json() {
        let job = v1::Job {
            name: "structures/launch/jobs/13".to_owned(),
            direction: v1::Direction::IntoStructure.into(),
            state: v1::job::State::Running.into(),
            base_forest_version: 41,
            create_time: Some(prost_types::Timestamp {
                seconds: 1_795_521_600,
                nanos: 0,
            }),
            progress: Some(v1::JobProgress {
                percent: Some(0),
                ..Default::default()
            }),
            ..Default::default()
        };
        let value = value(&job);
        assert_eq!(value["createTime"], "2026-11-24T12:00:00Z");
        assert_eq!(value["direction"], "DIRECTION_INTO_STRUCTURE");
        assert_eq!(value["baseForestVersion"], "41");
        assert_eq!(value["changesMade"], false);
        assert_eq!(value.get("plan"), None);
        expect![[r#"
            {
              "doneCount": 0,
              "message": "",
              "percent": 0,
              "phase": "PHASE_UNSPECIFIED"
            }"#]]
        .assert_eq(&format!("{:#}", value["progress"]));
    }

    #[test]
    fn a_line_is_one_line() {
        let structure = v1::Structure {
            description: "a\nb".to_owned(),
            ..Default::default()
        };
        assert_eq!(line(&structure).matches('\n').count(), 1);
        assert!(document(&structure).ends_with("}\n"));
    }
}
