//! Queries against the simulated Jira: all issues, each once, in order, whatever happens meanwhile.

use crate::script::{ids, jql, settings};
use crate::simulated::{InProcess, keys_of, over, over_edited, simulator};
use resync_core::id::{IssueId, JiraId, ProjectKey};
use resync_core::issue::QueryResult;
use resync_simulator::Simulator;
use resync_simulator::fault::{Fault, On, RateLimitReason, When};
use resync_simulator::state::{Filter, NewIssue};
use resync_tracker::jira::Product;
use resync_tracker::{Error, Query, ReadProgress, TrackerReader};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const PRODUCTS: [Product; 2] = [Product::Cloud, Product::DataCenter];

/// A project of stories, and the simulator that has it.
fn with_stories(product: Product, count: usize) -> Simulator {
    let simulator = simulator(product);
    // The sample brings the issue types.
    simulator.load_sample();
    simulator.edit(|state| state.add_project("BIG", "A project of one kind"));
    for number in 1..=count {
        let summary = format!("Quartz {}", number * 7919 % 1000);
        simulator.edit(|state| state.create(story(&summary, None)).unwrap());
    }
    simulator
}

fn story<'a>(summary: &'a str, parent: Option<&'a str>) -> NewIssue<'a> {
    let kind = if parent.is_some() {
        "Sub-task"
    } else {
        "Story"
    };
    NewIssue {
        project: "BIG",
        kind,
        summary,
        parent,
    }
}

fn keys(result: &QueryResult) -> Vec<String> {
    result
        .issues
        .iter()
        .map(|issue| issue.key.to_string())
        .collect()
}

fn numbers(from: usize, to: usize) -> Vec<String> {
    (from..=to).map(|number| format!("BIG-{number}")).collect()
}

async fn read(jira: &dyn TrackerReader, text: &str) -> Result<QueryResult, Error> {
    jira.read_query(&jql(text), &|_| ()).await
}

#[tokio::test(start_paused = true)]
async fn a_result_of_any_size_is_read_whole_and_in_order() {
    for product in PRODUCTS {
        for count in [0, 1, 99, 100, 101, 499, 500, 501, 1234] {
            let simulator = with_stories(product, count);
            let (jira, _) = over(product, &simulator);
            let by_id = read(&jira, "project = BIG").await.unwrap();
            assert_eq!(keys(&by_id), numbers(1, count), "{product} {count}");
            assert_eq!(by_id.ordered_count, count);

            let text = "project = BIG ORDER BY summary DESC, key ASC";
            let ordered = read(&jira, text).await.unwrap();
            assert_eq!(
                keys(&ordered),
                keys_of(product, &simulator, text),
                "{product} {count}"
            );
            assert_eq!(ordered.ordered_count, count);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_small_result_takes_one_search() {
    for product in PRODUCTS {
        let (jira, transport) = over(product, &with_stories(product, 80));
        read(&jira, "project = BIG ORDER BY summary").await.unwrap();
        assert_eq!((transport.count("/search"), transport.count("")), (1, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_result_takes_few_requests_more_than_its_pages() {
    for (product, most) in [
        (Product::Cloud, 10 + 1 + 1 + 1 + 2),
        (Product::DataCenter, 3 + 1 + 1 + 2),
    ] {
        let (jira, transport) = over(product, &with_stories(product, 1000));
        read(&jira, "project = BIG ORDER BY summary").await.unwrap();
        assert!(
            transport.count("") <= most,
            "{product}: {}",
            transport.count("")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn offsets_beyond_the_window_of_data_center_are_not_needed() {
    let product = Product::DataCenter;
    let simulator = simulator(product);
    simulator.seed_content(23_000);
    let count = simulator.inspect(resync_simulator::State::count);
    let (jira, _) = over(product, &simulator);
    let by_id = read(&jira, "created > \"2000-01-01\"").await.unwrap();
    assert_eq!((by_id.issues.len(), by_id.ordered_count), (count, count));
    assert!(by_id.issues.windows(2).all(|pair| pair[0].id < pair[1].id));

    let ordered = read(&jira, "created > \"2000-01-01\" ORDER BY Rank")
        .await
        .unwrap();
    assert_eq!(
        (ordered.issues.len(), ordered.ordered_count),
        (count, 10_000)
    );
    let rest = &ordered.issues[10_000..];
    assert!(rest.windows(2).all(|pair| pair[0].id < pair[1].id));
}

/// A Data Center with more issues than a window shows, and the keys of all.
async fn with_several_windows() -> (Simulator, BTreeSet<String>) {
    let simulator = simulator(Product::DataCenter);
    simulator.seed_content(12_000);
    let (jira, _) = over(Product::DataCenter, &simulator);
    let all = keys(&read(&jira, "").await.unwrap()).into_iter().collect();
    (simulator, all)
}

#[tokio::test(start_paused = true)]
async fn several_windows_are_read_at_a_time_and_hardly_an_issue_twice() {
    let (simulator, all) = with_several_windows().await;
    let (jira, transport) = over(Product::DataCenter, &simulator);
    assert_eq!(read(&jira, "").await.unwrap().issues.len(), all.len());
    // A page for 500 issues, one more for each span, one count for each cut.
    let pages = all.len() / 500;
    let searches = transport.count("/search");
    assert!(
        (pages..pages + 16 + 16 + 3).contains(&searches),
        "{searches}"
    );
}

#[tokio::test(start_paused = true)]
async fn issues_that_leave_while_several_windows_are_read_hide_no_other() {
    let (_, all) = with_several_windows().await;
    for step in [1, 3, 7] {
        let simulator = simulator(Product::DataCenter);
        simulator.seed_content(12_000);
        let mut order: Vec<String> = all.iter().cloned().collect();
        // Spread over all spans, and the same in each run.
        order.sort_by_key(|key| {
            key.bytes()
                .map(u64::from)
                .fold(7, |sum, byte| sum * 31 % 65_521 + byte)
        });
        let gone: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let remember = Arc::clone(&gone);
        let (jira, _) = over_edited(
            &settings(Product::DataCenter),
            &simulator,
            move |sent, simulator| {
                if sent % step == 0 {
                    let key = &order[sent];
                    if simulator.edit(|state| state.delete(key)).is_ok() {
                        remember.lock().unwrap().insert(key.clone());
                    }
                }
            },
        );
        let found: BTreeSet<String> = keys(&read(&jira, "").await.unwrap()).into_iter().collect();
        // A sub-task goes with its parent, so that more may be gone than was asked for.
        let kept: BTreeSet<String> = {
            let (jira, _) = over(Product::DataCenter, &simulator);
            keys(&read(&jira, "").await.unwrap()).into_iter().collect()
        };
        assert!(!gone.lock().unwrap().is_empty());
        let hidden: Vec<&String> = kept.difference(&found).collect();
        assert!(hidden.is_empty(), "{step}: {hidden:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_in_one_of_several_windows_is_passed_or_told() {
    let (simulator, all) = with_several_windows().await;
    for request in [3, 12, 30] {
        for (fault, passes) in [
            (Fault::Fails(503, None), true),
            (Fault::Cut(5000), true),
            (Fault::Anonymous, false),
            (Fault::Fails(500, None), false),
        ] {
            let when = When::Exactly(request);
            simulator.edit(|state| state.faults.rule(On::Searches, when, fault.clone()));
            let (jira, _) = over(Product::DataCenter, &simulator);
            let outcome = read(&jira, "").await.map(|result| result.issues.len());
            simulator.edit(|state| state.faults.clear());
            match passes {
                true => assert_eq!(outcome, Ok(all.len()), "{request} {fault:?}"),
                false => assert!(outcome.is_err(), "{request} {fault:?}: {outcome:?}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_the_server_makes_smaller_are_followed() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 700);
        simulator.edit(|state| {
            state
                .faults
                .rule(On::Searches, When::From(1), Fault::ShortPage(37))
        });
        let (jira, _) = over(product, &simulator);
        assert_eq!(
            keys(&read(&jira, "project = BIG").await.unwrap()),
            numbers(1, 700)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn issues_that_leave_or_enter_while_pages_are_read_hide_no_other() {
    for product in PRODUCTS {
        for step in 1..4 {
            let simulator = with_stories(product, 700);
            let mut settings = settings(product);
            settings.page_size = 50;
            let deleted: Arc<Mutex<Vec<usize>>> = Arc::default();
            let remember = Arc::clone(&deleted);
            // One issue leaves at the front and one enters at the end before every few requests.
            let (jira, _) = over_edited(&settings, &simulator, move |sent, simulator| {
                if sent % step == 0 && sent < 40 {
                    let number = 1 + sent;
                    simulator.edit(|state| {
                        state.delete(&format!("BIG-{number}")).unwrap();
                        state.create(story("new", None)).unwrap();
                    });
                    remember.lock().unwrap().push(number);
                }
            });
            let found: BTreeSet<String> = keys(&read(&jira, "project = BIG").await.unwrap())
                .into_iter()
                .collect();
            let deleted = deleted.lock().unwrap();
            for number in (1..=700).filter(|number| !deleted.contains(number)) {
                assert!(
                    found.contains(&format!("BIG-{number}")),
                    "{product} {step}: {number}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn faults_that_pass_do_not_change_a_result() {
    let faults = [
        Fault::RateLimited(RateLimitReason::Burst, Some(2)),
        Fault::RateLimited(RateLimitReason::TenantQuota, None),
        Fault::Fails(503, Some(1)),
        Fault::Fails(502, None),
        Fault::FailsInHtml(504),
        Fault::LostBefore,
        Fault::LostAfterwards,
        Fault::Cut(300),
        Fault::ShortPage(1),
    ];
    for product in PRODUCTS {
        for fault in faults.clone() {
            let simulator = with_stories(product, 650);
            simulator.edit(|state| state.faults.rule(On::Any, When::Every(3), fault.clone()));
            let (jira, _) = over(product, &simulator);
            let text = "project = BIG ORDER BY summary";
            let result = read(&jira, text).await.unwrap();
            simulator.edit(|state| state.faults.clear());
            assert_eq!(
                keys(&result),
                keys_of(product, &simulator, text),
                "{product} {fault:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_turns_anonymous_at_any_request_makes_the_read_fail() {
    for product in PRODUCTS {
        let simulator = with_stories(product, 650);
        let (jira, transport) = over(product, &simulator);
        read(&jira, "project = BIG ORDER BY summary").await.unwrap();
        for request in 1..=transport.count("") {
            let when = When::From(request as u64);
            simulator.edit(|state| state.faults.rule(On::Any, when, Fault::Anonymous));
            let (jira, _) = over(product, &simulator);
            let outcome = read(&jira, "project = BIG ORDER BY summary").await;
            assert!(
                matches!(outcome, Err(Error::CredentialRefused { .. })),
                "{outcome:?}"
            );
            simulator.edit(|state| state.faults.clear());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_permission_that_is_lost_during_a_read_gives_all_or_an_error_or_nothing() {
    for product in PRODUCTS {
        for request in 1..=20 {
            let simulator = with_stories(product, 650);
            let when = When::Exactly(request);
            let lost = Fault::LosesProject("BIG".to_owned());
            simulator.edit(|state| state.faults.rule(On::Any, when, lost));
            let (jira, _) = over(product, &simulator);
            match read(&jira, "summary ~ Quartz").await {
                Ok(result) => {
                    let count = result.issues.len();
                    assert!([0, 650].contains(&count), "{product} {request}: {count}");
                }
                Err(error) => {
                    let cause = matches!(
                        error,
                        Error::AnswerInvalid { .. } | Error::QueryInvalid { .. }
                    );
                    assert!(cause, "{product} {request}: {error}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn progress_grows_and_ends_at_the_whole() {
    for product in PRODUCTS {
        for count in [40, 650] {
            let (jira, _) = over(product, &with_stories(product, count));
            let seen: Mutex<Vec<ReadProgress>> = Mutex::default();
            let query = jql("project = BIG ORDER BY summary");
            jira.read_query(&query, &|progress| seen.lock().unwrap().push(progress))
                .await
                .unwrap();
            let seen = seen.into_inner().unwrap();
            assert!(
                seen.windows(2).all(|pair| pair[0].read <= pair[1].read),
                "{seen:?}"
            );
            let whole = ReadProgress {
                read: count as u64,
                total: Some(count as u64),
            };
            assert_eq!(seen.last(), Some(&whole), "{product}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn issues_that_only_the_index_still_knows_are_left_out() {
    let product = Product::Cloud;
    let simulator = with_stories(product, 650);
    simulator.edit(|state| {
        state.set_search_lag(600_000);
        for number in 200..210 {
            state.delete(&format!("BIG-{number}")).unwrap();
        }
        state.set_summary("BIG-300", "Renamed").unwrap();
    });
    let listed = keys_of(product, &simulator, "project = BIG");
    assert_eq!(listed.len(), 650);
    let (jira, _) = over(product, &simulator);
    let result = read(&jira, "project = BIG ORDER BY key").await.unwrap();
    let expected: Vec<_> = numbers(1, 199)
        .into_iter()
        .chain(numbers(210, 650))
        .collect();
    assert_eq!(keys(&result), expected);
    assert_eq!(&*result.issues[289].summary, "Renamed");
}

#[tokio::test(start_paused = true)]
async fn a_saved_filter_is_read_in_its_own_order() {
    for product in PRODUCTS {
        let simulator = simulator(product);
        simulator.load_sample();
        let text = "project = PAY ORDER BY summary DESC";
        simulator.edit(|state| {
            let (name, jql) = ("Ours".to_owned(), text.to_owned());
            state.save_filter(Filter {
                id: 20_001,
                name,
                jql,
                favourite: false,
            });
        });
        let (jira, _) = over(product, &simulator);
        let query = Query::SavedFilter(JiraId::new("20001"));
        let result = jira.read_query(&query, &|_| ()).await.unwrap();
        assert_eq!(keys(&result), keys_of(product, &simulator, text));
        assert!(result.issues.len() > 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_is_unknown_or_no_number_is_an_invalid_query() {
    for product in PRODUCTS {
        let (jira, transport) = over(product, &with_stories(product, 1));
        for id in ["777", "", "7/../../myself", "7?x=1"] {
            let query = Query::SavedFilter(JiraId::new(id));
            let outcome = jira.read_query(&query, &|_| ()).await;
            assert!(
                matches!(outcome, Err(Error::QueryInvalid { .. })),
                "{id}: {outcome:?}"
            );
        }
        assert_eq!(transport.count("/filter/"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_that_jira_refuses_is_invalid() {
    for product in PRODUCTS {
        let (jira, _) = over(product, &with_stories(product, 1));
        for text in [
            "nonsense = 1",
            "project = NOWHERE",
            "project = BIG AND",
            "key = BIG-999",
        ] {
            let outcome = read(&jira, text).await;
            assert!(
                matches!(outcome, Err(Error::QueryInvalid { .. })),
                "{text}: {outcome:?}"
            );
            let outcome = jira.check_query(&jql(text)).await;
            assert!(
                matches!(outcome, Err(Error::QueryInvalid { .. })),
                "{text}: {outcome:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_query_is_counted_without_reading_it() {
    for product in PRODUCTS {
        let (jira, transport) = over(product, &with_stories(product, 650));
        let count = jira
            .check_query(&jql("project = BIG ORDER BY summary"))
            .await
            .unwrap();
        assert_eq!(count, 650);
        assert!(transport.count("") <= 3);
    }
}

/// Stories with sub-tasks: `BIG-1` to `BIG-parents` are the parents.
fn with_subtasks(product: Product, parents: usize) -> (Simulator, Vec<IssueId>) {
    let simulator = with_stories(product, parents);
    simulator.edit(|state| {
        for number in 1..=parents {
            let parent = format!("BIG-{number}");
            state.create(story("part", Some(&parent))).unwrap();
        }
    });
    let id = |number: usize| {
        let key = format!("BIG-{number}");
        let id = simulator.inspect(|state| state.issue(&key).unwrap().id.0);
        IssueId(i64::try_from(id).unwrap())
    };
    let parents = (1..=parents).map(id).collect();
    (simulator, parents)
}

#[tokio::test(start_paused = true)]
async fn the_subtasks_of_projects_are_found() {
    for product in PRODUCTS {
        let (simulator, _) = with_subtasks(product, 3);
        let (jira, _) = over(product, &simulator);
        let projects = vec![ProjectKey::new("BIG")];
        let query = Query::SubtasksOfProjects {
            projects,
            issue_types: Vec::new(),
        };
        let result = jira.read_query(&query, &|_| ()).await.unwrap();
        assert_eq!(keys(&result), numbers(4, 6));
        assert!(result.issues.iter().all(|issue| issue.issue_type.subtask));
        assert_eq!(jira.check_query(&query).await.unwrap(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn the_subtasks_of_many_issues_are_found_in_several_searches() {
    for product in PRODUCTS {
        let (simulator, parents) = with_subtasks(product, 250);
        let (jira, transport) = over(product, &simulator);
        let query = Query::SubtasksOfIssues {
            parents: parents.clone(),
            issue_types: Vec::new(),
        };
        let result = jira.read_query(&query, &|_| ()).await.unwrap();
        assert_eq!(keys(&result), numbers(251, 500));
        assert_eq!(result.issues[7].parent, Some(parents[7]));
        assert_eq!(jira.check_query(&query).await.unwrap(), 250);
        assert!(
            transport.count("/search") <= 20,
            "{}",
            transport.count("/search")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn subtasks_are_found_although_some_parents_are_gone() {
    for product in PRODUCTS {
        let (simulator, mut parents) = with_subtasks(product, 5);
        parents.push(IssueId(99_999_999));
        let (jira, _) = over(product, &simulator);
        let query = Query::SubtasksOfIssues {
            parents,
            issue_types: Vec::new(),
        };
        let result = jira.read_query(&query, &|_| ()).await.unwrap();
        assert_eq!(keys(&result), numbers(6, 10));

        let parents = vec![IssueId(99_999_998), IssueId(99_999_999)];
        let query = Query::SubtasksOfIssues {
            parents,
            issue_types: Vec::new(),
        };
        assert_eq!(
            jira.read_query(&query, &|_| ()).await.unwrap(),
            QueryResult::default()
        );
        assert_eq!(jira.check_query(&query).await.unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn subtasks_of_no_issue_take_no_search() {
    let (jira, transport): (_, Arc<InProcess>) =
        over(Product::Cloud, &with_stories(Product::Cloud, 1));
    let query = Query::SubtasksOfIssues {
        parents: Vec::new(),
        issue_types: Vec::new(),
    };
    assert_eq!(
        jira.read_query(&query, &|_| ()).await.unwrap(),
        QueryResult::default()
    );
    assert_eq!(transport.count("/search"), 0);
}

#[tokio::test(start_paused = true)]
async fn reads_at_the_same_time_do_not_mix() {
    for product in PRODUCTS {
        let (jira, _) = over(product, &with_stories(product, 650));
        let (all, some) = tokio::join!(
            ids(&jira, "project = BIG"),
            ids(&jira, "project = BIG AND summary ~ Quartz AND key = BIG-7"),
        );
        assert_eq!((all.unwrap().len(), some.unwrap().len()), (650, 1));
    }
}
