//! Readable content made from the seed: projects of epics, stories, sub-tasks and links, in the
//! proportions of real sites. It is there for size; `sample` is there to be looked at.

use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::sample::add_site_defaults;
use crate::state::issue::{Issue, IssueId, Key, Link, LinkId, RANK_STEP, Rank};
use crate::state::links::push_link;
use crate::state::{BoardKind, State};

/// Most issues that one call adds; more do not fit in the memory of a small machine.
const COUNT_MAX: u32 = 1_000_000;
/// Issues in a project, as on larger sites.
const PROJECT_SIZE: u32 = 20_000;
/// Standard issues below an epic.
const STORIES_PER_EPIC: u32 = 12;
/// One in so many issues begins a link.
const LINK_EVERY: u32 = 8;
/// Of a hundred standard issues, so many have sub-tasks.
const WITH_SUB_TASKS_PERCENT: u32 = 30;
const PEOPLE: usize = 40;
const DAY: i64 = 24 * 60 * 60 * 1000;

const VERBS: [&str; 12] = [
    "Add",
    "Show",
    "Fix",
    "Speed up",
    "Remove",
    "Explain",
    "Test",
    "Simplify",
    "Protect",
    "Log",
    "Translate",
    "Measure",
];
const ADJECTIVES: [&str; 12] = [
    "monthly",
    "failed",
    "shared",
    "empty",
    "archived",
    "scheduled",
    "duplicate",
    "foreign",
    "mobile",
    "recurring",
    "pending",
    "public",
];
const NOUNS: [&str; 16] = [
    "invoices",
    "payouts",
    "reports",
    "sessions",
    "exports",
    "reminders",
    "accounts",
    "searches",
    "uploads",
    "roles",
    "templates",
    "dashboards",
    "webhooks",
    "refunds",
    "receipts",
    "imports",
];
const PLACES: [&str; 8] = [
    "on the start page",
    "in the admin area",
    "for auditors",
    "in the nightly run",
    "behind the feature flag",
    "for new customers",
    "in the public API",
    "on small screens",
];

pub(crate) fn seed(state: &mut State, count: u32) {
    let count = count.min(COUNT_MAX);
    add_site_defaults(state);
    let mut maker = Maker {
        random: SmallRng::seed_from_u64(state.seed),
        people: people(state),
        next_id: state.next_issue_id().0,
        rank: state.last_rank(),
        project: 0,
        link_kinds: state.catalog.link_kinds.len() as u16,
        state,
    };
    let mut left = count;
    while left > 0 {
        maker.begin_project();
        let size = left.min(PROJECT_SIZE);
        maker.fill_project(size);
        left -= size;
    }
}

fn people(state: &mut State) -> Vec<u32> {
    let first = [
        "Ada", "Ben", "Chloe", "Dario", "Elif", "Femi", "Greta", "Hugo",
    ];
    let last = ["Okafor", "Lind", "Moreau", "Sato", "Novak"];
    let names = (0..PEOPLE).map(|at| (first[at % first.len()], last[at / first.len()]));
    names
        .map(|(first, last)| {
            let name = format!("{first}.{last}").to_lowercase();
            state
                .catalog
                .person(&name, &format!("{first} {last}"), &format!("712020:{name}"))
        })
        .collect()
}

struct Maker<'a> {
    state: &'a mut State,
    random: SmallRng,
    people: Vec<u32>,
    next_id: u64,
    rank: Rank,
    project: u16,
    link_kinds: u16,
}

/// Places of the default issue types.
const EPIC: u16 = 0;
const STORY: u16 = 1;
const TASK: u16 = 2;
const BUG: u16 = 3;
const SUB_TASK: u16 = 4;

impl Maker<'_> {
    fn begin_project(&mut self) {
        let number = self.state.catalog.projects.len();
        let letter = |at: usize| char::from(b'A' + (at % 26) as u8);
        let key = format!("S{}{}", letter(number / 26), letter(number));
        let name = format!("Seeded {}", number + 1);
        self.project = self
            .state
            .catalog
            .project(10_000 + number as u64, &key, &name);
        let board = self.state.add_project_board(&key, BoardKind::Kanban);
        debug_assert!(board.is_ok(), "the project was just made");
    }

    fn fill_project(&mut self, size: u32) {
        let mut left = size;
        while left > 0 {
            let epic = self.issue(EPIC, None);
            left -= 1;
            for _ in 0..STORIES_PER_EPIC {
                if left == 0 {
                    return;
                }
                let kind = [STORY, STORY, TASK, BUG][self.random.random_range(0..4)];
                let story = self.issue(kind, Some(epic));
                left -= 1;
                if self.random.random_range(0..100) < WITH_SUB_TASKS_PERCENT {
                    let sub_tasks = self.random.random_range(1..=3).min(left);
                    for _ in 0..sub_tasks {
                        self.issue(SUB_TASK, Some(story));
                    }
                    left -= sub_tasks;
                }
            }
        }
    }

    fn issue(&mut self, kind: u16, parent: Option<IssueId>) -> IssueId {
        let id = IssueId(self.next_id);
        let number = self.state.catalog.projects[usize::from(self.project)]
            .own
            .next_number;
        let statuses = self.state.catalog.statuses.len() as u16;
        let age = self.random.random_range(0..3000_i64) * DAY / 2;
        let created = self.state.now - age;
        let status = self.random.random_range(0..statuses);
        let priorities = self.state.catalog.priorities.len() as u16;
        let summary = self.summary();
        let reporter = self.person();
        let assigned = self.random.random_range(0..5) > 0;
        self.state.push(Issue {
            id,
            key: Key {
                project: self.project,
                number,
            },
            kind,
            status,
            priority: Some(self.random.random_range(0..priorities)),
            resolution: None,
            deleted: false,
            secured: false,
            summary: summary.into(),
            created,
            updated: created + self.random.random_range(0..=age),
            resolved: None,
            parent,
            rank: self.rank,
            reporter: Some(reporter),
            assignee: assigned.then_some(reporter),
            labels: Box::default(),
            links: Box::default(),
            extra: None,
        });
        self.rank = Rank(self.rank.0 + RANK_STEP);
        self.next_id += 1;
        if self.random.random_range(0..LINK_EVERY) == 0 {
            self.link_back(id);
        }
        id
    }

    /// Links the newest issue to an earlier one.
    fn link_back(&mut self, source: IssueId) {
        let last = self.state.issues.len() - 1;
        if last == 0 {
            return;
        }
        let other = self.random.random_range(last.saturating_sub(1000)..last);
        let target = self.state.issues[other].id;
        let id = LinkId(self.state.next_link);
        let kind = self.random.random_range(0..self.link_kinds);
        self.state.add_link(
            id,
            Link {
                kind,
                source,
                target,
            },
        );
        push_link(&mut self.state.issues[other].links, id);
        push_link(&mut self.state.issues[last].links, id);
    }

    fn person(&mut self) -> u32 {
        let at = self.random.random_range(0..self.people.len());
        self.people[at]
    }

    fn summary(&mut self) -> String {
        let mut pick = |words: &[&'static str]| words[self.random.random_range(0..words.len())];
        format!(
            "{} {} {} {}",
            pick(&VERBS),
            pick(&ADJECTIVES),
            pick(&NOUNS),
            pick(&PLACES)
        )
    }
}
