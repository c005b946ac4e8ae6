//! How planning grows. Figures are printed; only what must hold on any machine is asserted.

use crate::world::TRACKER;
use resync_core::change::Item;
use resync_core::claim::{Claim, ClaimSource, Claims};
use resync_core::forest::{Forest, ForestRow};
use resync_core::id::{ForestVersion, IssueId, IssueKey, JiraId, ProjectKey, RowId};
use resync_core::issue::{IssueRef, IssueType, ObservedEpic, ObservedIssue, ObservedLink};
use resync_core::order::OrderKey;
use resync_core::plan::{Evidence, Plan, Reading, Scope, Snapshot, plan};
use resync_core::synchronizer::{PlannedSynchronizer, Rule};
use resync_core::time::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use std::time::Instant;

const CHILDREN: i64 = 10;

/// A structure of three levels with all kinds of synchronizers, and what they read.
struct Large {
    forest: Forest,
    claims: Claims,
    synchronizers: Vec<PlannedSynchronizer>,
    readings: Vec<Reading>,
    next_row_id: RowId,
}

fn parent_of(id: i64) -> Option<i64> {
    (id > CHILDREN * 10).then_some(id / CHILDREN)
}

fn observed(id: i64) -> ObservedIssue {
    let subtask = id % 20 == 19;
    ObservedIssue {
        id: IssueId(id),
        key: IssueKey::new("P-1"),
        summary: "Something to do".into(),
        project: ProjectKey::new("P"),
        issue_type: IssueType {
            id: JiraId::new("1"),
            name: "Task".into(),
            subtask,
        },
        status: "Open".into(),
        assignee: None,
        parent: parent_of(id).filter(|_| subtask).map(IssueId),
        updated: Timestamp(0),
    }
}

impl Large {
    /// `moved`: one row in so many is elsewhere than the tracker says.
    fn new(rows: i64, moved: i64, kinds: &[&str]) -> Large {
        let fixture = crate::outline::parse(&(kinds.join("\n") + "\nrows\n"));
        let synchronizers = fixture.world.synchronizers;
        let keys = OrderKey::spread(None, None, rows as usize);
        let row = |(id, key): (i64, OrderKey)| {
            let parent =
                parent_of(id).map(|parent| if id % moved == 1 { parent + 1 } else { parent });
            ForestRow {
                id: RowId(id),
                parent: parent.map(RowId),
                key,
                item: Item::Issue(IssueRef {
                    tracker: TRACKER,
                    issue: IssueId(id),
                }),
                alias: false,
                placed_by: None,
            }
        };
        let stored: Vec<ForestRow> = (1..=rows).zip(keys).map(row).collect();
        let forest = Forest::from_rows(ForestVersion(1), stored).expect("the rows are a forest");
        let issues: Vec<ObservedIssue> = (1..=rows).map(observed).collect();
        let readings = synchronizers
            .iter()
            .map(|found| reading(found, &issues))
            .collect();
        let claim = |row: i64| Claim {
            row: RowId(row),
            source: ClaimSource::Person,
        };
        Large {
            claims: (1..=rows).map(claim).collect(),
            forest,
            readings,
            synchronizers,
            next_row_id: RowId(rows + 1),
        }
    }

    fn plan(&self) -> Plan {
        plan(&Snapshot {
            forest: &self.forest,
            claims: &self.claims,
            synchronizers: &self.synchronizers,
            scope: Scope::Incremental,
            readings: &self.readings,
            issues: &FxHashMap::default(),
            inaccessible: &FxHashSet::default(),
            next_row_id: self.next_row_id,
            confirmed: None,
        })
    }
}

fn reading(synchronizer: &PlannedSynchronizer, issues: &[ObservedIssue]) -> Reading {
    let Rule { settings, .. } = &synchronizer.rule;
    let pairs = || {
        issues
            .iter()
            .filter_map(|issue| Some((parent_of(issue.id.0)?, issue.id)))
    };
    let link = |(parent, child)| ObservedLink {
        parent: IssueId(parent),
        child,
    };
    let epic = |(epic, issue)| ObservedEpic {
        issue,
        epic: IssueId(epic),
    };
    let evidence = match settings.kind() {
        resync_core::synchronizer::Kind::Links => Evidence::Links {
            links: pairs().map(link).collect(),
            issues: Vec::new(),
        },
        resync_core::synchronizer::Kind::Agile => Evidence::Agile {
            ranked: issues.to_vec(),
            epics: pairs().map(epic).collect(),
            subtasks: Vec::new(),
        },
        resync_core::synchronizer::Kind::Subtasks => Evidence::Subtasks(
            issues
                .iter()
                .filter(|issue| issue.issue_type.subtask)
                .cloned()
                .collect(),
        ),
        _ => Evidence::Matched(issues.to_vec()),
    };
    Reading {
        synchronizer: synchronizer.id,
        evidence,
    }
}

/// What any planner has to do at least: look at each row and at the parent that it should have.
fn bare_diff(large: &Large) -> usize {
    let wanted: FxHashMap<IssueId, IssueId> = (1..large.next_row_id.0)
        .filter_map(|id| Some((IssueId(id), IssueId(parent_of(id)?))))
        .collect();
    let rows = large.forest.preorder().map(|(row, _)| row);
    rows.filter(|&row| {
        let issue = large.forest.issue(row).map(|issue| issue.issue);
        let parent = large
            .forest
            .parent(row)
            .and_then(|parent| large.forest.issue(parent));
        issue.and_then(|issue| wanted.get(&issue).copied()) != parent.map(|parent| parent.issue)
    })
    .count()
}

#[test]
#[ignore = "a million rows; run by name"]
#[expect(
    clippy::disallowed_methods,
    reason = "figures are printed; nothing depends on them"
)]
fn a_million_rows_with_all_kinds() {
    let rows = std::env::var("RESYNC_ROWS")
        .ok()
        .and_then(|rows| rows.parse().ok());
    let rows: i64 = rows.unwrap_or(1_000_000);
    for kinds in [
        &["filter F"][..],
        &["links L"],
        &["agile G rank epics"],
        &["subtasks S"],
        &[
            "links L",
            "filter F remove",
            "agile G rank epics",
            "subtasks S",
        ],
    ] {
        let large = Large::new(rows, 100, kinds);
        let start = Instant::now();
        let differing = bare_diff(&large);
        let bare = start.elapsed();
        let start = Instant::now();
        let planned = large.plan();
        let took = start.elapsed();
        let ratio = took.as_secs_f64() / bare.as_secs_f64();
        println!(
            "{kinds:?}: {} changes, {} held, {took:?}, bare {bare:?} ({differing}), {ratio:.1} times",
            planned.changes.len(),
            planned.held.len()
        );
    }
}

/// One issue may have hundreds of links; nothing may be quadratic in it.
#[test]
fn an_issue_with_hundreds_of_links_is_planned_at_once() {
    let parents: Vec<String> = (0..325).map(|number| format!("P{number:03}")).collect();
    let links: Vec<String> = parents.iter().map(|parent| format!("{parent}>X")).collect();
    let rows: Vec<String> = parents
        .iter()
        .map(|parent| format!("  {parent} me"))
        .collect();
    let text = format!(
        "links L\nlink L {}\nrows\n{}\n  X me\n",
        links.join(" "),
        rows.join("\n")
    );
    let mut world = crate::outline::parse(&text).world;
    let planned = world.plan(None);
    assert_eq!(
        planned.changes.len(),
        325,
        "one move and an alias for each other parent"
    );
    crate::properties::assert_sound(&world, &planned, false);
    world.advance(planned);
    assert!(world.plan(None).is_empty());
}
