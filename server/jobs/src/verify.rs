//! Reads back what was written, and compares again: the end of a job that can be believed.
//!
//! What it is not: a repair. What does not fit is told, and the job is incomplete.

use crate::compute;
use crate::engine::Engine;
use crate::facts::Facts;
use crate::failure::Stop;
use crate::load;
use crate::pass::Ending;
use crate::progress::Reporter;
use resync_core::forest::Forest;
use resync_core::id::ForestVersion;
use resync_core::job::{Job, Phase};
use resync_core::plan::{ConfirmedPlan, plan};

/// Reads the structure back and compares it with the forest that was planned, and with the
/// tracker once more: planning again must find nothing to do, within what was `confirmed`.
pub(crate) async fn read_back(
    engine: &Engine,
    job: &Job,
    reporter: &Reporter,
    facts: &Facts,
    confirmed: Option<&ConfirmedPlan>,
    expected: Forest,
) -> Result<Ending, Stop> {
    let rows = crate::count(expected.len());
    reporter
        .enter(
            Phase::Verifying,
            Some(rows),
            format!("Reading {rows} rows back"),
        )
        .await?;
    let stored = load::rows(&engine.parts.store, job.structure).await?;
    if stored.forest.version() != expected.version() {
        let message = format!(
            "Done. The structure was edited since (version {} now, {} by this job), so it was \
             not compared again.",
            stored.forest.version(),
            expected.version()
        );
        return Ok(Ending {
            complete: true,
            message,
        });
    }
    if !compute(|| same_rows(&stored.forest, &expected)) {
        return Ok(incomplete("what was read back is not what was planned"));
    }
    // Of the two, which are equal, one is enough from here.
    drop(expected);
    let again = compute(|| plan(&facts.snapshot(&stored, confirmed)));
    reporter.advance(rows, Some(rows), format!("Compared {rows} rows"));
    if !again.changes.is_empty() {
        return Ok(incomplete("comparing again found more to change"));
    }
    Ok(verified(rows))
}

/// The end of a job that had nothing to write: the structure was read a moment ago, and comparing it
/// was the verification.
pub(crate) async fn unchanged(reporter: &Reporter, rows: i64) -> Result<Ending, Stop> {
    let message = format!("Compared {rows} rows");
    reporter
        .enter(Phase::Verifying, Some(rows), message.clone())
        .await?;
    reporter.advance(rows, Some(rows), message);
    Ok(verified(rows))
}

fn verified(rows: i64) -> Ending {
    Ending {
        complete: true,
        message: format!("Done and verified: {rows} rows."),
    }
}

/// The end of a job whose earlier try had made its commit: the structure must be valid, and at
/// that version or a later one.
pub(crate) async fn resumed(
    engine: &Engine,
    job: &Job,
    reporter: &Reporter,
    version: ForestVersion,
) -> Result<Ending, Stop> {
    reporter
        .enter(Phase::Verifying, None, "Reading back after an interruption")
        .await?;
    let stored = load::rows(&engine.parts.store, job.structure).await?;
    if stored.forest.version() < version {
        return Ok(incomplete(
            "the version that the job made is not in the store",
        ));
    }
    let rows = stored.forest.len();
    let message = format!("Done after an interruption, and verified: {rows} rows are valid.");
    Ok(Ending {
        complete: true,
        message,
    })
}

fn incomplete(what: &str) -> Ending {
    let message = format!("Not complete: {what}. Run the resync again, and report this.");
    Ending {
        complete: false,
        message,
    }
}

fn same_rows(stored: &Forest, expected: &Forest) -> bool {
    stored.len() == expected.len()
        && stored
            .preorder()
            .zip(expected.preorder())
            .all(|(one, other)| one == other && stored.item(one.0) == expected.item(other.0))
}
