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

/// The messages of a file, nested ones included.
fn described(file: &FileDescriptorProto) -> Vec<(String, Described)> {
    let mut all = Vec::new();
    for (number, message) in (0..).zip(&file.message_type) {
        describe(file, message, &[4, number], ".resync.v1", &mut all);
    }
    all
}

/// Describes a message and those in it. `path` is where its comments are.
fn describe(
    file: &FileDescriptorProto,
    message: &DescriptorProto,
    path: &[i32],
    front: &str,
    all: &mut Vec<(String, Described)>,
) {
    let name = format!("{front}.{}", message.name());
    for (number, nested) in (0..).zip(&message.nested_type) {
        describe(file, nested, &[path, &[3, number]].concat(), &name, all);
    }
    let comment = |field: i32| {
        let path = [path, &[2, field]].concat();
        let info = file.source_code_info.as_ref().unwrap();
        let found = info.location.iter().find(|location| location.path == path);
        found
            .map(|location| location.leading_comments().to_owned())
            .unwrap_or_default()
    };
    let fields = 0..i32::try_from(message.field.len()).unwrap();
    let described = Described {
        message: message.clone(),
        comments: fields.map(comment).collect(),
    };
    all.push((name, described));
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
