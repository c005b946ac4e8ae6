//! Bad input for `StructureService`.

use super::Table;
use resync_api::v1;
use resync_api::v1::{forest_change::Change, row};

const ROADMAP: &str = "structures/roadmap";

/// Longer than any text may be.
fn long() -> String {
    "x".repeat(5_000)
}

pub(super) async fn cases(table: &mut Table) {
    create(table).await;
    get_and_list(table).await;
    update_and_delete(table).await;
    rows(table).await;
    edit(table).await;
    edit_rows(table).await;
    watch(table).await;
}

async fn create(table: &mut Table) {
    let good = v1::Structure {
        display_name: "A".into(),
        ..Default::default()
    };
    let request = |structure| v1::CreateStructureRequest {
        structure,
        ..Default::default()
    };
    let method = "CreateStructure";
    let bad = [
        ("structure", request(None)),
        (
            "structure.display_name",
            request(Some(v1::Structure::default())),
        ),
        (
            "structure.description",
            request(Some(v1::Structure {
                description: long(),
                ..good.clone()
            })),
        ),
        (
            "structure_id",
            v1::CreateStructureRequest {
                structure_id: "No".into(),
                ..request(Some(good.clone()))
            },
        ),
        (
            "request_id",
            v1::CreateStructureRequest {
                request_id: "1".into(),
                ..request(Some(good))
            },
        ),
    ];
    for (field, message) in bad {
        let result = table
            .server
            .structures()
            .create_structure(message)
            .await
            .map(drop);
        table.refused(method, field, "FIELD_INVALID", result);
    }
    table.nothing(
        method,
        "structure.name",
        "the parent and the id make the name",
    );
    table.nothing(method, "structure.etag", "the server assigns it");
}

async fn get_and_list(table: &mut Table) {
    for name in [
        "",
        "structures/",
        "structures/No",
        "structures/-",
        "roadmap",
        "structures/a/b",
    ] {
        let request = v1::GetStructureRequest { name: name.into() };
        let result = table
            .server
            .structures()
            .get_structure(request)
            .await
            .map(drop);
        table.refused("GetStructure", "name", "FIELD_INVALID", result);
    }
    let good = v1::ListStructuresRequest::default();
    let bad = [
        (
            "page_size",
            "FIELD_INVALID",
            v1::ListStructuresRequest {
                page_size: -1,
                ..good.clone()
            },
        ),
        (
            "page_token",
            "TOKEN_INVALID",
            v1::ListStructuresRequest {
                page_token: "junk".into(),
                ..good.clone()
            },
        ),
        (
            "filter",
            "FIELD_INVALID",
            v1::ListStructuresRequest {
                filter: "color = red".into(),
                ..good
            },
        ),
    ];
    for (field, reason, message) in bad {
        let result = table
            .server
            .structures()
            .list_structures(message)
            .await
            .map(drop);
        table.refused("ListStructures", field, reason, result);
    }
}

async fn update_and_delete(table: &mut Table) {
    let good = v1::Structure {
        name: ROADMAP.into(),
        ..Default::default()
    };
    let request = |structure| v1::UpdateStructureRequest {
        structure,
        ..Default::default()
    };
    let mask = Some(prost_types::FieldMask {
        paths: vec!["uid".into()],
    });
    let bad = [
        ("structure", "FIELD_INVALID", request(None)),
        (
            "structure.name",
            "FIELD_INVALID",
            request(Some(v1::Structure::default())),
        ),
        (
            "structure.display_name",
            "FIELD_INVALID",
            request(Some(v1::Structure {
                display_name: long(),
                ..good.clone()
            })),
        ),
        (
            "structure.description",
            "FIELD_INVALID",
            request(Some(v1::Structure {
                description: long(),
                ..good.clone()
            })),
        ),
        (
            "structure.etag",
            "RESOURCE_CHANGED",
            request(Some(v1::Structure {
                etag: "old".into(),
                ..good.clone()
            })),
        ),
        (
            "update_mask",
            "FIELD_INVALID",
            v1::UpdateStructureRequest {
                update_mask: mask,
                ..request(Some(good))
            },
        ),
    ];
    for (field, reason, message) in bad {
        let result = table
            .server
            .structures()
            .update_structure(message)
            .await
            .map(drop);
        table.refused("UpdateStructure", field, reason, result);
    }
    let delete = v1::DeleteStructureRequest {
        name: "x".into(),
        ..Default::default()
    };
    let result = table
        .server
        .structures()
        .delete_structure(delete.clone())
        .await
        .map(drop);
    table.refused("DeleteStructure", "name", "FIELD_INVALID", result);
    let delete = v1::DeleteStructureRequest {
        name: ROADMAP.into(),
        etag: "old".into(),
        ..delete
    };
    let result = table
        .server
        .structures()
        .delete_structure(delete)
        .await
        .map(drop);
    table.refused("DeleteStructure", "etag", "RESOURCE_CHANGED", result);
    let request = v1::UndeleteStructureRequest { name: "x".into() };
    let result = table
        .server
        .structures()
        .undelete_structure(request)
        .await
        .map(drop);
    table.refused("UndeleteStructure", "name", "FIELD_INVALID", result);
}

async fn rows(table: &mut Table) {
    let good = v1::ListRowsRequest {
        parent: ROADMAP.into(),
        ..Default::default()
    };
    let bad = [
        (
            "parent",
            "FIELD_INVALID",
            v1::ListRowsRequest {
                parent: "x".into(),
                ..good.clone()
            },
        ),
        (
            "page_size",
            "FIELD_INVALID",
            v1::ListRowsRequest {
                page_size: -1,
                ..good.clone()
            },
        ),
        (
            "page_token",
            "TOKEN_INVALID",
            v1::ListRowsRequest {
                page_token: "AAAAAAAAAAAAAAAA".into(),
                ..good.clone()
            },
        ),
        (
            "filter",
            "FIELD_INVALID",
            v1::ListRowsRequest {
                filter: "x".into(),
                ..good.clone()
            },
        ),
        (
            "forest_version",
            "FIELD_INVALID",
            v1::ListRowsRequest {
                forest_version: -1,
                ..good.clone()
            },
        ),
        (
            "view",
            "FIELD_INVALID",
            v1::ListRowsRequest { view: 99, ..good },
        ),
    ];
    for (field, reason, message) in bad {
        let result = table.server.structures().list_rows(message).await.map(drop);
        table.refused("ListRows", field, reason, result);
    }
}

fn folder(title: &str) -> v1::Row {
    let item = row::Item::Folder(v1::Folder {
        title: title.into(),
    });
    v1::Row {
        item: Some(item),
        ..Default::default()
    }
}

fn add(position: Option<v1::Position>, rows: Vec<v1::Row>) -> Change {
    Change::AddRows(v1::AddRows { position, rows })
}

fn change(change: Change) -> v1::EditForestRequest {
    v1::EditForestRequest {
        structure: ROADMAP.into(),
        changes: vec![v1::ForestChange {
            change: Some(change),
        }],
        ..Default::default()
    }
}

async fn refused(table: &mut Table, field: &str, message: v1::EditForestRequest) {
    let result = table
        .server
        .structures()
        .edit_forest(message)
        .await
        .map(drop);
    table.refused("EditForest", field, "FIELD_INVALID", result);
}

async fn edit(table: &mut Table) {
    let good = || change(add(None, vec![folder("A")]));
    let bad = [
        (
            "structure",
            v1::EditForestRequest {
                structure: "x".into(),
                ..good()
            },
        ),
        (
            "changes",
            v1::EditForestRequest {
                changes: Vec::new(),
                ..good()
            },
        ),
        ("changes", change(add(None, vec![folder("A"); 1_001]))),
        (
            "changes[]",
            v1::EditForestRequest {
                changes: vec![v1::ForestChange { change: None }],
                ..good()
            },
        ),
        (
            "base_forest_version",
            v1::EditForestRequest {
                base_forest_version: -1,
                ..good()
            },
        ),
        (
            "request_id",
            v1::EditForestRequest {
                request_id: "1".into(),
                ..good()
            },
        ),
    ];
    for (field, message) in bad {
        refused(table, field, message).await;
    }
    table
        .covered
        .remove(&("EditForest".to_owned(), "changes".to_owned()));
    let parent = |parent_row_id| v1::Position {
        parent_row_id,
        previous_row_id: 0,
    };
    let previous = |previous_row_id| v1::Position {
        parent_row_id: 0,
        previous_row_id,
    };
    let moved = |position, row_ids| Change::MoveRows(v1::MoveRows { position, row_ids });
    for (kind, place) in [
        ("add_rows", "parent"),
        ("move_rows", "parent"),
        ("add_rows", "previous"),
        ("move_rows", "previous"),
    ] {
        let position = if place == "parent" {
            parent(-1)
        } else {
            previous(-1)
        };
        let bad = match kind {
            "add_rows" => add(Some(position), vec![folder("A")]),
            _ => moved(Some(position), vec![1]),
        };
        let field = format!("changes[].{kind}.position.{place}_row_id");
        refused(table, &field, change(bad)).await;
        let position = if place == "parent" {
            parent(77)
        } else {
            previous(77)
        };
        let bad = match kind {
            "add_rows" => add(Some(position), vec![folder("A")]),
            _ => moved(Some(position), vec![1]),
        };
        refused(table, &format!("changes[].{kind}.position"), change(bad)).await;
    }
    refused(
        table,
        "changes[].move_rows.row_ids[]",
        change(moved(None, vec![-1])),
    )
    .await;
    let removed = |row_ids| Change::RemoveRows(v1::RemoveRows { row_ids });
    refused(
        table,
        "changes[].remove_rows.row_ids[]",
        change(removed(vec![0])),
    )
    .await;
    for kind in ["add_rows", "move_rows", "remove_rows"] {
        let field = format!("changes[].{kind}");
        table.nothing("EditForest", &field, "what is in it is wrong, or nothing");
    }
    refused_lists(table).await;
}

/// Lists that must not be empty are not paths of single values.
async fn refused_lists(table: &mut Table) {
    let empty = [
        ("changes[].add_rows.rows", add(None, Vec::new())),
        (
            "changes[].move_rows.row_ids",
            Change::MoveRows(v1::MoveRows::default()),
        ),
        (
            "changes[].remove_rows.row_ids",
            Change::RemoveRows(v1::RemoveRows::default()),
        ),
    ];
    for (field, bad) in empty {
        refused(table, field, change(bad)).await;
        table
            .covered
            .remove(&("EditForest".to_owned(), field.to_owned()));
    }
}

async fn edit_rows(table: &mut Table) {
    let issue = |issue| {
        let item = Some(row::Item::Issue(issue));
        change(add(
            None,
            vec![v1::Row {
                item,
                ..Default::default()
            }],
        ))
    };
    let good = v1::Issue {
        issue_id: "10001".into(),
        ..Default::default()
    };
    let bad = [
        ("", change(add(None, vec![v1::Row::default()]))),
        (
            ".depth",
            change(add(
                None,
                vec![v1::Row {
                    depth: -1,
                    ..folder("A")
                }],
            )),
        ),
        (".folder.title", change(add(None, vec![folder(" ")]))),
        (
            ".folder.title",
            change(add(None, vec![folder(&"x".repeat(256))])),
        ),
        (".issue", issue(v1::Issue::default())),
        (
            ".issue.tracker",
            issue(v1::Issue {
                tracker: "x".into(),
                ..good.clone()
            }),
        ),
        (
            ".issue.issue_id",
            issue(v1::Issue {
                issue_id: "x".into(),
                ..good
            }),
        ),
    ];
    for (field, message) in bad {
        refused(table, &format!("changes[].add_rows.rows[]{field}"), message).await;
    }
    for issue_key in ["nonsense", "PAY-", "-1", "PAY 1-2", "PAY-1; DROP"] {
        let message = issue(v1::Issue {
            issue_key: issue_key.into(),
            ..Default::default()
        });
        refused(table, "changes[].add_rows.rows[].issue.issue_key", message).await;
    }
    let field = "changes[].add_rows.rows[].folder";
    table.nothing("EditForest", field, "its title is wrong, or nothing");
}

async fn watch(table: &mut Table) {
    let request = v1::WatchStructureRequest {
        name: "x".into(),
        ..Default::default()
    };
    let result = table
        .server
        .structures()
        .watch_structure(request)
        .await
        .map(drop);
    table.refused("WatchStructure", "name", "FIELD_INVALID", result);
    let request = v1::WatchStructureRequest {
        name: ROADMAP.into(),
        resume_token: "junk".into(),
        ..Default::default()
    };
    let result = table
        .server
        .structures()
        .watch_structure(request)
        .await
        .map(drop);
    table.refused("WatchStructure", "resume_token", "TOKEN_INVALID", result);
}
