//! The API as a schema: its style, its comments, and that it breaks no client. The checks are
//! checked, too: each must find a fault that is put in.

use crate::support::shared::repository;
use crate::support::shell::{Said, Shell, has_tool};
use prost::Message;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    ServiceDescriptorProto,
};
use std::collections::HashMap;
use std::path::Path;
use tempfile::TempDir;

/// Runs buf where there is no network, if this machine allows to take it away.
fn buf(arguments: &str) -> Said {
    let shell = Shell::new("");
    let prefix = if shell.run("unshare --net true").exit == 0 {
        "unshare --net "
    } else {
        println!("the network cannot be taken away here; buf runs with it");
        ""
    };
    shell.run(&format!("{prefix}buf {arguments}"))
}

fn assert_clean(arguments: &str) {
    let said = buf(arguments);
    assert_eq!(said.exit, 0, "buf {arguments}\n{}{}", said.out, said.err);
}

/// A copy of the API in which a text is replaced.
fn altered(file: &str, from: &str, to: &str) -> TempDir {
    let copy = tempfile::tempdir().expect("a folder can be made");
    copy_folder(&repository().join("proto"), copy.path());
    let path = copy.path().join(file);
    let text = std::fs::read_to_string(&path).expect("the file can be read");
    assert!(text.contains(from), "{file} has {from:?}");
    std::fs::write(&path, text.replacen(from, to, 1)).expect("the file can be written");
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a file can be copied");
        }
    }
}

#[test]
fn the_api_has_the_style_of_its_linter() {
    if has_tool("buf") {
        assert_clean("lint proto");
        assert_clean("format --diff --exit-code proto");
    }
}

#[test]
fn the_api_breaks_no_client_of_the_baseline() {
    if has_tool("buf") {
        assert_clean("breaking proto --against proto/baseline.binpb");
    }
}

#[test]
fn a_comment_that_is_missing_is_found() {
    if !has_tool("buf") {
        return;
    }
    let comment = "  // The version of the server, for example `1.4.2`.\n";
    let copy = altered("resync/v1/server_service.proto", comment, "");
    let said = buf(&format!("lint {}", copy.path().display()));
    assert_eq!(said.exit, 100, "{said:?}");
    assert!(
        said.out
            .contains("Field \"version\" should have a non-empty comment"),
        "{said:?}"
    );
}

#[test]
fn a_field_that_is_removed_is_found() {
    if !has_tool("buf") {
        return;
    }
    let field = "  string commit = 2;\n";
    let copy = altered("resync/v1/server_service.proto", field, "");
    let said = buf(&format!(
        "breaking {} --against proto/baseline.binpb",
        copy.path().display()
    ));
    assert_eq!(said.exit, 100, "{said:?}");
    assert!(
        said.out
            .contains("Previously present field \"2\" with name \"commit\""),
        "{said:?}"
    );
}

#[test]
fn a_format_that_is_not_kept_is_found() {
    if !has_tool("buf") {
        return;
    }
    let copy = altered(
        "resync/v1/server_service.proto",
        "  string commit = 2;",
        " string commit=2;",
    );
    let said = buf(&format!(
        "format --diff --exit-code {}",
        copy.path().display()
    ));
    assert_eq!(said.exit, 100, "{said:?}");
}

/// The elements of a file, each with its path as the descriptors number it.
type Elements = Vec<(Vec<i32>, String)>;

fn elements(file: &FileDescriptorProto) -> Elements {
    let mut found = Vec::new();
    for (index, message) in (0..).zip(&file.message_type) {
        add_message(&mut found, &[4, index], file.package(), message);
    }
    for (index, choice) in (0..).zip(&file.enum_type) {
        add_enum(&mut found, &[5, index], file.package(), choice);
    }
    for (index, service) in (0..).zip(&file.service) {
        add_service(&mut found, &[6, index], file.package(), service);
    }
    found
}

fn child(path: &[i32], field: i32, index: i32) -> Vec<i32> {
    [path, &[field, index]].concat()
}

fn add_message(found: &mut Elements, path: &[i32], scope: &str, message: &DescriptorProto) {
    // What a map is made of stands nowhere in the text.
    if message
        .options
        .as_ref()
        .is_some_and(|options| options.map_entry())
    {
        return;
    }
    let name = format!("{scope}.{}", message.name());
    for (index, field) in (0..).zip(&message.field) {
        found.push((child(path, 2, index), format!("{name}.{}", field.name())));
    }
    for (index, oneof) in (0..).zip(&message.oneof_decl) {
        // An optional field is a oneof of its own in the descriptors only.
        let synthetic = message
            .field
            .iter()
            .any(|field| field.proto3_optional() && field.oneof_index == Some(index));
        if !synthetic {
            found.push((child(path, 8, index), format!("{name}.{}", oneof.name())));
        }
    }
    for (index, nested) in (0..).zip(&message.nested_type) {
        add_message(found, &child(path, 3, index), &name, nested);
    }
    for (index, choice) in (0..).zip(&message.enum_type) {
        add_enum(found, &child(path, 4, index), &name, choice);
    }
    found.push((path.to_vec(), name));
}

fn add_enum(found: &mut Elements, path: &[i32], scope: &str, choice: &EnumDescriptorProto) {
    let name = format!("{scope}.{}", choice.name());
    for (index, value) in (0..).zip(&choice.value) {
        found.push((child(path, 2, index), format!("{name}.{}", value.name())));
    }
    found.push((path.to_vec(), name));
}

fn add_service(found: &mut Elements, path: &[i32], scope: &str, service: &ServiceDescriptorProto) {
    let name = format!("{scope}.{}", service.name());
    for (index, method) in (0..).zip(&service.method) {
        found.push((child(path, 2, index), format!("{name}.{}", method.name())));
    }
    found.push((path.to_vec(), name));
}

/// The elements of a file that no comment stands above.
fn uncommented(file: &FileDescriptorProto) -> Vec<String> {
    let source = file.source_code_info.as_ref().expect("comments are kept");
    let comments: HashMap<&[i32], &str> = source
        .location
        .iter()
        .map(|location| (location.path.as_slice(), location.leading_comments()))
        .collect();
    elements(file)
        .into_iter()
        .filter(|(path, _)| {
            comments
                .get(path.as_slice())
                .is_none_or(|comment| comment.trim().is_empty())
        })
        .map(|(_, name)| name)
        .collect()
}

fn files() -> Vec<FileDescriptorProto> {
    let set = FileDescriptorSet::decode(resync_api::FILE_DESCRIPTOR_SET)
        .expect("the descriptors are whole");
    let ours: Vec<_> = set
        .file
        .into_iter()
        .filter(|file| file.package() == "resync.v1")
        .collect();
    assert!(ours.len() >= 10, "the files of the API are there");
    ours
}

#[test]
fn every_element_that_is_served_has_a_comment() {
    let count: usize = files().iter().map(|file| elements(file).len()).sum();
    assert!(count > 500, "only {count} elements are looked at");
    for file in files() {
        assert_eq!(uncommented(&file), Vec::<String>::new(), "{}", file.name());
    }
}

#[test]
fn an_element_without_a_comment_is_told_by_name() {
    let mut file = files()
        .into_iter()
        .find(|file| file.name().ends_with("server_service.proto"))
        .expect("the server describes itself");
    let source = file.source_code_info.as_mut().expect("comments are kept");
    for location in &mut source.location {
        if location.path == [4, 1, 2, 0] {
            location.leading_comments = None;
        }
    }
    assert_eq!(
        uncommented(&file),
        ["resync.v1.DescribeServerResponse.version"]
    );
}
