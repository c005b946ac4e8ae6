//! Reading, waiting for and cancelling jobs.

use crate::support::{TestServer, assert_refused, fields, force, job_change, number_of, preview};
use resync_api::v1;
use resync_core::job::{ChangeState, HoldReason, JobState};
use resync_store::JobUpdate;
use std::time::Duration;
use tonic::Code;

const EPICS: &str = "structures/roadmap/synchronizers/epics";

async fn seeded() -> TestServer {
    let server = TestServer::start().await;
    server.seed().await;
    server
}

async fn forced(server: &TestServer) -> v1::Job {
    server
        .resyncs()
        .run_resync(force())
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap()
}

async fn listed(server: &TestServer, filter: &str) -> Vec<String> {
    let request = v1::ListJobsRequest {
        parent: "structures/-".into(),
        filter: filter.into(),
        page_size: 1,
        ..Default::default()
    };
    let mut request = request;
    let mut names = Vec::new();
    loop {
        let page = server
            .jobs()
            .list_jobs(request.clone())
            .await
            .unwrap()
            .into_inner();
        names.extend(page.jobs.into_iter().map(|job| job.name));
        if page.next_page_token.is_empty() {
            return names;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn a_page_of_jobs_with_long_plans_ends_early_and_goes_on() {
    let server = seeded().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        let mut plan = server.plan().await;
        plan.sample[0].title = "long ".repeat(120_000);
        names.insert(0, server.previewed(plan).await.name);
    }
    let page = async |view: v1::JobView, page_token: &str| {
        let request = v1::ListJobsRequest {
            parent: "structures/-".into(),
            view: view.into(),
            page_token: page_token.into(),
            ..Default::default()
        };
        let page = server.jobs().list_jobs(request).await.unwrap().into_inner();
        let names: Vec<String> = page.jobs.into_iter().map(|job| job.name).collect();
        (names, page.next_page_token)
    };
    assert_eq!(
        page(v1::JobView::Basic, "").await,
        (names.clone(), String::new())
    );
    let (mut listed, mut token) = (Vec::new(), String::new());
    for _ in 0..3 {
        let (jobs, next) = page(v1::JobView::Full, &token).await;
        assert_eq!(jobs.len(), 1);
        listed.extend(jobs);
        token = next;
    }
    assert_eq!((listed, token), (names, String::new()));
}

#[tokio::test]
async fn a_job_is_shown_whole_or_without_what_is_long() {
    let server = seeded().await;
    let plan = server.plan().await;
    let name = server.previewed(plan).await.name;
    let get = |view: v1::JobView| v1::GetJobRequest {
        name: name.clone(),
        view: view.into(),
    };
    let full = server
        .jobs()
        .get_job(get(v1::JobView::Full))
        .await
        .unwrap()
        .into_inner()
        .job;
    let full = full.unwrap();
    assert_eq!(full.rule.unwrap().tracker, "trackers/jira");
    assert_eq!(full.plan.unwrap().sample_changes.len(), 1);
    let basic = server
        .jobs()
        .get_job(get(v1::JobView::Basic))
        .await
        .unwrap()
        .into_inner()
        .job;
    let basic = basic.unwrap();
    assert_eq!(basic.rule, None);
    assert!(basic.plan.unwrap().sample_changes.is_empty());
}

#[tokio::test]
async fn jobs_are_listed_newest_first_by_what_their_filter_passes() {
    let server = seeded().await;
    let plan = server.plan().await;
    server.previewed(plan).await;
    forced(&server).await;
    let first = "structures/roadmap/jobs/1";
    let second = "structures/roadmap/jobs/2";
    assert_eq!(listed(&server, "").await, [second, first]);
    assert_eq!(listed(&server, "preview = true").await, [first]);
    assert_eq!(
        listed(&server, "state = STATE_PENDING AND kind = KIND_RESYNC").await,
        [second]
    );
    let filter = format!("synchronizer = \"{EPICS}\" AND creator = users/ann");
    assert_eq!(listed(&server, &filter).await, [second, first]);
    assert!(
        listed(&server, "end_time < \"2020-01-01T00:00:00Z\"")
            .await
            .is_empty()
    );
    assert!(
        listed(&server, "trigger = TRIGGER_STRUCTURE_CHANGE")
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_job_is_found_in_its_own_structure_only() {
    let server = seeded().await;
    server.create_structure("other").await;
    let job = forced(&server).await;
    let name = job.name.replace("roadmap", "other");
    let refused = server
        .jobs()
        .get_job(v1::GetJobRequest { name, view: 0 })
        .await;
    assert_refused(refused, Code::NotFound, "RESOURCE_NOT_FOUND");
}

#[tokio::test]
async fn changes_of_a_job_are_listed_by_page_and_filter() {
    let server = seeded().await;
    let job = server
        .resyncs()
        .preview_resync(preview(EPICS))
        .await
        .unwrap()
        .into_inner();
    let name = job.job.unwrap().name;
    let lease = server.claim().await;
    let mut changes: Vec<_> = (1..=5).map(job_change).collect();
    changes[4].state = ChangeState::Held;
    changes[4].destructive = false;
    changes[4].hold = Some(HoldReason::ChildrenStay);
    changes[4].why = None;
    let update = JobUpdate::default();
    server
        .store
        .store_plan(lease, changes, update, server.time())
        .await
        .unwrap();
    let ordinals = async |filter: &str, page_size: i32| {
        let mut request = v1::ListJobChangesRequest {
            parent: name.clone(),
            filter: filter.into(),
            page_size,
            ..Default::default()
        };
        let mut pages = Vec::new();
        loop {
            let page = server
                .jobs()
                .list_job_changes(request.clone())
                .await
                .unwrap()
                .into_inner();
            pages.push(
                page.job_changes
                    .iter()
                    .map(|one| one.ordinal)
                    .collect::<Vec<_>>(),
            );
            if page.next_page_token.is_empty() {
                return pages;
            }
            request.page_token = page.next_page_token;
        }
    };
    assert_eq!(ordinals("", 2).await, [vec![1, 2], vec![3, 4], vec![5]]);
    assert_eq!(ordinals("", 5).await, [vec![1, 2, 3, 4, 5]]);
    assert_eq!(
        ordinals("state = STATE_HELD AND destructive = false", 0).await,
        [vec![5]]
    );
    assert_eq!(
        ordinals("hold_reason = HOLD_REASON_CHILDREN_STAY", 0).await,
        [vec![5]]
    );
    let filter = "type = TYPE_REMOVE_ROW AND issue_key = PAY-1 AND destructive = true";
    assert_eq!(ordinals(filter, 3).await.concat(), [1, 2, 3, 4]);
}

#[tokio::test]
async fn waiting_ends_when_the_job_has_ended() {
    let server = seeded().await;
    let job = forced(&server).await;
    let request = v1::WaitJobRequest {
        name: job.name.clone(),
        timeout: None,
    };
    let mut client = server.jobs();
    let waiting = tokio::spawn(async move { client.wait_job(request).await });
    let lease = server.claim().await;
    server.finish(lease, JobState::Succeeded).await;
    let ended = waiting.await.unwrap().unwrap().into_inner().job.unwrap();
    assert_eq!(ended.state(), v1::job::State::Succeeded);
    assert!(ended.end_time.is_some());
}

#[tokio::test]
async fn waiting_ends_at_its_timeout_or_a_second_before_the_deadline_without_an_error() {
    let server = seeded().await;
    let name = forced(&server).await.name;
    let timeout = Some(prost_types::Duration {
        seconds: 0,
        nanos: 1_000_000,
    });
    let request = v1::WaitJobRequest {
        name: name.clone(),
        timeout,
    };
    let job = server
        .jobs()
        .wait_job(request)
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    assert_eq!(job.state(), v1::job::State::Pending);
    let mut request = tonic::Request::new(v1::WaitJobRequest {
        name,
        timeout: None,
    });
    request.set_timeout(Duration::from_millis(1_100));
    let job = server
        .jobs()
        .wait_job(request)
        .await
        .unwrap()
        .into_inner()
        .job
        .unwrap();
    assert_eq!(job.state(), v1::job::State::Pending);
}

#[tokio::test]
async fn a_pending_job_is_cancelled_at_once_and_a_running_one_is_asked_to_stop() {
    let server = seeded().await;
    let cancel = |name: &str| v1::CancelJobRequest {
        name: name.into(),
        reason: "oops".into(),
    };
    let job = forced(&server).await;
    let cancelled = server
        .jobs()
        .cancel_job(cancel(&job.name))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(cancelled.job.unwrap().state(), v1::job::State::Cancelled);

    let job = forced(&server).await;
    let lease = server.claim().await;
    let cancelled = server
        .jobs()
        .cancel_job(cancel(&job.name))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(cancelled.job.unwrap().state(), v1::job::State::Cancelling);
    server.finish(lease, JobState::Cancelled).await;
    let again = server
        .jobs()
        .cancel_job(cancel(&job.name))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.job.unwrap().state(), v1::job::State::Cancelled);
    assert_eq!(number_of(&job), lease.job);
}

#[tokio::test]
async fn a_page_token_is_of_one_list() {
    let server = seeded().await;
    forced(&server).await;
    server
        .resyncs()
        .preview_resync(preview(EPICS))
        .await
        .unwrap();
    let request = v1::ListJobsRequest {
        parent: "structures/roadmap".into(),
        page_size: 1,
        ..Default::default()
    };
    let page = server
        .jobs()
        .list_jobs(request.clone())
        .await
        .unwrap()
        .into_inner();
    let request = v1::ListJobsRequest {
        parent: "structures/-".into(),
        page_token: page.next_page_token,
        ..request
    };
    let refused = server.jobs().list_jobs(request).await;
    let status = assert_refused(refused, Code::InvalidArgument, "TOKEN_INVALID");
    assert_eq!(fields(&status), ["page_token"]);
}
