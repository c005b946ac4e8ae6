//! The real archive: 29,057 issues through both flavours of Jira, compared with an oracle that
//! reads the JSON Lines itself and knows nothing of the simulator's JQL.

use crate::support::server::{self, Server, force, jql, preview_and_run, succeeded};
use crate::support::{binary, outline, shared};
use flate2::read::GzDecoder;
use resync_api::v1::{FilterRule, RowView, SubtasksRule};
use resync_client::Client;
use resync_simulator::Flavour;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{BufRead, BufReader};
use std::path::Path;

#[derive(Clone, Deserialize)]
struct Record {
    id: String,
    key: String,
    fields: Fields,
}

#[derive(Clone, Deserialize)]
struct Fields {
    project: Named,
    issuetype: Type,
    status: Named,
    created: String,
    #[serde(default)]
    labels: Vec<String>,
    parent: Option<Reference>,
}

#[derive(Clone, Deserialize)]
struct Named {
    #[serde(default)]
    key: String,
    #[serde(default)]
    name: String,
}

#[derive(Clone, Deserialize)]
struct Type {
    name: String,
    subtask: bool,
}

#[derive(Clone, Deserialize)]
struct Reference {
    id: String,
}

impl Record {
    fn number(&self) -> u64 {
        self.id.parse().expect("ids are numbers")
    }

    /// The instant of creation, comparable: all dates of the archive are in UTC.
    fn created(&self) -> &str {
        assert!(
            self.fields.created.ends_with("+0000"),
            "{}",
            self.fields.created
        );
        &self.fields.created
    }

    fn parent(&self) -> Option<u64> {
        let parent = self
            .fields
            .parent
            .as_ref()
            .filter(|_| self.fields.issuetype.subtask)?;
        parent.id.parse().ok()
    }
}

/// All records, by number.
fn read(path: &Path) -> Vec<Record> {
    let file = std::fs::File::open(path).expect("the archive can be opened");
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    let mut records: Vec<Record> = lines
        .map(|line| serde_json::from_str(&line.expect("lines are text")).expect("lines are JSON"))
        .collect();
    records.sort_by_key(Record::number);
    records
}

/// The outline that the two synchronizers must make of a result: in its order, but sub-tasks
/// below their parents where these are there, too.
fn expected(result: &[&Record], below: Option<&str>) -> String {
    let present: BTreeSet<u64> = result.iter().map(|record| record.number()).collect();
    let mut children: BTreeMap<u64, Vec<&Record>> = BTreeMap::new();
    let mut tops = Vec::new();
    for record in result {
        match record.parent().filter(|parent| present.contains(parent)) {
            Some(parent) => children.entry(parent).or_default().push(record),
            None => tops.push(record),
        }
    }
    let mut text = String::new();
    let indent = match below {
        Some(key) => {
            text.push_str(&format!("{key}\n"));
            "  "
        }
        None => "",
    };
    for top in tops {
        text.push_str(&format!("{indent}{}\n", top.key));
        for child in children.get(&top.number()).into_iter().flatten() {
            text.push_str(&format!("{indent}  {}\n", child.key));
        }
    }
    text
}

/// Points at the first line that differs: the whole texts have tens of thousands.
fn assert_same(actual: &str, expected: &str) {
    let pairs = actual.lines().zip(expected.lines()).enumerate();
    for (number, (actual, expected)) in pairs {
        assert_eq!(actual, expected, "line {}", number + 1);
    }
    assert_eq!(actual.lines().count(), expected.lines().count());
}

/// `demo --import` as a newcomer runs it, on one flavour.
async fn the_demo_brings_everything_in(flavour: &str) {
    let Some(archive) = shared::archive() else {
        return;
    };
    let path = archive.to_str().expect("the path is text");
    let mut demo = binary::Server::start(&[
        "demo",
        "--port",
        "0",
        "--import",
        path,
        "--flavour",
        flavour,
    ]);
    demo.wait_for("issues read in");
    let verified = demo.wait_for("issues read in");
    assert!(verified.contains("verified"), "{verified}");
    demo.wait_for("Ctrl-C stops the demo");

    let client = Client::connect(&demo.address).expect("the address is one");
    let records = read(&archive);
    let all: Vec<&Record> = records.iter().collect();
    assert_same(
        &outline::of(&client, "archive").await,
        &expected(&all, None),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_import_brings_the_archive_into_one_structure_on_cloud() {
    the_demo_brings_everything_in("cloud").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn demo_import_brings_the_archive_into_one_structure_on_data_center() {
    the_demo_brings_everything_in("data-center").await;
}

/// A query, and what it means, said twice: in JQL, and over the records.
struct Question {
    id: &'static str,
    jql: &'static str,
    matches: fn(&Record) -> bool,
    order: fn(&Record) -> (String, u64),
    descending: bool,
}

fn by_id(record: &Record) -> (String, u64) {
    (String::new(), record.number())
}

fn by_created(record: &Record) -> (String, u64) {
    (record.created().to_owned(), record.number())
}

const QUESTIONS: [Question; 4] = [
    Question {
        id: "one-project",
        jql: "project = ALOY",
        matches: |record| record.fields.project.key == "ALOY",
        order: by_id,
        descending: false,
    },
    Question {
        id: "newest-first",
        jql: "issuetype in (Story, Epic) ORDER BY created DESC, id DESC",
        matches: |record| ["Story", "Epic"].contains(&record.fields.issuetype.name.as_str()),
        order: by_created,
        descending: true,
    },
    Question {
        id: "open-in-two-projects",
        jql: "project in (MOD, DAEMON) AND NOT status in (Closed, Resolved)",
        matches: |record| {
            ["MOD", "DAEMON"].contains(&record.fields.project.key.as_str())
                && !["Closed", "Resolved"].contains(&record.fields.status.name.as_str())
        },
        order: by_id,
        descending: false,
    },
    Question {
        id: "labelled",
        jql: "labels = android AND issuetype != Bug AND project = TIMOB",
        matches: |record| {
            record.fields.labels.iter().any(|label| label == "android")
                && record.fields.issuetype.name != "Bug"
                && record.fields.project.key == "TIMOB"
        },
        order: by_id,
        descending: false,
    },
];

fn answer<'a>(question: &Question, records: &'a [Record]) -> Vec<&'a Record> {
    let mut result: Vec<&Record> = records
        .iter()
        .filter(|one| (question.matches)(one))
        .collect();
    result.sort_by_key(|record| (question.order)(record));
    if question.descending {
        result.reverse();
    }
    assert!(!result.is_empty(), "{} matches something", question.id);
    result
}

async fn five_queries_agree_with_the_oracle(flavour: Flavour) {
    let Some(archive) = shared::archive() else {
        return;
    };
    let records = read(&archive);
    let simulator = server::simulator(flavour);
    simulator.load_archive(&archive).expect("the archive loads");
    let server = Server::start(flavour, simulator).await;
    for question in &QUESTIONS {
        server.structure(question.id).await;
        server.subtasks(question.id, SubtasksRule::default()).await;
        let filter = server
            .filter(question.id, "filter", jql(question.jql))
            .await;
        succeeded(&force(&filter).await);
        let outline = outline::of(&server.client, question.id).await;
        assert_same(&outline, &expected(&answer(question, &records), None));
    }
    a_removal(&server, &QUESTIONS[2], &records).await;
    a_placement_under_an_issue(&server, &records).await;
    server.stop().await;
}

/// Issues are closed in Jira; the preview says what goes, and after the run it is gone.
async fn a_removal(server: &Server, question: &Question, records: &[Record]) {
    let before = answer(question, records);
    let closed: Vec<&Record> = before
        .iter()
        .filter(|record| !record.fields.issuetype.subtask)
        .take(5)
        .copied()
        .collect();
    server.simulator.edit(|state| {
        for record in &closed {
            state
                .set_status(&record.key, "Closed")
                .expect("the status is there");
        }
    });
    let handle = server.client.structure(question.id).synchronizer("filter");
    let (preview, run) = preview_and_run(&handle).await;
    succeeded(&run);
    let planned = preview
        .plan
        .expect("there is a plan")
        .destructive_change_count;
    let changed: HashMap<u64, Record> = closed
        .iter()
        .map(|&record| {
            let mut closed = record.clone();
            closed.fields.status.name = "Closed".to_owned();
            (record.number(), closed)
        })
        .collect();
    let records: Vec<Record> = records
        .iter()
        .map(|record| changed.get(&record.number()).unwrap_or(record).clone())
        .collect();
    let after = answer(question, &records);
    assert_eq!(
        usize::try_from(planned).expect("a count is not negative"),
        before.len() - after.len()
    );
    let outline = outline::of(&server.client, question.id).await;
    assert_same(&outline, &expected(&after, None));
}

/// New issues become children of one that is there already.
async fn a_placement_under_an_issue(server: &Server, records: &[Record]) {
    let structure = "placed";
    let parent = records
        .iter()
        .find(|record| record.key == "DAEMON-1")
        .unwrap_or(&records[0]);
    server.structure(structure).await;
    let root = server
        .filter(structure, "root", jql(&format!("key = {}", parent.key)))
        .await;
    succeeded(&force(&root).await);
    let rule = FilterRule {
        parent_issue_id: parent.id.clone(),
        ..jql(&format!(
            "project = MOD AND issuetype = Improvement AND key != {}",
            parent.key
        ))
    };
    let placed = server.filter(structure, "placed", rule).await;
    succeeded(&force(&placed).await);
    let result: Vec<&Record> = records
        .iter()
        .filter(|record| record.fields.project.key == "MOD")
        .filter(|record| record.fields.issuetype.name == "Improvement")
        .filter(|record| record.id != parent.id)
        .collect();
    let outline = outline::of(&server.client, structure).await;
    let flat: String = result
        .iter()
        .map(|record| format!("  {}\n", record.key))
        .collect();
    assert_same(&outline, &format!("{}\n{flat}", parent.key));
    let version = server
        .client
        .structure(structure)
        .get()
        .await
        .expect("it is there");
    assert!(version.forest_version >= 2);
    let first = server.client.structure(structure).rows(1, RowView::Basic);
    let first: Vec<_> = futures::TryStreamExt::try_collect(first)
        .await
        .expect("it is kept");
    assert_eq!(first.len(), 1, "version 1 has only the root");
}

#[tokio::test(flavor = "multi_thread")]
async fn five_queries_over_the_archive_agree_with_the_oracle_on_cloud() {
    five_queries_agree_with_the_oracle(Flavour::Cloud).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_queries_over_the_archive_agree_with_the_oracle_on_data_center() {
    five_queries_agree_with_the_oracle(Flavour::DataCenter).await;
}
