//! The fields of all requests, from the descriptors of the API.

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};
use std::collections::{BTreeSet, HashMap};

/// A message, with the comments on its fields.
struct Described {
    message: DescriptorProto,
    comments: Vec<String>,
}

/// Every field that a caller sets, by method: `structure.display_name`, `changes[].add_rows`.
///
/// Left out: fields that are output only by their comment, which are ignored when they are sent;
/// and flags, of which either value is allowed.
pub(super) fn request_fields() -> BTreeSet<(String, String)> {
    let set = FileDescriptorSet::decode(resync_api::FILE_DESCRIPTOR_SET).unwrap();
    let files = set.file.iter().filter(|file| file.package() == "resync.v1");
    let messages: HashMap<String, Described> = files.clone().flat_map(described).collect();
    let mut fields = BTreeSet::new();
    let mut methods = 0;
    for method in files
        .flat_map(|file| &file.service)
        .flat_map(|service| &service.method)
    {
        methods += 1;
        walk(
            &messages,
            method.name(),
            method.input_type(),
            "",
            &mut fields,
        );
    }
    assert!(methods > 30, "the descriptors are not those of the API");
    fields
}

fn described(file: &FileDescriptorProto) -> Vec<(String, Described)> {
    let comments = |number: i32, field: i32| {
        let path = [4, number, 2, field];
        let info = file.source_code_info.as_ref().unwrap();
        let found = info.location.iter().find(|location| location.path == path);
        found
            .map(|location| location.leading_comments().to_owned())
            .unwrap_or_default()
    };
    let one = |(number, message): (usize, &DescriptorProto)| {
        let number = i32::try_from(number).unwrap();
        let fields = 0..i32::try_from(message.field.len()).unwrap();
        let comments = fields.map(|field| comments(number, field)).collect();
        let name = format!(".resync.v1.{}", message.name());
        (
            name,
            Described {
                message: message.clone(),
                comments,
            },
        )
    };
    file.message_type.iter().enumerate().map(one).collect()
}

fn walk(
    messages: &HashMap<String, Described>,
    method: &str,
    message: &str,
    front: &str,
    fields: &mut BTreeSet<(String, String)>,
) {
    let Some(described) = messages.get(message) else {
        return;
    };
    for (field, comment) in described.message.field.iter().zip(&described.comments) {
        if comment.contains("Output only.") || field.r#type() == Type::Bool {
            continue;
        }
        let path = format!("{front}{}", name_of(field));
        fields.insert((method.to_owned(), path.clone()));
        walk(
            messages,
            method,
            field.type_name(),
            &format!("{path}."),
            fields,
        );
    }
}

/// The name, with brackets when it is repeated and has fields itself.
fn name_of(field: &FieldDescriptorProto) -> String {
    let many = field.label() == Label::Repeated;
    let name = field.name();
    if many {
        format!("{name}[]")
    } else {
        name.to_owned()
    }
}
