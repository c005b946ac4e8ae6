//! Everything the simulated Jira knows, as one value that changes only through the methods here.
//! It holds no JSON answers and no HTTP; `http` asks it, `render` writes it.

mod board;
pub(crate) mod catalog;
mod edit;
mod error;
mod filter;
pub(crate) mod history;
pub(crate) mod index;
pub(crate) mod issue;
pub(crate) mod links;
mod rank;
mod stamps;
mod view;
pub(crate) mod workflow;

use jiff::tz::TimeZone;
use rustc_hash::FxHashMap;

pub use board::{Board, BoardKind};
pub use edit::NewIssue;
pub use error::EditError;
pub use filter::Filter;
pub use issue::{IssueId, LinkId};
pub use stamps::{LinkEnds, Stamps};
pub use view::IssueView;

use crate::fault::Faults;
use crate::fields::Fields;
use crate::limit::Limits;
use crate::webhook::Webhooks;
use crate::{Account, Flavour, Language, Latency, Options};
use catalog::{Catalog, VACANT};
use history::History;
use index::{Lagging, Results};
use issue::{Issue, Key, Link, Rank};
use workflow::Workflow;

/// The simulated Jira: issues, people, saved filters, faults and limits.
///
/// # Invariants
/// * `issues` ascends by id; a deleted issue stays in its place, marked.
/// * `version` grows with every change that an answer could show.
pub struct State {
    pub(crate) flavour: Flavour,
    pub(crate) seed: u64,
    pub(crate) base_uri: String,
    pub(crate) account: Account,
    pub(crate) account_place: u32,
    pub(crate) zone: TimeZone,
    pub(crate) language: Language,
    pub(crate) now: i64,
    pub(crate) version: u64,
    pub(crate) catalog: Catalog,
    pub(crate) fields: Fields,
    pub(crate) issues: Vec<Issue>,
    pub(crate) children: FxHashMap<IssueId, Vec<u32>>,
    pub(crate) links: FxHashMap<LinkId, Link>,
    pub(crate) next_link: u64,
    /// Keys of issues that others point to and that are not here.
    pub(crate) absent: FxHashMap<IssueId, Box<str>>,
    pub(crate) by_rank: std::collections::BTreeMap<Rank, u32>,
    pub(crate) rank_bucket: u8,
    pub(crate) filters: Vec<Filter>,
    /// Ascending by id.
    pub(crate) boards: Vec<Board>,
    pub(crate) workflow: Workflow,
    pub(crate) histories: FxHashMap<IssueId, Vec<History>>,
    pub(crate) next_history: u64,
    /// Place of the person who makes the edits.
    pub(crate) actor: u32,
    pub(crate) search_lag: i64,
    pub(crate) lagging: Lagging,
    pub(crate) results: Results,
    pub(crate) locked_out: bool,
    pub(crate) requests: u64,
    /// What goes wrong, and when.
    pub faults: Faults,
    /// Rate limits that answers announce, and whether they are enforced.
    pub limits: Limits,
    /// How long answers take.
    pub latency: Latency,
    /// What moves `updated`, where that is doubtful.
    pub stamps: Stamps,
    /// Webhooks: who is told of changes, and what is on its way.
    pub webhooks: Webhooks,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("flavour", &self.flavour)
            .field("issues", &self.issues.len())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl State {
    pub(crate) fn new(options: Options, now: i64) -> Self {
        let mut catalog = Catalog::new(options.flavour, &options.base_uri);
        let account = options.account;
        let account_place =
            catalog.person(&account.name, &account.display_name, &account.account_id);
        let zone = TimeZone::get(&account.time_zone).unwrap_or(TimeZone::UTC);
        Self {
            flavour: options.flavour,
            seed: options.seed,
            base_uri: options.base_uri,
            account,
            account_place,
            zone,
            language: Language::English,
            now,
            version: 1,
            catalog,
            fields: Fields::of(options.flavour),
            issues: Vec::new(),
            children: FxHashMap::default(),
            links: FxHashMap::default(),
            next_link: 10_000,
            absent: FxHashMap::default(),
            by_rank: std::collections::BTreeMap::new(),
            rank_bucket: 0,
            filters: Vec::new(),
            boards: Vec::new(),
            workflow: Workflow::default(),
            histories: FxHashMap::default(),
            next_history: 10_000,
            actor: account_place,
            search_lag: 0,
            lagging: Lagging::default(),
            results: Results::default(),
            locked_out: false,
            requests: 0,
            faults: Faults::default(),
            limits: Limits::of(options.flavour),
            latency: Latency::default(),
            stamps: Stamps::default(),
            webhooks: Webhooks::of(options.flavour, options.seed),
        }
    }

    /// How many requests were handled so far.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// From now on the account's token is refused (or accepted again).
    pub fn set_token_expired(&mut self, expired: bool) {
        self.locked_out = expired;
    }

    /// The language of error sentences.
    pub fn set_language(&mut self, language: Language) {
        self.language = language;
    }

    /// How long a change stays unseen by searches, in milliseconds of the simulator's clock.
    pub fn set_search_lag(&mut self, milliseconds: i64) {
        self.search_lag = milliseconds;
    }

    pub(crate) fn slot_of(&self, id: IssueId) -> Option<u32> {
        let place = self
            .issues
            .binary_search_by_key(&id, |issue| issue.id)
            .ok()?;
        (!self.issues[place].deleted).then_some(place as u32)
    }

    /// The issue that has, or once had, this key.
    pub(crate) fn slot_of_key(&self, text: &str) -> Option<u32> {
        let (project, number) = text.rsplit_once('-')?;
        let project = self.catalog.project_by_key(project)?;
        let number: usize = number.parse().ok()?;
        let slot = *self.catalog.projects[usize::from(project)]
            .own
            .by_number
            .get(number)?;
        (slot != VACANT && !self.issues[slot as usize].deleted).then_some(slot)
    }

    /// By decimal id or by key.
    pub(crate) fn slot_of_text(&self, text: &str) -> Option<u32> {
        match text.parse() {
            Ok(id) => self.slot_of(IssueId(id)),
            Err(_) => self.slot_of_key(text),
        }
    }

    pub(crate) fn key_text(&self, key: Key) -> String {
        format!(
            "{}-{}",
            self.catalog.projects[usize::from(key.project)].own.key,
            key.number
        )
    }

    pub(crate) fn level(&self, issue: &Issue) -> i8 {
        self.catalog.kinds[usize::from(issue.kind)].own.level
    }

    /// Whether the account may see the issue.
    pub(crate) fn readable(&self, issue: &Issue) -> bool {
        !issue.secured
            && !self.catalog.projects[usize::from(issue.key.project)]
                .own
                .revoked
    }

    /// Whether the issue with this id is here and the account may see it.
    pub(crate) fn readable_id(&self, id: IssueId) -> Option<&Issue> {
        let slot = self.slot_of(id)?;
        Some(&self.issues[slot as usize]).filter(|issue| self.readable(issue))
    }

    /// Adds an issue in the place that its id demands. Used by everything that makes issues;
    /// `rebuild` must follow when ids did not ascend.
    pub(crate) fn push(&mut self, issue: Issue) {
        let slot = self.issues.len() as u32;
        let ascending = self.issues.last().is_none_or(|last| last.id < issue.id);
        debug_assert!(ascending, "ids ascend");
        self.index(slot, &issue);
        self.issues.push(issue);
        self.version += 1;
    }

    /// Sorts by id and makes every index again.
    pub(crate) fn rebuild(&mut self) {
        self.issues.sort_by_key(|issue| issue.id);
        self.children.clear();
        self.by_rank.clear();
        for project in &mut self.catalog.projects {
            project.own.by_number.clear();
        }
        let issues = std::mem::take(&mut self.issues);
        for (slot, issue) in issues.iter().enumerate() {
            self.index(slot as u32, issue);
        }
        self.issues = issues;
        self.version += 1;
    }

    fn index(&mut self, slot: u32, issue: &Issue) {
        self.own_number(issue.key, slot);
        if let Some(parent) = issue.parent {
            self.children.entry(parent).or_default().push(slot);
        }
        self.by_rank.insert(issue.rank, slot);
    }

    pub(crate) fn own_number(&mut self, key: Key, slot: u32) {
        let project = &mut self.catalog.projects[usize::from(key.project)].own;
        let number = key.number as usize;
        if project.by_number.len() <= number {
            project.by_number.resize(number + 1, VACANT);
        }
        project.by_number[number] = slot;
        project.next_number = project.next_number.max(key.number + 1);
    }

    pub(crate) fn next_issue_id(&self) -> IssueId {
        IssueId(self.issues.last().map_or(10_000, |issue| issue.id.0 + 1))
    }
}
