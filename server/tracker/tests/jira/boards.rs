//! Boards, ranks and epics against the simulated Jira.

use crate::faulty::survives_or_fails;
use crate::recorded::recorded;
use crate::script::{as_usual, issue, page, scripted, settings};
use crate::simulated::{Adapter, keys_of, over, over_edited, simulator};
use resync_core::id::{IssueId, IssueKey, JiraId, ProjectKey};
use resync_simulator::Simulator;
use resync_simulator::state::{BoardKind, Filter, NewIssue};
use resync_tracker::agile::{Agile, AgileAspects, AgileScope, EpicOf};
use resync_tracker::jira::Product;
use resync_tracker::{Error, TrackerReader};
use serde_json::{Value, json};

const PRODUCTS: [Product; 2] = [Product::Cloud, Product::DataCenter];

const ALL: AgileAspects = AgileAspects {
    rank: true,
    epics: true,
};

fn id_of(simulator: &Simulator, key: &str) -> IssueId {
    let id = simulator.inspect(|state| state.issue(key).unwrap().id.0);
    IssueId(i64::try_from(id).unwrap())
}

fn create(simulator: &Simulator, kind: &str, parent: Option<&str>) -> String {
    let new = NewIssue {
        project: "BIG",
        kind,
        summary: "Quartz",
        parent,
    };
    simulator.edit(|state| state.create(new).unwrap())
}

/// A project with some stories, ranked in another order than they were made, and its board.
fn with_board(product: Product, count: usize) -> (Simulator, AgileScope) {
    let simulator = simulator(product);
    simulator.load_sample();
    simulator.edit(|state| state.add_project("BIG", "A project of one kind"));
    for _ in 0..count {
        create(&simulator, "Story", None);
    }
    for number in 1..=count / 3 {
        let (issue, other) = (format!("BIG-{number}"), format!("BIG-{}", count - number));
        simulator.edit(|state| state.rank_after(&issue, &other).unwrap());
    }
    let board = simulator.edit(|state| state.add_project_board("BIG", BoardKind::Kanban).unwrap());
    let scope = AgileScope::Board(JiraId::new(board.to_string()));
    (simulator, scope)
}

fn big(rank_field: Option<&str>) -> AgileScope {
    AgileScope::Projects {
        projects: vec![ProjectKey::new("BIG")],
        rank_field: rank_field.map(JiraId::new),
    }
}

async fn read(jira: &dyn TrackerReader, scope: &AgileScope) -> Result<Agile, Error> {
    jira.read_agile(scope, ALL, &|_| ()).await
}

fn keys(agile: &Agile) -> Vec<String> {
    agile
        .issues
        .iter()
        .map(|agile| agile.issue.key.to_string())
        .collect()
}

/// The keys of the project in the order of their rank, as the site itself has it.
fn by_rank(simulator: &Simulator) -> Vec<String> {
    let keys = simulator.inspect(resync_simulator::State::keys);
    let ours = keys.into_iter().filter(|key| key.starts_with("BIG-"));
    let rank = |key: String| {
        (
            simulator.inspect(|state| state.issue(&key).unwrap().rank),
            key,
        )
    };
    let mut ranks: Vec<(String, String)> = ours.map(rank).collect();
    ranks.sort();
    ranks.into_iter().map(|(_, key)| key).collect()
}

#[tokio::test(start_paused = true)]
async fn a_board_is_ranked_when_its_filter_is_ordered_by_its_rank_first() {
    for product in PRODUCTS {
        let (simulator, scope) = with_board(product, 1);
        let AgileScope::Board(id) = scope else {
            panic!()
        };
        let (jira, _) = over(product, &simulator);
        let board = jira.board(&id).await.unwrap();
        assert_eq!(&*board.name, "BIG board");
        let filter = board.filter.as_str().parse().unwrap();
        let field = board.rank_field.unwrap();
        let number = field.as_str().strip_prefix("customfield_").unwrap();
        let by_number = format!("project = BIG ORDER BY cf[{number}]");
        for (text, ranked) in [
            ("project = BIG ORDER BY Rank", true),
            ("project = BIG order by rank asc, key", true),
            (by_number.as_str(), true),
            ("project = BIG ORDER BY Rank DESC", false),
            ("project = BIG ORDER BY key, Rank", false),
            ("project = BIG", false),
        ] {
            simulator.edit(|state| {
                state.save_filter(Filter {
                    id: filter,
                    name: "board".to_owned(),
                    jql: text.to_owned(),
                    favourite: false,
                });
            });
            assert_eq!(jira.board(&id).await.unwrap().ranked, ranked, "{text}");
            let outcome = read(&jira, &AgileScope::Board(id.clone())).await;
            match ranked {
                true => assert_eq!(keys(&outcome.unwrap()), ["BIG-1"]),
                false => assert!(
                    matches!(outcome, Err(Error::NotSetUp { .. })),
                    "{outcome:?}"
                ),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_board_that_is_unknown_hidden_or_no_number_is_an_invalid_query() {
    for product in PRODUCTS {
        let (simulator, scope) = with_board(product, 1);
        simulator.edit(|state| state.set_revoked("BIG", true).unwrap());
        let AgileScope::Board(hidden) = scope else {
            panic!()
        };
        let (jira, transport) = over(product, &simulator);
        for id in [hidden.as_str(), "777", "", "7/../1", "7?x=1", "x"] {
            let outcome = jira.board(&JiraId::new(id)).await;
            assert!(
                matches!(outcome, Err(Error::QueryInvalid { .. })),
                "{id}: {outcome:?}"
            );
        }
        assert_eq!(transport.count("/board/"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_issues_of_a_scope_are_read_whole_in_the_order_of_their_rank() {
    for product in PRODUCTS {
        for count in [0, 1, 99, 650, 2100] {
            let (simulator, board) = with_board(product, count);
            let (jira, _) = over(product, &simulator);
            for scope in [board, big(None)] {
                let agile = read(&jira, &scope).await.unwrap();
                assert_eq!(keys(&agile), by_rank(&simulator), "{product} {count}");
                assert_eq!(agile.ordered_count, count);
                assert!(agile.rank_field.is_some());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn more_issues_than_a_window_shows_are_in_the_order_of_their_rank() {
    for product in PRODUCTS {
        let (simulator, board) = with_board(product, 10_500);
        simulator.edit(resync_simulator::State::rebalance_ranks);
        let (jira, _) = over(product, &simulator);
        let agile = read(&jira, &board).await.unwrap();
        assert_eq!(agile.ordered_count, 10_500, "{product}");
        assert_eq!(keys(&agile), by_rank(&simulator), "{product}");
        let shown = keys_of(product, &simulator, "project = BIG ORDER BY Rank");
        assert_eq!(keys(&agile)[..shown.len()], shown);
    }
}

#[tokio::test(start_paused = true)]
async fn the_rank_field_is_the_only_one_or_a_named_one() {
    for product in PRODUCTS {
        let (simulator, board) = with_board(product, 30);
        let (jira, _) = over(product, &simulator);
        let only = read(&jira, &big(None)).await.unwrap().rank_field.unwrap();
        simulator.edit(resync_simulator::State::add_obsolete_rank_field);
        let outcome = read(&jira, &big(None)).await;
        let Err(Error::NotSetUp { detail }) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(detail.contains("several rank fields"), "{detail}");
        for scope in [big(Some(only.as_str())), board] {
            let agile = read(&jira, &scope).await.unwrap();
            assert_eq!(keys(&agile), by_rank(&simulator));
            assert_eq!(agile.rank_field.as_ref(), Some(&only));
        }
        for field in ["customfield_1", "summary", "10019"] {
            let outcome = read(&jira, &big(Some(field))).await;
            assert!(
                matches!(outcome, Err(Error::NotSetUp { .. })),
                "{outcome:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_ranks_issues_are_by_id_and_need_no_rank_field() {
    let aspects = AgileAspects {
        rank: false,
        epics: true,
    };
    for product in PRODUCTS {
        let (simulator, board) = with_board(product, 30);
        simulator.edit(resync_simulator::State::add_obsolete_rank_field);
        let (jira, _) = over(product, &simulator);
        for scope in [board, big(None)] {
            let agile = jira.read_agile(&scope, aspects, &|_| ()).await.unwrap();
            let ids: Vec<IssueId> = agile.issues.iter().map(|agile| agile.issue.id).collect();
            assert_eq!((ids.len(), agile.ordered_count), (30, 30));
            assert!(ids.is_sorted());
            assert_eq!(agile.rank_field, None);
        }
    }
}

/// `key epic`, a line each; `*` for what is an epic itself.
fn epics(simulator: &Simulator, agile: &Agile) -> Vec<String> {
    let key = |id: IssueId| simulator.inspect(|state| state.issue(&id.to_string()).unwrap().key);
    let line = |agile: &resync_tracker::agile::AgileIssue| {
        let epic = match &agile.epic {
            EpicOf::None => "-".to_owned(),
            EpicOf::Issue(id) => key(*id),
            EpicOf::Unreadable(key) => format!("?{key}"),
        };
        let mark = if agile.is_epic { "*" } else { "" };
        format!("{}{mark} {epic}", agile.issue.key)
    };
    agile.issues.iter().map(line).collect()
}

#[tokio::test(start_paused = true)]
async fn epics_are_found_wherever_they_are() {
    for product in PRODUCTS {
        let (simulator, board) = with_board(product, 1);
        let epic = create(&simulator, "Epic", None);
        let story = create(&simulator, "Story", Some(&epic));
        create(&simulator, "Sub-task", Some(&story));
        // An epic outside the scope, which has moved since.
        create(&simulator, "Story", Some("PAY-1"));
        simulator.edit(|state| state.move_to("PAY-1", "OPS").unwrap());
        let moved = simulator.inspect(|state| state.issue("PAY-1").unwrap().key);
        let (jira, _) = over(product, &simulator);
        let agile = read(&jira, &board).await.unwrap();
        let expected = [
            "BIG-1 -".to_owned(),
            "BIG-2* -".to_owned(),
            "BIG-3 BIG-2".to_owned(),
            "BIG-4 -".to_owned(),
            format!("BIG-5 {moved}"),
        ];
        assert_eq!(epics(&simulator, &agile), expected, "{product}");
        assert_eq!(
            agile.issues[3].issue.parent,
            Some(id_of(&simulator, &story))
        );

        let aspects = AgileAspects {
            rank: true,
            epics: false,
        };
        let agile = jira.read_agile(&board, aspects, &|_| ()).await.unwrap();
        assert!(
            epics(&simulator, &agile)
                .iter()
                .all(|line| line.ends_with(" -"))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_epic_that_cannot_be_read_is_not_none() {
    for product in PRODUCTS {
        let (simulator, board) = with_board(product, 0);
        create(&simulator, "Story", Some("PAY-1"));
        let epic = id_of(&simulator, "PAY-1");
        simulator.edit(|state| state.set_secured("PAY-1", true).unwrap());
        let (jira, _) = over(product, &simulator);
        let agile = read(&jira, &board).await.unwrap();
        let expected = match product {
            Product::Cloud => EpicOf::Issue(epic),
            Product::DataCenter => EpicOf::Unreadable(IssueKey::new("PAY-1")),
        };
        assert_eq!(agile.issues[0].epic, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_epics_of_a_large_site_are_those_of_its_issues() {
    for product in PRODUCTS {
        let simulator = simulator(product);
        simulator.seed_content(3000);
        let all = simulator.inspect(resync_simulator::State::keys);
        let mut projects: Vec<&str> = all.iter().filter_map(|key| key.split('-').next()).collect();
        projects.sort_unstable();
        projects.dedup();
        let scope = AgileScope::Projects {
            projects: projects.into_iter().map(ProjectKey::new).collect(),
            rank_field: None,
        };
        let (jira, _) = over(product, &simulator);
        let agile = read(&jira, &scope).await.unwrap();
        let mut with_epic = 0;
        for agile in &agile.issues {
            let view = simulator.inspect(|state| state.issue(agile.issue.key.as_str()).unwrap());
            assert_eq!(agile.is_epic, view.kind == "Epic", "{}", view.key);
            let parent = view.parent.map(|key| id_of(&simulator, &key));
            let above = parent
                .map(|id| simulator.inspect(|state| state.issue(&id.to_string()).unwrap().kind));
            let expected = match above.as_deref() {
                Some("Epic") if !agile.issue.issue_type.subtask => EpicOf::Issue(parent.unwrap()),
                _ => EpicOf::None,
            };
            with_epic += usize::from(expected != EpicOf::None);
            assert_eq!(agile.epic, expected, "{} {product}", view.key);
        }
        assert!(with_epic > 100, "{with_epic}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reading_during_ranking_has_every_issue_once() {
    for product in PRODUCTS {
        let (simulator, board) = with_board(product, 2500);
        let before = |number: usize, simulator: &Simulator| {
            let (issue, other) = (format!("BIG-{}", number * 97 + 1), "BIG-2400");
            simulator.edit(|state| drop(state.rank_after(&issue, other)));
        };
        let (jira, _) = over_edited(&settings(product), &simulator, before);
        let agile = read(&jira, &board).await.unwrap();
        let mut read = keys(&agile);
        let mut expected = by_rank(&simulator);
        read.sort();
        expected.sort();
        assert_eq!(read, expected, "{product}");
    }
}

#[tokio::test(start_paused = true)]
async fn boards_survive_or_report_every_fault_at_every_request() {
    for product in PRODUCTS {
        let make = || {
            let (simulator, _) = with_board(product, 230);
            create(&simulator, "Story", Some("PAY-1"));
            simulator
        };
        let scope = with_board(product, 0).1;
        let some = async |jira: &Adapter| read(jira, &scope).await;
        survives_or_fails(product, make, some).await;
    }
}

/// What comes of one issue on a Data Center whose fields and issue are these.
async fn one(fields: Value, shown: Value) -> Result<Agile, Error> {
    let (jira, _) = scripted(&settings(Product::DataCenter), move |asked, _| {
        if asked.path.ends_with("/field") {
            return page(&fields);
        }
        if !asked.path.ends_with("/search") {
            return as_usual();
        }
        let mut issue = issue(10);
        issue["fields"]["customfield_1"] = shown.clone();
        page(&json!({ "issues": [issue], "total": 1 }))
    });
    let aspects = AgileAspects {
        rank: false,
        epics: true,
    };
    jira.read_agile(&big(None), aspects, &|_| ()).await
}

#[tokio::test(start_paused = true)]
async fn epics_without_their_field_or_in_another_form_are_an_error() {
    let link = "com.pyxis.greenhopper.jira:gh-epic-link";
    let fields = json!([{ "id": "customfield_1", "schema": { "custom": link } }]);
    let outcome = one(json!([]), Value::Null).await;
    assert!(
        matches!(outcome, Err(Error::NotSetUp { .. })),
        "{outcome:?}"
    );
    for shown in [json!(7), json!("none"), json!(["PAY-1"]), json!("PAY-1/x")] {
        let outcome = one(fields.clone(), shown).await;
        assert!(
            matches!(outcome, Err(Error::AnswerInvalid { .. })),
            "{outcome:?}"
        );
    }
    let agile = one(fields.clone(), Value::Null).await.unwrap();
    assert_eq!(agile.issues[0].epic, EpicOf::None);
    let agile = one(fields, json!("PAY-10")).await.unwrap();
    assert_eq!(agile.issues[0].epic, EpicOf::Issue(IssueId(10)));
}

#[tokio::test(start_paused = true)]
async fn the_configuration_of_a_board_of_a_site_is_understood() {
    let configuration = recorded("go-jira-fixtures/board_configuration.json");
    let fields = recorded("go-jira-fixtures/all_fields.json");
    let filter = recorded("go-jira-fixtures/filter.json");
    let (Some(configuration), Some(fields), Some(filter)) = (configuration, fields, filter) else {
        return;
    };
    let (jira, _) = scripted(&settings(Product::Cloud), move |asked, _| {
        let body = match asked.path.as_str() {
            path if path.ends_with("/board/35/configuration") => &configuration,
            path if path.ends_with("/field") => &fields,
            path if path.contains("/filter/12116") => &filter,
            _ => return as_usual(),
        };
        page(&serde_json::from_slice(body).unwrap())
    });
    let board = jira.board(&JiraId::new("35")).await.unwrap();
    assert_eq!(
        (&*board.name, board.filter.as_str()),
        ("Test board", "12116")
    );
    assert_eq!(board.rank_field.unwrap().as_str(), "customfield_10002");
    assert!(!board.ranked);
}
