//! The server as any gRPC tool finds it: reflection in both versions, calls, streams, errors with
//! their details, health.

use crate::support::binary::Server;
use crate::support::shell::{Shell, has_tool};
use expect_test::expect;

fn demo() -> (Server, Shell) {
    let mut demo = Server::start(&["demo", "--port", "0"]);
    demo.wait_for("Ctrl-C stops the demo");
    let shell = Shell::new(&demo.address);
    (demo, shell)
}

#[test]
fn grpcurl_lists_and_describes() {
    if !has_tool("grpcurl") {
        return;
    }
    let (_demo, shell) = demo();
    expect![[r#""#]].assert_eq(&shell.talk(&[
        "grpcurl -plaintext $SERVER list",
        "grpcurl -plaintext $SERVER describe resync.v1.ServerService",
        "grpcurl -plaintext $SERVER describe resync.v1.Issue",
    ]));
}

#[test]
fn grpcurl_calls() {
    if !has_tool("grpcurl") {
        return;
    }
    let (_demo, shell) = demo();
    expect![[r#""#]].assert_eq(&shell.talk(&[
        r#"grpcurl -plaintext -d '{"name":"structures/launch-2026"}' $SERVER resync.v1.StructureService/GetStructure"#,
        r#"grpcurl -plaintext -d '{"name":"structures/launch-2026/synchronizers/scope","direction":"DIRECTION_INTO_STRUCTURE"}' $SERVER resync.v1.ResyncService/PreviewResync | grep -E '"(name|kind)"'"#,
        "resync job wait launch-2026/3 >/dev/null",
        r#"grpcurl -plaintext -d '{"name":"structures/launch-2026/jobs/3"}' $SERVER resync.v1.JobService/WatchJob"#,
        "grpcurl -plaintext $SERVER grpc.health.v1.Health/Check",
    ]));
}

#[test]
fn grpcurl_shows_the_details_of_errors() {
    if !has_tool("grpcurl") {
        return;
    }
    let (_demo, shell) = demo();
    expect![[r#""#]].assert_eq(&shell.talk(&[
        r#"grpcurl -plaintext -d '{"name":"structures/nowhere"}' $SERVER resync.v1.StructureService/GetStructure"#,
        r#"grpcurl -plaintext -d '{"name":"Launch"}' $SERVER resync.v1.StructureService/GetStructure"#,
        r#"grpcurl -plaintext -d '{"name":"structures/launch-2026/synchronizers/scope","direction":"DIRECTION_INTO_STRUCTURE"}' $SERVER resync.v1.ResyncService/RunResync"#,
        r#"grpcurl -plaintext -d '{"name":"structures/launch-2026/synchronizers/scope","direction":"DIRECTION_FROM_STRUCTURE","force":true}' $SERVER resync.v1.ResyncService/RunResync"#,
        r#"grpcurl -plaintext $SERVER resync.v1.StructureService/Nothing"#,
    ]));
}

#[test]
fn both_versions_of_reflection_answer() {
    if !has_tool("buf") {
        return;
    }
    let (_demo, shell) = demo();
    let list = "buf curl --protocol grpc --http2-prior-knowledge";
    expect![[r#""#]].assert_eq(&shell.talk(&[
        &format!("{list} --reflect-protocol grpc-v1 --list-services $RESYNC_ADDRESS"),
        &format!("{list} --reflect-protocol grpc-v1alpha --list-services $RESYNC_ADDRESS"),
    ]));
}
