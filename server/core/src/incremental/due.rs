//! When the next incremental sync of a structure is due, and why.
//!
//! What it is not: a clock or a queue. Times come in, a time goes out; the same facts always give
//! the same answer, so that a server that was restarted goes on as before.

use crate::time::Timestamp;
use std::time::Duration;

/// The figures of incremental syncs. The intervals are the stated bounds of staleness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How long it is quiet after a change before a sync starts, so that what belongs together is
    /// carried over together.
    pub debounce: Duration,
    /// The longest that a change waits for quiet.
    pub debounce_max: Duration,
    /// How often a tracker is asked for changes: the bound for what moves a stamp.
    pub poll_interval: Duration,
    /// How often everything is listed again: the bound for additions and departures that move no
    /// stamp. A deletion is believed when two such listings agree.
    pub sweep_interval: Duration,
    /// How often that is read again which changes without a stamp of its issues: the result of a
    /// query that speaks of more than them, and an order by rank.
    pub evaluation_interval: Duration,
}

impl Timing {
    /// What a server does unless it is told otherwise.
    pub const DEFAULT: Timing = Timing {
        debounce: Duration::from_secs(2),
        debounce_max: Duration::from_secs(10),
        poll_interval: Duration::from_secs(5 * 60),
        sweep_interval: Duration::from_secs(60 * 60),
        evaluation_interval: Duration::from_secs(15 * 60),
    };
}

impl Default for Timing {
    fn default() -> Timing {
        Timing::DEFAULT
    }
}

/// What waits for the next sync of a structure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// The first change that no sync has taken in: of the tracker or of the structure.
    pub first_change: Option<Timestamp>,
    /// The last one.
    pub last_change: Option<Timestamp>,
    /// When that synchronizer began to be listed completely for which it is longest ago; `None`
    /// when none is followed.
    pub swept: Option<Timestamp>,
    /// When that volatile query began to be listed for which it is longest ago; `None` when there
    /// is none.
    pub evaluated: Option<Timestamp>,
    /// After a failure: not before this.
    pub not_before: Option<Timestamp>,
}

/// Why a sync is due. Later ones include the work of earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Something was changed.
    Changes,
    /// A volatile query has to be listed again.
    Evaluation,
    /// Everything has to be listed again.
    Sweep,
}

/// When a sync is due, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub time: Timestamp,
    /// Why; of several at the same time the one that includes the others.
    pub cause: Cause,
}

/// When the next sync is due: the earliest of what waits. `None` when nothing ever will be,
/// because nothing is followed.
pub fn due(waiting: &Waiting, timing: &Timing) -> Option<Due> {
    let swept = waiting.swept?;
    let changes = waiting.first_change.map(|first| {
        let quiet = after(waiting.last_change.unwrap_or(first), timing.debounce);
        quiet.min(after(first, timing.debounce_max))
    });
    let evaluation = waiting
        .evaluated
        .map(|evaluated| after(evaluated, timing.evaluation_interval));
    let causes = [
        (Some(after(swept, timing.sweep_interval)), Cause::Sweep),
        (evaluation, Cause::Evaluation),
        (changes, Cause::Changes),
    ];
    let of_all = causes
        .into_iter()
        .filter_map(|(time, cause)| Some(Due { time: time?, cause }));
    let earliest = of_all.min_by_key(|due| due.time)?;
    let time = waiting
        .not_before
        .map_or(earliest.time, |least| earliest.time.max(least));
    Some(Due { time, ..earliest })
}

/// When a tracker is asked again that was asked at `now`. `fraction` (0 to 1) spreads the polls of
/// many trackers over a tenth of the interval.
pub fn next_poll(now: Timestamp, timing: &Timing, fraction: f64) -> Timestamp {
    let spread = timing
        .poll_interval
        .mul_f64(fraction.clamp(0.0, 1.0) / 10.0);
    after(now, timing.poll_interval + spread)
}

fn after(time: Timestamp, span: Duration) -> Timestamp {
    time.plus_milliseconds(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
}
