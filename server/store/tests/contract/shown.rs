//! What is read to show rows.

use crate::data::{NOW, commit_adding, folder, later, observed, row, structure};
use resync_core::id::{ForestVersion, IssueId, RowId, TrackerId};
use resync_store::{ShownIssue, Store};

pub(crate) async fn issues_are_shown_as_they_were_observed(store: &Store) {
    let tracker = TrackerId(1);
    let seen = observed(170, "PAY-1", NOW);
    let issues = vec![seen.clone(), observed(171, "PAY-2", later(1))];
    let written = store.upsert_observations(tracker, issues, NOW).await;
    assert_eq!(written, Ok(2));
    let marked = store
        .mark_issues_gone(tracker, vec![IssueId(171)], NOW)
        .await;
    assert_eq!(marked, Ok(1));
    let asked = vec![IssueId(171), IssueId(5), IssueId(170)];
    let mut shown = store.load_shown(tracker, asked).await.unwrap();
    shown.sort_by_key(|shown| shown.issue);
    let expected = ShownIssue {
        issue: IssueId(170),
        key: "PAY-1".into(),
        summary: seen.summary.to_string(),
        type_name: seen.issue_type.name.to_string(),
        subtask: seen.issue_type.subtask,
        status: seen.status.to_string(),
        assignee: seen.assignee.map(|name| name.to_string()),
        updated: NOW,
        gone: false,
    };
    assert_eq!(shown[0], expected);
    assert_eq!((shown[1].key.as_str(), shown[1].gone), ("PAY-2", true));
    assert_eq!(shown.len(), 2);
}

pub(crate) async fn rows_are_read_in_parts_of_one_version(store: &Store) {
    let structure = structure(store, "roadmap").await.id;
    let rows = vec![
        row(1, None, 1, folder("A")),
        row(2, None, 2, folder("B")),
        row(3, Some(1), 1, folder("C")),
    ];
    let commit = commit_adding(structure, rows.clone());
    store.commit_forest(commit).await.unwrap();
    let part = async |from: i64, to: i64| {
        let range = RowId(from)..RowId(to);
        store.load_rows_between(structure, range).await.unwrap()
    };
    let version = ForestVersion(1);
    assert_eq!(part(i64::MIN, 2).await, (version, rows[..1].to_vec()));
    assert_eq!(part(2, i64::MAX).await, (version, rows[1..].to_vec()));
    assert_eq!(part(7, 9).await, (version, Vec::new()));
}
