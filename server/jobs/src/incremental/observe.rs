//! The evidence of an incremental sync: what was known, brought up to date by what has changed.
//!
//! What it is not: less than what a resync reads. The planner gets whole evidence; only the reading
//! is small.

use super::evidence::{evidence_of, left_behind};
use super::outcome::make_unavailable;
use super::session::Session;
use super::{added, agile, confirm, links, subtasks};
use crate::engine::Engine;
use crate::facts::{Facts, facts};
use crate::failure::{Failure, Stop};
use crate::load::Loaded;
use crate::observe::Observed;
use crate::observe::filter::query_of;
use crate::progress::Reporter;
use resync_core::id::{IssueId, StructureId, TrackerId};
use resync_core::incremental::{LinkDelta, Timing, updated};
use resync_core::issue::ObservedIssue;
use resync_core::job::{Job, Severity};
use resync_core::plan::Scope;
use resync_core::problem::{Problem, Reason};
use resync_core::synchronizer::{FilterSettings, Kind, Settings, State};
use resync_core::time::Timestamp;
use resync_store::{Mirror, SyncState, SynchronizerRecord};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};

/// Up to so many changed issues, a query is asked about each of them, past the lag of the index. For
/// more, it is listed, which takes fewer requests; those that the list does not show are asked about
/// all the same.
const ASKED_ABOUT_MAX: usize = 100;

/// A synchronizer that takes part, and what is known of it.
pub(super) struct Followed {
    pub(super) record: SynchronizerRecord,
    pub(super) mirror: Mirror,
    /// The issues of its mirror, brought up to date.
    pub(super) list: Vec<IssueId>,
    /// Its links or epics, and its sub-tasks beside the issues, likewise.
    pub(super) pairs: Vec<(IssueId, IssueId)>,
    pub(super) subtasks: Vec<IssueId>,
    /// Links with what was read of them in this sync.
    pub(super) links: Option<LinkDelta>,
    /// Whether its query was listed, and whether as a part of a sweep.
    pub(super) listed: bool,
    pub(super) swept: bool,
}

impl Followed {
    pub(super) fn mirrored(&self) -> &[IssueId] {
        self.mirror.issues.as_deref().unwrap_or_default()
    }
}

/// What a sync has of one tracker.
pub(super) struct Part {
    pub(super) session: Session,
    pub(super) followed: Vec<Followed>,
}

/// Everything that a sync looks at while it reads.
pub(super) struct Reading<'a> {
    pub(super) engine: &'a Engine,
    pub(super) structure: StructureId,
    pub(super) reporter: &'a Reporter,
    pub(super) loaded: &'a Loaded,
    pub(super) state: &'a SyncState,
    pub(super) timing: Timing,
    pub(super) began: Timestamp,
}

/// Brings the evidence of all synchronizers up to date that are enabled and have been resynced.
pub(crate) async fn observe(
    engine: &Engine,
    job: &Job,
    reporter: &Reporter,
    loaded: Loaded,
    state: SyncState,
) -> Result<Facts, Stop> {
    let reading = Reading {
        engine,
        structure: job.structure,
        reporter,
        loaded: &loaded,
        state: &state,
        timing: engine.parts.settings.incremental.unwrap_or_default(),
        began: (engine.parts.clock)(),
    };
    let by_tracker = followed(&reading);
    tell_who_takes_part(&reading, &by_tracker).await?;
    let (mut parts, mut observed) = (Vec::new(), Vec::new());
    for (tracker, followed) in by_tracker {
        let part = read_tracker(&reading, tracker, followed).await?;
        observed.extend(evidence(&reading, &part));
        parts.push(part);
    }
    let began = reading.began;
    let timing = reading.timing;
    let mut facts = facts(loaded, Scope::Incremental, observed, began);
    confirm::removals(&mut facts, &mut parts, began, timing).await?;
    facts.sync = Some(left_behind(&parts, &state, began));
    Ok(facts)
}

/// The synchronizers that take part, by tracker, in declared order.
fn followed(reading: &Reading<'_>) -> BTreeMap<TrackerId, Vec<Followed>> {
    let mut by_tracker: BTreeMap<TrackerId, Vec<Followed>> = BTreeMap::new();
    for record in &reading.loaded.synchronizers {
        let mirrors = &mut reading.state.mirrors.iter();
        let mirror = mirrors.find(|mirror| mirror.synchronizer == record.id);
        if let Some(mirror) = mirror.filter(|_| record.state == State::Enabled) {
            let followed = Followed {
                record: record.clone(),
                mirror: mirror.clone(),
                list: Vec::new(),
                pairs: Vec::new(),
                subtasks: Vec::new(),
                links: None,
                listed: false,
                swept: false,
            };
            let tracker = record.rule.tracker;
            by_tracker.entry(tracker).or_default().push(followed);
        }
    }
    by_tracker
}

async fn tell_who_takes_part(
    reading: &Reading<'_>,
    by_tracker: &BTreeMap<TrackerId, Vec<Followed>>,
) -> Result<(), Stop> {
    let names = by_tracker.values().flatten();
    let names: Vec<&str> = names.map(|one| one.record.display_name.as_str()).collect();
    let message = format!(
        "Syncs {}: {} reported changes.",
        names.join(", "),
        reading.state.hints.len()
    );
    reading.reporter.log(Severity::Info, message).await
}

/// Reads what is needed of one tracker.
async fn read_tracker(
    reading: &Reading<'_>,
    tracker: TrackerId,
    mut followed: Vec<Followed>,
) -> Result<Part, Stop> {
    let observations = &reading.loaded.observations;
    let mut session =
        Session::open(reading.engine, reading.reporter, tracker, observations).await?;
    let hints = reading.state.hints.iter();
    let hinted: BTreeSet<IssueId> = hints
        .filter(|hint| hint.tracker == tracker)
        .map(|hint| hint.issue)
        .collect();
    let sweep = followed.iter().any(|one| is_swept(reading, one));
    let added = added::since_last_sync(reading, tracker, &followed).await?;
    session.ask(hinted.union(&added.by_people).copied()).await?;
    if sweep {
        let missed: Vec<IssueId> = session
            .missed_before()
            .map(|known| known.issue.id)
            .collect();
        session.ask(missed).await?;
    }
    let mut taking_part = Vec::with_capacity(followed.len());
    // What one adds another one has to look at, so that those who add come first.
    followed.sort_by_key(|one| turn(one.record.rule.settings.kind()));
    for mut one in followed.drain(..) {
        one.swept = sweep;
        let outcome = match one.record.rule.settings.clone() {
            Settings::Filter(settings) => {
                filter(reading, &mut session, &mut one, &settings, &hinted).await
            }
            Settings::Subtasks(settings) => {
                let matched = &taking_part;
                subtasks::read(reading, &mut session, &mut one, &settings, matched, &added).await
            }
            Settings::Links(settings) => {
                let coming = subtasks::coming(reading, &session, &taking_part);
                links::read(reading, &mut session, &mut one, &settings, &hinted, coming).await
            }
            Settings::Agile(settings) => {
                agile::read(reading, &mut session, &mut one, &settings, &hinted).await
            }
            // It changes the tracker only.
            Settings::StatusRollup(_) => continue,
        };
        match outcome {
            Ok(()) => taking_part.push(one),
            // The others go on; this one is brought up to date when it is back.
            Err(Stop::Failed(failure)) if failure.unavailable => {
                make_unavailable(reading, one.record.id, failure.problem).await?;
            }
            Err(stop) => return Err(stop),
        }
    }
    session.count();
    Ok(Part {
        session,
        followed: taking_part,
    })
}

fn turn(kind: Kind) -> u8 {
    match kind {
        Kind::Filter => 0,
        Kind::Links => 1,
        Kind::Agile => 2,
        Kind::Subtasks => 3,
        Kind::StatusRollup => 4,
    }
}

/// Whether everything has to be listed again for one: it is time, or hints are forgotten that it
/// does not have.
fn is_swept(reading: &Reading<'_>, one: &Followed) -> bool {
    is_over(
        one.mirror.swept_time,
        reading.timing.sweep_interval,
        reading.began,
    ) || one.mirror.hint < reading.state.forgotten_hint
}

/// Whether it is time to read again what can change while no issue is stamped.
pub(super) fn is_evaluated(reading: &Reading<'_>, one: &Followed) -> bool {
    let interval = reading.timing.evaluation_interval;
    one.mirror.volatile && is_over(one.mirror.listed_time, interval, reading.began)
}

fn is_over(since: Timestamp, interval: std::time::Duration, now: Timestamp) -> bool {
    let milliseconds = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
    since.plus_milliseconds(milliseconds) <= now
}

async fn filter(
    reading: &Reading<'_>,
    session: &mut Session,
    one: &mut Followed,
    settings: &FilterSettings,
    hinted: &BTreeSet<IssueId>,
) -> Result<(), Stop> {
    let query = query_of(settings);
    let evaluated = is_evaluated(reading, one);
    let readable: Vec<IssueId> = hinted
        .iter()
        .copied()
        .filter(|id| session.found.contains_key(id))
        .collect();
    let mirrored: FxHashSet<IssueId> = one.mirrored().iter().copied().collect();
    // Nothing else is believed to be gone than what cannot be read by id.
    let missing = hinted.iter().filter(|id| session.missing.contains(id));
    let mut asked: FxHashSet<IssueId> = missing.copied().collect();
    one.listed = one.swept || evaluated;
    if !one.listed && readable.len() <= ASKED_ABOUT_MAX {
        let matching = session.matching(&query, &readable).await?;
        asked.extend(readable);
        one.list = updated(one.mirrored(), &asked, &matching);
    } else {
        let listing = session.census(&query).await?;
        let shown: FxHashSet<IssueId> = listing.iter().copied().collect();
        let left = one
            .mirrored()
            .iter()
            .copied()
            .filter(|id| !shown.contains(id));
        let mut open: Vec<IssueId> = left.collect();
        session.ask(open.iter().copied()).await?;
        require_readable(session, &listing, &open)?;
        // The index may not know yet what is known here.
        if readable.len() <= ASKED_ABOUT_MAX {
            open.extend(readable);
        }
        open.retain(|id| session.found.contains_key(id));
        open.sort_unstable();
        open.dedup();
        let matching = session.matching(&query, &open).await?;
        let listed = updated(one.mirrored(), &mirrored, &listing);
        asked.extend(open);
        one.list = updated(&listed, &asked, &matching);
    }
    know(reading, session, one, settings).await
}

/// When a query shows nothing, one of the issues that it once showed must at least be readable.
/// Otherwise it is the account that sees nothing.
fn require_readable(session: &Session, listing: &[IssueId], left: &[IssueId]) -> Result<(), Stop> {
    let readable = left.iter().any(|id| session.found.contains_key(id));
    if readable || left.is_empty() || !listing.is_empty() {
        return Ok(());
    }
    let problem = Problem::new(
        Reason::TrackerPermissionDenied,
        format!(
            "The query matches nothing, and the {} issues that it once matched cannot be read: the \
             account has probably lost its permission. Restore it, and resync.",
            left.len()
        ),
    );
    Err(Stop::Failed(Failure {
        unavailable: true,
        ..Failure::permanent(problem.with("permission", "BROWSE_PROJECTS"))
    }))
}

/// Makes sure that what the query shows is known, as far as it can be placed.
async fn know(
    reading: &Reading<'_>,
    session: &mut Session,
    one: &Followed,
    settings: &FilterSettings,
) -> Result<(), Stop> {
    let forest = &reading.loaded.rows.forest;
    let parent = settings.parent_issue.map(|parent| session.refer(parent));
    let can_be_placed = parent.is_none_or(|parent| forest.primary_row(parent).is_some());
    if can_be_placed {
        let unknown = one.list.iter().copied();
        let unknown: Vec<IssueId> = unknown.filter(|id| session.issue(*id).is_none()).collect();
        session.ask(unknown).await?;
    }
    Ok(())
}

/// What the planner gets of one tracker.
fn evidence(reading: &Reading<'_>, part: &Part) -> Vec<Observed> {
    let session = &part.session;
    let gone = confirm::gone(session, &part.followed, reading.began, reading.timing);
    let hidden = session.missed_before().map(|known| known.issue.id);
    let hidden: BTreeSet<IssueId> = hidden
        .chain(session.missing.iter().copied())
        .filter(|id| !gone.contains(id))
        .collect();
    let mut by_id: Vec<ObservedIssue> = session.found.values().cloned().collect();
    by_id.sort_unstable_by_key(|issue| issue.id);
    let mut inaccessible = hidden.into_iter().map(|id| session.refer(id)).collect();
    let observed = |one: &Followed| Observed {
        synchronizer: one.record.id,
        evidence: evidence_of(session, one),
        by_id: std::mem::take(&mut by_id),
        inaccessible: std::mem::take(&mut inaccessible),
    };
    part.followed.iter().map(observed).collect()
}
