//! The limit of a first resync: the downloaded pages, parsed, and everything that a resync leaves
//! behind written with one bulk insert into the same schema.
//!
//! What it is not: a resync. It plans nothing, checks nothing and reads nothing back, and the
//! blobs are as large as the real ones and empty.

use crate::database::Blobs;
use rusqlite::{Connection, Statement, ToSql};
use serde::Deserialize;
use std::borrow::Cow;
use std::path::Path;

/// The schema of the store.
const SCHEMA: &str = include_str!("../../server/store/migrations/sqlite/0001_initial/up.sql");

/// Rows in a statement: few enough for the limit on parameters, and more gain nothing.
const ROWS_A_STATEMENT: usize = 500;

/// What is kept of an issue.
pub(crate) struct Issue {
    id: i64,
    key: String,
    summary: String,
    project: String,
    type_id: String,
    type_name: String,
    subtask: bool,
    status: String,
    assignee: Option<String>,
    parent: Option<i64>,
    updated: i64,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    issues: Vec<WireIssue<'a>>,
}

#[derive(Deserialize)]
struct WireIssue<'a> {
    id: &'a str,
    key: &'a str,
    #[serde(borrow)]
    fields: Fields<'a>,
}

#[derive(Deserialize)]
struct Fields<'a> {
    #[serde(borrow)]
    summary: Cow<'a, str>,
    #[serde(borrow)]
    issuetype: Type<'a>,
    #[serde(borrow)]
    project: Project<'a>,
    #[serde(borrow)]
    status: Named<'a>,
    #[serde(borrow)]
    assignee: Option<User<'a>>,
    #[serde(borrow)]
    parent: Option<Parent<'a>>,
    updated: &'a str,
}

#[derive(Deserialize)]
struct Type<'a> {
    id: &'a str,
    name: &'a str,
    subtask: bool,
}

#[derive(Deserialize)]
struct Project<'a> {
    key: &'a str,
}

#[derive(Deserialize)]
struct Named<'a> {
    name: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    display_name: &'a str,
}

#[derive(Deserialize)]
struct Parent<'a> {
    id: &'a str,
}

/// Parses a page of issues.
pub(crate) fn parse(body: &[u8]) -> Vec<Issue> {
    let page: Page<'_> = serde_json::from_slice(body).expect("it is a page of issues");
    page.issues.into_iter().map(issue).collect()
}

fn issue(wire: WireIssue<'_>) -> Issue {
    let fields = wire.fields;
    let number = |text: &str| text.parse().expect("an id is a number");
    Issue {
        id: number(wire.id),
        key: wire.key.to_owned(),
        summary: fields.summary.into_owned(),
        project: fields.project.key.to_owned(),
        type_id: fields.issuetype.id.to_owned(),
        type_name: fields.issuetype.name.to_owned(),
        subtask: fields.issuetype.subtask,
        status: fields.status.name.to_owned(),
        assignee: fields.assignee.map(|user| user.display_name.to_owned()),
        parent: fields.parent.map(|parent| number(parent.id)),
        updated: moment(fields.updated),
    }
}

/// A moment as a number of the size of milliseconds since 1970: what matters is how many bytes it
/// takes, so that months are 31 days here.
fn moment(text: &str) -> i64 {
    let part = |from: usize, to: usize| text[from..to].parse::<i64>().expect("a date has digits");
    let days = (part(0, 4) - 1970) * 372 + part(5, 7) * 31 + part(8, 10);
    let minutes = (days * 24 + part(11, 13)) * 60 + part(14, 16);
    (minutes * 60 + part(17, 19)) * 1000 + part(20, 23)
}

/// Writes everything into a new database, in one durable transaction, and returns how many issues
/// there were.
pub(crate) fn store(path: &Path, pages: Vec<Vec<Issue>>, blobs: &Blobs) -> usize {
    let mut issues: Vec<Issue> = pages.into_iter().flatten().collect();
    // In the order of the keys, which is the fastest one to insert in.
    issues.sort_unstable_by_key(|issue| issue.id);
    issues.dedup_by_key(|issue| issue.id);
    let mut database = Connection::open(path).expect("the database opens");
    // As the store has them, without foreign keys: the job of the changes is not there.
    let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                    PRAGMA cache_size = -65536; PRAGMA foreign_keys = OFF;";
    database.execute_batch(settings).expect("it takes settings");
    database.execute_batch(SCHEMA).expect("the schema is valid");
    let transaction = database.transaction().expect("a transaction begins");
    insert_rows(&transaction, &issues);
    insert_claims(&transaction, issues.len());
    insert_observations(&transaction, &issues);
    insert_blobs(&transaction, blobs);
    transaction.commit().expect("the transaction is kept");
    issues.len()
}

fn insert_rows(database: &Connection, issues: &[Issue]) {
    insert(database, "rows", 9, issues, |number, issue, bind| {
        // A key of four bytes, as they are between neighbours of a long list.
        let position = u32::try_from(number).expect("it is small").to_be_bytes();
        bind(&1);
        bind(&row_id(number));
        bind(&None::<i64>);
        bind(&position.as_slice());
        bind(&1);
        bind(&issue.id);
        bind(&None::<&str>);
        bind(&false);
        bind(&1);
    });
}

fn insert_claims(database: &Connection, count: usize) {
    let rows: Vec<()> = vec![(); count];
    insert(database, "claims", 3, &rows, |number, (), bind| {
        bind(&1);
        bind(&row_id(number));
        bind(&1);
    });
}

fn insert_observations(database: &Connection, issues: &[Issue]) {
    insert(database, "observations", 14, issues, |_, issue, bind| {
        bind(&1);
        bind(&issue.id);
        bind(&issue.key);
        bind(&issue.summary);
        bind(&issue.project);
        bind(&issue.type_id);
        bind(&issue.type_name);
        bind(&issue.subtask);
        bind(&issue.status);
        bind(&issue.assignee);
        bind(&issue.parent);
        bind(&issue.updated);
        bind(&issue.updated);
        bind(&None::<i64>);
    });
}

fn insert_blobs(database: &Connection, blobs: &Blobs) {
    for (table, chunks) in [
        ("forest_changes (structure, version", &blobs.steps),
        ("job_changes (job, first_ordinal", &blobs.job_changes),
    ] {
        let text = format!("INSERT INTO {table}, chunk, changes) VALUES (1, 1, ?1, ?2)");
        let mut statement = database.prepare(&text).expect("the statement is valid");
        for (chunk, size) in chunks.iter().enumerate() {
            let values: (i64, Vec<u8>) = (row_id(chunk), vec![0; *size]);
            statement.execute(values).expect("it is inserted");
        }
    }
}

fn row_id(number: usize) -> i64 {
    i64::try_from(number).expect("it is small") + 1
}

/// Inserts many rows of so many columns each, with statements of many rows.
fn insert<T>(
    database: &Connection,
    table: &str,
    columns: usize,
    rows: &[T],
    values: impl Fn(usize, &T, &mut dyn FnMut(&dyn ToSql)),
) {
    let full = rows.len() - rows.len() % ROWS_A_STATEMENT;
    let (many, rest) = rows.split_at(full);
    for (offset, part, size) in [(0, many, ROWS_A_STATEMENT), (full, rest, 1)] {
        let mut statement = prepare(database, table, columns, size);
        for (chunk, rows) in part.chunks_exact(size).enumerate() {
            let mut at = 0;
            for (place, row) in rows.iter().enumerate() {
                values(offset + chunk * size + place, row, &mut |value| {
                    at += 1;
                    statement.raw_bind_parameter(at, value).expect("it binds");
                });
            }
            statement.raw_execute().expect("rows are inserted");
        }
    }
}

fn prepare<'a>(
    database: &'a Connection,
    table: &str,
    columns: usize,
    rows: usize,
) -> Statement<'a> {
    let row = format!("({})", vec!["?"; columns].join(","));
    let text = format!("INSERT INTO {table} VALUES {}", vec![row; rows].join(","));
    database.prepare(&text).expect("the statement is valid")
}
