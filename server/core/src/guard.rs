//! Guards: what stops a plan that looks like a mistake, and who may let it pass.
//!
//! What it is not: a protection against an unreadable source. What could not be read completely
//! is no reading (see [`crate::plan::Reading`]), so no plan is ever made from it.
//!
//! All guards look at rows that exist. Adding is never destructive, so a plan that only adds
//! trips none.

use crate::job::{
    Authorization, ChangeKind, ChangeLimits, Guard, GuardTrip, UNCONFIRMED_DESTRUCTIVE_MAX,
};
use crate::plan::Plan;
use crate::problem::{Problem, Reason};
use thiserror::Error;

/// Destructive changes that are always allowed: what a person can check by eye.
pub const DESTRUCTIVE_ALLOWED_MIN: i64 = 50;

/// The share of the rows in scope, in percent, that may be discarded.
pub const DESTRUCTIVE_SHARE_PERCENT: i64 = 10;

/// The share of all existing rows, in percent, that may move or go.
pub const ROWS_CHANGE_PERCENT: i64 = 50;

/// What the guards look at, in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// All planned changes.
    pub changes: i64,
    /// Of these, those that discard something that was there.
    pub destructive: i64,
    /// Of these, moves and removals.
    pub existing: i64,
    /// Rows that exist and that the synchronizers are about.
    pub rows_in_scope: i64,
    /// All rows that exist.
    pub rows: i64,
}

impl Figures {
    /// The figures of a plan for a forest of `rows` rows.
    pub fn of(plan: &Plan, rows: usize) -> Figures {
        let existing = |kind: ChangeKind| kind != ChangeKind::AddRow;
        Figures {
            changes: plan.changes.len() as i64,
            destructive: plan.destructive(),
            existing: plan
                .changes
                .iter()
                .filter(|planned| existing(planned.kind))
                .count() as i64,
            rows_in_scope: plan.rows_in_scope,
            rows: rows as i64,
        }
    }
}

/// The guards that trip, in the order of [`Guard`].
///
/// `source_is_empty`: the tracker was read, and has nothing for the synchronizers.
/// `settings_changed`: they are not those of the last resync that succeeded; false before it.
pub fn evaluate(figures: Figures, source_is_empty: bool, settings_changed: bool) -> Vec<GuardTrip> {
    let share = figures.rows_in_scope * DESTRUCTIVE_SHARE_PERCENT / 100;
    let half = figures.rows * ROWS_CHANGE_PERCENT / 100;
    let none_if = |condition: bool| if condition { 0 } else { i64::MAX };
    let checks = [
        (
            Guard::DestructiveShare,
            figures.destructive,
            share.max(DESTRUCTIVE_ALLOWED_MIN),
        ),
        (Guard::MostRowsChange, figures.existing, half),
        (
            Guard::EmptySource,
            figures.existing,
            none_if(source_is_empty),
        ),
        (
            Guard::SettingsChanged,
            figures.existing,
            none_if(settings_changed),
        ),
    ];
    let tripped = checks
        .into_iter()
        .filter(|(_, found, allowed)| found > allowed);
    tripped
        .map(|(guard, found, allowed)| GuardTrip {
            guard,
            found,
            allowed,
        })
        .collect()
}

/// Which limit a plan exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`ChangeLimits::changes`].
    Changes,
    /// [`ChangeLimits::destructive_changes`].
    DestructiveChanges,
    /// [`UNCONFIRMED_DESTRUCTIVE_MAX`].
    Unconfirmed,
}

impl Limit {
    /// The name that the metadata of a problem carries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changes => "changes",
            Self::DestructiveChanges => "destructive_changes",
            Self::Unconfirmed => "unconfirmed_destructive_changes",
        }
    }
}

/// Why a plan may not be executed. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A guard tripped, and the authorisation does not cover it.
    #[error(
        "the plan trips the guard {}: {} found, {} allowed; \
         preview the resync, and confirm it with the number of its destructive changes",
        guard_name(.0.guard).trim_start_matches("GUARD_"), .0.found, .0.allowed
    )]
    GuardTripped(GuardTrip),
    /// The plan has more changes than it may have.
    #[error(
        "the plan has {planned} changes, and {allowed} are allowed by the limit {}; \
         raise the limit, or preview and confirm the resync",
        .limit.name()
    )]
    LimitExceeded {
        /// Which limit.
        limit: Limit,
        /// How many changes of that sort are planned.
        planned: i64,
        /// How many are allowed.
        allowed: i64,
    },
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let message = refusal.to_string();
        match refusal {
            Refusal::GuardTripped(trip) => Problem::new(Reason::GuardTripped, message)
                .with("guard", guard_name(trip.guard))
                .with("found", trip.found)
                .with("allowed", trip.allowed),
            Refusal::LimitExceeded {
                limit,
                planned,
                allowed,
            } => Problem::new(Reason::ChangeLimitExceeded, message)
                .with("limit", limit.name())
                .with("planned", planned)
                .with("allowed", allowed),
        }
    }
}

/// The name of a guard, as the API has it, that the metadata of a problem carries.
pub fn guard_name(guard: Guard) -> &'static str {
    match guard {
        Guard::DestructiveShare => "GUARD_DESTRUCTIVE_SHARE",
        Guard::MostRowsChange => "GUARD_MOST_ROWS_CHANGE",
        Guard::EmptySource => "GUARD_EMPTY_SOURCE",
        Guard::SettingsChanged => "GUARD_SETTINGS_CHANGED",
    }
}

/// Whether a plan may be executed. `previewed` are the guards that the confirmed preview showed;
/// empty when nothing was confirmed.
///
/// A preview may always be made. A confirmed run passes a guard that its preview showed, when the
/// number of destructive changes was typed back; it may turn out to need fewer. Anything else passes no guard, and stops above
/// [`UNCONFIRMED_DESTRUCTIVE_MAX`] destructive changes.
///
/// # Errors
/// The first reason against it: limits of the caller first, then the guards.
pub fn admit(
    figures: Figures,
    trips: &[GuardTrip],
    previewed: &[GuardTrip],
    authorization: &Authorization,
    limits: &ChangeLimits,
) -> Result<(), Refusal> {
    let within = |limit: Limit, planned: i64, allowed: Option<i64>| match allowed {
        Some(allowed) if planned > allowed => Err(Refusal::LimitExceeded {
            limit,
            planned,
            allowed,
        }),
        Some(_) | None => Ok(()),
    };
    let acknowledged = match authorization {
        Authorization::Preview => return Ok(()),
        Authorization::Confirmed {
            acknowledged_destructive,
            ..
        } => *acknowledged_destructive,
        Authorization::Forced | Authorization::Incremental => {
            let allowed = Some(UNCONFIRMED_DESTRUCTIVE_MAX);
            within(Limit::Unconfirmed, figures.destructive, allowed)?;
            None
        }
    };
    within(Limit::Changes, figures.changes, limits.changes)?;
    within(
        Limit::DestructiveChanges,
        figures.destructive,
        limits.destructive_changes,
    )?;
    let shown = |trip: &GuardTrip| previewed.iter().any(|known| known.guard == trip.guard);
    let covered = |trip: &GuardTrip| {
        acknowledged.is_some_and(|most| figures.destructive <= most) && shown(trip)
    };
    match trips.iter().find(|trip| !covered(trip)) {
        Some(trip) => Err(Refusal::GuardTripped(trip.clone())),
        None => Ok(()),
    }
}
