//! Requests that are repeated, and the server's secret.

use crate::data::{
    NOW, ann, commit_adding, folder, new_run, new_structure, request, row, structure,
};
use resync_core::id::{Principal, RowId, Slug};
use resync_core::time::Timestamp;
use resync_store::{
    Error, ForestCommit, REQUEST_RETENTION_MS, RecordedAnswer, RequestRecord, Store,
    StructureFilter,
};

async fn find(store: &Store, request: &RequestRecord) -> Result<Option<RecordedAnswer>, Error> {
    let RequestRecord {
        principal,
        method,
        request_id,
        body_hash,
        ..
    } = request.clone();
    store
        .find_answer(principal, method, request_id, body_hash)
        .await
}

pub(crate) async fn an_answer_is_recorded_without_an_effect(store: &Store) {
    let request = request("joined", b"body");
    store.record_answer(request.clone(), 7).await.unwrap();
    let found = find(store, &request).await.unwrap();
    assert_eq!(found.map(|answer| answer.subject), Some(7));
    let again = store.record_answer(request, 8).await;
    assert!(matches!(again, Err(Error::AlreadyAnswered(answer)) if answer.subject == 7));
}

pub(crate) async fn a_repeated_request_is_answered_the_same(store: &Store) {
    let again = request("one", b"body");
    assert_eq!(find(store, &again).await.unwrap(), None);
    let create = async || {
        store
            .create_structure(new_structure("roadmap"), Some(again.clone()))
            .await
    };
    let created = create().await.unwrap();
    let answer = RecordedAnswer {
        subject: created.id.0,
        answer: b"the answer".to_vec(),
    };
    assert_eq!(
        create().await.unwrap_err(),
        Error::AlreadyAnswered(answer.clone())
    );
    assert_eq!(find(store, &again).await.unwrap(), Some(answer));

    // The version has moved on by the call itself: that is not what a repetition is told.
    let edit = || ForestCommit {
        request: Some(request("two", b"body")),
        ..commit_adding(created.id, vec![row(1, None, 1, folder("A row"))])
    };
    let version = store.commit_forest(edit()).await.unwrap();
    let error = store.commit_forest(edit()).await.unwrap_err();
    let answer = RecordedAnswer {
        subject: version.0,
        answer: b"the answer".to_vec(),
    };
    assert_eq!(error, Error::AlreadyAnswered(answer));
    assert_eq!(
        store.load_rows(created.id).await.unwrap().next_row_id,
        RowId(2)
    );
}

pub(crate) async fn a_request_id_with_another_body_is_refused(store: &Store) {
    let first = Some(request("one", b"body"));
    store
        .create_structure(new_structure("roadmap"), first)
        .await
        .unwrap();
    let other = request("one", b"another");
    let reused = Error::RequestIdReused {
        request_id: "one".into(),
    };
    assert_eq!(find(store, &other).await.unwrap_err(), reused);
    let error = store
        .create_structure(new_structure("other"), Some(other))
        .await
        .unwrap_err();
    assert_eq!(error, reused);
    let listed = store
        .list_structures(StructureFilter::default(), None, 10)
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
}

pub(crate) async fn a_request_that_failed_can_be_repeated(store: &Store) {
    structure(store, "taken").await;
    let record = request("one", b"body");
    let error = store
        .create_structure(new_structure("taken"), Some(record.clone()))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::AlreadyExists { .. }), "{error}");
    assert_eq!(find(store, &record).await.unwrap(), None);
    store
        .create_structure(new_structure("free"), Some(record))
        .await
        .unwrap();
}

pub(crate) async fn a_request_id_belongs_to_its_caller_and_method(store: &Store) {
    let id = structure(store, "roadmap").await.id;
    let first = request("one", b"body");
    let job = store
        .create_job(new_run(id, "a"), Some(first.clone()))
        .await
        .unwrap()
        .job;
    let bob = RequestRecord {
        principal: Principal::new("users/bob"),
        ..first.clone()
    };
    store.create_job(new_run(id, "b"), Some(bob)).await.unwrap();
    let other = RequestRecord {
        method: "resync.v1.Other/Method".into(),
        ..first.clone()
    };
    store
        .create_job(new_run(id, "c"), Some(other))
        .await
        .unwrap();
    assert_eq!(
        find(store, &first).await.unwrap().unwrap().subject,
        job.id.0
    );
    assert_eq!(first.principal, ann());
}

pub(crate) async fn an_answer_is_forgotten_after_a_day(store: &Store) {
    let record = request("one", b"body");
    let create = async |slug, time| {
        let record = RequestRecord {
            time,
            ..record.clone()
        };
        store
            .create_structure(new_structure(slug), Some(record))
            .await
    };
    create("first", NOW).await.unwrap();
    let day = NOW.plus_milliseconds(REQUEST_RETENTION_MS);
    assert!(matches!(
        create("second", day).await,
        Err(Error::AlreadyAnswered(_))
    ));
    let after = day.plus_milliseconds(1);
    create("third", after).await.unwrap();

    assert_eq!(store.purge_requests(after).await.unwrap(), 0);
    let much_later = Timestamp(after.0 + REQUEST_RETENTION_MS + 1);
    assert_eq!(store.purge_requests(much_later).await.unwrap(), 1);
    assert_eq!(find(store, &record).await.unwrap(), None);
}

pub(crate) async fn of_concurrent_equal_requests_one_has_an_effect(store: &Store) {
    let call = |number| {
        let store = store.clone();
        let new = new_structure(&format!("s{number}"));
        let record = Some(request("one", b"body"));
        tokio::spawn(async move { store.create_structure(new, record).await })
    };
    let calls: Vec<_> = (0..8).map(call).collect();
    let mut created = Vec::new();
    let mut answered = Vec::new();
    for call in calls {
        match call.await.unwrap() {
            Ok(record) => created.push(record.id.0),
            Err(Error::AlreadyAnswered(answer)) => answered.push(answer.subject),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(created.len(), 1);
    assert_eq!(answered, vec![created[0]; 7]);
}

pub(crate) async fn the_secret_is_made_once(store: &Store) {
    assert_eq!(store.server_secret([1; 32]).await.unwrap(), [1; 32]);
    assert_eq!(store.server_secret([2; 32]).await.unwrap(), [1; 32]);
    let error = store.get_structure(Slug::new("nowhere")).await.unwrap_err();
    assert!(!error.is_temporary());
}
