//! Three-way merge of one aspect of one issue: what the structure shows, what the tracker shows,
//! and the base, which both agreed on last.
//!
//! What it is not: a plan. It says which side is changed to which value; how that is done is said
//! by [`crate::plan`] for the structure and by [`crate::tracker_plan`] for the tracker.
//!
//! # How it decides
//!
//! An aspect has a value or nothing: no link, no epic, no row. Without a base, both sides agreed
//! on nothing, so whatever only one side has is carried over.
//!
//! 1. What was read is older than what was accepted before: nothing is derived from it.
//! 2. Both sides are equal: they agree, and the base moves there.
//! 3. One side differs from the base: its value is carried over.
//! 4. Both differ. A value beats nothing (an edit beats a deletion); two values are decided by the
//!    [`ConflictRule`]. Whatever is overwritten is a [`Loser`], and so an entry.
//!
//! A resync and a primacy decide by [`Authority::One`]: that side is right, whoever has changed.

mod all;
mod links;
mod order;

pub use all::{MergedAll, Sides, merge_all};
pub use links::{LinksInput, LinksMerged, Parents, merge_links, parents_in};
pub use order::{OrderMerged, merge_order};

use crate::synchronizer::Direction;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Who wins when both sides have changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConflictRule {
    /// The tracker.
    #[default]
    TrackerWins,
    /// The structure.
    StructureWins,
    /// The side that was changed later, where both changes are dated; else a person is asked.
    Newest,
    /// Nobody, until a person has decided.
    Ask,
}

/// Who decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Authority {
    /// Whichever side has changed; when both have, the rule.
    Both(ConflictRule),
    /// One side, whoever has changed: the tracker when the direction is into the structure.
    One(Direction),
}

/// Which state of an issue a read has shown. Compares by time, then by the changelog.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Version {
    /// When Jira says that the issue was last updated.
    pub updated: Timestamp,
    /// The id of the newest changelog entry that was read; 0 when none was.
    pub changelog: i64,
}

/// What one synchronizer remembers of an aspect of an issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory<V> {
    /// The value that both sides agreed on last; `None`: they agreed on nothing, or never.
    pub base: Option<V>,
    /// The newest state of the issue that was accepted. An older one is not believed.
    pub seen: Version,
}

// Not derived: that would ask for a default of `V`.
impl<V> Default for Memory<V> {
    fn default() -> Memory<V> {
        Memory {
            base: None,
            seen: Version::default(),
        }
    }
}

/// What one side shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a, V> {
    /// The value; `None` when there is nothing.
    pub value: Option<&'a V>,
    /// When the value was changed; `None` when nobody recorded it.
    pub changed: Option<Timestamp>,
}

/// What follows for one aspect of one issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// Both sides are equal. The base is what they show.
    Agreed,
    /// One side is changed to what the other one shows.
    Carry(Direction),
    /// Both sides stay as they are until a person has decided.
    Ask,
    /// The tracker's side is older than what was accepted before; it has to be read again.
    Stale,
}

/// Why a change of one side is overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LossReason {
    /// Both sides have changed, and the conflict rule chose the other one.
    ConflictRule,
    /// It removed what the other side has edited.
    EditBeatsDeletion,
    /// The other side is right, whoever has changed.
    OtherSideIsRight,
}

/// A change that is overwritten: an entry that people can look up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loser<V> {
    /// The value that is overwritten; `None` when it was a removal.
    pub value: Option<V>,
    /// What it is overwritten with.
    pub winner: Option<V>,
    /// Which way the winner is carried: into the side that loses.
    pub carried: Direction,
    /// Why.
    pub reason: LossReason,
}

/// The decision, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged<V> {
    /// What follows.
    pub decision: Decision,
    /// The change that is overwritten, if one is.
    pub loser: Option<Loser<V>>,
}

/// Merges one aspect of one issue. `version` is the state of the issue that the tracker's side
/// was read from.
pub fn merge<V: Clone + Eq>(
    memory: &Memory<V>,
    structure: &Shown<'_, V>,
    tracker: &Shown<'_, V>,
    version: Version,
    authority: Authority,
) -> Merged<V> {
    if version < memory.seen {
        return only(Decision::Stale);
    }
    if structure.value == tracker.value {
        return only(Decision::Agreed);
    }
    let base = memory.base.as_ref();
    let changed = [structure.value != base, tracker.value != base];
    let (carried, reason) = match (authority, changed) {
        (Authority::One(direction), _) => (direction, LossReason::OtherSideIsRight),
        (Authority::Both(_), [true, false]) => return only(Decision::Carry(FROM)),
        (Authority::Both(_), [false, _]) => return only(Decision::Carry(INTO)),
        (Authority::Both(rule), [true, true]) => match winner(rule, structure, tracker) {
            Some(found) => found,
            None => return only(Decision::Ask),
        },
    };
    let (losing, winning, lost) = match carried {
        Direction::IntoStructure => (structure.value, tracker.value, changed[0]),
        Direction::FromStructure => (tracker.value, structure.value, changed[1]),
    };
    let loser = Loser {
        value: losing.cloned(),
        winner: winning.cloned(),
        carried,
        reason,
    };
    Merged {
        decision: Decision::Carry(carried),
        loser: lost.then_some(loser),
    }
}

const INTO: Direction = Direction::IntoStructure;
const FROM: Direction = Direction::FromStructure;

fn only<V>(decision: Decision) -> Merged<V> {
    Merged {
        decision,
        loser: None,
    }
}

/// Which way to carry when both sides have changed; `None` when a person is asked.
fn winner<V>(
    rule: ConflictRule,
    structure: &Shown<'_, V>,
    tracker: &Shown<'_, V>,
) -> Option<(Direction, LossReason)> {
    let by_rule = |direction| Some((direction, LossReason::ConflictRule));
    match (structure.value, tracker.value) {
        (Some(_), None) => return Some((FROM, LossReason::EditBeatsDeletion)),
        (None, Some(_)) => return Some((INTO, LossReason::EditBeatsDeletion)),
        (Some(_), Some(_)) | (None, None) => {}
    }
    match rule {
        ConflictRule::TrackerWins => by_rule(INTO),
        ConflictRule::StructureWins => by_rule(FROM),
        ConflictRule::Ask => None,
        ConflictRule::Newest => match (structure.changed?, tracker.changed?) {
            (ours, theirs) if ours > theirs => by_rule(FROM),
            (ours, theirs) if ours < theirs => by_rule(INTO),
            (_, _) => None,
        },
    }
}
