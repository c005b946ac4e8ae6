//! The one helper of the behaviour tests: plan, compare, verify, advance, and plan again.

use crate::outline::{self, outline, parse, row_name, synchronizer_name};
use crate::properties;
use crate::world::{World, issue_name};
use expect_test::Expect;
use resync_core::change::ForestChange;
use resync_core::claim::{ClaimChange, ClaimSource};
use resync_core::forest::Forest;
use resync_core::id::RowId;
use resync_core::job::{ChangeKind, JobChange};
use resync_core::plan::{ConfirmedPlan, Facts, Held, Plan, PlannedChange, plan};
use resync_core::summary::job_changes;

/// Plans the world that `input` describes (see [`outline`]) and compares the plan: what is done
/// (`!`: destructive), which claims are made (`+`) and withdrawn (`-`), what is held, and the
/// outline afterwards. Whatever the expectation, every property must hold, and planning again
/// must plan nothing.
pub(crate) fn check(input: &str, expected: Expect) {
    let outline::Fixture {
        mut world,
        confirmed,
    } = parse(input);
    let confirmed = confirmed.map(|wanted| confirm(&world, &wanted));
    let plan = world.plan(confirmed.as_ref());
    properties::assert_sound(&world, &plan, confirmed.is_some());
    let text = render(&world, &plan);
    world.advance(plan);
    let again = world.plan(confirmed.as_ref());
    assert!(
        again.is_empty(),
        "planning again planned:\n{}",
        render(&world, &again)
    );
    expected.assert_eq(&(text + &outline(&world.forest)));
}

/// The changes of a preview that start with one of the wanted texts.
fn confirm(world: &World, wanted: &[String]) -> ConfirmedPlan {
    let listed: Vec<JobChange> = world.with_snapshot(&world.claims, None, |snapshot| {
        let preview = plan(snapshot);
        job_changes(&preview, &world.forest, &Facts::new(snapshot))
    });
    let is_wanted = |change: &JobChange| {
        let verb = match change.kind {
            ChangeKind::AddRow => "add",
            ChangeKind::MoveRow => "move",
            ChangeKind::RemoveRow => "remove",
        };
        let name = change.issue.map(issue_name).unwrap_or_default();
        wanted.contains(&format!("{verb} {name}"))
    };
    ConfirmedPlan::of_part(&listed, is_wanted)
}

pub(crate) fn render(world: &World, plan: &Plan) -> String {
    let mut text = String::new();
    for planned in &plan.changes {
        text += &(change_line(world, plan, planned) + "\n");
    }
    for &claim in &plan.claims {
        text += &(claim_line(&plan.after, claim) + "\n");
    }
    for held in &plan.held {
        text += &(held_line(&plan.after, held) + "\n");
    }
    text + "--\n"
}

fn change_line(world: &World, plan: &Plan, planned: &PlannedChange) -> String {
    let name = issue_name(planned.issue.issue);
    let row = planned.change.row();
    let alias = if world.forest.is_alias(row) || plan.after.is_alias(row) {
        "*"
    } else {
        ""
    };
    let mark = if planned.destructive { "!" } else { "" };
    let to = |verb: &str| {
        let place = match planned.new_parent() {
            None => "at the top".to_owned(),
            Some(parent) => format!("under {}", row_name(&plan.after, parent)),
        };
        let behind = match &planned.change {
            ForestChange::Move { from, to, .. } if from.parent == to.parent => to.previous,
            _ => return format!("{mark}{verb} {name}{alias} {place}"),
        };
        let behind = behind.map_or("first".to_owned(), |row| {
            format!("behind {}", row_name(&plan.after, row))
        });
        format!("{mark}{verb} {name}{alias} {place} {behind}")
    };
    let what = match planned.kind {
        ChangeKind::AddRow => to("add"),
        ChangeKind::MoveRow => to("move"),
        ChangeKind::RemoveRow => format!("{mark}remove {name}{alias}"),
    };
    format!(
        "{what} ({} {:?})",
        synchronizer_name(planned.synchronizer),
        planned.why
    )
}

fn claim_line(forest: &Forest, change: ClaimChange) -> String {
    let (sign, claim) = match change {
        ClaimChange::Made(claim) => ("+", claim),
        ClaimChange::Withdrawn(claim) => ("-", claim),
    };
    let source = match claim.source {
        ClaimSource::Person => "me".to_owned(),
        ClaimSource::Synchronizer(id) => synchronizer_name(id),
    };
    format!("{sign}{source} {}", row_name(forest, claim.row))
}

fn held_line(forest: &Forest, held: &Held) -> String {
    let verb = match held.kind {
        ChangeKind::AddRow => "add",
        ChangeKind::MoveRow => "move",
        ChangeKind::RemoveRow => "remove",
    };
    let under = |parent: RowId| format!(" under {}", row_name(forest, parent));
    let place = held.parent.map(under).unwrap_or_default();
    let (name, by) = (
        issue_name(held.issue.issue),
        synchronizer_name(held.synchronizer),
    );
    format!("held {verb} {name}{place}: {:?} ({by})", held.reason)
}
