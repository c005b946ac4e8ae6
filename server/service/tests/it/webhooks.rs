//! Changes that are told: by HTTP as Jira does, and by gRPC as gateways do.

use crate::support::{HOOK_TOKEN, TestServer, fields, tracker};
use resync_api::v1;
use resync_service::Limits;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

const BODY: &str = r#"{"webhookEvent":"jira:issue_updated","issue":{"id":"10001"}}"#;

/// Made with the key of the tracker `signed`.
fn signature(body: &str) -> String {
    use hmac::Mac as _;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"signing-canary").unwrap();
    mac.update(body.as_bytes());
    let digits = mac.finalize().into_bytes();
    let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

/// Posts as Jira does, and returns the head of the answer.
async fn answer(
    server: &TestServer,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, String) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: resync\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    // The server may answer, and close, before it has read everything.
    let _ = stream.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(answer).unwrap();
    (head[9..12].parse().unwrap(), head)
}

/// Posts as Jira does, and returns the status.
async fn post(server: &TestServer, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    answer(server, path, headers, body).await.0
}

fn path(tracker: &str) -> String {
    format!("/webhooks/{tracker}/{HOOK_TOKEN}")
}

async fn server() -> TestServer {
    let setup = crate::support::Setup {
        limits: Limits {
            request_bytes_max: 1_000,
            ..Limits::default()
        },
        ..Default::default()
    };
    let server = TestServer::with(setup).await;
    for id in ["jira", "signed"] {
        let request = v1::CreateTrackerRequest {
            tracker_id: id.into(),
            tracker: Some(tracker()),
            ..Default::default()
        };
        server.trackers().create_tracker(request).await.unwrap();
    }
    server
}

async fn health(server: &TestServer, tracker: &str) -> v1::TrackerWebhook {
    let name = format!("trackers/{tracker}");
    let request = v1::GetTrackerRequest { name };
    let found = server.trackers().get_tracker(request).await.unwrap();
    found.into_inner().tracker.unwrap().webhook.unwrap()
}

#[tokio::test]
async fn a_delivery_is_taken_in_once_within_a_day() {
    let server = server().await;
    let identifier = [("X-Atlassian-Webhook-Identifier", "d1")];
    for _ in 0..3 {
        assert_eq!(post(&server, &path("jira"), &identifier, BODY).await, 204);
    }
    let found = health(&server, "jira").await;
    assert!(found.endpoint_enabled);
    assert_eq!((found.received_count, found.duplicate_count), (1, 2));
    server.pass(Duration::from_secs(25 * 60 * 60));
    // Without an identifier, equal bodies are one delivery.
    for _ in 0..2 {
        assert_eq!(post(&server, &path("jira"), &[], BODY).await, 204);
    }
    let found = health(&server, "jira").await;
    assert_eq!((found.received_count, found.duplicate_count), (2, 3));
}

#[tokio::test]
async fn what_a_stranger_tries_is_not_found_whatever_is_wrong() {
    let server = server().await;
    let before = server.stored();
    for path in [
        "/webhooks/jira/wrong".to_owned(),
        "/webhooks/JIRA/wrong".to_owned(),
        "/webhooks/nobody/wrong".to_owned(),
        path("nobody"),
        path("missing"),
        "/webhooks/jira".to_owned(),
        format!("{}/more", path("jira")),
    ] {
        assert_eq!(post(&server, &path, &[], BODY).await, 404, "{path}");
    }
    assert_eq!(server.stored(), before);
    assert_eq!(health(&server, "jira").await.refused_count, 0);
}

#[tokio::test]
async fn what_is_no_webhook_is_refused_and_changes_nothing() {
    let server = server().await;
    let before = server.stored();
    let large = format!("{BODY}{}", " ".repeat(2_000));
    let long = "x".repeat(256);
    for (headers, body, status) in [
        (&[][..], "", 400),
        (&[], "{}", 400),
        (
            &[("x-atlassian-webhook-identifier", long.as_str())],
            BODY,
            400,
        ),
        (&[], large.as_str(), 413),
    ] {
        assert_eq!(post(&server, &path("jira"), headers, body).await, status);
    }
    assert_eq!(server.stored(), before);
    let found = health(&server, "jira").await;
    assert_eq!((found.received_count, found.last_receive_time), (0, None));
    assert_eq!(found.refused_count, 3);
}

/// Jira sends again after 503, and gives up after 404.
#[tokio::test]
async fn a_delivery_is_sent_again_when_the_store_cannot_take_it_in() {
    let server = server().await;
    let execute = |statement: &'static str| async {
        resync_store::testing::execute(&server.store, statement)
            .await
            .unwrap();
    };
    let again = || async {
        let (status, head) = answer(&server, &path("jira"), &[], BODY).await;
        assert_eq!(status, 503);
        assert!(head.contains("retry-after: "), "{head}");
        assert_eq!(post(&server, "/webhooks/jira/wrong", &[], BODY).await, 404);
    };
    // The tracker cannot be read.
    execute("ALTER TABLE trackers RENAME TO elsewhere").await;
    again().await;
    execute("ALTER TABLE elsewhere RENAME TO trackers").await;
    // The hints cannot be written. The trigger says what SQLite says when another process has the
    // file.
    execute(
        "CREATE TRIGGER locked BEFORE INSERT ON hints \
         BEGIN SELECT RAISE(ABORT, 'database is locked'); END;",
    )
    .await;
    again().await;
    execute("DROP TRIGGER locked").await;
    assert_eq!(post(&server, &path("jira"), &[], BODY).await, 204);
    let found = health(&server, "jira").await;
    assert_eq!((found.received_count, found.duplicate_count), (1, 0));
    assert_eq!(found.refused_count, 0);
}

#[tokio::test]
async fn a_tracker_that_signs_is_believed_only_with_its_signature() {
    let server = server().await;
    let right = signature(BODY);
    for (headers, status) in [
        (&[][..], 401),
        (&[("x-hub-signature", "sha256=00")], 401),
        (&[("X-Hub-Signature", right.as_str())], 204),
    ] {
        let found = post(&server, &path("signed"), headers, BODY).await;
        assert_eq!(found, status);
    }
    let request = |value: &str| v1::IngestWebhookRequest {
        name: "trackers/signed".into(),
        delivery_id: "d2".into(),
        headers: [("X-Hub-Signature".to_owned(), value.to_owned())].into(),
        body: BODY.as_bytes().to_vec(),
    };
    let mut client = server.trackers();
    let refused = client.ingest_webhook(request("sha256=00")).await;
    let status = refused.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(fields(&status), ["headers"]);
    let taken = client.ingest_webhook(request(&right)).await.unwrap();
    let expected = v1::IngestWebhookResponse {
        accepted_change_count: 1,
        duplicate: false,
    };
    assert_eq!(taken.into_inner(), expected);
    let again = client.ingest_webhook(request(&right)).await.unwrap();
    assert!(again.into_inner().duplicate);
}

#[tokio::test]
async fn a_repeated_report_gets_the_first_answer() {
    let server = server().await;
    let change = |id: &str| v1::IssueChange {
        issue_id: id.into(),
        issue_key: String::new(),
    };
    let request = v1::ReportIssueChangesRequest {
        name: "trackers/jira".into(),
        changes: vec![change("10001"), change("10002"), change("10001")],
        request_id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff".into(),
    };
    let mut client = server.trackers();
    for _ in 0..2 {
        let taken = client.report_issue_changes(request.clone()).await.unwrap();
        assert_eq!(taken.into_inner().accepted_change_count, 2);
    }
    // Without an id each report is news.
    let request = v1::ReportIssueChangesRequest {
        request_id: String::new(),
        ..request
    };
    let taken = client.report_issue_changes(request).await.unwrap();
    assert_eq!(taken.into_inner().accepted_change_count, 2);
    let unknown = v1::ReportIssueChangesRequest {
        name: "trackers/jira".into(),
        changes: vec![v1::IssueChange {
            issue_key: "PAY-999".into(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let taken = client.report_issue_changes(unknown).await.unwrap();
    assert_eq!(taken.into_inner().accepted_change_count, 0);
}

#[tokio::test]
async fn a_report_without_changes_or_with_too_many_is_refused() {
    let server = server().await;
    let change = |id: &str, key: &str| v1::IssueChange {
        issue_id: id.into(),
        issue_key: key.into(),
    };
    // Of 1,000 bytes, as this server takes them, no more than this has room.
    for changes in [Vec::new(), vec![change("", "A"); 101]] {
        let request = v1::ReportIssueChangesRequest {
            name: "trackers/jira".into(),
            changes,
            ..Default::default()
        };
        let refused = server.trackers().report_issue_changes(request).await;
        assert_eq!(fields(&refused.unwrap_err()), ["changes"]);
    }
}

/// Any page can have a browser send this to a loopback address, where the caller is the local user.
#[tokio::test]
async fn a_call_that_a_web_page_can_send_is_refused_before_it_is_looked_at() {
    let server = server().await;
    let before = server.stored();
    for path in [
        "/resync.v1.StructureService/DeleteStructure",
        "/resync.v1.StructureService/CreateStructure",
    ] {
        for content_type in ["text/plain", "application/grpc"] {
            let headers = [("content-type", content_type)];
            let empty_message = "\0\0\0\0\0";
            assert_eq!(post(&server, path, &headers, empty_message).await, 415);
        }
    }
    assert_eq!(server.stored(), before);
}
