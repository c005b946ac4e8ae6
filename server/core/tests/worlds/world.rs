//! A world: a structure and a tracker, what the service remembers of both, and a record of every
//! edit that people made.

use crate::random::Random;
use crate::record::Record;
use crate::tracker::{ISSUES_MAX, Node, Set, Tracker, id, name, names, node, parents_of, set_of};
use resync_core::change::{ForestChange, Item};
use resync_core::check::{Violation, violations};
use resync_core::claim::{Claim, ClaimSource, Claims};
use resync_core::edit::{EditCommand, expand, person_claims};
use resync_core::forest::Forest;
use resync_core::id::{IssueId, JiraId, RowId, SynchronizerId, TrackerId};
use resync_core::issue::IssueRef;
use resync_core::merge::{Memory, Parents, parents_in};
use resync_core::synchronizer::{
    FilterSettings, FilterSource, LinksPrimacy, LinksRemoval, LinksScope, LinksSettings, ParentEnd,
    PlannedSynchronizer, Rule, Settings,
};
use resync_core::tracker_plan::TrackerChange;
use rustc_hash::FxHashMap;

pub(crate) const TRACKER: TrackerId = TrackerId(1);
pub(crate) const LINKS: SynchronizerId = SynchronizerId(1);
pub(crate) const FILTER: SynchronizerId = SynchronizerId(2);

/// A write to the tracker that is committed before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub(crate) change: TrackerChange,
    /// The parents of the child before.
    pub(crate) before: Set,
    /// The base of the child once it has arrived.
    pub(crate) base: Set,
    /// When the facts behind it were read.
    pub(crate) read_at: u64,
    /// When it was planned.
    pub(crate) planned_at: u64,
    /// Whether it is the last one about its child in its plan.
    pub(crate) is_last: bool,
}

impl Intent {
    pub(crate) fn link(&self) -> (Node, Node, bool) {
        match self.change {
            TrackerChange::CreateLink { parent, child } => (node(parent), node(child), true),
            TrackerChange::DeleteLink { parent, child } => (node(parent), node(child), false),
            TrackerChange::SetEpic { .. }
            | TrackerChange::Rank { .. }
            | TrackerChange::Transition { .. } => unreachable!("only links are planned"),
        }
    }

    pub(crate) fn after(&self, before: Set) -> Set {
        let (parent, _, linked) = self.link();
        match linked {
            true => before | 1 << parent,
            false => before & !(1 << parent),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) clock: u64,
    pub(crate) forest: Forest,
    pub(crate) claims: Claims,
    pub(crate) next_row_id: RowId,
    /// Counts the commits of the structure, so that a plan for another version is noticed.
    pub(crate) structure_version: u64,
    pub(crate) tracker: Tracker,
    pub(crate) synchronizers: Vec<PlannedSynchronizer>,
    pub(crate) scope: LinksScope,
    /// What the filter matches, if there is one.
    pub(crate) matched: Set,
    pub(crate) memories: FxHashMap<IssueId, Memory<Parents>>,
    pub(crate) journal: Vec<Intent>,
    pub(crate) record: Record,
    /// Whether what happens is printed.
    pub(crate) told: bool,
}

pub(crate) fn issue_ref(node: Node) -> IssueRef {
    IssueRef {
        tracker: TRACKER,
        issue: id(node),
    }
}

/// The parents of every issue that the structure shows.
pub(crate) fn structure_parents(forest: &Forest) -> [Set; ISSUES_MAX] {
    let mut all = [0; ISSUES_MAX];
    for (child, parents) in parents_in(forest, TRACKER) {
        all[node(child)] = set_of(Some(&parents));
    }
    all
}

impl World {
    pub(crate) fn random(random: &mut Random) -> World {
        let issues = 2 + random.below(ISSUES_MAX - 1);
        let scope = match random.below(3) {
            0 => LinksScope::WithinStructure,
            1 => LinksScope::ExpandToChildren,
            _ => LinksScope::AllIssues,
        };
        let mut world = World {
            clock: 1,
            forest: Forest::empty(),
            claims: Claims::default(),
            next_row_id: RowId(1),
            structure_version: 1,
            tracker: Tracker::new(issues),
            synchronizers: synchronizers(scope, random),
            scope,
            matched: random.below(1 << issues) as Set,
            memories: FxHashMap::default(),
            journal: Vec::new(),
            record: Record::default(),
            told: false,
        };
        for _ in 0..random.below(issues + 3) {
            world.edit_structure(random);
        }
        for _ in 0..random.below(issues) {
            world.edit_tracker(random);
        }
        world
    }

    #[expect(
        clippy::print_stdout,
        reason = "a seed that is replayed tells what happens"
    )]
    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if self.told {
            println!("  {}: {}", self.clock, what());
        }
    }

    pub(crate) fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    pub(crate) fn has_row(&self, node: Node) -> bool {
        self.forest.primary_row(issue_ref(node)).is_some()
    }

    fn bases(&self) -> [Set; ISSUES_MAX] {
        let mut bases = [0; ISSUES_MAX];
        for (&child, memory) in &self.memories {
            bases[node(child)] = set_of(memory.base.as_ref());
        }
        bases
    }

    /// The rows of issues, as a set of those.
    pub(crate) fn rows(&self) -> Set {
        (0..self.tracker.issues).fold(0, |set, node| set | Set::from(self.has_row(node)) << node)
    }

    /// The part of the parents that the synchronizer compares; `None` when it is not about the
    /// child.
    pub(crate) fn comparable(&self, child: Node, parents: Set) -> Option<Set> {
        let counts = self.scope != LinksScope::WithinStructure || self.has_row(child);
        let parents = match self.scope {
            LinksScope::AllIssues => parents,
            LinksScope::WithinStructure | LinksScope::ExpandToChildren => parents & self.rows(),
        };
        counts.then_some(parents)
    }

    /// Applies steps and checks the forest after each.
    pub(crate) fn apply_steps(&mut self, steps: &[ForestChange]) -> Result<(), String> {
        for step in steps {
            let applied = self.forest.apply(step);
            applied.map_err(|error| format!("{step:?} does not fit: {error}"))?;
            let broken = violations(&self.forest).into_iter();
            let mut broken =
                broken.filter(|found| !matches!(found, Violation::AliasWithoutPrimary { .. }));
            if let Some(violation) = broken.next() {
                return Err(format!("after {step:?}: {violation}"));
            }
        }
        match violations(&self.forest).first() {
            Some(violation) => Err(format!("after all steps: {violation}")),
            None => Ok(()),
        }
    }

    /// One edit as people make it, confirmed. What cannot be done is refused.
    pub(crate) fn edit_structure(&mut self, random: &mut Random) {
        let rows: Vec<RowId> = self.forest.preorder().map(|(row, _)| row).collect();
        let parent = random.pick(&rows).filter(|_| !random.percent(25));
        let siblings: Vec<RowId> = self.forest.children(parent).collect();
        let previous = random.pick(&siblings).filter(|_| random.percent(60));
        let position = resync_core::change::Place { parent, previous };
        let missing: Vec<Node> = (0..self.tracker.issues)
            .filter(|&node| !self.has_row(node))
            .collect();
        let command = match (random.below(8), random.pick(&missing), random.pick(&rows)) {
            (0..=2, Some(node), _) | (_, Some(node), None) => EditCommand::Add {
                position,
                rows: vec![(0, Item::Issue(issue_ref(node)))],
            },
            (3, _, _) if random.percent(20) => EditCommand::Add {
                position,
                rows: vec![(0, Item::Folder("Folder".into()))],
            },
            (4, _, Some(row)) => EditCommand::Remove { rows: vec![row] },
            (_, _, Some(row)) => EditCommand::Move {
                position,
                rows: vec![row],
            },
            (_, None, None) => return,
        };
        let mut after = self.forest.clone();
        let Ok(steps) = expand(&mut after, &[command], self.next_row_id) else {
            return;
        };
        let before = structure_parents(&self.forest);
        self.forest = after;
        let added = steps
            .iter()
            .filter(|step| matches!(step, ForestChange::Add { .. }));
        self.next_row_id = RowId(self.next_row_id.0 + added.count() as i64);
        self.forget_removed(&steps);
        person_claims(&steps)
            .into_iter()
            .for_each(|claim| self.claims.apply(claim));
        self.structure_version += 1;
        let clock = self.tick();
        let now = structure_parents(&self.forest);
        let bases = self.bases();
        for child in (0..ISSUES_MAX).filter(|&child| before[child] != now[child]) {
            self.tell(|| format!("people put {} below {:?}", name(child), names(now[child])));
        }
        self.record.structure_edit(&before, &now, &bases, clock);
    }

    pub(crate) fn forget_removed(&mut self, steps: &[ForestChange]) {
        for step in steps {
            if let ForestChange::Remove { row, .. } = step {
                self.claims.remove_row(*row);
            }
        }
    }

    /// One edit as people make it in the tracker.
    pub(crate) fn edit_tracker(&mut self, random: &mut Random) {
        let issues = self.tracker.issues;
        let (child, parent) = (random.below(issues), random.below(issues));
        let clock = self.tick();
        let before = *self.tracker.now();
        match random.below(6) {
            0 => self.matched ^= 1 << child,
            // Another parent instead of all others.
            1..=3 if child != parent => {
                // One request a link, so that whoever reads in between sees half of it.
                for other in 0..issues {
                    let clock = self.tick();
                    self.tracker.set(other, child, other == parent, clock);
                }
            }
            4 if child != parent => self.tracker.set(parent, child, true, clock),
            _ => {
                let parents: Vec<Node> = crate::tracker::members(before.parents[child]).collect();
                if let Some(parent) = random.pick(&parents) {
                    self.tracker.set(parent, child, false, clock);
                }
            }
        }
        let clock = self.tick();
        let now = self.tracker.now().parents;
        let bases = self.bases();
        for child in (0..issues).filter(|&child| before.parents[child] != now[child]) {
            self.tell(|| format!("people link {} to {:?}", name(child), names(now[child])));
        }
        self.record
            .tracker_edit(&before.parents, &now, &bases, clock);
    }

    /// The synchronizer's claims on rows that people took from their parents end.
    pub(crate) fn release(claims: &mut Claims, forest: &Forest, released: &[IssueId]) {
        for &issue in released {
            let issue = issue_ref(node(issue));
            for row in forest.rows_of_issue(issue) {
                let source = ClaimSource::Synchronizer(LINKS);
                claims.withdraw(Claim { row, source });
            }
        }
    }

    pub(crate) fn remember(&mut self, child: Node, base: Set, seen: resync_core::merge::Version) {
        let memory = self.memories.entry(id(child)).or_default();
        memory.base = parents_of(base);
        memory.seen = memory.seen.max(seen);
    }
}

fn synchronizers(scope: LinksScope, random: &mut Random) -> Vec<PlannedSynchronizer> {
    let removal = match random.below(3) {
        0 => LinksRemoval::Keep,
        1 => LinksRemoval::MoveToTop,
        _ => LinksRemoval::Remove,
    };
    let links = Settings::Links(LinksSettings {
        link_type: JiraId::new("1"),
        parent_end: ParentEnd::Outward,
        scope,
        parent_jql: None,
        child_jql: None,
        removal,
        primacy: LinksPrimacy::Equal,
    });
    let planned = |id, settings| PlannedSynchronizer {
        id,
        rule: Rule {
            tracker: TRACKER,
            settings,
        },
        enabled: true,
    };
    let mut all = vec![planned(LINKS, links)];
    if random.percent(35) {
        let filter = Settings::Filter(FilterSettings {
            source: FilterSource::Jql("project = P".into()),
            parent_issue: random.percent(40).then(|| id(0)),
            allow_move: random.percent(50),
            remove_unmatched: random.percent(60),
            remove_only_placed: random.percent(30),
            check_children: random.percent(50),
        });
        let at = random.below(2);
        all.insert(at, planned(FILTER, filter));
    }
    all
}
