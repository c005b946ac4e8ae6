//! Bad input for the methods that take changes of issues in.

use super::Table;
use resync_api::v1;

pub(super) async fn cases(table: &mut Table) {
    ingest(table).await;
    report(table).await;
}

fn webhook() -> v1::IngestWebhookRequest {
    v1::IngestWebhookRequest {
        name: "trackers/jira".into(),
        delivery_id: "1".into(),
        body: br#"{"webhookEvent":"project_created"}"#.to_vec(),
        ..Default::default()
    }
}

async fn ingest(table: &mut Table) {
    let mut client = table.server.trackers();
    for (field, message) in [
        (
            "name",
            v1::IngestWebhookRequest {
                name: "jira".into(),
                ..webhook()
            },
        ),
        (
            "delivery_id",
            v1::IngestWebhookRequest {
                delivery_id: String::new(),
                ..webhook()
            },
        ),
        (
            "delivery_id",
            v1::IngestWebhookRequest {
                delivery_id: "x".repeat(256),
                ..webhook()
            },
        ),
        (
            "body",
            v1::IngestWebhookRequest {
                body: b"{".to_vec(),
                ..webhook()
            },
        ),
    ] {
        let result = client.ingest_webhook(message).await.map(drop);
        table.refused("IngestWebhook", field, "FIELD_INVALID", result);
    }
    for field in ["headers[]", "headers[].key", "headers[].value"] {
        let why = "only a signature counts, of trackers that sign: see `webhooks`";
        table.nothing("IngestWebhook", field, why);
    }
}

fn changes(changes: Vec<v1::IssueChange>) -> v1::ReportIssueChangesRequest {
    v1::ReportIssueChangesRequest {
        name: "trackers/jira".into(),
        changes,
        ..Default::default()
    }
}

fn change(issue_id: &str, issue_key: &str) -> v1::IssueChange {
    v1::IssueChange {
        issue_id: issue_id.into(),
        issue_key: issue_key.into(),
    }
}

async fn report(table: &mut Table) {
    let mut client = table.server.trackers();
    let good = || changes(vec![change("1", "")]);
    for (field, message) in [
        (
            "name",
            v1::ReportIssueChangesRequest {
                name: "structures/jira".into(),
                ..good()
            },
        ),
        (
            "request_id",
            v1::ReportIssueChangesRequest {
                request_id: "1".into(),
                ..good()
            },
        ),
        ("changes[].issue_id", changes(vec![change("x", "")])),
        ("changes[].issue_id", changes(vec![change("-1", "")])),
        ("changes[].issue_key", changes(vec![change("", "")])),
        (
            "changes[].issue_key",
            changes(vec![change("", &"x".repeat(256))]),
        ),
    ] {
        let result = client.report_issue_changes(message).await.map(drop);
        table.refused("ReportIssueChanges", field, "FIELD_INVALID", result);
    }
    let why = "each is in the other cases, and how many in `webhooks`";
    table.nothing("ReportIssueChanges", "changes[]", why);
}
