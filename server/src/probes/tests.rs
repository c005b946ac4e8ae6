//! Questions whose callers have gone, and what a tracker's refusal tells.

use super::*;
use async_trait::async_trait;
use resync_core::id::{Slug, Uid};
use resync_core::time::Timestamp;
use resync_service::ProbeQueue;
use resync_store::{Executor, Location, NewTracker, Product, TrackerLimits, TrackerSettings};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Trackers that never answer, until they refuse.
#[derive(Default)]
struct Silent {
    asked: AtomicUsize,
    refuses: AtomicBool,
}

#[async_trait]
impl TrackerDirectory for Silent {
    async fn reader(&self, _: &TrackerRecord) -> Result<Arc<dyn TrackerReader>, Problem> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.refuses.load(Ordering::SeqCst) {
            return Err(Problem::new(Reason::TrackerCredentialRefused, "no secret"));
        }
        std::future::pending().await
    }
}

async fn store_with_a_tracker() -> (Store, TrackerRecord) {
    let store = Store::open(Location::Memory, Executor::Inline)
        .await
        .unwrap();
    let new = NewTracker {
        slug: Slug::new("main"),
        uid: Uid::new("1"),
        settings: TrackerSettings {
            display_name: "Jira".to_owned(),
            product: Product::JiraCloud,
            base_uri: "https://jira.example.com".to_owned(),
            credential: "bot".to_owned(),
            limits: TrackerLimits::default(),
        },
        time: Timestamp(0),
    };
    let record = store.create_tracker(new, None).await.unwrap();
    (store, record)
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn questions_of_callers_who_have_gone_make_room_for_others() {
    let (store, tracker) = store_with_a_tracker().await;
    let directory = Arc::new(Silent::default());
    let (queue, questions) = ProbeQueue::new();
    let prober = Prober {
        store,
        trackers: Arc::clone(&directory) as Arc<dyn TrackerDirectory>,
        clock: Arc::new(|| Timestamp(0)),
    };
    tokio::spawn(prober.run(questions));
    let asking: Vec<_> = (0..QUESTIONS_AT_ONCE)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.check_tracker(tracker.id).await })
        })
        .collect();
    let asked = || directory.asked.load(Ordering::SeqCst);
    until(|| asked() == QUESTIONS_AT_ONCE).await;
    // One more waits, since all places are taken.
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.check_tracker(tracker.id).await }
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(asked(), QUESTIONS_AT_ONCE);
    directory.refuses.store(true, Ordering::SeqCst);
    asking.iter().for_each(tokio::task::JoinHandle::abort);
    let report = waiting.await.unwrap().unwrap();
    assert_eq!(report.checks[0].result, CheckResult::Failed);
}

#[tokio::test]
async fn a_pause_that_the_tracker_asks_for_is_told() {
    let (_store, record) = store_with_a_tracker().await;
    let retry_after = Duration::from_millis(89_500);
    let refusal = refusal(&Error::Throttled { retry_after }, &record);
    assert_eq!(refusal.problem.reason, Reason::TrackerThrottled);
    assert_eq!(refusal.retry_after, Some(retry_after));
    assert_eq!(refusal.problem.metadata["retryAfterSeconds"], "90");
    assert_eq!(refusal.problem.metadata["tracker"], "trackers/main");
}

#[tokio::test]
async fn a_query_that_is_not_accepted_is_told_in_the_callers_words() {
    let (_store, record) = store_with_a_tracker().await;
    let error = Error::QueryInvalid {
        detail: "no field x".to_owned(),
    };
    let told = |source| {
        about_query(refusal(&error, &record), &source)
            .problem
            .metadata
    };
    assert_eq!(told(FilterSource::Jql("x = 1".into()))["jql"], "x = 1");
    let saved = told(FilterSource::SavedFilter(resync_core::id::JiraId::new("7")));
    assert_eq!(saved["savedFilterId"], "7");
}
