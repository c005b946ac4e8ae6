//! A kind that nothing but this file knows is planned together with the others.

use super::{Participant, Rules, filter, links};
use crate::change::{ForestChange, Item, Place};
use crate::claim::Claims;
use crate::forest::Forest;
use crate::id::{IssueId, JiraId, RowId, SynchronizerId, TrackerId};
use crate::issue::{IssueRef, ObservedLink};
use crate::job::{HoldReason, Why};
use crate::plan::work::{Cause, Work};
use crate::plan::{Facts, Plan, Scope, Snapshot, plan_with};
use crate::synchronizer::{
    FilterSettings, FilterSource, LinksPrimacy, LinksRemoval, LinksScope, LinksSettings, ParentEnd,
};
use rustc_hash::{FxHashMap, FxHashSet};

const TRACKER: TrackerId = TrackerId(1);

/// Keeps one issue below another one.
struct Pin {
    issue: IssueId,
    below: IssueId,
}

impl Rules for Pin {
    fn place(&self, work: &mut Work<'_, '_>, me: &Participant<'_>) {
        let issue = me.issue(self.issue);
        let rows = (
            work.forest.primary_row(issue),
            work.forest.primary_row(me.issue(self.below)),
        );
        if let (Some(row), Some(above)) = rows
            && work.forest.parent(row) != Some(above)
        {
            let cause = Cause {
                synchronizer: me.id,
                why: Why::SubtaskOfParent,
            };
            work.move_below(row, issue, Some(above), cause);
        }
    }

    fn wanted_row(
        &self,
        work: &Work<'_, '_>,
        me: &Participant<'_>,
        issue: IssueRef,
        _row: Option<RowId>,
    ) -> Option<RowId> {
        let is_pinned = issue.issue == self.issue;
        is_pinned.then(|| work.forest.primary_row(me.issue(self.below)))?
    }

    fn has_read(&self, issue: IssueId) -> bool {
        issue == self.issue
    }
}

fn at_the_top(count: i64) -> Forest {
    let mut forest = Forest::empty();
    for id in 1..=count {
        let issue = IssueRef {
            tracker: TRACKER,
            issue: IssueId(id),
        };
        let to: Place = forest.end_of(None);
        let step = ForestChange::Add {
            row: RowId(id),
            item: Item::Issue(issue),
            alias: false,
            to,
        };
        forest.apply(&step).unwrap();
    }
    forest
}

fn participants<'a>(rules: Vec<Box<dyn Rules + 'a>>) -> Vec<Participant<'a>> {
    let numbered = (0i64..).zip(rules).enumerate();
    let participant = |(index, (id, rules))| Participant {
        id: SynchronizerId(id),
        tracker: TRACKER,
        index,
        evaluated: true,
        rules,
    };
    numbered.map(participant).collect()
}

fn plan_together(forest: &Forest, rules: Vec<Box<dyn Rules + '_>>) -> Plan {
    let snapshot = Snapshot {
        forest,
        claims: &Claims::default(),
        synchronizers: &[],
        scope: Scope::Incremental,
        readings: &[],
        issues: &FxHashMap::default(),
        inaccessible: &FxHashSet::default(),
        next_row_id: RowId(100),
        confirmed: None,
    };
    let facts = Facts::new(&snapshot);
    plan_with(&snapshot, &facts, &participants(rules))
}

#[test]
fn a_kind_that_only_this_file_knows_owns_what_it_wants_first() {
    let links = LinksSettings {
        link_type: JiraId::new("1"),
        parent_end: ParentEnd::Outward,
        scope: LinksScope::WithinStructure,
        parent_jql: None,
        child_jql: None,
        removal: LinksRemoval::Keep,
        primacy: LinksPrimacy::Equal,
    };
    let filter = FilterSettings {
        source: FilterSource::Jql("project = P".into()),
        parent_issue: None,
        allow_move: false,
        remove_unmatched: true,
        remove_only_placed: false,
        check_children: false,
    };
    let link = ObservedLink {
        parent: IssueId(1),
        child: IssueId(3),
    };
    let pin = Pin {
        issue: IssueId(3),
        below: IssueId(2),
    };
    let forest = at_the_top(3);
    let plan = plan_together(
        &forest,
        vec![
            Box::new(filter::ReadFilter::new(&filter, &[])),
            Box::new(pin),
            Box::new(links::ReadLinks::new(&links, &[link])),
        ],
    );
    assert_eq!(plan.after.parent(RowId(3)), Some(RowId(2)));
    let links_wish = plan
        .held
        .iter()
        .find(|held| held.synchronizer == SynchronizerId(2))
        .unwrap();
    assert_eq!(links_wish.reason, HoldReason::PlacementOwnedElsewhere);
    assert_eq!(plan.rows_in_scope, 1, "what the pin has read");
}
