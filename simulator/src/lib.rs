//! A small Jira: Cloud (`/rest/api/3`, `/rest/api/2`) or Data Center (`/rest/api/2`), in process or
//! behind HTTP. It answers the requests of a synchronizer as the real ones do, misbehaves on
//! demand, and is deterministic: one seed, one clock and one list of requests give the same bytes.
//!
//! It is not a Jira to work in: there are no screens, workflows or schemes, and what it does not
//! know it refuses.
//!
//! Reading order: [`state`] (what there is) → `jql` (finding it) → `render` (writing it) → `rest`
//! (requests to answers, with [`limit`] and [`fault`]) → [`webhook`] (telling of changes) →
//! [`serve`]. Content comes from `archive`,
//! `content` and [`sample`]. `docs/jira-claims.md` lists what is simulated, and which test says so.

mod archive;
mod content;
pub mod fault;
mod fields;
mod jql;
pub mod limit;
mod post;
mod render;
mod rest;
pub mod sample;
mod sentence;
pub mod serve;
pub mod state;
pub mod webhook;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use archive::{LoadError, LoadReport};
use bytes::Bytes;
use http::{HeaderMap, Method};
pub use state::State;

/// Which of the two products is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// Jira Cloud, REST v3 with v2 as an alias.
    Cloud,
    /// Jira Data Center 10, REST v2.
    DataCenter,
}

impl Flavour {
    /// The version in the path of `self` links.
    pub(crate) fn version(self) -> u8 {
        match self {
            Self::Cloud => 3,
            Self::DataCenter => 2,
        }
    }
}

/// The language of the account, and so of error sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// The default.
    English,
    /// To catch clients that match on English text.
    German,
}

/// The one account that can log in.
#[derive(Clone)]
pub struct Account {
    /// E-mail address on Cloud (the user of Basic), user name on Data Center.
    pub name: String,
    /// API token or personal access token. Never shown.
    pub token: String,
    /// IANA name of the zone in which dates are written and queries are read. A name that the
    /// system does not know is taken for UTC.
    pub time_zone: String,
    /// Cloud's id of the account.
    pub account_id: String,
    /// The name that people see.
    pub display_name: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The clock: milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What a simulator is made of. It starts without projects and issues.
#[derive(Clone)]
pub struct Options {
    /// Which product.
    pub flavour: Flavour,
    /// Decides everything that is random.
    pub seed: u64,
    /// Where time comes from; asked once a request and once an edit.
    pub clock: Clock,
    /// Scheme and authority of links, for example `http://127.0.0.1:2990`; no slash at the end.
    pub base_uri: String,
    /// Who may log in.
    pub account: Account,
}

/// A request, as far as it matters.
#[derive(Clone, Debug)]
pub struct Request {
    /// GET, POST, …
    pub method: Method,
    /// From the first slash to the question mark, as sent.
    pub path: String,
    /// Behind the question mark, as sent.
    pub query: Option<String>,
    /// Header fields.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// What comes of a request.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How long the answer takes. The simulator itself never waits.
    pub delay: Duration,
    /// The answer.
    pub answer: Answer,
}

/// An answer, or what is left of one.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It arrives.
    Response(Response),
    /// The connection is closed without an answer; the request may have had its effect.
    Lost,
    /// The head and so many bytes of the body arrive, then the connection is closed.
    Cut(Response, usize),
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status code.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// The body, not encoded.
    pub body: Bytes,
}

/// How long answers take. The default is no time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// For every answer.
    pub fixed: Duration,
    /// More for every issue in it.
    pub per_issue: Duration,
}

/// The simulated Jira. Clones share one state.
#[derive(Clone)]
pub struct Simulator {
    state: Arc<Mutex<State>>,
    clock: Clock,
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inspect(|state| state.fmt(f))
    }
}

impl Simulator {
    /// An empty site.
    pub fn new(options: Options) -> Self {
        let clock = options.clock.clone();
        let state = State::new(options, clock());
        Self {
            state: Arc::new(Mutex::new(state)),
            clock,
        }
    }

    /// Answers one request. Never waits and does no I/O.
    pub fn handle(&self, request: &Request) -> Outcome {
        rest::handle(&mut self.lock(), request)
    }

    /// Changes the state, at the time of the clock. The simulator must not be called from inside:
    /// it would wait for itself.
    pub fn edit<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        change(&mut self.lock())
    }

    /// Looks at the state. The simulator must not be called from inside.
    pub fn inspect<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.lock())
    }

    /// Adds the issues of a file of JSON lines (`.jsonl`, `.jsonl.gz`) in REST shape, with the
    /// projects, types, statuses and link types that they name, and ranks derived from the seed.
    pub fn load_archive(&self, path: &Path) -> Result<LoadReport, LoadError> {
        archive::load(&mut self.lock(), path)
    }

    /// Adds about `count` readable issues, made from the seed: projects, epics, stories, sub-tasks
    /// and links. At most a million at a time.
    pub fn seed_content(&self, count: u32) {
        content::seed(&mut self.lock(), count);
    }

    /// Adds the small sample of [`sample`].
    pub fn load_sample(&self) {
        sample::load(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic inside an edit of a test must not hide behind a second one.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.set_now((self.clock)());
        state
    }
}
