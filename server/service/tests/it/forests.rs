//! Reading and editing forests.

use crate::support::{Setup, TestServer, add_folders, assert_refused, fields, metadata};
use resync_api::v1;
use resync_api::v1::{forest_change::Change, row};
use resync_core::change::{ForestChange, Item, Place};
use resync_core::id::{
    ForestVersion, IssueId, IssueKey, JiraId, Principal, ProjectKey, RowId, Slug,
};
use resync_core::issue::{IssueType, ObservedIssue};
use resync_core::order::OrderKey;
use resync_core::time::Timestamp;
use resync_service::Limits;
use resync_store::ForestCommit;
use tonic::Code;

const ROADMAP: &str = "structures/roadmap";

fn list() -> v1::ListRowsRequest {
    v1::ListRowsRequest {
        parent: ROADMAP.into(),
        ..Default::default()
    }
}

fn move_rows(parent: i64, previous: i64, rows: &[i64]) -> v1::ForestChange {
    let position = v1::Position {
        parent_row_id: parent,
        previous_row_id: previous,
    };
    let change = v1::MoveRows {
        position: Some(position),
        row_ids: rows.to_vec(),
    };
    v1::ForestChange {
        change: Some(Change::MoveRows(change)),
    }
}

fn remove_rows(rows: &[i64]) -> v1::ForestChange {
    let change = v1::RemoveRows {
        row_ids: rows.to_vec(),
    };
    v1::ForestChange {
        change: Some(Change::RemoveRows(change)),
    }
}

fn add_issue(issue: v1::Issue) -> v1::ForestChange {
    let row = v1::Row {
        item: Some(row::Item::Issue(issue)),
        ..Default::default()
    };
    let add = v1::AddRows {
        position: None,
        rows: vec![row],
    };
    v1::ForestChange {
        change: Some(Change::AddRows(add)),
    }
}

fn edit(changes: Vec<v1::ForestChange>) -> v1::EditForestRequest {
    v1::EditForestRequest {
        structure: ROADMAP.into(),
        changes,
        ..Default::default()
    }
}

fn observed(id: i64, key: &str) -> ObservedIssue {
    ObservedIssue {
        id: IssueId(id),
        key: IssueKey::new(key),
        summary: "Pay by card".into(),
        project: ProjectKey::new("PAY"),
        issue_type: IssueType {
            id: JiraId::new("1"),
            name: "Bug".into(),
            subtask: false,
        },
        status: "Open".into(),
        assignee: Some("Ann".into()),
        parent: None,
        updated: Timestamp(1_000),
    }
}

/// The rows as an outline.
fn outline(rows: &[v1::Row]) -> String {
    let line = |row: &v1::Row| {
        let indent = "  ".repeat(usize::try_from(row.depth).unwrap());
        let text = match row.item.as_ref().unwrap() {
            row::Item::Folder(folder) => folder.title.clone(),
            row::Item::Issue(issue) => issue.issue_key.clone(),
        };
        format!("{indent}{} {text}", row.row_id)
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn rows_of(server: &TestServer, request: v1::ListRowsRequest) -> Vec<v1::Row> {
    let mut request = request;
    let mut rows = Vec::new();
    loop {
        let page = server
            .structures()
            .list_rows(request.clone())
            .await
            .unwrap()
            .into_inner();
        rows.extend(page.rows);
        if page.next_page_token.is_empty() {
            return rows;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test]
async fn rows_are_added_moved_and_removed() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    let made = server.edit(vec![add_folders(0, 0, &["A", "B", "C"])]).await;
    assert_eq!(made.forest_version, 1);
    assert_eq!(made.changes.len(), 3);
    server
        .edit(vec![move_rows(1, 0, &[3]), add_folders(3, 0, &["D"])])
        .await;
    let rows = rows_of(&server, list()).await;
    expect_test::expect![[r#"
        1 A
          3 C
            4 D
        2 B"#]]
    .assert_eq(&outline(&rows));
    server.edit(vec![remove_rows(&[3])]).await;
    assert_eq!(outline(&rows_of(&server, list()).await), "1 A\n2 B");
}

#[tokio::test]
async fn all_pages_show_one_version_whatever_happens_between() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    server
        .edit(vec![add_folders(0, 0, &["A", "B", "C", "D", "E"])])
        .await;
    let request = v1::ListRowsRequest {
        page_size: 2,
        ..list()
    };
    let first = server
        .structures()
        .list_rows(request.clone())
        .await
        .unwrap()
        .into_inner();
    server
        .edit(vec![remove_rows(&[1, 4]), add_folders(0, 0, &["F"])])
        .await;
    let request = v1::ListRowsRequest {
        page_token: first.next_page_token,
        ..request
    };
    let rest = rows_of(&server, request).await;
    assert_eq!(outline(&rest), "3 C\n4 D\n5 E");
    assert_eq!(
        outline(&rows_of(&server, list()).await),
        "6 F\n2 B\n3 C\n5 E"
    );
}

#[tokio::test]
async fn an_older_version_is_read() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    server.edit(vec![add_folders(0, 0, &["A"])]).await;
    server
        .edit(vec![add_folders(0, 1, &["B"]), move_rows(2, 0, &[1])])
        .await;
    server.edit(vec![remove_rows(&[2])]).await;
    let at = |forest_version| v1::ListRowsRequest {
        forest_version,
        ..list()
    };
    assert_eq!(outline(&rows_of(&server, at(1)).await), "1 A");
    assert_eq!(outline(&rows_of(&server, at(2)).await), "2 B\n  1 A");
    let refused = server.structures().list_rows(at(9)).await;
    let status = assert_refused(refused, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(fields(&status), ["forest_version"]);

    // All versions are kept: one that is not there is a damage.
    let other = TestServer::start().await;
    other.create_structure("roadmap").await;
    other.edit(vec![add_folders(0, 0, &["A"])]).await;
    other.edit(vec![add_folders(0, 0, &["B"])]).await;
    let forget = "DELETE FROM forest_changes; DELETE FROM forest_versions;";
    resync_store::testing::execute(&other.store, forget)
        .await
        .unwrap();
    let refused = other.structures().list_rows(at(1)).await;
    assert_refused(refused, Code::Internal, "INTERNAL");
}

#[tokio::test]
async fn a_list_of_rows_is_filtered_and_its_token_bound() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    server
        .edit(vec![
            add_folders(0, 0, &["A", "B"]),
            add_folders(1, 0, &["C", "D"]),
        ])
        .await;
    let filtered = |filter: &str| v1::ListRowsRequest {
        filter: filter.into(),
        ..list()
    };
    let found = rows_of(&server, filtered("parent_row_id = 1 AND depth = 1")).await;
    assert_eq!(outline(&found), "  3 C\n  4 D");
    let request = v1::ListRowsRequest {
        page_size: 1,
        ..filtered("depth = 1")
    };
    let page = server
        .structures()
        .list_rows(request)
        .await
        .unwrap()
        .into_inner();
    let page_token = page.next_page_token;
    assert!(!page_token.is_empty());
    let refused = server
        .structures()
        .list_rows(v1::ListRowsRequest {
            page_token,
            ..list()
        })
        .await;
    let status = assert_refused(refused, Code::InvalidArgument, "TOKEN_INVALID");
    assert_eq!(fields(&status), ["page_token"]);
}

#[tokio::test]
async fn an_issue_is_added_by_its_key_and_shown_with_its_fields() {
    let server = TestServer::start().await;
    server.seed().await;
    server
        .tracker
        .issues
        .lock()
        .unwrap()
        .push(observed(10_001, "PAY-12"));
    let issue = v1::Issue {
        issue_key: "PAY-12".into(),
        ..Default::default()
    };
    // The second time the store knows the issue; the row is an alias.
    for _ in 0..2 {
        let made = server.edit(vec![add_issue(issue.clone())]).await;
        let Some(Change::AddRows(added)) = &made.changes[0].change else {
            panic!("{made:?}")
        };
        let fields = added.rows[0].fields.as_ref().unwrap();
        assert_eq!(
            (fields.summary.as_str(), fields.accessible),
            ("Pay by card", true)
        );
        server.tracker.issues.lock().unwrap().clear();
    }
    let rows = rows_of(&server, list()).await;
    assert_eq!(outline(&rows), "3 PAY-12\n2 PAY-12\n1 Now");
    assert!(rows[0].alias && !rows[1].alias);
    assert_eq!(rows[0].fields, rows[1].fields);
    let basic = v1::ListRowsRequest {
        view: v1::RowView::Basic.into(),
        ..list()
    };
    let rows = rows_of(&server, basic).await;
    assert_eq!(
        (rows[1].fields.clone(), outline(&rows[1..2])),
        (None, "2 PAY-12".into())
    );
}

#[tokio::test]
async fn an_alias_becomes_the_primary_row_when_that_is_removed() {
    let server = TestServer::start().await;
    server.seed().await;
    let issues = &server.tracker.issues;
    issues.lock().unwrap().push(observed(10_001, "PAY-12"));
    let issue = v1::Issue {
        issue_key: "PAY-12".into(),
        ..Default::default()
    };
    for _ in 0..3 {
        server.edit(vec![add_issue(issue.clone())]).await;
    }
    let aliases = |rows: Vec<v1::Row>| -> Vec<(i64, bool)> {
        let issues = rows.iter().filter(|row| row.fields.is_some());
        issues.map(|row| (row.row_id, row.alias)).collect()
    };
    let before = aliases(rows_of(&server, list()).await);
    assert_eq!(before, [(4, true), (3, true), (2, false)]);
    let removed = server.edit(vec![remove_rows(&[2])]).await;
    assert_eq!(
        removed.changes.len(),
        1,
        "a promotion is no step of the API"
    );
    let after = aliases(rows_of(&server, list()).await);
    assert_eq!(after, [(4, false), (3, true)]);
    server.edit(vec![remove_rows(&[3, 4])]).await;
    assert_eq!(aliases(rows_of(&server, list()).await), []);
}

#[tokio::test]
async fn an_issue_that_the_tracker_does_not_show_is_refused() {
    let server = TestServer::start().await;
    server.seed().await;
    let issue = v1::Issue {
        issue_key: "PAY-12".into(),
        ..Default::default()
    };
    let refused = server
        .structures()
        .edit_forest(edit(vec![add_issue(issue)]))
        .await;
    let status = assert_refused(refused, Code::InvalidArgument, "FIELD_INVALID");
    assert_eq!(
        fields(&status),
        ["changes[0].add_rows.rows[0].issue.issue_key"]
    );
}

#[tokio::test]
async fn an_edit_is_made_on_its_base_version_only() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    server.edit(vec![add_folders(0, 0, &["A"])]).await;
    server.edit(vec![add_folders(0, 0, &["B"])]).await;
    let request = |base| v1::EditForestRequest {
        base_forest_version: base,
        ..edit(vec![add_folders(0, 0, &["C"])])
    };
    let refused = server.structures().edit_forest(request(1)).await;
    let status = assert_refused(refused, Code::Aborted, "RESOURCE_CHANGED");
    assert_eq!(
        (metadata(&status, "expected"), metadata(&status, "actual")),
        ("1".into(), "2".into())
    );
    assert!(server.structures().edit_forest(request(2)).await.is_ok());
}

#[tokio::test]
async fn checking_an_edit_changes_nothing_and_sending_it_twice_does_it_once() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    let check = v1::EditForestRequest {
        validate_only: true,
        ..edit(vec![add_folders(0, 0, &["A"])])
    };
    let checked = server
        .structures()
        .edit_forest(check)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((checked.forest_version, checked.changes.len()), (0, 1));
    let request_id = "6f3c5d2e-0b1a-4c3d-8e9f-001122334455".to_owned();
    let request = v1::EditForestRequest {
        request_id,
        ..edit(vec![add_folders(0, 0, &["A"])])
    };
    let first = server
        .structures()
        .edit_forest(request.clone())
        .await
        .unwrap()
        .into_inner();
    server.edit(vec![add_folders(0, 0, &["B"])]).await;
    let second = server
        .structures()
        .edit_forest(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, second);
    assert_eq!(outline(&rows_of(&server, list()).await), "2 B\n1 A");
}

#[tokio::test]
async fn edits_at_the_same_time_are_all_made() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    let edits = (0..4).map(|number| {
        let mut client = server.structures();
        let title = format!("R{number}");
        tokio::spawn(async move {
            client
                .edit_forest(edit(vec![add_folders(0, 0, &[&title])]))
                .await
        })
    });
    for edit in edits.collect::<Vec<_>>() {
        edit.await.unwrap().unwrap();
    }
    assert_eq!(rows_of(&server, list()).await.len(), 4);
}

#[tokio::test]
async fn a_structure_takes_so_many_rows_and_no_more() {
    let limits = Limits {
        rows_per_structure_max: 2,
        ..Limits::default()
    };
    let server = TestServer::with(Setup {
        limits,
        ..Setup::default()
    })
    .await;
    server.create_structure("roadmap").await;
    server.edit(vec![add_folders(0, 0, &["A", "B"])]).await;
    let refused = server
        .structures()
        .edit_forest(edit(vec![add_folders(0, 0, &["C"])]))
        .await;
    let status = assert_refused(refused, Code::FailedPrecondition, "STRUCTURE_TOO_LARGE");
    assert_eq!(
        (metadata(&status, "allowed"), metadata(&status, "actual")),
        ("2".into(), "3".into())
    );
}

#[tokio::test]
async fn an_edit_that_cannot_be_made_names_the_row() {
    let server = TestServer::start().await;
    server.create_structure("roadmap").await;
    server
        .edit(vec![add_folders(0, 0, &["A"]), add_folders(1, 0, &["B"])])
        .await;
    let mut deep = add_folders(0, 0, &["C", "D"]);
    if let Some(Change::AddRows(add)) = &mut deep.change {
        add.rows[1].depth = 2;
    }
    let cases = [
        (remove_rows(&[9]), "changes[0].remove_rows.row_ids[0]"),
        (remove_rows(&[1, 1]), "changes[0].remove_rows.row_ids[1]"),
        (move_rows(2, 0, &[1]), "changes[0].move_rows.row_ids[0]"),
        (move_rows(9, 0, &[1]), "changes[0].move_rows.position"),
        (add_folders(0, 2, &["C"]), "changes[0].add_rows.position"),
        (deep, "changes[0].add_rows.rows[1]"),
    ];
    for (change, field) in cases {
        let refused = server.structures().edit_forest(edit(vec![change])).await;
        let status = assert_refused(refused, Code::InvalidArgument, "FIELD_INVALID");
        assert_eq!(fields(&status), [field]);
    }
}

#[tokio::test]
async fn what_a_job_has_changed_is_read_and_edited_further() {
    let server = TestServer::start().await;
    server.seed().await;
    rows_of(&server, list()).await;
    commit_as_a_job(&server).await;
    server.edit(vec![add_folders(0, 2, &["Last"])]).await;
    assert_eq!(
        outline(&rows_of(&server, list()).await),
        "1 Now\n2 By a job\n3 Last"
    );
}

/// Adds the row 2 at the end of the top, as the engine does: straight into the store.
async fn commit_as_a_job(server: &TestServer) {
    let structure = server
        .store
        .get_structure(Slug::new("roadmap"))
        .await
        .unwrap();
    let loaded = server.store.load_rows(structure.id).await.unwrap();
    let item = Item::Folder("By a job".into());
    let row = resync_core::forest::ForestRow {
        id: RowId(2),
        parent: None,
        key: OrderKey::between(Some(&loaded.rows[0].key), None),
        item: item.clone(),
        alias: false,
        placed_by: None,
    };
    let to = Place {
        parent: None,
        previous: Some(RowId(1)),
    };
    let commit = ForestCommit {
        structure: structure.id,
        expected_version: ForestVersion(1),
        upserts: vec![row],
        deletes: Vec::new(),
        changes: vec![ForestChange::Add {
            row: RowId(2),
            item,
            alias: false,
            to,
        }],
        claims: Vec::new(),
        observations: Vec::new(),
        next_row_id: RowId(3),
        row_count: 2,
        principal: Principal::new("users/ann"),
        synchronizer: None,
        reason: String::new(),
        time: server.time(),
        request: None,
        job: None,
    };
    server.store.commit_forest(commit).await.unwrap();
}
