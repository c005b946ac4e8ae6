//! Follows a forest: what each message of a watch says, in order.
//!
//! A watch holds a version and no queue: what a slow client has missed is read from the store when
//! it is ready, or, when that is too much, the rows are sent anew. What it is not: the call;
//! `api::stream` sends, beats and ends.

use super::edits::added_issues;
use super::labels::Labels;
use super::pause::Pause;
use super::rows::{self, Known, Reader, RowView, known};
use super::{App, structures};
use crate::names;
use crate::refusal::{Refusal, of_store};
use resync_core::change::ForestChange;
use resync_core::id::{ForestVersion, JobId, Principal, Slug};
use resync_core::time::Timestamp;
use resync_store::{StructureRecord, VersionRecord};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// Most changes in one message: at most 2 kB each, so that it stays within what clients take.
const CHANGES_AT_ONCE: usize = 500;

/// A client that is further behind than this gets the rows anew: that is less to send.
const CHANGES_BEHIND_MAX: usize = 10_000;

/// Most versions whose changes are read at once.
const VERSIONS_AT_ONCE: usize = 64;

/// What a message tells.
#[derive(Clone, Debug)]
pub(crate) enum ForestNews {
    Reset(StructureRecord),
    Rows(Vec<RowView>),
    Current,
    Changes(Steps),
    Updated(StructureRecord),
    Heartbeat,
    Deleted,
}

/// Steps that were made on somebody's behalf.
#[derive(Clone, Debug)]
pub(crate) struct Steps {
    pub(crate) changes: Vec<ForestChange>,
    pub(crate) known: Known,
    pub(crate) job: Option<JobId>,
    pub(crate) principal: Principal,
}

/// One message of a watch.
#[derive(Clone, Debug)]
pub(crate) struct ForestMessage {
    pub(crate) news: ForestNews,
    pub(crate) labels: Arc<Labels>,
    pub(crate) version: ForestVersion,
    pub(crate) time: Timestamp,
    pub(crate) continued: bool,
    /// Empty where there is no place to resume from.
    pub(crate) resume_token: String,
}

/// What the caller asks of a watch.
#[derive(Clone, Debug)]
pub(crate) struct WatchOptions {
    pub(crate) resume_token: String,
    pub(crate) skip_rows: bool,
    pub(crate) once: bool,
}

/// Where a watch is.
enum Phase {
    /// The rows are to be sent, from the first on.
    Reset,
    /// The rows are being sent.
    Rows(Box<Reader>),
    /// The client is at the version of the watch.
    Following,
    /// The last message was sent.
    Ended,
}

/// A watch of one forest.
pub(crate) struct StructureWatch {
    app: App,
    slug: Slug,
    /// The structure, as the client knows it.
    record: StructureRecord,
    labels: Arc<Labels>,
    /// The version that the client has.
    version: ForestVersion,
    phase: Phase,
    /// Whether the client was told that it has everything.
    told_current: bool,
    once: bool,
    changed: watch::Receiver<()>,
    pause: Pause,
    ready: VecDeque<ForestMessage>,
}

impl StructureWatch {
    /// Starts to follow a forest.
    pub(crate) async fn start(
        app: &App,
        slug: &Slug,
        options: WatchOptions,
    ) -> Result<StructureWatch, Refusal> {
        let changed = app.changed.subscribe();
        let mut record = structures::any(app, slug).await?;
        let resumed = match options.resume_token.as_str() {
            "" => None,
            token => {
                let (version, etag) = read_token(app, &record, token)?;
                // What the client knows may be older than the record.
                record.etag = etag;
                Some(version)
            }
        };
        let labels = Arc::new(Labels::load(app, record.id, &record.slug).await?);
        let skips = options.skip_rows && resumed.is_none();
        Ok(StructureWatch {
            version: resumed.unwrap_or(record.forest_version),
            phase: match resumed.is_some() || skips {
                true => Phase::Following,
                false => Phase::Reset,
            },
            pause: Pause::new(app.limits.watch_poll_max),
            app: app.clone(),
            slug: slug.clone(),
            record,
            labels,
            told_current: false,
            once: options.once,
            changed,
            ready: VecDeque::new(),
        })
    }

    /// The next message; `None` after the last one. When nothing happens until `quiet`, a
    /// heartbeat.
    pub(crate) async fn next(&mut self, quiet: Instant) -> Result<Option<ForestMessage>, Refusal> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Ok(Some(message));
            }
            match &mut self.phase {
                Phase::Ended => return Ok(None),
                Phase::Reset => self.reset().await?,
                Phase::Rows(reader) => {
                    let rows = reader.next().await?;
                    self.rows(rows);
                }
                Phase::Following => {
                    self.changed.mark_unchanged();
                    self.follow().await?;
                    if self.ready.is_empty() && matches!(self.phase, Phase::Following) {
                        if let Some(heartbeat) = self.pause(quiet).await {
                            return Ok(Some(heartbeat));
                        }
                    } else {
                        self.pause.reset();
                    }
                }
            }
        }
    }

    async fn pause(&mut self, quiet: Instant) -> Option<ForestMessage> {
        if Instant::now() >= quiet {
            return Some(self.message(ForestNews::Heartbeat, true));
        }
        let due = self.pause.next().min(quiet);
        tokio::select! {
            _ = self.changed.changed() => {}
            () = tokio::time::sleep_until(due) => {}
        }
        None
    }

    async fn reset(&mut self) -> Result<(), Refusal> {
        self.record = structures::any(&self.app, &self.slug).await?;
        if self.record.delete_time.is_some() {
            self.end();
            return Ok(());
        }
        let snapshot = rows::snapshot(&self.app, &self.record, None).await?;
        self.version = snapshot.version;
        self.labels = self.load_labels().await?;
        let message = self.message(ForestNews::Reset(self.record.clone()), false);
        self.ready.push_back(message);
        self.phase = Phase::Rows(Box::new(Reader::new(&self.app, &snapshot, 0..usize::MAX)));
        Ok(())
    }

    fn rows(&mut self, rows: Option<Vec<RowView>>) {
        let Some(rows) = rows else {
            self.phase = Phase::Following;
            self.tell_current();
            return;
        };
        for rows in rows::messages(rows) {
            let mut message = self.message(ForestNews::Rows(rows), false);
            message.continued = true;
            self.ready.push_back(message);
        }
    }

    fn tell_current(&mut self) {
        let message = self.message(ForestNews::Current, true);
        self.ready.push_back(message);
        self.told_current = true;
        if self.once {
            self.phase = Phase::Ended;
        }
    }

    fn end(&mut self) {
        let message = self.message(ForestNews::Deleted, false);
        self.ready.push_back(message);
        self.phase = Phase::Ended;
    }

    /// Looks whether the client misses anything.
    async fn follow(&mut self) -> Result<(), Refusal> {
        let found = self.app.store.get_structure_by_id(self.record.id).await;
        let record = found.map_err(|error| of_store(error, &names::structure(&self.slug)))?;
        if record.delete_time.is_some() {
            self.end();
            return Ok(());
        }
        if record.forest_version != self.version {
            return self.catch_up(record).await;
        }
        let renamed = record.etag != self.record.etag;
        self.record = record;
        if renamed {
            let message = self.message(ForestNews::Updated(self.record.clone()), true);
            self.ready.push_back(message);
        }
        if !self.told_current {
            self.tell_current();
        }
        Ok(())
    }

    /// Sends the versions that the client misses, or starts anew when they are too many or gone.
    async fn catch_up(&mut self, record: StructureRecord) -> Result<(), Refusal> {
        let name = names::structure(&self.slug);
        let found = self
            .app
            .store
            .load_changes(record.id, self.version, VERSIONS_AT_ONCE)
            .await;
        let found = found.map_err(|error| of_store(error, &name))?;
        let next = ForestVersion(self.version.0 + 1);
        let whole = found.first().is_some_and(|first| first.version == next);
        let behind: usize = found.iter().map(|one| one.changes.len()).sum();
        let many = found.len() > 1 && behind > CHANGES_BEHIND_MAX;
        if !whole || many || found.len() == VERSIONS_AT_ONCE && self.is_far_behind(&record) {
            self.phase = Phase::Reset;
            self.told_current = false;
            return Ok(());
        }
        self.labels = self.load_labels().await?;
        for version in found {
            self.send_version(version).await?;
        }
        Ok(())
    }

    fn is_far_behind(&self, record: &StructureRecord) -> bool {
        let missing = record.forest_version.0 - self.version.0;
        usize::try_from(missing).is_ok_and(|missing| missing > CHANGES_BEHIND_MAX)
    }

    async fn send_version(&mut self, record: VersionRecord) -> Result<(), Refusal> {
        let VersionRecord {
            version,
            time,
            principal,
            job,
            changes,
            ..
        } = record;
        let mut known = known(&self.app, added_issues(&changes)).await?;
        self.version = version;
        let mut rest = changes;
        loop {
            let more = rest.split_off(rest.len().min(CHANGES_AT_ONCE));
            let continued = !more.is_empty();
            let known = if continued {
                known.clone()
            } else {
                std::mem::take(&mut known)
            };
            let (job, principal) = (job, principal.clone());
            let steps = Steps {
                changes: rest,
                known,
                job,
                principal,
            };
            let mut message = self.message(ForestNews::Changes(steps), !continued);
            (message.time, message.continued) = (time, continued);
            self.ready.push_back(message);
            if !continued {
                return Ok(());
            }
            rest = more;
        }
    }

    async fn load_labels(&self) -> Result<Arc<Labels>, Refusal> {
        Labels::load(&self.app, self.record.id, &self.record.slug)
            .await
            .map(Arc::new)
    }

    fn message(&self, news: ForestNews, resumable: bool) -> ForestMessage {
        let token = || {
            let mut payload = self.version.0.to_be_bytes().to_vec();
            payload.extend_from_slice(self.record.etag.as_bytes());
            let scope = scope(self.record.uid.as_str());
            self.app.sealer.seal(&scope, &payload)
        };
        ForestMessage {
            news,
            labels: Arc::clone(&self.labels),
            version: self.version,
            time: self.app.now(),
            continued: false,
            resume_token: if resumable { token() } else { String::new() },
        }
    }
}

/// What the client of a token knows: the version of the forest, and the etag of the structure.
fn read_token(
    app: &App,
    record: &StructureRecord,
    token: &str,
) -> Result<(ForestVersion, String), Refusal> {
    let scope = scope(record.uid.as_str());
    let payload = app.sealer.open("resume_token", &scope, token)?;
    let read = || {
        let (version, etag) = payload.split_first_chunk::<8>()?;
        let etag = String::from_utf8(etag.to_vec()).ok()?;
        Some((ForestVersion(i64::from_be_bytes(*version)), etag))
    };
    read().ok_or_else(|| Refusal::token("resume_token"))
}

/// What a resume token of a watch is for.
fn scope(uid: &str) -> [&[u8]; 2] {
    [b"watch-structure", uid.as_bytes()]
}
