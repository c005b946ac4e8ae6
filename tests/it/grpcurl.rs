//! The server as any gRPC tool finds it: reflection in both versions, calls, streams, errors with
//! their details, health.

use crate::support::shell::{self, has_tool};
use expect_test::expect;

#[test]
fn grpcurl_lists_and_describes() {
    if !has_tool("grpcurl") {
        return;
    }
    let (_demo, shell) = shell::demo("drift");
    expect![[r#"
        $ grpcurl -plaintext $SERVER list
        grpc.health.v1.Health
        grpc.reflection.v1alpha.ServerReflection
        resync.v1.JobService
        resync.v1.ResyncService
        resync.v1.ServerService
        resync.v1.StructureService
        resync.v1.SynchronizerService
        resync.v1.TrackerService
        $ grpcurl -plaintext $SERVER describe resync.v1.ServerService
        resync.v1.ServerService is a service:
        // Tells what the server is and what it allows. The first thing to call when
        // something is odd.
        //
        // Needs no permission, only a caller that is known.
        service ServerService {
          // Describes the version, the features and the limits of the server.
          rpc DescribeServer ( .resync.v1.DescribeServerRequest ) returns ( .resync.v1.DescribeServerResponse ) {
            option idempotency_level = NO_SIDE_EFFECTS;
          }
        }
        $ grpcurl -plaintext $SERVER describe resync.v1.Issue
        resync.v1.Issue is a message:
        // A reference to an issue of a tracker.
        message Issue {
          // The tracker that holds the issue. Format: `trackers/{tracker}`.
          // When omitted on input, the only tracker of the structure's rules.
          string tracker = 1;
          // The key that people see, for example `PROJ-123`. It changes when an issue
          // is moved to another project, so the server compares by `issue_id`.
          string issue_key = 2;
          // The tracker's own id of the issue, which never changes. Either this or
          // `issue_key` must be given on input.
          string issue_id = 3;
        }
    "#]].assert_eq(&shell.talk(&[
        "grpcurl -plaintext $SERVER list",
        "grpcurl -plaintext $SERVER describe resync.v1.ServerService",
        "grpcurl -plaintext $SERVER describe resync.v1.Issue",
    ]));
}

/// A call, as it is typed.
fn call(method: &str, request: &str) -> String {
    format!("grpcurl -plaintext -d '{request}' $SERVER resync.v1.{method}")
}

#[test]
fn grpcurl_calls_and_watches() {
    if !has_tool("grpcurl") {
        return;
    }
    let (_demo, shell) = shell::demo("drift");
    let scope = r#""name":"structures/launch-2026/synchronizers/scope""#;
    let into = r#""direction":"DIRECTION_INTO_STRUCTURE""#;
    let preview = call(
        "ResyncService/PreviewResync",
        &format!("{{{scope},{into}}}"),
    );
    let watch = call(
        "JobService/WatchJob",
        r#"{"name":"structures/launch-2026/jobs/3"}"#,
    );
    let some = r#"grep -E '"(name|type|state|percent|message|changeCount|resumeToken)": '"#;
    expect![[r#"
        $ grpcurl -plaintext -d '{"name":"structures/launch-2026"}' $SERVER resync.v1.StructureService/GetStructure
        {
          "structure": {
            "name": "structures/launch-2026",
            "uid": "UID",
            "displayName": "Launch 2026",
            "description": "What has to be done for the launch, as the teams plan it.",
            "forestVersion": "4",
            "rowCount": 51,
            "creator": "users/me",
            "createTime": "YYYY-MM-DDThh:mm:ssZ",
            "updateTime": "YYYY-MM-DDThh:mm:ssZ",
            "etag": "TOKEN"
          }
        }
        $ grpcurl -plaintext -d '{"name":"structures/launch-2026/synchronizers/scope","direction":"DIRECTION_INTO_STRUCTURE"}' $SERVER resync.v1.ResyncService/PreviewResync | grep jobs
            "name": "structures/launch-2026/jobs/3",
        $ resync job wait launch-2026/3 | grep State
        State         SUCCEEDED
        $ grpcurl -plaintext -d '{"name":"structures/launch-2026/jobs/3"}' $SERVER resync.v1.JobService/WatchJob | grep -E '"(name|type|state|percent|message|changeCount|resumeToken)": ' | grep -v TYPE_ADD_ROW | grep -v TYPE_REMOVE_ROW | grep -v PLANNED
          "type": "TYPE_SNAPSHOT",
            "name": "structures/launch-2026/jobs/3",
            "state": "STATE_SUCCEEDED",
              "percent": 100,
              "message": "The plan is complete. Nothing was changed."
              "changeCount": 6,
              "message": "Read 28 issues for Launch scope in 9 requests."
              "message": "Planned: 2 to add, 0 to move, 4 to remove; 4 of them discard something."
              "message": "The plan is complete. Nothing was changed."
          "resumeToken": "TOKEN",
          "type": "TYPE_ENDED",
            "name": "structures/launch-2026/jobs/3",
            "state": "STATE_SUCCEEDED",
              "percent": 100,
              "message": "The plan is complete. Nothing was changed."
              "changeCount": 6,
          "resumeToken": "TOKEN",
        $ grpcurl -plaintext $SERVER grpc.health.v1.Health/Check
        {
          "status": "SERVING"
        }
    "#]].assert_eq(&shell.talk(&[
        &call(
            "StructureService/GetStructure",
            r#"{"name":"structures/launch-2026"}"#,
        ),
        &format!("{preview} | grep jobs"),
        "resync job wait launch-2026/3 | grep State",
        &format!("{watch} | {some} | grep -v TYPE_ADD_ROW | grep -v TYPE_REMOVE_ROW | grep -v PLANNED"),
        "grpcurl -plaintext $SERVER grpc.health.v1.Health/Check",
    ]));
}

#[test]
fn grpcurl_shows_the_details_of_errors() {
    if !has_tool("grpcurl") {
        return;
    }
    let (_demo, shell) = shell::demo("drift");
    let scope = r#""name":"structures/launch-2026/synchronizers/scope""#;
    let run = |fields: &str| call("ResyncService/RunResync", &format!("{{{scope},{fields}}}"));
    expect![[r#"
        $ grpcurl -plaintext -d '{"name":"structures/nowhere"}' $SERVER resync.v1.StructureService/GetStructure
        ERROR:
          Code: NotFound
          Message: structures/nowhere does not exist; check the name
          Details:
          1)	{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"resync.internal","metadata":{"resource":"structures/nowhere"},"reason":"ERROR_REASON_RESOURCE_NOT_FOUND"}
          2)	{"@type":"type.googleapis.com/google.rpc.ResourceInfo","description":"structures/nowhere does not exist; check the name","resourceName":"structures/nowhere","resourceType":"resync.internal/Structure"}
        [exit 69]
        $ grpcurl -plaintext -d '{"name":"Launch"}' $SERVER resync.v1.StructureService/GetStructure
        ERROR:
          Code: InvalidArgument
          Message: name: is not a name of the format structures/{structure}
          Details:
          1)	{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"resync.internal","reason":"ERROR_REASON_FIELD_INVALID"}
          2)	{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"name","description":"is not a name of the format structures/{structure}"}]}
        [exit 67]
        $ grpcurl -plaintext -d '{"name":"structures/launch-2026/synchronizers/scope","direction":"DIRECTION_INTO_STRUCTURE"}' $SERVER resync.v1.ResyncService/RunResync
        ERROR:
          Code: FailedPrecondition
          Message: the run is not confirmed; Jira is right: the structure is changed to match Jira. Jira is not written. Preview it and give the plan's confirmation_token, or set force
          Details:
          1)	{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"resync.internal","metadata":{"direction":"DIRECTION_INTO_STRUCTURE","overwrites":"structure","previewMethod":"resync.v1.ResyncService/PreviewResync"},"reason":"ERROR_REASON_CONFIRMATION_REQUIRED"}
          2)	{"@type":"type.googleapis.com/google.rpc.PreconditionFailure","violations":[{"type":"CONFIRMATION","subject":"DIRECTION_INTO_STRUCTURE","description":"the run is not confirmed; Jira is right: the structure is changed to match Jira. Jira is not written. Preview it and give the plan's confirmation_token, or set force"}]}
          3)	{"@type":"type.googleapis.com/google.rpc.Help","links":[{"description":"call PreviewResync, look at the plan, and give its token","url":"https://resync.internal/errors#ERROR_REASON_CONFIRMATION_REQUIRED"}]}
        [exit 73]
        $ grpcurl -plaintext -d '{"name":"structures/launch-2026/synchronizers/scope","direction":"DIRECTION_FROM_STRUCTURE","force":true}' $SERVER resync.v1.ResyncService/RunResync
        ERROR:
          Code: InvalidArgument
          Message: a synchronizer of the kind `filter` cannot run in DIRECTION_FROM_STRUCTURE; it can in DIRECTION_INTO_STRUCTURE
          Details:
          1)	{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"resync.internal","metadata":{"direction":"DIRECTION_FROM_STRUCTURE","kind":"filter","supportedDirections":"DIRECTION_INTO_STRUCTURE","synchronizer":"structures/launch-2026/synchronizers/scope"},"reason":"ERROR_REASON_DIRECTION_UNSUPPORTED"}
          2)	{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"direction","description":"a synchronizer of the kind `filter` cannot run in DIRECTION_FROM_STRUCTURE; it can in DIRECTION_INTO_STRUCTURE"}]}
        [exit 67]
        $ grpcurl -plaintext $SERVER resync.v1.StructureService/Nothing
        Error invoking method "resync.v1.StructureService/Nothing": service "resync.v1.StructureService" does not include a method named "Nothing"
        [exit 1]
    "#]].assert_eq(&shell.talk(&[
        &call(
            "StructureService/GetStructure",
            r#"{"name":"structures/nowhere"}"#,
        ),
        &call("StructureService/GetStructure", r#"{"name":"Launch"}"#),
        &run(r#""direction":"DIRECTION_INTO_STRUCTURE""#),
        &run(r#""direction":"DIRECTION_FROM_STRUCTURE","force":true"#),
        "grpcurl -plaintext $SERVER resync.v1.StructureService/Nothing",
    ]));
}

#[test]
fn both_versions_of_reflection_answer() {
    if !has_tool("buf") {
        return;
    }
    let (_demo, shell) = shell::demo("drift");
    let list = "buf curl --protocol grpc --http2-prior-knowledge";
    expect![[r#"
        $ buf curl --protocol grpc --http2-prior-knowledge --reflect-protocol grpc-v1 --list-services $RESYNC_ADDRESS
        grpc.health.v1.Health
        grpc.reflection.v1.ServerReflection
        resync.v1.JobService
        resync.v1.ResyncService
        resync.v1.ServerService
        resync.v1.StructureService
        resync.v1.SynchronizerService
        resync.v1.TrackerService
        $ buf curl --protocol grpc --http2-prior-knowledge --reflect-protocol grpc-v1alpha --list-services $RESYNC_ADDRESS
        grpc.health.v1.Health
        grpc.reflection.v1alpha.ServerReflection
        resync.v1.JobService
        resync.v1.ResyncService
        resync.v1.ServerService
        resync.v1.StructureService
        resync.v1.SynchronizerService
        resync.v1.TrackerService
    "#]].assert_eq(&shell.talk(&[
        &format!("{list} --reflect-protocol grpc-v1 --list-services $RESYNC_ADDRESS"),
        &format!("{list} --reflect-protocol grpc-v1alpha --list-services $RESYNC_ADDRESS"),
    ]));
}
