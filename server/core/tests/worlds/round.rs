//! One round of the service: recover, observe, merge, plan, commit, execute; with whatever goes
//! wrong in between.

use crate::Variant;
use crate::random::Random;
use crate::record::Loss;
use crate::tracker::{ISSUES_MAX, Set, id, links, members, node, observed, set_of};
use crate::world::{FILTER, Intent, LINKS, TRACKER, World, structure_parents};
use resync_core::claim::Claims;
use resync_core::forest::Forest;
use resync_core::id::{IssueId, RowId};
use resync_core::issue::{IssueRef, ObservedIssue, ObservedLink};
use resync_core::job::Why;
use resync_core::merge::{
    Authority, ConflictRule, LinksInput, LinksMerged, Memory, Parents, Version, merge_links,
};
use resync_core::plan::{Evidence, Plan, Reading, Scope, Snapshot, owned_before, plan};
use resync_core::synchronizer::{Direction, PlannedSynchronizer};
use resync_core::tracker_plan::{Desired, LinkEvidence, Selection, TrackerPlan, plan_links};
use rustc_hash::{FxHashMap, FxHashSet};

/// What may go wrong, in percent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    pub(crate) stale_read: usize,
    pub(crate) crash: usize,
    pub(crate) failed_write: usize,
    /// People edit while the round is under way.
    pub(crate) edit: usize,
}

impl Faults {
    pub(crate) const NONE: Faults = Faults {
        stale_read: 0,
        crash: 0,
        failed_write: 0,
        edit: 0,
    };
}

/// What was read, and when each issue was in that state.
struct Observed {
    parents: [Set; ISSUES_MAX],
    updates: [i64; ISSUES_MAX],
    versions: FxHashMap<IssueId, Version>,
    /// The oldest moment at which what was read of the child was so.
    at: [u64; ISSUES_MAX],
}

/// What a round found.
pub(crate) struct Outcome {
    /// Whether nothing was planned on either side.
    pub(crate) quiet: bool,
    /// The children about which a difference is held or that people are asked about.
    pub(crate) held: Set,
    /// The children whose place another synchronizer owns.
    pub(crate) elsewhere: Set,
}

/// A round that a fault ended.
pub(crate) enum Ended {
    /// It came to its end.
    Whole(Outcome),
    /// It was cut short.
    Short,
}

impl World {
    pub(crate) fn round(
        &mut self,
        random: &mut Random,
        faults: Faults,
        variant: Variant,
    ) -> Result<Ended, String> {
        self.recover();
        if variant == Variant::Chained {
            return self.chained(random, faults);
        }
        let all = self.synchronizers.clone();
        self.round_of(&all, random, faults, variant)
    }

    /// The control: each synchronizer runs alone, knowing nothing of the others.
    fn chained(&mut self, random: &mut Random, faults: Faults) -> Result<Ended, String> {
        let mut whole = Outcome {
            quiet: true,
            held: 0,
            elsewhere: 0,
        };
        for one in self.synchronizers.clone() {
            match self.round_of(&[one], random, faults, Variant::Chained)? {
                Ended::Short => return Ok(Ended::Short),
                Ended::Whole(outcome) => {
                    whole.quiet &= outcome.quiet;
                    whole.held |= outcome.held;
                }
            }
        }
        Ok(Ended::Whole(whole))
    }

    fn round_of(
        &mut self,
        synchronizers: &[PlannedSynchronizer],
        random: &mut Random,
        faults: Faults,
        variant: Variant,
    ) -> Result<Ended, String> {
        let observed = self.observe(random, faults, variant);
        let version = self.structure_version;
        let has_links = synchronizers.iter().any(|found| found.id == LINKS);
        if variant == Variant::NoBase {
            self.memories.clear();
        }
        let elsewhere = match synchronizers.first() {
            Some(first) if first.id != LINKS => {
                let links = links(&observed.parents);
                self.with_snapshot(synchronizers, &self.claims, &links, |snapshot| {
                    owned_before(snapshot, LINKS)
                })
            }
            Some(_) | None => FxHashSet::default(),
        };
        let merged = self.merge(&observed, &elsewhere);
        self.tell(|| {
            let words = merged.links.iter().map(|link| {
                let [parent, child] = [link.parent, link.child].map(tracker_name);
                let from = if merged.from.contains(&link.child) {
                    "!"
                } else {
                    ""
                };
                format!("{parent}>{child}{from}")
            });
            format!("merged {}", words.collect::<Vec<_>>().join(" "))
        });
        let mut claims = self.claims.clone();
        World::release(&mut claims, &self.forest, &merged.released);
        let plan = self.with_snapshot(synchronizers, &claims, &merged.links, plan);
        let tracker_plan = match has_links {
            true => self.plan_tracker(&plan.after, &merged),
            false => TrackerPlan::default(),
        };
        let outcome = Outcome {
            quiet: plan.is_empty() && tracker_plan.is_empty(),
            held: held_children(&plan, &tracker_plan, &merged),
            elsewhere: elsewhere
                .iter()
                .fold(0, |set, issue| set | 1 << node(issue.issue)),
        };
        self.maybe_edit(random, faults);
        if self.structure_version != version || random.percent(faults.crash) {
            return Ok(Ended::Short);
        }
        if !has_links {
            self.commit_structure(&plan, claims)?;
            return Ok(Ended::Whole(outcome));
        }
        self.commit(&plan, claims, &merged, &observed, variant)?;
        self.journal = World::intents(&tracker_plan, &observed, &merged, self.clock);
        self.compare();
        if random.percent(faults.crash) {
            return Ok(Ended::Short);
        }
        match self.execute(random, faults, variant, observed.updates) {
            true => Ok(Ended::Whole(outcome)),
            false => Ok(Ended::Short),
        }
    }

    fn maybe_edit(&mut self, random: &mut Random, faults: Faults) {
        if random.percent(faults.edit) {
            self.edit_tracker(random);
        }
        if random.percent(faults.edit / 2) {
            self.edit_structure(random);
        }
        self.compare();
    }

    /// Reads every issue, each in some state that it had.
    fn observe(&mut self, random: &mut Random, faults: Faults, variant: Variant) -> Observed {
        let mut observed = Observed {
            parents: [0; ISSUES_MAX],
            updates: [0; ISSUES_MAX],
            versions: FxHashMap::default(),
            at: [self.clock; ISSUES_MAX],
        };
        for child in 0..self.tracker.issues {
            let ago = match random.percent(faults.stale_read) {
                true => 1 + random.below(6),
                false => 0,
            };
            let state = self.tracker.before(ago);
            observed.parents[child] = state.parents[child];
            observed.updates[child] = state.versions[child];
            if ago > 0 {
                observed.at[child] = state.since;
            }
            if variant != Variant::StaleAccepted {
                observed.versions.insert(id(child), state.version(child));
            }
        }
        observed
    }

    fn merge(&self, observed: &Observed, elsewhere: &FxHashSet<IssueRef>) -> LinksMerged {
        let undated = FxHashMap::default();
        merge_links(&LinksInput {
            forest: &self.forest,
            tracker: TRACKER,
            links: &links(&observed.parents),
            scope: self.scope,
            owned_elsewhere: elsewhere,
            versions: &observed.versions,
            structure_changed: &undated,
            tracker_changed: &undated,
            memories: &self.memories,
            authority: Authority::Both(ConflictRule::TrackerWins),
        })
    }

    /// Hands the snapshot to `look` in which the tracker shows these links.
    pub(crate) fn with_snapshot<T>(
        &self,
        synchronizers: &[PlannedSynchronizer],
        claims: &Claims,
        links: &[ObservedLink],
        look: impl FnOnce(&Snapshot<'_>) -> T,
    ) -> T {
        let reading = |synchronizer: &PlannedSynchronizer| {
            let evidence = match synchronizer.id {
                FILTER => Evidence::Matched(members(self.matched).map(observed).collect()),
                _ => Evidence::Links {
                    links: links.to_vec(),
                    issues: ends(links),
                },
            };
            Reading {
                synchronizer: synchronizer.id,
                evidence,
            }
        };
        let readings: Vec<Reading> = synchronizers.iter().map(reading).collect();
        look(&Snapshot {
            forest: &self.forest,
            claims,
            synchronizers,
            scope: Scope::Incremental,
            readings: &readings,
            issues: &FxHashMap::default(),
            inaccessible: &FxHashSet::default(),
            next_row_id: self.next_row_id,
            confirmed: None,
        })
    }

    fn plan_tracker(&self, after: &Forest, merged: &LinksMerged) -> TrackerPlan {
        let nothing = FxHashSet::default();
        let desired = Desired {
            forest: after,
            tracker: TRACKER,
            synchronizer: LINKS,
            inaccessible: &nothing,
            owned_elsewhere: &nothing,
        };
        let links = merged.compared();
        let evidence = LinkEvidence {
            links: &links,
            parents: None,
            children: None,
        };
        plan_links(
            &desired,
            self.scope,
            &evidence,
            Selection::Only(&merged.from),
        )
    }

    fn commit_structure(&mut self, plan: &Plan, claims: Claims) -> Result<(), String> {
        for planned in &plan.changes {
            let issue = tracker_name(planned.issue.issue);
            self.tell(|| format!("{issue}: {:?} {:?}", planned.change, planned.why));
        }
        let steps = plan.steps();
        self.apply_steps(&steps)?;
        self.claims = claims;
        self.forget_removed(&steps);
        for &change in &plan.claims {
            self.claims.apply(change);
        }
        // Who placed a row is recorded in the forest of the plan.
        self.forest = plan.after.clone();
        self.next_row_id = plan.next_row_id;
        self.structure_version += 1;
        self.tick();
        Ok(())
    }

    /// The structure, the claims, what is remembered and the entries, in one transaction.
    fn commit(
        &mut self,
        plan: &Plan,
        claims: Claims,
        merged: &LinksMerged,
        observed: &Observed,
        variant: Variant,
    ) -> Result<(), String> {
        for (child, loser) in &merged.losers {
            let child = node(*child);
            self.tell(|| format!("{}: {loser:?}", crate::tracker::name(child)));
            let loss = Loss {
                in_structure: loser.carried == Direction::IntoStructure,
                parents: set_of(loser.value.as_ref()),
                compared: self.compared(),
            };
            self.record.conflict(child, loss)?;
        }
        let memories: Vec<(IssueId, Memory<Parents>)> = merged.committed(&plan.after, TRACKER);
        let before = structure_parents(&self.forest);
        let compared = self.compared();
        self.commit_structure(plan, claims)?;
        let after = structure_parents(&self.forest);
        for (child, mut memory) in memories {
            let is_into = merged.into.contains(&child);
            if variant == Variant::BaseOnlyReadEqual && is_into {
                memory.base = self
                    .memories
                    .get(&child)
                    .and_then(|known| known.base.clone());
            } else {
                let base = set_of(memory.base.as_ref());
                // A link that was not compared, since its parent has no row, is news when that comes.
                self.record.accounted_tracker[node(child)] =
                    match base == observed.parents[node(child)] {
                        true => observed.at[node(child)],
                        false => 0,
                    };
                if base == set_of(merged.tracker.get(&child)) {
                    self.record.equal(node(child), base, compared);
                } else if is_into && plan.held.iter().any(|held| held.issue.issue == child) {
                    self.record.held(node(child));
                }
                if base == after[node(child)] {
                    self.record.accounted_structure[node(child)] = self.clock;
                }
            }
            self.memories.insert(child, memory);
        }
        // A row that makes way, that is there since it is the parent of another one, or that is one
        // alias too many, is not where its own links say.
        let by_others = plan.changes.iter().filter(|planned| match planned.why {
            _ if planned.synchronizer != LINKS => true,
            Why::LinkGone => merged.from.contains(&planned.issue.issue),
            why => matches!(why, Why::MakesWay | Why::Linked | Why::AliasNotNeeded),
        });
        for planned in by_others {
            self.record.overruled(node(planned.issue.issue));
        }
        // What the plan did beyond the merge is like an edit: another synchronizer placed the row,
        // or it made way.
        for child in (0..ISSUES_MAX).filter(|&child| before[child] != after[child]) {
            let memory = self.memories.get(&id(child));
            if set_of(memory.and_then(|memory| memory.base.as_ref())) != after[child] {
                self.record.structure_changed(child, self.clock);
            }
        }
        Ok(())
    }

    fn intents(
        plan: &TrackerPlan,
        observed: &Observed,
        merged: &LinksMerged,
        clock: u64,
    ) -> Vec<Intent> {
        let mut before = observed.parents;
        let mut base = [0; ISSUES_MAX];
        for (&child, parents) in &merged.tracker {
            base[node(child)] = set_of(Some(parents));
        }
        let intent = |planned: &resync_core::tracker_plan::PlannedTrackerChange| {
            let mut intent = Intent {
                change: planned.change.clone(),
                before: 0,
                base: 0,
                read_at: 0,
                planned_at: clock,
                is_last: false,
            };
            let (_, child, _) = intent.link();
            intent.before = before[child];
            intent.read_at = observed.at[child];
            before[child] = intent.after(before[child]);
            base[child] = intent.after(base[child]);
            intent.base = base[child];
            intent
        };
        let mut intents: Vec<Intent> = plan.changes.iter().map(intent).collect();
        let mut met: Set = 0;
        for intent in intents.iter_mut().rev() {
            let (_, child, _) = intent.link();
            intent.is_last = met & (1 << child) == 0;
            met |= 1 << child;
        }
        intents
    }

    /// Sends what was committed. Returns whether all of it came to an end.
    fn execute(
        &mut self,
        random: &mut Random,
        faults: Faults,
        variant: Variant,
        mut updates: [i64; ISSUES_MAX],
    ) -> bool {
        let mut given_up: Set = 0;
        while !self.journal.is_empty() {
            self.maybe_edit(random, faults);
            if random.percent(faults.crash / 2) {
                return false;
            }
            let intent = self.journal[0].clone();
            let (parent, child, linked) = intent.link();
            // The same value is not enough: it may have changed and changed back meanwhile.
            let as_expected = self.tracker.now().parents[child] == intent.before
                && self.tracker.now().versions[child] == updates[child];
            let fails = random.percent(faults.failed_write);
            if given_up & (1 << child) != 0 || !as_expected || (fails && random.percent(50)) {
                // Somebody else was there, or it was refused: the next round looks again.
                given_up |= 1 << child;
                self.journal.remove(0);
                continue;
            }
            let clock = self.tick();
            self.tracker.set(parent, child, linked, clock);
            updates[child] += 1;
            updates[parent] += 1;
            self.tell(|| format!("{:?} is sent", intent.change));
            if fails {
                // The answer is lost, so nobody knows; what is in the journal is looked up later.
                return false;
            }
            self.journal.remove(0);
            self.confirm(&intent, variant);
            self.compare();
        }
        true
    }

    /// A write has arrived: that is what the tracker shows by the service's own doing.
    fn confirm(&mut self, intent: &Intent, variant: Variant) {
        if variant == Variant::BaseOnlyReadEqual {
            return;
        }
        let (_, child, _) = intent.link();
        let version = self.tracker.now().version(child);
        self.remember(child, intent.base, version);
        let compared = self.compared();
        let record = &mut self.record;
        record.carried(child, intent.base, intent.planned_at);
        record.accounted_tracker[child] = match intent.base == intent.after(intent.before) {
            true => intent.read_at.max(record.accounted_tracker[child]),
            false => 0,
        };
        if intent.is_last {
            record.equal(child, intent.base, compared);
            let accounted = &mut record.accounted_structure[child];
            *accounted = intent.planned_at.max(*accounted);
        }
    }

    /// After a crash or a lost answer: a write has arrived when the tracker shows exactly what it
    /// leads to. That the link alone is there, or gone, proves nothing: people may have done it,
    /// and more, and that would then be no change. What was not sent is planned anew.
    fn recover(&mut self) {
        for intent in std::mem::take(&mut self.journal) {
            let (_, child, _) = intent.link();
            if self.tracker.now().parents[child] == intent.after(intent.before) {
                self.record.coincides(child, intent.base, self.compared());
                self.confirm(&intent, Variant::Real);
            } else if self.tracker.now().parents[child] != intent.before {
                self.record.uncertain(child);
            }
        }
        self.compare();
    }

    fn compared(&self) -> Set {
        match self.scope {
            resync_core::synchronizer::LinksScope::AllIssues => Set::MAX,
            _ => self.rows(),
        }
    }

    /// Notes which edits both sides show now.
    pub(crate) fn compare(&mut self) {
        let structure = structure_parents(&self.forest);
        let compared = self.compared();
        for (child, &ours) in structure.iter().enumerate().take(self.tracker.issues) {
            let theirs = self.comparable(child, self.tracker.now().parents[child]);
            if theirs == Some(ours) {
                self.record.equal(child, ours, compared);
            }
            let mut record = std::mem::take(&mut self.record);
            record.forget_what_does_not_count(child, |parents| self.comparable(child, parents));
            self.record = record;
        }
    }
}

fn ends(links: &[ObservedLink]) -> Vec<ObservedIssue> {
    let ends = links.iter().fold(0 as Set, |set, link| {
        set | 1 << node(link.parent) | 1 << node(link.child)
    });
    members(ends).map(observed).collect()
}

fn held_children(plan: &Plan, tracker_plan: &TrackerPlan, merged: &LinksMerged) -> Set {
    let ours = plan.held.iter().map(|held| held.issue.issue);
    let theirs = tracker_plan.held.iter().map(|held| held.issue);
    let open = merged.asked.iter().chain(&merged.stale).copied();
    let all = ours.chain(theirs).chain(open);
    all.fold(0, |set, issue| set | 1 << node(issue))
}

/// A helper for messages.
pub(crate) fn outline(forest: &Forest) -> String {
    let mut text = String::new();
    for (row, depth) in forest.preorder() {
        let title = |row: RowId| match forest.issue(row) {
            None => "/Folder".to_owned(),
            Some(issue) => {
                let alias = if forest.is_alias(row) { "*" } else { "" };
                format!("{}{alias}", crate::tracker::name(node(issue.issue)))
            }
        };
        let by = forest
            .placed_by(row)
            .map_or("people".to_owned(), |by| by.to_string());
        text += &format!("{}{} by {by}\n", "  ".repeat(depth), title(row));
    }
    text
}

fn tracker_name(id: IssueId) -> char {
    crate::tracker::name(node(id))
}
