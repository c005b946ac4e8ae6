//! The evidence of a links synchronizer: the links of what has changed, and of what is new.
//!
//! What it is not: an opinion which end of a link is stamped when it is made or removed. Either end
//! is enough; that no end is stamped is made up for by the sweep, which reads all links again.

use super::observe::{Followed, Reading, is_evaluated};
use super::session::Session;
use crate::failure::Stop;
use crate::observe::links::{self as complete, Gathered};
use crate::observe::{claimed_issues, rows_of};
use resync_core::id::IssueId;
use resync_core::incremental::{LinkDelta, LinksRead};
use resync_core::issue::ObservedLink;
use resync_core::synchronizer::{LinksScope, LinksSettings};
use resync_tracker::links::LinkScope;
use std::collections::BTreeSet;

/// Brings the links of one up to date. `coming` are issues that have no row and may get one.
pub(super) async fn read(
    reading: &Reading<'_>,
    session: &mut Session,
    one: &mut Followed,
    settings: &LinksSettings,
    hinted: &BTreeSet<IssueId>,
    coming: BTreeSet<IssueId>,
) -> Result<(), Stop> {
    let rows = rows_of(reading.loaded, &one.record.rule);
    let mirrored = one.mirror.pairs.iter().flat_map(|pairs| pairs.iter());
    let known = mirrored.map(|&(parent, child)| ObservedLink { parent, child });
    let top = rows.into_iter().chain(coming);
    let mut delta = LinkDelta::new(settings.scope, top, known.collect(), one.mirrored());
    if one.swept || is_evaluated(reading, one) {
        one.swept = true;
        one.listed = true;
        everything(reading, session, one, settings, &mut delta).await?;
    }
    delta.miss(session.missing.iter().copied());
    let readable = hinted.iter().filter(|id| session.found.contains_key(id));
    let changed = readable.copied().collect();
    settle(session, one, settings, delta, changed).await
}

/// Reads the links of some more issues, before a row is removed for want of one.
pub(super) async fn again(
    session: &mut Session,
    one: &mut Followed,
    settings: &LinksSettings,
    issues: &[IssueId],
) -> Result<(), Stop> {
    match one.links.take() {
        Some(delta) => {
            let issues = issues.iter().copied().collect();
            settle(session, one, settings, delta, issues).await
        }
        None => Ok(()),
    }
}

/// Reads links until none is open.
async fn settle(
    session: &mut Session,
    one: &mut Followed,
    settings: &LinksSettings,
    mut delta: LinkDelta,
    mut asked: BTreeSet<IssueId>,
) -> Result<(), Stop> {
    asked.extend(delta.open());
    while !asked.is_empty() {
        let scope = LinkScope::Issues(asked.into_iter().collect());
        let mut gathered = Gathered::default();
        complete::gather(&session.handle(), settings, &scope, &mut gathered).await?;
        take(session, &mut delta, gathered);
        asked = delta.open();
    }
    let links = delta.links().into_iter();
    one.pairs = links.map(|link| (link.parent, link.child)).collect();
    one.list = delta.seen();
    one.links = Some(delta);
    // Only where linked issues are added something must be known of those without a row.
    if settings.scope != LinksScope::WithinStructure {
        let unknown = one.list.iter().copied();
        let unknown: Vec<IssueId> = unknown.filter(|id| session.issue(*id).is_none()).collect();
        session.ask(unknown).await?;
    }
    Ok(())
}

/// Reads all links, as a resync does. What was known and is not shown is doubted.
async fn everything(
    reading: &Reading<'_>,
    session: &mut Session,
    one: &Followed,
    settings: &LinksSettings,
    delta: &mut LinkDelta,
) -> Result<(), Stop> {
    let (loaded, rule) = (reading.loaded, &one.record.rule);
    let gathered = complete::gather_all(&session.handle(), loaded, rule, settings).await?;
    delta.doubt();
    session
        .listed
        .extend(gathered.issues.iter().map(|issue| issue.id));
    take(session, delta, gathered);
    session.ask(claimed_issues(loaded, &one.record, rule)).await
}

fn take(session: &mut Session, delta: &mut LinkDelta, gathered: Gathered) {
    delta.take(&LinksRead {
        found: gathered.issues.iter().map(|issue| issue.id).collect(),
        missing: gathered.missing.clone(),
        shown: gathered.shown.into_iter().collect(),
        counting: gathered.links.into_iter().collect(),
    });
    session.missing.extend(gathered.missing);
    session.take(gathered.issues);
}
