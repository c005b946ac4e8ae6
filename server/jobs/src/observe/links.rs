//! What a links synchronizer is about: the links of its type, and the issues at their ends.
//!
//! What it is not: a judgement of cycles, of several parents or of ends without rows; the planner
//! sees every link that counts.

use super::{Read, Tracker, claimed_issues, rows_of};
use crate::failure::Stop;
use crate::load::Loaded;
use resync_core::id::IssueId;
use resync_core::issue::{ObservedIssue, ObservedLink};
use resync_core::plan::Evidence;
use resync_core::synchronizer::{LinksScope, LinksSettings, ParentEnd, Rule};
use resync_store::SynchronizerRecord;
use resync_tracker::Query;
use resync_tracker::links::{Link, LinkScope, Links};
use rustc_hash::FxHashSet;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What was read so far.
#[derive(Default)]
pub(crate) struct Gathered {
    /// The links that count.
    pub(crate) links: FxHashSet<ObservedLink>,
    /// Those and the links whose ends do not pass their queries.
    pub(crate) shown: FxHashSet<ObservedLink>,
    pub(crate) issues: Vec<ObservedIssue>,
    pub(crate) missing: Vec<IssueId>,
    /// The issues whose links were read, or that cannot be read.
    seen: FxHashSet<IssueId>,
}

pub(super) async fn links(
    tracker: &Tracker<'_>,
    loaded: &Loaded,
    record: &SynchronizerRecord,
    rule: &Rule,
    settings: &LinksSettings,
) -> Result<Read, Stop> {
    let mut gathered = gather_all(tracker, loaded, rule, settings).await?;
    // Claimed rows whose links are gone, or whose issues are.
    let lost: Vec<IssueId> = claimed_issues(loaded, record, rule)
        .into_iter()
        .filter(|issue| !gathered.seen.contains(issue))
        .collect();
    let batch = tracker.by_id(&lost).await?;
    gathered.missing.extend(batch.missing);
    let mut links: Vec<ObservedLink> = gathered.links.into_iter().collect();
    links.sort_unstable();
    Ok(Read {
        evidence: Evidence::Links {
            links,
            issues: gathered.issues,
        },
        by_id: batch.found,
        missing: gathered.missing,
    })
}

/// Reads all links of the scope.
pub(crate) async fn gather_all(
    tracker: &Tracker<'_>,
    loaded: &Loaded,
    rule: &Rule,
    settings: &LinksSettings,
) -> Result<Gathered, Stop> {
    let mut gathered = Gathered::default();
    let rows = rows_of(loaded, rule);
    match settings.scope {
        LinksScope::AllIssues => {
            gather(tracker, settings, &LinkScope::Everywhere, &mut gathered).await?;
            see_both_ends(tracker, settings, &mut gathered).await?;
        }
        LinksScope::WithinStructure => {
            gather(tracker, settings, &LinkScope::Issues(rows), &mut gathered).await?;
        }
        LinksScope::ExpandToChildren => expand(tracker, settings, rows, &mut gathered).await?,
    }
    Ok(gathered)
}

/// Reads the ends that a search for links did not show: the index may lag, or the account cannot
/// see them, which the planner has to know.
async fn see_both_ends(
    tracker: &Tracker<'_>,
    settings: &LinksSettings,
    gathered: &mut Gathered,
) -> Result<(), Stop> {
    loop {
        let ends = gathered
            .links
            .iter()
            .flat_map(|link| [link.parent, link.child]);
        let unseen: BTreeSet<IssueId> = ends.filter(|end| !gathered.seen.contains(end)).collect();
        if unseen.is_empty() {
            return Ok(());
        }
        let scope = LinkScope::Issues(unseen.into_iter().collect());
        gather(tracker, settings, &scope, gathered).await?;
    }
}

/// Follows links from parents to children until nothing new is reached. Each round reads only
/// what the round before has reached; a cycle ends it, since nothing in it is new.
async fn expand(
    tracker: &Tracker<'_>,
    settings: &LinksSettings,
    mut frontier: Vec<IssueId>,
    gathered: &mut Gathered,
) -> Result<(), Stop> {
    while !frontier.is_empty() {
        let reached: FxHashSet<IssueId> = frontier.iter().copied().collect();
        let found = gather(tracker, settings, &LinkScope::Issues(frontier), gathered).await?;
        let below = found.iter().filter(|link| reached.contains(&link.parent));
        let mut next: Vec<IssueId> = below
            .map(|link| link.child)
            .filter(|child| !gathered.seen.contains(child))
            .collect();
        next.sort_unstable();
        next.dedup();
        frontier = next;
    }
    Ok(())
}

/// Reads the links of a scope, and keeps those that count. Returns these.
pub(crate) async fn gather(
    tracker: &Tracker<'_>,
    settings: &LinksSettings,
    scope: &LinkScope,
    gathered: &mut Gathered,
) -> Result<Vec<ObservedLink>, Stop> {
    if matches!(scope, LinkScope::Issues(issues) if issues.is_empty()) {
        return Ok(Vec::new());
    }
    let before = i64::try_from(gathered.issues.len()).unwrap_or(i64::MAX);
    let report = |read| tracker.reporter.read(before, read, tracker.requests());
    let read = tracker
        .reader
        .read_links(scope, &settings.link_type, &report)
        .await
        .map_err(|error| tracker.failed(&error))?;
    let Links {
        link_type: _,
        issues,
        missing,
        links,
    } = read;
    let oriented: Vec<ObservedLink> = links.iter().map(|link| oriented(link, settings)).collect();
    gathered.shown.extend(oriented.iter().copied());
    let counting = counting(tracker, settings, oriented).await?;
    gathered.links.extend(counting.iter().copied());
    gathered.seen.extend(issues.iter().map(|issue| issue.id));
    gathered.seen.extend(missing.iter().copied());
    gathered.issues.extend(issues);
    gathered.missing.extend(missing);
    Ok(counting)
}

fn oriented(link: &Link, settings: &LinksSettings) -> ObservedLink {
    let (parent, child) = match settings.parent_end {
        ParentEnd::Outward => (link.source, link.target),
        ParentEnd::Inward => (link.target, link.source),
    };
    ObservedLink { parent, child }
}

/// The links of which both ends match their queries.
async fn counting(
    tracker: &Tracker<'_>,
    settings: &LinksSettings,
    mut links: Vec<ObservedLink>,
) -> Result<Vec<ObservedLink>, Stop> {
    if let Some(jql) = &settings.parent_jql {
        let matching = matching(tracker, jql, links.iter().map(|link| link.parent)).await?;
        links.retain(|link| matching.contains(&link.parent));
    }
    if let Some(jql) = &settings.child_jql {
        let matching = matching(tracker, jql, links.iter().map(|link| link.child)).await?;
        links.retain(|link| matching.contains(&link.child));
    }
    Ok(links)
}

async fn matching(
    tracker: &Tracker<'_>,
    jql: &Arc<str>,
    ends: impl Iterator<Item = IssueId>,
) -> Result<FxHashSet<IssueId>, Stop> {
    let mut ids: Vec<IssueId> = ends.collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(FxHashSet::default());
    }
    let matching = tracker
        .reader
        .matching(&Query::Jql(Arc::clone(jql)), &ids)
        .await
        .map_err(|error| tracker.failed(&error))?;
    Ok(matching.into_iter().collect())
}
