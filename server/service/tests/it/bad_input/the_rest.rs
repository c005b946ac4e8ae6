//! Bad input for resyncs, jobs, trackers and the server.

use super::Table;
use crate::support::{force, preview, tracker};
use resync_api::v1;

const EPICS: &str = "structures/roadmap/synchronizers/epics";

pub(super) async fn cases(table: &mut Table) {
    resyncs(table).await;
    jobs(table).await;
    lists_of_jobs(table).await;
    trackers(table).await;
    updates_of_trackers(table).await;
}

async fn resyncs(table: &mut Table) {
    let bad = [
        ("name", preview("structures/roadmap")),
        (
            "direction",
            v1::PreviewResyncRequest {
                direction: 0,
                ..preview(EPICS)
            },
        ),
        (
            "direction",
            v1::PreviewResyncRequest {
                direction: 9,
                ..preview(EPICS)
            },
        ),
        (
            "request_id",
            v1::PreviewResyncRequest {
                request_id: "x".into(),
                ..preview(EPICS)
            },
        ),
    ];
    for (field, message) in bad {
        let result = table
            .server
            .resyncs()
            .preview_resync(message)
            .await
            .map(drop);
        table.refused("PreviewResync", field, "FIELD_INVALID", result);
    }
    let limits = |changes, destructive| {
        let limits = v1::ChangeLimits {
            max_change_count: changes,
            max_destructive_change_count: destructive,
        };
        v1::RunResyncRequest {
            limits: Some(limits),
            ..force()
        }
    };
    let count = Some(-1);
    let bad = [
        (
            "name",
            "FIELD_INVALID",
            v1::RunResyncRequest {
                name: "x".into(),
                ..force()
            },
        ),
        (
            "direction",
            "FIELD_INVALID",
            v1::RunResyncRequest {
                direction: 0,
                ..force()
            },
        ),
        (
            "confirmation_token",
            "CONFIRMATION_INVALID",
            v1::RunResyncRequest {
                force: false,
                confirmation_token: "x".into(),
                ..force()
            },
        ),
        (
            "acknowledged_destructive_count",
            "FIELD_INVALID",
            v1::RunResyncRequest {
                acknowledged_destructive_count: count,
                ..force()
            },
        ),
        (
            "limits.max_change_count",
            "FIELD_INVALID",
            limits(count, None),
        ),
        (
            "limits.max_destructive_change_count",
            "FIELD_INVALID",
            limits(None, count),
        ),
        (
            "conflict_policy",
            "FIELD_INVALID",
            v1::RunResyncRequest {
                conflict_policy: 9,
                ..force()
            },
        ),
        (
            "etag",
            "RESOURCE_CHANGED",
            v1::RunResyncRequest {
                etag: "old".into(),
                ..force()
            },
        ),
        (
            "reason",
            "FIELD_INVALID",
            v1::RunResyncRequest {
                reason: "x".repeat(1_025),
                ..force()
            },
        ),
        (
            "request_id",
            "FIELD_INVALID",
            v1::RunResyncRequest {
                request_id: "1".into(),
                ..force()
            },
        ),
    ];
    for (field, reason, message) in bad {
        let result = table.server.resyncs().run_resync(message).await.map(drop);
        table.refused("RunResync", field, reason, result);
    }
    table.nothing("RunResync", "limits", "its fields are wrong, or nothing");
}

async fn jobs(table: &mut Table) {
    let mut client = table.server.jobs();
    for name in [
        "",
        "structures/roadmap/jobs/x",
        "structures/roadmap/jobs/-1",
        "jobs/1",
        EPICS,
    ] {
        let name = name.to_owned();
        let request = v1::GetJobRequest {
            name: name.clone(),
            view: 0,
        };
        let result = client.get_job(request).await.map(drop);
        table.refused("GetJob", "name", "FIELD_INVALID", result);
        let request = v1::WaitJobRequest {
            name: name.clone(),
            timeout: None,
        };
        let result = client.wait_job(request).await.map(drop);
        table.refused("WaitJob", "name", "FIELD_INVALID", result);
        let request = v1::WatchJobRequest {
            name: name.clone(),
            ..Default::default()
        };
        let result = client.watch_job(request).await.map(drop);
        table.refused("WatchJob", "name", "FIELD_INVALID", result);
        let request = v1::CancelJobRequest {
            name,
            reason: String::new(),
        };
        let result = client.cancel_job(request).await.map(drop);
        table.refused("CancelJob", "name", "FIELD_INVALID", result);
    }
    let name = "structures/roadmap/jobs/1".to_owned();
    let negative = Some(prost_types::Duration {
        seconds: -1,
        nanos: 0,
    });
    let result = client
        .get_job(v1::GetJobRequest {
            name: name.clone(),
            view: 9,
        })
        .await
        .map(drop);
    table.refused("GetJob", "view", "FIELD_INVALID", result);
    let request = v1::WaitJobRequest {
        name: name.clone(),
        timeout: negative,
    };
    let result = client.wait_job(request).await.map(drop);
    table.refused("WaitJob", "timeout", "FIELD_INVALID", result);
    let request = v1::WatchJobRequest {
        name: name.clone(),
        progress_interval: negative,
        ..Default::default()
    };
    let result = client.watch_job(request).await.map(drop);
    table.refused("WatchJob", "progress_interval", "FIELD_INVALID", result);
    let request = v1::CancelJobRequest {
        name,
        reason: "x".repeat(1_025),
    };
    let result = client.cancel_job(request).await.map(drop);
    table.refused("CancelJob", "reason", "FIELD_INVALID", result);
    let why = "needs a job, and there is none: see `watches`";
    table.nothing("WatchJob", "resume_token", why);
}

async fn lists_of_jobs(table: &mut Table) {
    let good = || v1::ListJobsRequest {
        parent: "structures/-".into(),
        ..Default::default()
    };
    let bad = [
        (
            "parent",
            "FIELD_INVALID",
            v1::ListJobsRequest {
                parent: String::new(),
                ..good()
            },
        ),
        (
            "page_size",
            "FIELD_INVALID",
            v1::ListJobsRequest {
                page_size: -1,
                ..good()
            },
        ),
        (
            "page_token",
            "TOKEN_INVALID",
            v1::ListJobsRequest {
                page_token: "x".into(),
                ..good()
            },
        ),
        (
            "filter",
            "FIELD_INVALID",
            v1::ListJobsRequest {
                filter: "state".into(),
                ..good()
            },
        ),
        (
            "view",
            "FIELD_INVALID",
            v1::ListJobsRequest { view: -1, ..good() },
        ),
    ];
    for (field, reason, message) in bad {
        let result = table.server.jobs().list_jobs(message).await.map(drop);
        table.refused("ListJobs", field, reason, result);
    }
    let good = || v1::ListJobChangesRequest {
        parent: "structures/roadmap/jobs/1".into(),
        ..Default::default()
    };
    let bad = [
        (
            "parent",
            "FIELD_INVALID",
            v1::ListJobChangesRequest {
                parent: "x".into(),
                ..good()
            },
        ),
        (
            "page_size",
            "FIELD_INVALID",
            v1::ListJobChangesRequest {
                page_size: -1,
                ..good()
            },
        ),
        (
            "page_token",
            "TOKEN_INVALID",
            v1::ListJobChangesRequest {
                page_token: "x".into(),
                ..good()
            },
        ),
        (
            "filter",
            "FIELD_INVALID",
            v1::ListJobChangesRequest {
                filter: "=".into(),
                ..good()
            },
        ),
    ];
    for (field, reason, message) in bad {
        let result = table
            .server
            .jobs()
            .list_job_changes(message)
            .await
            .map(drop);
        table.refused("ListJobChanges", field, reason, result);
    }
}

/// Trackers with one field that is wrong, and the path of that field.
fn bad_trackers() -> Vec<(&'static str, v1::Tracker)> {
    let limits = |limits: v1::TrackerLimits| v1::Tracker {
        limits: Some(limits),
        ..tracker()
    };
    vec![
        (
            "tracker.display_name",
            v1::Tracker {
                display_name: "x".repeat(256),
                ..tracker()
            },
        ),
        (
            "tracker.product",
            v1::Tracker {
                product: 9,
                ..tracker()
            },
        ),
        (
            "tracker.base_uri",
            v1::Tracker {
                base_uri: "http://jira.example.com".into(),
                ..tracker()
            },
        ),
        (
            "tracker.base_uri",
            v1::Tracker {
                base_uri: "x".repeat(2_001),
                ..tracker()
            },
        ),
        (
            "tracker.credential",
            v1::Tracker {
                credential: "other".into(),
                ..tracker()
            },
        ),
        (
            "tracker.limits.max_concurrent_requests",
            limits(v1::TrackerLimits {
                max_concurrent_requests: Some(0),
                ..Default::default()
            }),
        ),
        (
            "tracker.limits.max_requests_per_second",
            limits(v1::TrackerLimits {
                max_requests_per_second: Some(-1),
                ..Default::default()
            }),
        ),
    ]
}

async fn trackers(table: &mut Table) {
    let mut client = table.server.trackers();
    let request = |tracker| v1::CreateTrackerRequest {
        tracker: Some(tracker),
        ..Default::default()
    };
    let mut bad: Vec<_> = bad_trackers()
        .into_iter()
        .map(|(field, tracker)| (field, request(tracker)))
        .collect();
    bad.extend([
        ("tracker", v1::CreateTrackerRequest::default()),
        (
            "tracker.product",
            request(v1::Tracker {
                product: 0,
                ..tracker()
            }),
        ),
        (
            "tracker.base_uri",
            request(v1::Tracker {
                base_uri: String::new(),
                ..tracker()
            }),
        ),
        (
            "tracker.credential",
            request(v1::Tracker {
                credential: String::new(),
                ..tracker()
            }),
        ),
        (
            "tracker_id",
            v1::CreateTrackerRequest {
                tracker_id: "A".into(),
                ..request(tracker())
            },
        ),
        (
            "request_id",
            v1::CreateTrackerRequest {
                request_id: "1".into(),
                ..request(tracker())
            },
        ),
    ]);
    for (field, message) in bad {
        let result = client.create_tracker(message).await.map(drop);
        table.refused("CreateTracker", field, "FIELD_INVALID", result);
    }
    table.nothing("CreateTracker", "tracker.name", "the id makes the name");
    table.nothing("CreateTracker", "tracker.etag", "the server assigns it");
    table.nothing(
        "CreateTracker",
        "tracker.limits",
        "its fields are wrong, or nothing",
    );
    let list = |page_size, page_token: &str| v1::ListTrackersRequest {
        page_size,
        page_token: page_token.into(),
    };
    let result = client.list_trackers(list(-1, "")).await.map(drop);
    table.refused("ListTrackers", "page_size", "FIELD_INVALID", result);
    let result = client.list_trackers(list(0, "x")).await.map(drop);
    table.refused("ListTrackers", "page_token", "TOKEN_INVALID", result);
    let name = || "x".to_owned();
    let result = client
        .get_tracker(v1::GetTrackerRequest { name: name() })
        .await
        .map(drop);
    table.refused("GetTracker", "name", "FIELD_INVALID", result);
    let result = client
        .check_tracker(v1::CheckTrackerRequest { name: name() })
        .await
        .map(drop);
    table.refused("CheckTracker", "name", "FIELD_INVALID", result);
    let delete = v1::DeleteTrackerRequest {
        name: name(),
        ..Default::default()
    };
    let result = client.delete_tracker(delete).await.map(drop);
    table.refused("DeleteTracker", "name", "FIELD_INVALID", result);
}

async fn updates_of_trackers(table: &mut Table) {
    let mut client = table.server.trackers();
    let request = |tracker| v1::UpdateTrackerRequest {
        tracker,
        ..Default::default()
    };
    let named = |tracker| v1::Tracker {
        name: "trackers/jira".into(),
        ..tracker
    };
    let mask = Some(prost_types::FieldMask {
        paths: vec!["state".into()],
    });
    let mut bad: Vec<_> = bad_trackers()
        .into_iter()
        .map(|(field, tracker)| (field, "FIELD_INVALID", request(Some(named(tracker)))))
        .collect();
    bad.extend([
        ("tracker", "FIELD_INVALID", request(None)),
        ("tracker.name", "FIELD_INVALID", request(Some(tracker()))),
        (
            "tracker.etag",
            "RESOURCE_CHANGED",
            request(Some(v1::Tracker {
                etag: "old".into(),
                ..named(tracker())
            })),
        ),
        (
            "update_mask",
            "FIELD_INVALID",
            v1::UpdateTrackerRequest {
                update_mask: mask,
                ..request(Some(named(tracker())))
            },
        ),
    ]);
    for (field, reason, message) in bad {
        let result = client.update_tracker(message).await.map(drop);
        table.refused("UpdateTracker", field, reason, result);
    }
    table.nothing(
        "UpdateTracker",
        "tracker.limits",
        "its fields are wrong, or nothing",
    );
    let delete = v1::DeleteTrackerRequest {
        name: "trackers/jira".into(),
        etag: "old".into(),
        allow_missing: false,
    };
    let result = client.delete_tracker(delete).await.map(drop);
    table.refused("DeleteTracker", "etag", "RESOURCE_CHANGED", result);
}
