//! A small world: a structure, its synchronizers, and what Jira has. It reads honestly: what a
//! synchronizer gets to see is derived from what Jira has, and complete.

use resync_core::change::{ForestChange, Item, Place};
use resync_core::claim::{Claim, ClaimSource, Claims};
use resync_core::forest::Forest;
use resync_core::id::{IssueId, IssueKey, JiraId, ProjectKey, RowId, SynchronizerId, TrackerId};
use resync_core::issue::{IssueRef, IssueType, ObservedEpic, ObservedIssue, ObservedLink};
use resync_core::plan::{
    ConfirmedPlan, Evidence, IssueFacts, Plan, Reading, Scope, Snapshot, plan,
};
use resync_core::synchronizer::{PlannedSynchronizer, Settings};
use resync_core::time::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const TRACKER: TrackerId = TrackerId(1);

/// The ids are the letters of the name, so that a failure can be read.
pub(crate) fn issue_id(name: &str) -> IssueId {
    IssueId(name.bytes().fold(0, |id, byte| id * 256 + i64::from(byte)))
}

pub(crate) fn issue_name(id: IssueId) -> String {
    let bytes = id.0.to_be_bytes();
    bytes
        .iter()
        .filter(|&&byte| byte != 0)
        .map(|&byte| char::from(byte))
        .collect()
}

pub(crate) fn issue_ref(id: IssueId) -> IssueRef {
    IssueRef {
        tracker: TRACKER,
        issue: id,
    }
}

/// An issue as Jira has it.
#[derive(Clone, Debug)]
pub(crate) struct JiraIssue {
    pub(crate) subtask: bool,
    pub(crate) issue_type: &'static str,
    pub(crate) parent: Option<IssueId>,
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) forest: Forest,
    pub(crate) claims: Claims,
    pub(crate) synchronizers: Vec<PlannedSynchronizer>,
    pub(crate) jira: BTreeMap<IssueId, JiraIssue>,
    /// What the query of each filter matches, in its order.
    pub(crate) matched: BTreeMap<SynchronizerId, Vec<IssueId>>,
    /// The links of the type of each links synchronizer: parent and child.
    pub(crate) links: BTreeMap<SynchronizerId, Vec<(IssueId, IssueId)>>,
    /// The board of each agile synchronizer, in order of rank.
    pub(crate) ranked: BTreeMap<SynchronizerId, Vec<IssueId>>,
    /// The epics of issues.
    pub(crate) epics: BTreeMap<IssueId, IssueId>,
    pub(crate) inaccessible: BTreeSet<IssueId>,
    /// Of these, the ones that are still told as ends of links.
    pub(crate) told: BTreeSet<IssueId>,
    pub(crate) next_row_id: RowId,
    pub(crate) scope: Scope,
}

impl World {
    pub(crate) fn empty() -> World {
        World {
            forest: Forest::empty(),
            claims: Claims::default(),
            synchronizers: Vec::new(),
            jira: BTreeMap::new(),
            matched: BTreeMap::new(),
            links: BTreeMap::new(),
            ranked: BTreeMap::new(),
            epics: BTreeMap::new(),
            inaccessible: BTreeSet::new(),
            told: BTreeSet::new(),
            next_row_id: RowId(1),
            scope: Scope::Incremental,
        }
    }

    /// Adds a row at the end below `parent`.
    pub(crate) fn add_row(&mut self, parent: Option<RowId>, item: Item, alias: bool) -> RowId {
        let row = self.next_row_id;
        self.next_row_id = RowId(row.0 + 1);
        let to: Place = self.forest.end_of(parent);
        let added = self.forest.apply(&ForestChange::Add {
            row,
            item,
            alias,
            to,
        });
        added.expect("the row fits at the end");
        row
    }

    pub(crate) fn make_claim(&mut self, row: RowId, source: ClaimSource) {
        self.claims.make(Claim { row, source });
    }

    pub(crate) fn observed(&self, id: IssueId) -> Option<ObservedIssue> {
        let issue = self.jira.get(&id)?;
        let issue_type = IssueType {
            id: JiraId::new(issue.issue_type),
            name: issue.issue_type.into(),
            subtask: issue.subtask,
        };
        Some(ObservedIssue {
            id,
            key: IssueKey::new(issue_name(id)),
            summary: format!("Issue {}", issue_name(id)).into(),
            project: ProjectKey::new("P"),
            issue_type,
            status: "Open".into(),
            assignee: None,
            parent: issue.parent,
            updated: Timestamp(0),
        })
    }

    /// What an honest and complete read gives each synchronizer.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        let reading = |synchronizer: &PlannedSynchronizer| {
            let evidence = match &synchronizer.rule.settings {
                Settings::Filter(_) => {
                    let matched = self.matched.get(&synchronizer.id);
                    let ids = matched.into_iter().flatten();
                    Evidence::Matched(ids.filter_map(|&id| self.observed(id)).collect())
                }
                Settings::Subtasks(_) => Evidence::Subtasks(self.subtasks_for(synchronizer.id)),
                Settings::Links(_) => self.links_for(synchronizer.id),
                Settings::Agile(_) => self.agile_for(synchronizer.id),
                Settings::StatusRollup(_) => Evidence::Matched(Vec::new()),
            };
            Reading {
                synchronizer: synchronizer.id,
                evidence,
            }
        };
        self.synchronizers.iter().map(reading).collect()
    }

    /// Every link that the account can see: of ends that Jira shows, or at least tells.
    fn links_for(&self, id: SynchronizerId) -> Evidence {
        let links = self.links.get(&id).into_iter().flatten();
        let is_told = |end: &IssueId| self.jira.contains_key(end) || self.told.contains(end);
        let links: Vec<ObservedLink> = links
            .map(|&(parent, child)| ObservedLink { parent, child })
            .filter(|link| is_told(&link.parent) && is_told(&link.child))
            .collect();
        let ends = links.iter().flat_map(|link| [link.parent, link.child]);
        let ends: BTreeSet<IssueId> = ends.collect();
        let issues = ends.into_iter().filter_map(|id| self.observed(id));
        Evidence::Links {
            issues: issues.collect(),
            links,
        }
    }

    fn agile_for(&self, id: SynchronizerId) -> Evidence {
        let ranked = self.ranked.get(&id).into_iter().flatten();
        let ranked: Vec<ObservedIssue> = ranked.filter_map(|&id| self.observed(id)).collect();
        let epic = |issue: &ObservedIssue| {
            let epic = *self.epics.get(&issue.id)?;
            Some(ObservedEpic {
                issue: issue.id,
                epic,
            })
        };
        Evidence::Agile {
            epics: ranked.iter().filter_map(epic).collect(),
            subtasks: self.subtasks_for(id),
            ranked,
        }
    }

    /// The ends of the links of those that are evaluated.
    fn linked_issues(&self) -> impl Iterator<Item = IssueId> {
        let evaluated = self.evaluated().into_iter();
        let links = evaluated.filter_map(|found| self.links.get(&found.id));
        links.flatten().flat_map(|&(parent, child)| [parent, child])
    }

    /// Every sub-task of an issue that is or will be in the structure, every one that has a row,
    /// and what is claimed.
    fn subtasks_for(&self, id: SynchronizerId) -> Vec<ObservedIssue> {
        let source = ClaimSource::Synchronizer(id);
        let evaluated = self.evaluated().into_iter();
        let matched = evaluated
            .filter_map(|found| self.matched.get(&found.id))
            .flatten();
        let rows = self
            .forest
            .preorder()
            .filter_map(|(row, _)| self.forest.issue(row));
        let there: BTreeSet<IssueId> = rows
            .map(|issue| issue.issue)
            .chain(matched.copied())
            .chain(self.linked_issues())
            .collect();
        let is_claimed = |issue: IssueId| {
            self.forest
                .rows_of_issue(issue_ref(issue))
                .any(|row| self.claims.has(row, source))
        };
        let wanted = self.jira.iter().filter(|&(&id, issue)| {
            let below = issue.parent.is_some_and(|parent| there.contains(&parent));
            (issue.subtask && (below || there.contains(&id))) || is_claimed(id)
        });
        wanted.filter_map(|(&id, _)| self.observed(id)).collect()
    }

    /// What the store knows from earlier reads: all that Jira has.
    fn stored(&self) -> FxHashMap<IssueRef, IssueFacts> {
        let ids = self.jira.keys();
        let known = ids.filter_map(|&id| Some((issue_ref(id), self.observed(id)?)));
        known
            .map(|(issue, observed)| (issue, IssueFacts::from(&observed)))
            .collect()
    }

    /// Hands the snapshot of this world to `look`.
    pub(crate) fn with_snapshot<T>(
        &self,
        claims: &Claims,
        confirmed: Option<&ConfirmedPlan>,
        look: impl FnOnce(&Snapshot<'_>) -> T,
    ) -> T {
        let readings = self.readings();
        let issues = self.stored();
        let inaccessible: FxHashSet<IssueRef> =
            self.inaccessible.iter().map(|&id| issue_ref(id)).collect();
        look(&Snapshot {
            forest: &self.forest,
            claims,
            synchronizers: &self.synchronizers,
            scope: self.scope,
            readings: &readings,
            issues: &issues,
            inaccessible: &inaccessible,
            next_row_id: self.next_row_id,
            confirmed,
        })
    }

    pub(crate) fn plan(&self, confirmed: Option<&ConfirmedPlan>) -> Plan {
        self.with_snapshot(&self.claims, confirmed, plan)
    }

    /// Makes the outcome of a plan the state of the world.
    pub(crate) fn advance(&mut self, plan: Plan) {
        for planned in &plan.changes {
            if let ForestChange::Remove { row, .. } = planned.change {
                self.claims.remove_row(row);
            }
        }
        for &change in &plan.claims {
            self.claims.apply(change);
        }
        self.forest = plan.after;
        self.next_row_id = plan.next_row_id;
    }

    pub(crate) fn evaluated(&self) -> Vec<&PlannedSynchronizer> {
        let all = self.synchronizers.iter();
        all.filter(|synchronizer| match self.scope {
            Scope::Incremental => synchronizer.enabled,
            Scope::Resync(target) => target == synchronizer.id,
        })
        .collect()
    }
}
