//! What the tests ask of the service of a world, and the rows that they add.
//!
//! What it is not: a client. The calls go to the service without a network.

use super::{STRUCTURE, World};
use crate::support::outline;
use resync_api::v1::job_service_server::JobService;
use resync_api::v1::resync_service_server::ResyncService;
use resync_api::v1::structure_service_server::StructureService;
use resync_api::v1::synchronizer_service_server::SynchronizerService;
use resync_api::v1::tracker_service_server::TrackerService;
use resync_api::v1::{self, Direction, Job, Row, row};
use resync_core::id::Principal;
use resync_simulator::Flavour;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Request, Status};

impl World {
    /// Creates the tracker and the structure.
    pub(super) async fn create(&self, flavour: Flavour) {
        let product = match flavour {
            Flavour::Cloud => v1::tracker::Product::JiraCloud,
            Flavour::DataCenter => v1::tracker::Product::JiraDataCenter,
        };
        let tracker = v1::Tracker {
            product: product.into(),
            base_uri: "https://jira.invalid".to_owned(),
            credential: "bot".to_owned(),
            limits: Some(v1::TrackerLimits {
                max_concurrent_requests: Some(3),
                max_requests_per_second: Some(1000),
            }),
            ..v1::Tracker::default()
        };
        let request = v1::CreateTrackerRequest {
            tracker_id: "jira".to_owned(),
            tracker: Some(tracker),
            ..Default::default()
        };
        self.service
            .create_tracker(call(request))
            .await
            .expect("the tracker is created");
        let structure = v1::Structure {
            display_name: "Plan".to_owned(),
            ..Default::default()
        };
        let request = v1::CreateStructureRequest {
            structure_id: "plan".to_owned(),
            structure: Some(structure),
            ..Default::default()
        };
        self.service
            .create_structure(call(request))
            .await
            .expect("the structure is created");
    }

    /// Installs a synchronizer, enabled or not.
    pub(crate) async fn install(&self, id: &str, kind: v1::sync_rule::Kind, enabled: bool) {
        let synchronizer = v1::Synchronizer {
            display_name: id.to_owned(),
            rule: Some(v1::SyncRule {
                tracker: "trackers/jira".to_owned(),
                kind: Some(kind),
            }),
            ..Default::default()
        };
        let request = v1::CreateSynchronizerRequest {
            parent: STRUCTURE.to_owned(),
            synchronizer_id: id.to_owned(),
            synchronizer: Some(synchronizer),
            ..Default::default()
        };
        self.service
            .create_synchronizer(call(request))
            .await
            .expect("it is installed");
        if enabled {
            let request = v1::EnableSynchronizerRequest {
                name: named(id),
                ..Default::default()
            };
            self.service
                .enable_synchronizer(call(request))
                .await
                .expect("it is enabled");
        }
    }

    /// Starts a preview.
    pub(crate) async fn preview(&self, synchronizer: &str) -> Result<String, Status> {
        let request = v1::PreviewResyncRequest {
            name: named(synchronizer),
            direction: Direction::IntoStructure.into(),
            ..Default::default()
        };
        let answer = self
            .service
            .preview_resync(call(request))
            .await?
            .into_inner();
        Ok(answer.job.expect("a preview is a job").name)
    }

    /// Starts a run without a preview.
    pub(crate) async fn force(&self, synchronizer: &str) -> Result<String, Status> {
        self.run(v1::RunResyncRequest {
            name: named(synchronizer),
            force: true,
            ..Default::default()
        })
        .await
    }

    /// Starts the run that a preview planned, with the count typed back where a guard tripped.
    pub(crate) async fn confirm(
        &self,
        synchronizer: &str,
        preview: &Job,
    ) -> Result<String, Status> {
        let plan = preview.plan.clone().unwrap_or_default();
        self.run(v1::RunResyncRequest {
            name: named(synchronizer),
            confirmation_token: plan.confirmation_token,
            acknowledged_destructive_count: (!plan.guards.is_empty())
                .then_some(plan.destructive_change_count),
            ..Default::default()
        })
        .await
    }

    async fn run(&self, request: v1::RunResyncRequest) -> Result<String, Status> {
        let direction = Direction::IntoStructure.into();
        let request = v1::RunResyncRequest {
            direction,
            ..request
        };
        let answer = self.service.run_resync(call(request)).await?.into_inner();
        Ok(answer.job.expect("a run is a job").name)
    }

    /// The job as it is.
    pub(crate) async fn job(&self, name: &str) -> Job {
        let request = v1::GetJobRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let answer = self
            .service
            .get_job(call(request))
            .await
            .expect("the job is there");
        answer.into_inner().job.expect("an answer has its job")
    }

    /// Waits until a job has ended.
    pub(crate) async fn ended(&self, name: &str) -> Job {
        /// A day of virtual time: longer than any job is tried.
        const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
        let started = Instant::now();
        loop {
            let job = self.job(name).await;
            if job.end_time.is_some() {
                self.trace
                    .line(format_args!("{name} ended {}", job.state().as_str_name()));
                return job;
            }
            assert!(started.elapsed() < PATIENCE, "{name} never ended: {job:#?}");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// All rows, in one page or more.
    pub(crate) async fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let mut page_token = String::new();
        loop {
            let request = v1::ListRowsRequest {
                parent: STRUCTURE.to_owned(),
                page_token,
                ..Default::default()
            };
            let page = self
                .service
                .list_rows(call(request))
                .await
                .expect("rows can be listed");
            let page = page.into_inner();
            rows.extend(page.rows);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return rows;
            }
        }
    }

    /// The structure as an outline.
    pub(crate) async fn outline(&self) -> String {
        self.rows().await.iter().map(outline::line).collect()
    }

    /// Edits the structure.
    pub(crate) async fn edit(&self, change: v1::forest_change::Change) -> Result<(), Status> {
        let request = v1::EditForestRequest {
            structure: STRUCTURE.to_owned(),
            changes: vec![v1::ForestChange {
                change: Some(change),
            }],
            ..Default::default()
        };
        self.service.edit_forest(call(request)).await.map(|_| ())
    }

    /// Asks a job to stop.
    pub(crate) async fn cancel(&self, name: &str) {
        let request = v1::CancelJobRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        self.service
            .cancel_job(call(request))
            .await
            .expect("anybody may ask");
    }
}

/// The resource name of a synchronizer of the world's structure.
fn named(synchronizer: &str) -> String {
    format!("{STRUCTURE}/synchronizers/{synchronizer}")
}

/// A row for an issue, by its key.
pub(crate) fn issue_row(key: &str) -> Row {
    let issue = v1::Issue {
        tracker: "trackers/jira".to_owned(),
        issue_key: key.to_owned(),
        ..Default::default()
    };
    Row {
        item: Some(row::Item::Issue(issue)),
        ..Default::default()
    }
}

/// A row for a folder.
pub(crate) fn folder_row(title: &str) -> Row {
    let folder = v1::Folder {
        title: title.to_owned(),
    };
    Row {
        item: Some(row::Item::Folder(folder)),
        ..Default::default()
    }
}

fn call<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Principal::new("users/ann"));
    request
}
