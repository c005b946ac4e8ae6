//! Bad input for `SynchronizerService`.

use super::Table;
use crate::support::synchronizer;
use resync_api::v1;
use resync_api::v1::{
    agile_rule::Scope, filter_rule::Source, status_rollup_rule::Step, sync_rule::Kind,
};

const EPICS: &str = "structures/roadmap/synchronizers/epics";

pub(super) async fn cases(table: &mut Table) {
    kinds(table).await;
    create(table).await;
    update(table).await;
    get_and_list(table).await;
    act(table).await;
}

async fn kinds(table: &mut Table) {
    let method = "ListSynchronizerKinds";
    let request = |page_size, page_token: &str| v1::ListSynchronizerKindsRequest {
        page_size,
        page_token: page_token.into(),
    };
    let mut client = table.server.synchronizers();
    let result = client
        .list_synchronizer_kinds(request(-1, ""))
        .await
        .map(drop);
    table.refused(method, "page_size", "FIELD_INVALID", result);
    let result = client
        .list_synchronizer_kinds(request(0, "x"))
        .await
        .map(drop);
    table.refused(method, "page_token", "TOKEN_INVALID", result);
    for name in ["", "filter", "synchronizerKinds/"] {
        let request = v1::GetSynchronizerKindRequest { name: name.into() };
        let result = client.get_synchronizer_kind(request).await.map(drop);
        table.refused("GetSynchronizerKind", "name", "FIELD_INVALID", result);
    }
}

fn all_bad() -> Vec<(&'static str, v1::Synchronizer)> {
    let (mut all, rules) = (bad_synchronizers(), bad_rules());
    all.extend(rules);
    all
}

/// Synchronizers with one field that is wrong, and the path of that field.
fn bad_synchronizers() -> Vec<(&'static str, v1::Synchronizer)> {
    let good = || synchronizer("type = Bug");
    let rule = |rule: v1::SyncRule| v1::Synchronizer {
        rule: Some(rule),
        ..good()
    };
    let kind = |kind| {
        rule(v1::SyncRule {
            tracker: "trackers/jira".into(),
            kind: Some(kind),
        })
    };
    let filter = |filter: v1::FilterRule| kind(Kind::Filter(filter));
    let jql = |text: &str| Some(Source::Jql(text.into()));
    let types = |ids: &[&str]| {
        let issue_type_ids = ids.iter().map(|id| (*id).to_owned()).collect();
        kind(Kind::Subtasks(v1::SubtasksRule {
            issue_type_ids,
            remove_orphaned: false,
        }))
    };
    vec![
        (
            "display_name",
            v1::Synchronizer {
                display_name: "x".repeat(256),
                ..good()
            },
        ),
        (
            "display_name",
            v1::Synchronizer {
                display_name: "a\u{7}".into(),
                ..good()
            },
        ),
        (
            "rule",
            rule(v1::SyncRule {
                kind: None,
                ..good().rule.unwrap()
            }),
        ),
        (
            "rule.tracker",
            rule(v1::SyncRule {
                tracker: String::new(),
                ..good().rule.unwrap()
            }),
        ),
        ("rule.filter", filter(v1::FilterRule::default())),
        (
            "rule.filter.jql",
            filter(v1::FilterRule {
                source: jql(" "),
                ..Default::default()
            }),
        ),
        (
            "rule.filter.jql",
            filter(v1::FilterRule {
                source: jql(&"x".repeat(10_001)),
                ..Default::default()
            }),
        ),
        (
            "rule.filter.saved_filter_id",
            filter(v1::FilterRule {
                source: Some(Source::SavedFilterId("1/../2".into())),
                ..Default::default()
            }),
        ),
        (
            "rule.filter.parent_issue_id",
            filter(v1::FilterRule {
                source: jql("a = b"),
                parent_issue_id: "PAY-1".into(),
                ..Default::default()
            }),
        ),
        ("rule.subtasks.issue_type_ids[]", types(&["5", "x"])),
        ("rule.subtasks.issue_type_ids", types(&["5"; 101])),
    ]
}

/// The same for the kinds that know more than queries.
fn bad_rules() -> Vec<(&'static str, v1::Synchronizer)> {
    let kind = |kind| v1::Synchronizer {
        rule: Some(v1::SyncRule {
            tracker: "trackers/jira".into(),
            kind: Some(kind),
        }),
        ..synchronizer("type = Bug")
    };
    let links = |change: fn(&mut v1::LinksRule)| {
        let mut rule = v1::LinksRule {
            link_type_id: "10000".into(),
            ..Default::default()
        };
        change(&mut rule);
        kind(Kind::Links(rule))
    };
    let agile = |scope: Option<Scope>| {
        kind(Kind::Agile(v1::AgileRule {
            scope,
            sync_rank: true,
            ..Default::default()
        }))
    };
    let projects = |keys: &[&str], field: &str| {
        agile(Some(Scope::Projects(v1::agile_rule::ProjectScope {
            project_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            rank_field_id: field.into(),
        })))
    };
    let step = |status: &str, transition: &str, resolution: &str| Step {
        status_id: status.into(),
        transition_ids: vec![transition.into()],
        resolution_id: resolution.into(),
    };
    let rollup = |steps: Vec<Step>, project: &str, issue_type: &str| {
        kind(Kind::StatusRollup(v1::StatusRollupRule {
            steps,
            project_keys: vec![project.into()],
            issue_type_ids: vec![issue_type.into()],
        }))
    };
    let steps = || vec![step("1", "11", "5")];
    vec![
        (
            "rule.links.link_type_id",
            links(|rule| rule.link_type_id = "Blocks".into()),
        ),
        ("rule.links.parent_end", links(|rule| rule.parent_end = 9)),
        ("rule.links.scope", links(|rule| rule.scope = 9)),
        (
            "rule.links.parent_jql",
            links(|rule| rule.parent_jql = " ".into()),
        ),
        (
            "rule.links.child_jql",
            links(|rule| rule.child_jql = "x".repeat(10_001)),
        ),
        ("rule.links.removal", links(|rule| rule.removal = -1)),
        ("rule.links.primacy", links(|rule| rule.primacy = 9)),
        ("rule.agile", agile(None)),
        (
            "rule.agile",
            kind(Kind::Agile(v1::AgileRule {
                scope: Some(Scope::BoardId("7".into())),
                ..Default::default()
            })),
        ),
        (
            "rule.agile.board_id",
            agile(Some(Scope::BoardId("x".into()))),
        ),
        ("rule.agile.projects.project_keys", projects(&[], "")),
        (
            "rule.agile.projects.project_keys[]",
            projects(&["PAY", "PAY) OR (a"], ""),
        ),
        (
            "rule.agile.projects.rank_field_id",
            projects(&["PAY"], "Rank"),
        ),
        ("rule.status_rollup", rollup(steps(), "PAY", "5")),
        ("rule.status_rollup.steps", rollup(Vec::new(), "PAY", "5")),
        (
            "rule.status_rollup.steps[].status_id",
            rollup(vec![step("x", "11", "")], "PAY", "5"),
        ),
        (
            "rule.status_rollup.steps[].status_id",
            rollup(vec![step("1", "11", ""), step("1", "12", "")], "PAY", "5"),
        ),
        (
            "rule.status_rollup.steps[].transition_ids[]",
            rollup(vec![step("1", "x", "")], "PAY", "5"),
        ),
        (
            "rule.status_rollup.steps[].resolution_id",
            rollup(vec![step("1", "11", "x")], "PAY", "5"),
        ),
        (
            "rule.status_rollup.project_keys[]",
            rollup(steps(), "pay", "5"),
        ),
        (
            "rule.status_rollup.issue_type_ids[]",
            rollup(steps(), "PAY", "x"),
        ),
    ]
}

async fn create(table: &mut Table) {
    let method = "CreateSynchronizer";
    let request = |synchronizer| v1::CreateSynchronizerRequest {
        parent: "structures/roadmap".into(),
        synchronizer,
        ..Default::default()
    };
    let good = || request(Some(synchronizer("type = Bug")));
    let mut bad = vec![
        (
            "parent".to_owned(),
            v1::CreateSynchronizerRequest {
                parent: "x".into(),
                ..good()
            },
        ),
        (
            "synchronizer_id".to_owned(),
            v1::CreateSynchronizerRequest {
                synchronizer_id: "1a".into(),
                ..good()
            },
        ),
        ("synchronizer".to_owned(), request(None)),
        (
            "request_id".to_owned(),
            v1::CreateSynchronizerRequest {
                request_id: "1".into(),
                ..good()
            },
        ),
    ];
    bad.extend(all_bad().into_iter().map(|(field, synchronizer)| {
        (format!("synchronizer.{field}"), request(Some(synchronizer)))
    }));
    for (field, message) in bad {
        let result = table
            .server
            .synchronizers()
            .create_synchronizer(message)
            .await
            .map(drop);
        table.refused(method, &field, "FIELD_INVALID", result);
    }
    finish(table, method);
    table.nothing(
        method,
        "synchronizer.name",
        "the parent and the id make the name",
    );
    table.nothing(method, "synchronizer.etag", "the server assigns it");
}

/// What is not a path of one value, and what nothing can be wrong with.
fn finish(table: &mut Table, method: &str) {
    for list in [
        "subtasks.issue_type_ids",
        "agile.projects.project_keys",
        "status_rollup.steps",
    ] {
        let path = format!("synchronizer.rule.{list}");
        table.covered.remove(&(method.to_owned(), path));
    }
    let why = "all of its fields may be unset";
    table.nothing(method, "synchronizer.rule.subtasks", why);
    let why = "what can be wrong is a field of it";
    for field in ["links", "agile.projects", "status_rollup.steps[]"] {
        table.nothing(method, &format!("synchronizer.rule.{field}"), why);
    }
}

async fn update(table: &mut Table) {
    let method = "UpdateSynchronizer";
    let request = |synchronizer| v1::UpdateSynchronizerRequest {
        synchronizer,
        ..Default::default()
    };
    let named = |synchronizer| v1::Synchronizer {
        name: EPICS.into(),
        ..synchronizer
    };
    let good = || named(synchronizer("type = Bug"));
    let mask = Some(prost_types::FieldMask {
        paths: vec!["state".into()],
    });
    let mut bad = vec![
        ("synchronizer".to_owned(), "FIELD_INVALID", request(None)),
        (
            "synchronizer.name".to_owned(),
            "FIELD_INVALID",
            request(Some(v1::Synchronizer {
                name: "x".into(),
                ..good()
            })),
        ),
        (
            "synchronizer.etag".to_owned(),
            "RESOURCE_CHANGED",
            request(Some(v1::Synchronizer {
                etag: "old".into(),
                ..good()
            })),
        ),
        (
            "update_mask".to_owned(),
            "FIELD_INVALID",
            v1::UpdateSynchronizerRequest {
                update_mask: mask,
                ..request(Some(good()))
            },
        ),
    ];
    bad.extend(all_bad().into_iter().map(|(field, synchronizer)| {
        let path = format!("synchronizer.{field}");
        (path, "FIELD_INVALID", request(Some(named(synchronizer))))
    }));
    for (field, reason, message) in bad {
        let result = table
            .server
            .synchronizers()
            .update_synchronizer(message)
            .await
            .map(drop);
        table.refused(method, &field, reason, result);
    }
    finish(table, method);
}

async fn get_and_list(table: &mut Table) {
    for name in [
        "",
        "structures/roadmap",
        "structures/roadmap/synchronizers/",
        EPICS_TWICE,
    ] {
        let request = v1::GetSynchronizerRequest { name: name.into() };
        let result = table
            .server
            .synchronizers()
            .get_synchronizer(request)
            .await
            .map(drop);
        table.refused("GetSynchronizer", "name", "FIELD_INVALID", result);
    }
    let good = || v1::ListSynchronizersRequest {
        parent: "structures/-".into(),
        ..Default::default()
    };
    let bad = [
        (
            "parent",
            "FIELD_INVALID",
            v1::ListSynchronizersRequest {
                parent: "-".into(),
                ..good()
            },
        ),
        (
            "page_size",
            "FIELD_INVALID",
            v1::ListSynchronizersRequest {
                page_size: -5,
                ..good()
            },
        ),
        (
            "page_token",
            "TOKEN_INVALID",
            v1::ListSynchronizersRequest {
                page_token: "%%%".into(),
                ..good()
            },
        ),
        (
            "filter",
            "FIELD_INVALID",
            v1::ListSynchronizersRequest {
                filter: "state = ODD".into(),
                ..good()
            },
        ),
    ];
    for (field, reason, message) in bad {
        let result = table
            .server
            .synchronizers()
            .list_synchronizers(message)
            .await
            .map(drop);
        table.refused("ListSynchronizers", field, reason, result);
    }
}

/// A name with something behind it.
const EPICS_TWICE: &str = "structures/roadmap/synchronizers/epics/synchronizers/epics";

async fn act(table: &mut Table) {
    let names = [
        ("x", "", "name", "FIELD_INVALID"),
        (EPICS, "old", "etag", "RESOURCE_CHANGED"),
    ];
    for (name, etag, field, reason) in names {
        let (name, etag) = (name.to_owned(), etag.to_owned());
        let mut client = table.server.synchronizers();
        let request = v1::EnableSynchronizerRequest {
            name: name.clone(),
            etag: etag.clone(),
            ..Default::default()
        };
        let result = client.enable_synchronizer(request).await.map(drop);
        table.refused("EnableSynchronizer", field, reason, result);
        let request = v1::DisableSynchronizerRequest {
            name: name.clone(),
            etag: etag.clone(),
        };
        let result = client.disable_synchronizer(request).await.map(drop);
        table.refused("DisableSynchronizer", field, reason, result);
        let request = v1::DeleteSynchronizerRequest {
            name,
            etag,
            allow_missing: false,
        };
        let result = client.delete_synchronizer(request).await.map(drop);
        table.refused("DeleteSynchronizer", field, reason, result);
    }
}
