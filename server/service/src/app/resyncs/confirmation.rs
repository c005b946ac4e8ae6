//! What lets a run pass: the token of a preview, or force.

use super::{Run, Target, direction_name};
use crate::app::{App, Caller};
use crate::names;
use crate::refusal::{Refusal, of_store};
use crate::token::{Confirmable, Sealer};
use resync_core::guard::guard_name;
use resync_core::job::{Authorization, GuardTrip, Job, JobState, PlanSummary};
use resync_core::problem::Reason;
use resync_core::synchronizer::Direction;
use resync_store::Error as StoreError;

/// How the run is authorised: by the token of a preview, or by force, and by exactly one of them.
pub(super) async fn authorization(
    app: &App,
    caller: &Caller,
    target: &Target,
    run: &Run,
) -> Result<Authorization, Refusal> {
    match (&run.confirmation_token, run.force) {
        (Some(_), true) => Err(Refusal::field(
            "confirmation_token",
            "must not be set together with force; set exactly one of them",
        )),
        (None, false) => Err(required(run.direction)),
        (None, true) if run.acknowledged.is_some() => Err(Refusal::field(
            "acknowledged_destructive_count",
            "must not be set with force, which passes no guard",
        )),
        (None, true) => Ok(Authorization::Forced),
        (Some(token), false) => confirmed(app, caller, target, run, token).await,
    }
}

fn required(direction: Direction) -> Refusal {
    let overwrites = match direction {
        Direction::IntoStructure => "structure",
        Direction::FromStructure => "tracker",
    };
    let message = format!(
        "the run is not confirmed; {} Preview it and give the plan's confirmation_token, or set \
         force",
        direction.sentence()
    );
    Refusal::new(Reason::ConfirmationRequired, message)
        .with("direction", direction_name(direction))
        .with("overwrites", overwrites)
        .with("previewMethod", "resync.v1.ResyncService/PreviewResync")
}

pub(super) fn invalid(message: &str) -> Refusal {
    Refusal::new(Reason::ConfirmationInvalid, message).at("confirmation_token")
}

async fn confirmed(
    app: &App,
    caller: &Caller,
    target: &Target,
    run: &Run,
    token: &str,
) -> Result<Authorization, Refusal> {
    // The same words whatever is wrong: which job a foreign token is of is not the caller's.
    let foreign = || {
        invalid(
            "the token is not one that this server gave to this caller for this synchronizer and \
             direction; preview again",
        )
    };
    let id = Sealer::previewed(token).ok_or_else(foreign)?;
    let preview = match app.store.get_job(id).await {
        Err(StoreError::NotFound { .. }) => return Err(foreign()),
        found => found.map_err(|error| of_store(error, &target.name))?.job,
    };
    let Some(summary) = preview
        .plan
        .as_ref()
        .filter(|_| preview.state == JobState::Succeeded)
    else {
        return Err(foreign());
    };
    let bound = Confirmable {
        preview: id,
        preview_uid: &preview.uid,
        principal: caller,
        synchronizer_uid: &target.synchronizer.uid,
        synchronizer_etag: &preview.synchronizer_etag,
        direction: run.direction,
        summary,
    };
    if !app.sealer.confirms(token, &bound) {
        return Err(foreign());
    }
    require_fresh(app, target, &preview, summary)?;
    require_acknowledged(summary, run.acknowledged)?;
    Ok(Authorization::Confirmed {
        preview: id,
        acknowledged_destructive: run.acknowledged,
    })
}

/// Refuses a plan whose inputs have changed, or that has expired.
fn require_fresh(
    app: &App,
    target: &Target,
    preview: &Job,
    summary: &PlanSummary,
) -> Result<(), Refusal> {
    let name = names::job(&target.structure.slug, preview.id);
    let stale = |cause: &str, expected: String, actual: String| {
        let message = format!("the plan of {name} is out of date ({cause}); preview again");
        Err(Refusal::new(Reason::PlanStale, message)
            .with("previewJob", &name)
            .with("cause", cause)
            .with("expected", expected)
            .with("actual", actual))
    };
    let now = app.now();
    if now > summary.expire_time {
        return stale(
            "expired",
            summary.expire_time.0.to_string(),
            now.0.to_string(),
        );
    }
    let forest = target.structure.forest_version;
    if forest != summary.forest_version {
        return stale(
            "forest",
            summary.forest_version.to_string(),
            forest.to_string(),
        );
    }
    let etag = &target.synchronizer.etag;
    if *etag != preview.synchronizer_etag {
        return stale(
            "synchronizer",
            preview.synchronizer_etag.clone(),
            etag.clone(),
        );
    }
    Ok(())
}

/// The number must be typed back when a guard tripped, and then only.
fn require_acknowledged(summary: &PlanSummary, acknowledged: Option<i64>) -> Result<(), Refusal> {
    match (summary.guards.first(), acknowledged) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Refusal::field(
            "acknowledged_destructive_count",
            "must not be set when no guard of the plan has tripped",
        )),
        (Some(_), Some(count)) if count == summary.destructive => Ok(()),
        (Some(trip), _) => Err(guard_tripped(trip, summary.destructive)),
    }
}

fn guard_tripped(trip: &GuardTrip, destructive: i64) -> Refusal {
    let message = format!(
        "a guard stops the plan; look at it, and if it is what you want, set \
         acknowledged_destructive_count to its number of destructive changes, {destructive}"
    );
    Refusal::new(Reason::GuardTripped, message)
        .with("guard", guard_name(trip.guard))
        .with("found", trip.found)
        .with("allowed", trip.allowed)
}
