//! Every method asks who calls and what they may do, before it looks at anything: enumerated from
//! the descriptors, so that a method that is added without this fails the test.

use crate::support::{Setup, TestServer, reason};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use resync_core::id::Principal;
use resync_service::Access;
use std::sync::Arc;
use tonic::{Code, Request, Status};

/// Methods that every known caller may call. Lists over all structures leave out what the caller
/// may not view; with an empty request they complain about the request.
const OPEN: &[&str] = &[
    "DescribeServer",
    "GetSynchronizerKind",
    "GetTracker",
    "ListStructures",
    "ListSynchronizerKinds",
    "ListTrackers",
];

/// Every method of the API: its name and its path.
fn methods() -> Vec<(String, String)> {
    let set = FileDescriptorSet::decode(resync_api::FILE_DESCRIPTOR_SET).unwrap();
    let files = set.file.iter().filter(|file| file.package() == "resync.v1");
    let services = files.flat_map(|file| &file.service);
    let found = services.flat_map(|service| {
        service.method.iter().map(|method| {
            let path = format!("/resync.v1.{}/{}", service.name(), method.name());
            (method.name().to_owned(), path)
        })
    });
    found.collect()
}

/// Calls a method with an empty request.
async fn call(server: &TestServer, path: &str) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(server.channel.clone());
    client.ready().await.unwrap();
    let codec: tonic_prost::ProstCodec<(), ()> = tonic_prost::ProstCodec::default();
    let path = path.parse::<http::uri::PathAndQuery>().unwrap();
    client
        .server_streaming(Request::new(()), path, codec)
        .await
        .map(drop)
}

#[tokio::test]
async fn a_caller_without_permissions_may_do_nothing_but_what_is_open() {
    let identify = |_: &http::HeaderMap| Some(Principal::new("users/bob"));
    let access = Access::new(Arc::new(identify), Arc::new(|_: &_, _, _: &_| false));
    let server = TestServer::with(Setup {
        access,
        ..Setup::default()
    })
    .await;
    let methods = methods();
    assert!(methods.len() > 30);
    for (name, path) in methods {
        let result = call(&server, &path).await;
        if OPEN.contains(&name.as_str()) {
            let denied = result.is_err_and(|status| status.code() == Code::PermissionDenied);
            assert!(!denied, "{name} is open");
            continue;
        }
        let status = result.expect_err(&name);
        let found = (status.code(), reason(&status));
        assert_eq!(
            found,
            (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_caller_who_is_not_known_may_not_even_do_that() {
    let access = Access::new(Arc::new(|_: &_| None), Arc::new(|_: &_, _, _: &_| true));
    let server = TestServer::with(Setup {
        access,
        ..Setup::default()
    })
    .await;
    for (name, path) in methods() {
        let status = call(&server, &path).await.expect_err(&name);
        let found = (status.code(), reason(&status));
        assert_eq!(
            found,
            (Code::Unauthenticated, "CALLER_UNKNOWN".to_owned()),
            "{name}"
        );
    }
}
